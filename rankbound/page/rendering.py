"""Templates and figures to HTML: everything is escaped, and nothing leaks."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from rankbound.catalogue import VERDICTS
from rankbound.page.accounts import data_uri

if TYPE_CHECKING:
    from jinja2 import Environment

    from rankbound.drawing.catalogue import Drawing


SCRIPTS: Final = ("page.js", "table.js", "detail.js", "brush.js", "explorer.js")
# Characters that could end a script element, open a comment in it, or end a line
UNSAFE: Final = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def rendered_template(name: str, context: Mapping[str, Any]) -> str:
    """A template filled in; ids from ``unique`` are numbered from 1 in every call."""
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


SVG: Final = "http://www.w3.org/2000/svg"
LINK: Final = "http://www.w3.org/1999/xlink"
REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
# Bytes above which a figure becomes a PNG, and above which its numbers are left out
MOST_VECTOR: Final = 400_000
MOST_NUMBERS: Final = 60_000
# For all figures together, so that a page of many results can still be sent by mail
MOST_FIGURES: Final = 4_000_000
FULL: Final = (
    f"the page has room for {MOST_FIGURES // 1_000_000} MB of figures; `rankbound "
    "figures --from DIR` draws it"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure of the report.

    Attributes
    ----------
    name : str
        The name of the file that `rankbound figures` gives it.
    description : str
        What is drawn, in a sentence.
    markup : str
        The ``<svg>`` element, or an ``<img>`` where the vectors would be too many.
    numbers : str
        The CSV of what is drawn; empty where it is too long for the page.
    vector : bool
        Whether `markup` is an ``<svg>``.
    wide : bool
        Whether it is drawn for the width of a page, and too small beside a text.
    kind, result : str
        The kind of figure, and the kind of result that it shows.
    caption : str
        What is drawn, in a few words; empty where the kind of figure has none.
    """

    name: str
    description: str
    markup: str
    numbers: str
    vector: bool = True
    wide: bool = False
    kind: str = ""
    result: str = ""
    caption: str = ""


def pictures(drawings: list[Drawing]) -> Iterator[Picture | tuple[str, str]]:
    """Each figure as a picture, or its name and the reason why it is missing.

    Those that come first are kept where there is no room for all.
    """
    # Notebooks show results by this module, and need no figures
    from rankbound.drawing.catalogue import FIGURES
    from rankbound.drawing.run import drawn
    from rankbound.figures.output import csv_text, data_of, rendered
    from rankbound.figures.style import COLUMN

    room = MOST_FIGURES
    for index, (drawing, ax, reason) in enumerate(drawn(drawings)):
        if ax is None:
            yield drawing.name, reason
            continue
        told = described(drawing)
        svg = rendered(ax, "svg").decode("utf-8")
        vector = len(svg) <= MOST_VECTOR
        if vector:
            markup = inline(svg, prefix=f"f{index}-", title=drawing.name, about=told)
        else:
            markup = _image(rendered(ax, "png"), drawing.name, told)
        # A cell and its comma take two characters or more
        short = 2 * sum(map(len, data_of(ax).values())) <= MOST_NUMBERS
        numbers = csv_text(ax) if short else ""
        if len(numbers) > MOST_NUMBERS:
            numbers = ""
        if len(markup) + len(numbers) > room:
            yield drawing.name, FULL
            continue
        room -= len(markup) + len(numbers)
        figure = ax.get_figure(root=True)
        wide = figure is not None and figure.get_figwidth() > 1.5 * COLUMN
        caption = FIGURES[drawing.kind][0] if drawing.kind in FIGURES else ""
        what = drawing.kind, drawing.result, caption[:1].upper() + caption[1:]
        yield Picture(drawing.name, told, markup, numbers, vector, wide, *what)


def described(drawing: Drawing) -> str:
    """What a figure shows: the first paragraph of the function that draws it."""
    draw: Any = drawing.draw
    while isinstance(draw, partial):
        draw = draw.func
    text = (getattr(draw, "__doc__", None) or drawing.name).strip()
    return " ".join(text.split("\n\n")[0].split())


def inline(svg: str, *, prefix: str, title: str, about: str) -> str:
    """An SVG file as an element for HTML.

    Parameters
    ----------
    svg : str
        The file's text.
    prefix : str
        Put before every id, so that figures on one page do not share any.
    title, about : str
        Name and description, for readers who cannot see it.

    Examples
    --------
    >>> svg = '<svg xmlns="http://www.w3.org/2000/svg"><g id="a"/></svg>'
    >>> found = inline(svg, prefix="f1-", title="A < B", about="Two lines.")
    >>> '<g id="f1-a"' in found, "A &lt; B" in found
    (True, True)
    """
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", LINK)
    root = ET.fromstring(svg)
    for parent in [*root.iter()]:
        for child in [*parent]:
            # A style sheet in an inline figure would apply to the whole page
            if child.tag in (f"{{{SVG}}}style", f"{{{SVG}}}metadata"):
                parent.remove(child)
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _renamed(key, value, prefix))
    for place, (tag, text) in enumerate((("title", title), ("desc", about))):
        child = ET.Element(f"{{{SVG}}}{tag}", {"id": f"{prefix}{tag}"})
        child.text = text
        root.insert(place, child)
    width = root.attrib.pop("width", "")
    root.attrib.pop("height", None)
    if width.endswith("pt"):
        # It was drawn for a column of print; a screen has room for more
        root.set("style", f"max-width: {1.45 * float(width[:-2]) / 12:.2f}rem")
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}title {prefix}desc")
    return ET.tostring(root, encoding="unicode")


def _renamed(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return prefix + value
    if key == f"{{{LINK}}}href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    return REFERENCE.sub(rf"url(#{prefix}\1)", value)


def _image(png: bytes, title: str, about: str) -> str:
    image = ET.Element(
        "img",
        {
            "src": "data:image/png;base64," + base64.b64encode(png).decode(),
            "alt": f"{title}: {about}",
        },
    )
    return ET.tostring(image, encoding="unicode", method="html")
