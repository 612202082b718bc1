"""The result of an ablation: the types behind ``ablation.json``, keys in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final, Literal, Self

from rankbound.bounds.wording import counted
from rankbound.provenance import Input
from rankbound.results import Beside, Named, Record, Result, named
from rankbound.rows import Rows
from rankbound.tables import Cell, Table, latex, markdown

KEY: Final = ("collection", "domain", "architecture", "loss", "sampling", "seed")
EFFECTIVENESS: Final = ("ndcg@10", "ap", "rr@10")
TERMS: Final = ("risk", "entropy", "divergence", "diameter")
# What a limit of a student's mean risk needs beside the risks
LIMIT: Final = ("range_low", "range_high", "stake")
COLUMNS: Final = (
    *KEY,
    *EFFECTIVENESS,
    *TERMS,
    *("upper_bound", "vacuous", "kendall_teacher", "seconds", "checkpoint"),
    *("half_limit", "half_risk", "trained_on", "teacher", "augmentation"),
    *("steps", "pairs_scored", "law_risk", *LIMIT),
)
STAGES: Final = (*("teacher", "sampling"), *("training", "choosing", "measuring"))
TEACHER, SAMPLING, TRAINING, CHOOSING, MEASURING = STAGES
BASE, NONE = "base", "none"  # the teacher of a collection, and no augmentation
KENDALL: Final = "kendall_teacher"
MEASURED: Final = (*EFFECTIVENESS, *TERMS, KENDALL)
# Those of the first version, which a table of students must have
STUDENT_COLUMNS: Final = COLUMNS[: COLUMNS.index("checkpoint") + 1]
QUERY_COLUMNS: Final = (*KEY[:-1], "trained_on", "qid", *MEASURED)
IN_DOMAIN, OUT = "in", "out"
# Marks of a difference to random negatives, for print
MARKS: Final = {"better": "+", "worse": "-", "open": ""}
Verdict = Literal["better", "worse", "open"]
Said = Literal["supported", "not supported", "inconclusive"]
REACHED: Final = 0.9  # of the teacher's nDCG@10, by a student that has learnt
LEVEL: Final = 0.05


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
        The collection is that whose queries test.
    n_seeds, n_queries : int
        Students, and test queries.
    upper_bound : float or None
        Mean over seeds of the limit of the student's risk, in nats; None where no
        groups could be drawn.
    n_vacuous : int
        Seeds whose limit is at least ln 2.
    means : dict of str to Mean
        By column.
    trained_on : str
        The collection whose queries train.
    n_checked, n_inside, n_refuted : int
        Seeds whose certificate was tried on half of the queries, those whose risk on
        the other half is at most that limit, and those where even a lower limit of that
        risk is above it.
    law_risk : float or None
        Mean over seeds of the risk of the clipped student under the law of the groups,
        in nats; None where that law is not known.
    n_known, n_covered : int
        Seeds whose risk is known by the law, and those where it is at most their limit.
    """

    collection: str
    domain: str
    architecture: str
    loss: str
    sampling: str
    n_seeds: int
    n_queries: int
    upper_bound: float | None
    n_vacuous: int
    means: dict[str, Mean]
    trained_on: str = ""
    n_checked: int = 0
    n_inside: int = 0
    n_refuted: int = 0
    law_risk: float | None = None
    n_known: int = 0
    n_covered: int = 0

    @property
    def label(self) -> str:
        """Loss and sampling."""
        return f"{self.loss} on {self.sampling}"

    @property
    def ndcg(self) -> Mean:
        """The mean nDCG@10."""
        return self.means[EFFECTIVENESS[0]]


def tested_on(one: CellSummary | Difference) -> str:
    """The collection that tests, and out of domain that which trained, too."""
    if one.domain == IN_DOMAIN:
        return one.collection
    return f"{one.collection} by students of {one.trained_on}"


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
    domain: str = IN_DOMAIN
    trained_on: str = ""


