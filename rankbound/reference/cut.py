"""What the reference study's cuts would keep, beside ours of the nearest name."""

from __future__ import annotations

import numpy as np

from rankbound.commands.cut.options import CutOptions
from rankbound.commands.cut.result import Compat, ReferenceCut
from rankbound.commands.measure.inputs import Inputs
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.reference.cuts import KEEPS, reference_cut
from rankbound.reference.measure_columns import file_scores, pooled_entropy
from rankbound.results import Named

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


def reference_cuts(
    options: CutOptions,
    whole: Groups,
    inputs: Inputs,
    values: PerQuery,
    kept: dict[str, set[str]],
) -> Compat:
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
    theirs, words = values, "our values, cut by the reference's rules"
    if options.quantity == "entropy" and options.pairs == "all":
        scores = file_scores(inputs, options.teacher)
        theirs = pooled_entropy(whole, scores).column
        words = "the reference's pairwise entropy in bits, missing scores as 0"
    found = []
    for name, their_name in THEIR_NAMES.items():
        if name not in kept:
            continue
        chosen = set(theirs.qids[reference_cut(theirs.values, their_name)])
        n_groups = sum(qid in chosen for qid in whole.group_qids())
        found.append(
            ReferenceCut(
                kept=name,
                reference_name=their_name,
                reference_keeps=KEEPS[their_name],
                reference_n_queries=len(chosen),
                reference_n_groups=n_groups,
                n_queries=len(kept[name]),
                n_queries_in_both=len(chosen & kept[name]),
                reference_n_without_value=int(np.isnan(theirs.values).sum()),
            )
        )
    return Compat(mode="reference", values=words, reason=REASON, cuts=Named(found))
