"""The explorer: the statements as JavaScript, and the numbers it begins with.

Every formula of the page is a view of a statement or of an expression over the
notation, printed by `bounds.views`; none is typed into a script.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from msgspec.structs import replace
from sympy import Expr, Symbol

from rankbound.bounds.certificate import LN2
from rankbound.bounds.notation import (
    D,
    Delta,
    H,
    L,
    a,
    delta,
    k,
    kappa,
    m,
    n,
    tau,
    term,
)
from rankbound.bounds.paper_form import pseudo_dimension_order
from rankbound.bounds.registry import statement
from rankbound.bounds.special import MarginDivergence, PairEntropy, Sigmoid
from rankbound.bounds.theorem2 import HEADLINE, part_expressions
from rankbound.bounds.views import domain_ends, javascript_view
from rankbound.commands.measure.paper_form import BASE_ENCODER
from rankbound.commands.measure.result import Ledger
from rankbound.results import Record

STATEMENTS: Final = (
    HEADLINE,
    f"{HEADLINE}-coarse",
    "theorem-1a",
    "theorem-2b",
    "paper-form",
    "lemma-2c-cut-ratio",
    "lemma-2c-lower",
    "lemma-2c-upper",
    "theorem-4a",
)
# Of one pair, at a temperature that divides both margins
PAIRS: Final[dict[str, tuple[Expr, tuple[Symbol, ...]]]] = {
    "probability": (Sigmoid(a / tau), (a, tau)),
    "entropy": (PairEntropy(a / tau), (a, tau)),
    "divergence": (MarginDivergence(a / tau, m / tau), (a, m, tau)),
}
# The fields that a reader sets
FIELDS: Final = (n, delta, L, Delta, H, D, kappa, tau, k)


class Measured(Record, frozen=True, kw_only=True):
    """The certificate that the explorer begins with.

    `over_n` has numbers of queries with the deviations that limits by betting then
    have, if further queries are like these. Without any, the deviation is the measured
    one times the ratio of those that Theorem 1 (a) gives. `clip` is the B of the
    sample, `locality` says whether B is at most L times the diameter there, and
    `n_students` counts the limits that hold together.
    """

    upper: float
    deviation: float
    clip: float
    locality: bool
    n_students: int
    over_n: tuple[tuple[float, float], ...] = ()


class Setting(Record, frozen=True, kw_only=True):
    """Numbers that the explorer begins with; those of a student name its ledger."""

    name: str
    result: str | None = None
    student: str | None = None
    mean_teacher_margin: float | None = None
    note: str
    n: float
    delta: float
    lipschitz: float
    diameter: float
    entropy: float
    divergence: float
    kappa: float
    temperature: float
    group_size: int
    certificate: Measured | None = None


class Domain(Record, frozen=True, kw_only=True):
    """The ends of a symbol's domain, and whether they belong to it; None: no end."""

    low: float
    high: float | None
    with_low: bool
    with_high: bool
    whole: bool


class Explorer(Record, frozen=True, kw_only=True):
    """What the explorer needs: settings, the one to begin with, and domains by symbol.

    The weights and layers are those of the paper's form.
    """

    settings: tuple[Setting, ...]
    start: int
    trivial: float
    domains: dict[str, Domain]
    weights: float
    layers: float
    pseudo_dimension: float


EXAMPLE: Final = Setting(
    name="an example, from no data",
    note="",
    n=500_000.0,
    delta=0.05,
    lipschitz=5.0,
    diameter=1.4,
    entropy=0.42,
    divergence=0.06,
    kappa=1.0,
    temperature=1.0,
    group_size=16,
)


def views_script() -> str:
    """One JavaScript object: statements, parts and pairs by name.

    Every entry has ``names``, the code names of its arguments in order, and ``value``,
    the function.
    """
    entries = {}
    for key in STATEMENTS:
        found = statement(key)
        entries[key] = _entry(found.javascript(), found.arguments)
    arguments = statement(HEADLINE).arguments
    for name, expression in part_expressions().items():
        mine = tuple(s for s in arguments if s in expression.free_symbols)
        entries[f"part: {name}"] = _entry(javascript_view(expression, mine), mine)
    for name, (expression, symbols) in PAIRS.items():
        source = javascript_view(expression, symbols)
        entries[f"pair: {name}"] = _entry(source, symbols)
    inside = ",\n".join(f'"{name}": {entry}' for name, entry in entries.items())
    return f"const VIEWS = {{\n{inside}\n}};\n"


