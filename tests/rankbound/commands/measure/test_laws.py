"""Two laws per query: mixtures of groups, unions of documents, what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.commands.measure.shift import laws, laws_of_queries
from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.errors import UsageError


def groups(rows, *, given=True):
    """Groups from a list of (qid, {docno: probability})."""
    qids = sorted({qid for qid, _ in rows})
    docnos = sorted({doc for _, law in rows for doc in law})
    flat = [(doc, chance) for _, law in rows for doc, chance in law.items()]
    return Groups(
        queries=np.array([qids.index(qid) for qid, _ in rows]),
        qids=strings(qids),
        offsets=np.concatenate([[0], np.cumsum([len(law) for _, law in rows])]),
        codes=np.array([docnos.index(doc) for doc, _ in flat]),
        docnos=strings(docnos),
        probabilities=np.array([c for _, c in flat], dtype=float) if given else None,
    )


def as_dicts(found):
    """Laws of queries as ``{qid: {docno: probability}}``."""
    made = {qid: {} for qid in found.qids}
    rows = zip(found.queries, found.codes, found.chances, strict=True)
    for query, code, chance in rows:
        made[found.qids[query]][found.docnos[code]] = chance
    return made


NONE_ASIDE = np.zeros(3, dtype=bool)
DRAWN = [("q", {"a": 0.5, "b": 0.5}), ("q", {"b": 0.5, "c": 0.5}), ("p", {"d": 1.0})]


def test_groups_of_a_query_weigh_the_same():
    assert as_dicts(laws(groups(DRAWN))) == {
        "q": {"a": 0.25, "b": 0.5, "c": 0.25},
        "p": {"d": 1.0},
    }


def test_groups_without_probabilities_are_uniform():
    found = laws(groups([("q", {"a": 0, "b": 0, "c": 0, "d": 0})], given=False))
    assert as_dicts(found) == {"q": dict.fromkeys("abcd", 0.25)}


def test_laws_join_documents_and_count_queries_of_one_side():
    target = groups([("q", {"c": 0.5, "x": 0.5}), ("r", {"y": 1.0})])
    found = laws_of_queries(groups(DRAWN), target, aside=NONE_ASIDE)
    assert found.documents.qids.tolist() == ["q"]
    names = found.documents.docnos[found.documents.codes].tolist()
    assert names == ["a", "b", "c", "x"]
    assert found.sampling.tolist() == [0.25, 0.5, 0.25, 0.0]
    assert found.target.tolist() == [0.0, 0.0, 0.5, 0.5]
    assert (found.n_without_target, found.n_without_sampling) == (1, 1)
    assert_allclose(found.distance, 0.75)
    mu, nu = (
        np.outer(found.target, found.target),
        np.outer(found.sampling, found.sampling),
    )
    assert_allclose(found.pair_distance, np.abs(mu - nu).sum() / 2)
    assert np.isinf(found.ratio).all()
    assert found.rows(0) == slice(0, 4)


def test_without_target_groups_the_target_is_uniform_over_the_same_documents():
    sampling = groups([("q", {"a": 0.1, "b": 0.9})])
    found = laws_of_queries(sampling, None, aside=np.zeros(1, dtype=bool))
    assert found.target.tolist() == [0.5, 0.5]
    assert_allclose(found.ratio, 5.0)


def test_no_law_is_made_up_where_none_is_given():
    sampling = groups([("q", {"a": 1, "b": 1})], given=False)
    assert laws_of_queries(sampling, None, aside=np.zeros(1, dtype=bool)) is None


def test_queries_set_aside_do_not_appear():
    target = groups([("q", {"a": 1.0}), ("p", {"d": 1.0})])
    aside = np.array([True, True, False])
    found = laws_of_queries(groups(DRAWN), target, aside=aside)
    assert found.documents.qids.tolist() == ["p"]
    assert (found.n_without_target, found.n_without_sampling) == (0, 0)
    alone = laws_of_queries(groups(DRAWN), None, aside=aside)
    assert alone.documents.qids.tolist() == ["p"]


def test_laws_reject_a_law_that_lost_documents():
    torn = groups([("q", {"a": 0.5, "b": 0.2})])
    with pytest.raises(UsageError, match=r"'q' that are left sum to 0\.7"):
        laws(torn)


def test_laws_reject_foreign_targets():
    with pytest.raises(UsageError, match="none of the certificate's queries"):
        laws_of_queries(groups(DRAWN), groups([("z", {"a": 1.0})]), aside=NONE_ASIDE)
