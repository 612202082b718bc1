"""`bound` of two measurements: against the tables read by hand, and what is refused."""

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.commands.bound.result import MeasuredChange
from rankbound.errors import FormatError, UsageError
from rankbound.rows import Rows
from rankbound.terminal.change import student_words
from rankbound.terminal.theory import answer_text
from tests import oracles

N = 60
DOCS = "abcdef"
TEACHER = {
    f"q{i}": dict(zip(DOCS, np.random.default_rng(i).normal(0, 2, 6), strict=True))
    for i in range(N)
}


def student(seed, noise, queries=TEACHER):
    rng = np.random.default_rng(seed)
    return {
        qid: {doc: float(score + rng.normal(0, noise)) for doc, score in row.items()}
        for qid, row in queries.items()
    }


WEAK, GOOD = student(1, 3.0), student(2, 0.3)


def groups(docs):
    return [
        {"query_id": qid, "doc_id_a": docs[0], "doc_id_b": list(docs[1:])}
        for qid in TEACHER
    ]


def measured(students, **options):
    kind = {"teacher_kind": "logit", "score_range": 1.5, "pilot": 0}
    given = {
        name: rb.StudentSource(name, scores=scores, kind="logit")
        for name, scores in students.items()
    }
    return rb.measure(TEACHER, students=given, **(kind | options))


BEFORE, AFTER = measured({"s": WEAK}), measured({"s": GOOD})


def columns(table, name):
    """Entropies and divergences of a student by query, read as text."""
    rows = csv.DictReader(table.text().splitlines(), delimiter="\t")
    return {
        row["qid"]: (float(row["entropy_nats"]), float(row["divergence_nats"]))
        for row in rows
        if row["student"] == name
    }


def interval(values, low, high, delta, points=3000):
    upper = oracles.betting_limit(values, low, high, delta / 2, 1, points)
    turned = [low + high - value for value in values]
    return low + high - oracles.betting_limit(
        turned, low, high, delta / 2, 1, points
    ), upper


@pytest.mark.parametrize("docs", [DOCS, "abcd", "abcf"])
def test_every_number_from_the_tables_by_hand(docs):
    """With the same groups, fewer documents, and other ones, for two students."""
    sides = []
    for sampled, seed in (("abcd", 3), (docs, 4)):
        models = {"s": student(seed, 5.0 - seed), "t": student(9, 0.5)}
        sides.append(measured(models, groups=groups(sampled), delta=0.3))
    made = rb.bound(before=sides[0], after=sides[1], delta=0.1)
    alike = docs == "abcd"
    assert made.students.names == ("s", "t")
    for name in ("s", "t"):
        found = made.students[name]
        first, second = (columns(side.beside["per_query"], name) for side in sides)
        assert found.same_groups == alike
        intervals = 2 if alike else 4
        for place, term in enumerate((found.entropy, found.divergence)):
            old, new = ([row[place] for row in t.values()] for t in (first, second))
            change = [new - old for old, new in zip(old, new, strict=True)]
            assert_allclose(term.before, sum(old) / N)
            assert_allclose(term.after, sum(new) / N)
            assert_allclose(term.change, sum(change) / N, atol=1e-15)
            if alike and place == 0:
                assert (term.low, term.high, term.lower, term.upper) == (0, 0, 0, 0)
                continue
            ends = [side.students[name].range for side in sides]
            low, high = -math.log(2), math.log(2)
            if place:
                low, high = -ends[0].high, ends[1].high
            if alike:
                low, high = ends[1].low - ends[0].high, ends[1].high - ends[0].low
            assert (term.low, term.high) == (low, high)
            wanted = interval(change, low, high, 0.1 / intervals)
            assert_allclose((term.lower, term.upper), wanted, atol=(high - low) / 2999)
        bounds = []
        for side, rows in zip(sides, (first, second), strict=True):
            risk = sum(h + d for h, d in rows.values()) / N
            b, c = 1.5, oracles.max_cut_share(len("abcd" if side is sides[0] else docs))
            low = oracles.softplus(-c * b)
            high = math.log(2) + c * (oracles.softplus(b) - math.log(2))
            bounds.append(risk + (high - low) * math.sqrt(math.log(2 / 0.1) / 2 / N))
        assert_allclose((found.before, found.after), bounds, rtol=1e-12)
        ends = (found.entropy, found.divergence)
        width = bounds[1] - bounds[0] - sum(end.change for end in ends)
        assert_allclose(found.lower, sum(end.lower for end in ends) + width, atol=1e-12)
        assert_allclose(found.upper, sum(end.upper for end in ends) + width, atol=1e-12)


