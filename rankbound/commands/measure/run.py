"""`measure`: from options to the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from rankbound.bounds.certificate import CHOSEN, LN2, Part
from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.given import Given, inputs_of
from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.measured import Measured, Progress, measured
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.paper_form import Architecture, paper_row
from rankbound.commands.measure.result import (
    Calibration,
    Diameter,
    Interval,
    Intervals,
    Ledger,
    Locality,
    LossRange,
    StudentResult,
    Teacher,
)
from rankbound.commands.measure.space import shape_of
from rankbound.commands.measure.temperatures import SHARE
from rankbound.commands.measure.terms import table_of
from rankbound.commands.settings import made_options
from rankbound.estimators.spread import entropy_floor
from rankbound.provenance import versions
from rankbound.rows import Rows

DEFINITIONS: Final = {
    "per_query": "means over the groups of a query; calibration queries stand apart",
    "dropped": "over all queries, those set aside for calibration included",
    "temperature fit": "maximum likelihood of the calibration pairs, each query with "
    "the same weight; a student is fitted before its scores are clipped",
    "repairs": "what the readers passed over or mended, counted for each file",
    "diameter.max": "largest distance of a pair in the certificate's groups; "
    "per_query.tsv has the mean over the groups of a query, which is the same where a "
    "query has one group",
    "diameter.quantile_99": "smallest distance that at most 1 % of the pairs exceed, "
    "each query with the same weight",
    "diameter.shape": "shares of the pairs at most so far apart, each query with the "
    "same weight; of the distinct documents of all groups: lengths of vectors, "
    "documents whose vector is equal to another one's, and TwoNN over up to 1,000 of "
    "them: minus ln of the share above, against ln of the ratio of the distances to "
    "the second and the first neighbour",
    "n_needed": "queries at which the chosen limit would be below ln 2, were their "
    "risks distributed as in this sample; null if never",
}
DESCRIPTIVE: Final = "descriptive: read off the sample, never inside the certificate"
STATEMENTS: Final = {
    "limits": "lemma-1, lemma-2c, theorem-1a to theorem-1d, theorem-1g: proved "
    "or cited in rankbound",
    "paper": "reconstructed: the wording of the paper's Theorem 2.1 is not "
    "reproduced; these limits are rankbound's own",
}


def measure(
    options: MeasureOptions | None = None, *, progress: Progress = str, **settings: Any
) -> Ledger:
    """Compute the bound's terms per query and a certificate for every student.

    Parameters
    ----------
    options : MeasureOptions, optional
    progress : callable
        Called with a few words before each stage; the default does nothing.
    **settings
        Instead of `options`: what `MeasureOptions` takes, ``teacher=...`` at least.
        Data may be paths or objects; `students` may be a mapping of names to either.

    Returns
    -------
    Ledger
        Its `beside` holds the terms of every query as "per_query", and as "calibration"
        those of the queries that temperatures were fitted on.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule; nothing is written here in any case.

    Examples
    --------
    >>> queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    >>> ledger = measure(teacher=queries, students={"same": queries})
    >>> ledger.n_queries, [*ledger.students], ledger.students["same"].vacuous
    (9, ['same'], True)
    """
    options = made_options(MeasureOptions, options, settings)
    found = measured(options, progress=progress)
    if options.compat is None:
        return ledger_of(found)
    from rankbound.reference.measure import with_reference

    progress("reference")
    return with_reference(ledger_of(found), found)


def ledger_of(found: Measured, *, root: Path | None = None) -> Ledger:
    """The account of a measurement.

    Every input is read again for its hash.

    Parameters
    ----------
    found : Measured
    root : Path, optional
        Folder that recorded paths are relative to; as given without it.
    """
    options = found.options
    made = Ledger(
        unit="nats",
        n_queries=len(found.teacher),
        delta=options.delta,
        trivial=LN2,
        students={
            one.student.name: _student(one, options.architecture)
            for one in found.students
        },
        teacher=_teacher(found),
        diameter=_diameter(found),
        calibration=Calibration(
            n_calibration=found.split.n_calibration,
            n_certificate=found.split.n_certificate,
            share=SHARE if options.fits else 0.0,
            seed=options.seed,
        ),
        pairs=options.pairs,
        groups=_groups(found),
        dropped=_dropped(found),
        repairs=found.inputs.files.repairs_by_name(root),
        warnings=found.warnings,
        assumptions=assumptions(found),
        definitions=DEFINITIONS,
        statements=STATEMENTS,
        inputs=inputs_of(_given(found), root),
        command=options.command,
        versions=versions(),
    )
    return made.with_beside(**_tables(found))


def _tables(found: Measured) -> dict[str, Rows]:
    """Terms of the certificate's queries and, where there are any, of those aside."""
    terms = [one.terms for one in found.students] or [found.teacher]
    tables = {"per_query": table_of(terms)}
    if found.split.n_calibration:
        aside = [one.calibration for one in found.students]
        tables["calibration"] = table_of(aside or [found.teacher_calibration])
    return tables


