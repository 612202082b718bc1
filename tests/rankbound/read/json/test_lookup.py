import json
from pathlib import Path

import pytest

from rankbound.errors import FormatError
from rankbound.read.json import lookup as lookups
from rankbound.read.reading import read_scores
from rankbound.read.registry import read_any
from rankbound.read.source import Source
from rankbound.read.text import blocks
from tests.rankbound.files import lookup, packed, refusal, run_text, table, written

SCORES = {"q": {"b": 2.5, "a": -1.0}, "r": {"a": 3.0}}


def read(folder, text):
    return table(read_scores(written(folder, text)))


def refused(folder, text):
    """The refusal behind the path."""
    path = written(folder, text)
    return refusal(read_scores, path).removeprefix(str(path))


@pytest.mark.parametrize("name", ["x.json", "x.json.gz", "x.run", "x"])
@pytest.mark.parametrize("pack", [str.encode, packed])
@pytest.mark.parametrize(
    "text",
    [
        lookup(SCORES),
        json.dumps(SCORES, indent=2),
        json.dumps(SCORES, separators=(" ,\n", "\t:\r\n")),
        "\ufeff\n " + lookup(SCORES),
        run_text(SCORES),
    ],
)
def test_read_scores_matches_the_same_table_told_apart_by_content(
    tmp_path, name, pack, text
):
    assert table(read_scores(written(tmp_path, pack(text), name))) == SCORES


def test_read_scores_holds_whole_numbers(tmp_path):
    assert read(tmp_path, '{"q": {"a": 3, "b": -2}}') == {"q": {"a": 3.0, "b": -2.0}}


def test_read_scores_skips_queries_without_documents(tmp_path):
    found = read_scores(written(tmp_path, '{"q": {}, "r": {"a": 1}, "s": {}}'))
    assert found.qids.tolist() == ["r"]
    assert table(found) == {"r": {"a": 1.0}}


@pytest.mark.parametrize("text", ["{}", '{"q": {}}', '{"q": {}, "r": {}}'])
def test_read_scores_rejects_no_scores_at_all(tmp_path, text):
    assert refused(tmp_path, text) == ":1: holds no scores"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("null", "None"),
        ('"1.5"', "'1.5'"),
        ("true", "True"),
        ("NaN", "nan"),
        ("Infinity", "inf"),
        ("-Infinity", "-inf"),
        ("1e999", "inf"),
        ("1" + "0" * 400, "inf"),
        ("1" + "0" * 4000, "inf"),
        ("[1]", "[1]"),
        ('{"s": 1}', "{'s': 1}"),
    ],
)
def test_read_scores_rejects_scores_that_are_no_finite_number(tmp_path, value, found):
    text = '{"q":\n{"a": 1,\n"b": 2},\n"r": {"a": 3,\n\n"b": VALUE}}'.replace(
        "VALUE", value
    )
    assert refused(tmp_path, text).startswith(
        ":6: the score of query 'r', document 'b' must be a finite number, found "
        f"{found}"
    )


@pytest.mark.parametrize(("value", "kind"), [("[1, 2]", "list"), ("3", "int")])
def test_read_scores_rejects_another_shape_under_a_query(tmp_path, value, kind):
    text = '{"q": {"r": 1},\n\n"r": VALUE}'.replace("VALUE", value)
    assert refused(tmp_path, text) == (
        f":3: expected an object {{docno: score}} for query 'r', found {kind}"
    )


@pytest.mark.parametrize("text", ["[]", '[{"q": {"a": 1}}]', "[\n1]"])
def test_read_scores_rejects_a_list(tmp_path, text):
    message = ":1: expected an object {qid: {docno: score}}, found a list"
    assert refused(tmp_path, text) == message


@pytest.mark.parametrize(
    ("text", "key", "first", "second"),
    [
        ('{"q": {"a": 1},\n"r": {"a": 1},\n"q": {"b": 1}}', "q", 1, 3),
        ('{"q": {"a": 1},\n"r": {"a": 1,\n"b": 2,\n"a": 3}}', "a", 2, 4),
        ('{"a": {"a": 1,\n"b": 2,\n"a": 3}}', "a", 1, 3),
        ('{"q": {"a": 1,\n"b" : 2,\n"a": 3}}', "a", 1, 3),  # colons make up for keys
        ('{"q": {"é": 1,\n"\\u00e9": 2}}', "é", 1, 2),
        ('{"q": {"x\\":": 1,\n"x\\u0022:": 2}}', 'x":', 1, 2),
        ('{"q": {"a": 1},\n"q":\n{}}', "q", 1, 2),
        ('{"q": {"a":1,\n"a":2, "x\\":y" :3}}', "a", 1, 2),
    ],
)
def test_read_scores_rejects_a_key_twice(tmp_path, text, key, first, second):
    assert refused(tmp_path, text) == (
        f":{second}: key {key!r} occurs twice in one object (first in line {first}); "
        "keep one of the two"
    )


