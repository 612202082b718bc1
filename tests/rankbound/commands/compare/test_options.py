"""Options that contradict each other are refused, naming the option."""

from pathlib import Path

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.measure.options import StudentSource
from rankbound.errors import UsageError

TWO = (("a", "a.jsonl"), ("b", "b.jsonl"))


def options(**settings):
    return CompareOptions(**{"teacher": "t.json", "groups": TWO, **settings})


def test_defaults():
    made = options()
    assert made.baseline == "a"
    assert made.pair_sets == ("all", "pos-neg", "neg-neg")
    assert made.margin("entropy") == 0.02
    assert made.margin("diameter") is None
    assert made.groups[1] == ("b", Path("b.jsonl"))
    assert options(pairs="pos-neg").pair_sets == ("pos-neg",)
    assert options(margins={"entropy": 0.1}).margin("entropy") == 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": TWO[:1]}, "at least two samplings"),
        ({"groups": (*TWO, TWO[0])}, "different names, got 'a' twice"),
        ({"groups": (("target", "x"), TWO[0])}, "or be 'target'"),
        ({"groups": (("a\tb", "x"), TWO[0])}, "must not be empty, contain tabs"),
        ({"reference": "c"}, "`reference` must name a sampling .a, b., got 'c'"),
        ({"quantities": ("beauty",)}, "`quantities` must be among entropy, margin"),
        ({"quantities": ()}, "at least one"),
        ({"quantities": ("ties", "ties")}, "each of them once"),
        ({"quantities": ("diameter",)}, "give `embeddings`"),
        ({"quantities": ("risk",)}, "give `students"),
        (
            {
                "quantities": ("two_nn",), "pairs": "pos-neg",
                "embeddings": "v", "ids": "i",
            },
            "describes the documents of a group",
        ),
        ({"pairs": "some"}, "`pairs` must be one of each, all"),
        ({"margins": {"risk": 0.1}}, "`margins` has an entry for 'risk'"),
        ({"margins": {"entropy": 0.0}}, "`margins` must be a positive number"),
        ({"margins": {"entropy": float("nan")}}, "`margins` must be a positive number"),
        ({"resamples": -1}, "`resamples` must be a whole"),
        ({"resamples": 1}, "`resamples` must be a whole number from 99"),
        ({"delta": 2.0}, "`delta`"),
        ({"metric": "cosine"}, "not a metric"),
        ({"ids": "v"}, "`ids` name the rows of `embeddings`"),
    ],
)  # fmt: skip
def test_refusals(settings, message):
    with pytest.raises((UsageError, DomainError), match=message):
        options(**settings)


def test_students_and_vectors_allow_their_quantities():
    made = options(
        quantities=("risk", "two_nn"),
        students=(StudentSource("s", scores="s.run"),),
        embeddings="v.npy",
        ids="v.txt",
    )
    assert made.quantities == ("risk", "two_nn")


def test_samplings_come_as_a_dict_and_a_quantity_alone():
    made = options(groups=dict(TWO), quantities="entropy")
    assert made.groups == options().groups
    assert made.quantities == ("entropy",)


@pytest.mark.parametrize("groups", ["ab", ("a.jsonl", "b.jsonl"), [("a", "b", "c")]])
def test_samplings_without_names_are_refused_by_name(groups):
    with pytest.raises(UsageError, match="`groups` must hold the samplings by name"):
        options(groups=groups)


def test_one_margin_is_that_of_the_one_quantity():
    files = {"teacher": "t", "groups": {"a": "x", "b": "y"}}
    assert CompareOptions(**files, margins=0.3).margin("entropy") == 0.3
    with pytest.raises(UsageError, match="`margins` must be given by quantity"):
        CompareOptions(**files, quantities=("entropy", "ties"), margins=0.3)


def test_groups_without_names_are_refused_in_one_short_line():
    with pytest.raises(UsageError, match="must hold the samplings by name") as caught:
        CompareOptions(teacher="t", groups=[{"query_id": "q"}] * 999)
    assert len(str(caught.value)) < 200


def test_quantities_are_placed_as_asked_for():
    options = CompareOptions(
        teacher="t",
        groups={"a": "x", "b": "y"},
        quantities=("ties", "risk", "entropy"),
        students={"s": "s.run", "r": "r.run"},
    )
    labels = ["entropy", "risk:r", "margin", "risk:s", "ties"]
    placed = sorted(labels, key=options.place)
    assert placed == ["ties", "risk:s", "risk:r", "entropy", "margin"]
