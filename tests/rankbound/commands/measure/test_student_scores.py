"""Scores from dot products: kinds, lengths, missing query vectors."""

import numpy as np
import pytest

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.data.scores import Kind
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
        measured(world, encoder(world), **vectors(world))


def test_bi_encoder_of_unit_vectors_is_cosine(world):
    for name in ("docs", "queries"):
        rows = np.load(world.path(f"{name}.npy"))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        np.save(world.path(f"{name}.npy"), rows)
    result = measured(world, encoder(world, temperature=0.1), **vectors(world))
    assert result.students[0].student.kind is Kind.COSINE


def test_bi_encoder_rejects_vectors_of_another_length(world):
    np.save(world.path("queries.npy"), np.ones((len(world.queries), 3)))
    with pytest.raises(ValueError, match="same encoder"):
        measured(world, encoder(world, temperature=1.0), **vectors(world))


def test_bi_encoder_scores_are_no_probabilities(world):
    with pytest.raises(UsageError, match="no probabilities"):
        measured(world, encoder(world, kind=Kind.PROBABILITY), **vectors(world))


def test_bi_encoder_drops_queries_without_a_vector(world):
    names = list(world.queries)
    np.save(world.path("queries.npy"), np.stack([world.queries[q] for q in names[1:]]))
    (world.folder / "queries.txt").write_text("\n".join(names[1:]) + "\n")
    result = measured(world, encoder(world, temperature=1.0), **vectors(world))
    student = result.students[0]
    assert student.student.dropped["queries_without_a_group"] == 1
    assert names[0] not in set(student.terms.qids)
