import csv

import pytest

from rankbound.data.scores import Kind
from rankbound.errors import FormatError, UsageError
from rankbound.read.fields import text_id
from rankbound.read.json.building import AGAIN, POSITIVES
from rankbound.read.json.margins import NOTE
from rankbound.read.json.mined import (
    AS_MARGINS,
    AS_SCORES,
    FIRST,
    LACKING,
    MINED,
    UNMARKED,
    UNSCORED,
)
from rankbound.read.registry import by_name
from rankbound.read.source import Source
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused

ROW = {"anchor": "q", "positive": "p"}
TUPLE = {**ROW, "negative_1": "n", "negative_2": "m"}
Q, P, N, M = map(text_id, "qpnm")


@pytest.mark.parametrize("key", ["scores", "score"])
@pytest.mark.parametrize("names", [("anchor", "positive"), ("question", "answer")])
def test_an_n_tuple_is_a_group_with_its_positive_first(tmp_path, key, names):
    row = dict(zip((*names, "negative_1", "negative_2"), "qpnm", strict=True))
    found = read_lines(tmp_path, {**row, key: [2, 1, -0.5]})
    assert found.format == "mined"
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0, M: -0.5}}
    assert listed(found.groups) == [(Q, [P, N, M], [True, False, False])]
    assert found.texts == {P: "p", N: "n", M: "m"}
    assert found.metadata == {"query_texts": {Q: "q"}}


def test_an_n_tuple_without_scores_is_a_group(tmp_path):
    found = read_lines(tmp_path, TUPLE, TUPLE)
    assert found.scores is None
    assert len(listed(found.groups)) == 2


def test_triplets_of_one_positive_are_one_group(tmp_path):
    rows = [{**ROW, "negative": text, "scores": [2, 1]} for text in "nm"]
    found = read_lines(tmp_path, *rows, {**rows[0], "positive": "o"})
    assert listed(found.groups) == [
        (Q, [P, N, M], [True, False, False]),
        (Q, [text_id("o"), N], [True, False]),
    ]
    assert found.repairs == {AGAIN: 2}


def test_pairs_of_a_query_are_one_group(tmp_path):
    rows = [
        {"anchor": "q", "positive": text, "label": label, "score": score}
        for text, label, score in (("p", 1, 2.0), ("n", 0, 1.0))
    ]
    found = read_lines(tmp_path, *rows)
    assert listed(found.groups) == [(Q, [P, N], [True, False])]
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0}}


def test_lists_have_labels_and_scores(tmp_path):
    row = {"anchor": "q", "positive": ["p", "n"], "labels": [1, 0], "scores": [2, 1]}
    found = read_lines(tmp_path, row)
    assert listed(found.groups) == [(Q, [P, N], [True, False])]
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0}}


@pytest.mark.parametrize("key", ["label", "labels", "score"])
@pytest.mark.parametrize("names", [("positive", "negative"), ("passage1", "passage2")])
def test_a_number_beside_two_passages_is_their_margin(tmp_path, key, names):
    row = {"query": "q", **dict(zip(names, "pn", strict=True)), key: 1.5}
    other = {"query": "q", **dict(zip(names, "pm", strict=True)), key: -2}
    found = read_lines(tmp_path, row, other)
    assert by_pair(found.scores) == {Q: {P: 0.0, N: -1.5, M: 2.0}}
    assert found.scores.kind is Kind.MARGIN_ONLY
    assert found.notes == (AS_MARGINS.format(key=key), NOTE)
    positive = [True, False, False] if names[0] == "positive" else None
    assert listed(found.groups) == [(Q, [P, N, M], positive)]


