"""What a column of ids comes to: the distinct ones, and which of them a row has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Integers, LateStrings


class Encoded(NamedTuple):
    """Ids of rows. To say it in the order of ids takes one more step for each row.

    Attributes
    ----------
    ids : LateStrings of n_ids
        Distinct, sorted by code point.
    marks : int64 array, shape (n_rows,)
        The same for rows of the same id.
    codes : int32 array, shape (n_marks,)
        The position in `ids` of what is so marked.

    Examples
    --------
    >>> ids = LateStrings(1, lambda: np.array(["d7"], dtype=object))
    >>> encoded = Encoded(ids, np.array([2, 2]), np.zeros(3, dtype=np.int32))
    >>> encoded.codes[encoded.marks].tolist()
    [0, 0]
    """

    ids: LateStrings
    marks: Integers
    codes: NDArray[np.int32]
