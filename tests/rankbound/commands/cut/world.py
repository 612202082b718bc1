"""A small training set on disk whose entropies are known in order."""

import json
import math

from tests.rankbound.files import lookup, written

N = 9
NOTE = "kept as it is"


def teacher():
    """Query i has two margins of i / 2, so its entropy falls with i."""
    return {f"q{i}": {f"d{i}a": i / 2, f"d{i}b": 0.0, f"d{i}c": 0.0} for i in range(N)}


def entropy(i):
    """Mean pair entropy of query i in nats, by hand."""
    p = 1 / (1 + math.exp(-i / 2))
    h = 0.0 if i == 0 else -p * math.log(p) - (1 - p) * math.log(1 - p)
    h = math.log(2) if i == 0 else h
    return (2 * h + math.log(2)) / 3


def lines():
    """Two lines per query, in no simple order, with spaces and an extra key."""
    found = []
    for i in (*range(0, N, 2), *range(1, N, 2)):
        docs = [f"d{i}a", f"d{i}b", f"d{i}c"]
        for first, *rest in (docs, [docs[1], docs[2], docs[0]]):
            row = {"query_id": f"q{i}", "doc_id_a": first, "doc_id_b": rest}
            found.append(json.dumps(row | {"note": NOTE}, indent=None) + " \r\n")
    return found


def build(folder):
    """Teacher and groups in a folder."""
    written(folder, lookup(teacher()), "t.json")
    written(folder, "".join(lines()), "train.jsonl")


def qid_of(line):
    return json.loads(line)["query_id"]
