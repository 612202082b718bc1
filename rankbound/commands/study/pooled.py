"""One estimate over all data sets: of differences of samplings, risks, associations.

The collections of ablations are data sets, too: every cell is the difference of a
sampling to random negatives, in nDCG@10 of students of one architecture and loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtrit

from rankbound.bounds.wording import counted
from rankbound.commands.ablate.result import (
    EFFECTIVENESS,
    Ablation,
    Verdict,
    tested_on,
)
from rankbound.commands.compare.result import Comparison
from rankbound.commands.measure.result import Ledger
from rankbound.commands.study.result import GAIN, Agreement, Effect, PooledRow
from rankbound.commands.validate.ablated import by_cell, cell_of
from rankbound.commands.validate.records import LOSS
from rankbound.commands.validate.result import Validation
from rankbound.data.clusters import CLUSTER, Clusters, units_of
from rankbound.data.columns import Floats, strings
from rankbound.results import Named, Result
from rankbound.validation.pooling import NEEDED, Pooled, pool_effects
from rankbound.validation.power import FIELLER

POOLED: Final = ("entropy", "diameter")  # differences of samplings
ASSOCIATION: Final = "association"
CONSTANT: Final = "does not vary between queries"
QUERIES, QID = "queries", "qid"  # a table of an ablation, and its key
SAME_QUERIES: Final = (
    "several ablations test the same queries of a collection, so that their effects "
    "are not independent and verdicts alone are compared"
)
DEFINITIONS: Final = {
    "pooled": "random effects over data sets: the mean effect over data sets like "
    "these, not over these queries. tau2 by Paule and Mandel; lower, upper: Hartung "
    "and Knapp's interval at level 1 - delta with the number of data sets minus 1 "
    "degrees of freedom, its scale not below 1. Each interval is valid by itself",
    "i2, q": "share of the spread between data sets that their queries do not explain, "
    "and Cochran's Q with its p-value for no such spread",
    "effects": "mean over queries, or over clusters of queries, and Student's interval "
    "at level 1 - delta, which is approximate; those of compare, measure and validate "
    "are in their own folders, and decide every verdict",
    ASSOCIATION: "Spearman's rho of a term and the first measure over queries, pooled "
    "as Fisher's z with the variance 1.06 / (n - 3); tau2, i2 and q are of z",
}
OF_CELLS: Final = {  # where there are ablations
    "ablate": "the results of an ablation are taken as they are; cells of other "
    "teachers and augmentations are in its own tables alone",
    GAIN: "nDCG@10 of students of an ablation less that of the same students taught by "
    "random negatives, means over seeds; the queries of a collection are the sample",
    "verdict": "of an ablation: better or worse where its interval excludes 0, which "
    "holds for all differences of that ablation at once, not for those of several",
    "agreement": "of verdicts: agree if all are better, or all worse; partly if some "
    "are, all of one sign, and others open; contradict if some are better and others "
    "worse; open if none decides",
}


class Key(NamedTuple):
    """What is pooled: the same quantity in every data set that has it."""

    quantity: str
    sampling: str | None = None
    reference: str | None = None
    pairs: str | None = None
    student: str | None = None
    term: str | None = None
    measure: str | None = None
    architecture: str | None = None
    loss: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value on the scale of pooling with its standard error, or why there is none.

    `error` is None where the queries do not vary. `transformed` marks Fisher's z.
    An ablation says of which `collection` it is, with its `verdict`, the `sample` of
    queries that test it, and the `design` that students of several should share.
    """

    value: float
    error: float | None
    n: int
    unit: str
    transformed: bool = False
    collection: str = ""
    verdict: Verdict | None = None
    sample: str = ""
    design: str = ""

    def interval(self, delta: float) -> tuple[float, float]:
        """Both ends at level 1 - delta, on the scale of the quantity."""
        error = self.error or 0.0
        if self.transformed:
            half = float(-stdtrit(np.inf, delta / 2)) * error
        else:
            half = float(-stdtrit(max(1, self.n - 1), delta / 2)) * error
        return self.back(self.value - half), self.back(self.value + half)

    def back(self, value: float) -> float:
        """A value of the scale of pooling on that of the quantity."""
        return float(np.tanh(value)) if self.transformed else value


