"""`Embeddings`: one vector per id, left on disk until it is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.data.columns import Floats, Integers, Strings, positions
from rankbound.rendering import Shown
from rankbound.threads import kept

# Tolerance of the length of a unit vector
UNIT_SLACK: Final = 1e-2
# float16 has 5 bits of exponent and float32 8; 2^(127 - 15)
REBIASED: Final = np.float32(2.0**112)
INFINITE: Final = 0x7C00  # the bits of infinity as float16, beyond which is NaN
SIGN: Final = 0x8000
# Few enough to stay near the processor from one step to the next, and so many that
# threads hand Python's lock to each other seldom
NUMBERS_AT_ONCE: Final = 2**19
SMALLEST: Final = 1e-45  # of float32; some libraries turn such numbers into 0


def widen(halves: NDArray[np.float16], out: Floats) -> None:
    """Write the same numbers into a float64 array.

    NumPy converts one number at a time. Here sign, exponent and mantissa are moved to
    where float32 has them, and the exponent is corrected by a product.

    Parameters
    ----------
    halves : contiguous float16 array
    out : float64 array
        Both of one shape.

    Examples
    --------
    >>> halves, out = np.array([1.5, -0.0, 6e-8], dtype=np.float16), np.empty(3)
    >>> widen(halves, out)
    >>> out.tolist()
    [1.5, -0.0, 5.960464477539063e-08]
    """
    bits = halves.view(np.int16)
    infinite = bits.size and (
        bits.max() >= INFINITE or bits.view(np.uint16).max() >= INFINITE | SIGN
    )
    if infinite or np.float32(SMALLEST) * REBIASED == 0:
        np.copyto(out, halves)
        return
    scratch = kept("bits", *halves.shape, kind=np.int32)
    np.copyto(scratch, bits)
    np.left_shift(scratch, 13, out=scratch)
    # The shifted sign fills three bits of the exponent
    np.bitwise_and(scratch, np.int32(-0x70000001), out=scratch)
    numbers = scratch.view(np.float32)
    np.multiply(numbers, REBIASED, out=numbers)
    np.copyto(out, numbers)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Embeddings(Shown):
    """Vectors of documents or queries.

    Attributes
    ----------
    ids : object array of str, shape (n,)
        Distinct ids, in the order of the rows.
    vectors : array, shape (n, dim)
        float16, float32 or float64; usually memory-mapped.
    name : str
        Where they come from, for messages.

    Examples
    --------
    >>> from rankbound.data.columns import strings
    >>> book = Embeddings(strings(["a", "b"]), np.eye(2, dtype=np.float16), "toy")
    >>> book.take(np.array([1])).tolist()
    [[0.0, 1.0]]
    """

    ids: Strings
    vectors: NDArray[Any]
    name: str = "embeddings"

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.ids):
            raise DomainError(
                f"{self.name}: {counted(len(self.ids), 'id needs', 'ids need')} as "
                f"many vectors, got an array of shape {self.vectors.shape}"
            )
        if isinstance(self.ids, np.ndarray):  # in another process, rows are enough
            self.ids.flags.writeable = False  # so that places are remembered

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def rows(self, wanted: Strings) -> Integers:
        """Row of each wanted id, -1 where there is none."""
        return positions(self.ids, wanted)

    def take(self, rows: Integers) -> Floats:
        """Vectors of rows of any shape, as float64, shape ``(*rows.shape, dim)``.

        Raises
        ------
        DomainError
            When a vector is not finite, naming its id.
        """
        flat = rows.reshape(-1)
        taken = np.empty((len(flat), self.dim))
        self.fill(taken, flat)
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(np.vdot(taken, taken)):  # else it may have overflown
                return taken.reshape(*rows.shape, self.dim)
        finite = np.isfinite(taken).all(axis=1)
        if not finite.all():
            row = int(flat[int(np.argmin(finite))])
            raise DomainError(
                f"{self.name}: the vector of {self.ids[row]!r} (row {row}) holds a "
                "value that is not finite; embed the document again"
            )
        return taken.reshape(*rows.shape, self.dim)

    def fill(self, out: Floats, rows: Integers) -> None:
        """Write the vectors of rows, shape (n,), into a float64 array, shape (n, dim).

        Nothing says whether they are finite.
        """
        vectors = np.asarray(self.vectors)  # a memory map asks back at every step
        if len(rows) and not -len(vectors) <= rows.min() <= rows.max() < len(vectors):
            raise IndexError(f"{self.name} has no rows {rows.min()} to {rows.max()}")
        at_once = max(1, NUMBERS_AT_ONCE // max(1, self.dim))
        shape = min(len(rows), at_once), self.dim
        taken = kept("taken", *shape, kind=vectors.dtype)
        for start in range(0, len(rows), at_once):
            some = rows[start : start + at_once]
            found, place = taken[: len(some)], out[start : start + at_once]
            _ = vectors[some, :1]  # memory is asked for all rows at once, not in turn
            np.take(vectors, some, axis=0, out=found, mode="wrap")
            if vectors.dtype == np.float16:
                widen(found, place)
            else:
                np.copyto(place, found)

    def widest_distance(self, metric: str) -> float | None:
        """A bound of all distances that does not depend on the sample, or None.

        Angles are at most pi, and unit vectors are at most 2 apart. The largest
        distance of a sample would be no such bound.
        """
        if metric == "angular":
            return math.pi
        if self.unit_norm_share() == 1.0:
            return 2.0 * (1 + UNIT_SLACK)
        return None

    def unit_norm_share(self, *, tolerance: float = UNIT_SLACK) -> float:
        """Share of up to 4,096 evenly spaced vectors whose length is 1."""
        step = max(1, -(-len(self.ids) // 4096))
        norms = np.linalg.norm(self.vectors[::step].astype(np.float64), axis=1)
        return float(np.mean(np.abs(norms - 1) <= tolerance))
