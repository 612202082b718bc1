"""estimators.pairwise: loops, libraries, slopes, and what must not matter."""

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.estimators.pairs import PAIR_SETS
from rankbound.estimators.pairwise import (
    NATS_PER_BIT,
    pairwise_divergence_nats,
    pairwise_entropy,
    pairwise_entropy_nats,
    pairwise_risk_nats,
)
from tests import oracles, strategies

OF_TWO = [pairwise_divergence_nats, pairwise_risk_nats]
TEMPERATURES = st.sampled_from([0.25, 0.5, 1.0, 3.0, 40.0])


def several(teacher, student, **options):
    """All three quantities of the same group or groups."""
    return [
        pairwise_entropy_nats(teacher, **options),
        pairwise_divergence_nats(teacher, student, **options),
        pairwise_risk_nats(teacher, student, **options),
    ]


@pytest.mark.parametrize("pairs", PAIR_SETS)
@pytest.mark.parametrize("seed", range(5))
def test_pairwise_quantities_match_loops(pairs, seed):
    rng = np.random.default_rng(seed)
    k = 4 + seed
    teacher, student = rng.normal(size=(2, k)) * 3
    teacher[1] = teacher[2]
    positive = np.arange(k) % k < 2  # two positives, then negatives
    kind = {"temperature": 0.7, "positive": positive, "pairs": pairs}
    expected = [
        oracles.pairwise_entropy(teacher.tolist(), **kind),
        oracles.pairwise_divergence(teacher.tolist(), student.tolist(), **kind),
        oracles.pairwise_risk(teacher.tolist(), student.tolist(), **kind),
    ]
    assert_allclose(several(teacher, student, **kind), expected, rtol=1e-12)


@given(scores=strategies.score_pairs(largest=600), temperature=TEMPERATURES)
def test_risk_is_entropy_plus_divergence(scores, temperature):
    entropy, divergence, risk = several(*map(np.array, scores), temperature=temperature)
    assert_allclose(entropy + divergence, risk, rtol=1e-12, atol=1e-300)
    assert 0 <= entropy <= math.log(2) + 1e-15
    assert divergence >= 0


def test_risk_is_entropy_plus_divergence_far_from_zero():
    rng = np.random.default_rng(4)
    teacher, student = 1e6 + rng.normal(size=(2, 30, 16)) * 5
    student[0] = teacher[0] + 1e-9 * rng.normal(size=16)
    entropy, divergence, risk = several(teacher, student)
    assert_allclose(entropy + divergence, risk, rtol=1e-12)
    # A millionth apart, of scores with ten digits after the point: still no noise
    assert 0 < divergence[0] < 1e-17


@given(scores=strategies.score_pairs(), shift=st.integers(-(10**6), 10**6))
def test_shift_of_a_group_changes_nothing(scores, shift):
    teacher, student = map(np.array, scores)
    assert_allclose(
        several(teacher + shift, student - 2 * shift),
        several(teacher, student),
        rtol=1e-15,
    )


@given(scores=strategies.score_pairs(), seed=st.integers(0, 99))
def test_order_of_the_documents_changes_nothing(scores, seed):
    teacher, student = map(np.array, scores)
    order = np.random.default_rng(seed).permutation(len(teacher))
    positive = np.arange(len(teacher)) < 1
    for pairs in ("all", "pos-neg"):
        assert_allclose(
            several(
                teacher[order], student[order], positive=positive[order], pairs=pairs
            ),
            several(teacher, student, positive=positive, pairs=pairs),
            rtol=1e-13,
            atol=1e-300,
        )


@given(scores=strategies.score_pairs(), power=st.integers(-5, 5))
def test_scaling_the_scores_is_dividing_the_temperature(scores, power):
    teacher, student = map(np.array, scores)
    factor = 2.0**power
    assert_allclose(
        several(teacher * factor, student),
        several(teacher, student, temperature=1 / factor),
        rtol=1e-15,
    )


@given(scores=strategies.score_pairs())
def test_reversal_of_both_models_changes_nothing(scores):
    teacher, student = map(np.array, scores)
    assert_allclose(
        several(-teacher, -student), several(teacher, student), rtol=1e-13, atol=1e-300
    )


@given(scores=strategies.score_lists(), k=st.integers(2, 9))
def test_entropy_is_at_most_that_of_ties(scores, k):
    assert_allclose(pairwise_entropy_nats(np.full(k, 3.7)), math.log(2), rtol=1e-15)
    assert_allclose(pairwise_entropy(np.full(k, -1e6)), 1.0, rtol=1e-15)
    entropy = pairwise_entropy_nats(np.array(scores))
    assert entropy <= math.log(2) * (1 + 1e-15)
    assert_allclose(pairwise_entropy(scores), entropy / NATS_PER_BIT, rtol=1e-15)


