import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from rankbound.commands.convert.packing import pack, packing_of
from rankbound.read.source import Source
from tests.rankbound.files import written

TEXT = b"q Q0 a 1 2.5 t\n" * 1000


@pytest.mark.parametrize(
    ("suffix", "packing"),
    [(".gz", "gzip"), (".BZ2", "bz2"), (".lz4", "lz4"), (".zst", "zstd")],
)
def test_packed_files_read_back_and_are_always_the_same(tmp_path, suffix, packing):
    plain = written(tmp_path, TEXT, "x.run")
    packed = tmp_path / f"x.run{suffix}"
    assert packing_of(packed) == (packing, "x.run")
    assert pack(plain, packed, packing) == packed
    first = packed.read_bytes()
    assert len(first) < len(TEXT)
    source = Source(packed)
    assert (source.packing, source.data()) == (packing, TEXT)
    if packing == "gzip":
        assert first[4:8] == bytes(4)  # no time of writing
    again = pack(plain, tmp_path / f"other{suffix}", packing)
    assert again.read_bytes() == first


def test_other_libraries_read_them(tmp_path):
    plain = written(tmp_path, TEXT, "x.run")
    assert gzip.decompress(pack(plain, tmp_path / "g", "gzip").read_bytes()) == TEXT
    assert bz2.decompress(pack(plain, tmp_path / "b", "bz2").read_bytes()) == TEXT
    for codec in ("lz4", "zstd"):
        with pa.input_stream(
            str(pack(plain, tmp_path / codec, codec)), codec
        ) as stream:
            assert stream.read() == TEXT


def test_a_plain_name_is_not_packed():
    assert packing_of(Path("x.gz/y.json")) == ("none", "y.json")
