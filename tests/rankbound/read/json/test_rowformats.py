from pathlib import Path

import pytest

from rankbound.read.json.lists import LABELED_LIST
from rankbound.read.json.mined import MINED
from rankbound.read.registry import by_name, formats
from rankbound.read.source import Source
from tests.rankbound.files import refusal, written
from tests.rankbound.read.reading_back import listed

RECORD = {"query_id": 1, "doc_ids": ["a", "b"], "labels": [1, 0]}


def test_records_from_elsewhere_mean_the_same_as_lines():
    found = LABELED_LIST.read_records(Source(Path("table")), [RECORD, RECORD])
    assert listed(found.groups) == [("1", ["a", "b"], [True, False])] * 2
    assert found.groups.lines.tolist() == [1, 2]
    assert found.path == Path("table")
    bad = {**RECORD, "labels": [1]}
    said = refusal(
        lambda: LABELED_LIST.read_records(Source(Path("table")), [RECORD, bad])
    )
    assert said.startswith("table:2: labels has 1 entries")


def test_a_format_of_lines_is_made_of_it(tmp_path):
    made = LABELED_LIST.as_format()
    source = Source(
        written(tmp_path, '{"query_id": 1, "doc_ids": ["a"], "labels": [0.5]}')
    )
    assert made.sniff(source) == "lines of objects with query_id, doc_ids, labels"
    assert made.sniff(Source(written(tmp_path, "{}", "other"))) is None
    assert made.configure is not None
    assert made.configure("scores").read(source).scores.values.tolist() == [0.5]
    assert MINED.matches({"a": "x", "b": "y", "negative": "z"}) is not None


@pytest.mark.parametrize(
    "name", ["labeled-list", "mined", "hofstaetter", "hard-negatives"]
)
def test_the_name_of_a_configured_format_has_its_argument(name):
    argument = "mean" if name == "hofstaetter" else "scores"
    configured = by_name(f"{name}:{argument}")
    assert configured.name == f"{name}:{argument}"
    assert by_name(configured.name).title == by_name(name).title


def test_particular_formats_are_detected_before_general_ones():
    order = [*formats()]
    assert order.index("ranked-groups") < order.index("groups")
    assert order.index("rankllm") < order.index("lookup")
    assert order.index("hofstaetter") < order.index("trec-run")
