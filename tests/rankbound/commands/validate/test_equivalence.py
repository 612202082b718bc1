import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel
from statsmodels.stats.multitest import multipletests

from rankbound.commands.validate.effectiveness import (
    _questions,
    read_design,
)
from rankbound.commands.validate.records import AVERAGE
from rankbound.commands.validate.result import letter_of
from rankbound.data.columns import strings
from rankbound.data.per_query import PerQuery
from rankbound.errors import FormatError, UsageError
from rankbound.validation.paired import answer_family
from tests.rankbound.commands.validate.conftest import systems_of
from tests.rankbound.files import written


def test_means_and_pairs_by_hand(found):
    made, judged = found.equivalence, found.judged["toy"]
    for row in made.means:
        column = judged.measures.index(row.measure)
        values = judged.systems[row.student].values[:, column]
        assert row.mean == pytest.approx(values.mean())
        assert row.n == 30
    assert made.n_comparisons == len(made.pairs) == 2 * 3
    by_t = []
    for row in made.pairs:
        column = judged.measures.index(row.measure)
        first, second = (
            judged.systems[getattr(row, side)].values[:, column]
            for side in ("first", "second")
        )
        interval = ttest_rel(first, second).confidence_interval(1 - 0.05 / 6)
        assert (row.lower, row.upper) == pytest.approx(tuple(interval))
        assert row.rule == "paired_t"
        by_t.append(ttest_rel(first, second).pvalue)
        assert row.verdict in (
            "different",
            "negligible",
            "equivalent",
            "inconclusive",
        )
    adjusted = multipletests(by_t, method="holm")[1]
    assert [row.p_holm for row in made.pairs] == pytest.approx(adjusted)


def test_a_wide_margin_makes_systems_equivalent(found):
    made = systems_of(found, margin=2.0)
    verdicts = {row.verdict for row in made.pairs}
    assert verdicts <= {"negligible", "equivalent"}


def test_data_sets_are_averaged_with_equal_weights(pooled):
    rows = {(r.dataset, r.student): r for r in pooled.means}
    for student in ("teacher", "strong", "gappy"):
        both = [rows[name, student].mean for name in ("toy", "more")]
        assert rows[AVERAGE, student].mean == pytest.approx(np.mean(both))
        assert rows[AVERAGE, student].n == 54  # the same qids count twice
    pairs = [r for r in pooled.equivalence if r.dataset == AVERAGE]
    gap = rows[AVERAGE, "teacher"].mean - rows[AVERAGE, "strong"].mean
    assert pairs[0].difference == pytest.approx(gap)


@pytest.mark.parametrize(
    ("measure", "rule", "verdict"),
    [("nDCG@10", "paired_t", "different"), ("NumRet", "direction", "mostly higher")],
)
def test_counts_of_documents_are_decided_by_direction(measure, rule, verdict):
    qids = strings([f"q{i}" for i in range(12)])
    rises = np.linspace(0.5, 0.7, 12)
    table = {
        (name, measure): PerQuery(measure, "1", qids, values)
        for name, values in (("a", rises), ("b", np.zeros(12)))
    }
    [asked] = _questions("d", table, 0.01, None)
    [answer] = answer_family([asked], delta=0.05, seed=0, resamples=0)
    assert (answer.comparison.rule, answer.verdict) == (rule, verdict)
    p = ttest_1samp(rises, 0).pvalue if rule == "paired_t" else 2 * 0.5**12
    assert answer.p_holm == pytest.approx(p)
    assert (answer.n_for_margin is None) == (rule == "direction")


def test_a_design_names_the_factors(found, tmp_path):
    text = "student\tstrategy\tloss\nstrong\trandom\tkl\ngappy\tbm25\tmse\n"
    path = written(tmp_path, text)
    made = systems_of(found, design=path)
    rows = {row.student: row for row in made.means}
    assert rows["strong"].factors == {"strategy": "random", "loss": "kl"}
    assert rows["teacher"].factors == {}
    short = written(tmp_path, "student\tloss\nstrong\tkl\n", "short")
    with pytest.raises(UsageError, match="none for 'gappy'"):
        systems_of(found, design=short)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a tab-separated header"),
        ("name\tloss\n", "expected a tab-separated header"),
        ("student\tmean\nx\t1\n", ":1: 'mean' is a column of the results"),
        ("student\tloss\nx\n", ":2: expected 2 columns, found 1"),
        (
            "student\tloss\nx\tkl\nx\tkl\n",
            ":3: a student must appear once, got 'x'",
        ),
    ],
)
def test_a_broken_design_is_refused(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read_design(written(tmp_path, text))


def test_letters_go_on_after_z():
    assert [letter_of(i) for i in (0, 1, 25, 26, 51, 52)] == [
        "a",
        "b",
        "z",
        "aa",
        "az",
        "ba",
    ]
