"""A fitted temperature: on which pairs, with which interval, in which words."""

import numpy as np
import pytest

import rankbound as rb
from rankbound.commands.measure.answers import temperature_answer
from rankbound.commands.measure.inputs import TemperatureFit
from rankbound.data.scores import Kind
from rankbound.errors import UsageError

TRUE = 2.5


def world(n=200, seed=3):
    """Scores whose log-odds of relevance are those divided by 2.5, and judgements."""
    rng = np.random.default_rng(seed)
    scores, qrels, groups = {}, {}, []
    for query in range(n):
        qid, values = f"q{query:03d}", rng.normal(size=9) * 5
        scores[qid] = {f"d{place}": value for place, value in enumerate(values)}
        # Of each pair one document is better, by the odds of its margin
        first, second = rng.permutation(9)[:2]
        odds = 1 / (1 + np.exp(-(values[first] - values[second]) / TRUE))
        if rng.random() > odds:
            first, second = second, first
        qrels[qid] = {f"d{first}": 1, f"d{second}": 0}
        groups.append(
            {"query_id": qid, "doc_id_a": f"d{first}", "doc_id_b": [f"d{second}"]}
        )
    return scores, qrels, groups


def test_judgements_and_positives_give_the_same_fit_where_they_say_the_same():
    scores, qrels, groups = world()
    made = {
        on: rb.measure(
            scores, groups=groups, temperature="fit", teacher_kind="logit", **given
        )
        for on, given in (("judgements", {"qrels": qrels}), ("positives", {}))
    }
    fits = {on: one.teacher.fit for on, one in made.items()}
    assert {on: fit.on for on, fit in fits.items()} == {on: on for on in made}
    first, second = fits.values()
    assert (first.value, first.lower, first.upper) == (
        second.value,
        second.lower,
        second.upper,
    )
    assert made["positives"].teacher.temperature == first.value
    assert first.lower < first.value
    asserted = [
        any("every positive of a group" in line for line in one.assumptions)
        for one in made.values()
    ]
    assert asserted == [False, True]


def test_clusters_are_the_units_of_the_interval():
    scores, qrels, groups = world(240)
    together = {qid: f"c{place // 3}" for place, qid in enumerate(scores)}
    made = [
        rb.compare(
            scores,
            groups={"one": groups, "two": groups},
            qrels=qrels,
            temperature="fit",
            teacher_kind="logit",
            resamples=0,
            clusters=clusters,
        ).teacher.fit
        for clusters in (None, together)
    ]
    assert all(fit.on == "judgements" for fit in made)
    assert made[0].upper != made[1].upper


def test_without_pairs_that_say_which_is_better_nothing_is_fitted():
    scores, _, _ = world(12)
    with pytest.raises(UsageError, match="temperature='fit'"):
        rb.measure(scores, temperature="fit", teacher_kind="logit")
    lists = [{"query_id": qid, "doc_ids": ["d0", "d1"]} for qid in scores]
    with pytest.raises(UsageError, match="temperature='fit'"):
        rb.measure(scores, groups=lists, temperature="fit", teacher_kind="logit")


@pytest.mark.parametrize(
    ("fit", "kind", "words"),
    [
        (
            (2.6412, 2.10, 3.29),
            Kind.LOGIT,
            "overconfident by a factor of 2.6 [2.1, 3.3]",
        ),
        ((2.6412, 2.63, 2.65), Kind.LOGIT, "overconfident by a factor of 2.641"),
        ((0.5, 0.4, 0.8), Kind.PROBABILITY, "underconfident"),
        ((1.5, 0.9, None), Kind.LOGIT, "[0.9, inf]"),
        ((0.05, 0.04, 0.06), Kind.COSINE, "a temperature of 0.05 [0.04, 0.06]"),
        ((2.0, None, None), Kind.LOGIT, "does not exclude 1"),
    ],
)
def test_the_sentence_claims_what_the_interval_allows(fit, kind, words):
    assert (
        words
        in temperature_answer(
            TemperatureFit(*fit, "judgements"), fit[0], kind=kind.value
        ).sentence
    )
