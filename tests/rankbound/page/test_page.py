import json
import re
from html import escape, unescape

import pytest

from rankbound.cli import main
from rankbound.drawing.results import find_results
from rankbound.page.queries import QueryTable
from rankbound.page.report import (
    HINTS,
    STATIC_ROWS,
    Material,
    column_hint,
    hints,
    page,
    static_rows,
)
from tests.rankbound.files import project

TITLE = "</title><script>alert(1)</script>"


def table(count):
    return QueryTable(
        name="queries",
        caption="Every <b>query</b>",
        keys=("qid",),
        texts=(tuple(f"q{n}</script>" for n in range(count)),),
        columns=("entropy",),
        numbers=(tuple(0.25 if n else None for n in range(count)),),
        total=count,
        axes=("entropy", "entropy"),
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    project(folder)
    words = "measure --teacher t.json --teacher-kind logit --groups g.jsonl --out out"
    student = "--student s=s.run --student-kind logit"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*words.split(), *student.split()]) == 0
    return find_results(folder / "out")


def made(results, **changes):
    return page(Material(**{"title": TITLE, "results": results} | changes))


def data(text):
    (found,) = re.findall(
        r'<script type="application/json" id="report-data">(.*?)</script>', text
    )
    return json.loads(found)


def test_the_same_material_gives_the_same_page(results):
    assert made(results) == made(results)


def test_titles_commands_and_captions_are_escaped(results):
    text = made(results, command="rankbound <i>", tables=[table(2)])
    assert f"<title>{escape(TITLE)}" in text
    assert TITLE not in text
    assert "rankbound <i>" not in text
    assert "rankbound <i>" in unescape(text)
    assert "Every <b>query" not in text


def test_the_embedded_data_has_the_tables_and_the_students(results):
    found = data(made(results, tables=[table(2)]))
    assert found["tables"][0]["texts"] == [["q0</script>", "q1</script>"]]
    assert found["tables"][0]["numbers"] == [[None, 0.25]]
    assert [row.get("student") for row in found["explorer"]["settings"]] == [None, "s"]


def test_links_within_the_page_have_a_target(results):
    text = made(results, tables=[table(2)])
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    asked = set(re.findall(r'href="#([^"]+)"', text))
    assert {"answers", "tables", "queries-0", "provenance"} <= asked
    assert asked <= set(ids)


def test_the_provenance_has_the_digest_of_every_input(results):
    text = made(results)
    inputs = results[0].content.inputs
    assert inputs
    assert all(entry.sha256 in text for entry in inputs)


def test_what_is_missing_is_said_with_its_reason(results):
    text = made(results, missing=[("comparison", "no <file>")])
    assert "<li>comparison: no &lt;file&gt;</li>" in text
    assert "Not in this report" not in made(results)


def test_the_static_table_stops_where_its_limit_is():
    assert len(static_rows(table(STATIC_ROWS + 5))) == STATIC_ROWS
    rows = static_rows(table(2))
    assert [row[0] for row in rows] == ["q0</script>", "q1</script>"]
    assert float(rows[1][1]) == 0.25


def test_columns_have_the_hint_of_their_own_unit():
    assert column_hint("entropy_nats").endswith(", in nats")
    assert column_hint("entropy_bits").endswith(", in bits")
    assert column_hint("diameter, pos-neg") == hints()["diameter: largest distance"]
    assert column_hint("nDCG@10") == ""


def test_every_hint_tells_the_meaning_of_its_symbol():
    assert {*hints()} == {*HINTS}
    assert hints()["n"].startswith("n (n_queries): ")
    assert hints()["entropy"].endswith(", in nats")
