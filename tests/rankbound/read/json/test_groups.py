import json

import numpy as np
import pytest

from rankbound.read.reading import read_groups
from tests.rankbound.files import group_text, packed, refusal, written

GOOD = '{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a", "b"]}\n'


def listed(groups):
    """(qid, documents) of every group."""
    return [
        (qid, groups.docnos[groups.codes[start:stop]].tolist())
        for qid, start, stop in zip(
            groups.group_qids(), groups.offsets[:-1], groups.offsets[1:], strict=True
        )
    ]


def read(folder, text):
    return listed(read_groups(written(folder, text)))


def refused(folder, text):
    """The refusal behind the path."""
    path = written(folder, text)
    return refusal(read_groups, path).removeprefix(str(path))


@pytest.mark.parametrize("pack", [str.encode, packed])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n"])
def test_read_groups_round_trips(tmp_path, pack, end):
    expected = [("q", ["p", "b", "a"]), ("r", ["NA", "p"]), ("ü", ['"x', "日"])]
    text = group_text(expected)
    assert read(tmp_path, pack("\ufeff" + text.replace("\n", end))) == expected
    assert read(tmp_path, pack(text.rstrip())) == expected


def test_read_groups_marks_the_first_document_of_each_as_positive(tmp_path):
    text = group_text([("q", ["p", "a", "b"]), ("r", ["z"]), ("q", ["b", "p"])])
    groups = read_groups(written(tmp_path, text))
    assert groups.positive.tolist() == [True, False, False, True, True, False]
    assert groups.sizes.tolist() == [3, 1, 2]


def test_read_groups_holds_several_groups_of_one_query(tmp_path):
    groups = [("q", ["p", "a"]), ("r", ["p", "b"]), ("q", ["a", "p"]), ("q", ["p"])]
    found = read_groups(written(tmp_path, group_text(groups)))
    assert listed(found) == groups
    assert found.qids.tolist() == ["q", "r"]
    assert found.queries.tolist() == [0, 1, 0, 0]


def test_read_groups_reads_whole_number_ids_as_text(tmp_path):
    text = '{"query_id": 7, "doc_id_a": -1, "doc_id_b": [10, "010", 9007199254740993]}'
    expected = [("7", ["-1", "10", "010", "9007199254740993"])]
    assert read(tmp_path, text) == expected


def test_read_groups_ignores_other_keys_and_their_order(tmp_path):
    row = {"x": [None], "doc_id_b": ["a"], "doc_id_a": "p", "query_id": "q"}
    assert read(tmp_path, json.dumps(row)) == [("q", ["p", "a"])]


