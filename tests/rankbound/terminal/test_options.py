"""Texts of results name flags for whoever ran a command, and parameters otherwise."""

import pytest

from rankbound.cli import main
from rankbound.commands.compare.result import Comparison
from tests.rankbound.commands.compare.world import make


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    world = make(tmp_path_factory.mktemp("flags"))
    assert main(world.words("--quantity", "margin", names=("near", "far"))) == 0
    return world.path("out")


def test_files_speak_of_parameters(folder):
    found = Comparison.load(folder)
    assert found.spaces_missing_because == "no vectors were given; give `embeddings`"
    assert {row.margin_missing_because for row in found.rows} == {
        "this quantity has no default margin; give `margins`"
    }


def test_every_text_of_a_command_speaks_of_flags(folder):
    found = Comparison.load(folder)
    told = found.in_options()
    assert told.spaces_missing_because == "no vectors were given; give --embeddings"
    assert {row.margin_missing_because for row in told.rows} == {
        "this quantity has no default margin; give --margin"
    }
    shift = told.shift["far"]
    assert shift.judged_missing_because == "no judgements were given; give --qrels"
    assert any("(--target sets" in line for line in told.cannot_say)
    assert "`" not in "".join(
        (*told.sentences, *told.advice, *told.cannot_say, *told.warnings)
    )


def test_nothing_else_changes(folder):
    found = Comparison.load(folder)
    told = found.in_options()
    assert told.beside["per_query"] is found.beside["per_query"]
    assert told.samplings == found.samplings
    assert [row.difference for row in told.rows] == [r.difference for r in found.rows]


def test_the_page_speaks_of_flags(folder, tmp_path):
    page = tmp_path / "page.html"
    assert main(["report", str(folder), "--out", str(page)]) == 0
    seen = page.read_text(encoding="utf-8").partition('<script type="application/json"')
    assert "--target sets a law" in seen[0]
    assert "`target`" not in seen[0]
