"""bounds.lemmas: ranges hold against an adversary and are attained where tight."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.registry import statement
from tests import oracles

BOXES = [(0.3, 0.3), (1.0, 4.0), (4.0, 1.0), (0.5, 10.0), (12.0, 10.0)]
PREFERENCES = [0.0, 1e-6, 0.1, 0.5, 0.8, 1.0]


def value(key, *arguments):
    return statement(key).numpy()(*arguments)


@pytest.mark.parametrize("width", [0.0, 0.4, 3.0, 10.0])
@pytest.mark.parametrize("preference", PREFERENCES)
def test_lemma_2a_holds_and_is_attained(preference, width):
    losses = [oracles.pair_loss(preference, x) for x in np.linspace(-width, width, 401)]
    high = value("lemma-2a-upper", preference, width)
    low = value("lemma-2a-lower", preference, width)
    assert max(losses) <= high + 1e-12
    assert min(losses) >= low - 1e-12
    # the margin of size B that reverses the preference
    reverse = -width if preference >= 0.5 else width
    assert_allclose(oracles.pair_loss(preference, reverse), high, rtol=1e-10)
    # the admissible margin closest to the teacher's
    odds = (
        math.copysign(math.inf, preference - 0.5)
        if preference in (0, 1)
        else math.log(preference / (1 - preference))
    )
    closest = min(max(odds, -width), width)
    assert_allclose(oracles.pair_loss(preference, closest), low, rtol=1e-10)


def test_lemma_2a_at_an_even_preference_is_log_cosh():
    for width in (0.1, 1.0, 10.0):
        oscillation = value("lemma-2a-upper", 0.5, width)
        oscillation -= value("lemma-2a-lower", 0.5, width)
        assert_allclose(oscillation, math.log(math.cosh(width / 2)), rtol=1e-10)


def test_lemma_2a_outside_the_box_oscillates_linearly():
    # |logit p| = 4.6 > B = 2
    high, low = (value(f"lemma-2a-{end}", 0.99, 2.0) for end in ("upper", "lower"))
    assert_allclose(high - low, 0.98 * 2, rtol=1e-12)


@pytest.mark.parametrize(("teacher", "student"), BOXES)
def test_lemma_2b_holds_and_is_attained(teacher, student):
    low, high = (
        value(f"lemma-2b-{end}", teacher, student) for end in ("lower", "upper")
    )
    divergent = value("lemma-2b-divergence", teacher, student)
    losses, divergences = [], []
    for a in np.linspace(-teacher, teacher, 81):
        p = oracles.sigmoid(a)
        for m in np.linspace(-student, student, 81):
            losses.append(oracles.pair_loss(p, m))
            divergences.append(losses[-1] - oracles.entropy_of(p))
    assert low - 1e-12 <= min(losses)
    assert max(losses) <= high + 1e-12
    assert max(divergences) <= divergent + 1e-12
    p = oracles.sigmoid(teacher)
    assert_allclose(oracles.pair_loss(p, min(teacher, student)), low, rtol=1e-10)
    assert_allclose(oracles.pair_loss(p, -student), high, rtol=1e-10)
    assert_allclose(
        oracles.pair_loss(p, -student) - oracles.entropy_of(p), divergent, rtol=1e-9
    )


@pytest.mark.parametrize("width", [0.0, 0.5, 10.0, 1e6])
def test_lemma_2b_with_an_unknown_teacher_range_is_as_wide_as_b(width):
    low = value("lemma-2b-lower", math.inf, width)
    high = value("lemma-2b-upper", math.inf, width)
    assert_allclose(high - low, width, rtol=1e-15, atol=1e-15)
    assert_allclose(low, oracles.softplus(-width), rtol=1e-14)
    assert value("lemma-2b-divergence", math.inf, width) == high


@pytest.mark.parametrize("k", range(2, 10))
def test_cut_ratio_matches_every_split(k):
    assert_allclose(value("lemma-2c-cut-ratio", k), oracles.max_cut_share(k))


def test_cut_ratio_falls_to_one_half():
    ratios = value("lemma-2c-cut-ratio", np.arange(2, 5000))
    assert np.all(np.diff(ratios) <= 1e-15)
    assert 0.5 < ratios[-1] < 0.5002


@pytest.mark.parametrize("k", [2, 3, 4, 5, 16])
@pytest.mark.parametrize("width", [0.0, 0.7, 10.0, 1e4])
def test_lemma_2c_upper_is_attained_by_two_clusters_ranked_in_reverse(k, width):
    scores = [width] * (k // 2) + [0.0] * (k - k // 2)

    def certain_and_wrong(i, j):
        return 0.0 if scores[i] > scores[j] else 1.0 if scores[i] < scores[j] else 0.0

    attained = oracles.mean_pair_loss(certain_and_wrong, scores)
    ratio = value("lemma-2c-cut-ratio", k)
    assert_allclose(value("lemma-2c-upper", width, ratio), attained, rtol=1e-14)
    # with a certain teacher all of it is divergence
    assert_allclose(value("lemma-2c-divergence", width, ratio), attained, rtol=1e-14)


@pytest.mark.parametrize("width", [0.5, 3.0, 10.0])
def test_lemma_2c_holds_against_a_random_search(width):
    """Scores at ends, in clusters or anywhere, teachers certain, right, wrong, any."""
    rng = np.random.default_rng(17)
    least, most = 1.0, 0.0
    ends_of = {}
    for k in range(2, 8):
        ratio = oracles.max_cut_share(k)
        ends_of[k] = [value(f"lemma-2c-{e}", width, ratio) for e in ("lower", "upper")]
    for _ in range(3000):
        k = int(rng.integers(2, 8))
        ends = rng.integers(0, 2, k) * width
        scores = ends if rng.random() < 0.5 else rng.random(k) * width
        mood = rng.random()
        noise = rng.random((k, k))

        def teacher(i, j, scores=scores, mood=mood, noise=noise):
            right = float(scores[i] > scores[j])
            return right if mood < 0.3 else 1 - right if mood < 0.6 else noise[i, j]

        risk = oracles.mean_pair_loss(teacher, scores.tolist())
        low, high = ends_of[k]
        assert low - 1e-12 <= risk <= high + 1e-12
        least = min(least, (risk - low) / (high - low))
        most = max(most, (risk - low) / (high - low))
    # the search comes near both ends: the range cannot be much narrower
    assert most > 0.999
    assert least < 0.1


def test_lemma_2c_lower_is_loose_by_this_much():
    """The best student and teacher of 16 documents, B = 10: the bound is 1/77 of it."""
    scores = [10.0] * 8 + [0.0] * 8
    best = oracles.mean_pair_loss(lambda i, j: float(scores[i] > scores[j]), scores)
    bound = value("lemma-2c-lower", 10.0, 8 / 15)
    assert 65 < best / bound < 75


def test_lemma_2c_at_ten_and_sixteen():
    low, high = (value(f"lemma-2c-{end}", 10.0, 8 / 15) for end in ("lower", "upper"))
    assert_allclose([low, high], [0.0048, 5.6568], atol=5e-5)
    width = value("lemma-2c-width", 10.0, 8 / 15)
    assert_allclose(width, 5.652, atol=5e-4)
    assert_allclose(width, high - low, rtol=1e-15)


def test_lemma_2c_is_never_wider_than_one_pair():
    widths = np.linspace(0, 60, 601)
    for ratio in (0.5, 8 / 15, 2 / 3, 1.0):
        assert np.all(value("lemma-2c-width", widths, ratio) <= widths + 1e-12)
    star = value("lemma-2c-width", widths, 1.0)
    assert_allclose(star, widths, rtol=1e-13, atol=1e-14)
