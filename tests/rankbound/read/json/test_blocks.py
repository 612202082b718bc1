import json
import math

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.json import blocks as json_blocks
from rankbound.read.json import lookup
from rankbound.read.json.blocks import Unsure, parse_block
from rankbound.read.json.lookup import parse_lookup, read_lookup
from rankbound.read.source import Source
from rankbound.read.text import blocks as cutting
from tests.rankbound.files import table

# Numbers, and what only one of two parsers may take for one
NUMBERS = [
    *("1", "0", "-0", "1.5", "-2.25e-3", "1E5", "1e+5", "123456789012345678901", "0.0"),
    *("01", "-01", "+1", ".5", "-.5", "5.", "5.e1", "1e", "1e999", "NaN", "Infinity"),
    *("-", "0x10", "1_0", "1 2", "", "true", "null", '"1"', "[1]", "{}", "1,", " 1 "),
]
IDS = ["d", "e", "7", "07", "NA", "é", "a b", "x: 1", "a,b", "}", "{", "", "e.e1", ":"]
ESCAPED = ['\\"', "\\u00e9", "\\\\", "\n"]
SPACES = ["", " ", "\n", "  ", "\t"]


@st.composite
def lookups(draw):
    """Text that is a lookup, nearly one, or none."""
    regular = draw(st.booleans())
    blank = draw(st.sampled_from([("", ""), (" ", " "), ("", " ")]))

    def space(place):
        usual = regular or draw(st.integers(0, 9)) > 0
        return blank[place] if usual else draw(st.sampled_from(SPACES))

    def key(names):
        odd = draw(st.integers(0, 30)) == 0
        return '"' + draw(st.sampled_from(ESCAPED if odd else names)) + '"'

    def value():
        odd = draw(st.integers(0, 15)) == 0
        return draw(st.sampled_from(NUMBERS if odd else NUMBERS[:9]))

    def row():
        sizes = st.integers(0 if draw(st.integers(0, 9)) == 0 else 1, 4)
        names = draw(st.permutations(IDS))[: draw(sizes)]
        cells = [f'"{name}":{space(0)}{value()}' for name in names]
        return "{" + f",{space(1)}".join(cells) + "}"

    queries = [f"q{number}" for number in range(draw(st.integers(1, 4)))]
    cells = [f"{key([qid])}:{space(0)}{row()}" for qid in queries]
    text = "{" + f",{space(1)}".join(cells) + "}" + draw(st.sampled_from(SPACES))
    if draw(st.integers(0, 9)) == 0:
        cut = draw(st.integers(0, len(text)))
        text = text[:cut] + draw(st.sampled_from(["", "}", '"', ",", "x"])) + text[cut:]
    return text.encode()


def shown(read, data):
    """The table that a reader gives, or its refusal."""
    try:
        found = read(data)
    except FormatError as error:
        return str(error)
    # Adding 0.0 makes the -0 of one parser the 0 of another
    rows = {q: {d: repr(v + 0.0) for d, v in row.items()} for q, row in found.items()}
    return rows, list(rows)


def by_blocks(data):
    return table(read_lookup(Source("x", content=data)))


def whole(data):
    return table(parse_lookup(data, "x"))


@settings(max_examples=300)
@given(lookups(), st.sampled_from([1 << 20, 8, 31]))
@example(b'{"q": {"a": 1, "a": 2}}', 1 << 20)
@example(b'{"q": {"a": 01}}', 1 << 20)
@example(b'{"q": {"a": -00.5}}', 1 << 20)
@example(b'{"q": {"a": 1., "b": 1.e1}}', 1 << 20)
@example(b'{"q": {"a": 1}, "q": {"b": 2}}', 1 << 20)
@example(b'{"q": {"a": 1}, "q": {"b": 2}}', 8)
@example(b'{"q": {"a": 1}}}', 8)
@example(b'{"q": {"a": 1}} {"r": {"a": 1}}', 8)
@example(b'{"q": {"a": {"b": 1}}}', 8)
@example(b'{"q": {"a": 1}, "r": 2}', 8)
@example(b'{"q": {"a": 1}, "r": {}}', 8)
@example(b'{"q": {"a": 1} "r": {"a": 1}}', 8)
@example(b'{"q": {"a": 1 "b": 1}}', 8)
@example(b'{"q": {"a": 1,, "b": 1}}', 8)
@example(b'{"q": {"a": 1}', 8)
def test_reading_in_blocks_matches_reading_the_whole(data, size):
    if not data.strip():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "SIZE", size)
        assert shown(by_blocks, data) == shown(whole, data)


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":"), (", ", ":")])
def test_usual_spellings_take_the_quick_way(monkeypatch, separators):
    scores = {f"q{q}": {f"d{d}": d - q / 7 for d in range(q + 1)} for q in range(50)}
    scores |= {"ü, 7": {"NA": -1e-300, 'x: {"y"'.replace('"', "'"): 1e22, "0": 3}}
    text = json.dumps(scores, separators=separators, ensure_ascii=False)

    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr(json_blocks, "_by_parser", refuse)
    monkeypatch.setattr(lookup, "parse_lookup", refuse)
    monkeypatch.setattr(cutting, "SIZE", 200)
    assert by_blocks(text.encode()) == scores


def test_unusual_spellings_take_the_parser_a_block_at_a_time(monkeypatch):
    scores = {f"q{q}": {f"é\n{d}": d / 7 for d in range(5)} for q in range(50)}
    scores |= {"empty": {}}

    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr(lookup, "parse_lookup", refuse)
    monkeypatch.setattr(cutting, "SIZE", 300)
    filled = {qid: row for qid, row in scores.items() if row}
    for text in (json.dumps(scores), json.dumps(scores, indent=2)):
        assert by_blocks(text.encode()) == filled


@pytest.mark.parametrize(
    "text",
    [
        *(b'"q": 1', b'"q": {"a": "1"}', b'"q": {"a": NaN}', b'"q": {"a": tr', b"\xff"),
        *(b'"q": {"": 1}', b'"q": {"a": true}', b'"q": {"a": 1e999}', b'"q": {}'),
        *(b'"q": {"a\\u0000": 1}', b'"q": {"a\\n": 1, "a\\n": 1}'),
    ],
)
def test_parse_block_leaves_to_the_careful_reader_what_it_cannot_vouch_for(text):
    with pytest.raises(Unsure):
        parse_block(text)


def test_values_are_pythons_own_to_the_last_bit():
    values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308 / 2, -0.0, 1 / 3, 2**53 + 1]
    text = json.dumps({"q": {f"d{n}": v for n, v in enumerate(values)}}).encode()
    found = parse_block(text[1:-1]).values.tolist()
    assert found == [float(value) for value in values]
    assert math.copysign(1, found[3]) == -1


def test_ids_of_a_block_are_numbers_where_all_are():
    found = parse_block(b'"q": {"12": 1.5, "7": 2}')
    assert found.docnos.type == pa.int64()
    assert found.docnos.to_pylist() == [12, 7]


def test_an_empty_block_needs_a_careful_look():
    with pytest.raises(Unsure):
        parse_block(b"")
