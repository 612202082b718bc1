"""Losses for training, against the estimators, loops, and torch's own checks."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional

from rankbound.estimators.listwise import list_divergence_nats
from rankbound.estimators.pairwise import (
    pairwise_divergence_nats,
    pairwise_entropy_nats,
    pairwise_risk_nats,
)
from rankbound.training import (
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
)

WITH_TEACHER = (PairwiseDistillLoss, MarginMSELoss, ListwiseDistillLoss)
LOSSES = (*WITH_TEACHER, LCELoss)
PAIRS = ("all", "pos-neg")


def scores(seed=0, shape=(3, 5), dtype=torch.float64):
    rng = np.random.default_rng(seed)
    return [torch.tensor(rng.normal(size=shape) * 3, dtype=dtype) for _ in range(2)]


def padded(seed=1):
    """Scores with padding, and a mask; the last group has one document."""
    student, teacher = scores(seed, (4, 5))
    mask = torch.arange(5) < torch.tensor([[5], [3], [2], [1]])
    return student, teacher, mask


@pytest.mark.parametrize("pairs", PAIRS)
def test_risk_and_terms_are_those_of_the_estimators(pairs):
    student, teacher = scores()
    positive = torch.zeros(3, 5, dtype=torch.bool)
    positive[:, 0] = True
    asked = {"positive": positive.numpy(), "pairs": pairs}
    left, right = teacher.numpy(), student.numpy()
    loss = PairwiseDistillLoss(2.0, pairs=pairs, reduction="none")
    expected = pairwise_risk_nats(left, right, temperature=2.0, **asked)
    assert_allclose(loss(student, teacher).numpy(), expected, rtol=1e-12)
    assert_allclose(
        loss(student, teacher, positive=positive).numpy(), expected, rtol=1e-12
    )
    entropy = pairwise_entropy_nats(left, temperature=2.0, **asked).mean()
    divergence = pairwise_divergence_nats(left, right, temperature=2.0, **asked).mean()
    found = [float(term) for term in loss.terms]
    assert_allclose(found, [entropy, divergence, expected.mean()], rtol=1e-10)


def of_loops(name, pairs, group):
    """The loss of one group by its definition; None if it has nothing to count."""
    student, teacher, keep, positive, weight = group
    rows = [i for i in range(len(student)) if keep[i] and weight[i] > 0]
    total = mass = 0.0
    if name in ("PairwiseDistillLoss", "MarginMSELoss"):
        for i in rows:
            for j in rows:
                if i == j or (pairs == "pos-neg" and positive[i] == positive[j]):
                    continue
                m, a = student[i] - student[j], teacher[i] - teacher[j]
                p = 1 / (1 + math.exp(-a))
                value = math.log1p(math.exp(m)) - p * m
                value = (m - a) ** 2 if name == "MarginMSELoss" else value
                total += weight[i] * weight[j] * value
                mass += weight[i] * weight[j]
        return total / mass if mass else None
    if not rows:
        return None
    soft = []
    for side in (student, teacher):
        exps = {i: weight[i] * math.exp(side[i]) for i in rows}
        soft.append({i: value / sum(exps.values()) for i, value in exps.items()})
    if name == "ListwiseDistillLoss":
        return sum(soft[1][i] * math.log(soft[1][i] / soft[0][i]) for i in rows)
    good = [i for i in rows if positive[i]]
    return -sum(math.log(soft[0][i]) for i in good) / len(good) if good else None


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(LOSSES),
    pairs=st.sampled_from(PAIRS),
    marked=st.booleans(),
    weighted=st.booleans(),
    masked=st.booleans(),
)
def test_losses_are_those_of_loops(seed, kind, pairs, marked, weighted, masked):
    rng = np.random.default_rng(seed)
    student, teacher = scores(seed, (4, 4))
    given_ = {}
    keep = np.ones((4, 4), bool)
    if masked:
        keep = rng.random((4, 4)) < 0.7
        given_["mask"] = torch.tensor(keep)
        student[~torch.tensor(keep)] = math.nan
    positive = np.zeros((4, 4), bool)
    positive[:, 0] = True
    if marked:
        positive = rng.random((4, 4)) < 0.5
        given_["positive"] = torch.tensor(positive)
    weight = np.ones((4, 4))
    if weighted:
        weight = rng.integers(0, 4, (4, 4)).astype(float)
        given_["weights"] = torch.tensor(weight)
    rows = zip(student.tolist(), teacher.tolist(), keep, positive, weight, strict=True)
    expected = [of_loops(kind.__name__, pairs, row) for row in rows]
    found = kind(pairs=pairs, reduction="none")(student, teacher, **given_)
    assert_allclose(found.numpy(), [value or 0.0 for value in expected], atol=1e-10)
    counted = [value for value in expected if value is not None]
    mean = kind(pairs=pairs)(student, teacher, **given_)
    wanted = sum(counted) / len(counted) if counted else 0.0
    assert_allclose(mean.item(), wanted, atol=1e-10)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("tied", [False, True])
def test_gradients_are_those_of_finite_differences(kind, tied):
    student, teacher, mask = padded()
    if tied:
        student[:2] = 0.0
    weights = torch.tensor([1.0, 2.0, 0.5, 3.0, 1.0], dtype=torch.float64).expand(4, 5)
    scale = torch.nn.Parameter(torch.tensor(1.5, dtype=torch.float64))
    loss = kind(student_temperature=scale)
    student.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda one, _: loss(one, teacher, mask=mask, weights=weights), (student, scale)
    )


@pytest.mark.parametrize("pairs", PAIRS)
def test_the_gradient_holds_at_ties_and_scores_of_100_000(pairs):
    teacher = torch.linspace(57_989, 160_300, 4, dtype=torch.float64)
    student = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    PairwiseDistillLoss(pairs=pairs)(student, teacher).backward()
    expected = np.zeros(4)
    chosen = [(0, 1), (0, 2), (0, 3)]
    if pairs == "all":
        chosen += [(1, 2), (1, 3), (2, 3)]
    for i, j in chosen:
        slope = 0.5 - float(teacher[i] > teacher[j])
        expected[i] += slope / len(chosen)
        expected[j] -= slope / len(chosen)
    assert_allclose(student.grad.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("kind", LOSSES)
def test_padding_does_not_poison_the_gradient(kind):
    student, teacher, mask = padded()
    student, teacher = (
        torch.where(mask, one, math.nan).requires_grad_() for one in (student, teacher)
    )
    kind()(student, teacher.detach(), mask=mask).backward()
    assert (student.grad[~mask] == 0).all()
    assert torch.isfinite(student.grad).all()


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("pairs", PAIRS)
def test_half_precision_is_added_up_in_float32(kind, dtype, pairs):
    """As torch's losses do under autocast, so that no value or scale overflows."""
    student, teacher = (300 * one for one in scores(dtype=dtype))
    student.requires_grad_()
    found = kind(pairs=pairs)(student, teacher)
    assert found.dtype == torch.float32
    (2.0**16 * found).backward()  # as a GradScaler begins
    assert student.grad.dtype == dtype
    exact = kind(pairs=pairs)(student.detach().double(), teacher.double())
    assert_allclose(found.item(), exact.item(), rtol=1e-6)


