"""In transition: what `power` reads of a comparison, until that has its type."""

from __future__ import annotations

from typing import ClassVar

from rankbound.results import Beside, Result


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