class Control(Record, frozen=True, kw_only=True):
    """The best cell of an architecture, trained again on shuffled teacher scores.

    Attributes
    ----------
    collection, architecture, loss, sampling : str
        The cell with the highest nDCG@10 among those whose loss asks a teacher.
    trained, shuffled, untrained, teacher : float
        nDCG@10 of that cell, of the same students when the teacher's scores change
        places within each group, of the students before any step, and of the teacher;
        means over the same seeds and queries.
    lower, upper : float
        95 % interval of `trained` less `shuffled`, by betting over queries.
    """

    collection: str
    architecture: str
    loss: str
    sampling: str
    trained: float
    shuffled: float
    untrained: float
    teacher: float
    lower: float
    upper: float

    @property
    def learns(self) -> bool:
        """Whether the cell is above its start, and reaches 90 % of the teacher."""
        return self._reaches(self.trained)

    @property
    def shuffled_learns(self) -> bool:
        """Whether it is, and does, when the teacher is shuffled."""
        return self._reaches(self.shuffled)

    def _reaches(self, value: float) -> bool:
        return value > self.untrained and value >= REACHED * self.teacher


class TeacherRow(Record, frozen=True, kw_only=True):
    """A teacher that is made of that of a collection, or that one itself, "base".

    Attributes
    ----------
    collection, teacher : str
    ndcg : float
        nDCG@10 of its order of what BM25 and the vectors find, over test queries.
    entropy : float
        Mean entropy of its preferences over all pairs of test groups, in nats, over
        samplings and seeds.
    """

    collection: str
    teacher: str
    ndcg: float
    entropy: float


class Foretold(Record, frozen=True, kw_only=True):
    """What Theorem 5 says of an augmentation, by untrained students and groups alone.

    Attributes
    ----------
    collection, architecture, sampling, augmentation : str
    n_queries : int
        Distinct training queries, before and after: augmented ones are not new.
    entropy_before, ..., bound_after : float
        In nats, means over seeds; the locality is the range of the scores of an
        untrained student in a group, and the bound that of its checkpoints under all
        augmentations at once.
    improves : bool
        Whether the bound is lower after.
    vacuous : bool
        Neither bound is below ln 2, so that their order says nothing.
    same_teacher : bool
        False for other targets, of which the theorem does not speak: the bound after is
        of other targets.
    break_even_n : float or None
        Training queries from which on the bound after is lower; None if no number is
        enough.
    """

    collection: str
    architecture: str
    sampling: str
    augmentation: str
    n_queries: int
    entropy_before: float
    entropy_after: float
    divergence_before: float
    divergence_after: float
    locality_before: float
    locality_after: float
    bound_before: float
    bound_after: float
    improves: bool
    vacuous: bool
    same_teacher: bool
    break_even_n: float | None = None


class Checked(Record, frozen=True, kw_only=True):
    """What an augmentation has done after it was foretold: means over losses.

    Attributes
    ----------
    collection, architecture, sampling, augmentation : str
    improves : bool
        As foretold.
    risk_change, gain : float
        Test risk by the teacher of the grid, in nats, and nDCG@10: after less before.
    risk_lower, risk_upper : float
        95 % interval of the change over queries, of all at once, which is approximate.
    """

    collection: str
    architecture: str
    sampling: str
    augmentation: str
    improves: bool
    risk_change: float
    risk_lower: float
    risk_upper: float
    gain: float

    @property
    def came(self) -> bool | None:
        """Whether the risk did what was foretold; None where that is open."""
        if self.risk_lower <= 0 <= self.risk_upper:
            return None
        return self.improves == (self.risk_change < 0)


class Arm(Record, frozen=True, kw_only=True):
    """A cell whose teacher or training data are others, against that of the grid.

    Attributes
    ----------
    teacher, augmentation : str
        One of them is that of the grid, "base" or "none".
    cell : CellSummary
        Its terms are those of its own teacher.
    gain, lower, upper : float
        nDCG@10 less that of the same cell of the grid, with an interval by betting over
        queries that holds for all arms at once.
    verdict : {"better", "worse", "open"}
    """

    teacher: str
    augmentation: str
    cell: CellSummary
    gain: float
    lower: float
    upper: float
    verdict: Verdict


class SamplingTerms(Record, frozen=True, kw_only=True):
    """What is known of a sampling before training, by predictor: means over seeds.

    Where a term depends on the architecture, such as the bound of the untrained
    student, the architecture is given, and otherwise "".
    """

    collection: str
    architecture: str
    sampling: str
    terms: dict[str, float]


