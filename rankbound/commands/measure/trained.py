"""Queries that students were trained on: each certificate leaves those of its own out.

What every student was trained on is left out of the whole measurement, which is then
that of the other queries alone; what some were trained on is left out of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.measure.given import Files
from rankbound.commands.measure.inputs import LEAST_QUERIES, Inputs, count
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.result import TrainedOn
from rankbound.commands.measure.students import RawScores, Setting, Student
from rankbound.data.clusters import Clusters
from rankbound.data.columns import Booleans, distinct_codes, positions
from rankbound.data.groups import Groups
from rankbound.errors import UsageError
from rankbound.estimators.near_copies import NearCopies, similar_texts
from rankbound.read.query_ids import QueryIds

REASON: Final = "queries_trained_on"
OF_ALL: Final = "queries_that_every_student_was_trained_on"


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """Training queries by student, and the queries of the measurement among them.

    Attributes
    ----------
    ids : dict of str to QueryIds
        Of the students for which they are known.
    found : dict of str to TrainedOn
        Counts of the same students.
    clusters : Clusters or None
    """

    ids: Mapping[str, QueryIds]
    found: Mapping[str, TrainedOn]
    clusters: Clusters | None = None

    def of(self, student: str, groups: Groups) -> Booleans:
        """Which groups belong to training queries of a student, shape (n_groups,).

        Where clusters are given, a training query takes its whole cluster along.
        """
        ids = self.ids.get(student)
        if ids is None:
            return np.zeros(groups.n_groups, dtype=bool)
        trained = positions(ids.ids, groups.qids) >= 0
        if self.clusters is not None:
            of_query = self.clusters.of_query
            seen = {of_query[qid] for qid in ids.ids if qid in of_query}
            trained |= np.array([of_query.get(qid) in seen for qid in groups.qids])
        return np.asarray(trained[groups.queries])


def training_of(
    sources: Sequence[StudentSource],
    groups: Groups,
    files: Files,
    clusters: Clusters | None = None,
) -> Training:
    """Read the training queries of every student, and count them among the groups'.

    Raises
    ------
    FormatError, UsageError
        When a file breaks its format, or a student was trained on all queries.
    """
    ids = {
        source.name: files.queries(source.trained_on)
        for source in sources
        if source.trained_on is not None
    }
    made = Training(ids, {}, clusters)
    n = len(distinct_codes(groups.queries))
    found = {}
    for name, known in ids.items():
        mask = made.of(name, groups)
        number = len(distinct_codes(groups.queries[mask]))
        if number == n:
            raise UsageError(
                f"student {name!r} was trained on all {counted(n, 'query')} of the "
                f"measurement (`trained_on`: {known.name}); a certificate needs "
                "queries that it has not seen"
            )
        found[name] = TrainedOn(ids=len(known), left_out=number, of=n)
    return Training(ids, found, clusters)


def without_common(
    inputs: Inputs, training: Training, sources: Sequence[StudentSource]
) -> Inputs:
    """The inputs without the queries that every student was trained on."""
    if not sources:
        return inputs
    masks = [training.of(source.name, inputs.groups) for source in sources]
    common = np.logical_and.reduce(masks)
    if not common.any():
        return inputs
    dropped = dict(inputs.dropped)
    count(dropped, OF_ALL, len(distinct_codes(inputs.groups.queries[common])))
    return replace(_without(inputs, common), dropped=dropped)


def fresh(
    setting: Setting, raw: RawScores, training: Training, student: str
) -> tuple[Setting, RawScores]:
    """What a student is evaluated on, and its scores, without its training queries.

    Raises
    ------
    UsageError
        When no query is left for the certificate.
    """
    inputs, split = setting.inputs, setting.split
    mask = training.of(student, inputs.groups)
    if not mask.any():
        return setting, raw
    aside = split.calibration[~mask]
    if aside.all():
        found = training.found[student]
        raise UsageError(
            f"student {student!r} was trained on {found.left_out:,} of "
            f"{counted(found.of, 'query')} (`trained_on`), and the others are set "
            "aside; measure on more queries, or give `pilot=0`"
        )
    rows = np.repeat(~mask, inputs.groups.sizes)
    left = replace(setting, inputs=_without(inputs, mask))
    return replace(left, split=replace(split, calibration=aside)), raw.only(rows)


def near_training(
    training: Training, copies: NearCopies, texts: Mapping[str, str]
) -> dict[str, int]:
    """How many other queries are near-copies of a student's training queries, by name.

    `copies` are those of all queries of the measurement, and `texts` the texts of these
    queries, as far as they are known; training queries that are not measured are
    compared by their texts.
    """
    found = {}
    for name, ids in training.ids.items():
        trained = positions(ids.ids, copies.qids) >= 0
        near = np.isin(copies.label, copies.label[trained])
        if ids.texts and texts:
            similar = similar_texts({**ids.texts, **texts})
            seen = similar.label[positions(ids.ids, similar.qids) >= 0]
            place = positions(similar.qids, copies.qids)
            known = place >= 0
            near[known] |= np.isin(similar.label[place[known]], seen)
        found[name] = int(np.sum(near & ~trained))
    return found


def with_training(student: Student, training: Training, near: int) -> Student:
    """The student with its counts of training queries, and warnings about the others.

    `near` of them are near-copies of its training queries.
    """
    name = student.name
    found = training.found.get(name)
    if found is None:
        return student
    dropped: dict[str, int] = {}
    count(dropped, REASON, found.left_out)
    left = found.of - found.left_out
    warnings = student.warnings
    if found.left_out and left < LEAST_QUERIES:
        warnings = (
            *warnings,
            f"student {name!r}: {counted(left, 'query is', 'queries are')} left that "
            "it was not trained on; limits of so few say little: measure on more",
        )
    if near:
        warnings = (
            *warnings,
            f"student {name!r}: "
            f"{counted(near, 'query is a near-copy', 'queries are near-copies')} of "
            "queries that it was trained on; name these in `trained_on`, too, or give "
            "`clusters`",
        )
    return replace(
        student,
        trained_on=found,
        dropped={**dropped, **student.dropped},
        warnings=warnings,
    )


def _without(inputs: Inputs, mask: Booleans) -> Inputs:
    """The inputs without some groups; the target law loses their queries, too."""
    groups = inputs.groups
    target = inputs.target
    if target is not None:
        gone = groups.qids[distinct_codes(groups.queries[mask])]
        target = target.keep_groups(positions(gone, target.group_qids()) < 0)
    return replace(
        inputs,
        groups=groups.keep_groups(~mask),
        values=inputs.values[np.repeat(~mask, groups.sizes)],
        target=target,
    )
