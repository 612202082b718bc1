"""Ledgers, comparisons and validations as verdicts and tables of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from rankbound.bounds.wording import counted, plural
from rankbound.catalogue import (
    ASSOCIATIONS,
    EXCLUDED,
    ORDERS,
    PROVIDED,
    REMAINS,
    VERDICTS,
    in_order,
)
from rankbound.commands.compare.result import Comparison, Row, SweepTable
from rankbound.commands.measure.result import Ledger, Ranking, StudentResult
from rankbound.commands.validate.records import (
    Association,
    Control,
    HeldOutCertificate,
    JudgedTogether,
    Order,
    Prediction,
    SystemPair,
)
from rankbound.commands.validate.result import Validation
from rankbound.page.accounts import (
    Account,
    Table,
    Verdict,
    interval,
    notes_of,
    number,
    told,
    words,
)
from rankbound.terminal.compare import card_part
from rankbound.terminal.console import in_clusters
from rankbound.terminal.measure import (
    BINS,
    FLOOR,
    PARTS,
    RANKED,
    bin_rows,
    floor_cell,
    list_rows,
    part_rows,
    ranking_rows,
    relevance_rows,
    shift_rows,
)

Rows = Callable[[StudentResult], Iterator[tuple[str, ...]]]
READINGS: Final[tuple[tuple[str, str, tuple[str, ...], Rows], ...]] = (
    ("shift", "Shift to the target law", PARTS, shift_rows),
    ("relevance", "Relevance", PARTS, relevance_rows),
    (
        "calibration",
        "How often the document that the teacher prefers is better",
        BINS,
        bin_rows,
    ),
    ("lists", "nDCG and earlier bounds", PARTS, list_rows),
)
MODELS: Final = (
    "model",
    "kind of scores",
    "evidence",
    "temperature",
    "B",
    "stake",
    "clipped",
    "missing",
)


def ledger_account(ledger: Ledger, *, name: str = "") -> Account:
    """Verdicts, the table of parts, the models, and what else was measured."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="ledger",
        title=f"Ledger{suffix}",
        verdicts=tuple(_ledger_verdicts(ledger, name)),
        sentences=tuple(
            f"{student}: {sentence}"
            for student, entry in ledger.students.items()
            for sentence in entry.sentences[2:]
        )
        + (() if ledger.ranking is None else ledger.ranking.sentences),
        tables=tuple(_ledger_tables(ledger, name)),
        notes=notes_of(ledger, "warnings", "assumptions", "dropped", "definitions"),
    )


def _ledger_verdicts(ledger: Ledger, name: str) -> Iterator[Verdict]:
    for student, entry in ledger.students.items():
        who = " / ".join(filter(None, (name, student)))
        sentence = f"{who}: {_first_of(entry.sentences) or entry.verdict}"
        if entry.vacuous:
            ends = f"{number(entry.upper)} nats; ln 2 = {number(ledger.trivial)}"
            yield told("vacuous", f"{sentence}; the limit is {ends}")
        else:
            yield told("not vacuous", sentence)
    yield from _ranking_verdicts(ledger.ranking, ledger.proviso, name)
    for warning in ledger.warnings:
        yield told("warning", warning)


def _ranking_verdicts(
    ranking: Ranking | None, proviso: str, name: str
) -> Iterator[Verdict]:
    """Which students remain and which are excluded, in a line each."""
    students = {} if ranking is None else ranking.students
    for verdict in (REMAINS, EXCLUDED):
        which = [who for who, one in students.items() if one.verdict == verdict]
        if which:
            where = f"{name}: " if name else ""
            yield told(
                verdict,
                f"{where}{len(which)} of {counted(len(students), 'student')}: "
                f"{', '.join(which)}; {proviso}",
            )


def _ranking_tables(ranking: Ranking | None, name: str) -> Iterator[Table]:
    if ranking is None or not ranking.students:
        return
    caption = (
        f"Students by their risk on {counted(ranking.n_queries, 'query')}, clipped at "
        f"one B = {ranking.B:g}, each beside the one that speaks most against it; p of "
        f"the hypothesis that it is a best one, delta = {ranking.delta:g}"
    )
    rows = tuple(ranking_rows(ranking))
    yield Table(_ledger_named("ranking", name), caption, RANKED, rows)
    yield Table(
        _ledger_named("pairs", name),
        "Risk, and divergence, of a student less that of another, in nats, with its "
        "lower limit; those of one student hold together, those of several do not",
        ("student", "against", "difference", "at least"),
        tuple(
            (who, other, number(limit.difference), number(limit.lower))
            for who, one in ranking.students.items()
            for other, limit in one.against.items()
        ),
        left=2,
        title="paired limits",
    )


