"""Results of every command on hostile names, and a browser that looks at their page."""

import json
import os
from pathlib import Path

import pytest

from rankbound.cli import main
from rankbound.commands.compare.result import Comparison
from tests.optional import started_browser
from tests.rankbound.files import group_text, lookup, project, run_text

HOSTILE = "<b>x</b>\"'&"
# Ids that end a script, open a comment, mark the direction of the writing, name what
# every object has,
# are run by a spreadsheet, or are long
QIDS = (
    "<script>stolen()</script>",
    "]]>",
    "</script><img/src=x/onerror=stolen()>",
    "<!--",
    "line\u200fend",
    "\u061cturned",
    "q" * 500,
    "=1+1",
    "__proto__",
    "constructor",
    "\"'&amp;",
    "plain",
)
MODELS = ("--teacher", "t.json", "--teacher-kind", "logit")
STUDENT = ("--student", f"{HOSTILE}=s.json", "--student-kind", "logit")
VECTORS = ("--embeddings", "v.npy", "--ids", "v.ids")
COMMANDS = (
    ["measure", *MODELS, *STUDENT, *VECTORS, "--groups", "g.jsonl", "--out", "all/m"],
    ["compare", *MODELS, "--groups", f"{HOSTILE}=g.jsonl", "b=h.jsonl", *VECTORS],
    ["validate", *MODELS, *STUDENT, "--qrels", "judged.qrels", "--out", "all/v"],
    ["inspect", "t.json", "s.run", "g.jsonl", "broken.json", "judged.qrels"],
)
MORE = (
    [],
    ["--out", "all/c"],
    ["--resamples", "200", "--permutations", "99"],
    ["--json", "all/inspection.json"],
)


def hostile(folder):
    """The files of `project`, with ids that mean mischief."""
    project(folder)
    rename = dict(zip((f"q{n}" for n in range(1, 13)), QIDS, strict=True))
    teacher = json.loads((folder / "t.json").read_text())
    student = {qid: {} for qid in teacher}
    for line in (folder / "s.run").read_text().splitlines():
        qid, _, docno, _, score, _ = line.split(" ")
        student[qid][docno] = float(score)
    teacher, student = (
        {rename[qid]: row for qid, row in table.items()} for table in (teacher, student)
    )
    grouped = [(qid, [*row][:5]) for qid, row in teacher.items()]
    others = [(qid, [*row][3:]) for qid, row in teacher.items()]
    judged = (folder / "judged.qrels").read_text().splitlines()
    for name, text in {
        "t.json": lookup(teacher),
        "s.json": lookup(student),
        "s.run": run_text({"q": {"d1": 1.0, "d2": 2.0}}),
        "g.jsonl": group_text(grouped),
        "h.jsonl": group_text(others),
        "broken.json": "{",
        "judged.qrels": "".join(
            "{} {}\n".format(rename[line.split(" ")[0]], line.split(" ", 1)[1])
            for line in judged
        ),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    """A folder ``all`` with a measurement, comparison, validation and inspection."""
    folder = tmp_path_factory.mktemp("everything")
    hostile(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        pairs = zip(COMMANDS, MORE, strict=True)
        codes = [main([*command, *more]) for command, more in pairs]
        for name in ("all", "all/m", "all/c", "all/v"):
            assert main(["report", name, "--out", f"{Path(name).name}.html"]) == 0
    finally:
        os.chdir(before)
    assert codes[:2] == [0, 0]
    assert codes[2] in (0, 1)  # a control may fail on so few queries
    assert codes[3] == 1  # one file cannot be read
    return folder


@pytest.fixture(scope="session")
def contents(everything):
    """Results of measure, compare, validate and inspect on small files."""
    places = {"ledger": "m", "comparison": "c", "validation": "v", "inspection": ""}
    found = {
        name: json.loads((everything / "all" / place / f"{name}.json").read_text())
        for name, place in places.items()
    }
    return found | {"comparison": Comparison.load(everything / "all" / "c")}


@pytest.fixture(scope="session")
def browser():
    """A headless chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        made = started_browser(driver)
        yield made
        made.close()


@pytest.fixture(scope="session")
def opened(browser):
    """A function that opens a file and remembers its faults and requests."""

    def opening(path, **options):
        page = browser.new_page(reduced_motion="reduce", **options)
        page.faults, page.asked = [], []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "console",
            lambda said: (
                page.faults.append(said.text)
                if said.type in ("error", "warning")
                else None
            ),
        )
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        return page

    return opening


@pytest.fixture(scope="session")
def shared(opened, everything):
    """The page of all results, opened once; reload it where a test leaves traces."""
    return opened(everything / "all.html", viewport={"width": 1280, "height": 900})
