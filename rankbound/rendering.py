"""How results and data show themselves: attached here, from outside.

Types know nothing of terminals and pages. Their text and HTML are made by the functions
that these tables name, which are loaded when something is shown.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

# The functions that make the short text of a type, its whole text where `print` shows
# more, and its HTML
TEXT: Final[dict[str, str]] = {
    "Ablation": "rankbound.terminal.ablate:ablation_text",
    "Augmentation": "rankbound.terminal.theory:augmentation_text",
    "Bound": "rankbound.terminal.theory:bound_text",
    "Certification": "rankbound.terminal.theory:certification_text",
    "Comparison": "rankbound.terminal.compare:comparison_text",
    "Contents": "rankbound.terminal.data:contents_text",
    "Conversion": "rankbound.terminal.files:conversion_repr",
    "Cut": "rankbound.terminal.cut:cut_repr",
    "Embeddings": "rankbound.terminal.data:embeddings_text",
    "Groups": "rankbound.terminal.data:groups_text",
    "Inspection": "rankbound.terminal.files:inspection_repr",
    "Ledger": "rankbound.terminal.measure:ledger_text",
    "MeasuredChange": "rankbound.terminal.change:change_text",
    "PerQuery": "rankbound.terminal.data:per_query_text",
    "Power": "rankbound.terminal.power:power_text",
    "Sample": "rankbound.terminal.files:sample_repr",
    "Scores": "rankbound.terminal.data:scores_text",
    "Study": "rankbound.terminal.study:study_text",
    "StudentResult": "rankbound.terminal.measure:student_text",
    "Validation": "rankbound.terminal.validate:validation_text",
}
WHOLE_TEXT: Final[dict[str, str]] = {
    "Inspection": "rankbound.terminal.files:as_text",
}
HTML: Final[dict[str, str]] = {
    "Ablation": "rankbound.page.pieces:html_of",
    "Augmentation": "rankbound.page.pieces:html_of",
    "Bound": "rankbound.page.pieces:html_of",
    "Certification": "rankbound.page.pieces:html_of",
    "Comparison": "rankbound.page.pieces:html_of",
    "Contents": "rankbound.terminal.data:contents_html",
    "Conversion": "rankbound.page.pieces:html_of",
    "Cut": "rankbound.page.pieces:html_of",
    "Embeddings": "rankbound.terminal.data:embeddings_html",
    "Groups": "rankbound.terminal.data:groups_html",
    "Inspection": "rankbound.page.pieces:html_of",
    "Ledger": "rankbound.page.pieces:html_of",
    "MeasuredChange": "rankbound.page.pieces:html_of",
    "PerQuery": "rankbound.terminal.data:per_query_html",
    "Power": "rankbound.page.pieces:html_of",
    "Sample": "rankbound.page.pieces:html_of",
    "Scores": "rankbound.terminal.data:scores_html",
    "Study": "rankbound.page.pieces:html_of",
    "Validation": "rankbound.page.pieces:html_of",
}


class Shown:
    """Base of types that terminals and notebooks show by the tables above."""

    __slots__ = ()

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        """A table or two, for a notebook."""
        return html_of(self)


def text_of(shown: object) -> str:
    """A few lines for a terminal, which open with the answers of most results."""
    said = _answers(getattr(shown, "answers", ()))
    made = _made(TEXT, shown)
    first = getattr(shown, "ANSWERS_FIRST", True)
    return "\n".join([*said, made] if first else [made, *said])


def _answers(answers: Any) -> list[str]:
    if not answers:
        return []
    opening: Any = import_module("rankbound.terminal.answers").opening
    lines: list[str] = opening(answers)
    return lines


def whole_text_of(shown: object) -> str:
    """All of it, as the program prints it."""
    return _made(WHOLE_TEXT, shown)


def html_of(shown: object) -> str:
    """A fragment for a notebook."""
    return _made(HTML, shown)


def _made(table: dict[str, str], shown: object) -> str:
    # A user's own type may be derived from one of ours
    names = (kind.__name__ for kind in type(shown).__mro__)
    where = next(table[name] for name in names if name in table)
    module, _, name = where.partition(":")
    make: Any = getattr(import_module(module), name)
    return str(make(shown))
