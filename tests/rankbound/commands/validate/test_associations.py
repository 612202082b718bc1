from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from rankbound.commands.validate.associations import associations, dependence
from rankbound.commands.validate.records import POOLED
from rankbound.validation.judging import Family
from rankbound.validation.resampling import benjamini_hochberg, holm


def test_rows_hold_scipys_values(found):
    rows = found.associations.rows
    assert len(rows) == 2 * 9 * 4
    for panel in found.panels:
        for row in rows:
            if row.student == panel.student and row.p is not None:
                x = panel.column(row.term)
                y = panel.panel.targets[:, panel.targets.index(row.measure)]
                assert row.spearman == pytest.approx(spearmanr(x, y)[0], abs=1e-9)
                assert row.n == len(x)


def test_the_family_is_every_test_once(found):
    rows = [r for r in found.associations.rows if r.same_as is None]
    p = np.array([r.p for r in rows])
    assert found.associations.n_tests == len(p) == 2 * 8 * 4
    assert [r.p_holm for r in rows] == pytest.approx(list(holm(p)))
    assert [r.p_bh for r in rows] == pytest.approx(list(benjamini_hochberg(p)))
    family = Family()
    for row in rows:
        assert row.detectable == family.detectable(row.n, n_tests=len(p))
        if row.p_holm <= 0.05:
            assert row.verdict == "associated"


def test_locality_repeats_the_diameter(found):
    rows = {(r.student, r.term, r.measure): r for r in found.associations.rows}
    for (student, term, measure), row in rows.items():
        if term == "locality":
            twin = rows[student, "diameter", measure]
            assert row.spearman == pytest.approx(twin.spearman)
            for name in ("p", "p_holm", "partial_p_holm", "verdict"):
                assert getattr(row, name) == getattr(twin, name)
            assert row.same_as == "diameter"


def test_a_locality_of_zero_has_no_test(found):
    """The Lipschitz constant of a student that scores all documents alike is 0."""
    panel = found.panels[0]
    terms = panel.panel.terms.copy()
    terms[:, panel.names.index("locality")] = 0.0
    made = associations(
        [replace(panel, panel=replace(panel.panel, terms=terms))],
        family=Family(),
        resamples=50,
        permutations=99,
        seed=0,
        progress=str,
    )
    [*flat] = (row for row in made.rows if row.term == "locality")
    assert flat
    for row in flat:
        assert row.spearman is row.p is row.p_holm is row.partial_p is None
        assert row.same_as is None
    assert made.n_tests == sum(row.p is not None for row in made.rows) == 8 * 4


def test_permutations_reach_below_the_correction(found):
    made = found.associations
    assert made.n_tests / (made.permutations + 1) < 0.05 / 2


def test_pools_join_data_sets(pooled):
    rows = pooled.per_query
    names = {r.dataset for r in rows}
    assert names == {"toy", "more", POOLED}
    for row in rows:
        same = [
            r
            for r in rows
            if (r.student, r.term, r.measure) == (row.student, row.term, row.measure)
            and r.dataset != POOLED
        ]
        if row.dataset == POOLED:
            n = sum(r.n for r in same)
            wanted = sum(r.n * r.spearman for r in same) / n
            assert row.spearman == pytest.approx(wanted)
            assert row.heterogeneity.q >= 0
        else:
            assert row.heterogeneity is None


def test_another_correction_decides_the_verdicts(found):
    family = Family(delta=0.9, correction="bh", band=0.3)
    made = associations(
        found.panels,
        family=family,
        resamples=200,
        permutations=199,
        seed=0,
        progress=str,
    )
    for row in made.rows:
        assert (row.verdict == "associated") == (row.p_bh <= 0.9)


def test_every_panel_with_vectors_has_a_row(found):
    rows = found.dependence
    assert [row.student for row in rows] == ["strong", "gappy"]
    assert [row.p_adjusted for row in rows] == pytest.approx(
        list(holm([row.p for row in rows]))
    )
    assert all(0 <= row.expected <= 1 for row in rows)
    assert rows[0].permutations == 199


def test_the_same_columns_are_tested_once(found):
    first = found.panels[0]
    rows = dependence(
        [first, first], family=found.options.family, permutations=199, seed=0
    )
    assert rows[0].p == rows[1].p


def test_a_constant_column_has_a_reason(found):
    panel = found.panels[0]
    kept = panel.panel.terms.copy()
    panel.panel.terms[:, panel.names.index("diameter")] = 1.0
    try:
        [row] = dependence(
            [panel], family=found.options.family, permutations=199, seed=0
        )
    finally:
        panel.panel.terms[:] = kept
    assert row.p is row.distance_correlation is row.p_adjusted is None
    assert "the same for every query" in row.missing_because
