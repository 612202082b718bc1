"""Where a reader gets bytes from: one file or folder, inflated whatever packed it."""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from rankbound.errors import FormatError
from rankbound.read.inflating import inflated, packing_of_start

BOM = b"\xef\xbb\xbf"
HEAD = 1 << 16


@dataclass(frozen=True)
class Source:
    """A path, and what its first bytes say about how to read it.

    A pipe can be read once only, so its bytes are kept.

    Attributes
    ----------
    path : Path
        A file, or the folder of a format that consists of several files.
    content : bytes, optional
        Stands for the bytes of the file, which then need not exist.
    whole : bool
        Whether to read, too, what only a look at the file needs: the ranks of a run.

    Raises
    ------
    FormatError
        From every method, for a missing or unreadable path and damaged compression.
    """

    path: Path
    content: bytes | None = None
    whole: bool = True

    @cached_property
    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return stat.S_ISDIR(self._mode)

    @property
    def dataset(self) -> str | None:
        """The id in a path ``irds:<dataset id>``, which names no file."""
        text = str(self.path)
        return text.removeprefix("irds:") if text.startswith("irds:") else None

    @cached_property
    def packing(self) -> str:
        """How the file is packed, by its first bytes: "none", "gzip", "bz2", ..."""
        if self.is_folder:
            return "none"
        with self._on_disk() as stream:
            start = stream.read(16)
        return packing_of_start(start)

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, inflated, without a byte order mark; empty for a folder."""
        if self.is_folder:
            return b""
        with self.stream() as stream:
            head = stream.read(HEAD)
        again = packing_of_start(head)
        if self.packing != "none" and again != "none":
            raise self.fail(f"is packed twice, {again} in {self.packing}; unpack it")
        return head

    @cached_property
    def has_mark(self) -> bool:
        """Whether the text begins with a byte order mark."""
        if self.is_folder:
            return False
        with self._inflating() as stream:
            return stream.read(len(BOM)) == BOM

    def stream(self) -> IO[bytes]:
        """Inflated bytes in order, past a byte order mark."""
        marked = self.has_mark
        stream = self._inflating()
        if marked:
            stream.read(len(BOM))
        return stream

    def data(self) -> bytes:
        """All inflated bytes, without a byte order mark."""
        with self.stream() as stream:
            return stream.read()

    def lines(
        self, repairs: dict[str, int] | None = None
    ) -> Iterator[tuple[int, bytes]]:
        r"""Lines from 1, without their ends; a blank one is given as ``b""``.

        What had to be passed over is counted in `repairs`: "byte order mark", "CRLF
        line ends" and "blank lines", those above 0.
        """
        counts = {} if repairs is None else repairs
        if self.has_mark:
            count(counts, "byte order mark")
        with self.stream() as stream:
            for number, line in enumerate(stream, start=1):
                count(counts, "CRLF line ends", line.endswith(b"\r\n"))
                blank = not line.strip()
                count(counts, "blank lines", blank)
                yield number, b"" if blank else line.rstrip(b"\r\n")

    def fail(self, message: str, *, line: int | None = None) -> FormatError:
        """The error to raise about this file."""
        return FormatError(self.path, message, line=line)

    @contextmanager
    def fitting_into_memory(self) -> Iterator[None]:
        """Turn a lack of memory, while it is read, into an error about this file."""
        try:
            yield
        except MemoryError:
            raise self.fail(
                "needs more memory than there is; cut the file into several, or allow "
                "more memory"
            ) from None

    @cached_property
    def _mode(self) -> int:
        if self.content is not None:
            return stat.S_IFIFO
        with self._reachable():
            return self.path.stat().st_mode

    @cached_property
    def _piped(self) -> bytes | None:
        """All bytes of what is no regular file, since they come once."""
        if self.content is not None:
            return self.content
        return None if stat.S_ISREG(self._mode) else self.path.read_bytes()

    def _on_disk(self) -> IO[bytes]:
        """The bytes as they lie there, packed or not."""
        if self.is_folder:
            raise self.fail("is a directory; name the file in it")
        with self._reachable():
            if self._piped is not None:
                return io.BytesIO(self._piped)
            return self.path.open("rb")

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise self.fail("no such file") from None
        except OSError as error:
            raise self.fail(f"cannot be read ({error.strerror})") from None

    def _inflating(self) -> IO[bytes]:
        return inflated(self._on_disk(), self.packing, self.fail)


def count(repairs: dict[str, int], what: str, number: int = 1) -> None:
    """Add to a counter, which appears only when there was something."""
    if number:
        repairs[what] = repairs.get(what, 0) + int(number)


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes as they lie on disk."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
