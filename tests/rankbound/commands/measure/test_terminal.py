"""What a reader sees: parts, readings, the reference's numbers, and the repr."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.table import Table

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import (
    Compat,
    CompatCounts,
    CompatKappa,
    CompatQuantity,
    Ledger,
    Ndcg,
    Shift,
)
from rankbound.commands.measure.run import measure, measure_with
from rankbound.terminal.console import console_for
from rankbound.terminal.measure import (
    show_compat,
    show_details,
    show_readings,
    student_text,
)
from tests.rankbound import ledgers
from tests.rankbound.commands.measure.naive import (
    student_entry,
    with_qrels,
    write_groups,
)
from tests.rankbound.terminal.test_data import HOSTILE


@pytest.fixture
def ledger(world):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        embeddings=world.path("docs.npy"), ids=world.path("docs.txt"),
        students=tuple(
            StudentSource(name, world.path(f"{name}.run"), temperature="fit")
            for name in ("strong", "gappy")
        ),
        unscored="drop",
    )  # fmt: skip
    return measure_with(options)


def shown(ledger):
    stream = io.StringIO()
    show_details(ledger, console_for(stream))
    return stream.getvalue()


def test_show_prints_every_part_with_its_numbers(ledger):
    text = shown(ledger)
    assert "\x1b" not in text  # plain where it is no terminal
    for student in ledger.students.values():
        for key in ("risk", "entropy", "divergence", "deviation", "upper"):
            assert f"{getattr(student, key):.4f}" in text
        low, high = student.intervals.risk
        assert f"{low:.4f} to {high:.4f}" in text
        assert all(f"{limit:.4f}" in text for limit in student.limits.values())
        # Beyond what the answers say, and without their proviso
        spoken = " ".join(text.split())
        for sentence in student.sentences[2:]:
            assert sentence.partition("; provided that")[0] in spoken
    for word in ("0.6931", "nats", "95% interval", "trivial", "L x diameter"):
        assert word in text
    assert f"{ledger.diameter.max:.4f}" in text
    assert "served to fit temperatures" in text


def test_show_prints_what_was_dropped_and_warned_of(ledger):
    lines = shown(ledger).splitlines()
    assert any(line.startswith("dropped: ") and "gappy" in line for line in lines)
    assert any(line.startswith("warning: ") for line in lines)


def test_show_keeps_brackets_in_names(ledger):
    named = replace(ledger, students={"[red]m[/red]": ledger.students["strong"]})
    assert "[red]m[/red]: instead of the share: " in shown(named)


def test_show_without_students_or_vectors(world):
    text = shown(measure(teacher=world.path("teacher.json.gz")))
    assert "(teacher)" in text
    assert "diameter" not in text


@pytest.mark.parametrize("length", [80, 150, 400])
def test_a_table_in_a_pipe_is_as_wide_as_it_needs_to_be_up_to_120(length):
    table = Table("student", "unit")
    table.columns[0].no_wrap = True
    table.add_row("x" * length, "temperatures")
    stream = io.StringIO()
    console = console_for(stream)
    console.print(table)
    text = stream.getvalue()
    assert text.count("x") == length  # folded, and nothing cut
    assert "temperatures" in text
    assert max(map(len, text.splitlines())) <= 120
    assert console.width == 100  # as it was


@pytest.fixture
def entry(world):
    laws = {
        qid: dict.fromkeys(list(row)[:4], 0.25) for qid, row in world.teacher.items()
    }
    path = write_groups(world.folder / "target.jsonl", laws)
    student_entry(world, *with_qrels(world), "--target-groups", path)
    return Ledger.load(world.folder / "out").students["strong"]


def readings_of(students):
    stream = io.StringIO()
    show_readings(students, console_for(stream))
    return stream.getvalue()


def test_every_block_is_shown_with_its_numbers(entry):
    text = readings_of({"[red]m": entry})
    assert "[red]m" in text
    judged = entry.relevance.judged
    for value in (
        entry.shift.upper,
        entry.shift.exact.value,
        entry.shift.total_variation,
        entry.relevance.misranking.value,
        entry.relevance.ceiling.limit,
        judged.observed_misranking.upper,
        judged.calibration_term,
        judged.ceiling_with_calibration,
        *(row.mean_p for row in judged.reliability),
        *(row.observed for row in judged.reliability),
        entry.ndcg.loss.value,
        entry.ndcg.least.limit,
        entry.comparators.auc.limit,
        entry.comparators.teacher.value,
    ):
        assert f"{value:.4f}" in text
    assert "(tightest)" in text
    assert "Hsu et al." in text
    assert "fixed in" in text  # why the margin bound has no limit


def test_a_vacuous_bound_is_called_so(entry):
    loose = replace(entry.ndcg.bounds["inversions"], vacuous=True, value=3.25)
    bounds = {**entry.ndcg.bounds, "inversions": loose}
    text = readings_of({"m": replace(entry, ndcg=replace(entry.ndcg, bounds=bounds))})
    line = next(line for line in text.splitlines() if "from inversions" in line)
    assert "vacuous" in line
    assert "3.25" not in text


def test_missing_blocks_print_their_reason_or_nothing(entry):
    assert readings_of({"m": ledgers.student()}) == ""
    relevance = replace(entry.relevance, judged=None, judged_missing_because="no pair")
    lacking = replace(
        entry,
        shift=Shift(missing_because="no law", assumptions=()),
        ndcg=Ndcg(missing_because="no list", assumptions=()),
        relevance=relevance,
    )
    text = readings_of({"m": lacking})
    for reason in ("no law", "no list", "no pair"):
        assert reason in text
    assert "how often the document" not in text


ROW = CompatQuantity(
    unit="bits",
    corrected_unit="bits",
    n=1200,
    reference_mean=0.75,
    corrected_mean=0.5,
    mean_difference=0.25,
    n_reference_without_value=1100,
    n_corrected_without_value=0,
    without_value={"0 log 0": 1100},
    reason="why it is wrong",
)
COUNTS = CompatCounts(
    documents_without_teacher_score_counted_as_0=7,
    documents_without_student_score_counted_as_0={"[b]": 3, "c": 0},
    queries_with_several_groups_pooled=5,
)
KAPPA = CompatKappa(reference_max=None, reference_median=None, reason="none")


def test_numbers_reasons_and_counts():
    stream = io.StringIO()
    none = replace(ROW, mean_difference=None, without_value={})
    compat = Compat(
        mode="reference",
        quantities={"x": ROW, "y": none},
        kappa=KAPPA,
        counts=COUNTS,
        definitions={},
    )
    show_compat(compat, console_for(stream))
    text = stream.getvalue()
    for words in (
        "1,100 of 1,200",
        "0.25",
        "x, y: why it is wrong",
        "counted as 0: 7 documents without a teacher score",
        "counted as 0: 3 documents without a score of [b]",
        "lines pooled into one: those of 5 queries",
        "x, 1,100 of 1,200 queries: 0 log 0",
        "difference: mean over the queries that have both values",
    ):
        assert words in text
    assert "score of c" not in text


QUERIES = {
    f"q{n}": {f"a{n}": 2.0 + n / 9, f"b{n}": -1.0, f"c{n}": n / 3} for n in range(12)
}


@pytest.fixture(scope="module")
def result():
    return measure(teacher=QUERIES, students=dict.fromkeys(HOSTILE, QUERIES))


def test_the_lines_name_teacher_and_students(result):
    lines = repr(result).splitlines()
    title = next(n for n, line in enumerate(lines) if line.startswith("Measurement"))
    assert 1 <= title <= 10
    first, *others = lines[title:]
    assert first.startswith("Measurement of 'teacher (dict)': logit, 12 queries, entro")
    assert len(others) == len(HOSTILE) + 2
    said = " ".join(line.strip() for line in others[-2:])
    assert said == f"limits hold {result.proviso}"
    first = next(iter(result.students.values()))
    assert others[0].strip().endswith(student_text(first))
    assert repr(first) == student_text(first)


def test_a_measurement_without_students_has_a_line():
    text = repr(measure(teacher=QUERIES))
    assert text.endswith("]")
    assert text.splitlines()[0].startswith("Which temperature?")
    assert text.splitlines()[-1].startswith("Measurement of ")


def test_warnings_are_lines(result):
    gaps = {q: dict(list(docs.items())[:2]) for q, docs in list(QUERIES.items())}
    made = measure(teacher=QUERIES, students={"s": gaps})
    assert made.warnings
    assert "warning: " in repr(made)
    assert not result.warnings