@pytest.mark.parametrize("key", ["label", "labels", "score"])
@pytest.mark.parametrize(
    "names", [("positive", "negative_1", "negative_2"), ("doc_a", "doc_b", "doc_c")]
)
def test_the_length_of_a_list_of_labels_decides(tmp_path, key, names):
    texts = {"query": "q", **dict(zip(names, "pnm", strict=True))}
    margins = read_lines(tmp_path, {**texts, key: [1.5, 2]})
    assert by_pair(margins.scores) == {Q: {P: 0.0, N: -1.5, M: -2.0}}
    assert margins.scores.kind is Kind.MARGIN_ONLY
    scores = read_lines(tmp_path, {**texts, key: [3, 1.5, 1]})
    assert by_pair(scores.scores) == {Q: {P: 3.0, N: 1.5, M: 1.0}}
    assert scores.scores.kind is Kind.UNKNOWN
    assert scores.notes == ()
    for found in (margins, scores):
        positive = [True, False, False] if names[0] == "positive" else None
        assert listed(found.groups) == [(Q, [P, N, M], positive)]


def test_labels_may_be_margins_or_scores_as_the_user_says(tmp_path):
    row = {**TUPLE, "scores": [1.5, 2]}
    found = read_lines(tmp_path, row, format="mined:margins")
    assert by_pair(found.scores) == {Q: {P: 0.0, N: -1.5, M: -2.0}}
    found = read_lines(tmp_path, {**TUPLE, "label": [2, 1, 0]}, format="mined:scores")
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0, M: 0.0}}
    assert found.groups.positive.tolist() == [True, False, False]
    for row in (
        {"sentence1": "q", "sentence2": "p", "label": 2},
        {"query": "q", "docs": ["p"], "labels": [2]},
    ):
        found = read_lines(tmp_path, row, format="mined:scores")
        assert by_pair(found.scores) == {Q: {P: 2.0}}
        assert found.groups.positive is None
    with pytest.raises(UsageError, match="margins or scores, or positive-first"):
        by_name("mined:x")


@pytest.mark.parametrize("key", ["label", "labels"])
def test_fractions_beside_one_passage_are_a_teachers_scores(tmp_path, key):
    rows = [
        {"sentence1": "q", "sentence2": text, key: label}
        for text, label in (("p", 1.0), ("n", 0.0), ("m", 0.25))
    ]
    found = read_lines(tmp_path, *rows)
    assert by_pair(found.scores) == {Q: {P: 1.0, N: 0.0, M: 0.25}}
    assert listed(found.groups) == [(Q, [P, N, M], None)]
    assert found.notes == (AS_SCORES,)
    lists = {"query": "q", "docs": ["p", "n", "m"], key: [1.0, 0, 0.25]}
    found = read_lines(tmp_path, lists)
    assert by_pair(found.scores) == {Q: {P: 1.0, N: 0.0, M: 0.25}}
    # Without the last, they mark the positive
    found = read_lines(tmp_path, *rows[:2])
    assert found.scores is None
    assert listed(found.groups) == [(Q, [P, N], [True, False])]


@pytest.mark.parametrize("label", ["label", "labels"])
@pytest.mark.parametrize("marks", [(1, 0), (1.0, 0.0), (True, False)])
@pytest.mark.parametrize(
    "names",
    [
        ("sentence1", "sentence2"),
        ("sentence_A", "sentence_B"),
        ("anchor", "positive"),
        ("query", "response"),
        ("question", "answer"),
        ("text1", "text2"),
        ("input_A", "input_B"),
        ("query", "docs"),
    ],
)
def test_the_columns_of_the_documentation_are_known(tmp_path, names, marks, label):
    query, passage = names
    pairs = [
        {query: "q", passage: text, label: mark}
        for text, mark in zip("pn", marks, strict=True)
    ]
    lists = {query: "q", passage: ["p", "n"], label: list(marks)}
    for rows in (pairs, [lists]):
        found = read_lines(tmp_path, *rows)
        assert found.scores is None
        assert listed(found.groups) == [(Q, [P, N], [True, False])]


def test_mined_scores_without_labels_mark_no_positive(tmp_path):
    pairs = [
        {"query": "q", "answer": text, "score": score}
        for text, score in (("p", 2.0), ("n", 1.0), ("m", -1.0))
    ]
    row = {"query": "q", "answer": ["p", "n", "m"], "scores": [2.0, 1.0, -1.0]}
    for rows, note in ((pairs, UNMARKED), ([row], FIRST)):
        found = read_lines(tmp_path, *rows)
        assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0, M: -1.0}}
        assert listed(found.groups) == [(Q, [P, N, M], None)]
        assert found.notes == (note,)
    found = read_lines(tmp_path, row, format="mined:positive-first")
    assert listed(found.groups) == [(Q, [P, N, M], [True, False, False])]
    assert found.notes == ()


