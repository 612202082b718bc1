"""The range of one paired difference, where it is known before looking."""

from __future__ import annotations

import math
from typing import Final

from rankbound.bounds.certificate import LN2
from rankbound.catalogue import base
from rankbound.commands.measure.certifying import group_range
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups

Range = tuple[float, float]
# Lengths of unit vectors are checked up to this, as `Embeddings.unit_norm_share` does
UNIT_SLACK: Final = 1e-2
DISTANCES: Final = ("diameter", "mean_distance", "rms_distance")
UNKNOWN: Final = "its range is not known in advance, so betting does not apply"


def value_range(
    name: str, groups: Groups, *, pairs: str, score_range: float, widest: float | None
) -> Range | None:
    """Range of one query's value; None where there is none.

    Parameters
    ----------
    name : str
        A label of a quantity.
    groups : Groups
        Their smallest size enters the range of divergence and risk (Lemma 2c).
    pairs : str
    score_range : float
        B, at which students are clipped.
    widest : float or None
        No distance is larger; None where the space has no known scale.
    """
    quantity = base(name)
    if quantity == "entropy":
        return 0.0, LN2
    if quantity == "ties":
        return 0.0, 1.0
    if quantity in DISTANCES:
        return None if widest is None else (0.0, widest)
    if quantity in ("divergence", "risk"):
        lemma = group_range(groups, pairs=pairs, score_range=score_range)
        return (lemma.low if quantity == "risk" else 0.0), lemma.high
    return None


def difference_range(first: Range | None, second: Range | None) -> Range | None:
    """Range of the difference of two values.

    Examples
    --------
    >>> difference_range((0.0, 1.0), (0.0, 2.0))
    (-2.0, 1.0)
    """
    if first is None or second is None:
        return None
    return first[0] - second[1], first[1] - second[0]


def widest_distance(embeddings: Embeddings | None, metric: str) -> float | None:
    """A distance that no pair exceeds, whatever the sample; None if not known.

    Angles are at most pi and unit vectors at most 2 apart. The largest distance of the
    sample would be no such number.
    """
    if embeddings is None:
        return None
    if metric == "angular":
        return math.pi
    if embeddings.unit_norm_share(tolerance=UNIT_SLACK) == 1.0:
        return 2.0 * (1 + UNIT_SLACK)
    return None
