"""How files fit together: shared ids, rows that one file covers of another, scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.layout import Rule, matching_rule
from rankbound.commands.inspect.parts import Vectors, least_of_groups, only_relevant
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
from rankbound.data.columns import Strings, distinct_codes, positions
from rankbound.data.groups import Groups, top_documents
from rankbound.data.ordering import least
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.near_copies import NearCopies, near_copies, similar_texts
from rankbound.read.json.records import query_texts

RELEVANT = 1
TOP = 10
DEPTH = 16  # of the groups that the teacher's best documents would be
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """How many rows of a file another file covers, or shows to be at fault."""

    code: str
    what: str
    count: int
    total: int

    def between(self, left: Examined, right: Examined) -> SharedRows:
        """The record of it, with the paths of both files."""
        return SharedRows(
            left=str(left.path),
            right=str(right.path),
            code=self.code,
            what=self.what,
            count=self.count,
            total=self.total,
            share=self.count / self.total if self.total else None,
        )


Fit = tuple[Part, Finding | None]


def judged(
    groups: Groups | None, scores: Scores | None, qrels: Scores
) -> Iterator[Fit]:
    """Groups and rankings against judgements."""
    if groups is not None:
        yield _relevant_negatives(groups, qrels)
        yield _unjudged_negatives(groups, qrels)
    if scores is not None:
        yield _judged_top(scores, qrels)
        yield _queries_without_results(scores, qrels)


def scored(groups: Groups, scores: Scores, *, teacher: bool) -> Fit:
    """Documents of groups with a score; `measure` needs those of the teacher."""
    _, found = groups.scores_of(scores)
    what = "group documents with a score"
    row = Part("group-scores", what, int(found.sum()), len(found))
    if found.all():
        return row, None
    without = np.unique(groups.row_group()[~found])
    lacking = int((~found).sum())
    if teacher:
        remedy = "complete the teacher's scores, or pass `missing='drop'`"
    elif 2 * lacking > len(found):
        remedy = (
            "have the student score these documents: `measure` takes those without a "
            "score for equals, so the limits of a student say little of its model"
        )
    else:
        remedy = "nothing to do: `measure --unscored` says how a student's are counted"
    return row, Finding(
        "groups-without-scores",
        "warning" if teacher else "note",
        lacking,
        f"{share(lacking, len(found))} documents of the groups have no "
        f"score, in {share(len(without), groups.n_groups)} groups",
        remedy,
        _at(groups, ~found),
    )


def embedded(groups: Groups, vectors: Vectors) -> Fit:
    """Documents of groups with a vector."""
    held = (vectors.embeddings.rows(groups.docnos) >= 0)[groups.codes]
    what = "group documents with a vector"
    row = Part("group-vectors", what, int(held.sum()), len(held))
    if held.all():
        return row, None
    without = np.unique(groups.row_group()[~held])
    return row, Finding(
        "groups-without-vectors",
        "warning",
        int((~held).sum()),
        f"{share(int((~held).sum()), len(held))} documents of the groups have no "
        f"vector, in {share(len(without), groups.n_groups)} groups",
        "embed them, or pass `missing='drop'`",
        _at(groups, ~held),
    )


def at_distance_zero(groups: Groups, vectors: Vectors) -> Fit:
    """Groups that hold two documents with equal vectors."""
    rows = vectors.embeddings.rows(groups.docnos)[groups.codes]
    held = rows >= 0
    # Equal vectors share a number, every other vector has its own
    alike = np.arange(len(vectors.embeddings.ids))
    for members in vectors.sets:
        alike[members] = members[0]
    group = groups.row_group()[held]
    keys = group * max(1, len(alike)) + alike[rows[held]]
    places, counts = np.unique(keys, return_counts=True)
    touched = np.unique(places[counts > 1] // max(1, len(alike)))
    what = "groups with equal vectors"
    row = Part("duplicates-in-groups-by-vector", what, len(touched), groups.n_groups)
    if not len(touched):
        return row, None
    again = np.flatnonzero(held)[np.isin(keys, places[counts > 1])]
    first = least_of_groups(groups, again)
    copies = np.flatnonzero(held)[keys == keys[np.flatnonzero(held) == first][0]]
    second = copies[np.argsort(groups.codes[copies])][1]
    _, qid, docno = groups.where(first)
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


def _relevant_negatives(groups: Groups, qrels: Scores) -> Fit:
    negative = _negatives(groups)
    grades, judged = groups.scores_of(qrels)
    wrong = negative & judged & (grades >= RELEVANT)
    row = Part(
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


def _unjudged_negatives(groups: Groups, qrels: Scores) -> Fit:
    negative = _negatives(groups)
    _, judged = groups.scores_of(qrels)
    without = negative & ~judged
    count, total = int(without.sum()), int(negative.sum())
    row = Part("unjudged-negatives", "negatives without a judgement", count, total)
    if not count or only_relevant(qrels):  # the latter has a finding of its own
        return row, None
    return row, Finding(
        "unjudged-negatives",
        "note",
        count,
        f"{share(count, total)} negatives have no judgement; relevant ones may be "
        "among them",
        "look at the negatives that the teacher scores above their positive",
    )


def _judged_top(scores: Scores, qrels: Scores) -> Fit:
    """Share of the ten best documents that are judged, over judged queries."""
    top = top_documents(scores, depth=TOP)
    known = positions(qrels.qids, top.qids) >= 0
    kept = top.keep_groups(known[top.queries])
    _, judged = kept.scores_of(qrels)
    what = f"judged documents among the best {TOP} of judged queries"
    row = Part(f"judged-at-{TOP}", what, int(judged.sum()), len(judged))
    missing = len(judged) - int(judged.sum())
    if missing == 0 or only_relevant(qrels):
        return row, None
    return row, Finding(
        f"unjudged-at-{TOP}",
        "warning" if missing > HALF * len(judged) else "note",
        missing,
        f"{share(missing, len(judged))} of the best {TOP} of judged queries have no "
        "judgement",
        "measures count them as not relevant; `unjudged` says how to read them",
    )


def _queries_without_results(scores: Scores, qrels: Scores) -> Fit:
    missing = positions(scores.qids, qrels.qids) < 0
    count = int(missing.sum())
    what = "judged queries with a ranking"
    row = Part("judged-queries", what, len(missing) - count, len(missing))
    if not count or count == len(missing):
        return row, None
    return row, Finding(
        "queries-without-results",
        "note",
        count,
        f"{share(count, len(missing))} judged queries have no ranking",
        "say whether they count as 0 or are left out: tools differ",
        f"query {qrels.qids[least(qrels.qids, np.flatnonzero(missing))]!r}",
    )


def with_teacher(student: Examined, teacher: Examined, cast: Cast) -> Fit:
    """How many of the documents of a student the teacher scores."""
    if student.scores is None or teacher.scores is None:
        raise ValueError("both must hold scores")
    own = student.scores.scores
    _, found = teacher.scores.scores.lookup(
        own.row_query(), own.qids, own.codes, own.docnos
    )
    what = "documents of the student that the teacher scores"
    row = Part("student-teacher", what, int(found.sum()), len(found))
    if cast.groups or found.mean() >= HALF:
        return row, None
    return row, Finding(
        "teacher-lacks-students",
        "note",
        int((~found).sum()),
        f"{share(int((~found).sum()), len(found))} ranked documents have no teacher "
        "score",
        "give groups, or score the documents that students rank",
    )


def copy_of_teacher(one: Examined) -> Fit:
    """A file that repeats the teacher's scores."""
    rows = 0 if one.scores is None else len(one.scores.scores.values)
    row = Part("same-scores", "documents with the teacher's own score", rows, rows)
    return row, Finding(
        "same-scores",
        "note",
        rows,
        "these are the teacher's own scores",
        "nothing to do: the file is not taken for a student's",
    )


