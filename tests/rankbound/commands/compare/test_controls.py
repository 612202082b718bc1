"""Other scores: temperatures, ranks alone, and controls, sound and broken."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.commands.compare import controls
from rankbound.commands.compare.controls import FACTORS, mean_chord, shuffled_scores
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.samplings import load
from rankbound.data.scores import Scores
from tests.rankbound.commands.compare.world import make


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_a_factor_is_the_same_as_that_temperature(samplings, factor):
    swept = samplings.account("--temperature", "2")["sweep"]
    asked = samplings.account("--temperature", str(2 * factor))["rows"]
    table = next(t for t in swept["tables"] if t["factor"] == factor)
    assert swept["factors"] == list(FACTORS)
    for row, wanted in zip(table["rows"], asked, strict=True):
        for key in ("n", "mean", "reference_mean", "difference", "lower", "upper"):
            assert_allclose(row[key], wanted[key], atol=1e-12)
        assert row["verdict"] == wanted["verdict"]
        assert row["sampling"] == wanted["sampling"]


def test_a_verdict_that_flips_is_listed(tmp_path):
    world = make(tmp_path, n_queries=60)
    account = world.account(names=("near", "far"))
    swept = account["sweep"]
    for pairs in ("all", "pos-neg", "neg-neg"):
        seen = [
            row["verdict"]
            for table in swept["tables"]
            for row in table["rows"]
            if row["pairs"] == pairs
        ]
        listed = [f["verdicts"] for f in swept["flips"] if f["pairs"] == pairs]
        assert listed == ([] if len(set(seen)) == 1 else [
            dict(zip(map(str, FACTORS), seen, strict=True))
        ])  # fmt: skip
    assert swept["flips"]
    assert any("Fit it by likelihood" in line for line in account["advice"])


def test_ranks_keep_the_order_and_nothing_else(tmp_path):
    world = make(tmp_path)
    for row in world.teacher.values():  # no ties
        for place, doc in enumerate(row):
            row[doc] += place * 1e-6
    from tests.rankbound.files import lookup

    (tmp_path / "teacher.json").write_text(lookup(world.teacher))
    account = world.account(names=("near", "far"))
    by_pairs = {row["pairs"]: row for row in account["ranks_only"]["rows"]}
    assert by_pairs["all"]["difference"] == pytest.approx(0, abs=1e-12)
    before = {row["pairs"]: row for row in account["rows"]}
    assert abs(before["all"]["difference"]) > 0.05
    assert account["ranks_only"]["scale"] > 0


def test_a_constant_teacher_has_ranks_too(tmp_path):
    world = make(tmp_path)
    from tests.rankbound.files import lookup

    world.teacher = {q: dict.fromkeys(row, 1.5) for q, row in world.teacher.items()}
    (tmp_path / "teacher.json").write_text(lookup(world.teacher))
    account = world.account("--teacher-kind", "logit", names=("near", "far"))
    assert account["ranks_only"]["scale"] == 1.0
    assert all(row["difference"] == 0 for row in account["rows"])
    assert all(row["effect_size"] is None for row in account["rows"])


def test_all_three_run_and_pass(samplings, capsys):
    vectors = samplings.vectors_of()
    account = samplings.account("--controls", *vectors, "--details")
    made = account["controls"]
    assert made["passed"] is True
    assert [row["control"] for row in made["rows"]] == [
        "shuffled teacher",
        "constant teacher",
        "random embeddings",
    ]
    assert all(row["passed"] is True for row in made["rows"])
    assert capsys.readouterr().out.count("as theory says") == 3


def test_angles_have_a_control_too(samplings):
    account = samplings.account(
        "--controls", *samplings.vectors_of(), "--metric", "angular"
    )
    assert account["controls"]["rows"][2]["passed"] is True
    assert f"{math.pi / 2:.4f}" in account["controls"]["rows"][2]["expected"]


def test_without_vectors_one_is_not_run_and_the_others_decide(samplings):
    made = samplings.account("--controls")["controls"]
    assert made["passed"] is True
    assert made["rows"][2]["passed"] is None
    assert samplings.account()["controls"]["passed"] is None


def test_a_shuffle_that_does_not_shuffle_fails(tmp_path, monkeypatch):
    world = make(tmp_path, n_queries=100)
    monkeypatch.setattr(controls, "shuffled_scores", lambda pool, _: as_scores(pool))
    account = world.account("--controls", code=1, names=("near", "far"))
    assert account["controls"]["passed"] is False
    assert account["controls"]["rows"][0]["passed"] is False


def as_scores(pool):
    groups = pool.groups
    return Scores.from_rows(
        groups.row_query(), groups.qids, groups.codes, groups.docnos, pool.values,
        name="unshuffled",
    )  # fmt: skip


def test_a_wrong_entropy_fails_the_constant_teacher(samplings, monkeypatch):
    true = controls.teacher_quantities

    def wrong(*arguments, **settings):
        made = true(*arguments, **settings)
        for (name, _), column in made.items():
            if name == "entropy":
                column.values[:] *= 1 + 1e-9
        return made

    monkeypatch.setattr(controls, "teacher_quantities", wrong)
    account = samplings.account("--controls", code=1)
    assert account["controls"]["rows"][1]["passed"] is False


def test_distances_that_know_the_sampling_fail(tmp_path, monkeypatch):
    world = make(tmp_path, n_queries=60)
    monkeypatch.setattr(controls, "mean_chord", lambda _: 1.0)
    account = world.account("--controls", *world.vectors_of(), code=1)
    assert account["controls"]["rows"][2]["passed"] is False


def test_a_shuffle_permutes_within_queries(samplings):
    options = CompareOptions(
        teacher=samplings.path("teacher.json"),
        groups=tuple((n, samplings.path(f"{n}.jsonl")) for n in samplings.groups),
    )
    pool = load(options).pool
    shuffled = shuffled_scores(pool, np.random.default_rng(0))
    moved = 0
    for group in range(pool.groups.n_groups):
        part = slice(*pool.groups.offsets[group : group + 2])
        rows = slice(*shuffled.offsets[group : group + 2])
        assert sorted(pool.values[part]) == sorted(shuffled.values[rows])
        moved += int((pool.values[part] != shuffled.values[rows]).sum())
    assert moved > len(pool.values) / 2


@pytest.mark.parametrize("dim", [2, 5, 384])
def test_mean_chord_by_simulation(dim):
    rng = np.random.default_rng(dim)
    points = rng.normal(size=(2, 20_000, dim))
    points /= np.linalg.norm(points, axis=2, keepdims=True)
    apart = np.linalg.norm(points[0] - points[1], axis=1)
    assert abs(apart.mean() - mean_chord(dim)) < 5 * apart.std() / math.sqrt(20_000)