@pytest.mark.parametrize("kind", LOSSES)
def test_it_runs_under_autocast(kind):
    student, teacher = scores(dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        student = (student @ torch.eye(5)).requires_grad_()  # bfloat16, as of a model
        found = kind()(student, teacher)
    assert found.dtype == torch.float32
    exact = kind()(student.detach().double(), teacher.double())
    assert_allclose(found.item(), exact.item(), rtol=1e-6)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_compiler_takes_it_in_one_piece(kind):
    student, teacher, mask = padded()
    expected = kind()(student, teacher, mask=mask)
    compiled = torch.compile(kind(), fullgraph=True, backend="aot_eager")
    assert_allclose(compiled(student, teacher, mask=mask).item(), expected.item())
    assert_allclose(compiled(student, teacher).item(), kind()(student, teacher).item())
    with torch.compiler.set_stance("fail_on_recompile"):
        compiled(student, teacher, mask=mask)
        compiled(student, teacher)


@pytest.mark.parametrize("kind", LOSSES)
def test_vmap_gives_what_a_batch_gives(kind):
    student, teacher = scores()
    loss = kind(reduction="none")
    expected = loss(student, teacher)
    found = torch.func.vmap(kind(reduction="none"))(student, teacher)
    assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)


def test_a_temperature_can_be_learned():
    torch.manual_seed(0)
    teacher = torch.randn(400, 6) * 2
    scale = torch.nn.Parameter(torch.tensor(1.0))
    loss = PairwiseDistillLoss(student_temperature=scale)
    assert [*loss.parameters()] == [scale]
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        loss(3 * teacher, teacher).backward()
        optimizer.step()
    assert_allclose(scale.item(), 3.0, rtol=0.01)
    assert_allclose(loss.terms.divergence.item(), 0.0, atol=1e-4)


