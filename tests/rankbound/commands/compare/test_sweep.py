"""Temperatures and ranks: the same as asking for them, and order alone."""

import pytest
from numpy.testing import assert_allclose

from rankbound.commands.compare.sweep import FACTORS
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
    assert any("Fix it by likelihood" in line for line in account["advice"])


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
