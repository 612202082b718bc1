import pytest

from rankbound.data.scores import Kind
from rankbound.estimators.kinds import infer_kind
from rankbound.read.fields import INTEGER_IDS
from tests.rankbound.read.golden import RANKLLM
from tests.rankbound.read.reading_back import by_pair, read_lines, refused

ROW = RANKLLM[0]


def test_candidates_have_scores_ranks_and_texts(tmp_path):
    found = read_lines(tmp_path, *RANKLLM)
    assert by_pair(found.scores) == {"1": {"7": 10.5, "8": -3.0}, "2": {"9": 0.5}}
    assert found.ranks.tolist() == [1, 2, 1]
    assert found.texts == {"7": "A sea cow.", "8": "A boat.", "9": "A city."}
    assert found.metadata["query_texts"] == {
        "1": "what is a manatee",
        "2": "where is ulm",
    }
    assert found.repairs == {INTEGER_IDS: 2}
    assert found.groups is None


def test_the_rank_is_the_place_in_the_list(tmp_path):
    candidates = [{"docid": d, "score": 1.0} for d in "cab"]
    found = read_lines(tmp_path, {"query": {"qid": "q"}, "candidates": candidates})
    assert found.scores.docnos.tolist() == ["a", "b", "c"]
    assert found.ranks.tolist() == [2, 3, 1]
    assert found.metadata == {}


@pytest.mark.parametrize(
    ("doc", "text"),
    [
        ("plain", "plain"),
        ({"title": "t", "text": "x"}, "x"),
        ({"segment": "s"}, "s"),
        ({"title": "t"}, None),
        (None, None),
    ],
)
def test_texts_are_found_under_their_usual_keys(tmp_path, doc, text):
    row = {
        "query": {"qid": "q"},
        "candidates": [{"docid": "d", "score": 1, "doc": doc}],
    }
    assert read_lines(tmp_path, row).texts.get("d") == text


def test_scores_made_from_ranks_are_seen_in_the_numbers(tmp_path):
    rows = [
        {
            "query": {"qid": q},
            "candidates": [
                {"docid": f"{q}{rank}", "score": 1 / (rank + 1)} for rank in range(9)
            ],
        }
        for q in "ab"
    ]
    assert infer_kind(read_lines(tmp_path, *rows).scores).kind is Kind.RANK_ONLY


def test_a_document_twice_leaves_no_ranks(tmp_path):
    row = {**ROW, "candidates": [ROW["candidates"][0]] * 2}
    assert read_lines(tmp_path, row).ranks is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"query": "q", "candidates": []},
            "query must be an object with qid, found 'q'",
        ),
        (
            {"query": {"text": "q"}, "candidates": []},
            "query must be an object with qid",
        ),
        (
            {"query": {"qid": 1}},
            "expected an object with query, candidates; the keys ['query'] lack",
        ),
        (
            {"query": {"qid": 1}, "candidates": {"a": 1}},
            "candidates must be a list, fou",
        ),
        (
            {"query": {"qid": 1}, "candidates": ["a"]},
            "candidates must be a list of obj",
        ),
        (
            {"query": {"qid": 1}, "candidates": [{"docid": "d"}]},
            "candidates must be a list of objects with docid and score, found",
        ),
        (
            {"query": {"qid": 1}, "candidates": [{"docid": "d", "score": "2"}]},
            "the score of query '1', document 'd' must be a finite number, found '2'",
        ),
    ],
)
def test_lines_are_refused_by_number(tmp_path, row, message):
    said = refused(tmp_path, ROW, row, format="rankllm")
    assert said.startswith(":2: " + message)
