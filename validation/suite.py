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
from numpy.random import Generator

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import delta
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.statements import Statement
from rankbound.validation.checks import (
    bilinear,
    comparators,
    designs,
    diameters,
    families,
    limits,
    lists,
    losses,
    relevance,
    shift_limits,
    shifts,
    small_samples,
    truncation,
)
from rankbound.validation.checks.constants import CONSTANTS, enclose
from rankbound.validation.checks.refutations import REFUTATIONS
from rankbound.validation.findings import Case, Check, CheckTable, Finding
from rankbound.validation.worlds import Terms, World

# A delta enters these, and yet they hold on every sample, or are about a chance.
CERTAIN: Final = (
    *("theorem-8b-queries", "theorem-9a"),
    *("theorem-9b", "theorem-9b-median"),
)
Verdict = Literal["holds", "enclosed", "refuted", "FAILS"]


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
    families.CHECKS,
    shifts.CHECKS,
    shift_limits.CHECKS,
    relevance.CHECKS,
    designs.CHECKS,
    lists.CHECKS,
    diameters.CHECKS,
    truncation.CHECKS,
    small_samples.CHECKS,
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
