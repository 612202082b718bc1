"""What explains a comparison: parts, orders, target form, floors, laws, distances."""

import csv
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.catalogue import COMPARED
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
        assert "is not kappa" in row["kappa_missing_because"]
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
        assert "`qrels`" in row["judged_missing_because"]


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


def test_three_numbers_of_every_quantity(samplings):
    account = samplings.account(*samplings.vectors_of())
    table = {}
    with Path(samplings.path("out/comparison.per_query.tsv")).open(
        newline=""
    ) as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            key = (row["sampling"], row["quantity"], row["pairs"])
            table.setdefault(key, []).append(float(row["value"]))
    kinds = [q.pair_sets for q in COMPARED.values() if q.need == "vectors"]
    assert len(account["spaces"]) == 3 * sum(map(len, kinds))
    for row in account["spaces"]:
        values = table[row["sampling"], row["quantity"], row["pairs"]]
        assert row["n"] == len(values)
        assert_allclose(row["mean"], sum(values) / len(values))
        squares = sum(v * v for v in values) / len(values)
        assert_allclose(row["root_mean_square"], math.sqrt(squares))
        assert row["supremum"] >= max(values) - 1e-12


def test_the_supremum_of_the_diameter_is_that_of_all_pairs(samplings):
    account = samplings.account(*samplings.vectors_of())
    for row in account["spaces"]:
        if row["quantity"] == "diameter":
            distances = [
                math.dist(samplings.vectors[x], samplings.vectors[y])
                for _, docs, good in samplings.triples(row["sampling"])
                for x, y in oracles.wanted_pairs(docs, good, row["pairs"])
            ]
            assert_allclose(row["supremum"], max(distances), rtol=1e-10)


def test_without_vectors_there_is_no_space(samplings):
    assert samplings.account()["spaces"] is None


def test_shapes_are_the_distances_of_all_pairs_queries_weighing_the_same(samplings):
    account = samplings.account(*samplings.vectors_of())
    for shape in account["shapes"]:
        triples = list(samplings.triples(shape["sampling"]))
        per_query = Counter(qid for qid, _, _ in triples)
        weighted = []
        for qid, docs, good in triples:
            pairs = list(oracles.wanted_pairs(docs, good, "all"))
            share = 1 / (len(per_query) * per_query[qid] * len(pairs))
            weighted += [
                (math.dist(samplings.vectors[x], samplings.vectors[y]), share)
                for x, y in pairs
            ]
        for distance, share in zip(shape["distances"], shape["shares"], strict=True):
            below = sum(s for d, s in weighted if d <= distance)
            near = sum(s for d, s in weighted if abs(d - distance) < 1e-9)
            assert abs(share - below) <= near + 1e-9
        assert shape["documents"] == len({d for _, docs, _ in triples for d in docs})
    assert samplings.account()["shapes"] is None


def test_group_means_weigh_groups(samplings):
    from tests import oracles

    record = samplings.account()["samplings"][0]
    values = [
        oracles.pairwise_entropy([samplings.teacher[q][d] for d in docs])
        for q, docs in samplings.groups["near"]
    ]
    found = record["entropy"][0]
    assert found["group_mean"] == pytest.approx(sum(values) / len(values))
    assert found["mean"] != pytest.approx(found["group_mean"], rel=1e-6)
    assert record["n_groups"] == len(values)
