from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from rankbound.read.contents import Contents
from rankbound.read.json.records import (
    Record,
    group_records,
    list_records,
    one_positive,
    pair_records,
    ranked_records,
    text_of,
)
from tests.rankbound.files import refusal

SCORES = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 3.0}, "r": {"a": 2.0}})


def contents(marks=(True, False, False, True), scores=SCORES, **more):
    """Groups c, b, a of q and a of r, with these positives."""
    groups = top_documents(SCORES, depth=3)
    positive = None if marks is None else np.array(marks)
    groups = replace(groups, positive=positive, name="groups")
    return Contents("x", Path("in"), scores=scores, groups=groups, **more)


def seen(found):
    return [(r.qid, r.docnos, r.positive, r.scores) for r in found]


def test_groups_are_records_with_scores():
    assert seen(group_records(contents(), "t")) == [
        ("q", ["c", "b", "a"], [True, False, False], [3.0, 3.0, 1.0]),
        ("r", ["a"], [True], [2.0]),
    ]
    assert seen(group_records(contents(scores=None), "t"))[1] == (
        "r",
        ["a"],
        [True],
        None,
    )
    assert seen(list_records(contents(marks=None), "t"))[1] == ("r", ["a"], None, [2.0])


def test_a_record_is_split_by_its_positives():
    record = next(group_records(contents((False, True, False, True)), "t"))
    assert record.split() == ([1], [0, 2])
    assert record.pick([2, 0]) == ["a", "c"]
    assert record.scores_at([2]) == [1.0]
    bare = Record(record.qid, record.docnos, record.positive, None)
    assert bare.scores_at([2]) == []


def test_rankings_are_records_best_first_with_ties_as_ranked_or_by_docno():
    bare = Contents("x", Path("in"), scores=SCORES)
    assert seen(list_records(bare, "t"))[0] == ("q", ["c", "b", "a"], None, [3, 3, 1])
    ranked = replace(bare, ranks=np.array([3, 1, 2, 1]))
    assert seen(ranked_records(ranked, "t"))[0][1] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("call", "held", "message"),
    [
        (group_records, Contents("x", Path("in"), scores=SCORES), "needs groups"),
        (
            group_records,
            contents(marks=None),
            "needs groups whose positives are marked",
        ),
        (
            list_records,
            Contents("x", Path("in")),
            "holds nothing, but a file of t needs",
        ),
        (
            ranked_records,
            Contents("x", Path("in")),
            "in: holds nothing, but a file of t",
        ),
        (one_positive, contents((True, True, False, True)), "'q' has 2 positives, but"),
        (one_positive, contents((False, False, False, True)), "'q' has 0 positives"),
        (
            pair_records,
            contents(),
            "query 'r' and positive 'a' have a group without neg",
        ),
    ],
)
def test_contents_that_lack_something_are_refused(call, held, message):
    said = refusal(lambda: list(call(held, "t")))
    assert said.startswith("in: ")
    assert message in said


def test_a_second_group_of_a_positive_is_refused_where_triples_would_merge_it():
    one = contents()
    rows = np.array([0, 1, 0, 2])
    twice = replace(
        one.groups,
        queries=np.array([0, 0]),
        offsets=np.array([0, 2, 4]),
        codes=one.groups.codes[rows],
        positive=np.array([True, False, True, False]),
    )
    said = refusal(lambda: list(pair_records(replace(one, groups=twice), "t")))
    assert "query 'q' and positive 'c' have a second group" in said


def test_a_group_document_without_a_score_is_refused():
    few = Scores.from_dict({"q": {"c": 1.0}})
    said = refusal(lambda: list(group_records(contents(scores=few), "t")))
    assert "document 'b' of the group of query 'q' (groups) has no score" in said
    assert "(3 of 4 have none)" in said


def test_a_lacking_text_is_refused():
    held = contents(texts={"a": "A"})
    assert text_of(held, dict(held.texts), "a", "t") == "A"
    assert "has no text of 'b'" in refusal(lambda: text_of(held, {}, "b", "t"))
