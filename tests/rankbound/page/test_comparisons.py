import pytest
from msgspec.structs import replace

from rankbound.commands.compare.result import Controls
from rankbound.page.studies import comparison_account
from tests.rankbound.comparisons import a_row, comparison

pytestmark = pytest.mark.xdist_group("report")


def test_rows_and_verdicts_are_the_comparisons(contents):
    made = contents["comparison"]
    account = comparison_account(made)
    shown = [cell for table in account.tables for row in table.rows for cell in row]
    for row in made.rows:
        assert row.verdict in shown
    assert set(account.sentences) <= set(made.sentences)
    assert account.sentences
    words = " ".join(verdict.word for verdict in account.verdicts).lower()
    assert made.rows[0].verdict in words


def test_a_missing_number_is_a_dash():
    account = comparison_account(comparison([a_row(n_for_margin=None, margin=None)]))
    shown = [cell for row in account.tables[0].rows for cell in row]
    assert "–" in shown
    assert not any("None" in cell or "nan" in cell for cell in shown)


def test_bad_news_comes_first():
    controls = Controls(rows=(), passed=False, missing_because=None)
    made = comparison([a_row(f"s{n}", place=n) for n in (2, 3, 1, 0)])
    account = comparison_account(replace(made, controls=controls, warnings=("odd",)))
    assert [verdict.word for verdict in account.verdicts] == [
        "different",
        "inconclusive",
        "negligible",
        "equivalent",
        "control failed",
        "warning",
    ]
