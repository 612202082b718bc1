import pytest

from rankbound.formats.layout import Layout
from rankbound.formats.quick_arrow import parse_by_arrow
from rankbound.formats.trec import QRELS, RUN

ROW = b"q Q0 d 1 2.5 t\n"


def test_parse_by_arrow_holds_the_columns_that_count():
    found = parse_by_arrow(ROW + ROW.replace(b" 1 ", b" 2 "), RUN, ranks=True)
    assert (found.qids, found.lengths.tolist()) == (["q"], [2])
    assert found.docnos.as_texts() == ["d", "d"]
    assert (found.values.tolist(), found.ranks.tolist()) == ([2.5, 2.5], [1, 2])
    assert parse_by_arrow(ROW, RUN, ranks=False).ranks is None
    assert parse_by_arrow(ROW.replace(b" 1 ", b" x "), RUN, ranks=True).ranks is None


@pytest.mark.parametrize(
    "block",
    [
        *(b" " + ROW, ROW + b"\n", b"\n" + ROW, ROW.replace(b" ", b"  ", 1), b"# c\n"),
        *(ROW + b"# c\n", ROW.replace(b"\n", b"\r\n"), ROW.replace(b" d", b"\td")),
        *(ROW.replace(b"d", b"d\0"), ROW.replace(b"d", b"\xe9"), ROW + b"q Q0 d 1 2\n"),
        *(ROW.replace(b"2.5", x) for x in (b"nan", b"inf", b"1e999", b"x", b"1_0")),
    ],
)
def test_parse_by_arrow_leaves_what_is_not_regular(block):
    assert parse_by_arrow(block, RUN, ranks=False) is None


def test_parse_by_arrow_leaves_fractions_where_whole_numbers_are_due():
    assert parse_by_arrow(b"q 0 d 1.0\n", QRELS, ranks=False).values.tolist() == [1]
    assert parse_by_arrow(b"q 0 d 1.5\n", QRELS, ranks=False) is None


def test_parse_by_arrow_takes_tabs():
    layout = Layout(3, 0, 1, 2, "qid docno number", "number")
    assert parse_by_arrow(b"q\ta\t1\n", layout, ranks=False).values.tolist() == [1]


def test_parse_by_arrow_leaves_a_block_whose_first_id_begins_with_a_mark():
    block = "\ufeff7 Q0 d 1 2e1 t\n".encode()  # pyarrow takes it for the file's
    assert parse_by_arrow(block, RUN, ranks=False) is None
    assert parse_by_arrow(ROW + block, RUN, ranks=False).qids == ["q", "\ufeff7"]
