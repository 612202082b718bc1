"""The paper's form of the bound, reconstructed, for a row beside ours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

# A base-size encoder, for where the user does not say what is trained
WEIGHTS: Final = 1.1e8
LAYERS: Final = 12


@dataclass(frozen=True, slots=True)
class Architecture:
    """What is trained: number of weights and of layers."""

    weights: float = WEIGHTS
    layers: float = LAYERS


BASE_ENCODER: Final = Architecture()


def paper_row(
    risk: float, *, width: float, n: float, delta: float, architecture: Architecture
) -> dict[str, Any]:
    """The reconstructed limit and the queries that it would need.

    Parameters
    ----------
    risk : float
        Mean risk of the sampled queries, in nats.
    width : float
        Width of the range of one query's risk, in nats.
    n : float
        Queries.
    delta : float
        Failure probability.
    architecture : Architecture

    Returns
    -------
    dict
        ``n_needed`` is None where the mean risk itself is not below ln 2.

    Notes
    -----
    Source: `paper-form`, status reconstructed; the pseudo-dimension is an order of
    magnitude.

    Examples
    --------
    >>> trained = Architecture(weights=1.1e8, layers=12)
    >>> row = paper_row(0.5, width=5.652, n=1000, delta=0.05, architecture=trained)
    >>> row["status"], row["limit"] > 1, f"{row['n_needed']:.0e}"
    ('reconstructed', True, '4e+14')
    """
    # SymPy is half a second to load, and options name an architecture, too
    from rankbound.bounds.paper_form import (
        pseudo_dimension_order,
        queries_to_say_something,
    )
    from rankbound.bounds.registry import statement

    form = statement("paper-form")
    dimension = pseudo_dimension_order(architecture.weights, architecture.layers)
    budget = math.log(2) - risk
    needed = None
    if budget > 0:
        needed = queries_to_say_something(
            dimension, width=width, budget=budget, delta=delta
        )
    return {
        "statement": form.key,
        "status": form.status,
        "weights": architecture.weights,
        "layers": architecture.layers,
        "pseudo_dimension": dimension,
        "limit": float(form.numpy()(risk, width, dimension, n, delta)),
        "n_needed": needed,
    }
