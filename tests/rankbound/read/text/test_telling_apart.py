from pathlib import Path

import pytest

from rankbound.read.registry import detect
from rankbound.read.source import Source
from rankbound.read.text.claims import head_rows


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("q Q0 d 1 2.5 t\n", "trec-run"),
        ("# c\n\nq Q0 d 1 2.5\n", "trec-run"),
        ("1 Q0 7 1 0.5\n1 Q0 8 2 0.25\n", "trec-run"),  # as numbers, could be prels
        ("1 0 7 1 0.5\n1 0 8 2 0.25\n", "trec-run"),
        ("1 d7 1 1 0.5\n1 d8 0 1 0.25\n", "qrels"),
        ("1 d7 1 1 0.5\n1 d8 0 1 2.25\n", "trec-run"),
        ("q d 1\nq e 2\nr d 1\n", "msmarco-run"),
        ("q\td\t0\nq\te\t1\nr\td\t0\n", "msmarco-run"),
        ("q d 1\nq e 2\nr d 0\n", "qrels"),
        ("q d 1\nr e 1\n", "qrels"),
        ("q d 1\nq e 1\n", "qrels"),
        ("q d 2\nq e 1\n", "qrels"),
        ("q d -1\nq e 0\n", "qrels"),
        ("q d 128\nq e 0\n", "scoreddocs"),
        ("q d 1.5\nq e 2\n", "scoreddocs"),
        ("q 0 d 1\n", "qrels"),
        ("query-id corpus-id score\nq d 1\n", "beir-qrels"),
        ("query-id\tcorpus-id\tscore\n", "beir-qrels"),
        ("q d\nq e\n", "candidates"),
    ],
)
def test_tables_of_text_are_told_apart_by_content(text, name):
    assert detect(Source(Path("x"), content=text.encode()))[0].name == name


def test_head_rows_leave_out_a_line_that_is_cut_at_the_end_of_the_head():
    text = b"".join(b"q d%d %d\n" % (n, n + 1) for n in range(10_000))
    rows = head_rows(Source(Path("x"), content=text))
    assert 4000 < len(rows) <= 5000
    assert detect(Source(Path("x"), content=text))[0].name == "msmarco-run"
    cut = b"q d %s\n" % (b"1" * 70_000)
    assert head_rows(Source(Path("x"), content=cut)) != []


def test_head_rows_are_none_for_json():
    assert head_rows(Source(Path("x"), content=b'{"a": 1}\n')) == []