@pytest.mark.parametrize("others", ["negative", "documents"])
def test_samples_of_a_reranking_evaluator_are_groups(tmp_path, others):
    row = {"query": "q", "positive": ["p", "m"], others: ["n", "p"]}
    found = read_lines(tmp_path, row)
    assert listed(found.groups) == [(Q, [P, M, N], [True, True, False])]
    assert found.repairs == {POSITIVES: 1}


def test_concatenated_data_sets_lack_columns(tmp_path):
    wide = {**TUPLE, "scores": [3, 2, 1]}
    narrow = {**ROW, "negative_1": "o", "negative_2": None, "scores": [3, 0.5]}
    bare = {**TUPLE, "anchor": "r", "scores": None}
    found = read_lines(tmp_path, wide, narrow, bare)
    assert by_pair(found.scores) == {Q: {P: 3.0, N: 2.0, M: 1.0, text_id("o"): 0.5}}
    assert [len(documents) for _, documents, _ in listed(found.groups)] == [3, 2, 3]
    assert found.repairs == {LACKING: 1, UNSCORED: 1, AGAIN: 1}


@pytest.mark.parametrize(
    ("row", "format", "message"),
    [
        (
            {"anchor": "q"},
            "mined",
            "expected at least a column of queries and one of passages",
        ),
        ({**TUPLE, "scores": [1, 2]}, "mined", "scores has 2 entries for 3 documents"),
        ({**TUPLE, "scores": [1, 2, None]}, "mined", "the score of query"),
        ({**TUPLE, "scores": 1.5}, "mined", "scores must be a list, found 1.5; give"),
        ({**TUPLE, "label": [1, 2]}, "mined", "label holds margins here and scores"),
        ({**TUPLE, "score": [1, 2, 3], "label": 1}, "mined", "gives both label and"),
        ({**TUPLE, "positive": None}, "mined", "a document must be given as text"),
        ({**TUPLE, "anchor": 3}, "mined", "a query must be given as text, found 3"),
        ({**ROW, "label": "1"}, "mined", "a label must be a finite number, found '1'"),
        ({**ROW}, "mined", "expected an object with label; the keys"),
        (
            {**TUPLE, "label": [1, 2, 3]},
            "mined:margins",
            "label has 3 margins for 2 neg",
        ),
        ({**TUPLE, "label": 1}, "mined:margins", "label must be a list, found 1; give"),
        ({**TUPLE}, "mined:margins", "expected an object with label; the keys"),
        ({**ROW, "label": 1.5}, "mined:margins", "a margin needs two passages"),
        (
            {**TUPLE, "label": [1, 2]},
            "mined:scores",
            "label has 2 entries for 3 docume",
        ),
        (
            {**TUPLE, "label": [1, "2"]},
            "mined:margins",
            "a margin must be a finite num",
        ),
    ],
)
def test_rows_are_refused_by_line(tmp_path, row, format, message):
    good = {
        "mined": {**TUPLE, "scores": [3, 2, 1]},
        "mined:margins": {**TUPLE, "label": [1, 2]},
        "mined:scores": {**TUPLE, "label": [1, 2, 3]},
    }[format]
    said = refused(tmp_path, good, row, format=format)
    assert said.startswith(":2: " + message)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{**ROW, "label": 1}, {**ROW, "positive": "n", "label": 2}],
            ":2: labels are whole numbers other than 0 and 1 (2), which may be grades",
        ),
        (
            [{"query": "q", "docs": ["p", "n"], "labels": [3, 0]}],
            ":1: labels are whole numbers other than 0 and 1 (3), which may be grades",
        ),
        (
            [{**ROW, "label": 0.5, "score": 2.0}],
            ":1: labels beside scores must be 0 or 1, found 0.5",
        ),
        (
            [{**ROW, "label": 1}, {**ROW, "score": 2.0}],
            ":2: marks positives, but other lines do not",
        ),
    ],
)
def test_labels_that_may_be_several_things_are_refused(tmp_path, rows, message):
    assert refused(tmp_path, *rows, format="mined").startswith(message)


