"""The report in a real browser, from a file, offline."""

from itertools import pairwise

import numpy as np
import pytest

from rankbound.bounds.registry import statement
from rankbound.bounds.theorem2 import HEADLINE
from rankbound.commands.measure.run import measure
from rankbound.errors import FormatError, UsageError
from rankbound.page.report import write_report
from tests.rankbound.page.conftest import HOSTILE

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def report(everything):
    return everything / "m.html"


@pytest.fixture(scope="module")
def page(opened, report):
    return opened(report)


def test_the_page_opens_without_a_fault_or_a_request(page):
    assert page.faults == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert page.locator("h1").count() == 1
    assert "vacuous" in page.locator("#answers").inner_text().lower()


def test_hostile_names_stay_text(page, report):
    assert page.faults == []  # a script that ran would miss its function
    assert HOSTILE in page.locator("#answers").inner_text()
    assert "<script>stolen" not in report.read_text()


def test_the_pages_bound_is_numpys(page):
    bound = statement(HEADLINE)
    names = page.evaluate(f"rankbound.views['{HEADLINE}'].names")
    rng = np.random.default_rng(5)
    for _ in range(50):
        drawn = {
            "diameter": rng.uniform(0.1, 2),
            "lipschitz": rng.uniform(0.1, 20),
            "kappa": rng.uniform(1, 4),
            "n_queries": float(rng.integers(10, 10**6)),
            "delta": rng.uniform(0.001, 0.5),
            "width": rng.uniform(0.1, 9),
        }
        arguments = [drawn.get(name, rng.uniform(0.01, 0.69)) for name in names]
        found = page.evaluate(
            f"([...x]) => rankbound.views['{HEADLINE}'].value(...x)", arguments
        )
        assert found == pytest.approx(float(bound.numpy()(*arguments)), rel=1e-12)


def test_a_slider_changes_the_bound(page):
    slider = page.locator("#explorer input[type=range]").first
    before = page.locator("#explorer").inner_text()
    slider.focus()
    for _ in range(8):
        slider.press("ArrowRight")
    assert page.locator("#explorer").inner_text() != before
    assert page.faults == []


def test_every_control_has_a_name_and_headings_skip_no_level(page):
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button")]
        .filter(e => !(e.labels && e.labels.length) && !e.getAttribute("aria-label")
            && !e.getAttribute("aria-labelledby") && !e.innerText.trim())
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_page_reads_without_javascript(report):
    text = report.read_text()
    assert "<table" in text
    assert text.count("<svg") >= 2
    for outside in ('src="http', 'href="http', "url(http", "@import"):
        assert outside not in text.split('<script type="application/json"')[0]


def test_results_of_objects_have_a_report(tmp_path):
    queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    measure(teacher=queries, students={"same": queries}).save(tmp_path)
    write_report(tmp_path, tmp_path / "x.html")
    assert "Inputs of ledger.json" in (tmp_path / "x.html").read_text()


def test_a_folder_without_results_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError):
        write_report(tmp_path, tmp_path / "x.html", command="")
    assert not (tmp_path / "x.html").exists()


TABLES = ("per_query.tsv", "comparison.per_query.tsv", "effectiveness.tsv")


def alone(everything, tmp_path, name, place=""):
    """A folder with one result and its table."""
    folder = tmp_path / "alone"
    folder.mkdir()
    for path in (everything / "all" / place).glob("*.*"):
        if path.name in (f"{name}.json", *TABLES):
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize(
    ("source", "file", "text", "message"),
    [
        ("ledger m", "per_query.tsv", "qid\n", "the column 'student' is missing"),
        ("comparison c", "comparison.per_query.tsv", "", "the column 'qid' is missing"),
        ("validation v", "effectiveness.tsv", "qid\n", "'dataset' is missing"),
    ],
)
def test_a_damaged_table_is_named_with_its_line(
    everything, tmp_path, source, file, text, message
):
    folder = alone(everything, tmp_path, *source.split())
    (folder / file).write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        write_report(folder, tmp_path / "x.html")
    assert str(caught.value).startswith(f"{folder / file}:1: ")
