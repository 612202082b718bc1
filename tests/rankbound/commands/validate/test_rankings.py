from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.validate import rankings
from rankbound.commands.validate.rankings import (
    dense_ranking,
    positions_in_rankings,
    ranking_of,
)
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Scores, strings
from rankbound.errors import UsageError
from tests.rankbound.commands.validate.conftest import options_for


def test_order_is_by_score_then_docno_descending():
    scores = Scores.from_dict(
        {"2": {"a": 1.0, "é": 1.0, "b": 1.0 + 1e-15}, "1": {"x": -1.0, "y": 5.0}}
    )
    assert list(positions_in_rankings(scores)) == [
        ("2", "b", 1),
        ("2", "é", 2),
        ("2", "a", 3),
        ("1", "y", 1),
        ("1", "x", 2),
    ]


@pytest.mark.parametrize("block", [3, 1000])
def test_dense_ranking_is_the_best_of_all_products(monkeypatch, block):
    monkeypatch.setattr(rankings, "DOCUMENTS_AT_ONCE", block)
    rng = np.random.default_rng(0)
    docs = Embeddings(
        strings([f"d{i}" for i in (9, 3, 5, 0, 2, 7, 1)]), rng.normal(size=(7, 4))
    )
    queries = Embeddings(strings(["q2", "q1"]), rng.normal(size=(2, 4)))
    found = dense_ranking(docs, queries, depth=3)
    for row, qid in enumerate(queries.ids):
        products = dict(zip(docs.ids, docs.vectors @ queries.vectors[row], strict=True))
        best = sorted(products, key=products.get, reverse=True)[:3]
        ranked = [d for q, d, _ in positions_in_rankings(found) if q == qid]
        assert ranked == best
    with pytest.raises(UsageError, match="length 4"):
        dense_ranking(docs, Embeddings(strings(["q"]), np.ones((1, 3))), depth=3)


def test_a_ranking_given_goes_before_the_scores(toy):
    [case] = options_for(toy).cases
    assert ranking_of(case, "teacher").name.endswith("teacher.json.gz")
    assert ranking_of(case, "strong").name.endswith("strong.run")
    object.__setattr__(case, "rankings", {"strong": Path(toy.path("gappy.run"))})
    assert ranking_of(case, "strong").name.endswith("gappy.run")
