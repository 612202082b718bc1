"""Margins give the same pairwise terms as the scores they were made from."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from rankbound.commands.measure.inputs import check_comparable, load_inputs
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.data.groups import top_documents
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.realdata import table

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
    with pytest.raises(UsageError, match=r"--temperature fit: .* holds margins"):
        measure(fit)


def test_a_student_may_give_margins_of_the_groups(tmp_path):
    world = make_world(tmp_path)
    path = margins_of(world)
    source = StudentSource("same", scores=path, temperature=1.0)
    result = measure(
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
    good = whole.keep_rows(np.isin(whole.docnos[whole.codes], ["a", "b"]))
    check_comparable(good, scores())
    check_comparable(whole, replace(scores(), origins=None))


def test_documents_without_a_score_do_not_count():
    table = {"q": {**PARTS["q"], "x": 9.0}}
    groups = top_documents(Scores.from_dict(table, name="groups"), depth=5)
    held = groups.keep_rows(np.isin(groups.docnos[groups.codes], ["c", "d", "x"]))
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
    assert len(measure(inside).teacher) == 1
    with pytest.raises(UsageError, match="are not joined by margins"):
        measure(replace(inside, target_groups=apart / "across"))
    with pytest.raises(UsageError, match=r"across:1: .* are not joined by margins"):
        measure(replace(inside, groups=apart / "across"))


def test_a_students_margins_across_parts_are_refused(apart):
    student = StudentSource("s", scores=apart / "margins", temperature=1.0)
    options = MeasureOptions(
        teacher=apart / "scores", groups=apart / "across", students=(student,)
    )
    with pytest.raises(UsageError, match=r"are not joined by margins in .*margins"):
        measure(options)


def test_the_argument_of_a_format_reaches_measure(tmp_path, capsys):
    row = {"anchor": "a", "positive": "b", "negative_1": "c", "negative_2": "d"}
    path = tmp_path / "mined.jsonl"
    path.write_text(json.dumps({**row, "label": [1.5, 2.0]}) + "\n")
    words = ["measure", "--teacher", str(path), "--groups", str(path)]
    words += ["--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "--format mined:margins" in capsys.readouterr().err
    assert main([*words, "--format", "mined:margins"]) == 0
    assert "margin_only scores (by the format)" in capsys.readouterr().out
