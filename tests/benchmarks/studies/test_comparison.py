"""A tiny study: its table, its seed, and that a wrong rule is caught."""

import numpy as np
import pytest

from benchmarks.studies import comparison
from benchmarks.studies.comparison import (
    DELTA,
    DIRECTION_ROLE,
    EXCHANGEABLE,
    FAMILY_ROLES,
    HOLM_ROLE,
    RANGELESS_ROLE,
    ROLES,
    SIZES,
    Scenario,
    main,
    run,
    scenarios,
    study,
    table,
)
from rankbound.data.columns import strings
from tests import oracles


def test_every_role_shape_and_size_is_there():
    every = scenarios()
    assert len(every) == len(set(every)) == ((len(ROLES) + 4) * 2 + 2) * 3
    assert {s.n for s in every} == set(SIZES) == {43, 250, 1350}


def test_a_tiny_study_prints_a_row_each_and_holds(capsys):
    assert main(["--sets", "12", "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) == len(scenarios())
    assert sum("at most delta" in row for row in rows) == 54
    assert "ABOVE" not in "".join(rows)


def test_the_seed_decides_and_the_number_of_processes_does_not():
    some = scenarios()[:2]
    one = [run(s, sets=6, seed=1) for s in some]
    assert one == [run(s, sets=6, seed=1) for s in reversed(some)][::-1]
    kind = Scenario("power: equivalent at 0", "even", 0.0, 43, 0)
    drawn = [run(kind, sets=80, seed=seed) for seed in (1, 2)]
    assert drawn[0].t != drawn[1].t


def test_processes_give_the_same(monkeypatch):
    few = scenarios()[:3]
    monkeypatch.setattr(comparison, "scenarios", lambda: few)
    assert study(sets=4, seed=0, jobs=2) == study(sets=4, seed=0, jobs=1)


def test_a_rule_that_is_wrong_is_caught(monkeypatch, capsys):
    def lenient(values, _, **__):
        return strings(["equivalent"] * len(values))

    monkeypatch.setattr(comparison, "by_betting", lenient)
    assert main(["--sets", "40", "--jobs", "1"]) == 1
    assert "ABOVE delta" in capsys.readouterr().out


@pytest.mark.parametrize("role", [HOLM_ROLE, DIRECTION_ROLE, RANGELESS_ROLE])
def test_rates_of_families_follow_delta(role, monkeypatch):
    monkeypatch.setattr(comparison, "DELTA", 0.9)
    found = run(Scenario(role, "even", 0.0, 43, 0), sets=120, seed=1)
    assert found.t is None or found.t > 0.1
    assert found.ours > 0.1 or role == HOLM_ROLE  # betting is far from its level


@pytest.mark.statistical
@pytest.mark.parametrize("role", [*list(ROLES)[:3], *FAMILY_ROLES])
def test_errors_are_at_most_delta(role):
    # 200 data sets of 250 queries; false alarm 1e-3 in each role
    mean = ROLES[role][0] if role in ROLES else 0.0
    made = run(Scenario(role, "skewed", mean, 250, 0), sets=200, seed=5)
    assert made.ours * made.sets <= oracles.most_failures(made.sets, DELTA, 1e-3)
    assert made.holds


@pytest.mark.parametrize("shape", EXCHANGEABLE)
def test_a_direction_of_exchangeable_samplings_is_an_error(shape, monkeypatch):
    made = run(Scenario(RANGELESS_ROLE, shape, 0.0, 43, 0), sets=400, seed=2)
    assert made.ours * made.sets <= oracles.most_failures(made.sets, DELTA, 1e-3)

    class Certain:
        mostly = "lower"  # right of skewed differences alone

    monkeypatch.setattr(comparison, "direction", lambda *_, **__: Certain)
    for name, errors in ((shape, 1.0), ("even", 1.0), ("skewed", 0.0)):
        found = run(Scenario(RANGELESS_ROLE, name, 0.0, 43, 0), sets=40, seed=2)
        assert found.ours == errors


def test_the_published_rule_calls_the_margin_equivalent_at_43_queries():
    found = run(Scenario("false equivalent, +", "even", 0.02, 43, 0), sets=400, seed=0)
    assert found.published > 0.3  # nominal: never more than delta
    assert "0." in table([found])
    assert np.isclose(found.ours, 0.0)


def test_no_data_sets_are_refused():
    with pytest.raises(SystemExit):
        main(["--sets", "0"])
