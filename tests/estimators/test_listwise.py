"""estimators.listwise: loops, libraries, and the inputs that broke others."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.estimators.listwise import (
    list_divergence_nats,
    list_entropy,
    list_entropy_nats,
)
from rankbound.estimators.pairwise import (
    pairwise_divergence_nats,
    pairwise_entropy_nats,
)
from tests import oracles, strategies


@given(scores=strategies.score_pairs(least=1), temperature=st.sampled_from([0.5, 1, 7]))
def test_list_quantities_match_loops(scores, temperature):
    teacher, student = scores
    assert_allclose(
        list_entropy_nats(np.array(teacher), temperature=temperature),
        oracles.list_entropy(teacher, temperature),
        rtol=1e-12,
        atol=1e-15,
    )
    assert_allclose(
        list_divergence_nats(*map(np.array, scores), temperature=temperature),
        oracles.list_divergence(teacher, student, temperature),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("scores", [[3, -1, -1], [0, 1, 2], [-5, -4.999], [0, 0, 0]])
def test_list_entropy_holds_where_scores_are_not_shares(scores):
    # Dividing scores by their sum gives NaN or nonsense for each of these
    expected = scipy.stats.entropy(scipy.special.softmax(scores))
    assert_allclose(list_entropy_nats(scores), expected, rtol=1e-12)
    assert_allclose(list_entropy(scores), expected / math.log(2), rtol=1e-12)


@given(scores=strategies.score_pairs(), shift=st.integers(-(10**6), 10**6))
def test_shift_of_a_list_changes_nothing(scores, shift):
    teacher, student = map(np.array, scores)
    assert list_entropy_nats(teacher + shift) == list_entropy_nats(teacher)
    found = list_divergence_nats(teacher + shift, student - shift)
    assert found == list_divergence_nats(teacher, student)


@given(scores=strategies.score_pairs(), seed=st.integers(0, 99))
def test_order_of_the_list_changes_nothing(scores, seed):
    teacher, student = map(np.array, scores)
    order = np.random.default_rng(seed).permutation(len(teacher))
    assert_allclose(
        list_entropy_nats(teacher[order]), list_entropy_nats(teacher), rtol=1e-13
    )
    assert_allclose(
        list_divergence_nats(teacher[order], student[order]),
        list_divergence_nats(teacher, student),
        rtol=1e-11,
        atol=1e-30,
    )


@given(scores=strategies.score_lists(least=1))
def test_list_entropy_is_at_most_ln_k_and_monotone_in_temperature(scores):
    ladder = [0.1, 1.0, 3.0, 100.0, 1e9]
    found = [list_entropy_nats(np.array(scores), temperature=t) for t in ladder]
    assert np.all(np.diff(found) >= -1e-14)
    assert found[0] >= 0
    assert found[-1] <= math.log(len(scores)) * (1 + 1e-14)
    assert_allclose(found[-1], math.log(len(scores)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("gap", [0.0, 1e-7, 0.3, 20.0, 40.0, 300.0])
def test_list_of_two_reduces_to_the_pair(gap):
    teacher, student = np.array([gap, 0.0]), np.array([0.0, 1.5 * gap + 1e-6])
    expected = pairwise_entropy_nats(teacher)
    assert_allclose(list_entropy_nats(teacher), expected, rtol=1e-14)
    assert_allclose(
        list_divergence_nats(teacher, student),
        pairwise_divergence_nats(teacher, student),
        rtol=1e-9,  # at a difference of 1e-6 the list keeps nine digits
    )


@given(scores=strategies.score_pairs(least=1))
def test_list_divergence_is_zero_only_for_equal_lists(scores):
    teacher, student = map(np.array, scores)
    assert list_divergence_nats(teacher, teacher) == 0
    assert list_divergence_nats(teacher, student) >= 0


def test_list_divergence_keeps_digits_of_close_lists():
    # sum p d^2 / 2 - (sum p d)^2 / 2, with the next terms a factor 1e-9 below
    rng = np.random.default_rng(0)
    teacher, step = rng.normal(size=(2, 6))
    p = np.array(oracles.softmax(teacher.tolist()))
    expected = 0.5e-18 * (np.sum(p * step**2) - np.sum(p * step) ** 2)
    student = teacher + 1e-9 * step
    # rounding of the scores themselves limits what can be asked for
    assert_allclose(list_divergence_nats(teacher, student), expected, rtol=1e-5)


def test_list_quantities_match_torch():
    rng = np.random.default_rng(1)
    teacher, student = torch.asarray(rng.normal(size=(2, 5, 9)) * 4)
    log_p, log_q = (torch.log_softmax(side, dim=-1) for side in (teacher, student))
    kl = torch.nn.functional.kl_div(log_q, log_p, log_target=True, reduction="none")
    assert_allclose(
        list_divergence_nats(teacher, student).numpy(), kl.sum(dim=-1), rtol=1e-12
    )
    entropy = torch.distributions.Categorical(logits=teacher).entropy()
    assert_allclose(list_entropy_nats(teacher).numpy(), entropy, rtol=1e-12)


@pytest.mark.parametrize("padding", [np.nan, np.inf, 1e30])
def test_list_quantities_ignore_padding(library, padding):
    rng = np.random.default_rng(2)
    teacher, student = rng.normal(size=(2, 3, 5))
    sizes = [5, 1, 3]
    mask = np.arange(5) < np.array(sizes)[:, None]
    teacher, student = (np.where(mask, side, padding) for side in (teacher, student))
    arrays = library.arrays(teacher, student)
    entropy = list_entropy_nats(arrays[0], mask=library.make(mask))
    divergence = list_divergence_nats(*arrays, mask=library.make(mask))
    for row, size in enumerate(sizes):
        alone = teacher[row, :size].tolist(), student[row, :size].tolist()
        tolerance = {"rtol": library.rtol, "atol": library.rtol}
        expected = oracles.list_entropy(alone[0])
        assert_allclose(float(entropy[row]), expected, **tolerance)
        expected = oracles.list_divergence(*alone)
        assert_allclose(float(divergence[row]), expected, **tolerance)


def test_list_quantities_keep_library_and_type(library):
    teacher, student = library.arrays(
        *np.random.default_rng(3).normal(size=(2, 4)).astype(np.float32)
    )
    for found in (list_entropy(teacher), list_divergence_nats(teacher, student)):
        assert isinstance(found, library.kind)
        assert str(found.dtype).endswith("float32")


def test_list_slopes_match_finite_differences_and_jax():
    rng = np.random.default_rng(4)
    teacher, student = torch.asarray(rng.normal(size=(2, 4)))
    sides = (teacher.requires_grad_(), student.requires_grad_())
    assert torch.autograd.gradcheck(list_divergence_nats, sides)
    # the slope in the student's scores is softmax(student) - softmax(teacher)
    found = jax.jit(jax.grad(list_divergence_nats, argnums=1))(
        jnp.asarray(teacher.detach().numpy()), jnp.asarray(student.detach().numpy())
    )
    shares = [oracles.softmax(side.tolist()) for side in (student, teacher)]
    assert_allclose(np.asarray(found), np.subtract(*shares), rtol=1e-4, atol=1e-6)


def test_list_quantities_reject_bad_input():
    with pytest.raises(DomainError, match=r"index \(0,\)"):
        list_entropy([np.nan, 1.0])
    with pytest.raises(DomainError, match=r"index \(1,\)"):
        list_divergence_nats([0.0, 1.0], [0.0, np.inf])
    with pytest.raises(DomainError, match="temperature"):
        list_entropy_nats([0.0, 1.0], temperature=0)
