from rankbound.drawing.comparisons import drawings
from rankbound.drawing.results import find_results
from tests.rankbound.drawing.folders import comparison


def test_a_comparison_gives_all_its_figures(tmp_path):
    (result,) = find_results(comparison(tmp_path))
    found = {drawing.name: drawing for drawing in drawings(result)}
    assert {*found} == {
        "differences-entropy",
        "verdicts-entropy",
        "ridges-entropy-all",
        "ecdf-entropy-all",
        "sweep-all",
        "locality-entropy-all",
        "distances",
        "two-nn",
        "norms",
        "power-entropy-all",
    }
    words = found["differences-entropy"].draw().get_xlabel()
    assert words == "difference of entropy\nto random (nats)"
    names = [line.get_label() for line in found["sweep-all"].draw().lines]
    assert names == ["random", "bm25"]


def test_a_comparison_without_a_sweep_says_so(tmp_path):
    (result,) = find_results(comparison(tmp_path, sweep=False))
    found = {drawing.name: drawing for drawing in drawings(result)}
    assert found["sweep"].draw is None
    assert "no temperature sweep" in found["sweep"].reason
