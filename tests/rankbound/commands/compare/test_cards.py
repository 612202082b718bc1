"""The sampling card of a comparison, counted by hand."""

import numpy as np
import pytest

import rankbound as rb

SCORES = {
    f"q{query:02d}": {"p": 1.0, "a": 2.0, "b": 0.0, "c": -1.0, "d": 3.0}
    for query in range(40)
}
GROUPS = {
    name: [{"query_id": q, "doc_id_a": "p", "doc_id_b": negatives} for q in SCORES]
    for name, negatives in (("easy", ["b", "c"]), ("hard", ["a", "b", "d"]))
}
QRELS = {qid: {"p": 1, "a": 1, "b": 0} for qid in SCORES}


@pytest.fixture(scope="module")
def found():
    return rb.compare(
        SCORES, groups=GROUPS, qrels=QRELS, teacher_kind="logit", resamples=0
    )


def test_the_card_counts_what_a_reader_would(found):
    easy, hard = found.cards["easy"], found.cards["hard"]
    assert (easy.suspected, hard.suspected) == (0.0, pytest.approx(2 / 3))
    assert easy.suspected_lower == 0
    assert hard.suspected_lower < 2 / 3 < hard.suspected_upper
    assert (hard.n_negatives, hard.suspected_n) == (120, 40)
    assert (easy.judged_negatives, easy.relevant_negatives) == (40, 0)
    assert (hard.judged_negatives, hard.relevant_negatives) == (80, 40)
    # Scores from -1 to 3 in ten strata: -1, 0, 1, 2 and 3 all lie in different ones
    assert (easy.score_coverage, hard.score_coverage) == (3 / 5, 4 / 5)
    assert easy.variance_share == pytest.approx(np.var([1, 0, -1]) / 2)
    assert easy.mean_distance is None


def test_advice_follows_from_the_card_alone(found):
    assert not found.cards["easy"].advice
    suspected, judged = found.cards["hard"].advice
    assert "66.7%" in suspected
    assert "40 of 80" in judged
    # The comparison says each kind once, of all samplings that it holds for
    for said in (suspected, judged):
        assert f"hard: {said.partition(': ')[2]}" in found.advice


def test_without_positives_nothing_is_suspected():
    lists = {
        name: {"q": [f"{name}{place}" for place in range(3)]} for name in ("x", "y")
    }
    scores = {
        "q": {
            doc: 1.0 * n for n, doc in enumerate([*lists["x"]["q"], *lists["y"]["q"]])
        }
    }
    groups = {
        name: [{"query_id": "q", "doc_ids": held["q"]}] for name, held in lists.items()
    }
    made = rb.compare(scores, groups=groups, teacher_kind="logit", resamples=0)
    assert made.cards["x"].suspected is None
    assert made.cards["x"].suspected_n == 0
