"""`PerQuery`: one number per query, with its name and unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers, Strings
from rankbound.rendering import Shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PerQuery(Shown):
    """Values of one quantity over queries.

    Attributes
    ----------
    name, unit : str
        Such as "entropy" and "nats".
    qids : object array of str, shape (n,)
        Distinct query ids.
    values : float64 array, shape (n,)

    Examples
    --------
    >>> from rankbound.data.columns import strings
    >>> one = PerQuery("entropy", "nats", strings(["a", "b"]), np.array([0.1, 0.3]))
    >>> one.mean()
    0.2
    """

    name: str
    unit: str
    qids: Strings
    values: Floats

    def __post_init__(self) -> None:
        if self.values.shape != self.qids.shape:
            raise DomainError(
                f"{self.name}: one value per query, got {self.values.shape} for "
                f"{self.qids.shape}"
            )
        in_order = bool(np.all(self.qids[:-1] < self.qids[1:]))
        if not in_order and len(set(self.qids)) != len(self.qids):
            raise DomainError(
                f"{self.name}: a query appears twice; average its groups first"
            )

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.qids)

    def mean(self) -> float:
        """Mean over queries, in the unit of the values."""
        return float(self.values.mean())

    def to_frame(self) -> Any:
        """A pandas frame with the columns qid, name, unit and value.

        Frames of several quantities can be stacked.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "qid": self.qids,
                "name": self.name,
                "unit": self.unit,
                "value": self.values,
            }
        )


def query_means(queries: Integers, values: Floats, *, n_queries: int) -> Floats:
    """Average the groups of each query; the query is the unit of every statement.

    Parameters
    ----------
    queries : int64 array, shape (n_groups,)
    values : float64 array, shape (n_groups,)
    n_queries : int
        Queries without a group get NaN; the caller leaves them out.

    Examples
    --------
    >>> values = np.array([1.0, 3.0, 5.0])
    >>> query_means(np.array([0, 0, 1]), values, n_queries=2).tolist()
    [2.0, 5.0]
    """
    counts = np.bincount(queries, minlength=n_queries)
    sums = np.bincount(queries, weights=values, minlength=n_queries)
    return np.asarray(
        np.divide(sums, counts, out=np.full(n_queries, np.nan), where=counts > 0)
    )


def align(first: PerQuery, second: PerQuery) -> tuple[PerQuery, PerQuery]:
    """Bring the second into the query order of the first, or name what differs.

    Examples
    --------
    >>> from rankbound.data.columns import strings
    >>> a = PerQuery("x", "nats", strings(["1", "2"]), np.array([1.0, 2.0]))
    >>> b = PerQuery("y", "nats", strings(["2", "1"]), np.array([4.0, 3.0]))
    >>> align(a, b)[1].values.tolist()
    [3.0, 4.0]
    """
    place = {qid: index for index, qid in enumerate(second.qids)}
    missing = [qid for qid in first.qids if qid not in place]
    surplus = sorted(set(second.qids) - set(first.qids))
    if missing or surplus:
        raise DomainError(
            f"{first.name} and {second.name} have different queries: "
            f"{len(missing)} only in the first {missing[:3]}, "
            f"{len(surplus)} only in the second {surplus[:3]}"
        )
    order = np.array([place[qid] for qid in first.qids], dtype=np.int64)
    return first, PerQuery(
        second.name, second.unit, second.qids[order], second.values[order]
    )
