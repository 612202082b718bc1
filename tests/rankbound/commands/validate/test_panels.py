import numpy as np
import pytest

from rankbound.catalogue import QUANTITIES, TERMS
from rankbound.commands.measure.measured import measured
from rankbound.commands.validate.panels import baselines_of, panels_of, terms_of
from rankbound.errors import UsageError
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.commands.validate.conftest import judged_of, options_for


def both(found):
    [measured] = found.measured.values()
    return measured, measured.students[0]


def test_terms_are_measures_columns(found):
    measured, result = both(found)
    made = terms_of(measured, result)
    assert made.columns["entropy"] is result.terms.entropy_nats
    assert np.allclose(
        made.columns["risk"], made.columns["entropy"] + made.columns["divergence"]
    )
    steep = result.space.steepness[result.student.name].lipschitz
    assert np.allclose(made.columns["locality"], steep * result.terms.diameter)
    assert made.absent == {
        "kappa": "no probabilities in the groups and no target groups"
    }
    assert set(made.columns) <= set(TERMS) <= set(QUANTITIES)


def test_baselines_are_means_over_groups_by_hand(found):
    measured, result = both(found)
    made = baselines_of(measured, result, relevant=1)
    groups, teacher = result.student.groups, measured.inputs.teacher
    values, _ = groups.scores_of(teacher)
    negative, variance = {}, {}
    for g, qid in enumerate(groups.group_qids()):
        rows = slice(*groups.offsets[g : g + 2])
        low = values[rows][~groups.positive[rows]]
        if len(low):
            negative.setdefault(qid, []).append(low.mean())
        variance.setdefault(qid, []).append(values[rows].var())
    for row, qid in enumerate(made.qids):
        assert made.score_variance[row] == pytest.approx(np.mean(variance[qid]))
        if qid in negative:
            assert made.negative_score[row] == pytest.approx(np.mean(negative[qid]))


def test_targets_are_measures_and_losses(found):
    panel = found.panels[0]
    judged = found.judged["toy"]
    assert panel.targets == ("nDCG@5", "AP", "loss of nDCG@5", "loss of AP")
    student, known = judged.systems["strong"].of(panel.qids)
    teacher, _ = judged.systems["teacher"].of(panel.qids)
    assert known.all()
    assert np.array_equal(panel.panel.targets[:, :2], student)
    assert np.array_equal(panel.panel.targets[:, 2:], teacher - student)


def test_covariates_are_the_teachers_same_measure_relevant_and_size(found):
    panel, judged = found.panels[0], found.judged["toy"]
    teacher, _ = judged.systems["teacher"].of(panel.qids)
    given = panel.panel.given
    assert np.array_equal(given[:, :2], teacher)
    assert given[:, 2].tolist() == [judged.relevant[qid] for qid in panel.qids]
    assert (
        panel.panel.uses.tolist()
        == [
            [True, False, True, True],
            [False, True, True, True],
        ]
        * 2
    )


def test_queries_without_judgements_are_counted(tmp_path):
    world = make_world(tmp_path, n_queries=13)
    path = tmp_path / "qrels.txt"
    kept = [
        line for line in path.read_text().splitlines() if not line.startswith("q00")
    ]
    path.write_text("\n".join(kept) + "\n")
    options = options_for(world)
    case = options.cases[0]
    panels = panels_of(case, measured(case.measure), judged_of(options), relevant=1)
    assert panels[0].dropped == {"queries_without_judgements": 1}
    assert "q00" not in panels[0].qids


def test_few_queries_are_refused(tmp_path):
    options = options_for(make_world(tmp_path, n_queries=7))
    case = options.cases[0]
    with pytest.raises(UsageError, match="at least 8 queries need both terms"):
        panels_of(case, measured(case.measure), judged_of(options), relevant=1)
