from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.scores import Scores
from rankbound.estimators.kinds import (
    CLOSE,
    SQUASHED_BITS,
    adds_up_to_one,
    constant_queries,
    decimals,
    lattice,
    min_max_queries,
    rank_function,
    smallest_pair_entropy,
    ties,
    top_entropy,
    usual_depth,
)

# Few values, so that ties are frequent, and steps far below a millionth of the range
NUMBER = st.sampled_from([0.0, 1.0, 2.0, 2.0 + 1e-9, -3.0, 5.0, 5.0 - 1e-7])
RUNS = st.lists(st.lists(NUMBER, min_size=1, max_size=6), min_size=1, max_size=5)


def as_scores(rows):
    return Scores.from_dict(
        {f"q{n}": {f"d{k}": v for k, v in enumerate(row)} for n, row in enumerate(rows)}
    )


@given(RUNS)
def test_ties_match_a_loop_over_sorted_rankings(rows):
    every = [value for row in rows for value in row]
    width = max(every) - min(every)
    neighbours = equal = close = touched = shared = 0
    largest = 1
    for row in rows:
        before = equal
        for high, low in pairwise(sorted(row, reverse=True)):
            neighbours += 1
            equal += high == low
            close += high != low and high - low <= CLOSE * width
        touched += equal > before
        counts = [row.count(value) for value in row]
        shared += sum(count > 1 for count in counts)
        largest = max(largest, *counts)
    found = ties(as_scores(rows))
    assert (found.neighbours, found.equal, found.close) == (neighbours, equal, close)
    assert (found.queries, found.largest, found.shared) == (touched, largest, shared)


def test_a_millionth_of_the_range_exactly_is_still_close():
    found = ties(as_scores([[0.0, 1e6, 1e6 - 1, 1e6 - 2.5]]))
    assert (found.close, found.equal) == (1, 0)


@given(RUNS)
def test_normalised_and_constant_queries_match_loops(rows):
    scores = as_scores(rows)
    constant = [n for n, row in enumerate(rows) if len(row) > 1 and len(set(row)) == 1]
    assert constant_queries(scores).tolist() == constant
    assert min_max_queries(scores) == sum(
        (min(row), max(row)) == (0.0, 1.0) for row in rows
    )


def test_softmax_is_recognised_after_rounding_and_not_for_one_document():
    rng = np.random.default_rng(0)
    rows = []
    for size in (2, 5, 40):
        powers = np.exp(rng.normal(size=size))
        rows.append(np.round(powers / powers.sum(), 6).tolist())
    assert adds_up_to_one(as_scores([*rows, [1.0], [0.5, 0.6], [1.5, -0.5]])).sum() == 3


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=5), st.integers(0, 9)
)
def test_decimals_match_python_s_own_shortest_text(numbers, places):
    values = [float(f"{number}e-{places}") for number in numbers]
    needed = max(
        -Decimal(repr(value)).normalize().as_tuple().exponent for value in values
    )
    assert decimals(np.array(values)) == max(0, needed)


def test_decimals_of_binary_fractions_and_large_numbers():
    assert decimals(np.array([1 / 3])) is None
    assert decimals(np.array([1e300, 2.5])) == 1


@pytest.mark.parametrize(
    ("name", "kept_bits"), [("bfloat16", 8), ("float16", 11), ("float32", 24)]
)
@pytest.mark.parametrize("places", [None, 6, 9])
def test_lattice_recognises_a_format_even_after_rounding(name, kept_bits, places):
    rng = np.random.default_rng(1)
    mantissa, exponent = np.frexp(rng.uniform(0.2, 0.9, 300))
    # Significands of so many bits, as the format's hardware rounds them
    values = np.ldexp(np.rint(mantissa * 2**kept_bits), exponent - kept_bits)
    if name == "float16":
        np.testing.assert_array_equal(values, values.astype(np.float16))
    if places is not None:
        values = np.round(values, places)
    lost = name == "float32" and places == 6  # coarser than float32 near 1
    assert lattice(values) == (None if lost else name)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(2).normal(size=300),
        np.round(np.random.default_rng(3).normal(size=300), 6),
        np.arange(300.0),  # whole numbers say nothing
        np.array([0.5, 0.25, 0.125]),  # too few to say
        np.arange(-10, 10) / 2,  # one decimal: coarser than any lattice
    ],
)
def test_lattice_says_nothing_without_evidence(values):
    assert lattice(values) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("affine", lambda r: 100.0 - r),
        ("reciprocal", lambda r: 1 / (r + 60)),
        ("geometric", lambda r: 2 ** (-r / 10)),
        (None, lambda r: -(float(r) ** 1.5)),
    ],
)
def test_rank_function_names_the_usual_ones(name, value):
    run = {q: {f"d{r}": value(r) for r in range(20)} for q in "ab"}
    assert rank_function(Scores.from_dict(run)) == name


def test_rank_function_needs_four_documents_without_ties():
    assert rank_function(as_scores([[3.0, 2.0, 1.0]])) is None
    assert rank_function(as_scores([[3.0, 2.0, 2.0, 1.0]])) is None


@pytest.mark.parametrize(
    ("bits", "value"),
    [
        (0.985, lambda r: 2 ** (-r / 10)),
        (0.981, lambda r: 1 / (r + 1)),
        (0.218, lambda r: 16.0 - r),
    ],
)
def test_top_entropy_of_rank_functions_is_the_known_constant(bits, value):
    found = top_entropy(as_scores([[value(r) for r in range(16)]]))
    assert found == pytest.approx(bits, abs=6e-4)


def test_smallest_pair_entropy_is_that_of_the_widest_query():
    for width in (1.0, 3.0):
        p = 1 / (1 + np.exp(-width))
        bits = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
        found = smallest_pair_entropy(as_scores([[0.0, width], [5.0, 5.5]]))
        assert found == pytest.approx(bits)


def test_squashed_is_what_lies_within_one():
    exactly = smallest_pair_entropy(as_scores([[0.0, 0.4, 1.0]]))
    wider = smallest_pair_entropy(as_scores([[0.0, 0.4, 1.01]]))
    assert wider < SQUASHED_BITS <= exactly
    assert pytest.approx(0.84, abs=5e-4) == SQUASHED_BITS


def test_usual_depth_tells_a_cut_off_from_varying_sizes():
    assert usual_depth(np.array([100] * 6 + [3, 40])) == (100, True)
    assert usual_depth(np.array([10, 20, 31, 44])) == (25, False)
    assert usual_depth(np.array([7])) == (7, False)


def test_whole_numbers_missed_by_the_last_bit_are_on_no_lattice():
    nearly = np.nextafter(np.arange(1.0, 30.0), 0.0)
    assert lattice(nearly) is None
