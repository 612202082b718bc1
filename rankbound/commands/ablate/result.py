"""The result of an ablation: the types behind ``ablation.json``, keys in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, Self

from rankbound.provenance import Input
from rankbound.results import Beside, Named, Record, Result, named

KEY: Final = ("collection", "domain", "architecture", "loss", "sampling", "seed")
EFFECTIVENESS: Final = ("ndcg@10", "ap", "rr@10")
TERMS: Final = ("risk", "entropy", "divergence", "diameter")
COLUMNS: Final = (
    *KEY,
    *EFFECTIVENESS,
    *TERMS,
    *("upper_bound", "vacuous", "kendall_teacher", "seconds", "checkpoint"),
)
IN_DOMAIN: Final = "in"
Verdict = Literal["better", "worse", "open"]


class Mean(Record, frozen=True, kw_only=True):
    """The mean of a column over the seeds and test queries of a cell.

    Attributes
    ----------
    value : float
    seeds_lower, seeds_upper : float or None
        Student's 95 % interval over the means of the seeds, on these queries; None with
        one seed.
    queries_lower, queries_upper : float
        The same over queries, of means over these seeds.
    """

    value: float
    seeds_lower: float | None
    seeds_upper: float | None
    queries_lower: float
    queries_upper: float


class CellSummary(Record, frozen=True, kw_only=True):
    """One cell: students of all seeds, trained alike.

    Attributes
    ----------
    collection, domain, architecture, loss, sampling : str
    n_seeds, n_queries : int
        Students, and test queries.
    upper_bound : float
        Mean over seeds of the limit of the student's risk, in nats.
    n_vacuous : int
        Seeds whose limit is at least ln 2.
    means : dict of str to Mean
        By column.
    """

    collection: str
    domain: str
    architecture: str
    loss: str
    sampling: str
    n_seeds: int
    n_queries: int
    upper_bound: float
    n_vacuous: int
    means: dict[str, Mean]

    @property
    def label(self) -> str:
        """Loss and sampling."""
        return f"{self.loss} on {self.sampling}"

    @property
    def ndcg(self) -> Mean:
        """The mean nDCG@10."""
        return self.means[EFFECTIVENESS[0]]


class Difference(Record, frozen=True, kw_only=True):
    """nDCG@10 of a sampling less that of random negatives, over the same queries.

    `lower` and `upper` hold for all differences of the ablation at once, over queries
    drawn independently, for the mean over these seeds.
    """

    collection: str
    architecture: str
    loss: str
    sampling: str
    reference: str
    value: float
    lower: float
    upper: float
    verdict: Verdict


class CollectionRow(Record, frozen=True, kw_only=True):
    """A collection, and what ranks it without any training, by nDCG@10.

    Attributes
    ----------
    name, domain : str
    n_documents, n_train, n_validation, n_test : int
        Documents, and queries of each use.
    bm25, dense, teacher : float
        Of the run of BM25, of that of the vectors, and of the teacher's order of what
        these two find.
    untrained : dict of str to float
        Of the students before any step, by architecture: means over seeds.
    notes : tuple of str
    """

    name: str
    domain: str
    n_documents: int
    n_train: int
    n_validation: int
    n_test: int
    bm25: float
    dense: float
    teacher: float
    untrained: dict[str, float]
    notes: tuple[str, ...]


class Ablation(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.ablation/1",
):
    """What sampling, loss and architecture make of students of the same teacher.

    ``collections["docstrings"]`` says what one collection holds, `cells` have means
    with intervals, and `differences` compare samplings with random negatives. The
    table ``ablation.tsv`` beside the result has a row for each student.

    Examples
    --------
    >>> import rankbound as rb
    >>> found = rb.ablate(["docstrings"], "ablated")  # doctest: +SKIP
    >>> found.best("docstrings", "cross").label  # doctest: +SKIP
    'ranknet on ensemble'
    """

    KIND: ClassVar[str] = "ablation"
    FILE: ClassVar[str] = "ablation.json"
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        Beside("students", ("ablation.tsv",), COLUMNS),
    )

    collections: Named[CollectionRow]
    cells: tuple[CellSummary, ...]
    differences: tuple[Difference, ...]
    group_size: int
    seeds: int
    backend: str
    match_scale: bool
    delta: float
    sentences: tuple[str, ...]
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]

    def __post_init__(self) -> None:
        named(self, "collections")

    def in_options(self) -> Self:
        """The same: no text of it names a parameter."""
        return self

    def cells_of(self, collection: str, architecture: str) -> list[CellSummary]:
        """The cells of a collection and an architecture."""
        key = collection, architecture
        return [one for one in self.cells if (one.collection, one.architecture) == key]

    def best(self, collection: str, architecture: str) -> CellSummary:
        """The cell with the highest nDCG@10, which is picked after looking."""
        cells = self.cells_of(collection, architecture)
        return max(cells, key=lambda one: one.ndcg.value)

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The cells, the differences of samplings, and the collections."""
        return {
            "cells": self.cells,
            "differences": self.differences,
            "collections": self.collections,
        }
