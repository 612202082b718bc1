import json
from html.parser import HTMLParser

import pytest

from bounds.errors import DomainError
from rankbound.cli import main
from rankbound.reporting.pieces import comparison_html, ledger_html, validation_html
from tests.rankbound.files import project

HOSTILE = "<img onerror></td></script>\"'&amp;"


class Seen(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.handlers, self.text = set(), [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def account(tmp_path, monkeypatch):
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = "measure --teacher t.json --teacher-kind logit --groups g.jsonl --out out"
    student = ["--student", f"{HOSTILE}=s.run", "--student-kind", "logit"]
    assert main([*words.split(), *student]) == 0
    return json.loads((tmp_path / "out" / "ledger.json").read_text())


def test_a_ledger_shows_hostile_names_as_text(account):
    assert HOSTILE in account["students"]
    html = ledger_html(account)
    seen = Seen(html)
    assert HOSTILE in seen.text
    assert not {"img", "script"} & seen.tags
    assert seen.handlers == []
    assert "<img" not in html


def test_a_ledger_is_shown_with_its_tables_and_the_same_each_time(account):
    html = ledger_html(account)
    assert "table" in Seen(html).tags
    assert ledger_html(account) == html


@pytest.mark.parametrize("made", [ledger_html, comparison_html, validation_html])
def test_what_is_no_result_is_refused(made):
    with pytest.raises(DomainError, match=r"rankbound\.other/1"):
        made({"schema": "rankbound.other/1"})
