import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rankbound as rb
from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.text import blocks
from rankbound.read.text import tables as csv_tables
from rankbound.read.text.tables import header_of, open_delimited
from tests.rankbound.files import refusal, written

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def opened(text, repairs=None):
    source = Source("x", content=text if isinstance(text, bytes) else text.encode())
    header = header_of(source)
    assert header is not None
    found = open_delimited(source, header, {} if repairs is None else repairs)
    return found, found.table.to_pydict()


def refused(text):
    return refusal(lambda: opened(text))


@pytest.mark.parametrize("separator", [",", "\t"])
def test_columns_have_the_types_of_their_roles(separator):
    text = "qid,docno,score,rank,label\n1,007,2.5,0,1\n1,NA,-1e-3,1,\n"
    found, columns = opened(text.replace(",", separator))
    assert columns == {
        "qid": ["1", "1"],
        "docno": ["007", "NA"],
        "rank": [0, 1],
        "score": [2.5, -1e-3],
        "label": [1.0, None],
    }
    assert found.lines.tolist() == [2, 3]


def test_quoted_cells_are_text_and_lines_are_counted_through_them():
    text = 'qid,text,docno,score\n\nq,"a\n\n""b"", c","d,1",1\r\nq,,"e ""f""",2\n'
    repairs = {}
    found, columns = opened(text, repairs)
    assert columns == {"qid": ["q", "q"], "docno": ["d,1", 'e "f"'], "score": [1, 2]}
    assert found.lines.tolist() == [3, 6]
    assert repairs["CRLF line ends"] == 1
    assert str(found.fail("odd", row=1)) == "x:6: odd"
    assert found.place(0) == "line 3"
    assert str(found.fail("odd")) == "x: odd"


@settings(max_examples=60)
@given(
    st.lists(st.tuples(CELLS, CELLS, st.floats(-1e9, 1e9)), min_size=1, max_size=6),
    st.sampled_from([",", "\t"]),
)
def test_cells_are_those_of_the_csv_library(rows, separator):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    writer.writerows([("qid", "docno", "score"), *rows])
    text = stream.getvalue()
    if any(mark in text for mark in "\r\0"):
        return  # lines are parted at carriage returns as elsewhere
    _, columns = opened(text)
    assert columns["qid"] == [qid for qid, _, _ in rows]
    assert columns["score"] == [score for _, _, score in rows]
    held = list(csv.reader(io.StringIO(text), delimiter=separator))[1:]
    assert columns["docno"] == [row[1] for row in held]


ODD = [
    *("", " ", "NA", "null", "007", "+1", "-0", "1e5", "1E-400", ".5", "5.", " 1 "),
    *("1_0", "nan", "inf", "-inf", "1e309", "0x1F", "1d5", "１", "a b", "#", "'", "\\"),
    *('"x"', '"a""b"', 'x"y', '"x', "\ufeffx", "\x00", "\x0b", "\x85", "\u2028", "ü"),
    *(
        "1" * 18,
        "1" * 19,
        "-1",
        "00",
        "1.0",
        "true",
        "\r",
        "\n",
        "\n\n",
        ",",
        "\t",
        "\xa01",
    ),
]
HEADERS = [
    "qid,docno,score",
    "qid,docno,rank",
    "qid,docno,label",
    "qid,docno,score,label",
]


