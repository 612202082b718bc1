"""No reader gives an id with control characters: one rule for files and objects."""

import json
import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rankbound as rb
from rankbound.errors import FormatError, UsageError
from rankbound.read.clusters import read_clusters
from rankbound.read.query_ids import query_ids
from rankbound.read.registry import read_any
from tests.rankbound.files import written
from tests.rankbound.read import binary
from tests.rankbound.read.golden import GOLDEN, format_of

# One of each kind that is refused, and what may stand in ids all the same
ODD = ("\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800")
IN_JSON = (*ODD, "\n", "\t", "\r")
FINE = ("\u00e9", "\u200f", "\u00a0", "\u4e2d", "\U0001f600", "\\", '"', "\u00ad")
MADE = re.compile("t[0-9a-f]{16}")  # of a text
MIXED = {"candidates-texts", "csv-lists", "csv-margins", "margins/tsv"}


def said(path, format=None):
    with pytest.raises(FormatError) as caught:
        read_any(path, format=format)
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert message.startswith(str(path.parent))
    return message


def ids_in(contents):
    parts = [getattr(contents, name) for name in contents.parts()]
    found = [part.ids for part in parts if hasattr(part, "ids")]
    for part in parts:
        if hasattr(part, "qids"):
            found += [part.qids, part.docnos]
    return sorted({name for ids in found for name in ids if not MADE.fullmatch(name)})


def with_odd(text, name, odd):
    """The text of a file with a character in an id, escaped where it must be."""
    escaped = json.dumps(name + odd)
    if text.lstrip().startswith(("{", "[")):
        for token in (json.dumps(name), rf"(?<=[\[ :]){name}(?=[\],}}])"):
            changed = re.sub(token, lambda _: escaped, text)
            if changed != text:
                return changed
        return None
    changed = re.sub(rf"(?<![\w.-]){name}(?![\w.-])", name + odd, text)
    return None if changed == text else changed


@pytest.mark.parametrize("golden", GOLDEN)
def test_text_formats(golden, tmp_path):
    path = GOLDEN[golden](tmp_path)
    text = path.read_text()
    odd_ones = IN_JSON if text.lstrip().startswith(("{", "[")) else ODD[:-1]
    tried = 0
    for place, name in enumerate(ids_in(read_any(path))):
        odd = odd_ones[(len(golden) + place) % len(odd_ones)]
        changed = with_odd(text, name, odd)
        if changed is not None:
            tried += 1
            path.write_text(changed)
            said(path, format_of(golden))
    assert tried or golden.startswith(("flagembedding", "mined"))


@pytest.mark.parametrize("odd", ODD[:-1])
def test_the_line_is_named_in_runs_and_json(odd, tmp_path):
    rows = [f"q{n} Q0 d{n}{odd * (n == 3)} 1 {n}.5 t\n" for n in range(6)]
    message = said(written(tmp_path, "".join(rows), "a.run"))
    assert message.startswith(f"{tmp_path / 'a.run'}:4: ")
    table = {f"q{n}{odd * (n == 3)}": {"d": n + 0.5} for n in range(6)}
    for ascii_only in (True, False):
        text = json.dumps(table, ensure_ascii=ascii_only).replace("}, ", "},\n")
        message = said(written(tmp_path, text, "a.json"))
        assert message.startswith(f"{tmp_path / 'a.json'}:4: ")
        assert f"U+{ord(odd):04X}" in message


@pytest.mark.parametrize("fine", FINE)
def test_other_characters_may_stand_in_ids(fine, tmp_path):
    table = {f"q{fine}": {f"d{fine}": 1.5, "e": 0.5}}
    for ascii_only in (True, False):
        text = json.dumps(table, ensure_ascii=ascii_only)
        found = read_any(written(tmp_path, text, "a.json")).scores
        assert found.to_ranx_dict() == table


def tables(odd):
    rows = {"qid": ["q", f"q{odd}"], "docno": ["d", "e"], "score": [1.5, 0.5]}
    return pa.table(rows)


@pytest.mark.parametrize("odd", [*ODD[:-1], "\t", "\n"])
def test_tables_name_the_row(odd, tmp_path):
    pq.write_table(tables(odd), tmp_path / "a.parquet")
    assert "row 2: " in said(tmp_path / "a.parquet")
    pl.from_arrow(tables(odd)).to_pandas().to_csv(tmp_path / "a.csv", index=False)
    said(tmp_path / "a.csv")


