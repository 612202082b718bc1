"""The table of the checks holds every row, and nothing that breaks a table."""

import pytest

from paper_appendix.tables import cell, checks_table
from rankbound.validation.suite import names


@pytest.mark.xdist_group("checks")
def test_checks_table_has_every_check_and_no_failure():
    lines = checks_table().splitlines()[2:]
    rows = [[part.strip() for part in line.strip("| ").split(" | ")] for line in lines]
    assert [row[0].strip("`") for row in rows] == names()
    assert {row[1] for row in rows} == {"holds", "enclosed", "refuted"}
    covered = [row for row in rows if "Bernoulli(1/n)" in row[3]]
    assert len(covered) == 33
    assert all("docstrings of numpy" in row[3] for row in covered)


def test_cell_sets_thousands_apart_and_drops_bars():
    assert cell("|a| in [0, 1]: 2000 boxes") == "size of a in [0, 1]: 2,000 boxes"
    assert cell("n = 999") == "n = 999"