LeftOut = Literal["none", "samplings", "collections", "losses"]


class Predicted(Record, frozen=True, kw_only=True):
    """How a term that is known before training orders samplings by nDCG@10.

    Attributes
    ----------
    predictor : str
    left_out : {"none", "samplings", "collections", "losses"}
        With "none", tau is Kendall's over the samplings of each task, which is a
        collection, a domain, an architecture and a loss. Otherwise the sign that it is
        read with comes from the others, so that a predictor whose sign changes is
        below 0.
    tau : float or None
        In [-1, 1]; None where there is nothing to leave out.
    lower, upper : float or None
        95 % interval over samplings drawn with replacement, which is approximate.
    p : float or None
        Of exchanging samplings, the whole procedure repeated; one-sided where
        something is left out. None for fewer than 8 samplings.
    p_adjusted : float or None
        By Holm, over all predictors and what is left out.
    missing_because : str or None
    """

    predictor: str
    left_out: LeftOut
    tau: float | None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    missing_because: str | None = None

    @property
    def is_advice(self) -> bool:
        """Whether it predicts what it has not seen."""
        known = self.tau is not None and self.p_adjusted is not None
        return known and self.tau > 0 and self.p_adjusted <= LEVEL  # type: ignore[operator]


class Choice(Record, frozen=True, kw_only=True):
    """What choosing a sampling by a rule gives, against the default, at equal cost.

    Attributes
    ----------
    rule : str
        "random", "crossencoder" and so on choose that sampling always; "predicted"
        chooses by the predictor that is best on what is not left out; "best" is the
        best sampling of each task on the test queries, which nobody knows before.
    left_out : {"none", "collections", "losses"}
    value : float
        Mean nDCG@10 over all test queries, each with the mean over its tasks.
    gain, lower, upper : float
        Less that of random negatives; the interval, by betting over queries, holds for
        all rules at once, but not for "best", which the same queries choose.
    chosen : dict of str to int
        Tasks by sampling chosen.
    """

    rule: str
    left_out: LeftOut
    value: float
    gain: float
    lower: float
    upper: float
    chosen: dict[str, int]


class Claim(Record, frozen=True, kw_only=True):
    """A claim, and what this ablation says of it.

    Attributes
    ----------
    name, claim, source : str
    verdict : {"supported", "not supported", "inconclusive"}
    evidence : str
        The numbers, their intervals and their numbers of comparisons.
    """

    name: str
    claim: str
    source: str
    verdict: Said
    evidence: str


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
    trained_on : str
        Out of domain, the collection that the students come from.
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
    trained_on: str = ""


class Cost(Record, frozen=True, kw_only=True):
    """What a stage took, for the students of one architecture or for all.

    Attributes
    ----------
    collection : str
        That trains.
    stage : {"teacher", "sampling", "training", "choosing", "measuring"}
        Reading and ranking a collection and training its teacher; drawing groups, with
        what is known of them before training; training all students; choosing among
        their checkpoints; measuring the chosen ones, out of domain, too.
    seconds : float
    architecture : str
        "" for a teacher and for samplings, which all share.
    teacher, augmentation : str
    steps : int
        Of training, all students together.
    teacher_pairs, student_pairs : int
        Documents of queries, with the scores that a stage has from the teacher or reads
        of it, and with those that students give.
    energy_kwh : float or None
        By codecarbon, of this process; None where it does not measure.
    """

    collection: str
    stage: str
    seconds: float
    architecture: str = ""
    teacher: str = BASE
    augmentation: str = NONE
    steps: int = 0
    teacher_pairs: int = 0
    student_pairs: int = 0
    energy_kwh: float | None = None


class Bought(Record, frozen=True, kw_only=True):
    """What a student of a cell cost, and what it gained: means over seeds.

    Attributes
    ----------
    collection, architecture, loss, sampling, teacher, augmentation : str
    steps, pairs_scored : int
        Of training: its steps, and the documents that it scored in them.
    seconds : float
        Of training and choosing.
    gain : float
        nDCG@10 over the student before any step, in domain.
    energy_kwh : float or None
        Of training and choosing.
    """

    collection: str
    architecture: str
    loss: str
    sampling: str
    teacher: str
    augmentation: str
    steps: int
    pairs_scored: int
    seconds: float
    gain: float
    energy_kwh: float | None = None


