"""Power and cuts as accounts."""

from rankbound.commands.cut.files import planned
from rankbound.commands.power.run import power
from rankbound.page.asides import cut_account, power_account
from tests.rankbound.results import cut


def test_power_without_a_spread_says_what_it_lacks():
    account = power_account(power(n=43, margin=0.02))
    assert [v.level for v in account.verdicts] == ["told", "caution"]
    assert "--sd" in account.verdicts[1].sentence
    [table] = account.tables
    assert table.rows == (("any", "-", "43", "-", "0.43", "-", "-"),)


def test_power_with_a_margin_has_a_second_table():
    account = power_account(power(sd=0.1, margin=0.02))
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


def test_power_of_a_file_has_its_name():
    account = power_account(power(n=43, margin=0.02), name="plan")
    assert (account.title, account.tables[0].name) == ("Power, plan", "power-plan")
