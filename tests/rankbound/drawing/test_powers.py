import json

import numpy as np
import pytest
from msgspec.structs import replace

from rankbound.commands.compare.result import Comparison
from rankbound.commands.power.run import power as asked
from rankbound.drawing.powers import (
    deviation,
    of_power,
    of_validation,
    power_drawings,
)
from rankbound.drawing.results import find_results
from rankbound.figures.output import data_of
from rankbound.validation.deciding import Rule, smallest_margin_for, stated
from rankbound.validation.power import detectable_correlation, equivalence_margin
from tests.rankbound.comparisons import a_row
from tests.rankbound.comparisons import comparison as comparison_by_hand
from tests.rankbound.drawing.folders import comparison, power, validation
from tests.rankbound.files import without_manifest


def rows(drawing):
    return list(zip(*data_of(drawing.draw()).values(), strict=True))


def test_a_comparison_shows_margins_of_its_rule_at_its_own_error_rate(tmp_path):
    (result,) = find_results(comparison(tmp_path, names=("bm25", "ensemble")))
    (drawing,) = power_drawings(result)
    assert drawing.name == "power-entropy-all"
    row = result.content.rows[0]
    assert row.method == "betting"
    # Two comparisons share 0.05; sd of bm25 is 0.07 / 0.7
    rule, law = Rule.of(row.range, delta=0.05 / 2), stated("normal", 0.1)
    curve = [(n, size) for name, n, _, size in rows(drawing) if name == "bm25"]
    assert len(curve) > 8
    for n, size in curve[2::4]:
        rng = np.random.default_rng(n)
        found = smallest_margin_for(rule, law, n=n, power=0.8, rng=rng)
        assert size == pytest.approx(found, rel=0.06)
        assert size > equivalence_margin(n, sd=0.1, delta=0.05 / 2 / 2)  # Student's
    assert "by betting, normal law" in drawing.draw().get_xlabel()
    marked = [x for x in drawing.draw().lines if len(x.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marked] == [24, 24]


def test_differences_that_do_not_vary_are_told(tmp_path):
    comparison(tmp_path)
    made = Comparison.load(tmp_path)
    replace(made, rows=(replace(made.rows[0], effect_size=None),)).save(tmp_path)
    without_manifest(tmp_path)
    (result,) = find_results(tmp_path)
    (drawing,) = power_drawings(result)
    assert drawing.draw is None
    assert "do not vary" in drawing.reason


def test_a_deviation_is_positive_or_unknown():
    assert deviation(0.2, 0.5) == 0.4
    assert deviation(0.0, 0.0) is None
    assert deviation(0.2, None) is None


def test_a_validation_marks_its_queries_at_its_family(tmp_path):
    (result,) = find_results(validation(tmp_path))
    (drawing,) = of_validation(result)
    expected = detectable_correlation(43, power=0.9, delta=0.01 / 2)
    assert ("dl19 tasb", 43, expected) in rows(drawing)


def test_too_few_queries_for_a_correlation_are_told(tmp_path):
    validation(tmp_path)
    path = tmp_path / "validation.json"
    content = json.loads(path.read_text())
    for row in content["per_query"]:
        row["n"] = 3
    path.write_text(json.dumps(content))
    (drawing,) = of_validation(find_results(tmp_path)[0])
    assert (drawing.draw, drawing.reason[:14]) == (None, "no correlation")


def test_results_of_power_are_drawn_by_quantity_with_the_margin(tmp_path):
    (result,) = find_results(power(tmp_path / "any name.json"))
    found = {drawing.name: drawing for drawing in of_power(result)}
    assert {*found} == {"any_name-power-entropy-all", "any_name-power-correlation"}
    ax = found["any_name-power-entropy-all"].draw()
    assert {*data_of(ax)["source"]} == {"bm25 - random", "ensemble - random"}
    assert ax.get_ylabel() == "smallest margin (nats)"
    assert [patch.get_label() for patch in ax.patches] == ["margin asked: 0.05"]


def test_a_margin_without_queries_shows_how_many_it_needs(tmp_path):
    (result,) = find_results(power(tmp_path / "power.json", n=None))
    needed = result.content.needed[0].n_rule
    drawing = of_power(result)[0]
    marked = [x for x in drawing.draw().lines if len(x.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marked] == [needed, needed]
    assert [line.get_ydata()[0] for line in marked] == [0.05, 0.05]


@pytest.mark.parametrize(
    ("half_range", "label"), [(0.7, "by betting"), (None, "by direction")]
)
def test_power_draws_the_numbers_of_its_table_on_their_curve(
    tmp_path, half_range, label
):
    asked(n=(43, 200), sd=0.1, half_range=half_range).save(tmp_path)
    (result,) = find_results(tmp_path)
    drawing = of_power(result)[0]
    assert f"{label}, normal law" in drawing.draw().get_xlabel()
    assert {what for *_, what, _ in rows(drawing)} == {
        "difference",
        *(() if half_range is None else ("margin",)),
    }
    for kind in ("difference",) if half_range is None else ("margin", "difference"):
        points = [(n, size) for _, n, what, size in rows(drawing) if what == kind]
        curve, marks = points[:-2], points[-2:]
        stated_ = [getattr(row, f"rule_{kind}") for row in result.content.rows]
        assert marks == [(43, stated_[0]), (200, stated_[1])]
        counts, sizes = np.log(np.array(sorted(curve))).T
        for n, size in marks:
            assert np.exp(np.interp(np.log(n), counts, sizes)) == pytest.approx(
                size,
                rel=0.05 if kind == "margin" else 0.08,  # counts jump
            )


def test_directions_of_several_samplings_are_drawn_without_margins(tmp_path):
    rows_ = tuple(
        a_row(
            sampling=name,
            quantity="margin",
            method="paired_t",
            rule="direction",
            range=None,
            margin=None,
            n_for_margin=None,
            verdict="mostly lower",
            unit="temperatures",
        )
        for name in ("bm25", "ensemble")
    )
    comparison_by_hand(rows_).save(tmp_path)
    (result,) = find_results(tmp_path)
    (drawing,) = power_drawings(result)
    ax = drawing.draw()
    assert ax.get_ylabel() == "smallest difference (temperatures)"
    assert "by direction, normal law" in ax.get_xlabel()
    assert {kind for _, _, kind, _ in rows(drawing)} == {"difference"}


def test_a_number_without_a_range_or_a_direction_is_not_drawn(tmp_path):
    made = asked(n=43, sd=0.1)
    old = replace(made.rows[0], rule=None, rule_margin=None, rule_difference=None)
    bare = replace(made.curves[0], differences=())
    replace(made, rows=(old,), curves=(bare,)).save(tmp_path)
    drawing = of_power(find_results(tmp_path)[0])[0]
    assert drawing.draw is None
    assert "no rule decides" in drawing.reason


def test_power_of_an_earlier_version_is_not_drawn_by_another_rule(tmp_path):
    made = asked(n=43, sd=0.1)
    old = replace(made.rows[0], rule=None, rule_margin=None, rule_difference=None)
    replace(made, rows=(old,), curves=()).save(tmp_path)
    drawing = of_power(find_results(tmp_path)[0])[0]
    assert drawing.draw is None
    assert "run power again" in drawing.reason


def test_numbers_of_queries_alone_show_correlations(tmp_path):
    asked(n=(43, 97)).save(tmp_path)
    (drawing,) = of_power(find_results(tmp_path)[0])
    assert drawing.name == "power-correlation"
    expected = detectable_correlation(43, delta=0.05)
    assert ("queries", 43, expected) in rows(drawing)


def test_more_lines_than_can_be_told_apart_are_several_figures(tmp_path):
    names = [f"s{n}" for n in range(14)]
    (result,) = find_results(power(tmp_path / "power.json", names=names))
    found = [d.name for d in of_power(result)]
    assert found == ["power-entropy-all-1", "power-entropy-all-2", "power-correlation"]
