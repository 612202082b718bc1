import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from rankbound.catalogue import ASSOCIATED, CONTRADICTS, INCONCLUSIVE, NOTHING
from rankbound.commands.validate.answers import answers_of
from rankbound.commands.validate.records import RISK, Order, Prediction
from rankbound.results import Named
from rankbound.terminal.validate import NAMED, findings, orders, show_details


def shown(made):
    stream = io.StringIO()
    show_details(made, Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def test_the_text_says_what_was_found_and_what_could_be(validation):
    text = shown(validation)
    for part in (
        "toy, given: 30 judged queries",
        "mean effectiveness",
        "p (Holm)",
        "power: with",
        "across configurations: no order: no data set has two systems under one ",
        "  not compared: gappy (toy, given), ",
        "control, shuffled entropies",
        "control, constant student",
        "0 of 4 rows can be tested",
        "locality and entropy (toy, given, strong)",
        "no kappa",
        "dropped:",
    ):
        assert part in text, part


def test_several_data_sets_are_told_apart(pooled):
    text = shown(pooled)
    assert "more, given: 24 judged queries" in text
    assert "(pooled)" in text
    assert "(average)" in text


@pytest.fixture
def unclear(validation):
    """The same validation without an association."""
    rows = tuple(
        replace(row, verdict=INCONCLUSIVE, partial_verdict=INCONCLUSIVE)
        for row in validation.per_query
    )
    return replace(validation, per_query=rows)


def test_no_evidence_is_said(unclear):
    text = " ".join(findings(unclear))
    assert "no evidence that any term goes with effectiveness: none of 64 tests" in text
    assert "beyond how hard a query is" in text
    assert text.count("no evidence") == 2
    first, *rest = unclear.per_query
    first = replace(first, verdict=ASSOCIATED, partial_verdict=ASSOCIATED)
    text = " ".join(findings(replace(unclear, per_query=(first, *rest))))
    assert "1 of 64 tests of a term" in text
    assert "no evidence" not in text


def test_data_students_and_certificates_are_named(validation):
    lines = repr(validation).splitlines()
    assert any(line.startswith("Validation of toy: 1 sampling, ") for line in lines)
    assert any("certificates held on" in line for line in lines)


def test_the_strongest_associations_are_named(validation):
    rows = [*validation.per_query]
    for place, row in enumerate(rows[:5]):
        p = (5 - place) / 1000
        rows[place] = replace(row, verdict=ASSOCIATED, p=p, spearman=0.5)
    made = replace(validation, per_query=tuple(rows))
    lines = [line for line in repr(made).splitlines() if "rho = " in line]
    assert len(lines) == NAMED
    assert "p = 0.001" in lines[0]
    assert rows[4].term in lines[0]


def test_failed_controls_are_named(validation):
    controls = Named(replace(one, passed=False) for one in validation.controls)
    made = replace(validation, controls=controls)
    assert not made.passed
    assert f"control failed: {controls[0].name}" in repr(made)


def order(**changes):
    return Order(
        **{
            "predictor": "bound",
            "kind": "bound",
            "target": RISK,
            "expected": "rises",
            "n": 24,
            "tau": -0.32,
            "lower": -0.6,
            "upper": 0.1,
            "p": 0.001,
            "smallest_p": 0.0005,
            "n_pairs": 56,
            "accuracy": 0.34,
            "missing_because": None,
            "p_adjusted": 0.04,
            "verdict": CONTRADICTS,
            "n_systems": 8,
            "n_datasets": 2,
        }
        | changes
    )


def across(validation, *rows, predictions=(), n_tests=30, permutations=999):
    family = replace(
        validation.family,
        configurations=replace(
            validation.family.configurations, n_tests=n_tests, permutations=permutations
        ),
    )
    return replace(
        validation, configurations=rows, predictions=predictions, family=family
    )


def test_an_order_the_wrong_way_round_is_no_success(validation):
    made = across(validation, order(), order(predictor="entropy", verdict=NOTHING))
    lines = [*orders(made)]
    assert lines[0] == (
        "across 8 systems on 2 data sets (24 configurations): contradicts in 1 order "
        "(30 tests)"
    )
    assert (
        "  contradicts the theory: bound (bound) and held-out risk: tau -0.32 (-0.60 "
        "to 0.10), expected: rises, corrected p = 0.04"
    ) in lines
    assert sum("contradicts the theory" in line for line in lines) == 1


def test_nothing_is_said_to_be_nothing(validation):
    made = across(validation, order(verdict=NOTHING, p_adjusted=0.7))
    lines = [*orders(made)]
    assert lines[0].endswith(
        "nothing: no evidence that anything orders or predicts them (30 tests)"
    )
    assert lines[-1].endswith("34% of 56 pairs as expected: nothing")


def test_few_systems_have_an_order_in_words_and_no_verdict(validation):
    why = "too few systems for a test: 4, and 8 are needed"
    few = order(
        n_systems=4,
        n_pairs=12,
        verdict="",
        untested_because=why,
        **dict.fromkeys(("p", "p_adjusted", "lower", "upper")),
    )
    lines = [*orders(across(validation, few, n_tests=0, permutations=None))]
    assert lines[0] == (
        "across 4 systems on 2 data sets (24 configurations): too few systems for a "
        "test: 4, and 8 are needed; their order, with no p-value and no verdict"
    )
    assert lines[-1] == (
        "  bound (bound) and held-out risk: tau -0.32, 34% of 12 pairs as expected"
    )
    assert "p =" not in " ".join(lines)


def test_a_regression_is_told_with_what_chance_gives(validation):
    one = Prediction(
        target=RISK,
        features=("bound",),
        n=24,
        rmse=0.1,
        baseline_rmse=0.1,
        r2=0.33,
        missing_because=None,
        n_systems=8,
        r2_null=-0.96,
        r2_null_upper=0.41,
        p=0.09,
        p_adjusted=1.0,
        verdict=NOTHING,
    )
    made = across(validation, order(verdict=NOTHING), predictions=(one,))
    assert [*orders(made)][-1] == (
        "  ridge on bound, leaving systems out: R2 0.33 of held-out risk (0: no better "
        "than the mean of the others; by chance -0.96, seldom above 0.41), corrected p "
        "= 1: nothing"
    )


def test_results_of_earlier_versions_are_told(validation):
    old = order(n_systems=None, n_datasets=None, verdict=ASSOCIATED)
    lines = [*orders(across(validation, old, permutations=None))]
    assert lines[0].startswith("across 24 configurations: associated in 1 order (")


def test_controls_tell_their_own_error(validation):
    text = shown(validation)
    one = validation.controls[1]
    assert (
        f"{one.rate:.1%} of {one.n_tests:,} tests reject, interval {one.lower:.1%} to "
        f"{one.upper:.1%} (nominal 5.0%)"
    ) in " ".join(text.split())
    assert "(promised: at most 5.0%): ok" in " ".join(text.split())


def test_the_clearest_of_terms_with_one_p_has_the_largest_correlation(validation):
    """Permutations give every clear term the smallest p that they can."""
    rows = [*validation.per_query]
    own = [place for place, row in enumerate(rows) if row.same_as is None]
    for place, rho in zip(own, (0.3, -0.7, 0.5), strict=False):
        rows[place] = replace(rows[place], verdict=ASSOCIATED, p=0.005, spearman=rho)
    answers = answers_of(replace(validation, per_query=tuple(rows)))
    [found] = [one for one in answers if one.question == "terms"]
    row = rows[own[1]]
    wanted = f"the clearest: {row.term} of {row.student} with {row.measure}: rho -0.70"
    assert wanted in found.sentence
