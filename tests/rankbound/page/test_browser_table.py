"""The table of queries in a browser: sort, filter, search, cap, a query's documents."""

import csv
import io
import json
import math

import numpy as np
import pytest

from rankbound.cli.measure import options_of
from rankbound.page.accounts import number
from rankbound.page.report import write_report
from tests.rankbound.page.conftest import HOSTILE, QIDS

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture
def page(shared):
    shared.reload()
    yield shared
    assert shared.faults == []


@pytest.fixture(scope="module")
def truth(everything):
    """Rows of ``per_query.tsv`` by qid, without the apostrophe before formulas."""
    with (everything / "all/m/per_query.tsv").open(encoding="utf-8", newline="") as f:
        rows = csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["qid"].removeprefix("'"): row for row in rows}


def section(page):
    return page.locator("#queries-0")


def column(page, place):
    return page.evaluate(
        "place => [...document.querySelectorAll('#queries-0 tbody tr')]"
        ".map(row => row.children[place].innerText)",
        place,
    )


def heads(page):
    return page.evaluate(
        "[...document.querySelectorAll('#queries-0 > .scroll th[aria-sort]')]"
        ".map(head => head.querySelector('button').firstChild.textContent.trim())"
    )


def status(page):
    return section(page).locator(".tools [role=status]").inner_text()


def head(page, name):
    place = heads(page).index(name)
    return section(page).locator("th[aria-sort]").nth(place), place


def test_every_query_is_a_row_with_its_own_numbers(page, truth):
    assert sorted(column(page, 0)) == sorted(qid.strip() for qid in QIDS)
    _, place = head(page, "entropy_nats")
    shown = dict(zip(column(page, 0), column(page, place), strict=True))
    for qid, row in truth.items():
        assert shown[qid.strip()] == number(float(row["entropy_nats"]))


@pytest.mark.parametrize("name", ["entropy_nats", "risk_nats", "n_pairs"])
def test_a_click_on_a_number_sorts_down_and_another_one_up(page, truth, name):
    cell, place = head(page, name)
    values = sorted((float(row[name]) for row in truth.values()), reverse=True)
    cell.locator("button").click()
    assert cell.get_attribute("aria-sort") == "descending"
    assert column(page, place) == [number(value) for value in values]
    cell.locator("button").click()
    assert cell.get_attribute("aria-sort") == "ascending"
    assert column(page, place) == [number(value) for value in values[::-1]]
    others = page.locator("#queries-0 th[aria-sort]:not([aria-sort=none])")
    assert others.count() == 1


def test_a_long_id_stays_in_its_column(page):
    wide = page.evaluate(
        """() => [...document.querySelectorAll('#queries-0 tbody tr')].map(row => {
          const text = row.querySelector('button').getBoundingClientRect();
          return text.right - row.children[1].getBoundingClientRect().left;
        })"""
    )
    assert max(wide) <= 0
    marks = page.evaluate(
        "getComputedStyle(document.querySelector('#queries-0 tbody button'), '::after')"
        ".content"
    )
    assert marks == "none"  # the arrows of sorting are the headings' alone


def test_names_sort_up_first_with_numbers_in_order(page):
    cell, _ = head(page, "qid")
    up = column(page, 0)
    assert cell.get_attribute("aria-sort") == "ascending"
    cell.locator("button").focus()
    page.keyboard.press("Enter")
    assert cell.get_attribute("aria-sort") == "descending"
    assert column(page, 0) == up[::-1]


def test_search_keeps_names_that_hold_the_text_in_any_case(page):
    search = section(page).get_by_label("Search names")
    search.fill("SCRIPT")
    assert sorted(column(page, 0)) == sorted(q for q in QIDS if "script" in q)
    assert status(page) == "2 of 12 rows kept"
    search.fill("<B>X")  # the student's name, not the query's
    assert len(column(page, 0)) == 12
    search.fill("no such name")
    assert column(page, 0) == []
    assert status(page) == "0 of 12 rows kept"
    section(page).get_by_role("button", name="Clear filters").click()
    assert len(column(page, 0)) == 12
    assert search.input_value() == ""


