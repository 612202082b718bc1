"""Which of several students may be the best: same queries, same documents, one B."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from rankbound.bounds.contenders import contenders, difference_limit, pair_stakes
from rankbound.bounds.pilot import common_range
from rankbound.bounds.wording import counted
from rankbound.catalogue import EXCLUDED, REMAINS, proviso
from rankbound.commands.measure.choosing import (
    FIXED,
    GIVEN,
    PILOT,
    Losses,
    RowScores,
    group_range,
    least_size,
    too_small,
)
from rankbound.commands.measure.measured import Measured
from rankbound.commands.measure.result import (
    EqualStudents,
    Ledger,
    PairedLimit,
    RankedStudent,
    Ranking,
)
from rankbound.commands.measure.students import (
    Setting,
    Student,
    common_documents,
)
from rankbound.data.clusters import CLUSTER, Units, units_of
from rankbound.data.columns import Booleans, Floats
from rankbound.data.groups import Groups
from rankbound.errors import UsageError

# Margins that are equal up to this share of themselves and of a typical one are equal
ROUNDING: Final = 1e-5
# Nats by which the risks of a query may differ if scores are equal up to rounding, and
# if nothing else says that two students are one
SAME_RISK, SAME_EXACTLY = 1e-4, 1e-9
# Margins that must agree before two students are called one: one sets the factor
LEAST_MARGINS: Final = 3
DEFINITION: Final = (
    "students compared on the queries and documents that they have in common, all "
    "clipped at the B at which the limits that the pilot queries predict are least on "
    "average (or at the B given), each at its best temperature there; `difference` is "
    "the mean risk of a student less that of another one and `lower` its limit at "
    "delta / (K - 1), which for one student hold together; differences of divergences "
    "are the same. With that B as `score_range`, per_query.tsv has these risks"
)
ASSUMPTION: Final = (
    "the ranking is a family of its own, with all of delta: a best student is "
    "excluded with probability at most {delta:g}, so that the ranking and the shares "
    "and limits of the certificates hold at once with probability at least {both:g}; "
    "limits of one student against the others hold together, those of several "
    "students do not"
)
PROVED: Final = "theorem-10a, theorem-11a, theorem-11b: proved in rankbound"
SCORED: Final = {
    "floor": "documents that a student does not score lie at its floor",
    "common": "on the documents that all of them score",
    "drop": "on the documents that all of them score",
    "error": "on all documents",
}


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """Several students on the same queries and documents, clipped at one B.

    Attributes
    ----------
    names : tuple of str
        Of the K students.
    temperatures : tuple of float
    score_range : float
        B, in temperatures.
    score_range_by : str
        "pilot", "given" or "default".
    width : float
        Largest difference of the risks of two students on one query, in nats.
    units : Units
        The n queries, or their clusters where these are given.
    n_queries, pilot_queries : int
    risks, divergences : float64 arrays, shape (K, n)
        In nats.
    pilot : float64 array, shape (K, n_pilot)
        Risks on the pilot queries or clusters, in nats; without columns if there are
        none.
    """

    names: tuple[str, ...]
    temperatures: tuple[float, ...]
    score_range: float
    score_range_by: str
    width: float
    units: Units
    n_queries: int
    pilot_queries: int
    risks: Floats
    divergences: Floats
    pilot: Floats


def with_ranking(ledger: Ledger, found: Measured) -> Ledger:
    """The ledger with the ranking of the students, if there are two or more."""
    if len(found.students) < 2:
        return ledger
    students = [one.student for one in found.students]
    options, delta = found.options, found.options.delta
    setting = Setting(found.inputs, found.split, found.temperature, options.unscored)
    common = on_common_ground(students, setting, pairs=options.pairs)
    if isinstance(common, str):
        ranking = _without(common, students, setting, delta=delta)
    else:
        ranking = ranked(common, students, setting, delta=delta)
    told = ASSUMPTION.format(delta=delta, both=round(max(0.0, 1 - 2 * delta), 12))
    return msgspec.structs.replace(
        ledger,
        ranking=ranking,
        assumptions=(*ledger.assumptions, told),
        definitions={**ledger.definitions, "ranking": DEFINITION},
        statements={**ledger.statements, "ranking": PROVED},
    )


def on_common_ground(
    students: Sequence[Student], setting: Setting, *, pairs: str
) -> Common | str:
    """All students on the same queries and documents at one B, or why that cannot be.

    Where each student has documents of its own, the common ones must be nearly all: on
    what a run retrieves, a run that retrieves little looks good.
    """
    inputs, split = setting.inputs, setting.split
    raws = [student.raw for student in students]
    if setting.unscored == "drop":
        names = [student.name for student in students]
        try:
            inputs, kept = common_documents(inputs, raws, names, pairs=pairs)
        except UsageError as error:
            return str(error)
        raws = [raw.only(kept) for raw in raws]
    groups = inputs.groups
    aside = _groups_of(groups, [(s.groups, s.calibration) for s in students])
    certified = _groups_of(groups, [(s.groups, s.certified) for s in students])
    least = least_size(groups, aside, split, pairs)
    certified &= ~too_small(groups, aside, least, pairs)
    if not certified.any():
        return "no query is left that the certificates of all students use"
    temperatures, score_range, by = _at_one_range(students)
    groups = groups.keep_groups(aside | certified)
    rows = np.repeat(aside | certified, inputs.groups.sizes)
    teacher = inputs.values[rows] / setting.teacher_scale
    losses = [
        RowScores(groups, teacher, raw.values[rows], raw.found[rows]).losses(
            temperature, score_range, pairs
        )
        for raw, temperature in zip(raws, temperatures, strict=True)
    ]
    certain = _queries_of(losses[0], inputs.groups, certified)
    qids = losses[0].qids
    units = units_of(qids[certain], inputs.clusters)
    others = units_of(qids[~certain], inputs.clusters)
    risks = np.array([each.risk for each in losses])
    divergences = np.array([each.divergence for each in losses])
    pilot = others.means(risks[:, ~certain].T).T
    return Common(
        names=tuple(student.name for student in students),
        temperatures=temperatures,
        score_range=score_range,
        score_range_by=by,
        width=group_range(
            groups, pairs=pairs, score_range=score_range, least=least
        ).width,
        units=units,
        n_queries=int(certain.sum()),
        pilot_queries=int((~certain).sum()) if split.pilot else 0,
        risks=units.means(risks[:, certain].T).T,
        divergences=units.means(divergences[:, certain].T).T,
        pilot=pilot if split.pilot else pilot[:, :0],
    )


def _groups_of(groups: Groups, parts: Sequence[tuple[Groups, Booleans]]) -> Booleans:
    """Which groups belong to queries that all students have among the chosen groups."""
    shared = np.ones(len(groups.qids), dtype=bool)
    for theirs, chosen in parts:
        present = np.zeros(len(groups.qids), dtype=bool)
        present[theirs.queries[chosen]] = True
        shared &= present
    return np.asarray(shared[groups.queries])


def _queries_of(losses: Losses, groups: Groups, chosen: Booleans) -> Booleans:
    """Which queries of the losses the chosen groups belong to."""
    queries = set(groups.group_qids()[chosen])
    return np.array([qid in queries for qid in losses.qids], dtype=bool)


def _at_one_range(
    students: Sequence[Student],
) -> tuple[tuple[float, ...], float, str]:
    """Temperatures of the students at a B that all have, that B, and who chose it."""
    choices = [student.choices for student in students]
    if all(choice.by_range for choice in choices):
        found = common_range([choice.by_range for choice in choices])
        temperatures = tuple(choice.temperature for choice in found)
        return temperatures, found[0].score_range, choices[0].score_range_by
    fixed = next(choice for choice in choices if not choice.by_range)
    temperatures = tuple(choice.temperature for choice in choices)
    return temperatures, fixed.score_range, fixed.score_range_by


def ranked(
    common: Common, students: Sequence[Student], setting: Setting, *, delta: float
) -> Ranking:
    """The ranking of students that are measured on common ground."""
    count = len(common.names)
    n_pilot, n = common.pilot.shape[1], common.risks.shape[1]
    by_cluster = common.units.noun == CLUSTER
    width = common.width
    stakes = None
    if n_pilot:
        stakes = pair_stakes(common.pilot, width=width, m=n, delta=delta)
    best = contenders(common.risks, width=width, delta=delta, stakes=stakes)

    def limit(i: int, j: int) -> PairedLimit:
        return PairedLimit(
            difference=float(common.risks[i].mean() - common.risks[j].mean()),
            lower=difference_limit(
                common.risks[i],
                common.risks[j],
                width=width,
                delta=delta,
                n_students=count,
                stake=None if stakes is None else float(stakes[i, j]),
            ),
        )

    names = common.names
    by = [None if j is None else names[j] for j in best.excluded_by]
    rows = {
        name: RankedStudent(
            temperature=common.temperatures[i],
            risk=float(common.risks[i].mean()),
            divergence=float(common.divergences[i].mean()),
            verdict=REMAINS if by[i] is None else EXCLUDED,
            excluded_by=by[i],
            p_value=best.p_values[i],
            against={names[j]: limit(i, j) for j in range(count) if j != i},
        )
        for i, name in enumerate(names)
    }
    left = sorted(best.remaining, key=lambda i: rows[names[i]].risk)
    made = Ranking(
        remaining=tuple(names[i] for i in left),
        delta=delta,
        B=common.score_range,
        B_by=common.score_range_by,
        stakes_by=FIXED if stakes is None else PILOT,
        pilot_queries=common.pilot_queries,
        n_queries=common.n_queries,
        pilot_clusters=n_pilot if by_cluster else None,
        n_clusters=n if by_cluster else None,
        width=width,
        students=rows,
        equal=_equals(students, setting.inputs.groups, common),
        missing_because=None,
        sentences=(),
    )
    said = _sentences(made, students, best.sentence(), unscored=setting.unscored)
    return msgspec.structs.replace(made, sentences=tuple(said))


def _without(
    reason: str, students: Sequence[Student], setting: Setting, *, delta: float
) -> Ranking:
    """The ranking that cannot be, and which students are equal nevertheless."""
    equal = _equals(students, setting.inputs.groups, None)
    return Ranking(
        remaining=(),
        delta=delta,
        B=None,
        B_by=None,
        stakes_by=None,
        pilot_queries=0,
        n_queries=0,
        width=None,
        students={},
        equal=equal,
        missing_because=reason,
        sentences=(
            f"the students are not ranked: {reason}",
            *(equal_sentence(one) for one in equal),
        ),
    )


def _equals(
    students: Sequence[Student], groups: Groups, common: Common | None
) -> tuple[EqualStudents, ...]:
    """Every student that equals an earlier one, beside the first such student."""
    made: list[EqualStudents] = []
    firsts: list[Student] = []
    risks: Mapping[str, Floats] = {}
    if common is not None:
        both = np.hstack([common.pilot, common.risks])
        risks = dict(zip(common.names, both, strict=True))
    for student in students:
        for first in firsts:
            equal = _equal(first, student, groups, risks)
            if equal is not None:
                made.append(equal)
                break
        else:
            firsts.append(student)
    return tuple(made)


def _equal(
    first: Student, second: Student, groups: Groups, risks: Mapping[str, Floats]
) -> EqualStudents | None:
    """What makes two students one; None if something tells them apart."""
    one, other = first.raw, second.raw
    both = one.found & other.found
    factor = proportional(groups.keep_rows(both), one.values[both], other.values[both])
    apart = np.inf
    if risks:
        apart = float(np.abs(risks[first.name] - risks[second.name]).max())
    if factor is None and apart > SAME_EXACTLY:
        return None
    return EqualStudents(
        student=second.name,
        equals=first.name,
        factor=factor,
        documents=int(both.sum()),
        scored_by_one=int((one.found ^ other.found).sum()),
        same_risks=apart <= SAME_RISK if risks else None,
    )


def proportional(groups: Groups, first: Floats, second: Floats) -> float | None:
    """What margins are multiplied by to give other ones; None without such a factor.

    Parameters
    ----------
    groups : Groups
        Of documents that both students score; some may be empty.
    first, second : float64 arrays, shape (n_rows,)
        Scores of both students. A constant added within a group changes no margin.

    Returns
    -------
    float or None
        A positive factor, the same for all groups, up to rounding of a hundred
        thousandth; None with fewer than three margins, too, as two agree by chance.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({q: {"a": 3.0, "b": 2.0, "c": 0.5} for q in "pq"})
    >>> groups = top_documents(scores, depth=3)
    >>> values = np.array([3.0, 2.0, 0.5, 3.0, 1.0, 0.5])
    >>> proportional(groups, values, 2 * values + 7)
    2.0
    >>> proportional(groups, values, -values) is None
    True
    """
    if len(first) - np.count_nonzero(groups.sizes) < LEAST_MARGINS:
        return None
    # The margins to the first document of a group; an empty last one starts at the end
    starts = np.minimum(groups.offsets[:-1], len(first) - 1)[groups.row_group()]
    one, other = first - first[starts], second - second[starts]
    largest = np.abs(one).max(), np.abs(other).max()
    if not all(largest):
        return None if any(largest) else 1.0
    scaled = one / largest[0], other / largest[1]
    slope = float(scaled[0] @ scaled[1] / (scaled[0] @ scaled[0]))
    sizes = np.abs(scaled[1])
    slack = ROUNDING * (sizes + np.median(sizes[sizes > 0]))
    if slope <= 0 or (np.abs(scaled[1] - slope * scaled[0]) > slack).any():
        return None
    return float(slope * (largest[1] / largest[0]))


def _sentences(
    made: Ranking, students: Sequence[Student], count: str, *, unscored: str
) -> list[str]:
    """What the ranking says, in a fixed order: who is left, who is not, of what."""
    names = ", ".join(map(repr, made.remaining))
    granted = proviso(
        trained=all(one.trained_on is not None for one in students),
        clustered=made.n_clusters is not None,
    )
    said = [
        f"{count}, on {_counted(made.n_queries, made.n_clusters)}: {names}; any "
        "student with the least risk is among them with probability at least "
        f"{1 - made.delta:g}, "
        f"and that several are left does not make them equal; {granted}"
    ]
    for name, student in made.students.items():
        if (other := student.excluded_by) is not None:
            least = student.against[other].lower
            said.append(
                f"excluded as best is {name!r} (p = {student.p_value:.2g}), by "
                f"comparison with {other!r}: taken by itself, its risk is at least "
                f"{least:.4f} nats above that; {granted}"
            )
    said.append(
        f"compared are {_which(made, students)}; {SCORED[unscored]}; "
        "differences of divergences are those of risks, as the entropy of the same "
        "pairs cancels, so all of this is about divergences, too"
    )
    return [*said, *(equal_sentence(one) for one in made.equal)]


def _which(made: Ranking, students: Sequence[Student]) -> str:
    """The students that are compared: those that are certified, or at another B."""
    pilot = _counted(made.pilot_queries, made.pilot_clusters, "pilot ")
    by = {
        PILOT: f"chosen on {pilot}",
        GIVEN: "given",
    }
    unit = "temperature" if made.B == 1 else "temperatures"
    at = f"B = {made.B:g} {unit} ({by.get(str(made.B_by), 'fixed beforehand')})"
    other = [
        repr(one.name)
        for one in students
        if (one.choices.score_range, one.temperature)
        != (made.B, made.students[one.name].temperature)
    ]
    if not other:
        return f"the certified students, all clipped at {at}"
    return (
        f"the students clipped at one {at}; the certificates of "
        f"{', '.join(other)} have another B or temperature"
    )


def _counted(queries: int, clusters: int | None, what: str = "") -> str:
    """How many queries, or clusters where these are the units."""
    if clusters is None:
        return counted(queries, f"{what}query")
    return counted(clusters, f"{what}cluster")


def equal_sentence(one: EqualStudents) -> str:
    """That two students are one, and whether anything here tells them apart.

    Examples
    --------
    >>> print(equal_sentence(EqualStudents(student="b", equals="a", factor=2.0,
    ...     documents=320, scored_by_one=0, same_risks=True)))
    'b' is the same student as 'a': its margins are 2 times those of 'a' on all 320
    documents that both score, and no query has another risk
    """
    if one.factor is None:
        return (
            f"{one.student!r} is the same student as {one.equals!r} here: clipped at "
            "one B both have the same risk on every query, though their scores differ"
        )
    times = "" if abs(one.factor - 1) < ROUNDING else f"{one.factor:.6g} times "
    said = (
        f"{one.student!r} is the same student as {one.equals!r}: its margins are "
        f"{times}those of {one.equals!r} on all {counted(one.documents, 'document')} "
        "that both score"
    )
    if one.scored_by_one:
        number = counted(one.scored_by_one, "document")
        said = f"{said} ({number} only one of both scores)"
    if one.same_risks is None:
        return said
    if one.same_risks:
        return f"{said}, and no query has another risk"
    why = " or documents" if one.scored_by_one else ""
    return f"{said}; only other temperatures{why} make their risks differ"
