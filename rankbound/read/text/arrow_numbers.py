"""Numbers written in any way, of many lines at a time: pyarrow reads them in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from rankbound.data.columns import Floats, Integers
from rankbound.data.scores import LARGEST

MOST_DIGITS = 18  # any such number fits into 64 bits
MINUS, HEXADECIMAL = ord("-"), list(b"xX")
EVERY_OTHER = 0b01010101


def floats_between(block: bytes, starts: Integers, ends: Integers) -> Floats | None:
    """Numbers that lie in a buffer, to the last bit; None if one is none, or no score.

    Parameters
    ----------
    block : bytes
        UTF-8 text, up to 2 GiB.
    starts, ends : int64 arrays, shape (n,), n > 0
        Where the numbers begin and end, one behind the other.

    Examples
    --------
    >>> starts, ends = np.array([0, 5]), np.array([4, 8])
    >>> floats_between(b"25e2 .75", starts, ends).tolist()
    [2500.0, 0.75]
    >>> floats_between(b"25e2 nan", starts, ends) is None
    True
    """
    found = _cast(block, starts, ends, pa.float64())
    if found is None or not (np.abs(found) <= LARGEST).all():
        return None
    values: Floats = found.copy()
    return values


def integers_between(block: bytes, starts: Integers, ends: Integers) -> Integers | None:
    """Numbers of 1 to 18 digits, perhaps with a minus; None if one is something else.

    Parameters are as for `floats_between`.

    Examples
    --------
    >>> starts, ends = np.array([0, 3]), np.array([2, 5])
    >>> integers_between(b"07 -5", starts, ends).tolist()
    [7, -5]
    >>> integers_between(b"07 .5", starts, ends) is None
    True
    """
    data = np.frombuffer(block, dtype=np.uint8)
    negative = data[starts] == MINUS
    if int((ends - starts - negative).max()) > MOST_DIGITS:
        return None
    # To pyarrow, 0x1F is a number as well
    second = data[np.minimum(starts + negative + 1, ends - 1)]
    if np.isin(second, HEXADECIMAL).any():
        return None
    found = _cast(block, starts, ends, pa.int64())
    if found is None:
        return None
    values: Integers = found.copy()
    return values


def _cast(block: bytes, starts: Integers, ends: Integers, dtype: Any) -> Any:
    """The numbers; what lies between two of them is a text that does not count."""
    n_texts = 2 * len(starts)
    offsets = np.empty(n_texts + 1, dtype=np.int32)
    offsets[:-1:2], offsets[1::2] = starts, ends
    offsets[-1] = ends[-1]
    counts = np.full(-(-n_texts // 8), EVERY_OTHER, dtype=np.uint8)
    buffers = [pa.py_buffer(data) for data in (counts, offsets, block)]
    texts = pa.Array.from_buffers(pa.string(), n_texts, buffers, null_count=len(starts))
    try:
        numbers = texts.cast(dtype, memory_pool=pa.system_memory_pool())
    except pa.ArrowInvalid:
        return None
    # Not by a method of Arrow's: those import pandas, half a second and 40 MB
    values = np.frombuffer(numbers.buffers()[1], dtype=dtype.to_pandas_dtype())
    return values[:n_texts:2]
