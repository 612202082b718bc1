from dataclasses import replace

import numpy as np
import pytest

from rankbound.commands.measure.measured import measured
from rankbound.commands.validate.panels import effectiveness_text, judge, panels_of
from rankbound.errors import UsageError
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.commands.validate.conftest import options_for


def test_targets_are_measures_and_losses(validation):
    panel = validation.panels[0]
    judged = validation.judged["toy"]
    assert panel.targets == ("nDCG@5", "AP", "loss of nDCG@5", "loss of AP")
    student, known = judged.systems["strong"].of(panel.qids)
    teacher, _ = judged.systems["teacher"].of(panel.qids)
    assert known.all()
    assert np.array_equal(panel.panel.targets[:, :2], student)
    assert np.array_equal(panel.panel.targets[:, 2:], teacher - student)


def test_covariates_are_the_teachers_same_measure_relevant_and_size(validation):
    panel, judged = validation.panels[0], validation.judged["toy"]
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


def test_relevant_counts_grades(toy):
    options = options_for(toy)
    for least in (1, 2):
        found = judge(options.cases[0], replace(options, relevant=least)).relevant
        wanted = {
            q: sum(g >= least for g in row.values()) for q, row in toy.qrels.items()
        }
        assert found == wanted


def test_queries_without_judgements_are_counted(tmp_path):
    world = make_world(tmp_path, n_queries=13)
    path = tmp_path / "qrels.txt"
    kept = [
        line for line in path.read_text().splitlines() if not line.startswith("q00")
    ]
    path.write_text("\n".join(kept) + "\n")
    options = options_for(world)
    case = options.cases[0]
    panels = panels_of(case, measured(case.measure), judge(case, options), options)
    assert panels[0].dropped == {"queries_without_judgements": 1}
    assert "q00" not in panels[0].qids


def test_few_queries_are_refused(tmp_path):
    options = options_for(make_world(tmp_path, n_queries=7))
    case = options.cases[0]
    with pytest.raises(UsageError, match="8 are needed"):
        panels_of(case, measured(case.measure), judge(case, options), options)


def test_effectiveness_is_a_long_table(validation):
    text = effectiveness_text(validation.judged)
    rows = [line.split("\t") for line in text.splitlines()]
    assert rows[0] == ["dataset", "student", "qid", "measure", "value"]
    assert len(rows) == 1 + 3 * 30 * 2
    frame = validation.effectiveness_frame()
    assert [float(row[4]) for row in rows[1:]] == frame["value"].tolist()
