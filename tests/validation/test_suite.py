"""validation.suite: every statement has its check, and a broken one is noticed."""

from dataclasses import replace

import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import (
    W_1,
    A,
    B,
    Delta,
    R,
    delta,
    inversions,
    kappa,
    m,
    n,
    p,
    w,
)
from rankbound.bounds.registry import REGISTRY, statement
from rankbound.validation.checks.refutations import REFUTATIONS
from rankbound.validation.suite import CHECKS, CONSTANTS, certified, certify, names
from tests.validation.mutation import verdict, with_expression


def test_every_statement_has_its_check():
    assert set(CHECKS) == set(REGISTRY)
    assert names() == [*REGISTRY, *CONSTANTS, *REFUTATIONS]


MUTATIONS = {
    "lemma-1": lambda e: e.subs(m, -m),
    "lemma-2a-lower": lambda e: e.subs(B, 2 * B),
    "lemma-2c-upper": lambda e: e.subs(B, -B),
    "lemma-2c-width": lambda e: e - 0.001,
    "lemma-3-slope": lambda e: e + 2 * p,
    "theorem-1a": lambda e: e.subs(n, 2 * n),
    "theorem-1e": lambda e: e.subs(delta, 2 * delta),
    "theorem-1h": lambda e: e.subs(w, w / 2),
    "theorem-2a": lambda e: e.subs(kappa, kappa**2),
    "theorem-2b": lambda e: e.subs(kappa, 1 + (kappa - 1) / 2),
    "theorem-2f-transport": lambda e: e.subs(W_1, W_1 * 1.001),
    "theorem-2-prime": lambda e: e.subs(Delta, Delta * 0.99),
    "theorem-3c": lambda e: e.subs(R, R * 0.99),
    "theorem-4c": lambda e: e.subs(A, -A),
    "theorem-6c": lambda e: e.subs(inversions, inversions / 2),
    "loss-mse": lambda e: e.subs(A, -A),
}


@pytest.mark.parametrize("key", sorted(MUTATIONS))
def test_a_wrong_constant_or_sign_is_noticed(key):
    broken = with_expression(key, MUTATIONS[key])
    assert broken.expression != statement(key).expression
    assert verdict(broken) == "FAILS"


def test_a_check_alone_draws_what_it_draws_among_others():
    together = {row.key: row for row in certify(["theorem-3c", "theorem-2b"])}
    alone = next(certify(["theorem-2b"]))
    assert alone.finding == together["theorem-2b"].finding
    other = next(certify(["theorem-2b"], seed=1))
    assert other.finding != alone.finding


def test_an_error_is_a_failure():
    def procedure(*_, **__):
        raise ValueError("no")

    broken = replace(statement("theorem-2d-line"), procedure=procedure)
    row = certified(broken, rng=np.random.default_rng(0))
    assert not row.passed
    assert row.finding.detail == "ValueError: no"


def test_unknown_names_are_refused():
    with pytest.raises(DomainError, match="nothing called 'lemma-99'"):
        next(certify(["lemma-99"]))
