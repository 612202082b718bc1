"""How results and data show themselves: attached here, from outside.

A type says nothing about terminals and pages. Its text and its HTML are made by the
functions that this table names, which are loaded when something is shown.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

# Type: what makes its short text, its whole text where `print` shows more, its HTML
TEXT: Final[dict[str, str]] = {
    "Conversion": "rankbound.terminal.convert:conversion_repr",
    "Cut": "rankbound.terminal.cut:cut_repr",
    "Inspection": "rankbound.terminal.inspect:inspection_repr",
}
WHOLE_TEXT: Final[dict[str, str]] = {
    "Inspection": "rankbound.terminal.inspect:as_text",
}
HTML: Final[dict[str, str]] = {
    "Conversion": "rankbound.page.pieces:conversion_html",
    "Cut": "rankbound.page.pieces:cut_html",
    "Inspection": "rankbound.page.pieces:inspection_html",
}


def text_of(shown: object) -> str:
    """A few lines for a terminal."""
    return _made(TEXT, shown)


def whole_text_of(shown: object) -> str:
    """All of it, as the program prints it."""
    return _made(WHOLE_TEXT, shown)


def html_of(shown: object) -> str:
    """A fragment for a notebook."""
    return _made(HTML, shown)


def _made(table: dict[str, str], shown: object) -> str:
    module, _, name = table[type(shown).__name__].partition(":")
    make: Any = getattr(import_module(module), name)
    return str(make(shown))
