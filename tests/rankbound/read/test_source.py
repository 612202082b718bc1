import builtins
import bz2
import gzip
import hashlib
import os
import threading

import lz4.frame
import pyarrow as pa
import pytest

from rankbound.read.source import Source, count, sha256
from tests.rankbound.files import BOM, refusal, written

TEXT = "".join(f"q{n % 7} Q0 d{n} 1 {n / 3!r} tag\n" for n in range(4000)).encode()


def zstd(data):
    """One frame, as the command line tool writes it."""
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(data)
    return stream.getvalue().to_pybytes()


PACKINGS = {
    "none": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    # As the command line tool writes it
    "lz4": lambda data: lz4.frame.compress(data, content_checksum=True),
    "zstd": zstd,
}
PACKED = [name for name in PACKINGS if name != "none"]


@pytest.fixture(params=["isal", "zlib"])
def either_gzip(request, monkeypatch):
    """With the quick library for gzip, and without it."""
    if request.param == "zlib":
        importing = builtins.__import__

        def refuse(name, *arguments, **keywords):
            if name.startswith("isal"):
                raise ImportError(name)
            return importing(name, *arguments, **keywords)

        monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["x.run", "x.run.gz", "x"])
@pytest.mark.usefixtures("either_gzip")
def test_source_holds_the_text_whatever_packs_it_and_whatever_the_name(
    tmp_path, packing, name
):
    source = Source(written(tmp_path, PACKINGS[packing](TEXT), name))
    assert source.packing == packing
    assert source.data() == TEXT
    assert source.head == TEXT[: 1 << 16]
    assert len(TEXT) > 1 << 16
    with source.stream() as stream:
        assert stream.read(10) == TEXT[:10]
    assert [line for _, line in source.lines()] == TEXT.splitlines()


@pytest.mark.parametrize("packing", ["gzip", "bz2", "lz4", "zstd"])
@pytest.mark.usefixtures("either_gzip")
def test_source_matches_packed_parts_put_together(tmp_path, packing):
    pack = PACKINGS[packing]
    assert Source(written(tmp_path, pack(b"a\n") + pack(b"b\n"))).data() == b"a\nb\n"


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.usefixtures("either_gzip")
def test_source_rejects_truncated_packing(tmp_path, packing):
    whole = PACKINGS[packing](TEXT)
    start = {"bz2": 10}.get(packing, 4)  # shorter and it is no packing any more
    for length in [*range(start, 30), len(whole) // 2, len(whole) - 1]:
        path = written(tmp_path, whole[:length])
        message = refusal(lambda path: Source(path).data(), path)
        assert message.startswith(f"{path}: the {packing} data is truncated or damaged")
        assert message.endswith("copy or download the file again")
        assert refusal(lambda path: list(Source(path).lines()), path) == message


@pytest.mark.parametrize("packing", ["gzip", "bz2", "lz4"])
@pytest.mark.usefixtures("either_gzip")
def test_source_rejects_damaged_packing(tmp_path, packing):
    whole = PACKINGS[packing](TEXT)
    for place in range(len(whole) // 3, len(whole) // 3 + 20):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        path = written(tmp_path, broken)
        message = refusal(lambda path: Source(path).data(), path)
        assert f": the {packing} data is truncated or damaged" in message


@pytest.mark.parametrize("packing", ["gzip", "bz2", "lz4", "zstd"])
@pytest.mark.usefixtures("either_gzip")
def test_source_rejects_what_follows_the_packed_data(tmp_path, packing):
    path = written(tmp_path, PACKINGS[packing](TEXT) + b"q9 Q0 d1 1 2.5 tag\n" * 3)
    assert "damaged" in refusal(lambda path: Source(path).data(), path)


@pytest.mark.parametrize("text", [b"BZh is a word\n", b"BZh9 Q0 d 1 2 t\n"])
def test_source_holds_text_that_begins_like_a_packing(tmp_path, text):
    source = Source(written(tmp_path, text))
    assert (source.packing, source.data()) == ("none", text)


@pytest.mark.parametrize("outer", PACKED)
def test_what_is_packed_twice_is_refused_by_name(tmp_path, outer):
    path = written(tmp_path, PACKINGS[outer](PACKINGS["gzip"](TEXT)))
    message = refusal(lambda path: Source(path).head, path)
    assert f"is packed twice, gzip in {outer}; unpack it" in message


@pytest.mark.parametrize("packing", PACKINGS)
def test_source_drops_a_byte_order_mark_and_counts_it(tmp_path, packing):
    source = Source(written(tmp_path, PACKINGS[packing](BOM + b"a\r\n\n \r\nb")))
    assert source.has_mark
    assert source.head == source.data() == b"a\r\n\n \r\nb"
    repairs = {}
    lines = list(source.lines(repairs))
    assert lines == [(1, b"a"), (2, b""), (3, b""), (4, b"b")]
    assert repairs == {"byte order mark": 1, "CRLF line ends": 2, "blank lines": 2}


def test_source_reads_a_pipe_once_and_keeps_it(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    feeder = threading.Thread(target=lambda: path.write_bytes(PACKINGS["gzip"](TEXT)))
    feeder.start()
    source = Source(path)
    assert (source.packing, source.head[:2]) == ("gzip", b"q0")
    assert source.data() == TEXT
    feeder.join()


def test_source_rejects_a_folder_where_a_file_is_asked_for(tmp_path):
    source = Source(tmp_path)
    assert (source.is_folder, source.head, source.packing) == (True, b"", "none")
    message = refusal(Source.data, source)
    assert message == f"{tmp_path}: is a directory; name the file in it"


def test_source_rejects_a_path_that_leads_nowhere(tmp_path):
    message = refusal(lambda path: Source(path).head, tmp_path / "x")
    assert message == f"{tmp_path / 'x'}: no such file"
    through = written(tmp_path, "q") / "x"
    message = refusal(lambda path: Source(path).is_folder, through)
    assert message == f"{through}: cannot be read (Not a directory)"


def test_fail_names_path_and_line():
    assert str(Source("x.run").fail("wrong", line=3)) == "x.run:3: wrong"


def test_count_adds_only_what_there_is():
    repairs = {}
    count(repairs, "a", 0)
    count(repairs, "b")
    count(repairs, "b", 2)
    assert repairs == {"b": 3}


def test_sha256_matches_the_bytes_on_disk(tmp_path):
    content = PACKINGS["gzip"](TEXT)
    assert sha256(written(tmp_path, content)) == hashlib.sha256(content).hexdigest()