def assumptions(found: Measured) -> tuple[str, ...]:
    """What the certificates rest on; the user asserts what is not enforced."""
    options = found.options
    shared = (
        "A0 (asserted): the queries are independent draws; teacher, students, sampling "
        "and all constants were fixed without looking at the certificate's queries",
    )
    if not options.students:
        return shared
    return (
        *shared,
        f"A1' (enforced): student margins are at most B = {options.score_range:g} "
        "temperatures, since each student is evaluated with its scores clipped at B "
        "below its best document of the group; the certificate is one of that student",
        "group size (asserted): no query has a smaller group than the source of the "
        "range names; where sizes vary, `upper_any_size` is the limit without this",
        f"the limit reported as `upper` ({CHOSEN}) was chosen before looking at the "
        "data; each other limit is valid by itself, their minimum is not",
        f"the limits of all {counted(len(options.students), 'student')} hold at once "
        "with "
        f"probability at least {1 - options.delta:g}",
    )


def _groups(found: Measured) -> str:
    options = found.options
    if options.groups is not None:
        return f"as given in {options.groups.name}"
    depth = options.depth or DEFAULT_DEPTH
    return f"the teacher's top {depth}; ties by docno, descending"


def _teacher(found: Measured) -> Teacher:
    margin = float(found.teacher.mean_margin.mean())
    lower, upper = _interval(found.entropy)
    return Teacher(
        entropy=found.entropy.value,
        entropy_lower=lower,
        entropy_upper=upper,
        temperature=found.temperature,
        kind=found.inputs.kind.value,
        kind_evidence=found.inputs.evidence,
        mean_margin=margin,
        entropy_floor=float(entropy_floor(np.array(margin))),
    )


def _student(one: CertifiedStudent, architecture: Architecture) -> StudentResult:
    certificate, student, readings = one.certificate, one.student, one.readings
    entropy, divergence, deviation = certificate.parts
    width = certificate.range.width
    return StudentResult(
        risk=certificate.risk,
        entropy=entropy.value,
        divergence=divergence.value,
        range=LossRange(
            B=certificate.range.score_range,
            width=width,
            source=certificate.range.source,
            low=certificate.range.low,
            high=certificate.range.high,
        ),
        limits=certificate.limits,
        upper=certificate.upper,
        upper_any_size=one.upper_any_size,
        method=certificate.method,
        vacuous=certificate.vacuous,
        dominating=certificate.dominating,
        n_needed=certificate.n_needed,
        deviation=deviation.value,
        intervals=Intervals(
            risk=certificate.risk_interval,
            entropy=_interval(entropy),
            divergence=_interval(divergence),
        ),
        n_queries=certificate.n_queries,
        kind=student.kind.value,
        kind_evidence=student.evidence,
        temperature=student.temperature,
        clipped_share=student.clipped_share,
        missing_share=student.missing_share,
        dropped=student.dropped,
        locality=_locality(one),
        paper_form=paper_row(
            certificate.risk,
            width=width,
            n=certificate.n_queries,
            delta=certificate.delta,
            architecture=architecture,
        ),
        verdict=_verdict(one),
        shift=readings.shift,
        relevance=readings.relevance,
        ndcg=readings.ndcg,
        comparators=readings.comparators,
    )


def _interval(part: Part) -> Interval:
    """The interval of a part that is an estimate; the deviation has none."""
    return cast(Interval, (part.lower, part.upper))


def _verdict(one: CertifiedStudent) -> str:
    sentence, missing = one.certificate.sentence(), one.student.missing_share
    if missing == 0:
        return sentence
    scored = f"{1 - missing:.1%} of the documents that it scores"
    return (
        f"{sentence}; this is about the {scored}, in {counted(len(one.terms), 'query')}"
    )


def _locality(one: CertifiedStudent) -> Locality | None:
    """The plug-in Lipschitz constant and L times diameter; None without vectors."""
    if one.space is None or one.terms.diameter is None:
        return None
    steepness, largest = one.space.steepness[one.student.name], one.space.largest
    return Locality(
        lipschitz=steepness.lipschitz,
        diameter=largest,
        lipschitz_times_diameter=steepness.lipschitz * largest,
        pairs_at_distance_0_with_different_scores=steepness.n_apart,
        status=DESCRIPTIVE,
    )


def _diameter(found: Measured) -> Diameter:
    space, terms = found.space, found.teacher
    if space is None or terms.diameter is None or terms.mean_distance is None:
        return Diameter(max=None, quantile_99=None, mean_distance=None)
    return Diameter(
        max=space.largest,
        quantile_99=space.quantile_99,
        mean_distance=float(terms.mean_distance.mean()),
        rms_distance=space.rms_distance,
        mean_diameter=float(terms.diameter.mean()),
        metric=found.options.metric,
        status=DESCRIPTIVE,
        shape=shape_of(space.curve, space.shape),
    )


def _dropped(found: Measured) -> dict[str, int]:
    """All counts by reason, a student's under its name."""
    total = dict(found.inputs.dropped)
    for one in found.students:
        for reason, number in one.student.dropped.items():
            total[f"{one.student.name}: {reason}"] = number
    return total


def _given(found: Measured) -> list[Given]:
    students = [given for one in found.students for given in one.student.paths]
    return list(dict.fromkeys([*found.inputs.paths, *students]))
