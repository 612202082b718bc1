"""The reference study's quantities beside the corrected ones, query by query.

Both are taken on the same groups. The reference's use the scores as the files give
them, at temperature 1, with 0 where a score is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from msgspec.structs import replace as replace_field

from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.inputs import Inputs, groups_of
from rankbound.commands.measure.measured import Measured
from rankbound.commands.measure.result import (
    COMPAT,
    Compat,
    CompatCounts,
    CompatKappa,
    CompatQuantity,
    Ledger,
)
from rankbound.commands.measure.shift import laws_of_queries
from rankbound.commands.measure.students import student_file
from rankbound.data.columns import Floats, Integers, Strings, distinct_codes, strings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.data.scores import Scores
from rankbound.estimators.group_terms import Block, blocks, floored
from rankbound.estimators.kinds import CONVERTED
from rankbound.estimators.listwise import list_divergence_nats, list_entropy_nats
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.read.scales import TEACHER
from rankbound.reference import formulas
from rankbound.rows import Rows, number_text

NO_SCORES = "no corrected value: no teacher score, for which the reference counts 0"
NO_LAW = "no corrected value: the groups give no sampling probabilities"
FEW_SCORES = "no corrected value: the student scores too few documents"
OTHER_UNIT = "no difference: the corrected value is in "
DEFINITIONS = {
    "reference": "by the reference study's formula, derived again from a description "
    "of its results; on the groups of this measurement, where its list quantities take "
    "a whole run, whose depth then sets them; mean over the groups of a query, but all "
    "its lines in one list for pairwise_entropy and its last line for kappa",
    "corrected": "this measurement's value: of per_query.tsv for pairwise_entropy and "
    "the diameter, of the softmax at the temperatures for the lists",
    "difference": "reference minus corrected",
    "reference_mean": "over the queries for which their formula has a value; the "
    "reference leaves the others out without counting them",
    "mean_difference": "over the queries with both values",
}
SPOILT = (
    "their formula has no value here: one query has none, so neither have the maximum "
    "and the median of the data set"
)
Values = dict[str, float]
Reasons = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns of all quantities, and counts of what the reference did to the data.

    `zeros` counts the documents for which 0 was taken, by model ("" is the teacher),
    and `n_pooled` the queries whose groups are pooled into one list.
    """

    columns: tuple[Column, ...]
    zeros: dict[str, int]
    n_pooled: int


def reference_columns(found: Measured) -> Columns:
    """Compute the reference's quantities on a measurement's queries, beside ours.

    Queries that were set aside to fit temperatures are left out. Queries that were
    dropped because they lack scores appear, since the reference counts them.
    """
    inputs, options = found.inputs, found.options
    scores = file_scores(inputs, options.teacher)
    whole = inputs.groups
    if options.groups is not None:
        whole = groups_of(options.groups, scores, inputs.files)
    aside = set(found.teacher_calibration.qids)
    whole = whole.keep_groups(_outside(whole, aside))
    groups = inputs.groups.keep_groups(_outside(inputs.groups, aside))
    pooled = pooled_entropy(whole, scores)
    columns = [
        _entropy(found, pooled),
        *list_entropies(found, groups, scores),
    ]
    zeros = {"": pooled.n_zeros}
    for result in found.students:
        column, n_zeros = list_divergence(found, result, groups, scores)
        columns.append(column)
        zeros[result.student.name] = n_zeros
    columns += reference_diameters(found, groups)
    columns.append(_kappa(found, whole, scores))
    return Columns(tuple(columns), zeros, pooled.n_pooled)


def _outside(groups: Groups, aside: set[str]) -> np.ndarray:
    return np.array([qid not in aside for qid in groups.group_qids()], dtype=bool)


