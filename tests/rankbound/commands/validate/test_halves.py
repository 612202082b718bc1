import numpy as np
import pytest

from rankbound.validation.holdout import held_out


def test_certificates_are_tried(validation):
    for row in validation.certificates:
        assert row["splits"] == 3
        assert row["held"] <= 3
        assert row["refuted"] == 0
        assert row["slack"] == pytest.approx(row["certificate"] - row["held_out"])


def test_rows_are_means_over_the_splits(validation):
    row, panel = validation.certificates[0], validation.panels[0]
    splits = held_out(
        panel.result.terms.risk_nats,
        loss_range=panel.result.certificate.range,
        delta=0.05,
        splits=3,
        rng=np.random.default_rng([0, 1_000_037, 0]),
    )
    assert row["certificate"] == pytest.approx(np.mean([s.certificate for s in splits]))
    assert row["held_out"] == pytest.approx(np.mean([s.risk for s in splits]))
    assert row["held"] == sum(s.holds for s in splits)
    assert row["n_half"] == len(panel.qids) // 2
