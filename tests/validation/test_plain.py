"""validation.plain: the plain forms against the loops of the oracles."""

import numpy as np
from numpy.testing import assert_allclose

from rankbound.validation import plain
from tests import oracles


def test_pair_quantities():
    rng = np.random.default_rng(0)
    for a, m in rng.normal(0, 5, (50, 2)):
        p = oracles.sigmoid(a)
        assert_allclose(plain.sigmoid(a), p, rtol=1e-12)
        assert_allclose(plain.softplus(a), oracles.softplus(a), rtol=1e-12)
        assert_allclose(plain.entropy(p), oracles.entropy_of(p), rtol=1e-9)
        assert_allclose(plain.margin_entropy(a), oracles.entropy_of(p), rtol=1e-7)
        assert_allclose(plain.loss(p, m), oracles.pair_loss(p, m), rtol=1e-12)
        apart = oracles.pair_loss(p, m) - oracles.entropy_of(p)
        assert_allclose(plain.divergence(p, m), max(apart, 0), atol=1e-9)


def test_laws_and_cuts():
    rng = np.random.default_rng(1)
    law, other = rng.dirichlet(np.ones(4), 2)
    teacher, student = rng.normal(size=(2, 4))
    lists = law.tolist(), teacher.tolist(), student.tolist()
    risk = plain.pair_risk(law, teacher, student)
    assert_allclose(risk, oracles.risk_of_law(*lists), rtol=1e-12)
    entropy = plain.pair_entropy(law, teacher)
    assert_allclose(entropy, oracles.entropy_of_law(*lists[:2]), rtol=1e-9)
    apart = oracles.variation(lists[0], other.tolist())
    assert_allclose(plain.variation(law, other), apart, rtol=1e-12)
    assert plain.best_cut(5) == oracles.max_cut_share(5)
    assert plain.differences([3.0, 1.0, 0.0]).tolist() == [2.0, 3.0, 1.0]
    signs = np.array([1.0, 1.0, 0.0])
    wrong = plain.misranking(np.array([0.9, 0.2, 0.4]), signs, [0.5, 0.25, 0.25])
    assert_allclose(wrong, 0.5 * 0.1 + 0.25 * 0.8 + 0.125)
