from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.inspect.scores import score_facts, score_findings
from rankbound.data.columns import LateStrings
from rankbound.data.scores import Kind, Scores
from rankbound.read.contents import Contents
from tests import oracles
from tests.rankbound.commands.inspect.world import codes, only

ROWS = {"q": {"a": 3.0, "b": -1.0, "c": 0.0}, "r": {"a": 0.5}}


def facts(rows, kind=Kind.UNKNOWN):
    scores = Scores.from_dict(rows).with_kind(kind)
    return score_facts(Contents("toy", Path("x"), scores=scores))


def test_facts_of_the_result_have_their_values():
    found = facts(ROWS).counts()
    assert found.documents == 3
    assert found.neighbours == 2
    assert found.exact_zeros == 1
    assert found.decimals == 1
    assert found.constant_queries == 0


def test_top_entropy_is_the_mean_over_queries_with_a_pair():
    bits = [
        oracles.pairwise_entropy(list(row.values())) / np.log(2)
        for row in ROWS.values()
        if len(row) > 1
    ]
    assert facts(ROWS).top_bits == pytest.approx(np.mean(bits))
    assert facts({"q": {"a": 1.0}}).top_bits is None


def test_the_kind_is_inferred_unless_the_format_says_it():
    found = facts(ROWS)
    assert found.kind is Kind.LOGIT
    assert "of both signs" in found.evidence
    told = facts(ROWS, Kind.MARGIN_ONLY)
    assert (told.kind, told.evidence) == (Kind.MARGIN_ONLY, "the format says so")


def test_evidence_names_the_function_of_the_rank_and_its_entropy():
    run = {q: {f"d{r}": 16.0 - r for r in range(16)} for q in "ab"}
    found = facts(run)
    assert found.kind is Kind.RANK_ONLY
    assert "(affine)" in found.evidence
    assert "0.218 bit in every query" in found.evidence


def test_evidence_states_the_least_entropy_of_squashed_scores():
    found = facts({"q": {"a": 0.2, "b": 0.9}})
    assert "no pair would have less than" in found.evidence
    assert "no pair" not in facts(ROWS).evidence


def test_no_pair_is_no_evidence():
    found = facts({f"q{n}": {f"d{n}": 0.1 * n + 0.05} for n in range(9)})
    assert "no pair" not in found.evidence
    assert found.bits is None
    assert found.counts().smallest_pair_entropy_bits is None


def test_contents_without_scores_are_a_mistake():
    with pytest.raises(ValueError, match="holds no scores"):
        score_facts(Contents("toy", Path("x")))


def test_counting_documents_needs_no_strings_of_docnos():
    def refuse():
        raise AssertionError("nobody asked for them")

    scores = replace(Scores.from_dict(ROWS), docnos=LateStrings(3, refuse))
    found = facts(ROWS)
    found.counts()  # measures what depends on the order of ties
    object.__setattr__(found, "scores", scores)
    assert found.counts().documents == 3


def findings(rows, kind=Kind.UNKNOWN):
    if isinstance(rows, list):
        rows = {
            f"q{n}": {f"d{k}": float(v) for k, v in enumerate(row)}
            for n, row in enumerate(rows)
        }
    scores = Scores.from_dict(rows).with_kind(kind)
    return score_findings(score_facts(Contents("toy", Path("x"), scores=scores)))


def logits(seed=0, queries=6, size=8):
    return np.random.default_rng(seed).normal(0, 3, (queries, size)).tolist()


def test_ordinary_logits_have_no_finding():
    assert codes(findings(logits())) == {}


def test_functions_of_the_rank_are_an_error():
    found = only(findings([[16.0 - r for r in range(16)]] * 3), "rank-only")
    assert found.severity == "error"
    assert "affine" in found.message


def test_margins_are_an_error():
    assert only(findings(logits(), Kind.MARGIN_ONLY), "margin-only").severity == "error"


def test_saturated_probabilities_are_counted():
    found = findings([[1.0, 0.3, 0.2], [0.99, 0.0, 1.0]], Kind.PROBABILITY)
    assert only(found, "saturated").count == 3
    assert only(found, "saturated").example == "query 'q0', document 'd0'"


def test_min_max_is_named_and_not_called_saturation_or_zeros():
    rows = [(np.array(row) - min(row)) / (max(row) - min(row)) for row in logits()]
    found = findings([row.tolist() for row in rows])
    assert only(found, "min-max").count == 6
    assert not {"saturated", "exact-zeros"} & codes(found).keys()


def test_softmax_is_named():
    powers = np.exp(np.array(logits()))
    found = findings((powers / powers.sum(axis=1, keepdims=True)).tolist())
    assert only(found, "softmax").count == 6


