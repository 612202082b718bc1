"""What `inspect` says about relevance judgements."""

from __future__ import annotations

import numpy as np

from rankbound.commands.inspect.result import Finding, JudgementCounts, share
from rankbound.data.columns import Integers
from rankbound.data.scores import Scores


def judgement_counts(qrels: Scores) -> JudgementCounts:
    """Grades and relevant documents per query."""
    grades, counts = np.unique(qrels.values, return_counts=True)
    relevant = relevant_per_query(qrels)
    return JudgementCounts(
        grades={
            f"{grade:g}": int(count)
            for grade, count in zip(grades, counts, strict=True)
        },
        relevant_per_query=(
            int(relevant.min()),
            float(np.median(relevant)),
            int(relevant.max()),
        ),
        queries_without_relevant=int(np.sum(relevant == 0)),
        queries_with_one_relevant=int(np.sum(relevant == 1)),
    )


def relevant_per_query(qrels: Scores) -> Integers:
    """Documents graded 1 or more of each query, shape (n_queries,).

    Examples
    --------
    >>> qrels = Scores.from_dict({"p": {"a": 2, "b": 0}, "q": {"a": 0}})
    >>> relevant_per_query(qrels).tolist()
    [1, 0]
    """
    return np.bincount(
        qrels.row_query()[qrels.values >= 1], minlength=qrels.n_queries
    ).astype(np.int64)


def judgement_findings(qrels: Scores) -> list[Finding | None]:
    """Findings on judgements by themselves."""
    relevant = relevant_per_query(qrels)
    return [
        _negative(qrels),
        _only_relevant(qrels),
        _none(qrels, relevant),
        _single(qrels, relevant),
    ]


def only_relevant(qrels: Scores) -> bool:
    """Whether no document is judged irrelevant, so that most are not listed."""
    return bool(np.all(qrels.values >= 1))


def _only_relevant(qrels: Scores) -> Finding | None:
    if not only_relevant(qrels):
        return None
    return Finding(
        "only-relevant",
        "note",
        len(qrels.values),
        f"all {len(qrels.values):,} grades are 1 or more: irrelevant and unjudged "
        "documents cannot be told apart",
        "--unjudged irrelevant asserts that what is not listed is irrelevant",
    )


def _negative(qrels: Scores) -> Finding | None:
    below = qrels.values < 0
    if not below.any():
        return None
    qid, docno = qrels.where(int(np.argmax(below)))
    return Finding(
        "negative-grades",
        "note",
        int(below.sum()),
        f"{share(int(below.sum()), len(below))} grades are negative: pooled and not "
        "judged",
        "nothing to do: they count as not relevant",
        f"query {qid!r}, document {docno!r}",
    )


def _none(qrels: Scores, relevant: Integers) -> Finding | None:
    without = np.flatnonzero(relevant == 0)
    if not len(without):
        return None
    return Finding(
        "no-relevant",
        "note",
        len(without),
        f"{share(len(without), qrels.n_queries)} queries have no relevant document",
        "leave them out: every ranking measure of theirs is 0",
        f"query {qrels.qids[without[0]]!r}",
    )


def _single(qrels: Scores, relevant: Integers) -> Finding | None:
    single = np.flatnonzero(relevant == 1)
    if not len(single):
        return None
    return Finding(
        "one-relevant",
        "note",
        len(single),
        f"{share(len(single), qrels.n_queries)} queries have one relevant document, so "
        "that their measures take few values",
        "compare systems by signs or reciprocal ranks as well",
        f"query {qrels.qids[single[0]]!r}",
    )
