import pytest

from rankbound.commands.validate.dependence import COLUMNS, dependence
from rankbound.validation.multiplicity import holm


def test_every_panel_with_vectors_has_a_row(validation):
    rows = validation.dependence
    assert [row["student"] for row in rows] == ["strong", "gappy"]
    assert [row["p_adjusted"] for row in rows] == pytest.approx(
        list(holm([row["p"] for row in rows]))
    )
    assert all(0 <= row["expected"] <= 1 for row in rows)
    assert rows[0]["permutations"] == 199


def test_the_same_columns_are_tested_once(validation):
    first = validation.panels[0]
    rows = dependence([first, first], validation.options)
    assert rows[0]["p"] == rows[1]["p"]


def test_a_constant_column_has_a_reason(validation):
    panel = validation.panels[0]
    kept = panel.panel.terms.copy()
    panel.panel.terms[:, panel.names.index("diameter")] = 1.0
    try:
        [row] = dependence([panel], validation.options)
    finally:
        panel.panel.terms[:] = kept
    assert row["p"] is row["distance_correlation"] is row["p_adjusted"] is None
    assert "the same for every query" in row["missing_because"]


def test_columns_are_those_of_the_rows(validation):
    assert set(validation.dependence[0]) == set(COLUMNS)
