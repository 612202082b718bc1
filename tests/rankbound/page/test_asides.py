"""Power and cuts as accounts."""

from msgspec.structs import replace

from rankbound.commands.power.run import powers
from rankbound.page.asides import conversion_account, cut_account, power_account
from tests.rankbound.results import converted, cut


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
    files, changes = cut_account(made).tables
    assert files.headings[:2] == ("kept", "file")
    assert [row[1] for row in files.rows] == [kept.file for kept in made.files]
    assert len(changes.rows) == len(made.comparison.rows)
    for table in (files, changes):
        assert {len(row) for row in table.rows} == {len(table.headings)}


def test_warnings_of_a_cut_are_verdicts_and_nothing_is_said_twice(tmp_path):
    account = cut_account(replace(cut(tmp_path), warnings=("careful",)))
    assert [v.sentence for v in account.verdicts][1:] == ["careful"]
    assert not any("careful" in line for _, lines in account.notes for line in lines)


def test_power_of_a_file_has_its_name():
    account = power_account(powers(n=43, margin=0.02), name="plan")
    assert (account.title, account.tables[0].name) == ("Power, plan", "power-plan")


def test_a_conversion_says_what_was_written_and_lost(tmp_path):
    done = replace(converted(tmp_path), lost={"ids": "the ids"})
    account = conversion_account(done)
    [verdict] = account.verdicts
    assert verdict.sentence.startswith(f"written: {done.path} (rankbound-groups)")
    assert account.notes == (("notes", ("lost: the ids",)),)
