"""estimators.pair_sums: both ways to sum against 50 digits, loops and each other."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rankbound import threads
from rankbound.bounds.errors import DomainError
from rankbound.estimators import group_terms, pair_sums
from rankbound.estimators.pair_sums import (
    SERIES_ERROR,
    TERMS,
    discordance_sums,
    entropy_sums,
    margin_sums,
    series_weights,
    softplus_sums,
)
from rankbound.estimators.pairwise import (
    pairwise_divergence_nats,
    pairwise_entropy_nats,
    pairwise_risk_nats,
)
from rankbound.estimators.spread import mean_margin
from tests import strategies

RNG = np.random.default_rng(7)
HARD = {
    "ties": np.full(52, 3.3),
    "two scores": np.repeat([0.0, 1.0], 30),
    "gaps of 1e-12": 1 + np.arange(60) * 1e-12,
    "far from 0": 1e6 + RNG.normal(size=60),
    "two ends": RNG.choice([-1e6, 1e6], 60) + RNG.normal(size=60),
    "Cauchy": RNG.standard_cauchy(60),
    "largest": RNG.choice([-8e307, 8e307, 0.0, 1.0], 60),
    "wide": RNG.normal(size=60) * 1000,
    "apart": np.arange(60) * 30.5,
    "subnormal": np.arange(60) * 700.0,
    "whole": RNG.integers(0, 5, 60).astype(float),
    "narrow": RNG.normal(size=60) * 1e-3,
    "usual": RNG.normal(size=60) * 3,
}


@pytest.fixture
def by_pairs(monkeypatch):
    """Compute something by the series, and from the pairs."""

    def both(function, *arguments, **options):
        series = function(*arguments, **options)
        with monkeypatch.context() as patch:
            patch.setattr(pair_sums, "LONGEST_BY_PAIRS", 10**9)
            return series, function(*arguments, **options)

    return both


def exact_means(teacher, student):
    """Entropy and risk over all pairs with 50 digits."""
    entropy = risk = mpmath.mpf(0)
    k = len(teacher)
    with mpmath.workdps(50):
        a, m = ([mpmath.mpf(float(x)) for x in side] for side in (teacher, student))
        for i in range(k):
            for j in range(i):
                margin, other = a[i] - a[j], m[i] - m[j]
                if margin < 0:
                    margin, other = -margin, -other
                # A far pair is too small to be seen beside any that is not
                decay = mpmath.exp(-margin) if margin < 2000 else mpmath.mpf(0)
                doubt = decay / (1 + decay)
                if decay:
                    entropy += mpmath.log1p(decay) + margin * doubt
                size = abs(other)
                risk += size * (doubt if other >= 0 else 1 - doubt)
                if size < 2000:
                    risk += mpmath.log1p(mpmath.exp(-size))
        pairs = k * (k - 1) // 2
        return entropy / pairs, risk / pairs


def relative(found, exact):
    with mpmath.workdps(50):
        return float(abs(mpmath.mpf(float(found)) / exact - 1))


@pytest.mark.parametrize("name", HARD)
def test_series_has_the_digits_of_a_50_digit_sum(name):
    teacher = HARD[name]
    rng = np.random.default_rng(len(name))
    student = rng.permutation(np.clip(teacher, -1e5, 1e5)) + rng.normal()
    entropy, risk = exact_means(teacher, student)
    found = pairwise_entropy_nats(teacher)
    assert relative(found, entropy) < 2e-15
    assert 0 < found <= math.log(2)
    assert relative(pairwise_risk_nats(teacher, student), risk) < 2e-15


@pytest.mark.parametrize("k", [2, 3, 10, 16, 50])
def test_short_lists_have_the_digits_of_a_50_digit_sum(k):
    scores = np.random.default_rng(k).normal(size=(2, k)) * 3
    entropy, _ = exact_means(*scores)
    assert relative(pairwise_entropy_nats(scores[0]), entropy) < 2e-15


def test_weights_are_the_least_error_there_is_with_these_terms():
    weights, divisor = series_weights(TERMS)
    # T_n(3) by its recurrence, and the error at the worst point of the proof
    before, here = 1, 3
    for _ in range(TERMS - 1):
        before, here = here, 6 * here - before
    assert divisor == here
    assert SERIES_ERROR < 1.7e-16
    tied = math.fsum((-1) ** i * w / (i + 1) for i, w in enumerate(weights))
    assert math.isclose(tied, math.log(2), rel_tol=1e-15)
    assert weights == sorted(weights, reverse=True)
    assert 0 < weights[-1] < weights[0] <= 1


@pytest.mark.parametrize(("n", "k"), [(1, 51), (1, 300), (3, 120), (140, 51)])
@pytest.mark.parametrize("scale", [1e-3, 3.0, 1e4])
def test_both_ways_agree(by_pairs, n, k, scale):
    rng = np.random.default_rng(k + n)
    teacher = (scale * rng.normal(size=(n, k))).round(int(rng.integers(1, 9)))
    student = teacher + scale * rng.normal(size=(n, k))
    mask = np.arange(k) < rng.integers(2, k + 1, (n, 1))
    mask[0] = True
    padded = np.where(mask, teacher, np.nan), np.where(mask, student, -np.inf)
    for function, models in (
        (pairwise_entropy_nats, 1),
        (pairwise_risk_nats, 2),
        (pairwise_divergence_nats, 2),
    ):
        series, direct = by_pairs(function, *padded[:models], mask=mask)
        assert_allclose(series, direct, rtol=1e-13)
    for options in ({}, {"mask": mask}):
        series = mean_margin(teacher, temperature=0.7, **options)
        kept = [row[keep] for row, keep in zip(teacher, mask, strict=True)]
        rows = kept if options else teacher
        direct = [
            np.abs(np.subtract.outer(row, row)).sum() / len(row) / (len(row) - 1) / 0.7
            for row in rows
        ]
        assert_allclose(series, direct, rtol=1e-13)


def test_sums_match_loops():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(2, 60)).round(1)
    values[1, :30] *= 100
    valid = np.ones_like(values, dtype=bool)
    pairs = [(i, j) for j in range(60) for i in range(j)]
    for row, discordance, margin, softplus in zip(
        values.tolist(),
        discordance_sums(values),
        margin_sums(values, valid),
        softplus_sums(values, valid, 1.0),
        strict=True,
    ):
        apart = [row[i] - row[j] for i, j in pairs]
        assert_allclose(discordance, sum(max(x, 0) for x in apart), rtol=1e-14)
        assert_allclose(margin, sum(map(abs, apart)), rtol=1e-14)
        expected = math.fsum(math.log1p(math.exp(-abs(x))) for x in apart)
        assert_allclose(softplus, expected, rtol=1e-14)
    assert_array_equal(discordance_sums(np.sort(1e6 * values)), [0.0, 0.0])


LISTS = st.integers(0, 10**6).map(
    lambda seed: (
        np.random.default_rng(seed).normal(size=(2, 2, 51 + seed % 50)).round(2)
    )
)


@settings(max_examples=10)
@given(lists=LISTS, shift=st.integers(-(10**6), 10**6), power=st.integers(-4, 4))
def test_shift_order_and_scale_change_nothing(lists, shift, power):
    teacher, student = lists
    teacher = np.ldexp(np.rint(teacher * 64), -6)  # shifts of such scores are exact
    order = np.random.default_rng(shift + 10**6).permutation(teacher.shape[-1])
    factor = 2.0**power
    for function in (pairwise_risk_nats, pairwise_divergence_nats):
        plain = function(teacher, student)
        moved = function(teacher[:, order] + shift, student[:, order])
        assert_allclose(moved, plain, rtol=1e-13)
        scaled = function(teacher * factor, student, temperature=factor)
        assert_allclose(scaled, plain, rtol=1e-15)
    entropy = pairwise_entropy_nats(teacher)
    assert_array_equal(pairwise_entropy_nats(teacher[:, order] + shift), entropy)
    assert_array_equal(
        pairwise_entropy_nats(teacher * factor, temperature=factor), entropy
    )
    assert_allclose(
        entropy + pairwise_divergence_nats(teacher, student),
        pairwise_risk_nats(teacher, student),
        rtol=1e-13,
    )


@pytest.mark.parametrize("k", [16, 60])
def test_a_list_has_one_value_wherever_it_stands(k):
    rng = np.random.default_rng(k)
    teacher, student = rng.normal(size=(2, 700, k))
    order = rng.permutation(700)
    for function, models in (
        (pairwise_entropy_nats, (teacher,)),
        (pairwise_risk_nats, (teacher, student)),
    ):
        moved = function(*(one[order] for one in models))
        assert_array_equal(moved, function(*models)[order])


def test_close_and_extreme_students_lose_no_digits(by_pairs):
    rng = np.random.default_rng(2)
    teacher = rng.normal(size=(5, 60))
    student = teacher.copy()
    student[1] += 1e-9 * rng.normal(size=60)
    student[2] *= 1e9
    student[3] *= 1.05
    student[4] = 5.5
    series, direct = by_pairs(pairwise_divergence_nats, teacher, student)
    assert series[0] == 0
    assert 0 < series[1] < 1e-17
    assert_allclose(series, direct, rtol=1e-12)
    assert_allclose(*by_pairs(pairwise_risk_nats, teacher, student), rtol=1e-13)
    assert_allclose(pairwise_risk_nats(teacher, student)[4], math.log(2), rtol=1e-14)


@given(
    lists=st.lists(
        st.tuples(*[st.floats(-1e308, 1e308) | st.integers(-900, 900)] * 2),
        min_size=1,
        max_size=9,
    ),
    scale=st.sampled_from([1.0, 0.3, 64.0]),
)
def test_a_list_of_two_has_the_bits_of_one_with_padding(lists, scale):
    two = np.array(lists, dtype=float)
    padded = np.insert(two, 1, 0.0, axis=1)
    valid = np.tile([True, False, True], (len(two), 1))
    assert_array_equal(
        entropy_sums(two, np.ones_like(two, dtype=bool), scale),
        entropy_sums(padded, valid, scale),
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_long_lists_are_refused_as_short_ones_are(bad):
    scores, mask = np.zeros((2, 60)), np.ones((2, 60), dtype=bool)
    scores[1, 4] = bad
    for call in (pairwise_entropy_nats, mean_margin):
        with pytest.raises(DomainError, match=r"finite, got .* at index \(1, 4\)"):
            call(scores)
    mask[1] = False
    for call in (pairwise_entropy_nats, mean_margin):
        with pytest.raises(DomainError, match="group 1 has no pair"):
            call(scores, mask=mask)
        with pytest.raises(DomainError, match="temperature"):
            call(np.zeros(60), temperature=0)


def test_types_and_shapes_are_those_of_short_lists():
    scores = np.random.default_rng(0).normal(size=(2, 3, 60)).astype(np.float32)
    found = pairwise_entropy_nats(scores)
    assert found.shape == (2, 3)
    assert found.dtype == np.float32
    wide = pairwise_entropy_nats(scores.astype(np.float64))
    assert_allclose(found, wide, rtol=1e-7)
    one = pairwise_entropy_nats(scores[1, 2])
    assert one.shape == ()
    assert_allclose(one, wide[1, 2], rtol=1e-7)
    assert pairwise_entropy_nats(scores[0, 0].astype(np.float16)).dtype == np.float64
    assert mean_margin(scores).shape == (2, 3)


def test_blocks_of_long_groups_hold_many_and_each_group_once():
    sizes = np.random.default_rng(1).integers(2, 400, 300)
    groups = strategies.ragged_groups(sizes, np.random.default_rng(2))
    offsets = groups.offsets
    found = list(group_terms.blocks(groups, paired=False))
    assert_array_equal(np.sort(np.concatenate([b.groups for b in found])), range(300))
    assert len(found) < 40 < len(list(group_terms.blocks(groups)))
    for block in found:
        inside = sizes[block.groups]
        assert inside.min() > 50 or inside.max() <= 50
        assert inside.min() <= 50 or inside.max() <= 1.5 * inside.min()
    values = np.random.default_rng(3).normal(size=offsets[-1])
    terms = group_terms.teacher_terms(groups, values)
    for q in (0, 7, 299):
        one = values[offsets[q] : offsets[q + 1]]
        assert_allclose(terms.entropy[q], pairwise_entropy_nats(one), rtol=1e-14)
        assert_allclose(terms.mean_margin[q], mean_margin(one), rtol=1e-14)


SIZES = [(1, 60), (5, 2000), (1025, 51), (1100, 3)]


def sums_of(n, k, part=slice(None)):
    """Entropies, softplus sums and risks of some of n random lists of 2 to k."""
    rng = np.random.default_rng(n)
    teacher = rng.normal(0, 3, (n, k)).round(2)[part]
    student = rng.normal(0, 2, (n, k))[part]
    valid = np.arange(k) < rng.integers(2, k + 1, (n, 1))
    valid[-1] = True
    valid = valid[part]
    return np.array(
        [
            pair_sums.entropy_sums(teacher, valid, 1.3),
            pair_sums.softplus_sums(student, valid, 1.0),
            pair_sums.risk_sums(teacher, student, valid, 1.7),
        ]
    )


@pytest.fixture
def plain(monkeypatch):
    """A function that computes with NumPy alone, in one thread, and small parts."""

    def computing(n, k):
        monkeypatch.setattr(pair_sums, "PAIRS_AT_ONCE", 2**10)
        with monkeypatch.context() as patch:
            patch.setattr(pair_sums, "_compiled", lambda: None)
            patch.setattr(threads, "cores", lambda: 1)
            return sums_of(n, k)

    return computing


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_threads_and_company_change_no_bit(monkeypatch, plain, n, k):
    expected = plain(n, k)
    monkeypatch.setattr(pair_sums, "_compiled", lambda: None)
    monkeypatch.setattr(threads, "cores", lambda: 3)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert_array_equal(sums_of(n, k), expected)
    if n > 1000:  # fewer lists are cut into pieces
        assert_array_equal(sums_of(n, k, slice(n - 300, n)), expected[:, -300:])


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_compiled_code_changes_no_bit(monkeypatch, plain, n, k):
    pytest.importorskip("numba")
    expected = plain(n, k)
    assert pair_sums._compiled() is not None
    monkeypatch.setattr(pair_sums, "COMPILED_FROM", 0)
    assert_array_equal(sums_of(n, k), expected)


@pytest.mark.parametrize("k", [2, 3, 16, 50])
def test_risks_of_short_lists_have_the_digits_of_a_50_digit_sum(k):
    rng = np.random.default_rng(k)
    teacher, student = rng.normal(size=(2, 4, k)) * 3
    teacher[1], student[2] = teacher[1].round(), student[2].round()
    teacher[3] *= 1e6
    mask = np.ones((4, k), dtype=bool)
    mask[0, 2 : k // 2] = False
    found = pairwise_risk_nats(teacher, np.where(mask, student, np.nan), mask=mask)
    for row in range(4):
        some = mask[row]
        _, risk = exact_means(teacher[row][some], student[row][some])
        assert relative(found[row], risk) < 2e-15


@pytest.mark.parametrize("k", [2, 7, 128, 129, 300])
def test_discordance_matches_a_loop_at_every_size(k):
    values = np.random.default_rng(k).normal(size=(3, k)).round(1)
    expected = [
        math.fsum(max(x - y, 0.0) for i, x in enumerate(row) for y in row[i + 1 :])
        for row in values.tolist()
    ]
    assert_allclose(discordance_sums(values), expected, rtol=1e-14)
    assert_array_equal(discordance_sums(values[1:2]), discordance_sums(values)[1:2])
    assert_array_equal(discordance_sums(np.sort(1e6 * values)), np.zeros(3))
