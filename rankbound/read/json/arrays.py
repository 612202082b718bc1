"""One JSON array of objects, read element by element, each with its line.

What others write as lines comes as one array, too: RankLLM's results, ``json.dump`` of
a list. The text is taken line by line, so an array that is printed over many lines is
never held as a whole; one that is a single line is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from rankbound.read.source import Source

ARRAY: Final = re.compile(rb"\s*\[\s*\{")
BLANKS: Final = " \t\r\n"
FINDER: Final = json.JSONDecoder(parse_int=float)  # int() refuses very many digits


def is_array(source: Source) -> bool:
    """Whether a file begins as an array of objects."""
    return not source.is_folder and ARRAY.match(source.head) is not None


def elements(source: Source, repairs: dict[str, int]) -> Iterator[tuple[int, Any]]:
    """The elements of an array, with the line in which each begins.

    Parameters
    ----------
    source : Source
    repairs : dict
        Counts what was passed over.

    Raises
    ------
    FormatError
        With path:line, where the text is no JSON, ends before the array, or goes on
        behind it.
    """
    text = _Text(source, repairs)
    text.take("[")
    while True:
        text.go_on()
        yield text.line, text.element()
        if text.take("],") == "]":
            break
    text.skip()
    if not text.is_over:
        raise source.fail(
            "more follows the end of the JSON array; one array is one file",
            line=text.line,
        )


class _Text:
    """The text ahead, as much of it as was needed so far."""

    def __init__(self, source: Source, repairs: dict[str, int]) -> None:
        self._source = source
        self._lines = source.lines(repairs)
        self._text, self._place, self.line = "", 0, 1

    @property
    def is_over(self) -> bool:
        return self._place >= len(self._text)

    def skip(self) -> None:
        """Go to what is not blank."""
        while True:
            while not self.is_over and self._text[self._place] in BLANKS:
                self._move(self._place + 1)
            if not self.is_over or not self._more(1):
                return

    def go_on(self) -> None:
        """Go to what is not blank, which there must be."""
        before = self.line
        self.skip()
        if self.is_over:
            raise self._source.fail(
                "the JSON array is cut: the file ends inside of it; copy or write it "
                "again",
                line=before,
            )

    def take(self, wanted: str) -> str:
        """Pass one of some characters."""
        self.go_on()
        found = self._text[self._place]
        if found not in wanted:
            raise self._fail(
                f"expected {' or '.join(wanted)} in a JSON array, found {found!r}"
            )
        self._move(self._place + 1)
        return found

    def element(self) -> Any:
        """The value that begins here."""
        size = 1 << 16
        while True:
            try:
                _, end = FINDER.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                # Perhaps the text goes on: twice as much is looked at each time
                place = error.pos - self._place
                if not self._more(size):
                    raise self._broken(error.msg, place) from None
                size *= 2
                continue
            except RecursionError:
                raise self._fail("nested too deeply for a record") from None
            if end == len(self._text) and self._more(size):
                continue  # a number may go on
            return self._parsed(end)

    def _parsed(self, end: int) -> Any:
        piece = self._text[self._place : end]
        try:
            value = orjson.loads(piece.encode("utf-8"))
        except orjson.JSONDecodeError as error:
            raise self._fail(f"not JSON ({error.msg})") from None
        self._move(end)
        return value

    def _move(self, place: int) -> None:
        self.line += self._text.count("\n", self._place, place)
        self._place = place

    def _more(self, size: int) -> bool:
        """Add lines until there are `size` more characters; whether there were any."""
        added: list[str] = []
        length = 0
        for number, line in self._lines:
            try:
                added.append(f"{line.decode('utf-8')}\n")
            except UnicodeDecodeError as error:
                raise self._source.fail(
                    f"not UTF-8 text ({error})", line=number
                ) from None
            length += len(added[-1])
            if length >= size:
                break
        self._text = self._text[self._place :] + "".join(added)
        self._place = 0
        return bool(added)

    def _broken(self, reason: str, place: int) -> Exception:
        if place >= len(self._text.rstrip()) or "Unterminated" in reason:
            return self._fail(
                "the JSON array is cut: the file ends inside of this record; copy or "
                "write it again"
            )
        line = self.line + self._text.count("\n", 0, place)
        return self._source.fail(f"not JSON ({reason})", line=line)

    def _fail(self, message: str) -> Exception:
        return self._source.fail(message, line=self.line)
