import pytest

from rankbound.cli.program import build_parser
from rankbound.drawing.catalogue import FIGURES, absent_kinds, file_name


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "-", "..", "<script>"])
def test_a_users_name_makes_no_path(name):
    made = file_name(name)
    assert "/" not in made
    assert made
    assert not made.startswith(".")


def test_what_is_there_is_not_missed():
    assert absent_kinds(FIGURES) == []
    assert [kind for kind, _ in absent_kinds([])] == [*FIGURES]


@pytest.mark.parametrize("kind", FIGURES)
def test_every_command_that_is_named_can_be_parsed(kind):
    _, command = FIGURES[kind]
    reason = dict(absent_kinds([]))[kind]
    assert command in reason
    program, *arguments = command.split()
    assert program == "rankbound"
    build_parser().parse_args(arguments)
