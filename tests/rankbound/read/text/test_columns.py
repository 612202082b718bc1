import math
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rankbound.data import ordering
from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.text import blocks, columns
from rankbound.read.text.columns import Layout
from rankbound.read.text.trec import BEIR, QRELS, RANKS, RUN, RUN_WITHOUT_TAG
from tests.rankbound.files import refusal, table

PATH = Path("some.run")


def read_columns(data, layout, *_, **options):
    return columns.read_columns(Source(PATH, content=data), layout, **options).scores


# Whatever either of two parsers may read in its own way
ODD = [
    *("", "NA", "null", '"', '""', '"x', "'", "\\", "#", "#x", "True", "\x00", "ü"),
    *("a\u00a0b", "\u3000", "\x0b", "\x0c", "\x1c", "\x85", "\ufeff", "\u2028", "\r"),
    *("1", "0", "-3", "+1", "1.0", "0.5", ".5", "5.", "00", "1e-3", "1E5", "1e", "1d5"),
    *("-0.0", "1e309", "-1e309", "1e-400", "nan", "-nan", "NaN", "nan(1)", "inf"),
    *("-inf", "infinity", "1_000", "0x10", "0x1p3", "1,5", "１", "٣", " ", "\t"),
]
FIELDS = st.sampled_from(["q1", "d1", "d2", "1", "2", "0", *ODD])
LAYOUTS = st.sampled_from([RUN, RUN_WITHOUT_TAG, QRELS, BEIR, RANKS])
MARKS = st.sampled_from(["", "", "", "", " ", "\t", "\r", "#"])


@st.composite
def tables(draw):
    """Bytes that are a table, nearly a table, or none."""
    layout = draw(LAYOUTS)
    blank = draw(st.sampled_from([" ", "\t"]))
    lines = []
    for number in range(draw(st.integers(1, 4))):
        width = layout.width + draw(st.sampled_from([0] * 8 + [-1, 1]))
        fields = [f"{chr(97 + place)}{number}" for place in range(width)]
        if width > layout.value:
            fields[layout.value] = draw(st.sampled_from(["1", "2", "-1", "1e2"]))
        if draw(st.booleans()):
            fields[draw(st.integers(0, width - 1))] = draw(FIELDS)
        lines.append(draw(MARKS) + blank.join(fields) + draw(MARKS))
    end = draw(
        st.sampled_from([b"", b"\n", b"\n", b"\n\n", b"\r\n", b"\xff\n", b"\xe9"])
    )
    return "\n".join(lines).encode() + end, layout


def outcome(data, layout):
    """Table, ranks and repairs that the reader gives, or the refusal."""
    repairs = {}
    source = Source(PATH, content=data)
    try:
        found = columns.read_columns(source, layout, repairs=repairs)
    except FormatError as error:
        return str(error)
    rows = {
        qid: {docno: repr(value) for docno, value in row.items()}
        for qid, row in table(found.scores).items()
    }
    ranks = None if found.ranks is None else found.ranks.tolist()
    return rows, list(rows), ranks, repairs


