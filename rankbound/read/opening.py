"""All bytes of a text file, inflated whatever packed it, with one clear error."""

from __future__ import annotations

from pathlib import Path

from rankbound.errors import FormatError
from rankbound.read.source import Source, sha256

__all__ = ["read_bytes", "sha256", "text_of"]

NUMPY_MAGIC = b"\x93NUMPY"


def read_bytes(path: Path) -> bytes:
    """The content of a text file; packing is recognised by the first bytes.

    A byte order mark is dropped.

    Raises
    ------
    FormatError
        For a missing path, a folder, an unreadable or empty file, damaged packing, or a
        NumPy array.
    """
    return text_of(Source(path))


def text_of(source: Source) -> bytes:
    """As `read_bytes`, of a source."""
    data = source.data()
    if data.startswith(NUMPY_MAGIC):
        raise FormatError(source.path, "is a NumPy array, and text is expected here")
    if not data.strip():
        raise FormatError(source.path, "the file is empty", line=1)
    return data
