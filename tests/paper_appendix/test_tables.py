"""paper_appendix.tables: the printed digits are those of the numbers."""

import pytest

from paper_appendix import comparison, tables

pytestmark = pytest.mark.xdist_group("appendix")


def test_closed_form_tables_print_the_digits_on_record():
    assert "| 16 | 0.5333 | 0.0048 | 5.6568 | 5.652 |" in tables.ranges_table()
    assert "| 1.1 | 1.74 |" in tables.shift_table()
    assert r"| 0.2 | $3\,745$ | $1\,197$ |" in tables.gap_table()


def test_limits_print_spread_and_stars():
    lines = tables.limits_table().splitlines()
    assert len(lines) == 2 + len(comparison.SIZES)
    assert r"0.699 $\pm 0.00" in lines[5]  # Hoeffding at 1000: just vacuous
    assert r"$^\ast$ $\pm 0.00" in lines[5]
    assert "pm" not in lines[-1]
    ends = [line.split("|")[-2].strip() for line in lines[2:]]
    assert ends == ["3.050", "2.722", "1.265", "0.632", "0.239", "0.0283"]


def test_counts_and_powers():
    assert tables._count(500_000) == r"$500\,000$"
    assert tables._power(2.06e10) == r"$2.1 \cdot 10^{10}$"


def test_the_form_with_a_pseudo_dimension_needs_more_than_anybody_has():
    text = tables.paper_table()
    assert r"$2.1 \cdot 10^{10}$" in text
    assert r"10^{14}$" in text


@pytest.mark.parametrize("name", tables.TABLES)
def test_every_table_is_a_table(name):
    rows = tables.TABLES[name]().splitlines()
    assert len({row.count("|") for row in rows}) == 1
    assert len(rows) > 3
