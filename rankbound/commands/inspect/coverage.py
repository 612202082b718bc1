"""Which ids two files share, both ways, and the rule that would make them match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.findings import Finding, share
from rankbound.commands.inspect.ids import Rule, matching_rule
from rankbound.commands.inspect.roles import Cast, is_about_queries
from rankbound.data.scores import Strings, positions

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

    def as_dict(self) -> dict[str, Any]:
        """The overlap for JSON."""
        return {
            "left": str(self.left.file.path),
            "left_part": self.left.holds,
            "right": str(self.right.file.path),
            "right_part": self.right.holds,
            "ids": self.left.ids,
            "left_count": len(self.left.names),
            "right_count": len(self.right.names),
            "shared": self.shared,
            "only_left": self.only_left,
            "only_right": self.only_right,
            "rule": None if self.rule is None else self.rule.text,
        }


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
