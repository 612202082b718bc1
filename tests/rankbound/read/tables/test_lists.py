from dataclasses import replace

import pyarrow as pa

from rankbound.data.scores import Kind
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import ListColumns
from rankbound.read.tables.reading import lists_of
from tests.rankbound.files import refusal, table
from tests.rankbound.read.reading_back import listed

COLUMNS = ListColumns(query="query_id", document="doc_ids")


def frame(**columns):
    lists = {"query_id": ["q", "r"], "doc_ids": [["b", "a"], ["c"]]}
    return Frame(pa.table({**lists, **columns}), "t")


def test_lists_give_scores_and_groups_with_the_rows_they_come_from():
    held = frame(scores=[[2.0, 1.0], [0.5]], labels=[[0, 1], [1]])
    found = lists_of(held, replace(COLUMNS, scores="scores", labels="labels"))
    assert table(found.scores) == {"q": {"a": 1.0, "b": 2.0}, "r": {"c": 0.5}}
    assert listed(found.groups) == [
        ("q", ["b", "a"], [False, True]),
        ("r", ["c"], [True]),
    ]
    assert found.groups.lines.tolist() == [1, 2]


def test_lists_alone_are_an_order():
    found = lists_of(frame(), COLUMNS)
    assert found.scores.kind is Kind.RANK_ONLY
    assert found.ranks.tolist() == [2, 1, 1]


def test_lists_of_text_and_of_lists_are_one_and_the_same():
    text = frame(doc_ids=['["b", "a"]', "['c']"])
    one, two = lists_of(text, COLUMNS).groups, lists_of(frame(), COLUMNS).groups
    assert listed(one) == listed(two)


def test_whole_numbers_of_more_than_64_bits_are_one_clear_line():
    held = frame(doc_ids=[f"[{10**30}]", "[1]"])
    message = refusal(lambda: lists_of(held, COLUMNS))
    assert "hold whole numbers of more than 64 bits; write ids as text" in message


def test_a_document_twice_in_an_order_is_named_as_such():
    held = frame(doc_ids=[["b", "a"], ["c", "d", "c"]])
    message = refusal(lambda: lists_of(held, COLUMNS))
    assert message == (
        "t: row 2: document 'c' occurs twice in the list; keep its better rank"
    )
