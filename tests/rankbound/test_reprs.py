"""Results on a terminal: a few lines, printable, and with the numbers of the result."""

import pytest
from lxml.html import fragment_fromstring

from rankbound import rendering
from rankbound.bounds.certificate import certify_student, lemma_2c_range
from rankbound.commands.compare.run import compare
from rankbound.commands.measure.run import measure
from rankbound.page.pieces import MAKERS
from rankbound.results import KINDS as ALL_KINDS
from rankbound.results import result_type
from rankbound.terminal.answers import MOST_OPENING, opening
from rankbound.terminal.console import MOST_LINES, WIDTH
from tests.rankbound.results import (
    compared,
    every,
    groups,
    measured,
    powered,
    scores,
    validated,
)

KINDS = (
    "ledger",
    "comparison",
    "validation",
    "power",
    "cut",
    "inspection",
    "conversion",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return every(tmp_path_factory.mktemp("results"))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_of_result_can_be_shown(kind):
    name = result_type(kind).__name__
    assert name in rendering.TEXT
    assert name in rendering.HTML
    assert kind in MAKERS


def below(made):
    """The lines of a text below the answers that it opens with."""
    return repr(made).split("\n")[len(opening(made.answers)) :]


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_is_a_few_short_lines(results, kind):
    lines = repr(results[kind]).split("\n")
    assert 2 <= len(lines) <= MOST_LINES + MOST_OPENING
    assert max(map(len, lines)) <= WIDTH
    assert all(line.isprintable() for line in lines)
    assert "array(" not in repr(results[kind])
    assert "object at 0x" not in repr(results[kind])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "conversion"])
def test_texts_and_html_open_with_the_answers(results, kind):
    made = results[kind]
    assert made.answers
    first = f"{made.answers[0].wording} {made.answers[0].sentence}"
    assert " ".join(map(str.strip, opening(made.answers))).startswith(first)
    lines, answered = repr(made).split("\n"), opening(made.answers)
    place = 0 if made.ANSWERS_FIRST else len(lines) - len(answered)
    assert lines[place : place + len(answered)] == answered
    html = fragment_fromstring(made._repr_html_())
    [said, *_] = html.find_class("answer")
    assert said.text_content() == first


def test_a_measurement_names_limits_and_what_dominates():
    made = measured()
    student = made.students["plain"]
    line = next(one for one in repr(made).splitlines() if "'plain'" in one)
    assert f"risk {student.risk:.4g} nats" in line
    assert f"at most {student.upper:.4g}" in line
    assert f"dominated by {student.dominating}" in line
    assert repr(student) in line


def test_a_comparison_names_every_verdict():
    made = compared()
    text = repr(made)
    for row in made.rows:
        assert f"{row.difference:+.4f}" in text
    assert below(made)[0].startswith("Comparison with 'random': 6 comparisons")


def test_graver_verdicts_come_first():
    made = compare(
        teacher=scores(0),
        teacher_kind="logit",
        groups={"a": groups("ef"), "b": groups("ef"), "c": groups("bc")},
        pairs="all",
        resamples=0,
        margins=0.23,
    )
    verdicts = [row.verdict for row in made.rows]
    assert verdicts == ["equivalent", "inconclusive"]
    words = [line.split(":")[0].strip() for line in below(made)[1:3]]
    assert words == ["inconclusive", "equivalent"]


def test_a_validation_counts_its_verdicts():
    made = validated()
    rows = made.per_query
    text = repr(made)
    assert f"{len(rows)} pairs of term and measure: " in text
    for verdict in {row.verdict for row in rows if row.verdict}:
        number = sum(row.verdict == verdict for row in rows)
        assert f"{number} {verdict}" in text
    held = sum(row.held for row in made.certificates)
    assert f"certificates held on {held} of" in text
    vacuous = sum(row.vacuous for row in made.certificates)
    assert f"{vacuous} of {len(made.certificates)} vacuous" in text


def test_power_names_what_is_detectable():
    row = powered().rows[0]
    assert f"differences from {row.rule_difference:.4g}" in repr(powered())


def test_a_certificate_is_a_sentence():
    ranged = lemma_2c_range(10.0, cut_ratio=0.5, source="k large")
    made = certify_student(
        [0.5] * 40, [0.4] * 40, [0.1] * 40, loss_range=ranged, delta=0.05
    )
    assert made.sentence() in repr(made)
    assert f"at most {made.upper:.4g} nats" in repr(made)


def test_many_students_are_counted():
    made = measure(
        teacher=scores(0),
        teacher_kind="logit",
        students={f"s{i}": scores(1) for i in range(15)},
    )
    assert len(below(made)) == MOST_LINES
    assert repr(made).endswith("more lines")
