"""The ledger as tables and sentences, for a terminal or a text file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.floors import rounded_down
from rankbound.bounds.wording import counted, counted_reason, plural
from rankbound.catalogue import PROVIDED, VERDICTS
from rankbound.commands.measure.answers import with_interval
from rankbound.commands.measure.inputs import PAIRS_OF
from rankbound.commands.measure.result import (
    CalibrationError,
    Compat,
    Diameter,
    FittedTemperature,
    Judged,
    Ledger,
    LimitFloor,
    Ranking,
    Relevance,
    StudentResult,
    Teacher,
)
from rankbound.terminal.answers import show_answers
from rankbound.terminal.console import (
    NAME,
    WIDTH,
    fold,
    in_clusters,
    outline,
    short,
)

Row = tuple[str, str, str, str, str, str, str]
PARTS: Final = ("part", "value", "interval", "limit", "floor (n)")
FLOOR: Final = (
    "floor (n): none of the limits offered here, upper ends of intervals included, can "
    "be below the floor on this sample; from n queries on one may be below the trivial "
    "value (of a risk ln 2)"
)
RANKED: Final = (
    *("student", "risk", "divergence", "against", "difference", "at least"),
    *("p", "verdict"),
)
CALIBRATION: Final = ("p from", "to", "pairs", "mean p", "observed")
BINS: Final = (
    "the student",
    "p from",
    "to",
    "pairs",
    "queries",
    "mean p",
    "observed",
    "interval",
)


def show(ledger: Ledger, console: Console, *, details: bool, where: str = "") -> None:
    """Print the answers of a ledger, and all of it where details are wanted.

    `where` is the file that holds it.
    """
    show_answers(ledger.answers, ledger.warnings, console, details=details, where=where)
    if details:
        show_details(ledger, console)


def show_details(ledger: Ledger, console: Console) -> None:
    """Print the inputs, each part with unit, interval and trivial value, and more."""
    console.print()
    for line in _head(ledger):
        fold(console, line)
    console.print(_table(ledger))
    fold(console, FLOOR)
    if ledger.teacher.calibration_error is not None:
        show_calibration(ledger.teacher.calibration_error, console)
    show_readings(ledger.students, console)
    if ledger.compat is not None:
        show_compat(ledger.compat, console)
    for name, student in ledger.students.items():
        for sentence in student_sentences(student):
            fold(console, f"{name}: {sentence}")
    if ledger.ranking is not None:
        show_ranking(ledger.ranking, console)
    for line in _foot(ledger):
        fold(console, line)


def scale_words(temperature: float, fit: FittedTemperature | None) -> str:
    """A temperature; of a fitted one no more digits than are known."""
    return f"{temperature:.6g}" if fit is None else with_interval(fit)


def show_calibration(found: CalibrationError, console: Console) -> None:
    """Print the calibration error of the teacher's preferences, and its bins."""
    fold(
        console,
        f"expected calibration error of the teacher: {found.value:.4f}, on "
        f"{found.n_pairs:,} {PAIRS_OF[found.on]}, all of the same weight",
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in CALIBRATION:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found.bins:
        table.add_row(
            f"{row.from_:.2f}",
            f"{row.to:.2f}",
            f"{row.n_pairs:,}",
            _n(row.mean_p),
            _n(row.observed),
        )
    console.print(table)


def student_sentences(student: StudentResult) -> Iterator[str]:
    """What is told of a student beyond the answers, without the proviso of these.

    The first two sentences are the share and the mean, which the answers tell.
    """
    for sentence in student.sentences[2:] or (student.verdict,):
        yield sentence.partition(f"; {PROVIDED}")[0]


def show_ranking(ranking: Ranking, console: Console) -> None:
    """Print the students by their risk, and what can be said of the best one."""
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title="students compared", title_justify="left"
    )
    table.add_column(RANKED[0])
    for heading in RANKED[1:-1]:
        words = heading == "against"
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    table.add_column(RANKED[-1])
    for *cells, verdict in ranking_rows(ranking):
        style = VERDICTS[verdict].style
        table.add_row(*map(escape, cells), f"[{style}]{verdict}[/]")
    if table.row_count:
        console.print(table)
    for sentence in ranking.sentences:
        fold(console, sentence.partition(f"; {PROVIDED}")[0])


