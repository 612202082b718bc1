import json

from numpy.testing import assert_allclose

from rankbound.cli import main
from rankbound.commands.measure.choosing import group_range
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from tests import oracles


def test_more_students_widen_every_limit(world):
    def limits(students):
        words = world.arguments(
            *world.with_groups(), students=students, out=students[-1]
        )
        assert main([*words, "--student-kind", "logit"]) == 0
        ledger = json.loads((world.folder / students[-1] / "ledger.json").read_text())
        return ledger["students"]["strong"]["limits"]

    alone, both = limits(("strong",)), limits(("strong", "gappy"))
    assert all(alone[name] < both[name] or both[name] > 5 for name in alone)


def test_range_follows_the_smallest_group_and_says_what_that_asserts(world):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), depth=16, score_range=10.0,
        unscored="drop", students=(
            StudentSource("strong", world.path("strong.run"), temperature=1.0),
            StudentSource("gappy", world.path("gappy.run"), temperature=1.0),
        ),
    )  # fmt: skip
    found = measured(options)
    strong, gappy = found.students
    assert_allclose(strong.certificate.range.width, 5.652, atol=5e-4)
    assert strong.certificate.range.source.endswith("k = 16")
    assert strong.upper_any_size is None
    smallest = int(gappy.terms.n_docs.min())
    assert f"k = {smallest} (the smallest, of up to" in gappy.certificate.range.source
    top = oracles.softplus(10.0) - oracles.softplus(0.0)
    share = oracles.max_cut_share(smallest)
    low, high = oracles.softplus(-share * 10), oracles.softplus(0.0) + share * top
    assert_allclose(gappy.certificate.range.width, high - low, rtol=1e-12)
    # without the assertion: groups of any size, so all of B
    values = gappy.terms.risk_nats.tolist()
    low, high = oracles.softplus(-10.0), oracles.softplus(10.0)
    grid = oracles.betting_limit(values, low, high, 0.05 / 2, 2, 20_000)
    assert grid <= gappy.upper_any_size <= grid + (high - low) / 20_000 + 1e-9
    assert gappy.upper_any_size > gappy.certificate.upper
    assert any("group sizes vary" in warning for warning in found.warnings)
    assert not any("'strong'" in warning for warning in found.warnings)


def test_range_of_pair_sets_follows_the_best_cut(world):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl")
    )
    groups = measured(options).inputs.groups
    groups = groups.keep_groups(groups.sizes >= 4)
    smallest = int(groups.sizes.min())

    def width(pairs):
        made = group_range(groups, pairs=pairs, score_range=10.0)
        return made.width

    share = oracles.max_cut_share
    top = oracles.softplus(10.0) - oracles.softplus(0.0)

    def lemma(c):
        return oracles.softplus(0.0) + c * top - oracles.softplus(-c * 10.0)

    assert_allclose(width("all"), lemma(share(smallest)), rtol=1e-12)
    assert_allclose(width("neg-neg"), lemma(share(smallest - 1)), rtol=1e-12)
    assert_allclose(width("pos-neg"), lemma(1.0), rtol=1e-12)
