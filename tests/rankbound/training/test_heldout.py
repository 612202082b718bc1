"""What is said of a student on held-out queries, against `measure` and by hand."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.commands.measure.options import StudentSource
from rankbound.errors import UsageError
from rankbound.training import Evaluation, HeldOut, evaluate

DOCNOS = "abcde"


def world(n=60, seed=0):
    """A teacher, a student, and a group of five documents for each query."""
    rng = np.random.default_rng(seed)
    teacher, student, groups = {}, {}, []
    for number in range(n):
        logits = rng.normal(size=5) * 3
        row = dict(zip(DOCNOS, logits.tolist(), strict=True))
        teacher[f"q{number}"] = row
        noisy = logits + rng.normal(size=5) * 2
        student[f"q{number}"] = dict(zip(DOCNOS, noisy.tolist(), strict=True))
        groups.append(
            {"query_id": f"q{number}", "doc_id_a": "a", "doc_id_b": list("bcde")}
        )
    return teacher, student, groups


def held(**settings):
    teacher, student, groups = world()
    given = {"trained_on": [], "teacher_kind": "logit", **settings}
    return HeldOut(teacher, groups, **given), student


def test_it_is_what_measure_says():
    """The second evaluation holds for both: every limit is at delta / 2."""
    teacher, student, groups = world()
    trained = ["q3", "q5", "elsewhere"]
    checked, _ = held(trained_on=trained)
    checked.evaluate(teacher)
    found = checked.evaluate(student)
    wanted = rb.measure(
        teacher,
        students={"s": StudentSource("s", scores=student, kind="logit")},
        groups=groups,
        trained_on=trained,
        teacher_kind="logit",
        delta=0.025,
    ).students["s"]
    assert (found.limit, found.certified_risk) == (wanted.upper, wanted.risk)
    assert found.risk == wanted.unclipped_risk
    assert_allclose(found.risk, found.entropy + found.divergence)
    assert (found.refused, found.evaluations) == (2, 2)
    assert found.n_queries == wanted.n_queries


def test_the_certificate_is_that_of_the_other_queries():
    teacher, student, groups = world()
    seen = {f"q{n}" for n in range(0, 60, 3)}
    queries = {qid: f"What  is {qid}?" for qid in teacher}
    texts = [f"what is {qid}? ".upper() for qid in seen]
    found = [
        evaluate(teacher, student, groups, trained_on=[*seen], teacher_kind="logit"),
        HeldOut(
            teacher, groups, trained_on=texts, queries=queries, teacher_kind="logit"
        ).evaluate(student),
        evaluate(
            teacher,
            student,
            [row for row in groups if row["query_id"] not in seen],
            trained_on=[],
            teacher_kind="logit",
        ),
    ]
    assert [one.refused for one in found] == [20, 20, 0]
    assert len({one.limit for one in found}) == 1
    with pytest.raises(UsageError, match="trained_on"):
        evaluate(teacher, student, groups, trained_on=teacher, teacher_kind="logit")


def test_training_sets_are_taken_as_they_are(tmp_path):
    class Dataset:
        """As of Hugging Face, as far as it is asked."""

        column_names = ("positive", "query")

        def __getitem__(self, column):
            return {"query": ["text of q1", "text of q2", "text of q1"]}[column]

    queries = {f"q{n}": f"Text of q{n}" for n in range(60)}
    path = tmp_path / "train.txt"
    path.write_text("q1\nq2\n")
    for given in (Dataset(), path, ["q1", "q2"]):
        one, student = held(trained_on=given, queries=queries)
        assert one.evaluate(student).refused == 2
    one.also_trained_on(["q7", "text of q8"])
    assert one.certify(student).refused == 4


def test_tensors_of_any_precision_are_taken():
    one, _ = held()
    values = torch.arange(len(one.pairs), dtype=torch.bfloat16, requires_grad=True)
    wanted = one.evaluate(values.detach().double().numpy())
    for given in (values, values.detach().half(), values.detach().int()):
        assert one.certify(given).risk == wanted.risk


def test_a_certificate_before_any_evaluation_is_one():
    one, student = held()
    first = one.certify(student)
    assert (first.evaluations, one.evaluations) == (1, 1)
    assert one.certify(student).limit == first.limit
    assert one.evaluate(student).evaluations == 2


def test_checkpoints_cost_what_was_fixed_beforehand():
    counted, student = held()
    fixed, _ = held(checkpoints=3)
    limits = [counted.evaluate(student).limit for _ in range(3)]
    assert limits[0] < limits[1] < limits[2]
    assert {fixed.evaluate(student).limit for _ in range(3)} == {limits[2]}
    assert counted.certify(student).limit == limits[2]
    with pytest.raises(UsageError, match="checkpoints"):
        fixed.evaluate(student)
    best = fixed.certify(student)  # what was refused showed no number
    assert (best.limit, best.evaluations, fixed.evaluations) == (limits[2], 3, 3)
    with pytest.raises(ValueError, match="finite"):
        counted.evaluate([float("nan")] * len(counted.pairs))
    assert counted.evaluations == 3
    for wrong in (0, 1.5, True, float("nan")):
        with pytest.raises(UsageError, match="checkpoints"):
            held(checkpoints=wrong)
    with pytest.raises(UsageError, match="trained_on"):
        held(trained_on=None)
    assert "K = 3" in counted.certify(student).sentence()


def test_values_of_pairs_and_temperatures_are_scores():
    one, student = held()
    values = [2 * student[qid][docno] for qid, docno in one.pairs]
    for given in (values, np.array(values), torch.tensor(values, dtype=torch.float64)):
        found = one.certify(given, temperature=torch.nn.Parameter(torch.tensor(2.0)))
        assert found.limit == one.certify(student).limit
    with pytest.raises(UsageError, match="pairs"):
        one.evaluate(values[1:])


def test_it_says_what_is_left():
    teacher, student, _ = world()
    one, _ = held()
    best, worse = one.certify(teacher), one.certify(student)
    assert best.entropy_is_left
    assert not worse.entropy_is_left
    assert "what is left" in best.sentence()
    assert "what is left" not in worse.sentence()
    assert_allclose(best.divergence, 0, atol=1e-12)
    margins = np.array([[*row.values()] for row in teacher.values()])
    assert best.entropy <= math.log(2)
    assert_allclose(
        one.certify(teacher).entropy,
        # The pilot's queries are set aside
        rb.pairwise_entropy_nats(margins)[_certified(one)].mean(),
    )


def _certified(one):
    rows = one.certify(world()[0]).ledger.beside["per_query"]
    kept = {row["qid"] for row in rows}
    return [f"q{n}" in kept for n in range(60)]


def test_metrics_are_numbers_and_vectors_add_locality():
    vectors = rb.read_embeddings(np.eye(5), list(DOCNOS))
    plain, student = held()
    with_vectors, _ = held(embeddings=vectors)
    found = [one.evaluate(student).metrics() for one in (plain, with_vectors)]
    assert {*found[1]} - {*found[0]} == {"lipschitz_times_diameter"}
    assert all(isinstance(v, float) for row in found for v in row.values())
    assert {*Evaluation.__dataclass_fields__} > {*found[0]} - {"entropy_is_left"}


def test_texts_are_needed_by_models():
    one, _ = held()
    with pytest.raises(UsageError, match="queries"):
        one.texts()
    one.queries = dict.fromkeys(world()[0], "text")
    one.documents = dict.fromkeys("abcd", "text")
    with pytest.raises(UsageError, match="'e'"):
        one.texts()
