"""The demonstration as a newcomer runs it: bytes, files, and what it prints."""

import hashlib
import json
import os
import re
import shlex

import pytest

from rankbound.cli import main
from rankbound.errors import UsageError
from rankbound.page.demo import demo as run_demo
from tests.optional import started_browser
from tests.rankbound.page.reading import (
    MOST_SHEETS,
    check_certificates,
    check_words,
    sheets,
)
from tests.rankbound.realdata import ROOT, table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
SAMPLINGS = ("random", "bm25", "crossencoder", "ensemble")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One full run, as `rankbound demo` does it."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    run_demo(folder, seed=0)
    return folder


def test_demo_leaves_a_ledger_per_sampling_and_a_report(demo):
    report = (demo / "report.md").read_text()
    for sampling in SAMPLINGS:
        ledger = json.loads((demo / "measured" / sampling / "ledger.json").read_text())
        student = ledger["students"]["bilinear"]
        assert f"## {sampling} negatives" in report
        assert student["verdict"] in report
        assert ledger["command"] in report
        rows = table(demo / "measured" / sampling / "per_query.tsv")
        assert len(rows) == ledger["n_queries"] == 1200
    assert not list(demo.rglob(".*"))


def test_the_demos_page_is_short_and_says_every_number_once(demo):
    playwright = pytest.importorskip("playwright.sync_api")
    ledgers = {
        f"measured/{name}": json.loads(
            (demo / "measured" / name / "ledger.json").read_text()
        )
        for name in SAMPLINGS
    }
    with playwright.sync_playwright() as driver:
        browser = started_browser(driver)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto((demo / "report.html").as_uri())
        check_words(page)
        check_certificates(page, ledgers)
        assert sheets(page) <= MOST_SHEETS
        browser.close()


def test_demo_ledger_names_a_command_that_repeats_it(demo, monkeypatch, capsys):
    monkeypatch.chdir(demo)
    before = (demo / "measured/bm25/ledger.json").read_bytes()
    rows = (demo / "measured/bm25/per_query.tsv").read_bytes()
    words = shlex.split(json.loads(before)["command"])
    assert main([*words[1:-1], "again"]) == 0
    assert (demo / "again/per_query.tsv").read_bytes() == rows
    again = json.loads((demo / "again/ledger.json").read_text())
    first = json.loads(before)
    assert {k: v for k, v in again.items() if k != "command"} == {
        k: v for k, v in first.items() if k != "command"
    }
    printed = " ".join(capsys.readouterr().out.split())
    assert first["answers"][0]["sentence"] in printed


def test_readme_ledger_is_the_demos(demo):
    """The numbers agree to 0.02: other processors and versions move the digits."""
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    shown = next(block for block in blocks if "upper limit" in block)
    report = (demo / "report.md").read_text()
    section = report.split("## bm25 negatives")[1].split("```")[1]
    number = re.compile(r"\d+(?:\.\d+)?")
    words = [number.sub("#", " ".join(text.split())) for text in (shown, section)]
    assert words[0] == words[1]
    pairs = zip(number.findall(shown), number.findall(section), strict=True)
    for in_readme, in_report in pairs:
        assert abs(float(in_readme) - float(in_report)) <= 0.02 * max(
            1.0, float(in_report)
        )


def digests(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "again" not in path.parts
    }


@pytest.mark.skipif(
    os.environ.get("RANKBOUND_TWICE") != "1", reason="a second full run: make test-all"
)
def test_demo_gives_the_same_bytes_twice(demo, tmp_path):
    run_demo(tmp_path / "second", seed=0)
    assert digests(demo) == digests(tmp_path / "second")


def test_demo_rejects_a_file_as_its_folder(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        run_demo(tmp_path / "taken", seed=0)


def test_readme_comparison_is_the_demos(demo, tmp_path):
    """Rows of the README's comparison, to 0.02, and their verdicts."""
    names = ("random", "bm25", "crossencoder", "ensemble")
    groups = [f"{name}={demo}/groups/{name}.16.jsonl.gz" for name in names]
    teacher = ("--teacher", f"{demo}/teacher/teacher.scores.json.gz")
    words = ("compare", *teacher, "--teacher-kind", "logit", "--groups", *groups)
    assert main([*words, "--resamples", "0", "--out", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    rows = {(row["sampling"], row["pairs"]): row for row in found["rows"]}
    lines = (ROOT / "README.md").read_text().splitlines()
    shown = [line.split() for line in lines if line.startswith((" bm25 ", " cross"))]
    assert len(shown) == 3
    for cells in shown:
        row = rows[cells[0], cells[1]]
        assert cells[-1] == row["verdict"]
        means = (row["mean"], row["difference"], row["lower"], row["upper"])
        for text, value in zip(cells[2:6], means, strict=True):
            assert float(text) == pytest.approx(value, abs=0.02)