def test_losses_are_those_of_torch_where_definitions_agree():
    student, teacher = scores(shape=(6, 4))
    log_p, p = student.log_softmax(-1), teacher.softmax(-1)
    kl = functional.kl_div(log_p, p, reduction="batchmean")
    assert_allclose(ListwiseDistillLoss()(student, teacher).item(), kl.item())
    assert_allclose(
        ListwiseDistillLoss(reduction="none")(student, teacher).numpy(),
        list_divergence_nats(teacher.numpy(), student.numpy()),
        rtol=1e-10,
    )
    labels = torch.zeros(6, dtype=torch.long)
    lce = functional.cross_entropy(student, labels)
    assert_allclose(LCELoss()(student).item(), lce.item())
    margins = [one[:, :1] - one[:, 1:] for one in (student, teacher)]
    mse = functional.mse_loss(*margins)
    assert_allclose(MarginMSELoss()(student, teacher).item(), mse.item())


def test_wrong_settings_are_refused():
    for wrong in ({"pairs": "neg-neg"}, {"reduction": "median"}):
        with pytest.raises(ValueError, match="must be"):
            PairwiseDistillLoss(**wrong)
    for wrong in (0.0, -1.0, math.nan, math.inf, None, "1", torch.ones(2)):
        with pytest.raises(ValueError, match="positive"):
            PairwiseDistillLoss(wrong)
        with pytest.raises(ValueError, match="positive"):
            ListwiseDistillLoss(student_temperature=wrong)
    with pytest.raises(RuntimeError):
        _ = PairwiseDistillLoss().terms
    loss = LCELoss()
    loss(torch.zeros(2, 3))
    with pytest.raises(RuntimeError):
        _ = loss.terms


@pytest.mark.parametrize("size", [1.0, 1e5])
@pytest.mark.parametrize("pairs", PAIRS)
def test_gradients_are_those_of_the_plain_functions(pairs, size):
    """With ties, padding, a list of one document, and scores of 100,000."""
    student, teacher, mask = padded(3)
    student, teacher = size * student, size * teacher
    student[0, :3], teacher[1, :2] = 0.0, 0.0
    positive = torch.zeros(4, 5, dtype=torch.bool)
    positive[:, 0] = True
    one, other = (student.clone().requires_grad_() for _ in range(2))
    PairwiseDistillLoss(pairs=pairs)(one, teacher, mask=mask).backward()
    many = slice(0, 3)  # the last list has no pair
    risks = pairwise_risk_nats(
        teacher[many],
        other[many],
        mask=mask[many],
        positive=positive[many],
        pairs=pairs,
    )
    risks.mean().backward()
    assert_allclose(one.grad.numpy(), other.grad.numpy(), atol=1e-12)
    assert (one.grad[3] == 0).all()


