import numpy as np
import pytest

from rankbound.cli import main
from rankbound.cli.convert import READ, REFUSED, WRITTEN
from rankbound.commands.convert.run import convert
from rankbound.read.registry import formats, read_any
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
        (["t.json", "t.json"], "is an input"),
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


def test_the_help_names_every_format_and_says_which_are_written(capsys):
    written = {name for name, entry in formats().items() if entry.write is not None}
    headings = {"scores", "groups", "judgements", "vectors"}
    named = [line.split() for line in WRITTEN.splitlines()]
    found = [name for row in named for name in row[row[0] in headings :]]
    # "groups" is a heading and a format
    assert sorted(found) == sorted(written)
    assert sorted([*READ.split(), *REFUSED.split()]) == sorted({*formats()} - written)
    with pytest.raises(SystemExit) as ended:
        main(["convert", "--formats"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*formats()]
    assert all(
        ("read, written" in line) == (line.split()[0] in written) for line in lines
    )


def test_what_belongs_to_the_target_and_what_was_decided_is_said(folder, capsys):
    np.save(folder / "v.npy", np.array([[0.1, 2.0]]))
    written(folder, "a\n", "v.ids.txt")
    assert main(["convert", "v.npy", "w.faiss", "--lossy"]) == 0
    assert capsys.readouterr().out == (
        "written: w.faiss (faiss-flat): 1 vector, rounded to float32; read back, and "
        "the same\n"
        "written: w.ids.txt, which belongs to it\n"
        "note: the index searches by inner product; faiss-flat:l2 makes it L2\n"
        "lost: digits of float64 that float32 lacks, in 1 vector\n"
        "lost: that the numbers are float64\n"
    )
    written(folder, "b\n", "others")
    assert main(["convert", "v.npy", "o.npz", "--ids", "others"]) == 0
    assert read_any(folder / "o.npz").embeddings.ids.tolist() == ["b"]
    assert main(["convert", "t.json", "o.json", "--ids", "others"]) == 2
    assert "--ids is for vectors" in capsys.readouterr().err


def test_a_remark_shows_options_and_python_parameters(folder, capsys):
    written(folder, lookup({"q": {"a": 2, "b": 1}}), "n.json")
    assert main(["convert", "n.json", "n.tsv", "--to", "scoreddocs", "--lossy"]) == 0
    assert "qrels; read it with --format scoreddocs\n" in capsys.readouterr().out
    made = convert("n.json", "again.tsv", to="scoreddocs", lossy=True)
    assert "read it with `format='scoreddocs'`" in repr(made)
