"""The reconstructed row: its marks, and its agreement with the statement."""

import math

from numpy.testing import assert_allclose

from rankbound.bounds.certificate import LN2
from rankbound.commands.measure.paper_form import Architecture, paper_row


def row(risk=0.5, n=1000.0, **trained):
    return paper_row(
        risk, width=5.652, n=n, delta=0.05, architecture=Architecture(**trained)
    )


def test_paper_row_is_marked_and_vacuous_for_a_base_encoder():
    found = row()
    assert (found.statement, found.status) == ("paper-form", "reconstructed")
    assert found.limit > LN2
    assert found.n_needed > found.pseudo_dimension > 1e10


def test_paper_row_matches_the_formula_for_a_tiny_network():
    found = row(n=1e6, weights=20, layers=2)
    d = 20 * 2 * math.log(10)
    assert_allclose(found.pseudo_dimension, d)
    wanted = 0.5 + 5.652 * math.sqrt(2 * d * math.log(math.e * 1e6 / d) / 1e6)
    wanted += 5.652 * math.sqrt(math.log(20) / 2e6)
    assert_allclose(found.limit, wanted, rtol=1e-12)


def test_paper_row_needs_no_finite_n_above_ln_two():
    assert row(risk=0.7).n_needed is None
