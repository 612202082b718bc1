import math

import numpy as np
import pytest

from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.reference.measure import Kindred, by_block, joined, on_groups, per_query

GROUPS = Groups(
    queries=np.array([1, 0, 1]),
    qids=strings(["a", "b"]),
    offsets=np.array([0, 2, 3, 6]),
    codes=np.arange(6),
    docnos=strings([f"d{i}" for i in range(6)]),
)
VALUES = np.array([1.0, 3.0, 10.0, 2.0, 2.0, 5.0])


def test_both_sides_are_joined_by_query():
    what = Kindred("x", "bits", "long", "short")
    made = joined(what, {"b": 2.0, "a": 1.0}, {"b": 0.5, "c": 3.0}, {"a": "why"})
    assert made.qids.tolist() == ["a", "b", "c"]
    assert made.corrected_unit == "bits"
    assert made.difference[1] == 1.5
    assert np.isnan(made.difference[[0, 2]]).all()
    assert np.isnan([made.reference[2], made.corrected[0]]).all()


def test_other_units_and_infinite_values_have_no_difference():
    what = Kindred("x", "1 - cos", "long", "short", "distance")
    assert np.isnan(joined(what, {"a": 1.0}, {"a": 1.0}, {}).difference).all()
    what = Kindred("x", "ratio", "long", "short")
    made = joined(what, {"a": math.inf}, {"a": math.inf}, {})
    assert np.isnan(made.difference).all()


def test_a_query_is_the_mean_over_its_groups_and_lost_with_one_of_them():
    found, why = on_groups(GROUPS, VALUES, np.sum, lambda _: "x")
    assert found == {"a": 10.0, "b": (4.0 + 9.0) / 2}
    assert why == {}

    def short(part):
        return math.nan if len(part) == 2 else float(part.sum())

    found, why = on_groups(GROUPS, VALUES, short, lambda part: f"{len(part)}")
    assert found["a"] == 10.0
    assert math.isnan(found["b"])
    assert why == {"b": "2"}


def test_groups_by_block():
    sums = by_block(
        GROUPS, lambda block: np.where(block.mask, VALUES[block.rows], 0).sum(axis=-1)
    )
    assert sums.tolist() == [4.0, 10.0, 9.0]
    assert per_query(GROUPS, sums) == pytest.approx({"a": 10.0, "b": 6.5})
