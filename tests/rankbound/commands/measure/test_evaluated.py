"""Pairs block by block, means by group and query, limits at a level."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.limits import upper_limit
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.relevance import Evaluated
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores

TEACHER = {"p": {"a": 3.0, "b": 1.0, "c": 0.0}, "q": {"d": 2.0, "e": -1.0}}


@pytest.fixture
def student():
    scores = Scores.from_dict(TEACHER)
    groups = top_documents(scores, depth=3)
    values, _ = groups.scores_of(scores)
    return Evaluated(
        groups=groups, teacher=values, student=2 * values, pairs="all",
        level=Level(0.1, 2), high=5.0, score_range=8.0,
    )  # fmt: skip


def test_blocks_hold_every_pair_once_with_both_margins(student):
    found = np.empty(2)
    margins = []
    for block in student.blocks():
        found[block.groups] = block.means(block.teacher_margin)
        margins += block.teacher_margin[block.chosen].tolist()
        assert_allclose(
            block.student_margin[block.chosen], 2 * block.teacher_margin[block.chosen]
        )
    assert sorted(margins) == [1.0, 2.0, 3.0, 3.0]
    assert_allclose(found, [2.0, 3.0])
    assert_allclose(student.per_unit(found), [2.0, 3.0])


def test_pair_high_is_the_largest_loss_of_one_pair(student):
    assert_allclose(student.pair_high, np.logaddexp(0, 8.0))


def test_level_shares_delta_among_students_and_limits():
    values = np.linspace(0, 1, 60)
    wanted = upper_limit(values, low=0, high=1, delta=0.05 / 6)
    assert_allclose(Level(0.05, 2).upper(values, high=1.0, share=1 / 3), wanted)
    assert Level(0.05, 2).lower(values, high=1.0) < 0.5 < wanted
