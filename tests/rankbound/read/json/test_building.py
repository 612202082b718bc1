from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.scores import Kind
from rankbound.read.fields import INTEGER_IDS
from rankbound.read.json.building import AGAIN, EMPTY, POSITIVES, TWICE, Builder
from rankbound.read.source import Source
from tests.rankbound.files import refusal, table

IDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=1)


def new(**more):
    return Builder(Source(Path("file.jsonl")), **more)


def filled(rows, **more):
    """A builder with (query, document, score) rows, one a line."""
    builder = new(**more)
    for line, (qid, docno, value) in enumerate(rows, start=1):
        query, document = builder.query(qid, line), builder.document(docno, line)
        builder.score(query, document, value, line)
    return builder


@given(
    scores=st.dictionaries(
        IDS,
        st.dictionaries(IDS, st.floats(-1e300, 1e300), min_size=1, max_size=5),
        min_size=1,
        max_size=4,
    )
)
def test_scores_hold_what_was_given(scores):
    rows = [(q, d, value) for q, row in scores.items() for d, value in row.items()]
    found = filled(rows).scores(Kind.LOGIT)
    assert table(found) == scores
    assert found.qids.tolist() == list(scores)
    assert found.docnos.tolist() == sorted({d for row in scores.values() for d in row})
    assert found.kind is Kind.LOGIT
    assert found.name == "file.jsonl"


def test_whole_number_ids_are_text_and_counted():
    builder = filled([(7, "d", 1.0), ("7", 3, 2.0)])
    assert table(builder.scores()) == {"7": {"d": 1.0, "3": 2.0}}
    assert builder.repairs == {INTEGER_IDS: 2}


@pytest.mark.parametrize("bad", [1.5, True, None, "", "a\tb", ["a"]])
def test_other_ids_are_refused(bad):
    said = refusal(lambda: filled([("q", "d", 1.0), ("q", bad, 1.0)]))
    assert said.startswith("file.jsonl:2: a document id must be text")
    assert "a query id" in refusal(lambda: filled([(bad, "d", 1.0)]))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), True, "1", None, 1e308])
def test_scores_must_be_finite_numbers(bad):
    said = refusal(lambda: filled([("q", "d", 1.0), ("r", "e", bad)]))
    rule = "at most 8.99e+307 in size" if bad == 1e308 else "a finite number"
    assert said == (
        f"file.jsonl:2: the score of query 'r', document 'e' must be {rule}, "
        f"found {bad!r}"
    )


def test_scores_given_again_are_counted_or_refused():
    builder = filled([("q", "d", 1.0), ("q", "e", 0.0), ("q", "d", 1.0)])
    assert table(builder.scores()) == {"q": {"d": 1.0, "e": 0.0}}
    assert builder.repairs == {AGAIN: 1}
    rows = [("q", "d", 1.0), ("r", "d", 3.0), ("q", "d", 2.0)]
    assert refusal(filled(rows).scores) == (
        "file.jsonl:3: query 'q', document 'd' has the score 2.0 here and 1.0 in line "
        "1 (1 such pairs in the file); a pair must have one score"
    )
    assert table(filled(rows, repeats="mean").scores())["q"] == {"d": 1.5}


def test_groups_hold_each_document_once():
    builder = new()
    q, r = builder.query("q", 1), builder.query("r", 2)
    b, a, c = (builder.document(docno, 1) for docno in "bac")
    first, second = builder.group(q, 1), builder.group(r, 2)
    builder.members(second, [a, c, c])
    builder.member(first, b, positive=True)
    builder.members(first, [a, b])
    groups = builder.groups()
    assert groups.group_qids().tolist() == ["q", "r"]
    assert groups.docnos[groups.codes].tolist() == ["b", "a", "a", "c"]
    assert groups.positive.tolist() == [True, False, False, False]
    assert groups.lines.tolist() == [1, 2]
    assert builder.repairs == {POSITIVES: 1, TWICE: 1}
    builder.marks = False
    assert builder.groups().positive is None


def test_a_positive_group_is_found_again():
    builder = new()
    q = builder.query("q", 1)
    p, n, m = (builder.document(docno, 1) for docno in "pnm")
    for positive, negative in ((p, n), (m, n), (p, m), (p, n)):
        group = builder.positive_group(q, positive, 1)
        builder.member(group, negative)
    groups = builder.groups()
    assert groups.docnos[groups.codes].tolist() == ["p", "n", "m", "m", "n"]
    assert groups.positive.tolist() == [True, False, False, True, False]
    assert builder.repairs == {TWICE: 1}


def test_texts_without_an_id_get_one_and_are_kept():
    builder = new()
    q = builder.query_text("why", 1)
    assert builder.query_text("why", 2) == q
    d = builder.document_text("because", 1)
    builder.document_text("7", 1, docno=7)
    builder.score(q, d, 1.0, 1)
    contents = builder.contents("x", metadata={"tag": "t"})
    (made,) = contents.scores.qids
    assert made.startswith("t")
    assert len(made) == 17
    assert contents.metadata == {"tag": "t", "query_texts": {made: "why"}}
    assert list(contents.texts.values()) == ["because", "7"]
    assert contents.repairs == {INTEGER_IDS: 1}


def test_groups_without_documents_are_left_out_and_counted():
    builder = new()
    builder.group(builder.query("q", 1), 1)
    assert builder.groups() is None
    builder.member(builder.group(builder.query("r", 2), 2), builder.document("d", 2))
    groups = builder.groups()
    assert groups.group_qids().tolist() == ["r"]
    assert groups.lines.tolist() == [2]
    assert builder.repairs == {EMPTY: 1}


def test_a_file_without_records_is_refused():
    assert (
        refusal(lambda: new().contents("x"))
        == "file.jsonl:1: the file holds no records"
    )
