"""estimators.group_terms: ragged files against loops, whatever the blocks."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import rankbound.estimators.group_terms
from rankbound.bounds.errors import DomainError
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups, top_documents
from rankbound.data.per_query import query_means
from rankbound.data.scores import Scores
from rankbound.estimators.group_terms import (
    block_distances,
    blocks,
    dot_product_scores,
    geometry,
    steepest,
    student_risks,
    student_terms,
    teacher_terms,
    vector_rows,
)
from rankbound.estimators.pairs import PAIR_SETS, selected_pairs
from tests import oracles, strategies

SIZES = [4, 7, 3, 16, 3, 5, 4, 9]


@pytest.fixture(params=[1, 40, 400, 2**20], ids="budget {}".format)
def budget(request, monkeypatch):
    monkeypatch.setattr(
        rankbound.estimators.group_terms, "NUMBERS_PER_BLOCK", request.param
    )


@pytest.fixture
def groups():
    """Several groups per query; at least two positives and two negatives in each."""
    cut = strategies.ragged_groups(SIZES, np.random.default_rng(0), n_queries=5)
    place = np.arange(len(cut.codes)) - np.repeat(cut.offsets[:-1], cut.sizes)
    marks = np.where(np.repeat(cut.sizes, cut.sizes) > 3, place % 4 < 2, place == 1)
    return Groups(cut.queries, cut.qids, cut.offsets, cut.codes, cut.docnos, marks)


@pytest.fixture
def book(groups):
    vectors = np.random.default_rng(1).normal(size=(len(groups.docnos), 6))
    order = np.random.default_rng(2).permutation(len(groups.docnos))
    return Embeddings(groups.docnos[order], vectors.astype(np.float32)[order])


def scores(groups, seed):
    return np.random.default_rng(seed).normal(size=len(groups.codes)) * 3


def slices(groups):
    return [
        slice(start, stop)
        for start, stop in zip(groups.offsets[:-1], groups.offsets[1:], strict=True)
    ]


@pytest.mark.usefixtures("budget")
@pytest.mark.parametrize("pairs", PAIR_SETS)
def test_teacher_terms_match_loops(groups, pairs):
    teacher = scores(groups, 3)
    terms = teacher_terms(groups, teacher, pairs=pairs)
    for group, rows in enumerate(slices(groups)):
        own, kind = teacher[rows].tolist(), (groups.positive[rows].tolist(), pairs)
        expected = [
            oracles.pairwise_entropy(own, 1.0, *kind),
            oracles.mean_margin(own, 1.0, *kind),
            max(own) - min(own),
        ]
        found = terms.entropy[group], terms.mean_margin[group], terms.range[group]
        assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.usefixtures("budget")
@pytest.mark.parametrize("pairs", PAIR_SETS)
@pytest.mark.parametrize("clip_at", [2.0, 1e6])
def test_student_terms_match_loops(groups, pairs, clip_at):
    teacher, student = scores(groups, 3), scores(groups, 4)
    terms = student_terms(groups, teacher, student, clip_at=clip_at, pairs=pairs)
    for group, rows in enumerate(slices(groups)):
        own, kind = teacher[rows].tolist(), (groups.positive[rows].tolist(), pairs)
        raw = student[rows].tolist()
        clipped = [max(score, max(raw) - clip_at) for score in raw]
        expected = [
            oracles.pairwise_divergence(own, clipped, 1.0, *kind),
            oracles.pairwise_risk(own, clipped, 1.0, *kind),
            max(clipped) - min(clipped),
        ]
        found = terms.divergence[group], terms.risk[group], terms.range[group]
        assert_allclose(found, expected, rtol=1e-11)
        assert terms.n_clipped[group] == sum(np.not_equal(raw, clipped))
        assert_allclose(terms.values[rows], clipped, rtol=1e-15)
    entropy = teacher_terms(groups, teacher, pairs=pairs).entropy
    assert_allclose(entropy + terms.divergence, terms.risk, rtol=1e-12)
    assert terms.range.max() <= clip_at
    for own in (student, np.zeros_like(student)):  # all pairs of zeros are ties
        alone = student_risks(groups, teacher, own, clip_at=clip_at, pairs=pairs)
        terms = student_terms(groups, teacher, own, clip_at=clip_at, pairs=pairs)
        assert_array_equal(alone, terms.risk)


def test_terms_do_not_depend_on_the_blocks(groups, book, monkeypatch):
    teacher, student = scores(groups, 5), scores(groups, 6)

    def everything():
        first = teacher_terms(groups, teacher)
        second = student_terms(groups, teacher, student, clip_at=4.0)
        third = geometry(groups, book)
        return np.stack(
            [
                *(first.entropy, first.mean_margin, first.range),
                *(second.divergence, second.risk, second.range, second.n_clipped),
                *(third.diameter, third.mean_distance),
            ]
        )

    whole = everything()
    for budget in (1, 7, 60, 333):
        monkeypatch.setattr(
            rankbound.estimators.group_terms, "NUMBERS_PER_BLOCK", budget
        )
        assert_allclose(everything(), whole, rtol=1e-12)


def test_average_over_queries_matches_a_loop(groups):
    teacher = scores(groups, 7)
    entropy = teacher_terms(groups, teacher).entropy
    found = query_means(groups.queries, entropy, n_queries=5)
    loops = [
        oracles.pairwise_entropy(teacher[rows].tolist()) for rows in slices(groups)
    ]
    expected = oracles.average_by_query(groups.queries, loops, 5)
    assert_allclose(found, expected, rtol=1e-12)
    assert abs(found.mean() - entropy.mean()) > 1e-4  # queries differ in groups


@pytest.mark.usefixtures("budget")
@pytest.mark.parametrize("pairs", PAIR_SETS)
@pytest.mark.parametrize("metric", ["euclidean", "angular"])
def test_geometry_matches_loops(groups, book, pairs, metric):
    found = geometry(groups, book, metric=metric, pairs=pairs)
    every = block_distances(
        groups, vector_rows(groups, book), book, metric=metric, pairs=pairs
    )
    visited = [distances[chosen].sum() for _, distances, chosen in every]
    distance = {"euclidean": oracles.euclidean, "angular": oracles.angle}[metric]
    place = {docno: row for row, docno in enumerate(book.ids)}
    total = 0.0
    for group, rows in enumerate(slices(groups)):
        own = [book.vectors[place[groups.docnos[c]]] for c in groups.codes[rows]]
        points = [[float(x) for x in vector] for vector in own]
        distances = [
            distance(points[i], points[j])
            for i, j in oracles.pairs_of(
                len(points), groups.positive[rows].tolist(), pairs
            )
        ]
        total += math.fsum(distances)
        assert_allclose(found.diameter[group], max(distances), rtol=1e-12)
        mean = math.fsum(distances) / len(distances)
        assert_allclose(found.mean_distance[group], mean, rtol=1e-12)
    assert_allclose(sum(visited), total, rtol=1e-12)


def test_a_vector_without_a_direction_is_named(groups, book):
    zero = int(book.rows(groups.docnos)[groups.codes[3]])
    vectors = np.array(book.vectors)
    vectors[zero] = 0
    held = Embeddings(book.ids, vectors, "docs.npy")
    said = rf"docs.npy: the vector of '{book.ids[zero]}' \(row {zero}\) is zero"
    with pytest.raises(DomainError, match=said):
        geometry(groups, held, metric="angular")
    assert np.isfinite(geometry(groups, held).diameter).all()


def test_geometry_rejects_missing_documents_and_groups_of_one(groups, book):
    partial = Embeddings(book.ids[1:], book.vectors[1:], "half")
    kept = partial.rows(groups.docnos)[groups.codes] >= 0
    assert not kept.all()
    with pytest.raises(
        DomainError, match="half: a document of the groups has no vector"
    ):
        geometry(groups, partial)
    alone = strategies.ragged_groups([1, 1], np.random.default_rng(0))
    with pytest.raises(DomainError, match="has no pair"):
        geometry(alone, Embeddings(alone.docnos, np.eye(len(alone.docnos))))


def test_groups_of_one_document_are_dropped_by_count_and_keep():
    rng = np.random.default_rng(8)
    ragged = strategies.ragged_groups([1, 4, 1, 2, 1], rng)
    teacher = rng.normal(size=9)
    with pytest.raises(DomainError, match=r"no pair|two documents"):
        teacher_terms(ragged, teacher)
    usable = ragged.count_pairs("all") > 0
    kept = ragged.keep_groups(usable)
    terms = teacher_terms(kept, teacher[np.repeat(usable, ragged.sizes)])
    expected = [oracles.pairwise_entropy(teacher[1:5].tolist())]
    expected += [oracles.pairwise_entropy(teacher[6:8].tolist())]
    assert_allclose(terms.entropy, expected, rtol=1e-12)


@pytest.mark.usefixtures("budget")
def test_dot_product_scores_match_a_loop(groups):
    rng = np.random.default_rng(9)
    docs, asked = groups.docnos[2:], groups.qids[[4, 0, 1, 3]]  # some are missing
    documents = Embeddings(docs, rng.normal(size=(len(docs), 3)))
    queries = Embeddings(asked, rng.normal(size=(4, 3)))
    values, found = dot_product_scores(groups, documents, queries)
    qids, docnos = groups.qids[groups.row_query()], groups.docnos[groups.codes]
    for row, (qid, docno) in enumerate(zip(qids, docnos, strict=True)):
        known = qid in set(asked) and docno in set(docs)
        expected = 0.0
        if known:
            left = queries.vectors[list(asked).index(qid)]
            right = documents.vectors[list(docs).index(docno)]
            expected = math.fsum(
                float(x) * float(y) for x, y in zip(left, right, strict=True)
            )
        assert found[row] == known
        assert_allclose(values[row], expected, rtol=1e-12, atol=1e-15)
    assert 0 < found.sum() < len(found)


def test_dot_product_scores_reject_vectors_of_two_encoders(groups):
    documents = Embeddings(groups.docnos, np.ones((len(groups.docnos), 3)), "docs")
    queries = Embeddings(groups.qids, np.ones((len(groups.qids), 4)), "queries")
    with pytest.raises(DomainError, match="queries has vectors of length 4, docs"):
        dot_product_scores(groups, documents, queries)


def test_steepest_matches_a_loop():
    rng = np.random.default_rng(10)
    cut = strategies.ragged_groups([5, 3], rng)
    values = rng.normal(size=8)
    values[2] = values[0]
    (block,) = blocks(cut)
    distances = rng.random((2, 10)) + 0.1
    chosen = selected_pairs(block.rows, mask=block.mask)
    distances[1, :2] = 0  # one apart in score, one not
    distances[~chosen] = 1e-9  # padding and unwanted pairs would be steepest
    slopes, apart = [], 0
    for row, group in enumerate(block.groups):
        start = cut.offsets[group]
        for place, (i, j) in enumerate(oracles.pairs_of(5)):
            if j < cut.sizes[group]:
                rise = abs(values[start + i] - values[start + j])
                d = distances[row, place]
                slopes += [rise / d] if d else []
                apart += bool(d == 0 and rise > 0)
    found = steepest(block, values, distances, chosen)
    assert_allclose(found[0], max(slopes), rtol=1e-15)
    assert found[1] == apart == 1
    assert steepest(block, values, distances * 0, chosen & False) == (0.0, 0)


def test_linear_student_is_no_steeper_than_its_vector():
    rng = np.random.default_rng(11)
    cut = strategies.ragged_groups([6, 9, 4], rng)
    documents = Embeddings(cut.docnos, rng.normal(size=(len(cut.docnos), 4)))
    direction = rng.normal(size=4)
    queries = Embeddings(cut.qids, np.tile(direction, (len(cut.qids), 1)))
    values, _ = dot_product_scores(cut, documents, queries)
    rows = vector_rows(cut, documents)
    found = block_distances(cut, rows, documents, metric="euclidean", pairs="all")
    seen = [steepest(block, values, *one) for block, *one in found]
    slope = max(slope for slope, _ in seen)
    assert 0.5 * np.linalg.norm(direction) < slope <= np.linalg.norm(direction)


def test_inputs_are_left_as_they_were(groups):
    student = scores(groups, 12)
    before = student.copy()
    student_terms(groups, scores(groups, 13), student, clip_at=0.5)
    assert_array_equal(student, before)


@pytest.mark.parametrize("values", [[1.5e308, -1.5e308], [np.inf, 0.0]])
def test_terms_reject_margins_that_overflow(values):
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 0.0}})
    groups = top_documents(scores, depth=2)
    far, near = np.array(values), np.array([1.0, 0.0])
    with pytest.raises(DomainError, match="too far apart"):
        teacher_terms(groups, far)
    with pytest.raises(DomainError, match="too far apart"):
        student_terms(groups, near, far, clip_at=10.0)


@pytest.mark.parametrize("k", range(2, 18))
def test_the_risk_of_a_group_that_a_student_ties_is_ln_2_exactly(k):
    """The mean of 28 copies of ln 2 is below ln 2, which would beat guessing."""
    rng = np.random.default_rng(k)
    scores = {f"q{n}": {f"d{i}": float(rng.normal()) for i in range(k)} for n in "ab"}
    teacher = Scores.from_dict(scores)
    groups = top_documents(teacher, depth=k)
    values, _ = groups.scores_of(teacher)
    student = np.where(groups.row_group() == 0, 0.3, values)
    made = student_terms(groups, values, student, clip_at=10.0)
    assert made.risk[0] == np.log(2)
    assert made.risk[1] < np.log(2)
    entropy = teacher_terms(groups, values).entropy
    # Risk and entropy are means of sums in another order
    assert_allclose(made.divergence, made.risk - entropy, rtol=1e-9, atol=1e-15)
