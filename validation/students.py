"""Risks of several students on the queries of every finite super-population."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from rankbound.validation.findings import Case
from rankbound.validation.worlds import World, worlds


@dataclass(frozen=True, slots=True)
class Family:
    """Risks of several students on the queries of a finite super-population.

    Attributes
    ----------
    name : str
        Of the super-population.
    weights : numpy.ndarray
        Chance of each query, of shape (m,).
    risks : numpy.ndarray
        Of shape (students, m), in [low, high].
    low, high : float
        The interval of one risk.
    """

    name: str
    weights: Any
    risks: Any
    low: float
    high: float

    @property
    def means(self) -> Any:
        """True risk of every student."""
        return self.risks @ self.weights

    def draw(self, rng: Generator, shape: tuple[int, ...]) -> Any:
        """Positions of queries drawn independently."""
        return rng.choice(len(self.weights), size=shape, p=self.weights)


def families(case: Case, n: int, count: int) -> Iterator[Family]:
    """Students on the queries of every world, and measured students."""
    for place in worlds(case.rng, n, case.groups):
        yield family(place, place.students(case.rng, norm=3.0, count=count))
    if case.measured:
        rows = np.array([terms.rescaled for terms in case.measured.values()])
        even = np.full(rows.shape[1], 1 / rows.shape[1])
        yield Family("measured students", even, rows, 0.0, 1.0)


def family(place: World, matrices: Any) -> Family:
    """The risks of students on a world, with the range that they have there."""
    risks = place.losses(matrices).mean(axis=2)
    low, high = float(risks.min()), float(risks.max())
    return Family(place.name, place.weights, risks, low, max(high, low + 1e-9))
