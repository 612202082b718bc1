"""The array library of a caller, and the precision to compute with.

The estimators are written against the array API standard: NumPy arrays, torch tensors
and jax arrays give results of the same library. Computation is in float64 wherever the
library has it, since scores of 1e6 leave few digits for their differences. The result
has the floating type of the input; for float16 and integers it is float64.
"""

from __future__ import annotations

import sys
from typing import Any

import array_api_compat
import array_api_compat.numpy
import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.errors import DomainError

# A NumPy array, a torch tensor or a jax array; the array API has no static type yet.
Array = Any


def namespace(array: Array) -> Any:
    """The array API namespace of an array: NumPy's, torch's or jax's.

    Examples
    --------
    >>> namespace(np.ones(2)).__name__
    'array_api_compat.numpy'
    """
    if type(array) is np.ndarray:  # asked a hundred times for every block of groups
        return array_api_compat.numpy
    return array_api_compat.array_namespace(array)


def as_array(values: Array) -> Array:
    """Return arrays unchanged, and sequences and numbers as NumPy arrays.

    Examples
    --------
    >>> as_array([1, 2]).dtype.kind
    'i'
    """
    if array_api_compat.is_array_api_obj(values):
        return values
    return np.asarray(values)


def widened(values: Array) -> Array:
    """The same numbers in the precision used for computation.

    Examples
    --------
    >>> widened(np.ones(2, dtype=np.float32)).dtype
    dtype('float64')
    """
    xp = namespace(values)
    if array_api_compat.is_jax_array(values):
        # Whether jax has float64 is a global switch, which is left to the user
        if xp.isdtype(values.dtype, ("real floating",)) and values.dtype.itemsize >= 4:
            return values
        return xp.astype(values, xp.asarray(0.0).dtype)
    return xp.astype(values, xp.float64, copy=False)


def narrowed(values: Array, like: Array) -> Array:
    """Convert a result to the floating type of the input that it was computed from.

    Examples
    --------
    >>> narrowed(np.ones(2), np.ones(2, dtype=np.float32)).dtype
    dtype('float32')
    """
    xp = namespace(values)
    if xp.isdtype(like.dtype, "real floating") and like.dtype.itemsize >= 4:
        return xp.astype(values, like.dtype, copy=False)
    return values


def constant(like: Array, values: NDArray[Any]) -> Array:
    """Convert a NumPy constant, such as indices, to an array of the library of `like`.

    Examples
    --------
    >>> constant(np.ones(1), np.arange(2)).tolist()
    [0, 1]
    """
    xp = namespace(like)
    if xp is np or array_api_compat.is_numpy_namespace(xp):
        return values
    if array_api_compat.is_jax_array(like):
        return xp.asarray(values)
    # A copy, since torch warns about shared read-only constants
    return xp.asarray(np.array(values), device=array_api_compat.device(like))


def is_traced(array: Array) -> bool:
    """Whether values are unknown because jax is tracing a function.

    Examples
    --------
    >>> is_traced(np.ones(1))
    False
    """
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(array, jax.core.Tracer)


def check_finite(values: Array, name: str, *, mask: Array | None = None) -> None:
    """Raise if a value outside the padding is NaN or infinite, naming its position.

    Examples
    --------
    >>> check_finite(np.array([[1.0, np.nan]]), "scores")
    Traceback (most recent call last):
    ...
    rankbound.bounds.errors.DomainError: `scores` must be finite, got nan at ...
    """
    if is_traced(values):
        return
    xp = namespace(values)
    bad = ~xp.isfinite(values)
    if mask is not None:
        bad = bad & mask
    if bool(xp.any(bad)):
        index = tuple(int(axis[0]) for axis in xp.nonzero(bad))
        raise DomainError(
            f"`{name}` must be finite, got {float(values[index])} at index {index}"
        )


def check_temperature(temperature: float) -> float:
    """Return a temperature, which divides margins, or raise if it is not positive.

    Examples
    --------
    >>> check_temperature(2)
    2.0
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise DomainError(
            f"`temperature` must be a positive number, got {temperature!r}; "
            "1 leaves the margins as they are"
        )
    return float(temperature)
