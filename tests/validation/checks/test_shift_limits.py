"""validation.checks.shift_limits: true statements pass, broken ones do not."""

from dataclasses import replace

import pytest

from rankbound.bounds.registry import statement
from rankbound.validation.checks.shifts import CHECKS
from rankbound.validation.findings import Tally
from tests.validation.mutation import assert_caught, planted, verdict

# The betting limit does not depend on the lower end, so that one is not among them.
WRONG = {
    "theorem-2b-limit": {
        "(2 - distances)": "(1.9 - distances)",
        "pair_width * distances": "0.95 * pair_width * distances",
        "high=high + pair_width": "high=high + 0.95 * pair_width",
        "delta=delta)": "delta=1.1 * delta)",
    },
    "theorem-2c-limit": {
        "_ratio(largest_kappa)) ** 2": "_ratio(largest_kappa)) ** 1.9",
        "largest_kappa**2": "largest_kappa",
        "/ grid.size": "/ 1",
        "t + caps": "0.98 * t + caps",
        "largest * (high - t)": "0.95 * largest * (high - t)",
        "mean(axis=1)": "mean(axis=1) * 0.98",
        "return min(high, ": "return min(0.95 * high, ",
    },
}
# what a miss alone gives away on the laws for which the statements are exact
FATAL = {
    "theorem-2b-limit": {"(2 - distances)": "(1 - distances / 2)"},
    "theorem-2c-limit": {"_ratio(largest_kappa)) ** 2": "_ratio(largest_kappa))"},
}


def with_constant(key, right, wrong):
    entry = statement(key)
    return replace(entry, procedure=planted(entry.procedure, right, wrong))


def cases(table):
    return [(key, *pair) for key, pairs in table.items() for pair in pairs.items()]


@pytest.mark.parametrize(("key", "right", "wrong"), cases(WRONG))
def test_wrong_constants_are_seen(key, right, wrong):
    assert verdict(with_constant(key, right, wrong)) == "FAILS"


@pytest.mark.parametrize(("key", "right", "wrong"), cases(FATAL))
def test_extremal_laws_alone_give_a_wrong_power_away(key, right, wrong, monkeypatch):
    monkeypatch.setattr(Tally, "same", lambda *_, **__: None)
    monkeypatch.setattr("rankbound.validation.worlds.laws", lambda _: ())
    assert verdict(with_constant(key, right, wrong)) == "FAILS"


def test_statements_pass_and_scaled_ones_fail():
    assert_caught(CHECKS)
