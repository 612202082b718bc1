"""validation.checks.shift_limits: true statements pass, broken ones do not."""

from rankbound.validation.checks.shifts import CHECKS
from tests.validation.mutation import assert_caught


def test_statements_pass_and_scaled_ones_fail():
    assert_caught(CHECKS)