def test_text_of_tables_must_be_unicode(tmp_path):
    raw = pa.array([b"q", b"q\xff"]).cast(pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    table = pa.table({"qid": broken, "docno": ["d", "e"], "score": [1.5, 0.5]})
    pq.write_table(table, tmp_path / "a.parquet")
    said(tmp_path / "a.parquet")
    with pytest.raises(FormatError):
        rb.read_scores(table)


def test_vectors_and_their_ids(tmp_path):
    vectors = np.eye(2)
    for odd in ODD[:-1]:
        names = np.array(["a", f"b{odd}c"])
        np.savez(tmp_path / "v.npz", ids=names, vectors=vectors)
        said(tmp_path / "v.npz")
        np.save(tmp_path / "w.npy", vectors)
        written(tmp_path, f"a\nb{odd}c\n", "w.ids.txt")
        if odd not in ("\x85", "\u2028"):
            assert "w.ids.txt:2: " in said(tmp_path / "w.npy")
        table = binary.vector_table().set_column(
            0, "docid", pa.array([*binary.NAMES[:-1], f"b{odd}"])
        )
        pq.write_table(table, tmp_path / "t.parquet")
        said(tmp_path / "t.parquet")
    # Numbers that are no characters, in text of four bytes each
    wild = np.frombuffer(b"a\0\0\0\xff\xff\xff\x7f", dtype="<U1")
    np.savez(tmp_path / "v.npz", ids=wild, vectors=vectors)
    said(tmp_path / "v.npz")
    np.save(tmp_path / "w.ids.npy", wild)
    (tmp_path / "w.ids.txt").unlink()
    said(tmp_path / "w.npy")
    (tmp_path / "p.pkl").write_bytes(pickle.dumps((vectors, wild), 4))
    said(tmp_path / "p.pkl")
    np.savez(tmp_path / "v.npz", ids=np.array([b"a", b"\xff"]), vectors=vectors)
    said(tmp_path / "v.npz")


@pytest.mark.parametrize("odd", IN_JSON)
def test_objects_and_pickles(odd, tmp_path):
    name = f"x{odd}y"
    for table in ({name: {"d": 1.5}}, {"q": {name: 1.5, "e": 0.5}}):
        (tmp_path / "p.pkl").write_bytes(pickle.dumps(table, 4))
        said(tmp_path / "p.pkl")
        rows = [
            {"qid": qid, "docno": docno, "score": score}
            for qid, row in table.items()
            for docno, score in row.items()
        ]
        made = rb.Scores.from_dict(table)
        frame = [] if odd == "\ud800" else [pd.DataFrame(rows)]  # pandas refuses it
        for given in (table, rows, made, *frame):
            with pytest.raises(FormatError) as caught:
                rb.read_scores(given)
            assert "\n" not in str(caught.value)
        whole = {qid: dict.fromkeys(row, 1) for qid, row in table.items()}
        with pytest.raises(FormatError):
            rb.read_qrels(whole)
        with pytest.raises(FormatError):
            rb.read_groups({qid: [*row, "z"] for qid, row in table.items()})
    with pytest.raises(FormatError):
        rb.read_embeddings(np.eye(2), ["a", name])
    with pytest.raises(FormatError):
        query_ids(["a", name])
    with pytest.raises(UsageError):
        read_clusters({name: "a"})
    with pytest.raises(UsageError):
        read_clusters({"a": name})


def test_lists_of_queries_and_clusters(tmp_path):
    for read, text in ((query_ids, "q\nq\x00r\n"), (read_clusters, "q\ta\nr\tb\x1b\n")):
        with pytest.raises(FormatError, match=r":2: .*U\+00"):
            read(written(tmp_path, text, "a.txt"))


def test_judging_is_never_reached_by_what_aborts_it():
    """The library that measures effectiveness ends the interpreter at a NUL."""
    from rankbound.commands.validate.effectiveness import Judge

    good = rb.Scores.from_dict({"q": {"d": 1.0}})
    for qid, docno in (("q\x00", "d"), ("q", "d\x00")):
        odd = rb.Scores.from_dict({qid: {docno: 1.0}})
        with pytest.raises(UsageError, match=r"U\+0000"):
            Judge(odd, ["nDCG"], missing="zero")
        with pytest.raises(UsageError, match=r"U\+0000"):
            Judge(good, ["nDCG"], missing="zero").evaluate(odd)
    # It makes a table up to the largest grade or gain, and reads some as others
    for grade in (2.0**31, -(2.0**31), 1e18, 1.5):
        with pytest.raises(UsageError, match="grade"):
            Judge(rb.Scores.from_dict({"q": {"d": grade}}), ["AP"], missing="zero")
    with pytest.raises(UsageError, match="no judgement"):
        Judge(rb.Scores.from_dict({}), ["AP"], missing="zero")
    for measure in (
        *("nDCG@0", "Success@0", "P@99999999999999999999", "AP(rel=0)", "RBP(p=2)"),
        *("AP(rel=99999999999)", "nDCG(gains={0:0,1:2147483648})", "SetF(beta=0)"),
    ):
        with pytest.raises(UsageError, match="`measures"):
            Judge(good, [measure], missing="zero").evaluate(good)
