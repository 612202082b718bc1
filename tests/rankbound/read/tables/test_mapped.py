"""Our Arrow files: read where they lie, checked on opening, joined without strings."""

import json
import pickle
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.feather import read_feather

import rankbound as rb
from rankbound.data.columns import LateStrings, as_held
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.registry import read_any
from rankbound.read.tables import columnar
from rankbound.read.tables.columnar import write_scores_table
from tests.rankbound.files import refusal, table

IDS = st.sampled_from(["1", "10", "2", "a", "\u00e9", "-7", "Z", "NA", "007"])
TABLES = st.dictionaries(
    IDS,
    st.dictionaries(IDS, st.floats(-1e300, 1e300), min_size=1, max_size=5),
    min_size=1,
    max_size=5,
)


def lines_of(rows, write):
    return "".join(
        write(qid, docno, value) + "\n"
        for qid, row in rows.items()
        for docno, value in row.items()
    )


WRITERS = {
    "x.run": lambda rows: lines_of(rows, lambda q, d, v: f"{q} Q0 {d} 1 {v!r} t"),
    "x.csv": lambda rows: (
        "qid,docno,score\n" + lines_of(rows, lambda q, d, v: f"{q},{d},{v!r}")
    ),
    "x.json": json.dumps,
    "x.jsonl": lambda rows: lines_of(
        rows, lambda q, d, v: json.dumps({"qid": q, "docno": d, "score": v})
    ),
    "array.json": lambda rows: json.dumps(
        [
            {"qid": q, "docno": d, "score": v}
            for q, row in rows.items()
            for d, v in row.items()
        ]
    ),
    "x.pkl": lambda rows: pickle.dumps(rows),
}


def saved(path, scores, **more):
    path.unlink(missing_ok=True)
    write_scores_table(Contents("toy", Path("toy"), scores=scores, **more), path)
    return path


def rewritten(path, change, **metadata):
    """The same file with another table in it; the old one may still be mapped."""
    with pa.ipc.open_file(path) as reader:
        found = reader.read_all()
    made = change(found)
    said = {**found.schema.metadata, **{k.encode(): v for k, v in metadata.items()}}
    made = made.replace_schema_metadata(said)
    path.unlink()
    with pa.ipc.new_file(path, made.schema) as writer:
        writer.write_table(made)
    return path


@settings(max_examples=12)
@given(rows=TABLES, name=st.sampled_from(sorted(WRITERS)))
def test_every_format_converts_to_the_scores_of_its_reader(
    tmp_path_factory, rows, name
):
    folder = tmp_path_factory.mktemp("arrow")
    source, target = folder / name, folder / "x.arrow"
    content = WRITERS[name](rows)
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    named = "trec-run" if name == "x.run" else None
    rb.convert(source, target, lossy=True, format=named)
    direct, found = rb.read_scores(source, format=named), rb.read_scores(target)
    for field in ("qids", "offsets", "codes", "docnos"):
        assert getattr(found, field).tolist() == getattr(direct, field).tolist()
    assert found.values.tobytes() == direct.values.tobytes()
    assert table(found) == {q: dict(sorted(row.items())) for q, row in rows.items()}


@given(rows=TABLES, seed=st.integers(0, 99))
def test_another_order_of_rows_is_the_same_scores(tmp_path_factory, rows, seed):
    path = tmp_path_factory.mktemp("arrow") / "x.arrow"
    scores = Scores.from_dict(rows)
    ranks = np.arange(len(scores.values))
    saved(path, scores, ranks=ranks)
    before = read_any(path)
    shuffled = np.random.default_rng(seed).permutation(len(ranks))
    after = read_any(rewritten(path, lambda found: found.take(pa.array(shuffled))))
    # Queries may come in another order, and ranks go with their rows
    assert table(before.scores) == table(after.scores)
    held = {
        (one.where(row), int(rank))
        for one, all_ranks in ((before.scores, before.ranks),)
        for row, rank in enumerate(all_ranks)
    }
    assert held == {
        (after.scores.where(row), int(rank)) for row, rank in enumerate(after.ranks)
    }


