from dataclasses import replace

import numpy as np
import pytest

from rankbound.bounds.certificate import LN2
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import betting, hoeffding
from rankbound.figures.certificates import Certified, draw_limit_over_n
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing

RISKS = np.linspace(0.1, 0.9, 60)
SETTING = {"low": 0.0, "high": 5.0, "delta": 0.05, "n_students": 2}
MADE = Certified(risks=RISKS, upper=betting(RISKS, **SETTING), **SETTING)


def curves(ax):
    found = {}
    for name, n, nats in zip(*data_of(ax).values(), strict=True):
        found.setdefault(name, []).append((n, nats))
    return found


def test_the_curves_are_the_limits_at_their_numbers_of_queries():
    ax = draw_limit_over_n(MADE)
    check_drawing(ax)
    found = curves(ax)
    n, nats = found["Hoeffding"][10]
    repeated = np.full(400, RISKS.mean())
    wide = nats - RISKS.mean()
    same = hoeffding(repeated, **SETTING) - RISKS.mean()
    assert wide * np.sqrt(n) == pytest.approx(same * np.sqrt(400))
    assert {nats for _, nats in found["risk of the sample"]} == {RISKS.mean()}
    # Betting on the sample repeated as often as the curve says gives the curve's value
    n, nats = found["betting"][-1]
    again = betting(np.tile(RISKS, round(n / 60)), **SETTING)
    assert again == pytest.approx(nats, rel=0.02)


def test_the_samples_certificate_and_the_number_needed_are_marked():
    found = curves(draw_limit_over_n(MADE))
    assert found["n"] == [(60.0, MADE.upper)]
    ((needed, level),) = found["n needed"]
    assert level == LN2
    assert betting(np.tile(RISKS, round(needed / 60)), **SETTING) == pytest.approx(
        LN2, rel=0.02
    )


def test_a_risk_above_ln_2_needs_no_number():
    ax = draw_limit_over_n(replace(MADE, risks=RISKS + 1, upper=2.8))
    assert "n needed" not in curves(ax)
    check_drawing(ax)


def test_no_risks_are_refused():
    with pytest.raises(DomainError):
        draw_limit_over_n(replace(MADE, risks=np.empty(0)))
