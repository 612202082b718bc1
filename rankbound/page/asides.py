"""Power, bounds, machine checks, cuts and conversions as verdicts and tables."""

from __future__ import annotations

from collections.abc import Sequence

from rankbound.catalogue import Level
from rankbound.commands.bound.result import Augmentation, Bound, Part
from rankbound.commands.certify.result import Certification
from rankbound.commands.convert.result import Conversion
from rankbound.commands.cut.result import Cut
from rankbound.commands.power.result import Power
from rankbound.page.accounts import Account, Verdict, notes_of, told
from rankbound.page.table import Table, number
from rankbound.terminal.bound import augmentation_words, bound_words
from rankbound.terminal.certify import summary
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


def power_account(found: Power, *, name: str = "") -> Account:
    """What queries can show, and how many a margin needs."""
    shown = detectable_rows(found.rows)
    needed = needed_rows(found.needed)
    tables = (
        ("power", "What n queries can show", DETECTABLE, shown),
        ("queries", "Queries that a margin needs", NEEDED, needed),
    )
    tag = f"-{name}" if name else ""
    verdicts = [Verdict("told", "power", power_head(found))]
    if found.missing_because is not None:
        verdicts.append(Verdict("caution", "missing", found.missing_because))
    reading = tuple(notes(found))
    return Account(
        kind="power",
        title=", ".join(filter(None, ("Power", name))),
        verdicts=tuple(verdicts),
        sentences=(),
        tables=tuple(
            Table(f"{stem}{tag}", caption, headings, tuple(rows))
            for stem, caption, headings, rows in tables
            if rows
        ),
        notes=(
            *((("how to read the columns", reading),) if reading else ()),
            *notes_of(found, "without_spread", "definitions"),
        ),
    )


def bound_account(found: Bound, *, name: str = "") -> Account:
    """The bound with its parts, and bounds that ask for less."""
    verdict = told("vacuous" if found.vacuous else "not vacuous", bound_words(found))
    if found.solve is not None:
        verdict = Verdict("told", f"solved for {found.solve}", bound_words(found))
    captions = {"parts": "The parts of the bound", "relatives": "Its relatives"}
    return Account(
        kind="bound",
        title=", ".join(filter(None, ("Bound", name))),
        verdicts=(verdict,),
        sentences=(),
        tables=tuple(
            Table(key, caption, ("part", "nats"), _cells(found.tables()[key]))
            for key, caption in captions.items()
        ),
        notes=(),
    )


def augmentation_account(found: Augmentation, *, name: str = "") -> Account:
    """The bound before and after an augmentation."""
    first, *others = augmentation_words(found)
    level: Level = "good" if found.improves and not found.vacuous else "caution"
    rest = (Verdict("told", "break-even", line) for line in others)
    return Account(
        kind="augmentation",
        title=", ".join(filter(None, ("Augmentation", name))),
        verdicts=(Verdict(level, "augmentation", first), *rest),
        sentences=(),
        tables=(
            Table(
                "augmentation",
                "The bound before and after",
                ("bound", "nats"),
                _cells(found.tables()["parts"]),
            ),
        ),
        notes=(),
    )


def certification_account(found: Certification, *, name: str = "") -> Account:
    """Every check of the theory with its verdict."""
    level: Level = "good" if found.passed else "bad"
    headings = ("key", "verdict", "how", "over", "detail", "looseness", "seconds")
    return Account(
        kind="certify",
        title=", ".join(filter(None, ("Machine checks", name))),
        verdicts=(Verdict(level, "certify", summary(found.rows)),),
        sentences=(),
        tables=(
            Table(
                "checks",
                "Every check of the theory",
                headings,
                tuple(
                    (
                        *(row.key, row.verdict, row.how, row.over, row.detail),
                        *(number(row.looseness), number(row.seconds, 1)),
                    )
                    for row in found.rows
                ),
                left=5,
            ),
        ),
        notes=(),
    )


def _cells(parts: Sequence[Part]) -> tuple[tuple[str, ...], ...]:
    return tuple((part.part, number(part.nats)) for part in parts)


def cut_account(cut: Cut, *, name: str = "") -> Account:
    """What each band keeps, and every quantity before and after."""
    warnings = [told("warning", line) for line in cut.warnings]
    said = (line for line in foot(cut) if not line.startswith("warning: "))
    return Account(
        kind="cut",
        title=", ".join(filter(None, ("Cut", name))),
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


def conversion_account(done: Conversion, *, name: str = "") -> Account:
    """What was written, kept and lost."""
    written, *others = lines(done)
    return Account(
        kind="conversion",
        title=", ".join(filter(None, ("Conversion", name))),
        verdicts=(Verdict("told", "conversion", written),),
        sentences=(),
        tables=(),
        notes=(("notes", tuple(others)),) if others else (),
    )


def _last_second(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Words stand on the left of a table, numbers on the right."""
    return cells[0], cells[-1], *cells[1:-1]
