import numpy as np
import pytest

from rankbound.bounds.limits import upper_limit
from rankbound.commands.validate.configurations import configurations
from rankbound.commands.validate.records import RISK
from rankbound.validation.configurations import held_out


def test_terms_and_outcomes_are_of_different_queries(found):
    values = found.configurations.values
    assert [v.student for v in values] == ["strong", "gappy"]
    for value, panel in zip(values, found.panels, strict=True):
        assert value.n_terms + value.n_held_out == len(panel.qids)
        risk, n = panel.column("risk"), len(panel.qids)
        total = value.n_held_out * value.outcomes[RISK]
        total += value.n_terms * (value.bound - value.deviation)
        assert total == pytest.approx(risk.mean() * n)


def test_the_bound_is_the_limit_of_the_first_half(found):
    value, panel = found.configurations.values[0], found.panels[0]
    limits = panel.result.certificate.range
    risk = panel.column("risk")
    rng = np.random.default_rng([0, 1_000_003])
    qids = sorted(found.judged["toy"].relevant)
    half = {qids[i] for i in rng.permutation(len(qids))[: len(qids) // 2]}
    first = np.array([qid in half for qid in panel.qids])
    wanted = upper_limit(risk[first], low=limits.low, high=limits.high, delta=0.05)
    assert value.bound == pytest.approx(wanted)
    system = found.judged["toy"].systems["strong"]
    outside = np.array([qid not in half for qid in system.qids])
    assert value.outcomes["nDCG@5"] == pytest.approx(system.values[outside, 0].mean())


def test_few_configurations_say_so(found):
    made = found.configurations
    assert {row.verdict for row in made.orders} == {"too few configurations"}
    assert all("too few" in row.missing_because for row in made.predictions)
    assert {row.kind for row in made.orders} == {"bound", "baseline"}
    expected = {row.target: row.expected for row in made.orders}
    assert expected == {RISK: "rises", "nDCG@5": "falls", "AP": "falls"}


def test_enough_configurations_are_ordered_and_predicted(found):
    panels = found.panels * 4
    several = configurations(
        panels,
        found.judged,
        family=found.options.family,
        resamples=found.options.resamples,
        permutations=found.options.permutations,
        seed=0,
    )
    rows = {(r.predictor, r.target): r for r in several.orders}
    assert rows["bound", RISK].n == 8
    assert rows["bound", RISK].tau in (1.0, -1.0)
    assert rows["bound", RISK].lower is not None
    made = [row for row in several.predictions if row.r2 is not None]
    assert made[0].features == ("bound", "locality", "entropy")
    assert made[0].r2 > 0.9  # its like is among the others


def test_certificates_are_tried(found):
    for row in found.certificates:
        assert row.splits == 3
        assert row.held <= 3
        assert row.refuted == 0
        assert row.slack == pytest.approx(row.certificate - row.held_out)


def test_rows_are_means_over_the_splits(found):
    row, panel = found.certificates[0], found.panels[0]
    splits = held_out(
        panel.result.terms.risk_nats,
        loss_range=panel.result.certificate.range,
        delta=0.05,
        splits=3,
        rng=np.random.default_rng([0, 1_000_037, 0]),
    )
    assert row.certificate == pytest.approx(np.mean([s.certificate for s in splits]))
    assert row.held_out == pytest.approx(np.mean([s.risk for s in splits]))
    assert row.held == sum(s.holds for s in splits)
    assert row.n_half == len(panel.qids) // 2
