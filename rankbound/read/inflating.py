"""Bytes as they were before gzip, bz2, lz4 or zstd packed them, and their damage."""

from __future__ import annotations

import bz2
import gzip
import io
import re
from collections.abc import Callable
from typing import IO, Any, Final, cast

Fail = Callable[[str], Exception]
CHUNK: Final = 1 << 16
# Text may begin with "BZh", too, so more of that signature is asked for
MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bz2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}


def packing_of_start(start: bytes) -> str:
    r"""How the file is packed that begins so: "none", "gzip", "bz2", "lz4", "zstd".

    Examples
    --------
    >>> packing_of_start(b"\x1f\x8b\x08"), packing_of_start(b"BZh is a word")
    ('gzip', 'none')
    """
    found = (name for name, magic in MAGIC.items() if magic.match(start))
    return next(found, "none")


def inflated(raw: IO[bytes], packing: str, fail: Fail) -> IO[bytes]:
    """The stream of what is packed.

    Parameters
    ----------
    raw : binary stream
        Closed with the other.
    packing : str
        As `packing_of_start` says.
    fail : callable
        From a message to the error to raise about damage.
    """
    guarded = _Guarded(raw, packing, fail)
    return cast(IO[bytes], io.BufferedReader(guarded, buffer_size=1 << 20))


class _Guarded(io.RawIOBase):
    """A stream whose damage is reported as one line about the file."""

    def __init__(self, raw: IO[bytes], packing: str, fail: Fail) -> None:
        self._raw, self._packing, self._fail = raw, packing, fail
        try:
            self._stream = _OPENERS[packing](raw)
        except Exception as error:
            raw.close()
            raise self._damaged(error) from None
        self._fills = hasattr(self._stream, "readinto")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            if self._fills:
                return int(self._stream.readinto(buffer))
            chunk = self._stream.read(len(buffer))
        except Exception as error:  # every library has its own class
            raise self._damaged(error) from None
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._raw.close()
        super().close()

    def _damaged(self, error: Exception) -> Exception:
        if self._packing == "none":
            return self._fail(f"cannot be read ({error})")
        return self._fail(
            f"the {self._packing} data is truncated or damaged ({error}); "
            "copy or download the file again"
        )


class _Bunzip:
    """Inflates bz2; unlike `bz2.BZ2File` it does not pass over what follows the end."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._inflater = raw, bz2.BZ2Decompressor()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end only."""
        while True:
            given = b""
            if self._inflater.eof:
                given = self._inflater.unused_data or self._raw.read(CHUNK)
                if not given:
                    return b""
                self._inflater = bz2.BZ2Decompressor()
            elif self._inflater.needs_input:
                given = self._raw.read(CHUNK)
                if not given:
                    raise EOFError("it ends before its end-of-stream marker")
            found = self._inflater.decompress(given, size)
            if found:
                return found

    def close(self) -> None:
        """Nothing to do: the file is closed by whoever opened it."""


def _open_gzip(raw: IO[bytes]) -> Any:
    try:
        from isal import igzip  # twice as fast, where it is installed
    except ImportError:
        return gzip.GzipFile(fileobj=raw)
    return igzip.IGzipFile(fileobj=raw)


def _open_by_arrow(codec: str) -> Callable[[IO[bytes]], Any]:
    def opened(raw: IO[bytes]) -> Any:
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(raw, "r"), codec)

    return opened


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "none": lambda raw: raw,
    "gzip": _open_gzip,
    "bz2": _Bunzip,
    "lz4": _open_by_arrow("lz4"),
    "zstd": _open_by_arrow("zstd"),
}
