"""Populations of paired per-query entropies whose mean difference is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats

# Reference entropies lie here, so that every difference below stays within [0, ln 2]
REFERENCE: Final = (0.17, 0.45)
WIDTH: Final = 0.1
RARE, JUMP = 0.1, 0.18

Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


def even(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Differences spread evenly about 0, sd 0.058."""
    return rng.uniform(-WIDTH, WIDTH, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Few large differences against many small ones: mean 0, sd 0.06."""
    small = -JUMP * RARE / (1 - RARE)
    return np.where(rng.random(shape) < RARE, JUMP, small)


SHAPES: Final[dict[str, Draw]] = {"even": even, "skewed": skewed}


def paired_sets(
    shape: str, *, mean: float, n: int, sets: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw data sets of paired entropies.

    Parameters
    ----------
    shape : {"even", "skewed"}
    mean : float
        The true mean difference in nats, within 0.06 of 0.
    n, sets : int
        Queries of a data set, and how many of these.
    rng : numpy.random.Generator

    Returns
    -------
    values, reference : float64 arrays, shape (sets, n)
        In [0, ln 2]; ``values - reference`` has the mean asked for.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values, reference = paired_sets("even", mean=0.02, n=5, sets=2, rng=rng)
    >>> values.shape, bool((values >= 0).all())
    ((2, 5), True)
    """
    if shape not in SHAPES:
        raise DomainError(f"no shape {shape!r}; there are {', '.join(SHAPES)}")
    if not abs(mean) <= 0.06:
        raise DomainError(f"`mean` must lie within 0.06 of 0, got {mean}")
    reference = rng.uniform(*REFERENCE, (sets, n))
    return reference + SHAPES[shape](rng, (sets, n)) + mean, reference
