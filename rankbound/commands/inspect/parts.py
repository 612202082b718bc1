"""What `inspect` says about groups, judgements, vectors and texts by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import (
    Finding,
    GroupCounts,
    JudgementCounts,
    TextCounts,
    VectorCounts,
    share,
)
from rankbound.data.columns import Floats, Integers
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.ordering import least, least_row
from rankbound.data.scores import Scores
from rankbound.estimators.shape import VectorFacts, equal_sets, near_pairs, vector_facts
from rankbound.read.contents import Contents


def group_counts(groups: Groups) -> GroupCounts:
    """Counts of groups, queries and positives."""
    per_query = np.bincount(groups.queries, minlength=1)
    positives = None
    if groups.positive is not None:
        positives = int(groups.positive.sum())
    return GroupCounts(
        groups=groups.n_groups,
        documents=int(np.count_nonzero(np.bincount(groups.codes))),
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
        _unequal_sizes(groups),
    ]


def _document_keys(groups: Groups, owner: Integers) -> Integers:
    """One number for each (owner, document) of the rows."""
    return np.asarray(owner * max(1, len(groups.docnos)) + groups.codes)


def _all_differ(keys: Integers) -> bool:
    """Whether no number stands twice, in a quarter of the time of a set's making."""
    ordered = np.sort(keys)
    return bool((ordered[1:] != ordered[:-1]).all())


def _repeated_documents(groups: Groups) -> Finding | None:
    keys = _document_keys(groups, groups.row_group())
    if _all_differ(keys):
        return None
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    surplus = int(np.sum(counts - 1))
    row = least_of_groups(groups, first[counts > 1])
    touched = len(np.unique(groups.row_group()[first[counts > 1]]))
    return Finding(
        "duplicates-in-groups",
        "warning",
        surplus,
        f"{counted(surplus, 'document repeats', 'documents repeat')} another one of "
        f"its group, in {share(touched, groups.n_groups)} groups",
        "remove them: sampling with replacement adds pairs at distance 0 and 1 bit",
        _at(groups, row),
    )


def _positive_and_negative(groups: Groups) -> Finding | None:
    """Positives of a query that are negatives in another of its groups."""
    if groups.positive is None:
        return None
    keys = _document_keys(groups, groups.row_query())
    if _all_differ(keys):
        return None
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
        _at(groups, least_of_groups(groups, np.flatnonzero(wrong))),
    )


def _repeated_groups(groups: Groups) -> Finding | None:
    seen: dict[tuple[int, bytes], int] = {}
    again = []
    several = np.bincount(groups.queries, minlength=1) > 1
    for group in np.flatnonzero(several[groups.queries]).tolist():
        rows = slice(groups.offsets[group], groups.offsets[group + 1])
        key = (int(groups.queries[group]), np.sort(groups.codes[rows]).tobytes())
        if seen.setdefault(key, group) != group:
            again.append(group)
    if not again:
        return None
    twice = np.isin(groups.row_group(), again)
    return Finding(
        "repeated-groups",
        "warning",
        len(again),
        f"{share(len(again), groups.n_groups)} groups repeat another one of their "
        "query document for document",
        "keep one of each: repetition counts it twice in the query's mean",
        _at(groups, least_of_groups(groups, np.flatnonzero(twice))),
    )


def _without_positive(groups: Groups) -> Finding | None:
    if groups.positive is None:
        return Finding(
            "positives-unknown",
            "note",
            groups.n_groups,
            "nothing says which documents are positives",
            "give `qrels` to form pairs of a positive and a negative",
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
        _at(groups, least_of_groups(groups, groups.offsets[without])),
    )


def _several_groups(groups: Groups) -> Finding | None:
    per_query = np.bincount(groups.queries)
    several = int(np.sum(per_query > 1))
    if not several:
        return None
    most = least(groups.qids, np.flatnonzero(per_query == per_query.max()))
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


