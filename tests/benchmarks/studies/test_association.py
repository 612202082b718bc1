"""A small version of the study, and that it can fail."""

import pytest

from benchmarks.studies import association
from benchmarks.studies.association import (
    Line,
    Setting,
    main,
    null_systems,
    study,
    table,
)

SMALL = (
    Setting("coverage", 34, 0.6),
    Setting("family", 34),
    Setting("partial", 34),
    Setting("distance", 20),
    Setting("power", 43),
)


@pytest.mark.statistical
def test_a_small_study_contradicts_nothing():
    # seeded; other seeds fail with probability at most 7 * 0.0005
    lines = study(SMALL, repetitions=32, workers=1)
    assert {line.what for line in lines} >= {
        "coverage of Spearman",
        "family-wise error, Holm",
        "power at the detectable size",
    }
    assert all(line.passed for line in lines), table(lines)
    assert lines[0].repetitions == 32


def test_a_pool_keeps_its_level():
    [line] = study((Setting("pool", 20),), repetitions=32, workers=1)
    assert line.passed


@pytest.mark.statistical
def test_families_of_equal_systems_keep_their_level():
    # 64 families of 20 comparisons; false alarm 5e-4
    [line] = study((Setting("systems", 43),), repetitions=128, workers=1)
    assert line.passed
    assert line.repetitions == 64


def test_a_better_system_is_found(monkeypatch):
    def one_better(n, rng):
        judged = null_systems(n, rng)
        judged.systems["s0"].values[:, 0] += 0.3
        return judged

    monkeypatch.setattr(association, "null_systems", one_better)
    [line] = study((Setting("systems", 43),), repetitions=16, workers=1)
    assert line.observed == 1.0


def test_lines_pass_by_their_interval():
    floor = Line("coverage of Kendall", 9, 0.0, 0.95, 0.9, 0.85, 0.94, 99, True)
    ceiling = Line("coverage of Kendall", 9, 0.0, 0.05, 0.1, 0.06, 0.2, 99, False)
    assert not floor.passed
    assert not ceiling.passed
    assert table([floor]).count("NOT AS STATED") == 1


def test_main_prints_the_table(monkeypatch, capsys):
    line = Line("coverage of Kendall", 9, 0.0, 0.95, 0.95, 0.9, 0.99, 99, True)
    monkeypatch.setattr(association, "study", lambda **_: [line])
    assert main([]) == 0
    assert "coverage of Kendall" in capsys.readouterr().out
