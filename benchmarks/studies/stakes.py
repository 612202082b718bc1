"""Whether stakes chosen on pilot queries make the intervals of `compare` shorter.

``python -m benchmarks.studies.stakes FOLDER...`` reads folders that `rankbound compare`
wrote. For every comparison with a range it takes samples of n queries, computes the
interval that `compare` prints, which mixes over a grid of stakes, and that of the
queries that remain after a pilot has chosen one stake for each side (theorem-10a), and
prints quantiles of the ratio of the lengths. Below 1 the pilot is shorter.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.bounds.betting import betting
from rankbound.bounds.limits import two_sided
from rankbound.bounds.pilot import choose_stake
from rankbound.commands.compare.result import Comparison
from rankbound.data.columns import Floats, Strings, strings
from rankbound.data.draws import drawn_order, generator

SIZES: Final = (20, 43, 54, 93, 250, 1350)
SHARES: Final = (0.1, 0.2)
LEVELS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def differences_of(
    comparison: Comparison,
) -> Iterator[tuple[Floats, Strings, tuple[float, float]]]:
    """Differences, their qids and their range, for each row whose range is known."""
    values: dict[tuple[str, ...], dict[str, float]] = {}
    parts = itemgetter("sampling", "quantity", "pairs", "qid", "value")
    for *key, qid, value in map(parts, comparison.beside["per_query"]):
        values.setdefault(tuple(key), {})[qid] = float(value)
    for one in comparison.rows:
        if one.range is None:
            continue
        theirs = values[one.sampling, one.quantity, one.pairs]
        base = values[comparison.reference, one.quantity, one.pairs]
        qids = [qid for qid in theirs if qid in base]
        moved = np.array([theirs[qid] - base[qid] for qid in qids])
        yield moved, strings(qids), one.range


def by_pilot(
    differences: Floats,
    qids: Strings,
    bounds: tuple[float, float],
    *,
    delta: float,
    share: float,
) -> tuple[float, float]:
    """The interval of the queries that are no pilot, with a stake for each side.

    Examples
    --------
    >>> qids = strings([f"q{number}" for number in range(100)])
    >>> lower, upper = by_pilot(
    ...     np.linspace(-0.1, 0.3, 100), qids, (-1.0, 1.0), delta=0.05, share=0.2)
    >>> 0 < lower < 0.1 < upper < 0.2
    True
    """
    order = drawn_order(qids, seed=0, purpose="pilot")
    size = math.ceil(share * len(order))
    pilot, rest = differences[order[:size]], differences[order[size:]]
    low, high = bounds
    ends = []
    for sign in (1, -1):
        sides = {
            "low": min(sign * low, sign * high),
            "high": max(sign * low, sign * high),
        }
        stake = choose_stake(sign * pilot, m=len(rest), delta=delta / 2, **sides).stake
        ends.append(
            sign * betting(sign * rest, delta=delta / 2, stakes=[stake], **sides)
        )
    upper, lower = ends
    return lower, upper


def ratios(comparison: Comparison, n: int, share: float, samples: int) -> list[float]:
    """Length of the interval with a pilot over that of `compare`, for all rows."""
    delta = comparison.delta / len(comparison.rows)
    found = []
    for place, (moved, qids, bounds) in enumerate(differences_of(comparison)):
        low, high = bounds
        for sample in range(samples if n < len(moved) else 1):
            if n > len(moved):
                continue
            rng = generator(0, "stakes", str(n), str(place), str(sample))
            drawn = rng.permutation(len(moved))[:n]
            lower, upper = two_sided(moved[drawn], low=low, high=high, delta=delta)
            ends = by_pilot(moved[drawn], qids[drawn], bounds, delta=delta, share=share)
            found.append((ends[1] - ends[0]) / (upper - lower))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Print quantiles of the ratios by folder, number of queries and share."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies.stakes", description=__doc__
    )
    parser.add_argument("folders", type=Path, nargs="+", help="results of compare")
    parser.add_argument("--samples", type=int, default=6, help="samples a row")
    arguments = parser.parse_args(argv)
    head = " | ".join(f"{level:g}" for level in LEVELS)
    sys.stdout.write(f"| folder | n | pilot | {head} |\n")
    sys.stdout.write(f"|---|---:|---:|{'---:|' * len(LEVELS)}\n")
    for folder in arguments.folders:
        comparison = Comparison.load(folder)
        for n in SIZES:
            for share in SHARES:
                found = ratios(comparison, n, share, arguments.samples)
                if found:
                    cells = (f"{value:.3f}" for value in np.quantile(found, LEVELS))
                    sys.stdout.write(
                        f"| {folder.name} | {n} | {share:g} | {' | '.join(cells)} |\n"
                    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
