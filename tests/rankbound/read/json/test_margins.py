import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.scores import Kind
from rankbound.read.json.building import POSITIVES, TWICE
from rankbound.read.json.margins import NOTE
from rankbound.read.registry import by_name, read_any
from rankbound.read.source import Source
from tests.rankbound.files import refusal, written
from tests.rankbound.read.golden import MARGIN_KEYS, MARGINS
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused


def row(*values):
    return dict(zip(MARGIN_KEYS, values, strict=True))


def tsv(rows, header=False):
    table = [MARGIN_KEYS, *rows] if header else rows
    return "".join("\t".join(map(str, values)) + "\n" for values in table)


def read(folder, text):
    return by_name("margins").read(Source(written(folder, text)))


@pytest.mark.parametrize("form", ["objects", "columns", "header"])
def test_margins_give_scores_up_to_a_constant_and_groups(tmp_path, form):
    if form == "objects":
        found = read_lines(tmp_path, *(row(*values) for values in MARGINS))
    else:
        found = read(tmp_path, tsv(MARGINS, header=form == "header"))
    # p is 0; n is 3 below, m half above, and o is 1 above m
    assert by_pair(found.scores) == {"q": {"p": 0.0, "n": -3.0, "m": 0.5, "o": 1.5}}
    assert found.scores.kind is Kind.MARGIN_ONLY
    assert found.scores.origins.tolist() == [0, 0, 0, 0]
    assert listed(found.groups) == [
        ("q", ["p", "n", "m"], [True, False, False]),
        ("q", ["o", "m"], [True, False]),
    ]
    assert found.groups.lines.tolist() == ([2, 4] if form == "header" else [1, 3])
    assert found.notes == (NOTE,)


def test_parts_that_share_no_document_have_their_own_constants(tmp_path):
    rows = [("q", "p", "n", 3.0), ("q", "o", "m", 1.0), ("r", "p", "n", -2.0)]
    found = read(tmp_path, tsv(rows))
    assert by_pair(found.scores) == {
        "q": {"p": 0.0, "n": -3.0, "o": 0.0, "m": -1.0},
        "r": {"p": 0.0, "n": 2.0},
    }
    origin = {
        found.scores.where(place): int(part)
        for place, part in enumerate(found.scores.origins)
    }
    assert origin["q", "p"] == origin["q", "n"] != origin["q", "o"] == origin["q", "m"]
    assert len({origin["q", "p"], origin["q", "o"], origin["r", "p"]}) == 3


@given(
    values=st.lists(
        st.floats(-50, 50).map(lambda v: round(v, 3)), min_size=2, max_size=7
    )
)
def test_differences_inside_a_group_are_the_margins(values, tmp_path_factory):
    rows = [("q", "p", f"n{i}", values[0] - v) for i, v in enumerate(values[1:])]
    folder = tmp_path_factory.getbasetemp()
    scores = by_pair(read(folder, tsv(rows)).scores)["q"]
    for _, upper, lower, margin in rows:
        assert scores[upper] - scores[lower] == margin


def test_the_first_positive_of_a_part_has_zero_wherever_it_sorts(tmp_path):
    rows = [("q", "z", "a", 1.0), ("q", "b", "a", 5.0)]
    scores = by_pair(read(tmp_path, tsv(rows)).scores)["q"]
    assert scores == {"z": 0.0, "a": -1.0, "b": 4.0}


def test_contradicting_margins_are_refused_and_counted(tmp_path):
    rows = [*MARGINS, ("q", "o", "n", 9.0), ("q", "p", "n", 3.0005), ("q", "o", "n", 8)]
    path = written(tmp_path, tsv(rows))
    assert refusal(lambda: read_any(path, format="margins")) == (
        f"{path}:4: the margin 9.0 of query 'q', documents 'o' and 'n' is not the "
        "difference that other lines give for them (2 such lines in the file); the "
        "margins of one teacher add up, so these come from several, or are on "
        "another scale"
    )


def test_a_triple_twice_is_counted(tmp_path):
    found = read(tmp_path, tsv([MARGINS[0], MARGINS[0]]))
    assert found.repairs == {TWICE: 1}
    found = read(tmp_path, tsv([("q", "p", "p", 0), ("q", "p", "n", 1)]))
    assert found.repairs == {POSITIVES: 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "1"}, "a margin must be a finite number, found '1'"),
        ({"score": True}, "a margin must be a finite number, found True"),
        ({"score": None}, "expected an object with query_id, positive_id, negative_id"),
        ({"negative_id": ["n"]}, "a document id must be text"),
        ({"query_id": 1.5}, "a query id must be text"),
    ],
)
def test_objects_are_refused_by_line(tmp_path, change, message):
    good = row(*MARGINS[0])
    said = refused(tmp_path, good, {**good, **change}, format="margins")
    assert said.startswith(":2: " + message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q\tp\tn\n", "expected 4 tab-separated columns (query_id, positive_id, nega"),
        ("q p n 1\n", "expected 4 tab-separated columns"),
        ("q\tp\tn\tnan\n", "the margin must be a finite number, found 'nan'"),
        ("q\tp\tn\t1_0\n", "the margin must be a finite number, found '1_0'"),
        ("q\tp\t\t1\n", "a document id must be text"),
        ("query_id\tpositive_id\tnegative_id\tscore\n", "the margin must be a finite"),
    ],
)
def test_columns_are_refused_by_line(tmp_path, line, message):
    path = written(tmp_path, tsv(MARGINS[:1]) + line)
    said = refusal(lambda: read_any(path, format="margins"))
    assert said.startswith(f"{path}:2: {message}")


def test_text_that_is_not_utf8_is_refused(tmp_path):
    for bad in (b"\xff\tp\tn\t1\n", b"q\tp\tn\t\xff\n"):
        path = written(tmp_path, bad)
        said = refusal(lambda path=path: read_any(path, format="margins"))
        assert said.startswith(f"{path}:1: ")


def test_a_header_without_rows_is_refused(tmp_path):
    path = written(tmp_path, "\t".join(MARGIN_KEYS) + "\n")
    said = refusal(lambda: read_any(path))
    assert said == f"{path}:1: the file holds no records"
