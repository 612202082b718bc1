"""Arguments become options; a mistake names its option."""

from pathlib import Path

import pytest

from rankbound.cli.measure import options_from
from rankbound.cli.options import KINDS
from rankbound.cli.program import build_parser
from rankbound.data.scores import Kind
from rankbound.errors import UsageError

START = ("measure", "--teacher", "t", "--out", "o")


def options(*words):
    return options_from(build_parser().parse_args([*START, *words]), "rankbound ...")


def test_repeatable_options_take_several_values_at_once():
    found = options("--student", "a=x", "b=y", "--student", "c=z").students
    assert [source.name for source in found] == ["a", "b", "c"]


def test_settings_go_to_all_students_or_to_one():
    found = options(
        "--student", "a=x", "b=y=1", "--student-temperature", "fit", "b=2",
        "--student-kind", "a=dot",
    ).students  # fmt: skip
    assert [source.temperature for source in found] == ["fit", 2.0]
    assert [source.kind for source in found] == [Kind.DOT, None]
    assert found[1].scores == Path("y=1")


def test_one_file_of_query_ids_serves_every_bi_encoder():
    vectors = ("--embeddings", "e", "--ids", "i")
    found = options(
        *vectors, "--bi-encoder", "a=1.npy", "b=2.npy", "--query-ids", "q"
    ).students
    assert [source.query_ids for source in found] == [Path("q"), Path("q")]
    found = options(
        *vectors, "--bi-encoder", "a=1.npy", "b=2.npy", "--query-ids", "p", "q"
    ).students
    assert [source.query_ids for source in found] == [Path("p"), Path("q")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--student", "x.run"), "--student needs NAME=FILE, got 'x.run'"),
        (("--student", "=x.run"), "--student needs NAME=FILE"),
        (("--student-kind", "dot"), "--student-kind is given, but no student"),
        (
            ("--student", "a=x", "--student-kind", "b=dot"),
            "no student 'b'; there are a",
        ),
        (("--teacher-kind", "score"), f"--teacher-kind must be one of {KINDS} "),
        (("--temperature", "warm"), "--temperature must be a positive number or 'fit'"),
        (("--query-ids", "q"), "--query-ids goes with --bi-encoder"),
    ],
)
def test_options_from_rejects(words, message):
    with pytest.raises(UsageError, match=message):
        options(*words)


def test_every_kind_that_is_offered_exists():
    offered = {Kind(name) for name in KINDS.split(", ")}
    # These are refused, or asked about
    others = {Kind.RANK_ONLY, Kind.MARGIN_ONLY, Kind.PROBABILITY_OR_COSINE}
    assert set(Kind) - offered == others
