"""Whether the teacher's scores of a group can be compared, where it gave margins."""

from __future__ import annotations

from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError

MARGINS: Final = (
    "{name}: margins of one teacher are taken for differences of its logits, so the "
    "temperature divides the margins; if they are differences of other scores, say of "
    "which kind"
)


def check_comparable(groups: Groups, teacher: Scores) -> None:
    """Raise if a group has documents whose difference the teacher's margins do not say.

    Documents without a score do not count here.

    Raises
    ------
    UsageError
        Naming the first group and two of its documents.
    """
    if teacher.origins is None:
        return
    parts = teacher.with_values(teacher.origins.astype(float), kind=Kind.UNKNOWN)
    origin, found = groups.scores_of(parts)
    rows = np.flatnonzero(found)
    group = groups.row_group()[rows]
    _, first, of_row = np.unique(group, return_index=True, return_inverse=True)
    apart = origin[rows] != origin[rows[first]][of_row]
    if not apart.any():
        return
    row = int(np.argmax(apart))
    here, there = int(rows[first][of_row[row]]), int(rows[row])
    where, qid, docno = groups.where(here)
    raise UsageError(
        f"{where}: documents {docno!r} and {groups.where(there)[2]!r} of query {qid!r} "
        f"are not joined by margins in {teacher.name}, so their difference is unknown "
        f"({len(np.unique(group[apart])):,} of {counted(groups.n_groups, 'group')} "
        "have such "
        "documents); give the groups of the margins themselves"
    )