def test_the_bound_of_one_student_is_the_hoeffding_limit_of_its_ledger():
    # A ledger spends half of its delta on means
    found = rb.bound(before=BEFORE, after=AFTER, delta=0.025).students["s"]
    limits = [side.students["s"].limits["hoeffding"] for side in (BEFORE, AFTER)]
    assert_allclose((found.before, found.after), limits, rtol=1e-12)


def test_a_better_student_on_many_queries_lowers_the_bound():
    found = rb.bound(before=BEFORE, after=AFTER).students["s"]
    assert found.verdict == "lower"
    assert found.divergence.upper < 0
    assert found.break_even_n_at_means < found.break_even_n < N
    turned = rb.bound(before=AFTER, after=BEFORE).students["s"]
    assert turned.verdict == "higher"
    assert_allclose(turned.lower, -found.upper, atol=1e-9)
    same = rb.bound(before=AFTER, after=AFTER).students["s"]
    assert same.verdict == "inconclusive"
    assert same.divergence.change == 0


def reordered(ledger, order):
    table = ledger.beside["per_query"]
    cells = {name: [table.column(name)[i] for i in order] for name in table.names}
    return ledger.with_beside(per_query=Rows(cells))


@settings(max_examples=10)
@given(st.permutations(range(N)))
def test_the_order_of_rows_changes_nothing(order):
    turned = rb.bound(before=reordered(BEFORE, order), after=AFTER)
    assert turned == rb.bound(before=BEFORE, after=AFTER)


def test_queries_of_one_side_are_dropped_and_counted():
    part = {qid: TEACHER[qid] for qid in [*TEACHER][:45]}
    few = rb.measure(
        part, students={"s": WEAK}, teacher_kind="logit", score_range=1.5, pilot=0
    )
    more = {f"x{qid}": row for qid, row in [*TEACHER.items()][45:50]}
    other = {**part, **more}
    second = rb.measure(
        other,
        students={"s": student(2, 0.3, other)},
        teacher_kind="logit",
        score_range=1.5,
        pilot=0,
    )
    with pytest.raises(UsageError, match="different teachers"):
        rb.bound(before=few, after=second)
    # A teacher without a hash is not known to be another one
    unknown = replace(second.inputs[0], sha256=None)
    second = second.__replace__(inputs=(unknown, *second.inputs[1:]))
    made = rb.bound(before=few, after=second)
    found = made.students["s"]
    assert (found.n_queries, found.only_before, found.only_after) == (45, 0, 5)
    assert not found.same_groups
    assert made.warnings[0].startswith("that both measurements have one teacher is ass")
    assert "0 queries only before the change and 5 queries only" in made.warnings[1]
    # By the tables, only the queries of both count
    first, after = (columns(s.beside["per_query"], "s") for s in (few, second))
    wanted = sum(after[qid][1] for qid in first) / 45
    assert_allclose(found.divergence.after, wanted)


def test_students_of_one_side_are_left_out_and_named():
    both = measured({"s": WEAK, "old": GOOD})
    made = rb.bound(before=both, after=measured({"new": WEAK, "s": GOOD}))
    assert made.students.names == ("s",)
    assert (made.only_before, made.only_after) == (("old",), ("new",))
    assert "measured only before, left out: old" in answer_text(made)