def _unequal_sizes(groups: Groups) -> Finding | None:
    sizes = groups.sizes
    if sizes.min() == sizes.max():
        return None
    found, counts = np.unique(sizes, return_counts=True)
    usual = int(found[np.argmax(counts)])
    others = int(np.sum(sizes != usual))
    smallest = groups.offsets[np.flatnonzero(sizes == sizes.min())]
    return Finding(
        "unequal-groups",
        "note",
        others,
        f"group sizes vary from {int(sizes.min()):,} to {int(sizes.max()):,}; "
        f"{share(others, groups.n_groups)} are not the usual {usual:,}",
        "limits then assert that no query has a smaller group than this sample",
        _at(groups, least_of_groups(groups, smallest)),
    )


def least_of_groups(groups: Groups, rows: Integers) -> int:
    """The row, among some, of the least query, and of its least document."""
    queries = groups.queries[np.searchsorted(groups.offsets, rows, side="right") - 1]
    return least_row(rows, queries, groups.qids, groups.codes[rows])


def _at(groups: Groups, row: int) -> str:
    where, qid, docno = groups.where(row)
    place = where.removeprefix(f"{groups.name}:")
    line = f"line {place}, " if place != where else ""
    return f"{line}query {qid!r}, document {docno!r}"


def judgement_counts(qrels: Scores) -> JudgementCounts:
    """Counts of grades, and of relevant documents per query."""
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
        _negative_grades(qrels),
        _only_relevant(qrels),
        _without_relevant(qrels, relevant),
        _one_relevant(qrels, relevant),
    ]


def only_relevant(qrels: Scores) -> bool:
    """Whether no document is judged irrelevant."""
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
        "`unjudged='irrelevant'` asserts that what is not listed is irrelevant",
    )


def _negative_grades(qrels: Scores) -> Finding | None:
    below = qrels.values < 0
    if not below.any():
        return None
    rows = np.flatnonzero(below)
    queries = np.searchsorted(qrels.offsets, rows, side="right") - 1
    qid, docno = qrels.where(least_row(rows, queries, qrels.qids, qrels.codes[rows]))
    return Finding(
        "negative-grades",
        "note",
        int(below.sum()),
        f"{share(int(below.sum()), len(below))} grades are negative: pooled and not "
        "judged",
        "nothing to do: they count as not relevant",
        f"query {qid!r}, document {docno!r}",
    )


def _without_relevant(qrels: Scores, relevant: Integers) -> Finding | None:
    without = np.flatnonzero(relevant == 0)
    if not len(without):
        return None
    return Finding(
        "no-relevant",
        "note",
        len(without),
        f"{share(len(without), qrels.n_queries)} queries have no relevant document",
        "leave them out: all their ranking measures are 0",
        f"query {qrels.qids[least(qrels.qids, without)]!r}",
    )


