"""estimators.groups: cutting, keeping and counting, against plain lists."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import PAIR_SETS
from rankbound.data.columns import strings
from rankbound.data.groups import (
    Groups,
    shares_queries,
    top_documents,
    with_judged_positives,
)
from rankbound.data.scores import Scores
from tests import oracles, strategies

TIED = st.sampled_from([-1.0, 0.0, 0.5, 2.0])
DOCNOS = st.sampled_from([f"d{number}" for number in (1, 10, 2, 3, 33, 4)])
TABLES = st.dictionaries(
    st.sampled_from(["q1", "q10", "q2", "q3"]),
    st.dictionaries(DOCNOS, TIED, min_size=1),
    min_size=1,
)


def as_lists(groups):
    """The docnos of every group, by position."""
    bounds = zip(groups.offsets[:-1], groups.offsets[1:], strict=True)
    docnos = groups.docnos[groups.codes]
    return [docnos[start:stop].tolist() for start, stop in bounds]


@given(table=TABLES, depth=st.integers(2, 5))
def test_top_documents_match_sorting_with_ties_by_docno_descending(table, depth):
    groups = top_documents(Scores.from_dict(table), depth=depth)
    expected = [oracles.best_documents(row, depth) for row in table.values()]
    assert as_lists(groups) == expected
    assert groups.group_qids().tolist() == list(table)


@pytest.mark.parametrize("depth", [1, 0, -3])
def test_top_documents_reject_depths_without_a_pair(depth):
    with pytest.raises(DomainError, match="at least 2"):
        top_documents(Scores.from_dict({"q": {"a": 1.0}}), depth=depth)


@given(
    sizes=strategies.group_sizes(),
    n_queries=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_keep_functions_match_plain_lists(sizes, n_queries, seed):
    rng = np.random.default_rng(seed)
    groups = strategies.ragged_groups(sizes, rng, n_queries=n_queries, positives=True)
    groups = replace(groups, lines=np.arange(len(sizes)) + 10)
    rows, some = rng.random(len(groups.codes)) < 0.6, rng.random(len(sizes)) < 0.5
    marks = np.split(rows, groups.offsets[1:-1])
    expected = [
        ([d for d, keep in zip(docs, marked, strict=True) if keep], qid, line)
        for docs, marked, qid, line in zip(
            as_lists(groups), marks, groups.group_qids(), groups.lines, strict=True
        )
    ]
    kept = groups.keep_rows(rows)
    left = [(docs, qid, line) for docs, qid, line in expected if docs]
    assert list(zip(as_lists(kept), kept.group_qids(), kept.lines, strict=True)) == left
    assert_array_equal(kept.positive, groups.positive[rows])
    whole = groups.keep_groups(some)
    assert as_lists(whole) == [
        docs for docs, keep in zip(as_lists(groups), some, strict=True) if keep
    ]
    assert_array_equal(whole.lines, groups.lines[some])
    assert whole.n_groups == some.sum()
    assert_array_equal(groups.row_query(), np.repeat(groups.queries, sizes))


@pytest.mark.parametrize("pairs", PAIR_SETS)
@given(sizes=strategies.group_sizes(), seed=st.integers(0, 99))
def test_count_pairs_matches_a_loop(pairs, sizes, seed):
    rng = np.random.default_rng(seed)
    groups = strategies.ragged_groups(sizes, rng, positives=True)
    marks = np.split(groups.positive, groups.offsets[1:-1])
    expected = [len(oracles.pairs_of(len(m), m.tolist(), pairs)) for m in marks]
    assert groups.count_pairs(pairs).tolist() == expected


def test_count_pairs_rejects_missing_positives_and_unknown_sets():
    groups = strategies.ragged_groups([3, 1], np.random.default_rng(0))
    assert groups.count_pairs("all").tolist() == [3, 0]
    for pairs in ("pos-neg", "neg-neg"):
        with pytest.raises(DomainError, match="needs to know the positive documents"):
            groups.count_pairs(pairs)
    known = replace(groups, positive=np.zeros(4, dtype=bool))
    with pytest.raises(DomainError, match=r"'pos-neg', 'neg-neg'.*'star'"):
        known.count_pairs("star")


@given(table=TABLES, judged=TABLES)
def test_scores_of_and_judged_positives_match_dictionaries(table, judged):
    groups = top_documents(Scores.from_dict(table), depth=3)
    qrels = Scores.from_dict(judged)
    values, found = groups.scores_of(qrels)
    asked = [
        judged.get(qid, {}).get(docno)
        for qid, docnos in zip(groups.group_qids(), as_lists(groups), strict=True)
        for docno in docnos
    ]
    assert found.tolist() == [grade is not None for grade in asked]
    assert values.tolist() == [grade or 0.0 for grade in asked]
    for least in (0, 1, 2):
        positive = with_judged_positives(groups, qrels, least_grade=least).positive
        # not judged is not positive, also where grade 0 counts
        assert positive.tolist() == [g is not None and g >= least for g in asked]
    assert shares_queries(groups, qrels) == bool(set(table) & set(judged))


def test_where_names_file_line_query_and_document():
    table = {"q1": {"a": 2.0, "b": 1.0}, "q2": {"c": 0.0}}
    groups = top_documents(Scores.from_dict(table, name="x"), depth=5)
    assert groups.where(2) == ("x", "q2", "c")
    lined = replace(groups, lines=np.array([3, 8]), name="file")
    assert [lined.where(row)[0] for row in range(3)] == ["file:3", "file:3", "file:8"]
    assert [lined.where(row)[2] for row in range(3)] == ["a", "b", "c"]


def test_arrays_of_groups_are_read_only_and_marks_must_fit():
    groups = strategies.ragged_groups([2, 3], np.random.default_rng(1))
    for name in ("queries", "qids", "offsets", "codes", "docnos"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(groups, name)[0] = 0
    with pytest.raises(DomainError, match="mark every document"):
        replace(groups, positive=np.array([True]))


@st.composite
def written_groups(draw):
    """Groups as rows of a file: (qid, positive, negatives); some queries have two."""
    count = draw(st.integers(1, 6))
    docnos = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=5, unique=True)
    return [
        (draw(st.sampled_from(["q1", "q10", "q2"])), draw(docnos)) for _ in range(count)
    ]


def made(rows):
    """Groups of rows, with ids numbered as they appear."""
    qids = list(dict.fromkeys(qid for qid, _ in rows))
    docnos = list(dict.fromkeys(docno for _, group in rows for docno in group))
    sizes = [len(group) for _, group in rows]
    return Groups(
        queries=np.array([qids.index(qid) for qid, _ in rows]),
        qids=strings(qids),
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        codes=np.array([docnos.index(one) for _, group in rows for one in group]),
        docnos=strings(docnos),
        positive=np.concatenate([np.arange(size) == 0 for size in sizes]),
        lines=np.arange(1, len(rows) + 1),
    )


def listed(groups):
    """Every group as (qid, docnos in their order, which are positive)."""
    names, start = groups.docnos[groups.codes].tolist(), groups.offsets.tolist()
    return [
        (qid, names[low:high], groups.positive[low:high].tolist())
        for qid, low, high in zip(
            groups.group_qids().tolist(), start, start[1:], strict=False
        )
    ]


@given(written_groups(), st.randoms(use_true_random=False))
def test_the_order_of_a_file_does_not_show(rows, random):
    shuffled = random.sample(rows, len(rows))
    found = made(rows).in_order()
    assert listed(found) == listed(made(shuffled).in_order())
    plain = sorted((qid, [group[0], *sorted(group[1:])]) for qid, group in rows)
    assert sorted((qid, names) for qid, names, _ in listed(found)) == plain
    assert found.qids.tolist() == sorted({qid for qid, _ in rows})
    assert [qid for qid, _, _ in listed(found)] == sorted(qid for qid, _ in rows)
    assert all(marks[0] and not any(marks[1:]) for _, _, marks in listed(found))


@given(written_groups())
def test_groups_in_order_keep_their_lines(rows):
    found = made(rows).in_order()
    for (qid, names, _), line in zip(listed(found), found.lines.tolist(), strict=True):
        assert (qid, sorted(names)) == (rows[line - 1][0], sorted(rows[line - 1][1]))
