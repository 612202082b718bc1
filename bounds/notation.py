"""Every symbol of the theory: code name, unit, domain and meaning, defined once.

Statements are written with the SymPy symbols of this module. The code name is the name
of the argument in the numeric views. The glossary, axis labels, column headers and
hover texts are made of unit, domain and meaning; the NumPy view checks the domain.

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
        Name in code, for arguments of views, columns and keys.
    unit : str
        "nats", "score", "distance", "score per distance", "count" or "1".
    domain : sympy.Set
        The values that the symbol may take.
    meaning : str
        A phrase without a full stop.
    infinite : bool
        Whether infinity is allowed as well, as for a range that is not known.
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
B_other = _define(
    "B'",
    "other_score_range",
    PURE,
    _NONNEGATIVE,
    "largest absolute margin of another student",
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
n_terms = _define(
    "J", "n_terms", "count", _COUNTS, "terms of the series of sums over pairs"
)
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

# Classes of students, and a random one.
Lambda = _define(
    r"\Lambda",
    "norm_bound",
    "score per distance",
    _NONNEGATIVE,
    "largest Frobenius norm of a bilinear student, fixed in advance",
)
d_rms = _define(
    r"d_{\mathrm{rms}}",
    "scaled_distance",
    "distance",
    _NONNEGATIVE,
    "root mean square, over queries and pairs, of query norm times distance",
)
rademacher_hat = _define(
    r"\hat{\mathfrak{R}}_n",
    "empirical_rademacher",
    NATS,
    _NONNEGATIVE,
    "Rademacher complexity on the sampled queries",
)
j = _define(
    "j", "norm_step", "count", S.Naturals0, "step of the norm grid, counted from zero"
)
KL = _define(
    r"\mathrm{KL}",
    "posterior_divergence",
    NATS,
    _NONNEGATIVE,
    "relative entropy of the posterior over students from the prior",
)
R_rho = _define(
    r"R_\rho",
    "posterior_risk",
    NATS,
    _NONNEGATIVE,
    "mean risk of the students under the posterior",
)
R_rho_hat = _define(
    r"\hat{R}_\rho",
    "empirical_posterior_risk",
    NATS,
    _NONNEGATIVE,
    "mean risk of the sampled queries and of the students under the posterior",
)

# Sampling law and target law of the documents of a query.
theta = _define(
    r"\theta",
    "total_variation",
    PURE,
    _UNIT,
    "total variation distance of target and sampling law, mean over queries",
)
W_1 = _define(
    "W_1",
    "transport",
    "distance",
    _NONNEGATIVE,
    "transport distance of target and sampling law, mean over queries",
)
w_pair = _define(
    r"w_\ell",
    "pair_width",
    NATS,
    _NONNEGATIVE,
    "width of the range of one pair's loss",
)
R_mu = _define(
    r"R_\mu",
    "target_risk",
    NATS,
    _NONNEGATIVE,
    "risk of the student under the target law",
)
H_hat = _define(
    r"\hat{H}", "empirical_entropy", NATS, _ENTROPIES, "mean entropy of the queries"
)
D_hat = _define(
    r"\hat{D}",
    "empirical_divergence",
    NATS,
    _NONNEGATIVE,
    "mean divergence of the sampled queries",
)

# True relevance, and the diameter as Theorems 3 to 7 use it.
err = _define(
    r"\operatorname{err}(f)",
    "misranking",
    PURE,
    _UNIT,
    "probability that the student's order of a pair is wrong",
)
cal_gap = _define(
    r"\overline{|p-\eta|}",
    "calibration_gap",
    PURE,
    _UNIT,
    "mean distance of the teacher's preference from the true one",
)
mean_d = _define(
    r"\overline{d}",
    "mean_distance",
    "distance",
    _NONNEGATIVE,
    "mean distance of the pairs of a query",
)
shift = _define(
    "s",
    "shift_factor",
    PURE,
    _NONNEGATIVE,
    "share of the score range that a shift of the sampling law costs",
)
complexity = _define(
    "C",
    "complexity",
    PURE,
    _NONNEGATIVE,
    "factor of the score range over the root of n in a bound",
)
H_mu = _define(
    r"H_\mu",
    "target_entropy",
    NATS,
    _ENTROPIES,
    "teacher entropy under a fixed target law of pairs",
)
D_nu = _define(
    r"D_\nu",
    "sampled_divergence",
    NATS,
    _NONNEGATIVE,
    "divergence under the sampling law of pairs",
)
theta_pair = _define(
    r"\theta_2",
    "pair_variation",
    PURE,
    _UNIT,
    "total variation distance of the pair laws of target and sampling, mean over "
    "queries",
)
Delta_after = _define(
    r"\Delta'", "diameter_after", "distance", _NONNEGATIVE, "diameter after a change"
)
rho = _define(r"\rho", "n_relevant", "count", _COUNTS, "relevant documents of a query")
inversions = _define(
    "I",
    "inversions",
    "count",
    _NONNEGATIVE,
    "pairs of a relevant and an irrelevant document in the wrong order, or their mean",
)
level = _define(
    r"\alpha",
    "level",
    PURE,
    Interval.open(0, 1),
    "share of the queries that a limit has to cover",
)
rare = _define(
    r"\epsilon",
    "rare_share",
    PURE,
    Interval.Ropen(0, 1),
    "share of the queries that a sample may well not show",
)
level_pairs = _define(
    r"\alpha_1",
    "level_pairs",
    PURE,
    Interval.open(0, 1),
    "share of the pairs of a query within its quantile diameter",
)
level_queries = _define(
    r"\alpha_2",
    "level_queries",
    PURE,
    Interval.open(0, 1),
    "share of the queries whose quantile diameter is within the limit",
)
t = _define("t", "threshold", "distance", _POSITIVE, "distance fixed in advance")
beta_t = _define(
    r"\beta(t)", "tail_mass", PURE, _UNIT, "share of the pairs farther apart than t"
)
R_t = _define(
    r"\tilde{R}_t",
    "truncated_risk",
    NATS,
    _NONNEGATIVE,
    "risk with the worst loss at distance t in place of that of pairs farther apart",
)
excess_t = _define(
    r"\overline{(d-t)^+}",
    "tail_excess",
    "distance",
    _NONNEGATIVE,
    "mean distance beyond t of the pairs",
)
Delta_max = _define(
    r"\Delta_{\max}",
    "largest_distance",
    "distance",
    _NONNEGATIVE,
    "largest distance of a pair, known without the sample",
)


# Other losses, Bregman divergences and the form of the paper.
s_neg = _define(
    "s_-",
    "negatives_above_positive",
    PURE,
    _REALS,
    "log-sum-exp of the negatives' scores, less the positive's score",
)
H_list = _define(
    r"H_{\mathrm{list}}",
    "list_entropy",
    NATS,
    _NONNEGATIVE,
    "entropy of the teacher's distribution over the documents of a query",
)
D_list = _define(
    r"D_{\mathrm{list}}",
    "list_divergence",
    NATS,
    _NONNEGATIVE,
    "divergence of the student's distribution over documents from the teacher's",
)
I_Phi = _define(
    r"I_{\Phi}",
    "bregman_information",
    PURE,
    _NONNEGATIVE,
    "Bregman information of the target, in the unit of the criterion",
)
D_Phi = _define(
    r"D_{\Phi}",
    "bregman_divergence",
    PURE,
    _NONNEGATIVE,
    "Bregman divergence of student from mean target, in the unit of the criterion",
)
mean_member = _define(
    r"\overline{a}",
    "ensemble_margin",
    PURE,
    _REALS,
    "mean margin of the members of an ensemble teacher",
)
v_member = _define(
    "v_a",
    "ensemble_variance",
    PURE,
    _NONNEGATIVE,
    "variance of the margin of a member of an ensemble teacher drawn at random",
)
H_member = _define(
    r"\overline{h}",
    "member_entropy",
    NATS,
    _ENTROPIES,
    "mean over the members of an ensemble teacher of their entropy of a pair",
)
J_member = _define(
    r"\mathrm{JS}",
    "disagreement",
    NATS,
    _ENTROPIES,
    "mean divergence of the members of an ensemble teacher from their mean preference",
)
pdim = _define(
    r"d_{\mathrm{P}}",
    "pseudo_dimension",
    "count",
    _COUNTS,
    "pseudo-dimension of the losses of a class of students",
)

# Comparators: the quantities of earlier bounds.
auc_hat = _define(
    r"\widehat{\mathrm{AUC}}",
    "empirical_auc",
    PURE,
    _UNIT,
    "share of the pairs of a relevant and an irrelevant document in order",
)
n_plus = _define("n_+", "n_positives", "count", _COUNTS, "relevant documents drawn")
n_minus = _define("n_-", "n_negatives", "count", _COUNTS, "irrelevant documents drawn")
err_hat = _define(
    r"\widehat{\mathrm{err}}",
    "empirical_error",
    PURE,
    _UNIT,
    "share of the sampled pairs in the wrong order",
)
disjoint = _define(
    r"\lfloor N/2\rfloor",
    "disjoint_pairs",
    "count",
    _COUNTS,
    "disjoint pairs of a pool, half of its documents rounded down",
)
rademacher_half = _define(
    r"\mathfrak{R}_{\lfloor N/2\rfloor}",
    "pair_rademacher",
    PURE,
    _NONNEGATIVE,
    "Rademacher complexity of the errors of the class on disjoint pairs of a pool",
)
err_gamma = _define(
    r"\widehat{\mathrm{err}}_{\gamma}",
    "margin_error",
    PURE,
    _UNIT,
    "mean over queries of the share of pairs whose margin falls short of gamma",
)
gamma = _define(
    r"\gamma", "gamma", PURE, _POSITIVE, "margin demanded of a pair, fixed in advance"
)
t_err = _define(
    r"\overline{\sigma}",
    "teacher_soft_error",
    PURE,
    _UNIT,
    "mean preference that the teacher gives to the worse document of a pair",
)
t_gap = _define(
    r"\overline{|\Delta\sigma|}",
    "preference_gap",
    PURE,
    _UNIT,
    "mean absolute difference of the preferences of student and teacher",
)


def glossary() -> tuple[Term, ...]:
    """Return the records of all symbols, in the order of definition.

    Returns
    -------
    tuple of Term

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
        If the symbol is not defined in this module.

    Examples
    --------
    >>> term(B).code, term(B).meaning
    ('score_range', 'largest absolute student margin')
    """
    return _TERMS[symbol]