def _one_relevant(qrels: Scores, relevant: Integers) -> Finding | None:
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
        f"query {qrels.qids[least(qrels.qids, single)]!r}",
    )


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors with everything that a pass over them found.

    `sets` holds the rows of each set of equal vectors.
    """

    embeddings: Embeddings
    facts: VectorFacts
    sets: list[Integers]

    @cached_property
    def near(self) -> tuple[Integers, Floats] | None:
        """Pairs closer than a thousandth of the median length, with their distances.

        Searched for in another pass; None if there are too many to search for.
        """
        return near_pairs(self.embeddings.vectors, self.facts)

    def counts(self) -> VectorCounts:
        """The facts that the result records."""
        return VectorCounts(
            dim=self.embeddings.dim,
            dtype=str(self.embeddings.vectors.dtype),
            norms=_ends(self.facts.norms[self.facts.finite]),
            unit_share=self.facts.unit_share,
            zero=len(self.facts.zero),
            not_finite=int(np.sum(~self.facts.finite)),
            equal_sets=len(self.sets),
            equal_vectors=sum(len(rows) for rows in self.sets),
            near_pairs=None if self.near is None else len(self.near[0]),
        )

    def id_of(self, row: int) -> str:
        """The id of a row."""
        return str(self.embeddings.ids[row])


def _ends(norms: Floats) -> tuple[float, float, float] | None:
    """Smallest, mean and largest length."""
    if not norms.size:
        return None
    # Sorted, so that the order of rows changes no digit
    return float(norms.min()), float(np.sort(norms).mean()), float(norms.max())


def survey(embeddings: Embeddings) -> Vectors:
    """Examine all vectors in one pass."""
    facts = vector_facts(embeddings.vectors)
    finite = np.flatnonzero(facts.finite)
    sets = [finite[rows] for rows in equal_sets(facts.digests[finite])]
    return Vectors(embeddings, facts, sets)


def vector_findings(vectors: Vectors) -> list[Finding | None]:
    """Findings on vectors by themselves."""
    return [
        _not_finite(vectors),
        *vector_warnings(vectors),
        _near_duplicates(vectors),
        _mixed_lengths(vectors),
    ]


def vector_warnings(vectors: Vectors) -> list[Finding | None]:
    """Findings on vectors that commands accept."""
    return [_zero_vectors(vectors), _equal_vectors(vectors)]


def _not_finite(vectors: Vectors) -> Finding | None:
    bad = np.flatnonzero(~vectors.facts.finite)
    if not len(bad):
        return None
    return Finding(
        "not-finite",
        "error",
        len(bad),
        f"{share(len(bad), len(vectors.facts.finite))} vectors hold NaN or infinity",
        "embed these texts again",
        f"id {min(map(vectors.id_of, bad.tolist()))!r}",
    )


def _zero_vectors(vectors: Vectors) -> Finding | None:
    zero = vectors.facts.zero
    if not len(zero):
        return None
    return Finding(
        "zero-vectors",
        "warning",
        len(zero),
        f"{share(len(zero), len(vectors.facts.norms))} vectors are zero",
        "embed these texts again: a zero vector has no direction",
        f"id {min(map(vectors.id_of, zero.tolist()))!r}",
    )


def _equal_vectors(vectors: Vectors) -> Finding | None:
    if not vectors.sets:
        return None
    count = sum(len(rows) for rows in vectors.sets)
    largest = max(map(len, vectors.sets))
    names = min(
        nsmallest(SHOWN, map(vectors.id_of, rows))
        for rows in vectors.sets
        if len(rows) == largest
    )
    return Finding(
        "equal-vectors",
        "warning",
        count,
        f"{counted(count, 'vector')} in {counted(len(vectors.sets), 'set')} are "
        "equal to "
        f"another one, up to {largest:,} at once: duplicate or empty texts",
        "remove duplicates: they are pairs at distance 0",
        ", ".join(map(repr, names)),
    )


def _near_duplicates(vectors: Vectors) -> Finding | None:
    if vectors.near is None:
        return Finding(
            "near-duplicates-unknown",
            "note",
            len(vectors.facts.norms),
            "too many vectors, or too many in one place, to look for near duplicates",
            "look at a sample of them",
        )
    pairs, distances = vectors.near
    if not len(pairs):
        return None
    names = " and ".join(map(repr, min(sorted(map(vectors.id_of, p)) for p in pairs)))
    return Finding(
        "near-duplicate-vectors",
        "note",
        len(pairs),
        f"{counted(len(pairs), 'pair')} of vectors less than a thousandth of their "
        f"length apart, the closest by {float(distances.min()):.2g}",
        "treat them as duplicates: one text embedded in two batches, or nearly",
        names,
    )


def _mixed_lengths(vectors: Vectors) -> Finding | None:
    unit = vectors.facts.unit_share
    if unit in (0.0, 1.0) or not vectors.facts.finite.any():
        return None
    norms = vectors.facts.norms[vectors.facts.finite]
    return Finding(
        "mixed-lengths",
        "note",
        int(np.sum(np.abs(norms - 1) > 1e-2)),
        f"{unit:.1%} of the vectors have length 1, others from {norms.min():.4g} to "
        f"{norms.max():.4g}",
        "normalise all vectors or none",
    )


FEW_WORDS = 2
SHOWN: Final = 4  # ids of an example


def text_counts(contents: Contents) -> TextCounts:
    """Counts of texts and their words, which blanks separate."""
    texts = contents.texts
    lengths = sorted(len(text.split()) for text in texts.values())
    sets = equal_texts(texts)
    return TextCounts(
        texts=len(texts),
        words=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
        shortest_words=next((n for n in lengths if n), 0),
        empty=sum(1 for length in lengths if not length),
        equal_sets=len(sets),
        equal_texts=sum(len(ids) for ids in sets),
        upper_case=sum(1 for text in texts.values() if text.isupper()),
        titles=contents.metadata.get("titles"),
    )


def equal_texts(texts: Mapping[str, str]) -> list[list[str]]:
    """Ids of each set of two or more equal texts; empty texts do not count.

    Examples
    --------
    >>> equal_texts({"a": "x y", "b": "z", "c": "x y", "d": "", "e": ""})
    [['a', 'c']]
    """
    seen: dict[str, str] = {}
    sets: dict[str, list[str]] = {}
    for key, text in texts.items():
        if not text.strip():
            continue
        first = seen.setdefault(text, key)
        if first != key:
            sets.setdefault(first, [first]).append(key)
    return list(sets.values())


def text_findings(contents: Contents) -> list[Finding | None]:
    """Findings on the texts of a file."""
    facts = text_counts(contents)
    return [
        _empty_texts(contents.texts, facts),
        _equal_texts(contents.texts, facts),
        _short_texts(contents.texts, facts),
        _upper_case(facts),
        _without_titles(facts),
    ]


def _empty_texts(texts: Mapping[str, str], facts: TextCounts) -> Finding | None:
    if not facts.empty:
        return None
    ids = [key for key, text in texts.items() if not text.strip()]
    return Finding(
        "empty-texts",
        "warning",
        len(ids),
        f"{share(len(ids), len(texts))} texts are empty",
        "remove them: their vectors are all equal, and no query can find them",
        ", ".join(map(repr, nsmallest(SHOWN, ids))),
    )


def _equal_texts(texts: Mapping[str, str], facts: TextCounts) -> Finding | None:
    if not facts.equal_sets:
        return None
    sets = equal_texts(texts)
    largest = max(map(len, sets))
    names = min(nsmallest(SHOWN, one) for one in sets if len(one) == largest)
    return Finding(
        "duplicate-texts",
        "warning",
        facts.equal_texts,
        f"{counted(facts.equal_texts, 'text')} in {counted(len(sets), 'set')} are "
        f"equal to another one, up to {largest:,} at once",
        "remove duplicates: a copy of a relevant text counts as an error",
        ", ".join(map(repr, names)),
    )


def _short_texts(texts: Mapping[str, str], facts: TextCounts) -> Finding | None:
    short = [k for k, text in texts.items() if 0 < len(text.split()) <= FEW_WORDS]
    # Queries are short anyway: a median of few words is no finding
    if not short or facts.words[1] <= 4 * FEW_WORDS:
        return None
    words = counted(facts.shortest_words, "word")
    return Finding(
        "short-texts",
        "note",
        len(short),
        f"{share(len(short), len(texts))} texts have {FEW_WORDS} words or fewer, the "
        f"shortest {words}; the median is {facts.words[1]:,}",
        "read a few of them: they are often left-overs of parsing",
        ", ".join(map(repr, nsmallest(SHOWN, short))),
    )


def _upper_case(facts: TextCounts) -> Finding | None:
    if 2 * facts.upper_case < facts.texts - facts.empty or facts.texts < 2:
        return None
    return Finding(
        "upper-case",
        "note",
        facts.upper_case,
        f"{share(facts.upper_case, facts.texts)} texts are upper case",
        "convert them to lower case for a model that distinguishes case",
    )


def _without_titles(facts: TextCounts) -> Finding | None:
    if facts.titles != 0:
        return None
    return Finding(
        "no-titles",
        "note",
        facts.texts,
        "there is a title in every row, and all are empty",
        "nothing to do, unless titles were lost on the way",
    )
