"""The bound's promise for each student on one line: locality, entropy and shift."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
import numpy as np

from rankbound.bounds.betting import betting
from rankbound.bounds.certificate import LossRange
from rankbound.bounds.floors import Floor, floor_of, rounded_down
from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.choosing import group_range
from rankbound.commands.measure.measured import Measured
from rankbound.commands.measure.result import Headline, Ledger, LimitFloor, Shift
from rankbound.data.columns import Floats
from rankbound.data.embeddings import UNIT_SLACK, Embeddings
from rankbound.data.scores import Kind
from rankbound.errors import UsageError

CLIP: Final = "clip"
PRODUCT: Final = "L x diameter"
ASSERTED: Final = "asserted"
LEMMA: Final = "lemma-4"
DEFINITION: Final = (
    "B is the smaller of the clip and of L times the largest distance that is "
    "possible, neither read off the sample; `limit` is the limit at this B, valid by "
    "itself like `upper`, and the same where the clip holds; limit_at_half_diameter is "
    "what it would be of risks moved into the range of half the diameter, and no "
    "limit; shift is what the form with the limit adds"
)
# Of rounding, in a slope that an assertion allows
SLACK: Final = 1e-9


class Slope(NamedTuple):
    """L and where it comes from, or why there is none."""

    value: float | None
    by: str | None
    missing_because: str | None


def with_headlines(ledger: Ledger, found: Measured) -> Ledger:
    """The ledger with the headline of every student that was measured with vectors."""
    embeddings = found.inputs.embeddings
    if embeddings is None:
        return ledger
    students = dict(ledger.students)
    for one in found.students:
        name = one.student.name
        headline = headline_of(one, found, embeddings)
        sentences = (
            *students[name].sentences,
            headline_sentence(headline, one.student.proviso, students[name].unit),
        )
        students[name] = msgspec.structs.replace(
            students[name], headline=headline, sentences=sentences
        )
    told = ledger.definitions
    if students:
        told = {**told, "headline": DEFINITION}
    return msgspec.structs.replace(ledger, students=students, definitions=told)


def headline_of(
    one: CertifiedStudent, found: Measured, embeddings: Embeddings
) -> Headline:
    """B, which of clip and L times diameter it is, and what each part costs.

    Raises
    ------
    UsageError
        When the sample refutes the L that was asserted.
    """
    options, choices = found.options, one.student.choices
    slope = _slope(one, options.lipschitz_of(one.student.name), options.metric)
    widest = embeddings.widest_distance(options.metric)
    why = slope.missing_because
    if why is None and widest is None:
        why = "nothing bounds the distance of vectors of any length in advance"
    product = None if why is not None else _product(slope.value, widest)
    clip = choices.score_range
    limit, floor = one.certificate.upper, one.floor
    half = None
    if product is not None:
        if product < clip:
            limit, floor = _limit(one, options.pairs, product)
        half = limit
        if product / 2 < clip:
            half, _ = _limit(one, options.pairs, product / 2)
    certificate = one.certificate
    entropy, divergence, _ = certificate.parts
    return Headline(
        clip=clip,
        B=clip if product is None else min(clip, product),
        holds=PRODUCT if product is not None and product < clip else CLIP,
        lipschitz=slope.value,
        lipschitz_by=slope.by,
        diameter=widest,
        lipschitz_times_diameter=product,
        missing_because=why,
        limit=limit,
        entropy=entropy.value,
        divergence=divergence.value,
        deviation=limit - certificate.risk,
        limit_at_half_diameter=half,
        locality_costs=None if half is None else limit - half,
        shift=_shift(one.readings.shift),
        floor=LimitFloor.of(floor),
    )


def _product(lipschitz: float | None, diameter: float | None) -> float | None:
    return None if lipschitz is None or diameter is None else lipschitz * diameter


def _slope(one: CertifiedStudent, asserted: float | None, metric: str) -> Slope:
    """L as asserted, or of a dot product of unit vectors."""
    student = one.student
    if student.missing_share > 0 and student.unscored == "floor":
        because = "documents that it does not score lie at the clip, however near"
        return Slope(None, None, because)
    if asserted is not None:
        _check_asserted(one, asserted)
        return Slope(asserted, ASSERTED, None)
    if student.source.queries is None or student.kind is not Kind.COSINE:
        return Slope(
            None, None, "it is no dot product of unit vectors; give `lipschitz`"
        )
    if metric != "euclidean":
        because = "Lemma 4 is about Euclidean distances; give `lipschitz`"
        return Slope(None, None, because)
    return Slope((1 + UNIT_SLACK) / student.temperature, LEMMA, None)


def _check_asserted(one: CertifiedStudent, lipschitz: float) -> None:
    """Raise if two documents of a group show that L is larger."""
    if one.space is None:
        return
    seen, name = one.space.steepness[one.student.name], one.student.name
    if seen.lipschitz > lipschitz * (1 + SLACK):
        raise UsageError(
            f"`lipschitz` of {name!r} must be at least {seen.lipschitz:.6g}, since two "
            f"documents of a query differ so much in score for their distance, got "
            f"{lipschitz:.6g}"
        )
    if seen.n_apart:
        raise UsageError(
            f"student {name!r} has no `lipschitz` constant: {seen.n_apart:,} pairs of "
            "documents have the same vector and different scores; leave it out"
        )


def _limit(
    one: CertifiedStudent, pairs: str, score_range: float
) -> tuple[float, Floor]:
    """The limit of the mean in the range of another B, and its floor.

    Risks outside of the range move into it.
    """
    student, certificate = one.student, one.certificate
    choices = student.choices
    found: LossRange = group_range(
        student.groups, pairs=pairs, score_range=score_range, least=choices.least
    )
    risks: Floats = np.clip(one.units.risk_nats, found.low, found.high)  # type: ignore[arg-type]
    delta, n_students = certificate.delta, certificate.n_students
    limit = betting(
        risks,
        low=found.low,
        high=found.high,
        delta=delta,
        n_students=n_students,
        stakes=None if choices.stake is None else [choices.stake],
    )
    return limit, floor_of(
        float(risks.mean()),
        len(risks),
        high=found.high,
        delta=delta,
        n_students=n_students,
    )


def _shift(found: Shift | None) -> float | None:
    """What the form with the limit adds to the risk; None without a target law."""
    if found is None:
        return None
    form = found.exact if found.form == "exact" else found.least_per_query
    return None if form is None else form.shift


def headline_sentence(found: Headline, proviso: str, unit: str = "query") -> str:
    """The line of the headline, with the proviso of every limit."""
    if found.lipschitz_times_diameter is None:
        product = f"L x diameter is not known ({found.missing_because})"
    else:
        product = (
            f"L x diameter = {found.lipschitz:.4g} x {found.diameter:.4g} = "
            f"{found.lipschitz_times_diameter:.4g} (L {_by(found)})"
        )
    parts = (
        f"entropy {found.entropy:.4f} + divergence {found.divergence:.4f} + deviation "
        f"{found.deviation:.4f} = at most {found.limit:.4f} nats{_least(found, unit)}"
    )
    return (
        f"headline: B = min(clip {found.clip:g}, {product}) = {found.B:.4g}, so "
        f"{'the clip' if found.holds == CLIP else PRODUCT} holds; {parts}; "
        f"{_cost(found)}; {_shift_words(found)}; {proviso}"
    )


def _least(found: Headline, unit: str) -> str:
    """How low the limit can be, and the queries or clusters that this takes."""
    if found.floor is None:
        return ""
    least, needed = rounded_down(found.floor.value), found.floor.n_needed
    since = "" if needed is None else f", below ln 2 from {counted(needed, unit)} on"
    return f" (no limit offered here can be below {least}{since})"


def _by(found: Headline) -> str:
    return "asserted" if found.lipschitz_by == ASSERTED else "by Lemma 4, unit vectors"


def _cost(found: Headline) -> str:
    if found.locality_costs is None or found.limit_at_half_diameter is None:
        return "what locality costs is not known"
    if found.locality_costs == 0:
        return "half the diameter would change nothing, as the clip would still hold"
    return (
        f"locality costs {found.locality_costs:.4f} nats: at half the diameter it "
        f"would be {found.limit_at_half_diameter:.4f}"
    )


def _shift_words(found: Headline) -> str:
    if found.shift is None:
        return "no shift, as there is no target law"
    return f"the shift to the target law adds {found.shift:.4f} nats"
