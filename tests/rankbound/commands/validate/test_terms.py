import numpy as np
import pytest

from rankbound.catalogue import QUANTITIES, TERMS
from rankbound.commands.validate.terms import baselines_of, terms_of


def both(validation):
    [measurement] = validation.measurements.values()
    return measurement, measurement.students[0]


def test_terms_are_measures_columns(validation):
    measurement, result = both(validation)
    found = terms_of(measurement, result)
    assert found.columns["entropy"] is result.terms.entropy_nats
    assert np.allclose(
        found.columns["risk"], found.columns["entropy"] + found.columns["divergence"]
    )
    steep = result.space.steepness[result.student.name].lipschitz
    assert np.allclose(found.columns["locality"], steep * result.terms.diameter)
    assert found.absent == {
        "kappa": "no probabilities in the groups and no target groups"
    }
    assert set(found.columns) <= set(TERMS)
    twins = {name: QUANTITIES[name].same_ranks_as for name in TERMS}
    assert {twin for twin in twins.values() if twin} <= set(TERMS)


def test_baselines_are_means_over_groups_by_hand(validation):
    measurement, result = both(validation)
    found = baselines_of(measurement, result, relevant=1)
    groups, teacher = result.student.groups, measurement.inputs.teacher
    values, _ = groups.scores_of(teacher)
    negative, variance = {}, {}
    for g, qid in enumerate(groups.group_qids()):
        rows = slice(*groups.offsets[g : g + 2])
        low = values[rows][~groups.positive[rows]]
        if len(low):
            negative.setdefault(qid, []).append(low.mean())
        variance.setdefault(qid, []).append(values[rows].var())
    for row, qid in enumerate(found.qids):
        assert found.score_variance[row] == pytest.approx(np.mean(variance[qid]))
        if qid in negative:
            assert found.negative_score[row] == pytest.approx(np.mean(negative[qid]))
