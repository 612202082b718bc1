"""Stakes chosen on pilot queries: who sets them aside, and what the others decide."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.pilot import choose_stake
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.run import compare
from rankbound.commands.power.run import power
from tests.rankbound.commands.compare.world import make

LN2 = math.log(2)


def values_of(folder, row):
    """The two sides of a row by query, from the table beside the comparison."""
    sides = {row["sampling"]: {}, "near": {}}
    with (folder / "comparison.per_query.tsv").open() as lines:
        names = next(lines).rstrip("\n").split("\t")
        for line in lines:
            cells = dict(zip(names, line.rstrip("\n").split("\t"), strict=True))
            if (cells["quantity"], cells["pairs"]) == (row["quantity"], row["pairs"]):
                side = sides.get(cells["sampling"])
                if side is not None:
                    side[cells["qid"]] = float(cells["value"])
    return sides[row["sampling"]], sides["near"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make(tmp_path_factory.mktemp("pilot"), n_queries=40)


def test_the_pilot_chooses_and_the_others_decide(world):
    asked = ("--quantity", "entropy", "margin", "--pairs", "all")
    plain = world.account(*asked, out="plain")
    made = world.account(*asked, "--pilot", "0.25", out="pilot")
    assert "pilot" not in plain
    assert not any("stakes" in row for row in plain["rows"])
    n_aside = made["pilot"]["n"]
    everyone = plain["samplings"][0]["n_queries"]
    assert made["pilot"]["share"] == 0.25
    assert made["samplings"][0]["n_queries"] == everyone - n_aside
    for row in made["rows"]:
        [before] = [
            one
            for one in plain["rows"]
            if (one["sampling"], one["quantity"]) == (row["sampling"], row["quantity"])
        ]
        if row["quantity"] == "margin":  # nothing is staked on a direction
            assert "stakes" not in row
            continue
        here, base = values_of(world.folder / "pilot", row)
        there, first = values_of(world.folder / "plain", before)
        aside = [q for q in there if q in first and not (q in here and q in base)]
        pilot = np.array([there[q] - first[q] for q in aside])
        rest = np.array([here[q] - base[q] for q in here if q in base])
        assert row["n"] == len(rest) == before["n"] - len(pilot)
        assert row["stakes"]["n_pilot"] == len(pilot)
        share = 0.05 / made["family"]["size"] / 2
        of = {"low": -LN2, "high": LN2, "delta": share}
        up, down = (
            choose_stake(sign * pilot, m=len(rest), **of).stake for sign in (1, -1)
        )
        assert_allclose([row["stakes"]["lower"], row["stakes"]["upper"]], [down, up])
        assert_allclose(row["upper"], betting(rest, stakes=[up], **of), atol=1e-9)
        assert_allclose(row["lower"], -betting(-rest, stakes=[down], **of), atol=1e-9)


def test_the_pilot_is_told_and_power_says_that_it_does_not_know_it(world, capsys):
    asked = ("--pilot", "0.25", "--pairs", "all", "--details")
    made = world.account(*asked, out="told")
    shown = " ".join(capsys.readouterr().out.split())
    n = made["pilot"]["n"]
    assert f"{n} queries were set aside to choose stakes" in shown
    assert f"stakes chosen on {n} queries set aside" in made["sentences"][0]
    assert "pilot" in power(folder=world.folder / "told").notes[0]
    world.account("--pairs", "all", out="untold")
    assert power(folder=world.folder / "untold").notes == ()


def test_a_fitted_temperature_has_the_same_queries(world):
    qrels = world.path("qrels.txt")
    asked = ("--temperature", "fit", "--qrels", qrels, "--pairs", "all")
    made = world.account(*asked, "--pilot", "0.25", out="fit")
    assert made["teacher"]["n_calibration"] == made["pilot"]["n"]
    assert made["teacher"]["calibration_share"] == 0.25
    alone = world.account(*asked, out="fit-alone")
    assert "pilot" not in alone
    assert alone["teacher"]["calibration_share"] == 0.2


def test_few_queries_have_no_pilot_and_clusters_are_never_parted(tmp_path):
    (tmp_path / "few").mkdir()
    few = make(tmp_path / "few", n_queries=14)
    assert "pilot" not in few.account("--pilot", "0.3")
    world = make(tmp_path, n_queries=60)
    clusters = {f"q{i:02d}": f"c{i // 2}" for i in range(60)}
    found = compare(
        world.teacher,
        groups={name: world.path(f"{name}.jsonl") for name in ("near", "far")},
        teacher_kind="logit",
        pairs="all",
        clusters=clusters,
        pilot=0.2,
        resamples=0,
    )
    assert found.pilot.n_clusters == round(0.2 * found.clusters / 0.8)
    kept = {clusters[row["qid"]] for row in found.beside["per_query"]}
    assert len(kept) == found.clusters
    [row] = found.rows
    assert row.stakes.n_pilot == found.pilot.n_clusters
    assert row.n == found.clusters


def test_students_have_stakes_of_their_own_and_training_queries_leave_the_pilot(world):
    asked = ("--student", f"strong={world.path('strong.run')}", "--quantity", "risk")
    made = world.account(*asked, "--pilot", "0.25", "--pairs", "all", out="risk")
    assert all(row["stakes"]["n_pilot"] > 0 for row in made["rows"])


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_is_one(share):
    with pytest.raises(DomainError, match="`pilot`"):
        CompareOptions(teacher="t", groups={"a": "a", "b": "b"}, pilot=share)