def _ledger_tables(ledger: Ledger, name: str) -> Iterator[Table]:
    level = f"{100 * (1 - ledger.delta):.10g}% interval"
    caption = (
        f"Parts of the certificate, {counted(ledger.n_queries, 'query')}"
        f"{in_clusters(ledger.clusters)}, "
        f"{ledger.pairs} pairs; groups: {ledger.groups}; {FLOOR}"
    )
    filled = _filled(row for section in part_rows(ledger) for row in section)
    rows = tuple((*row, _vacuous(ledger, row)) for row in filled)
    headings = (
        *("student", "part", "value", level, "floor (n)", "trivial", "unit"),
        "vacuous",
    )
    yield Table(_ledger_named("ledger", name), caption, headings, rows, left=2)
    yield Table(
        _ledger_named("models", name),
        "What the scores are, and in which unit margins are",
        MODELS,
        tuple(_models(ledger)),
        left=3,
    )
    yield from _ranking_tables(ledger.ranking, name)
    for key, title, columns, rows_of in READINGS:
        found = [
            (student, *row)
            for student, entry in ledger.students.items()
            for row in rows_of(entry)
        ]
        if found:
            yield Table(
                _ledger_named(key, name),
                title,
                ("student", *columns),
                tuple(found),
                left=2,
            )


def _vacuous(ledger: Ledger, row: tuple[str, ...]) -> str:
    """Whether a limit is at or above the trivial value; empty for other rows."""
    student, part = row[:2]
    entry = ledger.students.get(student)
    if entry is None:
        return ""
    limits = [
        *((f"  by {words(method)}", limit) for method, limit in entry.limits.items()),
        ("  the paper's form", entry.paper_form.limit),
        ("= upper limit", entry.upper),
    ]
    for start, limit in limits:
        if part.startswith(start):
            return "yes" if limit >= ledger.trivial else "no"
    return ""


def _first_of(sentences: Sequence[str]) -> str:
    """The share and the limit of the mean, which have one proviso."""
    *others, last = sentences[:2] or ("",)
    return "; ".join((*(one.partition(f"; {PROVIDED} ")[0] for one in others), last))


def _models(ledger: Ledger) -> Iterator[tuple[str, ...]]:
    teacher = ledger.teacher
    yield (
        "(teacher)",
        teacher.kind,
        teacher.kind_evidence,
        f"{teacher.temperature:.6g}",
        *("–",) * 4,
    )
    for name, entry in ledger.students.items():
        yield (
            name,
            entry.kind,
            entry.kind_evidence,
            f"{entry.temperature:.6g}",
            f"{entry.range.B:g}",
            _stake(entry),
            f"{entry.clipped_share:.2%}",
            f"{entry.missing_share:.2%}",
        )


def _stake(student: StudentResult) -> str:
    if student.chosen is None or student.chosen.stake is None:
        return "a grid"
    return f"{student.chosen.stake:.2f}"


def _filled(rows: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows, with the first cell repeated where a terminal leaves it blank."""
    found: list[tuple[str, ...]] = []
    for first, *rest in rows:
        found.append((first or found[-1][0], *rest))
    return tuple(found)


def _ledger_named(*parts: str) -> str:
    return "-".join(filter(None, parts))


# Bad news comes first, and open questions before settled ones
LEVELS: Final = ("bad", "told", "caution", "good")
PAIRED: Final = (
    "sampling",
    "quantity",
    "pairs",
    "verdict",
    "n",
    "mean",
    "reference",
    "difference",
    "interval",
    "p (Holm)",
    "effect size",
    "margin",
    "smallest margin",
)
DIRECTIONS: Final = (
    *("sampling", "quantity", "pairs", "rises", "falls", "of"),
    *("share rising", "share falling", "d_z (approximate)", "t (approximate)"),
)
ENTROPIES: Final = ("sampling", "pairs", "entropy, nats", "mean margin", "ties")
SWEEP: Final = ("sampling", "pairs", "verdict", "factor", "difference", "interval")


def comparison_account(comparison: Comparison, *, name: str = "") -> Account:
    """Verdicts by kind, sentences to quote, differences, means, and the sweep."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="comparison",
        title=f"Comparison with {comparison.reference}{suffix}",
        verdicts=tuple(_comparison_verdicts(comparison, name)),
        sentences=comparison.sentences,
        tables=tuple(_comparison_tables(comparison, name)),
        notes=notes_of(
            comparison, "warnings", "advice", "cannot_say", "assumptions", "definitions"
        ),
    )