def test_a_range_keeps_the_rows_inside_both_ends(page, truth):
    values = sorted(float(row["entropy_nats"]) for row in truth.values())
    low, high = values[3], values[8]
    section(page).get_by_label("Keep by column").select_option(label="entropy_nats")
    section(page).get_by_label("from", exact=True).fill(repr(low))
    assert len(column(page, 0)) == 9
    section(page).get_by_label("to", exact=True).fill(repr(high))
    _, place = head(page, "entropy_nats")
    assert sorted(column(page, place)) == [number(value) for value in values[3:9]]
    assert status(page) == "6 of 12 rows kept"
    points = page.locator("#queries-0 .brush circle:not(.out)")
    assert points.count() == 6


def test_the_csv_has_the_kept_rows_in_full_and_runs_nothing(page, truth):
    section(page).get_by_label("Search names").fill("=1")
    with page.expect_download() as waiting:
        section(page).get_by_role("button", name="CSV of these rows").click()
    assert waiting.value.suggested_filename == "queries.csv"
    text = waiting.value.path().read_text(encoding="utf-8")
    names, *rows = csv.reader(io.StringIO(text))
    (row,) = [dict(zip(names, row, strict=True)) for row in rows]
    assert row["qid"] == "'=1+1"
    for name in ("entropy_nats", "diameter", "risk_nats"):
        assert float(row[name]) == float(truth["=1+1"][name])


def test_a_table_over_its_cap_says_so_on_the_page(everything, opened, tmp_path):
    write_report(everything / "all", tmp_path / "few.html", rows=5)
    page = opened(tmp_path / "few.html")
    told = section(page).locator("p").first.inner_text()
    assert told.startswith("5 of 12 rows shown")
    assert status(page) == "5 of 5 rows kept (of 12 in the files)"
    assert len(column(page, 0)) == 5
    page.close()


def test_long_tables_turn_their_pages(everything, opened, tmp_path):
    source = tmp_path / "many"
    source.mkdir()
    for name in ("ledger.json", "per_query.tsv"):
        (source / name).write_bytes((everything / "all/m" / name).read_bytes())
    top, row, *_ = (source / "per_query.tsv").read_text().splitlines()
    cells = row.split("\t")[1:]
    rows = ["\t".join([f"q{n}", *cells]) for n in range(120)]
    (source / "per_query.tsv").write_text("\n".join([top, *rows, ""]))
    write_report(source, tmp_path / "many.html")
    page = opened(tmp_path / "many.html")
    pager = section(page).locator(".pager")
    assert pager.inner_text().split("\n") == ["Previous", "page 1 of 3", "Next"]
    assert pager.get_by_role("button", name="Previous").is_disabled()
    assert column(page, 0)[:3] == ["q0", "q1", "q2"]
    pager.get_by_role("button", name="Next").click()
    pager.get_by_role("button", name="Next").click()
    assert column(page, 0) == [f"q{n}" for n in range(100, 120)]
    assert pager.get_by_role("button", name="Next").is_disabled()
    page.close()


def open_query(page, qid):
    section(page).get_by_label("Search names").fill("")
    names = column(page, 0)
    section(page).locator("tbody button.link").nth(names.index(qid.strip())).click()
    return section(page).locator(".detail")


def rows_of(page, caption):
    return page.evaluate(
        """caption => {
          const tables = [...document.querySelectorAll('#queries-0 .detail table')];
          const mine = tables.find(t => t.caption.innerText.startsWith(caption));
          return [...mine.rows].map(row => [...row.cells].map(cell => cell.innerText));
        }""",
        caption,
    )


def test_short_ids_are_not_broken_beside_many_columns(page):
    detail = open_query(page, "plain")
    cells = detail.locator(".columns tbody :is(td, th):not(.n)")
    widths = cells.evaluate_all(
        """cells => cells.map(cell => {
          cell.closest('table').style.width = '1px';
          return cell.getBoundingClientRect().width; })"""
    )
    assert widths
    assert min(widths) > 80
    detail.get_by_role("button", name="Close").click()


def roles(scores):
    """Documents with their roles in the promised order, from a group's scores.

    The first one is the positive; those that score more follow it, the highest first,
    and then the others in the order of the group, which is that of their ids.
    """
    positive, *others = scores
    above = {docno for docno in others if scores[docno] > scores[positive]}
    return [
        (positive, "positive"),
        *(
            (docno, "above the positive")
            for docno in sorted(above, key=scores.get, reverse=True)
        ),
        *((docno, "") for docno in sorted({*others} - above)),
    ]


