"""Why a mean over pairs changed: which pairs there are, how many tie, how far apart.

The entropy of a group is a mean over positive-negative and negative-negative pairs, and
within each set over ties, of entropy ln 2, and other pairs. A change is split exactly:
a change of a share counts at the mean of the two entropies, a change of an entropy at
the mean of the two shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.estimators.pairwise import NATS_PER_BIT


@dataclass(frozen=True, slots=True, eq=False)
class PairMass:
    """One pair set of every query, as shares of all its pairs; arrays (n,).

    `share` of the pairs that are in the set, `entropy` what they add to the mean over
    all pairs (share times mean entropy, nats), `ties` the share that are in the set and
    tie.
    """

    share: Floats
    entropy: Floats
    ties: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Parts of the change of every query's entropy in nats; arrays (n,).

    `composition` by the shares of the pair sets; `ties` and `spread` by pair set: more
    ties, and other margins of the pairs that do not tie.
    """

    composition: Floats
    ties: dict[str, Floats]
    spread: dict[str, Floats]

    @property
    def total(self) -> Floats:
        """Sum of all parts: the change, up to rounding."""
        parts = [self.composition, *self.ties.values(), *self.spread.values()]
        return np.asarray(np.sum(parts, axis=0))


def entropy_change(before: dict[str, PairMass], after: dict[str, PairMass]) -> Change:
    """Split the change of the entropy over all pairs, query by query.

    Parameters
    ----------
    before, after : dict of str to PairMass
        The same disjoint pair sets, which together are all pairs, of the same queries.

    Raises
    ------
    DomainError
        When the pair sets differ.

    Examples
    --------
    >>> def mass(*columns):
    ...     return PairMass(*(np.array([c]) for c in columns))
    >>> one = {"pos-neg": mass(0.5, 0.1, 0.0), "neg-neg": mass(0.5, 0.3, 0.0)}
    >>> two = {"pos-neg": mass(0.25, 0.05, 0.0), "neg-neg": mass(0.75, 0.45, 0.0)}
    >>> change = entropy_change(one, two)  # other shares, the same entropies
    >>> change.composition.round(6).tolist(), change.total.round(6).tolist()
    ([0.1], [0.1])
    """
    if before.keys() != after.keys():
        raise DomainError(f"pair sets differ: {[*before]} and {[*after]}")
    composition = np.zeros_like(next(iter(before.values())).share)
    ties, spread = {}, {}
    for name, old in before.items():
        new = after[name]
        entropies = _filled(
            _ratio(old.entropy, old.share), _ratio(new.entropy, new.share)
        )
        shares = _filled(_ratio(old.ties, old.share), _ratio(new.ties, new.share))
        untied = _filled(
            *(
                _ratio(h - t * NATS_PER_BIT, 1 - t)
                for h, t in zip(entropies, shares, strict=True)
            )
        )
        composition = composition + (new.share - old.share) * _middle(entropies)
        weight = (old.share + new.share) / 2
        ties[name] = weight * _step(shares) * (NATS_PER_BIT - _middle(untied))
        spread[name] = weight * (1 - _middle(shares)) * _step(untied)
    return Change(composition, ties, spread)


Sides = tuple[Floats, Floats]


def _ratio(above: Floats, below: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    empty = np.full_like(above, np.nan)
    return np.asarray(np.divide(above, below, out=empty, where=below > 1e-12))


def _filled(old: Floats, new: Floats) -> Sides:
    """A side that has no such pair takes the other's value: it does not change."""
    first = np.where(np.isnan(old), new, old)
    second = np.where(np.isnan(new), old, new)
    return np.nan_to_num(first), np.nan_to_num(second)


def _middle(sides: Sides) -> Floats:
    return (sides[0] + sides[1]) / 2


def _step(sides: Sides) -> Floats:
    return sides[1] - sides[0]
