"""Every golden file is of its own format, of no other, and its damage is one line."""

import bz2
import gzip
import time

import lz4.frame
import pyarrow as pa
import pytest

from rankbound.errors import FormatError
from rankbound.read.reading import read_scores
from rankbound.read.registry import by_name, detect, formats, read_any
from rankbound.read.source import Source
from tests.rankbound.read.golden import BINARY, GOLDEN, format_of

# What another format's signature would show, too; the order of families decides
ALSO: dict[str, set[str]] = {
    "ranked-groups": {"groups", "json-lists"},
    "ranked-list": {"json-lists"},
    "labeled-list": {"json-lists"},
    "pylate": {"json-lists"},
    "hofstaetter": {"trec-run"},
    "msmarco-run": {"qrels", "scoreddocs"},
    "rankllm": {"lookup"},
    "predictions": {"lookup-lists"},
    "mteb-predictions": {"lookup"},
    "margins": {"qrels", "csv-margins", "json-margins"},
}
PACKERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "lz4": lz4.frame.compress,
    "zstd": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}
FILES = [pytest.param(name, id=name.replace("/", "-")) for name in GOLDEN]


TEXTS = [name for name in GOLDEN if format_of(name) not in BINARY]
# Formats whose reader does not count what it passes over
UNCOUNTED: set[str] = set()


# Formats with tests of their own: vectors, tables, folders, texts, and what is refused
OWN = {
    *("faiss", "faiss-flat", "faiss-library", "flexindex", "pyserini-faiss"),
    *("faiss-idmap", "npy", "npz", "pickle", "raw", "safetensors", "torch"),
    *("rankbound-groups", "rankbound-scores", "table", "table-embeddings"),
    *("table-lists", "table-margins", "table-qrels", "table-scores"),
    *("irds-qrels", "irds-scoreddocs", "texts", "topics"),
    *("trec-run-lenient", "trec-run-wide"),
}


def test_every_format_has_a_golden_file():
    assert {format_of(name) for name in GOLDEN} | OWN == {*formats()}


@pytest.mark.parametrize("name", FILES)
def test_a_golden_file_is_of_its_format_and_of_no_other(name, tmp_path):
    source = Source(GOLDEN[name](tmp_path))
    wanted = format_of(name)
    shown = [entry.name for entry in formats().values() if entry.sniff(source)]
    assert shown[0] == wanted
    assert set(shown[1:]) <= ALSO.get(wanted, set())
    entry, evidence = detect(source)
    assert entry.name == wanted
    assert evidence
    contents = read_any(source.path)
    assert contents.format == wanted
    assert contents.parts()
    assert set(contents.parts()) <= set(entry.parts)
    for part in contents.parts():
        assert detect(source, part=part)[0].name == wanted


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("packing", PACKERS)
def test_packing_changes_nothing(name, packing, tmp_path):
    path = GOLDEN[name](tmp_path)
    plain = read_any(path)
    path.write_bytes(PACKERS[packing](path.read_bytes()))
    packed = read_any(path)
    assert packed.format == plain.format
    assert packed.repairs == plain.repairs
    for part in plain.parts():
        one, two = getattr(plain, part), getattr(packed, part)
        assert one.docnos.tolist() == two.docnos.tolist()
        assert one.codes.tolist() == two.codes.tolist()
        assert one.qids.tolist() == two.qids.tolist()
    if plain.scores is not None:
        assert plain.scores.values.tolist() == packed.scores.values.tolist()


@pytest.mark.parametrize("name", TEXTS)
def test_marks_and_line_ends_are_passed_over_and_counted(name, tmp_path):
    path = GOLDEN[name](tmp_path)
    data = path.read_bytes()
    if not data.endswith(b"\n"):
        pytest.skip("one line without an end")
    path.write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n")
    contents = read_any(path)
    assert contents.format == format_of(name)
    if contents.format in UNCOUNTED:
        return
    assert contents.repairs["byte order mark"] == 1
    assert contents.repairs["CRLF line ends"] >= data.count(b"\n")
    assert contents.repairs["blank lines"] == 1


@pytest.mark.parametrize("name", TEXTS)
def test_truncated_packing_is_one_clear_line(name, tmp_path):
    path = GOLDEN[name](tmp_path)
    whole = gzip.compress(path.read_bytes(), mtime=0)
    path.write_bytes(whole[:-9])
    with pytest.raises(FormatError) as caught:
        by_name(format_of(name)).read(Source(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: the gzip data is truncated or damaged")
    assert "\n" not in message


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("damage", ["cut", "binary", "empty"])
def test_damaged_text_is_one_clear_line_with_its_number(name, damage, tmp_path):
    path = GOLDEN[name](tmp_path)
    whole = path.read_bytes().rstrip()
    last = whole.rfind(b"\n") + 1
    kept = whole[: last + (len(whole) - last) // 2]
    data = {"cut": kept, "binary": whole[:last] + b"\x00\xff\xfe\x01", "empty": b""}
    path.write_bytes(data[damage])
    with pytest.raises(FormatError) as caught:
        by_name(format_of(name)).read(Source(path))
    message = str(caught.value)
    number = 1 if damage == "empty" else whole.count(b"\n") + 1
    assert message.startswith(f"{path}:{number}: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    "line", [b"a" * 60_000, b"id\t" + b"a" * 60_000, bytes(60_000)]
)
def test_a_long_line_without_blanks_does_not_take_long(line, tmp_path):
    path = tmp_path / "long"
    path.write_bytes(line)
    before = time.process_time()
    with pytest.raises(FormatError):
        read_scores(path)
    assert time.process_time() - before < 2  # by a pattern that backtracks, 20
