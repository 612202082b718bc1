"""One result file as verdicts, sentences and tables, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from rankbound.page.table import Table
from rankbound.results import Result

Level = Literal["good", "caution", "bad", "told"]
Content = Any  # in transition: a Result, or a mapping where a kind has no type yet

# In the order in which a report shows them
SCHEMAS: Final = {
    "rankbound.ledger/": "ledger",
    "rankbound.comparison/": "comparison",
    "rankbound.validation/": "validation",
    "rankbound.inspection/": "inspection",
    "rankbound.power/": "power",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the banner: a word and a sentence.

    `level` is how good the news is; "told" is neither good nor bad.
    """

    level: Level
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the report says about one result.

    Attributes
    ----------
    kind : {"ledger", "comparison", "validation", "inspection", "power", "cut"}
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


def account_of(content: Content, *, name: str = "") -> Account | None:
    """The account of a result file; None for one that the report does not show.

    Parameters
    ----------
    content : mapping
        The JSON file.
    name : str
        Its folder, for titles; may be empty.
    """
    from rankbound.page.asides import power_account
    from rankbound.page.comparisons import comparison_account
    from rankbound.page.inspections import inspection_account
    from rankbound.page.ledgers import ledger_account
    from rankbound.page.validations import validation_account

    makers: dict[str, Callable[..., Account]] = {
        "ledger": ledger_account,
        "comparison": comparison_account,
        "validation": validation_account,
        "inspection": inspection_account,
        "power": power_account,
    }
    kind = kind_of(content)
    return None if kind is None else makers[kind](content, name=name)


def kind_of(content: Content) -> str | None:
    """Which command a result file is of, by its schema.

    Examples
    --------
    >>> kind_of({"schema": "rankbound.ledger/1"}), kind_of({})
    ('ledger', None)
    """
    if isinstance(content, Result):
        return content.KIND
    schema = str(content.get("schema", ""))
    return next((k for start, k in SCHEMAS.items() if schema.startswith(start)), None)


def notes_of(content: Content, *keys: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lists of sentences, and mappings of a word to a sentence, that are not empty."""
    found = []
    for key in keys:
        value = (
            getattr(content, key, None)
            if isinstance(content, Result)
            else content.get(key)
        )
        if isinstance(value, Mapping):
            value = [f"{name}: {text}" for name, text in value.items()]
        if value:
            found.append((key.replace("_", " "), tuple(map(str, value))))
    return tuple(found)
