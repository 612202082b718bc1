import csv
import math
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
