"""A validation that was ended goes on, from the work of students that was done."""

import numpy as np
import pytest

from rankbound import engine
from rankbound.bounds.errors import DomainError
from rankbound.commands.computing import computing, identity_of
from rankbound.commands.validate import run
from rankbound.commands.validate.options import ValidateOptions
from rankbound.commands.validate.run import result_of, validated
from rankbound.data.draws import generator
from rankbound.errors import UsageError
from rankbound.validation import distances
from rankbound.validation.association import Effort, Panel, draw, summary
from rankbound.validation.drawn import (
    DrawnPrediction,
    drawn_associations,
    drawn_orderings,
    drawn_prediction,
)
from rankbound.validation.systems import (
    design_of,
    drawn_for,
    leave_system_out_ridge,
    orderings,
)
from tests.rankbound.commands.validate.conftest import options_for

QUICK = {"permutations": 99, "splits": 1}


def several(toy):
    first, second = (options_for(toy, dataset=name) for name in "ab")
    return ValidateOptions(
        **{
            **{name: getattr(first, name) for name in first.__slots__},
            "cases": first.cases + second.cases,
            "measures": ("nDCG@5",),
        }
    )


def done_by(monkeypatch):
    """The names of the work that this process does from now on."""
    names = []
    task = engine.Task.done
    monkeypatch.setattr(
        engine.Task,
        "done",
        lambda one: names.append(one.work.__name__) or task(one),
    )
    return names


def test_a_validation_that_was_ended_goes_on_with_the_same_numbers(
    toy, tmp_path, monkeypatch
):
    """The associations were done, and the controls not."""
    monkeypatch.setattr(engine, "KEPT_EVERY", 0.0)
    options = options_for(toy, **QUICK)
    whole = done_by(monkeypatch)
    expected = result_of(validated(options)).to_files()
    assert whole.count("drawn_associations") == len(toy.students) + 1
    assert {"drawn_p_values", "moved_products"} <= {*whole}
    whole.clear()

    def ended(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "random_controls", ended)
        with (
            pytest.raises(KeyboardInterrupt),
            computing(options, name="validate", folder=tmp_path),
        ):
            validated(options)
    assert whole.count("drawn_associations") == len(toy.students)
    [place] = tmp_path.glob(".validate.blocks")
    other = options_for(toy, **QUICK, seed=3)
    with (
        pytest.raises(UsageError, match=r"`seed` was 0, and is 3; .*start anew"),
        computing(other, name="validate", folder=tmp_path),
    ):
        pytest.fail("blocks of another run were taken")
    assert place.is_dir()
    whole.clear()
    with computing(options, name="validate", folder=tmp_path):
        again = result_of(validated(options)).to_files()
    assert whole.count("drawn_associations") == 1  # of the constant student
    assert again == expected
    assert not place.exists()


def test_settings_are_named_by_what_they_are_of(toy):
    said = identity_of(several(toy)).settings
    assert said["band"] == "0.1"
    assert said["pilot of a, given"] == "0.0"
    assert said["rankings of b, given"] == ""
    assert not [name for name in said if name.startswith(("cases", "command", "seed "))]


@pytest.mark.parametrize("n", [3, 40])
def test_parts_of_distances_are_those_of_all_at_once(n, monkeypatch):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(2, 20))

    def found():
        rng = np.random.default_rng(1)
        return distances.distance_correlation(x, y, count=99, rng=rng)

    whole = found()
    monkeypatch.setattr(distances, "PIECE", n * 20)
    monkeypatch.setattr(distances, "AT_ONCE", 7 * 20)
    assert found() == whole


def test_associations_come_back_from_arrays_as_they_were():
    """Those of a constant column lack all numbers, and stay without them."""
    rng = np.random.default_rng(0)
    terms = np.column_stack([rng.normal(size=12), np.ones(12)])
    panel = Panel(
        terms, rng.normal(size=(12, 2)), rng.normal(size=(12, 1)), np.eye(2, 1) > 0
    )
    effort = Effort(200, 99)
    made = drawn_associations(
        panels=(panel,),
        further=(panel,),
        keys=(("a", "b"),),
        seed=3,
        effort=effort,
        delta=0.1,
    )
    rng = generator(3, "a", "b")
    expected = [*summary(draw(panel, effort, rng), delta=0.1)]
    expected += summary(draw(panel, effort, rng), delta=0.1)
    found = [*made.rows()]
    assert found == [one for line in expected for one in line]
    assert found[-1].spearman.value is None
    assert found[0].spearman != found[4].spearman  # one stream of random numbers


def test_orders_and_predictions_come_back_from_arrays_as_they_were():
    rng = np.random.default_rng(0)
    names = np.array([f"s{n}" for n in range(9)], dtype=object)
    same = np.array(["x"] * 9, dtype=object)
    design = design_of(names, same, same)
    settings = {"delta": 0.05, "resamples": 50, "permutations": 99}
    systems = drawn_for(design, **settings, rng=np.random.default_rng(1))
    columns = {"rises": rng.normal(size=9), "flat": np.ones(9)}
    target = rng.normal(size=9)
    rising = {"rises": True, "flat": None}
    made = drawn_orderings(
        predictors=columns, target=target, design=design, rising=rising, drawn=systems
    )
    whole = orderings(columns, target, design, rising=rising, drawn=systems)
    assert made.rows() == [*whole.values()]
    assert made.rows()[1].tau is None
    given = {"features": columns, "design": design, "drawn": systems}
    predicted = drawn_prediction(target=target, **given).row()
    assert predicted == leave_system_out_ridge(columns, target, design, systems)
    flat = drawn_prediction(target=np.ones(9), **given)
    with pytest.raises(DomainError) as raised:
        leave_system_out_ridge(columns, np.ones(9), design, systems)
    assert isinstance(flat, DrawnPrediction)
    assert flat.row() == str(raised.value)
