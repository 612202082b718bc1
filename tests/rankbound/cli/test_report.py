import pytest

from rankbound.cli import main
from tests.rankbound.files import project

WORDS = (
    "measure --teacher t.json --teacher-kind logit --groups g.jsonl --student s=s.run "
    "--student-kind logit --out out"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def measured(folder, capsys):
    project(folder)
    assert main(WORDS.split()) == 0
    capsys.readouterr()
    return folder


def contents(folder):
    return {path: path.is_dir() or path.read_bytes() for path in folder.rglob("*")}


def refused(folder, capsys, *words):
    before = contents(folder)
    code = main(["report", *words])
    shown, errors = capsys.readouterr()
    assert (code, shown) == (2, "")
    assert errors.startswith("rankbound: error: ")
    assert errors.count("\n") == 1
    assert contents(folder) == before
    return errors.removeprefix("rankbound: error: ").rstrip("\n")


def test_a_report_is_one_file_of_the_results(measured, capsys):
    before = {*contents(measured)}
    assert main(["report", "out", "--out", "report.html"]) == 0
    shown, errors = capsys.readouterr()
    assert errors == ""
    assert shown.endswith("written: report.html\n")
    assert {*contents(measured)} - before == {measured / "report.html"}
    text = (measured / "report.html").read_text()
    assert text.lower().startswith("<!doctype html>")
    assert "rankbound report out --out report.html" in text


def test_what_is_not_in_the_report_is_said(measured, capsys):
    (measured / "s.run").unlink()
    assert main(["report", "out", "--out", "report.html"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "not in the report: comparison: the folder holds no comparison.json; "
        "rankbound compare writes one" in lines
    )
    assert any("s.run no longer exists" in line for line in lines)


def test_the_same_results_give_the_same_file(measured):
    words = ["report", "out", "--out", "report.html"]
    assert main(words) == 0
    first = (measured / "report.html").read_bytes()
    assert main(words) == 0
    assert (measured / "report.html").read_bytes() == first


def test_rows_cap_the_tables(measured):
    assert main(["report", "out", "--out", "report.html", "--rows", "3"]) == 0
    assert "3 of 12 rows shown" in (measured / "report.html").read_text()


def test_a_missing_folder_is_a_mistake(folder, capsys):
    message = refused(folder, capsys, "absent", "--out", "report.html")
    assert message == "absent: no such folder"


def test_a_folder_without_results_is_a_mistake(folder, capsys):
    (folder / "empty").mkdir()
    message = refused(folder, capsys, "empty", "--out", "report.html")
    assert message.startswith("empty: holds none of ")
    assert "ledger.json" in message


def test_no_rows_and_a_folder_as_the_file_are_mistakes(measured, capsys):
    message = refused(measured, capsys, "out", "--out", "x.html", "--rows", "0")
    assert message.startswith("--rows must be a whole number from 1 ")
    assert "is a folder" in refused(measured, capsys, "out", "--out", "out")
