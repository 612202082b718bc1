"""What the reference study's cuts would keep, beside ours of the nearest name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.commands.cut.options import CutOptions
from rankbound.commands.measure.inputs import Inputs
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.reference.cuts import KEEPS, reference_cut
from rankbound.reference.measure_columns import file_scores, pooled_entropy

THEIR_NAMES = {
    "below-median": "below_median",
    "above-median": "above_median",
    "inner": "inner",
    "outer": "outlier",
    "lower-quartile": "lower_quartile",
    "upper-quartile": "upper_quartile",
}
REASON = (
    "their quartile cuts remove the quarter that they are named after, their inner and "
    "outlier cuts use Tukey's fences, queries equal to the median are in neither half, "
    "and one query without a value empties every cut"
)


@dataclass(frozen=True, slots=True)
class ReferenceCut:
    """The reference's cut beside ours.

    `n_queries` and `n_groups` are what theirs keeps, `n_ours` what ours keeps and
    `n_both` what both keep, in queries; `keeps` says what theirs keeps.
    """

    name: str
    their_name: str
    keeps: str
    n_queries: int
    n_groups: int
    n_ours: int
    n_both: int
    n_without_value: int


def reference_cuts(
    options: CutOptions,
    whole: Groups,
    inputs: Inputs,
    values: PerQuery,
    kept: dict[str, set[str]],
) -> tuple[ReferenceCut, ...]:
    """Cut as the reference does, for the bands that have a name there.

    By entropy over all pairs its own entropy decides, with every query of the file;
    by another quantity its rules on our values.

    Parameters
    ----------
    whole : Groups
        The file, before anything was dropped.
    values : PerQuery
        Our quantity.
    kept : dict of str to set of str
        The queries that our bands keep, by name.
    """
    theirs = values
    if options.quantity == "entropy" and options.pairs == "all":
        scores = file_scores(inputs, options.teacher)
        theirs = pooled_entropy(whole, scores).column
    found = []
    for name, their_name in THEIR_NAMES.items():
        if name not in kept:
            continue
        chosen = set(theirs.qids[reference_cut(theirs.values, their_name)])
        n_groups = sum(qid in chosen for qid in whole.group_qids())
        found.append(
            ReferenceCut(
                name=name,
                their_name=their_name,
                keeps=KEEPS[their_name],
                n_queries=len(chosen),
                n_groups=n_groups,
                n_ours=len(kept[name]),
                n_both=len(chosen & kept[name]),
                n_without_value=int(np.isnan(theirs.values).sum()),
            )
        )
    return tuple(found)
