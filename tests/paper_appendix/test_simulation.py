"""paper_appendix.comparison: the terms against a loop, and the law as described."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from paper_appendix import comparison
from paper_appendix.comparison import CHUNK, WEAK_NOISE, _scores, simulate
from paper_appendix.document import SECTIONS


def test_terms_against_a_loop():
    drawn = simulate(4, np.random.default_rng(3), noise=WEAK_NOISE)
    entropy, divergence = drawn.entropy, drawn.divergence
    teacher, student = _scores(4, np.random.default_rng(3), WEAK_NOISE)
    for row in range(4):
        values = []
        for i in range(16):
            for j in range(i):
                p = 1 / (1 + math.exp(teacher[row, j] - teacher[row, i]))
                s = 1 / (1 + math.exp(student[row, j] - student[row, i]))
                h = -p * math.log(p) - (1 - p) * math.log(1 - p)
                loss = -p * math.log(s) - (1 - p) * math.log(1 - s)
                values.append((h, loss - h))
        assert_allclose([entropy[row], divergence[row]], np.mean(values, axis=0))


@pytest.mark.statistical
def test_moments_are_those_that_the_text_states():
    """False alarms below one in a thousand: four standard errors of each moment."""
    drawn = simulate(20_000, np.random.default_rng(11))
    root = math.sqrt(20_000)
    assert abs(drawn.entropy.mean() - 0.4180) < 4 * drawn.entropy.std() / root
    assert abs(drawn.divergence.mean() - 0.0643) < 4 * drawn.divergence.std() / root
    assert abs(drawn.risk.std() - 0.104) < 0.003


def test_scores_have_the_range_that_is_claimed():
    _, student = _scores(5_000, np.random.default_rng(0), WEAK_NOISE)
    assert np.ptp(student, axis=1).max() <= 10.0
    assert np.ptp(student, axis=1).max() == 10.0  # the range is used


def test_seeds_decide_and_chunks_do_not_lose_queries():
    one, two = (simulate(CHUNK + 7, np.random.default_rng(5)) for _ in range(2))
    assert_allclose(one.risk, two.risk, rtol=0)
    assert one.risk.shape == (CHUNK + 7,)
    assert len(set(one.risk)) == CHUNK + 7


def test_smaller_scores_are_less_certain():
    full, small = (
        simulate(500, np.random.default_rng(1), score_range=b) for b in (10.0, 4.0)
    )
    assert (small.entropy > full.entropy).all()


def test_the_text_states_the_simulation_in_full():
    text = " ".join((SECTIONS / "variants.md").read_text().split())
    for number in (
        comparison.TEACHER_SPREAD,
        comparison.QUERY_SPREAD,
        comparison.STUDENT_NOISE,
    ):
        assert f"{number:.4f}" in text
    assert f"the noise ${comparison.WEAK_NOISE}$" in text
    assert f"${comparison.GROUP_SIZE}$ documents" in text
    assert f"at least ${comparison.SCORE_RANGE:g}$ below" in text
