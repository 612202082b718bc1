"""Figures of `rankbound validate`: correlations, systems, bounds against risks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import Difference
from rankbound.commands.validate.records import (
    CONFIGURATION,
    RISK,
    Association,
    JudgedTogether,
    SystemPair,
)
from rankbound.commands.validate.result import Validation
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.powers import of_validation
from rankbound.drawing.results import Found
from rankbound.validation.paired import Decides

if TYPE_CHECKING:
    from rankbound.figures.certificates import Order

MOST_TERMS = 12  # of a forest
MOST_SYSTEMS = 12  # pairs of systems of a figure
LOSS = "loss of "
FEWEST = 3  # configurations, for an order


def drawings(result: Found) -> list[Drawing]:
    """Forests and verdicts for every data set, the certificates, and the power."""
    validation = result.as_a(Validation)
    return [
        *_forests(result.name, validation),
        *_systems(result.name, validation.equivalence, validation.family),
        _certificates(result.name, validation),
        *of_validation(result),
    ]


def _forests(name: str, validation: Validation) -> list[Drawing]:
    """A forest for every data set, sampling, student and family of measures."""
    from rankbound.figures.comparisons import draw_correlations
    from rankbound.figures.style import shown

    family = validation.family
    samplings: dict[str, set[str]] = defaultdict(set)
    for row in validation.per_query:
        samplings[row.dataset].add(row.sampling)
    families = {measure_family(row.measure) for row in validation.per_query}
    rows: dict[tuple[str, ...], list[Association]] = defaultdict(list)
    for row in validation.per_query:
        # A forest labels its rows by what differs: the terms alone would repeat
        several = len(samplings[row.dataset]) > 1
        sampling = (row.sampling,) if several else ()
        which = (measure_family(row.measure),) if len(families) > 1 else ()
        rows[row.dataset, *sampling, row.student, *which].append(row)
    found = []
    for key, mine in rows.items():
        for parts, some in _pages(mine):
            first = some[0]
            said = [
                shown(", ".join(filter(None, (first.dataset, first.sampling)))),
                f"student {shown(first.student)}",
                f"n = {first.n:,}",
                f"{counted(family.n_tests, 'test')} in the family",
            ]
            draw = partial(
                draw_correlations,
                some,
                delta=family.delta,
                band=family.band,
                constants=said,
            )
            called = _named(name, "correlations", *key, *parts)
            found.append(Drawing(called, draw, kind="correlations"))
    if not found:
        reason = "the results hold no correlations"
        called = _named(name, "correlations")
        found.append(Drawing(called, None, reason, kind="correlations"))
    return found


def measure_family(measure: str) -> str:
    """What a measure has in common with its other cut-offs and with its loss.

    Examples
    --------
    >>> measure_family("loss of nDCG@10"), measure_family("AP(rel=2)@100")
    ('nDCG', 'AP(rel=2)')
    """
    return measure.removeprefix(LOSS).partition("@")[0]


def _pages(
    rows: list[Association],
) -> list[tuple[tuple[str, ...], list[Association]]]:
    """The rows in pieces of a dozen terms, each with all its measures."""
    terms = [*dict.fromkeys(row.term for row in rows)]
    pages = [terms[at : at + MOST_TERMS] for at in range(0, len(terms), MOST_TERMS)]
    return [
        (
            (str(number),) if len(pages) > 1 else (),
            [row for row in rows if row.term in page],
        )
        for number, page in enumerate(pages, start=1)
    ]


APPROXIMATE: Final = "approximate t intervals"


@dataclass(frozen=True, slots=True)
class Systems:
    """A pair of systems as a row of the figures of differences."""

    sampling: str
    pairs: str
    difference: float
    lower: float
    upper: float
    margin: float
    smallest_margin: float
    verdict: Difference
    decides: Decides
    quantity: str = "effectiveness"

    @classmethod
    def of(cls, pair: SystemPair) -> Systems:
        """The same pair, with its measure in the place of a pair set."""
        return cls(
            f"{pair.first} − {pair.second}",
            pair.measure,
            pair.difference,
            pair.lower,
            pair.upper,
            pair.margin,
            pair.smallest_margin,
            pair.verdict,
            pair.decides,
        )


def _systems(
    name: str, pairs: tuple[SystemPair, ...], family: JudgedTogether
) -> list[Drawing]:
    """Differences and verdicts of every pair of systems, by data set and measure."""
    from rankbound.figures.comparisons import draw_differences, draw_verdicts
    from rankbound.figures.style import shown

    if not pairs:
        reason = "the results hold no pair of systems; give `students` to validate"
        return [Drawing(_named(name, "verdicts"), None, reason, kind="verdicts")]
    found = []
    for dataset in dict.fromkeys(pair.dataset for pair in pairs):
        mine = [pair for pair in pairs if pair.dataset == dataset]
        said = [f"{shown(dataset)}, n = {mine[0].n:,}", _judged(family), APPROXIMATE]
        rows = [Systems.of(pair) for pair in mine]
        draw = partial(draw_verdicts, rows, columns="measures", constants=said)
        found.append(Drawing(_named(name, "verdicts", dataset), draw, kind="verdicts"))
        measures = [*dict.fromkeys(pair.measure for pair in mine)]
        whole = len(mine) <= MOST_SYSTEMS
        for measure in measures[:1] if whole else measures:
            some = [row for row in rows if whole or row.pairs == measure]
            words = "paired difference" if whole else f"paired difference of {measure}"
            for at in range(0, len(some), MOST_SYSTEMS):
                draw = partial(
                    draw_differences,
                    some[at : at + MOST_SYSTEMS],
                    words=words,
                    constants=said,
                )
                which = () if whole else (measure,)
                part = (str(at // MOST_SYSTEMS + 1),) if at else ()
                called = _named(name, "differences", dataset, *which, *part)
                found.append(Drawing(called, draw, kind="differences"))
    return found


def _judged(family: JudgedTogether) -> str:
    """The error rate of the family of comparisons of systems."""
    many = counted(family.equivalence.n_tests, "comparison")
    return rf"$\delta$ = {family.delta:g} for all of {many}"


def _certificates(name: str, validation: Validation) -> Drawing:
    """Certificates of one half of the queries against the risk of the other."""
    from rankbound.figures.certificates import Held, draw_bound_against_risk

    rows = validation.certificates
    if not rows:
        reason = "the results hold no certificates"
        return Drawing(_named(name, "certificates"), None, reason, kind="scatter")
    keys = [[getattr(row, key) for row in rows] for key in CONFIGURATION[:-1]]
    varying = [column for column in keys if len({*column}) > 1]
    names = zip(*varying, [row.student for row in rows], strict=True)
    points = [
        Held(
            ", ".join(one),
            row.held_out,
            row.certificate,
            ", ".join(one[:-1]),
            row.student,
        )
        for one, row in zip(names, rows, strict=True)
    ]
    splits, order = max(row.splits for row in rows), _order(validation)
    said = [
        f"means over {counted(splits, 'random half', 'random halves')}",
        rf"$\delta$ = {validation.family.delta:g}",
    ]
    draw = partial(
        draw_bound_against_risk, points, risk=RISK, order=order, constants=said
    )
    return Drawing(_named(name, "certificates"), draw, kind="scatter")


def _order(validation: Validation) -> Order | None:
    """How the bound ranks configurations by held-out risk, if that was tested."""
    from rankbound.figures.certificates import Order

    for row in validation.configurations:
        if (row.predictor, row.target) == ("bound", RISK):
            tau, lower, upper = row.tau, row.lower, row.upper
            if row.n < FEWEST or tau is None or lower is None or upper is None:
                return None
            if row.n_systems is None:  # written by an earlier version
                return Order(tau, lower, upper, row.n, "configurations")
            return Order(tau, lower, upper, row.n_systems)
    return None


def _named(*parts: str) -> str:
    return file_name(*filter(None, parts))
