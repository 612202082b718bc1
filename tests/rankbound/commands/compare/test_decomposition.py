"""What a change is made of, and the orders of the samplings."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests import oracles
from tests.rankbound.commands.compare.world import make


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_parts_add_up_to_the_difference_of_the_row(tmp_path, seed):
    world = make(tmp_path, seed=seed)
    account = world.account("--pairs", "all")
    for row, parts in zip(account["rows"], account["decomposition"], strict=True):
        assert parts["sampling"] == row["sampling"]
        assert parts["n"] == row["n"]
        total = parts["composition"] + sum(
            sum(parts[name].values()) for name in ("spread", "ties")
        )
        assert_allclose(total, row["difference"], atol=1e-12)
        assert_allclose(parts["difference"], row["difference"], atol=1e-12)


def test_shares_match_counts(samplings):
    account = samplings.account()
    odd = next(r for r in account["decomposition"] if r["sampling"] == "odd")
    shares = {}
    for qid, docs in samplings.groups["odd"]:
        k = len(docs)
        shares.setdefault(qid, []).append((k - 1) / math.comb(k, 2))
    assert_allclose(
        odd["share_pos_neg"], np.mean([np.mean(s) for s in shares.values()])
    )
    assert_allclose(odd["reference_share_pos_neg"], 5 / 15)
    assert odd["composition"] != 0


def test_ties_alone_are_seen_as_ties(tmp_path):
    world = make(tmp_path)
    rows = []
    for qid, docs in world.groups["near"]:
        twin = f"{qid}-twin"  # as good as the last negative, in place of the first
        world.teacher[qid][twin] = world.teacher[qid][docs[-1]]
        rows.append((qid, [docs[0], twin, *docs[2:]]))
    from tests.rankbound.files import lookup

    (tmp_path / "teacher.json").write_text(lookup(world.teacher))
    world.write_groups("tied", rows)
    account = world.account(names=("near", "tied"))
    [parts] = account["decomposition"]
    assert parts["ties"]["neg-neg"] > 0.01
    assert parts["ties"]["pos-neg"] == pytest.approx(0, abs=0.02)
    assert parts["composition"] == 0


def test_orders_are_those_of_the_common_queries(samplings):
    orders = samplings.account()["orders"]
    for pairs, found in orders.items():
        rows = {
            name: oracles.measured_rows(
                samplings.triples(name), samplings.teacher, None, None, pairs=pairs
            )
            for name in samplings.groups
        }
        shared = set.intersection(*(set(r) for r in rows.values()))
        means = {
            name: np.mean([row[q]["entropy_nats"] for q in shared])
            for name, row in rows.items()
        }
        assert found == sorted(means, key=means.get)
    assert orders.keys() == {"all", "pos-neg", "neg-neg"}


def test_a_pair_set_that_a_sampling_lacks_has_no_order(samplings):
    pairs = [(qid, docs[:2]) for qid, docs in samplings.groups["far"]]
    samplings.write_groups("pairs", pairs)
    account = samplings.account(names=("near", "pairs"))
    assert account["orders"].keys() == {"all", "pos-neg"}
    assert {row["pairs"] for row in account["rows"]} == {"all", "pos-neg"}


def test_pairs_of_two_positives_are_a_part_of_their_own(samplings):
    rng = np.random.default_rng(3)
    for name, size in (("few", 6), ("many", 8)):
        lines = []
        for qid, row in samplings.teacher.items():
            docs = rng.permutation(list(row))[:size].tolist()
            lines.append(
                json.dumps({"qid": qid, "pos": docs[:2], "neg": {"x": docs[2:]}})
            )
        Path(samplings.path(f"{name}.jsonl")).write_text("\n".join(lines) + "\n")
    account = samplings.account(names=("few", "many"))
    [made] = account["decomposition"]
    [change] = [r for r in account["rows"] if r["pairs"] == "all"]
    assert made["spread"].keys() == {"pos-neg", "neg-neg", "pos-pos"}
    parts = [made["composition"], *made["spread"].values(), *made["ties"].values()]
    assert sum(parts) == pytest.approx(change["difference"], abs=1e-12)
    assert made["spread"]["pos-pos"] != 0
