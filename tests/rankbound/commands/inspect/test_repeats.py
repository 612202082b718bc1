import json

import pytest

from rankbound.commands.inspect.given import Asked, read_all
from rankbound.commands.inspect.repeats import repeated_rows
from tests.rankbound.files import group_text, packed, written


def look(folder, content):
    return repeated_rows(read_all(Asked(files=[written(folder, content)]))[0])


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("q Q0 a 1 2 t\nq Q0 a 2 1 t\nr Q0 a 1 2 t\nq Q0 a 3 0 t\n", 2),
        ("q 0 a 1\nq 0 a 2\n", 1),
        ("query-id\tcorpus-id\tscore\nq\ta\t1\nq\ta\t2\nq\tb\t0\n", 1),
        (group_text([("q", ["a", "b", "b"]), ("q", ["a", "c", "a", "c"])]), 3),
    ],
)
def test_repeats_are_counted_over_the_whole_file(tmp_path, content, count):
    assert look(tmp_path, content).count == count
    assert look(tmp_path, packed(content)).count == count


@pytest.mark.parametrize(
    "content",
    [
        "q Q0 a 1 2 t\n",  # nothing wrong
        "q Q0 a 1 x t\n",  # something else wrong
        '{"q": {"a": 1, "a": 2}}',  # another format
        json.dumps({"query_id": "q", "doc_id_a": "a", "doc_id_b": ["b", "b"]}) + "\n[]",
    ],
)
def test_nothing_is_counted_where_nothing_can_be(tmp_path, content):
    assert look(tmp_path, content) is None
