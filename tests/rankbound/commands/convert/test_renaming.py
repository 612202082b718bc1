from dataclasses import replace
from pathlib import Path

import pytest

from rankbound.commands.convert.renaming import by_text, has_own_ids
from rankbound.errors import UsageError
from rankbound.read.fields import text_id
from rankbound.read.registry import read_any
from tests.rankbound.files import table
from tests.rankbound.read.golden import FLAG, TEVATRON, lines
from tests.rankbound.read.reading_back import positives_first

COW, BOAT, CITY = map(text_id, ("A sea cow.", "A boat.", "A city."))
WHAT, WHERE = map(text_id, ("what is a manatee", "where is ulm"))


def test_ids_that_are_made_from_texts_are_told_from_others(tmp_path):
    assert has_own_ids(read_any(lines(*TEVATRON)(tmp_path)))
    made = read_any(lines(*FLAG)(tmp_path))
    assert not has_own_ids(made)
    assert not has_own_ids(replace(made, texts={}, metadata={}))
    assert table(by_text(made).scores) == table(made.scores)


def test_ids_become_those_of_the_texts_everywhere(tmp_path):
    found = by_text(read_any(lines(*TEVATRON)(tmp_path)))
    assert not has_own_ids(found)
    assert table(found.scores) == {
        WHAT: {COW: 4.5, BOAT: -2.0, CITY: -3.5},
        WHERE: {CITY: 1.0, BOAT: 0.0},
    }
    assert positives_first(found.groups) == [
        (WHAT, [COW, BOAT, CITY], [True, False, False]),
        (WHERE, [CITY, BOAT], [True, False]),
    ]
    assert found.texts == {COW: "A sea cow.", BOAT: "A boat.", CITY: "A city."}
    assert {*found.metadata["query_texts"]} == {WHAT, WHERE}


def test_two_ids_of_one_text_are_refused(tmp_path):
    held = read_any(lines(*TEVATRON)(tmp_path))
    held = replace(held, texts={**held.texts, "8": "A city."})
    with pytest.raises(UsageError, match="documents '8' and '9' have the same text"):
        by_text(held)
    assert isinstance(held.path, Path)
