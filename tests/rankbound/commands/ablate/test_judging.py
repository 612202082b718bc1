"""What cells say together: orders by plain loops, claims by hand, folders' groups."""

import gzip
import json
import math
import shutil
import sys
from collections import namedtuple
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.commands.ablate import judging
from rankbound.commands.ablate.collections import read_collection
from rankbound.commands.ablate.judging import _tau, judged
from rankbound.commands.ablate.keeping import Part
from rankbound.commands.ablate.result import CellSummary, Mean, SamplingTerms
from rankbound.errors import FormatError
from tests.rankbound.beir import world as beir
from tests.rankbound.realdata import DATA, needs_data

KINDS = ("none", "samplings", "collections", "losses")


def signs(table):
    return np.sign(table[:, :, None] - table[:, None, :])


def tau_by_loops(x, y, left_out, groups):
    """Concordant less discordant pairs, each read by the sign of the others."""
    tasks, n = x.shape

    def pair(t, i, j):
        return np.sign(x[t, i] - x[t, j]) * np.sign(y[t, i] - y[t, j])

    every = [(t, i, j) for t in range(tasks) for i, j in combinations(range(n), 2)]
    size = math.sqrt(
        sum(x[t, i] != x[t, j] for t, i, j in every)
        * sum(y[t, i] != y[t, j] for t, i, j in every)
    )
    if left_out == "none":
        return sum(pair(*one) for one in every) / size
    if left_out == "samplings":
        total = 0.0
        for out in range(n):
            held = [one for one in every if out not in one[1:]]
            mine = [one for one in every if out in one[1:]]
            sign = np.sign(sum(pair(*one) for one in held))
            total += sign * sum(pair(*one) for one in mine) / 2
        return total / size
    total = 0.0
    for group in groups:
        sign = np.sign(sum(pair(*one) for one in every if one[0] not in group))
        total += sign * sum(pair(*one) for one in every if one[0] in group)
    return total / size


@pytest.mark.parametrize("left_out", KINDS)
def test_orders_are_those_of_loops(left_out):
    rng = np.random.default_rng(1)
    groups = [[0, 3], [1], [2, 4]]
    for _ in range(30):
        x, y = rng.integers(4, size=(2, 5, 6)).astype(float)
        found = _tau(signs(x), signs(y), np.ones((1, 6)), left_out, groups)
        assert_allclose(found, tau_by_loops(x, y, left_out, groups), atol=1e-12)


def test_a_predictor_whose_sign_changes_is_below_zero_where_it_is_left_out():
    x = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    y = np.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    one = np.ones((1, 3))
    assert _tau(signs(x), signs(y), one, "none", [])[0] == 0
    assert _tau(signs(x), signs(y), one, "collections", [[0], [1]])[0] == -1


def part(sampling, loss, values, diameter, *, collection="c", trained_on=None):
    """A cell whose students have some nDCG@10 by query."""
    values = np.asarray(values, dtype=float)
    mean = Mean(
        value=float(values.mean()),
        seeds_lower=None,
        seeds_upper=None,
        queries_lower=0.0,
        queries_upper=1.0,
    )
    n = len(values)
    return Part(
        rows=(),
        summary=CellSummary(
            collection=collection,
            domain="in" if trained_on is None else "out",
            architecture="bi",
            loss=loss,
            sampling=sampling,
            n_seeds=1,
            n_queries=n,
            upper_bound=0.5,
            n_vacuous=0,
            means={"ndcg@10": mean, "entropy": mean},
            trained_on=trained_on or collection,
        ),
        columns={
            "ndcg@10": tuple(values.tolist()),
            "entropy": (0.4,) * n,
            "diameter": tuple((diameter + np.arange(n) / (100 * n)).tolist()),
        },
    )


SAMPLINGS = ("random", "bm25", "crossencoder", "stratified-width", *"abcdef")


def world(*, gain, seed=3, collections=("c", "e")):
    """Cells of ten samplings; each gains so much over random by its place."""
    rng = np.random.default_rng(seed)
    parts, terms = [], []
    for collection in collections:
        base = rng.uniform(0.2, 0.6, size=400)
        for place, sampling in enumerate(SAMPLINGS):
            terms.append(
                SamplingTerms(
                    collection=collection,
                    architecture="",
                    sampling=sampling,
                    terms={"told": -float(place), "noise": float(rng.normal())},
                )
            )
            for loss in ("kl", "ranknet"):
                noise = 0.02 * rng.normal(size=400)
                values = np.clip(base + gain * place + noise, 0, 1)
                parts.append(
                    part(
                        *(sampling, loss, values, 1.0 - 0.01 * place),
                        collection=collection,
                    )
                )
    return judged(parts, terms)


