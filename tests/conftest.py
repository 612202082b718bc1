"""Random tests: the same examples on every run. Groups: what is shared is made once."""

import os
import threading

import numpy as np
import pytest
from hypothesis import settings

from rankbound import progress

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=30)
settings.register_profile("deep", derandomize=True, deadline=None, max_examples=2000)
progress.EVERY = 1e6  # a slow machine says no more than a fast one
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share what a module or a folder makes once run in one process.

    A group that is written in a test stays.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") or not hasattr(item, "_fixtureinfo"):
            continue
        made_once = {
            definitions[-1].baseid
            for definitions in item._fixtureinfo.name2fixturedefs.values()
            if definitions[-1].scope in ("module", "package", "session")
        }
        places = sorted(place for place in made_once if place.startswith("tests"))
        if places:
            item.add_marker(pytest.mark.xdist_group(places[0]))


def pytest_configure():
    """Refuse searches for ids by NumPy, which compares each object with all others.

    That takes hours for 100,000 ids; `data.columns.positions` finds them by a table.
    """
    isin = np.isin

    def of_numbers(element, test_elements, *args, **kwargs):
        for one in (element, test_elements):
            assert np.asarray(one).dtype != object, "use `positions` for ids"
        return isin(element, test_elements, *args, **kwargs)

    np.isin = of_numbers


@pytest.fixture
def new_threads():
    """Those that began in the test and still work; libraries keep some of theirs."""
    before = {*threading.enumerate()}
    return lambda: {*threading.enumerate()} - before
