import pytest


def test_group_means_weigh_groups(samplings):
    from tests import oracles

    record = samplings.account()["samplings"][0]
    values = [
        oracles.pairwise_entropy([samplings.teacher[q][d] for d in docs])
        for q, docs in samplings.groups["near"]
    ]
    found = record["entropy"][0]
    assert found["group_mean"] == pytest.approx(sum(values) / len(values))
    assert found["mean"] != pytest.approx(found["group_mean"], rel=1e-6)
    assert record["n_groups"] == len(values)
