"""Options that measure and compare share mean the same in both."""

import pytest

from rankbound.cli.options import kind_from, named, students_from
from rankbound.cli.program import build_parser
from rankbound.data.scores import Kind
from rankbound.errors import UsageError

STARTS = (
    ("measure", "--teacher", "t", "--out", "o"),
    ("compare", "--teacher", "t", "--out", "o", "--groups", "a=x", "b=y"),
)


@pytest.mark.parametrize("start", STARTS)
def test_students_are_read_alike(start):
    words = ("--student", "a=x", "b=y", "--student-kind", "dot", "a=logit")
    found = students_from(build_parser().parse_args([*start, *words]))
    assert [(s.name, s.kind) for s in found] == [("a", Kind.LOGIT), ("b", Kind.DOT)]


@pytest.mark.parametrize("start", STARTS)
def test_vectors_have_the_same_defaults(start):
    arguments = build_parser().parse_args(start)
    assert arguments.metric == "euclidean"
    assert arguments.embeddings is arguments.ids is None


def test_mistakes_name_their_option():
    with pytest.raises(UsageError, match="--groups needs NAME=FILE, got 'x'"):
        named("x", "--groups")
    with pytest.raises(UsageError, match="--teacher-kind must be one of logit"):
        kind_from("loud", "--teacher-kind")
