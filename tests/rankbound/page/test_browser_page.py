"""The page around its tables: meanings, files, keyboard, paper, hostile names."""

import base64
import csv
import io
import json
import re
import subprocess
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from rankbound.errors import in_options
from rankbound.page.accounts import number
from rankbound.page.report import write_report
from tests.optional import needs_latex
from tests.rankbound.page.conftest import HOSTILE, QIDS

pytestmark = pytest.mark.xdist_group("report")

LATEX = (
    r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}"
    r"\usepackage{booktabs}"
)


@pytest.fixture
def page(shared):
    yield shared
    assert shared.faults == []


def fetched(page, name):
    """The text behind a download link of the page."""
    link = page.locator(f'a[download="{name}"]')
    head, packed = link.get_attribute("href").split(",", 1)
    assert head.endswith("base64")
    return base64.b64decode(unquote(packed)).decode("utf-8")


def test_no_request_and_no_fault_whatever_the_names(page):
    page.reload()
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert page.locator("img[src='x'], b").count() == 0
    names = page.evaluate(
        "JSON.parse(document.getElementById('report-data').textContent).tables[0].texts[0]"
    )
    assert sorted(names) == sorted(QIDS)


def test_the_first_screen_answers_and_every_answer_has_its_number(page, contents):
    page.evaluate("scrollTo(0, 0)")
    boxes = page.locator("#answers .question .said")
    box = boxes.first.bounding_box()
    assert 0 < box["y"] < 400
    (student,) = contents["ledger"]["students"].values()
    assert student["vacuous"]
    vacuous = page.locator("#answer-vacuous").inner_text()
    assert HOSTILE in vacuous
    assert number(student["upper"]) in vacuous
    assert page.locator("#answer-vacuous .said.bad").count() == 1
    titles = page.locator("#answers .question h3").all_inner_texts()
    assert len(titles) == len({*titles}) == boxes.count()
    for name in ("ledger", "comparison", "validation"):
        for answer in (
            contents[name].to_dict()["answers"]
            if name == "comparison"
            else (contents[name]["answers"])
        ):
            told = page.locator(f"#answer-{answer['question']}").inner_text()
            assert in_options(answer["sentence"]) in told


def test_a_question_has_one_picture_and_the_rest_is_folded(page):
    assert page.locator("#answers .question:has(figure)").count() >= 4
    for place in range(page.locator("#answers .question").count()):
        assert (
            page.locator("#answers .question").nth(place).locator("figure").count() < 2
        )
    assert page.locator("#evidence figure").count() >= 5
    assert page.locator("#evidence figure:visible").count() == 0
    assert page.locator("details[open]").count() == 0


def test_limits_above_the_trivial_value_are_called_vacuous(page, contents):
    rows = page.evaluate(
        """() => [...document.querySelectorAll('#result-0 table')[0].rows].map(
          row => [...row.cells].map(cell => cell.firstChild?.textContent ?? ''))"""
    )
    place = rows[0].index("vacuous")
    found = {row[1].strip(): row[place] for row in rows[1:] if row[place]}
    (student,) = contents["ledger"]["students"].values()
    for method, limit in student["limits"].items():
        name = f"by {method.replace('_', ' ')}"
        if method == student["method"]:
            name = f"= upper limit ({method})"
        assert found[name] == (
            "yes" if limit >= contents["ledger"]["trivial"] else "no"
        )
    assert found["the paper's form (reconstructed)"] == "yes"


@pytest.mark.parametrize("how", ["hover", "focus"])
@pytest.mark.parametrize("width", [1280, 400])
def test_a_word_shows_its_meaning_in_full_and_escape_hides_it(page, how, width):
    page.set_viewport_size({"width": width, "height": 700})
    page.mouse.move(0, 0)
    words = page.locator(".term:visible")
    every = [*range(0, words.count(), 7), words.count() - 1]
    for place in every:
        word = words.nth(place)
        word.scroll_into_view_if_needed()
        getattr(word, how)()
        tip = page.locator(f"#{word.get_attribute('aria-describedby')}")
        assert tip.is_visible()
        box = tip.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= -1
        assert box["y"] + box["height"] <= 701
        top = page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).className",
            [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
        )
        assert "tip" in top  # nothing cuts or covers it
        page.keyboard.press("Escape")
        assert not tip.is_visible()
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_words_of_the_query_table_have_meanings_too(page):
    buttons = page.locator("#queries-0 th button.term")
    names = buttons.evaluate_all("all => all.map(e => e.firstChild.textContent)")
    assert {"entropy_nats", "divergence_nats", "risk_nats", "diameter"} <= {*names}
    tip = page.locator(f"#{buttons.first.get_attribute('aria-describedby')}")
    assert tip.text_content().startswith("H (entropy): ")


