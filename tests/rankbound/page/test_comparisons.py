from rankbound.page.comparisons import comparison_account


def test_rows_and_verdicts_are_the_comparisons(contents):
    content = contents["comparison"]
    account = comparison_account(content)
    shown = [cell for table in account.tables for row in table.rows for cell in row]
    for row in content["rows"]:
        assert row["verdict"] in shown
    assert set(account.sentences) <= set(content["sentences"])
    assert account.sentences
    words = " ".join(verdict.word for verdict in account.verdicts).lower()
    assert content["rows"][0]["verdict"] in words


def test_a_missing_number_is_a_dash(contents):
    content = contents["comparison"]
    rows = [row | {"n_for_margin": None, "margin": None} for row in content["rows"]]
    account = comparison_account(content | {"rows": rows})
    shown = [cell for row in account.tables[0].rows for cell in row]
    assert "–" in shown
    assert not any("None" in cell or "nan" in cell for cell in shown)
