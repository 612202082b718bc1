"""The entropy comparisons at other temperatures, and with ranks in place of scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.commands.compare.quantities import (
    Measured,
    entropies,
    teacher_quantities,
)
from rankbound.commands.compare.run import Comparison
from rankbound.commands.compare.samplings import Sampling
from rankbound.data.scores import Floats
from rankbound.estimators.group_terms import rank_values
from rankbound.validation.family import common
from rankbound.validation.paired import compare_paired
from rankbound.validation.verdicts import smallest_margin, verdict

FACTORS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
NOTE: Final = (
    "each temperature is a family of its own, whose verdicts hold together; the family "
    "of `rows` is the one that was asked"
)
RANKS_NOTE: Final = (
    "scores are replaced by ranks within the group, at one scale for all samplings: "
    "the mean size of the reference's margins is kept. What differs here differs by "
    "order, not by the sizes of scores; over all pairs of groups of one size without "
    "ties nothing can differ"
)
Transform = Callable[[Sampling], Floats]


def sweep(comparison: Comparison) -> dict[str, Any]:
    """Verdicts on the entropy at multiples of the teacher's temperature."""
    tables: list[dict[str, Any]] = [
        {"factor": factor, "rows": entropy_rows(comparison, _divided(factor))}
        for factor in FACTORS
    ]
    verdicts: dict[tuple[str, str], list[str]] = {}
    for table in tables:
        for row in table["rows"]:
            key = (row["sampling"], row["pairs"])
            verdicts.setdefault(key, []).append(row["verdict"])
    return {
        "temperature": comparison.loaded.temperature,
        "factors": list(FACTORS),
        "tables": tables,
        "flips": [
            {
                "sampling": name,
                "pairs": pairs,
                "verdicts": dict(zip(map(str, FACTORS), seen, strict=True)),
            }
            for (name, pairs), seen in verdicts.items()
            if len(set(seen)) > 1
        ],
        "note": NOTE,
    }


def ranks_only(comparison: Comparison) -> dict[str, Any]:
    """The control in which only the order of the scores is left."""
    loaded = comparison.loaded
    base = loaded.sampling(comparison.options.baseline)
    wanted = comparison.measures[base.name].measured["margin", "all"].mean()
    ranks = rank_values(base.groups, base.values)
    of_ranks = teacher_quantities(base.groups, ranks, pair_sets=("all",))
    own = of_ranks["margin", "all"].mean()
    scale = wanted / own if own > 0 else 1.0

    def ranked(sampling: Sampling) -> Floats:
        return scale * rank_values(sampling.groups, sampling.values)

    rows = entropy_rows(comparison, ranked)
    return {"scale": scale, "rows": rows, "note": RANKS_NOTE}


def entropy_rows(
    comparison: Comparison, transform: Transform, *, delta: float | None = None
) -> list[dict[str, Any]]:
    """Verdicts on the entropy with other teacher scores, all in one family.

    Parameters
    ----------
    comparison : Comparison
    transform : callable
        Gives the scores of the rows of a sampling, in temperatures.
    delta : float, optional
        Of the whole family; the comparison's by default.
    """
    options = comparison.options
    made: dict[str, Measured] = {
        s.name: entropies(s.groups, transform(s), pair_sets=options.pair_sets)
        for s in comparison.loaded.samplings
    }
    base = made[options.baseline]
    asked = [
        (name, pairs)
        for name in options.names
        for pairs in options.pair_sets
        if name != options.baseline
        and ("entropy", pairs) in made[name]
        and ("entropy", pairs) in base
    ]
    level = (options.delta if delta is None else delta) / max(1, len(asked))
    margin = options.margin("entropy")
    rows = []
    for name, pairs in asked:
        key = ("entropy", pairs)
        found = compare_paired(
            *common(made[name][key], base[key]),
            bounds=(-LN2, LN2),
            delta=level,
            rng=np.random.default_rng(options.seed),
            resamples=0,
        )
        rows.append(
            {
                "sampling": name,
                "pairs": pairs,
                "n": found.n,
                "mean": found.mean,
                "reference_mean": found.reference_mean,
                "difference": found.difference,
                "lower": found.lower,
                "upper": found.upper,
                "smallest_margin": smallest_margin(found.lower, found.upper),
                "verdict": verdict(found.lower, found.upper, margin=margin),
            }
        )
    return rows


def _divided(factor: float) -> Transform:
    def transform(sampling: Sampling) -> Floats:
        with np.errstate(over="ignore"):  # refused with a message where it matters
            return sampling.values / factor

    return transform