def _entropy(found: Measured, pooled: PooledEntropy) -> Column:
    terms, column = found.teacher, pooled.column
    corrected = dict(zip(terms.qids, terms.entropy_bits.tolist(), strict=True))
    reference = dict(zip(column.qids, column.values.tolist(), strict=True))
    pairs = found.options.pairs
    only = "" if pairs == "all" else f"; it knows all pairs only, corrected: {pairs}"
    why = {qid: NO_SCORES for qid in reference if qid not in corrected}
    why |= {
        qid: "their formula has no value here: the mean of no pair"
        for qid, value in reference.items()
        if not np.isfinite(value)
    }
    what = Kindred(
        "pairwise_entropy",
        "bits",
        formulas.PAIRWISE_REASON + only,
        "epsilon, temperature 1, pooled lines, missing scores as 0",
    )
    return joined(what, reference, corrected, why)


def _kappa(found: Measured, whole: Groups, scores: Scores) -> Column:
    """Compute kappa of the last line of each query, which the reference keeps."""
    values, _ = whole.scores_of(scores)  # 0 where there is none
    reference, why = {}, {}
    qids = whole.group_qids()
    of_lines = range(whole.n_groups) if whole.lines is None else whole.lines.argsort()
    for group in of_lines:
        part = values[whole.offsets[group] : whole.offsets[group + 1]]
        qid = qids[group]
        reference[qid] = formulas.reference_kappa(part)
        why[qid] = formulas.why_kappa(part) or NO_LAW
    corrected: Values = {}
    groups = found.inputs.groups
    if groups.probabilities is not None:
        laws = laws_of_queries(groups, None, aside=found.split.calibration)
        if laws is not None:
            corrected = dict(zip(laws.documents.qids, laws.ratio.tolist(), strict=True))
    given = {qid for qid, value in corrected.items() if np.isfinite(value)}
    why = {q: text for q, text in why.items() if text != NO_LAW or q not in given}
    what = Kindred(
        "kappa", "ratio", formulas.KAPPA_REASON, "raw scores as probabilities"
    )
    return joined(what, reference, corrected, why)


def list_entropies(found: Measured, groups: Groups, scores: Scores) -> Iterator[Column]:
    """Yield the teacher's list entropies, in bits and in nats.

    `groups` are those of the measurement, and `scores` the teacher's as in its file.
    """
    raw, _ = groups.scores_of(scores)
    logits, _ = groups.scores_of(found.inputs.teacher)
    logits = logits / found.temperature
    nats = by_block(
        groups, lambda block: list_entropy_nats(logits[block.rows], mask=block.mask)
    )
    entropies = per_query(groups, nats)
    for name, unit, formula, why, reason in (
        (
            "list_entropy",
            "bits",
            formulas.reference_list_entropy_bits,
            formulas.why_list_entropy,
            formulas.ENTROPY_REASON,
        ),
        (
            "list_entropy_nats",
            "nats",
            formulas.reference_list_entropy_nats,
            lambda _: "",
            formulas.NATS_REASON,
        ),
    ):
        scale = NATS_PER_BIT if unit == "bits" else 1.0
        reference, reasons = on_groups(groups, raw, formula, why)
        what = Kindred(name, unit, reason, "scores divided by their sum")
        corrected = {qid: value / scale for qid, value in entropies.items()}
        yield joined(what, reference, corrected, reasons)


