"""A small version of the study, and that it can fail."""

import pytest

from benchmarks.studies import systems
from benchmarks.studies.systems import (
    ORDER,
    OURS,
    ROWS,
    Line,
    Setting,
    main,
    noise,
    study,
    table,
)


@pytest.mark.statistical
def test_a_small_study_contradicts_nothing():
    # seeded; other seeds fail with probability at most 6 * 0.0005
    lines = study((Setting(8, 2, 1), Setting(4, 4, 3)), worlds=6, workers=1)
    assert all(line.passed for line in lines), table(lines)
    four = {line.what: line.rate for line in lines if line.setting.systems == 4}
    assert four[OURS] == four[ORDER] == 0


def test_a_system_has_one_effectiveness_on_a_data_set():
    values = noise(Setting(3, 4, 2), systems.np.random.default_rng(0))
    assert len(values) == 24
    good = {(v.student, v.dataset, v.outcomes["nDCG@10"]) for v in values}
    assert len(good) == 6
    assert len({v.bound for v in values}) == 24


def test_lines_pass_by_their_interval():
    many, few = Setting(8, 4, 3), Setting(4, 4, 3)
    high = Line(many, OURS, 0.1, 0.06, 0.2, 400)
    some = Line(few, OURS, 0.01, 0.0, 0.05, 400)
    assert not high.passed
    assert not some.passed
    assert Line(few, OURS, 0.0, 0.0, 0.05, 400).passed
    assert Line(many, ROWS, 0.3, 0.2, 0.4, 400).passed
    assert table([high]).count("NOT AS STATED") == 1


def test_main_prints_the_table_and_says_what_failed(monkeypatch, capsys):
    line = Line(Setting(8, 4, 3), OURS, 0.1, 0.06, 0.2, 400)
    monkeypatch.setattr(systems, "study", lambda **_: [line])
    assert main([]) == 1
    assert "orders and predictions" in capsys.readouterr().out
