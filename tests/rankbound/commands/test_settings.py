import numpy as np
import pytest

from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.settings import made_options
from rankbound.errors import UsageError


def test_options_are_taken_as_they_are():
    options = MeasureOptions(teacher="t")
    assert made_options(MeasureOptions, options, {}) is options
    with pytest.raises(UsageError, match="either MeasureOptions or keywords, not both"):
        made_options(MeasureOptions, options, {"depth": 4})


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (MeasureOptions, {}, r"give teacher=\.\.\. at least; data are paths, or"),
        (MeasureOptions, {"depth": 4}, r"give teacher=\.\.\. at least"),
        (MeasureOptions, {"teacher": None}, r"give teacher=\.\.\. at least"),
        (CompareOptions, {}, r"give teacher=\.\.\. and groups=\.\.\. at least"),
        (
            MeasureOptions,
            {"teacher": "t", "deepth": 4},
            "no setting 'deepth'; did you mean 'depth'",
        ),
        (MeasureOptions, {"zzz": 4}, "no setting 'zzz'; there are architecture, "),
    ],
)
def test_what_is_missing_or_unknown_is_named(kind, settings, message):
    with pytest.raises(UsageError, match=message):
        made_options(kind, None, settings)


@pytest.mark.parametrize("value", ["teacher.run", {"teacher": "t"}, CompareOptions])
def test_what_is_no_options_is_refused(value):
    with pytest.raises(
        UsageError, match=r"settings are keywords, as in teacher=\.\.\."
    ):
        made_options(MeasureOptions, value, {})


def test_jobs_have_the_names_of_their_commands():
    import rankbound as rb

    jobs = ("measure", "compare", "validate", "inspect", "convert", "power", "bound")
    for name in (*jobs, "cut"):
        assert callable(getattr(rb, name))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": "8"}, "depth must be a whole number, got '8'"),
        ({"depth": 2.5}, "depth must be a whole number, got 2.5"),
        ({"depth": True}, "depth must be a whole number, got True"),
        ({"delta": "0.1"}, "delta must be a number, got '0.1'"),
        ({"metric": 3}, "metric must be a text, got 3"),
    ],
)
def test_settings_of_a_wrong_type_are_named(settings, message):
    with pytest.raises(UsageError) as caught:
        made_options(MeasureOptions, None, {"teacher": "t", **settings})
    assert str(caught.value) == message


def test_numbers_of_numpy_are_numbers():
    made = made_options(
        MeasureOptions,
        None,
        {"teacher": "t", "depth": np.int64(8), "delta": np.float32(0.1)},
    )
    assert made.depth == 8
