"""paper_appendix.tables: the tables without LaTeX, complete and the same twice."""

import pytest

from paper_appendix import comparison
from paper_appendix.__main__ import main
from paper_appendix.document import AppendixError
from paper_appendix.tables import aligned, bare, variants

pytestmark = pytest.mark.xdist_group("appendix")


def test_one_command_rebuilds_every_table(capsys, tmp_path):
    assert main(["--tables"], target=tmp_path / "statements.md") == 0
    text = capsys.readouterr().out
    assert text == variants()
    assert list(tmp_path.iterdir()) == []
    assert not set("\\$`{") & set(text)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for closed_form in (
        "16 0.5333 0.0048 5.6568 5.652",
        "0.2 3 745 1 197",
        "1.01 0.20",
        "1.1 1.74",
    ):
        assert closed_form in lines
    rows = [line for line in lines if line.startswith("43 2.3")]
    assert len(rows) == 1
    assert rows[0].endswith(" 3.050")
    assert rows[0].count("±") == 7


def test_the_simulation_is_stated_with_the_tables():
    text = " ".join(variants().split())
    for number in (
        f"{comparison.TEACHER_SPREAD:.4f} exp({comparison.QUERY_SPREAD:.4f} z)",
        f"standard deviation {comparison.STUDENT_NOISE:.4f}",
        f"noise {comparison.WEAK_NOISE}",
        f"s = 1, ..., {comparison.SEEDS}",
        "seed [s, n], the large sample with the seed 0",
        f"failure probability {comparison.DELTA}",
    ):
        assert number in text


def test_unknown_mathematics_is_refused():
    with pytest.raises(AppendixError, match="without LaTeX"):
        bare(r"$\\int f$")


def test_columns_stand_under_their_heads():
    text = aligned("| n | a long head |\n| --- | --- |\n| $1\\,000$ | x |")
    assert text.splitlines() == ["    n  a long head", "1 000            x"]
