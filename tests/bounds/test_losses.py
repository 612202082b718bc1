"""bounds.losses: ranges hold and are attained; marginMSE has no entropy."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import hoeffding
from rankbound.bounds.losses import loss_range
from rankbound.bounds.registry import statement
from tests import oracles


def value(key, *arguments):
    return statement(key).numpy()(*arguments)


@pytest.mark.parametrize("k", [2, 3, 16])
@pytest.mark.parametrize("width", [0.0, 0.7, 10.0])
def test_listwise_ends_are_attained_by_one_hot_teachers(k, width):
    sure = [1.0] + [0.0] * (k - 1)
    worst = oracles.cross_entropy(sure, [0.0] + [width] * (k - 1))
    best = oracles.cross_entropy(sure, [width] + [0.0] * (k - 1))
    assert_allclose(value("loss-listwise-upper", k, width), worst, rtol=1e-13)
    assert_allclose(value("loss-listwise-lower", k, width), best, rtol=1e-11)
    uniform = oracles.discrete_entropy([1 / k] * k)
    assert_allclose(value("loss-listwise-entropy", k), uniform, rtol=1e-14)


def test_listwise_range_holds_under_search_and_is_nearly_reached():
    rng, reach = np.random.default_rng(71), [1.0, 0.0]
    for _ in range(1500):
        k, width = int(rng.integers(2, 7)), float(rng.choice([0.3, 2.0, 9.0]))
        ends = rng.integers(0, 2, k) * width
        scores = ends if rng.random() < 0.6 else rng.random(k) * width
        target = oracles.softmax(rng.normal(size=k) * rng.choice([0.0, 1.0, 80.0]))
        loss = oracles.cross_entropy(target, scores.tolist())
        low, high = loss_range("listwise", score_range=width, group_size=k)
        assert low - 1e-12 <= loss <= high + 1e-12
        entropy = oracles.discrete_entropy(target)
        assert entropy <= value("loss-listwise-entropy", k) + 1e-12
        assert loss - entropy <= high + 1e-12
        at = (loss - low) / (high - low)
        reach = [min(reach[0], at), max(reach[1], at)]
    assert reach[0] < 0.01
    assert reach[1] > 0.99


def test_listwise_range_of_two_documents_is_the_range_of_a_pair():
    for width in (0.0, 1.0, 10.0):
        low, high = loss_range("listwise", score_range=width, group_size=2)
        assert_allclose(high, value("lemma-2b-upper", math.inf, width), rtol=1e-14)
        assert_allclose(low, value("lemma-2b-lower", math.inf, width), rtol=1e-12)


def test_listwise_range_is_wider_than_the_score_range():
    """The tempting range B is too narrow: 12.707 instead of 10 for 16 documents."""
    low, high = loss_range("listwise", score_range=10.0, group_size=16)
    assert_allclose(high - low, 12.7074, atol=1e-4)


def test_listwise_entropy_is_not_below_ln_2():
    assert value("loss-listwise-entropy", 16) > 4 * math.log(2) - 1e-12


def test_lce_is_cross_entropy_of_a_one_hot_teacher():
    rng = np.random.default_rng(72)
    for _ in range(50):
        scores = (rng.normal(size=5) * 4).tolist()
        margin = math.log(sum(math.exp(x) for x in scores[1:])) - scores[0]
        loss = oracles.cross_entropy([1.0, 0, 0, 0, 0], scores)
        assert_allclose(value("loss-lce", margin), loss, rtol=1e-10)


def test_margin_mse_holds_and_is_attained():
    rng = np.random.default_rng(73)
    a, m = rng.uniform(-3, 3, 4000), rng.uniform(-2, 2, 4000)
    bound = value("loss-mse", 3.0, 2.0)
    assert ((m - a) ** 2).max() <= bound
    assert bound == (-2.0 - 3.0) ** 2


@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_margin_mse_of_a_query_holds_and_is_attained(k):
    teacher_range, score_range = 3.0, 2.0
    bound = value(
        "loss-mse-query", oracles.max_cut_share(k), teacher_range, score_range
    )

    def mean_error(teacher, student):
        errors = [
            (student[i] - student[j] - teacher[i] + teacher[j]) ** 2
            for i in range(k)
            for j in range(i + 1, k)
        ]
        return sum(errors) / len(errors)

    half = k // 2
    teacher = [teacher_range] * half + [0.0] * (k - half)
    student = [0.0] * half + [score_range] * (k - half)
    assert_allclose(mean_error(teacher, student), bound, rtol=1e-14)
    rng = np.random.default_rng(74)
    for _ in range(500):
        g = rng.choice([0, 1, rng.random()], k) * teacher_range
        f = rng.choice([0, 1, rng.random()], k) * score_range
        assert mean_error(g, f) <= bound + 1e-12


def test_margin_mse_has_no_entropy_term():
    """A teacher without any certainty, entropy ln 2, whose student has loss zero."""
    assert oracles.entropy_of(oracles.sigmoid(0.0)) == math.log(2)
    best = min((0.0 - m) ** 2 for m in np.linspace(-1, 1, 201))
    assert best == 0.0
    assert (
        loss_range("margin_mse", score_range=1, group_size=2, teacher_range=0)[0] == 0
    )


def test_ranges_serve_the_limits():
    low, high = loss_range("margin_mse", score_range=2, group_size=4, teacher_range=1)
    limit = hoeffding([1.0, 2.0], low=low, high=high, delta=0.5)
    assert_allclose(limit, 1.5 + 6 * math.sqrt(math.log(2) / 4), rtol=1e-14)


@pytest.mark.parametrize(
    ("loss", "changes", "message"),
    [
        ("ranknet", {}, "`loss` must be one of listwise, lce, margin_mse"),
        ("lce", {"score_range": -1.0}, "score_range"),
        ("lce", {"group_size": 1}, "group_size"),
        ("margin_mse", {"teacher_range": math.inf}, "clip the teacher"),
        ("margin_mse", {"teacher_range": math.nan}, "clip the teacher"),
        ("margin_mse", {"group_size": 1}, "group_size"),
    ],
)
def test_impossible_ranges_are_refused(loss, changes, message):
    options = {"score_range": 1.0, "group_size": 4, "teacher_range": 1.0} | changes
    with pytest.raises(DomainError, match=message):
        loss_range(loss, **options)