def list_divergence(
    found: Measured, result: CertifiedStudent, groups: Groups, scores: Scores
) -> tuple[Column, int]:
    """Compute a student's list divergence, and count the documents taken as 0."""
    student = result.student
    options, inputs = found.options, found.inputs
    source = next(s for s in options.students if s.name == student.name)
    file = student_file(source, inputs.embeddings, inputs.files)
    teacher, _ = groups.scores_of(scores)
    raw = file
    if file.kind in CONVERTED and source.scores is not None:
        read = inputs.files.scores(source.scores, source.kind, of=source.name)
        raw = replace(file, scores=read.scores)
    known = raw.on(groups)
    given = np.where(known.found, known.values, 0.0)
    parts = np.stack([teacher, given], axis=-1)
    reference, why = on_groups(
        groups,
        parts,
        lambda pair: formulas.reference_list_divergence_bits(pair[:, 0], pair[:, 1]),
        lambda pair: formulas.why_list_divergence(pair[:, 0], pair[:, 1]),
    )
    kept = student.groups.keep_groups(student.certified)
    left = kept.scores_of(inputs.teacher)[0] / found.temperature
    own = file.on(kept)
    right = floored(
        kept,
        own.values / student.temperature,
        own.found,
        clip_at=student.choices.score_range / 2,  # so that floors lie at the range
    )
    nats = by_block(
        kept,
        lambda block: list_divergence_nats(
            left[block.rows], right[block.rows], mask=block.mask
        ),
    )
    corrected = {q: v / NATS_PER_BIT for q, v in per_query(kept, nats).items()}
    what = Kindred(
        f"list_divergence:{student.name}",
        "bits",
        formulas.DIVERGENCE_REASON,
        "scores divided by their sum, missing scores as 0, epsilon",
    )
    for qid in reference.keys() - corrected.keys():
        why.setdefault(qid, FEW_SCORES)
    return joined(what, reference, corrected, why), int((~known.found).sum())


def reference_diameters(found: Measured, groups: Groups) -> Iterator[Column]:
    """Yield four quantiles of distances; none without vectors."""
    embeddings = found.inputs.embeddings
    terms = found.teacher
    if embeddings is None or terms.diameter is None:
        return
    rows = embeddings.rows(groups.docnos)[groups.codes]
    corrected = dict(zip(terms.qids, terms.diameter.tolist(), strict=True))
    own = "radians" if found.options.metric == "angular" else "distance"
    for what, cosine, level in _kinds(own):

        def formula(
            part: Integers, cosine: bool = cosine, level: float = level
        ) -> float:
            vectors = embeddings.take(part)
            if cosine:
                return formulas.reference_cosine_diameter(vectors, quantile=level)
            return formulas.reference_diameter(vectors, quantile=level)

        def why(part: Integers, cosine: bool = cosine) -> str:
            return formulas.why_diameter(embeddings.take(part), cosine=cosine)

        reference, reasons = on_groups(groups, rows, formula, why)
        yield joined(what, reference, corrected, reasons)


def _kinds(own: str) -> Iterator[tuple[Kindred, bool, float]]:
    """Yield every reference diameter: its name, whether it uses 1 - cos, its level."""
    for level in formulas.LEVELS:
        yield (
            Kindred(
                f"diameter_{round(100 * level)}",
                "distance",
                formulas.EUCLIDEAN_REASON,
                "vectors scaled along the documents, interpolated quantile",
                own,
            ),
            False,
            level,
        )
    for level in formulas.LEVELS:
        yield (
            Kindred(
                f"cosine_diameter_{round(100 * level)}",
                "1 - cos",
                formulas.COSINE_REASON,
                "1 - cos is no metric, interpolated quantile",
                own,
            ),
            True,
            level,
        )


def with_reference(ledger: Ledger, found: Measured) -> Ledger:
    """Add the reference's numbers to a ledger, and their table beside it."""
    columns = reference_columns(found)
    whole = replace_field(ledger, compat=compat_of(columns))
    return whole.with_beside(**ledger.beside, compat=compat_table(columns))


def compat_table(columns: Columns) -> Rows:
    """Make a table with one row per query and quantity.

    A cell is blank where a value does not exist, and the last column says why.
    """
    rows = [row for column in columns.columns for row in _rows(column)]
    rows.sort(key=lambda row: row[0])  # stable: quantities keep their order
    cells = [*zip(*rows, strict=True)] or [()] * len(COMPAT)
    return Rows({n: list(column) for n, column in zip(COMPAT, cells, strict=True)})


