"""What files say together: coverage, positives among negatives, unjudged documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rankbound.commands.inspect.coverage import Overlap, overlap_finding, overlaps
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.findings import SEVERITIES, Finding
from rankbound.commands.inspect.fitting import (
    Result,
    at_distance_zero,
    copy_of_teacher,
    embedded,
    judged,
    scored,
    with_teacher,
)
from rankbound.commands.inspect.roles import Cast, same_scores
from rankbound.commands.inspect.together import compared_scores


@dataclass(frozen=True, slots=True)
class Joint:
    """A finding about several files, in the order in which its message speaks."""

    finding: Finding
    files: tuple[Examined, ...]

    def as_dict(self) -> dict[str, Any]:
        """The finding for JSON."""
        return {
            **self.finding.as_dict(),
            "files": [str(one.path) for one in self.files],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Across:
    """All pairs of files: shared ids, shares of rows, findings, the gravest first."""

    overlaps: tuple[Overlap, ...]
    rows: tuple[dict[str, Any], ...]
    findings: tuple[Joint, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything for JSON."""
        return {
            "ids": [one.as_dict() for one in self.overlaps],
            "rows": list(self.rows),
            "findings": [joint.as_dict() for joint in self.findings],
        }


def look_across(files: Sequence[Examined], cast: Cast) -> Across:
    """Hold every file against the others that it has to fit."""
    shared = overlaps(files, cast)
    rows: list[dict[str, Any]] = []
    found: list[Joint] = []
    for one in shared:
        finding = overlap_finding(one)
        if finding is not None:
            found.append(Joint(finding, (one.left.file, one.right.file)))
    strangers = [{one.left.file, one.right.file} for one in shared if not one.shared]
    for left in files:
        for right in files:
            if left is right or {left, right} in strangers:
                continue
            for row, finding in _two(left, right, cast):
                rows.append({"left": str(left.path), "right": str(right.path), **row})
                if finding is not None:
                    found.append(Joint(finding, (left, right)))
    scored = [one for one in files if one.scores is not None]
    found += [Joint(finding, members) for finding, members in compared_scores(scored)]
    found.sort(key=lambda joint: SEVERITIES.index(joint.finding.severity))
    return Across(tuple(shared), tuple(rows), tuple(found))


def _two(left: Examined, right: Examined, cast: Cast) -> Iterator[Result]:
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
