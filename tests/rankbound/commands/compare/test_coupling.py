"""Target form and floors."""

import math

import numpy as np
from numpy.testing import assert_allclose

from tests import oracles

A_STAR, SLOPE = 2.567553740210, 0.169917120746


def floor_of(margin):
    if margin <= A_STAR:
        return math.log(2) - SLOPE * margin
    return oracles.entropy_of(oracles.sigmoid(margin))


def union(world):
    docs = {}
    for rows in world.groups.values():
        for qid, group in rows:
            docs.setdefault(qid, set()).update(group)
    return docs


def entropy(scores):
    return oracles.pairwise_entropy(scores)


def test_the_target_is_the_entropy_of_the_pool(samplings):
    account = samplings.account()
    pools = union(samplings)
    values = [
        entropy([samplings.teacher[q][d] for d in sorted(docs)])
        for q, docs in pools.items()
    ]
    row = account["target"]["rows"][0]
    assert row["pairs"] == "all"
    assert_allclose(row["entropy"], np.mean(values), rtol=1e-10)
    assert row["lower"] < row["entropy"] < row["upper"]
    assert account["target"]["difference_between_samplings"] == 0.0
    near = account["samplings"][0]["entropy"][0]
    assert_allclose(
        row["sampled_minus_target"]["near"], near["mean"] - row["entropy"], rtol=1e-10
    )


def test_no_sampling_changes_the_target_that_is_given(samplings):
    given = ("--target", samplings.path("odd.jsonl"))
    one = samplings.account(*given, names=("near", "far"))
    two = samplings.account(*given, names=("far", "odd"))
    assert one["target"]["rows"][0]["entropy"] == two["target"]["rows"][0]["entropy"]
    assert "odd.jsonl" in one["target"]["law"]
    assert not any("union" in line for line in one["cannot_say"])


def test_floors_lie_below_the_entropy_and_match_the_formula(samplings):
    account = samplings.account(*samplings.vectors_of())
    for row in account["coupling"]["rows"]:
        assert row["floor"] <= row["entropy"] + 1e-12
        assert_allclose(row["floor"], floor_of(row["mean_margin"]), rtol=1e-7)
    first = account["coupling"]["rows"][0]
    spaces = {
        (s["sampling"], s["quantity"], s["pairs"]): s["mean"] for s in account["spaces"]
    }
    lipschitz = account["coupling"]["lipschitz"]
    distance = spaces["near", "mean_distance", "all"]
    diameter = spaces["near", "diameter", "all"]
    cut = 9 / 15  # groups of six
    assert_allclose(first["cut_ratio"], cut)
    assert_allclose(
        [first["floor_mean_distance"], first["floor_diameter"]],
        [floor_of(lipschitz * distance), floor_of(cut * lipschitz * diameter)],
        rtol=1e-6,
        atol=1e-12,
    )
    assert "diagnostic" in account["coupling"]["lipschitz_status"]


def test_without_vectors_only_the_margin_sets_a_floor(samplings):
    coupling = samplings.account()["coupling"]
    assert coupling["lipschitz"] is None
    assert "no vectors were given" in coupling["lipschitz_status"]
    assert all(row["floor_diameter"] is None for row in coupling["rows"])
