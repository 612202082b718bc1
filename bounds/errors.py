"""The error that the mathematics raises: an argument outside its domain."""

from __future__ import annotations


class DomainError(ValueError):
    """A value outside the domain on which a statement holds.

    The message names the rule, the value received and the remedy.

    Examples
    --------
    >>> raise DomainError("`delta` must lie in (0, 1), got 1.5; try 0.05")
    Traceback (most recent call last):
    ...
    rankbound.bounds.errors.DomainError: `delta` must lie in (0, 1), got 1.5; try 0.05
    """
