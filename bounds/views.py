"""The views of an expression: functions of NumPy, torch or jax arrays, or JavaScript.

An expression is compiled to Python code that works on the arrays of all three
libraries. Numbers such as log(2) are folded into Python floats first, since these do
not change the dtype of an array. Every argument is converted to one floating dtype and
device, that of the arrays among the arguments.

The JavaScript view is the source of a function, for a page. It is one expression
without dependencies, contains the helpers that it calls, in the stable forms of
`bounds.numeric`, and throws a RangeError where the NumPy view raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from importlib import import_module
from inspect import Parameter, Signature
from typing import Any, Final

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray
from sympy import Expr, Float, Symbol, lambdify
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.pycode import PythonCodePrinter

from rankbound.bounds import numeric
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Term, term

View = Callable[..., Any]

SPECIAL: Final[dict[str, View]] = {
    "Softplus": numeric.softplus,
    "Sigmoid": numeric.sigmoid,
    "PairEntropy": numeric.pair_entropy,
    "BinaryEntropy": numeric.binary_entropy,
    "Divergence": numeric.divergence,
    "MarginDivergence": numeric.margin_divergence,
    "minimum": numeric.minimum,
    "maximum": numeric.maximum,
    "magnitude": numeric.magnitude,
}
# Functions that have the same name in all three libraries.
COMMON: Final = ("exp", "log", "sqrt", "floor", "cosh", "tanh")


@lru_cache(maxsize=512)
def compiled(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Compile an expression to a function of arrays of any of the three libraries.

    Parameters
    ----------
    expression : sympy.Expr
        Over the symbols of `bounds.notation`.
    arguments : tuple of sympy.Symbol
        The positional arguments in order; their code names are the keywords.

    Examples
    --------
    >>> import numpy as np
    >>> from rankbound.bounds.notation import B
    >>> from rankbound.bounds.special import Softplus
    >>> round(float(compiled(Softplus(-B), (B,))(np.array(0.0))), 6)
    0.693147
    """
    # The code name as a symbol with the same assumptions, which a string would lose
    renamed = [Symbol(term(symbol).code, **symbol.assumptions0) for symbol in arguments]
    translated = expression.xreplace(dict(zip(arguments, renamed, strict=True)))
    namespace = SPECIAL | {name: _common(name) for name in COMMON}
    namespace["where"] = _where
    function: View = lambdify(
        renamed,
        folded(translated),
        modules=[namespace],
        printer=_ArrayPrinter({"precision": 17, "fully_qualified_modules": False}),
    )
    return function


def folded(expression: Expr) -> Expr:
    """Replace every irrational number in an expression by a 17-digit float.

    Examples
    --------
    >>> from sympy import log
    >>> from rankbound.bounds.notation import B
    >>> folded(B * log(2) / 2)
    0.34657359027997265*B
    """

    def irrational(part: Any) -> bool:
        return bool(isinstance(part, Expr) and part.is_number and not part.is_Rational)

    return expression.replace(irrational, lambda number: Float(number.evalf(20), 17))


class _ArrayPrinter(PythonCodePrinter):  # type: ignore[misc]
    """Python code that works on whole arrays."""

    def __init__(self, settings: dict[str, object]) -> None:
        known = {name: name for name in (*SPECIAL, *COMMON)}
        super().__init__(settings | {"user_functions": known})

    def _print_Piecewise(self, expr: Expr) -> str:  # noqa: N802
        *cases, (otherwise, _) = expr.args
        code = str(self._print(otherwise))
        for value, condition in reversed(cases):
            code = f"where({self._print(condition)}, {self._print(value)}, {code})"
        return code

    def _print_And(self, expr: Expr) -> str:  # noqa: N802
        return "(" + " & ".join(f"({self._print(part)})" for part in expr.args) + ")"

    def _print_Or(self, expr: Expr) -> str:  # noqa: N802
        return "(" + " | ".join(f"({self._print(part)})" for part in expr.args) + ")"

    def _print_Abs(self, expr: Expr) -> str:  # noqa: N802
        return f"magnitude({self._print(expr.args[0])})"

    def _print_Min(self, expr: Expr) -> str:  # noqa: N802
        return self._nested("minimum", expr)

    def _print_Max(self, expr: Expr) -> str:  # noqa: N802
        return self._nested("maximum", expr)

    def _nested(self, name: str, expr: Expr) -> str:
        # Numbers last, since the numeric functions need an array first
        parts = sorted(expr.args, key=lambda part: bool(part.is_number))
        code = str(self._print(parts[0]))
        for part in parts[1:]:
            code = f"{name}({code}, {self._print(part)})"
        return code


