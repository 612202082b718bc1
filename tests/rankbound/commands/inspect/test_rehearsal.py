import pytest

from rankbound.commands.inspect.rehearsal import rehearse
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.errors import FormatError, UsageError
from tests.rankbound.files import group_text, project, run_text, written


@pytest.fixture
def folder(tmp_path):
    project(tmp_path)
    return tmp_path


def options(folder, **more):
    return MeasureOptions(teacher=folder / "t.json", groups=folder / "g.jsonl", **more)


def test_what_measure_runs_is_not_refused(folder):
    student = StudentSource("s", scores=folder / "s.run")
    assert rehearse(options(folder, students=(student,))) == (None, {})


@pytest.mark.parametrize("change", ["groups", "temperature", "pairs"])
def test_a_refusal_is_the_one_of_measure(folder, change):
    written(folder, group_text([("nobody", ["d1", "d2"])]), "x.jsonl")
    written(folder, "nobody 0 d1 1\n", "x.qrels")
    asked = {
        "groups": MeasureOptions(teacher=folder / "t.json", groups=folder / "x.jsonl"),
        "temperature": options(folder, temperature="fit", qrels=folder / "x.qrels"),
        "pairs": MeasureOptions(teacher=folder / "s.run", groups=folder / "absent"),
    }[change]
    refusal, students = rehearse(asked)
    with pytest.raises((UsageError, FormatError)) as caught:
        measure(asked)
    assert refusal == " ".join(str(caught.value).split())
    assert students == {}


def test_a_student_is_refused_by_itself(folder):
    written(folder, run_text({"nobody": {"d1": 1.0}}), "x.run")
    good = StudentSource("s", scores=folder / "s.run")
    bad = StudentSource("x", scores=folder / "x.run", temperature=1.0)
    refusal, students = rehearse(options(folder, students=(good, bad)))
    assert refusal is None
    assert [*students] == ["x"]
    assert "scores no document of any group" in students["x"]
    with pytest.raises(UsageError, match="scores no document"):
        measure(options(folder, students=(good, bad)))


def test_no_query_left_for_the_certificate_is_said(folder):
    written(folder, group_text([("q1", ["d1", "d2"])]), "one.jsonl")
    asked = MeasureOptions(
        teacher=folder / "t.json",
        groups=folder / "one.jsonl",
        temperature="fit",
        qrels=folder / "judged.qrels",
        missing="drop",
    )
    assert rehearse(asked)[0] is not None
