import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from rankbound.commands.compare.measured import measure_all
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.run import result_of
from rankbound.reference.compare import CONSTANT, TOO_FEW, reference_record
from rankbound.writing import json_text
from tests.rankbound.files import group_text, lookup, written
from tests.rankbound.reference.test_entropy import naive

N = 24
SIZES = {"near": slice(0, 5), "far": slice(3, 8), "like": slice(1, 6)}


def build(folder, *, n=N, flat=False):
    """A teacher with 8 documents a query and three samplings of five of them."""
    rng = np.random.default_rng(4)
    teacher = {
        f"q{i}": {f"d{j}": float(0 if flat else rng.normal(0, 1 + j)) for j in range(8)}
        for i in range(n)
    }
    written(folder, lookup(teacher), "t.json")
    for name, part in SIZES.items():
        groups = [(qid, [*row][part]) for qid, row in teacher.items()]
        written(folder, group_text(groups), f"{name}.jsonl")
    return teacher


@pytest.fixture
def compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*, n=N, flat=False, **changes):
        teacher = build(tmp_path, n=n, flat=flat)
        options = {
            "teacher": "t.json",
            "groups": [(name, f"{name}.jsonl") for name in SIZES],
            "temperature": 1.0,
            "pairs": "all",
            "resamples": 99,
            "compat": "reference",
        }
        made = measure_all(CompareOptions(**options | changes))
        return made, reference_record(made), teacher

    return run


def values(comparison, name):
    column = comparison.measures[name].measured["entropy", "all"]
    return column.values


def test_their_test_beside_ours_row_by_row(compared):
    comparison, record, _ = compared()
    assert [row.sampling for row in record.rows] == ["far", "like"]
    base = values(comparison, "near")
    for row in record.rows:
        other = values(comparison, row.sampling)
        difference = other.mean() - base.mean()
        assert row.reference_margin == pytest.approx(abs(difference) / 1000)
        assert row.reference_p >= 0.5
        assert row.reference_shows_equivalence is False
        p = stats.ttest_ind(other, base).pvalue
        assert row.reference_marked_equivalent == (p > 0.2)
        ours = ttost_paired(other, base, -0.02, 0.02)[0]
        assert row.p_equivalence == pytest.approx(ours)
        equal = row.verdict in ("equivalent", "negligible")
        assert row.agree == (equal == row.reference_marked_equivalent)
        assert row.reference_reason is None


def test_groups_are_components_of_what_is_marked(compared):
    comparison, record, _ = compared()
    [found] = record.equivalence_groups
    names = list(SIZES)
    marked = tuple(
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if stats.ttest_ind(values(comparison, a), values(comparison, b)).pvalue > 0.2
    )
    assert found.marked == marked
    assert sorted(name for group in found.groups for name in group) == sorted(names)


def test_their_entropy_of_every_sampling(compared):
    comparison, record, teacher = compared()
    for row in record.entropy:
        part = SIZES[row.sampling]
        lists = [[*scores.values()][part] for scores in teacher.values()]
        expected = np.mean([naive(scores) for scores in lists])
        assert row.reference_mean == pytest.approx(expected)
        ours = values(comparison, row.sampling).mean() / math.log(2)
        assert row.corrected_mean == pytest.approx(ours)
        assert row.difference == pytest.approx(expected - ours, abs=1e-12)
        assert row.n_without_value == 0


def test_without_a_value_there_is_a_reason(compared):
    _, record, _ = compared(flat=True)
    assert {row.reference_reason for row in record.rows} == {CONSTANT}
    assert {row.agree for row in record.rows} == {None}
    _, record, _ = compared(n=1)
    assert {row.reference_reason for row in record.rows} == {TOO_FEW}
    assert record.equivalence_groups[0].marked == ()


def test_the_account_holds_it_where_asked_for(compared):
    comparison, record, _ = compared()
    made = result_of(comparison)
    assert made.compat == record
    assert json_text(made.to_dict())
    plain, _, _ = compared(compat=None)
    assert "compat" not in result_of(plain).to_dict()


def test_queries_set_aside_do_not_count(compared, tmp_path):
    build(tmp_path)
    qrels = "".join(
        f"q{i} 0 d{j} {int(j % 3 == 0)}\n" for i in range(N) for j in range(8)
    )
    written(tmp_path, qrels, "qrels")
    comparison, record, teacher = compared(temperature="fit", qrels="qrels")
    kept = comparison.measures["near"].measured["entropy", "all"].qids
    assert 0 < len(kept) < N
    lists = [[*teacher[qid].values()][SIZES["near"]] for qid in kept]
    expected = np.mean([naive(scores) for scores in lists])
    assert record.entropy[0].reference_mean == pytest.approx(expected)