def test_other_clips_and_temperatures_of_the_student_are_said():
    cooler = rb.StudentSource("s", scores=GOOD, kind="logit", temperature=2.0)
    second = rb.measure(
        TEACHER, students={"s": cooler}, teacher_kind="logit", score_range=3.0, pilot=0
    )
    made = rb.bound(before=BEFORE, after=second)
    assert "B is 1.5 before the change and 3 after it" in made.warnings[0]
    assert "temperature is 1 before the change and 2" in made.warnings[1]
    found = made.students["s"]
    first, other = found.range_before, found.range_after
    assert found.divergence.low == other.low - first.high
    assert found.divergence.high == other.high - first.low


def test_where_group_sizes_vary_the_range_is_that_of_any_size():
    sizes = [
        {"query_id": qid, "doc_id_a": "a", "doc_id_b": list(DOCS[1 : 3 + i % 3])}
        for i, qid in enumerate(TEACHER)
    ]
    sides = [measured({"s": scores}, groups=sizes) for scores in (WEAK, GOOD)]
    found = rb.bound(before=sides[0], after=sides[1]).students["s"]
    assert found.same_groups
    for made in (found.range_before, found.range_after):
        assert_allclose(
            (made.low, made.high), [oracles.softplus(b) for b in (-1.5, 1.5)]
        )
    assert found.range_before.width > sides[0].students["s"].range.width


def test_groups_are_the_same_only_if_nothing_was_left_out():
    """A student that scores fewer documents has groups of its own, others have not."""
    holes = {q: {d: s for d, s in row.items() if d != "c"} for q, row in GOOD.items()}
    students = {"s": holes, "t": GOOD}
    sides = [measured(students, unscored="drop") for _ in "12"]
    made = rb.bound(before=sides[0], after=sides[1])
    assert [one.same_groups for one in made.students] == [False, True]


def test_without_groups_judgements_may_make_other_pairs():
    grades = {q: {d: int(d in "ab") for d in row} for q, row in TEACHER.items()}
    kind = {"pairs": "pos-neg", "qrels": grades}
    sides = [measured({"s": scores}, **kind) for scores in (WEAK, GOOD)]
    assert not rb.bound(before=sides[0], after=sides[1]).students["s"].same_groups
    given = [measured({"s": GOOD}, groups=groups(DOCS), **kind) for _ in "12"]
    assert rb.bound(before=given[0], after=given[1]).students["s"].same_groups


def test_queries_that_both_set_aside_choose_the_stakes():
    aside = {f"p{i}": row for i, row in enumerate([*TEACHER.values()][:12])}
    sides = []
    for side, scores in ((BEFORE, student(1, 3.0, aside)), (AFTER, aside)):
        tried = rb.measure(
            aside,
            students={"s": scores},
            teacher_kind="logit",
            score_range=1.5,
            pilot=0,
        )
        sides.append(side.with_beside(calibration=tried.beside["per_query"]))
    found = rb.bound(before=sides[0], after=sides[1]).students["s"].divergence
    grid = rb.bound(before=BEFORE, after=AFTER).students["s"].divergence
    assert (found.n_pilot, grid.n_pilot) == (12, 0)
    assert found.upper - found.lower < grid.upper - grid.lower
    # One more on one side only chooses nothing
    cut = {
        name: [*sides[1].beside["calibration"].column(name)][:5]
        for name in sides[1].beside["calibration"].names
    }
    fewer = sides[1].with_beside(calibration=Rows(cut))
    assert rb.bound(before=sides[0], after=fewer).students["s"].divergence == grid


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (lambda: measured({"s": GOOD}, temperature=2.0), "temperatures of the teacher"),
        (lambda: measured({"s": GOOD}, temperature=1 + 1e-15), "temperatures of"),
        (
            lambda: measured({"s": GOOD}, pairs="neg-neg", groups=groups(DOCS)),
            "different pairs: all and neg-neg",
        ),
        (
            lambda: rb.measure(
                student(7, 0.1),
                students={"s": GOOD},
                teacher_kind="logit",
                score_range=1.5,
                pilot=0,
            ),
            "different teachers: teacher (dict) and teacher (dict)",
        ),
        (
            lambda: measured({"s": GOOD}, teacher_kind="dot", temperature=1.0),
            "different kinds of teacher scores: logit and dot",
        ),
        (lambda: measured({"t": GOOD}), "no student of the same name: s, and t"),
        (lambda: rb.measure(TEACHER, teacher_kind="logit"), "without students"),
        (lambda: AFTER.with_beside(per_query=Rows({"qid": []})), "is missing"),
    ],
)
def test_measurements_of_something_else_are_refused(second, words):
    with pytest.raises((UsageError, FormatError)) as caught:
        rb.bound(before=BEFORE, after=second())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_query_in_common_is_an_error():
    renamed = AFTER.beside["per_query"]
    cells = {name: [*renamed.column(name)] for name in renamed.names}
    cells["qid"] = [f"other {qid}" for qid in cells["qid"]]
    with pytest.raises(UsageError, match=r"no query in common \(60 and 60 queries\)"):
        rb.bound(before=BEFORE, after=AFTER.with_beside(per_query=Rows(cells)))


