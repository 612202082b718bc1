"""validation.checks.constants: enclosures to 12 digits, which a wrong digit leaves."""

import pytest
import sympy

from rankbound.validation.suite import CONSTANTS, enclose

DIGITS = {
    "constant-a_0": "1.543404638418",
    "constant-a_star": "2.567553740210",
    "constant-lambda_star": "0.169917120746",
    "constant-c_phi": "0.223871602347",
}


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_constants_are_enclosed_and_wrong_ones_are_not(name):
    assert enclose(name).holds
    assert abs(float(CONSTANTS[name]) - float(DIGITS[name])) < 6e-13
    wrong = CONSTANTS[name].evalf(20) + sympy.Float("1e-12")
    found = enclose(name, wrong)
    assert not found.holds
    assert "is not in" in found.detail
