"""Every statement of the theory by key, in the order of the proofs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rankbound.bounds import (
    comparators,
    lemma4,
    lemma5,
    lemmas,
    losses,
    pair_series,
    paper_form,
    small_samples,
    theorem1,
    theorem2,
    theorem3,
    theorem4,
    theorem5,
    theorem6,
    theorem7,
)
from rankbound.bounds.errors import DomainError
from rankbound.bounds.statements import Statement


def _in_order(*statements: Statement) -> Mapping[str, Statement]:
    """Index statements by key, refusing two with the same one."""
    found: dict[str, Statement] = {}
    for entry in statements:
        if entry.key in found:
            raise DomainError(f"two statements are called {entry.key!r}; rename one")
        found[entry.key] = entry
    return MappingProxyType(found)


REGISTRY: Final = _in_order(
    *lemmas.STATEMENTS,
    *lemma4.STATEMENTS,
    *theorem1.STATEMENTS,
    *theorem2.STATEMENTS,
    *theorem3.STATEMENTS,
    *theorem4.STATEMENTS,
    *theorem5.STATEMENTS,
    *theorem6.STATEMENTS,
    *lemma5.STATEMENTS,
    *theorem7.STATEMENTS,
    *small_samples.STATEMENTS,
    *pair_series.STATEMENTS,
    *losses.STATEMENTS,
    *paper_form.STATEMENTS,
    *comparators.STATEMENTS,
)


def statement(key: str) -> Statement:
    """Return a statement by key.

    Raises
    ------
    DomainError
        If no statement has that key; the message lists the keys.

    Examples
    --------
    >>> statement("theorem-1d").title
    'Betting limit'
    >>> round(statement("lemma-2c-upper").numpy()(10.0, 8 / 15), 4)
    5.6568
    """
    if key not in REGISTRY:
        raise DomainError(
            f"unknown statement {key!r}; the statements are {', '.join(REGISTRY)}"
        )
    return REGISTRY[key]
