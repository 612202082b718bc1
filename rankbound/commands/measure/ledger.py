"""`ledger.json`: the account of a measurement, for programs and for the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rankbound.bounds.certificate import CHOSEN, LN2
from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import StudentResult
from rankbound.commands.measure.given import Given
from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.paper_form import Architecture, paper_row
from rankbound.commands.measure.provenance import (
    input_records,
    repairs_record,
    versions,
)
from rankbound.commands.measure.run import Measurement
from rankbound.commands.measure.space import Space
from rankbound.commands.measure.temperatures import SHARE
from rankbound.estimators.shape import DistanceCurve, VectorShape
from rankbound.estimators.spread import entropy_floor
from rankbound.reference.measure_account import compat_record

SCHEMA = "rankbound.ledger/1"
DEFINITIONS = {
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
DESCRIPTIVE = "descriptive: read off the sample, never inside the certificate"


def ledger(
    measurement: Measurement, *, root: Path | None = None, hashed: bool = True
) -> dict[str, Any]:
    """The ledger as plain data, ready for JSON.

    Parameters
    ----------
    measurement : Measurement
    root : Path, optional
        Folder that recorded paths are relative to; as given without it.
    hashed : bool
        Whether to read every input again for its hash; the hashes are None otherwise.
    """
    options = measurement.options
    account = {
        "schema": SCHEMA,
        "unit": "nats",
        "n_queries": len(measurement.teacher),
        "delta": options.delta,
        "trivial": LN2,
        "students": {
            result.student.name: _student(result, options.architecture)
            for result in measurement.students
        },
        "teacher": _teacher(measurement),
        "diameter": _diameter(measurement),
        "calibration": {
            "n_calibration": measurement.split.n_calibration,
            "n_certificate": measurement.split.n_certificate,
            "share": SHARE if options.fits else 0.0,
            "seed": options.seed,
        },
        "pairs": options.pairs,
        "groups": _groups(measurement),
        "dropped": _dropped(measurement),
        "repairs": repairs_record(measurement.inputs.files, root),
        "warnings": list(measurement.warnings),
        "assumptions": assumptions(measurement),
        "definitions": DEFINITIONS,
        "statements": {
            "limits": "lemma-1, lemma-2c, theorem-1a to theorem-1d, theorem-1g: proved "
            "or cited in rankbound",
            "paper": "reconstructed: the wording of the paper's Theorem 2.1 is not "
            "reproduced; these limits are rankbound's own",
        },
        "inputs": input_records(_given(measurement), root, hashed=hashed),
        "command": options.command,
        "versions": versions(),
    }
    if measurement.compat is not None:
        account["compat"] = compat_record(measurement.compat)
    return account


def assumptions(measurement: Measurement) -> list[str]:
    """What the certificates rest on; the user asserts what is not enforced."""
    options = measurement.options
    shared = [
        "A0 (asserted): the queries are independent draws; teacher, students, sampling "
        "and all constants were fixed without looking at the certificate's queries",
    ]
    if not options.students:
        return shared
    return [
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
    ]


def _groups(measurement: Measurement) -> str:
    options = measurement.options
    if options.groups is not None:
        return f"as given in {options.groups.name}"
    depth = options.depth or DEFAULT_DEPTH
    return f"the teacher's top {depth}; ties by docno, descending"


def _teacher(measurement: Measurement) -> dict[str, Any]:
    part = measurement.entropy
    margin = float(measurement.teacher.mean_margin.mean())
    return {
        "entropy": part.value,
        "entropy_lower": part.lower,
        "entropy_upper": part.upper,
        "temperature": measurement.temperature,
        "kind": measurement.inputs.kind.value,
        "kind_evidence": measurement.inputs.evidence,
        "mean_margin": margin,
        "entropy_floor": float(entropy_floor(np.array(margin))),
    }


def _student(result: StudentResult, architecture: Architecture) -> dict[str, Any]:
    certificate, student = result.certificate, result.student
    entropy, divergence, deviation = certificate.parts
    return {
        "risk": certificate.risk,
        "entropy": entropy.value,
        "divergence": divergence.value,
        "range": {
            "B": certificate.range.score_range,
            "width": certificate.range.width,
            "source": certificate.range.source,
            "low": certificate.range.low,
            "high": certificate.range.high,
        },
        "limits": certificate.limits,
        "upper": certificate.upper,
        "upper_any_size": result.upper_any_size,
        "method": certificate.method,
        "vacuous": certificate.vacuous,
        "dominating": certificate.dominating,
        "n_needed": certificate.n_needed,
        "deviation": deviation.value,
        "intervals": {
            "risk": list(certificate.risk_interval),
            "entropy": [entropy.lower, entropy.upper],
            "divergence": [divergence.lower, divergence.upper],
        },
        "n_queries": certificate.n_queries,
        "kind": student.kind.value,
        "kind_evidence": student.evidence,
        "temperature": student.temperature,
        "clipped_share": student.clipped_share,
        "missing_share": student.missing_share,
        "dropped": student.dropped,
        "locality": _locality(result),
        "paper_form": paper_row(
            certificate.risk,
            width=certificate.range.width,
            n=certificate.n_queries,
            delta=certificate.delta,
            architecture=architecture,
        ),
        "verdict": _verdict(result),
        **result.readings,
    }


def _verdict(result: StudentResult) -> str:
    sentence, missing = result.certificate.sentence(), result.student.missing_share
    if missing == 0:
        return sentence
    scored = f"{1 - missing:.1%} of the documents that it scores"
    return (
        f"{sentence}; this is about the {scored}, in "
        f"{counted(len(result.terms), 'query')}"
    )


def _locality(result: StudentResult) -> dict[str, Any] | None:
    """The plug-in Lipschitz constant and L times diameter; None without vectors."""
    if result.space is None or result.terms.diameter is None:
        return None
    steepness = result.space.steepness[result.student.name]
    largest = result.space.largest
    return {
        "lipschitz": steepness.lipschitz,
        "diameter": largest,
        "lipschitz_times_diameter": steepness.lipschitz * largest,
        "pairs_at_distance_0_with_different_scores": steepness.n_apart,
        "status": DESCRIPTIVE,
    }


def _diameter(measurement: Measurement) -> dict[str, Any]:
    space: Space | None = measurement.space
    terms = measurement.teacher
    if space is None or terms.diameter is None or terms.mean_distance is None:
        return {"max": None, "quantile_99": None, "mean_distance": None}
    return {
        "max": space.largest,
        "quantile_99": space.quantile_99,
        "mean_distance": float(terms.mean_distance.mean()),
        "rms_distance": space.rms_distance,
        "mean_diameter": float(terms.diameter.mean()),
        "metric": measurement.options.metric,
        "status": DESCRIPTIVE,
        "shape": shape_record(space.curve, space.shape),
    }


def shape_record(curve: DistanceCurve, shape: VectorShape) -> dict[str, Any]:
    """Distances and vectors for the figures of diameters; see `DEFINITIONS`."""
    distances, shares = curve.points()
    return {
        "distances": distances.tolist(),
        "shares": shares.tolist(),
        "share_at_distance_0": curve.zero,
        **shape.as_dict(),
    }


def _dropped(measurement: Measurement) -> dict[str, int]:
    """All counts by reason, a student's under its name."""
    total = dict(measurement.inputs.dropped)
    for result in measurement.students:
        for reason, number in result.student.dropped.items():
            total[f"{result.student.name}: {reason}"] = number
    return total


def _given(measurement: Measurement) -> list[Given]:
    students = [given for r in measurement.students for given in r.student.paths]
    return list(dict.fromkeys([*measurement.inputs.paths, *students]))
