"""What files say together: shared ids, rows that one covers of another, findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.fitting import (
    Fit,
    at_distance_zero,
    compared_scores,
    copy_of_teacher,
    embedded,
    judged,
    scored,
    with_teacher,
)
from rankbound.commands.inspect.ids import Rule, matching_rule
from rankbound.commands.inspect.result import (
    Across,
    Finding,
    SharedFinding,
    SharedIds,
    SharedRows,
    by_severity,
    share,
)
from rankbound.commands.inspect.roles import Cast, is_about_queries, same_scores
from rankbound.data.columns import Strings, positions

POOR = 0.5  # of the smaller side: below that a rule is looked for


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Distinct ids of one kind in one file; `holds` says in which part of it."""

    file: Examined
    holds: str
    ids: str
    names: Strings


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Two columns of ids against each other.

    Attributes
    ----------
    left, right : Column
    shared : int
    only_left, only_right : str or None
        The first id that the other side lacks.
    rule : Rule or None
        What would make them match, where few do.
    """

    left: Column
    right: Column
    shared: int
    only_left: str | None
    only_right: str | None
    rule: Rule | None

    def record(self) -> SharedIds:
        """What is told of it."""
        return SharedIds(
            left=str(self.left.file.path),
            left_part=self.left.holds,
            right=str(self.right.file.path),
            right_part=self.right.holds,
            ids=self.left.ids,
            left_count=len(self.left.names),
            right_count=len(self.right.names),
            shared=self.shared,
            only_left=self.only_left,
            only_right=self.only_right,
            rule=None if self.rule is None else self.rule.text,
        )


def overlaps(files: Sequence[Examined], cast: Cast) -> list[Overlap]:
    """Every pair of files of different parts, and every student with the teacher."""
    found = []
    columns = [column for one in files for column in _columns(one, files)]
    for place, left in enumerate(columns):
        for right in columns[place + 1 :]:
            if _to_compare(left, right, cast):
                found.append(overlap(*sorted((left, right), key=_order)))
    return found


def _order(column: Column) -> int:
    return ("groups", "scores", "qrels", "embeddings", "texts").index(column.holds)


def _to_compare(left: Column, right: Column, cast: Cast) -> bool:
    if left.ids != right.ids or left.file is right.file:
        return False
    if left.holds == right.holds == "scores":
        return cast.teacher in (left.file, right.file)
    return left.holds != right.holds


def _columns(one: Examined, files: Sequence[Examined]) -> Iterator[Column]:
    groups, qrels = one.groups, one.qrels
    if one.scores is not None:
        yield Column(one, "scores", "query", one.scores.scores.qids)
        yield Column(one, "scores", "document", one.scores.scores.docnos)
    if groups is not None:
        present = np.unique(groups.queries)
        yield Column(one, "groups", "query", groups.qids[present])
        yield Column(one, "groups", "document", groups.docnos)
    if qrels is not None:
        yield Column(one, "qrels", "query", qrels.qids)
        yield Column(one, "qrels", "document", qrels.docnos)
    vectors = None if one.vectors is None else one.vectors.embeddings.ids
    for part, names in (("embeddings", vectors), ("texts", one.text_ids)):
        if names is not None and len(names):
            what = "query" if is_about_queries(one, files) else "document"
            yield Column(one, part, what, names)


def overlap(left: Column, right: Column) -> Overlap:
    """Compare two columns of ids."""
    there = positions(right.names, left.names)
    back = positions(left.names, right.names)
    shared = int(np.sum(there >= 0))
    rule = None
    if shared < POOR * min(len(left.names), len(right.names)):
        rule = matching_rule(list(left.names), list(right.names))
    return Overlap(
        left=left,
        right=right,
        shared=shared,
        only_left=_first(left.names, there < 0),
        only_right=_first(right.names, back < 0),
        rule=rule,
    )


def _first(names: Strings, mask: np.ndarray) -> str | None:
    return str(names[int(np.argmax(mask))]) if mask.any() else None


def overlap_finding(one: Overlap) -> Finding | None:
    """A finding where ids of two files hardly match or need a rule to."""
    left, right = one.left, one.right
    smaller = min(len(left.names), len(right.names))
    if one.rule is not None:
        return Finding(
            "id-mismatch",
            "error" if one.shared == 0 else "warning",
            smaller - one.shared,
            f"{share(one.shared, smaller)} {left.ids} ids are shared; "
            f"{one.rule.matched:.1%} would be under a rule",
            f"rewrite the ids of one file: {one.rule.text}",
            f"{one.rule.left!r} there is {one.rule.right!r} here",
        )
    if one.shared == 0:
        return Finding(
            "no-shared-ids",
            "error",
            smaller,
            f"no {left.ids} id is shared",
            "give files of one collection",
            f"{one.only_left!r} there, {one.only_right!r} here",
        )
    return None


def look_across(files: Sequence[Examined], cast: Cast) -> Across:
    """Hold every file against the others that it has to fit."""
    overlapping = overlaps(files, cast)
    rows: list[SharedRows] = []
    found: list[SharedFinding] = []
    for one in overlapping:
        finding = overlap_finding(one)
        if finding is not None:
            found.append(_about(finding, one.left.file, one.right.file))
    strangers = [
        {one.left.file, one.right.file} for one in overlapping if not one.shared
    ]
    for left in files:
        for right in files:
            if left is right or {left, right} in strangers:
                continue
            for part, finding in _two(left, right, cast):
                rows.append(part.between(left, right))
                if finding is not None:
                    found.append(_about(finding, left, right))
    scored = [one for one in files if one.scores is not None]
    found += [_about(finding, *members) for finding, members in compared_scores(scored)]
    return Across(
        ids=tuple(one.record() for one in overlapping),
        rows=tuple(rows),
        findings=by_severity(found),
    )


def _about(finding: Finding, *files: Examined) -> SharedFinding:
    return SharedFinding(
        finding.code,
        finding.severity,
        finding.count,
        finding.message,
        finding.remedy,
        finding.example,
        files=tuple(str(one.path) for one in files),
    )


def _two(left: Examined, right: Examined, cast: Cast) -> Iterator[Fit]:
    """What can be said about a file given another one."""
    groups, vectors, qrels = left.groups, right.vectors, right.qrels
    if groups is not None and right.scores is not None:
        yield scored(groups, right.scores.scores, teacher=right is cast.teacher)
    if groups is not None and vectors is not None and right is not cast.queries:
        yield embedded(groups, vectors)
        yield at_distance_zero(groups, vectors)
    if qrels is not None and right is cast.qrels:
        yield from judged(left, qrels)
    if right is cast.teacher and left.scores is not None:
        copied = same_scores(left, right)
        yield copy_of_teacher(left) if copied else with_teacher(left, right, cast)
