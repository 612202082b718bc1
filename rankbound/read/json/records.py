"""`Contents` as records, one for each group or query, for writers of lists."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.data.groups import Groups
from rankbound.data.ordering import ranking
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents

PART: Final = 1024  # groups whose columns are made lists together


class Record(msgspec.Struct, frozen=True, eq=False):
    """A query and some of its documents.

    Attributes
    ----------
    qid : str
    docnos : list of str
    positive : list of bool, or None
        Which documents are positives; None if that is unknown.
    scores : list of float, or None
        None if the contents hold no scores.
    probabilities : list of float, or None
        The law that documents are drawn from, if it is known.
    inclusion : list of float, or None
        The probability that each document is drawn into the group, if it is known.
    """

    qid: str
    docnos: list[str]
    positive: list[bool] | None
    scores: list[float] | None
    probabilities: list[float] | None = None
    inclusion: list[float] | None = None

    def split(self) -> tuple[list[int], list[int]]:
        """The places of the positives, and those of the other documents."""
        marks = self.positive or []
        good = [place for place, mark in enumerate(marks) if mark]
        return good, [place for place, mark in enumerate(marks) if not mark]

    def pick(self, places: list[int]) -> list[str]:
        """The documents at some places."""
        return [self.docnos[place] for place in places]

    def scores_at(self, places: list[int]) -> list[float]:
        """The scores at some places; empty if there are no scores."""
        return [] if self.scores is None else [self.scores[place] for place in places]


def group_records(contents: Contents, title: str) -> Iterator[Record]:
    """A record for each group, with the scores of its documents if there are scores.

    Raises
    ------
    FormatError
        If there are no groups, they do not mark their positives, or some of the
        documents have a score and others none.
    """
    groups = contents.groups
    if groups is None:
        raise lacking(contents, title, "groups")
    if groups.positive is None:
        raise lacking(contents, title, "groups whose positives are marked")
    yield from _of_groups(contents, groups)


def one_positive(contents: Contents, title: str) -> Iterator[tuple[Record, int]]:
    """A record for each group and the place of its only positive.

    Raises
    ------
    FormatError
        As `group_records`, and if a group has no positive or several.
    """
    for record in group_records(contents, title):
        marks = record.positive or []
        good = marks.count(True)
        if good != 1:
            raise FormatError(
                contents.path,
                f"a group of query {record.qid!r} has {good} positives, but one "
                f"of {title} has exactly one; labeled-list holds any number",
            )
        yield record, marks.index(True)


def pair_records(
    contents: Contents, title: str
) -> Iterator[tuple[Record, int, list[int]]]:
    """A record for each group, and the places of its positive and its negatives.

    For formats of triples, whose readers make one group of all triples of a query and a
    positive.

    Raises
    ------
    FormatError
        As `one_positive`, and for a group without negatives or a second group of the
        same query and positive.
    """
    seen: set[tuple[str, str]] = set()
    for record, good in one_positive(contents, title):
        key = (record.qid, record.docnos[good])
        _, bad = record.split()
        if not bad or key in seen:
            found = "a second group" if key in seen else "a group without negatives"
            raise FormatError(
                contents.path,
                f"query {key[0]!r} and positive {key[1]!r} have {found}, which "
                f"{title} cannot represent; labeled-list can",
            )
        seen.add(key)
        yield record, good, bad


def list_records(contents: Contents, title: str) -> Iterator[Record]:
    """A record for each group; without groups, one for each query, the best first.

    Raises
    ------
    FormatError
        If there are neither groups nor scores, or a score is missing.
    """
    if contents.groups is not None:
        yield from _of_groups(contents, contents.groups)
    elif contents.scores is not None:
        yield from ranked_records(contents, title)
    else:
        raise lacking(contents, title, "groups or scores")


def ranked_records(contents: Contents, title: str) -> Iterator[Record]:
    """A record for each query with all its scored documents, the best first.

    See `best_first` for the order of ties.
    """
    scores = contents.scores
    if scores is None:
        raise lacking(contents, title, "scores")
    order = best_first(contents, scores)
    for query, (start, stop) in enumerate(_ranges(scores.offsets)):
        rows = order[start:stop]
        docnos = scores.docnos[scores.codes[rows]].tolist()
        values = scores.values[rows].tolist()
        yield Record(scores.qids[query], docnos, None, values)


def best_first(contents: Contents, scores: Scores) -> Integers:
    """The order that sorts the rows of each query by score, descending.

    Ties are in the order of the ranks if the file gave ranks, otherwise by docno,
    descending, as in trec_eval.
    """
    if contents.ranks is None:
        return ranking(scores)
    return np.lexsort((contents.ranks, -scores.values, scores.row_query()))


def lacking(contents: Contents, title: str, what: str) -> FormatError:
    """An error about contents that lack what a format needs."""
    held = " and ".join(contents.parts()) or "nothing"
    return FormatError(
        contents.path,
        f"holds {held}, but a file of {title} needs {what}",
    )


def query_texts(contents: Contents) -> dict[str, str]:
    """The texts of queries by qid, which readers keep in the metadata."""
    return dict(contents.metadata.get("query_texts", {}))


def text_of(contents: Contents, texts: dict[str, str], name: str, title: str) -> str:
    """The text of an id.

    Raises
    ------
    FormatError
        If there is none.
    """
    try:
        return texts[name]
    except KeyError:
        raise FormatError(
            contents.path,
            f"has no text of {name!r}, but a file of {title} holds texts; convert to a "
            "format that holds ids",
        ) from None


def _of_groups(contents: Contents, groups: Groups) -> Iterator[Record]:
    values = _values(contents, groups, contents.scores)
    columns = (groups.positive, values, groups.probabilities, groups.inclusion)
    for first in range(0, groups.n_groups, PART):  # lists are cut quicker than arrays
        offsets = groups.offsets[first : first + PART + 1]
        ranges = [*_ranges(offsets - offsets[0])]
        rows = slice(*offsets[[0, -1]].tolist())
        docnos = groups.docnos[groups.codes[rows]].tolist()
        parts = (
            _cut(None if one is None else one[rows].tolist(), ranges) for one in columns
        )
        qids = groups.qids[groups.queries[first : first + PART]].tolist()
        yield from map(Record, qids, _cut(docnos, ranges), *parts)


def _cut(held: list[Any] | None, ranges: list[tuple[int, int]]) -> list[Any]:
    """A list in pieces; None for each without one."""
    if held is None:
        return [None] * len(ranges)
    return [held[start:stop] for start, stop in ranges]


def _values(contents: Contents, groups: Groups, scores: Scores | None) -> Floats | None:
    """The scores of the rows of groups; for margins, up to a constant in each group."""
    if scores is None:
        return None
    values, found = groups.scores_of(scores)
    if not found.all():
        where, qid, docno = groups.where(int(np.argmin(found)))
        raise FormatError(
            contents.path,
            f"document {docno!r} of the group of query {qid!r} ({where}) has no score "
            f"({int((~found).sum()):,} of {len(found):,} have none); a list needs one "
            "for each document",
        )
    return values


def _ranges(offsets: Integers) -> Iterator[tuple[int, int]]:
    yield from itertools.pairwise(offsets.tolist())
