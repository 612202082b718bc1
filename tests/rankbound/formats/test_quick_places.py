import sys

import numpy as np
import pytest

from rankbound.formats.quick import lines_of, parse_quickly
from rankbound.formats.quick_arrow import parse_by_arrow
from rankbound.formats.quick_places import field_ends, parse_by_places
from rankbound.formats.trec import QRELS, RANKS, RUN

ROW = b"q Q0 d 1 2.5 t\n"


def by_places(block, layout, *, ranks):
    ends = field_ends(block, layout.width)
    return None if ends is None else parse_by_places(block, ends, layout, ranks=ranks)


def columns(parsed):
    ranks = None if parsed.ranks is None else parsed.ranks.tolist()
    docnos, values = parsed.docnos.as_texts(), parsed.values.tolist()
    return parsed.qids, parsed.lengths.tolist(), docnos, values, ranks


@pytest.mark.parametrize("docno", ["{}", "D{:07}", "a_long_beginning_of_ids_{}", "ü{}"])
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_both_ways_give_the_same_columns(docno, blank):
    rng = np.random.default_rng(0)
    fields = []
    for row in range(100):
        name, score = docno.format(rng.integers(10**6)), f"{rng.normal(0, 30):.4f}"
        fields.append((f"q{row // 30}", "Q0", name, f"{row % 30 + 1}", score, "tag"))
    block = "".join(f"{blank.join(row)}\n" for row in fields).encode()
    one = by_places(block, RUN, ranks=True)
    assert columns(one) == columns(parse_by_arrow(block, RUN, ranks=True))
    assert one.qids == ["q0", "q1", "q2", "q3"]


@pytest.mark.parametrize(
    "block",
    [
        *(b" " + ROW, ROW + b"\n", b"\n" + ROW, ROW.replace(b" ", b"  ", 1), b"# c\n"),
        *(ROW + b"# c d e f g\n", ROW.replace(b"\n", b"\r\n"), b"q Q0 d\0 1 2.5 t\n"),
        *(b"q Q0\td 1 2.5 t\n", b"q\x01Q0 d 1 2.5 t\n", ROW.replace(b"d", b"\xe9")),
        *(ROW + b"q Q0 d 1 2.5\n", ROW + b"q Q0 d 1 2.5 t u\n", b"#q Q0 d 1 2.5 t\n"),
        b"q Q0 d 1 2 t u\nq Q0 d 1 2\n",  # seven and five
        *(b"q Q0 d 1\n2.5 t\n", b"q Q0\nd 1 2.5 t\n", b"q" * 65 + ROW, b"\n", b" \n"),
        *(ROW.replace(b"2.5", x) for x in (b"2e5", b"nan", b"x", b"1_0.5", b"+2.5")),
    ],
)
def test_what_is_not_regular_is_left(block):
    assert by_places(block, RUN, ranks=False) is None


def test_ranks_that_are_not_plain_are_left():
    for rank in (b"x", b"01", b"-1", b"1.0", b"0x1", b"123456789"):
        block = ROW.replace(b" 1 ", b" %s " % rank)
        assert by_places(block, RUN, ranks=True) is None
        assert by_places(block, RUN, ranks=False).ranks is None


def test_fractions_are_left_where_whole_numbers_are_due():
    assert by_places(b"q 0 doc1 1\n", QRELS, ranks=False).values.tolist() == [1]
    assert by_places(b"q doc1 2\n", RANKS, ranks=False).values.tolist() == [2]
    assert by_places(b"q 0 doc1 1.5\n", QRELS, ranks=False) is None


def test_arrow_is_asked_only_for_what_this_way_leaves(monkeypatch):
    monkeypatch.setitem(sys.modules, "rankbound.formats.quick_arrow", None)
    lines = lines_of(ROW, RUN)
    assert parse_quickly(lines, RUN, ranks=False).values.tolist() == [2.5]
    with pytest.raises(ImportError):
        parse_quickly(lines_of(ROW.replace(b"2.5", b"2e5"), RUN), RUN, ranks=False)
