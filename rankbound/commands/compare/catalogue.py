"""The quantities that samplings can be compared by: unit, needs, margin, range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Need = Literal["scores", "vectors", "student"]
PAIR_SETS: Final = ("all", "pos-neg", "neg-neg")
EACH: Final = "each"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is known about a quantity before any data.

    Attributes
    ----------
    unit : str
    need : {"scores", "vectors", "student"}
        What it takes beyond teacher scores and groups.
    margin : float or None
        The default margin of equivalence, fixed here; None: there is no agreed one.
    words : str
        What it is, for people.
    pair_sets : tuple of str
        Pair sets for which it exists.
    """

    unit: str
    need: Need
    margin: float | None
    words: str
    pair_sets: tuple[str, ...] = PAIR_SETS


CATALOGUE: Final[dict[str, Quantity]] = {
    "entropy": Quantity("nats", "scores", 0.02, "the teacher's pairwise entropy"),
    "margin": Quantity(
        "temperatures", "scores", None, "the mean size of the teacher's margins"
    ),
    "ties": Quantity("share", "scores", None, "the share of tied pairs"),
    "divergence": Quantity(
        "nats", "student", 0.02, "the student's divergence from the teacher"
    ),
    "risk": Quantity("nats", "student", 0.02, "the student's risk"),
    "diameter": Quantity("distance", "vectors", None, "the diameter of a group"),
    "mean_distance": Quantity(
        "distance", "vectors", None, "the mean distance of a pair"
    ),
    "rms_distance": Quantity(
        "distance", "vectors", None, "the root mean square distance of a pair"
    ),
    "two_nn": Quantity(
        "dimensions", "vectors", None, "the TwoNN intrinsic dimension", ("all",)
    ),
    "knn_density": Quantity(
        "nats", "vectors", None, "the k-NN log density of the documents", ("all",)
    ),
}


def label(quantity: str, student: str, *, alone: bool) -> str:
    """The name in tables: a student is named where there are several.

    Examples
    --------
    >>> label("risk", "bm25", alone=False), label("risk", "bm25", alone=True)
    ('risk:bm25', 'risk')
    """
    return quantity if alone or not student else f"{quantity}:{student}"


def base(name: str) -> str:
    """The quantity behind a label.

    Examples
    --------
    >>> base("risk:bm25")
    'risk'
    """
    return name.partition(":")[0]