def pooled_rows(
    results: Mapping[str, tuple[str, Iterable[Result]]], *, delta: float
) -> tuple[PooledRow, ...]:
    """Pool everything that several data sets have.

    Parameters
    ----------
    results : mapping of str to (str, iterable of Result)
        By the name of the data set: the sampling that was measured, and the ledger,
        comparison, validation or ablation.
    delta : float
        One minus the level of each interval.

    Returns
    -------
    tuple of PooledRow
        A row for each quantity that any data set has, in the order of finding.
    """
    found: dict[Key, dict[str, Estimate]] = {}
    for dataset, (measured, made) in results.items():
        for result in made:
            for key, estimate in _estimates(result, measured):
                name = dataset
                if estimate.collection not in ("", dataset):
                    name = f"{dataset}: {estimate.collection}"
                found.setdefault(key, {})[name] = estimate
    return tuple(_row(key, by_set, delta) for key, by_set in found.items())


def _estimates(result: Result, measured: str) -> Iterator[tuple[Key, Estimate]]:
    if isinstance(result, Comparison):
        yield from _differences(result)
    elif isinstance(result, Ledger):
        yield from _risks(result, measured)
    elif isinstance(result, Validation):
        yield from _associations(result)
    elif isinstance(result, Ablation):
        yield from _gains(result)


def _differences(comparison: Comparison) -> Iterator[tuple[Key, Estimate]]:
    level = comparison.family.delta / comparison.family.size
    for row in comparison.rows:
        if row.quantity not in POOLED:
            continue
        ends, error = row.paired_t, None
        if row.n > 1 and ends.lower is not None and ends.upper is not None:
            reach = -2 * float(stdtrit(row.n - 1, level / 2))
            error = (ends.upper - ends.lower) / reach or None
        key = Key(row.quantity, row.sampling, comparison.reference, row.pairs)
        yield key, Estimate(row.difference, error, row.n, row.unit)


def _risks(ledger: Ledger, measured: str) -> Iterator[tuple[Key, Estimate]]:
    table = ledger.beside["per_query"]
    if "risk_nats" not in table.names:
        return
    names = np.array(table.column("student"), dtype=object)
    values = np.array([float(cell or "nan") for cell in table.column("risk_nats")])
    qids = strings(table.column("qid"))
    clusters = table.column(CLUSTER) if CLUSTER in table.names else None
    for student, found in ledger.students.items():
        mine = names == student
        known = None
        if clusters is not None:
            pairs = zip(qids[mine], strings(clusters)[mine], strict=True)
            known = Clusters.from_dict(dict(pairs))
        means = units_of(qids[mine], known).means(values[mine])
        key = Key("risk", sampling=measured, student=student)
        yield key, Estimate(found.risk, _error(means), len(means), "nats")


def _error(values: Floats) -> float | None:
    if len(values) < 2 or np.ptp(values) == 0:
        return None
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _associations(validation: Validation) -> Iterator[tuple[Key, Estimate]]:
    measures = [row.measure for row in validation.per_query]
    first = next((one for one in measures if not one.startswith(LOSS)), None)
    for row in validation.per_query:
        if row.measure != first or row.same_as is not None or row.n < 4:
            continue
        if row.spearman is None:
            continue
        key = Key(
            ASSOCIATION,
            sampling=row.sampling,
            student=row.student,
            term=row.term,
            measure=row.measure,
        )
        inside = min(max(row.spearman, -1 + 1e-12), 1 - 1e-12)
        error = float(np.sqrt(FIELLER / (row.n - 3)))
        z = float(np.arctanh(inside))
        yield key, Estimate(z, error, row.n, "1", transformed=True)


