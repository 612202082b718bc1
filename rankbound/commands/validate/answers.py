"""What a validation answers: its numbers in the catalogue's sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rankbound.bounds.wording import counted, listed
from rankbound.catalogue import (
    ASSOCIATED,
    CONTRADICTS,
    MOSTLY,
    SUPPORTS,
    TURNED,
    VERDICTS,
)
from rankbound.commands.following import again, given
from rankbound.commands.measure.answers import temperature_answer, with_interval
from rankbound.commands.validate.records import AVERAGE, Association, Order, SystemPair
from rankbound.commands.validate.result import Validation
from rankbound.read.scales import TEACHER
from rankbound.results import Answer

# Orders that say something, the gravest first
FOUND: Final = (CONTRADICTS, SUPPORTS, ASSOCIATED)
MOST: Final = 4  # systems or orders in a sentence
PAIRS: Final = 3  # of them that differ


def answers_of(validation: Validation) -> tuple[Answer, ...]:
    """Terms, which system, the temperature, n, orders, certificates, controls."""
    found: list[Answer] = []
    if validation.datasets:  # cells of an ablation have configurations alone
        found = [_terms(validation), *_students(validation)]
        found += [_temperature(validation), *_queries(validation)]
    if validation.configurations:
        found.append(_systems(validation))
    if validation.certificates:
        found.append(_held(validation))
    if validation.controls:
        failed = [one.name for one in validation.controls if not one.passed]
        found.append(
            Answer.to(
                "controls",
                "failed" if failed else "passed",
                rests_on="terms and students that carry no information",
                of=counted(len(validation.controls), "control"),
                failed=len(failed),
                names=listed(failed),
            )
        )
    # What makes all others worthless is said first
    return tuple(sorted(found, key=lambda answer: answer.outcome != "failed"))


def _rests_on(validation: Validation) -> str:
    family = validation.family
    sizes = sorted({row.n for row in validation.per_query if row.p is not None})
    number = " to ".join(f"{n:,}" for n in sorted({*sizes[:1], *sizes[-1:]})) or "no"
    many = counted(0, family.unit).removeprefix("0 ")
    return (
        f"{number} {many}; permutation tests of Spearman's rho, {family.named_after} "
        f"over {family.n_tests:,}"
    )


def clarity(row: Association) -> tuple[float, float]:
    """What sorts the clearest association first.

    Permutations give many terms the same, smallest p; then the correlation decides.
    """
    return row.p or 0.0, -abs(row.spearman or 0.0)


def _terms(validation: Validation) -> Answer:
    """Whether any term goes with a measure, and the strongest that does."""
    family = validation.family
    own = [row for row in validation.per_query if row.same_as is None]
    found = [row for row in own if row.verdict == ASSOCIATED]
    found.sort(key=clarity)
    given = sum(row.partial_verdict == ASSOCIATED for row in own)
    return Answer.to(
        "terms",
        "associated" if found else "nothing",
        rests_on=_rests_on(validation),
        associated=f"{len(found):,}",
        tests=f"{family.n_tests:,}",
        strongest=_strongest(found[0]) if found else "",
        given=f"{given:,} of {family.partial.n_tests:,}",
        level=f"{family.named_after}-corrected, level {family.delta:g}",
        n=max((row.n for row in own if row.p is not None), default=0),
        n_tests=max(1, family.n_tests),
    )


def _strongest(row: Association) -> str:
    interval = ""
    if row.lower is not None and row.upper is not None:
        interval = f" [{row.lower:.2f}, {row.upper:.2f}]"
    return (
        f"{row.term} of {row.student} with {row.measure}: rho {row.spearman:.2f}"
        f"{interval}"
    )


def _students(validation: Validation) -> Iterator[Answer]:
    """Mean effectiveness by the first measure, and which pairs differ."""
    means = [row for row in validation.means if row.dataset != AVERAGE]
    if not means:
        return
    measure = means[0].measure
    several = [row for row in validation.means if row.dataset == AVERAGE]
    dataset = AVERAGE if several else means[0].dataset
    rows = [
        row
        for row in validation.means
        if row.measure == measure and row.dataset == dataset
    ]
    rows.sort(key=lambda row: -row.mean)
    pairs = [
        pair
        for pair in validation.equivalence
        if pair.measure == measure and pair.dataset == dataset
    ]
    by_t = all(pair.decides == "paired_t" for pair in pairs)
    apart = [
        pair for pair in pairs if VERDICTS[pair.verdict].apart or pair.verdict in TURNED
    ]
    names = names_of(validation)
    said = listed([f"{names[row.student]} {row.mean:.4f}" for row in rows], MOST)
    if pairs:
        said += f"; {len(apart)} of {counted(len(pairs), 'pair')} "
        said += "differs" if len(apart) == 1 else "differ"
        said += "" if by_t else " in direction"
    if apart:
        over = [" over ".join(names[one] for one in in_order(pair)) for pair in apart]
        said += f": {listed(over, PAIRS)}"
    yield Answer.to(
        "student",
        "effective",
        rests_on="paired t intervals at once, approximate"
        if by_t
        else "directions of the queries that change, at once",
        measure=measure,
        n=f"{rows[0].n:,}",
        dataset="all data sets" if several else dataset,
        listed=said,
    )


def names_of(validation: Validation) -> dict[str, str]:
    """What sentences call each system: the teacher by its file, too."""
    known = {row.student: row.student for row in validation.means}
    teachers = {one.teacher.name for one in validation.datasets}
    if TEACHER in known and len(teachers) == 1 and not {TEACHER, ""} & teachers:
        known[TEACHER] = f"{TEACHER} ({teachers.pop()})"
    return known


def in_order(pair: SystemPair) -> tuple[str, str]:
    """The systems of a pair that differs, the better one first."""
    better = pair.difference > 0
    if pair.verdict in TURNED:
        better = pair.verdict == MOSTLY["higher"]
    return (pair.first, pair.second) if better else (pair.second, pair.first)


def _temperature(validation: Validation) -> Answer:
    """How the teacher's temperature was found, or those of several data sets."""
    teachers = {one.dataset: one.teacher for one in validation.datasets}
    said = {
        name: temperature_answer(
            one.fit, one.temperature, kind=one.kind, command=validation.command
        )
        for name, one in teachers.items()
    }
    if len(said) == 1:
        return next(iter(said.values()))
    return Answer.to(
        "temperature",
        "several",
        rests_on=next(iter(said.values())).rests_on,
        listed=listed(
            [
                f"{name} "
                + (
                    f"{one.temperature:.6g}"
                    if one.fit is None
                    else with_interval(one.fit)
                )
                for name, one in teachers.items()
            ],
            MOST,
        ),
    )


