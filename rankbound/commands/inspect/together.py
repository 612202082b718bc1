"""Score files against each other: scales, depths and the order of queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.findings import Finding
from rankbound.data.scores import Kind

ORDERS = 3.0  # of magnitude: scales farther apart than that are worth a word
DEPTH_RATIO = 2


def compared_scores(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    """Findings about all files of scores at once, with the files they name."""
    if len(scored) < 2:
        return
    yield from _scales(scored)
    yield from _depths(scored)
    yield from _orders(scored)


def _scales(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    sizes = [(_typical(one), place) for place, one in enumerate(scored)]
    sizes = [(size, place) for size, place in sizes if size > 0]
    if len(sizes) < 2:
        return
    (low, first), (high, last) = min(sizes), max(sizes)
    orders = float(np.log10(high / low))
    if orders < ORDERS:
        return
    yield (
        Finding(
            "scales-differ",
            "note",
            len(sizes),
            f"score scales differ by {orders:.1f} orders of magnitude, from about "
            f"{low:.3g} to about {high:.3g}",
            "compare entropies only after each model has its temperature",
        ),
        (scored[first], scored[last]),
    )


def _typical(one: Examined) -> float:
    """The median size of a score; 0 for ranks, whose scale is arbitrary."""
    if one.scores is None or one.scores.kind is Kind.RANK_ONLY:
        return 0.0
    return float(np.median(np.abs(one.scores.scores.values)))


def _depths(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    cut = [
        (one.scores.depth[0], place)
        for place, one in enumerate(scored)
        if one.scores is not None and one.scores.depth[1]
    ]
    if len(cut) < 2:
        return
    (low, first), (high, last) = min(cut), max(cut)
    if high < DEPTH_RATIO * low:
        return
    deeper = sum(1 for depth, _ in cut if depth >= DEPTH_RATIO * low)
    yield (
        Finding(
            "depths-differ",
            "note",
            deeper,
            f"rankings are cut at {low:,} in one file and at {high:,} in another",
            "cut all at one depth before comparing averages that depend on it",
        ),
        (scored[first], scored[last]),
    )


def _orders(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    """Files whose queries come in an order that hardly any other file has."""
    orders: dict[tuple[str, ...], list[Examined]] = {}
    for one in scored:
        if one.scores is not None:
            orders.setdefault(tuple(one.scores.scores.qids), []).append(one)
    usual = max(orders, key=lambda order: len(orders[order]))
    others = tuple(
        one
        for order, members in orders.items()
        if order != usual and set(order) == set(usual)
        for one in members
    )
    if others and len(orders[usual]) > 1:
        yield (
            Finding(
                "query-order-differs",
                "note",
                len(others),
                "the same queries come in another order than in the other files",
                "match rows by query id, never by position",
            ),
            others,
        )
