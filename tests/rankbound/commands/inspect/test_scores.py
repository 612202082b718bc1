from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.inspect.scores import score_facts
from rankbound.data.columns import LateStrings
from rankbound.data.scores import Kind, Scores
from rankbound.read.contents import Contents
from tests import oracles

ROWS = {"q": {"a": 3.0, "b": -1.0, "c": 0.0}, "r": {"a": 0.5}}


def facts(rows, kind=Kind.UNKNOWN):
    scores = Scores.from_dict(rows).with_kind(kind)
    return score_facts(Contents("toy", Path("x"), scores=scores))


def test_facts_for_json_have_their_values():
    found = facts(ROWS).as_dict()
    assert found["documents"] == 3
    assert found["neighbours"] == 2
    assert found["exact_zeros"] == 1
    assert found["decimals"] == 1
    assert found["constant_queries"] == 0


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
    assert found.as_dict()["smallest_pair_entropy_bits"] is None


def test_contents_without_scores_are_a_mistake():
    with pytest.raises(ValueError, match="holds no scores"):
        score_facts(Contents("toy", Path("x")))


def test_counting_documents_needs_no_strings_of_docnos():
    def refuse():
        raise AssertionError("nobody asked for them")

    scores = replace(Scores.from_dict(ROWS), docnos=LateStrings(3, refuse))
    assert replace(facts(ROWS), scores=scores).as_dict()["documents"] == 3
