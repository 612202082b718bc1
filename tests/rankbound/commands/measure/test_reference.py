"""The reference's numbers of small worlds, by plain loops and by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as replace_field
from scipy.spatial.distance import pdist
from scipy.special import softmax
from scipy.stats import entropy

from rankbound.commands.measure.inputs import load_inputs
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import COMPAT
from rankbound.commands.measure.run import measure
from rankbound.data.columns import strings
from rankbound.data.scores import Kind
from rankbound.read.reading import read_groups, read_scores
from rankbound.reference.formulas import INFINITE
from rankbound.reference.measure import (
    FEW_SCORES,
    NO_LAW,
    NO_SCORES,
    SPOILT,
    Column,
    Columns,
    compat_of,
    compat_table,
    file_scores,
    pooled_entropy,
    reference_columns,
)
from rankbound.writing import json_text
from tests.rankbound.files import group_text, lookup, written
from tests.rankbound.reference.test_entropy import naive

TEACHER = {
    "q1": {"a": 3.0, "b": 1.0, "c": 2.0, "d": 0.5},
    "q2": {"a": 2.0, "b": -1.0, "c": -1.5},
    "q3": {"a": 0.25, "b": 4.0},
}
GROUPS = [
    ("q1", ["a", "b", "c"]),
    ("q2", ["a", "b", "c"]),
    ("q1", ["b", "d"]),
    ("q3", ["a", "x", "b"]),
    ("q4", ["a", "b"]),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, lookup(TEACHER), "t.json")
    written(tmp_path, group_text(GROUPS), "g.jsonl")

    def run(**changes):
        options = {
            "teacher": "t.json",
            "groups": "g.jsonl",
            "temperature": 2.0,
            "missing": "drop",
        }
        found = measured(MeasureOptions(**options | changes))
        return found, reference_columns(found)

    return run


def column(compat, name):
    found = next(c for c in compat.columns if c.quantity == name)
    sides = zip(found.reference.tolist(), found.corrected.tolist(), strict=True)
    return dict(zip(found.qids, sides, strict=True)), found


def test_pooled_entropy_beside_ours(run):
    measurement, compat = run()
    table, found = column(compat, "pairwise_entropy")
    pooled = {
        "q1": [3.0, 1.0, 2.0, 1.0, 0.5],
        "q2": [2.0, -1.0, -1.5],
        "q3": [0.25, 0.0, 4.0],  # x has no score
        "q4": [0.0, 0.0],
    }
    for qid, scores in pooled.items():
        assert table[qid][0] == pytest.approx(naive(scores), abs=1e-12)
    assert math.isnan(table["q4"][1])
    assert found.why == {"q4": NO_SCORES}
    ours = dict(
        zip(measurement.teacher.qids, measurement.teacher.entropy_bits, strict=True)
    )
    assert {q: b for q, (_, b) in table.items() if q != "q4"} == pytest.approx(ours)
    assert compat.zeros == {"": 3}
    assert compat.n_pooled == 1


def test_kappa_is_of_the_last_line_and_missing_scores_make_it_infinite(run):
    table, found = column(run()[1], "kappa")
    assert table["q1"][0] == pytest.approx((1 / 2) / (0.5 / 1.5))
    assert table["q2"][0] == pytest.approx(
        max((1 / 3) / (s / -0.5) for s in (2, -1, -1.5))
    )
    assert table["q3"][0] == math.inf
    assert math.isnan(table["q4"][0])
    assert "infinite" in found.why["q3"]
    assert "0 / 0" in found.why["q4"]
    assert found.why["q1"] == NO_LAW


def test_kappa_beside_that_of_given_probabilities(run, tmp_path):
    law = '"probabilities": [0.5, 0.25, 0.25]'
    text = group_text([("q1", ["a", "b", "c"])]).replace("}", f", {law}}}")
    written(tmp_path, text, "law.jsonl")
    table, found = column(run(groups="law.jsonl")[1], "kappa")
    assert table["q1"] == pytest.approx((max(2 / s for s in (3, 1, 2)), 4 / 3))
    assert found.why == {}
    assert found.difference == pytest.approx(2.0 - 4 / 3)


def test_queries_set_aside_do_not_appear(tmp_path, run):
    rng = np.random.default_rng(0)
    teacher = {f"q{i}": {d: float(rng.normal(0, 2)) for d in "abcd"} for i in range(10)}
    written(tmp_path, lookup(teacher), "t.json")
    written(tmp_path, group_text([(q, list("abcd")) for q in teacher]), "g.jsonl")
    written(tmp_path, lookup(teacher), "s.json")
    student = StudentSource("s", scores="s.json", temperature="fit")
    measurement, compat = run(students=(student,))
    for made in compat.columns:
        assert list(made.qids) == list(measurement.teacher.qids)
    assert len(measurement.teacher) == 8


def test_other_pair_sets_are_named_and_nothing_is_computed_unasked(run):
    _, compat = run(pairs="pos-neg")
    _, found = column(compat, "pairwise_entropy")
    assert "corrected: pos-neg" in found.reason
    names = ["pairwise_entropy", "list_entropy", "list_entropy_nats", "kappa"]
    assert [c.quantity for c in compat.columns] == names
    asked = {"teacher": "t.json", "groups": "g.jsonl", "missing": "drop"}
    plain = measure(**asked)
    assert plain.compat is None
    assert "compat" not in plain.beside
    whole = measure(**asked, compat="reference")
    assert [*whole.compat.quantities] == names
    assert whole.beside["compat"].column("quantity")[:4] == names
    assert replace_field(whole, compat=None) == plain


NAN, INF = math.nan, math.inf


def made(
    reference, corrected, *, quantity="kappa", unit="ratio", corrected_unit="", why=None
):
    qids = strings([f"q{i}" for i in range(len(reference))])
    return Column(
        quantity,
        unit,
        "long",
        "short",
        qids,
        np.array(reference),
        np.array(corrected),
        why or {},
        corrected_unit or unit,
    )


def compat(*columns):
    return Columns(columns, {"": 2, "s": 1}, 3)


def test_the_table_has_blanks_and_reasons():
    found = compat(
        made([1.5, NAN], [1.0, 2.0], why={"q1": "nothing there"}),
        made([1.0], [2.0], quantity="x", unit="1 - cos", corrected_unit="distance"),
    )
    lines = [line.split("\t") for line in compat_table(found).text().splitlines()]
    assert lines == [
        list(COMPAT),
        ["q0", "kappa", "1.5", "1", "0.5", "ratio", "short"],
        [
            "q0",
            "x",
            "1",
            "2",
            "",
            "1 - cos",
            "short; no difference: the corrected value is in distance",
        ],
        ["q1", "kappa", "", "2", "", "ratio", "nothing there"],
    ]


def test_means_over_what_exists_and_counts_of_the_rest():
    record = compat_of(
        compat(made([1.0, NAN, 3.0], [0.5, 1.0, NAN], why={"q1": "0 log 0"}))
    )
    row = record.quantities["kappa"]
    assert row.reference_mean == 2.0
    assert row.corrected_mean == 0.75
    assert row.mean_difference == 0.5
    assert row.n_reference_without_value == 1
    assert row.n_corrected_without_value == 1
    assert row.without_value == {"0 log 0": 1}
    assert record.counts.to_dict() == {
        "documents_without_teacher_score_counted_as_0": 2,
        "documents_without_student_score_counted_as_0": {"s": 1},
        "queries_with_several_groups_pooled": 3,
    }


@pytest.mark.parametrize(
    ("values", "largest", "median", "reason"),
    [
        ([1.0, 2.0, 4.0], 4.0, 2.0, None),
        ([1.0, 2.0, INF], None, 2.0, INFINITE),
        ([1.0, INF, INF, INF], None, None, INFINITE),
        ([1.0, 2.0, NAN], None, None, SPOILT),
    ],
)
def test_summaries_of_kappa(values, largest, median, reason):
    found = compat(made(values, [NAN] * len(values)))
    record = compat_of(found)
    assert record.kappa.to_dict() == {
        "reference_max": largest,
        "reference_median": median,
        "reason": reason,
    }
    plain = record.to_dict()
    assert json.loads(json_text(plain)) == plain


def test_lines_are_pooled_and_missing_scores_are_zero(tmp_path):
    scores = {"q2": {"a": 2.0, "b": -1.0}, "q1": {"a": 0.5, "c": 3.0}}
    groups = [("q2", ["a", "b"]), ("q1", ["a", "c"]), ("q2", ["b", "x", "a"])]
    path = written(tmp_path, group_text([*groups, ("q0", ["m", "n"])]), "g.jsonl")
    found = pooled_entropy(
        read_groups(path), read_scores(written(tmp_path, lookup(scores), "t.json"))
    )
    assert found.column.qids.tolist() == ["q0", "q1", "q2"]
    lists = [[0.0, 0.0], [0.5, 3.0], [2.0, -1.0, -1.0, 0.0, 2.0]]
    assert found.column.values == pytest.approx([naive(s) for s in lists], abs=1e-12)
    assert (found.n_zeros, found.n_pooled) == (3, 1)


def test_a_group_of_one_document_has_no_value(tmp_path):
    path = written(tmp_path, group_text([("q", ["a"])]), "g.jsonl")
    scores = read_scores(written(tmp_path, lookup({"q": {"a": 1.0}}), "t.json"))
    assert np.isnan(pooled_entropy(read_groups(path), scores).column.values).all()


def test_probabilities_are_taken_as_the_file_gives_them(tmp_path):
    path = written(tmp_path, lookup({"q": {"a": 0.9, "b": 0.5}}), "t.json")
    options = MeasureOptions(teacher=path, teacher_kind=Kind.PROBABILITY, depth=2)
    inputs = load_inputs(options)
    assert inputs.teacher.values[0] == pytest.approx(math.log(9))
    assert file_scores(inputs, path).values.tolist() == [0.9, 0.5]
    logits = load_inputs(replace(options, teacher_kind=Kind.LOGIT))
    assert file_scores(logits, path) is logits.teacher


LISTS = {
    "q1": {"a": 3.0, "b": 1.0, "c": 2.0},
    "q2": {"a": 2.0, "b": -1.0, "c": -2.0},
    "q3": {"a": 0.5, "b": 0.25},
}
STUDENT = {
    "q1": {"a": 4.0, "b": 1.0, "c": 2.0},
    "q2": {"a": 2.0, "b": 1.0, "c": 2.0},
    "q3": {"a": 0.5},
}
SCALE, STUDENT_SCALE = 2.0, 4.0


@pytest.fixture
def columns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(teacher=LISTS, **changes):
        written(tmp_path, lookup(teacher), "t.json")
        written(tmp_path, lookup(STUDENT), "s.json")
        groups = [(qid, list(row)) for qid, row in teacher.items()]
        written(tmp_path, group_text(groups), "g.jsonl")
        source = StudentSource("s", scores="s.json", temperature=STUDENT_SCALE)
        options = {
            "temperature": SCALE, "students": (source,), "unscored": "drop",
        }  # fmt: skip
        asked = MeasureOptions(teacher="t.json", groups="g.jsonl", **options | changes)
        found = reference_columns(measured(asked))
        return {c.quantity: c for c in found.columns}, found

    return run


def test_list_entropies_beside_the_softmax(columns):
    found, _ = columns()
    bits, nats = found["list_entropy"], found["list_entropy_nats"]
    shares = np.array([3.0, 1.0, 2.0]) / 6
    assert bits.reference[0] == pytest.approx(entropy(shares, base=2))
    assert nats.reference[0] == pytest.approx(entropy(shares))
    soft = [
        entropy(softmax(np.array([*row.values()]) / SCALE)) for row in LISTS.values()
    ]
    assert nats.corrected == pytest.approx(soft)
    assert bits.corrected == pytest.approx(np.array(soft) / math.log(2))
    assert math.isnan(bits.reference[1])
    assert "signs are mixed" in bits.why["q2"]
    assert nats.reference[1] == pytest.approx(2 * math.log(0.5))  # -(-2) ln(-2): -1 < 0


def test_list_divergence_counts_missing_scores_as_zero(columns):
    found, compat = columns()
    made = found["list_divergence:s"]
    p, q = np.array([3, 1, 2]) / 6, np.array([4, 1, 2]) / 7
    assert made.reference[0] == pytest.approx(entropy(p, q, base=2))
    left = softmax(np.array([3.0, 1.0, 2.0]) / SCALE)
    right = softmax(np.array([4.0, 1.0, 2.0]) / STUDENT_SCALE)
    assert made.corrected[0] == pytest.approx(entropy(left, right, base=2))
    assert "opposite signs" in made.why["q2"]
    third = np.array([2, 1]) / 3
    expected = third @ np.log2(third / np.array([1, 1e-12]))
    assert made.reference[2] == pytest.approx(expected)
    assert math.isnan(made.corrected[2])
    assert made.why["q3"] == FEW_SCORES
    assert compat.zeros["s"] == 1


def test_probabilities_are_taken_as_the_files_give_them(columns, tmp_path):
    probabilities = {"q1": {"a": 0.9, "b": 0.2, "c": 0.5}}
    written(tmp_path, lookup(probabilities), "p.json")
    kind = Kind.PROBABILITY
    source = StudentSource("s", scores="p.json", temperature=1.0, kind=kind)
    found, _ = columns(
        teacher=probabilities, temperature=1.0, students=(source,), teacher_kind=kind
    )
    shares = np.array([0.9, 0.2, 0.5]) / 1.6
    assert found["list_entropy"].reference[0] == pytest.approx(entropy(shares, base=2))
    assert found["list_divergence:s"].reference[0] == pytest.approx(0, abs=1e-11)
    assert found["list_divergence:s"].corrected[0] == pytest.approx(0, abs=1e-11)
    odds = np.array([9.0, 0.25, 1.0])
    assert found["list_entropy_nats"].corrected[0] == pytest.approx(
        entropy(odds / odds.sum())
    )


def reference(vectors, level):
    scaled = vectors / np.sqrt((vectors**2).sum(axis=0))
    return np.quantile(pdist(scaled), level)


@pytest.mark.parametrize("metric", ["euclidean", "angular"])
def test_diameters_on_the_wrong_axis_beside_the_largest_distance(world, metric):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"),
        groups=world.path("groups.jsonl"),
        embeddings=world.path("docs.npy"),
        ids=world.path("docs.txt"),
        metric=metric,
        missing="drop",
    )
    measurement = measured(options)
    found = {c.quantity: c for c in reference_columns(measurement).columns}
    groups = measurement.inputs.groups
    for level in (0.95, 0.99):
        made = found[f"diameter_{level * 100:.0f}"]
        cosine = found[f"cosine_diameter_{level * 100:.0f}"]
        for index, qid in enumerate(made.qids):
            chosen = np.flatnonzero(groups.group_qids() == qid)
            parts = [
                np.array(
                    [
                        world.vectors[d]
                        for d in groups.docnos[
                            groups.codes[groups.offsets[g] : groups.offsets[g + 1]]
                        ]
                    ],
                    dtype=float,
                )
                for g in chosen
            ]
            expected = np.mean([reference(part, level) for part in parts])
            assert made.reference[index] == pytest.approx(expected)
            cosines = [np.quantile(pdist(part, "cosine"), level) for part in parts]
            assert cosine.reference[index] == pytest.approx(np.mean(cosines))
        assert made.corrected == pytest.approx(measurement.teacher.diameter)
        assert np.isnan(cosine.difference).all()
        assert np.isnan(made.difference).all() == (metric == "angular")
        assert (cosine.unit, made.unit) == ("1 - cos", "distance")