def test_read_groups_holds_lines_of_the_file(tmp_path):
    text = "\n" + GOOD + "\n \n" + GOOD + GOOD
    groups = read_groups(written(tmp_path, text))
    assert groups.lines.tolist() == [2, 5, 6]
    assert groups.where(3)[0].endswith(":5")
    assert np.array_equal(groups.docnos, sorted(groups.docnos))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not a JSON object (unexpected end of data in column 2)"),
        ('{"query_id": "q"', "not a JSON object ("),
        ("q p a b", "not a JSON object ("),
        ('{"query_id": "q", "doc_id_a": NaN, "doc_id_b": []}', "not a JSON object ("),
        ('{"query_id": "\\ud800", "doc_id_a": 1, "doc_id_b": []}', "not a JSON object"),
        ('["q", "p", ["a"]]', "expected an object with query_id, doc_id_a (the posit"),
        ("null", "expected an object with"),
        ("{}", "expected an object with"),
        ('{"query_id": "q", "doc_id_a": "p"}', "expected an object with query_id"),
        ('{"query_id": "q", "doc_id_b": ["p"]}', "expected an object with query_id"),
        ('{"doc_id_a": "q", "doc_id_b": ["p"]}', "expected an object with query_id"),
        (
            '{"query_id": "q", "doc_id_a": "p", "doc_id_b": "a"}',
            "doc_id_b must be a list, found str 'a'; put a single id in brackets",
        ),
        ('{"query_id": "q", "doc_id_a": "p", "doc_id_b": null}', "doc_id_b must be a"),
        ('{"query_id": "q", "doc_id_a": "p", "doc_id_b": {"a": 1}}', "doc_id_b must b"),
        ('{"query_id": "q", "doc_id_a": ["p"], "doc_id_b": []}', "a document id must"),
        ('{"query_id": null, "doc_id_a": "p", "doc_id_b": []}', "a query id must"),
        ('{"query_id": "", "doc_id_a": "p", "doc_id_b": []}', "a query id must"),
        ('{"query_id": "q", "doc_id_a": 1.0, "doc_id_b": []}', "a document id must"),
        ('{"query_id": "q", "doc_id_a": true, "doc_id_b": []}', "a document id must"),
        ('{"query_id": "a\\tb", "doc_id_a": 1, "doc_id_b": []}', "a query id must"),
        ('{"query_id": "q", "doc_id_a": 1, "doc_id_b": ["\\n"]}', "a document id must"),
        (
            '{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a", "p"]}',
            "document 'p' occurs twice in the group of query 'q'",
        ),
        (
            '{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a", "b", "a"]}',
            "document 'a' occurs twice in the group of query 'q'",
        ),
        (
            '{"query_id": "q", "doc_id_a": 7, "doc_id_b": ["7"]}',
            "document '7' occurs twice in the group of query 'q'",
        ),
    ],
)
def test_read_groups_rejects_a_line_by_its_number(tmp_path, line, message):
    found = refused(tmp_path, f"{GOOD}\n{line}\n{GOOD}")
    assert found.startswith(f":3: {message}")
    assert "line 1" not in found


def test_read_groups_names_the_keys_that_it_found_in_one_line(tmp_path):
    message = refused(tmp_path, '{"qid": "q",  "neg\\native": []}')
    assert message.endswith("found the keys ['qid', 'neg\\native']")


def test_read_groups_rejects_text_that_is_not_utf_8(tmp_path):
    text = GOOD + GOOD.replace('"a"', '"é"')
    assert refused(tmp_path, text.encode("latin-1")).startswith(":2: not a JSON")


@pytest.mark.parametrize("text", ["", "\n\n", packed("")])
def test_read_groups_rejects_an_empty_file(tmp_path, text):
    assert refused(tmp_path, text) == ":1: the file is empty"


def law(values):
    return (
        '{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a"], '
        f'"probabilities": {values}}}'
    )


def test_read_groups_keeps_probabilities_in_the_order_of_the_documents(tmp_path):
    path = tmp_path / "groups.jsonl"
    path.write_text(law("[0.25, 0.75]") + "\n" + law("[1, 0]") + "\n")
    groups = read_groups(path)
    assert groups.probabilities.tolist() == [0.25, 0.75, 1.0, 0.0]
    kept = groups.keep_groups(np.array([False, True]))
    assert kept.probabilities.tolist() == [1.0, 0.0]
    rows = groups.keep_rows(np.array([True, False, True, True]))
    assert rows.probabilities.tolist() == [0.25, 1.0, 0.0]
    path.write_text(GOOD)
    assert read_groups(path).probabilities is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("[0.5, 0.6]", "`probabilities` must sum to 1"),
        ("[1.5, -0.5]", "`probabilities` must hold probabilities"),
        ("[1.0]", "`probabilities` must have one probability for each of 2"),
        ('["a", "b"]', "probabilities must be a list of numbers"),
        ("[true, false]", "probabilities must be a list of numbers"),
        ("null", "probabilities must be a list of numbers"),
    ],
)
def test_read_groups_rejects_what_is_no_law(tmp_path, values, message):
    assert refused(tmp_path, law(values)).startswith(f":1: {message}")


@pytest.mark.parametrize("lines", [(GOOD, law("[1, 0]")), (law("[1, 0]"), GOOD)])
def test_read_groups_rejects_probabilities_in_some_lines_only(tmp_path, lines):
    found = refused(tmp_path, "\n".join(line.strip() for line in lines))
    assert found.startswith(":2: some lines give probabilities and others do not")
