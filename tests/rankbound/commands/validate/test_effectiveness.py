"""Effectiveness by hand, against pytrec_eval's float32, and DL 2019's reference."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.validate import effectiveness
from rankbound.commands.validate.effectiveness import (
    Judge,
    dense_ranking,
    judge,
    positions_in_rankings,
    ranking_of,
)
from rankbound.commands.validate.options import split_measures
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Scores
from rankbound.errors import UsageError
from rankbound.read.reading import read_scores
from rankbound.read.text.trec import read_qrels
from tests.rankbound.commands.validate.conftest import options_for
from tests.rankbound.realdata import DATA, lines, needs_data

QRELS = Scores.from_dict(
    {"1": {"a": 1.0, "b": 0.0, "c": 2.0}, "2": {"a": 1.0}, "3": {"z": 1.0}}, name="q"
)
RUN = Scores.from_dict(
    {"1": {"b": 3.0, "a": 2.0, "c": 1.0}, "2": {"a": 1.0}, "9": {"a": 1.0}}, name="run"
)


def judged(missing="zero", measures=("nDCG@10", "AP(rel=2)", "RR@10"), run=RUN):
    return Judge(QRELS, measures, missing=missing).evaluate(run)


def test_values_by_hand():
    found = judged()
    ideal = 2 + 1 / math.log2(3)
    ndcg = (1 / math.log2(3) + 2 / math.log2(4)) / ideal
    assert found.measures == ("nDCG@10", "AP(rel=2)", "RR@10")
    assert found.qids.tolist() == ["1", "2", "3"]
    assert found.values[0] == pytest.approx([ndcg, 1 / 3, 1 / 2])
    assert found.values[1] == pytest.approx([1, 0, 1])
    assert found.values[2].tolist() == [0, 0, 0]
    assert found.n_missing == 1


def test_missing_queries():
    assert judged("drop").qids.tolist() == ["1", "2"]
    with pytest.raises(UsageError, match="1 judged queries, the first being '3'"):
        judged("error")


def test_rows_are_found_by_query():
    values, known = judged().of(strings(["2", "x"]))
    assert known.tolist() == [True, False]
    assert values[0, 0] == 1.0


def test_near_scores_are_no_ties():
    # float32 makes a tie of them, and then z comes first
    near = Scores.from_dict({"1": {"a": 1.0 + 1e-9, "z": 1.0}}, name="near")
    assert judged(run=near).values[0, 2] == 1.0
    tied = Scores.from_dict({"1": {"a": 1.0, "z": 1.0}}, name="tied")
    assert judged(run=tied).values[0, 2] == 0.5


def test_many_documents_stay_apart():
    many = {f"d{i:05d}": 20_000.0 - i for i in range(20_000)} | {"a": 0.5}
    found = judged(measures=("RR",), run=Scores.from_dict({"1": many}))
    assert found.values[0, 0] == pytest.approx(1 / 20_001)


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        (("foo",), "is unknown to ir-measures"),
        (("nDCG@",), "is unknown to ir-measures"),
        (("AP", "AP"), "each of them once"),
        ((), "each of them once"),
    ],
)
def test_unknown_measures_are_refused(measures, message):
    with pytest.raises(UsageError, match=message):
        judged(measures=measures)


def test_a_run_of_other_queries_is_refused():
    with pytest.raises(UsageError, match="none of its queries is judged"):
        judged(run=Scores.from_dict({"9": {"a": 1.0}}))


def test_measures_are_split_outside_of_brackets():
    assert split_measures(" nDCG@10,AP(rel=2, judged_only=True)@5 RR ") == (
        "nDCG@10",
        "AP(rel=2, judged_only=True)@5",
        "RR",
    )


@needs_data
@pytest.mark.realdata
def test_dl19_equals_its_reference_to_the_digits_given():
    home = DATA / "dl19"
    judge = Judge(
        read_qrels(home / "qrels.trec"), ("nDCG@10", "AP(rel=2)"), missing="error"
    )
    rows = list(
        csv.DictReader(lines(home / "metrics.per_query.tsv.gz"), delimiter="\t")
    )
    runs = {row["run"] for row in rows}
    assert runs >= {"repllama", "tasb", "splade_ed", "ada2", "bm25", "bm25_rm3"}
    for name in sorted(runs):
        [path] = (home / "runs").glob(f"{name}.run*")
        found = judge.evaluate(read_scores(path))
        wanted = {
            r["query_id"]: (r["nDCG@10"], r["AP"]) for r in rows if r["run"] == name
        }
        assert len(wanted) == len(found.qids) == 43
        for qid, values in zip(found.qids, found.values, strict=True):
            assert tuple(f"{value:.6f}" for value in values) == wanted[qid]
    assert np.isclose(found.values[:, 0].mean(), 0.7210, atol=1e-4)


def test_relevant_counts_grades(toy):
    options = options_for(toy)
    for least in (1, 2):
        found = judge(
            options.cases[0],
            measures=options.measure_names,
            missing_queries="zero",
            relevant=least,
        ).relevant
        wanted = {
            q: sum(g >= least for g in row.values()) for q, row in toy.qrels.items()
        }
        assert found == wanted


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
    monkeypatch.setattr(effectiveness, "DOCUMENTS_AT_ONCE", block)
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
