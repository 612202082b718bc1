"""Distillation losses as torch modules, whose terms are those of the bound.

All take scores of shape (..., k): any number of groups of k documents. Margins of the
teacher are divided by its temperature, those of the student by its own, so that a
temperature means the same in every loss and in ``rankbound measure``.

The pairs of a group are all of them, or those of a positive and a negative; the first
document is the positive unless `positive` says otherwise. `mask` is False where a
position is padding, whose scores may be anything. A group without a pair counts
neither in the mean nor in the gradient.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

Reduction = Literal["mean", "sum", "none"]
Pairs = Literal["all", "pos-neg"]
# Numbers of these types are added up in float32
HALVES = (torch.float16, torch.bfloat16)
BOOLEAN = ("mask", "positive")


class Terms(NamedTuple):
    """What the bound says of the groups that a loss was last given, in nats.

    Each is a tensor without a gradient: the mean over groups of the mean over a group's
    pairs, and ``risk = entropy + divergence`` (Lemma 1). The entropy is the teacher's,
    and no student lowers it.
    """

    entropy: Tensor
    divergence: Tensor
    risk: Tensor


class _Batch(NamedTuple):
    """The scores of a call, divided by temperatures, and which pairs count."""

    student: Tensor
    teacher: Tensor | None
    mask: Tensor | None
    positive: Tensor | None
    weights: Tensor | None
    # The mask as it was given: `mask` leaves out documents of weight 0, too
    given: Tensor | None = None


class DistillLoss(nn.Module, ABC):  # type: ignore[misc]  # torch is not followed
    """What the losses share: temperatures, pairs, checks, reduction and terms.

    Parameters
    ----------
    temperature : float or Parameter, default 1
        Divides the teacher's scores; one positive number.
    student_temperature : float or Parameter, default 1
        Divides the student's scores; positive. A parameter is learned with the model.
    pairs : {"all", "pos-neg"}
        Which pairs of a group count, in the loss and in `terms`.
    reduction : {"mean", "sum", "none"}
        Over groups; "none" gives one number for each, 0 for a group without a pair.
    checks : bool, default False
        Count what is wrong on the device and without waiting for it: scores that are
        not finite, weights that are not, or below 0, and learned temperatures that are
        not positive. `check` reads the count.

    Raises
    ------
    ValueError
        For another `pairs` or `reduction`, or a temperature that is not positive.
    """

    def __init__(
        self,
        temperature: float | nn.Parameter = 1.0,
        *,
        student_temperature: float | nn.Parameter = 1.0,
        pairs: Pairs = "all",
        reduction: Reduction = "mean",
        checks: bool = False,
    ) -> None:
        super().__init__()
        if pairs not in ("all", "pos-neg"):
            raise ValueError(f"`pairs` must be 'all' or 'pos-neg', got {pairs!r}")
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(
                f"`reduction` must be 'mean', 'sum' or 'none', got {reduction!r}"
            )
        for name, value in (
            ("temperature", temperature),
            ("student_temperature", student_temperature),
        ):
            known = isinstance(value, Real)  # what a tensor holds, `checks` looks at
            one = value.numel() == 1 if isinstance(value, Tensor) else known
            if not one or (known and not 0 < value < math.inf):
                raise ValueError(f"`{name}` must be a positive number, got {value!r}")
        self.temperature = temperature
        self.student_temperature = student_temperature
        self.pairs, self.reduction, self.checks = pairs, reduction, checks
        # The fields of the last batch: in a list, since setting an attribute of a
        # module takes 3 microseconds, of one length, or a compiler starts anew
        self._seen: list[Tensor | None] = [None] * len(_Batch._fields)
        self._faults: Tensor | None = None

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        mask: Tensor | None = None,
        positive: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """The loss of some groups.

        Parameters
        ----------
        student, teacher : Tensor, shape (..., k)
            Scores as logits; only differences within a group count. No gradient reaches
            the teacher's.
        mask, positive : boolean Tensor, shape (..., k), optional
            False where a position is padding; true for the positives.
        weights : Tensor, shape (..., k), optional
            Weights of documents, at least 0, such as one over the probabilities of
            drawing them: a pair counts by the product of its two (theory of importance
            weighting), and the pairs of a group by their weighted mean. A weight below
            0 or NaN makes the loss NaN.

        Returns
        -------
        Tensor, shape () or (...)
            Of the dtype of `student`; in float32 where that is half, as the squared
            error of margins of 256 is more than float16 can hold. The mean over no
            group is 0.

        Raises
        ------
        ValueError
            When shapes differ, the student's scores are no floating-point numbers, or
            `mask` or `positive` is not boolean.
        """
        return self._of_scores(student, teacher, mask, positive, weights)

    def _of_scores(
        self,
        student: Tensor,
        teacher: Tensor | None,
        mask: Tensor | None,
        positive: Tensor | None,
        weights: Tensor | None,
    ) -> Tensor:
        batch = self._scaled(student, teacher, mask, positive, weights)
        if self.checks:
            self._count_faults(batch)
        plain = mask is None and positive is None and weights is None
        # A compiler makes an output of what is copied, and looks up what is only None
        seen = (*batch[:2], None, None, None, None) if plain else batch
        self._seen[:] = [
            it.detach() if it is not None and it.requires_grad else it for it in seen
        ]
        # The mean over nothing is no number, so such calls go the other way
        several = student.shape[-1] > 1 and student.numel() > 0
        if plain and self.reduction == "mean" and several:
            return self._plain_mean(batch)
        return self._reduced(self._of_groups(batch), batch)

    def _plain_mean(self, batch: _Batch) -> Tensor:
        """The mean over groups in which every document counts alike."""
        return self._of_groups(batch).mean()

    @property
    def terms(self) -> Terms:
        """Entropy, divergence and risk of the last call, computed now.

        Raises
        ------
        RuntimeError
            Before the first call, where the last call had no teacher, and after
            `vmap`, whose tensors cannot be read outside of it.
        """
        seen = _Batch(*self._seen)
        if seen.teacher is None:
            raise RuntimeError(
                "`terms` are those of the last call with a teacher's scores; there was "
                "none"
            )
        with torch.no_grad():
            return _terms(seen, self.pairs)

    def check(self) -> None:
        """Raise if anything was wrong since the last call of this.

        Waits for the device; the calls of the loss do not.

        Raises
        ------
        ValueError
            With the number of scores, weights and temperatures that were wrong, as
            `checks` says; padding may hold anything.
        RuntimeError
            If the loss was made without `checks`.
        """
        if not self.checks:
            raise RuntimeError("nothing was counted; make the loss with `checks=True`")
        faults, self._faults = self._faults, None
        count = 0 if faults is None else int(faults)
        if count:
            raise ValueError(
                f"{count} scores or weights given to the loss were not finite, weights "
                "below 0, or temperatures not positive; mask padding with `mask`, and "
                "lower the learning rate if the student's scores overflow or a "
                "temperature is learned"
            )

    def _count_faults(self, batch: _Batch) -> None:
        # Padding was filled; weights below 0 are NaN
        sides = (batch.student, batch.teacher, batch.weights)
        found = sum((~it.detach().isfinite()).sum() for it in sides if it is not None)
        for one in (self.temperature, self.student_temperature):
            if isinstance(one, Tensor):
                found = found + (~(one.detach() > 0)).sum()
        self._faults = found if self._faults is None else self._faults + found

    def extra_repr(self) -> str:
        """The settings, as torch shows them."""
        return (
            f"temperature={_number(self.temperature):.6g}, student_temperature="
            f"{_number(self.student_temperature):.6g}, pairs={self.pairs!r}, "
            f"reduction={self.reduction!r}"
        )

    @abstractmethod
    def _of_groups(self, batch: _Batch) -> Tensor:
        """The loss of each group, shape (...)."""

    def _scaled(
        self,
        student: Tensor,
        teacher: Tensor | None,
        mask: Tensor | None,
        positive: Tensor | None,
        weights: Tensor | None,
    ) -> _Batch:
        _check_shapes(student, teacher, mask, positive, weights)
        student = _wide(student)
        given = mask
        if weights is not None:
            # A document of weight 0 is none; one without a valid weight must be seen
            mask = weights != 0 if mask is None else mask & (weights != 0)
            weights = torch.where(weights >= 0, weights.to(student.dtype), math.nan)
            weights = torch.where(mask, weights, 1.0)
        if teacher is not None:
            if teacher.requires_grad:
                teacher = teacher.detach()
            if teacher.dtype != student.dtype:
                teacher = teacher.to(student.dtype)
            teacher = _divided(_filled(teacher, mask), self.temperature)
        student = _divided(_filled(student, mask), self.student_temperature)
        return _Batch(student, teacher, mask, positive, weights, given)

    def _reduced(self, losses: Tensor, batch: _Batch) -> Tensor:
        if self.reduction == "none":
            return losses
        if self.reduction == "sum":
            return losses.sum()
        if batch.mask is None and batch.positive is None:
            return losses.sum() / max(1, losses.numel())
        return losses.sum() / self._counts(batch).sum().clamp(min=1)

    def _counts(self, batch: _Batch) -> Tensor:
        """Which groups have a pair."""
        return _pair_weights(batch, self.pairs).sum((-1, -2)) != 0


class _PairLoss(DistillLoss):
    """A loss that is a mean over pairs."""

    def __init__(
        self,
        temperature: float | nn.Parameter = 1.0,
        *,
        student_temperature: float | nn.Parameter = 1.0,
        pairs: Pairs = "all",
        reduction: Reduction = "mean",
        checks: bool = False,
        unbiased: bool = False,
    ) -> None:
        super().__init__(
            temperature,
            student_temperature=student_temperature,
            pairs=pairs,
            reduction=reduction,
            checks=checks,
        )
        self.unbiased = unbiased

    @staticmethod
    @abstractmethod
    def _of_margins(student: Tensor, teacher: Tensor) -> Tensor:
        """The loss of each pair from the margins of both."""

    def _of_groups(self, batch: _Batch) -> Tensor:
        return _of_pairs(self._of_margins, batch, self.pairs, unbiased=self.unbiased)

    def _counts(self, batch: _Batch) -> Tensor:
        """Groups with a pair, which may be of weight 0 if these are counted."""
        return super()._counts(_unweighted(batch) if self.unbiased else batch)


class PairwiseDistillLoss(_PairLoss):
    """RankNet on a teacher's soft preferences: the risk of Lemma 1.

    Mean over the pairs of a group of ``softplus(m) - sigmoid(a) m``, with the student's
    margin m and the teacher's margin a. Its gradient is that of the divergence, and it
    is exact at ties.

    The parameters are those of `DistillLoss`, and one more.

    Parameters
    ----------
    unbiased : bool, default False
        Divide by the number of pairs instead of the sum of their weights. Where the
        weights are ratios of the target law's density to that of the sampling, the
        expectation is then the risk under the target law exactly (Theorem 2 (e)); by
        default the weighted mean is taken, which varies less.

    Examples
    --------
    >>> loss = PairwiseDistillLoss(temperature=2.0)
    >>> student = torch.zeros(1, 3, requires_grad=True)
    >>> value = loss(student, torch.tensor([[2.0, 0.0, -2.0]]))
    >>> value.backward()
    >>> round(value.item(), 6), round(loss.terms.entropy.item(), 6)
    (0.693147, 0.509913)
    """

    @staticmethod
    def _of_margins(student: Tensor, teacher: Tensor) -> Tensor:
        return _pair_loss(student, teacher)

    def _plain_mean(self, batch: _Batch) -> Tensor:
        student, teacher = batch.student, _known(batch.teacher)
        if self.pairs == "pos-neg":
            return _fused(_against_first(student), _against_first(teacher))
        # The mean over all ordered pairs, less those of a document with itself
        k = student.shape[-1]
        mean = _fused(_margins(student), _margins(teacher))
        return (mean - math.log(2) / k) * (k / (k - 1))


class MarginMSELoss(_PairLoss):
    """Squared error of margins (Hofstaetter et al., 2020); pairs are "pos-neg".

    The parameters are those of `PairwiseDistillLoss`, but `pairs` is "pos-neg" by
    default.

    Examples
    --------
    >>> loss = MarginMSELoss()
    >>> loss(torch.tensor([[1.0, 0.0]]), torch.tensor([[4.0, 1.0]])).item()
    4.0
    """

    def __init__(
        self,
        temperature: float | nn.Parameter = 1.0,
        *,
        student_temperature: float | nn.Parameter = 1.0,
        pairs: Pairs = "pos-neg",
        reduction: Reduction = "mean",
        checks: bool = False,
        unbiased: bool = False,
    ) -> None:
        super().__init__(
            temperature,
            student_temperature=student_temperature,
            pairs=pairs,
            reduction=reduction,
            checks=checks,
            unbiased=unbiased,
        )

    @staticmethod
    def _of_margins(student: Tensor, teacher: Tensor) -> Tensor:
        return (student - teacher).square()

    def _plain_mean(self, batch: _Batch) -> Tensor:
        student, teacher = batch.student, _known(batch.teacher)
        if self.pairs == "pos-neg":
            return functional.mse_loss(_against_first(student), _against_first(teacher))
        # The mean square of differences is twice the variance; scores of 100,000 keep
        # their digits if one is taken away first
        errors = (student - student[..., :1]) - (teacher - teacher[..., :1])
        return 2 * errors.var(-1).mean()


class ListwiseDistillLoss(DistillLoss):
    """Divergence of the student's softmax over a group from the teacher's.

    ``KL(softmax(teacher / temperature) || softmax(student / student_temperature))`` in
    nats. `pairs` matters for `terms` alone. Weights multiply probabilities before they
    are normalised, as a document drawn with probability pi stands for 1 / pi of them.

    The parameters are those of `DistillLoss`.

    Examples
    --------
    >>> loss = ListwiseDistillLoss()
    >>> loss(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0]])).item()
    0.0
    """

    def _of_groups(self, batch: _Batch) -> Tensor:
        student = _log_softmax(batch.student, batch)
        teacher = _log_softmax(_known(batch.teacher), batch)
        loss = teacher.exp() * (teacher - student)
        if batch.mask is not None:
            loss = torch.where(batch.mask, loss, 0.0)
        return loss.sum(-1)

    def _plain_mean(self, batch: _Batch) -> Tensor:
        student, teacher = (
            functional.log_softmax(one, -1)
            for one in (batch.student, _known(batch.teacher))
        )
        groups = max(1, student[..., 0].numel())
        loss = functional.kl_div(student, teacher, reduction="sum", log_target=True)
        return loss / groups

    def _counts(self, batch: _Batch) -> Tensor:
        """Groups with a document."""
        return _inside(batch.student, batch.mask).any(-1)


class LCELoss(DistillLoss):
    """Localised contrastive estimation: cross-entropy of the positive, no teacher.

    ``-log softmax(student / student_temperature)`` of the positive among the documents
    of its group (Gao, Dai, Callan, 2021); with several positives, the mean over them.
    A teacher's scores may be given for `terms`.

    The parameters are those of `DistillLoss`.

    Examples
    --------
    >>> loss = LCELoss()
    >>> round(loss(torch.tensor([[0.0, 0.0]])).item(), 6)
    0.693147
    """

    def forward(
        self,
        student: Tensor,
        teacher: Tensor | None = None,
        *,
        mask: Tensor | None = None,
        positive: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """The loss of some groups; arguments as of `DistillLoss.forward`."""
        return self._of_scores(student, teacher, mask, positive, weights)

    def _of_groups(self, batch: _Batch) -> Tensor:
        loss = -_log_softmax(batch.student, batch)
        good = _positives(batch) & _inside(batch.student, batch.mask)
        counts = good.sum(-1)
        return torch.where(good, loss, 0.0).sum(-1) / counts.clamp(min=1)

    def _plain_mean(self, batch: _Batch) -> Tensor:
        scores = batch.student.reshape(-1, batch.student.shape[-1])
        first = torch.zeros(len(scores), dtype=torch.long, device=scores.device)
        return functional.cross_entropy(scores, first)

    def _counts(self, batch: _Batch) -> Tensor:
        """Groups with a positive."""
        return (_positives(batch) & _inside(batch.student, batch.mask)).any(-1)


def _pair_loss(student: Tensor, teacher: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(
        student, teacher.sigmoid(), reduction="none"
    )


def _fused(student: Tensor, teacher: Tensor) -> Tensor:
    """The mean of `_pair_loss` over everything, in one operation."""
    return functional.binary_cross_entropy_with_logits(student, teacher.sigmoid())


def _against_first(scores: Tensor) -> Tensor:
    """Margins of the first document to each other one."""
    return scores[..., :1] - scores[..., 1:]


def _margins(scores: Tensor) -> Tensor:
    """Differences of all ordered pairs; the loss of a pair is that of its reverse."""
    return scores.unsqueeze(-1) - scores.unsqueeze(-2)


def _of_pairs(
    loss: Callable[[Tensor, Tensor], Tensor],
    batch: _Batch,
    pairs: Pairs,
    *,
    unbiased: bool,
) -> Tensor:
    """The weighted mean over the pairs of each group, or the mean times the weights."""
    student, teacher = batch.student, _known(batch.teacher)
    counted = _unweighted(batch) if unbiased else batch
    if pairs == "pos-neg" and batch.positive is None:
        values = loss(_against_first(student), _against_first(teacher))
        weights, below = (_first_weights(one) for one in (batch, counted))
        return _ratio((values * weights).sum(-1), below.sum(-1))
    values = loss(_margins(student), _margins(teacher))
    weights, below = (_pair_weights(one, pairs) for one in (batch, counted))
    return _ratio((values * weights).sum((-1, -2)), below.sum((-1, -2)))


def _unweighted(batch: _Batch) -> _Batch:
    """The same, in which documents of weight 0 count like all others."""
    return batch._replace(weights=None, mask=batch.given)


def _first_weights(batch: _Batch) -> Tensor:
    """The weight of the pairs of the first document with the others, (..., k - 1)."""
    found = torch.ones_like(batch.student[..., 1:])
    if batch.weights is not None:
        found = batch.weights[..., 1:] * batch.weights[..., :1]
    if batch.mask is not None:
        found = found * (batch.mask[..., 1:] & batch.mask[..., :1])
    return found


def _pair_weights(batch: _Batch, pairs: Pairs) -> Tensor:
    """The weight of every ordered pair, shape (..., k, k); 0 for those left out."""
    student = batch.student
    k = student.shape[-1]
    inside = _inside(student, batch.mask)
    kept = inside.unsqueeze(-1) & inside.unsqueeze(-2)
    if pairs == "pos-neg":
        good = _positives(batch)
        kept = kept & (good.unsqueeze(-1) != good.unsqueeze(-2))
    else:
        kept = kept & ~torch.eye(k, dtype=torch.bool, device=student.device)
    if batch.weights is None:
        return kept.to(student.dtype)
    weights = batch.weights
    return kept * (weights.unsqueeze(-1) * weights.unsqueeze(-2))


def _weighted(values: Tensor, weights: Tensor) -> Tensor:
    return _ratio((values * weights).sum((-1, -2)), weights.sum((-1, -2)))


def _ratio(above: Tensor, below: Tensor) -> Tensor:
    """A quotient that is 0, with gradient 0, where nothing was counted."""
    some = below != 0  # NaN, of a weight that is none, stays
    return torch.where(some, above / torch.where(some, below, 1.0), 0.0)


def _positives(batch: _Batch) -> Tensor:
    """Which documents are positives: the first, if nothing is said."""
    if batch.positive is not None:
        return batch.positive
    k, device = batch.student.shape[-1], batch.student.device
    return torch.arange(k, device=device) == 0


def _log_softmax(scores: Tensor, batch: _Batch) -> Tensor:
    """Log-probabilities over a group; those of padding count nowhere."""
    if batch.weights is not None:
        scores = scores + batch.weights.log()
    if batch.mask is not None:
        scores = torch.where(batch.mask, scores, torch.finfo(scores.dtype).min)
    return functional.log_softmax(scores, -1)


def _inside(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Which positions are documents."""
    return torch.ones_like(scores, dtype=torch.bool) if mask is None else mask


