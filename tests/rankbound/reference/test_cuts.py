import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.reference.cut import KEEPS, REFERENCE_CUTS, reference_cut


def kept(values, name):
    return np.flatnonzero(reference_cut(np.array(values, dtype=float), name)).tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("upper_quartile", [0, 1, 2, 3, 4, 5]),
        ("lower_quartile", [2, 3, 4, 5, 6, 7]),
        ("inner", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("outlier", []),
        ("above_median", [4, 5, 6, 7]),
        ("below_median", [0, 1, 2, 3]),
    ],
)
def test_the_names_and_what_they_keep(name, expected):
    assert kept(range(8), name) == expected
    assert name in KEEPS


def test_one_missing_entropy_empties_all_six():
    assert [kept([0.0, np.nan, 2.0], name) for name in REFERENCE_CUTS] == [[]] * 6


def test_ties_at_the_median_belong_to_neither_half():
    assert kept([1, 1, 1, 0], "above_median") == []
    assert kept([1, 1, 1, 0], "below_median") == [3]


def test_an_outlier_is_beyond_the_fences():
    assert kept([1, 2, 3, 4, 100], "outlier") == [4]
    assert kept([1, 2, 3, 4, 7], "inner") == [0, 1, 2, 3, 4]  # on the fence


def test_other_names_and_nothing_to_cut_are_refused():
    with pytest.raises(DomainError, match="'middle'"):
        reference_cut(np.arange(3.0), "middle")
    with pytest.raises(DomainError, match="no values"):
        reference_cut(np.array([]), "inner")
