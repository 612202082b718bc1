"""Coverage of a limit by simulation: populations with known risk, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import beta

from rankbound.validation.findings import Case, Tally

FALSE_ALARM: Final = 1e-6
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Population:
    """A law on [0, 1] with known mean.

    Attributes
    ----------
    name : str
        For the table.
    mean : float
        The risk.
    draw : callable
        Returns an array of the shape that it is given.
    """

    name: str
    mean: float
    draw: Callable[[Generator, tuple[int, ...]], Any]


def populations(n: int, real: Mapping[str, Any]) -> Iterator[Population]:
    """Two-point, even, beta, the adversarial Bernoulli(1 / n), and real risks.

    Real risks of queries, in [0, 1], are a population of their own: samples are drawn
    from them with replacement, so that its mean is known.
    """
    for name, values in real.items():
        drawn = partial(_resampled, np.asarray(values))
        yield Population(name, float(np.mean(values)), drawn)
    yield Population("two-point", 0.34, lambda r, s: 0.2 + 0.7 * (r.random(s) < 0.2))
    yield Population("even", 0.5, lambda r, s: (r.random(s) < 0.5).astype(float))
    yield Population("beta(1, 9)", 0.1, lambda r, s: r.beta(1, 9, size=s))
    yield Population(
        "Bernoulli(1/n)", 1 / n, lambda r, s: (r.random(s) < 1 / n).astype(float)
    )


def _resampled(values: Floats, rng: Generator, shape: tuple[int, ...]) -> Any:
    return rng.choice(values, size=shape)


def fewest_misses(misses: int, runs: int, *, false_alarm: float = FALSE_ALARM) -> float:
    """Clopper-Pearson lower limit of the chance of a miss.

    Examples
    --------
    >>> fewest_misses(0, 100)
    0.0
    >>> 0.2 < fewest_misses(50, 100) < 0.3
    True
    """
    if misses == 0:
        return 0.0
    return float(beta.ppf(false_alarm, misses, runs - misses + 1))


@dataclass(slots=True)
class Coverage:
    """Counts misses of limits, and how close the truth comes to them.

    A limit is refuted if the Clopper-Pearson lower limit of its chance of a miss, at
    confidence ``1 - 1e-6``, is above delta. The looseness is that of the tightest
    population: what the limit adds to the centre over what it had to add at delta.
    """

    tally: Tally
    delta: float
    names: list[str] = field(default_factory=list)
    closest: float = 0.0

    def over(self, samples: str) -> str:
        """Say in words what was covered: the worlds, and the samples of each."""
        return f"{', '.join(dict.fromkeys(self.names))}: {samples} each"

    def beside(self, samples: str) -> str:
        """The same with the looseness, for a check that also attains equality."""
        loose = f"{1 / self.closest:.3g}" if self.closest > 0 else "unknown"
        return f"{self.over(samples)}, looseness {loose}"

    def judge(self, truth: Any, centre: Any, limit: Any, what: str) -> None:
        """Enter the runs of one population; the limit is an upper one."""
        self.names.append(what)
        truth, centre, limit = np.broadcast_arrays(truth, centre, limit)
        misses = int((truth > limit + 1e-12).sum())
        rate = fewest_misses(misses, truth.size)
        self.tally.require(
            rate <= self.delta,
            f"{what}: {misses} misses in {truth.size} runs at delta {self.delta}",
        )
        needed = float(np.quantile(truth - centre, 1 - self.delta))
        added = float(np.mean(limit - centre))
        self.tally.compared = True
        if added > 0 and needed > 0:
            share = min(1.0, needed / added)  # both are estimates
            self.closest = max(self.closest, share)
            self.tally.closest = max(self.tally.closest, share)


def cover_means(
    case: Case, limit: Callable[[Floats], Any], *, sizes: tuple[int, int], delta: float
) -> tuple[Tally, str]:
    """Check an upper limit of a mean on every population.

    Parameters
    ----------
    case : Case
        For randomness and effort.
    limit : callable
        From an array of shape (runs, n) to limits of shape (runs,).
    sizes : tuple of int
        Runs per population, and n.
    delta : float
        Failure probability of the limit.
    """
    runs, n = case.rounds(sizes[0]), sizes[1]
    coverage = Coverage(Tally(), delta)
    for law in populations(n, case.real_risks()):
        draws = law.draw(case.rng, (runs, n))
        coverage.judge(law.mean, draws.mean(axis=1), limit(draws), law.name)
    return coverage.tally, coverage.over(f"{runs} samples of {n}")