def test_read_scores_holds_keys_that_look_like_syntax(tmp_path):
    scores = {'q":': {'a": 1, "b': 1.0, "{": 2.0, "\\": 3.0}, ":": {'":"': 4.0}}
    assert read(tmp_path, lookup(scores)) == scores
    assert read(tmp_path, json.dumps(scores, separators=(",", " : "))) == scores


def test_read_scores_holds_escaped_and_odd_ids(tmp_path):
    scores = {"é": {"\U0001f600": 1.0, "NA": 2.0, "a b": 3.0, "1.0": 4.0, '"': 5.0}}
    assert read(tmp_path, json.dumps(scores)) == scores
    assert read(tmp_path, lookup(scores)) == scores


def test_read_scores_counts_lines_of_pretty_printed_json_with_escapes(tmp_path):
    scores = {"q": {"é": 1, "x": None}, "é": {"q": 1, "é": 2, "日": None}}
    for escaped in (True, False):
        text = json.dumps({"p": scores["é"] | {"日": 0}} | scores, indent=1)
        if not escaped:
            text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
        assert refused(tmp_path, text).startswith(":9: the score of query 'q', docum")
        text = text.replace("null", "0", 1)
        assert refused(tmp_path, text).startswith(":14: the score of query 'é', docum")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"q": {"a": 1},\n"r": {"a": 1}', 2),
        ('{"q": {"a": 1},\n"r": {"a": 1,}}', 2),
        ("{'q': {'a': 1}}", 1),
        ('{"q": {"a": 1},\n\n"r": {"a": 01}}', 3),
        ('{"q": {"a\n": 1}}', 1),
        ('{"q": {"a": 1},\n"r": {1: 1}}', 2),
    ],
)
def test_read_scores_rejects_broken_json_with_its_line(tmp_path, text, line):
    assert refused(tmp_path, text).startswith(f":{line}: broken JSON: ")


def test_read_scores_rejects_text_that_is_not_utf_8(tmp_path):
    text = '{"q": {"a": 1},\n"é": {"a": 1}}'
    message = refused(tmp_path, text.encode("latin-1"))
    assert message.startswith(":2: not UTF-8 text")
    assert refused(tmp_path, text.encode("utf-16-le"))


def test_read_scores_rejects_half_a_surrogate_pair(tmp_path):
    message = refused(tmp_path, '{"q": {"a": 1},\n"r": {"\\ud800": 1}}')
    assert message == ":2: key '\\ud800' holds half a surrogate pair, which is no text"
    assert ":1: key" in refused(tmp_path, '{"\\udfff": {"a": 1}}')


def test_read_scores_rejects_deep_nesting(tmp_path):
    message = refused(tmp_path, '{"q": ' + "[" * 100_000)
    assert message.startswith(":1: nested too deeply")


@pytest.mark.parametrize("qid", ["", " ", "a\tb", "a\nb", "\r"])
def test_read_scores_rejects_query_ids_that_break_a_table(tmp_path, qid):
    text = '{"q": {"a": 1},\nQID: {"a": 1}}'.replace("QID", json.dumps(qid))
    message = refused(tmp_path, text)
    assert message.startswith(":2: a query id must be text ")
    assert f"found {qid!r}" in message


@pytest.mark.parametrize("docno", ["b", "b" * 70, "ü"])
@pytest.mark.parametrize("other", ["", ', "c": 1'])
def test_a_score_beyond_what_scores_hold_has_its_line(tmp_path, docno, other):
    path = written(tmp_path, f'{{"a": {{"b0": 1}},\n"q": {{"{docno}": 1e308{other}}}}}')
    message = refusal(read_scores, path)
    assert message.startswith(f"{path}:2: the score of query 'q', document {docno!r}")


@pytest.mark.parametrize("spaced", ["", " "])  # the careful way looks at "b" :
@pytest.mark.parametrize("size", [8, 1 << 20])
def test_queries_without_documents_are_counted(tmp_path, monkeypatch, spaced, size):
    monkeypatch.setattr(blocks, "SIZE", size)
    text = (
        f'{{"a": {{}}, "b"{spaced}: {{"x": 1, "y": 2}}, "c": {{ }}, "d": {{"x": 3}}}}'
    )
    found = read_any(written(tmp_path, text, "x.json"))
    assert table(found.scores) == {"b": {"x": 1, "y": 2}, "d": {"x": 3}}
    assert found.repairs == {"queries without documents": 2}


def test_a_doubt_leaves_no_thread_behind_while_the_careful_way_is_taken(
    monkeypatch, new_threads
):
    monkeypatch.setattr(blocks, "SIZE", 4096)  # so that much is left to be read
    row = ", ".join(f'"d{n}": {n}.5' for n in range(500))
    text = ", ".join(f'"q{n}": {{{row}}}' for n in range(60))
    source = Source(Path("x"), content=f'{{"q1": {{"d": 1}}, {text}}}'.encode())
    seen = []
    careful = lookups.parse_lookup

    def counting(*arguments):
        seen.append(new_threads())
        return careful(*arguments)

    monkeypatch.setattr(lookups, "parse_lookup", counting)
    with pytest.raises(FormatError, match="'q1' occurs twice"):
        lookups.read_lookup(source)
    assert seen == [set()]
