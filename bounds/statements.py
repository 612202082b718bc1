"""One statement of the theory as data: what it says, and one expression for its value.

LaTeX, the NumPy, torch, jax and JavaScript functions, the derivatives and the solutions
for an argument are views of that one expression, so they cannot contradict it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import sympy
from sympy import Expr, Symbol, floor

from rankbound.bounds.assumptions import assumption
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import term
from rankbound.bounds.solving import Solution, solved
from rankbound.bounds.views import (
    View,
    javascript_view,
    jax_view,
    numpy_view,
    torch_view,
)

Kind = Literal["identity", "tight", "upper", "lower"]
Status = Literal["proved", "cited"]
Provenance = Literal["ours", "literature", "reconstructed"]
Relation = Literal["=", "<=", ">="]

OURS: Final = "proved in the appendix"  # as a source
# The relations that statements of each kind may have.
RELATIONS: Final[dict[Kind, tuple[Relation, ...]]] = {
    "identity": ("=",),
    "tight": ("<=", ">="),
    "upper": ("<=",),
    "lower": (">=",),
}
LATEX_RELATION: Final[dict[Relation, str]] = {"=": "=", "<=": r"\le", ">=": r"\ge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    r"""A lemma or theorem, or one part of one.

    Attributes
    ----------
    key : str
        Name in the registry: "lemma-1", "theorem-1d", "lemma-2c-upper".
    title : str
        A few words for a heading.
    words : str
        The statement in one or two plain sentences.
    kind : {"identity", "tight", "upper", "lower"}
        Decides its test: identities hold to rounding; a tight bound holds and is
        attained; an upper or lower bound holds.
    status : {"proved", "cited"}
        Whether its proof is in the appendix or in the source.
    provenance : {"ours", "literature", "reconstructed"}
        Whose statement it is: ours, that of the source, or our reading of a text that
        was not at hand. A reconstructed statement may be proved as it stands.
    assumptions : tuple of str
        Names from `bounds.assumptions`.
    source : str
        Literature.
    relation : {"=", "<=", ">="}
        The relation between `left` and `expression`.
    left : sympy.Expr, optional
        The left-hand side.
    expression : sympy.Expr, optional
        The right-hand side, the one form that every view evaluates.
    arguments : tuple of sympy.Symbol
        Its symbols, in the positional order of the views.
    procedure : callable, optional
        Computes the value where there is no closed form.
    attained_by : str
        The case in which a tight statement holds with equality.

    Raises
    ------
    DomainError
        If the fields contradict each other, such as a free symbol not among the
        arguments or a tight statement without the case that attains it.

    Examples
    --------
    >>> from rankbound.bounds.notation import B
    >>> from rankbound.bounds.special import Softplus
    >>> worst = Statement(
    ...     key="worst", title="Worst pair", words="No pair costs more.", kind="tight",
    ...     status="proved", assumptions=("A1'",), source="-", relation="<=",
    ...     expression=Softplus(B), arguments=(B,), attained_by="a reversed pair",
    ... )
    >>> worst.latex()
    '\\varsigma\\left(B\\right)'
    >>> round(worst.numpy()(10.0), 6)
    10.000045
    >>> worst.derivative(B)
    Sigmoid(B)
    """

    key: str
    title: str
    words: str
    kind: Kind
    status: Status
    source: str
    provenance: Provenance = "ours"
    assumptions: tuple[str, ...] = ()
    relation: Relation = "="
    left: Expr | None = None
    expression: Expr | None = None
    arguments: tuple[Symbol, ...] = ()
    procedure: Callable[..., float] | None = None
    attained_by: str = ""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, get_args(Kind)),
            ("status", self.status, get_args(Status)),
            ("provenance", self.provenance, get_args(Provenance)),
        ):
            if value not in known:
                raise DomainError(
                    f"{self.key}: the {name} must be one of {', '.join(known)}, "
                    f"got {value!r}"
                )
        if self.relation not in RELATIONS[self.kind]:
            raise DomainError(
                f"{self.key}: a statement of kind {self.kind!r} relates its sides by "
                f"{' or '.join(RELATIONS[self.kind])}, got {self.relation!r}"
            )
        if (self.kind == "tight") != bool(self.attained_by):
            raise DomainError(
                f"{self.key}: `attained_by` names the case of equality of a tight "
                f"statement and of no other, got {self.attained_by!r}"
            )
        for name in self.assumptions:
            assumption(name)
        self._check_symbols()

    def _check_symbols(self) -> None:
        used = set() if self.expression is None else self.expression.free_symbols
        if used != set(self.arguments) or len(self.arguments) != len(used):
            raise DomainError(
                f"{self.key}: the arguments must be the free symbols of the "
                f"expression, {sorted(map(str, used))}, each once, got "
                f"{list(map(str, self.arguments))}"
            )

    @property
    def heading(self) -> str:
        """Key of the whole lemma or theorem: "lemma-2c" for "lemma-2c-upper"."""
        return "-".join(self.key.split("-")[:2])

    @property
    def computed_by(self) -> str:
        """Path of the function that computes the value; empty for a closed form."""
        if self.procedure is None:
            return ""
        return f"{self.procedure.__module__}.{self.procedure.__qualname__}"

    def latex(self) -> str:
        """Return the formula as LaTeX, with its left-hand side if it has one."""
        right = sympy.latex(self._closed_form(), ln_notation=True)
        if self.left is None:
            return str(right)
        left = sympy.latex(self.left, ln_notation=True)
        return f"{left} {LATEX_RELATION[self.relation]} {right}"

    def numpy(self) -> View:
        """Return the value as a function of numbers or NumPy arrays.

        Arguments come in the order of `arguments` or by their code names, broadcast,
        and are checked against their domains; numbers in, a float out.
        """
        return numpy_view(self._closed_form(), self.arguments)

    def torch(self) -> View:
        """Return the value as a differentiable function of torch tensors."""
        return torch_view(self._closed_form(), self.arguments)

    def jax(self) -> View:
        """Return the value as a function of jax arrays, for grad, jit and vmap."""
        return jax_view(self._closed_form(), self.arguments)

    def javascript(self) -> str:
        """Return the source of a JavaScript function of numbers for the value.

        It is one expression without dependencies, and throws where `numpy` raises.
        """
        return javascript_view(self._closed_form(), self.arguments)

    def derivative(self, symbol: Symbol) -> Expr:
        """Return the partial derivative of the value with respect to an argument.

        Raises
        ------
        DomainError
            If the statement has no closed form or does not depend on the symbol.
        """
        expression = self._closed_form()
        if symbol not in self.arguments:
            names = ", ".join(term(argument).code for argument in self.arguments)
            raise DomainError(
                f"{self.key} does not depend on {symbol}; its arguments are {names}"
            )
        return expression.diff(symbol)

    def sensitivities(self) -> dict[Symbol, Expr]:
        """Return the partial derivative in every argument.

        Raises
        ------
        DomainError
            If the statement has no closed form, or an argument enters it rounded.
        """
        self._closed_form()
        found = {symbol: self.derivative(symbol) for symbol in self.arguments}
        for symbol, slope in found.items():
            if slope.has(floor) and slope.has(sympy.Derivative):
                raise DomainError(
                    f"{self.key} has no derivative in {term(symbol).code}, which "
                    "enters rounded down; compare values instead"
                )
        return found

    def elasticities(self) -> dict[Symbol, Expr]:
        """Return the percent change of the value per percent of each argument.

        ``d ln value / d ln argument``; errors are those of `sensitivities`.

        Examples
        --------
        >>> from rankbound.bounds.notation import n
        >>> from rankbound.bounds.registry import statement
        >>> statement("theorem-1h").elasticities()[n]
        -1/2
        """
        value = self._closed_form()
        return {
            symbol: symbol * slope / value
            for symbol, slope in self.sensitivities().items()
        }

    def solve_for(self, symbol: Symbol) -> Solution:
        """Return one argument as a function of the value and the other arguments.

        Its `expressions` are the symbolic solutions; without any, it searches.

        Raises
        ------
        DomainError
            If the statement has no closed form or does not depend on the symbol. The
            returned function raises if the domain of the symbol has no solution, or
            several.

        Examples
        --------
        >>> from rankbound.bounds.notation import n
        >>> from rankbound.bounds.registry import statement
        >>> queries = statement("theorem-1h").solve_for(n)
        >>> round(queries(0.2, width=5.652, n_students=1, delta=0.05), 1)
        4784.9
        """
        self.derivative(symbol)  # raises if the symbol is not an argument
        return solved(self._closed_form(), self.arguments, symbol, self.numpy())

    def _closed_form(self) -> Any:
        if self.expression is None:
            remedy = "it has no value to compute"
            if self.procedure is not None:
                remedy = f"use its procedure, {self.computed_by}"
            raise DomainError(f"{self.key} has no closed form; {remedy}")
        return self.expression
