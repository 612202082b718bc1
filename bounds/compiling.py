"""From a SymPy expression to Python code that works on arrays of any library.

Numbers such as log(2) are folded into Python floats first, since these leave the dtype
of an array alone. `bounds.views` prepares the arguments for each library.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from array_api_compat import array_namespace
from sympy import Expr, Float, Symbol, lambdify
from sympy.printing.pycode import PythonCodePrinter

from rankbound.bounds import numeric
from rankbound.bounds.notation import term

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
# Functions that all three libraries have under the same name.
COMMON: Final = ("exp", "log", "sqrt", "floor", "cosh", "tanh")


@lru_cache(maxsize=512)
def compiled(expression: Expr, arguments: tuple[Symbol, ...]) -> View:
    """Compile an expression to a function of arrays of any of the three libraries.

    Parameters
    ----------
    expression : sympy.Expr
        Over the symbols of `bounds.notation`.
    arguments : tuple of sympy.Symbol
        The order of the positional arguments; their code names are the keywords.

    Examples
    --------
    >>> import numpy as np
    >>> from rankbound.bounds.notation import B
    >>> from rankbound.bounds.special import Softplus
    >>> round(float(compiled(Softplus(-B), (B,))(np.array(0.0))), 6)
    0.693147
    """
    # The code name, with the assumptions of the symbol, which it would lose as a string
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

    def __init__(self, settings: dict[str, Any]) -> None:
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
        # numbers last: the numeric functions want an array first
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
