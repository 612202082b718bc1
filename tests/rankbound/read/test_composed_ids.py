"""Ids are brought to Unicode's composed form (NFC) and counted, wherever they stand."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rankbound as rb
from rankbound.commands.measure.given import as_given
from rankbound.read.clusters import read_clusters
from rankbound.read.fields import COMPOSED
from rankbound.read.query_ids import query_ids
from rankbound.read.registry import read_any

APART, WHOLE = "cafe\u0301", "caf\u00e9"
SCORES = {APART: {APART: 2.0, "b": 1.0}, "r": {"b": 1.5, "c": 0.5}}
ROWS = [
    {"qid": qid, "docno": docno, "score": score, "lang": "en"}
    for qid, row in SCORES.items()
    for docno, score in row.items()
]
FRAME = pd.DataFrame(ROWS)


def run(path):
    lines = (f"{r['qid']} Q0 {r['docno']} {n % 2 + 1} {r['score']} t\n" for n, r in RUN)
    path.write_text("".join(lines))


RUN = [*enumerate(ROWS)]
WRITERS = {
    "run": run,
    "csv": lambda path: FRAME.to_csv(path, index=False),
    "parquet": lambda path: pq.write_table(pa.Table.from_pylist(ROWS), path),
    "lookup": lambda path: path.write_text(json.dumps(SCORES, ensure_ascii=False)),
    "escaped": lambda path: path.write_text(json.dumps(SCORES)),
    "lines": lambda path: path.write_text("".join(json.dumps(r) + "\n" for r in ROWS)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_files_of_scores(name, tmp_path):
    WRITERS[name](tmp_path / "file")
    found = read_any(tmp_path / "file")
    assert found.scores.to_ranx_dict()[WHOLE] == {WHOLE: 2.0, "b": 1.0}
    assert found.repairs[COMPOSED] == 3  # a query in two rows, and a document


@pytest.mark.parametrize(
    "made", [pd.DataFrame, pl.DataFrame, list, pa.Table.from_pylist]
)
def test_frames_and_records_say_what_was_mended_and_not_used(made):
    found = as_given(made(ROWS), "scores", "teacher")
    assert found.repairs[COMPOSED] == 3
    assert found.notes == ("not used: lang",)


def test_dictionaries_of_scores_and_of_groups():
    assert as_given(SCORES, "scores", "teacher").repairs[COMPOSED] == 2
    groups = as_given({APART: [APART, "b"]}, "groups", "groups")
    assert groups.repairs[COMPOSED] == 2
    assert groups.groups.docnos.tolist() == ["b", WHOLE]


def test_candidates(tmp_path):
    (tmp_path / "file").write_text(f"{APART} {APART}\n{APART} b\n")
    found = read_any(tmp_path / "file")
    assert found.groups.qids.tolist() == [WHOLE]
    assert found.repairs[COMPOSED] == 3


def test_ids_beside_vectors_and_in_them(tmp_path):
    np.save(tmp_path / "v.npy", np.eye(2))
    (tmp_path / "v.ids.txt").write_text(f"{APART}\nb\n")
    np.savez(tmp_path / "w.npz", ids=np.array([APART, "b"]), vectors=np.eye(2))
    for name in ("v.npy", "w.npz"):
        found = read_any(tmp_path / name)
        assert found.embeddings.ids.tolist() == [WHOLE, "b"]
        assert found.repairs == {COMPOSED: 1}
    (tmp_path / "v.ids.txt").write_text(f"{APART}\n{WHOLE}\n")
    with pytest.raises(rb.FormatError, match="occurs twice"):
        read_any(tmp_path / "v.npy")


def test_ids_of_queries_and_clusters(tmp_path):
    (tmp_path / "ids.txt").write_text(f"{APART}\n")
    assert query_ids(tmp_path / "ids.txt").ids.tolist() == [WHOLE]
    (tmp_path / "clusters.tsv").write_text(f"{APART}\tx\n")
    assert read_clusters(tmp_path / "clusters.tsv").qids.tolist() == [WHOLE]
    assert read_clusters({APART: "x"}).qids.tolist() == [WHOLE]


def test_a_measurement_of_objects_repeats_what_was_mended():
    scores = {
        q: {f"{APART}{d}": float(d) for d in range(4)} for q in ("a", "b", "c", "d")
    }
    rows = [
        {"qid": q, "docno": d, "score": s, "lang": "en"}
        for q, row in scores.items()
        for d, s in row.items()
    ]
    found = rb.measure(pd.DataFrame(rows), teacher_kind="logit")
    assert found.repairs == {"teacher (pandas.DataFrame)": {COMPOSED: 16}}
    assert any("not used: lang" in warning for warning in found.warnings)
    again = rb.measure(scores, teacher_kind="logit")
    assert again.teacher == found.teacher
