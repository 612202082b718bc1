from pathlib import Path

import pytest

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.errors import UsageError


@pytest.mark.parametrize("name", ["", "a\tb", "a\nb"])
def test_student_names_reject_what_breaks_a_table(name):
    with pytest.raises(UsageError, match="without tabs"):
        StudentSource(name, "x")


def test_student_temperature_rejects_zero():
    with pytest.raises(UsageError, match="--student-temperature"):
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
