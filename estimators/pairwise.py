"""Pairwise teacher entropy, student divergence and risk: one number per group.

With a the teacher's margin of a pair, m the student's and p = sigmoid(a) (Lemma 1):

    risk        l(p, m) = softplus(m) - p m
    entropy     phi(a)  = h(p)
    divergence  kl(p || sigmoid(m)) = softplus(m) - softplus(a) - p (m - a)

so that risk = entropy + divergence exactly. None is computed in this form: each is a
sum of terms of one sign, or a series where the terms would cancel.

The quantities of a group are means over its pairs. Scores have shape (..., k) for any
number of groups at once, with a `mask` if groups differ in size. Margins are divided by
the temperature. `entropy_change` splits the change of a mean entropy into its causes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.numeric import magnitude, sigmoid
from rankbound.data.columns import Booleans, Floats
from rankbound.estimators import pair_sums
from rankbound.estimators.arrays import (
    Array,
    as_array,
    check_finite,
    check_temperature,
    namespace,
    narrowed,
    widened,
)
from rankbound.estimators.pairs import (
    PairChoice,
    all_or_selected,
    pair_differences,
    pair_mean,
)
from rankbound.threads import share_out

NATS_PER_BIT = math.log(2)
# Below this difference of margins the divergence is a Taylor series in the cumulants of
# a Bernoulli variable; above it the logarithm keeps at least 13 digits.
SERIES_BELOW = 1e-2
# In float32 exp overflows soon after. Here nothing cancels in the plain form.
OVERFLOW_FROM = 80.0
# Temporaries of this many numbers are reused by the allocator and stay in the cache;
# larger ones cost a page fault for every 4 KiB, several times the arithmetic.
PAIRS_IN_CACHE = 2**14
# A divergence of a smaller share of the risk is not their difference.
CANCELLED_BELOW = 1 / 64
# Products of larger differences of student scores lose digits, or overflow.
WIDEST_STUDENT = 1e6
# Sums of lists (n, k) of one or two models, of which `valid` is no padding, given the
# temperature of the first.
ListSums = Callable[[Sequence[Floats], Booleans, float], Floats]
Sides = tuple[Floats, Floats]


def softplus_negative(size: Array) -> Array:
    """log(1 + exp(-size)) for size >= 0, in nats.

    Examples
    --------
    >>> import numpy as np
    >>> softplus_negative(np.array([0.0, 1e6])).round(6).tolist()
    [0.693147, 0.0]
    """
    xp = namespace(size)
    return xp.log1p(xp.exp(-size))


def pair_entropy(margin: Array) -> Array:
    """Entropy of a pair in nats, h(sigmoid(margin)), in [0, ln 2]; Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> pair_entropy(np.array([0.0, 2.0, -2.0])).round(6).tolist()
    [0.693147, 0.365334, 0.365334]
    """
    xp = namespace(margin)
    size = magnitude(margin)
    decay = xp.exp(-size)
    return xp.log1p(decay) + size * (decay / (1 + decay))


def pair_risk(teacher_margin: Array, student_margin: Array) -> Array:
    """Cross-entropy of a pair between teacher and student, in nats; Lemma 1.

    The pair is oriented so that the teacher's margin is not negative. Then no term is
    negative.

    Examples
    --------
    >>> import numpy as np
    >>> pair_risk(np.array([40.0]), np.array([-3.0])).round(6).tolist()
    [3.048587]
    """
    xp = namespace(teacher_margin)
    size = magnitude(student_margin)
    agree = (teacher_margin >= 0) == (student_margin >= 0)
    doubt = sigmoid(-magnitude(teacher_margin))
    return softplus_negative(size) + size * xp.where(agree, doubt, 1 - doubt)


def pair_divergence(teacher_margin: Array, student_margin: Array) -> Array:
    """kl(sigmoid(teacher) || sigmoid(student)) of a pair in nats, at least 0; Lemma 1.

    The relative error is below 1e-12 where the difference of the margins is exact.

    Examples
    --------
    >>> import numpy as np
    >>> pair_divergence(np.array([0.0, 1.0]), np.array([2.0, 1.0])).round(6).tolist()
    [0.433781, 0.0]
    """
    xp = namespace(teacher_margin)
    # Orient the pair so that the teacher's margin is at most 0 and p at most 1/2
    sign = xp.where(teacher_margin > 0, -1.0, 1.0)
    sign = xp.astype(sign, teacher_margin.dtype, copy=False)
    teacher, student = sign * teacher_margin, sign * student_margin
    delta = student - teacher
    decay = xp.exp(teacher)
    p = decay / (1 + decay)
    bounded = xp.where(delta < OVERFLOW_FROM, delta, xp.zeros_like(delta))
    value = xp.log1p(p * xp.expm1(bounded)) - p * bounded
    size = xp.abs(delta)
    value = _replaced(value, size < SERIES_BELOW, _cumulant_series, p, delta)
    value = _replaced(value, delta >= OVERFLOW_FROM, _far_above, p, teacher, student)
    return xp.where(value > 0, value, xp.zeros_like(value))


def _replaced(
    value: Array, where: Array, formula: Callable[..., Array], *arguments: Array
) -> Array:
    """Use another formula in some places; NumPy computes it only there."""
    if not isinstance(value, np.ndarray):
        xp = namespace(value)
        # Zeros elsewhere, since an overflow would turn the gradient into NaN
        wanted = (xp.where(where, one, xp.zeros_like(one)) for one in arguments)
        return xp.where(where, formula(*wanted), value)
    places = np.nonzero(where)
    value[places] = formula(*(argument[places] for argument in arguments))
    return value


def _far_above(p: Array, teacher: Array, student: Array) -> Array:
    """softplus(m) - softplus(a) - p (m - a) for a <= 0 and m far above it."""
    xp = namespace(student)
    # At a tie the slopes of both terms add up to 1/2
    above = xp.where(student >= 0, student, xp.zeros_like(student))
    student_plus = softplus_negative(magnitude(student)) + above
    return student_plus - xp.log1p(xp.exp(teacher)) - p * (student - teacher)


def _cumulant_series(p: Array, delta: Array) -> Array:
    """Return log E exp(delta X) - p delta for X Bernoulli(p), cumulants 2 to 6."""
    v = p * (1 - p)
    skew = 1 - 2 * p
    inner = 1 - 30 * v + 120 * v * v
    inner = delta / 6 * inner + skew * (1 - 12 * v)
    inner = delta / 5 * inner + (1 - 6 * v)
    inner = delta / 4 * inner + skew
    inner = delta / 3 * inner + 1
    return v * delta * delta / 2 * inner


def pairwise_entropy(
    scores: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Pairwise entropy of a teacher in bits, in [0, 1].

    `pairwise_entropy_nats` divided by ln 2, with the same arguments and errors.

    Examples
    --------
    >>> import numpy as np
    >>> pairwise_entropy(np.array([3.0, 3.0])).item()  # a tie is one bit
    1.0
    """
    return (
        pairwise_entropy_nats(
            scores, temperature=temperature, mask=mask, positive=positive, pairs=pairs
        )
        / NATS_PER_BIT
    )


