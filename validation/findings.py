"""The input and the result of a check, and the coverage of limits by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike
from scipy.stats import beta

from rankbound.bounds.statements import Statement
from rankbound.data.columns import Floats
from rankbound.validation.worlds import Terms, World, worlds

# Relative rounding error allowed where real arithmetic would be exact
ROUNDING = 1e-9
FALSE_ALARM: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Case:
    """A statement to be checked, and the effort to spend on it.

    Attributes
    ----------
    statement : Statement
        From the registry, or a broken copy that the check has to catch.
    rng : numpy.random.Generator
        The only source of randomness.
    deep : bool
        Whether to search longer.
    groups : World, optional
        Real groups of documents with a trained student, as a population of queries to
        resample.
    measured : mapping of str to Terms
        Terms of measured queries by student, in the same order for all students, as
        further populations to resample.
    """

    statement: Statement
    rng: Generator
    deep: bool = False
    groups: World | None = None
    measured: Mapping[str, Terms] = field(default_factory=dict)

    def real_terms(self) -> dict[str, Terms]:
        """Terms of real queries by name: those measured, and those of the groups."""
        found = {f"measured {name}": terms for name, terms in self.measured.items()}
        if self.groups is not None and self.groups.student is not None:
            found[self.groups.name] = self.groups.terms(self.groups.student)
        return found

    def real_risks(self) -> dict[str, Floats]:
        """Risks of real queries, rescaled to [0, 1]."""
        return {name: terms.rescaled for name, terms in self.real_terms().items()}

    def value(self, *arguments: Any) -> Any:
        """Evaluate the closed form at numbers."""
        return self.statement.numpy()(*arguments)

    @property
    def expression(self) -> Any:
        """The closed form as a SymPy expression."""
        return self.statement.expression

    def compute(self, *arguments: Any, **options: Any) -> Any:
        """Call the procedure of a statement that has no closed form."""
        if self.statement.procedure is None:
            raise TypeError(f"{self.statement.key} has no procedure")
        return self.statement.procedure(*arguments, **options)

    def rounds(self, quick: int) -> int:
        """Return the number of repetitions: `quick`, or ten times as many if deep."""
        return 10 * quick if self.deep else quick


@dataclass(frozen=True, slots=True)
class Finding:
    """How a statement was checked, over which cases, and with which result.

    Attributes
    ----------
    how, over : str
        The method and the cases, for a table.
    holds : bool
        Whether nothing contradicts the statement.
    looseness : float, optional
        Right-hand side over the largest left-hand side that was found; 1 means that
        the bound is attained.
    detail : str
        What went wrong, or a number worth knowing.
    """

    how: str
    over: str
    holds: bool
    looseness: float | None = None
    detail: str = ""


@dataclass(slots=True)
class Tally:
    """Collect inequalities and equalities, and remember the first that fails.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.at_most(1.0, 2.0)
    >>> tally.finding("search", "one case").looseness
    2.0
    >>> tally.at_most(3.0, 2.0, "too large")
    >>> tally.finding("search", "one case").detail
    'too large: 3 <= 2 is wrong'
    """

    rounding: float = ROUNDING
    closest: float = 0.0
    wrong: str = ""
    compared: bool = field(default=False)

    def at_most(self, left: ArrayLike, right: ArrayLike, what: str = "bound") -> None:
        """Require ``left <= right``, and record how close the two come."""
        low, high = self._pair(left, right)
        bad = ~(low <= high + self.rounding * (1 + np.abs(high)))
        self._fail(bad, low, high, f"{what}: {{:.6g}} <= {{:.6g}} is wrong")
        self.compared = True
        usable = (high > 1e-6) & (low > 0)
        if usable.any():
            share = float((low[usable] / high[usable]).max())
            self.closest = max(self.closest, share)

    def same(self, left: ArrayLike, right: ArrayLike, what: str = "form") -> None:
        """Require equality up to rounding."""
        low, high = self._pair(left, right)
        with np.errstate(invalid="ignore"):  # equal infinities
            close = np.abs(low - high) <= self.rounding * (1 + np.abs(high))
        bad = ~(close | (low == high))
        self._fail(bad, low, high, f"{what}: {{:.12g}} = {{:.12g}} is wrong")

    def attained(self, left: ArrayLike, right: ArrayLike) -> None:
        """Require ``left <= right`` with equality up to rounding."""
        self.at_most(left, right)
        self.same(left, right, "attained")

    def require(self, condition: bool, what: str) -> None:
        """Require a condition that does not compare two numbers."""
        if not condition:
            self.wrong = self.wrong or what

    def finding(self, how: str, over: str) -> Finding:
        """Return the finding of everything entered so far."""
        loose = 1 / self.closest if self.closest > 0 else math.inf
        looseness = max(1.0, loose) if self.compared else None
        return Finding(how, over, not self.wrong, looseness, self.wrong)

    @staticmethod
    def _pair(left: ArrayLike, right: ArrayLike) -> Any:
        low, high = np.broadcast_arrays(
            np.asarray(left, dtype=float), np.asarray(right, dtype=float)
        )
        return np.atleast_1d(low), np.atleast_1d(high)

    def _fail(self, bad: Any, low: Any, high: Any, message: str) -> None:
        if bad.any() and not self.wrong:
            self.wrong = message.format(float(low[bad][0]), float(high[bad][0]))


Check = Callable[[Case], Finding]


class CheckTable(dict[str, Check]):
    """Checks by the key of their statement."""

    def of(self, *keys: str) -> Callable[[Check], Check]:
        """Register the decorated function as the check of these statements.

        Raises
        ------
        ValueError
            If a statement already has a check.
        """

        def enter(check: Check) -> Check:
            for key in keys:
                if key in self:
                    raise ValueError(f"{key} has a check already; remove one of them")
                self[key] = check
            return check

        return enter


@dataclass(frozen=True, slots=True)
class Population:
    """A law on [0, 1] with a known mean.

    Attributes
    ----------
    name : str
        Name in the table.
    mean : float
        The risk.
    draw : callable
        From a generator and a shape to an array of independent values.
    """

    name: str
    mean: float
    draw: Callable[[Generator, tuple[int, ...]], Any]


def populations(n: int, real: Mapping[str, Any]) -> Iterator[Population]:
    """Yield real risks, then two-point, even, beta and Bernoulli(1 / n) laws.

    Real risks of queries, in [0, 1], are resampled with replacement, so that the mean
    of their population is known. Bernoulli(1 / n) is adversarial: many samples miss its
    only value above 0.

    Examples
    --------
    >>> found = populations(50, {"real": [0.2, 0.4]})
    >>> [(law.name, round(law.mean, 2)) for law in found]
    [('real', 0.3), ('two-point', 0.34), ('even', 0.5), ('beta(1, 9)', 0.1),
     ('Bernoulli(1/n)', 0.02)]
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
    """Clopper-Pearson lower limit of the probability of a miss.

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
    """Count the misses of limits, and how close the truth comes to them.

    A limit is refuted if the Clopper-Pearson lower limit of its probability of a miss,
    at confidence ``1 - 1e-6``, is above delta. The looseness is what the limit adds to
    the centre over what it would have had to add at delta, in the tightest population.
    """

    tally: Tally
    delta: float
    names: list[str] = field(default_factory=list)
    closest: float = 0.0

    def over(self, samples: str) -> str:
        """Describe what was covered: the populations, and the samples of each."""
        return f"{', '.join(dict.fromkeys(self.names))}: {samples} each"

    def beside(self, samples: str) -> str:
        """Add the looseness to `over`, for a check that also attains equality."""
        loose = f"{1 / self.closest:.3g}" if self.closest > 0 else "unknown"
        return f"{self.over(samples)}, looseness {loose}"

    def judge(self, truth: Any, centre: Any, limit: Any, what: str) -> None:
        """Enter truth, centre and upper limit of the runs of one population."""
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
        Randomness and effort.
    limit : callable
        From an array of shape (runs, n) to limits of shape (runs,).
    sizes : tuple of int
        Number of runs per population, and n.
    delta : float
        Failure probability of the limit.

    Returns
    -------
    tuple of Tally and str
        The result, and a description of what was covered.
    """
    runs, n = case.rounds(sizes[0]), sizes[1]
    coverage = Coverage(Tally(), delta)
    for law in populations(n, case.real_risks()):
        draws = law.draw(case.rng, (runs, n))
        coverage.judge(law.mean, draws.mean(axis=1), limit(draws), law.name)
    return coverage.tally, coverage.over(f"{runs} samples of {n}")


