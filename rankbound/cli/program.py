"""The program: parse arguments, run a command, report a mistake in one line."""

from __future__ import annotations

import argparse
import errno
import glob
import io
import os
import re
import shlex
import sys
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, NoReturn

from rankbound import __version__
from rankbound.cli import (
    appendix,
    bound,
    certify,
    compare,
    convert,
    cut,
    demo,
    explain,
    figures,
    inspect,
    measure,
    power,
    report,
    sample,
    study,
    validate,
)
from rankbound.cli.options import HELD
from rankbound.errors import FormatError, UsageError, in_options
from rankbound.escaping import printable

NEGATIVE: Final = re.compile(r"^-(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$", re.IGNORECASE)
COMMANDS = (
    inspect,
    convert,
    measure,
    compare,
    sample,
    cut,
    power,
    validate,
    study,
    figures,
    report,
    demo,
    explain,
    bound,
    certify,
    appendix,
)
MISTAKE = 2
BUG = (
    "This is a mistake in rankbound, not in your files or arguments. Please report it "
    "with the lines above,\nthe command, and the output of `rankbound --version`."
)
INTERRUPTED = 130
# A full disk is for the user to fix, whatever was being written
FULL = (errno.ENOSPC, errno.EDQUOT)
# And so is what else a disk or a system refuses, whatever was being read or written
REFUSED: Final = (
    *(errno.EACCES, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.EPERM, errno.EROFS, errno.ESTALE),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code.

    0 on success, 1 when what a command checks does not hold, 2 on a mistake in the
    arguments or files, 130 when interrupted; the README has the whole table. A bug is
    raised, with a note that asks the user to report it.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names that the terminal's encoding lacks must not end a finished run
        sys.stdout.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parsed(words)
    # Whether this process is the program, whose script new processes may import, and
    # not a script that calls it
    arguments.alone = argv is None
    try:
        # A command returns a code only where it has a verdict to give
        with HELD:
            code: int | None = arguments.run(
                arguments, shlex.join(["rankbound", *words])
            )
    except (UsageError, FormatError) as error:
        return _fail(in_options(str(error), vars(arguments)))
    except MemoryError as error:
        what = f" ({error})" if str(error) else ""
        return _fail(
            f"this needs more memory than there is{what}; give fewer or smaller files, "
            "or allow more memory"
        )
    except KeyboardInterrupt:
        sys.stderr.write("rankbound: interrupted; nothing was written\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads our output any more: report nothing, now or at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if (said := _mistake(error)) is not None:
            return _fail(in_options(said, vars(arguments)))
        error.add_note(BUG)
        raise
    return code or 0


def _parsed(words: list[str]) -> argparse.Namespace:
    parser = build_parser()
    try:
        given = [*map(matching, words)]
    except UsageError as error:
        parser.error(str(error))
    several = zip(words, map(len, given), strict=True)
    parser.patterns = {word: found for word, found in several if found > 1}
    return parser.parse_args([*chain.from_iterable(given)])


def matching(word: str) -> list[str]:
    """The files that a pattern names, where a shell passed it on in quotes.

    A word that matches no file stays.

    Raises
    ------
    UsageError
        For NAME=PATTERN that names several files.

    Examples
    --------
    >>> matching("--teacher"), matching("runs/*.none")
    (['--teacher'], ['runs/*.none'])
    """
    name, sign, pattern = word.rpartition("=")
    if not set(pattern) & set("*?") or os.path.lexists(word) or word.startswith("--"):
        return [word]
    # Unlike Path.glob, it takes absolute patterns
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    if not found:
        return [word]
    if sign and len(found) > 1:
        raise UsageError(
            f"{word}: the pattern names {several(len(found))} "
            f"({', '.join(found[:2])}{', ...' if found[2:] else ''}), "
            "and a name is of one; give each its own"
        )
    return [f"{name}{sign}{one}" for one in found]


def several(named: int) -> str:
    """How many files a pattern names; helpers that count load NumPy."""
    return f"{named:,} files"


def _mistake(error: Exception) -> str | None:
    """What the user can fix; None where it is a bug."""
    if isinstance(error, OSError) and error.errno in FULL:
        return f"the output cannot be written ({error.strerror})"
    if isinstance(error, OSError) and error.errno in REFUSED:
        return f"{error.filename or 'a file'}: cannot be used ({error.strerror})"
    if isinstance(error, OSError) and "temporary directory" in str(error):
        said = " ".join(str(error).split())
        return f"{said}; set TMPDIR to a folder that can be written to"
    # The theory raises an error of its own; importing it earlier would make
    # `--help` wait for SymPy
    from rankbound.bounds.errors import DomainError

    return str(error) if isinstance(error, DomainError) else None


class OneLineParser(argparse.ArgumentParser):
    """Report a mistake in one line; `--help` shows the usage."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # argparse of Python 3.13 and earlier takes -3.4e38 for an option
        self._negative_number_matcher = NEGATIVE
        self.patterns: dict[str, int] = {}  # words that name several files

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        for word, found in self.patterns.items():
            if message.startswith("unrecognized"):
                message += f" (the pattern {word} names {several(found)})"
        said = printable(f"{message}; see `{self.prog} --help`")
        self.exit(MISTAKE, f"rankbound: error: {said}\n")


def build_parser() -> OneLineParser:
    """The parser of the whole command line."""
    parser = OneLineParser(
        prog="rankbound",
        description="What the theory of ranking distillation says about your models.",
    )
    parser.add_argument(
        "--version", action="version", version=f"rankbound {__version__}"
    )
    subparsers = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def _fail(error: str) -> int:
    line = printable(" ".join(error.splitlines()))  # a path may hold a line end
    sys.stderr.write(f"rankbound: error: {line}\n")
    return MISTAKE