def pairwise_entropy_nats(
    scores: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Pairwise entropy of a teacher in nats, in [0, ln 2].

    Mean over the pairs of a group of ``h(sigmoid((g_i - g_j) / temperature))``.

    Parameters
    ----------
    scores : array, shape (..., k)
        Teacher scores as logits; NumPy, torch or jax.
    temperature : float
        Divides the margins; positive.
    mask, positive : boolean arrays, shape (..., k), optional
        False where a position is padding; true for the positives.
    pairs : {"all", "pos-neg", "neg-neg"}
        The pairs that enter the mean. "pos-neg" and "neg-neg" need `positive`.

    Returns
    -------
    array, shape (...)
        Of the library of `scores`.

    Raises
    ------
    DomainError
        On a score that is not finite, a temperature that is not positive, or a group
        without a pair.

    Notes
    -----
    Adding a constant to the scores of a group changes nothing. Source: Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> mask = np.array([[True, True, True], [True, True, False]])
    >>> pairwise_entropy_nats(scores, mask=mask).round(6).tolist()
    [0.474605, 0.582203]
    """
    kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
    return _pair_means(
        pair_entropy, [(scores, temperature)], kind, _entropies, short=True
    )


def pairwise_divergence_nats(
    teacher: Array,
    student: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Divergence of a student from its teacher in nats, at least 0.

    Mean over the pairs of ``kl(sigmoid(teacher margin) || sigmoid(student margin))``.

    Parameters
    ----------
    teacher, student : arrays, shape (..., k)
        Scores as logits, of one array library.
    temperature : float
        Divides the teacher's margins; positive. Divide the student's scores by a
        temperature of their own beforehand.
    mask, positive, pairs
        As in `pairwise_entropy_nats`.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    DomainError
        As `pairwise_entropy_nats` raises, or if the shapes differ.

    Notes
    -----
    Source: Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> teacher, student = np.array([0.0, 0.0]), np.array([2.0, 0.0])
    >>> pairwise_divergence_nats(teacher, student).round(6).item()
    0.433781
    """
    kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
    both = [(teacher, temperature), (student, 1.0)]
    return _pair_means(pair_divergence, both, kind, _divergences)


def pairwise_risk_nats(
    teacher: Array,
    student: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Risk of a student under its teacher's preferences in nats, at least the entropy.

    Mean over the pairs of ``softplus(m) - p m``, the RankNet loss with soft labels.
    Parameters, result and errors are those of `pairwise_divergence_nats`.

    Notes
    -----
    A constant student has the risk ln 2. Source: Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> pairwise_risk_nats(np.array([5.0, 0.0]), np.array([1.0, 1.0])).round(6).item()
    0.693147
    """
    kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
    both = [(teacher, temperature), (student, 1.0)]
    return _pair_means(pair_risk, both, kind, _risks, short=True)


def _pair_means(
    formula: Callable[..., Array],
    scored: Sequence[tuple[Array, float]],
    kind: PairChoice,
    sums: ListSums,
    *,
    short: bool = False,
) -> Array:
    """Mean over the pairs of a function of the margins of one or two models.

    Long lists are summed by `sums` where that is possible, and `short` ones if so said.
    """
    like = as_array(scored[0][0])
    models = [(as_array(scores), temperature) for scores, temperature in scored]
    for scores, _ in models:
        _check_shape(scores, like)
        check_finite(scores, "scores", mask=kind["mask"])
    if is_summed(like, kind["pairs"], short=short):
        return _means_of_sums(sums, models, kind["mask"])
    return _means_of_pairs(formula, models, kind)


def is_summed(like: Array, pairs: str, *, short: bool = False) -> bool:
    """Whether `pair_sums` has the sums of these lists: of long ones, or `short` too.

    Examples
    --------
    >>> [is_summed(np.zeros((3, k)), "all") for k in (16, 1000)]
    [False, True]
    """
    return (
        pairs == "all"
        and isinstance(like, np.ndarray)
        and like.size > 0
        and (short or like.shape[-1] > pair_sums.LONGEST_BY_PAIRS)
    )


def _means_of_sums(
    sums: ListSums,
    models: Sequence[tuple[Array, float]],
    mask: Array | None,
) -> Array:
    """Mean over all pairs of each list, from its sum."""
    like = models[0][0]
    valid = np.broadcast_to(True if mask is None else mask, like.shape)
    counts = pairs_of(valid)
    rows = [widened(scores).reshape(-1, like.shape[-1]) for scores, _ in models]
    scales = [check_temperature(temperature) for _, temperature in models]
    found = sums(rows, valid.reshape(rows[0].shape), scales[0])
    return narrowed(found.reshape(counts.shape)[()] / counts, like)


def pairs_of(valid: Booleans) -> Floats:
    """Number of pairs of each list, of which each must have one.

    Examples
    --------
    >>> pairs_of(np.ones((2, 16), dtype=bool)).tolist()
    [120.0, 120.0]
    """
    sizes = (
        np.full(valid.shape[:-1], float(valid.shape[-1]))
        if pair_sums.is_full(valid)
        else np.sum(valid, axis=-1, dtype=np.float64)
    )
    counts = np.asarray(sizes * (sizes - 1) / 2)
    if np.any(counts == 0):
        # Says which list it is
        pair_mean(counts[..., None], counts[..., None] > 0)
    return counts


def _entropies(models: Sequence[Floats], valid: Booleans, scale: float) -> Floats:
    sums = pair_sums.entropy_sums(models[0], valid, scale)
    return np.minimum(sums, NATS_PER_BIT * pairs_of(valid))  # rounding of ties


def _risks(models: Sequence[Floats], valid: Booleans, scale: float) -> Floats:
    """Sums of risks: without the pairs, but for students of an extreme range."""
    teacher, student = models
    if teacher.shape[-1] <= pair_sums.LONGEST_BY_PAIRS:
        return pair_sums.risk_sums(teacher, student, valid, scale)
    low = np.where(valid, student, np.inf).min(axis=-1)
    high = np.where(valid, student, -np.inf).max(axis=-1)
    with np.errstate(over="ignore"):
        far = high - low > WIDEST_STUDENT
    sums = np.empty(len(far))
    sums[~far] = pair_sums.risk_sums(teacher[~far], student[~far], valid[~far], scale)
    sums[far] = _sums_of_pairs(pair_risk, models, valid, scale, far)
    return sums


def _divergences(models: Sequence[Floats], valid: Booleans, scale: float) -> Floats:
    """Risk less entropy, and the sum over the pairs where most digits would cancel."""
    risk = _risks(models, valid, scale)
    sums = risk - _entropies(models, valid, scale)
    close = ~(sums > CANCELLED_BELOW * risk)
    sums[close] = _sums_of_pairs(pair_divergence, models, valid, scale, close)
    return sums


def _sums_of_pairs(
    formula: Callable[..., Array],
    models: Sequence[Floats],
    valid: Booleans,
    scale: float,
    where: Booleans,
) -> Floats:
    """Sums over the pairs of some of the lists, by the formula of a pair."""
    teacher, student = (scores[where] for scores in models)
    if not len(teacher):
        return np.empty(0)
    kind: PairChoice = {"mask": valid[where], "positive": None, "pairs": "all"}
    means = _means_of_pairs(formula, [(teacher, scale), (student, 1.0)], kind)
    return np.asarray(means * pairs_of(valid[where]))


def _means_of_pairs(
    formula: Callable[..., Array],
    models: Sequence[tuple[Array, float]],
    kind: PairChoice,
) -> Array:
    """Mean over the chosen pairs, all of which are formed, in pieces for the cache."""
    like = models[0][0]
    rows = slice_rows(like)
    if rows is None:
        return _means_of_block(formula, models, kind)
    parts: dict[int, Array] = {}

    def work(shares: Iterator[slice]) -> None:
        for part in shares:
            some = [(scores[part], temperature) for scores, temperature in models]
            mask, positive = kind["mask"], kind["positive"]
            chosen: PairChoice = {
                "mask": None if mask is None else mask[part],
                "positive": None if positive is None else positive[part],
                "pairs": kind["pairs"],
            }
            parts[part.start] = _means_of_block(formula, some, chosen)

    share_out(work, len(like), at_once=rows[0].stop)
    return np.concatenate([parts[part.start] for part in rows])


def slice_rows(like: Array) -> list[slice] | None:
    """Pieces of a large NumPy array whose pairs fit into the cache, or None.

    Examples
    --------
    >>> slice_rows(np.zeros((300, 16)))
    [slice(0, 136, None), slice(136, 272, None), slice(272, 408, None)]
    """
    if not isinstance(like, np.ndarray) or like.ndim != 2:
        return None
    count = max(1, PAIRS_IN_CACHE // max(1, like.shape[1] * (like.shape[1] - 1) // 2))
    if len(like) <= count:
        return None
    return [slice(start, start + count) for start in range(0, len(like), count)]


def _means_of_block(
    formula: Callable[..., Array],
    models: Sequence[tuple[Array, float]],
    kind: PairChoice,
) -> Array:
    margins = [_margins(scores, scale, kind["mask"]) for scores, scale in models]
    like = models[0][0]
    chosen = all_or_selected(like, **kind)
    if isinstance(like, np.ndarray) and kind["pairs"] == "pos-neg":
        # Few of the pairs, whose values stand where they would among all
        values = np.zeros_like(margins[0])
        values[chosen] = formula(*(one[chosen] for one in margins))
    else:
        values = formula(*margins)
    return narrowed(pair_mean(values, chosen), like)


def _margins(scores: Array, temperature: float, mask: Array | None) -> Array:
    wide = widened(scores)
    if mask is not None:  # padding may contain anything, even NaN
        xp = namespace(wide)
        wide = xp.where(mask, wide, xp.zeros_like(wide))
    margins = pair_differences(wide)
    scale = check_temperature(temperature)
    return margins if scale == 1.0 else margins / scale


def _check_shape(scores: Array, like: Array) -> None:
    if scores.ndim == 0 or scores.shape[-1] < 2:
        raise DomainError(
            "a pair needs at least two documents on the last axis, got shape "
            f"{tuple(scores.shape)}"
        )
    if like.shape != scores.shape:
        raise DomainError(
            "teacher and student must score the same groups, got shapes "
            f"{tuple(like.shape)} and {tuple(scores.shape)}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class PairMass:
    """One pair set of every query; arrays of shape (n,).

    Attributes
    ----------
    share : float64 array
        Share of all pairs of the query that are in the set.
    entropy : float64 array
        Contribution of the set to the mean over all pairs: share times mean entropy, in
        nats.
    ties : float64 array
        Share of all pairs that are in the set and have equal scores.
    """

    share: Floats
    entropy: Floats
    ties: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Parts of the change of every query's entropy, in nats; arrays of shape (n,).

    Attributes
    ----------
    composition : float64 array
        Due to the shares of the pair sets.
    ties : dict of str to float64 array
        Due to the share of ties within each pair set.
    spread : dict of str to float64 array
        Due to the margins of the pairs without a tie within each pair set.
    """

    composition: Floats
    ties: dict[str, Floats]
    spread: dict[str, Floats]

    @property
    def total(self) -> Floats:
        """Sum of all parts, which is the change up to rounding."""
        parts = [self.composition, *self.ties.values(), *self.spread.values()]
        return np.asarray(np.sum(parts, axis=0))


def entropy_change(before: dict[str, PairMass], after: dict[str, PairMass]) -> Change:
    """Split the change of the entropy over all pairs, for every query.

    The entropy of a group is a mean over positive-negative and negative-negative pairs,
    and within each set over ties, with entropy ln 2, and other pairs. The split is
    exact: the change of a share is multiplied by the mean of the two entropies, and the
    change of an entropy by the mean of the two shares.

    Parameters
    ----------
    before, after : dict of str to PairMass
        The same disjoint pair sets of the same queries, which together are all pairs.

    Returns
    -------
    Change

    Raises
    ------
    DomainError
        If the pair sets differ.

    Examples
    --------
    >>> def mass(*columns):
    ...     return PairMass(*(np.array([c]) for c in columns))
    >>> one = {"pos-neg": mass(0.5, 0.1, 0.0), "neg-neg": mass(0.5, 0.3, 0.0)}
    >>> two = {"pos-neg": mass(0.25, 0.05, 0.0), "neg-neg": mass(0.75, 0.45, 0.0)}
    >>> change = entropy_change(one, two)  # other shares, the same entropies
    >>> change.composition.round(6).tolist(), change.total.round(6).tolist()
    ([0.1], [0.1])
    """
    if before.keys() != after.keys():
        raise DomainError(
            f"`before` and `after` must have the same pair sets, got {[*before]} and "
            f"{[*after]}"
        )
    composition = np.zeros_like(next(iter(before.values())).share)
    ties, spread = {}, {}
    for name, old in before.items():
        new = after[name]
        entropies = _filled(
            _ratio(old.entropy, old.share), _ratio(new.entropy, new.share)
        )
        shares = _filled(_ratio(old.ties, old.share), _ratio(new.ties, new.share))
        untied = _filled(
            *(
                _ratio(h - t * NATS_PER_BIT, 1 - t)
                for h, t in zip(entropies, shares, strict=True)
            )
        )
        composition = composition + (new.share - old.share) * _middle(entropies)
        weight = (old.share + new.share) / 2
        ties[name] = weight * _step(shares) * (NATS_PER_BIT - _middle(untied))
        spread[name] = weight * (1 - _middle(shares)) * _step(untied)
    return Change(composition, ties, spread)


def _ratio(above: Floats, below: Floats) -> Floats:
    """Quotient, or NaN where the divisor is zero."""
    empty = np.full_like(above, np.nan)
    return np.asarray(np.divide(above, below, out=empty, where=below > 1e-12))


def _filled(old: Floats, new: Floats) -> Sides:
    """Both sides, where one without such pairs takes the value of the other."""
    first = np.where(np.isnan(old), new, old)
    second = np.where(np.isnan(new), old, new)
    return np.nan_to_num(first), np.nan_to_num(second)


def _middle(sides: Sides) -> Floats:
    return (sides[0] + sides[1]) / 2


def _step(sides: Sides) -> Floats:
    return sides[1] - sides[0]