def _comparison_verdicts(comparison: Comparison, name: str) -> Iterator[Verdict]:
    counts = Counter(row.verdict for row in comparison.rows)
    where = f"{name}: " if name else ""
    for verdict in sorted(counts, key=_verdict_place):
        rows = [row for row in comparison.rows if row.verdict == verdict]
        which = "; ".join(dict.fromkeys(map(_label, rows)))
        yield told(
            verdict,
            f"{where}{counts[verdict]} of "
            f"{counted(comparison.family.size, 'comparison')} with "
            f"{comparison.reference}: {which}",
        )
    if comparison.controls.passed is False:
        yield told("control failed", f"{where}a control did not pass")
    for warning in comparison.warnings:
        yield told("warning", warning)


def _verdict_place(verdict: str) -> tuple[int, int]:
    return LEVELS.index(VERDICTS[verdict].level), in_order(verdict)


def _label(row: Row) -> str:
    return f"{row.sampling} ({row.quantity}, {row.pairs})"


def _comparison_tables(comparison: Comparison, name: str) -> Iterator[Table]:
    family, tag = comparison.family, f"-{name}" if name else ""
    caption = (
        f"{family.name}: paired differences, sampling minus "
        f"{comparison.reference}; intervals {family.intervals}, "
        f"p-values {family.p_values}, delta = {comparison.delta:g}"
    )
    if any(row.decides == "direction" for row in comparison.rows):
        unknown = dict.fromkeys(
            row.quantity for row in comparison.rows if row.decides == "direction"
        )
        caption += (
            f"; no range of {', '.join(unknown)} is known, so that the direction of "
            f"the {plural(comparison.rows[0].unit_of_n)} that change decides, p is "
            "that of the sign test, and the interval is Student's, which is approximate"
        )
    rows = tuple(map(_comparison_row, comparison.rows))
    yield Table(f"comparison{tag}", caption, PAIRED, rows, left=4)
    directions = tuple(_direction_rows(comparison.rows))
    if directions:
        yield Table(
            f"directions{tag}",
            "Queries in which each quantity rises and falls; intervals of their shares "
            f"{family.directions}; a share is not a mean",
            DIRECTIONS,
            directions,
            left=3,
        )
    title, headings, cards = card_part(comparison)
    if comparison.cards:
        yield Table(f"cards{tag}", title, headings, tuple(map(tuple, cards)), left=1)
    means = tuple(
        (
            sampling.sampling,
            entry.pairs,
            *map(number, (entry.mean, entry.mean_margin, entry.ties)),
        )
        for sampling in comparison.samplings
        for entry in sampling.entropy
    )
    if means:
        yield Table(
            f"samplings{tag}", "The teacher on each sampling", ENTROPIES, means, left=2
        )
    yield Table(
        f"sweep{tag}",
        "The same entropies with the temperature multiplied by a factor",
        SWEEP,
        tuple(_swept(comparison.sweep.tables)),
        left=3,
    )


def _comparison_row(row: Row) -> tuple[str, ...]:
    return (
        row.sampling,
        words(row.quantity) + ("" if row.unit == "1" else f" ({row.unit})"),
        row.pairs,
        row.verdict,
        *map(number, (row.n, row.mean, row.reference_mean, row.difference)),
        interval((row.lower, row.upper)),
        *map(number, (row.p_holm, row.effect_size, row.margin, _smallest(row))),
    )


def _smallest(row: Row | SystemPair) -> float | None:
    """The smallest margin; None where no margin decides."""
    return None if row.decides == "direction" else row.smallest_margin