def explorer(
    ledgers: Mapping[str, Ledger],
    over_n: Mapping[tuple[str, str], tuple[tuple[float, float], ...]] | None = None,
) -> Explorer:
    """Settings to begin with: an example, and every student of every ledger.

    Parameters
    ----------
    ledgers : mapping of str to Ledger
        By the name of their folder.
    over_n : mapping, optional
        By folder and student, numbers of queries and the deviations of limits.
    """
    mine = [
        _setting(name, student, ledger, (over_n or {}).get((name, student), ()))
        for name, ledger in ledgers.items()
        for student in ledger.students
    ]
    encoder = BASE_ENCODER
    return Explorer(
        settings=(EXAMPLE, *mine),
        # Readers come for the numbers of their own data
        start=1 if mine else 0,
        trivial=LN2,
        domains={term(symbol).code: _domain(symbol) for symbol in FIELDS},
        weights=encoder.weights,
        layers=encoder.layers,
        pseudo_dimension=pseudo_dimension_order(encoder.weights, encoder.layers),
    )


def _domain(symbol: Symbol) -> Domain:
    low, high, with_low, with_high = domain_ends(term(symbol))
    return Domain(
        low=low,
        high=high if isfinite(high) else None,
        with_low=with_low,
        with_high=with_high,
        whole=term(symbol).unit == "count",
    )


def _setting(
    name: str,
    student: str,
    ledger: Ledger,
    over_n: tuple[tuple[float, float], ...] = (),
) -> Setting:
    """A student's numbers; a note says which are the example's for lack of data."""
    entry, found, notes = ledger.students[student], EXAMPLE, []
    locality, headline = entry.locality, entry.headline
    known = headline is not None and headline.lipschitz_times_diameter is not None
    if headline is not None and headline.lipschitz and headline.diameter:
        found = replace(found, lipschitz=headline.lipschitz, diameter=headline.diameter)
        notes.append("L and the diameter are known in advance")
    elif locality is None:
        notes.append("no vectors were measured: L and the diameter are the example's")
    else:
        lipschitz, diameter = locality.lipschitz, locality.diameter
        found = replace(found, lipschitz=lipschitz, diameter=diameter)
        notes.append(
            "L and the diameter are read off the sample, where they describe and prove "
            "nothing"
        )
    ratio = None if entry.shift is None else entry.shift.ratio
    if ratio is None:
        notes.append("kappa was not measured and stands at 1, no shift")
    else:
        found = replace(found, kappa=ratio)
    size = _group_size(entry.range.source)
    # Since shares are certified, the mean has half of delta
    halves = 1 if entry.share is None else 2
    certificate = Measured(
        upper=entry.upper,
        deviation=entry.deviation,
        clip=entry.range.B,
        locality=known,
        n_students=halves * len(ledger.students),
        over_n=over_n,
    )
    return replace(
        found,
        name=" / ".join(filter(None, (name, student))),
        n=float(entry.n_units),
        delta=ledger.delta,
        entropy=entry.entropy,
        divergence=entry.divergence,
        group_size=found.group_size if size is None else size,
        note="; ".join(notes),
        result=name,
        student=student,
        mean_teacher_margin=ledger.teacher.mean_margin,
        certificate=certificate,
    )


def _group_size(source: str) -> int | None:
    """The group size in a range's source, such as "lemma-2c, all pairs, k = 16"."""
    head, found, tail = source.partition("k = ")
    digits = tail.split(" ")[0].split(",")[0]
    return int(digits) if found and head and digits.isdigit() else None


def _entry(source: str, symbols: tuple[Symbol, ...]) -> str:
    names = ", ".join(f'"{term(symbol).code}"' for symbol in symbols)
    return f"{{names: [{names}], value: {source}}}"
