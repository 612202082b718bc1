"""What a student's certificate and a fitted temperature say, in sentences to quote.

The order of a student's sentences is fixed, share before mean, and so is what is
shown: choosing by the values which limit to show would void both.
"""

from __future__ import annotations

from typing import Final

from rankbound.bounds.wording import counted
from rankbound.commands.measure.answers import temperature_answer
from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.choosing import GIVEN, PILOT
from rankbound.commands.measure.inputs import TemperatureFit
from rankbound.commands.measure.result import FittedTemperature, OverInterval
from rankbound.data.scores import Kind
from rankbound.estimators.calibration import LEVEL

UNSCORED: Final = {
    "common": "only documents that all students score count",
    "drop": "documents that it does not score are left out of its groups",
}


def mean_sentence(one: CertifiedStudent) -> str:
    """The limit of the mean risk, whose documents it is about, and the proviso."""
    sentence, missing = one.certificate.sentence(one.noun), one.student.missing_share
    if missing and one.student.unscored == "drop":
        scored = f"{1 - missing:.1%} of the documents that it scores"
        queries = counted(len(one.terms), "query")
        sentence = f"{sentence}; this is about the {scored}, in {queries}"
    return f"{sentence}; {one.student.proviso}"


def sentences_of(one: CertifiedStudent) -> tuple[str, ...]:
    """All sentences about a student: share, mean, tolerance, floors, which student."""
    return (
        f"{one.share.sentence(one.noun)}; {one.student.proviso}",
        mean_sentence(one),
        f"instead of the share: {one.tolerance.sentence(one.noun)}; "
        f"{one.student.proviso}",
        one.floor.sentence(one.noun),
        _median(one),
        f"certified is {_student(one)}",
        *_population(one),
        *_trained_on(one),
    )


def _median(one: CertifiedStudent) -> str:
    found = one.floor
    start = (
        "any rule that is valid for all laws in this range gives less than "
        f"{found.median:.4f} nats at most half of the time, were the true risk that of "
        "this sample"
    )
    if found.median_n_needed is None:
        return start
    needed = counted(found.median_n_needed, one.noun)
    return f"{start}; from {needed} on this is below ln 2"


def _student(one: CertifiedStudent) -> str:
    student, choices = one.student, one.student.choices
    pilots = counted(choices.n_pilot, f"pilot {one.noun}")
    by = {PILOT: f"chosen on {pilots}", GIVEN: "given"}
    text = (
        f"the student whose documents lie at most B = {choices.score_range:g} "
        f"temperature{'' if choices.score_range == 1 else 's'} below its best of the "
        f"group (B {by.get(choices.score_range_by, 'fixed beforehand')}), which ties "
        f"{student.tied_share:.1%} of them: {student.clipped_share:.1%} by clipping"
    )
    if student.unscored == "floor":
        text += f", {student.missing_share:.1%} as it does not score them"
    elif student.missing_share or student.unscored == "common":
        text += f"; {UNSCORED[student.unscored]}"
    if student.unclipped_risk is None:
        return text
    return (
        f"{text}; without clipping its risk on the documents that it scores is "
        f"{student.unclipped_risk:.4f} nats (uncertified)"
    )


def _population(one: CertifiedStudent) -> tuple[str, ...]:
    least, number = one.student.choices.least, one.n_left_out
    if least is None or not number:
        return ()
    return (
        f"all of this is about queries whose groups have at least "
        f"{counted(least, 'document')}, "
        f"as those of the pilot queries; {counted(number, 'other query', 'others')} "
        "left out",
    )


def _trained_on(one: CertifiedStudent) -> tuple[str, ...]:
    """How many of the queries the student was trained on, if that is known."""
    found = one.student.trained_on
    if found is None:
        return ()
    number = f"{found.left_out:,} of {counted(found.of, 'query')}"
    given = f"({counted(found.ids, 'training query')} given)"
    if not found.left_out:
        return (f"{number} were trained on {given}",)
    return (
        f"{number} were trained on and are left out {given}: all of this is about "
        "queries unlike those",
    )


def fitted_temperature(
    fit: TemperatureFit | None, kind: Kind, over: OverInterval | None = None
) -> FittedTemperature | None:
    """A fitted temperature with a sentence; None for none."""
    if fit is None:
        return None
    return FittedTemperature(
        value=fit.value,
        lower=fit.lower,
        upper=fit.upper,
        level=LEVEL,
        on=fit.on,
        sentence=temperature_answer(fit, fit.value, kind=kind.value).sentence,
        over_interval=over,
    )
