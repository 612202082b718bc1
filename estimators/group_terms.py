"""The terms of the bound for every group: entropy, divergence, risk, ranges, geometry.

Groups of different sizes are cut into rectangular blocks of bounded size, and each
block is one call of an estimator. Groups are sorted by size first, so that a block
holds groups of almost equal size and little padding. The results are one array per
term.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.engine import over_tiles
from rankbound.estimators.distances import (
    SMALL_PRODUCT,
    check_metric,
    diameter,
    group_distances,
    groups_at_once,
    mean_distance,
)
from rankbound.estimators.pair_sums import LONGEST_BY_PAIRS
from rankbound.estimators.pairs import (
    PairChoice,
    both_sides,
    selected_pairs,
)
from rankbound.estimators.pairwise import (
    pairwise_divergence_nats,
    pairwise_entropy_nats,
    pairwise_risk_nats,
)
from rankbound.estimators.spread import (
    clip_below_best,
    mean_margin,
    score_range,
)
from rankbound.progress import counting
from rankbound.threads import kept, one_thread_of_blas, share_out

LN2 = float(np.log(2.0))
# Pairs per block: enough to make the overhead of NumPy small, and few enough that
# the temporaries of a formula stay in the processor's cache.
NUMBERS_PER_BLOCK = 2**14
# Such pieces in a block that threads share out, or whose formula cuts it itself.
SHARED = 16
# Documents per block of groups whose pairs are not formed.
DOCUMENTS_PER_BLOCK = 2**18
# Vectors are read from disk and multiplied, for which larger pieces are faster.
VECTOR_SHARE = 32


@dataclass(frozen=True, slots=True)
class Block:
    """Some groups as a rectangle.

    Attributes
    ----------
    groups : int64 array, shape (b,)
        Positions of the groups.
    rows : int64 array, shape (b, k)
        Rows of their documents.
    mask : boolean array, shape (b, k)
        False where a position is padding.
    positive : boolean array, shape (b, k), or None
        The positives, if they are known.
    full : bool
        Whether there is no padding.
    """

    groups: Integers
    rows: Integers
    mask: Booleans
    positive: Booleans | None
    full: bool

    @property
    def padded(self) -> Booleans | None:
        """The mask, if there is any padding."""
        return None if self.full else self.mask


def blocks(
    groups: Groups,
    *,
    dim: int = 0,
    paired: bool = True,
    shared: bool = False,
    what: str = "sums",
) -> Iterator[Block]:
    """Yield all groups in blocks, whose size also counts `dim` numbers per document.

    Blocks of long groups hold more of them if not `paired`, which says that nobody
    forms all their pairs at once; `shared` says that threads share out the blocks.
    Progress counts the groups as `what`.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> teacher = Scores.from_dict({"p": {"a": 1.0, "b": 0.0}, "q": {"c": 1.0}})
    >>> [block.mask.tolist() for block in blocks(top_documents(teacher, depth=2))]
    [[[True, False], [True, True]]]
    """
    order = np.argsort(groups.sizes, kind="stable")
    sizes = groups.sizes[order]
    start = 0
    with counting(what, len(order), "groups") as reached:
        while start < len(order):
            reached(start)
            stop = _end(sizes, start, dim, paired=paired, shared=shared)
            yield _block(groups, order[start:stop], sizes[start:stop])
            start = stop


def _end(sizes: Integers, start: int, dim: int, *, paired: bool, shared: bool) -> int:
    """End of a block of groups, which are sorted by size."""
    if not paired and sizes[start] > LONGEST_BY_PAIRS:
        return _long_end(sizes, start)
    # A group is summed in the same way whatever its neighbours
    last = LONGEST_BY_PAIRS if not paired else int(sizes[-1])
    short = sizes[: np.searchsorted(sizes, last, side="right")]
    times = SHARED if shared or not paired else 1
    return _block_end(short, start, dim, times * NUMBERS_PER_BLOCK)


def _long_end(sizes: Integers, start: int) -> int:
    """End of a block of long groups, of which the largest has half as much again."""
    longest = int(np.searchsorted(sizes, sizes[start] * 3 // 2, side="right"))
    room = max(1, DOCUMENTS_PER_BLOCK // int(sizes[longest - 1]))
    return min(longest, start + room)


def _block_end(sizes: Integers, start: int, dim: int, numbers: int) -> int:
    """End of the largest block within the budget, of at least one group."""
    stop = len(sizes)
    while stop - start > 1:
        k = int(sizes[stop - 1])
        cost = max(k * (k - 1) // 2, k * dim // VECTOR_SHARE, 1)
        room = max(1, numbers // cost)
        if stop - start <= room:
            break
        # A shorter block has smaller groups, so try again with its largest
        stop = (
            start + room
            if sizes[start + room - 1] == k
            else start + (stop - start + 1) // 2
        )
    return stop


def _block(groups: Groups, chosen: Integers, sizes: Integers) -> Block:
    steps = np.arange(int(sizes.max()))
    mask = steps < sizes[:, None]
    rows = groups.offsets[chosen][:, None] + np.where(mask, steps, 0)
    positive = None if groups.positive is None else groups.positive[rows] & mask
    return Block(
        groups=chosen,
        rows=rows,
        mask=mask,
        positive=positive,
        full=bool(sizes.min() == sizes.max()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TeacherTerms:
    """Terms that depend on the teacher alone; arrays of shape (n_groups,).

    `entropy` in nats; `mean_margin` and `range` in temperatures.
    """

    entropy: Floats
    mean_margin: Floats
    range: Floats


@dataclass(frozen=True, slots=True, eq=False)
class StudentTerms:
    """Terms of a clipped student and its teacher; arrays of shape (n_groups,).

    `divergence` and `risk` are in nats, and `range`, after clipping, in temperatures.
    `n_clipped` counts the clipped documents; `values` (n_rows,) are the clipped scores.
    """

    divergence: Floats
    risk: Floats
    range: Floats
    n_clipped: Integers
    values: Floats


def teacher_terms(
    groups: Groups, teacher: Floats, *, pairs: str = "all"
) -> TeacherTerms:
    """Entropy, mean margin and range of a teacher's scores, group by group.

    Parameters
    ----------
    groups : Groups
        Every group must have a pair of the wanted kind.
    teacher : float64 array, shape (n_rows,)
        Teacher scores of the document rows, divided by the temperature.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    TeacherTerms

    Raises
    ------
    DomainError
        If a group has no pair of the kind, or scores are too far apart for margins.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 1.0}})
    >>> groups = top_documents(scores, depth=2)
    >>> teacher_terms(groups, groups.scores_of(scores)[0]).entropy.round(6).tolist()
    [0.693147]
    """
    check_span(teacher)
    return over_tiles(teacher_terms_of_tile, groups, teacher, pairs=pairs)


def teacher_terms_of_tile(
    groups: Groups, teacher: Floats, *, pairs: str
) -> TeacherTerms:
    """`teacher_terms` of groups that are computed together."""
    entropy, margin, spread = (np.empty(groups.n_groups) for _ in range(3))
    for block in blocks(groups, paired=pairs != "all"):
        values = teacher[block.rows]
        kind = pair_choice(block, pairs)
        entropy[block.groups] = pairwise_entropy_nats(values, **kind)
        margin[block.groups] = mean_margin(values, **kind)
        spread[block.groups] = score_range(values, mask=block.padded)
    return TeacherTerms(entropy=entropy, mean_margin=margin, range=spread)


def group_entropies(groups: Groups, values: Floats, *, pairs: str = "all") -> Floats:
    """Teacher entropy of each group in nats, without the other teacher terms.

    Parameters
    ----------
    groups : Groups
        Every group must have a pair of the wanted kind.
    values : float64 array, shape (n_rows,)
        Teacher scores of the document rows, divided by the temperature.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    float64 array, shape (n_groups,)
        In [0, ln 2].

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 1.0}})
    >>> groups = top_documents(scores, depth=2)
    >>> group_entropies(groups, groups.scores_of(scores)[0]).round(6).tolist()
    [0.693147]
    """
    check_span(values)
    return over_tiles(_entropies_of_tile, groups, values, pairs=pairs).entropy


@dataclass(frozen=True, slots=True, eq=False)
class Entropies:
    """`entropy` in nats, shape (n_groups,)."""

    entropy: Floats


def _entropies_of_tile(groups: Groups, values: Floats, *, pairs: str) -> Entropies:
    found = np.empty(groups.n_groups)
    for block in blocks(groups, paired=pairs != "all"):
        kind = pair_choice(block, pairs)
        found[block.groups] = pairwise_entropy_nats(values[block.rows], **kind)
    return Entropies(found)


def student_terms(
    groups: Groups,
    teacher: Floats,
    student: Floats,
    *,
    clip_at: float,
    pairs: str = "all",
) -> StudentTerms:
    """Divergence and risk of the clipped student, group by group.

    Parameters
    ----------
    groups, pairs
        As in `teacher_terms`.
    teacher, student : float64 arrays, shape (n_rows,)
        Scores of the document rows, each divided by its own temperature.
    clip_at : float
        B > 0: scores are raised to at least B below the best of their group.

    Returns
    -------
    StudentTerms
        Where all pairs of a group are ties of the student, the risk is ln 2 exactly.

    Raises
    ------
    DomainError
        As `teacher_terms` raises.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 0.5, "c": -2.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> teacher = groups.scores_of(scores)[0]
    >>> student_terms(groups, teacher, 0 * teacher, clip_at=1.0).risk[0] == np.log(2)
    np.True_
    """
    check_span(student)
    return over_tiles(
        student_terms_of_tile, groups, teacher, student, clip_at=clip_at, pairs=pairs
    )


def student_terms_of_tile(
    groups: Groups, teacher: Floats, student: Floats, *, clip_at: float, pairs: str
) -> StudentTerms:
    """`student_terms` of groups that are computed together."""
    divergence, risk, spread = (np.empty(groups.n_groups) for _ in range(3))
    n_clipped = np.zeros(groups.n_groups, dtype=np.int64)
    clipped = np.array(student, dtype=np.float64)
    for block in blocks(groups, paired=pairs != "all"):
        a, raw, kind = (
            teacher[block.rows],
            student[block.rows],
            pair_choice(block, pairs),
        )
        m = clip_below_best(raw, score_range=clip_at, mask=block.padded)
        risk[block.groups], tied = _risk_and_ties(a, m, kind)
        divergence[block.groups] = pairwise_divergence_nats(a, m, **kind)
        if tied.any():
            entropy = pairwise_entropy_nats(a, **kind)[tied]
            divergence[block.groups[tied]] = np.maximum(LN2 - entropy, 0.0)
        spread[block.groups] = score_range(m, mask=block.padded)
        n_clipped[block.groups] = np.sum((m > raw) & block.mask, axis=-1)
        clipped[block.rows[block.mask]] = m[block.mask]
    return StudentTerms(divergence, risk, spread, n_clipped, clipped)


def _risk_and_ties(
    teacher: Floats, student: Floats, kind: PairChoice
) -> tuple[Floats, Booleans]:
    """The risk of each list, and where the student ties all pairs."""
    tied = mean_margin(student, **kind) == 0
    return np.where(tied, LN2, pairwise_risk_nats(teacher, student, **kind)), tied


@dataclass(frozen=True, slots=True, eq=False)
class Risks:
    """`risk` in nats, shape (n_groups,)."""

    risk: Floats


def student_risks(
    groups: Groups,
    teacher: Floats,
    student: Floats,
    *,
    clip_at: float,
    pairs: str = "all",
) -> Floats:
    """Risk of the clipped student alone, in less than half the time of all its terms.

    Parameters and errors are those of `student_terms`.

    Returns
    -------
    float64 array, shape (n_groups,)
        In nats, `student_terms(...).risk` to the last digit.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 0.5, "c": -2.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> teacher = groups.scores_of(scores)[0]
    >>> student_risks(groups, teacher, teacher, clip_at=1.0).round(6).tolist()
    [0.511847]
    """
    check_span(student)
    return over_tiles(
        _risks_of_tile, groups, teacher, student, clip_at=clip_at, pairs=pairs
    ).risk


def _risks_of_tile(
    groups: Groups, teacher: Floats, student: Floats, *, clip_at: float, pairs: str
) -> Risks:
    risk = np.empty(groups.n_groups)
    for block in blocks(groups, paired=pairs != "all"):
        kind = pair_choice(block, pairs)
        raw = student[block.rows]
        m = clip_below_best(raw, score_range=clip_at, mask=block.padded)
        risk[block.groups], _ = _risk_and_ties(teacher[block.rows], m, kind)
    return Risks(risk)


def floored(
    groups: Groups, student: Floats, found: Booleans, *, clip_at: float
) -> Floats:
    """Scores in which documents without one lie below B of the best of their group.

    Clipping then brings them to the floor, as "not retrieved" says of a system; groups
    without any score are tied.

    Parameters
    ----------
    groups : Groups
    student : float64 array, shape (n_rows,)
        Scores divided by the temperature, of any value where there is none.
    found : boolean array, shape (n_rows,)
        Which documents have a score.
    clip_at : float
        B > 0, in temperatures.

    Returns
    -------
    float64 array, shape (n_rows,)
        To be clipped at B by `student_terms`.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> groups = top_documents(Scores.from_dict({"q": {"a": 2.0, "b": 1.0}}), depth=2)
    >>> scores, found = np.array([5.0, 0.0]), np.array([True, False])
    >>> floored(groups, scores, found, clip_at=1.5).tolist()
    [5.0, 2.0]
    """
    if found.all():
        return student
    starts = groups.offsets[:-1]
    best = np.maximum.reduceat(np.where(found, student, -np.inf), starts)
    floor = np.where(np.isfinite(best), best - 2 * clip_at, 0.0)
    return np.where(found, student, np.repeat(floor, groups.sizes))


def rank_values(groups: Groups, values: Floats) -> Floats:
    """Replace scores by ranks within the group; larger is better, ties share a rank.

    Parameters
    ----------
    groups : Groups
    values : float64 array, shape (n_rows,)
        Scores of the document rows.

    Returns
    -------
    float64 array, shape (n_rows,)
        Ranks from 1 for the worst document of a group; the mean rank for ties.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 9.0, "b": 1.0, "c": 1.0}})
    >>> groups = top_documents(scores, depth=3)
    >>> rank_values(groups, groups.scores_of(scores)[0]).tolist()
    [3.0, 1.5, 1.5]
    """
    if groups.sizes.max(initial=0) <= LONGEST_BY_PAIRS:
        return _ranks_by_pairs(groups, values)
    group = groups.row_group()
    order = np.lexsort((values, group))
    ordered, owner = values[order], group[order]
    place = np.arange(len(order)) - groups.offsets[owner] + 1.0
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])
    run = np.cumsum(new) - 1
    means = np.bincount(run, weights=place) / np.bincount(run)
    ranks = np.empty(len(order))
    ranks[order] = means[run]
    return ranks


def _ranks_by_pairs(groups: Groups, values: Floats) -> Floats:
    """Ranks within short groups, from how many documents are below and how many tie."""
    found = np.empty(len(values))
    for block in blocks(groups):
        scores = np.where(block.mask, values[block.rows], np.inf)
        lists = np.ascontiguousarray(scores.T)
        lower = lists[:, None, :] < lists[None, :, :]
        below, above = (lower.sum(axis=axis, dtype=np.uint8) for axis in (0, 1))
        tied = len(lists) - below.astype(np.float64) - above
        ranks = (below + (tied + 1) / 2).T
        found[block.rows[block.mask]] = ranks[block.mask]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Distances within groups; arrays of shape (n_groups,), in the metric's unit."""

    diameter: Floats
    mean_distance: Floats


