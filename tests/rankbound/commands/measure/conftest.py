import pytest

from tests.rankbound.commands.measure.world import make_world


@pytest.fixture
def world(tmp_path):
    return make_world(tmp_path)
