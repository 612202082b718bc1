"""Students on the groups: missing documents are counted, warned of or refused."""

import pytest

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.errors import UsageError


def measured(world, *students, **settings):
    return measure(
        MeasureOptions(
            teacher=world.path("teacher.json.gz"),
            groups=world.path("groups.jsonl"),
            students=students,
            **settings,
        )
    )


def gappy(world, **settings):
    return StudentSource("gappy", world.path("gappy.run"), temperature=1.0, **settings)


def test_missing_documents_are_counted_and_warned_of(world):
    result = measured(world, gappy(world))
    student = result.students[0].student
    usable = [(q, docs) for q, docs, _ in world.groups if len(docs) > 1]
    missing = sum(
        d not in world.students["gappy"][q] for q, docs in usable for d in docs
    )
    assert student.dropped["documents_without_student_score"] == missing
    total = sum(len(docs) for _, docs in usable)
    assert student.missing_share == pytest.approx(missing / total)
    assert "no score for" in result.warnings[0]


def test_few_missing_documents_are_not_warned_of(world):
    path = world.folder / "almost.run"
    lines = (world.folder / "strong.run").read_text().splitlines(keepends=True)
    docs = next(docs for q, docs, _ in world.groups if q == "q00" and len(docs) > 2)
    path.write_text("".join(line for line in lines if f" {docs[0]} " not in line))
    result = measured(world, StudentSource("almost", path, temperature=1.0))
    assert 0 < result.students[0].student.missing_share < 0.1
    assert result.students[0].student.dropped["documents_without_student_score"] >= 1
    assert not any("no score for" in warning for warning in result.warnings)


def test_missing_error_names_the_first_and_counts_all(world):
    with pytest.raises(
        UsageError, match=r"groups.jsonl:\d+: student 'gappy': document"
    ):
        measured(world, gappy(world), missing="error")


def test_a_student_of_other_ids_is_an_error(world, tmp_path):
    path = tmp_path / "other.run"
    path.write_text("x 0 a 0 1.5 t\nx 0 b 0 -0.5 t\n")
    with pytest.raises(UsageError, match="scores no document of any group"):
        measured(world, StudentSource("other", path, temperature=1.0))


def test_a_student_without_any_pair_is_an_error(world, tmp_path):
    path = tmp_path / "single.run"
    qid, docs = next((q, docs) for q, docs, _ in world.groups if len(docs) > 1)
    path.write_text(f"{qid} 0 {docs[0]} 0 1.5 t\n")
    with pytest.raises(UsageError, match="no group keeps a pair"):
        measured(world, StudentSource("single", path, temperature=1.0))


def test_a_student_with_calibration_queries_only_is_an_error(world, tmp_path):
    whole = measured(world, gappy(world), StudentSource(
        "strong", world.path("strong.run"), temperature="fit"))  # fmt: skip
    aside = set(whole.teacher_calibration.qids)
    path = tmp_path / "aside.run"
    lines = (world.folder / "strong.run").read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.split()[0] in aside))
    with pytest.raises(UsageError, match="no query left for the certificate"):
        measured(world, StudentSource("aside", path, temperature="fit"))


def test_fit_without_a_calibration_group_is_an_error(world, tmp_path):
    whole = measured(world, StudentSource(
        "strong", world.path("strong.run"), temperature="fit"))  # fmt: skip
    used = set(whole.teacher.qids)
    path = tmp_path / "used.run"
    lines = (world.folder / "strong.run").read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.split()[0] in used))
    with pytest.raises(UsageError, match="has no calibration group left"):
        measured(world, StudentSource("used", path, temperature="fit"))
