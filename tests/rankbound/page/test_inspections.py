import pytest

from rankbound.commands.inspect.run import inspect
from rankbound.page.inspections import inspection_account


def cells(account):
    return {cell for table in account.tables for row in table.rows for cell in row}


def test_every_file_is_a_row_and_every_finding_another(contents):
    content = contents["inspection"]
    files, findings = inspection_account(content, name="i").tables
    assert [row[0] for row in files.rows] == [f["path"] for f in content["files"]]
    many = sum(len(f["findings"]) for f in content["files"])
    assert len(findings.rows) == many + len(content["across"]["findings"])
    order = [row[1] for row in findings.rows]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert "unreadable" in cells(inspection_account(content))


def test_errors_and_warnings_are_verdicts(contents):
    levels = {
        v.word: v.level for v in inspection_account(contents["inspection"]).verdicts
    }
    assert levels["error"] == "bad"
    assert levels["warning"] == "caution"


def test_nothing_found_is_good_news(contents):
    clean = [f | {"findings": []} for f in contents["inspection"]["files"]]
    across = {"findings": []}
    content = contents["inspection"] | {"files": clean, "across": across}
    account = inspection_account(content)
    assert {verdict.level for verdict in account.verdicts} <= {"good", "told"}
    assert (
        account.verdicts[-1].sentence
        == f"no error or warning in {len(clean)} inspected files"
    )
    assert [table.name for table in account.tables] == ["files"]


def test_a_command_is_proposed_or_what_is_missing(contents):
    ready = {
        "measure": {"ok": True, "missing": [], "command": "rankbound measure x"},
        "compare": {"ok": False, "missing": ["groups", "a teacher"], "command": ""},
    }
    account = inspection_account(contents["inspection"] | {"ready": ready})
    ((heading, lines),) = account.notes
    told = {verdict.word: verdict.sentence for verdict in account.verdicts}
    assert told["ready for measure"] == "rankbound measure x"
    assert told["not ready for compare"] == "missing: groups; a teacher"
    assert heading == "what to run"
    assert lines == (
        "ready for measure: rankbound measure x",
        "not ready for compare; missing: groups; a teacher",
    )


@pytest.mark.parametrize("text", ["", "{"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    account = inspection_account(inspect(path).as_dict())
    assert "error" in {verdict.word for verdict in account.verdicts}
    assert {verdict.level for verdict in account.verdicts} >= {"bad"}
