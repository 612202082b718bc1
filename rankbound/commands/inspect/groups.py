"""What `inspect` says about training groups."""

from __future__ import annotations

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding, GroupCounts, share
from rankbound.data.columns import Integers
from rankbound.data.groups import Groups


def group_counts(groups: Groups) -> GroupCounts:
    """Counts of groups, queries and positives."""
    per_query = np.bincount(groups.queries, minlength=1)
    positives = None
    if groups.positive is not None:
        positives = int(groups.positive.sum())
    return GroupCounts(
        groups=groups.n_groups,
        documents=len(np.unique(groups.codes)),
        positives=positives,
        queries_with_several_groups=int(np.sum(per_query > 1)),
        most_groups_of_a_query=int(per_query.max()),
        with_probabilities=groups.probabilities is not None,
    )


def group_findings(groups: Groups) -> list[Finding | None]:
    """Findings on groups by themselves."""
    return [
        _repeated_documents(groups),
        _positive_and_negative(groups),
        _repeated_groups(groups),
        _without_positive(groups),
        _several_groups(groups),
        _unequal(groups),
    ]


def _keys(groups: Groups, owner: Integers) -> Integers:
    """One number for each (owner, document) of the rows."""
    return np.asarray(owner * max(1, len(groups.docnos)) + groups.codes)


def _repeated_documents(groups: Groups) -> Finding | None:
    keys = _keys(groups, groups.row_group())
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    surplus = int(np.sum(counts - 1))
    if not surplus:
        return None
    row = int(first[np.argmax(counts > 1)])
    touched = len(np.unique(groups.row_group()[first[counts > 1]]))
    return Finding(
        "duplicates-in-groups",
        "warning",
        surplus,
        f"{counted(surplus, 'document stands', 'documents stand')} again in a group, "
        "in "
        f"{share(touched, groups.n_groups)} groups",
        "remove them: sampling with replacement adds pairs at distance 0 and 1 bit",
        _at(groups, row),
    )


def _positive_and_negative(groups: Groups) -> Finding | None:
    """Documents that are a positive of a query here and a negative of it there."""
    if groups.positive is None:
        return None
    keys = _keys(groups, groups.row_query())
    wrong = ~groups.positive & np.isin(keys, keys[groups.positive])
    if not wrong.any():
        return None
    queries = len(np.unique(groups.row_query()[wrong]))
    return Finding(
        "positive-also-negative",
        "warning",
        int(wrong.sum()),
        f"{share(int(wrong.sum()), int((~groups.positive).sum()))} negatives are "
        f"positives of the same query in another group, in "
        f"{counted(queries, 'query')}",
        "leave them out of the negatives",
        _at(groups, int(np.argmax(wrong))),
    )


def _repeated_groups(groups: Groups) -> Finding | None:
    seen: dict[tuple[int, bytes], int] = {}
    again = []
    for group in range(groups.n_groups):
        rows = slice(groups.offsets[group], groups.offsets[group + 1])
        key = (int(groups.queries[group]), np.sort(groups.codes[rows]).tobytes())
        if seen.setdefault(key, group) != group:
            again.append(group)
    if not again:
        return None
    return Finding(
        "repeated-groups",
        "warning",
        len(again),
        f"{share(len(again), groups.n_groups)} groups repeat another one of their "
        "query document for document",
        "keep one of each: repetition counts it twice in the query's mean",
        _at(groups, int(groups.offsets[again[0]])),
    )


def _without_positive(groups: Groups) -> Finding | None:
    if groups.positive is None:
        return Finding(
            "positives-unknown",
            "note",
            groups.n_groups,
            "nothing says which documents are positives",
            "give --qrels for pairs of a positive and a negative",
        )
    counts = np.bincount(groups.row_group()[groups.positive], minlength=groups.n_groups)
    without = np.flatnonzero(counts == 0)
    if not len(without):
        return None
    return Finding(
        "groups-without-positive",
        "warning",
        len(without),
        f"{share(len(without), groups.n_groups)} groups have no positive document",
        "check the file: such groups have no pair of a positive and a negative",
        _at(groups, int(groups.offsets[without[0]])),
    )


def _several_groups(groups: Groups) -> Finding | None:
    per_query = np.bincount(groups.queries)
    several = int(np.sum(per_query > 1))
    if not several:
        return None
    most = int(np.argmax(per_query))
    present = int(np.sum(per_query > 0))
    return Finding(
        "repeated-query-ids",
        "note",
        several,
        f"{counted(groups.n_groups, 'group')} of {counted(present, 'query')}: "
        f"{share(several, present)} have several, up to {int(per_query[most]):,}",
        "nothing to do: the groups of a query are averaged first, n counts queries",
        f"query {groups.qids[most]!r}",
    )


def _unequal(groups: Groups) -> Finding | None:
    sizes = groups.sizes
    if sizes.min() == sizes.max():
        return None
    found, counts = np.unique(sizes, return_counts=True)
    usual = int(found[np.argmax(counts)])
    others = int(np.sum(sizes != usual))
    return Finding(
        "unequal-groups",
        "note",
        others,
        f"group sizes vary from {int(sizes.min()):,} to {int(sizes.max()):,}; "
        f"{share(others, groups.n_groups)} are not the usual {usual:,}",
        "limits then assert that no query has a smaller group than this sample",
        _at(groups, int(groups.offsets[int(np.argmin(sizes))])),
    )


def _at(groups: Groups, row: int) -> str:
    where, qid, docno = groups.where(row)
    place = where.removeprefix(f"{groups.name}:")
    line = f"line {place}, " if place != where else ""
    return f"{line}query {qid!r}, document {docno!r}"
