"""The line of the headline: B, what holds, and the nats of each part, by hand."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.bounds.betting import betting
from rankbound.cli import main
from rankbound.errors import UsageError
from tests import oracles
from tests.rankbound.files import project

N, K, DIM = 30, 6, 4
RNG = np.random.default_rng(3)
DOCNOS = [f"d{i}" for i in range(20)]


def unit(n):
    rows = RNG.normal(size=(n, DIM))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


VECTORS = unit(len(DOCNOS))
QUERIES = unit(N)
TEACHER = {
    f"q{i:02}": {
        DOCNOS[j]: float(3 * QUERIES[i] @ VECTORS[j])
        for j in RNG.choice(20, K, replace=False)
    }
    for i in range(N)
}
RUN = {
    qid: {doc: score / 2 for doc, score in row.items()} for qid, row in TEACHER.items()
}


def encoder(temperature=1.0, scale=1.0, kind=None):
    vectors = rb.read_embeddings(scale * QUERIES, [f"q{i:02}" for i in range(N)])
    return rb.StudentSource("s", queries=vectors, temperature=temperature, kind=kind)


def runner():
    return rb.StudentSource("s", scores=RUN, kind="logit")


def cosines():
    """Cosines of whatever vectors, which need not be those of the documents."""
    return rb.StudentSource("s", scores=RUN, kind="cosine", temperature=1.0)


def measured(student, *, length=1.0, **options):
    kind = {"teacher_kind": "logit", "pilot": 0, "score_range": 10.0}
    vectors = rb.read_embeddings(length * VECTORS, DOCNOS)
    given = {"s": student}
    return rb.measure(TEACHER, students=given, embeddings=vectors, **(kind | options))


def headline(student, **options):
    return measured(student, **options).students["s"].headline


def range_of(b, k):
    c = oracles.max_cut_share(k)
    middle = oracles.softplus(0)
    return oracles.softplus(-c * b), middle + c * (oracles.softplus(b) - middle)


def limit_by_hand(ledger, b):
    rows = ledger.beside["per_query"]
    [size] = {int(cell) for cell in rows.column("n_docs")}
    low, high = range_of(b, size)
    risks = [min(max(float(cell), low), high) for cell in rows.column("risk_nats")]
    return betting(risks, low=low, high=high, delta=0.025)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_a_dot_product_of_unit_vectors_has_the_constant_of_lemma_4(temperature):
    ledger = measured(encoder(temperature))
    student = ledger.students["s"]
    found = student.headline
    product = 1.01 / temperature * 2.02
    assert found.lipschitz_by == "lemma-4"
    assert_allclose(found.lipschitz, 1.01 / temperature)
    assert_allclose((found.diameter, found.lipschitz_times_diameter), (2.02, product))
    assert (found.holds, found.clip) == ("L x diameter", 10)
    assert_allclose(found.B, product)
    assert_allclose(found.limit, limit_by_hand(ledger, product), rtol=1e-9)
    half = limit_by_hand(ledger, product / 2)
    assert_allclose(found.limit_at_half_diameter, half, rtol=1e-9)
    assert_allclose(found.locality_costs, found.limit - half, rtol=1e-9)
    assert found.limit < student.upper
    parts = found.entropy + found.divergence + found.deviation
    assert_allclose(parts, found.limit, rtol=1e-12)
    assert found.shift is None


@pytest.mark.parametrize(("clip", "costs"), [(1.5, True), (1.0, False)])
def test_where_the_clip_holds_the_limit_is_the_certificate(clip, costs):
    """Half of 1.01 x 2.02 is 1.0201: just above one clip, below the other."""
    ledger = measured(encoder(), score_range=clip)
    student = ledger.students["s"]
    found = student.headline
    assert (found.holds, found.B, found.limit) == ("clip", clip, student.upper)
    assert (found.locality_costs > 0) == costs
    told = student.sentences[-1]
    assert ("locality costs" in told) == costs
    assert ("half the diameter would change nothing" in told) != costs
    if costs:
        assert_allclose(found.limit_at_half_diameter, limit_by_hand(ledger, 1.0201))


def test_an_asserted_constant_takes_the_place_of_the_lemma():
    found = headline(encoder(), lipschitz={"s": 1.5})
    assert (found.lipschitz, found.lipschitz_by) == (1.5, "asserted")
    assert_allclose(found.B, 3.03)
    run = headline(runner(), lipschitz=2.0)
    assert_allclose(run.lipschitz_times_diameter, 4.04)
    angular = headline(encoder(), lipschitz=1.5, metric="angular")
    assert_allclose(angular.B, 1.5 * math.pi)


def test_the_sample_never_sets_the_constant_and_may_refute_it():
    found = headline(runner(), lipschitz=2.0)
    tighter = measured(runner(), lipschitz=2.0).students["s"].locality
    assert found.lipschitz > tighter.lipschitz
    assert found.diameter > tighter.diameter
    with pytest.raises(UsageError, match=r"'s' must be at least 1\.[45]"):
        headline(runner(), lipschitz=0.1)


def test_the_same_vector_with_other_scores_has_no_constant():
    vectors = VECTORS.copy()
    vectors[:] = vectors[0]
    same = rb.read_embeddings(vectors, DOCNOS)
    with pytest.raises(UsageError, match="same vector and different scores"):
        rb.measure(
            TEACHER,
            students={"s": runner()},
            embeddings=same,
            teacher_kind="logit",
            lipschitz=5.0,
        )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"student": runner()}, "it is no dot product of unit vectors; give `lipsch"),
        ({"student": encoder(scale=2.0)}, "it is no dot product of unit vectors"),
        ({"student": encoder(), "length": 2.0}, "it is no dot product of unit vec"),
        ({"student": cosines()}, "it is no dot product of unit vectors"),
        ({"student": encoder(), "metric": "angular"}, "is about Euclidean distances"),
        (
            {"student": runner(), "length": 2.0, "lipschitz": 9.0},
            "nothing bounds the distance of vectors of any length",
        ),
    ],
)
def test_what_is_not_known_in_advance_is_said(settings, words):
    settings = {**settings}
    student = measured(settings.pop("student"), **settings).students["s"]
    found = student.headline
    assert words in found.missing_because
    assert (found.holds, found.B, found.limit) == ("clip", 10, student.upper)
    assert found.lipschitz_times_diameter is None
    assert found.limit_at_half_diameter is found.locality_costs is None
    assert "what locality costs is not known" in student.sentences[-1]


def test_documents_at_the_floor_are_not_near_their_neighbours():
    holes = {
        qid: {doc: score for doc, score in row.items() if doc != max(row)}
        for qid, row in RUN.items()
    }
    student = rb.StudentSource("s", scores=holes, kind="logit")
    found = headline(student, lipschitz=50.0)
    assert "does not score lie at the clip" in found.missing_because
    dropped = headline(student, lipschitz=50.0, unscored="drop")
    assert_allclose(dropped.lipschitz_times_diameter, 101)


def test_without_vectors_there_is_no_headline():
    made = rb.measure(TEACHER, students={"s": runner()}, teacher_kind="logit")
    student = made.students["s"]
    assert student.headline is None
    assert not any("headline" in sentence for sentence in student.sentences)


def test_the_line_says_it_all_with_the_proviso():
    told = measured(encoder()).students["s"].sentences[-1]
    for words in (
        "headline: B = min(clip 10, L x diameter = 1.01 x 2.02 = 2.04 (L by Lemma 4",
        "= 2.04, so L x diameter holds; entropy 0.",
        "no shift, as there is no target law; provided that",
    ):
        assert words in told


def test_clusters_are_counted_as_such():
    clusters = {qid: f"c{i // 2}" for i, qid in enumerate(TEACHER)}
    found = measured(encoder(), clusters=clusters, temperature=0.5).students["s"]
    needed = found.headline.floor.n_needed
    assert f"below ln 2 from {needed} clusters on" in found.sentences[-1]


def test_the_shift_of_a_target_law_is_a_part():
    sampling, target = (
        [
            {"query_id": qid, "doc_id_a": docs[0], "doc_id_b": docs[1:]}
            for qid, row in TEACHER.items()
            if (docs := [*row][part])
        ]
        for part in (slice(0, 5), slice(1, 6))
    )
    student = measured(encoder(), groups=sampling, target_groups=target)
    student = student.students["s"]
    shift = student.shift
    form = {"exact": shift.exact, "least_per_query": shift.least_per_query}[shift.form]
    assert student.headline.shift == form.shift
    assert_allclose(form.shift, form.value - shift.risk_sampling, atol=1e-12)
    words = f"the shift to the target law adds {form.shift:.4f} nats"
    assert words in student.sentences[-1]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0.0, "`lipschitz` must be a positive number"),
        (math.inf, "`lipschitz` must be a positive number"),
        ({"t": 1.0}, "`lipschitz` names no student 't'; there are s"),
    ],
)
def test_constants_that_cannot_be_are_refused(value, error):
    with pytest.raises(ValueError, match=error):
        measured(runner(), lipschitz=value)
    with pytest.raises(UsageError, match="give `students` and `embeddings`, too"):
        rb.measure(TEACHER, students={"s": runner()}, lipschitz=1.0)


def test_the_command_line_takes_one_for_all_or_by_name(tmp_path, capsys, monkeypatch):
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["measure", "--teacher", "t.json", "--teacher-kind", "logit", "--student"]
    words += ["s=s.run", "--student-kind", "logit", "--groups", "g.jsonl"]
    words += ["--embeddings", "v.npy", "--ids", "v.ids", "--out", "out"]
    for given in ("900", "s=900"):
        assert main([*words, "--details", "--lipschitz", given]) == 0
        assert "nothing bounds the distance of vectors" in capsys.readouterr().out
        ledger = rb.Ledger.load("out")
        assert ledger.students["s"].headline.lipschitz == 900
    for given, message in (
        ("t=9", "no student 't'"),
        ("x", "--lipschitz must be a number, got 'x'"),
        ("0.001", "--lipschitz of 's' must be at least"),
    ):
        assert main([*words, "--lipschitz", given]) == 2
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        assert message in error
