import numpy as np
import pytest

from rankbound.commands.inspect.parts import group_counts, group_findings
from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from tests.rankbound.commands.inspect.world import codes, only


def groups(rows, *, positive=True, lines=None):
    """Groups from (qid, [docno, ...]), the first document a positive."""
    qids = list(dict.fromkeys(qid for qid, _ in rows))
    docnos = sorted({docno for _, docs in rows for docno in docs})
    sizes = [len(docs) for _, docs in rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    marks = np.zeros(sum(sizes), dtype=bool)
    marks[offsets[:-1]] = True
    return Groups(
        queries=np.array([qids.index(qid) for qid, _ in rows]),
        qids=strings(qids),
        offsets=offsets,
        codes=np.array([docnos.index(d) for _, docs in rows for d in docs]),
        docnos=strings(docnos),
        positive=marks if positive else None,
        name="g",
        lines=None if lines is None else np.array(lines),
    )


def test_plain_groups_have_no_finding():
    assert codes(group_findings(groups([("q", ["a", "b"]), ("r", ["a", "c"])]))) == {}


def test_several_groups_of_a_query_are_counted_in_queries():
    rows = [("q", ["a", "b"]), ("q", ["a", "c"]), ("q", ["a", "d"]), ("r", ["a", "b"])]
    found = only(group_findings(groups(rows)), "repeated-query-ids")
    assert found.count == 1
    assert found.message.startswith("4 groups of 2 queries: 1 of 2")
    facts = group_counts(groups(rows))
    assert facts.queries_with_several_groups == 1
    assert facts.most_groups_of_a_query == 3


def test_documents_that_stand_twice_are_counted():
    found = only(
        group_findings(groups([("q", ["a", "b", "b", "b"]), ("r", ["a", "b"])])),
        "duplicates-in-groups",
    )
    assert found.count == 2
    assert "1 of 2" in found.message
    assert "document 'b'" in found.example


def test_positives_that_are_negatives_elsewhere_are_found_by_query():
    rows = [("q", ["a", "b"]), ("q", ["b", "c"]), ("r", ["c", "a"])]
    found = only(
        group_findings(groups(rows, lines=[1, 2, 3])), "positive-also-negative"
    )
    assert found.count == 1
    assert found.example == "line 1, query 'q', document 'b'"


def test_groups_that_repeat_another_are_found_in_any_order():
    rows = [("q", ["a", "b", "c"]), ("q", ["a", "c", "b"]), ("r", ["a", "b", "c"])]
    assert only(group_findings(groups(rows)), "repeated-groups").count == 1


def test_unknown_and_missing_positives():
    plain = groups([("q", ["a", "b"])], positive=False)
    assert only(group_findings(plain), "positives-unknown").severity == "note"
    assert group_counts(plain).positives is None
    none = groups([("q", ["a", "b"]), ("r", ["a", "b"])])
    none.positive[0] = False
    assert only(group_findings(none), "groups-without-positive").count == 1


@pytest.mark.parametrize("sizes", [(2, 3, 3), (3, 3, 5)])
def test_unequal_sizes_are_counted_against_the_usual_one(sizes):
    rows = [(f"q{n}", list("abcdefg")[:size]) for n, size in enumerate(sizes)]
    found = only(group_findings(groups(rows)), "unequal-groups")
    assert found.count == 1
    assert f"from {min(sizes)} to {max(sizes)}" in found.message
