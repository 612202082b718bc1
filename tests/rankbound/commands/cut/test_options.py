import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.options import StudentSource
from rankbound.errors import UsageError

ONE = (StudentSource("s", scores="s.run"),)
TWO = (*ONE, StudentSource("t", scores="t.run"))


def test_all_six_cuts_by_entropy_are_the_default(options):
    made = options()
    assert (made.by, made.pairs, made.compat) == ("entropy", "all", None)
    assert [band.name for band in made.bands] == [
        "below-median",
        "above-median",
        "inner",
        "outer",
        "lower-quartile",
        "upper-quartile",
    ]


@pytest.mark.parametrize(
    ("students", "by", "label"),
    [(ONE, "risk", "risk"), (ONE, "risk:s", "risk"), (TWO, "risk:t", "risk:t")],
)
def test_a_lone_student_is_not_named(options, students, by, label):
    assert options(students=students, by=by).quantity == label


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"by": "length"}, UsageError, "`by` must be one of entropy"),
        ({"by": "diameter"}, UsageError, "needs vectors"),
        ({"by": "risk"}, UsageError, "needs a student"),
        ({"by": "entropy:s", "students": ONE}, UsageError, "has no student"),
        ({"by": "risk", "students": TWO}, UsageError, "must name one of the students"),
        (
            {"by": "risk:x", "students": ONE},
            UsageError,
            "must name one of the students",
        ),
        ({"by": "two_nn", "pairs": "pos-neg"}, UsageError, "not its pairs"),
        ({"pairs": "some"}, UsageError, "`pairs` must be one of"),
        ({"compat": "paper"}, UsageError, "`compat` is reference"),
        ({"keep": ()}, UsageError, "must name at least one band"),
        ({"keep": ("inner", "inner")}, UsageError, "'inner' twice"),
        ({"keep": ("0.1:0.2", "0.10:0.2")}, UsageError, "twice"),
        ({"keep": ("middle",)}, DomainError, "a cut is one of"),
        ({"delta": 2.0}, DomainError, "`delta`"),
    ],
)
def test_impossible_settings_are_refused(options, changes, error, message):
    with pytest.raises(error, match=message):
        options(**changes)


def test_one_band_needs_no_tuple(options):
    assert [band.name for band in options(keep="inner").bands] == ["inner"]
