"""Forests by data set: what they show, and how many there are."""

from dataclasses import replace

from rankbound.commands.study.result import Effect, PooledRow, Study
from rankbound.drawing import studies
from rankbound.drawing.results import Found
from rankbound.drawing.run import result_drawings
from rankbound.figures.output import data_of
from rankbound.results import Named


def pooled(quantity, sampling, value=0.1, n=2):
    effects = [
        Effect(dataset=f"set {k}", n=40, value=k / 10, lower=0.0, upper=0.3, weight=0.5)
        for k in range(n)
    ]
    return PooledRow(
        quantity=quantity,
        sampling=sampling,
        reference="random",
        pairs="all",
        student=None,
        term=None,
        measure=None,
        unit="nats",
        value=value,
        lower=None if value is None else value - 1,
        upper=None if value is None else value + 1,
        n_datasets=n,
        tau2=0.0,
        i2=0.0,
        q=0.0,
        p_heterogeneity=1.0,
        caution=None,
        missing_because=None if value is not None else "one data set",
        left_out={},
        effects=Named(effects),
    )


def study(*rows):
    made = Study(
        datasets=Named(()),
        pooled=rows,
        delta=0.05,
        sentences=(),
        warnings=(),
        definitions={},
        inputs=(),
        command="",
        versions={},
    )
    return Found("rankbound.study/1", "", made)


def test_a_forest_shows_every_data_set_and_the_estimate_over_all():
    (drawing,) = studies.drawings(study(pooled("entropy", "bm25")))
    assert drawing.name == "pooled-entropy-all"
    data = data_of(drawing.draw())
    assert data["dataset"] == ["set 0", "set 1", "(pooled)"]
    assert data["value"] == [0.0, 0.1, 0.1]
    assert data["upper"] == [0.3, 0.3, 1.1]


def test_a_long_forest_comes_in_pieces_of_a_dozen_lines():
    rows = [pooled("entropy", f"s{k}", n=4) for k in range(5)]
    found = studies.drawings(study(*rows))
    assert [len(data_of(one.draw())["value"]) for one in found] == [10, 10, 5]
    assert len({one.name for one in found}) == 3


def test_without_two_data_sets_there_is_a_reason():
    (drawing,) = studies.drawings(study(pooled("risk", "bm25", value=None, n=1)))
    assert drawing.draw is None
    assert "no two data sets" in drawing.reason


def test_few_figures_of_each_result_and_more_of_the_study():
    names = ("entropy", "diameter", "risk", "divergence", "margin", "ties")
    whole = study(*(pooled(name, "bm25") for name in names))
    other = replace(whole, name="below")
    drawn = [one.name for one in result_drawings([whole, other], most=1) if one.draw]
    assert len(drawn) == 10
    names = [one.name for one in result_drawings([whole], most=1) if not one.draw]
    assert any(name.startswith("1 more figure") for name in names)
