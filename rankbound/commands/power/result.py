"""The result of `power`: what queries can show, and what a margin needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rankbound.provenance import Clustering, Input
from rankbound.results import Answer, Record, Result
from rankbound.validation.paired import Decides


class Detectable(Record, frozen=True, kw_only=True):
    """What n queries can show at one spread; None in fields that need a spread.

    `effect_size` needs none: it is the difference in standard deviations.

    `rule`, `law`, `rule_difference`, `rule_margin` and `rule_share` are of the rule
    that decides, the other differences and margins those of Student's t for normal
    values.
    """

    source: str
    unit: str
    sd: float | None
    n: int
    detectable_difference: float | None
    effect_size: float | None
    detectable_correlation: float | None
    smallest_margin: float | None
    smallest_margin_interval: float | None
    rule: Decides | None = None
    law: str | None = None
    rule_difference: float | None = None
    rule_difference_missing_because: str | None = None
    rule_margin: float | None = None
    rule_margin_missing_because: str | None = None
    rule_share: float | None = None


class Needed(Record, frozen=True, kw_only=True):
    """How many queries a margin needs.

    `n_rule` is by the rule that decides and with the power that was asked for; the
    others are Student's for normal values, and n_betting has no stated power.
    """

    source: str
    unit: str
    sd: float
    margin: float
    n_tost: int
    n_interval: int
    n_normal: int
    n_betting: int | None
    n_betting_reason: str | None
    rule: Decides | None = None
    law: str | None = None
    n_rule: int | None = None
    n_rule_interval: tuple[int | None, int | None] | None = None
    n_rule_missing_because: str | None = None
    power_reached: float | None = None


class Curve(Record, frozen=True, kw_only=True):
    """What n queries show by the rule that decides, for a figure: pairs of n and size.

    The sums over queries are normal here, so that a size differs from `rule_margin` and
    `rule_difference` by a percent or so. `differences` and `margins` are empty if there
    are none.
    """

    source: str
    unit: str
    sd: float
    rule: Decides
    law: str
    margins: tuple[tuple[int, float], ...]
    differences: tuple[tuple[int, float], ...]


class Power(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.power/1"
):
    """What queries can show, and how many a margin needs.

    Attributes
    ----------
    delta, delta_each, power : float
        Error rates of the family and of one comparison, and the probability of success.
    comparisons : int
        Size of the family.
    rows : tuple of Detectable
        One for each spread and number of queries.
    needed : tuple of Needed
        One for each spread, if a margin was given.
    without_spread : tuple of str
        Sources that do not vary over queries.
    missing_because : str or None
        Why there are no differences and margins, if no spread is known.
    definitions : dict of str to str
    inputs : tuple of Input
    command : str
        The command line, "" from Python.
    seed : int
        Of the samples that are drawn.
    curves : tuple of Curve
        One for each spread, to be drawn.
    notes : tuple of str
        What the numbers do not know of.
    clusters : int or None
        Number of clusters that values were averaged by, which every n then counts; None
        where queries are independent. `clustering` describes them.
    answers : tuple of Answer
        What all of it means, in a sentence or two; earlier files have none.

    Examples
    --------
    >>> import rankbound as rb
    >>> found = rb.power(n=43, sd=0.1)
    >>> found.rows[0].rule, found.rows[0].law, found.needed
    ('direction', 'normal', ())
    """

    KIND: ClassVar[str] = "power"
    FILE: ClassVar[str] = "power.json"

    delta: float
    comparisons: int
    delta_each: float
    power: float
    rows: tuple[Detectable, ...]
    needed: tuple[Needed, ...]
    without_spread: tuple[str, ...]
    missing_because: str | None
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    seed: int = 0
    curves: tuple[Curve, ...] = ()
    clusters: int | None = None
    clustering: Clustering | None = None
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """`rows` and `needed`."""
        return {"rows": self.rows, "needed": self.needed}
