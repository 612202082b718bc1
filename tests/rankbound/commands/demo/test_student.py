import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.commands.demo.models import (
    Lessons,
    loss_and_gradient,
    project,
    train_student,
)


def lessons_of(n=7, k=5, dim=4, *, seed=0, scale=3.0):
    rng = np.random.default_rng(seed)
    return Lessons(
        rng.normal(size=(n, dim)),
        rng.normal(size=(n, k, dim)),
        scale * rng.normal(size=(n, k)),
    )


def naive_loss(weights, lessons, ridge):
    total = 0.0
    n, k = lessons.teacher.shape
    for query, documents, teacher in zip(
        lessons.queries, lessons.documents, lessons.teacher, strict=True
    ):
        scores = [
            sum(
                query[a] * weights[a, b] * document[b]
                for a in range(len(query))
                for b in range(len(document))
            )
            for document in documents
        ]
        for i in range(k):
            for j in range(i + 1, k):
                p = 1 / (1 + math.exp(teacher[j] - teacher[i]))
                chance = 1 / (1 + math.exp(scores[j] - scores[i]))
                loss = -p * math.log(chance) - (1 - p) * math.log(1 - chance)
                total += loss / (n * k * (k - 1) / 2)
    return total + ridge / 2 * sum(value**2 for value in weights.ravel())


def test_loss_matches_a_double_loop():
    lessons = lessons_of()
    weights = np.random.default_rng(1).normal(size=(4, 4))
    loss, _ = loss_and_gradient(weights, lessons, ridge=0.3)
    assert loss == pytest.approx(naive_loss(weights, lessons, 0.3), rel=1e-10)


def test_gradient_matches_finite_differences():
    lessons = lessons_of(seed=2)
    weights = np.random.default_rng(3).normal(size=(4, 4))
    _, gradient = loss_and_gradient(weights, lessons, ridge=0.2)
    step = 1e-5
    numeric = np.zeros_like(weights)
    for index in np.ndindex(weights.shape):
        shift = np.zeros_like(weights)
        shift[index] = step
        above, _ = loss_and_gradient(weights + shift, lessons, ridge=0.2)
        below, _ = loss_and_gradient(weights - shift, lessons, ridge=0.2)
        numeric[index] = (above - below) / (2 * step)
    assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-9)


def test_loss_is_unchanged_by_a_shift_of_teacher_scores_and_order():
    lessons = lessons_of(seed=4)
    weights = np.random.default_rng(5).normal(size=(4, 4))
    order = np.array([3, 0, 4, 2, 1])
    other = Lessons(
        lessons.queries, lessons.documents[:, order], lessons.teacher[:, order] + 100.0
    )
    loss, gradient = loss_and_gradient(weights, lessons, ridge=0.1)
    again, slope = loss_and_gradient(weights, other, ridge=0.1)
    assert again == pytest.approx(loss, rel=1e-12)
    assert_allclose(slope, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("margin", [4000.0, -4000.0])
def test_loss_is_finite_and_linear_at_huge_margins(margin):
    # The teacher is as sure of the opposite: softplus(m) - p m = |m|.
    lessons = Lessons(
        np.array([[1.0]]), np.array([[[margin], [0.0]]]), np.array([[-margin, 0.0]])
    )
    loss, gradient = loss_and_gradient(np.ones((1, 1)), lessons, ridge=0.0)
    assert loss == pytest.approx(4000.0)
    assert gradient[0, 0] == pytest.approx(4000.0)


def test_train_student_starts_at_the_constant_student_and_reaches_the_minimum():
    lessons = lessons_of(n=40, seed=6)
    start, _ = loss_and_gradient(np.zeros((4, 4)), lessons, ridge=1e-3)
    assert start == pytest.approx(math.log(2))
    student = train_student(lessons, ridge=1e-3)
    loss, gradient = loss_and_gradient(student.weights, lessons, ridge=1e-3)
    assert student.loss == pytest.approx(loss)
    assert loss < start
    assert np.abs(gradient).max() < 1e-4
    # Convex: no other point is lower.
    rng = np.random.default_rng(7)
    for size in (1e-3, 1e-2, 1.0):
        shifted = student.weights + size * rng.normal(size=(4, 4))
        assert loss_and_gradient(shifted, lessons, ridge=1e-3)[0] > loss


def test_train_student_finds_a_teacher_that_is_bilinear():
    lessons = lessons_of(n=200, k=6, seed=8)
    truth = np.random.default_rng(9).normal(size=(4, 4))
    scores = np.einsum("na,ab,nkb->nk", lessons.queries, truth, lessons.documents)
    taught = Lessons(lessons.queries, lessons.documents, scores)
    student = train_student(taught, ridge=1e-9, max_iterations=500)
    assert_allclose(student.weights, truth, atol=0.02)
    entropy, _ = loss_and_gradient(truth, taught, ridge=0.0)
    assert student.loss == pytest.approx(entropy, abs=1e-5)


def test_train_student_shrinks_with_the_ridge():
    lessons = lessons_of(n=30, seed=10)
    norms = [
        np.linalg.norm(train_student(lessons, ridge=ridge).weights)
        for ridge in (1e-3, 1e-2, 1e-1, 10.0)
    ]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 0.1 * norms[0]


def test_project_gives_vectors_whose_dot_products_are_the_scores():
    lessons = lessons_of(seed=11)
    student = train_student(lessons)
    vectors = project(student, lessons.queries)
    assert vectors.dtype == np.float32
    scores = np.einsum(
        "na,ab,nkb->nk", lessons.queries, student.weights, lessons.documents
    )
    dots = np.einsum("nb,nkb->nk", vectors, lessons.documents)
    assert_allclose(dots, scores, rtol=1e-4, atol=1e-5 * np.abs(scores).max())
