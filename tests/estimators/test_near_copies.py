"""Near-copies of queries, against plain loops over all pairs."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.groups import Groups, top_documents
from rankbound.data.scores import Scores
from rankbound.estimators import near_copies as module
from rankbound.estimators.near_copies import near_copies, similar_texts


def parts(names, near):
    """Sets of names that a chain of pairs joins, by a loop over all pairs."""
    label = {name: name for name in names}
    for left, right in itertools.combinations(sorted(names), 2):
        if near(left, right):
            old, new = label[right], label[left]
            label = {n: new if at == old else at for n, at in label.items()}
    return {frozenset(n for n in names if label[n] == at) for at in label.values()}


def found_parts(found):
    return {frozenset(found.qids[found.label == at]) for at in range(found.n_distinct)}


WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=9).map(" ".join)


@given(
    st.dictionaries(st.sampled_from([f"q{n}" for n in range(12)]), WORDS, min_size=1)
)
def test_texts_are_near_copies_if_more_than_four_words_of_five_are_shared(texts):
    def near(left, right):
        one, two = set(texts[left].split()), set(texts[right].split())
        return 5 * len(one & two) > 4 * len(one | two)

    assert found_parts(similar_texts(texts)) == parts(list(texts), near)


def test_case_marks_order_and_width_of_letters_do_not_matter():
    texts = {
        "p": "Who wrote “Emma”, and when?",
        "q": "and when: who WROTE emma",
        "r": "ｗｈｏ wrote emma and when",
        "s": "who wrote persuasion and when",
        "t": "",
        "u": "?!",
    }
    found = similar_texts(texts)
    assert found.largest.tolist() == ["p", "q", "r"]
    assert (found.n_sets, found.n_distinct) == (1, 4)


def of_scores(scores, depth=16):
    held = Scores.from_dict(scores)
    groups = top_documents(held, depth=depth)
    return near_copies(groups, groups.scores_of(held)[0])


def close(scores):
    """The definition, pair by pair."""

    def near(left, right):
        one, two = scores[left], scores[right]
        shared = sorted(set(one) & set(two))
        if not 5 * len(shared) > 4 * len(set(one) | set(two)):
            return False
        a, b = (np.array([row[d] for d in shared]) for row in (one, two))
        apart = np.std(a - b)
        if len(shared) == 2:
            return apart < 1e-5 * max(np.std(a), np.std(b)) + 1e-12
        return apart <= 0.1 * min(np.std(a), np.std(b)) + 1e-9

    return near


@pytest.mark.parametrize("seed", range(6))
def test_queries_are_near_copies_by_documents_and_scores(seed):
    rng = np.random.default_rng(seed)
    scores = {}
    for cluster in range(6):
        docs = rng.choice(40, 8, replace=False)
        base = rng.normal(size=8) * 3
        for copy in range(4):
            noise = rng.choice([0.0, 0.05, 0.6]) * rng.normal(size=8)
            row = base + noise + rng.normal()  # a constant changes no margin
            keep = rng.random(8) < 0.9
            scores[f"q{cluster}-{copy}"] = {
                f"d{d}": float(s) for d, s, k in zip(docs, row, keep, strict=True) if k
            } or {"d0": 0.0}
    found = of_scores(scores)
    assert found_parts(found) == parts(list(scores), close(scores))
    assert found.complete
    assert 0 < found.n_sets < len(scores)


def test_the_same_documents_with_other_scores_are_no_copies():
    rng = np.random.default_rng(0)
    docs = [f"d{n}" for n in range(10)]
    scores = {
        f"q{n}": dict(zip(docs, rng.normal(size=10).tolist(), strict=True))
        for n in range(40)
    }
    assert not of_scores(scores).copies.any()


def test_two_documents_need_the_same_margin():
    scores = {"p": {"a": 1.0, "b": 0.0}, "q": {"a": 1.05, "b": 0.0}}
    assert not of_scores(scores).copies.any()
    scores["r"] = {"a": 3.0, "b": 2.0}
    assert of_scores(scores).largest.tolist() == ["p", "r"]


def test_the_unit_of_scores_and_their_order_do_not_matter():
    row = {"a": 1.0, "b": 0.3, "c": -2.0}
    near = {"a": 1.02, "b": 0.3, "c": -2.0}
    far = {"a": 0.2, "b": 0.3, "c": -2.0}
    for scale in (1e-8, 1.0, 1e6):
        rows = {"p": row, "q": near, "r": far}
        scores = {
            q: {d: s * scale for d, s in held.items()} for q, held in rows.items()
        }
        assert of_scores(scores).largest.tolist() == ["p", "q"]
        assert of_scores(dict(reversed(scores.items()))).n_distinct == 2


def test_a_query_with_several_groups_has_the_documents_of_all():
    held = Scores.from_dict(
        {q: {"a": 1.0, "b": 0.0, "c": -1.0} for q in ("p", "q")} | {"r": {"z": 1.0}}
    )
    groups = Groups(
        queries=np.array([0, 0, 1]),
        qids=np.array(["p", "q"], dtype=object),
        offsets=np.array([0, 2, 4, 7]),
        codes=np.array([0, 1, 0, 2, 0, 1, 2]),
        docnos=np.array(["a", "b", "c"], dtype=object),
    )
    found = near_copies(groups, groups.scores_of(held)[0])
    assert found.largest.tolist() == ["p", "q"]
    assert found.only(np.array([True, False])).n_distinct == 1


def test_texts_count_as_well_as_scores():
    scores = {"p": {"a": 1.0, "b": 0.0}, "q": {"c": 1.0, "d": 0.0}}
    held = Scores.from_dict(scores)
    groups = top_documents(held, depth=2)
    values = groups.scores_of(held)[0]
    texts = {"p": "the same words", "q": "The same words."}
    assert near_copies(groups, values, texts).n_distinct == 1
    assert near_copies(groups, values).n_distinct == 2


def test_with_too_many_pairs_exact_copies_are_found_and_it_is_said(monkeypatch):
    texts = {"p": "a b c d e f", "q": "a b c d e f", "r": "a b c d e f g"}
    assert similar_texts(texts).n_distinct == 1
    monkeypatch.setattr(module, "MOST_MET", 1)
    found = similar_texts(texts)
    assert (found.n_distinct, found.complete) == (2, False)


def test_pairs_are_found_in_parts_as_well(monkeypatch):
    rng = np.random.default_rng(5)
    texts = {f"q{n}": " ".join(rng.choice([*"abcdefghi"], 6)) for n in range(60)}
    whole = similar_texts(texts)
    monkeypatch.setattr(module, "AT_ONCE", 20)
    assert similar_texts(texts).label.tolist() == whole.label.tolist()