def geometry(
    groups: Groups,
    embeddings: Embeddings,
    *,
    metric: str = "euclidean",
    pairs: str = "all",
) -> Geometry:
    """Diameter and mean distance of every group over the pairs that enter the loss.

    Parameters
    ----------
    groups : Groups
        Every document must have a vector.
    embeddings : Embeddings
    metric : {"euclidean", "angular"}
    pairs : {"all", "pos-neg", "neg-neg"}

    Raises
    ------
    DomainError
        If a document has no vector.
    """
    check_metric(metric)
    rows = vector_rows(groups, embeddings)
    given = {"vectors": embeddings, "metric": metric, "pairs": pairs}
    return over_tiles(_geometry_of_tile, groups, rows, what="distances", **given)


def _geometry_of_tile(
    groups: Groups, rows: Integers, *, vectors: Embeddings, metric: str, pairs: str
) -> Geometry:
    largest, mean = np.empty(groups.n_groups), np.empty(groups.n_groups)
    for block, distances, chosen in block_distances(
        groups, rows, vectors, metric=metric, pairs=pairs
    ):
        largest[block.groups] = diameter(distances, chosen)
        mean[block.groups] = mean_distance(distances, chosen)
    return Geometry(diameter=largest, mean_distance=mean)


def vector_rows(groups: Groups, embeddings: Embeddings) -> Integers:
    """The row of the vector of each document row, shape (n_rows,).

    Raises
    ------
    DomainError
        If a document has no vector.
    """
    rows = embeddings.rows(groups.docnos)[groups.codes]
    if rows.min(initial=0) < 0:
        raise DomainError(
            f"{embeddings.name}: a document of the groups has no vector; leave out "
            "groups with such documents"
        )
    return rows


