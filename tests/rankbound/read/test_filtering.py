import bz2
import gzip

import numpy as np
import pyarrow as pa
import pytest

from rankbound.errors import FormatError
from rankbound.read.source import Source, copy_lines
from tests.rankbound.files import BOM, packed, written

TEXT = 'first\r\n\n  {"a": "é"} \nlast without an end'


def chosen(*numbers):
    flags = np.zeros(5, dtype=bool)
    flags[list(numbers)] = True
    return flags


def by_arrow(codec):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(TEXT.encode())
    return sink.getvalue().to_pybytes()


def test_lines_keep_their_bytes_and_several_files_come_of_one_pass(tmp_path):
    source = written(tmp_path, TEXT)
    copy_lines(source, {tmp_path / "a": chosen(1, 3), tmp_path / "b": chosen(2, 4)})
    assert (tmp_path / "a").read_bytes() == 'first\r\n  {"a": "é"} \n'.encode()
    assert (tmp_path / "b").read_bytes() == b"\nlast without an end"


@pytest.mark.parametrize(
    ("packing", "data"),
    [
        ("none", TEXT.encode()),
        ("gzip", packed(TEXT)),
        ("bz2", bz2.compress(TEXT.encode())),
        ("lz4", by_arrow("lz4")),
        ("zstd", by_arrow("zstd")),
    ],
)
def test_what_was_packed_stays_packed_whatever_the_names(tmp_path, packing, data):
    source = written(tmp_path, data, "packed.jsonl")
    for name in ("a.gz", "b"):
        copy_lines(source, {tmp_path / name: chosen(1, 3)})
        made = Source(tmp_path / name)
        assert made.packing == packing
        assert made.data() == 'first\r\n  {"a": "é"} \n'.encode()
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b").read_bytes()


def test_gzip_holds_neither_name_nor_time(tmp_path):
    copy_lines(written(tmp_path, packed(TEXT)), {tmp_path / "out": chosen(1)})
    assert (tmp_path / "out").read_bytes()[3:8] == bytes(5)


def test_lines_beyond_the_choice_are_left_and_a_mark_is_dropped(tmp_path):
    source = written(tmp_path, BOM + b"a\nb\nc\n")
    copy_lines(source, {tmp_path / "out": np.array([False, True, True])})
    assert (tmp_path / "out").read_bytes() == b"a\nb\n"


def test_members_of_a_joined_gzip_file_are_one_text(tmp_path):
    source = written(tmp_path, packed("a\n") + packed("b\n"))
    copy_lines(source, {tmp_path / "out": chosen(2)})
    assert gzip.decompress((tmp_path / "out").read_bytes()) == b"b\n"


def test_missing_and_shortened_files_are_refused(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        copy_lines(tmp_path / "none", {})
    source = written(tmp_path, "a\nb\n")
    with pytest.raises(FormatError, match="ends at line 2, before line 4"):
        copy_lines(source, {tmp_path / "out": chosen(1, 4)})
