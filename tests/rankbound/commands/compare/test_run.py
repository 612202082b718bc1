"""The comparison against loops over dictionaries, SciPy and Holm by hand."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

import rankbound as rb
from rankbound.bounds.limits import two_sided
from rankbound.commands.compare.measured import measure_all
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.run import compare_with
from rankbound.errors import UsageError
from tests import oracles
from tests.rankbound.commands.compare.world import make

PAIRS = ("all", "pos-neg", "neg-neg")


def expected(world, name, pairs, column, scale=1.0):
    teacher = {
        qid: {doc: score / scale for doc, score in row.items()}
        for qid, row in world.teacher.items()
    }
    vectors = {doc: vector.tolist() for doc, vector in world.vectors.items()}
    rows = oracles.measured_rows(
        world.triples(name), teacher, None, vectors, pairs=pairs
    )
    return {qid: row[column] for qid, row in rows.items()}


def paired(world, name, pairs, column, reference="near", scale=1.0):
    mine = expected(world, name, pairs, column, scale)
    theirs = expected(world, reference, pairs, column, scale)
    shared = sorted(mine.keys() & theirs.keys())
    return [mine[q] for q in shared], [theirs[q] for q in shared]


@pytest.mark.parametrize("seed", [0, 1])
def test_every_row_matches_loops(tmp_path, seed):
    world = make(tmp_path, seed=seed)
    account = world.account("--temperature", "2")
    assert len(account["rows"]) == account["family"]["size"] == 6
    raw = []
    for row in account["rows"]:
        mine, theirs = paired(
            world, row["sampling"], row["pairs"], "entropy_nats", scale=2.0
        )
        differences = np.subtract(mine, theirs)
        assert row["n"] == len(mine)
        assert_allclose(row["mean"], np.mean(mine), rtol=1e-10)
        assert_allclose(row["reference_mean"], np.mean(theirs), rtol=1e-10)
        assert_allclose(row["difference"], differences.mean(), rtol=1e-8)
        ends = two_sided(
            differences, low=-math.log(2), high=math.log(2), delta=0.05 / 6
        )
        assert_allclose([row["lower"], row["upper"]], ends, atol=1e-9)
        theirs_t = ttest_rel(mine, theirs)
        assert_allclose(row["paired_t"]["p"], theirs_t.pvalue, rtol=1e-7)
        assert_allclose(row["paired_t"]["statistic"], theirs_t.statistic, rtol=1e-8)
        assert_allclose(
            row["effect_size"],
            differences.mean() / differences.std(ddof=1),
            rtol=1e-8,
        )
        raw.append(row["p"])
    assert_allclose(
        [row["p_holm"] for row in account["rows"]],
        multipletests(raw, method="holm")[1],
        rtol=0,
        atol=1e-10,
    )


@pytest.mark.parametrize(
    ("quantity", "column"),
    [("diameter", "diameter"), ("mean_distance", "mean_distance")],
)
def test_distances_match_loops(samplings, quantity, column):
    account = samplings.account(*samplings.vectors_of(), "--quantity", quantity)
    for row in account["rows"]:
        mine, theirs = paired(samplings, row["sampling"], row["pairs"], column)
        assert_allclose(row["mean"], np.mean(mine), rtol=1e-10)
        assert_allclose(row["reference_mean"], np.mean(theirs), rtol=1e-10)
        assert row["method"] == "betting"  # unit vectors are at most 2 apart
        assert row["range"] == [-2.02, 2.02]


def test_per_query_table_matches_loops(samplings):
    samplings.account(*samplings.vectors_of())
    with Path(samplings.path("out/comparison.per_query.tsv")).open(
        newline=""
    ) as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    columns = ["qid", "sampling", "quantity", "pairs", "value", "largest"]
    assert list(rows[0]) == columns
    found = {}
    for row in rows:
        key = (row["sampling"], row["quantity"], row["pairs"])
        found.setdefault(key, {})[row["qid"]] = float(row["value"])
    for name in samplings.groups:
        for pairs in PAIRS:
            for quantity, column in (
                ("entropy", "entropy_nats"),
                ("diameter", "diameter"),
            ):
                wanted = expected(samplings, name, pairs, column)
                mine = found[name, quantity, pairs]
                assert mine.keys() == wanted.keys()
                for qid, value in wanted.items():
                    assert_allclose(mine[qid], value, rtol=1e-10, atol=1e-15)
    assert {key[0] for key in found} == {*samplings.groups, "target"}


def test_the_reference_is_chosen_and_turns_the_sign(samplings):
    one = samplings.account("--pairs", "all", names=("near", "far"))
    two = samplings.account(
        "--pairs", "all", "--reference", "far", names=("near", "far")
    )
    assert (one["reference"], two["reference"]) == ("near", "far")
    [first], [second] = one["rows"], two["rows"]
    assert second["sampling"] == "near"
    assert_allclose(first["difference"], -second["difference"], rtol=1e-12)
    assert_allclose(first["lower"], -second["upper"], rtol=1e-9)


def test_queries_of_one_side_are_counted_and_left_out(samplings):
    account = samplings.account("--pairs", "all", names=("near", "odd"))
    [row] = account["rows"]
    mine, theirs = ({q for q, _ in samplings.groups[n]} for n in ("odd", "near"))
    assert row["n"] == len(mine & theirs)
    assert row["queries_only_in_reference"] == len(theirs - mine) > 0
    assert row["queries_only_in_sampling"] == 0


def test_a_fitted_temperature_sets_the_same_queries_aside_everywhere(samplings):
    options = CompareOptions(
        teacher=samplings.path("teacher.json"),
        groups=tuple((n, samplings.path(f"{n}.jsonl")) for n in ("near", "far")),
        qrels=samplings.path("qrels.txt"),
        temperature="fit",
        seed=3,
        resamples=0,
    )
    made = measure_all(options)
    kept = [set(s.groups.group_qids()) for s in made.loaded.samplings]
    assert kept[0] == kept[1]
    aside = set(made.loaded.calibration.groups.group_qids())
    assert len(aside) == made.loaded.n_calibration == 3
    assert not aside & kept[0]
    assert made.loaded.temperature > 0
    assert all(a.comparison.n == 11 for a in made.answers)


def test_python_callers_get_the_same_as_the_command(samplings):
    account = samplings.account()
    options = CompareOptions(
        teacher=samplings.path("teacher.json"),
        groups=tuple((n, samplings.path(f"{n}.jsonl")) for n in samplings.groups),
        resamples=200,
    )
    made = compare_with(options)
    found = [(row.lower, row.verdict) for row in made.rows]
    assert found == [(row["lower"], row["verdict"]) for row in account["rows"]]
    assert all("neighbours in the rankings" in line for line in made.warnings)


def test_the_same_inputs_give_the_same_bytes(samplings):
    texts = []
    for out in ("one", "one"):
        samplings.account("--controls", *samplings.vectors_of(), out=out)
        texts.append(
            [
                Path(samplings.path(f"{out}/{name}")).read_bytes()
                for name in ("comparison.json", "comparison.per_query.tsv")
            ]
        )
    assert texts[0] == texts[1]


@pytest.fixture(scope="module")
def unmarked():
    """Samplings whose lists do not say which documents are positives."""
    rng = np.random.default_rng(3)
    teacher = {
        f"q{n}": {f"d{k}": float(rng.normal()) for k in range(8)} for n in range(40)
    }
    lists = {"random": [f"d{k}" for k in range(4)], "hard": ["d4", "d5", "d6", "d7"]}
    return {
        "teacher": teacher,
        "teacher_kind": "logit",
        "groups": {name: dict.fromkeys(teacher, docs) for name, docs in lists.items()},
        "embeddings": rb.read_embeddings(
            rng.normal(size=(8, 4)).astype(np.float32), ids=[f"d{k}" for k in range(8)]
        ),
    }


def test_without_known_positives_all_pairs_alone_are_compared(unmarked):
    found = rb.compare(**unmarked, resamples=0)
    assert {row.pairs for row in found.rows} == {"all"}
    assert {row.pairs for row in found.target.rows} == {"all"}
    assert found.decomposition == ()  # it would be one of pairs that nobody knows
    assert [w for w in found.warnings if "its positive documents are not known" in w]
    [row] = [row for row in found.rows if row.quantity == "entropy"]
    entropies = {
        name: np.mean(
            [
                oracles.pairwise_entropy([scores[doc] for doc in docs])
                for scores in unmarked["teacher"].values()
            ]
        )
        for name, docs in (("hard", ["d4", "d5", "d6", "d7"]), ("random", DOCS))
    }
    assert row.difference == pytest.approx(entropies["hard"] - entropies["random"])


def test_pairs_that_nobody_knows_cannot_be_asked_for(unmarked):
    with pytest.raises(UsageError, match="no sampling shares pos-neg pairs"):
        rb.compare(**unmarked, resamples=0, pairs="pos-neg")


DOCS = [f"d{k}" for k in range(4)]
