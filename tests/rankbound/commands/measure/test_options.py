"""Options that contradict each other are refused before anything is read."""

from pathlib import Path

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.errors import UsageError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": "g", "depth": 4}, "exclude each other"),
        ({"depth": 1}, "--depth must be at least 2, got 1"),
        ({"pairs": "some"}, "--pairs is one of"),
        ({"pairs": "pos-neg"}, "needs positives"),
        ({"pairs": "neg-neg"}, "needs positives"),
        (
            {"pairs": "pos-neg", "groups": "g", "target_groups": "t"},
            "give --pairs all",
        ),
        ({"unjudged": "irrelevant"}, "give --qrels"),
        ({"unjudged": "good", "qrels": "q"}, "--unjudged is unknown or irrelevant"),
        ({"ids": "i"}, "name the rows of --embeddings"),
        ({"temperature": "fit"}, "give --qrels"),
        ({"temperature": 0.0}, "positive number or 'fit', got 0.0"),
        ({"temperature": float("nan")}, "positive number or 'fit', got nan"),
        ({"temperature": "warm"}, "got 'warm'"),
        ({"metric": "cosine"}, "not a metric"),
        ({"metric": "manhattan"}, "unknown metric"),
        ({"score_range": 0.0}, "--score-range must be a positive number"),
        ({"score_range": float("inf")}, "--score-range must be a positive number"),
        ({"delta": 0.0}, "must lie in"),
        ({"delta": 1.0}, "must lie in"),
        ({"missing": "ignore"}, "--missing is drop or error"),
        ({"seed": -1}, "--seed must be at least 0"),
        (
            {"students": (StudentSource("a", "x"), StudentSource("a", "y"))},
            "called 'a'",
        ),
        ({"students": (StudentSource("a", queries="q"),)}, "give --embeddings"),
    ],
)
def test_options_reject(settings, message):
    with pytest.raises((UsageError, DomainError), match=message):
        MeasureOptions(teacher="t", **settings)


def test_paths_may_be_text():
    options = MeasureOptions(teacher="t", students=(StudentSource("a", "x"),))
    assert options.teacher == Path("t")
    assert options.students[0].scores == Path("x")


@pytest.mark.parametrize(
    ("teacher", "student", "fits"),
    [(None, 1.0, False), ("fit", 1.0, True), (2.0, "fit", True)],
)
def test_fits_sees_every_model(teacher, student, fits):
    options = MeasureOptions(
        teacher="t",
        qrels="q",
        temperature=teacher,
        students=(StudentSource("a", "x", temperature=student),),
    )
    assert options.fits is fits
