"""Arguments become options; a mistake names its option."""

from pathlib import Path

import pytest

from rankbound.cli.compare_options import options_from
from rankbound.cli.program import build_parser
from rankbound.errors import UsageError

START = (
    "compare",
    "--teacher",
    "t",
    "--out",
    "o",
    "--groups",
    "a=x.jsonl",
    "b=y.jsonl",
)


def options(*words):
    return options_from(build_parser().parse_args([*START, *words]), "rankbound ...")


def test_defaults():
    made = options()
    assert made.groups == (("a", Path("x.jsonl")), ("b", Path("y.jsonl")))
    assert made.quantities == ("entropy",)
    assert made.pairs == "each"
    assert made.margins == {}
    assert made.delta == 0.05
    assert made.command == "rankbound ..."


def test_everything_arrives():
    made = options(
        "--groups", "c=z=1", "--reference", "b", "--quantity", "ties", "margin",
        "--pairs", "pos-neg", "--margin", "ties=0.1", "margin=2", "--delta", "0.1",
        "--target", "T", "--controls", "--missing", "drop", "--seed", "7",
        "--temperature", "2", "--qrels", "Q", "--resamples", "10",
        "--embeddings", "E", "--ids", "I", "--metric", "angular", "--score-range", "4",
    )  # fmt: skip
    assert made.groups[2] == ("c", Path("z=1"))
    assert made.baseline == "b"
    assert made.margins == {"ties": 0.1, "margin": 2.0}
    assert (made.target, made.qrels) == (Path("T"), Path("Q"))
    assert (made.controls, made.missing, made.seed) == (True, "drop", 7)
    assert (made.temperature, made.resamples, made.score_range) == (2.0, 10, 4.0)
    assert (made.embeddings, made.ids, made.metric) == (
        Path("E"), Path("I"), "angular",
    )  # fmt: skip
    assert (made.delta, made.pairs) == (0.1, "pos-neg")


def test_a_plain_margin_is_that_of_the_only_quantity():
    assert options("--margin", "0.1").margins == {"entropy": 0.1}
    assert options("--quantity", "ties", "--margin", "0.1").margins == {"ties": 0.1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--groups", "c"), "--groups needs NAME=FILE, got 'c'"),
        (
            ("--quantity", "ties", "margin", "--margin", "0.1"),
            "--margin 0.1: there are 2 quantities of different units; say which, as "
            "in --margin ties=0.1",
        ),
        (("--margin", "0.1", "entropy=0.2"), "--margin is given twice for 'entropy'"),
        (("--margin", "wide"), "--margin must be a positive number, got 'wide'"),
        (("--margin", "ties=0.1"), "--margin for 'ties', which is not compared"),
        (("--temperature", "warm"), "--temperature must be a positive number"),
        (("--student-kind", "dot"), "--student-kind is given, but no student"),
    ],
)
def test_mistakes_name_their_option(words, message):
    with pytest.raises(UsageError) as caught:
        options(*words)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
