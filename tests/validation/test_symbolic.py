"""validation.symbolic: identities vanish, near misses do not."""

from sympy import Rational, exp

from rankbound.bounds.notation import m, p
from rankbound.bounds.special import BinaryEntropy, Divergence, Softplus
from rankbound.validation.symbolic import vanishes


def test_identities_and_near_misses():
    loss = p * Softplus(-m) + (1 - p) * Softplus(m)
    assert vanishes(loss - BinaryEntropy(p) - Divergence(p, m))
    assert not vanishes(loss - BinaryEntropy(p) + Divergence(p, m))
    assert not vanishes(loss * Rational(101, 100) - loss)
    assert vanishes(exp(-m) * exp(m) - 1)
