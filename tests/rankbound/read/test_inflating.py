import bz2
import gzip
import io

import lz4.frame
import pyarrow as pa
import pytest

from rankbound.read.source import inflated, packing_of_start

TEXT = b"q Q0 d 1 2.5 t\n" * 5000
PACKERS = {
    "none": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "lz4": lambda data: lz4.frame.compress(data, content_checksum=True),
    "zstd": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_bytes_are_told_by_their_start_and_inflated(packing):
    data = PACKERS[packing](TEXT)
    assert packing_of_start(data[:16]) == packing
    raw = io.BytesIO(data)
    with inflated(raw, packing, ValueError) as stream:
        assert stream.read() == TEXT
    assert raw.closed


@pytest.mark.parametrize("packing", [name for name in PACKERS if name != "none"])
def test_damage_is_the_error_that_the_caller_makes(packing):
    data = PACKERS[packing](TEXT)
    with (
        pytest.raises(LookupError, match=f"the {packing} data is truncated or damaged"),
        inflated(io.BytesIO(data[:-3]), packing, LookupError) as stream,
    ):
        stream.read()


def test_text_that_begins_like_a_packing_is_text():
    assert packing_of_start(b"BZh9 Q0 d 1 2 t") == "none"
    assert packing_of_start(b"") == "none"