def compat_of(columns: Columns) -> Compat:
    """Summarise the columns: means, missing values with reasons, and counts."""
    return Compat(
        mode="reference",
        quantities={one.quantity: _summary(one) for one in columns.columns},
        kappa=_summaries_of_kappa(columns),
        counts=CompatCounts(
            documents_without_teacher_score_counted_as_0=columns.zeros[""],
            documents_without_student_score_counted_as_0={
                name: number for name, number in columns.zeros.items() if name
            },
            queries_with_several_groups_pooled=columns.n_pooled,
        ),
        definitions=DEFINITIONS,
    )


def _rows(column: Column) -> list[tuple[str, ...]]:
    both = (column.reference, column.corrected, column.difference)
    cells = [[_cell(value) for value in side.tolist()] for side in both]
    other = ""
    if column.unit != column.corrected_unit:
        other = f"; {OTHER_UNIT}{column.corrected_unit}"
    return [
        (
            str(qid),
            column.quantity,
            *values,
            column.unit,
            column.why.get(qid) or column.short + other,
        )
        for qid, *values in zip(column.qids, *cells, strict=True)
    ]


def _cell(value: float) -> str:
    return number_text(value) if np.isfinite(value) else ""


def _summary(column: Column) -> CompatQuantity:
    reference, corrected = column.reference, column.corrected
    lacking = column.qids[~np.isfinite(reference)]
    counted = Counter(column.why.get(qid, "no group") for qid in lacking)
    return CompatQuantity(
        unit=column.unit,
        corrected_unit=column.corrected_unit,
        n=len(column.qids),
        reference_mean=_mean(reference),
        corrected_mean=_mean(corrected),
        mean_difference=_mean(column.difference),
        n_reference_without_value=len(lacking),
        n_corrected_without_value=int((~np.isfinite(corrected)).sum()),
        without_value=dict(sorted(counted.items())),
        reason=column.reason,
    )


def _summaries_of_kappa(columns: Columns) -> CompatKappa:
    """The reference's summaries of kappa, which one missing value makes NaN."""
    values = next(c.reference for c in columns.columns if c.quantity == "kappa")
    largest, middle = float(np.max(values)), _median(values)
    reason = None
    if np.isnan(values).any():
        reason = SPOILT
    elif not np.isfinite(largest):
        reason = formulas.INFINITE
    return CompatKappa(
        reference_max=largest if np.isfinite(largest) else None,
        reference_median=middle if np.isfinite(middle) else None,
        reason=reason,
    )


def _median(values: Floats) -> float:
    if np.isnan(values).any():
        return float("nan")
    with np.errstate(invalid="ignore"):  # the middle two may both be infinite
        return float(np.median(values))