def damaged(row, column, cell):
    table = AFTER.beside["per_query"]
    cells = {name: [*table.column(name)] for name in table.names}
    cells[column][row] = cell
    return AFTER.with_beside(per_query=Rows(cells))


@pytest.mark.parametrize(
    ("row", "column", "cell", "words"),
    [
        (3, "divergence_nats", "", ":5: divergence_nats must be a finite number"),
        (0, "entropy_nats", "nan", ":2: entropy_nats must be a finite number"),
        (0, "entropy_nats", "0.7", ":2: entropy_nats must lie in [0, 0.693147]"),
        (1, "divergence_nats", "-0.1", ":3: divergence_nats must lie in [0, "),
        (1, "divergence_nats", "5", ":3: divergence_nats must lie in [0, "),
        (2, "qid", "q0", "is there twice"),
        (2, "student", "t", ":4: the student 't' is not in the ledger"),
        (2, "entropy_nats", "0.4", "same teacher and the same groups, but other"),
        (2, "n_docs", "5", "same teacher and the same groups, but other"),
    ],
)
def test_a_table_that_is_not_of_its_ledger_is_refused(row, column, cell, words):
    with pytest.raises((FormatError, UsageError)) as caught:
        rb.bound(before=BEFORE, after=damaged(row, column, cell))
    assert words in str(caught.value)
    assert "run measure again" in str(caught.value)


