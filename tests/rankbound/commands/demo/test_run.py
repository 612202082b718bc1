"""The demonstration as a newcomer runs it: bytes, files, and what it prints."""

import hashlib
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from rankbound.commands.compare.result import Comparison
from rankbound.commands.demo.corpus import FRESH
from rankbound.commands.demo.run import ROWS, opening_lines, summary_lines
from rankbound.commands.measure.result import Ledger
from rankbound.commands.validate.result import Validation
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


def test_demo_leaves_every_result_and_a_report(demo):
    report = (demo / "report.md").read_text()
    for sampling in SAMPLINGS:
        ledger = json.loads((demo / "measured" / sampling / "ledger.json").read_text())
        assert ledger["answers"][0]["sentence"] in report
        assert ledger["command"] in report
        rows = table(demo / "measured" / sampling / "per_query.tsv")
        # Of 600 queries, a fifth chooses; a group with too few candidates is left out
        assert 470 <= len(rows) == ledger["n_queries"] <= 480
    names = ("compared/comparison", "calibrated/comparison", "validated/validation")
    for name in ("inspection", *names):
        assert json.loads((demo / f"{name}.json").read_text())["command"] in report
    assert not list(demo.rglob(".*"))


def test_demo_measures_queries_of_packages_that_nothing_was_chosen_on(demo):
    judged = (demo / "qrels.trec").read_text().splitlines()
    packages = {line.split()[2].partition(".")[0] for line in judged}
    assert packages <= {*FRESH}
    assert len(judged) == 600
    ledger = json.loads((demo / "measured/bm25/ledger.json").read_text())
    qids = {qid for qid, _ in table(demo / "measured/bm25/per_query.tsv")}
    assert qids <= {line.split()[0] for line in judged}
    assert ledger["calibration"]["n_calibration"] == 120


def test_the_demos_page_is_short_and_says_every_number_once(demo):
    ledgers = {
        f"measured/{name}": json.loads(
            (demo / "measured" / name / "ledger.json").read_text()
        )
        for name in SAMPLINGS
    }
    playwright = pytest.importorskip("playwright.sync_api")

    def look():
        with playwright.sync_playwright() as driver:
            browser = started_browser(driver)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto((demo / "report.html").as_uri())
            check_words(page)
            check_certificates(page, ledgers)
            assert sheets(page) <= MOST_SHEETS
            browser.close()

    # In a thread of its own, as tests before may have left a browser open in this one
    with ThreadPoolExecutor(1) as threads:
        threads.submit(look).result()


def test_readme_shows_what_the_demo_prints(demo):
    """Numbers agree to 0.02 and counts to 2: other processors move the digits."""
    readme = (ROOT / "README.md").read_text()
    shown = readme.partition("$ rankbound demo\n")[2].partition("```")[0]
    ledgers = {name: Ledger.load(demo / "measured" / name) for name in SAMPLINGS}
    compared = Comparison.load(demo / "compared")
    fitted = Comparison.load(demo / "calibrated")
    validated = Validation.load(demo / "validated")
    printed = [
        *opening_lines(ledgers, compared, fitted, validated),
        *summary_lines(ledgers),
    ]
    number = re.compile(r"\d+(?:\.\d+)?")
    texts = [" ".join(text.split()) for text in (shown, " ".join([*printed, ROWS]))]
    assert number.sub("#", texts[0]) == number.sub("#", texts[1])
    for here, there in zip(*map(number.findall, texts), strict=True):
        slack = 0.02 if "." in there else 2
        assert abs(float(here) - float(there)) <= slack * max(1.0, float(there) / 100)


def test_readme_has_at_most_900_words():
    assert len((ROOT / "README.md").read_text().split()) <= 900


def digests(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
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
