"""Errors that a user can mend: of using the program, and of files."""

from __future__ import annotations

from pathlib import Path


class UsageError(ValueError):
    """Options that contradict each other or ask for what the inputs do not hold.

    Examples
    --------
    >>> print(UsageError("--depth and --groups exclude each other; give one of them"))
    --depth and --groups exclude each other; give one of them
    """


class FormatError(ValueError):
    """A file does not follow its format.

    Parameters
    ----------
    path : Path or str
    message : str
        The rule, the value found and the remedy.
    line : int, optional
        Counted from 1.

    Examples
    --------
    >>> print(FormatError("bm25.run", "expected 6 columns, found 5", line=412))
    bm25.run:412: expected 6 columns, found 5
    """

    def __init__(
        self, path: Path | str, message: str, *, line: int | None = None
    ) -> None:
        place = f"{path}" if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}")
