"""Where numbers come from: input files with their hashes, and versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.data.clusters import Clusters
from rankbound.data.columns import Strings
from rankbound.results import Record

PACKAGES: Final = (
    "rankbound",
    "numpy",
    "scipy",
    "sympy",
    "pyarrow",
    "array-api-compat",
)


class Input(Record, frozen=True, kw_only=True):
    """A file that was read, or an object, with the hash of what it holds.

    `path` is that of a file, `object` the name of an object; one of them is given. The
    hash is None if the input could not be read twice, such as a pipe.
    """

    path: str | None = None
    object: str | None = None
    sha256: str | None


class Clustering(Record, frozen=True, kw_only=True):
    """Which clusters of queries are taken to be independent of each other.

    Attributes
    ----------
    unit : str
        What n, shares, limits and tests count: "cluster".
    file : str
        Where the clusters were read.
    clusters, queries : int
        Of the queries that were measured, those that were set aside included.
    largest : int
        Queries of the largest cluster.
    queries_without_a_group : int
        Queries of the file that were not measured.
    """

    unit: str
    file: str
    clusters: int
    queries: int
    largest: int
    queries_without_a_group: int

    def sentence(self) -> str:
        """How many there are, and what that means for every number.

        Examples
        --------
        >>> print(Clustering(unit="cluster", file="c.tsv", clusters=3, queries=12,
        ...     largest=5, queries_without_a_group=0).sentence())
        clusters of c.tsv: 3 clusters of 12 queries, at most 5 in one; ...
        """
        unused = self.queries_without_a_group
        more = ""
        if unused:
            more = f"; {counted(unused, 'query')} of the file not measured"
        return (
            f"clusters of {self.file}: {counted(self.clusters, 'cluster')} of "
            f"{counted(self.queries, 'query')}, at most {self.largest:,} in one; n, "
            "means, shares, limits and tests are those of clusters, which are taken to "
            f"be drawn independently and have the same weight{more}"
        )


def clustering_of(clusters: Clusters | None, qids: Strings) -> Clustering | None:
    """What the clusters of some queries are; None without clusters.

    Raises
    ------
    UsageError
        When a query has no cluster.
    """
    if clusters is None:
        return None
    units = clusters.units(qids)
    return Clustering(
        unit=units.noun,
        file=clusters.name,
        clusters=len(units),
        queries=len(qids),
        largest=int(np.bincount(units.of_query).max()),
        queries_without_a_group=len(clusters.qids) - len(qids),
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
