"""Where a reader gets bytes from: one file or folder, inflated whatever packed it."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from rankbound.formats.errors import FormatError

BOM = b"\xef\xbb\xbf"
HEAD = 1 << 16
MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
}
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, OSError, ValueError)


@dataclass(frozen=True)
class Source:
    """A path, and what its first bytes say about how to read it.

    Attributes
    ----------
    path : Path
        A file, or the folder of a format that consists of several files.

    Raises
    ------
    FormatError
        From every method, for a missing or unreadable path and damaged compression.
    """

    path: Path

    @cached_property
    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return self.path.is_dir()

    @cached_property
    def packing(self) -> str:
        """How the file is packed, by its first bytes: "none", "gzip", "bz2", ..."""
        if self.is_folder:
            return "none"
        start = self._raw_start()
        found = (name for magic, name in MAGIC.items() if start.startswith(magic))
        return next(found, "none")

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, inflated, without a byte order mark; empty for a folder."""
        if self.is_folder:
            return b""
        with self.stream() as stream:
            return stream.read(HEAD)

    @cached_property
    def has_mark(self) -> bool:
        """Whether the text begins with a byte order mark."""
        if self.is_folder:
            return False
        with self._inflating() as stream:
            return stream.read(len(BOM)) == BOM

    def stream(self) -> IO[bytes]:
        """Inflated bytes in order, past a byte order mark."""
        stream = self._inflating()
        if self.has_mark:
            stream.read(len(BOM))
        return stream

    def data(self) -> bytes:
        """All inflated bytes, without a byte order mark."""
        with self.stream() as stream:
            return stream.read()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        r"""Lines from 1, without their ends; a blank one is given as ``b""``."""
        with self.stream() as stream:
            for number, line in enumerate(stream, start=1):
                yield number, line.rstrip(b"\r\n") if line.strip() else b""

    def fail(self, message: str, *, line: int | None = None) -> FormatError:
        """The error to raise about this file."""
        return FormatError(self.path, message, line=line)

    def _raw_start(self) -> bytes:
        try:
            with self.path.open("rb") as stream:
                return stream.read(8)
        except FileNotFoundError:
            raise self.fail("no such file") from None
        except OSError as error:
            raise self.fail(f"cannot be read ({error.strerror})") from None

    def _inflating(self) -> IO[bytes]:
        if self.is_folder:
            raise self.fail("is a directory; name the file in it")
        opened = _OPENERS[self.packing](self.path)
        guarded = _Guarded(opened, self)
        return cast(IO[bytes], io.BufferedReader(guarded, buffer_size=1 << 20))


class _Guarded(io.RawIOBase):
    """A stream whose damage is reported as one line about the file."""

    def __init__(self, stream: Any, source: Source) -> None:
        self._stream, self._source = stream, source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._stream.read(len(buffer))
        except DAMAGE as error:
            raise self._source.fail(
                f"the {self._source.packing} data is truncated or damaged ({error}); "
                "copy or download the file again"
            ) from None
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _open_gzip(path: Path) -> Any:
    try:
        from isal import igzip  # twice as fast, where it is installed
    except ImportError:
        return gzip.open(path, "rb")
    return igzip.open(path, "rb")


def _open_by_arrow(codec: str) -> Callable[[Path], Any]:
    def opened(path: Path) -> Any:
        import pyarrow as pa

        return pa.CompressedInputStream(pa.OSFile(str(path)), codec)

    return opened


_OPENERS: dict[str, Callable[[Path], Any]] = {
    "none": lambda path: path.open("rb"),
    "gzip": _open_gzip,
    "bz2": lambda path: bz2.BZ2File(path),
    "lz4": _open_by_arrow("lz4"),
    "zstd": _open_by_arrow("zstd"),
}
