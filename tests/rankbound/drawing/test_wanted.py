import pytest

from rankbound.cli.program import build_parser
from rankbound.drawing.wanted import KINDS, absent_kinds


def test_what_is_there_is_not_missed():
    assert absent_kinds(KINDS) == []
    assert [kind for kind, _ in absent_kinds([])] == [*KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_that_is_named_can_be_parsed(kind):
    words, command = KINDS[kind]
    reason = dict(absent_kinds([]))[kind]
    assert words in reason
    assert command in reason
    program, *arguments = command.split()
    assert program == "rankbound"
    build_parser().parse_args(arguments)