@pytest.mark.parametrize("qid", QIDS)
def test_a_query_shows_the_scores_that_are_in_the_files(page, everything, qid):
    teacher = json.loads((everything / "t.json").read_text())[qid]
    panel = open_query(page, qid)
    assert qid in panel.locator("h3").text_content()
    _, *rows = rows_of(page, "Scores")
    group = {docno: teacher[docno] for docno in [*teacher][:5]}
    assert [(row[0], row[1]) for row in rows] == roles(group)
    assert [row[2] for row in rows] == [number(teacher[row[0]]) for row in rows]


def test_the_queries_have_positives_with_and_without_negatives_above(everything):
    teacher = json.loads((everything / "t.json").read_text())
    above = {
        qid: sum(scores[docno] > scores[first] for docno in others)
        for qid, scores in teacher.items()
        for first, *others in [[*scores][:5]]
    }
    assert {0, 2} <= {*above.values()}


def test_a_student_is_shown_with_its_clipped_scores(page, everything):
    student = json.loads((everything / "s.json").read_text())["plain"]
    open_query(page, "plain")
    names, *rows = rows_of(page, "Scores")
    assert names == ["document", "role", "teacher", HOSTILE]
    best = max(student[row[0]] for row in rows)
    wanted = [number(max(student[row[0]], best - 3)) for row in rows]
    assert [row[3] for row in rows] == wanted


@pytest.mark.parametrize("qid", ["plain", "constructor", "]]>"])
def test_pairs_have_their_probabilities_and_distances(page, everything, qid):
    teacher = json.loads((everything / "t.json").read_text())[qid]
    student = json.loads((everything / "s.json").read_text())[qid]
    vectors = np.load(everything / "v.npy").astype(float)
    ids = (everything / "v.ids").read_text().split()
    open_query(page, qid)
    names, *rows = rows_of(page, "10 pairs")
    assert names[2:] == ["teacher p", f"{HOSTILE} p", "distance (euclidean)"]
    assert len(rows) == 5 * 4 // 2
    best = max(student[docno] for docno in [*teacher][:5])
    for first, second, p, q, far in rows:
        margin = teacher[first] - teacher[second]
        assert margin >= 0
        assert p == number(1 / (1 + math.exp(-margin)))
        clipped = [max(student[docno], best - 3) for docno in (first, second)]
        assert q == number(1 / (1 + math.exp(clipped[1] - clipped[0])))
        a, b = (vectors[ids.index(docno)] for docno in (first, second))
        assert float(far) == pytest.approx(float(np.linalg.norm(a - b)), abs=6e-5)
    # Pairs in which a negative beats the positive, the first one, then the others
    positive = next(iter(teacher))
    order = [(second != positive, -float(p)) for _, second, p, *_ in rows]
    assert order == sorted(order)
    above = sum(second == positive for _, second, *_ in rows)
    marked = section(page).locator(".detail table").last.locator("tr.above")
    assert marked.count() == above


def test_the_drill_down_opens_by_keyboard_and_closes_again(page):
    link = section(page).locator("tbody button.link").first
    name = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    focused = page.evaluate("document.activeElement.innerText")
    assert focused == f"Query {name}"
    assert section(page).locator("tr.chosen").count() == 1
    section(page).get_by_role("button", name="Close").click()
    assert section(page).locator(".detail").inner_text() == ""
    assert section(page).locator("tr.chosen").count() == 0


def test_a_query_beyond_the_budget_of_documents_is_said_to_be_so(
    everything, opened, tmp_path, monkeypatch
):
    monkeypatch.setattr("rankbound.page.report.MOST_TEXT", 1)
    monkeypatch.chdir(everything)
    write_report(everything / "all/m", tmp_path / "none.html", options_of=options_of)
    page = opened(tmp_path / "none.html")
    panel = open_query(page, "constructor")
    assert "the documents of 0 queries, and this is not one" in panel.inner_text()
    assert page.faults == []
    page.close()


def test_documents_that_are_not_in_the_page_are_said_to_be_missing(
    everything, opened, tmp_path
):
    source = tmp_path / "alone"
    source.mkdir()
    for name in ("ledger.json", "per_query.tsv"):
        (source / name).write_bytes((everything / "all/m" / name).read_bytes())
    out = tmp_path / "alone.html"
    material = write_report(source, out, options_of=options_of)
    assert any("t.json no longer exists" in why for _, why in material.missing)
    page = opened(tmp_path / "alone.html")
    panel = open_query(page, "constructor")
    told = panel.inner_text()
    assert "Not shown: the input t.json no longer exists" in told
    assert "--inputs" in told  # the remedy
    assert page.faults == []
    page.close()
