"""bounds.views: dtype, broadcasting, domains, gradients, tracing, missing libraries.

The cases are all statements with a closed form, at random points of their domains.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import A, B, delta, n, p, term
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import Softplus
from rankbound.bounds.views import jax_view, numpy_view, torch_view

CLOSED = [entry for entry in REGISTRY.values() if entry.expression is not None]
SMOOTH = [entry for entry in CLOSED if entry.key != "lemma-2c-cut-ratio"]


def points(entry, size, seed=0):
    """Random arguments of a statement, well inside their domains."""
    rng = np.random.default_rng(seed)
    columns = []
    for symbol in entry.arguments:
        domain = term(symbol).domain
        low = float(domain.inf) if domain.inf.is_finite else -4.0
        high = float(domain.sup) if domain.sup.is_finite else low + 8.0
        columns.append(low + (high - low) * rng.uniform(0.05, 0.95, size))
    return columns


def by_key(entry):
    return entry.key


@pytest.mark.parametrize("entry", CLOSED, ids=by_key)
def test_views_match_sympy_digits(entry):
    columns = points(entry, 6)
    found = entry.numpy()(*columns)
    for row, value in zip(zip(*columns, strict=True), found, strict=True):
        exact = entry.expression.subs(dict(zip(entry.arguments, row, strict=True)))
        assert_allclose(value, float(exact.evalf(30)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("entry", CLOSED, ids=by_key)
def test_three_libraries_agree(entry):
    columns = points(entry, 50)
    found = entry.numpy()(*columns)
    tensors = [torch.as_tensor(column) for column in columns]
    assert_allclose(entry.torch()(*tensors).numpy(), found, rtol=1e-13, atol=1e-15)
    with jax.enable_x64(True):
        traced = jax.jit(entry.jax())(*map(jnp.asarray, columns))
        mapped = jax.vmap(entry.jax())(*map(jnp.asarray, columns))
    assert_allclose(np.asarray(traced), found, rtol=1e-13, atol=1e-15)
    assert_allclose(np.asarray(mapped), found, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("entry", SMOOTH, ids=by_key)
def test_gradients_match_sympy_derivatives(entry):
    columns = points(entry, 5, seed=1)
    tensors = [torch.tensor(column, requires_grad=True) for column in columns]
    value = entry.torch()(*tensors).sum()
    slopes = torch.autograd.grad(value, tensors)
    with jax.enable_x64(True):
        arrays = [jnp.asarray(column) for column in columns]
        gradient = jax.grad(
            lambda *xs: entry.jax()(*xs).sum(), argnums=tuple(range(len(columns)))
        )(*arrays)
    for i, symbol in enumerate(entry.arguments):
        exact = entry.derivative(symbol)
        expected = [
            float(exact.subs(dict(zip(entry.arguments, row, strict=True))).evalf(20))
            for row in zip(*columns, strict=True)
        ]
        assert_allclose(slopes[i].numpy(), expected, rtol=1e-9, atol=1e-12)
        assert_allclose(np.asarray(gradient[i]), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("entry", CLOSED, ids=by_key)
@pytest.mark.parametrize("bits", [32, 64])
def test_dtype_is_kept_even_next_to_numbers(entry, bits):
    first, *rest = points(entry, 3)
    array = first.astype(f"float{bits}")
    numbers = [float(column[0]) for column in rest]
    assert entry.numpy()(array, *numbers).dtype == f"float{bits}"
    tensor = entry.torch()(torch.as_tensor(array), *numbers)
    assert tensor.dtype == getattr(torch, f"float{bits}")
    with jax.enable_x64(True):
        assert entry.jax()(jnp.asarray(array), *numbers).dtype == f"float{bits}"


@pytest.mark.parametrize("entry", CLOSED, ids=by_key)
def test_single_precision_is_close(entry):
    columns = points(entry, 40, seed=2)
    short = entry.numpy()(*[column.astype("float32") for column in columns])
    rounded = [column.astype("float32").astype("float64") for column in columns]
    assert_allclose(short, entry.numpy()(*rounded), rtol=3e-5, atol=1e-6)


@pytest.mark.parametrize("entry", CLOSED, ids=by_key)
def test_numbers_give_floats_and_keywords_work(entry):
    values = [float(column[0]) for column in points(entry, 1)]
    value = entry.numpy()(*values)
    assert type(value) is float
    names = [term(symbol).code for symbol in entry.arguments]
    assert entry.numpy()(**dict(zip(names, values, strict=True))) == value


def test_numpy_view_broadcasts():
    view = numpy_view(Softplus(B) * A, (A, B))
    found = view(np.ones((3, 1)), score_range=np.arange(4.0))
    assert found.shape == (3, 4)
    constant_in_one = numpy_view(B * 2, (B,))
    assert constant_in_one(np.arange(3)).tolist() == [0.0, 2.0, 4.0]
    with pytest.raises(ValueError, match="broadcast"):
        view(np.ones(3), np.ones(4))


@pytest.mark.parametrize(
    ("symbol", "value"),
    [
        (B, -0.1),
        (B, np.inf),
        (B, np.nan),
        (p, 1.0001),
        (p, [0.2, -1e-9]),
        (delta, 0.0),
        (delta, 1.0),
        (n, 0),
        (A, -1.0),
        (A, np.nan),
    ],
)
def test_numpy_view_rejects_values_outside_and_names_them(symbol, value):
    with pytest.raises(DomainError, match=f"`{term(symbol).code}`.*must lie in.*got"):
        numpy_view(symbol * 2, (symbol,))(value)


def test_numpy_view_takes_the_closed_ends_and_an_unknown_range():
    assert numpy_view(2 * p, (p,))([0.0, 1.0]).tolist() == [0.0, 2.0]
    assert numpy_view(2 * n, (n,))(1) == 2
    assert numpy_view(Softplus(-A), (A,))(np.inf) == 0.0


@pytest.mark.parametrize("view", [numpy_view, torch_view, jax_view])
@pytest.mark.parametrize("call", [{}, {"radius": 1.0}, {"score_range": 1, "delta": 1}])
def test_views_reject_wrong_arguments(view, call):
    with pytest.raises(TypeError):
        view(Softplus(B), (B,))(**call)


@pytest.mark.parametrize(
    ("view", "library"), [(torch_view, "torch"), (jax_view, "jax")]
)
def test_missing_library_names_the_extra(view, library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setitem(sys.modules, f"{library}.numpy", None)
    with pytest.raises(ImportError, match=rf'pip install "rankbound\[{library}\]"'):
        view(Softplus(B), (B,))


def test_torch_view_promotes_and_takes_integers():
    view = torch_view(Softplus(B) * A, (A, B))
    mixed = view(torch.ones(2), torch.ones(2, dtype=torch.float64))
    assert mixed.dtype == torch.float64
    assert view(torch.arange(3), 2).dtype == torch.get_default_dtype()
    assert view(1.0, 2.0).shape == ()


def test_torch_view_keeps_the_device():
    # the meta device exists everywhere; a number must follow the tensor to it
    view = torch_view(Softplus(B) * A, (A, B))
    tensor = torch.ones(3, device="meta")
    assert view(2.0, tensor).device.type == "meta"
    assert view([1.0, 2.0, 3.0], tensor).device.type == "meta"