class LawRow(Record, frozen=True, kw_only=True):
    """What the known law of a synthetic world says of a sampling, beside estimates.

    Attributes
    ----------
    collection, sampling, trained_on : str
    entropy : float
        Expected entropy of the teacher's preferences over all pairs, in nats.
    entropy_estimate, entropy_lower, entropy_upper : float
        Mean over seeds and test queries, and a 95 % interval over queries by betting of
        the means over seeds, which holds for each sampling by itself.
    diameter : float
        The essential diameter: the largest distance of two documents of a group.
    diameter_estimate : float
        Mean over seeds and test queries of the largest distance in a group, at most the
        essential one.
    mean_distance : float
        Expected distance of a pair of a group.
    kappa : float or None
        Largest density ratio of random negatives to those of the sampling; None where
        it is infinite, as some documents are never drawn.
    never_drawn : int
        Documents that random negatives have and the sampling has not, over all kinds of
        queries.
    kappa_over_random : float
        Largest density ratio of the sampling's negatives to random ones.
    """

    collection: str
    sampling: str
    trained_on: str
    entropy: float
    entropy_estimate: float
    entropy_lower: float
    entropy_upper: float
    diameter: float
    diameter_estimate: float
    mean_distance: float
    kappa: float | None
    never_drawn: int
    kappa_over_random: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the entropy."""
        return self.entropy_lower <= self.entropy <= self.entropy_upper


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
        Beside("students", ("ablation.tsv",), STUDENT_COLUMNS),
        Beside("queries", ("ablation.queries.tsv",), QUERY_COLUMNS),
    )
    PAGES: ClassVar = ("ablation.tables.md", "ablation.tables.tex")

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
    encoder: str = ""
    controls: tuple[Control, ...] = ()
    terms: tuple[SamplingTerms, ...] = ()
    predicted: tuple[Predicted, ...] = ()
    choices: tuple[Choice, ...] = ()
    claims: Named[Claim] = ()  # type: ignore[assignment]
    teachers: tuple[TeacherRow, ...] = ()
    arms: tuple[Arm, ...] = ()
    foretold: tuple[Foretold, ...] = ()
    foretold_sha256: tuple[str, ...] = ()  # of the files, by collection
    checked: tuple[Checked, ...] = ()
    costs: tuple[Cost, ...] = ()
    bought: tuple[Bought, ...] = ()
    energy_missing_because: str | None = None
    laws: tuple[LawRow, ...] = ()

    def __post_init__(self) -> None:
        named(self, "collections", "claims")

    def in_options(self) -> Self:
        """The same: no text of it names a parameter."""
        return self

    def cells_of(self, collection: str, architecture: str) -> list[CellSummary]:
        """The cells of a collection and an architecture, tested in domain."""
        key = collection, architecture, IN_DOMAIN
        return [
            one
            for one in self.cells
            if (one.collection, one.architecture, one.domain) == key
        ]

    def best(self, collection: str, architecture: str) -> CellSummary:
        """The cell with the highest nDCG@10, which is picked after looking."""
        cells = self.cells_of(collection, architecture)
        return max(cells, key=lambda one: one.ndcg.value)

    def written_tables(self) -> list[Table]:
        """The tables of ``ablation.tables.md`` and ``.tex``, in their order."""
        found = [*_effectiveness(self)]
        if self.controls:
            found.append(_controls(self.controls))
        if self.predicted:
            found.append(_predictors(self.predicted))
        if self.choices:
            found.append(_chosen(self.choices))
        if self.claims:
            found.append(_claimed(self.claims))
        if self.arms:
            found.append(_arms(self))
        if self.laws:
            found.append(_laws(self.laws))
        return found

    def contents(self) -> dict[str, str | Rows | None]:
        """The files that `save` writes: JSON, rows, and tables for print."""
        pages = self.written_tables()
        made = dict(zip(self.PAGES, (markdown(pages), latex(pages)), strict=True))
        return {**super().contents(), **made}

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The cells, the differences of samplings, and the collections."""
        return {
            "cells": self.cells,
            "differences": self.differences,
            "collections": self.collections,
            "controls": self.controls,
            "terms": self.terms,
            "predicted": self.predicted,
            "choices": self.choices,
            "claims": self.claims,
            "teachers": self.teachers,
            "foretold": self.foretold,
            "checked": self.checked,
            "arms": tuple(one.cell for one in self.arms),
            "costs": self.costs,
            "bought": self.bought,
            "laws": self.laws,
        }


