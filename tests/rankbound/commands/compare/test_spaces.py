import csv
import math
from collections import Counter
from pathlib import Path

from numpy.testing import assert_allclose

from tests import oracles


def test_three_numbers_of_every_quantity(samplings):
    account = samplings.account(*samplings.vectors_of())
    table = {}
    with Path(samplings.path("out/per_query.tsv")).open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            key = (row["sampling"], row["quantity"], row["pairs"])
            table.setdefault(key, []).append(float(row["value"]))
    assert len(account["spaces"]) == 3 * (3 * 3 + 2)
    for row in account["spaces"]:
        values = table[row["sampling"], row["quantity"], row["pairs"]]
        assert row["n"] == len(values)
        assert_allclose(row["mean"], sum(values) / len(values))
        squares = sum(v * v for v in values) / len(values)
        assert_allclose(row["root_mean_square"], math.sqrt(squares))
        assert row["supremum"] >= max(values) - 1e-12


def test_the_supremum_of_the_diameter_is_that_of_all_pairs(samplings):
    account = samplings.account(*samplings.vectors_of())
    for row in account["spaces"]:
        if row["quantity"] == "diameter":
            distances = [
                math.dist(samplings.vectors[x], samplings.vectors[y])
                for _, docs, good in samplings.triples(row["sampling"])
                for x, y in oracles.wanted_pairs(docs, good, row["pairs"])
            ]
            assert_allclose(row["supremum"], max(distances), rtol=1e-10)


def test_without_vectors_there_is_no_space(samplings):
    assert samplings.account()["spaces"] is None


def test_shapes_are_the_distances_of_all_pairs_queries_weighing_the_same(samplings):
    account = samplings.account(*samplings.vectors_of())
    for shape in account["shapes"]:
        triples = list(samplings.triples(shape["sampling"]))
        per_query = Counter(qid for qid, _, _ in triples)
        weighted = []
        for qid, docs, good in triples:
            pairs = list(oracles.wanted_pairs(docs, good, "all"))
            share = 1 / (len(per_query) * per_query[qid] * len(pairs))
            weighted += [
                (math.dist(samplings.vectors[x], samplings.vectors[y]), share)
                for x, y in pairs
            ]
        for distance, share in zip(shape["distances"], shape["shares"], strict=True):
            below = sum(s for d, s in weighted if d <= distance)
            near = sum(s for d, s in weighted if abs(d - distance) < 1e-9)
            assert abs(share - below) <= near + 1e-9
        assert shape["documents"] == len({d for _, docs, _ in triples for d in docs})
    assert samplings.account()["shapes"] is None
