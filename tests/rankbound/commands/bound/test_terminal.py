"""Answers in words say what the numbers say."""

from dataclasses import replace

from rankbound.commands.bound.given import Given
from rankbound.commands.bound.run import augmented, evaluated
from rankbound.terminal.bound import answer_text

BASE = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1000)


def test_evaluation_shows_every_part_and_the_verdict():
    found = evaluated(BASE)
    text = answer_text(found)
    for name, value in found["parts"].items():
        assert f"{name:<24}{value:>10.4f} nats" in text
    assert "vacuous: the bound is not below ln 2 = 0.6931" in text
    assert "paper-form (reconstructed; 1.1e+08 weights, 12 layers: needs n =" in text


def test_evaluation_of_a_risk_above_ln_two_says_that_no_n_suffices():
    assert "no n suffices" in answer_text(evaluated(replace(BASE, divergence=0.4)))


def test_solution_names_its_side():
    found = {**evaluated(BASE), "solve": "n", "solution": 7894}
    assert answer_text(found).endswith("not vacuous from n = 7,894")
    found = {**evaluated(BASE), "solve": "diameter", "solution": 1.5}
    assert answer_text(found).endswith("not vacuous up to diameter = 1.5")
    found = {**evaluated(BASE), "solve": "entropy", "solution": None}
    assert "no entropy makes the bound equal to ln 2" in answer_text(found)


def test_comparison_flags_two_vacuous_bounds():
    text = answer_text(augmented(BASE, replace(BASE, diameter=1.2, entropy=0.47)))
    assert "the augmentation lowers the bound" in text
    assert "from n' = 399 independent queries on" in text
    assert "both bounds are vacuous" in text
    worse = answer_text(augmented(BASE, replace(BASE, entropy=0.69, divergence=9.0)))
    assert "does not lower" in worse
    assert "no number of queries makes it lower" in worse
    assert "no diameter makes it lower" in worse
