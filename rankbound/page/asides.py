"""Power, cuts and conversions as verdicts and tables."""

from __future__ import annotations

from rankbound.commands.convert.result import Conversion
from rankbound.commands.cut.result import Cut
from rankbound.page.accounts import Account, Content, Verdict, notes_of
from rankbound.page.table import Table
from rankbound.terminal.convert import lines
from rankbound.terminal.cut import FILES as CUTS
from rankbound.terminal.cut import change_headings, change_rows, file_rows, foot, head
from rankbound.terminal.power import (
    DETECTABLE,
    NEEDED,
    detectable_rows,
    needed_rows,
    notes,
)
from rankbound.terminal.power import head as power_head


def power_account(found: Content, *, name: str = "") -> Account:
    """What queries can show, and how many a margin needs."""
    content = dict(found)
    tables = (
        ("power", "What n queries can show", DETECTABLE, detectable_rows, "rows"),
        ("queries", "Queries that a margin needs", NEEDED, needed_rows, "needed"),
    )
    tag = f"-{name}" if name else ""
    verdicts = [Verdict("told", "power", power_head(content))]
    if content["missing_because"] is not None:
        verdicts.append(Verdict("caution", "missing", content["missing_because"]))
    reading = tuple(notes(content))
    return Account(
        kind="power",
        title=", ".join(filter(None, ("Power", name))),
        verdicts=tuple(verdicts),
        sentences=(),
        tables=tuple(
            Table(f"{stem}{tag}", caption, headings, tuple(rows_of(content[key])))
            for stem, caption, headings, rows_of, key in tables
            if content[key]
        ),
        notes=(
            *((("how to read the columns", reading),) if reading else ()),
            *notes_of(content, "without_spread", "definitions"),
        ),
    )


def cut_account(cut: Cut) -> Account:
    """What each band keeps, and every quantity before and after."""
    warnings = [Verdict("caution", "warning", line) for line in cut.warnings]
    said = (line for line in foot(cut) if not line.startswith("warning: "))
    return Account(
        kind="cut",
        title="Cut",
        verdicts=(Verdict("told", "cut", head(cut)), *warnings),
        sentences=(),
        tables=(
            Table(
                "cuts",
                "What each band keeps",
                _last_second(CUTS),
                tuple(map(_last_second, file_rows(cut))),
                left=2,
            ),
            Table(
                "changes",
                "Every quantity before and after",
                change_headings(cut),
                tuple(change_rows(cut)),
                left=2,
            ),
        ),
        notes=(("notes", tuple(said)),),
    )


def conversion_account(done: Conversion) -> Account:
    """What was written, kept and lost."""
    written, *others = lines(done)
    return Account(
        kind="conversion",
        title="Conversion",
        verdicts=(Verdict("told", "conversion", written),),
        sentences=(),
        tables=(),
        notes=(("notes", tuple(others)),) if others else (),
    )


def _last_second(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Words stand on the left of a table, numbers on the right."""
    return cells[0], cells[-1], *cells[1:-1]
