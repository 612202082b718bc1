"""The ledger as tables and sentences, for a terminal or a text file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.terminal.console import say
from rankbound.terminal.measure_readings import show_readings
from rankbound.terminal.measure_reference import show_compat

Ledger = dict[str, Any]


def show(ledger: Ledger, console: Console) -> None:
    """Print a ledger: inputs, each part with unit, interval and trivial value."""
    for line in _head(ledger):
        say(console, escape(line))
    console.print(_table(ledger))
    show_readings(ledger["students"], console)
    if "compat" in ledger:
        show_compat(ledger["compat"], console)
    for name, student in ledger["students"].items():
        style = "bold yellow" if student["vacuous"] else "bold green"
        say(console, f"[{style}]{escape(name)}[/]: {escape(student['verdict'])}")
    for line in _foot(ledger):
        say(console, escape(line))


def _head(ledger: Ledger) -> Iterator[str]:
    teacher, calibration = ledger["teacher"], ledger["calibration"]
    yield (
        f"teacher: {teacher['kind']} scores ({teacher['kind_evidence']}), "
        f"temperature {teacher['temperature']:.6g}"
    )
    for name, student in ledger["students"].items():
        yield (
            f"student {name}: {student['kind']} scores ({student['kind_evidence']}), "
            f"temperature {student['temperature']:.6g}, "
            f"{student['clipped_share']:.2%} of its documents clipped at B = "
            f"{student['range']['B']:g}"
        )
    aside = calibration["n_calibration"]
    fitted = f"; {counted(aside, 'other')} served to fit temperatures" if aside else ""
    yield f"{counted(ledger['n_queries'], 'query')}, {ledger['pairs']} pairs{fitted}"


def _table(ledger: Ledger) -> Table:
    level = f"{100 * (1 - ledger['delta']):.10g}% interval"
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("student")
    table.add_column("part", no_wrap=True)
    for heading in ("value", level, "trivial"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit")
    for section in part_rows(ledger):
        table.add_section()
        for name, part, value, *rest in section:
            bold = f"[bold]{value}[/]" if part.startswith("= upper") else value
            table.add_row(escape(name), part, bold, *rest)
    return table


Row = tuple[str, str, str, str, str, str]


def part_rows(ledger: Ledger) -> Iterator[list[Row]]:
    """Rows of the table of parts as plain text, by teacher, student and space.

    Columns are: student, part, value, interval, trivial value, unit.
    """
    trivial = ledger["trivial"]
    yield [*_teacher_rows(ledger["teacher"], trivial)]
    for name, student in ledger["students"].items():
        yield [*_student_rows(name, student, trivial)]
    yield [*_distance_rows(ledger["diameter"])]


def _teacher_rows(teacher: Ledger, trivial: float) -> Iterator[Row]:
    interval = (teacher["entropy_lower"], teacher["entropy_upper"])
    yield (
        "(teacher)",
        "entropy",
        _n(teacher["entropy"]),
        _i(interval),
        _n(trivial),
        "nats",
    )
    floor = _n(teacher["entropy_floor"])
    yield "", "entropy floor from mean margin", floor, "", _n(trivial), "nats"


def _student_rows(name: str, student: Ledger, trivial: float) -> Iterator[Row]:
    intervals = student["intervals"]
    for part in ("entropy", "divergence"):
        yield name, part, _n(student[part]), _i(intervals[part]), "", "nats"
        name = ""
    yield "", "= risk", _n(student["risk"]), _i(intervals["risk"]), _n(trivial), "nats"
    width = f"deviation (range {student['range']['width']:.3f})"
    yield "", f"+ {width}", _n(student["deviation"]), "", "", "nats"
    upper = _n(student["upper"])
    yield "", "= upper limit (betting)", upper, "one-sided", _n(trivial), "nats"
    others = ((k, v) for k, v in student["limits"].items() if k != student["method"])
    for method, limit in others:
        label = f"  by {method.replace('_', ' ')}"
        yield "", label, _n(limit), "", _n(trivial), "nats"
    paper = student["paper_form"]
    yield "", "  the paper's form (reconstructed)", _n(paper["limit"]), "", "", "nats"
    locality = student["locality"]
    if locality is not None:
        product = _n(locality["lipschitz_times_diameter"])
        yield "", "L x diameter (descriptive)", product, "", "", "temperatures"


def _distance_rows(diameter: Ledger) -> Iterator[Row]:
    if diameter["max"] is None:
        return
    unit = "radians" if diameter["metric"] == "angular" else "distance"
    name = "(space)"
    for key, label in (
        ("max", "diameter: largest distance"),
        ("quantile_99", "0.99-quantile of distances"),
        ("mean_distance", "mean distance"),
    ):
        yield name, label, _n(diameter[key]), "", "", unit
        name = ""


def _foot(ledger: Ledger) -> Iterator[str]:
    for reason, number in ledger["dropped"].items():
        yield f"dropped: {counted_reason(number, reason)}"
    for warning in ledger["warnings"]:
        yield f"warning: {warning}"


def _n(value: float) -> str:
    return f"{value:.4f}"


def _i(interval: tuple[float, float] | list[float]) -> str:
    lower, upper = interval
    return f"{lower:.4f} to {upper:.4f}"
