"""Inputs are read, matched and thinned out; what goes is counted or refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from rankbound.commands.measure.inputs import (
    check_comparable,
    count,
    load_inputs,
    thin_out,
)
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.data.columns import positions, strings
from rankbound.data.groups import Groups, top_documents
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.read.scales import with_kind
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.realdata import table


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
    assert with_kind(scores, Kind.LOGIT)[0].kind is Kind.LOGIT
    assert with_kind(scores, Kind.LOGIT)[1] == "as given"
    assert with_kind(scores, None)[0].kind is Kind.PROBABILITY_OR_COSINE


def test_rank_only_scores_that_are_called_logits_are_warned_of(tmp_path):
    path = tmp_path / "ranks.run"
    rows = [f"q{i} 0 q{i}d{r} {r} {20 - r} t\n" for i in range(3) for r in range(9)]
    path.write_text("".join(rows))
    with pytest.raises(ValueError, match="rank-only scores are refused"):
        load_inputs(MeasureOptions(teacher=path))
    loaded = load_inputs(MeasureOptions(teacher=path, teacher_kind=Kind.LOGIT))
    assert "the same function of the rank" in loaded.warnings[0]


def ragged(sizes, queries):
    total = sum(sizes)
    positive = np.zeros(total, dtype=bool)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    positive[offsets[:-1]] = True
    return Groups(
        queries=np.array(queries),
        qids=strings([f"q{i}" for i in range(max(queries) + 1)]),
        offsets=offsets,
        codes=np.arange(total),
        docnos=strings([f"d{i}" for i in range(total)]),
        positive=positive,
    )


def test_thin_out_counts_every_reason():
    groups = ragged([3, 2, 1, 4], [0, 0, 1, 2])
    found = np.array([1, 1, 1, 0, 0, 1, 1, 0, 0, 0], dtype=bool)
    dropped = {}
    left, rows = thin_out(groups, found, reason="lost", pairs="all", dropped=dropped)
    assert left.sizes.tolist() == [3]
    assert rows.tolist() == [True] * 3 + [False] * 7
    assert dropped == {
        "lost": 5,
        "groups_with_fewer_than_two_documents": 3,
        "queries_without_a_group": 2,
    }


def test_thin_out_drops_groups_without_the_wanted_pairs():
    groups = ragged([3, 3], [0, 1])
    found = np.array([0, 1, 1, 1, 1, 1], dtype=bool)  # the first loses its positive
    dropped = {}
    left, rows = thin_out(
        groups, found, reason="lost", pairs="pos-neg", dropped=dropped
    )
    assert left.group_qids().tolist() == ["q1"]
    assert rows.tolist() == [False] * 3 + [True] * 3
    assert dropped == {
        "lost": 1,
        "groups_without_pos-neg_pairs": 1,
        "queries_without_a_group": 1,
    }


@pytest.mark.parametrize("seed", range(20))
def test_thin_out_rows_are_those_of_the_result(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=8)
    groups = ragged(sizes.tolist(), np.sort(rng.integers(0, 4, size=8)).tolist())
    found = rng.random(sizes.sum()) < 0.6
    left, rows = thin_out(groups, found, reason="x", pairs="neg-neg", dropped={})
    assert left.codes.tolist() == groups.codes[rows].tolist()
    assert not (rows & ~found).any()
    assert (left.count_pairs("neg-neg") > 0).all()


def test_count_stays_silent_when_nothing_was_dropped():
    dropped = {"a": 1}
    count(dropped, "a", 2)
    count(dropped, "b", 0)
    assert dropped == {"a": 3}


PARTS = {"q": {"a": 0.0, "b": -1.0, "c": 0.0, "d": 2.0}, "r": {"a": 0.0}}


def margins_of(world, name="margins.jsonl"):
    """A file of the margins inside the world's groups."""
    lines = [
        {
            "query_id": qid,
            "positive_id": docs[0],
            "negative_id": doc,
            "score": world.teacher[qid][docs[0]] - world.teacher[qid][doc],
        }
        for qid, docs, _ in world.groups
        for doc in docs[1:]
    ]
    path = world.folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def scores():
    found = Scores.from_dict(PARTS, name="margins")
    return replace(found, origins=np.array([0, 0, 1, 1, 2]), kind=Kind.MARGIN_ONLY)


def test_measure_of_margins_equals_that_of_scores(tmp_path):
    world = make_world(tmp_path, seed=3)
    margins = margins_of(world)
    for out, teacher in (
        ("by_scores", "teacher.json.gz"),
        ("by_margins", margins.name),
    ):
        words = ["measure", "--teacher", world.path(teacher), "--out", world.path(out)]
        words += [*world.with_groups(), "--student", f"s={world.path('strong.run')}"]
        assert main([*words, "--student-kind", "logit", "--missing", "drop"]) == 0
    one, two = (
        table(tmp_path / out / "per_query.tsv") for out in ("by_scores", "by_margins")
    )
    assert one.keys() == two.keys()
    for key, row in one.items():
        for column, value in row.items():
            assert_allclose(two[key][column], value, rtol=1e-9, atol=1e-11)


