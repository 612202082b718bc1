"""Options are checked when they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.errors import UsageError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": "g", "depth": 4}, "exclude each other"),
        ({"depth": 1}, "`depth` must be a whole number from 2 "),
        ({"pairs": "some"}, "`pairs` is one of"),
        ({"pairs": "pos-neg"}, "needs positives"),
        ({"pairs": "neg-neg"}, "needs positives"),
        (
            {"pairs": "pos-neg", "groups": "g", "target_groups": "t"},
            "give `pairs='all'`",
        ),
        ({"unjudged": "irrelevant"}, "give `qrels`"),
        ({"unjudged": "good", "qrels": "q"}, "`unjudged` is unknown or irrelevant"),
        ({"ids": "i"}, "name the rows of `embeddings`"),
        ({"temperature": "fit"}, "give `qrels`"),
        ({"temperature": 0.0}, "`temperature` must be a positive number"),
        ({"temperature": float("nan")}, "`temperature` must be a positive number"),
        ({"temperature": "warm"}, "got 'warm'"),
        ({"metric": "cosine"}, "not a metric"),
        ({"metric": "manhattan"}, "unknown metric"),
        ({"score_range": 0.0}, "`score_range` must be a positive number"),
        ({"score_range": float("inf")}, "`score_range` must be a positive number"),
        ({"delta": 0.0}, "`delta` must be"),
        ({"delta": 1.0}, "`delta` must be"),
        ({"missing": "ignore"}, "`missing` is drop or error"),
        ({"seed": -1}, "`seed` must be a whole number"),
        (
            {"students": (StudentSource("a", "x"), StudentSource("a", "y"))},
            "called 'a'",
        ),
        ({"students": (StudentSource("a", queries="q"),)}, "give `embeddings`"),
    ],
)
def test_options_reject(settings, message):
    with pytest.raises((UsageError, DomainError), match=message):
        MeasureOptions(teacher="t", **settings)


def test_paths_may_be_text():
    options = MeasureOptions(teacher="t", students=(StudentSource("a", "x"),))
    assert options.teacher == Path("t")
    assert options.students[0].scores == Path("x")


@pytest.mark.parametrize(
    ("teacher", "student", "fits"),
    [(None, 1.0, False), ("fit", 1.0, True), (2.0, "fit", True)],
)
def test_fits_sees_every_model(teacher, student, fits):
    options = MeasureOptions(
        teacher="t",
        qrels="q",
        temperature=teacher,
        students=(StudentSource("a", "x", temperature=student),),
    )
    assert options.fits is fits


@pytest.mark.parametrize("name", ["", "a\tb", "a\nb"])
def test_student_names_reject_what_breaks_a_table(name):
    with pytest.raises(UsageError, match="without tabs"):
        StudentSource(name, "x")


def test_student_temperature_rejects_zero():
    with pytest.raises(UsageError, match=r"`StudentSource\.temperature`"):
        StudentSource("a", "x", temperature=0.0)


def test_students_may_be_a_mapping():
    students = {
        "a": "x",
        "b": {"q": {"d": 1}},
        "c": StudentSource("z", "y", kind="dot"),
    }
    made = MeasureOptions(teacher="t", students=students)
    assert [student.name for student in made.students] == ["a", "b", "c"]
    assert made.students[0].scores == Path("x")
    assert made.students[1].scores.name == "student b (dict)"
    assert made.students[2] == StudentSource("c", "y", kind="dot")
    listed = MeasureOptions(teacher="t", students=[StudentSource("a", "x")])
    assert listed.students == (StudentSource("a", "x"),)
    alone = MeasureOptions(teacher="t", students=StudentSource("a", "x"))
    assert alone.students == listed.students


@pytest.mark.parametrize("students", ["s.run", ["s.run"], [("a", "x")]])
def test_students_without_names_are_refused(students):
    with pytest.raises(UsageError, match="holds scores by name"):
        MeasureOptions(teacher="t", students=students)


def test_the_scores_of_one_student_are_not_taken_for_several():
    with pytest.raises(UsageError, match="scores of one student, with query 'q0'"):
        MeasureOptions(teacher="t", students={"q0": {"d": 1.0}})
