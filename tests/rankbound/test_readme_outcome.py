"""The README's outcome on TREC DL 2019 is what the command prints on those files."""

import re

import pytest

from rankbound.cli import main
from tests.rankbound.realdata import DATA, ROOT, needs_data

STUDENTS = ("tasb", "splade_ed", "ada2", "bm25", "bm25_rm3")


@needs_data
@pytest.mark.realdata
def test_the_outcome_in_the_readme_is_printed(tmp_path, capsys):
    data = DATA / "dl19"
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    shown = next(block for block in blocks if block.startswith("$ rankbound validate"))
    runs = [f"{name}={data}/runs/{name}.run" for name in STUDENTS]
    words = ["--teacher", f"{data}/runs/repllama.run.gz", "--temperature", "fit"]
    words += ["--student", *runs, "--student-temperature", "fit", "--relevant", "2"]
    words += ["--qrels", f"{data}/qrels.trec", "--name", "dl19", "--details"]
    assert main(["validate", *words, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.splitlines()
    quoted = [line for line in shown.splitlines()[3:] if line != "[...]"]
    assert len(quoted) == 8
    for line in quoted:
        assert line in printed
