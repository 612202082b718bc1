import numpy as np
import pytest

from rankbound.bounds.registry import statement
from rankbound.drawing.comparisons import drawings
from rankbound.drawing.results import find_results
from rankbound.figures.output import data_of
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


def drawn(folder, **options):
    (result,) = find_results(comparison(folder, **options))
    return {
        drawing.name: drawing for drawing in drawings(result) if drawing.kind == "plane"
    }


def test_there_is_a_plane_for_every_pair_set_with_all_samplings(tmp_path):
    found = drawn(tmp_path, each=("all", "pos-neg"))
    assert [*found] == ["locality-entropy-all", "locality-entropy-pos-neg"]
    data = data_of(found["locality-entropy-all"].draw())
    assert data["sampling"] == ["random"] * 24 + ["bm25"] * 24


def test_the_floor_is_theorem_4_at_the_steepest_margin(tmp_path):
    ax = drawn(tmp_path)["locality-entropy-all"].draw()
    (line,) = [x for x in ax.lines if x.get_label() == "coupling floor"]
    diameters, floor = line.get_data()
    # The Lipschitz constant is 3 and the share of a range that pairs can use one half
    expected = statement("theorem-4a").numpy()(0.5 * 3.0 * np.asarray(diameters))
    assert floor == pytest.approx(expected)


def test_only_queries_with_both_numbers_are_points(tmp_path):
    comparison(tmp_path)
    path = tmp_path / "comparison.per_query.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(x for x in lines if not x.startswith("q3\trandom\tent")))
    (result,) = find_results(tmp_path)
    data = data_of(next(one for one in drawings(result) if one.kind == "plane").draw())
    assert data["sampling"].count("random") == 23
    first = data["entropy_nats"][3], data["diameter"][3]
    assert first == pytest.approx((0.2 + 0.06 + 0.02, 1.0 + 0.1 * 8))


def test_without_vectors_a_line_says_what_to_give(tmp_path):
    (drawing,) = drawn(tmp_path, vectors=False).values()
    assert drawing.draw is None
    assert "`embeddings`" in drawing.reason
