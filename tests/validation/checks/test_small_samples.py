"""validation.checks.small_samples: true statements pass, broken ones do not."""

from rankbound.validation.checks.small_samples import CHECKS
from tests.validation.mutation import assert_caught


def test_statements_pass_and_scaled_ones_fail():
    assert_caught(CHECKS)
