"""Names that users chose, made fit for a figure: no markup, no missing glyph."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextPath

FONT = "DejaVu Sans"
POINTS = 72
HAIR_SPACE = "\u200a"
SPACES, SIGNS = re.compile(r"(?<=\s)"), re.compile(r"(?<=[\-_/.,:+])")


def shown(name: object) -> str:
    r"""A name as it can be drawn: no mathematics, no characters the font lacks.

    A dollar sign would start a formula, a leading underscore would hide the name from a
    legend, and a character without a glyph would be an empty box for all of them; it is
    written as its code instead, on every machine the same.

    Examples
    --------
    >>> shown("a$b"), shown("ünïcode"), shown("中")
    ('a\\$b', 'ünïcode', '\\u4e2d')
    """
    glyphs = _glyphs()
    text = "".join(c if ord(c) in glyphs else _code(c) for c in str(name))
    text = text.replace("$", r"\$")
    return HAIR_SPACE + text if text.startswith("_") or not text else text


def wrapped(text: str, inches: float, *, size: float = 7) -> str:
    """A text in lines of at most a width, broken after spaces if possible.

    A word that is too wide is broken after a sign, and only then anywhere.

    Examples
    --------
    >>> wrapped("bm25, pos-neg", 0.5).split(chr(10))
    ['bm25, ', 'pos-neg']
    """
    if width_of(text, size=size) <= inches:
        return text
    lines = [""]
    for word in SPACES.split(text):
        whole = width_of(word.rstrip(), size=size) <= inches
        for piece in [word] if whole else SIGNS.split(word):
            for part in _fitting(piece, inches, size):
                longer = lines[-1] + part.rstrip()
                if lines[-1] and width_of(longer, size=size) > inches:
                    lines.append("")
                lines[-1] += part
    return "\n".join(lines)


def lines_in(names: Iterable[str]) -> int:
    """The largest number of lines of any of some texts."""
    return max((name.count("\n") + 1 for name in names), default=1)


@functools.lru_cache(maxsize=4096)
def width_of(text: str, *, size: float = 7) -> float:
    """Width of a line of text in inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family=FONT, size=size)
    plain = text.replace(r"\$", "S")
    return float(TextPath((0, 0), plain, prop=font).get_extents().x1) / POINTS


def _fitting(piece: str, inches: float, size: float) -> list[str]:
    """A piece without a place to break, cut by force where it is too wide."""
    parts, rest = [], piece
    while len(rest) > 1 and width_of(rest.rstrip(), size=size) > inches:
        end = max(1, int(len(rest) * inches / width_of(rest, size=size)))
        while end > 1 and width_of(rest[:end], size=size) > inches:
            end -= 1
        parts.append(rest[:end])
        rest = rest[end:]
    return [*parts, rest] if rest else parts


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


@functools.cache
def _glyphs() -> frozenset[int]:
    font = get_font(findfont(FontProperties(family=FONT)))
    return frozenset(code for code in font.get_charmap() if code >= ord(" "))
