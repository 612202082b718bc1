import pytest

from rankbound.read.text.quick import lines_of, parse_quickly
from rankbound.read.text.trec import RUN

ROW = b"q Q0 d 1 2.5 t\n"


def quickly(block):
    return parse_quickly(lines_of(block, RUN), RUN, ranks=True)


@pytest.mark.parametrize("value", [b"2.5", b"25e-1", b"+2.5"])
def test_numbers_are_read_however_they_are_written(value):
    found = quickly(ROW.replace(b"2.5", value))
    assert (found.values.tolist(), found.ranks.tolist()) == ([2.5], [1])


def test_ranks_that_are_none_leave_the_scores():
    found = quickly(ROW.replace(b" 1 ", b" x "))
    assert (found.values.tolist(), found.ranks) == ([2.5], None)


@pytest.mark.parametrize("block", [b" " + ROW, ROW + b"# c\n", b"q Q0 d 1 nan t\n"])
def test_the_rest_is_left_to_the_line_parser(block):
    assert quickly(block) is None


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_lines_end_alike(end):
    found = lines_of(ROW.replace(b"\n", b"\r\n") + ROW[:-1] + end, RUN)
    assert found.block == ROW + ROW
    assert found.ends.shape == (2, 6)
