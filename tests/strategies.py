"""Hypothesis strategies: score lists, groups of several sizes, small point sets.

Numbers are multiples of 1/64, so that differences, shifts and permutations are exact
and a test can demand equality up to the rounding of the quantity itself.
"""

import numpy as np
from hypothesis import strategies as st

from rankbound.data.columns import strings
from rankbound.data.groups import Groups


def grid_numbers(largest):
    """Multiples of 1/64 up to `largest` in size; ties and zeros are frequent."""
    steps = st.integers(-64 * largest, 64 * largest).map(lambda step: step / 64)
    return st.one_of(st.sampled_from([0.0, 1.0, -1.0]), steps)


def score_lists(*, least=2, most=7, largest=40):
    """Scores of one group."""
    return st.lists(grid_numbers(largest), min_size=least, max_size=most)


@st.composite
def score_pairs(draw, *, least=2, most=7, largest=40):
    """Teacher and student scores of one group."""
    size = draw(st.integers(least, most))
    return (
        draw(score_lists(least=size, most=size, largest=largest)),
        draw(score_lists(least=size, most=size, largest=largest)),
    )


@st.composite
def group_sizes(draw, *, least=1, most=9, largest_count=12):
    """Sizes of several groups; groups of one document are frequent."""
    size = st.one_of(st.just(least), st.integers(least, most))
    return draw(st.lists(size, min_size=1, max_size=largest_count))


@st.composite
def point_sets(draw, *, least=3, most=6, dim=3):
    """Vectors of one group, shape (k, dim)."""
    size = draw(st.integers(least, most))
    numbers = st.lists(grid_numbers(8), min_size=size * dim, max_size=size * dim)
    return np.array(draw(numbers)).reshape(size, dim)


def ragged_groups(sizes, rng, *, n_queries=None, positives=False):
    """Groups of given sizes over random documents; queries may repeat."""
    sizes = np.asarray(sizes, dtype=np.int64)
    n_queries = len(sizes) if n_queries is None else n_queries
    n_docs = int(sizes.max()) + 5
    codes = [np.sort(rng.choice(n_docs, size, replace=False)) for size in sizes]
    return Groups(
        queries=np.sort(np.arange(len(sizes), dtype=np.int64) % n_queries),
        qids=strings([f"q{number}" for number in range(n_queries)]),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=np.concatenate(codes).astype(np.int64),
        docnos=strings([f"d{number:03d}" for number in range(n_docs)]),
        positive=rng.random(int(sizes.sum())) < 0.4 if positives else None,
    )
