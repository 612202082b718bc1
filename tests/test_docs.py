"""The documentation site, as far as it can be judged without building it.

`make docs` runs every command and notebook and fails on any warning; what is tested
here is that pages ask the catalogue's questions, that every command line parses, and
that nothing of another run or machine is kept.
"""

import ast
import json
import re
import runpy
import shlex

import pytest

from rankbound.bounds.registry import REGISTRY
from rankbound.catalogue import QUESTIONS
from rankbound.cli import build_parser
from tests.rankbound.realdata import ROOT

DOCS = ROOT / "docs"
BUILT = ("_build", "generated")
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if path.relative_to(DOCS).parts[0] not in BUILT
]
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
DIRECTIVE = re.compile(r"^```\{rankbound\}\n((?::[^\n]*\n)*)\n?(.*?)^```$", re.M | re.S)
FENCE = re.compile(r"^```(?:console|shell|bash)?\n(.*?)^```$", re.M | re.S)


def joined(text):
    """The command lines of a text, continued lines as one."""
    return text.replace("\\\n", " ").splitlines()


def command_lines():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        found = [body for _, body in DIRECTIVE.findall(text)]
        for block in FENCE.findall(text):
            for line in joined(block):
                program, _, words = line.removeprefix("$ ").partition(" ")
                if program == "rankbound":
                    found.append(words)
        for words in found:
            yield pytest.param(words, id=f"{path.stem}-{words.split()[0]}")


@pytest.mark.parametrize("line", [*command_lines()])
def test_every_command_line_parses(line):
    words = shlex.split(" ".join(joined(line)))
    assert vars(build_parser().parse_args(words))["run"]


def titles():
    return {
        path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        for path in (DOCS / "questions").glob("*.md")
    }


def test_the_questions_that_people_come_with_have_a_page_each():
    five = {question.wording for question in list(QUESTIONS.values())[:5]}
    assert five <= titles()
    assert QUESTIONS["terms"].wording in titles()
    assert len(titles()) == 8  # with the one on vacuous limits, and the list of all


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_keep_no_output(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] for cell in code)
    assert all(cell["execution_count"] is None for cell in code)


def test_pages_name_no_folder_of_a_machine():
    for path in [*PAGES, *NOTEBOOKS]:
        assert not re.search(r"/(tmp|home|work|Users)/", path.read_text("utf-8")), path


def test_the_data_of_the_site_are_the_same_bytes_every_time(tmp_path):
    write = runpy.run_path(str(DOCS / "data.py"))["write"]
    for name in ("one", "two"):
        write(tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "teacher.json" in names
    assert all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        for name in names
    )


def test_every_statement_has_a_page():
    """The site's build fails without; it runs long after the tests."""
    text = (DOCS / "generated.py").read_text(encoding="utf-8")
    table = re.search(r"^FAMILIES = (\{.*?^\})", text, re.M | re.S)
    families = {*ast.literal_eval(table[1])}
    for entry in REGISTRY.values():
        name = re.match(r"(?:lemma|theorem)-\d+|[a-z]+", entry.heading)[0]
        assert name in families, entry.heading
