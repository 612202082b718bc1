"""Templates to HTML: everything is escaped, and JSON cannot end a script."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from rankbound.catalogue import VERDICTS
from rankbound.page.table import data_uri

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPTS: Final = ("page.js", "table.js", "detail.js", "brush.js", "explorer.js")
# What would end a script element, open a comment in it, or end a line in old scripts
UNSAFE: Final = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def rendered_template(name: str, context: Mapping[str, Any]) -> str:
    """A template filled in; ids from ``unique`` start anew with every call."""
    numbers = itertools.count(1)
    tools = {
        "unique": lambda start: f"{start}-{next(numbers)}",
        "data_uri": data_uri,
        "marks": {word: verdict.level for word, verdict in VERDICTS.items()},
        "hints": {},
    }
    return _environment().get_template(name).render({**tools, **context})


def source(name: str) -> str:
    """The text of a style sheet or script of the page."""
    return files("rankbound.page").joinpath("templates", name).read_text("utf-8")


def script(views: str) -> str:
    """All scripts of the page as one, behind the JavaScript views of statements."""
    parts = ['"use strict";', views, *map(source, SCRIPTS)]
    return "(function () {\n" + "\n".join(parts) + "\n})();\n"


def script_json(value: Any) -> str:
    r"""JSON for a script element: no text in it can end the element.

    Examples
    --------
    >>> script_json({"qid": "</script>"})
    '{"qid":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter, code in UNSAFE.items():
        text = text.replace(letter, code)
    return text


def policy(text: str) -> str:
    """A content security policy: this one script, inline styles, and nothing else.

    Parameters
    ----------
    text : str
        The script, as it stands between its tags.
    """
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; "
        "style-src 'unsafe-inline'; img-src data:"
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    load: Callable[[str], str] = source
    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