def _negatives(groups: Groups) -> np.ndarray:
    """Rows of negatives; none if the positives are not known."""
    if groups.positive is None:
        return np.zeros(len(groups.codes), dtype=bool)
    return ~groups.positive


def _at(groups: Groups, mask: np.ndarray) -> str:
    _, qid, docno = groups.where(least_of_groups(groups, np.flatnonzero(mask)))
    return f"query {qid!r}, document {docno!r}"


ORDERS = 3.0  # of magnitude: scales that are farther apart are reported
DEPTH_RATIO = 2


def compared_scores(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    """Findings about all files of scores together, each with the files it names."""
    if len(scored) < 2:
        return
    yield from _scales(scored)
    yield from _depths(scored)
    yield from _orders(scored)


def _scales(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    sizes = [(_typical(one), place) for place, one in enumerate(scored)]
    sizes = [(size, place) for size, place in sizes if size > 0]
    if len(sizes) < 2:
        return
    (low, first), (high, last) = min(sizes), max(sizes)
    orders = float(np.log10(high / low))
    if orders < ORDERS:
        return
    yield (
        Finding(
            "scales-differ",
            "note",
            len(sizes),
            f"score scales differ by {orders:.1f} orders of magnitude, from about "
            f"{low:.3g} to about {high:.3g}",
            "compare entropies only after each model has its temperature",
        ),
        (scored[first], scored[last]),
    )


def _typical(one: Examined) -> float:
    """The median absolute score; 0 for ranks, whose scale is arbitrary."""
    if one.scores is None or one.scores.kind is Kind.RANK_ONLY:
        return 0.0
    return float(np.median(np.abs(one.scores.scores.values)))


def _depths(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    cut = [
        (one.scores.depth[0], place)
        for place, one in enumerate(scored)
        if one.scores is not None and one.scores.depth[1]
    ]
    if len(cut) < 2:
        return
    (low, first), (high, last) = min(cut), max(cut)
    if high < DEPTH_RATIO * low:
        return
    deeper = sum(1 for depth, _ in cut if depth >= DEPTH_RATIO * low)
    yield (
        Finding(
            "depths-differ",
            "note",
            deeper,
            f"rankings are cut at {low:,} in one file and at {high:,} in another",
            "cut all at one depth before comparing averages that depend on it",
        ),
        (scored[first], scored[last]),
    )


def _orders(
    scored: Sequence[Examined],
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    """Files whose queries are in another order than those of most files."""
    orders: dict[tuple[str, ...], list[Examined]] = {}
    for one in scored:
        if one.scores is not None:
            orders.setdefault(tuple(one.scores.scores.qids), []).append(one)
    usual = max(orders, key=lambda order: len(orders[order]))
    others = tuple(
        one
        for order, members in orders.items()
        if order != usual and set(order) == set(usual)
        for one in members
    )
    if others and len(orders[usual]) > 1:
        yield (
            Finding(
                "query-order-differs",
                "note",
                len(others),
                "the same queries are in another order than in the other files",
                "match rows by query id, never by position",
            ),
            others,
        )


POOR = 0.5  # of the smaller side; if less is shared, a rule is searched


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Distinct ids of one kind in one file; `holds` names the part that has them."""

    file: Examined
    holds: str
    ids: str
    names: Strings


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """The ids that two columns share.

    Attributes
    ----------
    left, right : Column
    shared : int
    only_left, only_right : str or None
        The first id that the other side lacks.
    rule : Rule or None
        A rule under which more ids would match, if few do.
    """

    left: Column
    right: Column
    shared: int
    only_left: str | None
    only_right: str | None
    rule: Rule | None

    def record(self) -> SharedIds:
        """The record of it."""
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
    """Shared ids of files that hold different parts, and of students and teacher."""
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
        present = distinct_codes(groups.queries)
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
    alone = np.ones(len(right.names), dtype=bool)
    alone[there[there >= 0]] = False
    shared = int(np.sum(there >= 0))
    rule = None
    if shared < POOR * min(len(left.names), len(right.names)):
        rule = matching_rule(list(left.names), list(right.names))
    return Overlap(
        left=left,
        right=right,
        shared=shared,
        only_left=_first(left.names, there < 0),
        only_right=_first(right.names, alone),
        rule=rule,
    )


def _first(names: Strings, mask: np.ndarray) -> str | None:
    return str(names[least(names, np.flatnonzero(mask))]) if mask.any() else None


def overlap_finding(one: Overlap) -> Finding | None:
    """A finding if no ids of two files match, or few without a rule."""
    left, right = one.left, one.right
    smaller = min(len(left.names), len(right.names))
    if one.rule is not None:
        return Finding(
            "id-mismatch",
            "error" if one.shared == 0 else "warning",
            smaller - one.shared,
            f"{share(one.shared, smaller)} {left.ids} ids are shared; "
            f"{one.rule.matched:.1%} would match under a rule",
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


def copied_queries(
    files: Sequence[Examined], cast: Cast
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    """Near-copies of queries: by the teacher's scores of groups, and by texts."""
    teacher = cast.teacher
    if teacher is not None and teacher.scores is not None:
        scores = teacher.scores.scores
        for one in cast.groups or (teacher,):
            groups = one.groups
            if groups is None:
                groups = top_documents(scores, depth=DEPTH)
            values, found = groups.scores_of(scores)
            # Without a score of the teacher a document says nothing of the query
            kept = groups.keep_rows(found)
            if kept.n_groups:
                copies = near_copies(kept, values[found])
                both = tuple(dict.fromkeys((one, teacher)))
                yield from _copies(copies, "documents, with nearly equal scores", both)
    for one in files:
        contents = one.given.contents
        texts = {} if contents is None else query_texts(contents)
        if contents is not None and contents.texts and is_about_queries(one, files):
            texts = {**texts, **contents.texts}
        if texts:
            yield from _copies(similar_texts(texts), "words", (one,))


def _copies(
    found: NearCopies, what: str, files: tuple[Examined, ...]
) -> Iterator[tuple[Finding, tuple[Examined, ...]]]:
    number, n = int(found.copies.sum()), len(found.qids)
    if number:
        finding = Finding(
            "near-copies-of-queries",
            "warning",
            number,
            f"{share(number, n)} queries are near-copies of another one, by their "
            f"{what}, in {counted(found.n_sets, 'set')}; without copies, "
            f"{counted(found.n_distinct, 'query')} would be left",
            "give `clusters`: limits take queries for independent draws",
            ", ".join(repr(str(qid)) for qid in found.largest[:4]),
        )
        yield finding, files
    if not found.complete:
        finding = Finding(
            "near-copies-unknown",
            "note",
            n,
            f"too many queries share their {what} to look for near-copies; only exact "
            "copies were counted",
            "look at a sample of them",
        )
        yield finding, files


def warnings_across(
    *,
    groups: Groups | None = None,
    scores: Scores | None = None,
    qrels: Scores | None = None,
    vectors: Vectors | None = None,
) -> Iterator[tuple[tuple[str, str], Finding]]:
    """The warnings of `look_across` that commands do not tell otherwise.

    Each comes with the names of its two parts. Documents that lack a score or a vector
    and near-copies of queries have counts of their own in every result.
    """
    fits: list[tuple[tuple[str, str], Fit]] = []
    if qrels is not None:
        for left in (groups, scores):
            if left is not None:
                own, other = (None, left) if left is scores else (groups, None)
                both = left.name, qrels.name
                fits += [(both, fit) for fit in judged(own, other, qrels)]
    if groups is not None and vectors is not None:
        both = groups.name, vectors.embeddings.name
        fits.append((both, at_distance_zero(groups, vectors)))
    for names, (_, finding) in fits:
        if finding is not None and finding.severity == "warning":
            yield names, finding


def look_across(files: Sequence[Examined], cast: Cast) -> Across:
    """Compare every file with the others that it has to fit."""
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
    several = (*compared_scores(scored), *copied_queries(files, cast))
    found += [_about(finding, *members) for finding, members in several]
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
    """What one file says about another."""
    groups, vectors, qrels = left.groups, right.vectors, right.qrels
    if groups is not None and right.scores is not None:
        yield scored(groups, right.scores.scores, teacher=right is cast.teacher)
    if groups is not None and vectors is not None and right is not cast.queries:
        yield embedded(groups, vectors)
        yield at_distance_zero(groups, vectors)
    if qrels is not None and right is cast.qrels:
        scores = None if left.scores is None else left.scores.scores
        yield from judged(groups, scores, qrels)
    if right is cast.teacher and left.scores is not None:
        copied = same_scores(left, right)
        yield copy_of_teacher(left) if copied else with_teacher(left, right, cast)
