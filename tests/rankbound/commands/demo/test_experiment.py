import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rankbound.catalogue import SAMPLINGS, Sampling
from rankbound.commands.demo.experiment import (
    Judged,
    judge,
    random_negatives,
    run_experiment,
)
from rankbound.commands.demo.models import Lessons, loss_and_gradient


def lessons_of(experiment, split, sampling):
    queries = experiment.plan.splits[split]
    docs = experiment.groups[split][sampling].docs
    teacher = [
        [experiment.judged.scores(query, np.array([code]))[0] for code in row]
        for query, row in zip(queries.tolist(), docs.tolist(), strict=True)
    ]
    return Lessons(
        experiment.retrieved.query_vectors[queries].astype(float),
        experiment.retrieved.doc_vectors[docs].astype(float),
        np.array(teacher),
    )


def test_judged_looks_scores_up_by_document():
    judged = Judged([np.array([2, 5, 9])], {0: np.array([0.5, -1.0, 3.0])})
    assert judged.scores(0, np.array([9, 2])).tolist() == [3.0, 0.5]
    assert judged.ranking(0).tolist() == [9, 2, 5]


def test_judge_scores_only_queries_that_did_not_train_the_teacher(experiment):
    scored = set(experiment.judged.logits)
    splits = experiment.plan.splits
    assert scored == {*splits["student"].tolist(), *splits["heldout"].tolist()}
    assert scored.isdisjoint(splits["teacher"].tolist())


def test_judge_does_not_read_the_answers_of_other_queries(experiment):
    plan = experiment.plan
    n_docs = len(experiment.documents)
    reserve = random_negatives(
        plan.positives, n_docs=n_docs, rng=np.random.default_rng(0)
    )
    # Every candidate is in every pool, so that only the labels can differ.
    reserve = np.tile(np.arange(n_docs), (len(reserve), 1))
    right = judge(experiment.retrieved, plan, reserve, seed=0)
    swapped = plan.positives.copy()
    others = np.concatenate([plan.splits["student"], plan.splits["heldout"]])
    swapped[others] = np.roll(swapped[others], 1)
    wrong = judge(
        experiment.retrieved,
        type(plan)(plan.qids, swapped, plan.splits),
        reserve,
        seed=0,
    )
    for query in others.tolist():
        assert_array_equal(right.logits[query], wrong.logits[query])


@pytest.mark.parametrize("split", ["student", "heldout"])
def test_groups_hold_the_sought_document_and_no_other_twice(experiment, split):
    sought = experiment.plan.positives[experiment.plan.splits[split]]
    assert tuple(experiment.groups[split]) == tuple(SAMPLINGS)
    for groups in experiment.groups[split].values():
        assert_array_equal(groups.docs[:, 0], sought)
        assert all(len(set(row)) == 16 for row in groups.docs.tolist())


def test_groups_come_from_the_top_of_their_own_ranking(experiment):
    rankings = {
        "bm25": experiment.retrieved.bm25.ranking,
        "crossencoder": experiment.judged.ranking,
        "ensemble": experiment.retrieved.rrf.ranking,
    }
    queries = experiment.plan.splits["heldout"].tolist()
    for sampling in rankings:
        docs = experiment.groups["heldout"][sampling].docs
        # Groups of one sampling lie within its own top, and not within the others'.
        within = {
            name: all(
                set(row[1:]) <= set([c for c in rank(query) if c != row[0]][:50])
                for query, row in zip(queries, docs.tolist(), strict=True)
            )
            for name, rank in rankings.items()
        }
        assert within == {name: name == sampling for name in rankings}


def test_mined_groups_are_harder_for_the_teacher_than_random_ones(experiment):
    hard = {
        sampling: lessons_of(experiment, "heldout", sampling).teacher[:, 1:].mean()
        for sampling in SAMPLINGS
    }
    assert hard["random"] < min(hard["bm25"], hard["ensemble"], hard["crossencoder"])


def test_teacher_beats_chance_on_heldout_queries(experiment):
    teacher = lessons_of(experiment, "heldout", "random").teacher
    # Chance puts the positive above half of the negatives; 30 queries scatter the mean
    # by 0.05.
    assert (teacher[:, :1] > teacher[:, 1:]).mean() > 0.8


def test_students_follow_the_teacher_on_their_own_groups(experiment):
    losses = {}
    for sampling, student in experiment.students.items():
        lessons = lessons_of(experiment, "student", sampling)
        losses[sampling], _ = loss_and_gradient(student.weights, lessons, ridge=0.0)
        assert losses[sampling] < np.log(2)
        assert student.loss == pytest.approx(losses[sampling], abs=0.05)
    for sampling in SAMPLINGS:
        lessons = lessons_of(experiment, "student", sampling)
        for other, student in experiment.students.items():
            loss, _ = loss_and_gradient(student.weights, lessons, ridge=0.0)
            assert loss >= losses[sampling] - (0.02 if other == sampling else 0.0)


def test_run_experiment_tells_its_stages_in_order(package, sizes):
    stages = []
    run_experiment((package,), sizes=sizes, seed=1, progress=stages.append)
    assert stages[:4] == [
        "reading docstrings",
        "ranking 150 documents for 130 queries",
        "training the teacher",
        "drawing groups",
    ]
    assert stages[4:] == [f"distilling a student from {s} groups" for s in SAMPLINGS]


def test_run_experiment_rejects_packages_without_docstrings(sizes):
    with pytest.raises(ValueError, match="found 0 docstrings"):
        run_experiment(("no_such_package",), sizes=sizes, seed=0, progress=len)


def test_a_sampling_of_the_catalogue_is_drawn_from_its_ranking(
    package, sizes, monkeypatch
):
    monkeypatch.setitem(SAMPLINGS, "planted", Sampling(words="by LSA", ranking="lsa"))
    made = run_experiment((package,), sizes=sizes, seed=1, progress=len)
    assert [*made.groups["heldout"]] == [*SAMPLINGS] == [*made.students]
    query = made.plan.splits["heldout"].tolist()[0]
    drawn = made.groups["heldout"]["planted"].docs[0, 1:]
    assert set(drawn) <= set(made.retrieved.lsa.ranking(query))
