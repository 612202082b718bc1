"""validation.checks.losses: true statements pass, broken ones do not."""

import pytest

from rankbound.bounds.notation import B
from rankbound.validation.checks.losses import CHECKS
from rankbound.validation.suite import certify
from tests.validation.mutation import verdict, with_expression, with_factor

SLOW = {"lemma-2b-upper", "lemma-2b-divergence"}


@pytest.mark.parametrize("key", sorted(set(CHECKS) - SLOW))
def test_statements_pass_and_scaled_ones_fail(key):
    assert next(certify([key])).verdict == "holds"
    for factor in (0.97, 1.03):
        assert verdict(with_factor(key, factor)) == "FAILS", factor


@pytest.mark.parametrize("key", sorted(SLOW))
def test_ranges_of_both_margins(key):
    for factor in (0.97, 1.03):
        assert verdict(with_factor(key, factor)) == "FAILS", factor
    # the sign of B alone
    assert verdict(with_expression(key, lambda e: e.subs(B, -B))) == "FAILS"


def test_true_ranges_of_a_pair_are_proved_on_their_box():
    rows = certify(sorted(SLOW))
    assert [row.verdict for row in rows] == ["holds", "holds"]