def _effectiveness(found: Ablation) -> Iterator[Table]:
    """One for each collection, domain and architecture: samplings by losses."""
    marks = {
        (one.trained_on, one.collection, one.architecture, one.loss, one.sampling): (
            MARKS[one.verdict]
        )
        for one in found.differences
    }
    parts: dict[tuple[str, str, str, str], list[CellSummary]] = {}
    for cell in found.cells:
        key = cell.trained_on, cell.collection, cell.domain, cell.architecture
        parts.setdefault(key, []).append(cell)
    for (trained_on, collection, domain, architecture), cells in parts.items():
        losses = [*dict.fromkeys(cell.loss for cell in cells)]
        held = {(cell.sampling, cell.loss): cell for cell in cells}
        where = "" if domain == IN_DOMAIN else f", trained on {trained_on}"
        yield Table(
            name=f"ablation-{trained_on}-{collection}-{architecture}",
            title=f"effectiveness of {architecture} on {collection}{where}",
            caption=f"nDCG@10 of {architecture} on {collection}{where}: means over "
            f"{counted(cells[0].n_seeds, 'seed')} and "
            f"{counted(cells[0].n_queries, 'query')}, half widths "
            "of 95 % intervals over seeds (Student) and [intervals] over queries "
            "(Student); + and - differ from random negatives, by betting over queries, "
            f"all {len(found.differences)} differences of the ablation at once at 95 %",
            header=("sampling", *losses),
            rows=tuple(
                (
                    Cell(sampling),
                    *(
                        _shown(
                            held[sampling, loss],
                            marks.get(
                                (trained_on, collection, architecture, loss, sampling),
                                "",
                            ),
                        )
                        for loss in losses
                    ),
                )
                for sampling in dict.fromkeys(cell.sampling for cell in cells)
            ),
        )


def _shown(cell: CellSummary, mark: str) -> Cell:
    mean = cell.ndcg
    reach = ""
    if mean.seeds_upper is not None:
        reach = f" ±{mean.seeds_upper - mean.value:.4f}"
    over = f" [{mean.queries_lower:.3f}, {mean.queries_upper:.3f}]"
    return Cell(f"{mean.value:.4f}{reach}{over}", mark)


def _controls(controls: Sequence[Control]) -> Table:
    return Table(
        name="ablation-controls",
        title="controls",
        caption="nDCG@10 of the best cell of each architecture, whose loss asks a "
        "teacher, and of the same with the teacher's scores shuffled in each group; "
        "95 % intervals of the difference by betting over queries",
        header=(
            *("collection", "architecture", "cell", "untrained", "trained"),
            *("shuffled", "teacher", "trained less shuffled"),
        ),
        rows=tuple(
            (
                *map(Cell, (one.collection, one.architecture)),
                Cell(f"{one.loss} on {one.sampling}"),
                *(
                    Cell(f"{value:.4f}")
                    for value in (
                        *(one.untrained, one.trained, one.shuffled),
                        one.teacher,
                    )
                ),
                Cell(f"[{one.lower:+.4f}, {one.upper:+.4f}]"),
            )
            for one in controls
        ),
        n_labels=3,
    )


def _predictors(predicted: Sequence[Predicted]) -> Table:
    kinds = [*dict.fromkeys(one.left_out for one in predicted)]
    held = {(one.predictor, one.left_out): one for one in predicted}
    return Table(
        name="ablation-predictors",
        title="predictors",
        caption="Kendall's tau of what is known before training with nDCG@10, over the "
        "samplings of each task; where something is left out, read by the sign of the "
        "rest. [95 % BCa intervals over samplings]; p by exchanging samplings, Holm "
        "over the table",
        header=("predictor", *(f"left out: {one}" for one in kinds)),
        rows=tuple(
            (Cell(name), *(Cell(_tau(held[name, kind])) for kind in kinds))
            for name in dict.fromkeys(one.predictor for one in predicted)
        ),
    )


