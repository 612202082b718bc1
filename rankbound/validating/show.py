"""A validation for a terminal: what was found, how sure, and what could be found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bounds.wording import counted, counted_reason
from rankbound.measuring.show import say
from rankbound.validating.options import POOLED
from validation.configurations import NEEDED
from validation.judging import ASSOCIATED, INCONCLUSIVE

Account = dict[str, Any]
SHOWN: Final = 10


def show(account: Account, console: Console) -> None:
    """Print an account."""
    for line in _head(account):
        say(console, escape(line))
    console.print(_means(account))
    console.print(_associations(account))
    for line in findings(account):
        say(console, escape(line))
    if account["certificates"]:
        console.print(_certificates(account))
    for line in (*_orders(account), *_dependence(account), *_controls(account)):
        say(console, escape(line))
    for line in _foot(account):
        say(console, escape(line))


def _head(account: Account) -> Iterator[str]:
    for case in account["datasets"]:
        aside = case["n_calibration"]
        fitted = (
            f"; {counted(aside, 'other')} only served to fit temperatures, without "
            "terms here"
            if aside
            else ""
        )
        yield (
            f"{case['dataset']}, {case['sampling']}: {case['n_judged']:,} judged "
            f"queries; terms of {case['n_certificate']:,}{fitted}"
        )
        teacher = case["teacher"]
        yield (
            f"  teacher: {teacher['kind']} scores ({teacher['kind_evidence']}), "
            f"temperature {teacher['temperature']:.6g}"
        )
        for name, student in case["students"].items():
            yield (
                f"  student {name}: {student['kind']} scores "
                f"({student['kind_evidence']}), temperature "
                f"{student['temperature']:.6g}, {student['missing_share']:.1%} of its "
                "documents without a score"
            )


def _means(account: Account) -> Table:
    rows = account["means"]
    table = Table(
        title="mean effectiveness",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    table.add_column("data set")
    table.add_column("system")
    table.add_column("n", justify="right")
    for measure in measures:
        table.add_column(escape(measure), justify="right")
    found = {(r["dataset"], r["student"], r["measure"]): r for r in rows}
    for dataset, student in dict.fromkeys((r["dataset"], r["student"]) for r in rows):
        line = [found[dataset, student, measure] for measure in measures]
        values = (f"{row['mean']:.4f}" for row in line)
        size = f"{line[0]['n']:,}"
        table.add_row(escape(dataset), escape(student), size, *values)
    return table


def _associations(account: Account) -> Table:
    rows = [row for row in account["per_query"] if row["p"] is not None]
    rows = [row for row in rows if row["same_as"] is None]
    rows.sort(key=lambda row: row["p"])
    corrected = _corrected(account)
    table = Table(
        title=f"the {min(SHOWN, len(rows))} smallest of {len(rows):,} p-values, per "
        "query: Spearman's rho, and given how hard the query is",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    several = len(account["datasets"]) > 1
    table.add_column("configuration" if several else "student", overflow="fold")
    for name in ("term", "measure"):
        table.add_column(name, no_wrap=True)
    for name in ("rho", "interval", corrected[1], "given"):
        table.add_column(name, justify="right", no_wrap=True)
    if not several:
        table.add_column("verdict", overflow="fold")
    for row in rows[:SHOWN]:
        table.add_row(
            escape(_who(row) if several else row["student"]),
            row["term"],
            escape(row["measure"]),
            f"{row['spearman']:.2f}",
            _interval(row["lower"], row["upper"]),
            f"{row[corrected[0]]:.3f}",
            "-" if row["partial"] is None else f"{row['partial']:.2f}",
            *(() if several else (row["verdict"],)),
        )
    return table


def _who(row: Account) -> str:
    return f"{row['dataset']}, {row['sampling']}, {row['student']}"


def _corrected(account: Account) -> tuple[str, str]:
    if account["family"]["correction"] == "holm":
        return "p_holm", "p (Holm)"
    return "p_bh", "p (BH)"


def findings(account: Account) -> Iterator[str]:
    """What the per-query associations come to, in sentences."""
    family, rows = account["family"], account["per_query"]
    own = [row for row in rows if row["same_as"] is None]
    counts = Counter(row["verdict"] for row in own if row["p"] is not None)
    given = [row for row in own if row["partial_verdict"] == ASSOCIATED]
    untested = sum(row["p"] is None for row in own)
    n_tests, name = family["n_tests"], _corrected(account)[1]
    if not counts[ASSOCIATED]:
        yield (
            f"per query: no evidence that any term goes with effectiveness: none of "
            f"{counted(n_tests, 'test')} at {name[3:-1]}-corrected level "
            f"{family['delta']:g}"
        )
    else:
        yield (
            f"per query: {counts[ASSOCIATED]:,} of {counted(n_tests, 'test')} "
            "associated at "
            f"{name[3:-1]}-corrected level {family['delta']:g}"
        )
    for verdict, number in sorted(counts.items()):
        if verdict not in (ASSOCIATED, INCONCLUSIVE):
            yield f"  {counted(number, 'row')}: {verdict}"
    yield f"  {counted(counts[INCONCLUSIVE], 'row')}: {INCONCLUSIVE}"
    if untested:
        yield f"  {counted(untested, 'row')} without a test: {_why(own)}"
    difficulty = "teacher's effectiveness, number of relevant documents, group size"
    tests = f"{len(given):,} of {counted(family['partial']['n_tests'], 'test')}"
    if given:
        yield f"beyond how hard a query is ({difficulty}): {tests} associated"
    else:
        yield (
            f"beyond how hard a query is ({difficulty}): no evidence that any term "
            f"goes with effectiveness, {tests}"
        )
    yield from _power(account)


def _why(rows: list[Account]) -> str:
    reasons = (row["missing_because"] for row in rows if row["p"] is None)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _power(account: Account) -> Iterator[str]:
    family = account["family"]
    rows = [row for row in account["per_query"] if row["detectable"] is not None]
    for n in sorted({extreme(row["n"] for row in rows) for extreme in (min, max)}):
        detectable = next(row["detectable"] for row in rows if row["n"] == n)
        yield (
            f"power: with {counted(n, 'query')} and "
            f"{counted(family['n_tests'], 'test')} |rho| >= "
            f"{detectable:.2f} is found with {family['power']:.0%} power"
        )


def _certificates(account: Account) -> Table:
    rows = account["certificates"]
    table = Table(
        title="certificates of random halves against the risk of the others, nats",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    several = len(account["datasets"]) > 1
    table.add_column("configuration" if several else "student", overflow="fold")
    for name in ("certificate", "held-out risk", "ratio", "held", "refuted"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(_who(row) if several else row["student"]),
            f"{row['certificate']:.4f}",
            f"{row['held_out']:.4f}",
            "-" if row["ratio"] is None else f"{row['ratio']:.2f}",
            f"{row['held']}/{row['splits']}",
            f"{row['refuted']}/{row['splits']}",
        )
    return table


def _orders(account: Account) -> Iterator[str]:
    rows = account["configurations"]
    n = len(account["configuration_values"])
    if n < NEEDED:
        yield (
            f"across configurations: too few configurations ({n}; {NEEDED} are needed "
            "for intervals and for leaving one out)"
        )
    found = [row for row in rows if row["verdict"] == ASSOCIATED]
    if n >= NEEDED and not found:
        yield (
            f"across {counted(n, 'configuration')}: no evidence that anything orders "
            "them "
            f"({counted(account['family']['configurations']['n_tests'], 'test')})"
        )
    for row in found:
        yield (
            f"across {counted(n, 'configuration')}: {row['predictor']} "
            f"({row['kind']}) orders "
            f"{row['target']}, tau {row['tau']:.2f} "
            f"{_interval(row['lower'], row['upper'])}, expected: {row['expected']}"
        )
    for row in rows:
        if row["predictor"] in ("bound", "divergence") and row["tau"] is not None:
            yield (
                f"  {row['predictor']} ({row['kind']}) and {row['target']}: tau "
                f"{row['tau']:.2f}, {row['accuracy']:.0%} of "
                f"{counted(row['n_pairs'], 'pair')} as "
                f"expected"
            )
    yield from _predictions(account)


def _predictions(account: Account) -> Iterator[str]:
    for row in account["predictions"]:
        if row["r2"] is not None and row["features"][0] in ("bound", "divergence"):
            yield (
                f"  ridge on {', '.join(row['features'])}, leaving one out: R2 "
                f"{row['r2']:.2f} of {row['target']} (0: no better than the data set's "
                "mean)"
            )


def _dependence(account: Account) -> Iterator[str]:
    for row in account["dependence"]:
        where = f"{row['dataset']}, {row['sampling']}, {row['student']}"
        if row["p"] is None:
            yield f"locality and entropy ({where}): {row['missing_because']}"
            continue
        yield (
            f"locality and entropy ({where}): distance correlation "
            f"{row['distance_correlation']:.2f} ({row['expected']:.2f} by chance), "
            f"corrected p = {row['p_adjusted']:.3g}"
        )


def _controls(account: Account) -> Iterator[str]:
    delta = account["family"]["delta"]
    for row in account["controls"]:
        mark = "ok" if row["passed"] else "NOT AS IT SHOULD BE"
        if "rate" in row:
            yield (
                f"control, {row['name']}: {row['rate']:.1%} of {row['n_tests']:,} "
                f"tests reject (nominal {delta:.1%}), {row['family_rate']:.1%} of "
                f"{row['n_families']:,} families have a row associated (at most "
                f"{delta:.1%}): {mark}"
            )
        else:
            yield (
                f"control, {row['name']}: its risk and range are the same for every "
                f"query, {row['n_tests']} of {counted(row['n_rows'], 'row')} can be "
                "tested, "
                f"{row['associated']} associated: {mark}"
            )


def _foot(account: Account) -> Iterator[str]:
    for name, why in account["absent_terms"].items():
        yield f"no {name}: {why}"
    for reason, number in account["dropped"].items():
        place, _, what = reason.rpartition(": ")
        yield f"dropped: {counted_reason(number, what)} ({place})"
    for warning in account["warnings"]:
        yield f"warning: {warning}"
    if any(row["dataset"] == POOLED for row in account["per_query"]):
        yield f"{POOLED} rows weigh data sets by their queries; see validation.json"


def _interval(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return "-"
    return f"{lower:.2f} to {upper:.2f}"
