"""estimators.showing: short texts, and HTML in which hostile ids are inert."""

from html.parser import HTMLParser

import numpy as np
import pytest

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups, top_documents
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Kind, Scores
from rankbound.terminal.data import between, cell, html_table

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><b>",
    "&lt;i&gt;",
    "' onmouseover='x",
    "<!--",
]
ALLOWED = {"div", "p", "table", "caption", "thead", "tbody", "tr", "th", "td"}


class Reader(HTMLParser):
    """What a browser makes of it: elements, attributes and text of the cells."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.cells, self.open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data

    def handle_comment(self, data):
        raise AssertionError(data)


def parsed(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert set(reader.tags) <= ALLOWED
    assert set(reader.attributes) <= {("scope", "col")}
    assert not reader.open
    return reader


def hostile_scores():
    nested = {qid: dict.fromkeys(HOSTILE, 0.5) for qid in HOSTILE}
    return Scores.from_dict(nested, name=HOSTILE[0])


def things():
    scores = hostile_scores()
    groups = top_documents(scores, depth=3)
    return [
        scores,
        groups,
        Embeddings(strings(HOSTILE), np.eye(6), name=HOSTILE[1]),
        PerQuery(HOSTILE[0], HOSTILE[1], strings(HOSTILE), np.arange(6.0)),
    ]


@pytest.mark.parametrize("thing", things(), ids=lambda thing: type(thing).__name__)
def test_html_holds_hostile_ids_as_text(thing):
    reader = parsed(thing._repr_html_())
    text = " ".join(reader.cells)
    assert any(one in text for one in HOSTILE)


def test_html_shows_some_rows_and_counts_the_others():
    scores = hostile_scores()
    reader = parsed(scores._repr_html_())
    assert reader.tags.count("tr") == 6
    assert "and 31 rows more" in scores._repr_html_()


def test_reprs_are_short_and_say_what_it_is():
    scores = Scores.from_dict(
        {"q": {"a": 1.0, "b": -3.0, "c": 0.25}, "r": {"a": 2.0}}, name="teacher.run"
    ).with_kind(Kind.LOGIT)
    assert repr(scores) == (
        "Scores('teacher.run': logit, 2 queries, 4 rows, 3 documents, -3 to 2)"
    )
    groups = top_documents(scores, depth=2)
    assert repr(groups) == (
        "Groups('teacher.run': 2 groups of 2 queries, sizes 1 to 2, "
        "no positives marked)"
    )
    marked = Groups(
        groups.queries,
        groups.qids,
        groups.offsets,
        groups.codes,
        groups.docnos,
        positive=np.array([True, False, True]),
        probabilities=np.ones(3),
    )
    assert repr(marked).endswith("positives and probabilities marked)")
    book = Embeddings(strings(["a"]), np.ones((1, 3), dtype="f2"), "docs.npy")
    assert repr(book) == "Embeddings('docs.npy': 1 vector of dimension 3, float16)"
    values = PerQuery("entropy", "nats", strings(["a", "b"]), np.array([0.25, 0.75]))
    assert (
        repr(values) == "PerQuery('entropy': 2 queries, mean 0.5, 0.25 to 0.75, nats)"
    )


def test_empty_things_have_reprs():
    scores = Scores.from_dict({})
    assert (
        repr(scores)
        == "Scores('scores': unknown, 0 queries, 0 rows, 0 documents, none)"
    )
    parsed(scores._repr_html_())
    groups = Groups(
        *([np.zeros(0, dtype=np.int64)] * 2),
        np.zeros(1, dtype=np.int64),
        *([np.zeros(0, dtype=np.int64)] * 2),
    )
    assert "0 groups of 0 queries, sizes none" in repr(groups)
    parsed(groups._repr_html_())
    book = Embeddings(strings([]), np.ones((0, 3)))
    parsed(book._repr_html_())
    values = PerQuery("x", "bits", strings([]), np.ones(0))
    assert repr(values) == "PerQuery('x': 0 queries, none, bits)"
    parsed(values._repr_html_())


def test_names_with_control_characters_stay_on_one_line():
    scores = Scores.from_dict({"q": {"a": 1.0}}, name="a\n\x1b[31m")
    assert repr(scores).isprintable()


def test_words():
    assert between(np.array([1e-9, 1e9])) == "1e-09 to 1e+09"
    assert cell(True) == "yes"
    assert cell(np.bool_(False)) == "no"
    assert cell("x" * 120) == "x" * 120
    assert html_table("t", ["a"], []).count("<tr>") == 1
