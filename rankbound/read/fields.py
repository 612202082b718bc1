"""Checks of single fields: an id, a score, a text, and the id made from a text."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

FORBIDDEN = frozenset("\t\r\n")
UNDERSCORE: dict[type, Any] = {str: "_", bytes: b"_"}


def as_id(value: Any) -> str | None:
    """An id as text, or None for what cannot be one.

    Text that is not blank and holds no tab or line end, or a whole number. A truth
    value and a number with a fraction are none: they come from a table that was read
    with the wrong types.

    Examples
    --------
    >>> as_id("D1"), as_id(7), as_id(True), as_id(7.0), as_id(" ")
    ('D1', '7', None, None, None)
    """
    if isinstance(value, str):
        good = bool(value.strip()) and FORBIDDEN.isdisjoint(value)
        return value if good else None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(value)
    return None


def as_number(value: Any) -> float | None:
    """A finite number as float, or None for what is none (a truth value is none).

    Examples
    --------
    >>> as_number(2), as_number(True), as_number(float("nan")), as_number("2")
    (2.0, None, None, None)
    """
    if isinstance(value, bool | np.bool_):
        return None
    if not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def parsed_number(text: bytes | str) -> float | None:
    """A finite number written in plain digits, or None.

    Examples
    --------
    >>> parsed_number("-1.5e3"), parsed_number("1_000"), parsed_number("nan")
    (-1500.0, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or not text.isascii():
        return None
    return None if UNDERSCORE[type(text)] in text else number


def text_id(text: str) -> str:
    """The id of a text that came without one: "t" and 16 hex digits of its SHA-256.

    The same text has the same id in every file. Nothing is normalised: texts that
    differ by a blank are different documents.

    Examples
    --------
    >>> text_id("What is a manatee?")
    't0c0aeb9fe118d28a'
    """
    return "t" + hashlib.sha256(text.encode()).hexdigest()[:16]
