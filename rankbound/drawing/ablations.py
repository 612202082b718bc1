"""Figures of `rankbound ablate`: what samplings gain over random negatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import Difference as Differs
from rankbound.commands.ablate.result import IN_DOMAIN, Ablation, Difference
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found

NOTHING: Final = "no sampling to compare with random negatives"
QUANTITY: Final = "nDCG@10"


@dataclass(frozen=True, slots=True)
class _Row:
    """A difference as figures of comparisons show it."""

    sampling: str
    pairs: str
    difference: float
    lower: float
    upper: float
    verdict: Differs
    quantity: str = QUANTITY
    margin: float | None = None
    smallest_margin: float | None = None


def drawings(result: Found) -> list[Drawing]:
    """A forest for each collection, domain and architecture: samplings by losses."""
    from rankbound.figures.comparisons import draw_differences
    from rankbound.figures.style import shown

    ablation = result.as_a(Ablation)
    tasks: dict[tuple[str, ...], list[Difference]] = {}
    for one in ablation.differences:
        key = one.trained_on, one.collection, one.domain, one.architecture
        tasks.setdefault(key, []).append(one)
    if not tasks:
        return [
            Drawing(file_name(*filter(None, (result.name, "gains"))), None, NOTHING)
        ]
    found = []
    for (trained_on, collection, domain, architecture), several in tasks.items():
        where = shown(collection)
        if domain != IN_DOMAIN:
            where += f", trained on {shown(trained_on)}"
        draw = partial(
            draw_differences,
            [_row(one) for one in several],
            words=f"{QUANTITY} less that of {several[0].reference} negatives",
            constants=[
                where,
                shown(architecture),
                f"{counted(len(ablation.differences), 'difference')} at once",
            ],
        )
        parts = (result.name, "gains", trained_on, collection, architecture)
        found.append(Drawing(file_name(*filter(None, dict.fromkeys(parts))), draw))
    return found


def _row(one: Difference) -> _Row:
    return _Row(
        sampling=one.sampling,
        pairs=one.loss,
        difference=one.value,
        lower=one.lower,
        upper=one.upper,
        verdict="inconclusive" if one.verdict == "open" else "different",
    )
