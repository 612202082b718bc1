"""Bytes of a file, inflated where it is gzip, with one clear error when that fails."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from rankbound.formats.errors import FormatError

GZIP_MAGIC = b"\x1f\x8b"
NUMPY_MAGIC = b"\x93NUMPY"
BOM = b"\xef\xbb\xbf"


def read_bytes(path: Path) -> bytes:
    """The content of a file; gzip is recognised by its first bytes, not by its name.

    A byte order mark is dropped.

    Raises
    ------
    FormatError
        For a missing path, a folder, an unreadable or empty file, broken gzip, or a
        NumPy array.
    """
    data = _raw(path)
    if data[:2] == GZIP_MAGIC:
        try:
            data = gzip.decompress(data)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FormatError(
                path,
                f"the gzip data is truncated or damaged ({error}); "
                "copy or download the file again",
            ) from None
    if data.startswith(NUMPY_MAGIC):
        raise FormatError(path, "is a NumPy array, and text is expected here")
    data = data.removeprefix(BOM)
    if not data.strip():
        raise FormatError(path, "the file is empty", line=1)
    return data


def _raw(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FormatError(path, "is a directory; name the file in it")
        return path.read_bytes()
    except FileNotFoundError:
        raise FormatError(path, "no such file") from None
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})") from None


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes as they lie on disk."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
