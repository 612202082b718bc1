"""One sampling, measured: every quantity per query, and what it was measured on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rankbound.catalogue import PAIR_SETS, base
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.quantities import (
    Measured,
    Space,
    space_quantities,
    teacher_quantities,
)
from rankbound.commands.compare.samplings import Loaded, Sampling
from rankbound.commands.compare.students import (
    OnSampling,
    Student,
    measure_student,
)
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Floats
from rankbound.estimators.group_terms import group_entropies
from rankbound.estimators.shape import DistanceCurve, VectorShape, vector_shape


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """One sampling, measured.

    Attributes
    ----------
    sampling : Sampling
    measured : dict of (quantity, pair set) to PerQuery
    group_entropy, pair_shares : dict of str to float
        By pair set: mean entropy over groups instead of queries (nats), and the share
        of all pairs, queries weighing the same.
    space : Space or None
    shape : VectorShape or None
        Of its documents' vectors.
    students : dict of str to OnSampling
    """

    sampling: Sampling
    measured: Measured
    group_entropy: dict[str, float]
    pair_shares: dict[str, float]
    space: Space | None
    shape: VectorShape | None = None
    students: dict[str, OnSampling] = field(default_factory=dict)

    def groups_of(self, name: str, pairs: str) -> Groups:
        """The groups behind a quantity."""
        if base(name) not in ("divergence", "risk"):
            return self.sampling.groups
        student = name.partition(":")[2] or next(iter(self.students))
        return self.students[student].groups[pairs]


def measure_sampling(
    sampling: Sampling,
    loaded: Loaded,
    students: tuple[Student, ...],
    options: CompareOptions,
) -> Measures:
    """All quantities of one sampling, for all three pair sets."""
    measured = teacher_quantities(sampling.groups, sampling.values, pair_sets=PAIR_SETS)
    space, shape = None, None
    if loaded.embeddings is not None:
        shape = vector_shape(sampling.groups, loaded.embeddings, metric=options.metric)
        space = space_quantities(
            sampling.groups,
            sampling.values,
            loaded.embeddings,
            metric=options.metric,
            pair_sets=PAIR_SETS,
            curve=DistanceCurve(shape.top(options.metric)),
        )
        measured.update(space.measured)
    theirs = {
        student.source.name: measure_student(
            student, sampling, options, pair_sets=PAIR_SETS
        )
        for student in students
    }
    for found in theirs.values():
        measured.update(found.measured)
    groups, values = sampling.groups, sampling.values
    return Measures(
        sampling=sampling,
        measured=measured,
        group_entropy={
            pairs: group_mean_entropy(groups, values, pairs)
            for pairs in PAIR_SETS
            if ("entropy", pairs) in measured
        },
        pair_shares={pairs: pair_share(groups, pairs) for pairs in PAIR_SETS},
        space=space,
        shape=shape,
        students=theirs,
    )


def group_mean_entropy(groups: Groups, values: Floats, pairs: str) -> float:
    """Mean entropy over the groups that have such a pair, in nats."""
    keep = groups.count_known_pairs(pairs) > 0
    inside = values[np.repeat(keep, groups.sizes)]
    kept = groups.keep_groups(keep)
    return float(group_entropies(kept, inside, pairs=pairs).mean())


def pair_share(groups: Groups, pairs: str) -> float:
    """Share of a pair set among all pairs of a group, queries weighing the same."""
    share = groups.count_known_pairs(pairs) / groups.count_pairs("all")
    means = query_means(groups.queries, share, n_queries=len(groups.qids))
    return float(np.nanmean(means))
