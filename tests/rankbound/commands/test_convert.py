import pytest

from rankbound.cli import main
from tests.rankbound.files import lookup, written

ROWS = {"q": {"a": 1.5, "b": -0.5}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    written(tmp_path, lookup(ROWS), "t.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_written_and_lost_is_said(folder, capsys):
    words = ["t.json", "k.scores.parquet", "--teacher-kind", "logit"]
    assert main(["convert", *words]) == 0
    assert capsys.readouterr().out == (
        "written: k.scores.parquet (rankbound-scores): 2 scores of 1 query; that the "
        "scores are logit; read back, and the same\n"
    )
    assert main(["convert", "k.scores.parquet", "k.parquet.gz", "--lossy"]) == 0
    assert capsys.readouterr().out == (
        "written: k.parquet.gz (table-scores, gzip): 2 scores of 1 query; read back, "
        "and the same\nlost: that the scores are logit\n"
    )
    assert (folder / "k.parquet.gz").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["t.json", "t.json"], "is the file to convert"),
        (["t.json", "x.foo"], "names no format"),
        (["absent", "x.parquet"], "no such file"),
        (["t.json", "x.parquet", "--teacher-kind", "logits"], "must be one of logit"),
        (["t.json", "x.parquet", "--teacher-kind", "logit"], "--lossy"),
        (["t.json", "x.parquet", "--format", "y"], "no format is called 'y'"),
        (["t.json", "x", "--to", "y"], "no format is called 'y'"),
    ],
)
def test_mistakes_give_code_2_one_line_and_no_file(folder, capsys, words, message):
    assert main(["convert", *words]) == 2
    shown, errors = capsys.readouterr()
    assert shown == ""
    assert message in errors
    assert errors.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["t.json"]
