"""Nine systems, from their scores to the text, the tables and the page."""

import io

import numpy as np
import pytest
from rich.console import Console

from rankbound import Case, MeasureOptions, validate
from rankbound.commands.validate.records import RISK
from rankbound.commands.validate.result import Validation
from rankbound.page.studies import validation_account
from rankbound.tables import latex, markdown
from rankbound.terminal.validate import show_details

QUERIES, DOCUMENTS = 24, 8


def _validated(unscored):
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
    measured = MeasureOptions(
        teacher=scores(teacher),
        students=students,
        qrels=scores(teacher > 1),
        teacher_kind="logit",
        depth=DOCUMENTS,
        unscored=unscored,
        score_range=10.0,
        pilot=0,
    )
    return validate(
        cases=[Case(dataset="data", sampling="top 8", measure=measured)],
        measures="nDCG@5",
        resamples=200,
        permutations=199,
        splits=2,
    )


@pytest.fixture(scope="module")
def made():
    return _validated("floor")


def test_a_system_with_unscored_documents_counts_only_at_the_floor(made):
    assert all(one.compared for one in made.configuration_values)
    dropped = _validated("drop")
    left_out = [v.student for v in dropped.configuration_values if not v.compared]
    assert left_out == ["s8"]
    assert {row.n_systems for row in dropped.configurations} == {8}
    (reason,) = [key for key in dropped.dropped if "too_many_unscored" in key]
    assert reason.startswith("data, top 8: s8: ")
    stream = io.StringIO()
    show_details(dropped, Console(file=stream, width=200, highlight=False))
    assert (
        "  not compared: s8 (data, top 8), 12.5% of whose documents have no score"
        in stream.getvalue()
    )
    captions = {table.name: table.caption for table in dropped.written_tables()}
    assert "(8 configurations, 1 more not" in captions["configurations"]


def test_systems_in_order_support_the_theory(made):
    rows = {(row.predictor, row.target): row for row in made.configurations}
    assert {row.n_systems for row in made.configurations} == {9}
    for target, sign in ((RISK, 1), ("nDCG@5", -1)):
        row = rows["divergence", target]
        assert row.verdict == "supports"
        assert sign * row.tau > 0.7
        assert row.lower <= row.tau <= row.upper
    assert made.family.configurations.permutations == 2 * (8 + 6) / 0.05
    best = max(made.predictions, key=lambda one: one.r2 or -9)
    assert best.verdict == "associated"


def test_all_of_it_is_shown(made):
    stream = io.StringIO()
    show_details(made, Console(file=stream, width=200, highlight=False))
    text = stream.getvalue()
    for part in (
        "across 9 systems on 1 data set (9 configurations): supports in ",
        "  supports the theory: divergence (baseline) and held-out risk: tau ",
        ", leaving systems out: R2 ",
    ):
        assert part in text, part


def test_tables_and_page_tell_systems_from_configurations(made):
    tables = {table.name: table for table in made.written_tables()}
    caption = tables["configurations"].caption
    assert "over n = 9 systems on 1 data set (9 configurations)" in caption
    assert "systems exchanged (560 permutations, each for all data sets)" in caption
    predictions = tables["predictions"]
    assert "leaves out one of n = 9 systems at a time" in predictions.caption
    assert any(row[2].bold for row in predictions.rows)
    assert "R2" in markdown([predictions])
    assert latex([predictions])
    account = validation_account(made)
    words = {verdict.word: verdict.sentence for verdict in account.verdicts}
    assert words["supports"].endswith(" orders of 9 systems on 1 data set by a term")
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
