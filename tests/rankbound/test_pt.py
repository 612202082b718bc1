"""PyTerrier's side: measures by the real ir_measures, a stand-in for pipelines.

`make clients` runs both in PyTerrier itself.
"""

import sys
from types import SimpleNamespace

import ir_measures
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.errors import UsageError

DOCNOS = "abcde"
TOLD = {"kind": "logit", "depth": 4}


def made(seed):
    rng = np.random.default_rng(seed)
    rows = [dict(zip(DOCNOS, 3 * rng.normal(size=5), strict=True)) for _ in range(5)]
    return {f"q{n}": row for n, row in enumerate(rows)}


def evaluated(measure, run, qids):
    qrels = [ir_measures.Qrel(qid, "a", 1) for qid in qids]
    docs = [
        ir_measures.ScoredDoc(q, d, v) for q, row in run.items() for d, v in row.items()
    ]
    return ir_measures.calc_aggregate([measure], qrels, docs)[measure]


def test_measures_are_the_columns_of_measure():
    teacher, run = made(0), made(1)
    del run["q1"], run["q2"]["b"]  # not retrieved
    wanted = rb.measure(
        teacher,
        students={"s": run},
        teacher_kind="logit",
        depth=4,
        pilot=0.0,
        score_range=3.0,
    ).students["s"]
    for name in ("risk", "divergence", "entropy"):
        measure = getattr(rb.pt, name.capitalize())(teacher, **TOLD)
        assert str(measure) == name.capitalize()
        assert_allclose(evaluated(measure, run, teacher), getattr(wanted, name))
    alone = rb.pt.Risk(teacher, **TOLD)
    assert_allclose(evaluated(alone, {"q1": {}, "q3": run["q3"]}, ["q1"]), np.log(2))
    with pytest.raises(UsageError, match="'q9'"):
        evaluated(alone, run, ["q9"])


def test_a_pipeline_gets_the_entropy_of_each_query(monkeypatch):
    apply = SimpleNamespace(generic=lambda function: function)
    monkeypatch.setitem(sys.modules, "pyterrier", SimpleNamespace(apply=apply))
    teacher = made(2)
    rows = [(q, d, v) for q, row in teacher.items() for d, v in row.items()]
    frame = pd.DataFrame(rows, columns=["qid", "docno", "score"])
    best = np.array([sorted(row.values())[-4:] for row in teacher.values()])
    wanted = np.repeat(rb.pairwise_entropy_nats(best), 5)
    for given in (None, teacher):
        found = rb.pt.teacher_entropy(given, column="unsure", **TOLD)(frame)
        assert_allclose(found["unsure"], wanted)
    few = {qid: row for qid, row in teacher.items() if qid != "q3"}
    found = rb.pt.teacher_entropy(few, **TOLD)(frame)
    assert found["teacher_entropy"].isna().sum() == 5
    assert "teacher_entropy" in rb.pt.teacher_entropy(**TOLD)(frame[:0])
