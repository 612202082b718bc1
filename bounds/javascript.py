"""The JavaScript view of an expression: the source of a function, for a page.

The source is one expression without dependencies. It carries the helpers it calls, in
the stable forms of `bounds.numeric`, and throws a RangeError where the NumPy view
raises.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from sympy import Expr, Symbol
from sympy.printing.jscode import JavascriptCodePrinter

from rankbound.bounds.compiling import folded
from rankbound.bounds.notation import Term, term
from rankbound.bounds.views import domain_ends

# By the name under which an expression or another helper calls it.
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
# SymPy function to helper: all that `bounds.compiling` knows, but arrays' own.
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
    """Return JavaScript source that evaluates to the function of the arguments.

    Parameters
    ----------
    expression : sympy.Expr
        Over the symbols of `bounds.notation`.
    arguments : tuple of sympy.Symbol
        In positional order; the parameters bear their code names.

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
    """One JavaScript expression; SymPy's own refuses functions it does not know."""

    def _print_Piecewise(self, expr: Expr) -> str:  # noqa: N802
        *cases, (otherwise, _) = expr.args
        code = f"({self._print(otherwise)})"
        for value, condition in reversed(cases):
            code = f"({self._print(condition)} ? {self._print(value)} : {code})"
        return code


def _needed(code: str) -> list[str]:
    """Sources of the helpers that the code calls, directly or through others."""
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