@pytest.mark.parametrize("kind", [PairwiseDistillLoss, MarginMSELoss])
@pytest.mark.parametrize("pairs", PAIRS)
def test_unbiased_weights_give_the_risk_of_the_target(kind, pairs):
    """Theorem 2 (e): over all draws of groups, by their probabilities, exactly."""
    rng = np.random.default_rng(5)
    student, teacher = rng.normal(size=(2, 4)) * 2
    sampled, target = rng.dirichlet(np.ones(4), size=2)
    found = mean = wanted = 0.0
    loss = kind(pairs=pairs, unbiased=True)
    for group in itertools.product(range(4), repeat=3):
        rows = list(group)
        chance, aim = np.prod(sampled[rows]), np.prod(target[rows])
        sides = [torch.tensor(one[rows]) for one in (student, teacher)]
        weights = torch.tensor(target[rows] / sampled[rows])
        found += chance * loss(*sides, weights=weights).item()
        mean += chance * kind(pairs=pairs)(*sides, weights=weights).item()
        wanted += aim * kind(pairs=pairs)(*sides).item()
    assert_allclose(found, wanted, rtol=1e-12)
    assert abs(mean - wanted) > 1e-3  # the weighted mean varies less, but is biased


@pytest.mark.parametrize("kind", LOSSES)
def test_nothing_is_asked_of_the_values(kind):
    """Fake tensors have none, so that whatever reads one fails, as on a device."""
    with FakeTensorMode() as mode:
        student, teacher = torch.empty(2, 4, 5).unbind()
        mask = torch.empty(4, 5, dtype=torch.bool)
        assert mode.is_our_fake(mask)
        student = student.clone().requires_grad_()
        loss = kind(checks=True, temperature=torch.nn.Parameter(torch.empty(())))
        for given_ in ({}, {"mask": mask, "positive": mask, "weights": teacher}):
            loss(student, teacher, **given_).backward()
            assert student.grad.shape == (4, 5)
    meta = torch.empty(3, 5, device="meta", dtype=torch.bfloat16, requires_grad=True)
    assert kind()(meta, meta.detach()).device.type == "meta"


def test_bad_scores_are_counted_when_asked_for():
    student, teacher, mask = padded()
    loss = PairwiseDistillLoss(checks=True)
    student[~mask] = math.nan
    loss(student, teacher, mask=mask)
    loss.check()
    teacher[0, 0] = math.inf
    student[0, 1] = math.nan
    for _ in range(2):
        loss(student, teacher, mask=mask)
    with pytest.raises(ValueError, match="4 scores"):
        loss.check()
    loss.check()
    student, teacher, mask = padded()
    weights = torch.ones_like(student)
    weights[0, :2], weights[1, 0], weights[~mask] = math.nan, -1.0, -2.0
    loss(student, teacher, mask=mask, weights=weights)
    with pytest.raises(ValueError, match="3 scores or weights"):
        loss.check()
    scale = torch.nn.Parameter(torch.tensor(-1.0))  # learned too fast
    loss = LCELoss(student_temperature=scale, checks=True)
    loss(student)
    with pytest.raises(ValueError, match="temperatures not positive"):
        loss.check()
    with pytest.raises(RuntimeError, match="checks"):
        PairwiseDistillLoss().check()


@pytest.mark.parametrize("kind", [PairwiseDistillLoss, MarginMSELoss])
@pytest.mark.parametrize("pairs", PAIRS)
def test_documents_of_weight_0_count_where_pairs_are_counted(kind, pairs):
    """The law that is aimed at may leave out documents that the sampling draws."""
    student = torch.tensor([[0.0, 1.0, 2.0], [3.0, 1.0, 0.0]])
    teacher = torch.tensor([[2.0, 1.0, 0.0], [1.0, 4.0, 0.0]])
    weights = torch.tensor([[1.5, 1.0, 0.0], [0.0, 0.0, 2.0]])
    loss, each = (
        kind(pairs=pairs, unbiased=True, reduction=one) for one in ("mean", "none")
    )
    found = each(student, teacher, weights=weights)
    near = each(student, teacher, weights=weights.clamp(min=1e-30))
    assert_allclose(found.numpy(), near.numpy(), rtol=1e-5, atol=1e-20)
    mean = loss(student, teacher, weights=weights)
    assert_allclose(mean.item(), found.mean().item(), rtol=1e-6)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (3, 1), (2, 0)])