def careful(data, layout):
    """The same by the line parser alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "parse_block", lambda *_, **__: None)
        return outcome(data, layout)


@settings(max_examples=600)
@given(tables())
@example((b"q Q0 d 1 2.0 \nq Q0 e 1 1.0 \n", RUN))  # five columns, trailing blanks
@example((b"q Q0 d 1 2.0 t\n# Q0 e 1 1.0 t\n", RUN))  # a comment of six columns
@example(("q Q0 d\u00a0x 1 2.0 t\n".encode(), RUN))  # no blank to either parser
@example((b"q Q0 d\x0bx 1 2.0 t\n", RUN))  # a blank to one of them
@example((b"q Q0 d 1 2.0 t\xe9\n", RUN))  # not UTF-8 where nobody looks
@example((b" Q0 d 1 2.0 t\n", RUN))
@example((b"q\t0\td\t1\t", QRELS))
@example((b"q Q0 d 1 2 t\nq Q0 d\0 2 1 t\n", RUN))  # distinct ids
@example((b"q Q0 d 0x1 2.0 t\n", RUN))  # a rank to one of two parsers
@example((b"q Q0 d 01 2.0 t\n", RUN))
@example((b"q Q0 d 9223372036854775808 2.0 t\n", RUN))
@example((b"# c\n\nq Q0 d 1 2.0 t\r\nq Q0 e 2 1.0 t\r\n\r\n\n", RUN))
@example((b"q 0 d 1.0\nq 0 e.e 1\n", QRELS))
@example(("\ufeff7 Q0 d 1 2.5 t\n\ufeffq Q0 d 1 2 t\n".encode(), RUN))  # part of ids
@example((b"q Q0 d 1 2 t\rr Q0 d 1 2 t\n", RUN))  # a line end to one of two parsers
@example((b"q Q0 d 1 2 t u\nr Q0 d 1 2\n", RUN))  # seven fields and five
@example((b"q Q0\nd 1 2 t\n", RUN))
@example((b'q Q0 "d 1 2 t"\nq Q0 "d" 1 1 t\n', RUN))
@example((b"q Q0 007 1 2 t\nq Q0 7 2 1 t\nq Q0 +7 3 0 t\nq Q0 1e5 3 0 t\n", RUN))
@example((b"q Q0 -0 -1 2 t\nq Q0 0 00 1 t\n", RUN))
@example((b"q 0 d 0x1\n", QRELS))
@example((b"q 0 d 1.\nq 0 e 1e2\n", QRELS))
@example((b"q Q0 d 1 2 t\nr Q0 d 1 2 t\nq Q0 e 1 2 t\n", RUN))  # a query again
def test_read_columns_matches_the_line_parser(text_and_layout):
    data, layout = text_and_layout
    assume(data.strip())
    assert outcome(data, layout) == careful(data, layout)


@settings(max_examples=200)
@given(tables(), st.integers(1, 40))
def test_read_columns_matches_whatever_the_size_of_blocks(text_and_layout, size):
    data, layout = text_and_layout
    assume(data.strip())
    whole = outcome(data, layout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        assert outcome(data, layout) == whole


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=60), LAYOUTS)
def test_read_columns_never_fails_otherwise_on_any_bytes(data, layout):
    outcome(data, layout)


@pytest.mark.parametrize("blank", [" ", "\t"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_read_columns_takes_the_quick_path_on_regular_text(blank, end):
    rows = [["q", "Q0", docno, "1", "2.5", "t"] for docno in ('"a', "NA", "ü")]
    data = ("\n".join(blank.join(row) for row in rows) + end).encode()
    assert outcome(data, RUN)[0] == {"q": dict.fromkeys(['"a', "NA", "ü"], "2.5")}
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(columns, "parsed_row")  # what the line parser would need
        assert outcome(data, RUN)[1:3] == (["q"], [1, 1, 1])


def test_read_columns_matches_over_several_blocks_of_the_quick_path():
    rng = np.random.default_rng(0)
    expected = {
        f"q{q}": {f"doc{d:05}": float(rng.normal()) for d in rng.permutation(2000)}
        for q in range(30)
    }
    lines = [
        f"{qid} Q0 {docno} 0 {value!r} some-tag"
        for qid, row in expected.items()
        for docno, value in row.items()
    ]
    data = "\n".join(lines[i] for i in rng.permutation(len(lines))).encode()
    assert len(data) > 2 << 20
    assert table(read_columns(data, RUN, PATH)) == expected


def test_read_columns_matches_a_very_long_line():
    docno = "d" * 65_536  # the longest
    blanks = " " * 3_000_000
    data = f"q Q0 {docno}{blanks} 1 2.5 t\nq Q0 e 1 1.5 t\n".encode()
    assert table(read_columns(data, RUN, PATH)) == {"q": {docno: 2.5, "e": 1.5}}


def test_read_columns_sorts_ids_by_code_point():
    docnos = ["ü", "\U0001f600", "Z", "a", "\uffee", "10", "9"]
    data = "".join(f"q Q0 {docno} 1 1 t\n" for docno in docnos).encode()
    assert read_columns(data, RUN, PATH).docnos.tolist() == sorted(docnos)


def test_read_columns_rejects_a_number_that_is_not_finite_with_its_line():
    for text in ("nan", "inf", "-inf", "1e309", "NaN", "infinity"):
        data = f"q Q0 a 1 2 t\n\nq Q0 b 1 {text} t\nq Q0 a 1 2 t\n".encode()
        message = refusal(lambda data: read_columns(data, RUN, PATH), data)
        assert message == (
            f"some.run:3: the score must be a finite number, found {text!r}"
        )


def test_read_columns_counts_header_lines_in_errors():
    layout = Layout(3, 0, 1, 2, "a b c", "grade", integral=True)
    data = b"one\ntwo\nq d 1\nq e x\n"
    message = refusal(lambda data: read_columns(data, layout, PATH, skip=2), data)
    assert message == "some.run:4: the grade must be a whole number, found 'x'"


REGULAR = b"q Q0 d 1 2.5 t\n"


@pytest.mark.parametrize(
    "block",
    [
        *(b" " + REGULAR, REGULAR + b"\n", REGULAR.replace(b" ", b"  ", 1)),
        *(REGULAR + b"# c d e f g\n", b"q Q0 d\0 1 2.5 t\n", b"q Q0\td 1 2.5 t\n"),
        *(REGULAR.replace(b"d", b"\xe9"), REGULAR + b"q Q0 d 1 2.5\n"),
        *(REGULAR.replace(b"2.5", x) for x in (b"nan", b"x", b"1_0.5", b"9e307")),
    ],
)
def test_what_is_not_regular_is_left_to_the_line_parser(block):
    assert columns.parse_block(block, RUN, ranks=False) is None
    assert columns.parse_block(REGULAR, RUN, ranks=False) is not None


@pytest.mark.parametrize("score", ["{:.4f}", "{!r}", "{:.3g}", "{:.0f}", "{:.17g}"])
@pytest.mark.parametrize("docno", ["{}", "D{:07}", "ü{}", "x" * 65 + "{}"])
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_regular_text_is_never_read_line_by_line(monkeypatch, docno, blank, score):
    rng = np.random.default_rng(0)
    rows = [
        (f"q{n // 30}", docno.format(n * 37), score.format(float(rng.normal(0, 30))))
        for n in range(100)
    ]
    lines = [blank.join([q, "Q0", d, "1", s, "tag"]) + "\n" for q, d, s in rows]
    expected = {}
    for qid, name, value in rows:
        expected.setdefault(qid, {})[name] = float(value)
    monkeypatch.delattr(columns, "parsed_row")
    assert table(read_columns("".join(lines).encode(), RUN)) == expected


def test_quick_rejects_nothing_that_the_line_parser_accepts_as_number():
    for text in ("+1", "1e-3", "-0.0", ".5", "5.", "1E5", "1e-400"):
        found = table(read_columns(f"q Q0 d 1 {text} t\n".encode(), RUN, PATH))
        value = found["q"]["d"]
        assert value == float(text)
        assert math.copysign(1, value) == math.copysign(1, float(text))


def test_read_columns_gives_ranks_in_the_order_of_scores():
    data = b"q Q0 b 2 5 t\nq Q0 a 7 6 t\nr Q0 b 1 1 t\n"
    found = columns.read_columns(Source(PATH, content=data), RUN)
    assert found.scores.values.tolist() == [6, 5, 1]
    assert found.ranks.tolist() == [7, 2, 1]
    source = Source(PATH, content=data, whole=False)
    assert columns.read_columns(source, RUN).ranks is None
    words = data.replace(b" 7 ", b" first ")
    assert columns.read_columns(Source(PATH, content=words), RUN).ranks is None
    assert columns.read_columns(Source(PATH, content=data), QRELS_LIKE).ranks is None


QRELS_LIKE = Layout(6, 0, 2, 4, "as a run", "score")


def test_read_columns_names_the_first_document_that_comes_again():
    rows = [f"q{n // 100} Q0 d{n % 100} 1 {n} t\n" for n in range(1000)]
    rows += ["# c\n", "q3 Q0 d7 1 2 t\n", "q3 Q0 d7 1 2 t\n", "q9 Q0 d99 1 2 t\n"]
    for size in (50, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "SIZE", size)
            message = refusal(
                lambda data: read_columns(data, RUN), "".join(rows).encode()
            )
        assert message == (
            "some.run:1002: document 'd7' stands a second time under query 'q3' "
            "(first in line 308); keep one of the two"
        )


def test_read_columns_holds_apart_ids_that_differ_by_a_zero_byte():
    found = table(read_columns(b"q Q0 d 1 2 t\nq Q0 d\0 2 1 t\n", RUN))
    assert found == {"q": {"d": 2.0, "d\0": 1.0}}


def test_a_bad_line_leaves_no_thread_behind_while_its_error_is_looked_at(
    monkeypatch, new_threads
):
    monkeypatch.setattr(blocks, "SIZE", 4096)  # so that much is left to be read
    rows = b"".join(b"q Q0 d%d 1 1.5 t\n" % n for n in range(20_000))
    half = len(rows) // 2
    half = rows.index(b"\n", half) + 1
    data = rows[:half] + b"no row\n" + rows[half:]
    with pytest.raises(FormatError, match="expected 6 columns") as caught:
        read_columns(data, RUN)
    assert caught.value.__traceback__ is not None
    assert not new_threads()
    assert f":{rows[:half].count(10) + 1}: " in str(caught.value)


def test_a_file_is_read_in_one_thread_where_there_can_be_no_more(monkeypatch):
    def no_more(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    rows = b"".join(b"q%d Q0 d%d 1 %d.5 t\n" % (n // 100, n, n) for n in range(9000))
    monkeypatch.setattr(ordering, "WINDOW", 1000)
    found = read_columns(rows, RUN)
    assert found.n_docs == 9000
    assert sorted(found.values.tolist()) == [n + 0.5 for n in range(9000)]


def test_a_lack_of_memory_is_an_error_about_the_file(monkeypatch, new_threads):
    def none(*_, **__):
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    monkeypatch.setattr(blocks.pacsv, "read_csv", none)
    with pytest.raises(FormatError, match="needs more memory than there is"):
        read_columns(b"q Q0 d1 1 1.5 t\nq Q0 d2 1 1.5 t\n" * 9999, RUN)
    assert not new_threads()


def test_a_header_stands_in_the_first_block_only(monkeypatch):
    monkeypatch.setattr(blocks, "SIZE", 64)
    rows = "".join(f"q{n}\td{n}\t{n % 3}\n" for n in range(99))
    found = read_columns(f"query-id\tcorpus-id\tscore\n{rows}".encode(), BEIR, skip=1)
    assert found.qids.tolist() == [f"q{n}" for n in range(99)]


def test_a_short_file_is_read_in_one_thread(monkeypatch):
    def refuse(_):
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert read_columns(b"q Q0 d 1 1.5 t\n", RUN).values.tolist() == [1.5]


def test_blank_lines_are_counted_one_by_one_however_many_there_are():
    rows = ["q Q0 a 1 2.5 t", "q Q0 b 2 1.5 t", "q Q0 c 3 x t"]
    gaps = ["\n \r\n", "\n\n\t\n", "\r\n"]
    data = "".join(gap + row + "\n" for gap, row in zip(gaps, rows, strict=True))
    repairs = {}
    with pytest.raises(FormatError, match=r"some\.run:9: the score"):
        read_columns(data.encode(), RUN, repairs=repairs)
    repairs = {}
    sound = (data.replace(" x ", " 0.5 ") + "\n" * 1_000_000).encode()
    assert table(read_columns(sound, RUN, repairs=repairs)) == {
        "q": {"a": 2.5, "b": 1.5, "c": 0.5}
    }
    assert repairs == {"blank lines": 1_000_006, "CRLF line ends": 2}
