"""Whether two files fit: scores and vectors of groups, judgements, students."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.findings import Finding, share
from rankbound.commands.inspect.judgements import only_relevant
from rankbound.commands.inspect.roles import Cast
from rankbound.commands.inspect.vectors import Vectors
from rankbound.data.groups import Groups, top_documents
from rankbound.data.scores import Scores, positions

RELEVANT = 1
TOP = 10
HALF = 0.5

Result = tuple[dict[str, Any], Finding | None]


def judged(left: Examined, qrels: Scores) -> Iterator[Result]:
    """Groups and rankings against judgements."""
    if left.groups is not None:
        yield _relevant_negatives(left.groups, qrels)
        yield _unjudged_negatives(left.groups, qrels)
    if left.scores is not None:
        yield _judged_top(left.scores.scores, qrels)
        yield _queries_without_results(left.scores.scores, qrels)


def scored(groups: Groups, scores: Scores, *, teacher: bool) -> Result:
    """Documents of groups with a score; the teacher's are asked for by `measure`."""
    _, found = groups.scores_of(scores)
    what = "group documents with a score"
    row = _row("group-scores", what, int(found.sum()), len(found))
    if found.all():
        return row, None
    without = np.unique(groups.row_group()[~found])
    return row, Finding(
        "groups-without-scores",
        "warning" if teacher else "note",
        int((~found).sum()),
        f"{share(int((~found).sum()), len(found))} documents of the groups have no "
        f"score, in {share(len(without), groups.n_groups)} groups",
        "complete the teacher's scores, or pass --missing drop"
        if teacher
        else "nothing to do: a student's unscored documents are dropped and counted",
        _at(groups, ~found),
    )


def embedded(groups: Groups, vectors: Vectors) -> Result:
    """Documents of groups with a vector."""
    held = (vectors.embeddings.rows(groups.docnos) >= 0)[groups.codes]
    what = "group documents with a vector"
    row = _row("group-vectors", what, int(held.sum()), len(held))
    if held.all():
        return row, None
    without = np.unique(groups.row_group()[~held])
    return row, Finding(
        "groups-without-vectors",
        "warning",
        int((~held).sum()),
        f"{share(int((~held).sum()), len(held))} documents of the groups have no "
        f"vector, in {share(len(without), groups.n_groups)} groups",
        "embed them, or pass --missing drop",
        _at(groups, ~held),
    )


