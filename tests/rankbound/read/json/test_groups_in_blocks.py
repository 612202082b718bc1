"""Blocks of lines give what the lines give, or leave the file to them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.json import blocks as module
from rankbound.read.json.blocks import Unsure, groups_in_blocks
from rankbound.read.json.groups import read, read_lines
from rankbound.read.source import Source
from tests.rankbound.files import packed

COLUMNS = ("queries", "qids", "offsets", "codes", "docnos", "positive", "lines")


def outcome(reader, content):
    """Everything that a reader makes of a file, or says about it."""
    try:
        found = reader(Source(Path("groups.jsonl"), content=content))
    except FormatError as error:
        return str(error)
    groups = found.groups
    columns = [
        (getattr(groups, name).dtype, getattr(groups, name).tolist())
        for name in COLUMNS
    ]
    law = groups.probabilities
    return (
        *columns,
        None if law is None else (law.dtype, law.tolist()),
        groups.name,
        {**found.repairs},
        found.notes,
        dict(found.texts),
        dict(found.metadata),
    )


def is_regular(text):
    """Whether blocks alone read a file."""
    try:
        groups_in_blocks(Source(Path("groups.jsonl"), content=text.encode()))
    except Unsure:
        return False
    return True


NUMBERS = st.integers(0, 200) | st.sampled_from([-1, 10**8, 2**63 - 1, 2**63, 10**30])
NAMES = st.integers(0, 200).map(str) | st.sampled_from(
    [
        "d7",
        "d007",
        "d12345678901",
        "-1",
        "NA",
        "日本",
        "x" * 70,
        "a b",
        "\u00a0x",
        "é{}",
    ]
)
ODD = st.sampled_from(
    [
        *("", " ", "\u3000", "\u00a0", "a\tb", "\n", "\0", "\\", '"', "}\n{", "\u2028"),
        *(None, True, 1.0, 1.5, {"a": 1}, ["a"], 7, "7", 2**64, -(2**63) - 1),
    ]
)
LAWS = st.sampled_from([None, True, 1, 0, 0.5, -0.5, 1e-7, 2**70, "1"])


@st.composite
def regular(draw):
    """Lines as other programs write them, in one spelling."""
    query, ids = draw(st.sampled_from([(a, b) for a in (0, 1) for b in (0, 1)]))
    kinds = (NAMES, st.integers(-5, 10**9))
    with_law = draw(st.booleans())
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        docs = draw(st.lists(kinds[ids], min_size=1, max_size=6, unique=True))
        row = {
            "query_id": draw(kinds[query]),
            "doc_id_a": docs[0],
            "doc_id_b": docs[1:],
        }
        if with_law:
            weights = draw(
                st.lists(st.floats(0.01, 1), min_size=len(docs), max_size=len(docs))
            )
            row["probabilities"] = [w / sum(weights) for w in weights]
        rows.append(row)
    return rows


def spelled(rows, *, ascii=False, tight=False):
    separators = (",", ":") if tight else None
    return [json.dumps(row, ensure_ascii=ascii, separators=separators) for row in rows]


@st.composite
def irregular(draw):
    """Regular lines with something done to them."""
    rows = draw(regular())
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.sampled_from(rows))
        key = draw(st.sampled_from([*row, "probabilities", "other"]))
        change = draw(st.sampled_from(["drop", "odd", "in list", "twice", "law"]))
        if change == "drop":
            row.pop(key, None)
        elif change == "odd":
            row[key] = draw(ODD | NUMBERS | NAMES)
        elif change == "law":
            row["probabilities"] = draw(st.lists(LAWS, max_size=3) | LAWS)
        elif isinstance(row.get("doc_id_b"), list):
            values = row["doc_id_b"]
            again = [*values, row.get("doc_id_a")]
            values.append(
                draw(ODD | NUMBERS if change == "in list" else st.sampled_from(again))
            )
    lines = spelled(rows, ascii=draw(st.booleans()), tight=draw(st.booleans()))
    text = draw(st.sampled_from(["\n"] * 5 + ["\r\n", "\n\n", " \n ", "\r", ""])).join(
        lines
    )
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        until = place + draw(st.integers(0, 2))
        more = draw(
            st.sampled_from(
                [
                    *("", "\n", "}\n{", "{", "}", "[", "]", ",", '"', "0", "-", "."),
                    *(
                        "\\ud800",
                        "\\udc00",
                        "\\u0041",
                        "\x01",
                        "\x7f",
                        "NaN",
                        "//",
                        " ",
                    ),
                    *('"query_id": 1, ', '"doc_id_b": [], ', "null", "1e5", "\ufeff"),
                ]
            )
        )
        text = text[:place] + more + text[until:]
    content = (draw(st.sampled_from(["", "", "", "\ufeff"])) + text).encode()
    if draw(st.sampled_from([False, False, False, True])) and content:
        place = draw(st.integers(0, len(content) - 1))
        content = content[:place] + b"\xed\xa0\x80" + content[place:]
    return content + draw(st.sampled_from([b"\n", b"", b"\n\n", b" "]))


@settings(max_examples=200, deadline=None)
@given(rows=regular(), tight=st.booleans(), size=st.sampled_from([1, 150, 1 << 20]))
def test_regular_files_are_read_in_blocks_as_line_by_line(rows, tight, size):
    text = "\n".join(spelled(rows, tight=tight)) + "\n"
    assert is_regular(text) == ("\\" not in text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "is_short", lambda _: size > 1)
        patch.setattr("rankbound.read.text.blocks.SIZE", size)
        assert outcome(read, text.encode()) == outcome(read_lines, text.encode())


@settings(max_examples=500, deadline=None)
@given(content=irregular())
@example(content=b'{"query_id":"q","doc_id_a":"p","doc_id_b":[]}{"query_id":"r",\n')
@example(content=b'{"query_id":1,"doc_id_a":-0,"doc_id_b":[00]}')
def test_whatever_the_file_blocks_and_lines_agree(content):
    assert outcome(read, content) == outcome(read_lines, content)


LINE = '{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a", "b"]}\n'


@pytest.mark.parametrize(
    "text",
    [
        LINE.replace("\n", "\r\n"),
        "\ufeff" + LINE,
        LINE + "\n" + LINE,
        LINE + LINE.replace("}", ', "other": 1}'),
        LINE + LINE.replace('"a"', "1"),
        LINE + LINE.replace('"a"', '"p"'),
        LINE + LINE.replace('"a"', '"\\u0061"'),
        LINE + LINE.replace('"a"', '"\u3000"'),
        LINE + LINE.replace('"a"', "null"),
        LINE + LINE.replace('"query_id": "q", ', ""),
        LINE + LINE.replace("}", ', "query_id": "r"}'),
        LINE.strip() + LINE + LINE.replace(', "doc', ',\n"doc', 1),
        "[" + LINE.strip() + "]",
    ],
)
def test_what_is_irregular_is_left_to_the_lines(text):
    assert not is_regular(text)


def test_damage_behind_a_broken_line_is_not_told_first(tmp_path):
    path = tmp_path / "groups.jsonl.gz"
    rng = np.random.default_rng(0)
    names = [f"d{number}" for number in rng.integers(0, 10**9, 60_000)]
    lines = [LINE.replace('"a"', f'"{name}"') for name in names]
    lines[2] = "{\n"
    whole = packed("".join(lines))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r":3: not a JSON object"):
        read(Source(path))
    path.write_bytes(packed("".join(lines[:2] + lines[3:]))[: len(whole) // 2])
    with pytest.raises(FormatError, match="truncated or damaged"):
        read(Source(path))
