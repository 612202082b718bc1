"""What a check of one statement is given and what it hands back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from rankbound.bounds.statements import Statement
from rankbound.data.columns import Floats
from rankbound.validation.worlds import Terms, World

# Relative rounding error that exact arithmetic in float64 is allowed.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Case:
    """One statement to be checked, with the effort to spend on it.

    Attributes
    ----------
    statement : Statement
        As in the registry, or a broken copy that the check has to catch.
    rng : numpy.random.Generator
        The only source of randomness.
    deep : bool
        Whether to search longer.
    groups : World, optional
        Real groups of documents with a trained student, from which queries are
        resampled; none by default.
    measured : mapping of str to Terms
        Terms of measured queries by student, aligned over the students, as further
        populations to resample; none by default.
    """

    statement: Statement
    rng: Generator
    deep: bool = False
    groups: World | None = None
    measured: Mapping[str, Terms] = field(default_factory=dict)

    def real_terms(self) -> dict[str, Terms]:
        """Terms of real queries by what they are called: measured ones, and groups."""
        found = {f"measured {name}": terms for name, terms in self.measured.items()}
        if self.groups is not None and self.groups.student is not None:
            found[self.groups.name] = self.groups.terms(self.groups.student)
        return found

    def real_risks(self) -> dict[str, Floats]:
        """Risks of real queries on the scale from 0 to 1."""
        return {name: terms.rescaled for name, terms in self.real_terms().items()}

    def value(self, *arguments: Any) -> Any:
        """Evaluate the closed form on numbers."""
        return self.statement.numpy()(*arguments)

    @property
    def expression(self) -> Any:
        """The closed form as a SymPy expression."""
        return self.statement.expression

    def compute(self, *arguments: Any, **options: Any) -> Any:
        """Call the procedure of a statement without closed form."""
        if self.statement.procedure is None:
            raise TypeError(f"{self.statement.key} has no procedure")
        return self.statement.procedure(*arguments, **options)

    def rounds(self, quick: int) -> int:
        """Number of repetitions: `quick`, or ten times as many."""
        return 10 * quick if self.deep else quick


@dataclass(frozen=True, slots=True)
class Finding:
    """How a statement was checked, over what, and with which result.

    Attributes
    ----------
    how, over : str
        The method and the range of cases, for a table.
    holds : bool
        Whether nothing contradicts the statement.
    looseness : float, optional
        Right-hand side over the largest left-hand side that was reached; 1 is attained.
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
    """Collects inequalities and equalities, and remembers the first that fails.

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
        """Require ``left <= right`` and record how close they come."""
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
        """Require that the case of equality reaches the bound."""
        self.at_most(left, right)
        self.same(left, right, "attained")

    def require(self, condition: bool, what: str) -> None:
        """Require a condition that is no comparison of two numbers."""
        if not condition:
            self.wrong = self.wrong or what

    def finding(self, how: str, over: str) -> Finding:
        """Sum up."""
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
    """Checks by the key of the statement."""

    def of(self, *keys: str) -> Callable[[Check], Check]:
        """Enter the decorated function as the check of these statements."""

        def enter(check: Check) -> Check:
            for key in keys:
                if key in self:
                    raise ValueError(f"two checks of {key}")
                self[key] = check
            return check

        return enter
