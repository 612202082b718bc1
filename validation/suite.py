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

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import delta
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import (
    PairEntropy,
    Sigmoid,
    a_bend,
    a_star,
    c_phi,
    lambda_star,
)
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
    small_samples,
)
from rankbound.validation.checks.refutations import REFUTATIONS
from rankbound.validation.findings import Case, Check, CheckTable, Finding
from rankbound.validation.symbolic import Enclosure, least
from rankbound.validation.worlds import Terms, World

# A delta enters these, and yet they hold on every sample, or are about a chance.
CERTAIN: Final = (
    *("theorem-8b-queries", "theorem-9a"),
    *("theorem-9b", "theorem-9b-median"),
)
Verdict = Literal["holds", "enclosed", "refuted", "FAILS"]
CONSTANTS: Final[dict[str, Expr]] = {
    "constant-a_0": a_bend,
    "constant-a_star": a_star,
    "constant-lambda_star": lambda_star,
    "constant-c_phi": c_phi,
}
_x: Final = Symbol("x", positive=True)
_SLOPE: Final = _x * Sigmoid(_x) * Sigmoid(-_x)
# Equation of each constant, a bracket of its root, and the constant at the root
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
    small_samples.CHECKS,
    comparators.CHECKS,
)


@dataclass(frozen=True, slots=True)
class Row:
    """The outcome of one check.

    Attributes
    ----------
    key : str
        Key of the statement, or "constant-..." or "refuted-...".
    verdict : {"holds", "enclosed", "refuted", "FAILS"}
        The first three pass: a statement holds, a constant is enclosed, a tempting
        statement is refuted.
    finding : Finding
        Method, cases, looseness and details.
    seconds : float
        Duration of the check.
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
    """Return the keys of everything that can be certified, in the order of the proofs.

    Examples
    --------
    >>> names()[:2]
    ['lemma-0', 'lemma-0-pool']
    """
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
        Some of `names`; all of them by default.
    deep : bool
        Search ten times as long, and prove by intervals with narrower tolerances.
    seed : int
        A check draws the same numbers whether it runs alone or among others.
    groups : World, optional
        Real groups of documents with a trained student. Every probabilistic statement
        then has to hold on samples of these queries as well.
    measured : mapping of str to Terms, optional
        Terms of measured queries by student, in the same order for all students. They
        are further populations for statements that need only the terms of a query.

    Yields
    ------
    Row
        One per key, in the order of the keys.

    Raises
    ------
    DomainError
        If a key is not one of `names`.

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
    """Whether a statement holds only with probability 1 - delta over samples.

    The risk of the averaged ensemble counts as one, since Theorem 1 (f) is used for it.

    Examples
    --------
    >>> probabilistic(REGISTRY["theorem-1d"]), probabilistic(REGISTRY["lemma-1"])
    (True, False)
    """
    if entry.key == "theorem-1f-ensemble":
        return True
    if entry.key in CERTAIN:
        return False
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
    """Check one statement in the form given, which may differ from the registry's.

    Parameters and result are those of `certify`.

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
    """Describe the real queries on which a statement was not checked, and why."""
    text = "" if case.groups is not None else "; no real groups at hand"
    if case.measured and "measured" not in over:
        text += "; measured queries left out, only their terms are known"
    return text


def _row(key: str, verdict: Verdict, check: Callable[[], Finding]) -> Row:
    start = time.perf_counter()
    try:
        finding = check()
    except (ValueError, TypeError, ArithmeticError) as error:
        # A statement that cannot be evaluated where it should hold is wrong
        wrong = f"{type(error).__name__}: {error}"
        finding = Finding("evaluation", "its stated domain", False, None, wrong)
    seconds = time.perf_counter() - start
    return Row(key, verdict if finding.holds else "FAILS", finding, seconds)


def enclose(name: str, claimed: Expr | None = None) -> Finding:
    """Enclose a constant to 12 digits, and compare it with the number in use.

    A change of sign of its equation between two numbers 2e-13 apart brackets a root. A
    slope of one sign on the whole bracket shows that there is no other root.

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
    # Most equations rise on their bracket; that of the tangent falls
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
    """Find a root by bisection; the proof rests on the signs around it alone."""
    low, high = (Rational(end) for end in bracket)
    first = equation.subs(_x, low).evalf(30)
    while high - low > _DIGITS / 100:
        middle = (low + high) / 2
        if (equation.subs(_x, middle).evalf(30) > 0) == (first > 0):
            low = middle
        else:
            high = middle
    return low
