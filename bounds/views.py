"""The views of an expression: a function of NumPy, torch or jax arrays.

The three print the same code; only the arrays that come in differ. Every argument is
brought to one floating dtype and device, that of the arrays among the arguments.
"""

from __future__ import annotations

from functools import cache, wraps
from importlib import import_module
from inspect import Parameter, Signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from rankbound.bounds.compiling import View, compiled
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Term, term


def numpy_view(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Return the function of numbers or NumPy arrays, which broadcast.

    Arguments outside the domain of their symbol raise `DomainError`; numbers in, a
    float out.

    Examples
    --------
    >>> from rankbound.bounds.notation import B
    >>> numpy_view(B / 2, (B,))(score_range=[1.0, 2.0]).tolist()
    [0.5, 1.0]
    """
    inner = compiled(expression, arguments)
    terms = [term(symbol) for symbol in arguments]

    def view(*values: Any) -> Any:
        arrays = [np.asarray(value) for value in values]
        kinds = [
            array.dtype
            for value, array in zip(values, arrays, strict=True)
            if array.dtype.kind == "f" and not isinstance(value, float)
        ]
        dtype = np.result_type(*kinds) if kinds else np.float64
        for entry, array in zip(terms, arrays, strict=True):
            _check_domain(entry, array)
        with np.errstate(divide="ignore"):  # a bound that is infinite says so
            results = inner(*(array.astype(dtype) for array in arrays))
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        full = np.broadcast_to(np.asarray(results, dtype=dtype), shape).copy()
        return full if shape else full.item()

    return _named(view, arguments)


def torch_view(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Return the function of torch tensors: differentiable, keeps dtype and device.

    Numbers may stand for tensors. Values are not checked, so that nothing has to be
    copied from the device.

    Examples
    --------
    >>> from rankbound.bounds.notation import B
    >>> torch_view(B / 2, (B,))(3.0).item()
    1.5
    """
    torch = _library("torch")
    inner = compiled(expression, arguments)

    def view(*values: Any) -> Any:
        tensors = [value for value in values if torch.is_tensor(value)]
        dtype, device = torch.get_default_dtype(), None
        floating = [tensor.dtype for tensor in tensors if tensor.is_floating_point()]
        if floating:
            dtype = floating[0]
        for other in floating[1:]:
            dtype = torch.promote_types(dtype, other)
        if tensors:
            device = tensors[0].device
        arrays = [
            value.to(dtype)
            if torch.is_tensor(value)
            else torch.as_tensor(value, dtype=dtype, device=device)
            for value in values
        ]
        return inner(*arrays)

    return _named(view, arguments)


def jax_view(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Return the function of jax arrays: differentiable, works under jit and vmap.

    Numbers may stand for arrays and do not widen the dtype. Values are not checked,
    since they are not known while tracing.

    Examples
    --------
    >>> from rankbound.bounds.notation import B
    >>> float(jax_view(B / 2, (B,))(3.0))
    1.5
    """
    jnp = _library("jax.numpy")
    inner = compiled(expression, arguments)

    def view(*values: Any) -> Any:
        arrays = [jnp.asarray(value) for value in values]
        strong = [
            array
            for array in arrays
            if jnp.issubdtype(array.dtype, jnp.floating) and not array.weak_type
        ]
        dtype = jnp.result_type(*(strong or [float]))
        return inner(*(array.astype(dtype) for array in arrays))

    return _named(view, arguments)


def _library(name: str) -> Any:
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"this view needs {package}, which is not installed; "
            f'try: pip install "rankbound[{package}]"'
        ) from error


def _named(function: View, arguments: tuple[Symbol, ...]) -> View:
    """Let a positional function be called by the code names of its arguments."""
    signature = Signature(
        [
            Parameter(term(symbol).code, Parameter.POSITIONAL_OR_KEYWORD)
            for symbol in arguments
        ]
    )

    # The keywords are known only here, and `bind` refuses all others.
    @wraps(function)
    def view(*values: Any, **named: Any) -> Any:
        return function(*signature.bind(*values, **named).args)

    view.__signature__ = signature  # type: ignore[attr-defined]
    return view


@cache
def domain_ends(entry: Term) -> tuple[float, float, bool, bool]:
    """Lower and upper end of a symbol's domain, and whether each belongs to it.

    Membership in a SymPy set takes a thousand times as long as a comparison.

    Examples
    --------
    >>> from rankbound.bounds.notation import delta, term
    >>> domain_ends(term(delta))
    (0.0, 1.0, False, False)
    """
    low, high = entry.domain.inf, entry.domain.sup
    return float(low), float(high), low in entry.domain, high in entry.domain


def within(entry: Term, values: NDArray[Any]) -> NDArray[Any]:
    """Whether numbers are in the domain of a symbol; counts may be any real number.

    Examples
    --------
    >>> from rankbound.bounds.notation import delta, term
    >>> within(term(delta), np.array([0.0, 0.5, np.nan])).tolist()
    [False, True, False]
    """
    low, high, with_low, with_high = domain_ends(entry)
    inside = values >= low if with_low else values > low
    inside = inside & (values <= high if with_high else values < high)
    return np.asarray(inside | (values == np.inf) if entry.infinite else inside)


def _check_domain(entry: Term, values: NDArray[Any]) -> None:
    inside = within(entry, values)
    if not np.all(inside):
        raise DomainError(
            f"`{entry.code}` ({entry.meaning}) must lie in {entry.domain}, "
            f"got {values[~inside].flat[0]}"
        )
