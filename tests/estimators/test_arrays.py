"""estimators.arrays: libraries and floating types in and out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.estimators.arrays import (
    as_array,
    check_finite,
    check_temperature,
    constant,
    is_traced,
    namespace,
    narrowed,
    widened,
)


def test_namespace_round_trips_arrays(library):
    array = library.make(np.array([1.0, 2.0]))
    assert isinstance(namespace(array).abs(array), library.kind)


def test_as_array_keeps_arrays_and_turns_sequences_into_numpy(library):
    array = library.make(np.ones(2))
    assert as_array(array) is array
    for values in ([1, 2], (1.5, 2.5), 3):
        assert isinstance(as_array(values), np.ndarray)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64"])
def test_widened_and_narrowed_hold_for_every_type(library, dtype):
    values = np.array([1, 3], dtype=dtype)
    array = library.make(values)
    wide = widened(array)
    full = "float32" if library.rtol > 1e-12 else "float64"
    assert str(wide.dtype).endswith(full)
    assert_array_equal(np.asarray(wide), [1, 3])
    came_in = str(array.dtype).split(".")[-1]
    expected = came_in if came_in in ("float32", "float64") else full
    assert str(narrowed(wide, array).dtype).endswith(expected)


def test_widened_does_not_copy_float64():
    values = np.ones(3)
    assert widened(values) is values


def test_constant_round_trips_indices(library):
    like = library.make(np.ones(1, dtype=np.float32))
    found = constant(like, np.arange(3))
    assert isinstance(found, library.kind)
    assert_array_equal(np.asarray(found), [0, 1, 2])


def test_is_traced_holds_only_while_jax_traces():
    seen = []
    jax.jit(lambda x: (seen.append(is_traced(x)), x)[1])(jnp.ones(2))
    assert seen == [True]
    assert not is_traced(jnp.ones(2))
    assert not is_traced(torch.ones(2))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_check_finite_rejects_and_names_the_index(library, bad):
    values = np.zeros((2, 3))
    values[1, 2] = bad
    with pytest.raises(DomainError, match=r"`scores`.*at index \(1, 2\)"):
        check_finite(library.make(values), "scores")


def test_check_finite_holds_under_a_mask(library):
    values, mask = np.array([1.0, np.nan]), np.array([True, False])
    check_finite(library.make(values), "scores", mask=library.make(mask))
    with pytest.raises(DomainError, match=r"index \(1,\)"):
        check_finite(library.make(values), "scores", mask=library.make(~mask))


@pytest.mark.parametrize("bad", [0, -1.0, np.nan, np.inf])
def test_check_temperature_rejects_values_that_are_not_positive(bad):
    with pytest.raises(DomainError, match="`temperature` must be a positive number"):
        check_temperature(bad)
