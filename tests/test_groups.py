"""Tests of one group run in one process, so that what they share is made once."""

import os

import pytest


@pytest.mark.xdist_group("groups")
def test_groups_reach_the_scheduler(request):
    if not hasattr(request.config, "workerinput"):
        pytest.skip("one process runs every test: no groups")
    assert "@groups" in os.environ["PYTEST_CURRENT_TEST"]
