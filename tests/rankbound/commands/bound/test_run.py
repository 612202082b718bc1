"""The headline bound from numbers: parts, roots, tables, break-even."""

import json
import math
import shlex

import pytest
from msgspec.structs import replace
from numpy.testing import assert_allclose

from rankbound.bounds.certificate import LN2
from rankbound.cli import main
from rankbound.commands.bound.answers import answered
from rankbound.commands.bound.result import Augmentation, Bound, Given
from rankbound.commands.bound.run import UNKNOWNS, augment, bound, evaluated, solved
from rankbound.errors import FormatError, UsageError
from rankbound.terminal.theory import answer_text
from tests import oracles

BASE = Given(diameter=1.4, lipschitz=5.0, entropy=0.42, divergence=0.06, n=500_000)


@pytest.mark.parametrize("kappa", [1.0, 1.01, 2.0])
@pytest.mark.parametrize("n", [43, 500_000])
def test_evaluated_matches_the_formula_by_hand(kappa, n):
    found = evaluated(replace(BASE, kappa=kappa, n=n))
    b = 7.0
    c = oracles.max_cut_share(16)
    low = oracles.softplus(-c * b)
    high = oracles.softplus(0) + c * (oracles.softplus(b) - oracles.softplus(0))
    wanted = 0.48 + b * (1 - kappa**-2) + 2 * b / math.sqrt(n)
    wanted += (high - low) * math.sqrt(math.log(20) / (2 * n))
    assert_allclose(found.bound, wanted, rtol=1e-12)
    assert_allclose(sum(found.parts.values()), found.bound, rtol=1e-12)
    assert found.vacuous == (wanted >= LN2)
    assert found.parts[found.dominating] == max(found.parts.values())


def test_relatives_are_ordered():
    found = evaluated(BASE)
    fixed = found.relatives["theorem-1a (one fixed student, no shift)"]
    assert fixed < found.bound < found.relatives["theorem-2-prime-coarse"]
    assert found.paper_form.status == "reconstructed"
    assert found.paper_form.limit > LN2


@pytest.mark.parametrize("unknown", UNKNOWNS)
def test_solved_is_where_the_bound_is_ln_two(unknown):
    value = solved(BASE, unknown)
    at_root = evaluated(replace(BASE, **{unknown: value})).bound
    assert_allclose(at_root, LN2, atol=1e-4 if unknown == "n" else 1e-9)
    assert unknown != "n" or at_root <= LN2
    worse = value - 1 if unknown == "n" else value * 1.001
    assert evaluated(replace(BASE, **{unknown: worse})).bound > LN2


@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        (replace(BASE, kappa=2.0), "n"),
        (replace(BASE, entropy=0.65, divergence=0.1), "diameter"),
        (replace(BASE, n=10), "entropy"),
    ],
)
def test_solved_is_none_where_no_value_helps(given, unknown):
    assert solved(given, unknown) is None


def test_augmented_matches_the_worked_example():
    before = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1000)
    after = replace(before, diameter=1.2, entropy=0.47)
    found = augment(before, after)
    assert (found.improves, found.break_even_n, found.vacuous) == (
        True,
        399,
        True,
    )
    none = augment(replace(before, n=500_000), replace(after, n=500_000))
    assert none.break_even_n is None
    assert not none.improves
    assert not none.vacuous


def test_break_even_is_where_the_comparison_turns():
    before = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1000)
    after = replace(before, diameter=1.2, entropy=0.47)
    found = augment(before, after)
    for n, lower in ((found.break_even_n, True), (found.break_even_n - 1, False)):
        assert augment(before, replace(after, n=n)).improves is lower
    edge = found.break_even_diameter
    assert augment(before, replace(after, diameter=edge * 0.999)).improves
    assert not augment(before, replace(after, diameter=edge * 1.001)).improves


def test_the_same_from_python_by_name():
    numbers = {"diameter": 1.4, "lipschitz": 5.0, "entropy": 0.42, "divergence": 0.06}
    assert bound(**numbers, n=500_000) == evaluated(BASE)
    assert bound(**numbers, solve="n") == evaluated(BASE, solve="n")
    with pytest.raises(UsageError, match="missing: `n`"):
        bound(**numbers)
    with pytest.raises(UsageError, match="`solve` must be one of"):
        bound(**numbers, n=3, solve="luck")


