import gzip
import hashlib
import os

import pytest

from rankbound.read.source import read_bytes, sha256
from tests.rankbound.files import BOM, packed, refusal, written

TEXT = "q1 Q0 d1 1 2.5 tag\n" * 40


@pytest.mark.parametrize("name", ["x.run", "x.run.gz", "x"])
def test_read_bytes_matches_the_text_whatever_the_name(tmp_path, name):
    plain = written(tmp_path, TEXT, f"plain-{name}")
    zipped = written(tmp_path, packed(TEXT), f"zipped-{name}")
    assert read_bytes(plain) == read_bytes(zipped) == TEXT.encode()


def test_read_bytes_matches_several_gzip_members(tmp_path):
    path = written(tmp_path, packed("a\n") + packed("b\n"))
    assert read_bytes(path) == b"a\nb\n"


def test_read_bytes_drops_a_byte_order_mark_inside_gzip_too(tmp_path):
    assert read_bytes(written(tmp_path, BOM + b"q1")) == b"q1"
    assert read_bytes(written(tmp_path, gzip.compress(BOM + b"q1"))) == b"q1"


def test_read_bytes_rejects_gzip_cut_anywhere(tmp_path):
    whole = packed(TEXT)
    for length in range(2, len(whole)):
        path = written(tmp_path, whole[:length])
        message = refusal(read_bytes, path)
        assert message.startswith(f"{path}: the gzip data is truncated or damaged")
        assert "copy or download" in message


def test_read_bytes_rejects_damaged_gzip(tmp_path):
    whole = bytearray(packed(TEXT))
    whole[-6] ^= 0xFF  # the checksum
    assert "damaged" in refusal(read_bytes, written(tmp_path, bytes(whole)))
    followed = written(tmp_path, packed(TEXT) + b"q2 Q0 d1 1 2.5 tag\n")
    assert "damaged" in refusal(read_bytes, followed)


def test_read_bytes_rejects_gzip_with_any_byte_of_its_data_damaged(tmp_path):
    whole = packed(TEXT)
    for place in range(10, len(whole)):  # behind the header
        content = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        assert "damaged" in refusal(read_bytes, written(tmp_path, content)), place


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n", BOM, packed("")])
def test_read_bytes_rejects_an_empty_file(tmp_path, content):
    path = written(tmp_path, content)
    assert refusal(read_bytes, path) == f"{path}:1: the file is empty"


def test_read_bytes_rejects_a_folder(tmp_path):
    message = refusal(read_bytes, tmp_path)
    assert message == f"{tmp_path}: is a directory; name the file in it"


def test_read_bytes_rejects_a_missing_file(tmp_path):
    assert refusal(read_bytes, tmp_path / "x").endswith("x: no such file")


def test_read_bytes_rejects_a_path_through_a_file(tmp_path):
    path = written(tmp_path, "q") / "x"
    assert refusal(read_bytes, path) == f"{path}: cannot be read (Not a directory)"


def test_read_bytes_rejects_a_name_that_is_too_long(tmp_path):
    message = refusal(read_bytes, tmp_path / ("x" * 300))
    assert message.endswith("cannot be read (File name too long)")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_read_bytes_rejects_an_unreadable_file(tmp_path):
    path = written(tmp_path, "q")
    path.chmod(0)
    assert refusal(read_bytes, path).endswith("cannot be read (Permission denied)")


def test_sha256_matches_the_bytes_on_disk(tmp_path):
    content = packed(TEXT)
    path = written(tmp_path, content)
    assert sha256(path) == hashlib.sha256(content).hexdigest()
