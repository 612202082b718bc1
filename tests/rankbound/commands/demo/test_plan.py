import numpy as np
import pytest

from rankbound.commands.demo.experiment import SPLITS, Sizes, plan_queries

SIZES = Sizes(teacher_queries=20, student_queries=50, heldout_queries=30)


def plan_of(n_docs, *, sizes=SIZES, seed=0, fresh=None):
    rng = np.random.default_rng(seed)
    return plan_queries(n_docs, sizes=sizes, rng=rng, fresh=fresh)


@pytest.mark.parametrize("fresh", [None, np.arange(5, 28)])
@pytest.mark.parametrize("n_docs", [30, 99, 100, 101, 5000])
def test_plan_queries_splits_are_disjoint_and_cover_all_queries(n_docs, fresh):
    plan = plan_of(n_docs, fresh=fresh)
    assert tuple(plan.splits) == SPLITS
    codes = np.concatenate(list(plan.splits.values()))
    assert sorted(codes.tolist()) == list(range(len(plan.qids)))
    assert len(set(plan.qids)) == plan.positives.size
    assert (np.diff(plan.positives) > 0).all()
    assert 0 <= plan.positives.min() <= plan.positives.max() < n_docs


def test_plan_queries_takes_what_was_wanted_when_it_can():
    assert [plan_of(100).splits[split].size for split in SPLITS] == [20, 50, 30]
    assert [plan_of(101).splits[split].size for split in SPLITS] == [20, 50, 30]
    assert [plan_of(50).splits[split].size for split in SPLITS] == [10, 25, 15]


@pytest.mark.parametrize(
    ("n_fresh", "sizes"),
    [(40, [20, 50, 30]), (30, [20, 50, 30]), (15, [10, 25, 15]), (1, [0, 0, 0])],
)
def test_plan_queries_holds_out_fresh_queries_alone(n_fresh, sizes):
    fresh = np.arange(7, 7 + n_fresh)
    if not any(sizes):
        with pytest.raises(ValueError, match="1 of which"):
            plan_of(1000, fresh=fresh)
        return
    plan = plan_of(1000, fresh=fresh)
    assert [plan.splits[split].size for split in SPLITS] == sizes
    assert set(plan.positives[plan.heldout]) <= set(fresh.tolist())


def test_plan_queries_trains_on_the_other_fresh_queries_too():
    fresh = np.arange(100, 160)
    plan = plan_of(160, sizes=Sizes(1, 40, 80, 30), fresh=fresh)
    trained = np.concatenate([plan.splits["teacher"], plan.splits["student"]])
    seen = set(plan.positives[trained].tolist())
    held = set(plan.positives[plan.heldout].tolist())
    assert not seen & held
    # 120 of the 130 others are trained on, so at least 20 of the 30 fresh ones
    assert len(seen & set(fresh.tolist())) >= 20


def test_plan_queries_mixes_documents_and_splits():
    plan = plan_of(1000)
    assert plan.positives.max() > 900
    for split in SPLITS:
        codes = plan.splits[split]
        assert codes.min() < 30
        assert codes.max() > 70
        assert codes.tolist() == sorted(codes.tolist())
    assert plan.positives.tolist() != plan_of(1000, seed=1).positives.tolist()


@pytest.mark.parametrize(("n_docs", "heldout"), [(0, 30), (15, 30), (100, 0), (20, 3)])
def test_plan_queries_rejects_too_few_documents(n_docs, heldout):
    sizes = Sizes(teacher_queries=20, student_queries=50, heldout_queries=heldout)
    with pytest.raises(ValueError, match=f"found {n_docs} docstrings"):
        plan_of(n_docs, sizes=sizes)


def test_plan_queries_numbers_stay_distinct_past_four_digits():
    sizes = Sizes(teacher_queries=1, student_queries=10_050, heldout_queries=1)
    plan = plan_of(20_000, sizes=sizes)
    assert plan.qids[9998:10_000] == ["q9999", "q10000"]
    assert len(set(plan.qids)) == 10_052
