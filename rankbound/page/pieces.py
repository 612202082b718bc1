"""A result of any kind as verdicts and tables, and as HTML for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rankbound.bounds.wording import counted, listed
from rankbound.catalogue import QUESTIONS, SEVERITIES, Level
from rankbound.commands.ablate.answers import against_random
from rankbound.commands.ablate.result import Ablation
from rankbound.commands.bound.result import (
    Augmentation,
    Bound,
    MeasuredChange,
    Part,
)
from rankbound.commands.certify.result import Certification
from rankbound.commands.convert.result import Conversion
from rankbound.commands.cut.result import Cut
from rankbound.commands.inspect.result import File, Finding, Inspection
from rankbound.commands.power.result import Power
from rankbound.commands.sample.result import Sample
from rankbound.commands.study.answers import by_students, gain_sentence
from rankbound.commands.study.result import (
    GAIN,
    Answered,
    DataSet,
    PooledRow,
    Study,
)
from rankbound.page.accounts import Account, Table, Verdict, notes_of, number, told
from rankbound.page.rendering import rendered_template, source
from rankbound.page.studies import (
    comparison_account,
    ledger_account,
    validation_account,
)
from rankbound.results import Result
from rankbound.tables import Cell
from rankbound.terminal.ablate import (
    CELL_HEADINGS,
    COST_HEADINGS,
    DIFFERENCE_HEADINGS,
    cell_cells,
    cost_cells,
    difference_cells,
)
from rankbound.terminal.answers import said_first
from rankbound.terminal.change import (
    HEADINGS,
    change_notes,
    student_head,
    student_words,
    term_rows,
)
from rankbound.terminal.cut import FILES as CUTS
from rankbound.terminal.cut import (
    change_headings,
    change_rows,
    file_rows,
    foot,
    head,
)
from rankbound.terminal.files import conversion_lines, file_row, sample_lines
from rankbound.terminal.power import (
    DETECTABLE,
    NEEDED,
    detectable_rows,
    needed_rows,
    notes,
)
from rankbound.terminal.power import head as power_head
from rankbound.terminal.study import (
    FIRST,
    GAINS,
    POOLED,
    failure_lines,
    gain_cells,
    in_order,
    pooled_cells,
    step_cells,
)
from rankbound.terminal.theory import (
    augmentation_words,
    bound_words,
    floor_words,
    summary,
)

FILES: Final = ("file", "format", "holds", "rows", "queries", "size", "range")
FINDINGS: Final = ("file", "severity", "finding", "example", "remedy")
GRAVE: Final = ("error", "warning")


def inspection_account(found: Inspection, *, name: str = "") -> Account:
    """What the files hold, what was found in them, and what can be run on them."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="inspection",
        title=f"Inspection{suffix}",
        verdicts=tuple(_inspection_verdicts(found, name)),
        sentences=(),
        tables=tuple(_inspection_tables(found, name)),
        notes=(("what to run", tuple(_commands(found))),),
    )


def _inspection_verdicts(found: Inspection, name: str) -> Iterator[Verdict]:
    where = f"{name}: " if name else ""
    number = found.counts()
    files = counted(len(found.files), "inspected file")
    for severity in GRAVE:
        if number[severity]:
            many = counted(number[severity], severity)
            yield told(severity, f"{where}{many} in {files}")
    for command, ready in found.ready.commands():
        if ready.ok:
            yield Verdict("good", f"ready for {command}", name, ready.command)
        else:
            missing = f"{where}missing: {'; '.join(ready.missing)}"
            yield Verdict("told", f"not ready for {command}", missing)
    if not any(number[severity] for severity in GRAVE):
        yield Verdict("good", "inspected", f"{where}no error or warning in {files}")


def _inspection_tables(found: Inspection, name: str) -> Iterator[Table]:
    tag = f"-{name}" if name else ""
    rows = tuple(map(_file, found.files))
    yield Table(f"files{tag}", "What every file holds", FILES, rows, left=3)
    findings = sorted(
        found.findings(), key=lambda pair: SEVERITIES.index(pair[1].severity)
    )
    if findings:
        yield Table(
            f"findings{tag}",
            "What was found in the files and between them, the gravest first",
            FINDINGS,
            tuple(_finding(where, finding) for where, finding in findings),
            left=len(FINDINGS),
        )


def _file(one: File) -> tuple[str, ...]:
    path, kind, *numbers, held = file_row(one, one.path)
    return (path, kind, held, *numbers)


def _finding(where: str, finding: Finding) -> tuple[str, ...]:
    return (
        where,
        finding.severity,
        finding.message,
        finding.example or "–",
        finding.remedy,
    )


