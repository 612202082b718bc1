import gzip

import pytest

from rankbound.errors import FormatError, UsageError
from rankbound.read import registry
from rankbound.read.contents import PARTS, Format
from rankbound.read.registry import FAMILIES, by_name, detect, formats, read_any
from rankbound.read.source import Source
from tests.rankbound.files import (
    BOM,
    group_text,
    lookup,
    packed,
    refusal,
    run_text,
    table,
    written,
)

SCORES = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 3.0}}
FILES = {
    "trec-run": run_text(SCORES),
    "qrels": "q 0 a 1\nq 0 b 0\n",
    "lookup": lookup(SCORES),
    "groups": group_text([("q", ["a", "b"])]),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("pack", [str.encode, packed])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\n"])
def test_read_any_matches_the_format_by_content(tmp_path, name, pack, end, start):
    text = start + FILES[name].replace("\n", end)
    found = read_any(written(tmp_path, pack(text), "file.txt"))
    assert found.format == name
    entry, evidence = detect(Source(found.path))
    assert (entry.name, entry.parts) == (name, found.parts())
    assert evidence
    assert read_any(found.path, format=name).parts() == found.parts()


def test_read_any_holds_scores(tmp_path):
    found = read_any(str(written(tmp_path, BOM + run_text(SCORES).encode())))
    assert table(found.scores) == SCORES


def test_formats_are_described_and_in_the_order_of_the_families():
    entries = list(formats().values())
    assert set(FILES) <= set(formats())
    for entry in entries:
        assert entry.title
        assert set(entry.parts) <= set(PARTS)
        assert entry.name == entry.name.lower().replace("_", "-").replace(" ", "-")
    assert len(set(FAMILIES)) == len(FAMILIES)


def test_formats_reject_a_name_twice(monkeypatch):
    monkeypatch.setattr(registry, "FAMILIES", ("text.trec", "text.trec"))
    with pytest.raises(ValueError, match="two formats are called"):
        formats.__wrapped__()


def test_by_name_rejects_an_unknown_name_and_says_where_the_known_are():
    with pytest.raises(UsageError, match=r"no format is called 'x'; .*--formats"):
        by_name("x")
    with pytest.raises(UsageError, match="no format"):
        read_any("no-such-file", format="x")


def test_detect_prefers_formats_of_the_part_that_is_asked_for(tmp_path, monkeypatch):
    def entry(name, parts):
        return Format(name, name, parts, lambda _: "always", lambda _: None)

    one, two = entry("one", ("groups",)), entry("two", ("scores",))
    monkeypatch.setattr(registry, "formats", lambda: {"one": one, "two": two})
    source = Source(written(tmp_path, "x"))
    assert detect(source) == (one, "always")
    assert detect(source, part="scores") == (two, "always")
    assert detect(source, part="qrels") == (one, "always")


@pytest.mark.parametrize("content", [b"", b" \n\r\n", BOM, packed("")])
def test_detect_rejects_an_empty_file(tmp_path, content):
    path = written(tmp_path, content)
    assert refusal(read_any, path) == f"{path}:1: the file is empty"


@pytest.mark.parametrize("content", ["one word\n", b"\x00\x01\x02", "PK\x03\x04"])
def test_detect_rejects_a_file_of_no_known_format(tmp_path, content):
    path = written(tmp_path, content)
    message = refusal(read_any, path)
    assert message.startswith(f"{path}:1: of no known format, it begins with b'")
    assert "`rankbound convert --formats` lists" in message


def test_detect_rejects_a_folder_and_a_missing_file(tmp_path):
    message = refusal(read_any, tmp_path)
    assert message.startswith(f"{tmp_path}: is a directory of no known format")
    assert refusal(read_any, tmp_path / "x").endswith("x: no such file")


def test_an_argument_may_follow_the_name_of_a_format_that_knows_some():
    assert by_name("hofstaetter:mean").name == "hofstaetter:mean"
    with pytest.raises(
        UsageError, match="`format='lookup:x'`: lookup takes no argument"
    ):
        by_name("lookup:x")
    with pytest.raises(UsageError, match="no format is called 'nothing'"):
        by_name("nothing:x")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"query_id": "q", "document_ids": ["a"], "scores": [NaN]}\n', "no JSON"),
        ("[1, 2}\n", "no JSON"),
        ("[\n]", None),
        ("1 2 3 4 5 6 7 8\n", None),
    ],
)
def test_detect_says_why_a_first_line_is_no_json(tmp_path, content, reason):
    message = refusal(read_any, written(tmp_path, content, "x.jsonl"))
    assert ("which is not valid JSON (" in message) is (reason is not None)


@pytest.mark.parametrize("name", ["npz", "faiss"])
def test_packed_vectors_are_named_as_such(tmp_path, name):
    path = tmp_path / "vectors.gz"
    starts = {"npz": b"PK\x03\x04" + bytes(40), "faiss": b"IxFI" + bytes(60)}
    path.write_bytes(gzip.compress(starts[name]))
    with pytest.raises(FormatError, match=r"is packed with gzip; unpack it"):
        read_any(path)
