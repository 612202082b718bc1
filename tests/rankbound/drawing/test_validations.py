from rankbound.drawing.results import find_results
from rankbound.drawing.validations import drawings
from tests.rankbound.drawing.folders import validation


def test_a_validation_gives_a_forest_for_each_student(tmp_path):
    (result,) = find_results(validation(tmp_path))
    found = {drawing.name: drawing for drawing in drawings(result)}
    assert {*found} == {
        "correlations-dl19-tasb",
        "correlations-dl19-bm25",
        "certificates",
    }
    assert all(drawing.draw() is not None for drawing in found.values())


def test_without_certificates_a_line_says_so(tmp_path):
    (result,) = find_results(validation(tmp_path, certificates=False))
    last = drawings(result)[-1]
    assert last.draw is None
    assert last.reason == "the results hold no certificates"