@pytest.mark.parametrize(
    "record",
    [
        {"query_id": "q", "passage_id": "p", "label": 1},
        {"qid": "q", "docno": "p", "score": 1},
        {"query": "q", "doc_id": "p", "score": 1},
        {"query": "q", "other": "p", "score": 1},
        {"anchor": "q", "positive": "p"},
        {"anchor": "q", "positive": ["p"]},
        {"anchor": 1, "positive": "p", "negative": "n"},
        {"anchor": "q", "positive": "p", "comment": "n"},
        {"query": "q", "title": "p", "text": "n", "score": 1.5},
        {"query": "q", "passage1": "p", "passage2": "n"},
        {"query": "q", "passage1": "p", "passage2": "n", "score": [1, 2, 3]},
    ],
)
def test_other_records_are_not_taken_for_it(record):
    assert MINED.matches(record) is None


def test_predictions_of_an_evaluator_are_scores(tmp_path):
    rows = [
        {
            "query_id": "1",
            "query": "what",
            "results": [
                {"corpus_id": "b", "score": 0.75},
                {"corpus_id": 7, "score": -0.5},
            ],
        },
        {"query_id": 2, "query": "who", "results": [{"corpus_id": "b", "score": 0.5}]},
    ]
    found = read_lines(tmp_path, *rows)
    assert found.format == "predictions"
    assert by_pair(found.scores) == {"1": {"b": 0.75, "7": -0.5}, "2": {"b": 0.5}}
    assert found.metadata == {"query_texts": {"1": "what", "2": "who"}}
    said = refused(
        tmp_path,
        rows[0],
        {**rows[1], "results": [{"corpus_id": 1}]},
        format="predictions",
    )
    assert said.startswith(":2: results must be a list of objects with corpus_id")


# CSV, where `datasets` prints lists as NumPy does

PRINTED = (
    ",query,answer,negative_1,scores\n"
    '0,who [is] it,"a, b",[c],[1.5 -2.0e-1]\n'
    '1,"who\nelse",d,,[3]\n'
)


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_of_an_n_tuple_is_read_as_it_was(tmp_path, delimiter):
    rows = list(csv.reader(PRINTED.splitlines(keepends=True)))
    path = tmp_path / "mined.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    found = MINED.read(Source(path))
    one, two = text_id("who [is] it"), text_id("who\nelse")
    assert by_pair(found.scores) == {
        one: {text_id("a, b"): 1.5, text_id("[c]"): -0.2},
        two: {text_id("d"): 3.0},
    }
    assert found.repairs[LACKING] == 1
    assert by_name("mined").sniff(Source(path)) is not None


def test_csv_of_lists_is_read_as_it_was(tmp_path):
    path = tmp_path / "lists.csv"
    path.write_text(
        'query,answer,labels\nq,"[\'a b\' ""it\'s ... c""\n \'d\']",[1 0 0]\n'
    )
    [group] = listed(MINED.read(Source(path)).groups)
    texts = ["a b", "it's ... c", "d"]
    assert group == (Q, [text_id(one) for one in texts], [True, False, False])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("q,\"['a' ... 'b']\",[1 0]", "shortened"),
        ("q,\"['a'\n 'b']\",[1 ... 0]", "shortened"),
        ("q,\"['a' 'b']\",[1 x]", "labels"),
        ("q,a", "expected 3 fields"),
    ],
)
def test_csv_that_lost_something_is_refused_with_its_line(tmp_path, cells, said):
    path = tmp_path / "lists.csv"
    path.write_text(f"query,answer,labels\nr,\"['a' 'b']\",[1 0]\n{cells}\n")
    with pytest.raises(FormatError, match=said) as caught:
        MINED.read(Source(path))
    assert f"{path}:3:" in str(caught.value)