def block_distances(
    groups: Groups, rows: Integers, vectors: Embeddings, *, metric: str, pairs: str
) -> Iterator[tuple[Block, Floats, Booleans]]:
    """Yield each block with its distances and its chosen pairs, both (b, n_pairs).

    `rows` are those of `vector_rows`; other parameters are those of `geometry`.
    """
    for block in blocks(groups, shared=True, what="distances"):
        places = rows[block.rows]
        distances = _distances(vectors, places, metric)
        yield block, distances, selected_pairs(places, **pair_choice(block, pairs))


def _distances(embeddings: Embeddings, rows: Integers, metric: str) -> Floats:
    """Distances within groups of rows (b, k), gathered and computed by all threads."""
    count, k = rows.shape
    found = np.empty((count, k * (k - 1) // 2))

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            flat = rows[part].reshape(-1)
            vectors = kept("vectors", len(flat), embeddings.dim)
            embeddings.fill(vectors, flat)
            groups = vectors.reshape(-1, k, embeddings.dim)
            found[part] = group_distances(groups, metric)

    try:
        with one_thread_of_blas(k * k * embeddings.dim > SMALL_PRODUCT):
            share_out(work, count, at_once=groups_at_once(k, embeddings.dim))
    except DomainError:
        taken = embeddings.take(rows)  # says which document has no finite vector
        zero = rows[~taken.any(axis=-1)]
        if not len(zero):
            raise
        raise DomainError(
            f"{embeddings.name}: the vector of {embeddings.ids[zero[0]]!r} (row "
            f"{zero[0]}) is zero and has no direction; leave the document out, or say "
            "`metric='euclidean'`"
        ) from None
    return found


def dot_product_scores(
    groups: Groups, documents: Embeddings, queries: Embeddings
) -> tuple[Floats, np.ndarray]:
    """Scores of a bi-encoder, query vector times document vector, for all rows.

    Returns
    -------
    values : float64 array, shape (n_rows,)
        0 where a vector is missing; check `found` before using them.
    found : boolean array, shape (n_rows,)
        Whether both vectors exist.

    Raises
    ------
    DomainError
        If query and document vectors differ in length.
    """
    if documents.dim != queries.dim:
        raise DomainError(
            f"{queries.name} has vectors of length {queries.dim}, {documents.name} of "
            f"length {documents.dim}; a dot product needs vectors of one encoder"
        )
    doc_rows = documents.rows(groups.docnos)[groups.codes]
    query_rows = queries.rows(groups.qids)[groups.row_query()]
    found = (doc_rows >= 0) & (query_rows >= 0)
    values = np.zeros(len(doc_rows))
    for block in blocks(groups, dim=documents.dim):
        here = found[block.rows]
        left = queries.take(np.maximum(query_rows[block.rows[:, 0]], 0))
        right = documents.take(np.maximum(doc_rows[block.rows], 0))
        scores = np.einsum("bd,bkd->bk", left, right)
        values[block.rows] = np.where(here, scores, 0.0)
    return values, found


def steepest(
    block: Block, values: Floats, distances: Floats, chosen: np.ndarray
) -> tuple[float, int]:
    """Largest score difference per distance in a block: a plug-in Lipschitz constant.

    Returns
    -------
    slope : float
        Over the chosen pairs at a positive distance; 0 if there are none.
    n_apart : int
        Pairs at distance 0 whose scores differ, for which no Lipschitz constant exists.
    """
    left, right = both_sides(values[block.rows])
    rise = np.abs(left - right)
    usable = chosen & (distances > 0)
    slopes = np.divide(rise, distances, out=np.zeros_like(rise), where=usable)
    return float(slopes.max(initial=0.0)), int(
        np.sum(chosen & (distances == 0) & (rise > 0))
    )


def check_span(values: Floats) -> None:
    """Raise if differences of finite scores overflow.

    Examples
    --------
    >>> check_span(np.array([0.0, 1e6]))
    """
    with np.errstate(over="ignore"):
        span = values.max() - values.min()
    if not np.isfinite(span):
        raise DomainError(
            f"scores from {values.min()} to {values.max()} (after the temperature) are "
            "too far apart for floating-point margins; rescale them"
        )


def pair_choice(block: Block, pairs: str) -> PairChoice:
    """The keywords for an estimator that choose the pairs of a block."""
    return {"mask": block.padded, "positive": block.positive, "pairs": pairs}
