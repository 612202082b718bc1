"""Every symbol of the theory, once: symbol, code name, unit, domain, meaning.

Statements are written with the SymPy symbols of this module. The code name is the name
of the argument in the numeric views; unit, domain and meaning make the glossary, axis
labels, column headers and hover texts, and the domain is what the NumPy view checks.

All logarithms are natural; risks, entropies and divergences are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sympy
from sympy import Interval, Range, S, Symbol, oo

NATS: Final = "nats"
SCORE: Final = "score"
PURE: Final = "1"


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the glossary.

    Attributes
    ----------
    symbol : sympy.Symbol
        The symbol that the statements use; its name is LaTeX.
    code : str
        Name in code: an argument of a view, a column, a key.
    unit : str
        "nats", "score", "distance", "score per distance", "count" or "1".
    domain : sympy.Set
        The values that the symbol may take.
    meaning : str
        One phrase without a full stop.
    infinite : bool
        Whether infinity is a legal value as well (a range that is not known).
    """

    symbol: Symbol
    code: str
    unit: str
    domain: sympy.Set
    meaning: str
    infinite: bool = False


_TERMS: dict[Symbol, Term] = {}

_REALS: Final = S.Reals
_POSITIVE: Final = Interval.open(0, oo)
_NONNEGATIVE: Final = Interval(0, oo)
_UNIT: Final = Interval(0, 1)
_COUNTS: Final = S.Naturals
_ENTROPIES: Final = Interval(0, sympy.log(2))


def _define(
    latex: str,
    code: str,
    unit: str,
    domain: sympy.Set,
    meaning: str,
    *,
    infinite: bool = False,
) -> Symbol:
    positive = True if domain.inf >= 0 and 0 not in domain else None
    nonnegative = True if domain.inf >= 0 else None
    symbol = Symbol(latex, real=True, positive=positive, nonnegative=nonnegative)
    _TERMS[symbol] = Term(symbol, code, unit, domain, meaning, infinite)
    return symbol


# One pair of documents of one query.
a = _define("a", "teacher_margin", PURE, _REALS, "teacher margin of a pair")
m = _define("m", "student_margin", PURE, _REALS, "student margin of a pair")
p = _define("p", "teacher_probability", PURE, _UNIT, "teacher preference of a pair")
tau = _define(r"\tau", "temperature", SCORE, _POSITIVE, "teacher temperature")
mean_a = _define(
    r"\overline{|a|}",
    "mean_teacher_margin",
    PURE,
    _NONNEGATIVE,
    "mean absolute teacher margin of the pairs of a query",
)

# How far apart scores can be.
B = _define("B", "score_range", PURE, _NONNEGATIVE, "largest absolute student margin")
A = _define(
    "A",
    "teacher_range",
    PURE,
    _NONNEGATIVE,
    "largest absolute teacher margin",
    infinite=True,
)
L = _define(
    "L",
    "lipschitz",
    "score per distance",
    _NONNEGATIVE,
    "Lipschitz constant of the student in the document",
)
L_g = _define(
    "L_g",
    "teacher_lipschitz",
    "score per distance",
    _NONNEGATIVE,
    "Lipschitz constant of the teacher in the document",
)
Delta = _define(
    r"\Delta",
    "diameter",
    "distance",
    _NONNEGATIVE,
    "essential diameter of the documents of a query",
)
Delta_supp = _define(
    r"\operatorname{diam}\operatorname{supp}\nu",
    "support_diameter",
    "distance",
    _NONNEGATIVE,
    "diameter of the support of the sampler",
)
c_ell = _define(
    r"c_\ell", "loss_slope", PURE, _UNIT, "largest slope of the loss in a margin"
)
kappa = _define(
    r"\kappa",
    "kappa",
    PURE,
    Interval(1, oo),
    "largest density ratio of target and sampling law",
    infinite=True,
)

# A group of documents.
k = _define("k", "group_size", "count", Range(2, oo), "documents of one query")
N = _define("N", "pool_size", "count", _COUNTS, "documents of the pool of a query")
c_E = _define(  # noqa: N816
    "c_E",
    "cut_ratio",
    PURE,
    Interval.Lopen(0, 1),
    "share of the pairs that the best cut separates",
)
z_low = _define("z_-", "z_low", NATS, _NONNEGATIVE, "smallest risk of one query")
z_high = _define("z_+", "z_high", NATS, _NONNEGATIVE, "largest risk of one query")
w = _define("w", "width", NATS, _NONNEGATIVE, "width of the range of one query's risk")

# A sample of queries.
n = _define("n", "n_queries", "count", _COUNTS, "independent queries")
K = _define("K", "n_students", "count", _COUNTS, "students fixed in advance")
delta = _define(
    r"\delta", "delta", PURE, Interval.open(0, 1), "probability that a bound fails"
)

# Risk and its two parts: population, one query, mean of the sample.
R = _define("R", "risk", NATS, _NONNEGATIVE, "risk of the student")
H = _define("H", "entropy", NATS, _ENTROPIES, "teacher entropy")
D = _define("D", "divergence", NATS, _NONNEGATIVE, "divergence of student from teacher")
R_off = _define(
    r"R_{\mathrm{off}}",
    "off_diagonal_risk",
    NATS,
    _NONNEGATIVE,
    "risk over pairs of distinct documents",
)
R_product = _define(
    r"R_{\nu\times\nu}",
    "product_risk",
    NATS,
    _NONNEGATIVE,
    "risk over independent pairs, which may coincide",
)
Z_q = _define("Z_q", "query_risk", NATS, _NONNEGATIVE, "risk of one query")
H_q = _define("H_q", "query_entropy", NATS, _ENTROPIES, "teacher entropy of one query")
D_q = _define("D_q", "query_divergence", NATS, _NONNEGATIVE, "divergence of one query")
R_hat = _define(
    r"\hat{R}", "empirical_risk", NATS, _NONNEGATIVE, "mean risk of the sampled queries"
)
V_hat = _define(
    r"\hat{V}",
    "empirical_variance",
    "nats squared",
    _NONNEGATIVE,
    "unbiased variance of the risk over the sampled queries",
)
U_H = _define("U_H", "entropy_limit", NATS, _NONNEGATIVE, "upper limit of the entropy")
U_D = _define(
    "U_D", "divergence_limit", NATS, _NONNEGATIVE, "upper limit of the divergence"
)
excess = _define(
    r"R(\hat{f}) - \min_{f} R(f)",
    "excess_risk",
    NATS,
    _NONNEGATIVE,
    "risk of the empirical minimiser above the best of its class",
)
rademacher = _define(
    r"\mathfrak{R}_n",
    "rademacher",
    NATS,
    _NONNEGATIVE,
    "Rademacher complexity of the risk of one query over the class",
)


def glossary() -> tuple[Term, ...]:
    """Return every symbol with its record, in the order of definition.

    Examples
    --------
    >>> [(entry.code, entry.unit) for entry in glossary()][:2]
    [('teacher_margin', '1'), ('student_margin', '1')]
    """
    return tuple(_TERMS.values())


def term(symbol: Symbol) -> Term:
    """Return the record of one symbol.

    Raises
    ------
    KeyError
        If the symbol is not one of this module.

    Examples
    --------
    >>> term(B).code, term(B).meaning
    ('score_range', 'largest absolute student margin')
    """
    return _TERMS[symbol]