def _check_shapes(
    student: Tensor,
    teacher: Tensor | None,
    mask: Tensor | None,
    positive: Tensor | None,
    weights: Tensor | None,
) -> None:
    if not student.ndim or not student.is_floating_point():
        raise ValueError(
            "`student` must have floating-point numbers of shape (..., k), got "
            f"{student.dtype} of shape {tuple(student.shape)}; use `.float()`"
        )
    for name, one in (
        ("teacher", teacher),
        ("mask", mask),
        ("positive", positive),
        ("weights", weights),
    ):
        # Such as (k,) or (groups, 1) would spread, and count groups wrongly
        if one is not None and one.shape != student.shape:
            raise ValueError(
                f"`{name}` must have the shape of `student`, "
                f"{tuple(student.shape)}, got {tuple(one.shape)}; use `expand_as`"
            )
        if name in BOOLEAN and one is not None and one.dtype != torch.bool:
            raise ValueError(
                f"`{name}` must be boolean, got {one.dtype}; compare it, as in "
                f"`{name} > 0`"
            )


def _wide(scores: Tensor) -> Tensor:
    """In a precision to add up in."""
    return scores.float() if scores.dtype in HALVES else scores


def _filled(scores: Tensor, mask: Tensor | None) -> Tensor:
    """0 at padding, which may hold anything."""
    return scores if mask is None else torch.where(mask, scores, 0.0)


def _divided(scores: Tensor, temperature: float | Tensor) -> Tensor:
    """Scores in temperatures; a temperature of 1 costs nothing."""
    if not isinstance(temperature, Tensor) and temperature == 1:
        return scores
    return scores / temperature


def _known(teacher: Tensor | None) -> Tensor:
    if teacher is None:
        raise ValueError("this loss needs the teacher's scores")
    return teacher


def _number(value: float | Tensor) -> float:
    return float(value.detach()) if isinstance(value, Tensor) else value


def _terms(batch: _Batch, pairs: Pairs) -> Terms:
    """Means over the groups that have a pair, with the weights of the loss."""
    weights = _pair_weights(batch, pairs)
    teacher = _margins(_known(batch.teacher))
    risk = _weighted(_pair_loss(_margins(batch.student), teacher), weights)
    entropy = _weighted(_pair_loss(teacher, teacher), weights)
    some = (weights.sum((-1, -2)) != 0).to(risk.dtype)
    groups = some.sum().clamp(min=1)
    means = [(one * some).sum() / groups for one in (entropy, risk)]
    return Terms(means[0], (means[1] - means[0]).clamp(min=0), means[1])
