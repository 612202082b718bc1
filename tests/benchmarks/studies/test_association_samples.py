import numpy as np

from benchmarks.studies import association
from benchmarks.studies.association import Setting, null_panel, study


def test_intervals_around_the_wrong_place_are_noticed(monkeypatch):
    monkeypatch.setattr(association.math, "asin", lambda r: -r)
    lines = study((Setting("coverage", 34, 0.6),), repetitions=40, workers=1)
    assert not any(line.passed for line in lines if "Pearson" not in line.what)


def test_p_values_without_permutations_are_noticed(monkeypatch):
    monkeypatch.setattr(
        association, "any_rejected", lambda p, _: np.array([p.min() <= 0.05])
    )
    [line] = study((Setting("family", 34),), repetitions=48, workers=1)
    assert not line.passed


def test_the_null_panel_has_ties_and_tails():
    panel = null_panel(200, np.random.default_rng(0))
    assert len(np.unique(panel.targets[:, 0])) < 20
    assert panel.terms[:, 0].max() > 10
