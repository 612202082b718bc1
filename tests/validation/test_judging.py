import pytest
from statsmodels.stats.multitest import multipletests

from rankbound.bounds.errors import DomainError
from rankbound.validation.association import Coefficient
from rankbound.validation.judging import Family
from rankbound.validation.power import detectable_correlation


def test_adjusted_skips_what_was_not_tested():
    p = [0.04, None, 0.001, 0.03]
    tested = [0.04, 0.001, 0.03]
    for name, method in (("holm", "holm"), ("bh", "fdr_bh")):
        wanted = multipletests(tested, method=method)[1]
        found = Family(correction=name).adjusted(p)
        assert found[1] is None
        assert [x for x in found if x is not None] == pytest.approx(list(wanted))
    assert Family().adjusted([None]) == [None]


def test_verdicts():
    family = Family(delta=0.05, band=0.2)
    inside, outside = Coefficient(0.0, -0.19, 0.19, 0.9), Coefficient(0, -0.2, 0.1, 0.9)
    assert family.verdict(inside, 1.0) == "no association beyond 0.2"
    assert family.verdict(outside, 1.0) == "inconclusive"
    assert family.verdict(inside, 0.05) == "associated"
    assert family.verdict(inside, None) == "no association beyond 0.2"
    assert family.verdict(Coefficient(None, None, None, None), None) == "inconclusive"


def test_detectable_is_at_the_first_step_of_the_correction():
    family = Family(delta=0.1)
    assert family.detectable(43, n_tests=32) == detectable_correlation(
        43, delta=0.1 / 32
    )
    assert family.detectable(43, n_tests=32) > family.detectable(43, n_tests=1)
    assert family.detectable(7, n_tests=1) is None


@pytest.mark.parametrize(
    "wrong", [{"delta": 0.0}, {"correction": "bonferroni"}, {"band": 1.0}]
)
def test_settings_are_checked(wrong):
    with pytest.raises(DomainError):
        Family(**wrong)
