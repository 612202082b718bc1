"""The table of dependencies in SECURITY.md is true, and the check would notice."""

import pytest

from tests import dependencies


def test_the_table_of_dependencies_is_true_and_all_that_is_installed_is_pinned():
    assert [*dependencies.faults()] == []


@pytest.mark.parametrize("name", ["pinned", "needed"])
def test_what_is_not_pinned_or_not_in_the_table_is_told(monkeypatch, name):
    held = {**getattr(dependencies, name)()}
    del held["numpy"]
    monkeypatch.setattr(dependencies, name, lambda: held)
    monkeypatch.setattr(dependencies, "table", lambda: "")
    said = [fault for fault in dependencies.faults() if "numpy" in fault]
    assert len(said) == {"pinned": 2, "needed": 2}[name]


@pytest.mark.parametrize("last", ["2.3.9, 2026-11", "2.4.7", "2.4.7, May"])
def test_a_last_release_that_is_older_than_the_pin_or_has_no_month_is_told(
    monkeypatch, last
):
    monkeypatch.setitem(dependencies.RELEASED, "numpy", last)
    assert any(f"numpy is not {last}" in fault for fault in dependencies.faults())


def test_a_licence_that_changed_is_told():
    assert dependencies.agrees("BSD-3-Clause", "BSD License")
    assert dependencies.agrees("none stated", "")
    assert dependencies.agrees("Apache-2.0 (metadata: MIT)", "MIT License")
    assert not dependencies.agrees("Apache-2.0 (metadata: MIT)", "Apache-2.0")
    assert not dependencies.agrees("none stated", "GPL-3.0")
    assert not dependencies.agrees("MIT", "AGPL-3.0-or-later")