@st.composite
def tables(draw):
    """Bytes that are a table, nearly a table, or none."""
    header = draw(st.sampled_from(HEADERS))
    separator = draw(st.sampled_from([",", "\t"]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    lines = [header.replace(",", separator)]
    for number in range(draw(st.integers(0, 4))):
        cells = [f"q{number}", f"d{number}", "1", "2"][: header.count(",") + 1]
        if draw(st.booleans()):
            place = draw(st.integers(0, len(cells) - 1))
            cells[place] = draw(st.sampled_from(ODD))
        lines.append(
            separator.join(cells) + draw(st.sampled_from(["", "", "", separator]))
        )
    tail = draw(st.sampled_from([end, end, "", end * 2]))
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    return (mark + end.join(lines) + tail).encode() + draw(
        st.sampled_from([b"", b"\xff"])
    )


def outcome(data):
    """Table, lines and repairs that the reader gives, or the refusal."""
    repairs = {}
    try:
        found, columns = opened(data, repairs)
    except FormatError as error:
        return str(error)
    types = [str(column.type) for column in found.table.columns]
    return repr(columns), types, found.lines.tolist(), repairs


@settings(max_examples=500)
@given(tables(), st.integers(8, 60))
def test_a_table_is_the_same_in_blocks_and_line_by_line(data, size):
    assume(header_of(Source("x", content=data)) is not None)

    def refuse(*_):
        raise csv_tables.Irregular

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_tables, "_in_blocks", refuse)
        expected = outcome(data)
    assert outcome(data) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        assert outcome(data) == expected


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_regular_table_is_never_read_line_by_line(monkeypatch, separator):
    monkeypatch.delattr(csv_tables, "_line_by_line")
    monkeypatch.setattr(blocks, "SIZE", 40)
    text = "qid,docno,score,rank,label\r\n" + "q,007,2.5,0,1\r\nq,NA,-1e-3,1,\r\n" * 9
    repairs = {}
    found, columns = opened(text.replace(",", separator), repairs)
    assert columns["docno"] == ["007", "NA"] * 9
    assert columns["label"] == [1.0, None] * 9
    assert found.lines.tolist() == list(range(2, 20))
    assert repairs == {"CRLF line ends": 19}


def test_a_long_field_is_refused_as_the_csv_library_does():
    message = refused(f"qid,docno,score\nq,{'d' * 200_000},1\n")
    assert message.startswith("x:2: broken quotation or field (field larger than")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q,a", "x:3: expected 3 fields as in the header (qid, docno, score), found 2"),
        ("q,a,1,2", "x:3: expected 3 fields as in the header"),
        ("q,a,one", "x:3: score must be a finite number, found 'one'"),
        ("q,a,", "x:3: score must be a finite number, found ''"),
        ("q,a,nan", "x:3: score must be a finite number, found 'nan'"),
        ("q,a,1e999", "x:3: score must be a finite number, found '1e999'"),
        ("q,a,1_0", "x:3: score must be a finite number, found '1_0'"),
        ('q,"a,1', "x:3: broken quotation or field"),
        ('q,"a"b,1', "x:3: broken quotation or field"),
    ],
)
def test_a_broken_row_is_one_clear_line(line, message):
    assert refused(f"qid,docno,score\nq,b,1\n{line}\n").startswith(message)


def test_a_rank_that_is_none_and_text_that_is_not_utf_8_name_their_line():
    assert refused("qid,docno,rank\nq,a,1.5\n") == (
        "x:2: rank must be a whole number, found '1.5'"
    )
    assert refused(b"qid,docno,score\nq,\xff,1\n").startswith("x:2: not UTF-8 text")


@pytest.mark.parametrize(
    "text",
    [
        "qid docno score\nq a 1\n",
        "query-id\tcorpus-id\tscore\nq\ta\t1\n",
        "name,year\na,1\n",
        "qid,qid,docno,score\nq,q,a,1\n",
        "1,2,3\n",
        '"qid,docno,score\n',
        b"\xff,qid\n",
        "",
    ],
)
def test_other_text_has_no_header(tmp_path, text):
    assert header_of(Source(written(tmp_path, text))) is None
    assert header_of(Source(tmp_path)) is None


def test_long_tables_are_put_together(monkeypatch):
    monkeypatch.setattr("rankbound.read.text.tables.BATCH", 3)
    rows = [(f"q{n}", f"d{n}", n / 3) for n in range(10)]
    text = "qid,docno,score\n" + "".join(f"{q},{d},{s!r}\n" for q, d, s in rows)
    _, columns = opened(text)
    assert list(zip(*columns.values(), strict=True)) == rows
    message = refused(text.replace("q7,d7", "q7,d7,d7"))
    assert message.startswith("x:9: ")
    message = refused(text + "q,d,x\n")
    assert message.startswith("x:12: ")


@pytest.mark.parametrize("more", ["\n", "3\t30\t31\n", "\r\n"])
def test_the_first_triple_is_no_header_however_the_file_is_read(tmp_path, more):
    text = "1\t10\t11\n1\t10\t12\n\n2\t20\t21\n2\t20\t22\n" + more
    groups = rb.read_groups(written(tmp_path, text), format="triples")
    assert {"11", "12", "21", "22"} <= set(groups.docnos)
    assert groups.sizes.tolist()[:2] == [3, 3]