def test_groups_may_have_any_shape(kind, shape):
    """One group, groups of groups, and groups without a pair, strided or not."""
    student, teacher = scores(2, (*shape[:-1], 2 * shape[-1]))
    strided = [one[..., ::2] for one in (student, teacher)]
    whole = [one.contiguous() for one in strided]
    each = kind(reduction="none")(*strided)
    assert each.shape == shape[:-1]
    mean = 0.0 if shape[-1] < 2 else each.mean().item()
    for sides in (strided, whole):
        assert_allclose(kind()(*sides).item(), mean, rtol=1e-12)


@pytest.mark.parametrize("kind", LOSSES)
def test_the_mean_over_no_group_is_0(kind):
    student = torch.zeros(0, 4, requires_grad=True)
    for more in ({}, {"mask": torch.ones(0, 4, dtype=torch.bool)}):
        loss = kind()(student, torch.zeros(0, 4), **more)
        loss.backward()
        assert loss.item() == 0


@pytest.mark.parametrize("kind", LOSSES)
def test_other_shapes_and_numbers_for_booleans_are_refused(kind):
    """They would spread, or pairs of two grades would count, without a sign of it."""
    student, teacher = torch.zeros(4, 3), torch.zeros(4, 3)
    for wrong in (teacher[:1].flatten(), teacher[:, :1], teacher.flatten()):
        with pytest.raises(ValueError, match="`teacher` must have the shape"):
            kind()(student, wrong)
    for wrong in (torch.tensor(1.0), torch.ones(4, 3, dtype=torch.long)):
        with pytest.raises(ValueError, match="`student` must have floating-point"):
            kind()(wrong, torch.zeros_like(wrong))
    for name in ("mask", "positive", "weights"):
        with pytest.raises(ValueError, match=f"`{name}` must have the shape"):
            kind()(student, teacher, **{name: torch.ones(3, dtype=torch.bool)})
    for name in ("mask", "positive"):
        with pytest.raises(ValueError, match=f"`{name}` must be boolean"):
            kind()(student, teacher, **{name: torch.tensor([[2, 1, 0]] * 4)})


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("pairs", PAIRS)
@pytest.mark.parametrize("wrong", [math.nan, -1.0, math.inf])
def test_a_weight_that_is_none_is_never_taken_for_0(kind, pairs, wrong):
    student, teacher, mask = padded()
    weights = torch.ones_like(student)
    weights[~mask] = wrong  # padding may hold anything
    assert kind(pairs=pairs)(student, teacher, mask=mask, weights=weights).isfinite()
    weights[1, 1] = wrong
    more = {"unbiased": True} if kind in (PairwiseDistillLoss, MarginMSELoss) else {}
    for settings_ in ({}, more):
        loss = kind(pairs=pairs, reduction="none", **settings_)
        each = loss(student, teacher, mask=mask, weights=weights)
        assert (each.isfinite() == torch.tensor([True, False, True, True])).all()
    assert not kind(pairs=pairs)(student, teacher, weights=weights).isfinite()


@pytest.mark.parametrize("kind", WITH_TEACHER)
@pytest.mark.parametrize("masked", [False, True])
def test_no_gradient_reaches_the_teacher(kind, masked):
    student, teacher, mask = padded()
    scale = torch.nn.Parameter(torch.tensor(2.0, dtype=torch.float64))
    for one in (student, teacher):
        one.requires_grad_()
    loss = kind(scale)
    loss(student, teacher, **({"mask": mask} if masked else {})).backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0
    assert scale.grad != 0  # it is learned all the same
    assert not any(term.requires_grad for term in loss.terms)


def test_errors_of_all_margins_keep_their_digits():
    """They come from a variance, in which scores of 100,000 would drown."""
    student, teacher = scores(7, (6, 9), torch.float32)
    teacher = teacher.round()
    loss = MarginMSELoss(pairs="all")
    each = MarginMSELoss(pairs="all", reduction="none")
    wanted = each(student.double(), teacher.double()).mean()
    assert_allclose(loss(student, teacher + 1e5).item(), wanted.item(), rtol=1e-6)
