import pytest

from tests.rankbound.comparing.world import make


@pytest.fixture
def samplings(tmp_path):
    return make(tmp_path)
