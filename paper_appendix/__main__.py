"""Write paper_appendix/statements.md, check it, or print the tables of variants."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from paper_appendix.document import HERE, AppendixError, document

TARGET: Final = HERE / "statements.md"
EPILOG: Final = """\
`--tables` rebuilds the section that compares the variants of the bound by the number of
queries that they need: ranges, queries for Hoeffding's limit, the price of a shift, and
limits on simulated queries at six sample sizes, with their spread over 20 seeds. The
simulation is described in full above its tables. The command always prints the same
bytes, in about ten seconds. `rankbound appendix` writes the whole appendix, with the
same tables.
"""


def main(arguments: Sequence[str] | None = None, *, target: Path = TARGET) -> int:
    """Write or check the appendix; the exit status is 1 if it is stale or broken."""
    parser = argparse.ArgumentParser(
        prog="python -m paper_appendix",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if out of date"
    )
    modes.add_argument(
        "--tables",
        action="store_true",
        help="write nothing; print the tables that compare the variants, as text",
    )
    options = parser.parse_args(arguments)
    check = options.check
    try:
        if options.tables:
            from paper_appendix.tables import variants

            sys.stdout.write(variants())
            return 0
        text = document()
    except AppendixError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not check:
        write(target, text)
    elif not target.is_file() or target.read_bytes() != text.encode("utf-8"):
        sys.stderr.write(f"{target.name} is out of date; run `make statements`\n")
        return 1
    return 0


def write(path: Path, text: str) -> None:
    """Write to a temporary file and rename it, so that no reader sees half a file."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(text.encode("utf-8"))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
