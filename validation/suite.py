"""All checks together: every statement, the constants, and the counterexamples."""

from __future__ import annotations

import inspect
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

import numpy as np
import sympy
from numpy.random import Generator
from sympy import Expr, Rational, Symbol

from rankbound.bounds.constants import a_bend, a_star, c_phi, lambda_star
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import delta
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import PairEntropy, Sigmoid
from rankbound.bounds.statements import Statement
from rankbound.validation.checks import (
    bilinear,
    comparators,
    designs,
    diameters,
    limits,
    losses,
    rankings,
    shifts,
)
from rankbound.validation.checks.refutations import REFUTATIONS
from rankbound.validation.findings import Case, Check, CheckTable, Finding
from rankbound.validation.symbolic import Enclosure, least
from rankbound.validation.worlds import Terms, World

Verdict = Literal["holds", "enclosed", "refuted", "FAILS"]


CONSTANTS: Final[dict[str, Expr]] = {
    "constant-a_0": a_bend,
    "constant-a_star": a_star,
    "constant-lambda_star": lambda_star,
    "constant-c_phi": c_phi,
}

_x: Final = Symbol("x", positive=True)

_SLOPE: Final = _x * Sigmoid(_x) * Sigmoid(-_x)

# the equation of a constant, a bracket on which it increases, and its function
_EQUATIONS: Final = {
    "constant-a_0": (_x * sympy.tanh(_x / 2) - 1, (1.0, 2.0), _x),
    "constant-c_phi": (_x * sympy.tanh(_x / 2) - 1, (1.0, 2.0), _SLOPE),
    "constant-a_star": (_tangent := PairEntropy(_x) - sympy.log(2) + _x * _SLOPE,
                        (2.0, 3.0), _x),
    "constant-lambda_star": (_tangent, (2.0, 3.0), _SLOPE),
}  # fmt: skip

_DIGITS: Final = Rational(1, 10**13)


def _joined(*tables: CheckTable) -> CheckTable:
    joined = CheckTable()
    for table in tables:
        for key, check in table.items():
            joined.of(key)(check)
    return joined


CHECKS: Final = _joined(
    losses.CHECKS,
    bilinear.CHECKS,
    limits.CHECKS,
    shifts.CHECKS,
    rankings.CHECKS,
    designs.CHECKS,
    diameters.CHECKS,
    comparators.CHECKS,
)


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one check.

    Attributes
    ----------
    key : str
        Of the statement, or "constant-..." or "refuted-...".
    verdict : {"holds", "enclosed", "refuted", "FAILS"}
        The first three pass: statements hold, constants are enclosed, tempting
        statements are refuted.
    finding : Finding
        How, over what, looseness, details.
    seconds : float
        Time that it took.
    """

    key: str
    verdict: Verdict
    finding: Finding
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the check came out as it should."""
        return self.verdict != "FAILS"


def names() -> list[str]:
    """Everything that can be certified, in the order of the proofs."""
    return [*REGISTRY, *CONSTANTS, *REFUTATIONS]


def certify(
    keys: Sequence[str] | None = None,
    *,
    deep: bool = False,
    seed: int = 0,
    groups: World | None = None,
    measured: Mapping[str, Terms] | None = None,
) -> Iterator[Row]:
    """Run checks one after another.

    Parameters
    ----------
    keys : sequence of str, optional
        Which of `names`; all if not given.
    deep : bool
        Ten times the search, and narrower tolerances for the interval proofs.
    seed : int
        Seed of the checks; a check draws the same numbers alone as among others.
    groups : World, optional
        Real groups of documents with a trained student: every probabilistic statement
        has to hold on samples of these queries, too.
    measured : mapping of str to Terms, optional
        Terms of measured queries by student, aligned: further populations for the
        statements that need no more than the terms of a query.

    Yields
    ------
    Row
        One per key, in the order of the keys.

    Raises
    ------
    DomainError
        If there is nothing of that name.

    Examples
    --------
    >>> [row.verdict for row in certify(["lemma-1", "constant-a_0"])]
    ['holds', 'enclosed']
    """
    known = names()
    for key in known if keys is None else keys:
        if key not in known:
            raise DomainError(
                f"nothing called {key!r} can be certified; the names are "
                f"{', '.join(known)}"
            )
        generator = np.random.default_rng([seed, zlib.crc32(key.encode())])
        if key in CONSTANTS:
            yield _row(key, "enclosed", partial(enclose, key))
        elif key in REFUTATIONS:
            yield _row(key, "refuted", partial(REFUTATIONS[key], generator))
        else:
            case = Case(REGISTRY[key], generator, deep, groups, measured or {})
            yield _certified(case)


