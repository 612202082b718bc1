"""What cells say together: differences, predictors before training, claims.

A task is a collection that trains, one that tests, an architecture and a loss; its
cells differ in their samplings alone. Samplings are what is exchanged, drawn and left
out, in all tasks at once, since a task has one student for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from msgspec import structs
from scipy.special import stdtrit

from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import counted
from rankbound.commands.ablate.keeping import Part
from rankbound.commands.ablate.measuring import DELTA, NDCG
from rankbound.commands.ablate.result import (
    IN_DOMAIN,
    Arm,
    Checked,
    Choice,
    Claim,
    Difference,
    Foretold,
    LeftOut,
    Predicted,
    Said,
    SamplingTerms,
)
from rankbound.commands.ablate.students import LOSSES
from rankbound.commands.ablate.teaching import SAME_ORDER
from rankbound.data.columns import Floats, strings
from rankbound.data.draws import generator
from rankbound.validation.judging import Family
from rankbound.validation.resampling import (
    acceleration,
    bca_interval,
    leave_one_out,
)
from rankbound.validation.systems import Design, Drawn, design_of, drawn_for

REFERENCE: Final = "random"
TOP, STRATIFIED = "crossencoder", "stratified-width"
MINED: Final = ("bm25", "dense", TOP, "ensemble")
TAUGHT: Final = tuple(one for one in LOSSES if one != "lce")
RESAMPLES, PERMUTATIONS = 999, 1_999
RISK: Final = "risk"
LITTLE: Final = 0.02  # of nDCG@10, or nats: what counts as none
PREDICTED, BEST = "predicted", "best"
LEAST_SAMPLINGS: Final = 3  # for a middle


class Task(NamedTuple):
    """What cells share that differ in their samplings alone."""

    trained_on: str
    collection: str
    domain: str
    architecture: str
    loss: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What cells say together."""

    differences: tuple[Difference, ...]
    predicted: tuple[Predicted, ...]
    choices: tuple[Choice, ...]
    claims: tuple[Claim, ...]


def judged(parts: Sequence[Part], terms: Sequence[SamplingTerms]) -> Judged:
    """Compare cells, test predictors, and weigh claims."""
    tasks: dict[Task, dict[str, Part]] = {}
    for part in parts:
        tasks.setdefault(_task(part), {})[part.summary.sampling] = part
    table = _Table.of(tasks, terms)
    predicted = tuple(table.predicted())
    return Judged(
        differences=tuple(_differences(tasks)),
        predicted=predicted,
        choices=tuple(_choices(tasks, table)),
        claims=tuple(_claims(tasks, predicted)),
    )


def _task(part: Part) -> Task:
    one = part.summary
    return Task(one.trained_on, one.collection, one.domain, one.architecture, one.loss)