def test_csv_files_hold_the_tables_on_the_page(page, contents):
    _, *rows = csv.reader(io.StringIO(fetched(page, "comparison-c.csv")))
    wanted = contents["comparison"].rows
    assert len(rows) == len(wanted)
    for row, entry in zip(rows, wanted, strict=True):
        assert row[0] == entry.sampling
        assert row[3] == entry.verdict
        assert row[7] == number(entry.difference)
    parts = fetched(page, "ledger-m.csv")
    assert not re.search(r"(^|,)[=+@]", parts, re.MULTILINE)
    assert "'= risk" in parts


def test_the_json_files_are_the_results(page, everything):
    for name, path in {
        "m-ledger.json": "m/ledger.json",
        "c-comparison.json": "c/comparison.json",
        "v-validation.json": "v/validation.json",
        "inspection.json": "inspection.json",
    }.items():
        text = (everything / "all" / path).read_text(encoding="utf-8")
        assert fetched(page, name) == text


def test_latex_has_booktabs_rules_and_escapes(page):
    text = fetched(page, "ledger-m.tex")
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1
    assert r"\textless{}b\textgreater{}x\textless{}/b\textgreater{}" in text
    assert r"\&" in text
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    columns = re.search(r"\\begin\{tabular\}\{([lr]+)\}", text)[1]
    for line in lines:
        assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1


@needs_latex(LATEX)
def test_latex_is_typeset(page, tmp_path):
    names = ("ledger-m.tex", "comparison-c.tex", "certificates-v.tex", "findings.tex")
    tables = "\n".join(fetched(page, name) for name in names)
    (tmp_path / "t.tex").write_text(
        f"{LATEX}\\begin{{document}}\n{tables}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    words = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run(
        [*words, "t.tex"], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-600:]


def test_a_figure_is_saved_as_an_svg_file_of_its_own(page):
    button = page.locator("[data-svg]").first
    with page.expect_download() as waiting:
        button.click()
    assert waiting.value.suggested_filename == f"{button.get_attribute('data-svg')}.svg"
    root = ET.fromstring(waiting.value.path().read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 5
    ids = {e.get("id") for e in root.iter()}
    asked = {
        e.get("{http://www.w3.org/1999/xlink}href", "#")[1:] for e in root.iter()
    } - {""}
    assert asked <= ids


def test_every_figure_has_a_name_and_its_numbers(page):
    figures = page.locator("figure svg[role=img]")
    assert figures.count() >= 10
    for place in range(figures.count()):
        label = figures.nth(place).get_attribute("aria-labelledby")
        title, about = (page.locator(f"#{one}").text_content() for one in label.split())
        assert title
        assert len(about) > 20
    text = fetched(page, "c-ecdf-entropy-all.csv")
    assert len(text.splitlines()) > 12


def test_the_inspection_is_there_with_every_finding(page, contents):
    text = page.locator("article[id^=result-]").last.text_content()
    inspection = contents["inspection"]
    found = [f for file in inspection["files"] for f in file["findings"]]
    found += inspection["across"]["findings"]
    assert any(finding["severity"] == "error" for finding in found)
    for finding in found:
        assert in_options(finding["message"]) in text
        assert in_options(finding["remedy"]) in text
    for file in inspection["files"]:
        assert file["path"] in text
    errors = sum(finding["severity"] == "error" for finding in found)
    verdict = page.locator("#answers").inner_text()
    assert f"{errors} error{'s' * (errors > 1)} in 5 inspected files" in verdict
    assert "inspection.json: this report" not in verdict


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(opened, everything):
    page = opened(everything / "m.html")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll(
          'a[href], button, input, select, summary, [tabindex="0"]')]
          .filter(e => !e.disabled && e.checkVisibility() && e.tabIndex >= 0)
          .map((e, place) => (e.dataset.walk = String(place))).length"""
    )
    seen, hidden = [], []
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        place, outline, text = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
              return [e.dataset.walk ?? null, s.outlineStyle !== 'none'
                && parseFloat(s.outlineWidth) >= 2, e.outerHTML.slice(0, 90)]; }"""
        )
        if place is None:
            break
        seen.append(int(place))
        if not outline:
            hidden.append(text)
    assert wanted > 60
    assert seen == list(range(wanted))  # in the order of the page, without a trap
    assert hidden == []
    page.close()


