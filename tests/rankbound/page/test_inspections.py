import pytest
from msgspec.structs import replace

from rankbound.commands.inspect.result import Across, Inspection, Readiness, Ready
from rankbound.commands.inspect.run import inspect
from rankbound.page.pieces import inspection_account

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture
def found(everything):
    return Inspection.load(everything / "all")


def cells(account):
    return {cell for table in account.tables for row in table.rows for cell in row}


def test_every_file_is_a_row_and_every_finding_another(found):
    files, findings = inspection_account(found, name="i").tables
    assert [row[0] for row in files.rows] == [one.path for one in found.files]
    many = sum(len(one.findings) for one in found.files)
    assert len(findings.rows) == many + len(found.across.findings)
    order = [row[1] for row in findings.rows]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert "unreadable" in cells(inspection_account(found))


def test_errors_and_warnings_are_verdicts(found):
    levels = {v.word: v.level for v in inspection_account(found).verdicts}
    assert levels["error"] == "bad"
    assert levels["warning"] == "caution"


def test_nothing_found_is_good_news(found):
    clean = tuple(replace(one, findings=()) for one in found.files)
    across = Across(ids=(), rows=(), findings=())
    account = inspection_account(replace(found, files=clean, across=across))
    assert {verdict.level for verdict in account.verdicts} <= {"good", "told"}
    assert (
        account.verdicts[-1].sentence
        == f"no error or warning in {len(clean)} inspected files"
    )
    assert [table.name for table in account.tables] == ["files"]


def test_a_command_is_proposed_or_what_is_missing(found):
    ready = Ready(
        measure=Readiness(True, (), "rankbound measure x", ()),
        compare=Readiness(False, ("groups", "a teacher"), "", ()),
    )
    account = inspection_account(replace(found, ready=ready))
    ((heading, lines),) = account.notes
    told = {verdict.word: verdict for verdict in account.verdicts}
    assert told["ready for measure"].command == "rankbound measure x"
    assert told["not ready for compare"].sentence == "missing: groups; a teacher"
    assert heading == "what to run"
    assert lines == (
        "ready for measure: rankbound measure x",
        "not ready for compare; missing: groups; a teacher",
    )


@pytest.mark.parametrize("text", ["", "{"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    account = inspection_account(inspect(path))
    assert "error" in {verdict.word for verdict in account.verdicts}
    assert {verdict.level for verdict in account.verdicts} >= {"bad"}
