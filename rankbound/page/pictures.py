"""Figures as SVG inside a page: own ids, a text alternative, no style that leaks."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from xml.etree import ElementTree as ET

from rankbound.drawing.catalogue import Drawing
from rankbound.drawing.run import drawn

SVG: Final = "http://www.w3.org/2000/svg"
LINK: Final = "http://www.w3.org/1999/xlink"
REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
# Bytes above which a vector figure goes in as a picture, and its numbers stay out
MOST_VECTOR: Final = 400_000
MOST_NUMBERS: Final = 60_000
# Of all figures together, so that a page of many results can still be sent and opened
MOST_FIGURES: Final = 5_000_000
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
        As `rankbound figures` calls its file.
    description : str
        What is drawn, in a sentence.
    markup : str
        The ``<svg>`` element, or an ``<img>`` where the vectors would be too many.
    numbers : str
        The CSV of what is drawn; empty where it is too long for the page.
    vector : bool
        Whether `markup` is an ``<svg>``.
    """

    name: str
    description: str
    markup: str
    numbers: str
    vector: bool = True


def pictures(drawings: list[Drawing]) -> Iterator[Picture | tuple[str, str]]:
    """Every figure as a picture, or its name and the reason why there is none."""
    from rankbound.figures.output import csv_text, data_of, rendered

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
        yield Picture(drawing.name, told, markup, numbers, vector)


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
        Name and description, for those who cannot see it.

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
        # Drawn for a column of print; a screen has room for more
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