def _differences(tasks: Mapping[Task, Mapping[str, Part]]) -> Iterator[Difference]:
    """Every sampling against random negatives, with simultaneous intervals."""
    asked = [
        (task, sampling, part.column(NDCG) - held[REFERENCE].column(NDCG))
        for task, held in tasks.items()
        if REFERENCE in held
        for sampling, part in held.items()
        if sampling != REFERENCE
    ]
    for task, sampling, values in asked:
        lower, upper = two_sided(
            values, low=-1.0, high=1.0, delta=DELTA, n_students=len(asked)
        )
        yield Difference(
            collection=task.collection,
            architecture=task.architecture,
            loss=task.loss,
            sampling=sampling,
            reference=REFERENCE,
            value=float(values.mean()),
            lower=lower,
            upper=upper,
            verdict="better" if lower > 0 else "worse" if upper < 0 else "open",
            # Its default is left out of files, and is told by its identity
            domain=IN_DOMAIN if task.domain == IN_DOMAIN else task.domain,
            trained_on=task.trained_on,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Predictors and nDCG@10 of every task and sampling.

    `said` has the signs of differences between samplings by predictor, and `truth`
    those of nDCG@10, shape (tasks, N, N); `values` the predictors, shape (tasks, N),
    NaN where a task lacks a sampling.
    """

    tasks: tuple[Task, ...]
    samplings: tuple[str, ...]
    values: Mapping[str, Floats]
    said: Mapping[str, Floats]
    truth: Floats
    drawn: Drawn

    @classmethod
    def of(
        cls,
        tasks: Mapping[Task, Mapping[str, Part]],
        terms: Sequence[SamplingTerms],
    ) -> _Table:
        known: dict[tuple[str, str, str], Mapping[str, float]] = {
            (one.collection, one.architecture, one.sampling): one.terms for one in terms
        }
        rows = [(task, sampling) for task, held in tasks.items() for sampling in held]
        design = design_of(
            strings([sampling for _, sampling in rows]),
            strings(["|".join(task) for task, _ in rows]),
            strings([""] * len(rows)),
        )
        drawn = drawn_for(
            design,
            delta=DELTA,
            resamples=RESAMPLES,
            permutations=PERMUTATIONS,
            rng=generator(0, "samplings"),
        )
        held = [task for task, one in tasks.items() if len(one) > 1]
        columns: dict[str, Floats] = {}
        for row, (task, sampling) in enumerate(rows):
            for architecture in ("", task.architecture):
                found = known.get((task.trained_on, architecture, sampling), {})
                for name, value in found.items():
                    columns.setdefault(name, np.full(len(rows), np.nan))[row] = value
        # A predictor must be known for all
        columns = {n: c for n, c in columns.items() if not np.isnan(c).any()}
        target = np.array([tasks[t][s].summary.ndcg.value for t, s in rows])
        return cls(
            tasks=tuple(held),
            samplings=design.systems,
            values={name: _placed(design, one) for name, one in columns.items()},
            said={
                name: design.signs(design.means(one)) for name, one in columns.items()
            },
            truth=design.signs(design.means(target)),
            drawn=drawn,
        )

    def groups(self, left_out: LeftOut) -> list[list[int]] | str:
        """The tasks that are left out together, or why there are none."""
        key = {"collections": "trained_on", "losses": "loss"}[left_out]
        named: dict[str, list[int]] = {}
        for place, task in enumerate(self.tasks):
            named.setdefault(getattr(task, key), []).append(place)
        if len(named) < 2:
            return f"one of {left_out} alone"
        return [*named.values()]

    def predicted(self) -> Iterator[Predicted]:
        """Every predictor, with nothing and with each kind left out."""
        made = [
            self._one(name, left_out) for name in self.said for left_out in _LEFT_OUT
        ]
        adjusted = Family(delta=DELTA).adjusted([one.p for one in made])
        for one, p in zip(made, adjusted, strict=True):
            yield structs.replace(one, p_adjusted=p)

    def _one(self, name: str, left_out: LeftOut) -> Predicted:
        groups: list[list[int]] = []
        if left_out in ("collections", "losses"):
            found = self.groups(left_out)
            if isinstance(found, str):
                return Predicted(
                    predictor=name, left_out=left_out, tau=None, missing_because=found
                )
            groups = found
        said, truth = self.said[name], self.truth
        n = len(self.samplings)
        tau = float(_tau(said, truth, np.ones((1, n)), left_out, groups)[0])
        if not np.isfinite(tau):
            return Predicted(
                predictor=name,
                left_out=left_out,
                tau=None,
                missing_because="one side does not vary",
            )
        if self.drawn.missing_because is not None:
            return Predicted(
                predictor=name,
                left_out=left_out,
                tau=tau,
                missing_because=self.drawn.missing_because,
            )
        lower, upper = self._interval(tau, said, left_out, groups)
        null = np.array(
            [
                _tau(
                    *(said, truth[:, order][:, :, order], np.ones((1, n))),
                    *(left_out, groups),
                )[0]
                for order in self.drawn.orders
            ]
        )
        far = (
            (np.abs(null) >= abs(tau) - 1e-12)
            if left_out == "none"
            else (null >= tau - 1e-12)
        )
        return Predicted(
            predictor=name,
            left_out=left_out,
            tau=tau,
            lower=lower,
            upper=upper,
            p=float((far.sum() + 1) / (len(null) + 1)),
        )

    def _interval(
        self, tau: float, said: Floats, left_out: LeftOut, groups: list[list[int]]
    ) -> tuple[float | None, float | None]:
        of = said, self.truth
        jackknife = _tau(*of, leave_one_out(len(self.samplings)), left_out, groups)
        lower, upper = bca_interval(
            np.array([tau]),
            _tau(*of, self.drawn.weights, left_out, groups)[:, None],
            acceleration(np.where(np.isfinite(jackknife), jackknife, tau)[:, None]),
            delta=self.drawn.delta,
        )
        if not np.isfinite(lower[0]):
            return None, None
        return float(lower[0]), float(upper[0])


_LEFT_OUT: Final[tuple[LeftOut, ...]] = ("none", "samplings", "collections", "losses")


def _placed(design: Design, column: Floats) -> Floats:
    places = design.places()
    return np.where(places >= 0, design.means(column)[places], np.nan)


def _tau(
    said: Floats,
    truth: Floats,
    weights: Floats,
    left_out: LeftOut,
    groups: Sequence[Sequence[int]],
) -> Floats:
    """Tau-b over the pairs of samplings within tasks, read by the sign of the others.

    Parameters
    ----------
    said, truth : float64 array, shape (tasks, N, N)
        Signs of differences.
    weights : float64 array, shape (b, N)
        How often each sampling is there.
    left_out : {"none", "samplings", "collections", "losses"}
    groups : sequence of sequence of int
        The tasks that are left out together.

    Returns
    -------
    float64 array, shape (b,)
        NaN where one side does not vary.
    """
    both = said * truth

    def total(table: Floats) -> Floats:
        return np.asarray(((weights @ table) * weights).sum(axis=1))

    size = np.sqrt(total(np.abs(said).sum(axis=0)) * total(np.abs(truth).sum(axis=0)))
    if left_out == "none":
        value = total(both.sum(axis=0))
    elif left_out == "samplings":
        of_sampling = (weights @ both.sum(axis=0)) * weights
        every = of_sampling.sum(axis=1, keepdims=True)
        # A pair stands in the sums of both of its samplings
        value = (np.sign(every - 2 * of_sampling) * of_sampling).sum(axis=1)
    else:
        of_group = np.stack([total(both[[*one]].sum(axis=0)) for one in groups])
        value = (np.sign(of_group.sum(axis=0) - of_group) * of_group).sum(axis=0)
    return np.divide(value, size, out=np.full_like(size, np.nan), where=size > 0)


def _choices(
    tasks: Mapping[Task, Mapping[str, Part]], table: _Table
) -> Iterator[Choice]:
    """What always taking one sampling gives, and what a predictor's choice does."""
    whole = [task for task in table.tasks if {*table.samplings} <= {*tasks[task]}]
    if not whole or REFERENCE not in table.samplings:
        return
    rules: list[tuple[str, LeftOut, list[str]]] = [
        (name, "none", [name] * len(whole)) for name in table.samplings
    ]
    for left_out in _LEFT_OUT[2:]:
        found = _by_prediction(table, left_out)
        if found is not None:
            rules.append((PREDICTED, left_out, [found[task] for task in whole]))
    best = [
        max(table.samplings, key=lambda one: tasks[task][one].summary.ndcg.value)
        for task in whole
    ]
    rules.append((BEST, "none", best))
    for rule, left_out, chosen in rules:
        value = _over_tasks(
            whole, [tasks[t][s] for t, s in zip(whole, chosen, strict=True)]
        )
        plain = _over_tasks(whole, [tasks[task][REFERENCE] for task in whole])
        gain = value - plain
        lower, upper = two_sided(
            gain, low=-1.0, high=1.0, delta=DELTA, n_students=len(rules)
        )
        yield Choice(
            rule=rule,
            left_out=left_out,
            value=float(value.mean()),
            gain=float(gain.mean()),
            lower=lower,
            upper=upper,
            chosen={name: chosen.count(name) for name in dict.fromkeys(chosen)},
        )


def _by_prediction(table: _Table, left_out: LeftOut) -> dict[Task, str] | None:
    """The sampling that the best predictor of the other tasks takes, by task."""
    groups = table.groups(left_out)
    if isinstance(groups, str) or not table.said:
        return None
    one = np.ones((1, len(table.samplings)))
    found = {}
    for group in groups:
        rest = [place for place in range(len(table.tasks)) if place not in group]
        taus = {
            name: float(_tau(said[rest], table.truth[rest], one, "none", [])[0])
            for name, said in table.said.items()
        }
        known = {name: tau for name, tau in taus.items() if np.isfinite(tau)}
        if not known:
            return None
        name = max(known, key=lambda one: abs(known[one]))
        sign = np.sign(known[name])
        for place in group:
            row = sign * table.values[name][place]
            found[table.tasks[place]] = table.samplings[int(np.nanargmax(row))]
    return found


def _over_tasks(tasks: Sequence[Task], parts: Sequence[Part]) -> Floats:
    """nDCG@10 by test query: the mean over the tasks that it tests.

    The test queries of a collection are the same whatever students were trained on, and
    so are one sample, however many collections train.
    """
    by_set: dict[str, list[Floats]] = {}
    for task, part in zip(tasks, parts, strict=True):
        by_set.setdefault(task.collection, []).append(part.column(NDCG))
    return np.concatenate([np.mean(several, axis=0) for several in by_set.values()])


class _Compared(NamedTuple):
    """A mean difference over queries with its interval, and what it is of."""

    name: str
    value: float
    lower: float
    upper: float

    def said(self) -> str:
        return f"{self.name} {self.value:+.4f} [{self.lower:+.4f}, {self.upper:+.4f}]"


def _claims(
    tasks: Mapping[Task, Mapping[str, Part]], predicted: Sequence[Predicted]
) -> Iterator[Claim]:
    """Claims of the paper and of its neighbours, each with a verdict."""
    home = {task: held for task, held in tasks.items() if task.domain == IN_DOMAIN}
    away = {task: held for task, held in tasks.items() if task.domain != IN_DOMAIN}
    for name, where, words in (
        ("elaborate-little", home, "in domain"),
        ("elaborate-little-elsewhere", away, "out of domain"),
    ):
        found = [*_taught(where)]
        yield _claim(
            name,
            f"under distillation, elaborate negatives bring little {words}: less than "
            f"{LITTLE} of nDCG@10 over random ones",
            "Parry, Ganguly and MacAvaney, as readers report them",
            found,
            _within(found),
        )
    entropies = [*_of_terms(home, "entropy")]
    yield _claim(
        "entropy-unmoved",
        "mining negatives leaves the entropy of the teacher's preferences over all "
        f"pairs as it is, within {LITTLE} nats",
        "Parry, Ganguly and MacAvaney: locality and entropy are apart",
        entropies,
        _within(entropies),
    )
    sizes = [*_of_terms(home, "diameter")]
    yield _claim(
        "mining-not-compact",
        "mining negatives does not make the space of a query more compact: the largest "
        "distance in a group does not fall",
        "Parry, Ganguly and MacAvaney, as readers report them",
        sizes,
        "inconclusive"
        if not sizes
        else "not supported"
        if any(one.upper < 0 for one in sizes)
        else "supported"
        if all(one.lower >= 0 for one in sizes)
        else "inconclusive",
    )
    middle = [*_middle(home)]
    yield _claim(
        "moderate-entropy",
        "negatives of moderate entropy are best: samplings of middle entropy over "
        "pairs of a positive and a negative are above the two extremes",
        "Parry, Ganguly and MacAvaney, as readers report them",
        middle,
        _above(middle),
    )
    strata = [*_stratified(home)]
    yield _claim(
        "stratified-best",
        "negatives that are stratified over the teacher's scores are better than its "
        "top and than random ones",
        "Jang, Hong, Moon and Lim (2026)",
        strata,
        _above(strata),
    )
    yield _bound(predicted)


def _claim(
    name: str, claim: str, source: str, found: Sequence[_Compared], verdict: Said
) -> Claim:
    told = "; ".join(one.said() for one in found)
    return Claim(
        name=name,
        claim=claim,
        source=source,
        verdict=verdict,
        evidence=f"{counted(len(found), 'difference')}: {told}"
        if found
        else "no cell of this grid speaks of it",
    )


def _within(found: Sequence[_Compared]) -> Said:
    if found and all(one.lower >= -LITTLE and one.upper <= LITTLE for one in found):
        return "supported"
    out = any(one.lower > LITTLE or one.upper < -LITTLE for one in found)
    return "not supported" if out else "inconclusive"


def _above(found: Sequence[_Compared]) -> Said:
    if found and all(one.lower > 0 for one in found):
        return "supported"
    return "not supported" if any(one.upper < 0 for one in found) else "inconclusive"


def _taught(tasks: Mapping[Task, Mapping[str, Part]]) -> Iterator[_Compared]:
    """Elaborate samplings less random ones, over the losses that ask a teacher."""
    taught = {task: held for task, held in tasks.items() if task.loss in TAUGHT}
    names = [name for name in _samplings(taught) if name != REFERENCE]
    for name in names:
        yield from _contrast(taught, (name,), (REFERENCE,), n=len(names))


def _stratified(tasks: Mapping[Task, Mapping[str, Part]]) -> Iterator[_Compared]:
    taught = {task: held for task, held in tasks.items() if task.loss in TAUGHT}
    for other in (TOP, REFERENCE):
        yield from _contrast(taught, (STRATIFIED,), (other,), n=2)


def _middle(tasks: Mapping[Task, Mapping[str, Part]]) -> Iterator[_Compared]:
    """Samplings of middle entropy less those of the least and the largest."""
    taught = {task: held for task, held in tasks.items() if task.loss in TAUGHT}
    for name in dict.fromkeys(task.trained_on for task in taught):
        mine = {task: held for task, held in taught.items() if task.trained_on == name}
        means: dict[str, list[float]] = {}
        for held in mine.values():
            for sampling, part in held.items():
                found = part.summary.means.get("entropy")
                if found is not None:
                    means.setdefault(sampling, []).append(found.value)
        order = sorted(means, key=lambda one: float(np.mean(means[one])))
        if len(order) < LEAST_SAMPLINGS:
            continue
        ends = order[0], order[-1]
        for one in _contrast(mine, tuple(order[1:-1]), ends, n=1):
            said = f"{name}, {', '.join(order[1:-1])} less {' and '.join(ends)}"
            yield one._replace(name=said)


def _contrast(
    tasks: Mapping[Task, Mapping[str, Part]],
    these: Sequence[str],
    others: Sequence[str],
    *,
    n: int,
) -> Iterator[_Compared]:
    """The mean of some samplings less that of others, over all tasks that have both."""
    whole = [task for task, held in tasks.items() if {*these, *others} <= {*held}]
    if not whole:
        return

    def mean(samplings: Sequence[str]) -> Floats:
        several = [
            _over_tasks(whole, [tasks[task][one] for task in whole])
            for one in samplings
        ]
        return np.asarray(np.mean(several, axis=0))

    values = mean(these) - mean(others)
    lower, upper = two_sided(values, low=-1.0, high=1.0, delta=DELTA, n_students=n)
    name = f"{' and '.join(these)} less {' and '.join(others)}"
    yield _Compared(name, float(values.mean()), lower, upper)


def _of_terms(
    tasks: Mapping[Task, Mapping[str, Part]], term: str
) -> Iterator[_Compared]:
    """A term of mined groups less that of random ones, on the same test queries.

    Entropies lie in [0, ln 2], so that intervals are by betting; a distance has no
    range that was known before, and its intervals are Student's, which are approximate.
    """
    first: dict[str, Mapping[str, Part]] = {}
    for task, held in tasks.items():
        first.setdefault(task.trained_on, held)
    asked = [
        (place, name)
        for place, held in first.items()
        for name in MINED
        if {name, REFERENCE} <= {*held}
    ]
    for place, name in asked:
        held = first[place]
        values = held[name].column(term) - held[REFERENCE].column(term)
        values = values[~np.isnan(values)]
        if len(values) < 2:
            continue
        if term == "entropy":
            lower, upper = two_sided(
                values, low=-LN2, high=LN2, delta=DELTA, n_students=len(asked)
            )
        else:
            level = 1 - DELTA / (2 * len(asked))
            error = float(values.std(ddof=1)) / len(values) ** 0.5
            reach = float(stdtrit(len(values) - 1, level)) * error
            lower, upper = (float(values.mean()) + s * reach for s in (-1, 1))
        yield _Compared(f"{place}, {name}", float(values.mean()), lower, upper)


def _samplings(tasks: Mapping[Task, Mapping[str, Part]]) -> list[str]:
    return [*dict.fromkeys(name for held in tasks.values() for name in held)]


def _bound(predicted: Sequence[Predicted]) -> Claim:
    """Whether the bound, computed before training, says which sampling is better."""
    found = next(
        (
            one
            for one in predicted
            if (one.predictor, one.left_out) == ("start_bound", "none")
        ),
        None,
    )
    verdict: Said = "inconclusive"
    evidence = "no samplings to order"
    if found is not None and found.tau is not None:
        evidence = f"tau {found.tau:+.2f}"
        if found.p_adjusted is None:
            evidence += f", {found.missing_because}"
        else:
            if found.lower is not None and found.upper is not None:
                evidence += f" [{found.lower:+.2f}, {found.upper:+.2f}]"
            evidence += f", p {found.p_adjusted:.3f} after Holm"
            if found.p_adjusted <= DELTA:
                verdict = "supported" if found.tau < 0 else "not supported"
    return Claim(
        name="bound-orders",
        claim="a sampling on which the bound is smaller, before any training, gives "
        "the more effective student",
        source="what users of the bound hope for",
        verdict=verdict,
        evidence=evidence,
    )


ArmPart = tuple[str, str, Part]  # with its teacher and augmentation


def judged_arms(parts: Sequence[Part], arms: Sequence[ArmPart]) -> tuple[Arm, ...]:
    """Cells of other teachers and augmentations against those of the grid."""
    grid = _by_cell(parts)
    found = []
    for teacher, augmentation, part in arms:
        values = part.column(NDCG) - grid[_cell(part)].column(NDCG)
        lower, upper = two_sided(
            values, low=-1.0, high=1.0, delta=DELTA, n_students=len(arms)
        )
        found.append(
            Arm(
                teacher=teacher,
                augmentation=augmentation,
                cell=part.summary,
                gain=float(values.mean()),
                lower=lower,
                upper=upper,
                verdict="better" if lower > 0 else "worse" if upper < 0 else "open",
            )
        )
    return tuple(found)


def _by_cell(parts: Sequence[Part]) -> dict[tuple[str, ...], Part]:
    return {_cell(one): one for one in parts if one.summary.domain == IN_DOMAIN}


def _cell(part: Part) -> tuple[str, ...]:
    return (*_task(part), part.summary.sampling)


def judged_teachers(parts: Sequence[Part], arms: Sequence[ArmPart]) -> Iterator[Claim]:
    """Whether moderate entropy is best among teachers of one order of documents."""
    grid = _by_cell(parts)
    held: dict[str, dict[tuple[str, ...], Part]] = {name: {} for name in SAME_ORDER}
    for teacher, _, part in arms:
        if teacher in held and part.summary.loss in TAUGHT:
            held[teacher][_cell(part)] = part
    cells = [one for one in grid if all(one in of for of in held.values())]
    if not cells:
        return
    tasks = [_task(grid[one]) for one in cells]
    base, *ends = (
        _over_tasks(tasks, [of[one] for one in cells]) for of in (grid, *held.values())
    )
    compared = []
    for name, values in zip(SAME_ORDER, ends, strict=True):
        lower, upper = two_sided(
            base - values, low=-1.0, high=1.0, delta=DELTA, n_students=len(ends)
        )
        mean = float((base - values).mean())
        compared.append(_Compared(f"base less {name}", mean, lower, upper))
    yield _claim(
        "moderate-teacher-entropy",
        "of teachers that order documents alike, one of moderate entropy is best: "
        "log-odds as they are give better students than four times as large ones, and "
        "than a quarter of them",
        "Parry, Ganguly and MacAvaney, as readers report them",
        compared,
        _above(compared),
    )


def judged_foretold(
    parts: Sequence[Part], arms: Sequence[ArmPart], told: Sequence[Foretold]
) -> Iterator[Checked]:
    """What came of the augmentations of which something was foretold.

    Risks have no range that was known before: their intervals are Student's, which are
    approximate, and hold for all at once.
    """
    grid = _by_cell(parts)
    for one in told:
        key = one.collection, one.architecture, one.sampling, one.augmentation
        held = [
            (part, grid[_cell(part)])
            for _, augmentation, part in arms
            if (*_place(part), augmentation) == key
        ]
        changes = {
            name: np.mean([a.column(name) - b.column(name) for a, b in held], axis=0)
            for name in (RISK, NDCG)
        }
        risks = changes[RISK][~np.isnan(changes[RISK])]
        level = 1 - DELTA / (2 * len(told))
        error = float(risks.std(ddof=1)) / len(risks) ** 0.5
        reach = float(stdtrit(len(risks) - 1, level)) * error
        yield Checked(
            collection=one.collection,
            architecture=one.architecture,
            sampling=one.sampling,
            augmentation=one.augmentation,
            improves=one.improves,
            risk_change=float(risks.mean()),
            risk_lower=float(risks.mean()) - reach,
            risk_upper=float(risks.mean()) + reach,
            gain=float(changes[NDCG].mean()),
        )


def _place(part: Part) -> tuple[str, str, str]:
    one = part.summary
    return one.collection, one.architecture, one.sampling


def judged_break_even(
    told: Sequence[Foretold], checked: Sequence[Checked]
) -> Iterator[Claim]:
    """Whether risks did what Theorem 5 foretold, where it says something."""
    if not told:
        return
    asked = [
        after
        for before, after in zip(told, checked, strict=True)
        if before.same_teacher and not before.vacuous
    ]
    came, failed = (
        sum(one.came is wanted for one in asked) for wanted in (True, False)
    )
    apart = sum(one.vacuous and one.same_teacher for one in told)
    others = sum(not one.same_teacher for one in told)
    yield Claim(
        name="break-even",
        claim="where Theorem 5 foretells by untrained students that an augmentation of "
        "queries lowers or raises the bound, the test risk falls or rises",
        source="Theorem 5, which promises bounds alone",
        verdict="not supported" if failed else "supported" if came else "inconclusive",
        evidence=f"of {len(told)} foretold before training, {others} are of other "
        f"targets, of which the theorem does not speak, and {apart} of two vacuous "
        f"bounds; of the other {len(asked)}, {came} came, {failed} went the other way, "
        f"and {len(asked) - came - failed} are open",
    )
