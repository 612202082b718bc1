import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.experiment import (
    judge,
    random_negatives,
    run_experiment,
)
from rankbound.commands.demo.models import loss_and_gradient
from tests.rankbound.commands.demo.conftest import FRESH, SEED


def lessons_of(experiment, split, sampling):
    groups = experiment.pools[split].draw(sampling, seed=SEED)
    return experiment.lessons(split, groups)


def test_held_out_queries_are_fresh_and_training_has_some_of_both(experiment):
    plan = experiment.plan
    fresh = {
        split: [
            experiment.documents[code].fresh
            for code in plan.positives[queries].tolist()
        ]
        for split, queries in plan.splits.items()
    }
    assert all(fresh["heldout"])
    assert 0 < sum(fresh["teacher"] + fresh["student"]) < 100
    names = [one.docno.split(".")[0] for one in experiment.documents if one.fresh]
    assert set(names) == {FRESH}
    assert len(names) == 45


def test_lessons_are_vectors_and_scores_of_the_documents_of_each_group(experiment):
    pool, docnos = experiment.pools["student"], experiment.docnos
    groups = pool.draw("bm25", seed=SEED)
    lessons = experiment.lessons("student", groups)
    kept = [g for g in range(groups.n_groups) if groups.sizes[g] == 16]
    assert len(lessons.queries) == len(kept)
    for row, group in enumerate(kept):
        qid = groups.qids[groups.queries[group]]
        names = groups.docnos[groups.codes[groups.offsets[group] :][:16]]
        query = experiment.plan.qids.index(qid)
        codes = [docnos.index(name) for name in names]
        assert_array_equal(
            lessons.queries[row], experiment.retrieved.query_vectors[query]
        )
        assert_array_equal(
            lessons.documents[row], experiment.retrieved.doc_vectors[codes]
        )
        asked = np.full(16, pool.teacher.qids.tolist().index(qid))
        values, found = pool.teacher.lookup(
            asked, pool.teacher.qids, np.array(codes), np.array(docnos, dtype=object)
        )
        assert found.all()
        assert_array_equal(lessons.teacher[row], values)


@pytest.mark.parametrize("split", ["student", "heldout"])
def test_a_pool_is_what_was_found_the_sought_document_and_some_others(
    experiment, split
):
    plan, pool = experiment.plan, experiment.pools[split]
    queries = plan.splits[split].tolist()
    assert set(pool.teacher.qids) == {plan.qids[query] for query in queries}
    for query in queries:
        place = pool.teacher.qids.tolist().index(plan.qids[query])
        rows = slice(pool.teacher.offsets[place], pool.teacher.offsets[place + 1])
        wanted = {int(plan.positives[query])}
        for run in (experiment.retrieved.bm25, experiment.retrieved.lsa):
            wanted |= set(run.ranking(query).tolist())
        uniform = pool.runs["uniform"]
        start = uniform.offsets[uniform.qids.tolist().index(plan.qids[query])]
        wanted |= set(uniform.codes[start : start + 15].tolist())
        assert set(pool.teacher.codes[rows].tolist()) == wanted


def test_judge_does_not_read_the_answers_of_other_queries(experiment):
    plan = experiment.plan
    n_docs = len(experiment.documents)
    reserve = random_negatives(
        plan.positives, n_docs=n_docs, rng=np.random.default_rng(0)
    )
    # Every candidate is in every pool, so that only the labels can differ.
    reserve = np.tile(np.arange(n_docs), (len(reserve), 1))
    swapped = plan.positives.copy()
    others = np.concatenate([plan.splits["student"], plan.splits["heldout"]])
    swapped[others] = np.roll(swapped[others], 1)
    right, wrong = (
        judge(
            experiment.retrieved,
            type(plan)(plan.qids, positives, plan.splits),
            reserve,
            docnos=experiment.docnos,
            seed=0,
        )
        for positives in (plan.positives, swapped)
    )
    for split in ("student", "heldout"):
        assert_array_equal(right[split].teacher.values, wrong[split].teacher.values)


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


def test_run_experiment_rejects_packages_without_docstrings(sizes):
    with pytest.raises(ValueError, match="found 0 docstrings"):
        run_experiment(("no_such_package",), sizes=sizes, seed=0, progress=len)


def test_run_experiment_holds_nothing_out_of_packages_that_were_read_before(
    package, sizes
):
    with pytest.raises(ValueError, match="0 of which"):
        run_experiment(
            (package,), fresh=("no_such_package",), sizes=sizes, seed=0, progress=len
        )