def test_a_table_that_lacks_queries_is_refused():
    short = AFTER.with_beside(per_query=AFTER.beside["per_query"][:59])
    with pytest.raises(FormatError, match="holds 59 queries of the student 's', and"):
        rb.bound(before=BEFORE, after=short)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"before": BEFORE}, "`after` is missing"),
        ({"after": AFTER}, "`before` is missing"),
        ({"before": BEFORE, "after": AFTER, "n": 5}, "`n` belongs to a bound from"),
        ({"before": BEFORE, "after": AFTER, "entropy": 0.0}, "`entropy` belongs"),
        ({"before": BEFORE, "after": AFTER, "group_size": 8}, "`group_size` belongs"),
        ({"before": BEFORE, "after": AFTER, "solve": "n"}, "`solve` belongs"),
        ({"before": BEFORE, "after": AFTER, "delta": 2}, "delta"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        rb.bound(**settings)


def test_folders_give_what_ledgers_give_and_the_result_makes_the_trip(tmp_path):
    sides = {"before": tmp_path / "b", "after": tmp_path / "a"}
    for name, ledger in (("before", BEFORE), ("after", AFTER)):
        ledger.save(sides[name])
    made = rb.bound(**sides)
    assert made.students == rb.bound(before=BEFORE, after=AFTER).students
    assert [one.path for one in made.inputs] == [
        str(side / name)
        for side in sides.values()
        for name in ("ledger.json", "per_query.tsv")
    ]
    path = made.save(tmp_path)
    assert MeasuredChange.load(path) == made
    assert json.loads(path.read_text())["students"][0]["student"] == "s"
    assert list(made.to_frame("terms")["term"]) == ["entropy", "divergence"]
    assert "break" in made.to_latex()


def said(found):
    return "; ".join(answer.sentence for answer in found.answers)


def test_words_say_what_is_certain():
    made = rb.bound(before=BEFORE, after=AFTER)
    found = made.students["s"]
    ends = f"{-found.upper:.4f} to {-found.lower:.4f} nats"
    assert "s: the augmentation lowers the bound by 0." in repr(made)
    for text in (said(made), repr(made)):
        assert f"lower from n' = {found.break_even_n:,}" in text
    for text in (answer_text(made), repr(made)):
        assert "its mean divergence falls by" in text
    assert f"for s it lowers the bound by {ends}" in said(made)
    raised = rb.bound(before=AFTER, after=BEFORE)
    assert f"for s it raises the bound by {ends}" in said(raised)
    open_ = rb.bound(before=AFTER, after=AFTER)
    assert "for s it is open: the bound changes by -" in said(open_)
    assert "s: inconclusive: the augmentation changes the bound by -" in repr(open_)
    assert "whether the divergence changed is open" in answer_text(open_)
    for means, words in (
        (7, "no number of queries certainly makes the bound lower; at the measured"),
        (None, "s: no number of queries makes the bound lower"),
    ):
        none = replace(found, break_even_n=None, break_even_n_at_means=means)
        assert words in "\n".join(student_words(made, none))
    vacuous = measured({"s": WEAK}, score_range=10.0)
    none = rb.bound(before=vacuous, after=vacuous)
    assert "for s there is no evidence: both bounds, " in said(none)
    assert "s: no evidence: both bounds of Theorem 5 (" in repr(none)
    assert "lower from" not in said(none) + repr(none)


def test_queries_without_clusters_are_what_is_drawn():
    made = rb.bound(before=BEFORE, after=AFTER)
    assert made.proviso.endswith("queries are independent draws")
    assert made.answers[0].rests_on.endswith(made.proviso)


def test_what_is_drawn_is_what_was_measured():
    pairs = {qid: f"c{i // 2}" for i, qid in enumerate(TEACHER)}
    plain, clustered = (
        rb.bound(before=one, after=one)
        for one in (AFTER, measured({"s": GOOD}, clusters=pairs))
    )
    assert plain.proviso.endswith("queries are independent draws")
    assert clustered.proviso.endswith("clusters are independent draws")


@pytest.mark.statistical
def test_limits_of_both_terms_hold_together_in_simulation():
    """120 pairs of samples of 30 queries; a false alarm in 1 of 1,000 runs at most."""
    rng = np.random.default_rng(5)
    sides = [
        measured({"s": scores}, groups=groups(docs))
        for scores, docs in ((WEAK, "abcd"), (GOOD, "abce"))
    ]
    whole = rb.bound(before=sides[0], after=sides[1]).students["s"]
    truth = (whole.entropy.change, whole.divergence.change)
    failures = 0
    for _ in range(120):
        drawn = rng.integers(0, N, 30)
        parts = []
        for side in sides:
            table = side.beside["per_query"]
            cells = {n: [table.column(n)[i] for i in drawn] for n in table.names}
            cells["qid"] = [f"draw {i}" for i in range(30)]
            one = replace(side.students["s"], n_queries=30)
            part = side.__replace__(students={"s": one})
            parts.append(part.with_beside(per_query=Rows(cells)))
        found = rb.bound(before=parts[0], after=parts[1], delta=0.2).students["s"]
        terms = (found.entropy, found.divergence)
        failures += not all(
            term.lower <= value <= term.upper
            for term, value in zip(terms, truth, strict=True)
        )
    assert failures <= oracles.most_failures(120, 0.2, 0.001)
