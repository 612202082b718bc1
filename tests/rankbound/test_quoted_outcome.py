"""The outcome on TREC DL 2019 that the page quotes is what the command prints."""

import re

import pytest

from rankbound.cli import main
from tests.rankbound.realdata import DATA, ROOT, needs_data

PAGE = ROOT / "docs" / "questions" / "effectiveness.md"
STUDENTS = ("tasb", "splade_ed", "ada2", "bm25", "bm25_rm3")


@needs_data
@pytest.mark.realdata
def test_the_outcome_that_the_page_quotes_is_printed(tmp_path, capsys):
    data = DATA / "dl19"
    block = re.compile(
        r"^```\n(\$ rankbound validate.*?)^```", re.MULTILINE | re.DOTALL
    )
    blocks = block.findall(PAGE.read_text())
    runs = [f"{name}={data}/runs/{name}.run" for name in STUDENTS]
    words = ["--teacher", f"{data}/runs/repllama.run.gz", "--temperature", "fit"]
    words += ["--student", *runs, "--student-temperature", "fit", "--relevant", "2"]
    words += ["--qrels", f"{data}/qrels.trec", "--name", "dl19", "--details"]
    assert main(["validate", *words, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert blocks
    for shown in blocks:
        quoted = [line for line in shown.splitlines()[3:] if line != "[...]"]
        assert len(quoted) == 8
        assert set(quoted) <= set(printed)
