"""The relevance block against loops over pairs, and where it has nothing to say."""

import math
from pathlib import Path

import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.limits import upper_limit
from rankbound.bounds.misranking import misranking_ceiling
from tests import oracles
from tests.rankbound.commands.measure.naive import (
    by_query,
    lists,
    student_entry,
    with_qrels,
)
from tests.rankbound.commands.measure.world import make_world

LN2 = math.log(2)


def pair_values(a, m):
    p = oracles.sigmoid(a)
    loss = oracles.pair_loss(p, m)
    wrong = 0.5 if m == 0 else (p if m < 0 else 1 - p)
    divergence = loss - oracles.entropy_of(p)
    share = 0.5 if m == 0 else float(a * m < 0)
    return {
        "wrong": wrong, "bayes": min(p, 1 - p), "entropy": oracles.entropy_of(p),
        "divergence": divergence, "discordant": share * divergence,
    }  # fmt: skip


def loops(world, name, pairs, score_range=10.0):
    """Mean over queries, and one number per query, of each term."""
    found = {}
    for qid, docs, positives, clip in lists(world, name, score_range):
        chosen = oracles.wanted_pairs(docs, positives, pairs)
        rows = [
            pair_values(
                world.teacher[qid][x] - world.teacher[qid][y], clip[x] - clip[y]
            )
            for x, y in chosen
        ]
        for key in rows[0] if rows else ():
            value = sum(row[key] for row in rows) / len(rows)
            found.setdefault(key, []).append((qid, value))
    return {key: by_query(values) for key, values in found.items()}


@pytest.mark.parametrize("name", ["strong", "gappy"])
@pytest.mark.parametrize("pairs", ["all", "pos-neg"])
def test_relevance_matches_loops(world, name, pairs):
    entry = student_entry(world, *with_qrels(world), "--pairs", pairs, name=name)
    block, wanted = entry["relevance"], loops(world, name, pairs)
    mean = {key: value for key, (value, _) in wanted.items()}
    assert_allclose(block["misranking"]["value"], mean["wrong"], rtol=1e-9)
    assert_allclose(block["floor"]["value"], mean["bayes"], rtol=1e-9)
    ceiling = misranking_ceiling(
        mean["entropy"], mean["divergence"], discordant=mean["discordant"]
    )
    assert_allclose(block["ceiling"]["value"], ceiling, rtol=1e-7)
    risk = min(1, (mean["entropy"] + mean["divergence"]) / LN2)
    assert_allclose(block["ceiling"]["from_risk"], risk, rtol=1e-9)
    pinsker = mean["entropy"] / (2 * LN2) + math.sqrt(2 * mean["divergence"])
    assert_allclose(block["ceiling"]["from_divergence"], min(1, pinsker), rtol=1e-9)


def test_relevance_orders_floor_misranking_and_ceiling(world):
    block = student_entry(world, *with_qrels(world))["relevance"]
    for part in (block, block["judged"]):
        floor, ceiling = part["floor"], part["ceiling"]
        low, high = part["misranking"]["interval"]
        assert floor["from_entropy"] <= floor["value"] <= part["misranking"]["value"]
        assert part["misranking"]["value"] <= ceiling["value"] <= ceiling["limit"]
        assert low <= part["misranking"]["value"] <= high
        assert floor["limit"] <= floor["value"]
        assert floor["from_entropy_limit"] <= floor["from_entropy"]
    assert any("A4ii" in line for line in block["assumptions"])


def soften(world):
    """A teacher of small entropy and a student close to it, so that limits say much."""
    for qid, row in world.teacher.items():
        world.students["strong"][qid] = dict(row)
    Path(world.path("strong.run")).write_text(
        "".join(
            f"{qid} Q0 {doc} 0 {score!r} strong\n"
            for qid, row in world.students["strong"].items()
            for doc, score in row.items()
        )
    )


def test_the_ceilings_limit_pays_for_three_limits(tmp_path):
    world = make_world(tmp_path, seed=4, n_queries=60, sizes=(9, 9))
    soften(world)
    entry = student_entry(world, *with_qrels(world), "--score-range", "1")
    wanted = loops(world, "strong", "all", 1.0)
    limits = {
        key: upper_limit(wanted[key][1], low=0, high=high, delta=0.05 / 3)
        for key, high in (
            ("entropy", LN2),
            ("divergence", entry["range"]["high"]),
            ("discordant", entry["range"]["high"]),
        )
    }
    expected = misranking_ceiling(
        limits["entropy"], limits["divergence"], discordant=limits["discordant"]
    )
    assert expected < 1
    assert_allclose(entry["relevance"]["ceiling"]["limit"], expected, rtol=1e-6)


def test_observed_misranking_is_the_computed_one_plus_the_shift(world):
    judged = student_entry(world, *with_qrels(world))["relevance"]["judged"]
    observed, computed = judged["observed_misranking"], judged["misranking"]
    shift = judged["calibration_shift"]
    assert_allclose(observed["value"], computed["value"] + shift["value"], rtol=1e-9)
    assert abs(shift["value"]) <= judged["calibration_term"] + 1e-12
    assert shift["interval"][0] <= shift["value"] <= shift["interval"][1]
    assert observed["value"] <= observed["upper"] <= observed["interval"][1]
    assert judged["n_pairs"] == sum(row["n_pairs"] for row in judged["reliability"])
    # the observed share of a correct order is what the table adds up to
    assert judged["ceiling_with_calibration"] >= observed["value"]


def test_relevance_without_a_judged_pair_says_why(world):
    flat = world.folder / "flat.txt"
    flat.write_text(
        "".join(f"{q} 0 {d} 1\n" for q, r in world.qrels.items() for d in r)
    )
    block = student_entry(world, "--qrels", str(flat))["relevance"]
    assert block["judged"] is None
    assert "do not count as irrelevant" in block["judged_missing_because"]


def test_calibration_queries_stay_out_of_the_reading(tmp_path):
    world = make_world(tmp_path, seed=7, n_queries=40)
    entry = student_entry(world, *with_qrels(world), "--student-temperature", "fit")
    aside = (world.folder / "out/calibration.tsv").read_text()
    for qid in [line.split("\t")[0] for line in aside.splitlines()[1:]]:
        world.qrels[qid] = {doc: 2 - grade for doc, grade in world.qrels[qid].items()}
    changed = world.folder / "changed.txt"
    changed.write_text(
        "".join(
            f"{q} 0 {d} {g}\n" for q, r in world.qrels.items() for d, g in r.items()
        )
    )
    again = student_entry(
        world, "--qrels", str(changed), "--student-temperature", "fit"
    )
    for name in ("relevance", "ndcg", "comparators"):
        assert again[name] == entry[name]


def test_the_teachers_temperature_reaches_the_preferences(world):
    cold = student_entry(world, *with_qrels(world))["relevance"]
    warm = student_entry(world, *with_qrels(world), "--temperature", "4")["relevance"]
    for qid, row in world.teacher.items():
        world.teacher[qid] = {doc: score / 4 for doc, score in row.items()}
    mean = {key: value for key, (value, _) in loops(world, "strong", "all").items()}
    assert_allclose(warm["floor"]["value"], mean["bayes"], rtol=1e-9)
    assert warm["floor"]["value"] > cold["floor"]["value"]
