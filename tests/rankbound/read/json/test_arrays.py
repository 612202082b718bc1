import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.json.jsonl import elements, is_array
from rankbound.read.registry import read_any
from rankbound.read.source import Source
from tests.rankbound.files import packed, refusal, table, written
from tests.rankbound.read.golden import RANKLLM, TEVATRON

ROWS = {"1": {"7": 10.5, "8": -3.0}, "2": {"9": 0.5}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def of(text):
    return list(elements(Source("x", content=text.encode()), {}))


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("pack", [str.encode, packed])
def test_one_array_of_rerankings_is_read_as_its_lines(tmp_path, indent, pack):
    path = written(tmp_path, pack(json.dumps(RANKLLM, indent=indent)), "x.json")
    found = read_any(path)
    assert found.format == "rankllm"
    assert table(found.scores) == ROWS
    assert found.texts["8"] == "A boat."
    assert found.ranks.tolist() == [1, 2, 1]


def test_an_array_of_other_records_is_read_too(tmp_path):
    path = written(tmp_path, json.dumps(TEVATRON, indent=1), "x.json")
    lines = "".join(json.dumps(row) + "\n" for row in TEVATRON)
    assert read_any(path).format == "tevatron"
    wanted = read_any(written(tmp_path, lines, "y.jsonl"))
    assert table(read_any(path).scores) == table(wanted.scores)


@given(st.lists(VALUES, min_size=1, max_size=5), st.sampled_from([None, 0, 1]))
def test_elements_are_those_of_the_json_library(values, indent):
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    assert [value for _, value in of(f"\n {text}\n\n")] == values


def test_elements_come_with_the_line_in_which_they_begin():
    assert of('[\n{"a": 1},\n\n {"b":\n 2}, {"c": 3}\n]') == [
        (2, {"a": 1}),
        (4, {"b": 2}),
        (5, {"c": 3}),
    ]


def test_a_long_array_is_not_held_as_a_whole():
    rows = [{"query": {"qid": n}, "text": "x" * 2000} for n in range(300)]
    text = json.dumps(rows, indent=0)
    assert [value for _, value in of(text)] == rows


def test_a_number_at_the_end_of_a_line_goes_no_further():
    assert of("[1\n,2\n]") == [(1, 1), (2, 2)]


def test_what_was_passed_over_is_counted():
    repairs = {}
    text = b'\xef\xbb\xbf[{"a": 1},\r\n\r\n{"a": 2}]\r\n'
    assert len(list(elements(Source("x", content=text), repairs))) == 2
    assert repairs == {"byte order mark": 1, "CRLF line ends": 3, "blank lines": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"a": 1}', "x:1: the JSON array is cut: the file ends inside it"),
        ('[{"a": 1},', "x:1: the JSON array is cut"),
        ('[{"a": 1},\n{"b": "tex', "x:2: the JSON array is cut: the file ends inside"),
        ('[{"a": 1},\n{"b":', "x:2: the JSON array is cut"),
        ('[{"a": 1}] {', "x:1: text follows the end of the JSON array"),
        ('[{"a": 1}]\n[{"a": 1}]', "x:2: text follows the end of the JSON array"),
        ('[{"a": 1}\n{"a": 1}]', "x:2: expected ] or , in a JSON array, found '{'"),
        ('[{"a": 1},\n]', "x:2: not JSON"),
        ('[{"a": 1},\n\n{"b"\n: tru}]', "x:4: not JSON (Expecting value)"),
        ('[{"a": NaN}]', "x:1: not JSON"),
        ('[{"a": "\\ud800"}]', "x:1: not JSON"),
        ("[" + '{"a": ' * 100_000, "x:1: nested too deeply"),
        ('{"a": 1}', "x:1: expected [ in a JSON array"),
        ("", "x:1: the JSON array is cut"),
    ],
)
def test_a_broken_array_is_one_clear_line(text, message):
    assert refusal(of, text).startswith(message)


def test_text_that_is_not_utf_8_names_its_line():
    source = Source("x", content=b'[{"a": 1},\n{"b": "\xff"}]')
    assert refusal(lambda: list(elements(source, {}))).startswith("x:2: not UTF-8")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[{"a": 1}]', True),
        (" \n[\n {", True),
        ("[[1, 2]]", False),
        ('["a"]', False),
        ('{"a": [{', False),
    ],
)
def test_an_array_of_objects_is_told_by_its_start(tmp_path, text, wanted):
    assert is_array(Source(written(tmp_path, text))) == wanted
    assert not is_array(Source(tmp_path))