def _gains(ablation: Ablation) -> Iterator[tuple[Key, Estimate]]:
    """Samplings against random negatives, by the table of queries."""
    queries = by_cell(ablation.beside[QUERIES])
    tuned = ", fine-tuned" if ablation.encoder else ""
    design = (
        f"groups of {ablation.group_size}, scales "
        f"{'matched' if ablation.match_scale else 'not matched'}"
        + f", {ablation.encoder}"
        * bool(tuned)
    )
    for one in ablation.differences:
        mine, others = (
            queries[cell_of(one, name)] for name in (one.sampling, one.reference)
        )
        values, against = (
            np.array([float(cell) for cell in held[EFFECTIVENESS[0]]])
            for held in (mine, others)
        )
        key = Key(
            GAIN,
            sampling=one.sampling,
            reference=one.reference,
            architecture=one.architecture + tuned,
            loss=one.loss,
            domain=one.domain,
        )
        yield (
            key,
            Estimate(
                one.value,
                _error(values - against),
                len(values),
                "1",
                collection=tested_on(one),
                verdict=one.verdict,
                sample="\n".join((one.collection, *mine[QID])),
                design=design,
            ),
        )


def _row(key: Key, found: dict[str, Estimate], delta: float) -> PooledRow:
    usable = {name: one for name, one in found.items() if one.error}
    made, why = None, "one data set has this quantity: nothing to pool"
    samples = [one.sample for one in usable.values() if one.sample]
    if len({*samples}) < len(samples):
        why = SAME_QUERIES
    elif len(usable) > 1:
        made = pool_effects(
            np.array([one.value for one in usable.values()]),
            np.array([(one.error or 0.0) ** 2 for one in usable.values()]),
            delta=delta,
        )
    elif len(found) > 1:
        varying = counted(len(usable), "data set")
        why = f"{varying} of {len(found)} varies: nothing to pool"
    any_one = next(iter(found.values()))
    weights = dict(zip(usable, () if made is None else made.weights, strict=False))
    return PooledRow(
        **key._asdict(),
        unit=any_one.unit,
        value=None if made is None else any_one.back(made.value),
        lower=None if made is None else any_one.back(made.lower),
        upper=None if made is None else any_one.back(made.upper),
        n_datasets=len(usable),
        tau2=None if made is None else made.tau2,
        i2=None if made is None else made.i2,
        q=None if made is None else made.q,
        p_heterogeneity=None if made is None else made.p,
        caution=None if made is None else _caution(made, usable.values()),
        missing_because=None if made is not None else why,
        left_out={name: CONSTANT for name in found if name not in usable},
        effects=Named(
            _effect(name, one, weights.get(name, 0.0), delta)
            for name, one in found.items()
        ),
        agreement=_agreement([one.verdict for one in found.values() if one.verdict]),
    )


def _agreement(verdicts: Sequence[Verdict]) -> Agreement | None:
    """What several verdicts say together; None for fewer than two."""
    if len(verdicts) < 2:
        return None
    decided = {*verdicts} - {"open"}
    if len(decided) > 1:
        return "contradict"
    if not decided:
        return "open"
    return "partly" if "open" in verdicts else "agree"


def _effect(name: str, one: Estimate, weight: float, delta: float) -> Effect:
    lower, upper = one.interval(delta)
    return Effect(
        dataset=name,
        n=one.n,
        value=one.back(one.value),
        lower=lower,
        upper=upper,
        weight=weight,
        verdict=one.verdict,
    )


def _caution(made: Pooled, of: Iterable[Estimate]) -> str | None:
    """What few data sets, or those of several designs, cannot say."""
    said = []
    designs = [*dict.fromkeys(one.design for one in of)]
    if len(designs) > 1:
        said.append(f"designs differ: {'; '.join(designs)}")
    if made.n < NEEDED:
        said.append(
            f"pooled over {made.n} data sets only: how much data sets differ is hardly "
            f"known, so the interval is long; {NEEDED} or more say more"
        )
    return "; ".join(said) or None