@given(scores=strategies.score_lists())
def test_entropy_is_monotone_in_temperature(scores):
    ladder = [0.1, 0.5, 1.0, 2.0, 10.0, 1e3, 1e9]
    found = [pairwise_entropy_nats(np.array(scores), temperature=t) for t in ladder]
    assert np.all(np.diff(found) >= -1e-15)
    assert_allclose(found[-1], math.log(2), rtol=1e-12)


@given(scores=strategies.score_pairs())
def test_constant_student_has_risk_ln_2(scores):
    teacher = np.array(scores[0])
    risk = pairwise_risk_nats(teacher, np.full(len(teacher), 5.5))
    assert_allclose(risk, math.log(2), rtol=1e-14)


@given(scores=strategies.score_lists())
def test_divergence_from_itself_is_zero(scores):
    assert pairwise_divergence_nats(np.array(scores), np.array(scores)) == 0


@given(
    sizes=strategies.group_sizes(least=2),
    padding=st.sampled_from([np.nan, np.inf, 1e300, -1e6]),
    seed=st.integers(0, 99),
)
def test_padding_changes_nothing(sizes, padding, seed):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    flat = rng.normal(size=(2, offsets[-1])) * 4
    mask = np.arange(max(sizes)) < np.array(sizes)[:, None]
    teacher, student = np.full((2, *mask.shape), padding)
    teacher[mask], student[mask] = flat
    found = several(teacher, student, mask=mask)
    for group, (start, stop) in enumerate(pairwise(offsets)):
        alone = several(flat[0, start:stop], flat[1, start:stop])
        assert_allclose([value[group] for value in found], alone, rtol=1e-13)


def test_pairwise_quantities_keep_library_and_type(library):
    rng = np.random.default_rng(6)
    teacher, student = rng.normal(size=(2, 3, 5)) * 2
    mask = np.arange(5) < np.array([[5], [2], [3]])
    expected = several(teacher, student, mask=mask)
    found = several(*library.arrays(teacher, student), mask=library.make(mask))
    for value, wanted in zip(found, expected, strict=True):
        assert isinstance(value, library.kind)
        assert_allclose(np.asarray(value), wanted, rtol=library.rtol)
    halves = [library.make(side.astype(np.float32)) for side in (teacher, student)]
    for value, wanted in zip(
        several(*halves, mask=library.make(mask)), expected, strict=True
    ):
        assert isinstance(value, library.kind)
        assert str(value.dtype).endswith("float32")
        assert_allclose(np.asarray(value), wanted, rtol=1e-5)


def test_float32_scores_are_subtracted_in_float64():
    teacher = np.array([18.0, 0.0], dtype=np.float32)
    expected = oracles.pairwise_entropy([18.0, 0.0])
    assert_allclose(pairwise_entropy_nats(teacher), expected, rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, np.uint8])
def test_half_precision_and_integers_become_float64(dtype):
    teacher = np.array([5, 0, 2], dtype=dtype)
    found = pairwise_entropy_nats(teacher)
    assert found.dtype == np.float64
    assert_allclose(found, oracles.pairwise_entropy([5, 0, 2]), rtol=1e-13)
    whole = torch.asarray([5, 0, 2])
    assert pairwise_entropy_nats(whole).dtype == torch.float64


def test_lists_are_accepted():
    assert_allclose(
        pairwise_risk_nats([1, 0, 2], [0.5, 0.0, 3.0]),
        oracles.pairwise_risk([1, 0, 2], [0.5, 0.0, 3.0]),
        rtol=1e-13,
    )


def test_pairwise_quantities_match_scipy():
    rng = np.random.default_rng(8)
    teacher, student = rng.normal(size=(2, 6)) * 2
    first, second = np.triu_indices(6, 1)
    p = scipy.special.expit(teacher[first] - teacher[second])
    s = scipy.special.expit(student[first] - student[second])
    entropy = np.mean(scipy.special.entr(p) + scipy.special.entr(1 - p))
    kl = scipy.special.rel_entr(p, s) + scipy.special.rel_entr(1 - p, 1 - s)
    assert_allclose(pairwise_entropy_nats(teacher), entropy, rtol=1e-12)
    assert_allclose(pairwise_divergence_nats(teacher, student), kl.mean(), rtol=1e-12)


