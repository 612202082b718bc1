"""Temperatures: given, implied by the kind of score, or fitted on queries aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.commands.measure.inputs import Inputs
from rankbound.commands.measure.options import Temperature
from rankbound.data.columns import Booleans, Floats
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.calibration import (
    CalibrationPairs,
    UnidentifiedError,
    calibration_queries,
    fit_temperature,
    graded_pairs,
    teacher_pairs,
)
from rankbound.estimators.kinds import NEEDS_TEMPERATURE

SHARE = 0.2  # of the queries, set aside for fitting


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which groups serve calibration and which the certificate; (n_groups,) booleans.

    Without a fitted temperature no group is set aside.
    """

    calibration: Booleans
    n_calibration: int
    n_certificate: int


def split_queries(groups: Groups, *, fits: bool, seed: int) -> Split:
    """Set a seeded share of the queries aside when a temperature is to be fitted."""
    present = np.unique(groups.queries)
    if not fits:
        return Split(np.zeros(groups.n_groups, dtype=bool), 0, len(present))
    rng = np.random.default_rng(seed)
    aside = calibration_queries(groups.qids[present], share=SHARE, rng=rng)
    chosen = np.zeros(len(groups.qids), dtype=bool)
    chosen[present[aside]] = True
    n_aside = int(aside.sum())
    return Split(chosen[groups.queries], n_aside, len(present) - n_aside)


def known_temperature(
    asked: Temperature, kind: Kind, *, who: str, option: str
) -> float:
    """The temperature that needs no fit: the number given, or 1 for logits.

    Raises
    ------
    UsageError
        When the kind has no natural unit and no number was given.
    """
    if isinstance(asked, int | float):
        return float(asked)
    if kind in NEEDS_TEMPERATURE:
        raise UsageError(
            f"{who} holds {kind.value} scores, whose differences are no log-odds: give "
            f"{option} a number or 'fit', or say that they are logits if they are"
        )
    return 1.0


def teacher_temperature(inputs: Inputs, split: Split, asked: Temperature) -> float:
    """The teacher's temperature; "fit" maximises the likelihood of judged pairs.

    Raises
    ------
    UsageError
        When it cannot be determined, with the reason and the remedy.
    """
    if asked != "fit":
        return known_temperature(
            asked, inputs.kind, who=inputs.teacher.name, option="`temperature`"
        )
    if inputs.teacher.origins is not None:
        raise UsageError(
            f"`temperature='fit'`: {inputs.teacher.name} holds margins, and judged "
            "documents of a query need not be joined by them; give `temperature` a "
            "number (it divides the margins)"
        )
    pairs = _judged(inputs, split)
    if pairs is None or pairs.margins.size == 0:
        raise UsageError(
            f"`temperature='fit'`: the {split.n_calibration} calibration queries have "
            "no two scored documents with different grades in the judgements (unjudged "
            "documents do not count as irrelevant); give `temperature` a number"
        )
    try:
        return fit_temperature(pairs.margins, pairs.targets, pairs.weights)
    except UnidentifiedError as error:
        raise UsageError(
            f"`temperature='fit'`: on the judged pairs of {split.n_calibration} "
            f"calibration queries {error}; give `temperature` a number"
        ) from None


def student_temperature(
    groups: Groups, teacher: Floats, student: Floats, *, pairs: str, who: str
) -> tuple[float, str | None]:
    """Temperature that brings a student closest to its teacher, and a warning or None.

    Parameters
    ----------
    groups : Groups
        Calibration groups.
    teacher, student : float64 arrays, shape (n_rows,)
        The teacher's scores divided by its temperature; the student's raw ones.
    pairs : str
        The pair set of the measurement.
    who : str
        The student's name, for messages.
    """
    if groups.n_groups == 0:
        raise UsageError(
            f"`StudentSource.temperature='fit'`: student {who!r} has no calibration "
            "group left after documents without its score were dropped; give a number"
        )
    data = teacher_pairs(groups, teacher, student, pairs=pairs)
    try:
        return fit_temperature(data.margins, data.targets, data.weights), None
    except UnidentifiedError as error:
        spread = float(np.sqrt(np.mean(data.margins**2)))
        if spread == 0:
            return 1.0, f"student {who!r}: {error}; temperature 1 is used"
        # Nothing beats the constant student; a very high temperature is close to it
        return 1e3 * spread, (
            f"student {who!r}: {error}; a temperature of 1,000 typical margins is "
            "used, which makes it almost the constant student"
        )


def _judged(inputs: Inputs, split: Split) -> CalibrationPairs | None:
    """Judged and scored documents of the calibration queries, as pairs."""
    qrels = inputs.qrels
    if qrels is None:
        return None
    aside = set(inputs.groups.group_qids()[split.calibration])
    judged = _as_groups(qrels, np.array([qid in aside for qid in qrels.qids]))
    if judged is None:
        return None
    scores, found = judged.scores_of(inputs.teacher)
    kept = judged.keep_rows(found)
    if kept.n_groups == 0:
        return None
    grades, _ = kept.scores_of(qrels)
    return graded_pairs(kept, scores[found], grades)


def _as_groups(scores: Scores, chosen: Booleans) -> Groups | None:
    """One group per chosen query with all its documents, or None without a query."""
    if not chosen.any():
        return None
    every = Groups(
        queries=np.arange(scores.n_queries, dtype=np.int64),
        qids=scores.qids,
        offsets=scores.offsets,
        codes=scores.codes,
        docnos=scores.docnos,
        name=scores.name,
    )
    return every.keep_groups(chosen)
