"""A validation on a terminal: what was found, how sure it is, what could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.catalogue import (
    ASSOCIATED,
    CONTRADICTS,
    INCONCLUSIVE,
    SUPPORTS,
    TURNED,
    VERDICTS,
)
from rankbound.commands.validate.answers import clarity, in_order
from rankbound.commands.validate.records import (
    POOLED,
    Association,
    Control,
    Dependence,
    HeldOutCertificate,
    Order,
    Prediction,
)
from rankbound.commands.validate.result import Validation
from rankbound.terminal.answers import show_answers
from rankbound.terminal.console import NAME, WIDTH, fold, outline, short
from rankbound.terminal.measure import FLOOR, floor_cell, scale_words

SHOWN: Final = 10
NAMED: Final = 3  # associations in the short text
CORRECTIONS: Final = {"holm": "Holm", "bh": "BH"}
FOUND: Final = (SUPPORTS, CONTRADICTS, ASSOCIATED)
# Predictors whose order is reported whatever the verdict
ALWAYS_TOLD: Final = ("bound", "divergence")


def show(
    validation: Validation, console: Console, *, details: bool, where: str = ""
) -> None:
    """Print the answers of a validation, and all of it where details are wanted.

    `where` is the file that holds it.
    """
    show_answers(
        validation.answers, validation.warnings, console, details=details, where=where
    )
    if details:
        show_details(validation, console)


def show_details(validation: Validation, console: Console) -> None:
    """Print what was found, how sure it is, and what could be found."""
    console.print()
    for line in _head(validation):
        fold(console, line)
    console.print(_means(validation))
    for line in _pairs(validation):
        fold(console, line)
    console.print(_associations(validation))
    for line in findings(validation):
        fold(console, line)
    if validation.certificates:
        console.print(_certificates(validation))
        fold(console, FLOOR)
    for line in (
        *orders(validation),
        *_dependence(validation.dependence),
        *_controls(validation.controls, validation.family.delta),
        *_foot(validation),
    ):
        fold(console, line)


def _head(validation: Validation) -> Iterator[str]:
    for case in validation.datasets:
        aside = case.n_calibration
        fitted = (
            f"; {counted(aside, 'other')} only served to choose with and "
            f"{'has' if aside == 1 else 'have'} no terms here"
            if aside
            else ""
        )
        yield (
            f"{case.dataset}, {case.sampling}: "
            f"{counted(case.n_judged, 'judged query')}; terms of "
            f"{case.n_certificate:,}{fitted}"
        )
        if case.clustering is not None:
            yield f"  {case.clustering.sentence()}"
        yield (
            f"  teacher: {case.teacher.kind} scores ({case.teacher.kind_evidence}), "
            f"temperature {scale_words(case.teacher.temperature, case.teacher.fit)}"
        )
        for name, student in case.students.items():
            yield (
                f"  student {name}: {student.kind} scores "
                f"({student.kind_evidence}), temperature "
                f"{student.temperature:.6g}, {student.missing_share:.1%} of its "
                "documents without a score"
            )


def _table(title: str, padding: tuple[int, int, int, int] = (0, 1, 0, 1)) -> Table:
    return Table(
        title=title,
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=padding,
    )


def _means(validation: Validation) -> Table:
    rows = validation.means
    table = _table("mean effectiveness")
    measures = list(dict.fromkeys(row.measure for row in rows))
    table.add_column("data set")
    table.add_column("system")
    table.add_column("n", justify="right")
    for measure in measures:
        table.add_column(escape(measure), justify="right")
    found = {(row.dataset, row.student, row.measure): row for row in rows}
    for dataset, student in dict.fromkeys((row.dataset, row.student) for row in rows):
        line = [found[dataset, student, measure] for measure in measures]
        values = (f"{row.mean:.4f}" for row in line)
        table.add_row(escape(dataset), escape(student), f"{line[0].n:,}", *values)
    return table


def _pairs(validation: Validation) -> Iterator[str]:
    """The pairs of systems that differ, for each measure and data set."""
    apart: dict[tuple[str, str], list[str]] = {}
    for pair in validation.equivalence:
        if VERDICTS[pair.verdict].apart or pair.verdict in TURNED:
            better, worse = in_order(pair)
            apart.setdefault((pair.measure, pair.dataset), []).append(
                f"{better} over {worse} by {abs(pair.difference):.4f}"
                if pair.verdict not in TURNED
                else f"{better} over {worse} in most queries that change"
            )
    for (measure, dataset), pairs in apart.items():
        yield f"pairs that differ in {measure} on {dataset}: {', '.join(pairs)}"


def _associations(validation: Validation) -> Table:
    rows = [row for row in _own(validation) if row.p is not None]
    rows.sort(key=clarity)
    correction = validation.family.correction
    table = _table(
        f"the {min(SHOWN, len(rows))} smallest of {len(rows):,} p-values, per "
        "query: Spearman's rho, and given how hard the query is",
        padding=(0, 1, 0, 0),
    )
    several = len(validation.datasets) > 1
    table.add_column("configuration" if several else "student", overflow="fold")
    for name in ("term", "measure"):
        table.add_column(name, no_wrap=True)
    for name in ("rho", "interval", f"p ({CORRECTIONS[correction]})", "given"):
        table.add_column(name, justify="right", no_wrap=True)
    if not several:
        table.add_column("verdict", overflow="fold")
    for row in rows[:SHOWN]:
        table.add_row(
            escape(_where(row) if several else row.student),
            row.term,
            escape(row.measure),
            f"{row.spearman:.2f}",
            _interval(row.lower, row.upper),
            f"{row.p_corrected(correction):.3f}",
            "-" if row.partial is None else f"{row.partial:.2f}",
            *(() if several else (row.verdict,)),
        )
    return table


def _own(validation: Validation) -> list[Association]:
    """Rows that have a test of their own."""
    return [row for row in validation.per_query if row.same_as is None]


def _where(row: Association | HeldOutCertificate | Dependence) -> str:
    return f"{row.dataset}, {row.sampling}, {row.student}"


def _interval(lower: float | None, upper: float | None) -> str:
    """Both ends with two digits; a hyphen where there is no interval."""
    if lower is None or upper is None:
        return "-"
    return f"{lower:.2f} to {upper:.2f}"


def _certificates(validation: Validation) -> Table:
    table = _table("certificates of random halves against the risk of the others, nats")
    several = len(validation.datasets) > 1
    table.add_column("configuration" if several else "student", overflow="fold")
    headings = ("certificate", "floor (n)", "held-out risk", "ratio", "held", "refuted")
    for name in headings:
        table.add_column(name, justify="right", no_wrap=True)
    for row in validation.certificates:
        table.add_row(
            escape(_where(row) if several else row.student),
            f"{row.certificate:.4f}",
            floor_cell(row.half_floor),
            f"{row.held_out:.4f}",
            "-" if row.ratio is None else f"{row.ratio:.2f}",
            f"{row.held}/{row.splits}",
            f"{row.refuted}/{row.splits}",
        )
    return table


def findings(validation: Validation) -> Iterator[str]:
    """The per-query associations in sentences."""
    family, own = validation.family, _own(validation)
    counts = Counter(row.verdict for row in own if row.p is not None)
    given = sum(row.partial_verdict == ASSOCIATED for row in own)
    untested = [row for row in own if row.p is None]
    tests = counted(family.n_tests, "test")
    level = f"{CORRECTIONS[family.correction]}-corrected level {family.delta:g}"
    if counts[ASSOCIATED]:
        yield (
            f"per query: {counts[ASSOCIATED]:,} of {tests} of a term with a measure "
            f"find an association at {level}"
        )
    else:
        yield (
            "per query: no evidence that any term goes with effectiveness: none of "
            f"{tests} at {level}"
        )
    for verdict, number in sorted(counts.items()):
        if verdict not in (ASSOCIATED, INCONCLUSIVE):
            yield f"  {counted(number, 'row')}: {verdict}"
    yield f"  {counted(counts[INCONCLUSIVE], 'row')}: {INCONCLUSIVE}"
    if untested:
        reasons = dict.fromkeys(filter(None, (r.missing_because for r in untested)))
        yield f"  {counted(len(untested), 'row')} without a test: {'; '.join(reasons)}"
    beyond = (
        "beyond how hard a query is (teacher's effectiveness, number of relevant "
        "documents, group size)"
    )
    partial = f"{given:,} of {counted(family.partial.n_tests, 'test')}"
    if given:
        yield f"{beyond}: {partial} find one"
    else:
        yield (
            f"{beyond}: no evidence that any term goes with effectiveness, {partial}"
        )
    yield from _power(validation)


def _power(validation: Validation) -> Iterator[str]:
    family = validation.family
    detectable = {
        row.n: row.detectable
        for row in reversed(validation.per_query)
        if row.detectable is not None
    }
    for n in sorted({extreme(detectable) for extreme in (min, max) if detectable}):
        yield (
            f"power: with {counted(n, family.unit)} and "
            f"{counted(family.n_tests, 'test')} |rho| >= "
            f"{detectable[n]:.2f} is found with {family.power:.0%} power"
        )


def orders(validation: Validation) -> Iterator[str]:
    """Whether the predictors order the systems, in sentences."""
    rows = validation.configurations
    if not rows:
        return
    yield f"across {_compared(rows[0])}: {_outcome(validation)}"
    yield from _not_compared(validation)
    for row in rows:
        if row.p_adjusted is not None and row.verdict in FOUND:
            yield (
                f"  {row.verdict}{_the_theory(row)}: {row.predictor} ({row.kind}) and "
                f"{row.target}: tau {row.tau:.2f} ({_interval(row.lower, row.upper)}), "
                f"expected: {row.expected}, corrected p = {row.p_adjusted:.2g}"
            )
    for row in rows:
        if row.predictor in ALWAYS_TOLD and row.tau is not None:
            pairs = counted(row.n_pairs, "pair")
            right = (
                ""
                if row.accuracy is None
                else f", {row.accuracy:.0%} of {pairs} as expected"
            )
            verdict = f": {row.verdict}" if row.verdict else ""
            yield (
                f"  {row.predictor} ({row.kind}) and {row.target}: tau "
                f"{row.tau:.2f}{right}{verdict}"
            )
    for one in validation.predictions:
        if one.r2 is not None and one.features[0] in ALWAYS_TOLD:
            yield _predicted(one)


def _compared(row: Order) -> str:
    """What was compared; older results do not tell systems from configurations."""
    if not row.n_systems:
        return counted(row.n, "configuration") if row.n else "configurations"
    return (
        f"{counted(row.n_systems, 'system')} on "
        f"{counted(row.n_datasets or 0, 'data set')} "
        f"({counted(row.n, 'configuration')})"
    )


def _outcome(validation: Validation) -> str:
    """One clause on all orders and predictions."""
    rows, family = validation.configurations, validation.family.configurations
    untested = [row.untested_because for row in rows if row.untested_because]
    if untested:
        return f"{untested[0]}; their order, with no p-value and no verdict"
    if not family.n_tests:
        reasons = dict.fromkeys(filter(None, (row.missing_because for row in rows)))
        return f"no order: {'; '.join(reasons)}"
    found = Counter(row.verdict for row in rows if row.verdict in FOUND)
    predicted = sum(one.verdict == ASSOCIATED for one in validation.predictions)
    tests = counted(family.n_tests, "test")
    if not found and not predicted:
        return f"nothing: no evidence that anything orders or predicts them ({tests})"
    parts = [f"{word} in {counted(n, 'order')}" for word, n in found.items()]
    if predicted:
        parts.append(f"predicted in {counted(predicted, 'regression')}")
    return f"{', '.join(parts)} ({tests})"


def _not_compared(validation: Validation) -> Iterator[str]:
    for value in validation.configuration_values:
        if not value.compared:
            yield (
                f"  not compared: {value.student} ({value.dataset}, {value.sampling}), "
                f"{value.unscored_share or 0.0:.1%} of whose documents have no score"
            )


def _the_theory(row: Order) -> str:
    return " the theory" if row.verdict in (SUPPORTS, CONTRADICTS) else ""


def _predicted(one: Prediction) -> str:
    """How well a regression predicts systems that it has not seen."""
    names = ", ".join(one.features)
    if one.p is None:
        return (
            f"  ridge on {names}, leaving one out: R2 {one.r2:.2f} of {one.target} (0: "
            "no better than the data set's mean)"
        )
    return (
        f"  ridge on {names}, leaving systems out: R2 {one.r2:.2f} of {one.target} (0: "
        f"no better than the mean of the others; by chance {one.r2_null:.2f}, seldom "
        f"above {one.r2_null_upper:.2f}), corrected p = {one.p_adjusted:.2g}: "
        f"{one.verdict}"
    )


def _dependence(rows: Sequence[Dependence]) -> Iterator[str]:
    for row in rows:
        if row.p is None:
            yield f"locality and entropy ({_where(row)}): {row.missing_because}"
            continue
        yield (
            f"locality and entropy ({_where(row)}): distance correlation "
            f"{row.distance_correlation:.2f} ({row.expected:.2f} by chance), "
            f"corrected p = {row.p_adjusted:.3g}"
        )


def _controls(rows: Sequence[Control], delta: float) -> Iterator[str]:
    for row in rows:
        mark = "ok" if row.passed else "NOT AS IT SHOULD BE"
        if row.rate is not None:
            yield (
                f"control, {row.name}: {row.rate:.1%} of "
                f"{counted(row.n_tests, 'test')} reject"
                f"{_ends(row.lower, row.upper)} (nominal {delta:.1%}), "
                f"{row.family_rate:.1%} of "
                f"{row.n_families:,} families have a row associated"
                f"{_ends(row.family_lower, row.family_upper)} (promised: at most "
                f"{delta:.1%}): {mark}"
            )
        else:
            yield (
                f"control, {row.name}: its risk and range are the same for every "
                f"query, {row.n_tests} of {counted(row.n_rows or 0, 'row')} can be "
                f"tested, {row.associated} associated: {mark}"
            )


def _ends(lower: float | None, upper: float | None) -> str:
    """The interval of a rate; older results have none."""
    if lower is None or upper is None:
        return ""
    return f", interval {lower:.1%} to {upper:.1%}"


def _foot(validation: Validation) -> Iterator[str]:
    for name, why in validation.absent_terms.items():
        yield f"no {name}: {why}"
    for reason, number in validation.dropped.items():
        place, _, what = reason.rpartition(": ")
        yield f"dropped: {counted_reason(number, what)} ({place})"
    for warning in validation.warnings:
        yield f"warning: {warning}"
    if any(row.dataset == POOLED for row in validation.per_query):
        yield f"{POOLED} rows weigh data sets by their queries; see validation.json"


def validation_text(validation: Validation) -> str:
    """Data, associations, certificates and controls in a few lines."""
    datasets = validation.datasets
    names = ", ".join(dict.fromkeys(one.dataset for one in datasets))
    students = {name for one in datasets for name in one.students}
    title = (
        f"Validation of {names}: {counted(len(datasets), 'sampling')}, "
        f"{counted(len(students), 'student')}"
    )
    lines = [
        *_verdicts(validation),
        *_held(validation.certificates, validation.proviso),
    ]
    lines += [f"control failed: {c.name}" for c in validation.controls if not c.passed]
    lines += [f"warning: {warning}" for warning in validation.warnings]
    return outline(title, lines)


def _verdicts(validation: Validation) -> list[str]:
    rows, family = validation.per_query, validation.family
    # As in the banner of the report: every row with a verdict is counted
    counts = Counter(row.verdict for row in rows if row.verdict)
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] != ASSOCIATED, pair[0]))
    listed = ", ".join(f"{number} {verdict}" for verdict, number in ordered)
    lines = [
        f"{counted(len(rows), 'pair')} of term and measure: "
        f"{listed or 'no verdict'} ({family.correction}, delta {family.delta:g})"
    ]
    found = [row for row in rows if row.verdict == ASSOCIATED]
    found.sort(key=clarity)
    return [*lines, *map(_told, found[:NAMED])]


def _told(row: Association) -> str:
    return (
        f"  {short(row.student, NAME)}, {row.term} and {row.measure}: rho = "
        f"{row.spearman:.2f}, p = {row.p:.2g}, n = {row.n:,}"
    )


def _held(rows: Sequence[HeldOutCertificate], said: str) -> list[str]:
    if not rows:
        return []
    held, splits = sum(row.held for row in rows), sum(row.splits for row in rows)
    return [
        f"certificates held on {held:,} of "
        f"{counted(splits, 'random half', 'random halves')}; "
        f"{sum(row.vacuous for row in rows)} of {len(rows)} vacuous",
        *wrap(f"certificates hold {said}", WIDTH - 2),
    ]