def test_what_orders_samplings_everywhere_is_advice_and_noise_is_none():
    found = world(gain=0.03)
    advice = {one.predictor for one in found.predicted if one.is_advice}
    assert advice == {"told"}
    by_kind = {o.left_out: o for o in found.predicted if o.predictor == "told"}
    # It falls where effectiveness rises, which is no fault of a predictor
    assert_allclose(by_kind["none"].tau, -1)
    assert_allclose([by_kind[kind].tau for kind in KINDS[1:]], 1)
    choices = {(one.rule, one.left_out): one for one in found.choices}
    assert choices["predicted", "collections"].chosen == {"f": 4}
    assert_allclose(choices["predicted", "losses"].value, choices["best", "none"].value)
    assert choices["predicted", "collections"].lower > 0
    assert choices["random", "none"].gain == 0
    claims = {one.name: one.verdict for one in found.claims}
    assert claims["stratified-best"] == "supported"
    assert claims["elaborate-little"] == "not supported"
    assert claims["mining-not-compact"] == "not supported"
    assert claims["entropy-unmoved"] == "supported"
    assert claims["elaborate-little-elsewhere"] == "inconclusive"


def test_where_nothing_differs_little_is_gained():
    found = world(gain=0.0)
    assert not any(one.is_advice for one in found.predicted)
    assert {one.verdict for one in found.differences} == {"open"}
    claims = {one.name: one.verdict for one in found.claims}
    assert claims["elaborate-little"] == "supported"
    assert claims["stratified-best"] == "inconclusive"


def test_queries_that_test_students_of_several_collections_are_one_sample():
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(size=60) for name in ("random", "bm25")}

    def told(*trainers):
        parts = [
            part(sampling, "kl", values[sampling], 1.0, trained_on=name)
            for name in trainers
            for sampling in values
        ]
        found = judged(parts, ())
        claims = {one.name: one.evidence for one in found.claims}
        intervals = [(one.rule, one.lower, one.upper) for one in found.choices]
        return claims["elaborate-little-elsewhere"], intervals

    assert told("e", "f") == told("e")


def test_a_collection_alone_cannot_be_left_out(monkeypatch):
    monkeypatch.setattr(judging, "PERMUTATIONS", 19)
    found = world(gain=0.03, collections=("c",))
    (one,) = (
        o
        for o in found.predicted
        if (o.predictor, o.left_out) == ("told", "collections")
    )
    assert one.tau is None
    assert one.missing_because == "one of collections alone"


def test_ids_of_ir_datasets_are_collections(monkeypatch, tmp_path):
    pytest.importorskip("bm25s")
    place = beir(tmp_path / "world")
    texts = {}
    for name in ("corpus", "queries"):
        rows = map(json.loads, (place / f"{name}.jsonl").read_text().splitlines())
        texts[name] = {row["_id"]: row["text"] for row in rows}
    lines = (place / "qrels/test.tsv").read_text().splitlines()[1:]

    class Dataset:
        has_docs = has_queries = has_qrels = lambda _: True

        def docs_iter(self):
            made = namedtuple("Doc", ["doc_id", "text"])
            return [made(*one) for one in texts["corpus"].items()]

        def queries_iter(self):
            made = namedtuple("Query", ["query_id", "text"])
            return [made(*one) for one in texts["queries"].items()]

        def qrels_iter(self):
            made = namedtuple("Qrel", ["query_id", "doc_id", "relevance"])
            rows = (line.split("\t") for line in lines)
            return [made(qid, docno, int(grade)) for qid, docno, grade in rows]

    library = SimpleNamespace(load=lambda name: {"beir/world": Dataset()}[name])
    monkeypatch.setitem(sys.modules, "ir_datasets", library)
    found = read_collection("irds:beir/world", seed=0)
    for name in ("teacher", "embeddings"):
        shutil.rmtree(place / name)
    wanted = read_collection(place, seed=0)
    assert found.name == "beir-world"
    assert found.digest == wanted.digest
    assert found.qids.tolist() == wanted.qids.tolist()
    with pytest.raises(FormatError, match="no such dataset"):
        read_collection("irds:nothing", seed=0)


@needs_data
@pytest.mark.parametrize("name", ["vaswani", "cranfield-titles"])
def test_real_collections_come_with_their_teacher_and_groups(name):
    pytest.importorskip("bm25s")
    folder = DATA / name
    collection = read_collection(folder, seed=0)
    with gzip.open(folder / "teacher/teacher.scores.json.gz", "rt") as stream:
        teacher = json.load(stream)
    given = {}
    with gzip.open(folder / "train/crossencoder.16.jsonl.gz", "rt") as stream:
        for line in stream:
            row = json.loads(line)
            # A query may have several groups, one for each positive
            given[row["query_id"], row["doc_id_a"]] = {*row["doc_id_b"]}
    for size in (16, 8):
        groups = collection.draw("crossencoder", size=size, seed=0)
        qids = groups.group_qids()
        documents = groups.docnos[groups.codes].reshape(-1, size)
        values, known = groups.scores_of(collection.pool.teacher)
        assert known.all()
        assert groups.n_groups > 80
        for qid, row, scores in zip(
            qids, documents, values.reshape(-1, size), strict=True
        ):
            assert {*row[1:]} <= given[qid, row[0]]
            assert len({*row}) == size
            assert_allclose(scores, [teacher[qid][docno] for docno in row])
