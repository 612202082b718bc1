import numpy as np
import pytest
from scipy.stats import spearmanr

from rankbound.commands.validate.associating import associations
from rankbound.commands.validate.options import POOLED
from rankbound.validation.judging import Family
from rankbound.validation.multiplicity import benjamini_hochberg, holm
from tests.rankbound.commands.validate.conftest import options_for

KEYS = {
    *("dataset", "student", "term", "measure", "n", "pearson", "spearman", "kendall"),
    *("lower", "upper", "p", "p_holm", "partial", "detectable", "verdict"),
}


def test_rows_hold_the_keys_and_scipys_values(validation):
    rows = validation.associations.rows
    assert len(rows) == 2 * 9 * 4
    for row in rows:
        assert set(row) >= KEYS
    for panel in validation.panels:
        for row in rows:
            if row["student"] == panel.student and row["p"] is not None:
                x = panel.column(row["term"])
                y = panel.panel.targets[:, panel.targets.index(row["measure"])]
                assert row["spearman"] == pytest.approx(spearmanr(x, y)[0], abs=1e-9)
                assert row["n"] == len(x)


def test_the_family_is_every_test_once(validation):
    rows = [r for r in validation.associations.rows if r["same_as"] is None]
    p = np.array([r["p"] for r in rows])
    assert validation.associations.n_tests == len(p) == 2 * 8 * 4
    assert [r["p_holm"] for r in rows] == pytest.approx(list(holm(p)))
    assert [r["p_bh"] for r in rows] == pytest.approx(list(benjamini_hochberg(p)))
    family = Family()
    for row in rows:
        assert row["detectable"] == family.detectable(row["n"], n_tests=len(p))
        if row["p_holm"] <= 0.05:
            assert row["verdict"] == "associated"


def test_locality_repeats_the_diameter(validation):
    rows = {
        (r["student"], r["term"], r["measure"]): r for r in validation.associations.rows
    }
    for (student, term, measure), row in rows.items():
        if term == "locality":
            twin = rows[student, "diameter", measure]
            assert row["spearman"] == pytest.approx(twin["spearman"])
            for name in ("p", "p_holm", "partial_p_holm", "verdict"):
                assert row[name] == twin[name]
            assert row["same_as"] == "diameter"


def test_permutations_reach_below_the_correction(validation):
    found = validation.associations
    assert found.n_tests / (found.permutations + 1) < 0.05 / 2


def test_pools_join_data_sets(pooled):
    rows = pooled.associations.rows
    names = {r["dataset"] for r in rows}
    assert names == {"toy", "more", POOLED}
    for row in rows:
        same = [
            r
            for r in rows
            if (r["student"], r["term"], r["measure"])
            == (row["student"], row["term"], row["measure"])
            and r["dataset"] != POOLED
        ]
        if row["dataset"] == POOLED:
            n = sum(r["n"] for r in same)
            wanted = sum(r["n"] * r["spearman"] for r in same) / n
            assert row["spearman"] == pytest.approx(wanted)
            assert row["heterogeneity"]["q"] >= 0
        else:
            assert row["heterogeneity"] is None


def test_another_correction_decides_the_verdicts(validation, toy):
    options = options_for(toy, family=Family(delta=0.9, correction="bh", band=0.3))
    found = associations(validation.panels, options, progress=str)
    for row in found.rows:
        assert (row["verdict"] == "associated") == (row["p_bh"] <= 0.9)
