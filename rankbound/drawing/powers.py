"""Figures of power: of a comparison, of a validation, and of `rankbound power`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from rankbound.catalogue import COMPARED, base
from rankbound.commands.compare.result import Comparison, Row
from rankbound.commands.power.result import Detectable, Needed, Power
from rankbound.commands.validate.result import Validation
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found

if TYPE_CHECKING:
    from rankbound.figures.power import Source

MOST = 12  # more lines could not be told apart
MOST_MARKS = 7
LEAST_FOR_CORRELATION = 4  # queries
STILL = "the differences do not vary over queries, so there is nothing to detect"


class Rates(TypedDict, total=False):
    """Power, and the error rate of the tests together."""

    power: float
    delta: float


def power_drawings(result: Found) -> list[Drawing]:
    """Smallest margins of a comparison by quantity and pair set, at its error rate."""
    from rankbound.figures.power import Source

    comparison = result.as_a(Comparison)
    by_key: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in comparison.rows:
        by_key[row.quantity, row.pairs].append(row)
    delta = comparison.delta / comparison.family.size
    found = []
    for (quantity, pairs), rows in by_key.items():
        known = COMPARED.get(base(quantity))
        name = file_name(*filter(None, (result.name, "power", quantity, pairs)))
        sources = [
            Source(row.sampling, sd, (row.n,))
            for row in rows
            if (sd := deviation(row.difference, row.effect_size)) is not None
        ]
        unit = "" if known is None else known.unit
        found.append(_drawing(name, sources, unit, rows[0].margin, delta=delta))
    return found


def of_power(result: Found) -> list[Drawing]:
    """Margins of `rankbound power` by unit and quantity, and the correlations."""
    from rankbound.figures.power import Source

    content = result.as_a(Power)
    rates: Rates = {"power": content.power, "delta": content.delta_each}
    margins = {row.margin for row in content.needed}
    margin = margins.pop() if len(margins) == 1 else None
    counts: dict[tuple[str, str], dict[tuple[str, float], list[int]]]
    counts = defaultdict(lambda: defaultdict(list))
    # If a margin was all that was given, the numbers of queries it needs are the answer
    rows: list[tuple[Detectable | Needed, int]]
    rows = [(row, row.n) for row in content.rows]
    rows = rows or [(row, row.n_interval) for row in content.needed]
    for row, n in rows:
        if row.sd is None:  # only correlations are known
            continue
        source, _, quantity = row.source.rpartition(": ")
        known = COMPARED.get(base(quantity.partition(",")[0]))
        unit = row.unit or (known.unit if known is not None and source else "")
        key = (unit, quantity.replace(", ", "-") if source else "")
        counts[key][source or quantity, row.sd].append(n)
    found = []
    for (unit, quantity), by_source in counts.items():
        sources = [Source(source, sd, n) for (source, sd), n in by_source.items()]
        for part, at in enumerate(range(0, len(sources), MOST), start=1):
            more = str(part) if len(sources) > MOST else ""
            name = file_name(*filter(None, (result.name, "power", quantity, more)))
            some = sources[at : at + MOST]
            found.append(_drawing(name, some, unit, margin, **rates))
    queries = {n: "queries" for _, n in rows if n >= LEAST_FOR_CORRELATION}
    name = file_name(*filter(None, (result.name, "power-correlation")))
    return [*found, _correlations(name, queries, family=1, **rates)]


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


def _drawing(
    name: str,
    sources: Sequence[Source],
    unit: str,
    margin: float | None,
    **rates: Unpack[Rates],
) -> Drawing:
    from rankbound.figures.power import draw_difference_power

    if not sources:
        return Drawing(name, None, STILL, kind="power")
    draw = partial(draw_difference_power, sources, unit=unit, margin=margin, **rates)
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
