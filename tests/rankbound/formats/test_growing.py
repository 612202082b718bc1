import numpy as np

from rankbound.formats.growing import Growing


def test_growing_matches_concatenation_over_many_steps():
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=size) for size in rng.integers(0, 3000, 60)]
    column = Growing(np.float64)
    for block in blocks:
        column.extend(block)
    whole = np.concatenate(blocks)
    assert len(column) == len(whole)
    np.testing.assert_array_equal(column.taken(), whole)
    assert len(column) == 0
    column.extend(whole[:2])
    np.testing.assert_array_equal(column.taken(), whole[:2])


def test_growing_converts_to_its_type():
    column = Growing(np.int64)
    column.extend(np.array([1, 2], dtype=np.int32))
    assert column.taken().dtype == np.int64
