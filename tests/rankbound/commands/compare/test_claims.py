"""The claim is placed under its definitions; orders are said as they are."""

import numpy as np
import pytest

from rankbound.commands.compare.claims import claim, order_sentence
from rankbound.commands.compare.decomposition import orders
from tests.rankbound.commands.compare.world import make


def a_row(sampling, pairs, verdict, quantity="entropy"):
    return {
        "sampling": sampling,
        "pairs": pairs,
        "verdict": verdict,
        "quantity": quantity,
        "margin": 0.02,
    }


def test_the_claim_says_where_it_holds_and_where_it_fails():
    rows = [
        a_row("bm25", "all", "inconclusive"),
        a_row("bm25", "pos-neg", "different"),
        a_row("bm25", "neg-neg", "different"),
        a_row("dense", "all", "equivalent"),
        a_row("dense", "pos-neg", "negligible"),
    ]
    said = claim({"reference": "random", "rows": rows})
    assert "holds by definition for the target form" in said
    assert "against random, at a margin of 0.02 nats, it fails for bm25 (pos-neg, neg-"
    for part in (
        "it fails for bm25 (pos-neg, neg-neg)",
        "it fails, by no more than the margin, for dense (pos-neg)",
        "it holds within the margin for dense (all)",
        "it is undecided for bm25 (all)",
    ):
        assert part in said


def test_the_claim_is_not_judged_where_entropy_was_not_asked_for():
    rows = [a_row("bm25", "all", "different", quantity="margin")]
    said = claim({"reference": "random", "rows": rows})
    assert said.endswith("not asked for here (--quantity entropy).")
    assert "bm25" not in said


def an_account(every, star):
    flat = dict.fromkeys(every, 1.0)
    means = {
        "all": {"n": 9, "entropy": every, "margin": flat},
        "pos-neg": {"n": 9, "entropy": star, "margin": flat},
        "neg-neg": {"n": 9, "entropy": every, "margin": flat},
    }
    samplings = [
        {"sampling": name, "entropy": [{"pairs": "neg-neg", "share": 0.875}]}
        for name in every
    ]
    return {"order_means": means, "orders": orders(means), "samplings": samplings}


def test_equal_means_are_not_ordered():
    same = {"a": 0.5, "b": 0.5 + 1e-15, "c": 0.5}
    said = order_sentence(an_account(same, same))
    assert "order alike" in said
    assert "<" not in said
    assert said.count("=") == 4


def test_a_tie_in_one_order_is_no_change_of_places():
    said = order_sentence(an_account({"a": 0.5, "b": 0.5}, {"a": 0.3, "b": 0.4}))
    assert "depends on the pairs" in said
    assert "all pairs a = b; pos-neg pairs a < b" in said
    assert "has more entropy than" not in said


def test_the_swap_that_is_named_is_one_of_the_common_queries(tmp_path):
    """Over its own queries `part` has another mean than over those that all have."""
    world = make(tmp_path, n_queries=40)
    world.write_groups("part", world.groups["far"][:10])
    account = world.account(names=("near", "far", "part"))
    means = account["order_means"]
    qids = {qid for qid, _ in world.groups["far"][:10]}
    assert {row["n"] for row in means.values()} == {len(qids)}
    for pairs, row in means.items():
        order = account["orders"][pairs]
        assert sorted(row["entropy"].values()) == [row["entropy"][n] for n in order]
        for name, mean in row["entropy"].items():
            theirs = per_query(world, name, pairs)
            assert mean == pytest.approx(np.mean([theirs[q] for q in qids]), abs=1e-12)


def per_query(world, name, pairs):
    lines = (world.folder / "out" / "per_query.tsv").read_text().splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return {
        q: float(v)
        for q, s, k, p, v, _ in rows
        if (s, k, p) == (name, "entropy", pairs)
    }
