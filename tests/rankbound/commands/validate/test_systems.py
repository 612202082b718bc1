"""Nine systems, from their scores to the text, the tables and the page."""

import io

import numpy as np
import pytest
from rich.console import Console

from rankbound import validate
from rankbound.commands.validate.records import RISK
from rankbound.commands.validate.result import Validation
from rankbound.page.studies import validation_account
from rankbound.tables import latex, markdown
from rankbound.terminal.validate import show

QUERIES, DOCUMENTS = 24, 8


@pytest.fixture(scope="module")
def made():
    """Students with more and more noise, so that risk and effectiveness go together."""
    rng = np.random.default_rng(0)

    def scores(values):
        return {
            f"q{q}": {f"d{d}": float(x) for d, x in enumerate(row)}
            for q, row in enumerate(values)
        }

    teacher = rng.normal(0, 2, (QUERIES, DOCUMENTS))
    noise = rng.normal(size=(9, *teacher.shape))
    students = {f"s{i}": scores(teacher + (0.2 + i / 2) * noise[i]) for i in range(9)}
    for row in students["s8"].values():  # one of eight documents has no score
        del row["d7"]
    return validate(
        scores(teacher),
        students=students,
        qrels=scores(teacher > 1),
        teacher_kind="logit",
        measures="nDCG@5",
        depth=DOCUMENTS,
        resamples=200,
        permutations=199,
        splits=2,
    )


def test_systems_in_order_support_the_theory(made):
    rows = {(row.predictor, row.target): row for row in made.configurations}
    assert {row.n_systems for row in made.configurations} == {8}
    for target, sign in ((RISK, 1), ("nDCG@5", -1)):
        row = rows["divergence", target]
        assert row.verdict == "supports"
        assert sign * row.tau > 0.7
        assert row.lower <= row.tau <= row.upper
    assert made.family.configurations.permutations == 2 * (8 + 6) / 0.05
    best = max(made.predictions, key=lambda one: one.r2 or -9)
    assert best.verdict == "associated"
    left_out = [v.student for v in made.configuration_values if not v.compared]
    assert left_out == ["s8"]
    (dropped,) = [key for key in made.dropped if "too_many_unscored" in key]
    assert dropped.startswith("data, top 8: s8: ")


def test_all_of_it_is_shown(made):
    stream = io.StringIO()
    show(made, Console(file=stream, width=200, highlight=False))
    text = stream.getvalue()
    for part in (
        "across 8 systems on 1 data set (8 configurations): supports in ",
        "  not compared: s8 (data, top 8), 12.5% of whose documents have no score",
        "  supports the theory: divergence (baseline) and held-out risk: tau ",
        ", leaving systems out: R2 ",
    ):
        assert part in text, part


def test_tables_and_page_tell_systems_from_configurations(made):
    tables = {table.name: table for table in made.written_tables()}
    caption = tables["configurations"].caption
    assert "over n = 8 systems on 1 data set (8 configurations, 1 more not" in caption
    assert "systems exchanged (560 permutations, each for all data sets)" in caption
    predictions = tables["predictions"]
    assert "leaves out one of n = 8 systems at a time" in predictions.caption
    assert any(row[2].bold for row in predictions.rows)
    assert "R2" in markdown([predictions])
    assert latex([predictions])
    account = validation_account(made)
    words = {verdict.word: verdict.sentence for verdict in account.verdicts}
    assert words["supports"].endswith(" orders of 8 systems on 1 data set by a term")
    names = [table.name for table in account.tables]
    assert "predictions" in names
    assert "configurations" in names


def test_what_is_saved_is_loaded(made, tmp_path):
    made.save(tmp_path)
    assert Validation.load(tmp_path) == made


def test_the_family_counts_orders_and_predictions(made):
    rows = [row.p for row in made.configurations if row.p is not None]
    assert len(rows) == made.family.configurations.n_tests - sum(
        one.p is not None for one in made.predictions
    )