def at_distance_zero(groups: Groups, vectors: Vectors) -> Result:
    """Groups that hold two documents with equal vectors."""
    rows = vectors.embeddings.rows(groups.docnos)[groups.codes]
    held = rows >= 0
    # Equal vectors get one number, all others one of their own
    alike = np.arange(len(vectors.embeddings.ids))
    for members in vectors.sets:
        alike[members] = members[0]
    group = groups.row_group()[held]
    keys = group * max(1, len(alike)) + alike[rows[held]]
    places, counts = np.unique(keys, return_counts=True)
    touched = np.unique(places[counts > 1] // max(1, len(alike)))
    what = "groups with equal vectors"
    row = _row("duplicates-in-groups-by-vector", what, len(touched), groups.n_groups)
    if not len(touched):
        return row, None
    first, second = np.flatnonzero(held)[keys == places[counts > 1][0]][:2]
    _, qid, docno = groups.where(int(first))
    copy = groups.where(int(second))[2]
    return row, Finding(
        "duplicates-in-groups-by-vector",
        "warning",
        len(touched),
        f"{share(len(touched), groups.n_groups)} groups hold documents with equal "
        "vectors",
        "remove the copies: a pair at distance 0 has no Lipschitz constant",
        f"query {qid!r}, documents {docno!r} and {copy!r}",
    )


def _relevant_negatives(groups: Groups, qrels: Scores) -> Result:
    negative = _negatives(groups)
    grades, judged = groups.scores_of(qrels)
    wrong = negative & judged & (grades >= RELEVANT)
    row = _row(
        "relevant-negatives",
        f"negatives graded {RELEVANT} or more",
        int(wrong.sum()),
        int(negative.sum()),
    )
    if not wrong.any():
        return row, None
    queries = len(np.unique(groups.row_query()[wrong]))
    return row, Finding(
        "positives-among-negatives",
        "warning",
        int(wrong.sum()),
        f"{share(int(wrong.sum()), int(negative.sum()))} negatives are judged relevant "
        f"(grade {RELEVANT} or more), in {counted(queries, 'query')}",
        "leave them out of the negatives",
        _at(groups, wrong),
    )


def _unjudged_negatives(groups: Groups, qrels: Scores) -> Result:
    negative = _negatives(groups)
    _, judged = groups.scores_of(qrels)
    without = negative & ~judged
    count, total = int(without.sum()), int(negative.sum())
    row = _row("unjudged-negatives", "negatives without a judgement", count, total)
    if not count or only_relevant(qrels):  # the latter is a finding of its own
        return row, None
    return row, Finding(
        "unjudged-negatives",
        "note",
        count,
        f"{share(count, total)} negatives have no judgement; relevant ones may be "
        "among them",
        "look at the negatives that the teacher scores above their positive",
    )


def _judged_top(scores: Scores, qrels: Scores) -> Result:
    """Share of the ten best documents that are judged, over judged queries."""
    top = top_documents(scores, depth=TOP)
    known = positions(qrels.qids, top.qids) >= 0
    kept = top.keep_groups(known[top.queries])
    _, judged = kept.scores_of(qrels)
    what = f"judged documents among the best {TOP} of judged queries"
    row = _row(f"judged-at-{TOP}", what, int(judged.sum()), len(judged))
    missing = len(judged) - int(judged.sum())
    if missing == 0 or only_relevant(qrels):
        return row, None
    return row, Finding(
        f"unjudged-at-{TOP}",
        "warning" if missing > HALF * len(judged) else "note",
        missing,
        f"{share(missing, len(judged))} of the best {TOP} of judged queries have no "
        "judgement",
        "measures count them as not relevant; --unjudged says how to read them",
    )


def _queries_without_results(scores: Scores, qrels: Scores) -> Result:
    missing = positions(scores.qids, qrels.qids) < 0
    count = int(missing.sum())
    what = "judged queries with a ranking"
    row = _row("judged-queries", what, len(missing) - count, len(missing))
    if not count or count == len(missing):
        return row, None
    return row, Finding(
        "queries-without-results",
        "note",
        count,
        f"{share(count, len(missing))} judged queries have no ranking",
        "say whether they count as 0 or are left out: tools differ",
        f"query {qrels.qids[int(np.argmax(missing))]!r}",
    )


def with_teacher(student: Examined, teacher: Examined, cast: Cast) -> Result:
    """How many of the student's documents the teacher scores."""
    if student.scores is None or teacher.scores is None:
        raise ValueError("both must hold scores")
    own = student.scores.scores
    _, found = teacher.scores.scores.lookup(
        own.row_query(), own.qids, own.codes, own.docnos
    )
    what = "documents of the student that the teacher scores"
    row = _row("student-teacher", what, int(found.sum()), len(found))
    if cast.groups or found.mean() >= HALF:
        return row, None
    return row, Finding(
        "teacher-lacks-students",
        "note",
        int((~found).sum()),
        f"{share(int((~found).sum()), len(found))} ranked documents have no score of "
        "the teacher",
        "give groups, or score the documents that students rank",
    )


def copy_of_teacher(one: Examined) -> Result:
    """A file that gives the teacher's scores again."""
    rows = 0 if one.scores is None else len(one.scores.scores.values)
    row = _row("same-scores", "documents with the teacher's own score", rows, rows)
    return row, Finding(
        "same-scores",
        "note",
        rows,
        "these are the teacher's own scores",
        "nothing to do: the file is not taken for a student's",
    )


def _negatives(groups: Groups) -> np.ndarray:
    """Rows that are no positive; none where positives are not known."""
    if groups.positive is None:
        return np.zeros(len(groups.codes), dtype=bool)
    return ~groups.positive


def _row(code: str, what: str, count: int, total: int) -> dict[str, Any]:
    return {
        "code": code,
        "what": what,
        "count": count,
        "total": total,
        "share": count / total if total else None,
    }


def _at(groups: Groups, mask: np.ndarray) -> str:
    _, qid, docno = groups.where(int(np.argmax(mask)))
    return f"query {qid!r}, document {docno!r}"