def test_it_lies_in_the_map_until_strings_are_asked_for(tmp_path):
    rows = {"q": {"b": 2.0, "a": 1.0}, "p": {"c": 0.5}}
    path = saved(tmp_path / "x.arrow", Scores.from_dict(rows).with_kind(Kind.LOGIT))
    found = rb.read_scores(path)
    held = as_held(found)
    assert isinstance(held, LateStrings)
    assert held.has_texts
    assert not found.values.flags.owndata
    assert found.kind is Kind.LOGIT
    asking = Scores.from_dict({"p": {"c": 0, "z": 0}, "q": {"a": 0}, "x": {"a": 0}})
    values, there = found.lookup(
        asking.row_query(), asking.qids, asking.codes, asking.docnos
    )
    assert values.tolist() == [0.5, 0, 1.0, 0]
    assert there.tolist() == [True, False, True, False]
    assert held.has_texts  # a join makes no strings
    assert found.docnos.tolist() == ["a", "b", "c"]


def test_other_libraries_see_a_plain_table(tmp_path):
    path = saved(tmp_path / "x.arrow", Scores.from_dict({"q": {"d": 0.5}}))
    frame = pl.read_ipc(path)
    assert frame.select(pl.all().cast(pl.String)).rows() == [("q", "d", "0.5")]
    assert read_feather(path).astype(object).values.tolist() == [["q", "d", 0.5]]


def replaced(column, values):
    def change(found):
        return found.set_column(found.column_names.index(column), column, [values])

    return change


def coded(codes, names):
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(names), safe=False
    )


def test_what_is_damaged_is_refused(tmp_path):
    rows = {"q": {"a": 1.0, "b": 2.0}}
    path = tmp_path / "x.arrow"

    def refused(change, **metadata):
        saved(path, Scores.from_dict(rows))
        return refusal(read_any, rewritten(path, change, **metadata))

    for codes in ([0, 2], [0, -1], [0, 1 << 30]):  # ids out of the dictionary
        said = refused(replaced("docno", coded(codes, ["a", "b"])))
        assert "damaged" in said
    assert "scored twice" in refused(replaced("docno", coded([0, 0], ["a", "b"])))
    assert "is nan" in refused(replaced("score", pa.array([1.0, float("nan")])))
    assert "lacks 1 value" in refused(replaced("score", pa.array([1.0, None])))
    later = {"rankbound.schema": b"rankbound.scores/2"}
    assert "update rankbound" in refused(lambda found: found, **later)
    assert "kind must be" in refused(lambda found: found, **{"rankbound.kind": b"x"})
    assert "holds no rows" in refused(lambda found: found.slice(0, 0))
    saved(path, Scores.from_dict(rows), ranks=np.array([1, 2]))
    rewritten(path, replaced("rank", pa.array(["1", "2"])))
    assert "whole numbers" in refusal(read_any, path)
    whole = saved(path, Scores.from_dict(rows)).read_bytes()
    for end in range(8, len(whole), 61):
        path.unlink()
        path.write_bytes(whole[:end])
        assert "truncated or damaged" in refusal(read_any, path)


def test_a_dictionary_of_another_program_is_read(tmp_path):
    """Not sorted, with an id that no row uses, or with one twice."""
    rows = {"q": {"a": 1.0, "b": 2.0}}
    path = tmp_path / "x.arrow"
    for codes, names in (
        ([1, 0], ["b", "a"]),
        ([0, 2], ["a", "unused", "b"]),
        ([0, 1], ["a", "b", "c"]),
        ([0, 1], ["a", "b", "b"]),
    ):
        saved(path, Scores.from_dict(rows))
        rewritten(path, replaced("docno", coded(codes, names)))
        found = read_any(path).scores
        assert table(found) == rows
        assert found.docnos.tolist() == ["a", "b"]