def test_a_margin_file_holds_its_groups_and_warns_of_the_temperature(tmp_path):
    path = margins_of(make_world(tmp_path))
    loaded = load_inputs(MeasureOptions(teacher=path, groups=path))
    assert loaded.kind is Kind.MARGIN_ONLY
    assert loaded.evidence == "by the format"
    assert "the temperature divides the margins" in loaded.warnings[0]
    cosine = load_inputs(
        MeasureOptions(teacher=path, groups=path, teacher_kind=Kind.COSINE)
    )
    assert cosine.kind is Kind.COSINE


def test_margins_are_refused_where_whole_rankings_count(tmp_path):
    world = make_world(tmp_path)
    path = margins_of(world)
    for kind in (None, Kind.LOGIT):
        with pytest.raises(ValueError, match="refused without their groups"):
            load_inputs(MeasureOptions(teacher=path, depth=5, teacher_kind=kind))
    with pytest.raises(ValueError, match="margins of probabilities"):
        load_inputs(
            MeasureOptions(teacher=path, groups=path, teacher_kind=Kind.PROBABILITY)
        )
    fit = MeasureOptions(
        teacher=path, groups=path, temperature="fit", qrels=world.path("qrels.txt")
    )
    with pytest.raises(UsageError, match=r"`temperature='fit'`: .* holds margins"):
        measured(fit)


def test_a_student_may_give_margins_of_the_groups(tmp_path):
    world = make_world(tmp_path)
    path = margins_of(world)
    source = StudentSource("same", scores=path, temperature=1.0)
    result = measured(
        MeasureOptions(teacher=path, groups=path, students=(source,), score_range=60.0)
    )
    assert_allclose(result.students[0].terms.divergence_nats, 0, atol=1e-12)


def test_groups_across_parts_are_refused():
    whole = top_documents(Scores.from_dict(PARTS, name="groups"), depth=4)
    with pytest.raises(UsageError) as caught:
        check_comparable(whole, scores())
    assert str(caught.value) == (
        "groups: documents 'd' and 'a' of query 'q' are not joined by margins in "
        "margins, so their difference is unknown (1 of 2 groups have such documents); "
        "give the groups of the margins themselves"
    )
    good = whole.keep_rows(
        positions(strings(["a", "b"]), whole.docnos)[whole.codes] >= 0
    )
    check_comparable(good, scores())
    check_comparable(whole, replace(scores(), origins=None))


def test_documents_without_a_score_do_not_count():
    table = {"q": {**PARTS["q"], "x": 9.0}}
    groups = top_documents(Scores.from_dict(table, name="groups"), depth=5)
    held = groups.keep_rows(
        positions(strings(["c", "d", "x"]), groups.docnos)[groups.codes] >= 0
    )
    check_comparable(held, scores())


@pytest.fixture
def apart(tmp_path):
    """Margins in two parts, groups across them and inside, and scores of all."""
    pairs = [("p", "n"), ("o", "m")]
    keys = ("query_id", "positive_id", "negative_id", "score")
    rows = [dict(zip(keys, ("q", *pair, 1.0), strict=True)) for pair in pairs]
    across = {"query_id": "q", "doc_id_a": "p", "doc_id_b": ["n", "o", "m"]}
    table = {"q": {"p": 3.0, "n": 2.0, "o": 0.5, "m": -1.0}}
    for name, lines in (("margins", rows), ("across", [across]), ("scores", [table])):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_law_across_parts_is_refused(apart):
    student = StudentSource("s", scores=apart / "scores", temperature=1.0)
    inside = MeasureOptions(
        teacher=apart / "margins", groups=apart / "margins", students=(student,)
    )
    assert len(measured(inside).teacher) == 1
    with pytest.raises(UsageError, match="are not joined by margins"):
        measured(replace(inside, target_groups=apart / "across"))
    with pytest.raises(UsageError, match=r"across:1: .* are not joined by margins"):
        measured(replace(inside, groups=apart / "across"))


def test_a_students_margins_across_parts_are_refused(apart):
    student = StudentSource("s", scores=apart / "margins", temperature=1.0)
    options = MeasureOptions(
        teacher=apart / "scores", groups=apart / "across", students=(student,)
    )
    with pytest.raises(UsageError, match=r"are not joined by margins in .*margins"):
        measured(options)


def test_the_argument_of_a_format_reaches_measure(tmp_path, capsys):
    row = {"anchor": "a", "positive": "b", "negative_1": "c", "negative_2": "d"}
    path = tmp_path / "mined.jsonl"
    path.write_text(json.dumps({**row, "scores": [1.5, 2.0]}) + "\n")
    words = ["measure", "--teacher", str(path), "--groups", str(path)]
    words += ["--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "scores has 2 entries for 3 documents" in capsys.readouterr().err
    assert main([*words, "--format", "mined:margins", "--details"]) == 0
    assert "margin_only scores (by the format)" in capsys.readouterr().out
