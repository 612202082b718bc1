"""Clusters of queries: what is independent of what.

Paraphrases of one question, or the queries generated from one document, depend on each
other. Where their clusters are given, the cluster is the unit of every statement: the
values of its queries are averaged, and n counts clusters. `Units` is the only place
where numbers of queries become numbers of what is independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.data.columns import Floats, Integers, Strings, strings
from rankbound.errors import UsageError

QUERY, CLUSTER = "query", "cluster"
SHOWN: Final = 3  # ids in a message


@dataclass(frozen=True, eq=False)
class Clusters:
    """The cluster of each query.

    Attributes
    ----------
    qids : object array of str, shape (n,)
        Distinct.
    names : object array of str, shape (n,)
        The cluster of each.
    name : str
        The file, for messages.

    Examples
    --------
    >>> clusters = Clusters.from_dict({"q1": "a", "q2": "a", "q3": "b"})
    >>> clusters.units(strings(["q3", "q1", "q2"])).ids.tolist()
    ['a', 'b']
    """

    qids: Strings
    names: Strings
    name: str = "clusters"

    @classmethod
    def from_dict(cls, found: Mapping[str, str], *, name: str = "clusters") -> Clusters:
        """The clusters of a mapping from qid to cluster."""
        return cls(strings([*found]), strings([*found.values()]), name)

    @cached_property
    def of_query(self) -> dict[str, str]:
        """The cluster by qid."""
        return dict(zip(self.qids, self.names, strict=True))

    def of(self, qids: Strings) -> Strings:
        """The cluster of each query.

        Raises
        ------
        UsageError
            When queries have no cluster, with their number and the first of them.
        """
        lacking = sorted(qid for qid in set(qids) if qid not in self.of_query)
        if lacking:
            first = ", ".join(map(repr, lacking[:SHOWN]))
            raise UsageError(
                f"{self.name}: gives no cluster for {len(lacking):,} of "
                f"{counted(len(set(qids)), 'query')} (first {first}); add a line of "
                "qid and cluster for each, where a query that depends on no other is "
                "a cluster of its own, or leave `clusters` out"
            )
        return strings([self.of_query[qid] for qid in qids])

    def units(self, qids: Strings) -> Units:
        """The clusters of these queries as units, sorted by name."""
        ids, place = np.unique(self.of(qids), return_inverse=True)
        return Units(strings(ids.tolist()), np.asarray(place).reshape(-1))


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is independent in a sample of queries: the queries, or their clusters.

    Attributes
    ----------
    ids : object array of str, shape (n_units,)
        Of queries in their order, or of clusters, sorted.
    place : int64 array, shape (n_queries,), or None
        The unit of each query; None where every query is a unit.
    """

    ids: Strings
    place: Integers | None = None

    def __len__(self) -> int:
        """Number of units."""
        return len(self.ids)

    @property
    def noun(self) -> str:
        """What one unit is called: "query" or "cluster"."""
        return QUERY if self.place is None else CLUSTER

    @property
    def of_query(self) -> Integers:
        """The unit of each query, shape (n_queries,)."""
        return np.arange(len(self)) if self.place is None else self.place

    @property
    def shares(self) -> Floats:
        """Weight of each query in its unit, 1 over the number of its queries."""
        return np.asarray(1.0 / np.bincount(self.of_query)[self.of_query])

    def only(self, queries: Integers) -> Units:
        """The units of some of the queries, given by their positions."""
        if self.place is None:
            return Units(self.ids[queries])
        found, place = np.unique(self.place[queries], return_inverse=True)
        return Units(self.ids[found], np.asarray(place).reshape(-1))

    def means(self, values: Floats) -> Floats:
        """Average the values of queries within each unit.

        Parameters
        ----------
        values : float64 array, shape (n_queries, ...)

        Returns
        -------
        float64 array, shape (n_units, ...)

        Examples
        --------
        >>> units = Units(strings(["a", "b"]), np.array([0, 1, 0]))
        >>> units.means(np.array([1.0, 5.0, 2.0])).tolist()
        [1.5, 5.0]
        """
        if self.place is None:
            return values
        order = np.argsort(self.place, kind="stable")
        counts = np.bincount(self.place, minlength=len(self))
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        sums = np.add.reduceat(values[order], starts, axis=0)
        return np.asarray(sums / counts.reshape(-1, *(1,) * (values.ndim - 1)))


def units_of(qids: Strings, clusters: Clusters | None) -> Units:
    """The independent units of some queries.

    Parameters
    ----------
    qids : object array of str, shape (n_queries,)
    clusters : Clusters or None
        None where the queries themselves are independent.

    Raises
    ------
    UsageError
        When a query has no cluster.

    Examples
    --------
    >>> len(units_of(strings(["q1", "q2"]), None))
    2
    """
    return Units(qids) if clusters is None else clusters.units(qids)
