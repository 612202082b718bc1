import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.estimators.bands import BANDS, Band, band_called

values = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.7, 1.0]), min_size=1)


def kept(name, numbers):
    return np.flatnonzero(band_called(name).holds(np.array(numbers, float))).tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("below-median", [0, 1, 2, 3]),
        ("above-median", [4, 5, 6, 7]),
        ("inner", [2, 3, 4, 5]),
        ("outer", [0, 1, 6, 7]),
        ("lower-quartile", [0, 1]),
        ("upper-quartile", [6, 7]),
        ("0.25:0.5", [2, 3]),
        ("0:1", [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_names_say_what_is_kept(name, expected):
    assert kept(name, range(8)) == expected


@given(values)
def test_halves_and_quarters_lose_no_query(numbers):
    halves = kept("below-median", numbers) + kept("above-median", numbers)
    ends = kept("lower-quartile", numbers) + kept("upper-quartile", numbers)
    everything = list(range(len(numbers)))
    assert sorted(halves) == everything
    assert sorted(ends + kept("inner", numbers)) == everything
    assert sorted(ends) == kept("outer", numbers)
    middle = statistics.median(numbers)
    below = [i for i, number in enumerate(numbers) if number <= middle]
    assert kept("below-median", numbers) == below


@given(values)
def test_quarters_by_the_standard_library(numbers):
    if len(numbers) < 2:
        return
    first, _, third = statistics.quantiles(numbers, n=4, method="inclusive")
    points = BANDS["inner"].cut_points(np.array(numbers))
    assert points == pytest.approx((first, third))


def test_sums_in_another_order_are_ties():
    numbers = [sum(order) for order in itertools.permutations([0.1, 0.7, 1.3, 2.9])]
    assert len(set(numbers)) > 1
    assert kept("below-median", numbers) == list(range(24))
    assert kept("above-median", numbers) == []
    assert BANDS["below-median"].ties(np.array(numbers)).all()
    # However large the other values are
    assert kept("above-median", [1.0, 1.0 + 1e-9, 1e12]) == [2]
    assert kept("below-median", [1.0, 1.0 + 1e-9, 1.0 + 2e-9]) == [0, 1]


def test_ties_go_below_and_are_counted():
    numbers = [1.0, 1.0, 1.0, 0.0]
    assert kept("below-median", numbers) == [0, 1, 2, 3]
    assert kept("above-median", numbers) == []
    assert BANDS["above-median"].ties(np.array(numbers)).sum() == 3
    assert BANDS["above-median"].ties(np.arange(4.0)).sum() == 0
    assert band_called("0:1").ties(np.arange(4.0)).sum() == 0


@pytest.mark.parametrize(
    "text", ["middle", "0.5", "a:b", "0.5:0.5", "0.9:0.1", "-0.1:0.5", "0:1.5", "nan:1"]
)
def test_no_band(text):
    with pytest.raises(DomainError):
        band_called(text)


@pytest.mark.parametrize("numbers", [[], [np.nan, 1.0], [[1.0, 2.0]]])
def test_values_that_cannot_be_cut(numbers):
    with pytest.raises(DomainError, match="finite values"):
        Band("x", 0.2, 0.8).holds(np.array(numbers))