def ranking_rows(ranking: Ranking) -> Iterator[tuple[str, ...]]:
    """Students by risk, each beside the one that speaks most against it.

    Columns are those of `RANKED`: risk, divergence, difference and its lower limit are
    in nats, and p is of the hypothesis that the student is a best one.
    """
    in_order = sorted(ranking.students.items(), key=lambda item: item[1].risk)
    for name, student in in_order:
        limits = student.against
        other = student.excluded_by or max(limits, key=lambda one: limits[one].lower)
        yield (
            name,
            _n(student.risk),
            _n(student.divergence),
            other,
            f"{limits[other].difference:+.4f}",
            f"{limits[other].lower:+.4f}",
            f"{student.p_value:.2g}",
            student.verdict,
        )


def _head(ledger: Ledger) -> Iterator[str]:
    teacher, calibration = ledger.teacher, ledger.calibration
    yield (
        f"teacher: {teacher.kind} scores ({teacher.kind_evidence}), "
        f"temperature {scale_words(teacher.temperature, teacher.fit)}"
    )
    for name, student in ledger.students.items():
        yield (
            f"student {name}: {student.kind} scores ({student.kind_evidence}), "
            f"temperature {student.temperature:.6g}, {floor_words(student)}"
        )
    aside = calibration.n_calibration
    pilots = any(s.chosen and s.chosen.pilot_queries for s in ledger.students.values())
    served = "set aside to choose with" if pilots else "served to fit temperatures"
    fitted = f"; {counted(aside, 'other')} {served}" if aside else ""
    yield f"{counted(ledger.n_queries, 'query')}, {ledger.pairs} pairs{fitted}"
    if ledger.clustering is not None:
        yield ledger.clustering.sentence()


def floor_words(student: StudentResult) -> str:
    """Which of a student's documents lie at its floor, and how B and stake were found.

    For earlier files, the share of documents that were clipped.
    """
    clipped, chosen = f"{student.clipped_share:.2%}", student.chosen
    if chosen is None or student.tied_share is None:
        return f"{clipped} of its documents clipped at B = {student.range.B:g}"
    unscored = student.tied_share - student.clipped_share
    stake = "a grid of stakes" if chosen.stake is None else f"stake {chosen.stake:.2f}"
    on = f" on {counted(chosen.pilot_clusters or chosen.pilot_queries, student.unit)}"
    by = {"pilot": f"chosen{on}", "given": "given", "default": "by default"}
    return (
        f"B = {student.range.B:g} ({by[chosen.score_range_by]}), {stake} "
        f"({by[chosen.stake_by]}); {clipped} of its documents clipped and "
        f"{abs(unscored):.2%} unscored, so tied"
    )


