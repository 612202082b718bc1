from pathlib import Path

import pytest

from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.text.layout import Row, is_comment, parsed_row, repeat_error
from rankbound.read.text.trec import QRELS, RUN
from tests.rankbound.files import refusal

PATH = Path("x.run")


def test_parsed_row_holds_the_columns_that_count():
    found = parsed_row(b" q\tQ0  NA 7 2.50 t\r\n", RUN, PATH, 1)
    assert found == Row("q", "NA", 2.5, 7, pointed=False, tag="t")
    assert parsed_row(b"q 0 d 2.0", QRELS, PATH, 1) == ("q", "d", 2.0, None, True, "")
    for rank in ("first", "1.0", "0x1", "1_0", "٣", "9" * 19):
        line = f"q Q0 d {rank} 1 t".encode()
        assert parsed_row(line, RUN, PATH, 1).rank is None


def test_parsed_row_takes_a_carriage_return_at_the_end_only():
    row = parsed_row(b"q Q0 d 1 2.5 t \r \n", RUN, Path("x"), 1)
    assert (row.qid, row.value) == ("q", 2.5)
    with pytest.raises(FormatError, match="carriage return"):
        parsed_row(b"q Q0 d\r 1 2.5 t\n", RUN, Path("x"), 1)


def test_parsed_row_rejects_with_path_and_line():
    message = refusal(lambda line: parsed_row(line, RUN, PATH, 9), b"q Q0 d 1 x t")
    assert message == "x.run:9: the score must be a finite number, found 'x'"


@pytest.mark.parametrize(("line", "found"), [(b"#", True), (b"#\t", True), (b"#q", 0)])
def test_is_comment_tells_ids_apart(line, found):
    assert is_comment(line) == found


def test_repeat_error_counts_lines_past_header_blanks_and_comments():
    source = Source(PATH, content=b"header\n\n# c\nq 0 d 1\n\nq 0 e 1\nq 0 d 1\n")
    message = str(repeat_error(source, QRELS, (0, 2), skip=1))
    assert message.startswith("x.run:7: document 'd' stands a second time under query")
    assert "(first in line 4)" in message
