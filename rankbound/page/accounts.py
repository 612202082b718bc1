"""What a page says about one result: verdicts, sentences, tables and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rankbound.catalogue import Level, verdict_called
from rankbound.page.table import Table
from rankbound.results import Result


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the banner: a word and a sentence.

    `level` is how good the news is; "told" is neither good nor bad.
    """

    level: Level
    word: str
    sentence: str


def told(word: str, sentence: str) -> Verdict:
    """A line whose word is one of the catalogue, or begins with one.

    Examples
    --------
    >>> told("warning", "group sizes vary").level
    'caution'
    """
    return Verdict(verdict_called(word).level, word, sentence)


@dataclass(frozen=True, slots=True)
class Account:
    """What the report says about one result.

    Attributes
    ----------
    kind : str
        Such as "ledger".
    title : str
    verdicts : tuple of Verdict
    sentences : tuple of str
        To be quoted.
    tables : tuple of Table
    notes : tuple of (heading, lines)
        Assumptions, warnings, definitions: what a reader has to know.
    """

    kind: str
    title: str
    verdicts: tuple[Verdict, ...]
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]


def notes_of(result: Result, *fields: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lists of sentences, and mappings of a word to a sentence, that are not empty."""
    found = []
    for field in fields:
        value = getattr(result, field)
        if isinstance(value, Mapping):
            value = [f"{name}: {text}" for name, text in value.items()]
        if value:
            found.append((field.replace("_", " "), tuple(map(str, value))))
    return tuple(found)
