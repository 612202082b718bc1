"""Leave documents out of groups, and count everything that goes with them."""

from __future__ import annotations

import numpy as np

from rankbound.data.groups import Booleans, Groups


def count(dropped: dict[str, int], reason: str, number: int) -> None:
    """Add to a counter, which appears only when something was dropped.

    Examples
    --------
    >>> dropped = {}
    >>> count(dropped, "documents", 0)
    >>> count(dropped, "groups", 2)
    >>> dropped
    {'groups': 2}
    """
    if number:
        dropped[reason] = dropped.get(reason, 0) + number


def thin_out(
    groups: Groups,
    found: Booleans,
    *,
    reason: str,
    pairs: str,
    dropped: dict[str, int],
) -> tuple[Groups, Booleans]:
    """Leave out documents that were not found, then groups without a wanted pair.

    Parameters
    ----------
    groups : Groups
    found : boolean array, shape (n_rows,)
    reason : str
        What the counter of left-out documents is called.
    pairs : {"all", "pos-neg", "neg-neg"}
    dropped : dict
        Counts by reason; added to.

    Returns
    -------
    groups : Groups
        Every group has a pair of the wanted kind; there may be no group.
    rows : boolean array, shape (n_rows,)
        Which of the original rows the result holds, in their order.
    """
    kept = groups.keep_rows(found)
    small = kept.sizes < 2
    without = (kept.count_pairs(pairs) == 0) & ~small
    good = ~small & ~without
    left = kept.keep_groups(good)
    rows = np.zeros(len(found), dtype=bool)
    rows[np.flatnonzero(found)[np.repeat(good, kept.sizes)]] = True
    emptied = groups.n_groups - kept.n_groups
    count(dropped, reason, int((~found).sum()))
    count(dropped, "groups_with_fewer_than_two_documents", emptied + int(small.sum()))
    count(dropped, f"groups_without_{pairs}_pairs", int(without.sum()))
    lost = len(np.unique(groups.queries)) - len(np.unique(left.queries))
    count(dropped, "queries_without_a_group", lost)
    return left, rows