def _tau(one: Predicted) -> str:
    if one.tau is None:
        return "-"
    said = f"{one.tau:+.2f}"
    if one.lower is not None and one.upper is not None:
        said += f" [{one.lower:+.2f}, {one.upper:+.2f}]"
    return said if one.p_adjusted is None else f"{said} p {one.p_adjusted:.3f}"


def _chosen(choices: Sequence[Choice]) -> Table:
    return Table(
        name="ablation-choices",
        title="rules of choice",
        caption="Mean nDCG@10 over all test queries where the sampling is chosen by a "
        "rule, and what that gains over random negatives; 95 % intervals of "
        f"{len(choices)} rules at once, by betting over queries; that of best does not "
        "hold, as the same queries choose it",
        header=("rule", "left out", "nDCG@10", "gain", "interval"),
        rows=tuple(
            (
                *map(Cell, (one.rule, one.left_out)),
                *map(Cell, (f"{one.value:.4f}", f"{one.gain:+.4f}")),
                Cell(f"[{one.lower:+.4f}, {one.upper:+.4f}]"),
            )
            for one in choices
        ),
        n_labels=2,
    )


def _claimed(claims: Sequence[Claim]) -> Table:
    return Table(
        name="ablation-claims",
        title="claims",
        caption="Claims, and what this ablation says of them at its scale",
        header=("claim", "verdict", "evidence"),
        rows=tuple(
            (Cell(one.claim), Cell(one.verdict), Cell(one.evidence)) for one in claims
        ),
        n_labels=3,
    )


def _arms(found: Ablation) -> Table:
    known = {(one.collection, one.teacher): one for one in found.teachers}
    return Table(
        name="ablation-arms",
        title="other teachers and augmentations",
        caption="nDCG@10 of cells with another teacher or augmentation, and the gain "
        "over the same cell of the grid; 95 % intervals of "
        f"{len(found.arms)} gains at once, by betting over queries; + and - exclude 0",
        header=(
            *("collection", "architecture", "cell", "teacher", "augmentation"),
            *("its nDCG@10", "its entropy", "nDCG@10", "gain", "interval"),
        ),
        rows=tuple(
            (
                *map(Cell, (one.cell.collection, one.cell.architecture)),
                *map(Cell, (one.cell.label, one.teacher, one.augmentation)),
                *(
                    Cell(f"{value:.4f}")
                    for value in (
                        known[one.cell.collection, one.teacher].ndcg,
                        known[one.cell.collection, one.teacher].entropy,
                        one.cell.ndcg.value,
                    )
                ),
                Cell(f"{one.gain:+.4f}", MARKS[one.verdict]),
                Cell(f"[{one.lower:+.4f}, {one.upper:+.4f}]"),
            )
            for one in found.arms
        ),
        n_labels=5,
    )


def _laws(laws: Sequence[LawRow]) -> Table:
    return Table(
        name="ablation-laws",
        caption="What the known law says of each sampling, beside estimates from test "
        "queries; entropies in nats with 95 % intervals over queries by betting, each "
        "by itself; kappa is the largest density ratio of random negatives to those of "
        "the sampling, and the reverse",
        header=(
            *("collection", "sampling", "entropy", "estimated", "diameter"),
            *("estimated mean", "mean distance", "kappa", "over random"),
        ),
        rows=tuple(
            (
                *map(Cell, (one.collection, one.sampling)),
                Cell(f"{one.entropy:.4f}"),
                Cell(
                    f"{one.entropy_estimate:.4f} [{one.entropy_lower:.4f}, "
                    f"{one.entropy_upper:.4f}]"
                ),
                *(
                    Cell(f"{value:.3f}")
                    for value in (
                        *(one.diameter, one.diameter_estimate, one.mean_distance),
                    )
                ),
                Cell("infinite" if one.kappa is None else f"{one.kappa:.3g}"),
                Cell(f"{one.kappa_over_random:.3g}"),
            )
            for one in laws
        ),
        n_labels=2,
    )
