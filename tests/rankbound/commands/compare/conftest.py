import pytest

from tests.rankbound.commands.compare.world import make


@pytest.fixture
def samplings(tmp_path):
    return make(tmp_path)
