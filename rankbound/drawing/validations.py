"""Figures of `rankbound validate`: correlations, systems, bounds against risks."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rankbound.catalogue import Difference
from rankbound.commands.validate.records import (
    CONFIGURATION,
    RISK,
    Association,
    SystemPair,
)
from rankbound.commands.validate.result import Validation
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.powers import of_validation
from rankbound.drawing.results import Found

if TYPE_CHECKING:
    from rankbound.figures.certificates import Order

MOST_ROWS = 40  # of a forest, on a page
FEWEST = 3  # configurations, for an order


def drawings(result: Found) -> list[Drawing]:
    """Forests and verdicts for every data set, the certificates, and the power."""
    validation = result.as_a(Validation)
    return [
        *_forests(result.name, validation),
        *_systems(result.name, validation.equivalence),
        _certificates(result.name, validation),
        *of_validation(result),
    ]


def _forests(name: str, validation: Validation) -> list[Drawing]:
    """A forest for every data set, sampling and student; a long one in pieces."""
    from rankbound.figures.comparisons import draw_correlations

    family = validation.family
    samplings: dict[str, set[str]] = defaultdict(set)
    for row in validation.per_query:
        samplings[row.dataset].add(row.sampling)
    rows: dict[tuple[str, ...], list[Association]] = defaultdict(list)
    for row in validation.per_query:
        # A forest labels its rows by what differs: the terms alone would repeat
        several = len(samplings[row.dataset]) > 1
        sampling = (row.sampling,) if several else ()
        rows[row.dataset, *sampling, row.student].append(row)
    found = []
    for key, mine in rows.items():
        for parts, some in _pages(mine):
            draw = partial(
                draw_correlations, some, delta=family.delta, band=family.band
            )
            called = _named(name, "correlations", *key, *parts)
            found.append(Drawing(called, draw, kind="correlations"))
    if not found:
        reason = "the results hold no correlations"
        called = _named(name, "correlations")
        found.append(Drawing(called, None, reason, kind="correlations"))
    return found


def _pages(
    rows: list[Association],
) -> list[tuple[tuple[str, ...], list[Association]]]:
    """The rows in pieces of whole measures, none longer than a page."""
    pages: list[list[str]] = [[]]
    counts = Counter(row.measure for row in rows)
    for measure, count in counts.items():
        if pages[-1] and count + sum(counts[m] for m in pages[-1]) > MOST_ROWS:
            pages.append([])
        pages[-1].append(measure)
    return [
        (
            (str(number),) if len(pages) > 1 else (),
            [row for row in rows if row.measure in page],
        )
        for number, page in enumerate(pages, start=1)
    ]


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
        )


def _systems(name: str, pairs: tuple[SystemPair, ...]) -> list[Drawing]:
    """Differences and verdicts of every pair of systems, by data set."""
    from rankbound.figures.comparisons import draw_differences, draw_verdicts

    if not pairs:
        reason = "the results hold no pair of systems; give `students` to validate"
        return [Drawing(_named(name, "verdicts"), None, reason, kind="verdicts")]
    found = []
    for dataset in dict.fromkeys(pair.dataset for pair in pairs):
        rows = [Systems.of(pair) for pair in pairs if pair.dataset == dataset]
        draws = {
            "differences": partial(draw_differences, rows, words="paired difference"),
            "verdicts": partial(draw_verdicts, rows, columns="measures"),
        }
        found += [
            Drawing(_named(name, kind, dataset), draw, kind=kind)
            for kind, draw in draws.items()
        ]
    return found


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
        Held(", ".join(one), row.held_out, row.certificate)
        for one, row in zip(names, rows, strict=True)
    ]
    order = _order(validation)
    draw = partial(draw_bound_against_risk, points, risk=RISK, order=order)
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
