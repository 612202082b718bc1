"""Distances of the laws, overlap, and judged documents, against loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests import oracles


def laws(world, name):
    found = {}
    for qid, docs in world.groups[name]:
        found.setdefault(qid, []).append(docs)
    return {
        qid: {
            doc: sum((doc in g) / len(g) for g in groups) / len(groups)
            for g in groups
            for doc in g
        }
        for qid, groups in found.items()
    }


def test_distances_match_loops(samplings):
    account = samplings.account("--qrels", samplings.path("qrels.txt"))
    base = laws(samplings, "near")
    for row in account["shift"]:
        mine = laws(samplings, row["sampling"])
        shared = mine.keys() & base.keys()
        distances, overlaps = [], []
        for qid in shared:
            docs = sorted(mine[qid].keys() | base[qid].keys())
            both = [[law[qid].get(d, 0.0) for d in docs] for law in (mine, base)]
            distances.append(oracles.variation(*both))
            overlaps.append(len(mine[qid].keys() & base[qid].keys()) / len(docs))
        assert row["n"] == len(shared)
        assert_allclose(row["total_variation"], np.mean(distances), atol=1e-12)
        assert_allclose(row["document_overlap"], np.mean(overlaps))
        assert row["kappa"] is None
        assert "no kappa" in row["kappa_missing_because"]
        assert row["missing_because"] is None


def test_judged_documents_match_loops(samplings):
    account = samplings.account("--qrels", samplings.path("qrels.txt"))
    for row in account["shift"]:
        judged, relevant = [], []
        held = laws(samplings, row["sampling"])
        for qid, docs in held.items():
            grades = samplings.qrels[qid]
            judged.append(np.mean([d in docs for d in grades]))
            relevant.append(np.mean([d in docs for d, g in grades.items() if g >= 1]))
        assert_allclose(row["judged_covered"], np.mean(judged))
        assert_allclose(row["relevant_covered"], np.mean(relevant))
    plain = samplings.account()["shift"]
    for row in plain:
        assert row["judged_covered"] is None
        assert "--qrels" in row["judged_missing_because"]


def weighted(docs):
    weights = np.arange(1.0, len(docs) + 1)
    return (weights / weights.sum()).tolist()


def test_kappa_where_probabilities_exist(samplings):
    groups = samplings.groups["near"]
    samplings.write_groups("even", groups, law=lambda docs: [1 / len(docs)] * len(docs))
    samplings.write_groups("tilted", groups, law=weighted)
    account = samplings.account(names=("even", "tilted"))
    row = next(r for r in account["shift"] if r["sampling"] == "tilted")
    # the worst document has 1/21 of the tilted law and 1/6 of the even one, where a
    # query has a single group
    assert row["kappa"] == pytest.approx((1 / 6) / (1 / 21))
    assert row["kappa_missing_because"] is None


def test_kappa_of_a_document_that_is_never_drawn_is_infinite_and_said(samplings):
    law = {"law": lambda docs: [1 / len(docs)] * len(docs)}
    for name in ("near", "far"):
        samplings.write_groups(name + "2", samplings.groups[name], **law)
    account = samplings.account(names=("near2", "far2"))
    row = next(r for r in account["shift"] if r["sampling"] == "far2")
    assert row["kappa"] is None
    assert (
        "14 queries have a document that this sampling never"
        in (row["kappa_missing_because"])
    )


def test_a_law_with_dropped_documents_is_not_known(samplings):
    rows = [(q, [*docs, "ghost"]) for q, docs in samplings.groups["near"]]
    samplings.write_groups("holey", rows, law=lambda docs: [1 / len(docs)] * len(docs))
    account = samplings.account("--missing", "drop", names=("far", "holey"))
    assert "probabilities of the documents" in account["shift"][0]["missing_because"]
