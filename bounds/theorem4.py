"""Theorem 4: how entropy, distance and capacity are coupled, and where they separate.

(a) A teacher with small margins is uncertain. (b) A student with a small Lipschitz
constant has a minimum risk. (c) Under a fixed target law, mining does not change the
entropy. (d) In the bound of Theorem 5, entropy and diameter are in separate terms.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from sympy import Expr, Piecewise, Symbol, log, sqrt

from rankbound.bounds import numeric
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import (
    A,
    B,
    D,
    D_nu,
    Delta,
    H,
    H_mu,
    H_q,
    L,
    L_g,
    R,
    R_mu,
    c_E,
    complexity,
    mean_a,
    mean_d,
    n,
    shift,
    tau,
    theta_pair,
)
from rankbound.bounds.special import PairEntropy, Sigmoid, Softplus, a_star, lambda_star
from rankbound.bounds.statements import OURS, Statement
from rankbound.bounds.theorem3 import LN2, checked_inside, entropy_margin, weighted_mean


def capacity_floor(
    a: ArrayLike, d: ArrayLike, *, lipschitz: float, weights: ArrayLike | None = None
) -> float:
    """Smallest risk in nats of any student with this Lipschitz constant.

    Parameters
    ----------
    a : array_like
        Teacher margins of the pairs; plus or minus infinity for a certain teacher.
    d : array_like
        Distances >= 0 of the pairs.
    lipschitz : float
        L >= 0, in scores per distance.
    weights : array_like, optional
        Weights >= 0 of the pairs; equal by default.

    Returns
    -------
    float
        At least the mean of phi(a); ln 2 for L = 0.

    Raises
    ------
    DomainError
        If a distance or L is negative or infinite, a margin is NaN, or no pair has
        weight.

    Notes ----- The mean of phi(a) where ``|a| <= L d``, and of ``softplus(-L d) +
    sigmoid(-|a|) L d`` elsewhere, which is the loss of the admissible margin closest to
    the teacher's. No student is needed. Source: Theorem 4 (b).

    Examples
    --------
    >>> round(capacity_floor([2.0, 2.0], [1.0, 0.1], lipschitz=5.0), 6)
    0.449506
    """
    checked_inside(lipschitz, "lipschitz", 0.0, 1e300)
    size = np.abs(checked_inside(a, "a", -np.inf, np.inf))
    width = lipschitz * checked_inside(d, "d", 0.0, 1e300)
    size, width = np.broadcast_arrays(size, width)
    outside = numeric.softplus(-width) + numeric.sigmoid(-size) * width
    floor = np.where(size <= width, numeric.pair_entropy(size), outside)
    return weighted_mean(floor, weights)


def mean_margin_needed(entropy: float) -> float:
    """Mean absolute teacher margin that a given entropy requires, for every teacher.

    Parameters
    ----------
    entropy : float
        H in [0, ln 2], in nats.

    Returns
    -------
    float
        Inverse of the floor of Theorem 4 (a): with a smaller mean, the entropy would be
        larger. It is 0 at ln 2, and 750, which stands for infinity, at 0.

    Raises
    ------
    DomainError
        If the entropy is outside [0, ln 2].

    Examples
    --------
    >>> round(mean_margin_needed(0.5), 4), round(mean_margin_needed(0.1), 4)
    (1.1367, 3.8663)
    """
    target = float(checked_inside(entropy, "entropy", 0.0, LN2))
    straight = (LN2 - target) / float(lambda_star)
    if straight <= float(a_star):
        return straight
    return float(entropy_margin(target))


def mean_distance_needed(
    entropy: float, *, teacher_lipschitz: float, temperature: float
) -> float:
    """Smallest mean distance of the pairs at which a teacher can have an entropy.

    ``temperature / teacher_lipschitz`` times `mean_margin_needed`, in the unit of the
    distance. This is the converse of Theorem 4 (a) for a Lipschitz teacher.

    Examples
    --------
    >>> round(mean_distance_needed(0.5, teacher_lipschitz=4.0, temperature=2.0), 4)
    0.5684
    """
    for name, value in (
        ("teacher_lipschitz", teacher_lipschitz),
        ("temperature", temperature),
    ):
        if not 0 < value < np.inf:
            raise DomainError(f"`{name}` must be positive and finite, got {value}")
    return temperature / teacher_lipschitz * mean_margin_needed(entropy)


MINORANT: Final = f"convex minorant of the pair entropy and Jensen's inequality; {OURS}"
TWO_FORMS: Final = " Neither this nor the other Lipschitz form is always the larger."

_bound: Final = Symbol("U", nonnegative=True)


def _minorant(margin: Expr) -> Expr:
    return Piecewise(
        (log(2) - lambda_star * margin, margin <= a_star),
        (PairEntropy(margin), True),
    )


COUPLING: Final = (
    Statement(
        key="theorem-4a",
        title="Entropy floor",
        words="A teacher whose margins have this mean absolute value has at least "
        "this entropy: small margins, as of documents close together, cannot be "
        "certain.",
        kind="tight",
        status="proved",
        source=MINORANT,
        relation=">=",
        left=H_q,
        expression=_minorant(mean_a),
        arguments=(mean_a,),
        attained_by="two clusters of documents at teacher margin a_star",
    ),
    Statement(
        key="theorem-4a-distance",
        title="Entropy floor from the mean distance",
        words="A Lipschitz teacher has at least this entropy on documents of this mean "
        "distance. A Lipschitz constant read off the sample makes it a diagnostic."
        + TWO_FORMS,
        kind="tight",
        status="proved",
        assumptions=("A2L",),
        source=MINORANT,
        relation=">=",
        left=H_q,
        expression=_minorant(L_g * mean_d / tau),
        arguments=(mean_d, L_g, tau),
        attained_by="two clusters of documents whose distance times L_g is tau a_star",
    ),
    Statement(
        key="theorem-4a-diameter",
        title="Entropy floor from the diameter",
        words="A Lipschitz teacher has at least this entropy on documents of this "
        "diameter, since not all pairs can have the largest margin at once."
        + TWO_FORMS,
        kind="tight",
        status="proved",
        assumptions=("A2L",),
        source=MINORANT,
        relation=">=",
        left=H_q,
        expression=_minorant(c_E * L_g * Delta / tau),
        arguments=(Delta, L_g, tau, c_E),
        attained_by="two clusters along the best cut whose distance times L_g is "
        "tau a_star",
    ),
    Statement(
        key="theorem-4a-pair",
        title="Entropy floor of every pair",
        words="The simplest and weakest form: no pair is more certain than one at the "
        "diameter.",
        kind="tight",
        status="proved",
        assumptions=("A2L",),
        source=OURS,
        relation=">=",
        left=H_q,
        expression=PairEntropy(L_g * Delta / tau),
        arguments=(Delta, L_g, tau),
        attained_by="a star whose pairs all have the largest margin",
    ),
    Statement(
        key="theorem-4a-converse",
        title="Distance that a certain teacher needs",
        words="A Lipschitz teacher of this entropy needs documents at least this far "
        "apart on average.",
        kind="tight",
        status="proved",
        assumptions=("A2L",),
        source=MINORANT,
        relation=">=",
        left=mean_d,
        procedure=mean_distance_needed,
        attained_by="two clusters of documents whose distance times L_g is tau a_star",
    ),
)

CAPACITY: Final = (
    Statement(
        key="theorem-4b",
        title="Capacity floor",
        words="No student with this Lipschitz constant has less risk; teacher scores "
        "and distances suffice. Shrinking distances raises this floor and that of the "
        "entropy.",
        kind="lower",
        status="proved",
        assumptions=("A1",),
        source="Lemma 2a pair by pair",
        relation=">=",
        left=R,
        procedure=capacity_floor,
    ),
)

SEPARATION: Final = (
    Statement(
        key="theorem-4c",
        title="Target form",
        words="The entropy is that of a fixed reference law of pairs: changing the "
        "sampler of negatives leaves it as it is, and acts through the divergence and "
        "the distance of the laws only. The entropy of the sampled pairs does change.",
        kind="upper",
        status="proved",
        assumptions=("A3'",),
        source="Lemma 1 and Lemma 2b; " + OURS,
        relation="<=",
        left=R_mu,
        expression=H_mu
        + D_nu
        + theta_pair * (Softplus(B) - Sigmoid(-A) * B - PairEntropy(A)),
        arguments=(H_mu, D_nu, theta_pair, A, B),
    ),
    Statement(
        key="theorem-4d",
        title="Separable bound",
        words="In this bound entropy and diameter stand in separate terms: its mixed "
        "derivative vanishes. That is a property of the formula, lost with the "
        "sharper slope of Lemma 3 or the sharper range of Lemma 2b, and not a claim "
        "that mining leaves the entropy of the mined pairs alone.",
        kind="identity",
        status="proved",
        source=OURS,
        left=_bound,
        expression=H + D + L * Delta * (shift + complexity / sqrt(n)),
        arguments=(H, D, L, Delta, shift, complexity, n),
    ),
)

STATEMENTS: Final = (*COUPLING, *CAPACITY, *SEPARATION)