def test_the_first_stop_skips_to_the_report(page):
    page.reload()
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    assert link.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_theme_is_chosen_by_a_button(page):
    page.emulate_media(color_scheme="light")
    backs = set()
    button = page.locator("#theme")
    for wanted in ("light", "dark", "system"):
        button.click()
        assert button.inner_text() == f"Theme: {wanted}"
        backs.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backs) == 2
    page.emulate_media(color_scheme=None)


def test_figures_stay_on_paper_white_in_the_dark(page):
    page.emulate_media(color_scheme="dark")
    papers = page.evaluate(
        "[...new Set([...document.querySelectorAll('.paper')]"
        ".map(e => getComputedStyle(e).backgroundColor))]"
    )
    page.emulate_media(color_scheme=None)
    assert papers == ["rgb(255, 255, 255)"]


def test_paper_hides_nothing_that_matters(page, contents):
    page.reload()
    page.locator("#queries-0 tbody button.link").first.click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.key:not([open])").count() == 0
    text = page.locator("body").inner_text()
    for qid in QIDS:
        assert qid.strip() in text
    for assumption in contents["ledger"]["assumptions"]:
        assert assumption in text
    assert "Scores in temperatures" in text
    sticky = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(e => ['sticky', 'fixed']
          .includes(getComputedStyle(e).position) && e.checkVisibility()).length"""
    )
    assert sticky == 0
    cut = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e =>
          ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowY)
          && e.scrollHeight > e.clientHeight + 2 && e.checkVisibility()).length"""
    )
    assert cut == 0
    assert page.locator("#explorer input:visible").count() == 0
    assert page.locator("#answer:visible").count() == 1
    assert page.locator("button:visible", has_text="CSV of").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() < page.locator("details").count()
    page.emulate_media(media="screen")


def test_without_javascript_all_but_the_controls_is_there(browser, everything):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((everything / "all.html").as_uri())
    text = page.locator("main").inner_text()
    assert page.locator("#queries-0 tbody tr").count() == 12
    assert "rankbound bound computes the same" in text
    assert page.locator("figure svg:visible").count() >= 4
    assert page.locator("button:visible").count() == 0
    assert page.locator("a[download]:visible").count() >= 4
    assert page.locator("a[download]").count() > 10
    context.close()


def test_two_ledgers_are_told_apart_everywhere(everything, opened, tmp_path):
    for name in ("a/<i>", "b"):
        folder = tmp_path / "two" / name
        folder.mkdir(parents=True)
        for file in ("ledger.json", "per_query.tsv"):
            (folder / file).write_bytes((everything / "all/m" / file).read_bytes())
    write_report(tmp_path / "two", tmp_path / "two.html")
    page = opened(tmp_path / "two.html")
    assert page.locator("#answer-vacuous .sentence").inner_text().count(HOSTILE) == 1
    assert page.locator("#tables article").count() == 2
    rows = page.locator("#queries-0 tbody tr").all_inner_texts()
    assert len(rows) == 24
    assert sum("a/<i>" in row for row in rows) == 12
    options = page.locator("#setting option").all_inner_texts()
    assert options[1:] == [f"a/<i> / {HOSTILE}", f"b / {HOSTILE}"]
    assert page.faults == []
    page.close()


def test_a_result_without_rows_or_queries_is_still_a_page(everything, opened, tmp_path):
    folder = tmp_path / "none"
    folder.mkdir()
    ledger = json.loads((everything / "all/m/ledger.json").read_text())
    (folder / "ledger.json").write_text(json.dumps(ledger | {"students": {}}))
    top = (everything / "all/m/per_query.tsv").read_text().splitlines()[0]
    (folder / "per_query.tsv").write_text(top + "\n")
    material = write_report(folder, tmp_path / "none.html")
    assert ("per_query.tsv", "not found or without rows, so no query is shown") in (
        material.missing
    )
    page = opened(tmp_path / "none.html")
    assert page.locator("#answer").inner_text().startswith("Bound ")
    assert page.faults == []
    page.close()
