"""Tables of what explains a comparison: parts, target form, law, space, scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.catalogue import VERDICTS
from rankbound.terminal.console import say

Account = dict[str, Any]

Row = Iterable[str]


def show_reasons(account: Account, console: Console) -> None:
    """Print one table per explanation, and what the controls found."""
    for part in (_entropies, _parts, _shift, _spaces, _sweep):
        title, headings, rows = part(account)
        filled = list(rows)
        if filled:
            console.print(_table(title, headings, filled))
    for line in _controls(account):
        say(console, escape(line))


Part = tuple[str, tuple[str, ...], Iterable[Row]]


def _entropies(account: Account) -> Part:
    coupled = {(r["sampling"], r["pairs"]): r for r in account["coupling"]["rows"]}
    rows = [
        (
            s["sampling"],
            e["pairs"],
            f"{e['mean']:.4f}",
            f"{e['group_mean_bits']:.4f}",
            f"{e['share']:.1%}",
            f"{e['mean_margin']:.3f}",
            f"{e['ties']:.2%}",
            f"{coupled[s['sampling'], e['pairs']]['floor']:.4f}",
        )
        for s in account["samplings"]
        for e in s["entropy"]
    ]
    rows += [
        ("(target)", r["pairs"], f"{r['entropy']:.4f}", *[""] * 5)
        for r in account["target"]["rows"]
    ]
    headings = (
        *("sampling", "pairs", "nats", "bits, by group", "share", "mean |a|"),
        *("ties", "floor"),
    )
    return "Teacher entropy, and its floor in nats (theorem-4a)", headings, rows


def _parts(account: Account) -> Part:
    changes = account["decomposition"]
    known = {"pn": "pos-neg", "nn": "neg-neg", "pp": "pos-pos"}
    sets = {k: p for k, p in known.items() if any(p in r["spread"] for r in changes)}
    rows = [
        (
            r["sampling"],
            f"{r['difference']:+.4f}",
            f"{r['composition']:+.4f}",
            *(f"{r['spread'].get(p, 0):+.4f}" for p in sets.values()),
            *(f"{r['ties'].get(p, 0):+.4f}" for p in sets.values()),
        )
        for r in changes
    ]
    headings = (
        *("sampling", "change", "= shares"),
        *(f"+ spread {short}" for short in sets),
        *(f"+ ties {short}" for short in sets),
    )
    meant = ", ".join(f"{short}: {pairs}" for short, pairs in sets.items())
    return f"What the change over all pairs is made of ({meant})", headings, rows


def _shift(account: Account) -> Part:
    rows = []
    for r in account["shift"]:
        if r["missing_because"] is not None:
            rows.append((r["sampling"], r["missing_because"], *[""] * 5))
            continue
        rows.append(
            (
                r["sampling"],
                _number(r.get("total_variation")),
                _number(r.get("pair_total_variation")),
                _number(r.get("kappa")),
                _share(r.get("document_overlap")),
                _share(r["judged_covered"]),
                _share(r["relevant_covered"]),
            )
        )
    headings = (
        *("sampling", "TV", "TV of pairs", "kappa", "shared documents"),
        *("judged covered", "relevant covered"),
    )
    return f"Distance from {account['reference']}, and judged documents", headings, rows


def _spaces(account: Account) -> Part:
    rows = [
        (
            r["sampling"],
            r["quantity"],
            f"{r['supremum']:.4f}",
            f"{r['mean']:.4f}",
            f"{r['root_mean_square']:.4f}",
        )
        for r in account["spaces"] or ()
        if r["pairs"] == "all"
    ]
    headings = ("sampling", "quantity", "largest group", "mean query", "rms query")
    return (
        "Space, all pairs: largest of any group; mean and rms over queries",
        headings,
        rows,
    )


def _sweep(account: Account) -> Part:
    factors = account["sweep"]["factors"]
    cells: dict[tuple[str, str], list[str]] = {}
    tables = [t["rows"] for t in account["sweep"]["tables"]]
    for rows in (*tables, account["ranks_only"]["rows"]):
        for r in rows:
            text = f"{r['difference']:+.3f} {VERDICTS[r['verdict']].mark}"
            cells.setdefault((r["sampling"], r["pairs"]), []).append(text)
    headings = ("sampling", "pairs", *(f"x {f:g}" for f in factors), "ranks")
    body = [(name, pairs, *found) for (name, pairs), found in cells.items()]
    return (
        "Entropy at multiples of the temperature, and from ranks only",
        headings,
        body,
    )


def _controls(account: Account) -> Iterable[str]:
    for row in account["controls"]["rows"]:
        passed = {True: "as theory says", False: "FAILS", None: "not run"}
        yield (
            f"control, {row['control']}: {passed[row['passed']]} (expected: "
            f"{row['expected']}; found: {row['found']})"
        )


def _table(title: str, headings: Iterable[str], rows: Iterable[Row]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=escape(title),
        title_justify="left",
        title_style="bold",
    )
    for index, heading in enumerate(headings):
        table.add_column(
            heading, justify="left" if index == 0 else "right", overflow="fold"
        )
    lines = [[escape(cell) for cell in row] for row in rows]
    repeats = len({cells[0] for cells in lines}) < len(lines)
    before = None
    for cells in lines:
        if repeats and before is not None and cells[0] != before:
            table.add_section()
        before = cells[0]
        table.add_row(*cells)
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
