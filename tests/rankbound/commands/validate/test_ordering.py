import numpy as np
import pytest

from rankbound.bounds.limits import upper_limit
from rankbound.commands.validate.ordering import RISK, configurations


def test_terms_and_outcomes_are_of_different_queries(validation):
    values = validation.configurations.values
    assert [v["student"] for v in values] == ["strong", "gappy"]
    for value, panel in zip(values, validation.panels, strict=True):
        assert value["n_terms"] + value["n_held_out"] == len(panel.qids)
        risk, n = panel.column("risk"), len(panel.qids)
        total = value["n_held_out"] * value[RISK]
        total += value["n_terms"] * (value["bound"] - value["deviation"])
        assert total == pytest.approx(risk.mean() * n)


def test_the_bound_is_the_limit_of_the_first_half(validation):
    value, panel = validation.configurations.values[0], validation.panels[0]
    limits = panel.result.certificate.range
    risk = panel.column("risk")
    rng = np.random.default_rng([0, 1_000_003])
    qids = sorted(validation.judged["toy"].relevant)
    half = {qids[i] for i in rng.permutation(len(qids))[: len(qids) // 2]}
    first = np.array([qid in half for qid in panel.qids])
    wanted = upper_limit(risk[first], low=limits.low, high=limits.high, delta=0.05)
    assert value["bound"] == pytest.approx(wanted)
    system = validation.judged["toy"].systems["strong"]
    outside = np.array([qid not in half for qid in system.qids])
    assert value["nDCG@5"] == pytest.approx(system.values[outside, 0].mean())


def test_few_configurations_say_so(validation):
    found = validation.configurations
    assert {row["verdict"] for row in found.orders} == {"too few configurations"}
    assert all("too few" in row["missing_because"] for row in found.predictions)
    assert {row["kind"] for row in found.orders} == {"bound", "baseline"}
    expected = {row["target"]: row["expected"] for row in found.orders}
    assert expected == {RISK: "rises", "nDCG@5": "falls", "AP": "falls"}


def test_enough_configurations_are_ordered_and_predicted(validation):
    panels = validation.panels * 4
    found = configurations(panels, validation.judged, validation.options)
    rows = {(r["predictor"], r["target"]): r for r in found.orders}
    assert rows["bound", RISK]["n"] == 8
    assert rows["bound", RISK]["tau"] in (1.0, -1.0)
    assert rows["bound", RISK]["lower"] is not None
    made = [row for row in found.predictions if row["r2"] is not None]
    assert made[0]["features"] == ["bound", "locality", "entropy"]
    assert made[0]["r2"] > 0.9  # its like is among the others
