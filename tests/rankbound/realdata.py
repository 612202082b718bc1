"""The real rankings beside the checkout, read by plain loops that use nothing of ours.

Tests that need them skip, visibly, where the folder is absent. RANKBOUND_DATA names
another place.
"""

import csv
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("RANKBOUND_DATA", ROOT.parent / "shared" / "data"))

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the real data are not at {DATA}; set RANKBOUND_DATA"
)
COLLECTIONS = ("vaswani", "cranfield-titles")
SAMPLINGS = ("random", "bm25", "crossencoder", "ensemble")


def lines(path):
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return data.decode().splitlines()


def run(path):
    scores = {}
    for line in lines(path):
        qid, _, docno, _, score, _ = line.split()
        scores.setdefault(qid, {})[docno] = float(score)
    return scores


def qrels(path):
    grades = {}
    for line in lines(path):
        qid, _, docno, grade = line.split()
        grades.setdefault(qid, {})[docno] = int(grade)
    return grades


def lookup(path):
    return json.loads("\n".join(lines(path)))


def groups(path):
    found = []
    for line in lines(path):
        row = json.loads(line)
        docs = [row["doc_id_a"], *row["doc_id_b"]]
        found.append((row["query_id"], docs, {row["doc_id_a"]}))
    return found


def vectors(npy, ids):
    rows = np.load(npy).astype(np.float64).tolist()
    return dict(zip(lines(ids), rows, strict=True))


def table(path):
    """`per_query.tsv` as {(qid, student): {column: float}}; blanks are left out."""
    with path.open(newline="") as stream:
        found = {}
        for row in csv.DictReader(stream, delimiter="\t"):
            key = (row.pop("qid"), row.pop("student"))
            found[key] = {k: float(v) for k, v in row.items() if v != ""}
    return found
