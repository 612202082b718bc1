"""A measurement in one line, and in a notebook, where names cannot do harm."""

import pytest

from rankbound.measuring.run import measure
from tests.estimators.test_showing import HOSTILE, parsed

QUERIES = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0, "c": n / 3} for n in range(12)}


@pytest.fixture(scope="module")
def result():
    names = [name for name in HOSTILE if "\t" not in name]
    return measure(teacher=QUERIES, students=dict.fromkeys(names, QUERIES))


def test_the_line_names_teacher_and_students(result):
    line = repr(result)
    assert line.isprintable()
    assert line.startswith("Measurement('teacher (dict)': logit, 12 queries, entropy ")
    certificate = result.students[0].certificate
    assert f"risk {certificate.risk:.4g}, at most {certificate.upper:.4g}" in line
    assert line.endswith("; and 3 students more)")
    assert len(line) < 500


def test_a_measurement_without_students_has_a_line():
    line = repr(measure(teacher=QUERIES))
    assert line.endswith("])")
    assert "student" not in line


def test_the_table_holds_hostile_names_as_text(result):
    reader = parsed(result._repr_html_())
    assert reader.tags.count("tr") == 1 + len(HOSTILE)
    assert reader.cells[::6] == HOSTILE
    upper = result.students[0].certificate.upper
    assert reader.cells[4] == f"{upper:.4g}"
    vacuous = result.students[0].certificate.vacuous
    assert reader.cells[5] == ("vacuous" if vacuous else "below ln 2")