def test_changed_bytes_are_refused_or_harmless(tmp_path):
    """Whatever a file says, the interpreter goes on; numbers may have changed."""
    drawn = random.Random(1)
    rows = {f"q{n}": {f"d{m}": m / 7 for m in range(5)} for n in range(4)}
    path = saved(tmp_path / "x.arrow", Scores.from_dict(rows), ranks=np.arange(20))
    whole = path.read_bytes()
    for _ in range(300):
        path.unlink()
        content = bytearray(whole)
        for _ in range(drawn.randint(1, 3)):
            content[drawn.randrange(8, len(content))] = drawn.choice(
                [0, 1, 127, 128, 255, drawn.randrange(256)]
            )
        path.write_bytes(content)
        with suppress(FormatError):
            found = read_any(path).scores
            assert found is None or len(found.docnos[found.codes])


def test_measure_gives_the_same_bytes_whatever_the_container(tmp_path):
    rng = np.random.default_rng(3)
    rows = {f"q{n}": {f"d{m}": rng.normal() for m in range(5)} for n in range(6)}
    rows = {qid: dict(sorted(row.items())) for qid, row in rows.items()}
    mixed = {qid: dict(reversed(row.items())) for qid, row in rows.items()}
    source, again, target = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "b"))
    source.write_text(WRITERS["x.jsonl"](rows))
    again.write_text(WRITERS["x.jsonl"](mixed))
    for _ in range(2):  # two conversions give the same bytes
        before = target.read_bytes() if target.exists() else None
        rb.convert(again, target, to="rankbound-scores", force=True)
    assert target.read_bytes() == before
    ledgers = [rb.measure(path, teacher_kind="logit") for path in (source, target)]
    terms = [[*ledger.beside["per_query"]] for ledger in ledgers]
    assert terms[0] == terms[1]


def test_groups_are_arrow_files_too(tmp_path):
    source = tmp_path / "g.jsonl"
    source.write_text('{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a", "b"]}\n')
    done = rb.convert(source, tmp_path / "g.arrow")
    assert done.format == "rankbound-groups"
    found = rb.read_groups(tmp_path / "g.arrow")
    assert found.docnos[found.codes].tolist() == ["p", "a", "b"]
    assert found.positive.tolist() == [True, False, False]


@pytest.mark.parametrize("size", [1, 3])
def test_windows_of_a_lookup_change_nothing(monkeypatch, size):
    monkeypatch.setattr("rankbound.data.scores.LOOKED_UP", size)
    rows = {q: {d: hash((q, d)) / 7 for d in "abcd"} for q in "uvwx"}
    scores = Scores.from_dict(rows)
    asking = Scores.from_dict({q: dict.fromkeys("dbz", 0) for q in "xyu"})
    values, there = scores.lookup(
        asking.row_query(), asking.qids, asking.codes, asking.docnos
    )
    wanted = [asking.where(row) for row in range(len(values))]
    assert there.tolist() == [d in rows.get(q, ()) for q, d in wanted]
    assert values.tolist() == [rows.get(q, {}).get(d, 0.0) for q, d in wanted]


@given(rows=TABLES)
def test_parts_of_rows_change_nothing(rows):
    """Rows are looked at in parts, whose borders are rows like any other."""
    scores = Scores.from_dict(rows)
    queries, codes = (
        one.astype(np.int32) for one in (scores.row_query(), scores.codes)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "PART", 1)
        sizes = (scores.n_queries, scores.n_docs)
        assert columnar._in_order(queries, codes, *sizes)
        for row in range(1, len(codes)):
            other = codes.copy()
            other[row - 1 : row + 1] = other[row - 1 : row + 1][::-1]
            same_query = queries[row] == queries[row - 1]
            assert not same_query or not columnar._in_order(queries, other, *sizes)