def _mean(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else None


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One quantity of every query, as the reference computes it and as we do.

    Attributes
    ----------
    quantity, unit : str
        `unit` is the reference's.
    reason, short : str
        What is wrong with it, in full and in a few words.
    qids : object array of str, shape (n,)
        Sorted.
    reference, corrected : float64 arrays, shape (n,)
        NaN (or infinite) where there is no value.
    why : dict of str to str
        By qid, the reasons for missing values.
    corrected_unit : str
        If it is another unit, there is no difference.
    """

    quantity: str
    unit: str
    reason: str
    short: str
    qids: Strings
    reference: Floats
    corrected: Floats
    why: Reasons
    corrected_unit: str

    @property
    def difference(self) -> Floats:
        """Reference minus corrected; NaN where there is none."""
        if self.unit != self.corrected_unit:
            return np.full(len(self.qids), np.nan)
        with np.errstate(invalid="ignore"):
            return np.asarray(self.reference - self.corrected)


@dataclass(frozen=True, slots=True)
class Kindred:
    """Name and units of a reference quantity, and what is wrong with it."""

    quantity: str
    unit: str
    reason: str
    short: str
    corrected_unit: str = ""


def joined(what: Kindred, reference: Values, corrected: Values, why: Reasons) -> Column:
    """Join both sides into one column, with NaN for queries that one side lacks.

    Examples
    --------
    >>> what = Kindred("entropy", "bits", "pooled lists", "pooled")
    >>> made = joined(what, {"q1": 0.5}, {"q1": 0.25, "q2": 1.0}, {"q2": "no group"})
    >>> made.qids.tolist(), made.difference.tolist()
    (['q1', 'q2'], [0.25, nan])
    """
    qids = sorted(reference.keys() | corrected.keys())
    return Column(
        quantity=what.quantity,
        unit=what.unit,
        reason=what.reason,
        short=what.short,
        qids=strings(qids),
        reference=np.array([reference.get(qid, np.nan) for qid in qids]),
        corrected=np.array([corrected.get(qid, np.nan) for qid in qids]),
        why=why,
        corrected_unit=what.corrected_unit or what.unit,
    )


def on_groups(
    groups: Groups,
    rows: np.ndarray,
    formula: Callable[[np.ndarray], float],
    why: Callable[[np.ndarray], str],
) -> tuple[Values, Reasons]:
    """Apply a formula to every group, and average over the groups of a query.

    A query has no value, but a reason, if one of its groups has none.
    """
    values = np.empty(groups.n_groups)
    reasons: Reasons = {}
    for group, qid in enumerate(groups.group_qids()):
        part = rows[groups.offsets[group] : groups.offsets[group + 1]]
        values[group] = formula(part)
        if not np.isfinite(values[group]):
            reasons.setdefault(qid, why(part))
    return per_query(groups, values), reasons


def per_query(groups: Groups, values: Floats) -> Values:
    """Average values of groups over the groups of each query, by qid."""
    with np.errstate(invalid="ignore"):
        means = query_means(groups.queries, values, n_queries=len(groups.qids))
    present = distinct_codes(groups.queries)
    return dict(zip(groups.qids[present], means[present].tolist(), strict=True))


def by_block(groups: Groups, formula: Callable[[Block], Floats]) -> Floats:
    """Compute a quantity of every group block by block, shape (n_groups,)."""
    values = np.empty(groups.n_groups)
    for block in blocks(groups):
        values[block.groups] = formula(block)
    return values


@dataclass(frozen=True, slots=True, eq=False)
class PooledEntropy:
    """The reference's pairwise entropy of every query of a file.

    Attributes
    ----------
    column : PerQuery
        In bits, sorted by qid; NaN where the formula has no value.
    n_zeros : int
        Number of documents (of all groups) without a score, for which 0 was taken.
    n_pooled : int
        Number of queries with several groups, which are pooled into one list.
    """

    column: PerQuery
    n_zeros: int
    n_pooled: int


def file_scores(inputs: Inputs, path: Path) -> Scores:
    """Return the teacher's scores as in its file: probabilities, if it has these."""
    if inputs.kind not in CONVERTED:
        return inputs.teacher
    return inputs.files.scores(path, inputs.kind, of=TEACHER).scores


def pooled_entropy(groups: Groups, scores: Scores) -> PooledEntropy:
    """Compute the reference's entropy, with one list per query and 0 for no score.

    Parameters
    ----------
    groups : Groups
        The groups of the file, before any were dropped.
    scores : Scores
        The scores as in their file.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 0.0}})
    >>> found = pooled_entropy(top_documents(scores, depth=2), scores)
    >>> found.column.values.round(6).tolist(), found.n_zeros
    ([0.527065], 0)
    """
    values, known = groups.scores_of(scores)  # 0 where there is none
    query = groups.row_query()
    order = np.argsort(query, kind="stable")
    present, starts = np.unique(query[order], return_index=True)
    lists = np.split(values[order], starts[1:])
    entropies = [formulas.reference_pairwise_entropy_bits(scores) for scores in lists]
    by_name = np.argsort(groups.qids[present])
    several = np.bincount(groups.queries, minlength=len(groups.qids)) > 1
    return PooledEntropy(
        column=PerQuery(
            "pairwise_entropy",
            "bits",
            groups.qids[present][by_name],
            np.array(entropies)[by_name],
        ),
        n_zeros=int((~known).sum()),
        n_pooled=int(several.sum()),
    )
