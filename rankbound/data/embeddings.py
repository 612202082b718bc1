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

# Tolerance of the length of a unit vector
UNIT_SLACK: Final = 1e-2


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
        taken = self.vectors[rows.reshape(-1)].astype(np.float64)
        finite = np.isfinite(taken).all(axis=1)
        if not finite.all():
            row = int(rows.reshape(-1)[int(np.argmin(finite))])
            raise DomainError(
                f"{self.name}: the vector of {self.ids[row]!r} (row {row}) holds a "
                "value that is not finite; embed the document again"
            )
        return taken.reshape(*rows.shape, self.dim)

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
