"""validation.findings: what a tally notices."""

import math

import numpy as np
import pytest

from rankbound.bounds.registry import statement
from rankbound.validation.findings import Case, CheckTable, Tally


def test_tally_keeps_the_first_failure_and_the_closest_case():
    tally = Tally()
    tally.at_most([1.0, 2.0], [4.0, 2.5])
    assert tally.finding("a", "b").looseness == pytest.approx(1.25)
    tally.at_most(np.array([0.0, 3.0]), 2.0, "first")
    tally.same(1.0, 2.0, "second")
    found = tally.finding("a", "b")
    assert not found.holds
    assert found.detail == "first: 3 <= 2 is wrong"


def test_tally_compares_exactly_up_to_rounding():
    for left, right, fine in ((1.0, 1.0 + 1e-12, True), (1.0, 1.0 + 1e-6, False)):
        tally = Tally()
        tally.same(left, right)
        assert tally.finding("", "").holds is fine
    tally = Tally()
    tally.same(math.inf, math.inf)
    tally.attained(2.0, 2.0)
    assert tally.finding("", "").looseness == 1.0


def test_not_a_number_fails():
    tally = Tally()
    tally.at_most(math.nan, 1.0)
    assert not tally.finding("", "").holds


def test_without_an_inequality_there_is_no_looseness():
    tally = Tally()
    tally.require(True, "never")
    assert tally.finding("", "").looseness is None
    tally.require(False, "now")
    assert tally.finding("", "").detail == "now"


def test_a_key_has_one_check():
    table = CheckTable()
    table.of("x")(lambda _: None)
    with pytest.raises(ValueError, match="x has a check already"):
        table.of("x")(lambda _: None)


def test_case_knows_its_effort_and_its_procedure():
    case = Case(statement("lemma-1"), np.random.default_rng(0), deep=True)
    assert case.rounds(7) == 70
    with pytest.raises(TypeError, match="no procedure"):
        case.compute(1.0)
