"""Reading portion by portion gives what reading the whole gives, or reads the whole."""

import json
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data import ordering
from rankbound.errors import FormatError
from rankbound.read.json import jsonl, nested, tables
from rankbound.read.json.blocks import Unsure
from rankbound.read.json.building import merged_members, merged_scores
from rankbound.read.source import Source

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1)


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(ordering, "WINDOW", 2)
    monkeypatch.setattr(tables, "CELLS", 4)
    monkeypatch.setattr(jsonl, "PIECE", 7)


@given(pairs=PAIRS, ascending=st.booleans())
def test_scores_of_any_order_are_merged_as_a_dictionary_would(pairs, ascending):
    if ascending:
        pairs = sorted(pairs, key=lambda pair: pair[0])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ordering, "WINDOW", 2)
        queries, documents = (np.array(one) for one in zip(*pairs, strict=True))
        values = (queries * 10 + documents).astype(float)
        rows = (queries, documents, values, np.arange(len(pairs)))
        kept, found, again = merged_scores(rows, mean=False, fail=ValueError)
        spread = (*rows[:2], np.arange(len(pairs)) * 1.0, rows[3])
        _, means, _ = merged_scores(spread, mean=True, fail=ValueError)
        members = merged_members(queries, documents, np.arange(len(pairs)) % 2 == 1)
    first, sums = {}, {}
    for row, pair in enumerate(pairs):
        first.setdefault(pair, row)
        sums.setdefault(pair, []).append(row)
    wanted = sorted(first)
    assert kept.tolist() == [first[pair] for pair in wanted]
    assert found.tolist() == [10.0 * q + d for q, d in wanted]
    assert again == len(pairs) - len(first)
    np.testing.assert_allclose(means, [np.mean(sums[pair]) for pair in wanted])
    listed = sorted(first.items(), key=lambda item: (item[0][0], item[1]))
    assert members.group.tolist() == [q for (q, _), _ in listed]
    assert members.documents.tolist() == [d for (_, d), _ in listed]
    marked = [any(row % 2 for row in sums[pair]) for pair, _ in listed]
    assert members.positive.tolist() == marked


@pytest.mark.usefixtures("narrow")
def test_the_first_contradiction_of_the_file_is_named_with_the_number_of_all():
    queries = np.array([2, 1, 2, 1, 0, 2, 1])
    documents = np.array([0, 5, 0, 5, 1, 7, 5])
    values = np.array([1.0, 4.0, 2.0, 9.0, 0.0, 0.0, 3.0])
    rows = (queries, documents, values, np.arange(7))
    with pytest.raises(KeyError) as caught:
        merged_scores(rows, mean=False, fail=KeyError)
    assert caught.value.args == (2, 0, 2)  # both pairs; the rows of query 2


def told(contents):
    """All that contents hold, as plain objects."""
    scores, groups, qrels = contents.scores, contents.groups, contents.qrels
    return (
        *(None if one is None else one.to_ranx_dict() for one in (scores, qrels)),
        None if groups is None else groups.to_frame().to_dict("list"),
        None if groups is None else groups.lines.tolist(),
        None if contents.ranks is None else contents.ranks.tolist(),
        dict(contents.repairs),
        contents.notes,
        dict(contents.metadata),
    )


