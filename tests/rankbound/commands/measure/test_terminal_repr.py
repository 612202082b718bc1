"""What a measurement says of itself on a terminal."""

import pytest

from rankbound.commands.measure.run import measure
from rankbound.terminal.measure_repr import measurement_repr, student_repr
from tests.rankbound.terminal.test_data import HOSTILE

QUERIES = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0, "c": n / 3} for n in range(12)}


@pytest.fixture(scope="module")
def result():
    return measure(teacher=QUERIES, students=dict.fromkeys(HOSTILE, QUERIES))


def test_the_lines_name_teacher_and_students(result):
    first, *others = measurement_repr(result).splitlines()
    assert first.startswith("Measurement of 'teacher (dict)': logit, 12 queries, entro")
    assert len(others) == len(HOSTILE)
    assert others[0].strip() == student_repr(result.students[0])


def test_a_measurement_without_students_has_a_line():
    text = measurement_repr(measure(teacher=QUERIES))
    assert text.endswith("]")
    assert len(text.splitlines()) == 1


def test_warnings_are_lines(result):
    gaps = {q: dict(list(docs.items())[:2]) for q, docs in list(QUERIES.items())}
    made = measure(teacher=QUERIES, students={"s": gaps})
    assert made.warnings
    assert "warning: " in measurement_repr(made)
    assert not result.warnings
