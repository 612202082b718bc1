"""Students on the groups: their scores, and documents that have none."""

from __future__ import annotations

import numpy as np
import pytest

from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.data.scores import Kind
from rankbound.errors import UsageError


def made(world, *students, **settings):
    return measured(
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
    result = made(world, gappy(world), unscored="drop")
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
    source = StudentSource("almost", path, temperature=1.0)
    result = made(world, source, unscored="drop")
    assert 0 < result.students[0].student.missing_share < 0.1
    assert result.students[0].student.dropped["documents_without_student_score"] >= 1
    assert not any("no score for" in warning for warning in result.warnings)


def test_missing_error_names_the_first_and_counts_all(world):
    with pytest.raises(
        UsageError, match=r"groups.jsonl:\d+: student 'gappy': document"
    ):
        made(world, gappy(world), unscored="error")


def test_a_student_of_other_ids_is_an_error(world, tmp_path):
    path = tmp_path / "other.run"
    path.write_text("x 0 a 0 1.5 t\nx 0 b 0 -0.5 t\n")
    with pytest.raises(UsageError, match="scores no document of any group"):
        made(world, StudentSource("other", path, temperature=1.0))


def test_a_student_without_any_pair_is_an_error(world, tmp_path):
    path = tmp_path / "single.run"
    qid, docs = next((q, docs) for q, docs, _ in world.groups if len(docs) > 1)
    path.write_text(f"{qid} 0 {docs[0]} 0 1.5 t\n")
    with pytest.raises(UsageError, match="no group keeps a pair"):
        made(world, StudentSource("single", path, temperature=1.0), unscored="drop")


def test_a_student_with_calibration_queries_only_is_an_error(world, tmp_path):
    whole = made(world, gappy(world), StudentSource(
        "strong", world.path("strong.run"), temperature="fit"))  # fmt: skip
    aside = set(whole.teacher_calibration.qids)
    path = tmp_path / "aside.run"
    lines = (world.folder / "strong.run").read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.split()[0] in aside))
    with pytest.raises(UsageError, match="no query left for the certificate"):
        made(world, StudentSource("aside", path, temperature="fit"), unscored="drop")


def test_fit_without_a_calibration_group_is_an_error(world, tmp_path):
    whole = made(world, StudentSource(
        "strong", world.path("strong.run"), temperature="fit"))  # fmt: skip
    used = set(whole.teacher.qids)
    path = tmp_path / "used.run"
    lines = (world.folder / "strong.run").read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.split()[0] in used))
    with pytest.raises(UsageError, match="has no calibration group left"):
        made(world, StudentSource("used", path, temperature="fit"))


def encoder(world, **settings):
    return StudentSource(
        "encoder",
        queries=world.path("queries.npy"),
        query_ids=world.path("queries.txt"),
        **settings,
    )


def vectors(world):
    return {"embeddings": world.path("docs.npy"), "ids": world.path("docs.txt")}


def test_bi_encoder_needs_a_temperature(world):
    with pytest.raises(UsageError, match="student 'encoder' holds dot scores"):
        made(world, encoder(world), **vectors(world))


def test_bi_encoder_of_unit_vectors_is_cosine(world):
    for name in ("docs", "queries"):
        rows = np.load(world.path(f"{name}.npy"))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        np.save(world.path(f"{name}.npy"), rows)
    result = made(world, encoder(world, temperature=0.1), **vectors(world))
    assert result.students[0].student.kind is Kind.COSINE


def test_bi_encoder_rejects_vectors_of_another_length(world):
    np.save(world.path("queries.npy"), np.ones((len(world.queries), 3)))
    with pytest.raises(ValueError, match="one encoder"):
        made(world, encoder(world, temperature=1.0), **vectors(world))


def test_bi_encoder_scores_are_no_probabilities(world):
    with pytest.raises(UsageError, match="no probabilities"):
        made(world, encoder(world, kind=Kind.PROBABILITY), **vectors(world))


def test_bi_encoder_drops_queries_without_a_vector(world):
    names = list(world.queries)
    np.save(world.path("queries.npy"), np.stack([world.queries[q] for q in names[1:]]))
    (world.folder / "queries.txt").write_text("\n".join(names[1:]) + "\n")
    settings = vectors(world) | {"unscored": "drop"}
    result = made(world, encoder(world, temperature=1.0), **settings)
    student = result.students[0]
    assert student.student.dropped["queries_without_a_group"] == 1
    assert names[0] not in set(student.terms.qids)
