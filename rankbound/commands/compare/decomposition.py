"""What a change of the all-pairs entropy is made of, and the orders by pair set."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankbound.catalogue import PAIR_SETS
from rankbound.commands.compare.run import Comparison
from rankbound.commands.compare.samplings import Sampling
from rankbound.data.per_query import PerQuery, query_means
from rankbound.data.scores import Strings
from rankbound.estimators.composition import PairMass, entropy_change
from rankbound.estimators.group_terms import group_entropies, tie_shares

PARTS = ("pos-neg", "neg-neg")
# What is left: pairs of two positives, in groups that hold several
REST = "pos-pos"
EMPTY = 1e-12  # a smaller share is rounding
METHOD = (
    "exact and symmetric: a change of a share counts at the mean of the two entropies, "
    "a change of an entropy at the mean of the two shares; spread is the change of the "
    "entropy of pairs that do not tie; all parts add up to the difference"
)


def decomposition(comparison: Comparison) -> list[dict[str, Any]]:
    """Every change of the all-pairs entropy from the reference, in nats.

    One record per sampling but the reference, over the queries that both have. None
    where one of the two does not tell its positive documents.
    """
    options = comparison.options
    masses = {
        s.name: pair_masses(s)
        for s in comparison.loaded.samplings
        if s.groups.positive is not None
    }
    if options.baseline not in masses:
        return []
    base_qids, base = masses[options.baseline]
    found = []
    for name in options.names:
        if name == options.baseline or name not in masses:
            continue
        qids, mine = masses[name]
        left, right = _common(qids, base_qids)
        old = {key: _rows(mass, right) for key, mass in base.items()}
        new = {key: _rows(mass, left) for key, mass in mine.items()}
        if not (old[REST].share.any() or new[REST].share.any()):
            del old[REST], new[REST]
        change = entropy_change(old, new)
        found.append(
            {
                "sampling": name,
                "n": len(left),
                "difference": float(change.total.mean()),
                "composition": float(change.composition.mean()),
                "spread": {k: float(v.mean()) for k, v in change.spread.items()},
                "ties": {k: float(v.mean()) for k, v in change.ties.items()},
                "share_pos_neg": float(new["pos-neg"].share.mean()),
                "reference_share_pos_neg": float(old["pos-neg"].share.mean()),
            }
        )
    return found


def pair_masses(sampling: Sampling) -> tuple[Strings, dict[str, PairMass]]:
    """Sorted qids, and the share, entropy and ties of every query's pair sets."""
    groups = sampling.groups
    every = groups.count_pairs("all")
    present = np.unique(groups.queries)
    order = present[np.argsort(groups.qids[present])]
    masses = {}
    for pairs in PARTS:
        number = groups.count_known_pairs(pairs)
        share = number / every
        kept, values = sampling.with_pairs(pairs)
        entropy, ties = np.zeros(groups.n_groups), np.zeros(groups.n_groups)
        if kept.n_groups:
            has = number > 0
            entropy[has] = share[has] * group_entropies(kept, values, pairs=pairs)
            ties[has] = share[has] * tie_shares(kept, values, pairs=pairs)
        columns = (
            query_means(groups.queries, column, n_queries=len(groups.qids))[order]
            for column in (share, entropy, ties)
        )
        masses[pairs] = PairMass(*columns)
    whole = (
        group_entropies(groups, sampling.values, pairs="all"),
        tie_shares(groups, sampling.values, pairs="all"),
    )
    entropy, ties = (
        query_means(groups.queries, column, n_queries=len(groups.qids))[order]
        for column in whole
    )
    known = list(masses.values())
    rest = (
        1 - np.sum([mass.share for mass in known], axis=0),
        entropy - np.sum([mass.entropy for mass in known], axis=0),
        ties - np.sum([mass.ties for mass in known], axis=0),
    )
    masses[REST] = PairMass(*(np.where(rest[0] > EMPTY, c, 0.0) for c in rest))
    return groups.qids[order], masses


def order_means(comparison: Comparison) -> dict[str, Any]:
    """Mean entropy and margin of every sampling on the queries that all have.

    By pair set; one that a sampling lacks, or without a common query, does not appear.
    """
    found = {}
    measured = {name: m.measured for name, m in comparison.measures.items()}
    for pairs in PAIR_SETS:
        if any(("entropy", pairs) not in columns for columns in measured.values()):
            continue
        shared = set.intersection(
            *(set(columns["entropy", pairs].qids) for columns in measured.values())
        )
        if shared:
            found[pairs] = {
                "n": len(shared),
                **{
                    quantity: {
                        name: _mean_of(columns[quantity, pairs], shared)
                        for name, columns in measured.items()
                    }
                    for quantity in ("entropy", "margin")
                },
            }
    return found


def orders(means: dict[str, Any]) -> dict[str, list[str]]:
    """The samplings from least to most entropy, by pair set; equal ones by name.

    Parameters
    ----------
    means : dict
        Made by `order_means`.

    Examples
    --------
    >>> orders({"all": {"entropy": {"random": 0.5, "bm25": 0.4}}})
    {'all': ['bm25', 'random']}
    """
    return {
        pairs: sorted(row["entropy"], key=lambda name: (row["entropy"][name], name))
        for pairs, row in means.items()
    }


def _mean_of(column: PerQuery, qids: set[str]) -> float:
    keep = np.array([qid in qids for qid in column.qids])
    return float(column.values[keep].mean())


def _common(first: Strings, second: Strings) -> tuple[np.ndarray, np.ndarray]:
    _, left, right = np.intersect1d(first, second, return_indices=True)
    return left, right


def _rows(mass: PairMass, rows: np.ndarray) -> PairMass:
    return PairMass(mass.share[rows], mass.entropy[rows], mass.ties[rows])
