"""The study of rankings: what it calls a failure, what a miss is, and a tiny run."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.studies.ranking import (
    Case,
    Outcome,
    main,
    options_of,
    students_of,
    table,
)
from rankbound.commands.measure.run import measure_with
from tests.rankbound.realdata import DATA, needs_data

GOOD = Outcome(
    Case("c", 54), 200, excluded=0.05, missed=0.0, left=2.5, alone=0.1, score_range=2.0
)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [({}, ""), ({"excluded": 0.082}, "EXCLUDED"), ({"missed": 0.09}, "EXCLUDED")],
)
def test_what_a_failure_is(changes, failure):
    one = replace(GOOD, **changes)
    assert one.failure == failure
    assert failure in [*table([one])][-1]


@needs_data
def test_a_ranking_is_that_of_measure_and_risks_are_those_of_the_collection():
    """All queries of the collection, each drawn once, under other names."""
    whole = students_of(DATA / "vaswani")
    present = np.unique(whole.inputs.groups.queries)
    made, common = whole.ranking(present, seed=0)
    assert (made.n_queries, made.pilot_queries) == (74, 19)
    options = options_of(DATA / "vaswani")
    settings = replace(
        options,
        students=tuple(
            replace(source, temperature=one.temperature)
            for source, one in zip(
                options.students, made.students.values(), strict=True
            )
        ),
        pilot=0.0,
        score_range=made.B,
    )
    expected = measure_with(settings)
    assert expected.n_queries == 93
    risks = [one.risk for one in expected.students.values()]
    assert whole.risks(common) == pytest.approx(risks, rel=1e-12)


@needs_data
def test_a_tiny_run_prints_its_table(capsys):
    assert main(["--draws", "1", "--sizes", "24", "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(("| vaswani", "| cranfield")) for line in lines) == 2


def test_without_data_it_says_so(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "none")]) == 0
    assert "skipped" in capsys.readouterr().out