def _common(name: str) -> View:
    def function(x: Any) -> Any:
        return getattr(array_namespace(x), name)(x)

    return function


def _where(condition: Any, value: Any, otherwise: Any) -> Any:
    return array_namespace(condition).where(condition, value, otherwise)


def numpy_view(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Return the expression as a function of numbers or NumPy arrays, which broadcast.

    Arguments outside the domain of their symbol raise `DomainError`. The result for
    numbers is a float.

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
        with np.errstate(divide="ignore"):  # a bound may be infinite
            results = inner(*(array.astype(dtype) for array in arrays))
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        full = np.broadcast_to(np.asarray(results, dtype=dtype), shape).copy()
        return full if shape else full.item()

    return _named(view, arguments)


def torch_view(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Return the expression as a differentiable function of torch tensors.

    Dtype and device are kept, and numbers are accepted for tensors. Values are not
    checked, so that nothing has to be copied from the device.

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
    """Return the expression as a function of jax arrays, for grad, jit and vmap.

    Numbers are accepted for arrays and do not widen the dtype. Values are not checked,
    since they are unknown during tracing.

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
    """Let a positional function be called with the code names of its arguments."""
    signature = Signature(
        [
            Parameter(term(symbol).code, Parameter.POSITIONAL_OR_KEYWORD)
            for symbol in arguments
        ]
    )

    # The keywords are known only at run time; `bind` refuses all others.
    @wraps(function)
    def view(*values: Any, **named: Any) -> Any:
        return function(*signature.bind(*values, **named).args)

    view.__signature__ = signature  # type: ignore[attr-defined]
    return view


@cache
def domain_ends(entry: Term) -> tuple[float, float, bool, bool]:
    """Lower and upper end of a symbol's domain, and whether each belongs to it.

    Testing membership in a SymPy set takes a thousand times as long as a comparison.

    Examples
    --------
    >>> from rankbound.bounds.notation import delta, term
    >>> domain_ends(term(delta))
    (0.0, 1.0, False, False)
    """
    low, high = entry.domain.inf, entry.domain.sup
    return float(low), float(high), low in entry.domain, high in entry.domain


def within(entry: Term, values: NDArray[Any]) -> NDArray[Any]:
    """Whether numbers lie in the domain of a symbol; counts may be any real number.

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


# By the name with which an expression or another helper calls it.
HELPERS: Final[dict[str, str]] = {
    "softPlus": """\
function softPlus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}""",
    "logisticSigmoid": """\
function logisticSigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return x < 0 ? small / (1 + small) : 1 / (1 + small);
}""",
    "pairEntropy": """\
function pairEntropy(a) {
  const size = Math.min(Math.abs(a), 1e4);
  return softPlus(-size) + size * logisticSigmoid(-size);
}""",
    "binaryEntropy": """\
function binaryEntropy(p) {
  const first = p > 0 ? p * Math.log(p) : 0;
  return 0 - first - (p < 1 ? (1 - p) * Math.log1p(-p) : 0);
}""",
    "klDivergence": """\
function klDivergence(p, m) {
  const rare = p > 0.5 ? 1 - p : p;
  const logOdds = Math.log(Math.max(rare, 2.2250738585072014e-308));
  return klOriented(rare, logOdds - Math.log1p(-rare), p > 0.5 ? -m : m);
}""",
    "marginDivergence": """\
function marginDivergence(a, m) {
  const logOdds = -Math.abs(a);
  return klOriented(logisticSigmoid(logOdds), logOdds, a > 0 ? -m : m);
}""",
    "klOriented": """\
function klOriented(s, a, m) {
  const d = m - a;
  if (Math.abs(d) < 1e-2) {
    const variance = s * (1 - s), skew = 1 - 2 * s;
    const fourth = 1 - 6 * variance, fifth = skew * (1 - 12 * variance);
    const sixth = 1 - 30 * variance + 120 * variance * variance;
    const tail = d * (fourth / 24 + d * (fifth / 120 + d * sixth / 720));
    return variance * d * d * (0.5 + d * (skew / 6 + tail));
  }
  if (Math.abs(d) < 1) return Math.log1p(s * Math.expm1(d)) - s * d;
  return Math.max(softPlus(m) - softPlus(a) - s * d, 0);
}""",
    "checkDomain": """\
function checkDomain(name, value, inside, domain) {
  if (typeof value !== "number" || !inside) {
    throw new RangeError(name + " must lie in " + domain + ", got " + value);
  }
}""",
}
# SymPy functions by name, and their helpers.
NAMES: Final = {
    "Softplus": "softPlus",
    "Sigmoid": "logisticSigmoid",
    "PairEntropy": "pairEntropy",
    "BinaryEntropy": "binaryEntropy",
    "Divergence": "klDivergence",
    "MarginDivergence": "marginDivergence",
}


@lru_cache(maxsize=512)
def javascript_view(expression: Expr, arguments: tuple[Symbol, ...]) -> str:
    """Return JavaScript source that evaluates to a function of the arguments.

    Parameters
    ----------
    expression : sympy.Expr
        Over the symbols of `bounds.notation`.
    arguments : tuple of sympy.Symbol
        In positional order; the parameters have their code names.

    Examples
    --------
    >>> from rankbound.bounds.notation import B
    >>> print(javascript_view(B / 2, (B,)))  # doctest: +ELLIPSIS
    (function () {
    "use strict";
    function checkDomain(name, value, inside, domain) {
    ...
    return function (score_range) {
      checkDomain("score_range", score_range, score_range >= 0.0 && ...);
      return (1/2)*score_range;
    };
    })()
    """
    codes = [term(symbol).code for symbol in arguments]
    renamed = [
        Symbol(code, **symbol.assumptions0)
        for code, symbol in zip(codes, arguments, strict=True)
    ]
    translated = expression.xreplace(dict(zip(arguments, renamed, strict=True)))
    printer = _ScriptPrinter({"user_functions": NAMES})
    code = printer.doprint(folded(translated))
    checks = [f"  {_check(term(symbol))}" for symbol in arguments]
    lines = [
        "(function () {",
        '"use strict";',
        *_needed(f"{code} checkDomain("),
        f"return function ({', '.join(codes)}) {{",
        *checks,
        f"  return {code};",
        "};",
        "})()",
    ]
    return "\n".join(lines)


class _ScriptPrinter(JavascriptCodePrinter):  # type: ignore[misc]
    """Prints single expressions; it refuses functions that it does not know."""

    def _print_Piecewise(self, expr: Expr) -> str:  # noqa: N802
        *cases, (otherwise, _) = expr.args
        code = f"({self._print(otherwise)})"
        for value, condition in reversed(cases):
            code = f"({self._print(condition)} ? {self._print(value)} : {code})"
        return code


def _needed(code: str) -> list[str]:
    """Sources of the helpers that the code calls, directly or indirectly."""
    found: set[str] = set()
    todo = [code]
    while todo:
        called = set(re.findall(r"\b(\w+)\(", todo.pop())) & HELPERS.keys()
        todo += [HELPERS[name] for name in called - found]
        found |= called
    return [source for name, source in HELPERS.items() if name in found]


def _check(entry: Term) -> str:
    code, domain = entry.code, entry.domain
    low, high, with_low, with_high = domain_ends(entry)
    lower = f"{code} {'>=' if with_low else '>'} {_number(low)}"
    upper = f"{code} {'<=' if with_high or entry.infinite else '<'} {_number(high)}"
    return f'checkDomain("{code}", {code}, {lower} && {upper}, "{domain}");'


def _number(value: float) -> str:
    return repr(value).replace("inf", "Infinity")
