import json

import pytest

from rankbound.read.registry import detect, read_any
from rankbound.read.source import Source
from tests.rankbound.files import BOM, packed, refusal, run_text, written


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize("key", ["_id", "docno", "doc_id", "docid", "query_id"])
@pytest.mark.parametrize("pack", [str.encode, packed])
def test_json_lines_are_read_with_titles_in_front(tmp_path, key, pack):
    text = lines(
        {key: "a", "title": "T", "text": " one two "}, {key: 7, "title": "", "text": ""}
    )
    found = read_any(written(tmp_path, pack(text)))
    assert found.format == "texts"
    assert found.texts == {"a": "T\none two", "7": ""}
    assert found.metadata == {"titles": 1}
    assert found.parts() == ()


def test_rows_without_a_title_say_nothing_about_titles(tmp_path):
    found = read_any(written(tmp_path, lines({"_id": "a", "text": "x"})))
    assert found.metadata == {}


def test_tabbed_topics_are_told_from_judgements_of_four_words(tmp_path):
    path = written(tmp_path, "19\tdo goldfish grow\n20\twhat is it\n")
    assert detect(Source(path))[0].name == "topics"
    assert read_any(path).texts == {"19": "do goldfish grow", "20": "what is it"}


@pytest.mark.parametrize(
    "content",
    [
        run_text({"q": {"a": 1.0}}),
        "q\t0\ta\t1\n",
        "q 0 a 1\n",
        "q\ta\n",  # a list of documents
        "q\t1.5\n",
        '{"query_id": "q", "doc_id_a": "a", "doc_id_b": ["b"]}\n',
        '{"q": {"a": 1.0}}',
    ],
)
def test_other_files_are_no_texts(tmp_path, content):
    source = Source(written(tmp_path, content))
    try:
        name = detect(source)[0].name
    except ValueError:
        return
    assert name not in ("texts", "topics")


def test_repairs_are_counted(tmp_path):
    path = written(tmp_path, BOM + b'{"_id": "a", "text": "x"}\r\n\r\n')
    found = read_any(path)
    assert dict(found.repairs) == {
        "byte order mark": 1,
        "CRLF line ends": 2,
        "blank lines": 1,
    }


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (lines({"_id": "a", "text": "x"}, {"_id": "a", "text": "y"}), 2, "second time"),
        (lines({"_id": "a", "text": "x"}) + "{\n", 2, "not a JSON object"),
        (lines({"_id": "a", "text": "x"}) + "[]\n", 2, "found list"),
        (lines({"_id": "a", "text": "x"}, {"_id": "b"}), 2, "the keys ['_id']"),
        (lines({"_id": "a", "text": "x"}, {"_id": True, "text": ""}), 2, "an id"),
        ("a\tone two\nb\n", 2, "a tab"),
    ],
)
def test_broken_lines_are_refused_with_their_place(tmp_path, content, line, words):
    path = written(tmp_path, content)
    message = refusal(
        lambda one: read_any(one, format="topics" if "{" not in content else "texts"),
        path,
    )
    assert message.startswith(f"{path}:{line}: ")
    assert words in message
