"""Damaged files: refused, or read as a careful reader reads them."""

import random
import re
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile import naive, parsing
from tests.hostile.fuzz import Parser, mutated
from tests.hostile.parsing import difference, outcome, parsers, seeds

PLACES = st.floats(0, 1)


def damaged(content, way, at, size, mask):
    """One byte changed, the end missing, or a piece there twice."""
    start = int(at * (len(content) - 1))
    if way == "flipped":
        changed = bytes([content[start] ^ mask])
        return content[:start] + changed + content[start + 1 :]
    if way == "cut":
        return content[:start]
    return content[: start + size] + content[start:]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "in"


@pytest.mark.parametrize("parser", sorted(naive.READERS))
@given(
    st.sampled_from(("flipped", "cut", "doubled")),
    PLACES,
    st.integers(1, 40),
    st.integers(1, 255),
)
@example("flipped", 0.5, 1, 0x80)
def test_a_damaged_file_is_refused_or_read_as_a_careful_reader_does(
    path, parser, way, at, size, mask
):
    data = damaged(seeds(parser)[0], way, at, size, mask)
    assert outcome(parser, data, path)[1] is None, data


# Found by random files; what they are read as is beside them
FOUND = {
    "trec-run": [
        # A blank behind the last field was taken for an empty tag
        (b"q Q0 a 0 2.5 tag\nq Q0 b 1 -1.0 ", "refused"),
        # A comment may hold any bytes
        (b"# \xe3\nq Q0 a 1 2.5 tag\n", "read"),
    ],
    "raw": [(b"", "refused")],
    "ranked-list": [
        # A query without documents has no group
        (
            b'{"query_id": "1", "doc_ids": ["a", "b"]}\n'
            b'{"query_id": "2", "doc_ids": []}\n',
            "read",
        ),
    ],
    # A header of other words began BEIR's judgements
    "qrels": [(b"query-id\tc\t\tsc ore\nq1\taa\t1", "refused")],
    "json-margins": [
        # A table that is one object, by its start, and no JSON further on
        (
            b'{"qid":\n{"qid": "q", "pos_id": "p", "neg_id": "m", "margin": -0.5}\n",',
            "refused",
        ),
        (
            b'{"0": {"qid": "q", "pos_id": "p", "neg_id": "m", "margin": 1}, "1": 2}',
            "refused",
        ),
    ],
}


@pytest.mark.parametrize("parser", FOUND)
def test_what_random_files_found_stays_mended(path, parser):
    for data, wanted in FOUND[parser]:
        assert outcome(parser, data, path) == (wanted, None)


def test_a_member_of_an_archive_that_begins_at_its_end_is_refused(path):
    data = seeds("torch")[0]
    for found in re.finditer(b"PK\x01\x02", data):
        place = found.start() + 42  # where the member begins
        late = struct.pack("<I", len(data) - 10)
        damaged = data[:place] + late + data[place + 4 :]
        assert outcome("torch", damaged, path) in (("refused", None), ("read", None))


@pytest.mark.parametrize("parser", sorted(naive.READERS))
def test_whole_files_are_read_alike(path, parser):
    for content in seeds(parser):
        assert outcome(parser, content, path) == ("read", None)


def test_another_reading_is_told(path):
    _, fault = outcome("trec-run", seeds("trec-run")[0], path)
    assert fault is None
    from rankbound.read.registry import by_name
    from rankbound.read.source import Source

    found = by_name("trec-run").read(Source(path, named=True))
    other = path.read_bytes().replace(b"2.5", b"2.25")
    assert "is not" in difference("trec-run", found, other)
    assert "careful" in difference("trec-run", found, b"q Q0 a 1 nan tag\n")


def test_each_parser_has_files_to_start_from():
    assert len(parsers()) > 50
    assert all(seeds(parser) for parser in parsers())


def test_the_fuzzer_counts_ends_and_keeps_a_file_for_each_kind_of_fault(
    path, monkeypatch
):
    ends = iter([("read", None), ("failed", "KeyError in x:1: 1"), ("refused", None)])
    monkeypatch.setattr(parsing, "outcome", lambda *_: next(ends))
    parser = Parser("qrels", path, runs=9)
    assert [parser(b"q 0 d 1") for _ in range(3)][1] == "failed KeyError in x:1: 1"
    assert parser.counts == {"read": 1, "failed": 1, "refused": 1}
    assert len(parser.faults) == 1


def test_mutations_of_a_seed_are_always_the_same():
    made = [mutated(random.Random(4), b"q Q0 d 1 2.5 x\n", b"other") for _ in range(2)]
    assert made[0] == made[1] != b"q Q0 d 1 2.5 x\n"