def test_squashed_scores_of_unknown_kind_are_a_warning():
    rows = (np.array(logits()) / 100 + 5).tolist()
    assert only(findings(rows), "squashed").severity == "warning"
    assert "squashed" not in codes(findings(rows, Kind.PROBABILITY))


@pytest.mark.parametrize(("spread", "severity"), [(0.5, "note"), (8.0, "warning")])
def test_half_precision_is_graver_where_it_makes_ties(spread, severity):
    z = np.random.default_rng(1).normal(0, spread, (3, 60))
    values = (1 / (1 + np.exp(-z))).astype(np.float16).astype(float)
    values[(values == 0) | (values == 1)] = 0.5
    if severity == "note":
        values = np.unique(values)[:45].reshape(3, 15)
    found = only(findings(values.tolist()), "half-precision")
    assert found.severity == severity
    assert "float16" in found.message


def test_constant_queries_are_named():
    found = only(findings([*logits(), [2.0] * 8]), "constant-queries")
    assert (found.count, found.example) == (1, "query 'q6'")


def test_zeros_among_logits_are_suspicious():
    rows = logits()
    rows[2][3] = rows[4][1] = 0.0
    found = only(findings(rows), "exact-zeros")
    assert (found.count, found.example) == (2, "query 'q2', document 'd3'")


@pytest.mark.parametrize(("filled", "told"), [(0, False), (40, True)])
def test_rounded_scores_are_zero_as_often_as_other_numbers_near_it(filled, told):
    values = np.random.default_rng(2).normal(0, 2, 50_000).round(3)
    assert (values == 0).sum() > 5
    values[:filled] = 0.0
    found = findings(values.reshape(-1, 50).tolist())
    assert ("exact-zeros" in codes(found)) is told


@pytest.mark.parametrize(("count", "severity"), [(1, "note"), (6, "warning")])
def test_ties_are_graver_the_more_there_are(count, severity):
    rows = logits(queries=10, size=10)
    for row in rows[:count]:
        row[1] = row[0]
    found = only(findings(rows), "ties")
    assert (found.count, found.severity) == (count, severity)


def test_a_single_tie_in_a_large_file_is_no_finding():
    rows = logits(queries=20, size=20)
    rows[0][1] = rows[0][0]
    assert codes(findings(rows)) == {}


def test_pseudo_ties_are_found_and_are_no_ties():
    rows = logits(queries=10, size=10)
    for row in rows[:6]:
        row[1] = row[0] - 1e-6
    found = findings(rows)
    assert only(found, "pseudo-ties").count == 6
    assert "ties" not in codes(found)


def test_short_rankings_are_counted_against_the_cut_off():
    rows = logits(queries=6, size=20)
    rows[1], rows[4] = rows[1][:19], rows[4][:3]
    found = only(findings(rows), "short-rankings")
    assert (found.count, found.severity) == (2, "warning")
    assert found.example == "query 'q4'"
    rows[4] = rows[4] * 5
    rows[4] = [value + place for place, value in enumerate(rows[4])]
    assert only(findings(rows), "short-rankings").severity == "note"


def test_sizes_that_vary_by_nature_are_not_short():
    rows = [row[: 10 + n] for n, row in enumerate(logits(queries=9, size=20))]
    assert "short-rankings" not in codes(findings(rows))


def test_queries_with_one_document_make_no_pair():
    assert only(findings([*logits(), [1.5]]), "single-documents").count == 1


def test_too_few_pairs_are_no_evidence_of_squashing():
    assert "squashed" not in codes(findings({"q": {"a": 4.5, "b": 4.9}}))
    single = {f"q{n}": {"a": 4.0 + n} for n in range(20)}
    assert "squashed" not in codes(findings(single))
    four = {"q": {"a": 4.5, "b": 4.9, "c": 4.6, "d": 4.8}}
    assert "squashed" in codes(findings(four))


def test_labels_of_0_and_1_are_not_called_min_max():
    labels = {q: {"a": 1.0, "b": 0.0, "c": 0.0, q: 1.0} for q in "pqr"}
    labels["r"]["b"] = 1.0
    found = codes(findings(labels))
    assert "min-max" not in found
    assert "saturated" in found
    labels["p"]["c"] = 0.25
    assert "min-max" in codes(findings(labels))


def test_two_scores_that_add_up_to_1_are_not_called_softmax():
    assert "softmax" not in codes(findings({"q": {"a": 0.4, "b": 0.6}}))
    assert "softmax" in codes(findings({"q": {"a": 0.4, "b": 0.35, "c": 0.25}}))


def test_dense_scores_are_close_by_chance_and_no_pseudo_ties():
    values = np.random.default_rng(3).normal(0, 3, 30_000)
    assert "pseudo-ties" not in codes(findings([values.tolist()]))
    parted = np.sort(values)
    parted[1::20] = parted[::20] + 1e-7  # an engine parts ties
    assert "pseudo-ties" in codes(findings([parted.tolist()]))
