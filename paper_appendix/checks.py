"""The machine checks as a table: what was tried on every statement, and how it went."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from paper_appendix.document import AppendixError, table
from rankbound.commands.certify.run import groups_for
from rankbound.validation.suite import Row, certify, names

HEADER: Final = ("key", "verdict", "how", "over", "looseness")
SIZE_OF: Final = re.compile(r"\|(\w+)\|")
LONG_NUMBER: Final = re.compile(r"(?<![\d.])\d{4,}")


@cache
def checks_table() -> str:
    """The quick checks, run now with their fixed seed, as Markdown."""
    groups = groups_for(names(), _refuse)
    return table(HEADER, [_cells(row) for row in certify(groups=groups)])


def _refuse(warning: str) -> None:
    """The table names the real groups, so that it cannot do without them."""
    raise AppendixError(warning)


def _cells(row: Row) -> tuple[str, ...]:
    finding = row.finding
    loose = "" if finding.looseness is None else f"{finding.looseness:.3g}"
    return (f"`{row.key}`", row.verdict, finding.how, cell(finding.over), loose)


def cell(text: str) -> str:
    """Text that a table can hold: no bars, and thousands set apart.

    Examples
    --------
    >>> cell("|a| in [0, 40]: 1380 boxes")
    'size of a in [0, 40]: 1,380 boxes'
    >>> cell("[0.223871602347, 1234]")
    '[0.223871602347, 1,234]'
    """
    plain = SIZE_OF.sub(r"size of \1", text)
    return LONG_NUMBER.sub(lambda found: f"{int(found[0]):,}", plain)
