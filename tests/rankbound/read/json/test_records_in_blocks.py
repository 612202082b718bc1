"""What the fast reader of records takes, the careful one reads alike."""

import json
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.json import tables
from rankbound.read.json.blocks import Unsure
from rankbound.read.source import Source
from tests.rankbound.files import written

IDS = st.sampled_from(
    ["1", "10", "d", "e\u0301", "", "{", "\\", '"', "a b", 7, -7, 2**70]
)
VALUES = st.one_of(
    st.floats(-1e300, 1e300),
    st.sampled_from([0, 3, -0.0, True, None, "1", 10**30, 1e308, 2**53 + 1]),
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"qid": IDS, "docno": IDS, "score": VALUES},
        optional={
            "rank": st.integers(0, 3),
            "more": st.sampled_from([1, 2.5, "x", {}]),
        },
    ),
    min_size=1,
    max_size=6,
)
REGULAR = st.lists(
    st.fixed_dictionaries(
        {
            "qid": st.sampled_from(["q", "r", "\u00e9"]),
            "rank": st.integers(0, 3),
            "docno": st.integers(-3, 20),
            "score": st.floats(-1e9, 1e9),
        }
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: (row["qid"], row["docno"]),
)


def said(read):
    """Everything that is read, or None where the file is refused."""
    try:
        found = read()
    except FormatError:
        return None
    scores, ranks = found.scores, found.ranks
    return (
        *(found.repairs, found.notes, dict(found.metadata), scores.qids.tolist()),
        *(scores.offsets.tolist(), scores.codes.tolist(), scores.docnos.tolist()),
        *(scores.values.tobytes(), None if ranks is None else ranks.tolist()),
    )


def both(text):
    """What the careful reader says, and the fast one if it takes the file."""
    source = Source(Path("x"), content=text.encode())
    try:
        found = tables.found_in(source)
    except FormatError:
        return None, None
    if found is None or found.layout.kind != "scores":
        return None, None
    wanted = said(lambda: tables._by_record(source, found, "scores"))
    try:
        taken = said(lambda: tables._in_blocks(source, found, "scores"))
    except Unsure:
        return wanted, None
    return wanted, taken


def texts_of(rows):
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    whole = json.dumps(rows, ensure_ascii=False)
    return lines, whole, json.dumps(rows, indent=1)


@given(rows=RECORDS)
def test_both_readers_agree(rows):
    for text in texts_of(rows):
        wanted, taken = both(text)
        assert taken is None or taken == wanted


@given(rows=REGULAR, size=st.sampled_from([1, 50, 1 << 20]))
def test_regular_records_are_read_fast(rows, size):
    with mock.patch("rankbound.read.text.blocks.SIZE", size):
        for text in texts_of(rows)[:2]:  # printed over many lines it is irregular
            wanted, taken = both(text)
            assert taken is not None
            assert taken == wanted


def test_what_only_the_careful_reader_tells():
    row = '{"qid": "q", "docno": "d", "score": 1}'
    for text in (
        '{"qid": "q", "docno": "d", "score": 1, "score": 2}\n',
        row + row + "\n",
        f"[{row}] {row}",
        f"[{row}, {row}]",  # a pair twice
        f"[{row}",
        f"[{row},]",
        row + "\n\n",
        '{"qid": "q", "docno": "}, {", "score": 1}\n',
        f'[{row}, {{"qid": "q", "docno": "}}, {{", "score": 1}}]',
    ):
        wanted, taken = both(text)
        assert taken is None or taken == wanted


def test_the_reader_takes_what_both_take(tmp_path):
    path = written(tmp_path, '{"qid": "q", "docno": "d", "score": -0}\n', "x.jsonl")
    assert tables.read(Source(path), "scores").scores.values.tolist() == [0.0]
