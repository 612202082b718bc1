import gzip

import numpy as np
import pytest

from rankbound.formats.errors import FormatError
from rankbound.formats.filtering import copy_lines, is_gzip
from tests.rankbound.files import packed, written

TEXT = 'first\r\n\n  {"a": "é"} \nlast without an end'


def chosen(*numbers):
    flags = np.zeros(5, dtype=bool)
    flags[list(numbers)] = True
    return flags


def test_lines_keep_their_bytes_and_several_files_come_of_one_pass(tmp_path):
    source = written(tmp_path, TEXT)
    copy_lines(source, {tmp_path / "a": chosen(1, 3), tmp_path / "b": chosen(2, 4)})
    assert (tmp_path / "a").read_bytes() == 'first\r\n  {"a": "é"} \n'.encode()
    assert (tmp_path / "b").read_bytes() == b"\nlast without an end"
    assert not is_gzip(tmp_path / "a")


def test_gzip_stays_gzip_whatever_the_names(tmp_path):
    source = written(tmp_path, packed(TEXT), "packed.jsonl")
    for name in ("a.gz", "b"):
        copy_lines(source, {tmp_path / name: chosen(1)})
        assert is_gzip(tmp_path / name)
        assert gzip.decompress((tmp_path / name).read_bytes()) == b"first\r\n"
    header = (tmp_path / "a.gz").read_bytes()[3:8]
    assert header == bytes(5)  # neither name nor time
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b").read_bytes()


def test_lines_beyond_the_choice_are_left(tmp_path):
    source = written(tmp_path, "a\nb\nc\n")
    copy_lines(source, {tmp_path / "out": np.array([True, False, True])})
    assert (tmp_path / "out").read_bytes() == b"b\n"


def test_members_of_a_joined_gzip_file_are_one_text(tmp_path):
    source = written(tmp_path, packed("a\n") + packed("b\n"))
    copy_lines(source, {tmp_path / "out": chosen(2)})
    assert gzip.decompress((tmp_path / "out").read_bytes()) == b"b\n"


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="cannot be read"):
        copy_lines(tmp_path / "none", {})
