"""Figures of power: of a comparison, of a validation, and of `rankbound power`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from rankbound.catalogue import COMPARED, Range, base
from rankbound.commands.compare.result import Comparison, Row
from rankbound.commands.power.result import Curve as Drawn
from rankbound.commands.power.result import Detectable, Needed, Power
from rankbound.commands.validate.result import Validation
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found
from rankbound.validation.deciding import (
    NORMAL,
    RESAMPLED,
    Curve,
    Law,
    Rule,
    difference_curve,
    margin_curve,
    stated,
)
from rankbound.validation.paired import Decides

if TYPE_CHECKING:
    from rankbound.figures.power import Source

MOST = 12  # more lines could not be told apart
MOST_MARKS = 7
LEAST_FOR_CORRELATION = 4  # queries
LEAST_TOP = 1000  # curves go to three times as many queries at least
RULES: dict[Decides | None, str] = {
    "betting": "betting",
    "direction": "direction",
    "paired_t": "Student's t",
}
LAWS_SAID = {RESAMPLED: "measured values", NORMAL: "normal law"}
EARLIER = (
    "it was written by an earlier version, which did not compute the power of the rule "
    "that decides; run power again"
)
NO_SIZE = "its range is not known and it is no difference, so no rule decides about it"
STILL = "the differences do not vary over queries, so there is nothing to detect"


class Rates(TypedDict, total=False):
    """Power, and the error rate of the tests together."""

    power: float
    delta: float


def power_drawings(result: Found) -> list[Drawing]:
    """Margins of a comparison by quantity and pair set, by the rule that decides there.

    Differences are taken to be normal with the measured spread; `rankbound power
    --from` resamples them.
    """
    comparison = result.as_a(Comparison)
    by_key: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in comparison.rows:
        by_key[row.quantity, row.pairs].append(row)
    delta = comparison.delta / comparison.family.size
    found = []
    for (quantity, pairs), rows in by_key.items():
        known = COMPARED.get(base(quantity))
        name = file_name(*filter(None, (result.name, "power", quantity, pairs)))
        moving = [
            (row, sd)
            for row in rows
            if (sd := deviation(row.difference, row.effect_size)) is not None
        ]
        if not moving:
            found.append(Drawing(name, None, STILL, kind="power"))
            continue
        unit = "" if known is None else known.unit
        draw = partial(_compared, moving, delta, unit, rows[0].margin)
        found.append(Drawing(name, draw, kind="power"))
    return found


def _compared(
    moving: Sequence[tuple[Row, float]],
    delta: float,
    unit: str,
    margin: float | None,
    ax: Any = None,
) -> Any:
    """Curves and marks of rows of a comparison with their standard deviations."""
    from rankbound.figures.power import Source, draw_difference_power

    top = 3 * max(LEAST_TOP, *(row.n for row, _ in moving))
    sources = []
    for row, sd in moving:
        one = (row.range, sd, delta, top)
        margins = () if row.range is None else _normal_margins(*one)
        alone = len(moving) == 1 or row.range is None
        differences = _normal_differences(*one) if alone else ()
        sources.append(
            Source(
                row.sampling,
                margins=margins,
                differences=differences,
                margins_at=_between(margins, row.n),
                differences_at=_between(differences, row.n),
            )
        )
    rules = {Rule.of(row.range, delta=delta).method for row, _ in moving}
    rule = _said({(one, NORMAL) for one in rules})
    return draw_difference_power(
        sources,
        rule=rule,
        unit=unit,
        margin=margin,
        constants=[
            rf"$\delta$ = {delta:.3g}, of one interval",
            "marks: the queries measured",
        ],
        ax=ax,
    )


POWER = 0.8  # of the curves of a comparison


def _deciding(bounds: Range | None, sd: float, delta: float) -> tuple[Rule, Law]:
    return Rule.of(bounds, delta=delta), stated(NORMAL, sd)


@lru_cache(maxsize=256)
def _normal_margins(bounds: Range | None, sd: float, delta: float, top: int) -> Curve:
    rule, law = _deciding(bounds, sd, delta)
    return margin_curve(rule, law, power=POWER, top=top, rng=_seeded())


@lru_cache(maxsize=256)
def _normal_differences(
    bounds: Range | None, sd: float, delta: float, top: int
) -> Curve:
    rule, law = _deciding(bounds, sd, delta)
    return difference_curve(rule, law, power=POWER, top=top, rng=_seeded())


def _between(curve: Curve, n: int) -> Curve:
    """The point of a curve at n queries, if it reaches so far."""
    points = sorted(curve)
    if not points or not points[0][0] <= n <= points[-1][0]:
        return ()
    counts, sizes = np.log(np.array(points, dtype=np.float64)).T
    return ((n, float(np.exp(np.interp(np.log(n), counts, sizes)))),)


def _seeded() -> np.random.Generator:
    """The same draws for every figure, so that it has the same bytes every time."""
    return np.random.default_rng(0)


def _said(decided: Iterable[tuple[Decides | None, str | None]]) -> str:
    """The rules that decide, and the laws of the values, for the label of an axis."""
    rules, laws = map(set, zip(*decided, strict=True))
    rule = " or ".join(RULES[one] for one in sorted(filter(None, rules)))
    law = " or ".join(LAWS_SAID.get(one, one) for one in sorted(filter(None, laws)))
    return f"by {rule}, {law}"


def of_power(result: Found) -> list[Drawing]:
    """Margins of `rankbound power` by unit and quantity, and the correlations."""
    from rankbound.figures.power import draw_difference_power

    content = result.as_a(Power)
    margins = {row.margin for row in content.needed}
    margin = margins.pop() if len(margins) == 1 else None
    rows: list[Detectable | Needed] = [*content.rows] or [*content.needed]
    by_key: dict[tuple[str, str], dict[tuple[str, float], list[Detectable | Needed]]]
    by_key = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.sd is None:  # only correlations are known
            continue
        source, _, quantity = row.source.rpartition(": ")
        known = COMPARED.get(base(quantity.partition(",")[0]))
        unit = row.unit or (known.unit if known is not None and source else "")
        key = (unit, quantity.replace(", ", "-") if source else "")
        by_key[key][row.source, row.sd].append(row)
    curves = {(one.source, one.sd): one for one in content.curves}
    found = []
    for (unit, quantity), by_source in by_key.items():
        every = [
            (_source(rows, curves.get(key)), rows) for key, rows in by_source.items()
        ]
        for part, at in enumerate(range(0, len(every), MOST), start=1):
            more = str(part) if len(every) > MOST else ""
            name = file_name(*filter(None, (result.name, "power", quantity, more)))
            some = every[at : at + MOST]
            sources = [source for source, _ in some if source is not None]
            if len(sources) < len(some):
                kept = all(
                    (row.source, row.sd) in curves for _, rows in some for row in rows
                )
                reason = NO_SIZE if kept else EARLIER
                found.append(Drawing(name, None, reason, kind="power"))
                continue
            draw = partial(
                draw_difference_power,
                sources,
                rule=_said({(row.rule, row.law) for _, rows in some for row in rows}),
                unit=unit,
                margin=margin,
                power=content.power,
                constants=[rf"$\delta$ = {content.delta_each:.3g}, of one interval"],
            )
            found.append(Drawing(name, draw, kind="power"))
    counts = {row.n if isinstance(row, Detectable) else row.n_rule for row in rows}
    queries = {n: "queries" for n in counts if n and n >= LEAST_FOR_CORRELATION}
    name = file_name(*filter(None, (result.name, "power-correlation")))
    rates: Rates = {"power": content.power, "delta": content.delta_each}
    return [*found, _correlations(name, queries, family=1, **rates)]


def _source(rows: Sequence[Detectable | Needed], curve: Drawn | None) -> Source | None:
    """Curves of a spread, and marks at the queries asked about; None without any."""
    from rankbound.figures.power import Source

    margins, differences = [], []
    for row in rows:
        if isinstance(row, Needed):
            if row.n_rule is not None:
                margins.append((row.n_rule, row.margin))
            continue
        if row.rule_margin is not None:
            margins.append((row.n, row.rule_margin))
        if row.rule_difference is not None:
            differences.append((row.n, row.rule_difference))
    drawn = [] if curve is None else [*curve.margins, *curve.differences]
    if not drawn and not margins and not differences:
        return None
    source, _, quantity = rows[0].source.rpartition(": ")
    return Source(
        source or quantity,
        margins=() if curve is None else curve.margins,
        differences=() if curve is None else curve.differences,
        margins_at=margins,
        differences_at=differences,
    )


def of_validation(result: Found) -> list[Drawing]:
    """The smallest correlation that each data set of a validation can show."""
    validation = result.as_a(Validation)
    family = validation.family
    queries: dict[int, str] = {}
    for row in validation.per_query:
        if row.n >= LEAST_FOR_CORRELATION:
            queries.setdefault(row.n, f"{row.dataset} {row.student}")
    name = file_name(*filter(None, (result.name, "power-correlation")))
    return [
        _correlations(
            name,
            queries,
            family=family.n_tests,
            power=family.power,
            delta=family.delta,
        )
    ]


def _correlations(
    name: str, queries: Mapping[int, str], *, family: int, **rates: Unpack[Rates]
) -> Drawing:
    """Detectable correlations with marks at numbers of queries, named by them."""
    from rankbound.figures.power import draw_correlation_power

    if not queries:
        reason = f"no correlation has {LEAST_FOR_CORRELATION} queries or more"
        return Drawing(name, None, reason, kind="power")
    known = sorted(queries)
    if len(known) > MOST_MARKS:
        known = [known[round(at)] for at in np.linspace(0, len(known) - 1, MOST_MARKS)]
    marks = [(queries[count], count) for count in known]
    draw = partial(draw_correlation_power, marks, family=family, **rates)
    return Drawing(name, draw, kind="power")


def deviation(difference: float, effect: float | None) -> float | None:
    """Standard deviation of paired differences, from the effect size d_z.

    Examples
    --------
    >>> deviation(-0.05, -0.5)
    0.1
    """
    sd = float(difference / effect) if effect else 0.0
    return sd if sd > 0 else None
