"""In transition: what `power` and `certify` read of a ledger and a comparison.

`Ledger` and `Comparison` of the commands themselves take the place of these types.
"""

from __future__ import annotations

from typing import ClassVar

from rankbound.results import Beside, Record, Result


class Range(Record, frozen=True, kw_only=True):
    """Where one query's risk lies."""

    low: float
    high: float


class Student(Record, frozen=True, kw_only=True):
    """A student of a ledger."""

    range: Range


class Ledger(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.ledger/1"
):
    """A ledger, as far as it is read here."""

    KIND: ClassVar[str] = "ledger"
    FILE: ClassVar[str] = "ledger.json"
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        Beside("per_query", ("per_query.tsv",), ("qid", "student", "entropy_nats")),
    )

    students: dict[str, Student]


class Comparison(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.comparison/1"
):
    """A comparison, as far as it is read here."""

    KIND: ClassVar[str] = "comparison"
    FILE: ClassVar[str] = "comparison.json"
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        Beside(
            "per_query",
            ("comparison.per_query.tsv", "per_query.tsv"),
            ("qid", "sampling", "quantity", "pairs", "value"),
        ),
    )

    reference: str