def probabilistic(entry: Statement) -> bool:
    """Whether a statement holds with a chance of 1 - delta only, over samples.

    The risk of the averaged ensemble is one of them, since it is what Theorem 1 (f)
    is used for.

    Examples
    --------
    >>> probabilistic(REGISTRY["theorem-1d"]), probabilistic(REGISTRY["lemma-1"])
    (True, False)
    """
    if entry.key == "theorem-1f-ensemble":
        return True
    if entry.procedure is not None:
        return "delta" in inspect.signature(entry.procedure).parameters
    return delta in entry.arguments


def certified(
    statement: Statement,
    *,
    rng: Generator,
    deep: bool = False,
    groups: World | None = None,
) -> Row:
    """Check one statement, in the form in which it is given.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rankbound.bounds import statement
    >>> true = statement("lemma-2a-upper")
    >>> false = replace(true, expression=0.98 * true.expression)
    >>> certified(false, rng=np.random.default_rng(0)).verdict
    'FAILS'
    """
    return _certified(Case(statement, rng, deep, groups))


def _certified(case: Case) -> Row:
    check: Check = CHECKS[case.statement.key]
    row = _row(case.statement.key, "holds", partial(check, case))
    if not probabilistic(case.statement):
        return row
    over = row.finding.over + _left_out(case, row.finding.over)
    return replace(row, finding=replace(row.finding, over=over))


def _left_out(case: Case, over: str) -> str:
    """Say which real queries a statement was not covered on, and why."""
    text = "" if case.groups is not None else "; no real groups at hand"
    if case.measured and "measured" not in over:
        text += "; measured queries left out, only their terms are known"
    return text


def _row(key: str, verdict: Verdict, check: Callable[[], Finding]) -> Row:
    start = time.perf_counter()
    try:
        finding = check()
    except (ValueError, TypeError, ArithmeticError) as error:
        # a statement that cannot be evaluated where it should hold is a wrong one
        wrong = f"{type(error).__name__}: {error}"
        finding = Finding("evaluation", "its stated domain", False, None, wrong)
    seconds = time.perf_counter() - start
    return Row(key, verdict if finding.holds else "FAILS", finding, seconds)


def enclose(name: str, claimed: Expr | None = None) -> Finding:
    """Enclose a constant to 12 digits and compare with the number that is used.

    A change of sign of its equation between two numbers 2e-13 apart brackets a root,
    and a slope of one sign on the whole unit bracket says that it is the only one.

    Examples
    --------
    >>> enclose("constant-a_0").holds
    True
    >>> enclose("constant-a_0", sympy.Float("1.54340463842")).holds
    False
    """
    equation, bracket, function = _EQUATIONS[name]
    value = CONSTANTS[name] if claimed is None else claimed
    root = _root(equation, bracket)
    enclosure = Enclosure()
    near = [root - _DIGITS, root + _DIGITS]
    signs = [enclosure.of(equation.subs(_x, end), {}) for end in near]
    # falling or rising: the tangent's equation falls on its bracket
    rising = signs[0][1] < 0 < signs[1][0]
    falling = signs[0][0] > 0 > signs[1][1]
    slope = equation.diff(_x)
    alone, boxes = least(slope if rising else -slope, {_x: bracket}, floor=0.0)
    span = {_x: (float(near[0]), float(near[1]))}
    low, high = enclosure.of(function, span)
    inside = low <= float(value.evalf(20)) <= high and high - low < 1e-12
    wrong = ""
    if not (rising or falling):
        wrong = "its equation does not change sign"
    elif not alone:
        wrong = "its equation may have other roots in the bracket"
    elif not inside:
        wrong = f"{value.evalf(16)} is not in [{low!r}, {high!r}]"
    over = f"[{low:.15f}, {high:.15f}], {boxes} boxes"
    return Finding(f"intervals, {enclosure.library.name}", over, not wrong, None, wrong)


def _root(equation: Expr, bracket: tuple[float, float]) -> Rational:
    """Root by bisection in rational numbers; only the signs around it are a proof."""
    low, high = (Rational(end) for end in bracket)
    first = equation.subs(_x, low).evalf(30)
    while high - low > _DIGITS / 100:
        middle = (low + high) / 2
        if (equation.subs(_x, middle).evalf(30) > 0) == (first > 0):
            low = middle
        else:
            high = middle
    return low
