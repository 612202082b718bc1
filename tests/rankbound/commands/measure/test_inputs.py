"""Files are matched or refused: kinds, missing documents, foreign ids."""

import numpy as np
import pytest

from rankbound.commands.measure.inputs import declared, load_inputs
from rankbound.commands.measure.options import MeasureOptions
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError


def options(world, **settings):
    return MeasureOptions(teacher=world.path("teacher.json.gz"), **settings)


def test_groups_default_to_the_teachers_top_sixteen(world):
    loaded = load_inputs(options(world))
    assert set(loaded.groups.sizes.tolist()) == {16}
    assert loaded.dropped == {}
    assert loaded.kind is Kind.LOGIT
    assert loaded.evidence.startswith("inferred: ")


def test_one_document_groups_are_counted(world):
    loaded = load_inputs(options(world, groups=world.path("groups.jsonl")))
    small = sum(len(docs) < 2 for _, docs, _ in world.groups)
    assert small > 0
    assert loaded.dropped["groups_with_fewer_than_two_documents"] == small
    assert loaded.groups.n_groups == len(world.groups) - small


def test_probabilities_become_logits(tmp_path):
    path = tmp_path / "probabilities.run"
    path.write_text("q 0 a 0 0.9 t\nq 0 b 0 0.1 t\nq 0 c 0 0.5 t\n")
    loaded = load_inputs(
        MeasureOptions(teacher=path, teacher_kind=Kind.PROBABILITY, depth=3)
    )
    np.testing.assert_allclose(
        np.sort(loaded.values), [-np.log(9), 0.0, np.log(9)], atol=1e-12
    )
    assert loaded.kind is Kind.PROBABILITY


def strange(world, **changes):
    """The world's groups file with one line replaced."""
    lines = (world.folder / "groups.jsonl").read_text().splitlines()
    for number, line in changes.items():
        lines[int(number[1:]) - 1] = line
    path = world.folder / "strange.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


GHOST = '{"query_id": "q00", "doc_id_a": "ghost", "doc_id_b": ["q00-d1", "q00-d2"]}'


def test_a_group_document_without_teacher_score_is_an_error(world):
    path = strange(world, L3=GHOST)
    with pytest.raises(UsageError, match=r"strange.jsonl:3: document 'ghost' of query"):
        load_inputs(options(world, groups=path))


def test_missing_drop_leaves_it_out_and_counts(world):
    path = strange(world, L3=GHOST)
    loaded = load_inputs(options(world, groups=path, missing="drop"))
    assert loaded.dropped["documents_without_teacher_score"] == 1


def test_a_group_document_without_vector_is_an_error_or_dropped(world, tmp_path):
    np.save(tmp_path / "few.npy", np.ones((1, 4), dtype=np.float32))
    (tmp_path / "few.txt").write_text("q00-d1\n")
    vectors = {"embeddings": tmp_path / "few.npy", "ids": tmp_path / "few.txt"}
    with pytest.raises(UsageError, match=r"has no vector in .*few.npy"):
        load_inputs(options(world, **vectors))
    with pytest.raises(UsageError, match="no group is left"):
        load_inputs(options(world, missing="drop", **vectors))


def test_groups_of_foreign_queries_are_an_error(world):
    path = world.folder / "foreign.jsonl"
    path.write_text('{"query_id": "17", "doc_id_a": "x", "doc_id_b": ["y"]}\n')
    with pytest.raises(
        UsageError, match=r"foreign.jsonl:1: none of the queries .*'17' there"
    ):
        load_inputs(options(world, groups=path, missing="drop"))


def test_judgements_of_foreign_queries_are_an_error(world):
    path = world.folder / "foreign.qrels"
    path.write_text("17 0 x 1\n")
    with pytest.raises(UsageError, match="none of its queries is in"):
        load_inputs(options(world, qrels=path, pairs="pos-neg"))


@pytest.mark.parametrize("kind", [Kind.RANK_ONLY, Kind.MARGIN_ONLY])
def test_refused_kinds_are_refused_when_declared(world, kind):
    with pytest.raises(ValueError, match="are refused"):
        load_inputs(options(world, teacher_kind=kind))


def test_declared_keeps_the_users_word():
    scores = Scores.from_dict({"q": {"a": 0.2, "b": 0.4}})
    assert declared(scores, Kind.LOGIT)[0].kind is Kind.LOGIT
    assert declared(scores, Kind.LOGIT)[1] == "as given"
    assert declared(scores, None)[0].kind is Kind.COSINE


def test_rank_only_scores_that_are_called_logits_are_warned_of(tmp_path):
    path = tmp_path / "ranks.run"
    rows = [f"q{i} 0 q{i}d{r} {r} {20 - r} t\n" for i in range(3) for r in range(9)]
    path.write_text("".join(rows))
    with pytest.raises(ValueError, match="rank-only scores are refused"):
        load_inputs(MeasureOptions(teacher=path))
    loaded = load_inputs(MeasureOptions(teacher=path, teacher_kind=Kind.LOGIT))
    assert "the same function of the rank" in loaded.warnings[0]