def _queries(validation: Validation) -> Iterator[Answer]:
    """The correlation that would be found, at the most queries of any row."""
    family = validation.family
    known = [
        (row.n, row.detectable)
        for row in validation.per_query
        if row.detectable is not None
    ]
    if not known:
        return
    n, least = max(known)
    yield Answer.to(
        "queries",
        "shown",
        rests_on=_rests_on(validation),
        listed=f"{counted(n, family.unit)} find |rho| of {least:.2f} or more with a "
        f"chance of {100 * family.power:.10g}%; smaller ones may be missed",
    )


def _systems(validation: Validation) -> Answer:
    """Whether predictors order the systems, and as the theory expects."""
    rows, family = validation.configurations, validation.family.configurations
    because = next(
        filter(
            None,
            [
                *(row.untested_because for row in rows),
                *(row.missing_because for row in rows if not family.n_tests),
            ],
        ),
        None,
    )
    compared = _compared(rows[0])
    rests_on = "permutations that exchange systems, the same on every data set"
    if because is not None:
        return Answer.to(
            "systems",
            "too few",
            rests_on=rests_on,
            because=because,
            validate=_more_sets(validation.command),
        )
    counts = Counter(row.verdict for row in rows if row.p_adjusted is not None)
    said = [word for word in FOUND if counts[word]]
    strongest = sorted(
        (row for row in rows if row.verdict in FOUND and row.p_adjusted is not None),
        key=lambda row: (FOUND.index(row.verdict), row.p_adjusted),
    )
    parts = [
        f"{row.verdict}{' the theory' if row.verdict != ASSOCIATED else ''}: "
        f"{row.predictor} and {row.target}, tau {row.tau:.2f}"
        for row in strongest
    ]
    predicted = sum(one.verdict == ASSOCIATED for one in validation.predictions)
    if predicted:
        parts.append(f"predicted in {counted(predicted, 'regression')}")
    outcome = said[0] if said else ASSOCIATED if predicted else "nothing"
    return Answer.to(
        "systems",
        outcome,
        rests_on=rests_on,
        compared=compared,
        listed="; ".join(parts[:MOST]),
        tests=counted(family.n_tests, "test"),
    )


def _more_sets(command: str) -> str:
    """The command on more data sets than it was given."""
    sets = given(command, "--datasets")
    if sets:
        return again(command, "more", ("--datasets", (*sets, "DIR")))
    return "rankbound validate --datasets DIR DIR --out DIR"


def _compared(row: Order) -> str:
    """What was compared; older results do not tell systems from configurations."""
    if not row.n_systems:
        return counted(row.n, "configuration") if row.n else "configurations"
    return (
        f"{counted(row.n_systems, 'system')} on "
        f"{counted(row.n_datasets or 0, 'data set')}"
    )


def _held(validation: Validation) -> Answer:
    rows = validation.certificates
    refuted = sum(row.refuted for row in rows)
    return Answer.to(
        "held",
        "refuted" if refuted else "held",
        rests_on=f"each certificate by itself at "
        f"{100 * (1 - validation.family.delta):.10g}%, "
        f"{validation.proviso}",
        held=f"{sum(row.held for row in rows):,}",
        splits=f"{sum(row.splits for row in rows):,}",
        refuted=f"{refuted:,}",
        vacuous=sum(row.vacuous for row in rows),
        of=len(rows),
    )
