from pathlib import Path

import numpy as np
import pytest

from rankbound.read.json import jsonl
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import (
    Row,
    first_object,
    first_record,
    records,
    rows,
    write_records,
)
from rankbound.read.source import Source
from tests.rankbound.files import npy, refusal, written


def builder(folder, content):
    return Builder(Source(written(folder, content)))


def row(**fields):
    return Row(Builder(Source(Path("f"))), 3, fields)


def test_records_come_with_their_lines_and_counts(tmp_path):
    made = builder(tmp_path, b'\xef\xbb\xbf{"a": 1}\r\n\r\n \n[2]\n3')
    assert list(records(made)) == [(1, {"a": 1}), (4, [2]), (5, 3)]
    assert made.repairs == {
        "byte order mark": 1,
        "CRLF line ends": 2,
        "blank lines": 2,
    }


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_file_without_records_is_refused(tmp_path, content):
    made = builder(tmp_path, content)
    assert refusal(lambda: list(records(made))).endswith(":1: the file is empty")


@pytest.mark.parametrize("bad", ["{", '{"a": NaN}', '{"a": Infinity}', "x", '{"a":1}}'])
def test_broken_json_is_refused_by_line_and_column(tmp_path, bad):
    made = builder(tmp_path, "{}\n" + bad)
    said = refusal(lambda: list(records(made)))
    assert said.startswith(f"{made.source.path}:2: not a JSON object (")
    assert "in column" in said


def test_rows_must_be_objects(tmp_path):
    made = builder(tmp_path, "{}\n[1]\n")
    assert "expected a JSON object, found list" in refusal(lambda: list(rows(made)))
    said = refusal(lambda: list(rows(made, "a and b")))
    assert said.endswith(":2: expected an object with a and b, found list")


def test_an_array_of_numpy_is_named(tmp_path):
    made = builder(tmp_path, npy(np.zeros(2)))
    assert "is a NumPy array" in refusal(lambda: list(records(made)))


def test_the_first_record_may_be_longer_than_the_head(tmp_path, monkeypatch):
    long = '{"a": "' + "x" * 200_000 + '", "b": 1}'
    assert first_object(Source(written(tmp_path, f"\n{long}\n{{}}\n")))["b"] == 1
    monkeypatch.setattr(jsonl, "LONGEST_FIRST", 100_000)
    assert first_record(Source(written(tmp_path, long, "other"))) is None


@pytest.mark.parametrize("text", ["q 0 d 1", "{", "[1, 2", '"a"'])
def test_other_text_has_no_first_record(tmp_path, text):
    assert first_record(Source(written(tmp_path, text))) is None
    assert first_object(Source(tmp_path)) == {}


def test_a_long_lookup_in_one_line_is_not_parsed_to_tell_it(tmp_path, monkeypatch):
    inner = ", ".join(f'"d{n}": {n}' for n in range(10_000))
    source = Source(written(tmp_path, '{"q": {' + inner + "}}"))
    assert len(source.head) == 1 << 16
    monkeypatch.setattr(jsonl, "LONGEST_FIRST", -1)  # would read the whole file
    assert first_record(source) is None


def test_fields_are_checked_with_the_line():
    made = row(a=[1, 2], b="x", c=None)
    assert "a" in made
    assert "c" not in made
    assert made["b"] == "x"
    assert made.listed("a") == [1, 2]
    assert made.parallel("a", 2, "things") == [1, 2]
    assert made.number(2, "n") == 2.0
    made.need("a", "b")
    for call, message in (
        (
            lambda: made.need("a", "c", "d"),
            "the keys ['a', 'b', 'c'] lack c, d",
        ),
        (lambda: made.listed("b"), "b must be a list, found str 'x'; put a single one"),
        (
            lambda: made.listed("c", otherwise="no"),
            "c must be a list, found nothing; no",
        ),
        (
            lambda: made.parallel("a", 3, "things"),
            "a has 2 entries for 3 things; there",
        ),
        (lambda: made.number("2", "n"), "n must be a finite number, found '2'"),
        (lambda: made.number("x" * 99, "n"), "found 'xxx"),
    ):
        said = refusal(call)
        assert said.startswith("f:3: ")
        assert message in said
        assert len(said) < 200


def test_records_are_written_one_a_line(tmp_path):
    write_records(tmp_path / "out", iter([{"a": "ü\n"}, [1, 0.1]]))
    assert (tmp_path / "out").read_text() == '{"a":"ü\\n"}\n[1,0.1]\n'
