import sys
from itertools import groupby

import numpy as np
import pytest

from rankbound.read.text.quick_places import field_ends, parse_by_places
from rankbound.read.text.trec import QRELS, RANKS, RUN

ROW = b"q Q0 d 1 2.5 t\n"


def by_places(block, layout, *, ranks):
    ends = field_ends(block, layout.width)
    return None if ends is None else parse_by_places(block, ends, layout, ranks=ranks)


def columns(parsed):
    ranks = None if parsed.ranks is None else parsed.ranks.tolist()
    docnos, values = parsed.docnos.as_texts(), parsed.values.tolist()
    return parsed.qids, parsed.lengths.tolist(), docnos, values, ranks


def by_splitting(block):
    """The same, row by row."""
    rows = [line.split() for line in block.decode().splitlines()]
    qids = [qid for qid, _ in groupby(row[0] for row in rows)]
    lengths = [len(list(run)) for _, run in groupby(row[0] for row in rows)]
    docnos, values = [row[2] for row in rows], [float(row[4]) for row in rows]
    return qids, lengths, docnos, values, [int(row[3]) for row in rows]


@pytest.mark.parametrize("score", ["{:.4f}", "{}", "{:.3g}", "{:.0f}", "{:+}"])
@pytest.mark.parametrize(
    "docno", ["{}", "D{:07}", "a_long_beginning_of_ids_{}", "ü{}", "x" * 65 + "{}"]
)
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_columns_are_those_of_splitting_the_lines(docno, blank, score):
    rng = np.random.default_rng(0)
    fields = []
    for row in range(100):
        name, value = docno.format(rng.integers(10**6)), score.format(rng.normal(0, 30))
        rank = f"{row % 30 - 1:02}"  # -1, 00, 01, ...
        fields.append((f"q{row // 30}", "Q0", name, rank, value, "tag"))
    block = "".join(f"{blank.join(row)}\n" for row in fields).encode()
    assert columns(by_places(block, RUN, ranks=True)) == by_splitting(block)


@pytest.mark.parametrize(
    "block",
    [
        *(b" " + ROW, ROW + b"\n", b"\n" + ROW, ROW.replace(b" ", b"  ", 1), b"# c\n"),
        *(ROW + b"# c d e f g\n", ROW.replace(b"\n", b"\r\n"), b"q Q0 d\0 1 2.5 t\n"),
        *(b"q Q0\td 1 2.5 t\n", b"q\x01Q0 d 1 2.5 t\n", ROW.replace(b"d", b"\xe9")),
        *(ROW + b"q Q0 d 1 2.5\n", ROW + b"q Q0 d 1 2.5 t u\n", b"#q Q0 d 1 2.5 t\n"),
        b"q Q0 d 1 2 t u\nq Q0 d 1 2\n",  # seven and five
        *(b"q Q0 d 1\n2.5 t\n", b"q Q0\nd 1 2.5 t\n", b"q" * 257 + ROW, b"\n", b" \n"),
        *(ROW.replace(b"2.5", x) for x in (b"nan", b"x", b"1_0.5", b"9e307", b"inf")),
    ],
)
def test_what_is_not_regular_is_left(block):
    assert by_places(block, RUN, ranks=False) is None


def test_ranks_that_are_none_leave_the_scores():
    for rank in (b"x", b"+1", b"1.0", b"0x1", b"1" * 19):
        block = ROW.replace(b" 1 ", b" %s " % rank)
        found = by_places(block, RUN, ranks=True)
        assert (found.values.tolist(), found.ranks) == ([2.5], None)
    assert by_places(ROW, RUN, ranks=False).ranks is None


def test_fractions_are_left_where_whole_numbers_are_due():
    assert by_places(b"q 0 doc1 1\n", QRELS, ranks=False).values.tolist() == [1]
    assert by_places(b"q doc1 2\n", RANKS, ranks=False).values.tolist() == [2]
    assert by_places(b"q 0 doc1 1.5\n", QRELS, ranks=False) is None


def test_arrow_is_asked_only_for_what_this_way_leaves(monkeypatch):
    monkeypatch.setitem(sys.modules, "rankbound.read.text.arrow_numbers", None)
    assert by_places(ROW, RUN, ranks=True).values.tolist() == [2.5]
    with pytest.raises(ImportError):
        by_places(ROW.replace(b"2.5", b"2e5"), RUN, ranks=False)
    with pytest.raises(ImportError):
        by_places(ROW.replace(b" 1 ", b" -1 "), RUN, ranks=True)


def test_a_block_may_begin_with_a_byte_order_mark_of_an_id():
    block = "\ufeff7 Q0 d 1 2.5 t\n".encode()
    assert by_places(block, RUN, ranks=False).qids == ["\ufeff7"]
