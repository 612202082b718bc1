"""The program: parse arguments, run a command, report a mistake in one line."""

from __future__ import annotations

import argparse
import errno
import glob
import io
import os
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import Any, Final, NoReturn

from rankbound import __version__
from rankbound.cli import (
    ablate,
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
from rankbound.cli.options import HELD, WRITTEN, add_memory, add_quiet, recorded
from rankbound.errors import (
    FULL,
    MAKE_ROOM,
    NO_UNICODE,
    FormatError,
    UsageError,
    in_options,
    is_unicode,
)
from rankbound.escaping import printable

NEGATIVE: Final = re.compile(
    r"^-((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|inf(inity)?|nan)$", re.IGNORECASE
)
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
    ablate,
    figures,
    report,
    demo,
    explain,
    bound,
    certify,
    appendix,
)
# Those that read no data of the user's
BY_THEMSELVES: Final = ("demo", "explain", "certify", "appendix")
MISTAKE = 2
BUG = (
    "This is a mistake in rankbound, not in your files or arguments. Please report it "
    "with the lines above,\nthe command, and the output of `rankbound --version`."
)
INTERRUPTED = 130
SHORT: Final = ("explain", "bound")  # commands that never take long
# Like a full disk, what else a disk or a system refuses is for the user to fix,
# whatever was being read or written
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
    if argv is not None:
        return _done(list(argv), argparse.Namespace(alone=False))
    # This process is the program, whose script new processes may import, and not a
    # script that calls it
    arguments = argparse.Namespace(alone=True)
    # Arrow's own pool keeps what is freed, which NumPy could use
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    output = _standard_streams()
    try:
        code = _done(sys.argv[1:], arguments)
    except SystemExit as ending:  # argparse has said all
        raise SystemExit(_told(int(ending.code or 0), output, arguments)) from None
    # All is done, or undone, so that a second Ctrl-C need not say where it struck
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _told(code, output, arguments)


class Lasting(io.FileIO):
    """A standard stream whose faults, such as a full disk, do not end a command.

    Attributes
    ----------
    fault : str
        Why not all was written; empty if it was.
    """

    fault = ""

    def write(self, data: Any) -> int:
        """Write, or keep the reason why not; a reader that went away is an error."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.fault = self.fault or f"{error.strerror}"
            return memoryview(data).nbytes


def _standard_streams() -> Lasting:
    """Standard output and errors that last, and something for those that are closed.

    Otherwise the next file that is opened would take the place of a closed one, and
    get what libraries print.
    """
    closed = [number for number in range(3) if not _is_open(number)]
    for number in closed:  # the lowest is taken
        os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    output, errors = Lasting(1, "w", closefd=False), Lasting(2, "w", closefd=False)
    # Names that the terminal's encoding lacks must not end a finished run
    for name, raw in (("stdout", output), ("stderr", errors)):
        before = getattr(sys, name)
        if before is not getattr(sys, f"__{name}__"):
            continue  # somebody catches what is printed
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding="utf-8" if before is None else before.encoding,
            errors="backslashreplace",
            line_buffering=name == "stderr" or raw.isatty(),
            write_through=before is not None and before.write_through,
        )
        setattr(sys, name, stream)
    if 1 in closed:
        output.fault = "it is closed"
    return output


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _told(code: int, output: Lasting, arguments: argparse.Namespace) -> int:
    """The exit code after all was printed, or could not be."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_printing()
    if not output.fault or code not in (0, 1):
        return code
    why = f"(standard output: {output.fault})"
    named = (getattr(arguments, name, None) for name in WRITTEN)
    if any(str(one) not in ("None", "-") for one in named):
        sys.stderr.write(
            f"rankbound: note: nothing could be printed {why}; the files are complete\n"
        )
        return code
    return _fail(
        f"this command prints its results, and cannot {why}; redirect them to a file, "
        "or free space"
    )


def _stop_printing() -> None:
    """Report nothing to a reader that went away, now or at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _done(words: list[str], arguments: argparse.Namespace) -> int:
    """Run a command line; what was parsed is added to `arguments`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    _parsed(words, arguments)
    try:
        # A command returns a code only where it has a verdict to give
        with HELD:
            HELD.enter_context(_reading_within(arguments))
            code: int | None = arguments.run(
                arguments, shlex.join(["rankbound", *recorded(words)])
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
        resumes = "fresh" in vars(arguments)
        then = (
            "the same command goes on from here" if resumes else "nothing was written"
        )
        sys.stderr.write(f"rankbound: interrupted; {then}\n")
        return INTERRUPTED
    except BrokenPipeError:
        _stop_printing()
        return 0
    except Exception as error:
        if (said := _mistake(error, arguments)) is not None:
            return _fail(in_options(said, vars(arguments)))
        error.add_note(BUG)
        raise
    return code or 0


def _parsed(words: list[str], arguments: argparse.Namespace) -> None:
    parser = build_parser()
    try:
        given = [*map(matching, words)]
    except UsageError as error:
        parser.error(str(error))
    several = zip(words, map(len, given), strict=True)
    parser.patterns = {word: found for word, found in several if found > 1}
    every = [*chain.from_iterable(given)]
    for word in every:
        if not is_unicode(word):
            parser.error(f"{word}: {NO_UNICODE}")
    parser.parse_args(every, arguments)


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


def _reading_within(arguments: argparse.Namespace) -> AbstractContextManager[None]:
    """Bound what the readers of the command take."""
    given = getattr(arguments, "memory", None)
    if given is None:
        return nullcontext()
    from rankbound.memory import reading_within

    return reading_within(given)


def _mistake(error: Exception, arguments: argparse.Namespace) -> str | None:
    """What the user can fix; None where it is a bug."""
    if isinstance(error, OSError) and error.errno in FULL:
        out = error.filename or getattr(arguments, "out", None) or "the output"
        return f"{out}: cannot be written ({error.strerror}); {MAKE_ROOM}"
    if isinstance(error, OSError) and error.errno in REFUSED:
        return f"{error.filename or 'a file'}: cannot be used ({error.strerror})"
    if isinstance(error, OSError) and "temporary directory" in str(error):
        said = " ".join(str(error).split())
        return f"{said}; set TMPDIR to a folder that can be written to"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: cannot be used ({error.strerror})"
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
    for name, one in subparsers.choices.items():
        if name not in BY_THEMSELVES:
            add_memory(one.add_argument)
        if name not in SHORT:
            add_quiet(one.add_argument)
    return parser


def _fail(error: str) -> int:
    line = printable(" ".join(error.splitlines()))  # a path may hold a line end
    sys.stderr.write(f"rankbound: error: {line}\n")
    return MISTAKE
