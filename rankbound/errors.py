"""Errors of using the program, as opposed to errors of files or of mathematics."""

from __future__ import annotations


class UsageError(ValueError):
    """Options that contradict each other or ask for what the inputs do not hold.

    Examples
    --------
    >>> print(UsageError("--depth and --groups exclude each other; give one of them"))
    --depth and --groups exclude each other; give one of them
    """
