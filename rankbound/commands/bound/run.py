"""The headline bound and its relatives from given numbers, without data."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, Final

from scipy.optimize import brentq

from rankbound.bounds.certificate import LN2
from rankbound.bounds.headline import HEADLINE, headline_parts
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem5 import (
    Design,
    bilinear_complexity,
    compare_designs,
    diameter_ratio_to_break_even,
    queries_to_break_even,
)
from rankbound.commands.bound.given import Given
from rankbound.commands.measure.paper_form import Architecture, paper_row
from rankbound.errors import UsageError

UNKNOWNS: Final = ("n", "diameter", "entropy")
# Beyond these nobody looks; a root is searched between them
SEARCH: Final = {"n": (1.0, 1e18), "diameter": (1e-9, 1e9), "entropy": (0.0, LN2)}


def evaluated(
    given: Given, *, architecture: Architecture | None = None
) -> dict[str, Any]:
    """The headline bound with its parts, its relatives, and the verdict; in nats.

    Examples
    --------
    >>> found = evaluated(Given(
    ...     diameter=1.4, lipschitz=5, entropy=0.42, divergence=0.06, n=500_000))
    >>> round(found["bound"], 4), found["vacuous"], found["dominating"]
    (0.5068, False, 'entropy')
    """
    headline = _headline(given)
    locality = given.lipschitz * given.diameter
    parts = {
        name: float(value)
        for name, value in headline_parts(
            entropy=given.entropy,
            divergence=given.divergence,
            locality=locality,
            n=given.n,
            delta=given.delta,
            kappa=given.kappa,
            width=given.width,
        ).items()
    }
    return {
        "given": {field.name: getattr(given, field.name) for field in fields(given)},
        "statement": HEADLINE,
        "status": statement(HEADLINE).status,
        "unit": "nats",
        "bound": headline,
        "trivial": LN2,
        "vacuous": headline >= LN2,
        "dominating": max(parts, key=lambda name: parts[name]),
        "parts": parts,
        "range": {"B": locality, "width": given.width},
        "relatives": _relatives(given),
        "paper_form": paper_row(
            given.entropy + given.divergence,
            width=given.width,
            n=given.n,
            delta=given.delta,
            architecture=architecture or Architecture(),
        ).to_dict(),
    }


def solved(given: Given, unknown: str, *, target: float = LN2) -> float | None:
    """The value of one number at which the headline bound equals the target.

    Parameters
    ----------
    given : Given
        The value of the unknown in it plays no part.
    unknown : {"n", "diameter", "entropy"}
    target : float
        In nats; ln 2 is where the bound stops being vacuous.

    Returns
    -------
    float or None
        The smallest number of queries, the largest diameter or entropy; None where
        no value does.

    Examples
    --------
    >>> given = Given(diameter=1.4, lipschitz=5, entropy=0.42, divergence=0.06, n=1)
    >>> solved(given, "n")
    7894
    """
    if unknown not in UNKNOWNS:
        raise UsageError(
            f"--solve must be one of {', '.join(UNKNOWNS)}, got {unknown!r}"
        )

    def surplus(value: float) -> float:
        changed: dict[str, Any] = {unknown: value}
        return _headline(replace(given, **changed)) - target

    low, high = SEARCH[unknown]
    at_low, at_high = surplus(low), surplus(high)
    if at_low * at_high > 0:
        return None
    root = float(brentq(surplus, low, high, xtol=1e-12, rtol=1e-12, maxiter=500))
    return math.ceil(root) if unknown == "n" else root


def augmented(before: Given, after: Given) -> dict[str, Any]:
    """Whether an augmentation lowers the bound, and from which n' or diameter on.

    Both are evaluated by Theorem 5 (bilinear class, range L times diameter); target
    law, teacher and temperature must be the same before and after.

    Examples
    --------
    >>> base = Given(diameter=2.0, lipschitz=5, entropy=0.42, divergence=0.0, n=1000)
    >>> found = augmented(base, replace(base, diameter=1.2, entropy=0.47))
    >>> found["improves"], found["vacuous"], found["break_even_n"]
    (True, True, 399)
    """
    old, new = _design(before), _design(after)
    complexity = bilinear_complexity(before.delta)
    result = compare_designs(
        old, new, n_queries=before.n, n_after=after.n, complexity=complexity
    )
    needed = queries_to_break_even(old, new, n_queries=before.n, complexity=complexity)
    ratio = diameter_ratio_to_break_even(
        old, new, n_queries=before.n, n_after=after.n, complexity=complexity
    )
    return {
        "statement": "theorem-5a",
        "unit": "nats",
        "before": result.before,
        "after": result.after,
        "improves": result.improves,
        "vacuous": result.vacuous,
        "break_even_n": math.floor(needed) + 1 if math.isfinite(needed) else None,
        "break_even_diameter": before.diameter * ratio if ratio > 0 else None,
    }


def _headline(given: Given) -> float:
    view = statement(HEADLINE).numpy()
    return float(
        view(
            given.entropy,
            given.divergence,
            given.lipschitz,
            given.diameter,
            given.kappa,
            given.n,
            given.delta,
            given.width,
        )
    )


def _relatives(given: Given) -> dict[str, float]:
    """Bounds that ask for less: a cruder width, or one student and no shift."""
    risk = given.entropy + given.divergence
    coarse = statement(f"{HEADLINE}-coarse").numpy()
    fixed = statement("theorem-1a").numpy()
    return {
        "theorem-2-prime-coarse": float(
            coarse(
                given.entropy,
                given.divergence,
                given.lipschitz,
                given.diameter,
                given.kappa,
                given.n,
                given.delta,
            )
        ),
        "theorem-1a (one fixed student, no shift)": float(
            fixed(risk, given.width, given.n, 1, given.delta)
        ),
    }


def _design(given: Given) -> Design:
    return Design(
        entropy=given.entropy,
        divergence=given.divergence,
        locality=given.lipschitz * given.diameter,
        shift=1 - given.kappa**-2,
    )