def _commands(found: Inspection) -> Iterator[str]:
    for name, ready in found.ready.commands():
        if ready.ok:
            yield f"ready for {name}: {ready.command}"
        else:
            yield f"not ready for {name}; missing: {'; '.join(ready.missing)}"


def power_account(found: Power, *, name: str = "") -> Account:
    """What a number of queries can show, and how many queries a margin needs."""
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
    """The bound with its parts, and its relatives."""
    verdict = told("vacuous" if found.vacuous else "not vacuous", bound_words(found))
    if found.solve is not None:
        verdict = Verdict("told", f"solved for {found.solve}", bound_words(found))
    captions = {"parts": "The parts of the bound", "relatives": "Its relatives"}
    return Account(
        kind="bound",
        title=", ".join(filter(None, ("Bound", name))),
        verdicts=(verdict,),
        sentences=tuple(floor_words(found)),
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


# How good the news of a verdict about two bounds is
NEWS: Final[dict[str, Level]] = {
    "lower": "good",
    "higher": "bad",
    "inconclusive": "caution",
    "no evidence": "caution",
}


def change_account(found: MeasuredChange, *, name: str = "") -> Account:
    """What two measurements say of an augmentation, for each student."""
    verdicts = []
    for one in found.students:
        first, *others = student_words(found, one)
        verdicts.append(Verdict(NEWS[one.verdict], one.verdict, first))
        verdicts += [Verdict("told", "change", line) for line in others]
    return Account(
        kind="change",
        title=", ".join(filter(None, ("Augmentation, measured", name))),
        verdicts=(*verdicts, *(told("warning", line) for line in found.warnings)),
        sentences=(),
        tables=tuple(
            Table(
                f"change-{place}",
                f"{one.student}, in nats: {student_head(one)}",
                HEADINGS,
                tuple(term_rows(one)),
            )
            for place, one in enumerate(found.students, start=1)
        ),
        notes=(
            ("how far it holds", tuple(change_notes(found))),
            *notes_of(found, "assumptions", "definitions"),
        ),
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
    written, *others = conversion_lines(done)
    return Account(
        kind="conversion",
        title=", ".join(filter(None, ("Conversion", name))),
        verdicts=(Verdict("told", "conversion", written),),
        sentences=(),
        tables=(),
        notes=(("notes", tuple(others)),) if others else (),
    )


def sample_account(made: Sample, *, name: str = "") -> Account:
    """What was drawn and left out."""
    drawn, *others = sample_lines(made)
    return Account(
        kind="sample",
        title=", ".join(filter(None, ("Sample", name))),
        verdicts=(Verdict("told", "sample", drawn),),
        sentences=(),
        tables=(),
        notes=(("notes", tuple(others)),),
    )


def ablation_account(found: Ablation, *, name: str = "") -> Account:
    """Every cell, and every sampling against random negatives."""
    tag = f"-{name}" if name else ""
    return Account(
        kind="ablation",
        title=", ".join(filter(None, ("Ablation", name))),
        verdicts=(
            *(Verdict("told", "samplings", line) for line in against_random(found)),
            *(
                Verdict("told", one.verdict, f"{one.claim}: {one.evidence}")
                for one in found.claims
            ),
        ),
        sentences=found.sentences,
        tables=(
            Table(
                f"cells{tag}",
                "Students of every cell",
                CELL_HEADINGS,
                tuple(map(cell_cells, found.cells)),
                left=4,
            ),
            Table(
                f"differences{tag}",
                "Samplings against random negatives, by nDCG@10",
                DIFFERENCE_HEADINGS,
                tuple(map(difference_cells, found.differences)),
                left=4,
            ),
            *(
                Table(
                    f"costs{tag}",
                    "What every stage took",
                    COST_HEADINGS,
                    tuple(map(cost_cells, found.costs)),
                    left=5,
                )
                for _ in found.costs[:1]
            ),
            *(
                Table(
                    f"{table.name}{tag}",
                    table.caption,
                    table.header,
                    tuple(tuple(map(_with_mark, row)) for row in table.rows),
                    left=table.n_labels,
                    title=table.title,
                )
                for table in found.written_tables()
            ),
        ),
        notes=notes_of(found, "definitions"),
    )


def _with_mark(cell: Cell) -> str:
    """The text of a cell of print, with the letters that stand above it."""
    return f"{cell.text} {cell.superscript}".rstrip()


def study_account(found: Study, *, name: str = "") -> Account:
    """What all data sets say together, and what each answers."""
    verdicts = [
        Verdict(_level(rows), QUESTIONS[key].wording, _outcomes(rows))
        for key in FIRST
        if (rows := [pair for pair in found.answered() if pair[1].question == key])
    ]
    verdicts += [
        Verdict(
            "caution" if any(row.agreement == "contradict" for row in rows) else "told",
            "over ablations",
            gain_sentence(students, rows),
        )
        for students, rows in by_students(found.gains).items()
    ]
    verdicts += [told("warning", line) for line in failure_lines(found)]
    verdicts += [told("warning", line) for line in found.warnings]
    tag = f"-{name}" if name else ""
    pooled = [row for row in found.pooled if row.quantity != GAIN]
    return Account(
        kind="study",
        title=", ".join(filter(None, ("Study", name))),
        verdicts=tuple(verdicts),
        sentences=found.sentences,
        tables=(
            Table(
                f"questions{tag}",
                "What every data set answers",
                ("question", "data set", "answer"),
                tuple(
                    (one.wording, data.name, one.sentence)
                    for data, one in found.answered()
                ),
                left=3,
            ),
            *([_gain_table(found.gains, tag)] if found.gains else ()),
            *([_pooled_table(pooled, tag)] if pooled or not found.gains else ()),
            Table(
                f"steps{tag}",
                "What was done on every data set",
                ("data set", *found.steps),
                tuple(step_cells(one, found.steps) for one in found.datasets),
                left=1 + len(found.steps),
            ),
        ),
        notes=notes_of(found, "definitions"),
    )


def _pooled_table(rows: Sequence[PooledRow], tag: str) -> Table:
    return Table(
        f"pooled{tag}",
        "Estimates over all data sets (random effects)",
        POOLED,
        tuple(map(pooled_cells, rows)),
    )


def _gain_table(rows: Sequence[PooledRow], tag: str) -> Table:
    """Every cell of ablations, with a column for each collection."""
    names = [*dict.fromkeys(name for row in rows for name in row.effects.names)]
    return Table(
        f"gains{tag}",
        f"nDCG@10 less that of {rows[0].reference} negatives, by collection, with the "
        "verdict of its ablation where 0 is excluded for all differences of that "
        "ablation at once; estimates over collections (random effects)",
        (*("students", "loss", "sampling", "verdicts"), *names, *GAINS[2:5]),
        tuple(
            (
                *(row.students, row.loss or "", row.sampling or ""),
                gain_cells(row)[-1],
                *(_gain(row, name) for name in names),
                *gain_cells(row)[2:5],
            )
            for row in in_order(rows)
        ),
        left=4,
        title="cells of ablations",
    )


def _gain(row: PooledRow, name: str) -> str:
    """The difference of one collection, and its verdict where there is one."""
    if name not in row.effects.names:
        return "–"
    one = row.effects[name]
    return f"{one.value:+.4f}{'' if one.verdict == 'open' else f' {one.verdict}'}"


def _level(rows: Sequence[tuple[DataSet, Answered]]) -> Level:
    """How good the news is, if it is the same for all data sets."""
    levels = {answer.level for _, answer in rows}
    return levels.pop() if len(levels) == 1 else "told"


def _outcomes(rows: Sequence[tuple[DataSet, Answered]]) -> str:
    """The data sets by outcome, and the sentence where there is one."""
    if len(rows) == 1:
        return f"{rows[0][0].name}: {rows[0][1].sentence}"
    by_outcome: dict[str, list[str]] = {}
    for data, answer in rows:
        by_outcome.setdefault(answer.outcome, []).append(data.name)
    return "; ".join(
        f"{outcome}: {listed([*dict.fromkeys(names)])}"
        for outcome, names in by_outcome.items()
    )


def _last_second(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The last cell, which holds words, moved to the words on the left."""
    return cells[0], cells[-1], *cells[1:-1]


# What makes the account of each kind of result, from it and a name for its titles
MAKERS: Final[dict[str, Callable[..., Account]]] = {
    "ablation": ablation_account,
    "ledger": ledger_account,
    "comparison": comparison_account,
    "validation": validation_account,
    "inspection": inspection_account,
    "power": power_account,
    "cut": cut_account,
    "conversion": conversion_account,
    "sample": sample_account,
    "bound": bound_account,
    "augmentation": augmentation_account,
    "change": change_account,
    "certify": certification_account,
    "study": study_account,
}


def account_of(result: Result, *, name: str = "") -> Account:
    """The account of a result of any kind.

    Parameters
    ----------
    result : Result
    name : str
        The name of its folder, for titles; may be empty.
    """
    return MAKERS[result.KIND](result, name=name)


def html_of(result: Result) -> str:
    """The answers, verdicts, sentences and tables of a result, as in a report."""
    from markupsafe import Markup

    # It is our own style sheet, whose quotes must not be escaped
    style = Markup(source("piece.css"))
    answers = said_first(getattr(result, "answers", ()))
    context = {
        "account": account_of(result),
        "answers": answers,
        "answers_first": result.ANSWERS_FIRST,
        "style": style,
    }
    return rendered_template("piece.html", context)
