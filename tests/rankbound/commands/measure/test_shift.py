"""The target risk against loops over pairs of two known laws."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.limits import upper_limit
from rankbound.cli import main
from rankbound.commands.measure.shift import product_range
from tests import oracles
from tests.rankbound.commands.measure.naive import student_entry, write_groups
from tests.rankbound.commands.measure.world import make_world

B = 10.0


def target_of(world, rng, *, inside):
    """Laws over some documents of a query: of its groups, or any of its 24."""
    laws = {}
    for qid, law in sampling_of(world).items():
        pool = sorted(law) if inside else sorted(world.teacher[qid])
        docs = rng.permutation(pool)[:6].tolist()
        laws[qid] = dict(zip(docs, rng.dirichlet(np.ones(len(docs))), strict=True))
    return laws


def sampling_of(world):
    """Uniform in each group of two and more; groups of a query weigh the same."""
    several = {}
    for qid, docs, _ in world.groups:
        if len(docs) > 1:
            several.setdefault(qid, []).append(docs)
    return {
        qid: {
            doc: sum((doc in docs) / len(docs) for docs in many) / len(many)
            for doc in sorted({doc for docs in many for doc in docs})
        }
        for qid, many in several.items()
    }


def risk(law, loss):
    return sum(law[x] * law[y] * loss[x, y] for x in law for y in law)


def losses(world, qid, docs, name="strong"):
    f = oracles.clip_at({d: world.students[name][qid][d] for d in docs}, B)
    g = world.teacher[qid]
    return {
        (x, y): oracles.pair_loss(oracles.sigmoid(g[x] - g[y]), f[x] - f[y])
        for x in docs
        for y in docs
    }


def worst(law, loss, ratio):
    """Mean loss of the worst share 1 / ratio of the pairs, filling greedily."""
    pairs = sorted((loss[x, y], law[x] * law[y]) for x in law for y in law)[::-1]
    left, total = 1.0, 0.0
    for value, mass in pairs:
        take = min(left, ratio * mass)
        total, left = total + take * value, left - take
    return total


def loops(world, target):
    """Per query: sampling risk, exact target risk, and the bounds by two forms."""
    high = product_range(B).high
    rows = []
    for qid, nu in sorted(sampling_of(world).items()):
        mu = target[qid]
        docs = sorted(nu.keys() | mu.keys())
        loss = losses(world, qid, docs)
        distance = sum(
            abs(mu.get(x, 0) * mu.get(y, 0) - nu.get(x, 0) * nu.get(y, 0))
            for x in docs
            for y in docs
        ) / 2  # fmt: skip
        start = risk(nu, loss)
        ratio = max(mu[d] / nu[d] if d in nu else math.inf for d in mu)
        bound = high if math.isinf(ratio) else worst(nu, loss, ratio**2)
        rows.append((start, risk(mu, loss), min(high, start + B * distance), bound))
    return np.array(rows).T


@pytest.mark.parametrize("inside", [True, False])
def test_shift_matches_loops(tmp_path, inside):
    world = make_world(tmp_path, seed=3, n_queries=15)
    target = target_of(world, np.random.default_rng(0), inside=inside)
    path = write_groups(tmp_path / "target.jsonl", target)
    block = student_entry(world, "--target-groups", path)["shift"]
    start, exact, by_distance, by_share = loops(world, target)
    assert block["n_queries"] == len(start)
    assert_allclose(block["risk_sampling"], start.mean(), rtol=1e-9)
    assert_allclose(block["exact"]["value"], exact.mean(), rtol=1e-9)
    assert_allclose(
        block["forms"]["total_variation"]["value"], by_distance.mean(), rtol=1e-9
    )
    low, high = block["range"]["low"], block["range"]["high"]
    limit = upper_limit(exact, low=low, high=high, delta=0.05)
    assert_allclose(block["upper"], limit, rtol=1e-6)
    assert block["form"] == "exact"
    if inside:
        assert_allclose(block["forms"]["cvar"]["value"], by_share.mean(), rtol=1e-9)
        assert block["importance_weights"]["n_queries"] == len(start)
    for form in block["forms"].values():
        if form["value"] is not None:
            assert form["value"] >= exact.mean() - 1e-9
            assert form["limit"] >= form["value"]
    values = [f["value"] for f in block["forms"].values() if f["value"] is not None]
    assert block["forms"][block["tightest"]]["value"] == min(values)
    assert exact.mean() - 1e-9 <= block["least_per_query"]["value"] <= min(values)


def test_the_same_law_has_no_shift(tmp_path):
    world = make_world(tmp_path, seed=5)
    path = write_groups(tmp_path / "target.jsonl", sampling_of(world))
    block = student_entry(world, "--target-groups", path)["shift"]
    assert_allclose(block["kappa"], 1.0)
    for form in (*block["forms"].values(), block["exact"]):
        assert_allclose(form["value"], block["risk_sampling"], rtol=1e-9)
    assert_allclose(block["importance_weights"]["mean_effective_share"], 1.0)


def test_target_documents_without_scores_leave_two_forms(tmp_path):
    world = make_world(tmp_path, seed=6)
    target = {
        qid: {"ghost": 0.01} | {doc: 0.99 * p for doc, p in law.items()}
        for qid, law in sampling_of(world).items()
    }
    path = write_groups(tmp_path / "target.jsonl", target)
    block = student_entry(world, "--target-groups", path)["shift"]
    assert block["form"] == "least_per_query"
    assert block["exact"]["value"] is block["forms"]["transport"]["value"] is None
    assert "no score" in block["forms"]["transport"]["missing_because"]
    assert "density ratio" in block["forms"]["cvar"]["missing_because"]
    assert block["kappa"] is None
    wanted = 1 - 0.99**2
    assert_allclose(block["pair_total_variation"], wanted, rtol=1e-9)
    assert_allclose(block["forms"]["total_variation"]["shift"], B * wanted, rtol=1e-9)
    assert block["upper"] == block["least_per_query"]["limit"]


def test_sampling_probabilities_alone_are_compared_with_the_uniform_law(tmp_path):
    world = make_world(tmp_path, seed=8)
    laws = {
        qid: {doc: (place + 1) / (len(docs) * (len(docs) + 1) / 2)
              for place, doc in enumerate(docs)}
        for qid, docs, _ in world.groups if len(docs) > 1
    }  # fmt: skip
    path = write_groups(tmp_path / "sampling.jsonl", laws)
    words = world.arguments(
        "--groups", path, "--student-kind", "logit", students=("strong",)
    )
    assert main(words) == 0
    ledger = json.loads((tmp_path / "out/ledger.json").read_text())
    block = ledger["students"]["strong"]["shift"]
    exact = [
        risk(dict.fromkeys(law, 1 / len(law)), losses(world, qid, list(law)))
        for qid, law in laws.items()
    ]
    assert_allclose(block["exact"]["value"], np.mean(exact), rtol=1e-9)
    kappas = [(len(law) + 1) / 2 for law in laws.values()]
    assert_allclose(block["kappa"], max(kappas))
    assert main([*words, "--pairs", "pos-neg"]) == 2


def test_a_student_without_sampling_scores_gets_a_reason(tmp_path):
    world = make_world(tmp_path)
    path = write_groups(tmp_path / "target.jsonl", sampling_of(world))
    block = student_entry(world, "--target-groups", path, name="gappy")["shift"]
    assert (
        "the sampling law holds 12 documents without a score"
        in (block["missing_because"])
    )


def test_no_student_leaves_the_product_range():
    rng = np.random.default_rng(0)
    limits = product_range(4.0)
    for _ in range(300):
        k = rng.integers(1, 8)
        law = rng.dirichlet(np.full(k, 0.3))
        f, g = rng.choice([0.0, 4.0], k), rng.choice([-50.0, 0.0, 50.0], k)
        value = sum(
            law[i] * law[j]
            * oracles.pair_loss(oracles.sigmoid(g[i] - g[j]), f[i] - f[j])
            for i in range(k)
            for j in range(k)
        )  # fmt: skip
        assert limits.low - 1e-12 <= value <= limits.high + 1e-12
    # attained: half of the mass against half, the teacher sure of the opposite
    worst_case = (math.log(2) + oracles.softplus(4.0)) / 2
    assert_allclose(limits.high, worst_case)


def test_nothing_changes_without_laws(tmp_path):
    world = make_world(tmp_path)
    assert student_entry(world).keys().isdisjoint({"shift", "relevance", "ndcg"})
