import pytest

from rankbound.commands.cut.options import CutOptions
from tests.rankbound.commands.cut.world import build


@pytest.fixture
def folder(tmp_path, monkeypatch):
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def options():
    def make(**changes):
        given = {"teacher": "t.json", "groups": "train.jsonl", "temperature": 1.0}
        return CutOptions(**given | changes)

    return make
