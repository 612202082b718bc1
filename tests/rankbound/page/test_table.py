import csv
import io

import pytest

from rankbound.page.accounts import MOST_ROWS, Table, data_uri, number


def test_csv_holds_every_cell_and_row():
    rows = tuple((f'a"{n}\n', "x=1+1") for n in range(MOST_ROWS + 1))
    table = Table("t", "", ("x", "y"), rows)
    found = list(csv.reader(io.StringIO(table.csv())))
    assert found[1:] == [list(row) for row in rows]
    assert len(table.shown) == MOST_ROWS
    assert f"{MOST_ROWS:,} of {MOST_ROWS + 1:,}" in table.left_out
    assert Table("t", "", ("x",), (("1",),)).left_out == ""


def test_latex_escapes_what_latex_reads():
    text = Table("t", "50% & more", ("a_b",), (("x#1",),)).latex()
    assert r"50\% \& more" in text
    assert r"a\_b" in text
    assert r"x\#1" in text
    assert r"\label{tab:t}" in text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0"), (1e-9, "1e-09"), (-2.5, "-2.5000")]
)
def test_numbers_of_any_size_have_a_cell(value, text):
    assert number(value) == text


def test_an_address_holds_the_text():
    assert data_uri("a", "text/csv").endswith("base64,YQ==")


def test_latex_rows_begin_with_no_option_of_the_row_before():
    text = Table(
        "t", "", ("x", "y"), (("[a]", "1"), ("*b", "2"), ("c\n\nd", "3"))
    ).latex()
    assert "{[}a] & 1" in text
    assert "{*}b & 2" in text
    assert "c  d & 3" in text


def test_csv_runs_nothing_and_leaves_numbers_alone():
    cells = ("=1+1", "-x", "@y", "+z", "-0.5", "-1,234.5", "-0.25 to 0.5", "-1.2e-07")
    found = next(csv.reader(io.StringIO(Table("t", "", cells, ()).csv())))
    assert found == ["'=1+1", "'-x", "'@y", "'+z", *cells[4:]]
