"""How results and data show themselves: attached here, from outside.

A type says nothing about terminals and pages. Its text and its HTML are made by the
functions that this table names, which are loaded when something is shown.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

# Type: what makes its short text, and what makes its HTML
TEXT: Final[dict[str, str]] = {
    "Augmentation": "rankbound.terminal.bound:augmentation_text",
    "Bound": "rankbound.terminal.bound:bound_text",
    "Certification": "rankbound.terminal.certify:certification_text",
    "Comparison": "rankbound.terminal.compare:comparison_text",
    "Ledger": "rankbound.terminal.measure:ledger_text",
    "Power": "rankbound.terminal.power:power_text",
    "StudentResult": "rankbound.terminal.measure:student_text",
}
HTML: Final[dict[str, str]] = {
    "Augmentation": "rankbound.page.pieces:html_of",
    "Bound": "rankbound.page.pieces:html_of",
    "Certification": "rankbound.page.pieces:html_of",
    "Comparison": "rankbound.page.pieces:html_of",
    "Ledger": "rankbound.page.pieces:html_of",
    "Power": "rankbound.page.pieces:html_of",
}


def text_of(shown: object) -> str:
    """A few lines for a terminal."""
    return _made(TEXT, shown)


def html_of(shown: object) -> str:
    """A fragment for a notebook."""
    return _made(HTML, shown)


def _made(table: dict[str, str], shown: object) -> str:
    module, _, name = table[type(shown).__name__].partition(":")
    make: Any = getattr(import_module(module), name)
    return str(make(shown))