def _direction_rows(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        if (found := row.direction) is not None:
            yield (
                row.sampling,
                words(row.quantity),
                row.pairs,
                *map(number, (found.rises, found.falls, found.of)),
                *map(interval, (found.share_rising, found.share_falling)),
                *map(number, (row.effect_size, row.paired_t.statistic)),
            )


def _swept(tables: Iterable[SweepTable]) -> Iterator[tuple[str, ...]]:
    for table in tables:
        for row in table.rows:
            yield (
                row.sampling,
                row.pairs,
                row.verdict,
                number(table.factor),
                number(row.difference),
                interval((row.lower, row.upper)),
            )


Cells = tuple[str, ...]
PER_QUERY: Final = (
    "data set",
    "sampling",
    "student",
    "term",
    "measure",
    "verdict",
    "n",
    "Spearman",
    "interval",
    "p",
    "p (Holm)",
    "Pearson",
    "Kendall",
    "partial",
    "detectable",
)
CONFIGURATIONS: Final = (
    "predictor",
    "target",
    "verdict",
    "expected",
    "systems",
    "configurations",
    "tau",
    "interval",
    "p",
    "p (corrected)",
    "order right",
)
PREDICTIONS: Final = (
    "target",
    "predictors",
    "verdict",
    "systems",
    "R2",
    "R2 by chance",
    "its upper quantile",
    "p",
    "p (corrected)",
)
CERTIFICATES: Final = (
    "data set",
    "sampling",
    "student",
    "n",
    "risk",
    "upper limit",
    "floor (n)",
    "vacuous",
    "held-out risk",
    "splits held",
)
SYSTEMS: Final = (
    "data set",
    "measure",
    "first",
    "second",
    "verdict",
    "difference",
    "interval",
    "p (Holm)",
    "smallest margin",
)
CONTROLS: Final = (
    "control",
    "passed",
    "rate",
    "interval",
    "nominal",
    "tests",
    "families with a finding",
    "their interval",
)


def validation_account(validation: Validation, *, name: str = "") -> Account:
    """What is associated with effectiveness, how configurations rank, what held."""
    suffix = f", {name}" if name else ""
    keys = ("warnings", "dropped", "absent_terms", "definitions")
    return Account(
        kind="validation",
        title=f"Validation{suffix}",
        verdicts=tuple(_validation_verdicts(validation, f"{name}: " if name else "")),
        sentences=(),
        tables=tuple(_validation_tables(validation, f"-{name}" if name else "")),
        notes=notes_of(validation, *keys),
    )


def _validation_verdicts(validation: Validation, where: str) -> Iterator[Verdict]:
    # A term that ranks queries exactly as another does has no test of its own
    rows = [row for row in validation.per_query if row.same_as is None]
    counts = Counter(row.verdict for row in rows)
    for said in sorted(filter(None, counts), key=_association_place):
        sentence = (
            f"{where}{counts[said]} of {counted(len(rows), 'association')} of a "
            "term of the bound with an effectiveness, query by query"
        )
        yield told(said, sentence)
    yield from _order_verdicts(validation, where)
    certificates = validation.certificates
    many = sum(row.vacuous for row in certificates)
    if certificates:
        number_of = counted(len(certificates), "certificate")
        which = f"{number_of}, {validation.proviso}"
        if many:
            yield told("vacuous", f"{where}{many:,} of {which}")
        else:
            yield told("not vacuous", where + which)
    for control in validation.controls:
        if not control.passed:
            yield told("control failed", where + _failed(control))
    for warning in validation.warnings:
        yield told("warning", warning)


def _order_verdicts(validation: Validation, where: str) -> Iterator[Verdict]:
    """What the orders of systems say; nothing where there was no test."""
    rows = [row for row in validation.configurations if row.n_systems is not None]
    tested = [row for row in rows if row.verdict in ORDERS]
    counts = Counter(row.verdict for row in tested)
    for said in filter(counts.__contains__, ORDERS):
        one = tested[0]
        yield told(
            said,
            f"{where}{counts[said]} of {counted(len(tested), 'order')} of "
            f"{counted(one.n_systems or 0, 'system')} on "
            f"{counted(one.n_datasets or 0, 'data set')} by a term",
        )


def _failed(control: Control) -> str:
    """What a control found where nothing can be."""
    text = f"{control.name}: rate {number(control.rate)}"
    if control.lower is None or control.family_lower is None:
        return text
    return (
        f"{text} ({interval((control.lower, control.upper))}), nominal "
        f"{number(control.nominal)}; in {number(control.family_rate)} "
        f"({interval((control.family_lower, control.family_upper))}) of families, "
        f"promised at most {number(control.nominal)}"
    )


def _association_place(verdict: str) -> tuple[int, str]:
    known = [i for i, start in enumerate(ASSOCIATIONS) if verdict.startswith(start)]
    return (known[0] if known else len(ASSOCIATIONS), verdict)


def _validation_tables(validation: Validation, tag: str) -> Iterator[Table]:
    found: tuple[tuple[str, str, tuple[str, ...], int, Sequence[Cells]], ...] = (
        (
            "per_query",
            f"Terms and effectiveness per query{_family(validation.family)}",
            PER_QUERY,
            6,
            [_one(row) for row in validation.per_query],
        ),
        (
            "configurations",
            "Order of systems within data sets: does the predictor sort them as the "
            "target does?",
            CONFIGURATIONS,
            4,
            [_ordered(row) for row in validation.configurations],
        ),
        (
            "predictions",
            "Each system predicted from the others by ridge regression, against the "
            "same with systems exchanged at random",
            PREDICTIONS,
            3,
            [_foretold(row) for row in validation.predictions if row.r2 is not None],
        ),
        (
            "certificates",
            "Is the bound true, and how tight: held-out risks and certificates",
            CERTIFICATES,
            3,
            [_held(row) for row in validation.certificates],
        ),
        (
            "equivalence",
            "Systems two by two, paired by query; Student's intervals, which hold at "
            "once approximately",
            SYSTEMS,
            5,
            [_paired(row) for row in validation.equivalence],
        ),
        (
            "controls",
            "Controls: what must not be found",
            CONTROLS,
            2,
            [_controlled(row) for row in validation.controls],
        ),
    )
    for key, caption, headings, left, rows in found:
        if rows:
            file = f"{key.replace('_', '-')}{tag}"
            title = words(key)
            yield Table(file, caption, headings, tuple(rows), left=left, title=title)


def _family(family: JudgedTogether) -> str:
    return f" ({family.n_tests} tests, {family.test}, {family.correction} correction)"


def _one(row: Association) -> Cells:
    return (
        row.dataset,
        row.sampling,
        row.student,
        row.term,
        row.measure,
        row.verdict or row.missing_because or "not computed",
        number(row.n),
        number(row.spearman),
        interval((row.lower, row.upper)),
        *map(number, (row.p, row.p_holm, row.pearson, row.kendall, row.partial)),
        number(row.detectable),
    )


def _ordered(row: Order) -> Cells:
    return (
        row.predictor,
        row.target,
        row.verdict or row.missing_because or row.untested_because or "–",
        row.expected,
        number(row.n_systems),
        number(row.n),
        number(row.tau),
        interval((row.lower, row.upper)),
        number(row.p),
        number(row.p_adjusted),
        number(row.accuracy),
    )


def _foretold(row: Prediction) -> Cells:
    return (
        row.target,
        ", ".join(row.features) or "–",
        row.verdict or row.missing_because or "–",
        number(row.n_systems),
        *map(number, (row.r2, row.r2_null, row.r2_null_upper, row.p, row.p_adjusted)),
    )


def _held(row: HeldOutCertificate) -> Cells:
    return (
        row.dataset,
        row.sampling,
        row.student,
        number(row.n),
        number(row.risk),
        number(row.upper),
        floor_cell(row.floor),
        "yes" if row.vacuous else "no",
        number(row.held_out),
        f"{row.held} of {row.splits}",
    )


def _paired(row: SystemPair) -> Cells:
    return (
        row.dataset,
        row.measure,
        row.first,
        row.second,
        row.verdict,
        number(row.difference),
        interval((row.lower, row.upper)),
        number(row.p_holm),
        number(_smallest(row)),
    )


def _controlled(row: Control) -> Cells:
    return (
        row.name,
        "yes" if row.passed else "no",
        number(row.rate),
        interval((row.lower, row.upper)),
        number(row.nominal),
        number(row.n_tests),
        number(row.family_rate),
        interval((row.family_lower, row.family_upper)),
    )
