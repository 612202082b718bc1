from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read import fields
from rankbound.read.fields import INTEGER_IDS, SECOND_TEXT, Ids
from rankbound.read.source import Source
from tests.rankbound.files import refusal


def new():
    return Ids("document", Source(Path("f.jsonl")), {})


@given(names=st.lists(st.text("ab日é😀1", min_size=1), min_size=1, max_size=9))
def test_codes_count_distinct_ids_in_order_of_appearance(names):
    ids = new()
    distinct = list(dict.fromkeys(names))
    assert [ids.code(name, 1) for name in names] == [distinct.index(n) for n in names]
    assert ids.names().tolist() == distinct
    ordered, rank = ids.ranked()
    assert ordered.tolist() == sorted(distinct)
    assert [ordered[rank[code]] for code in range(len(distinct))] == distinct
    assert [ids.name(code) for code in range(len(distinct))] == distinct


def test_whole_numbers_are_counted_every_time():
    ids = new()
    assert [ids.code(value, 1) for value in (7, "7", 7)] == [0, 0, 0]
    assert ids.repairs == {INTEGER_IDS: 2}


@pytest.mark.parametrize("bad", [1.5, True, None, "", "a\tb", ["a"]])
def test_other_values_are_refused(bad):
    message = refusal(lambda: new().code(bad, 3))
    assert message.startswith("f.jsonl:3: a document id must be text without control ")
    assert f"found {bad!r}" in message


def test_texts_without_an_id_get_one_and_are_kept():
    ids = new()
    assert [ids.of_text(text, 1) for text in ("why", "how", "why")] == [0, 1, 0]
    assert sorted(ids.texts.values()) == ["how", "why"]
    assert set(ids.texts) == set(ids.names())
    assert ids.of_text("w", 1, given=7) == 2
    assert ids.texts["7"] == "w"


def test_a_second_text_of_an_id_is_counted():
    ids = new()
    ids.of_text("one", 1, given="d")
    ids.of_text("two", 2, given="d")
    assert ids.texts == {"d": "one"}
    assert ids.repairs == {SECOND_TEXT: 1}


def test_texts_that_are_none_are_refused():
    assert "found 3" in refusal(lambda: new().of_text(3, 1))
    assert "f.jsonl:2: a document with a blank text" in refusal(
        lambda: new().of_text(" ", 2)
    )


def test_equal_made_ids_of_two_texts_are_refused(monkeypatch):
    monkeypatch.setattr(fields, "text_id", "t0".format)
    ids = new()
    ids.of_text("one", 1)
    assert "f.jsonl:2: two texts have the same" in refusal(lambda: ids.of_text("b", 2))