@dataclass(frozen=True, slots=True)
class Family:
    """Risks of several students on the queries of a finite population.

    Attributes
    ----------
    name : str
        Name of the population.
    weights : numpy.ndarray
        Probability of each query, of shape (m,).
    risks : numpy.ndarray
        Of shape (students, m), in [low, high].
    low, high : float
        The range of one risk.
    """

    name: str
    weights: Any
    risks: Any
    low: float
    high: float

    @property
    def means(self) -> Any:
        """The true risk of every student."""
        return self.risks @ self.weights

    def draw(self, rng: Generator, shape: tuple[int, ...]) -> Any:
        """Draw positions of queries independently."""
        return rng.choice(len(self.weights), size=shape, p=self.weights)


def families(case: Case, n: int, count: int) -> Iterator[Family]:
    """Yield `count` students on the queries of every world, and measured students."""
    for place in worlds(case.rng, n, case.groups):
        yield family(place, place.students(case.rng, norm=3.0, count=count))
    if case.measured:
        rows = np.array([terms.rescaled for terms in case.measured.values()])
        even = np.full(rows.shape[1], 1 / rows.shape[1])
        yield Family("measured students", even, rows, 0.0, 1.0)


def family(place: World, matrices: Any) -> Family:
    """Compute the risks of students on a world, and the range of these risks."""
    risks = place.losses(matrices).mean(axis=2)
    low, high = float(risks.min()), float(risks.max())
    return Family(place.name, place.weights, risks, low, max(high, low + 1e-9))
