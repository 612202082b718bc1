"""Power, cuts and inspections as accounts."""

import pytest

from rankbound.cutting.files import planned
from rankbound.powering import powers
from rankbound.reporting.asides import cut_account, inspection_account, power_account
from tests.rankbound.results import cut, inspected


def test_power_without_a_spread_says_what_it_lacks():
    account = power_account(powers(n=43, margin=0.02))
    assert [v.level for v in account.verdicts] == ["told", "caution"]
    assert "--sd" in account.verdicts[1].sentence
    [table] = account.tables
    assert table.rows == (("any", "-", "43", "-", "0.43", "-", "-"),)


def test_power_with_a_margin_has_a_second_table():
    account = power_account(powers(sd=0.1, margin=0.02))
    [table] = account.tables
    assert table.rows[0][3:5] == ("216", "265")
    assert any("betting" in line for _, lines in account.notes for line in lines)


def test_a_cut_has_its_files_and_changes(tmp_path):
    made = cut(tmp_path)
    files, changes = cut_account(planned(made)).tables
    assert files.headings[:2] == ("kept", "file")
    assert [row[1] for row in files.rows] == [piece.name for piece in made.pieces]
    assert len(changes.rows) == sum(len(piece.changes) for piece in made.pieces)
    for table in (files, changes):
        assert {len(row) for row in table.rows} == {len(table.headings)}


def test_warnings_of_a_cut_are_verdicts_and_nothing_is_said_twice(tmp_path):
    manifest = planned(cut(tmp_path)) | {"warnings": ["careful"]}
    account = cut_account(manifest)
    assert [v.sentence for v in account.verdicts][1:] == ["careful"]
    assert not any("careful" in line for _, lines in account.notes for line in lines)


def test_an_inspection_orders_findings_by_gravity(tmp_path):
    content = inspected(tmp_path).as_dict()
    account = inspection_account(content)
    assert account.title == "Inspection of 3 files"
    assert account.verdicts[0].word == "ready for measure"
    assert account.verdicts[1].word == "not ready for compare"
    found = account.tables[1].rows
    order = ["error", "warning", "note"]
    places = [order.index(row[0]) for row in found]
    assert places == sorted(places)
    count = sum(len(one["findings"]) for one in content["files"])
    assert len(found) == count + len(content["across"]["findings"])


@pytest.mark.parametrize("text", ["", "{"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, text):
    from rankbound.inspecting.run import inspect

    path = tmp_path / "x.json"
    path.write_text(text)
    account = inspection_account(inspect(path).as_dict())
    assert "error" in {verdict.word for verdict in account.verdicts}
    assert {verdict.level for verdict in account.verdicts} >= {"bad"}
