"""What `rankbound power` found, as tables and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted
from rankbound.commands.power.result import Detectable, Needed, Power
from rankbound.terminal.answers import show_answers
from rankbound.terminal.console import fold, outline
from rankbound.validation.deciding import RESAMPLED
from rankbound.validation.paired import Decides

DETECTABLE = ("source", "sd", "n", "rule", "difference", "margin", "share", "|rho|")
NEEDED = ("queries for a margin", "sd", "margin", "rule", "law", "n*", "interval")
RULES: dict[Decides | None, str] = {
    "betting": "betting",
    "direction": "direction",
    "paired_t": "t",
    None: "-",
}
RHO = (
    "|rho|: the smallest that a two-sided test finds, whatever the spread; a smaller "
    "one may be missed, and finding none shows nothing; - below 4 queries"
)


def show_power(
    found: Power, console: Console, *, details: bool, where: str = ""
) -> None:
    """Print the answers, and the tables behind them where details are wanted."""
    show_answers(found.answers, (), console, details=details, where=where)
    if not details:
        return
    console.print()
    fold(console, head(found))
    if found.clustering is not None:
        fold(console, found.clustering.sentence())
    for headings, rows in (
        (DETECTABLE, detectable_rows(found.rows)),
        (NEEDED, needed_rows(found.needed)),
    ):
        if rows:
            console.print(_table(headings, rows))
    if found.missing_because is not None:
        fold(console, found.missing_because)
    for source in found.without_spread:
        fold(console, f"{source}: does not vary over queries, left out")
    for line in notes(found):
        fold(console, line)


def notes(found: Power) -> list[str]:
    """How to read the columns that were printed."""
    lines = []
    many = "queries" if found.clusters is None else "clusters"
    if found.rows and found.missing_because is not None:
        lines.append(RHO)
    elif found.rows:
        lines += [
            "difference, |rho|: the smallest that is found with the power; a smaller "
            "one may be missed, and finding none shows nothing",
            "margin: the whole interval lies within it with the power, around 0 for "
            "differences whose true mean is 0, else around the true mean",
        ]
    rules = {row.rule for row in found.rows} | {row.rule for row in found.needed}
    if rules - {None}:
        lines.append(
            "rule: what decides, as in `rankbound compare`; its power "
            f"is counted over samples from the law: {_laws(found)}"
        )
    if "direction" in rules:
        lines.append(
            "direction: decides where no range is known beforehand, and shows no "
            "margin; entropies have a range, and so do distances of unit vectors. It "
            "shows which way most queries go that change: difference, with all of "
            "these moved alike; share, the least that is found with the power"
        )
    if "paired_t" in rules:
        lines.append(
            "t: Student's interval, by which an earlier version decided where no range "
            "is known; approximate"
        )
    if found.needed:
        lines.append(
            f"n*: the {many} at which the interval lies within the margin with the "
            "power; the margin is in the unit of each row; interval: what as many "
            f"other {many} would say (bootstrap, 95 %)"
        )
    missing = (
        *(row.rule_difference_missing_because for row in found.rows),
        *(row.n_rule_missing_because for row in found.needed),
        *(row.rule_margin_missing_because for row in found.rows),
    )
    reasons = (f"-: {reason}" for reason in sorted({*filter(None, missing)}))
    return [*lines, *reasons, *found.notes]


def _laws(found: Power) -> str:
    """What was drawn from, of all rows."""
    laws = {row.law for row in found.rows} | {row.law for row in found.needed}
    measured, given = RESAMPLED in laws, sorted(filter(None, laws - {RESAMPLED}))
    said = ["that of the measured values"] if measured else []
    said += [f"a {name} one with the sd" for name in given]
    return ", ".join(said)


def detectable_rows(rows: Iterable[Detectable]) -> list[tuple[str, ...]]:
    """The cells of `DETECTABLE`, as plain text."""
    return [
        (
            _label(row),
            _n(row.sd),
            f"{row.n:,}",
            RULES[row.rule],
            _n(row.rule_difference),
            _n(row.rule_margin),
            "-" if row.rule_share is None else f"{row.rule_share:.3f}",
            "-"
            if row.detectable_correlation is None
            else f"{row.detectable_correlation:.2f}",
        )
        for row in rows
    ]


def needed_rows(rows: Iterable[Needed]) -> list[tuple[str, ...]]:
    """The cells of `NEEDED`, as plain text."""
    return [
        (
            _label(row),
            f"{row.sd:.4g}",
            f"{row.margin:g}",
            RULES[row.rule],
            row.law or "-",
            _whole(row.n_rule),
            "-"
            if row.n_rule_interval is None
            else " ".join(map(_whole, row.n_rule_interval)),
        )
        for row in rows
    ]


def head(found: Power) -> str:
    """Power and error rate, in words."""
    family = found.comparisons
    many = "queries" if found.clusters is None else "clusters"
    each = f" each, {found.delta:g} over {family} comparisons" if family > 1 else ""
    return (
        f"power {found.power:g}, error rate {found.delta_each:.6g}{each}; "
        f"sd is over {many}, of paired differences where two things are compared"
    )


def power_text(found: Power) -> str:
    """What was found in a few lines, for a terminal."""
    lines = [
        f"{_label(row)}, n = {row.n:,}: " + "; ".join(_shows(row)) for row in found.rows
    ]
    lines += [
        f"{_label(row)}, margin {row.margin:g}: {_needs(row)}" for row in found.needed
    ]
    if found.missing_because is not None:
        lines.append("differences and margins need the spread: sd=... or folder=...")
    title = f"Power {found.power:g}, error rate {found.delta_each:.6g}"
    return outline(title, lines)


def _shows(row: Detectable) -> list[str]:
    """What n queries show."""
    rho, parts = row.detectable_correlation, []
    if row.rule_difference is not None:
        parts.append(f"differences from {row.rule_difference:.4g}")
    parts.append("no |rho|" if rho is None else f"|rho| from {rho:.2f}")
    if row.rule_margin is not None:
        parts.append(f"margins from {row.rule_margin:.4g}")
    if row.rule_share is not None:
        parts.append(f"directions from {row.rule_share:.1%} of those that change")
    return parts


def _needs(row: Needed) -> str:
    """The queries that a margin needs, by the rule that decides."""
    if row.n_rule is None:
        return row.n_rule_missing_because or "not computed by the rule that decides"
    said = f"{counted(row.n_rule, 'query', 'queries')} by {RULES[row.rule]}"
    if row.n_rule_interval is None:
        return said
    low, high = row.n_rule_interval
    return f"{said}, {_whole(low)} to {_whole(high)} by other queries"


def _whole(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _label(row: Detectable | Needed) -> str:
    return f"{row.source} ({row.unit})" if row.unit else row.source


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    return table