@pytest.mark.parametrize(
    "found",
    [
        evaluated(BASE),
        evaluated(BASE, solve="n"),
        evaluated(replace(BASE, n=10), solve="entropy"),
        augment(BASE, replace(BASE, diameter=1.2)),
    ],
    ids=["plain", "solved", "unsolved", "augmentation"],
)
def test_a_result_is_the_same_after_a_trip_through_its_file(found, tmp_path):
    path = found.save(tmp_path)
    loaded = type(found).load(path)
    assert loaded == found
    assert next(iter(json.loads(path.read_text()))) == "schema"
    assert loaded.save(tmp_path / "again").read_bytes() == path.read_bytes()


def test_what_was_not_solved_for_leaves_no_key():
    plain = evaluated(BASE).to_dict()
    assert not {"solve", "solution"} & plain.keys()
    unsolved = evaluated(replace(BASE, n=10), solve="entropy").to_dict()
    assert (unsolved["solve"], unsolved["solution"]) == ("entropy", None)
    assert unsolved["given"]["kappa"] == 1.0


def test_files_of_before_there_was_a_schema_are_read(tmp_path):
    for found in (evaluated(BASE), augment(BASE, BASE)):
        content = found.to_dict()
        del content["schema"]
        (tmp_path / found.FILE).write_text(json.dumps(content))
        assert type(found).load(tmp_path) == found


def test_impossible_numbers_in_a_file_are_named_with_their_place(tmp_path):
    content = evaluated(BASE).to_dict()
    content["given"]["group_size"] = 1
    (tmp_path / "bound.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"\$.given: `group_size` .*"):
        Bound.load(tmp_path)
    with pytest.raises(FormatError, match=r"found 'rankbound\.bound/1'"):
        Augmentation.load(tmp_path / "bound.json")


def test_tables_hold_the_parts():
    found = evaluated(BASE)
    frame = found.to_frame()
    assert dict(zip(frame["part"], frame["nats"], strict=True)) == found.parts
    assert "deviation" in found.to_latex()
    assert len(found.to_frame("relatives")) == len(found.relatives)
    turned = augment(BASE, replace(BASE, diameter=1.2)).to_frame()
    assert list(turned["part"]) == ["before", "after"]


SMALL = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1000)


def said(found):
    return "; ".join(answer.sentence for answer in found.answers)


def test_words_show_every_part_and_the_verdict(capsys):
    found = evaluated(SMALL)
    text = answer_text(found)
    for name, value in found.parts.items():
        assert f"{name:<24}{value:>10.4f} nats" in text
    assert [one.outcome for one in found.answers] == ["vacuous", "locality"]
    assert "yes, not below ln 2 = 0.6931 nats: the bound is " in said(found)
    assert f"{found.bound:.4f}" in said(found)
    # The command to run next finds the n that the bound needs
    assert found.answers[0].next.endswith("--solve n")
    words = shlex.split(found.answers[0].next)[1:]
    assert main(words) == 0
    assert "not vacuous from n = " in capsys.readouterr().out
    assert "paper-form (reconstructed; 1.1e+08 weights, 12 layers: needs n =" in text
    short = repr(found)
    assert "vacuous: the bound is not below ln 2 = 0.6931" in short
    assert f"{found.bound:.4f} nats" in short


def test_words_of_a_risk_above_ln_two_say_that_no_n_suffices():
    assert "no n suffices" in answer_text(evaluated(replace(SMALL, divergence=0.4)))


@pytest.mark.parametrize(
    ("unknown", "value", "words"),
    [
        ("n", 7894, "not vacuous from n = 7,894"),
        ("diameter", 1.5, "not vacuous up to diameter = 1.5"),
        (
            "entropy",
            None,
            "no entropy makes the bound equal to ln 2 with these numbers",
        ),
    ],
)
def test_words_of_a_solution_name_its_side(unknown, value, words):
    found = answered(replace(evaluated(SMALL), solve=unknown, solution=value))
    assert words in said(found)
    assert words in repr(found)


def test_words_of_an_augmentation_flag_two_vacuous_bounds():
    found = augment(SMALL, replace(SMALL, diameter=1.2, entropy=0.47))
    assert "the augmentation lowers the bound" in repr(found)
    for text in (said(found), repr(found)):
        assert "from n' = 399" in text
        assert "both bounds" in text
        assert "vacuous" in text
    worse = augment(SMALL, replace(SMALL, entropy=0.69, divergence=9.0))
    assert "does not lower" in repr(worse)
    large = replace(SMALL, n=10**8)
    better = augment(large, replace(large, diameter=1.2))
    assert (better.answers[0].outcome, better.vacuous) == ("lowers", False)
    assert "it is lower at no n', and at no diameter" in said(worse)
    assert "no number of queries makes it lower" in repr(worse)
    assert "no diameter makes it lower" in repr(worse)
