"""The paper's form of the bound, as reconstructed, for comparison with ours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from rankbound.commands.settings import check_settings
from rankbound.results import Record

# A base-size encoder, unless the user says what is trained
WEIGHTS: Final = 1.1e8
LAYERS: Final = 12


@dataclass(frozen=True, slots=True)
class Architecture:
    """The size of the model that is trained, for the paper's form of the bound.

    Attributes
    ----------
    weights : float
        Number of trained weights, positive.
    layers : float
        Number of layers, positive.

    Examples
    --------
    >>> Architecture(weights=2.2e7, layers=6)
    Architecture(weights=22000000.0, layers=6)
    """

    weights: float = WEIGHTS
    layers: float = LAYERS

    def __post_init__(self) -> None:
        check_settings(self)


BASE_ENCODER: Final = Architecture()


class PaperForm(Record, frozen=True, kw_only=True):
    """The paper's bound for a student, and the numbers it was computed from.

    `limit` is in nats. `n_needed` is the number of queries at which it would be below
    ln 2, None if the mean risk itself is not below ln 2.
    """

    statement: str
    status: str
    weights: int | float
    layers: int | float
    pseudo_dimension: float
    limit: float
    n_needed: int | float | None


def paper_row(
    risk: float, *, width: float, n: float, delta: float, architecture: Architecture
) -> PaperForm:
    """The reconstructed limit, and the number of queries that it would need.

    Parameters
    ----------
    risk : float
        Mean risk of the sampled queries, in nats.
    width : float
        Width of the range of one query's risk, in nats.
    n : float
        Number of queries.
    delta : float
        Failure probability.
    architecture : Architecture

    Notes
    -----
    Source: `paper-form`, provenance reconstructed; the pseudo-dimension is an order of
    magnitude.

    Examples
    --------
    >>> trained = Architecture(weights=1.1e8, layers=12)
    >>> row = paper_row(0.5, width=5.652, n=1000, delta=0.05, architecture=trained)
    >>> row.status, row.limit > 1, f"{row.n_needed:.0e}"
    ('reconstructed', True, '4e+14')
    """
    # Options name an architecture, too, and SymPy takes half a second to load
    from rankbound.bounds.paper_form import (
        pseudo_dimension_order,
        queries_for_budget,
    )
    from rankbound.bounds.registry import statement

    form = statement("paper-form")
    dimension = pseudo_dimension_order(architecture.weights, architecture.layers)
    budget = math.log(2) - risk
    needed = None
    if budget > 0:
        needed = queries_for_budget(dimension, width=width, budget=budget, delta=delta)
    return PaperForm(
        statement=form.key,
        status=form.provenance,
        weights=architecture.weights,
        layers=architecture.layers,
        pseudo_dimension=dimension,
        limit=float(form.numpy()(risk, width, dimension, n, delta)),
        n_needed=needed,
    )
