import json

import pytest

from rankbound.drawing.results import find_results
from rankbound.drawing.validations import drawings
from rankbound.figures.output import data_of
from tests.rankbound.drawing.folders import ordered, validation


def named(result):
    return {drawing.name: drawing for drawing in drawings(result)}


def test_a_validation_gives_a_forest_for_each_student(tmp_path):
    (result,) = find_results(validation(tmp_path))
    found = named(result)
    assert {*found} == {
        "correlations-dl19-tasb",
        "correlations-dl19-bm25",
        "differences-dl19",
        "verdicts-dl19",
        "certificates",
        "power-correlation",
    }
    assert all(drawing.draw() is not None for drawing in found.values())


def test_the_forest_has_the_band_and_the_error_rate_of_the_validation(tmp_path):
    (result,) = find_results(validation(tmp_path))
    ax = named(result)["correlations-dl19-tasb"].draw()
    (band,) = ax.patches
    assert (band.get_x(), band.get_width()) == pytest.approx((-0.2, 0.4))
    # p after Holm is 0.02, the error rate 0.01
    assert ax.lines[-1].get_markerfacecolor() == "white"
    assert "at most 0.01" in ax.get_xlabel()


def test_a_forest_has_one_family_of_measures_and_a_dozen_terms(tmp_path):
    validation(tmp_path)
    path = tmp_path / "validation.json"
    content = json.loads(path.read_text())
    row = content["per_query"][0]
    content["per_query"] = [
        row | {"term": f"term {term}", "measure": measure}
        for term in range(15)
        for measure in ("A@10", "loss of A@10", "B")
    ]
    path.write_text(json.dumps(content))
    (result,) = find_results(tmp_path)
    found = {k: v for k, v in named(result).items() if k.startswith("correlations")}
    assert [name.removeprefix("correlations-dl19-tasb-") for name in found] == [
        "A-1", "A-2", "B-1", "B-2"
    ]  # fmt: skip
    first, second, third, _ = (data_of(drawing.draw()) for drawing in found.values())
    assert (len(first["term"]), {*first["measure"]}) == (24, {"A@10", "loss of A@10"})
    assert len(second["term"]) == 6
    assert (len(third["term"]), {*third["measure"]}) == (12, {"B"})


def test_many_pairs_of_systems_have_a_figure_for_each_measure(tmp_path):
    validation(tmp_path)
    path = tmp_path / "validation.json"
    content = json.loads(path.read_text())
    first = content["equivalence"][0]
    content["equivalence"] = [
        first | {"second": f"s{n}", "measure": measure}
        for measure in ("nDCG@10", "AP@100")
        for n in range(14)
    ]
    path.write_text(json.dumps(content))
    (result,) = find_results(tmp_path)
    found = {k: v for k, v in named(result).items() if k.startswith("differences")}
    rows = {k: data_of(v.draw()) for k, v in found.items()}
    assert [len(one["sampling"]) for one in rows.values()] == [12, 2, 12, 2]
    assert [*rows][:2] == ["differences-dl19-nDCG@10", "differences-dl19-nDCG@10-2"]


def test_certificates_stand_against_the_risk_of_the_other_half(tmp_path):
    (result,) = find_results(validation(tmp_path))
    ax = named(result)["certificates"].draw()
    data = data_of(ax)
    assert (data["risk"], data["upper"]) == ([0.52] * 2, [0.8] * 2)
    assert ax.get_xlabel() == "held-out risk (nats)"


def test_the_order_counts_systems(tmp_path):
    validation(tmp_path)
    path = tmp_path / "validation.json"
    content = json.loads(path.read_text())
    content["configurations"] = [ordered(n=36, n_systems=12, n_datasets=3)]
    path.write_text(json.dumps(content))
    (result,) = find_results(tmp_path)
    words = named(result)["certificates"].draw().get_xlabel()
    assert "0.72 (0.25 to 1.00)\n12 systems, one split" in words


@pytest.mark.parametrize(
    ("change", "there"),
    [
        ({}, True),
        ({"n": 2}, False),
        ({"lower": None, "upper": None}, False),
        ({"predictor": "divergence"}, False),
        ({"target": "nDCG@10"}, False),
    ],
)
def test_certificates_tell_the_order_that_was_judged(tmp_path, change, there):
    validation(tmp_path)
    path = tmp_path / "validation.json"
    content = json.loads(path.read_text())
    content["configurations"] = [ordered(**change)]
    path.write_text(json.dumps(content))
    (result,) = find_results(tmp_path)
    words = named(result)["certificates"].draw().get_xlabel()
    assert ("Kendall" in words) is there
    assert ("0.72 (0.25 to 1.00)\n9 configurations" in words) is there


def test_samplings_have_forests_of_their_own(tmp_path):
    validation(tmp_path, students=("tasb",))
    path = tmp_path / "validation.json"
    content = json.loads(path.read_text())
    (row,) = content["per_query"]
    content["per_query"] = [row, row | {"sampling": "random"}]
    path.write_text(json.dumps(content))
    (result,) = find_results(tmp_path)
    found = {k: v for k, v in named(result).items() if k.startswith("correlations")}
    assert [*found] == [f"correlations-dl19-{name}-tasb" for name in ("top", "random")]
    for name, drawing in zip(("top", "random"), found.values(), strict=True):
        assert data_of(drawing.draw())["sampling"] == [name]


def test_systems_are_compared_in_both_figures(tmp_path):
    (result,) = find_results(validation(tmp_path))
    found = named(result)
    data = data_of(found["verdicts-dl19"].draw())
    assert data["sampling"] == ["tasb − bm25"] * 2
    assert data["pairs"] == ["nDCG@10", "AP@100"]
    assert found["differences-dl19"].draw().get_xlabel() == "paired difference"


def test_without_certificates_a_line_says_so(tmp_path):
    (result,) = find_results(validation(tmp_path, certificates=False))
    found = named(result)["certificates"]
    assert found.draw is None
    assert found.reason == "the results hold no certificates"