@pytest.mark.parametrize("student", [[0.3, -1.0, 2.0, 0.1], [0.0] * 4, [2.0, 2, 0, 0]])
def test_slope_of_the_risk_matches_torch_and_a_loop(student):
    teacher = [2.0, -1.0, 0.5, 0.5]
    leaf = torch.tensor(student, dtype=torch.float64, requires_grad=True)
    pairwise_risk_nats(torch.tensor(teacher, dtype=torch.float64), leaf).backward()
    expected = oracles.risk_gradient(teacher, student)
    assert_allclose(leaf.grad.numpy(), expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("function", OF_TWO)
@pytest.mark.parametrize("tied", [False, True])
def test_slopes_match_finite_differences(function, tied):
    rng = np.random.default_rng(9)
    teacher, student = torch.asarray(rng.normal(size=(2, 3, 4)) * 2)
    if tied:
        student[0], teacher[1] = 0.0, 1.0
    mask = torch.asarray(np.arange(4) < np.array([[4], [3], [2]]))
    teacher[2, 2:] = torch.nan  # padding must not poison the slopes
    sides = (teacher.requires_grad_(), student.requires_grad_())

    def masked(a, m):
        return function(torch.where(mask, a, torch.nan), m, mask=mask)

    assert torch.autograd.gradcheck(lambda a, m: masked(a, m)[:2], sides)
    masked(*sides).sum().backward()
    assert bool(torch.all(torch.isfinite(student.grad)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_head_that_begins_at_zero_learns_from_scores_of_any_size(dtype):
    """Sparse encoders give scores of 100,000; all of the student's margins are ties."""
    teacher = np.linspace(57_989.0, 160_300.0, 5)
    features = torch.eye(5, dtype=dtype)
    head = torch.zeros(5, dtype=dtype, requires_grad=True)
    pairwise_divergence_nats(
        torch.tensor(teacher, dtype=dtype), features @ head
    ).backward()
    expected = oracles.risk_gradient(teacher.tolist(), [0.0] * 5)
    assert_allclose(head.grad.numpy(), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("student", [[0.3, -1.0, 2.0], [0.0, 0.0, 0.0]])
def test_slope_of_the_risk_matches_under_jax(student):
    teacher = [2.0, -1.0, 0.5]
    slope = jax.jit(jax.grad(pairwise_risk_nats, argnums=1))
    found = slope(jnp.asarray(teacher), jnp.asarray(student))
    expected = oracles.risk_gradient(teacher, student)
    assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-7)
    # The entropy does not depend on the student: both slopes are the same
    slope = jax.jit(jax.grad(pairwise_divergence_nats, argnums=1))
    found = slope(jnp.asarray(teacher), jnp.asarray(student))
    assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", OF_TWO)
def test_jit_changes_nothing(function):
    rng = np.random.default_rng(10)
    teacher, student = jnp.asarray(rng.normal(size=(2, 4, 6)))
    mask = jnp.asarray(np.arange(6) < np.array([[6], [2], [3], [4]]))
    compiled = jax.jit(lambda a, m, keep: function(a, m, mask=keep))
    assert_allclose(
        np.asarray(compiled(teacher, student, mask)),
        np.asarray(function(teacher, student, mask=mask)),
        rtol=1e-5,
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pairwise_quantities_reject_scores_that_are_not_finite(library, bad):
    good = library.make(np.zeros((2, 3)))
    scores = np.zeros((2, 3))
    scores[1, 0] = bad
    wrong = library.make(scores)
    for call in (
        lambda: pairwise_entropy_nats(wrong),
        lambda: pairwise_risk_nats(good, wrong),
        lambda: pairwise_divergence_nats(wrong, good),
    ):
        with pytest.raises(DomainError, match=r"finite, got .* at index \(1, 0\)"):
            call()


def test_pairwise_quantities_reject_what_has_no_pairs():
    with pytest.raises(DomainError, match="two documents"):
        pairwise_entropy_nats([1.0])
    with pytest.raises(DomainError, match="two documents"):
        pairwise_entropy_nats(np.float64(1.0))
    with pytest.raises(DomainError, match="same groups"):
        pairwise_risk_nats(np.zeros(3), np.zeros(4))
    mask, positive = np.array([[True, True], [True, False]]), np.array([[True, True]])
    with pytest.raises(DomainError, match="group 1 has no pair"):
        pairwise_entropy_nats(np.zeros((2, 2)), mask=mask)
    with pytest.raises(DomainError, match="group 0 has no pair"):
        pairwise_entropy_nats(np.zeros((1, 2)), positive=positive, pairs="pos-neg")
    with pytest.raises(DomainError, match="needs `positive`"):
        pairwise_risk_nats(np.zeros(3), np.zeros(3), pairs="pos-neg")


@pytest.mark.parametrize("temperature", [0, -1, np.nan])
def test_pairwise_quantities_reject_temperatures(temperature):
    for call in (pairwise_entropy_nats, pairwise_entropy):
        with pytest.raises(DomainError, match="temperature"):
            call(np.zeros(3), temperature=temperature)
    for call in OF_TWO:
        with pytest.raises(DomainError, match="temperature"):
            call(np.zeros(3), np.zeros(3), temperature=temperature)


@given(scores=strategies.score_pairs())
def test_more_confident_student_of_the_right_order_is_not_free(scores):
    """Risk is convex along the student's scale, so its slope rises."""
    teacher, student = map(np.array, scores)
    assume(np.ptp(student) > 0)
    risks = [pairwise_risk_nats(teacher, student * x) for x in np.linspace(0, 2, 9)]
    assert np.all(np.diff(risks, 2) >= -1e-12 * max(1.0, max(risks)))
