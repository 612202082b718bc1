"""`--format [FILE=]NAME`: which format a file is of, where its content misleads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankbound.errors import UsageError

MAIN = ""  # the command's main file, which needs no name


def add_format_option(parser: Any, *, main: str = "--teacher") -> None:
    """Add the option to a parser or group of options.

    Parameters
    ----------
    parser : argparse.ArgumentParser or group
    main : str
        The option or argument that a name without a file is about.
    """
    parser.add_argument(
        "--format",
        action="extend",
        nargs="+",
        default=[],
        metavar="[FILE=]NAME",
        help=f"the format of {main}, or of any FILE among the inputs; detected from "
        "the content by default",
    )


def chosen_formats(texts: Sequence[str]) -> dict[str, str]:
    """The format of each file by its path, that of the main file under "".

    Raises
    ------
    UsageError
        For the name of no format, or a file that is named twice.

    Examples
    --------
    >>> chosen_formats(["trec-run", "a.txt=qrels"])
    {'': 'trec-run', 'a.txt': 'qrels'}
    """
    from rankbound.read.registry import by_name

    chosen: dict[str, str] = {}
    for text in texts:
        file, separator, name = text.rpartition("=")
        if separator and not file:
            raise UsageError(f"--format needs [FILE=]NAME, got {text!r}")
        key = str(Path(file)) if separator else MAIN
        if key in chosen:
            raise UsageError(
                f"--format is given twice for {key or 'the main file'}; give one"
            )
        by_name(name)  # refuses unknown names and arguments
        chosen[key] = name
    return chosen


def check_files(chosen: Mapping[str, str], files: Sequence[Path]) -> None:
    """Raise when a format is chosen for a file that is not among the inputs.

    Raises
    ------
    UsageError
        Naming the files that there are.
    """
    known = {str(path) for path in files}
    for file in chosen:
        if file != MAIN and file not in known:
            raise UsageError(
                f"--format {file}={chosen[file]}: no input file is called so; there "
                f"are {', '.join(sorted(known))}"
            )


def format_of(
    chosen: Mapping[str, str], path: Path, *, main: object = None
) -> str | None:
    """The format chosen for a file, or None where it is to be detected."""
    own = chosen.get(str(path))
    return chosen.get(MAIN) if own is None and path == main else own