def _table(ledger: Ledger) -> Table:
    level = f"{100 * (1 - ledger.delta):.10g}% interval"
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("student")
    table.add_column("part", no_wrap=True)
    for heading in ("value", level, "floor (n)", "trivial"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit")
    for section in part_rows(ledger):
        table.add_section()
        for name, part, value, *rest in section:
            bold = f"[bold]{value}[/]" if part.startswith("= upper") else value
            table.add_row(escape(name), part, bold, *rest)
    return table


def part_rows(ledger: Ledger) -> Iterator[list[Row]]:
    """Rows of the table of parts as plain text, by teacher, student and space.

    Columns are: student, part, value, interval, floor, trivial value, unit.
    """
    trivial = ledger.trivial
    yield [*_teacher_rows(ledger.teacher, trivial)]
    for name, student in ledger.students.items():
        yield [*_student_rows(name, student, trivial)]
    yield [*_distance_rows(ledger.diameter)]


def _teacher_rows(teacher: Teacher, trivial: float) -> Iterator[Row]:
    interval = (teacher.entropy_lower, teacher.entropy_upper)
    yield (
        "(teacher)",
        "entropy",
        _n(teacher.entropy),
        _i(interval),
        floor_cell(teacher.floor),
        _n(trivial),
        "nats",
    )
    least = _n(teacher.entropy_floor)
    yield "", "entropy floor from mean margin", least, "", "", _n(trivial), "nats"


def _student_rows(name: str, student: StudentResult, trivial: float) -> Iterator[Row]:
    intervals, share = student.intervals, student.share
    if share is not None:
        below = f"{share.below / share.of:.4f}"
        least = f"at least {rounded_down(share.at_least)}"
        beat = f"{plural(student.unit)} that beat guessing"
        yield name, beat, below, least, "", "", "share"
        name = ""
    interval, cell = _i(intervals.entropy), floor_cell(intervals.entropy_floor)
    yield name, "entropy", _n(student.entropy), interval, cell, "", "nats"
    interval, cell = _i(intervals.divergence), floor_cell(intervals.divergence_floor)
    yield "", "divergence", _n(student.divergence), interval, cell, "", "nats"
    interval, cell = _i(intervals.risk), floor_cell(student.floor)
    yield "", "= risk", _n(student.risk), interval, cell, _n(trivial), "nats"
    width = f"deviation (range {student.range.width:.3f})"
    yield "", f"+ {width}", _n(student.deviation), "", "", "", "nats"
    upper = _n(student.upper)
    yield "", "= upper limit (betting)", upper, "one-sided", cell, _n(trivial), "nats"
    others = ((k, v) for k, v in student.limits.items() if k != student.method)
    for method, limit in others:
        label = f"  by {method.replace('_', ' ')}"
        yield "", label, _n(limit), "", cell, _n(trivial), "nats"
    if student.unclipped_risk is not None:
        plain = _n(student.unclipped_risk)
        yield "", "risk, not clipped (uncertified)", plain, "", "", _n(trivial), "nats"
    paper = student.paper_form
    form = _n(paper.limit)
    yield "", "  the paper's form (reconstructed)", form, "", "", "", "nats"
    locality = student.locality
    if locality is not None:
        product = _n(locality.lipschitz_times_diameter)
        yield "", "L x diameter (descriptive)", product, "", "", "", "temperatures"


def _distance_rows(diameter: Diameter) -> Iterator[Row]:
    if diameter.max is None:
        return
    unit = "radians" if diameter.metric == "angular" else "distance"
    largest, tail = _n(diameter.max), _n(diameter.quantile_99)
    yield "(space)", "diameter: largest distance", largest, "", "", "", unit
    yield "", "0.99-quantile of distances", tail, "", "", "", unit
    yield "", "mean distance", _n(diameter.mean_distance), "", "", "", unit


def floor_cell(floor: LimitFloor | None) -> str:
    """A floor as a cell of a table, empty for none."""
    return "" if floor is None else floor.shown()


def _foot(ledger: Ledger) -> Iterator[str]:
    for reason, number in ledger.dropped.items():
        yield f"dropped: {counted_reason(number, reason)}"
    for warning in ledger.warnings:
        yield f"warning: {warning}"


def show_readings(students: Mapping[str, StudentResult], console: Console) -> None:
    """Print what was measured of the students beside their certificates.

    Nothing is printed for what lacks its inputs.
    """
    for title, headings, rows in (
        ("shift to the target law", PARTS, shift_rows),
        ("relevance", PARTS, relevance_rows),
        ("how often the document that the teacher prefers is better", BINS, bin_rows),
        ("nDCG and earlier bounds", PARTS, list_rows),
    ):
        table = Table(
            box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left"
        )
        table.add_column("student")
        table.add_column(headings[0])
        for heading in headings[1:]:
            table.add_column(heading, justify="right", no_wrap=True)
        for name, student in students.items():
            table.add_section()
            for place, row in enumerate(rows(student)):
                table.add_row(escape(name) if place == 0 else "", *row)
        if table.row_count:
            console.print(table)


def shift_rows(student: StudentResult) -> Iterator[tuple[str, ...]]:
    """Part, value, interval and limit of the shift block, in nats."""
    block = student.shift
    if block is None:
        return
    forms, least, exact = block.forms, block.least_per_query, block.exact
    if forms is None or least is None or exact is None:
        yield f"not computed: {block.missing_because}", "", "", "", ""
        return
    yield "risk under the sampling law, nats", _n(block.risk_sampling), "", "", ""
    yield "total variation of a document", _n(block.total_variation), "", "", ""
    kappa = f"kappa: none in {counted(block.queries_without_kappa or 0, 'query')}"
    if block.ratio is not None:
        kappa = "kappa, largest of the sample"
    yield kappa, _n(block.ratio), "", "", ""
    chosen = None
    for form, label, entry in (
        ("total_variation", "by total variation", forms.total_variation),
        ("cvar", "by worst share (CVaR)", forms.cvar),
        ("transport", "by transport (W1)", forms.transport),
        ("least_per_query", "least of each query", least),
        ("exact", "exact, from target scores", exact),
    ):
        if entry.value is None:
            yield f"{label}: {entry.missing_because}", "-", "", "-", ""
            continue
        mark = " (tightest)" if form == block.tightest else ""
        cell = floor_cell(entry.floor)
        chosen = cell if form == block.form else chosen
        yield f"target risk {label}{mark}", _n(entry.value), "", _n(entry.limit), cell
    verdict = "vacuous" if block.vacuous else "not vacuous"
    form = (block.form or "").replace("_", " ")
    label = f"= upper limit ({form}), {verdict}"
    yield label, "", "one-sided", _n(block.upper), chosen or ""


def relevance_rows(student: StudentResult) -> Iterator[tuple[str, ...]]:
    """Part, value, interval and limit of the relevance block, as shares of pairs."""
    block = student.relevance
    if block is None:
        return
    yield from _reading(block, "all pairs")
    judged = block.judged
    if judged is None:
        yield f"judged pairs: {block.judged_missing_because}", "", "", "", ""
        return
    yield from _reading(judged, f"judged pairs, {counted(judged.n_queries, 'query')}")
    observed, shift = judged.observed_misranking, judged.calibration_shift
    yield (
        "  observed misranking",
        _n(observed.value),
        _i(observed.interval),
        _n(observed.upper),
        floor_cell(observed.floor),
    )
    yield "  observed minus computed", _n(shift.value), _i(shift.interval), "", ""
    yield "  calibration term", _n(judged.calibration_term), "", "", ""
    corrected = _n(judged.ceiling_with_calibration)
    yield "  ceiling with calibration term", corrected, "", "", ""


def bin_rows(student: StudentResult) -> Iterator[tuple[str, ...]]:
    """The reliability table: counts, mean p, and the observed share with interval."""
    judged = None if student.relevance is None else student.relevance.judged
    for row in () if judged is None else judged.reliability:
        yield (
            row.student,
            f"{row.from_:.2f}",
            f"{row.to:.2f}",
            f"{row.n_pairs:,}",
            f"{row.n_queries:,}",
            _n(row.mean_p),
            _n(row.observed),
            _i(row.interval),
        )


def list_rows(student: StudentResult) -> Iterator[tuple[str, ...]]:
    """Part, value, interval and limit of 1 - nDCG and of the comparators."""
    block, relevance, others = student.ndcg, student.relevance, student.comparators
    if block is None or relevance is None or others is None:
        return
    loss, bounds, least = block.loss, block.bounds, block.least
    if loss is None or bounds is None or least is None:
        yield f"nDCG: {block.missing_because}", "", "", "", ""
    else:
        cell = floor_cell(loss.floor)
        yield "1 - nDCG", _n(loss.value), _i(loss.interval), "", cell
        for name, bound in {**bounds, "least per list": least}.items():
            label = f"  at most, from {name.replace('_', ' ')}"
            value = "vacuous" if bound.vacuous else _n(bound.value)
            yield label, value, "", _n(bound.limit), floor_cell(bound.limit_floor)
    judged = relevance.judged
    if judged is None:
        yield f"earlier bounds: {relevance.judged_missing_because}", "", "", "", ""
        return
    for label, entry in (
        ("AUC, from below (Agarwal et al.)", others.auc),
        ("wrong pairs of a pool (Clémençon et al.)", others.pool),
        ("short margins (Usunier et al.)", others.margin),
        ("by way of the teacher (Hsu et al.)", others.teacher),
        ("loss variance with labels (Menon et al.)", others.variance),
    ):
        why = "" if entry.limit is not None else f": {entry.missing_because}"
        cell = floor_cell(entry.limit_floor)
        yield f"{label}{why}", _n(entry.value), "", _n(entry.limit), cell
    ceiling, seen = judged.ceiling, judged.observed_misranking
    label = "ours: misranking ceiling, judged pairs"
    cell = floor_cell(ceiling.limit_floor)
    yield label, _n(ceiling.value), "", _n(ceiling.limit), cell
    label, cell = "observed misranking, judged pairs", floor_cell(seen.floor)
    yield label, _n(seen.value), "", _n(seen.upper), cell


def _reading(block: Relevance | Judged, pairs: str) -> Iterator[tuple[str, ...]]:
    part, ceiling, floor = block.misranking, block.ceiling, block.floor
    cell = floor_cell(part.floor)
    yield f"misranking, {pairs}", _n(part.value), _i(part.interval), "", cell
    cell = floor_cell(ceiling.limit_floor)
    yield "  ceiling", _n(ceiling.value), "", _n(ceiling.limit), cell
    yield "  floor of any ranker", _n(floor.value), "", _n(floor.limit), ""


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _i(interval: tuple[float, float]) -> str:
    lower, upper = interval
    return f"{lower:.4f} to {upper:.4f}"


def show_compat(compat: Compat, console: Console) -> None:
    """Print means by the reference study's formulas and ours, and why they differ."""
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title="the reference study's formulas",
        title_justify="left",
    )
    table.add_column("quantity", no_wrap=True)
    for heading in ("reference", "corrected", "difference", "without value"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for name, row in compat.quantities.items():
        lacking = row.n_reference_without_value
        table.add_row(
            escape(name),
            _short(row.reference_mean),
            _short(row.corrected_mean),
            _short(row.mean_difference),
            f"{lacking:,} of {row.n:,}" if lacking else "",
            row.unit,
        )
    console.print(table)
    for reason, names in _grouped(compat).items():
        fold(console, f"{', '.join(names)}: {reason}")
    for line in _counts(compat):
        fold(console, line)


def _grouped(compat: Compat) -> dict[str, list[str]]:
    """Quantities by the reason that they share."""
    found: dict[str, list[str]] = {}
    for name, row in compat.quantities.items():
        found.setdefault(row.reason, []).append(name)
    return found


def _counts(compat: Compat) -> list[str]:
    counts = compat.counts
    lines = []
    zeros = counts.documents_without_teacher_score_counted_as_0
    if zeros:
        lines.append(
            f"reference, counted as 0: {counted(zeros, 'document')} without a "
            "teacher score"
        )
    for name, number in counts.documents_without_student_score_counted_as_0.items():
        if number:
            lines.append(
                f"reference, counted as 0: {counted(number, 'document')} without a "
                "score "
                f"of {name}"
            )
    pooled = counts.queries_with_several_groups_pooled
    if pooled:
        lines.append(
            f"reference, lines pooled into one: those of {counted(pooled, 'query')}"
        )
    if any(
        row.mean_difference is not None and row.without_value
        for row in compat.quantities.values()
    ):
        lines.append("difference: mean over the queries that have both values")
    for name, row in compat.quantities.items():
        for why, number in row.without_value.items():
            lines.append(f"{name}, {number:,} of {counted(row.n, 'query')}: {why}")
    return lines


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def ledger_text(ledger: Ledger) -> str:
    """Teacher, queries, entropy with its interval, and the students' limits."""
    teacher = ledger.teacher
    # The teacher is the first input; a ledger of another program may list none
    name = next((one.path or one.object for one in ledger.inputs), None)
    of = "" if name is None else f" of {short(name, NAME)!r}"
    title = (
        f"Measurement{of}: {teacher.kind}, {counted(ledger.n_queries, 'query')}"
        f"{in_clusters(ledger.clusters)}, "
        f"entropy {teacher.entropy:.4g} nats [{teacher.entropy_lower:.4g}, "
        f"{teacher.entropy_upper:.4g}]"
    )
    lines = [
        f"{short(name, NAME)!r}: {student_text(student)}"
        for name, student in ledger.students.items()
    ]
    if lines:
        lines += wrap(f"limits hold {ledger.proviso}", WIDTH - 2)
    return outline(title, [*lines, *(f"warning: {w}" for w in ledger.warnings)])


def student_text(student: StudentResult) -> str:
    """Risk, limit and verdict in one line."""
    verdict = "vacuous" if student.vacuous else "not vacuous"
    return (
        f"risk {student.risk:.4g} nats, at most {student.upper:.4g}: {verdict}, "
        f"dominated by {student.dominating}"
    )