ROWS = [(q, f"d{d}", d - 1.5 * q) for q in range(4) for d in range(3 + q)]
LISTS = [(q, [*rows]) for q, rows in groupby(ROWS, lambda row: row[0])]
RECORDS = {
    "lists": [
        {"qid": q, "docnos": [d for _, d, _ in rows], "scores": [s for *_, s in rows]}
        for q, rows in LISTS
    ],
    "labels": [
        {"qid": f"q{q % 2}", "docnos": ["e\u0301", "b"], "labels": [1, q % 2]}
        for q, _ in LISTS
    ],
    "positives": [
        {"qid": q, "positive": "x", "negatives": [d for _, d, _ in rows]}
        for q, rows in LISTS
    ],
    "graded": [
        {"qid": f"q{q}", "docno": d, "score": s, "label": None if s > 0 else 1}
        for q, d, s in ROWS
    ],
    "of a system": [
        {"qid": f"q{q}", "docno": d, "score": s, "rank": 1, "system": "bm25"}
        for q, d, s in ROWS
    ],
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.usefixtures("narrow")
def test_records_in_portions_are_the_whole_table(name):
    text = "\n\n".join(map(json.dumps, RECORDS[name])).encode()
    source = Source(Path("x.jsonl"), content=text)
    found = tables.found_in(source)
    kind = found.layout.kind
    parts = tables._in_parts(source, found, kind)
    assert told(parts) == told(tables._by_record(source, found, kind))


@pytest.mark.parametrize(
    "broken",
    [
        {"qid": 9, "docnos": ["a", "b"], "scores": [1.0]},
        {"qid": 9, "docnos": "a", "scores": [1.0]},
        {"qid": 9, "docnos": ["a"], "scores": 1.0},
        {"qid": 9, "docnos": [], "scores": []},
        {"qid": 9, "docnos": ["d0", None], "scores": [1.0, 1.0]},
    ],
)
@pytest.mark.usefixtures("narrow")
def test_a_broken_record_is_left_to_the_whole_table(broken):
    records = [*RECORDS["lists"], broken]
    source = Source(Path("x"), content="\n".join(map(json.dumps, records)).encode())
    found = tables.found_in(source)
    try:
        parts = tables._in_parts(source, found, "lists")
    except Unsure:
        return
    assert told(parts) == told(tables._by_record(source, found, "lists"))


SHAPES = [
    {q: [["dé", 1.5], ["b", 2]] for q in ("q1", "q\u20ac2")},
    {q: {"docs": ["a", "b"], "scores": [1.5, -2]} for q in ("q1", "q2")},
    {q: {"a": {"score": 1.5, "rank": 1}} for q in ("q1", "q2")},
]


@pytest.mark.parametrize("table", SHAPES)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.usefixtures("narrow")
def test_queries_one_after_another_are_the_whole_object(table, indent):
    text = json.dumps(table, indent=indent, ensure_ascii=False).encode()
    source = Source(Path("x"), content=b"\xef\xbb\xbf" + text + b"\n")
    shape, first = nested.shape_of(source)
    parts = nested._read(source, first, nested._in_parts)
    whole = nested._read(
        source, first, lambda builder: nested._queries(builder, shape=shape)
    )
    assert told(parts) == told(whole)


@pytest.mark.parametrize(
    "end", ['"q2": [["a", 1]], "q2": [["a", 2]]}', '"q2": [["a", 1]]', '"q2": []} {}']
)
@pytest.mark.usefixtures("narrow")
def test_what_is_wrong_with_an_object_is_what_the_whole_says(end):
    text = ('{"q1": [["a", 1]],\n' + end).encode()
    source = Source(Path("x"), content=text)
    with pytest.raises(FormatError) as wanted:
        nested.unique_object(source)
    with pytest.raises(FormatError) as found:
        nested.read(source)
    assert str(found.value) == str(wanted.value)


# Texts with what parts JSON, behind which a piece may end
ODD = st.text(st.sampled_from('ab",{}[]: \\\u20ac'), min_size=1).map("d{}".format)
CELLS = st.tuples(st.integers(0, 3), ODD, st.floats(-9, 9), st.none() | st.just(1))
TABLES = st.lists(CELLS, min_size=1, max_size=12).map(
    lambda rows: pd.DataFrame(
        [(f"q{q}", f"{number}{d}", s, g) for number, (q, d, s, g) in enumerate(rows)],
        columns=["qid", "docno", "score", "label"],
    )
)


def in_pieces(patched):
    """Have everything read in the smallest parts."""
    patched.setattr(tables, "CELLS", 4)
    patched.setattr(tables, "LARGE", 8)
    patched.setattr(jsonl, "PIECE", 7)
    patched.setattr(jsonl, "FAR", 40)


def written(frame, orient, *, blanks):
    """A frame as pandas writes it, or as `json.dump` does; lists by name, too."""
    if orient == "lists":
        text = json.dumps({name: [*column] for name, column in frame.items()})
        return text.replace("NaN", "null")
    text = frame.to_json(orient=orient, force_ascii=False)
    return json.dumps(json.loads(text), indent=1) if blanks else text


@given(
    frame=TABLES,
    orient=st.sampled_from(["index", "columns", "split", "table", "lists"]),
    blanks=st.booleans(),
    damage=st.sampled_from([None, None, "cut", "more", "other"]),
    at=st.integers(0, 10**6),
)
def test_a_table_in_one_object_is_read_alike_in_pieces(
    frame, orient, blanks, damage, at
):
    text = written(frame, orient, blanks=blanks).encode()
    at %= len(text)
    if damage is not None:
        changes = {"cut": text[at + 1 :], "more": b" ,"[at % 2 :] + text[at:]}
        text = text[:at] + changes.get(damage, b"7" + text[at + 1 :])
    source = Source(Path("x"), content=text)
    found = tables.found_in(source)
    if found is None:
        return
    with pytest.MonkeyPatch.context() as patched:
        in_pieces(patched)
        started = tables.found_in(Source(Path("x"), content=text))
        try:
            ways = {"columns": tables._by_column, "lists": tables._by_column}
            parts = ways.get(orient, tables._in_parts)(source, found, "scores")
        except (Unsure, FormatError):
            parts = None
    if damage is None:
        assert started == found
    if parts is not None:
        assert told(parts) == told(tables._by_record(source, found, "scores"))


def test_a_table_on_one_line_is_one_although_its_pieces_are_not_sure(monkeypatch):
    in_pieces(monkeypatch)
    frame = pd.DataFrame([("q", "d}", 0.0)], columns=["qid", "docno", "score"])
    content = written(frame, "columns", blanks=False).encode()
    found = tables.found_in(Source(Path("x"), content=content))
    assert found is not None
    assert found.orient == "columns"


@pytest.mark.parametrize("orient", ["index", "columns", "split", "table", "lists"])
def test_tables_of_pandas_are_read_in_pieces(orient, monkeypatch):
    in_pieces(monkeypatch)
    frame = pd.DataFrame(ROWS, columns=["qid", "docno", "score"]).iloc[3:]
    source = Source(Path("x"), content=written(frame, orient, blanks=False).encode())
    monkeypatch.delattr(tables, "_by_record")
    rows = tables.read(source, "scores").scores.to_ranx_dict()
    assert rows == {
        str(q): {d: s for r, d, s in ROWS[3:] if r == q} for q, *_ in ROWS[3:]
    }


LOOKUP = {"q1": {"a": 1.5, "b": 2}, "q2": {}, "q\u20ac": {"}": -1}}


@pytest.mark.parametrize(
    ("table", "split"),
    [
        ({"test": LOOKUP}, "test"),
        ({nested.META: {"revision": [1]}, "default": {"test": LOOKUP}}, "default/test"),
        ({"en": {"dev": LOOKUP}, "de": {"dev": {"q": {"x": 1}}}}, "en/dev"),
        ({"de": {"dev": {"q": {"x": 1}}, "note": 3}, "test": LOOKUP}, "test"),
    ],
)
def test_predictions_are_read_query_by_query(table, split, monkeypatch):
    monkeypatch.setattr(jsonl, "PIECE", 7)
    source = Source(Path("x"), content=json.dumps(table).encode())
    wanted = split if len({"en", "de"} & {*table}) else ""
    parts = nested._mteb_in_parts(source, wanted)
    assert told(parts) == told(nested._mteb_as_a_whole(source, wanted))
    assert parts.metadata["split"] == split


@pytest.mark.parametrize(
    "text",
    [
        '{"test": {"q": {"a": 1}}, "dev": {"q": {"a": 1}}}',
        '{"test": {"q": {"a": 1}, "q": {"a": 2}}}',
        '{"test": {"q": {"a": 1}, "r": 2}}',
        '{"test": {"q": {"a": 1}, "r": {"a": null}}}',
        '{"test": {"q": {"a": 1}}',
    ],
)
def test_what_is_wrong_with_predictions_is_what_the_whole_says(text):
    source = Source(Path("x"), content=text.encode())
    with pytest.raises(FormatError) as wanted:
        nested._mteb_as_a_whole(source, "")
    with pytest.raises(FormatError) as found:
        nested.read_mteb(source)
    assert str(found.value) == str(wanted.value)
