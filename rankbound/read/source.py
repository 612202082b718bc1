"""Bytes of files, however they are packed: reading, copying of lines, and errors."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import re
import stat
import sys
import tarfile
import time
import weakref
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, Final, cast

from rankbound.data.columns import Booleans
from rankbound.errors import NO_UNICODE, FormatError, is_unicode
from rankbound.manifest import digest
from rankbound.memory import (
    LONGEST_LINE,
    Watch,
    budget,
    check_holding,
    lacks_memory,
    refuse_line,
)
from rankbound.progress import Patience, counting

BOM: Final = b"\xef\xbb\xbf"
NUMPY_MAGIC: Final = b"\x93NUMPY"  # of .npy
ZIP_MAGIC: Final = b"PK\x03\x04"  # of .npz, among others
HEAD: Final = 1 << 16
PIECE: Final = 1 << 20
MARKS: Final = (b'"', b",", b"\n")  # that part values
STDIN: Final = Path("-")
MARK: Final = "byte order mark"  # counted
Fail = Callable[[str], Exception]


@dataclass(frozen=True)
class Source:
    """A file or folder, and how to read it by its first bytes.

    A pipe can be read only once, so its bytes are kept, as far as they were asked for:
    an endless one is refused as soon as its first bytes are of no format.

    Attributes
    ----------
    path : Path
        A file, or the folder of a format that consists of several files.
    content : bytes, optional
        Used instead of the bytes of the file, which then need not exist.
    whole : bool
        Whether readers also collect what only an inspection of the file needs, such as
        the ranks of a run.
    named : bool
        Whether the user named the format, which answers doubts about it.
    tag : str, optional
        The system to read, where a file names several; "*" takes all rows for one.

    Raises
    ------
    FormatError
        From every method, for a missing or unreadable path and damaged compression.
    """

    path: Path
    content: bytes | None = None
    whole: bool = True
    named: bool = False
    tag: str | None = None

    def __post_init__(self) -> None:
        if not is_unicode(str(self.path)):
            raise self.fail(NO_UNICODE)
        if self.content is None:
            note_state(self.path)

    @cached_property
    def known(self) -> dict[object, Any]:
        """What formats found out while one of them was detected, for the others."""
        return {}

    @cached_property
    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return stat.S_ISDIR(self._mode)

    @property
    def dataset(self) -> str | None:
        """The id in a path ``irds:<dataset id>``, or None for a file."""
        text = str(self.path)
        return text.removeprefix("irds:") if text.startswith("irds:") else None

    @cached_property
    def packing(self) -> str:
        """How the file is packed: "none", "gzip", "bz2", ..., "zip", "tar", "tar.gzip".

        Archives are unpacked where they hold one file.
        """
        if self.is_folder:
            return "none"
        if self._zipped is not None:
            return "zip"
        if not self._is_tar:
            return self.wrapping
        return "tar" if self.wrapping == "none" else f"tar.{self.wrapping}"

    @cached_property
    def wrapping(self) -> str:
        """How the bytes on disk are packed, an archive aside: "none", "gzip", ..."""
        if self.is_folder:
            return "none"
        with self._reachable(), self._on_disk() as stream:
            start = stream.read(16)
        return packing_of_start(start)

    @cached_property
    def _is_tar(self) -> bool:
        with inflated(self._on_disk(), self.wrapping, self.fail) as stream:
            return is_tar(stream.read(TAR_HEADER))

    @cached_property
    def _zipped(self) -> str | None:
        """The only file in a zip archive; None for any other file, and arrays."""
        with self._reachable(), self._on_disk() as stream:
            if not stream.read(4).startswith(ZIP_MAGIC):
                return None
            stream.seek(0)
            try:
                with zipfile.ZipFile(stream) as archive:
                    every = [one.filename for one in archive.infolist()]
            except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
                return None  # its reader says what is damaged
        names = [name for name in every if is_content(name)]
        if any(name.endswith((".npy", ".pkl")) for name in names):
            return None
        if len(names) != 1:
            raise self.fail(several(names))
        return names[0]

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, unpacked, without a byte order mark; empty for a folder."""
        if self.is_folder:
            return b""
        with self.stream() as stream:
            head = stream.read(HEAD).replace(b"\n" + BOM, b"\n")
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

    def stream(self) -> io.BufferedReader:
        """A stream of the unpacked bytes, after a byte order mark."""
        marked = self.has_mark
        stream = self._inflating()
        if marked:
            stream.read(len(BOM))
        return stream

    def data(self) -> bytes:
        """All unpacked bytes, without a byte order mark, where there is memory."""
        self._check_holding()
        with self.stream() as stream:
            return stream.read()

    def text(self) -> bytes:
        """All unpacked bytes, of which no text, number or blank is endless.

        They may be a bytearray, as a copy of a large file would take as much again.
        """
        self._check_holding()
        held, run = bytearray(), 0
        with self.stream() as stream:
            while chunk := stream.read(PIECE):
                held += chunk
                last = max(map(chunk.rfind, MARKS))
                run = run + len(chunk) if last < 0 else len(chunk) - last
                if run > LONGEST_LINE:
                    refuse_line(self.fail, held.count(b"\n") + 1)
        return cast(bytes, held)

    @property
    def size(self) -> int | None:
        """Bytes on disk; None for a folder and a pipe."""
        if self.content is not None:
            return len(self.content)
        if self.is_folder or self._piped is not None:
            return None
        return self.path.stat().st_size

    def _check_holding(self) -> None:
        on_disk = self.content is None and not self.is_folder
        if on_disk and self._piped is None:
            check_holding(self.path.stat().st_size, "holding it", self.fail)

    def lines(
        self, repairs: dict[str, int] | None = None, *, longest: int = LONGEST_LINE
    ) -> Iterator[tuple[int, bytes]]:
        r"""Lines without their ends, numbered from 1; a blank one is ``b""``.

        What is skipped is counted in `repairs` as "byte order mark", "CRLF line ends"
        and "blank lines". A line of more bytes than `longest` is refused.
        """
        counts = {} if repairs is None else repairs
        if self.has_mark:
            count(counts, MARK)
        with self.stream() as stream:
            lines = iter(partial(stream.readline, longest + 1), b"")
            for number, line in enumerate(lines, start=1):
                if len(line) > longest:
                    refuse_line(self.fail, number)
                count(counts, "CRLF line ends", line.endswith(b"\r\n"))
                if line.startswith(BOM):  # files with marks were joined
                    count(counts, MARK)
                    line = line.removeprefix(BOM)
                blank = not line.strip()
                count(counts, "blank lines", blank)
                yield number, b"" if blank else line.rstrip(b"\r\n")

    def fail(self, message: str, *, line: int | None = None) -> FormatError:
        """An error about this file, to be raised."""
        return FormatError(self.path, message, line=line)

    @contextmanager
    def fitting_into_memory(self) -> Iterator[None]:
        """Turn a lack of memory while reading into an error about this file."""
        try:
            yield
        except MemoryError:
            raise out_of_memory(self.fail) from None

    @cached_property
    def _mode(self) -> int:
        if self.content is not None or self.path == STDIN:
            return stat.S_IFIFO
        with self._reachable():
            return self.path.stat().st_mode

    @cached_property
    def _piped(self) -> Pipe | None:
        """The bytes of a pipe, which can be read only once; None for another file."""
        if self.content is not None or stat.S_ISREG(self._mode):
            return None
        if self.path == STDIN:
            return standard_input()
        return Pipe(str(self.path), lambda: self.path.open("rb", buffering=0))

    @property
    def is_pipe(self) -> bool:
        """Whether it is standard input, or another file that lies nowhere."""
        return not self.is_folder and self._piped is not None

    @property
    def is_read_once(self) -> bool:
        """Whether its bytes are gone after one reading; standard input is kept."""
        return self.is_pipe and self.path != STDIN

    def _on_disk(self) -> IO[bytes]:
        """A stream of the bytes on disk, packed or not."""
        if self.is_folder:
            raise self.fail("is a directory; name the file in it")
        if self.content is not None:
            return io.BytesIO(self.content)
        with self._reachable():
            if self._piped is not None:
                self._piped.bytes_at(0, 1)  # errors of opening are about this file
                return self._piped.stream()
            return self.path.open("rb")

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise self.fail("no such file") from None
        except OSError as error:
            raise self.fail(f"cannot be read ({error.strerror})") from None

    def _inflating(self) -> io.BufferedReader:
        if self.is_folder:
            raise self.fail("is a directory; name the file in it")
        zipped, packed_as, archived = self._zipped, self.wrapping, self._is_tar
        raw = self._on_disk()
        if zipped is not None:
            return of_zip(raw, zipped, self.fail)
        stream = inflated(raw, packed_as, self.fail)
        return of_tar(stream, self.fail) if archived else stream


def out_of_memory(fail: Fail) -> Exception:
    """The error for a file that needs more memory than the system gives."""
    return fail(
        f"needs more memory than there is ({budget().in_words()}); cut the file into "
        "several, close other programs, or use a machine with more"
    )


class Pipe:
    """Bytes that come only once, kept as far as they were asked for.

    Parameters
    ----------
    name : str
        For messages.
    opened : callable
        Opens it, which may wait for who writes it.
    """

    def __init__(self, name: str, opened: Callable[[], IO[bytes]]) -> None:
        self._opened, self._patience = opened, Patience(name)
        self._stream: IO[bytes] | None = None
        weakref.finalize(self, self._patience.end)
        self._held = bytearray()
        # It may be endless
        self._watch = Watch(None, partial(FormatError, name))
        self._ended = False

    def stream(self) -> IO[bytes]:
        """A stream of its bytes from the first one on."""
        return io.BufferedReader(_Kept(self), buffer_size=CHUNK)

    def bytes_at(self, place: int, size: int) -> bytes:
        """Up to `size` bytes from a place on; empty only at the end.

        What has not come yet is waited for.
        """
        while len(self._held) <= place and not self._ended:
            self._more()
        return bytes(memoryview(self._held)[place : place + size])

    def size(self) -> int:
        """The number of all bytes, which are waited for."""
        while not self._ended:
            self._more()
        return len(self._held)

    def _more(self) -> None:
        with self._patience.waiting():
            if self._stream is None:
                self._stream = self._opened()
                weakref.finalize(self, _close, self._stream)
            # What has come so far; a buffered stream would wait for all that was asked
            read = getattr(self._stream, "read1", self._stream.read)
            came = read(PIPED)
        self._watch.add(len(came))
        self._held += came
        self._patience.came = len(self._held)
        if not came:
            self._ended = True
            self._patience.end()
            _close(self._stream)


def _close(stream: IO[bytes]) -> None:
    if sys.stdin is None or stream is not sys.stdin.buffer:
        stream.close()


class _Kept(io.RawIOBase):
    """A stream of the bytes of a pipe."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe, self._place = pipe, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}
        start = self._pipe.size() if whence == os.SEEK_END else starts[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        found = self._pipe.bytes_at(self._place, len(buffer))
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)


# One for all, so that two roles may share its bytes
_STANDARD_INPUT: Final[dict[IO[bytes], Pipe]] = {}


def standard_input() -> Pipe:
    """The bytes of standard input."""
    if sys.stdin is None:
        raise FormatError(STDIN, "standard input is closed; name a file")
    stream = sys.stdin.buffer
    if stream not in _STANDARD_INPUT:
        _STANDARD_INPUT.clear()
        _STANDARD_INPUT[stream] = Pipe("standard input", lambda: stream)
    return _STANDARD_INPUT[stream]


def count(repairs: dict[str, int], what: str, number: int = 1) -> None:
    """Add to a counter, which is created only for a number above 0."""
    if number:
        repairs[what] = repairs.get(what, 0) + int(number)


def one_line(error: Exception) -> str:
    r"""The message of a library's error in one line, at most 300 characters.

    Examples
    --------
    >>> one_line(ValueError("a\n  b")), one_line(KeyError())
    ('a b', 'KeyError')
    """
    return " ".join(str(error).split())[:300] or type(error).__name__


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes on disk, or of standard input.

    That of a file that has not changed meanwhile is not computed twice in a run.
    """
    if path != STDIN:
        status = path.stat()
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        held = _HASHED.get(key)
        if held is None:
            held = digest(path)
            # A file that was just written may change again without a sign of it
            if time.time() - status.st_mtime > SETTLED:
                _HASHED[key] = held
        return held
    with standard_input().stream() as stream:
        found = hashlib.sha256()
        while chunk := stream.read(PIPED):
            found.update(chunk)
    return found.hexdigest()


State = tuple[int, ...]
# The state of each file when it was first read; None where nobody asks for it
_SEEN: ContextVar[dict[Path, State | None] | None] = ContextVar("_SEEN", default=None)


@contextmanager
def watching() -> Iterator[None]:
    """Note the state of each file that is read in the block, for `check_unchanged`."""
    token = _SEEN.set({})
    try:
        yield
    finally:
        _SEEN.reset(token)


def state_of(path: Path) -> State | None:
    """What changes with a file; None of what is no file, or not there."""
    with suppress(OSError, ValueError):
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
    return None


def note_state(path: Path) -> None:
    """Note that a file is read now."""
    seen = _SEEN.get()
    if seen is not None and path not in seen:
        seen[path] = state_of(path)


def check_unchanged(path: Path, before: State | None = None) -> None:
    """Raise if a file is not the one any more that was read.

    `before` is its state then, if not the one that was noted.

    Raises
    ------
    FormatError
    """
    if before is None:
        before = (_SEEN.get() or {}).get(path)
    now = state_of(path)
    if before is not None and now != before:
        raise FormatError(
            path,
            f"{'was removed' if now is None else 'changed'} since it was read, so that "
            "results would name another file than they come from; run it again",
        )


SETTLED: Final = 10.0  # seconds since a file was written
_HASHED: Final[dict[tuple[int, int, int, int], str]] = {}


# Packing

CHUNK: Final = 1 << 16
PIPED: Final = 1 << 20  # bytes of a pipe that are asked for at once
SUFFIXES: Final = {
    ".gz": "gzip",
    ".bz2": "bz2",
    ".lz4": "lz4",
    ".zst": "zstd",
    ".xz": "xz",
}
# Text may begin with "BZh", so more of that signature is compared
MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bz2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
}


def packing_of_start(start: bytes) -> str:
    r"""How a file is packed, by its first bytes: "none", "gzip", ... of `MAGIC`.

    Examples
    --------
    >>> packing_of_start(b"\x1f\x8b\x08"), packing_of_start(b"BZh is a word")
    ('gzip', 'none')
    """
    found = (name for name, magic in MAGIC.items() if magic.match(start))
    return next(found, "none")


def inflated(raw: IO[bytes], packing: str, fail: Fail) -> io.BufferedReader:
    """A stream of the unpacked bytes.

    Parameters
    ----------
    raw : binary stream
        Closed together with the returned one.
    packing : str
        As `packing_of_start` returns it.
    fail : callable
        Turns a message into the error to raise about damage.
    """
    guarded = _Guarded(raw, packing, fail)
    return io.BufferedReader(guarded, buffer_size=1 << 20)


class _Guarded(io.RawIOBase):
    """A stream that reports damage as one line about the file."""

    def __init__(
        self, raw: IO[bytes], packing: str, fail: Fail, *, stream: Any = None
    ) -> None:
        self._raw, self._packing, self._fail = raw, packing, fail
        self._watch = Watch(None if packing == "none" else size_of(raw), fail)
        self._counting = ExitStack()
        self._reached: Callable[[int], None] | None = None
        if packing != "tar":  # whose bytes are counted below it
            self._reached = self._counting.enter_context(_counting(raw))
        try:
            self._stream = _opened(raw, packing) if stream is None else stream
        except Exception as error:
            raw.close()
            raise self._damaged(error) from None
        self._fills = hasattr(self._stream, "readinto")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            if self._fills:
                size = int(self._stream.readinto(buffer))
            else:
                chunk = self._stream.read(len(buffer))
                size = len(chunk)
                buffer[:size] = chunk
            packed = None
            if self._reached is not None:
                packed = self._raw.tell()
                self._reached(packed)
        except FormatError:
            raise
        except Exception as error:  # each library raises its own class
            raise self._damaged(error) from None
        self._watch.add(size, packed)
        return size

    def close(self) -> None:
        if not self.closed:
            self._counting.close()
            self._stream.close()
            self._raw.close()
        super().close()

    def _damaged(self, error: Exception) -> Exception:
        if lacks_memory(error):
            return out_of_memory(self._fail)
        if self._packing == "none":
            return self._fail(f"cannot be read ({error})")
        return self._fail(
            f"the {self._packing} data is truncated or damaged ({error}); "
            "copy or download the file again"
        )


def size_of(raw: IO[bytes]) -> int | None:
    """The bytes of a stream on disk or in memory; None for another."""
    if isinstance(raw, io.BytesIO):
        return raw.getbuffer().nbytes
    try:
        return os.fstat(raw.fileno()).st_size
    except OSError:
        return None


def _counting(raw: IO[bytes]) -> AbstractContextManager[Callable[[int], None]]:
    """Count the bytes on disk that were read, packed or not."""
    try:
        name, size = str(raw.name), os.fstat(raw.fileno()).st_size
    except (AttributeError, OSError):  # a pipe, or bytes in memory
        return counting("input", None, "bytes")
    return counting(name, size, "bytes")


class _Bunzip:
    """Unpacks bz2; unlike `bz2.BZ2File`, it does not ignore bytes after the end."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._inflater = raw, bz2.BZ2Decompressor()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty only at the end."""
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
        """Do nothing, since the caller closes the file."""


def _opened(raw: IO[bytes], packing: str) -> Any:
    if packing == "none":
        return raw
    if packing == "bz2":
        return _Bunzip(raw)
    if packing == "xz":
        return lzma.LZMAFile(raw)
    if packing != "gzip":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(raw, "r"), packing)
    try:
        from isal import igzip  # optional, and twice as fast
    except ImportError:
        return gzip.GzipFile(fileobj=raw)
    return igzip.IGzipFile(fileobj=raw)


# Archives that hold one file

TAR_HEADER: Final = 512
LISTED: Final = 3
# What systems and editors add to archives beside their content
ADDED: Final = re.compile(r"(.*/)?(\._[^/]*|\.DS_Store)|__MACOSX/.*|.*/")


def is_tar(start: bytes) -> bool:
    """Whether the first 512 bytes are the header of a tar archive."""
    return len(start) == TAR_HEADER and start[257:262] == b"ustar"


def is_content(name: str) -> bool:
    """Whether a member of an archive is a file of its own.

    Examples
    --------
    >>> is_content("runs/bm25.run"), is_content("runs/"), is_content("__MACOSX/._a")
    (True, False, False)
    """
    return ADDED.fullmatch(name) is None


def several(names: Sequence[str]) -> str:
    """Why an archive cannot be read.

    Examples
    --------
    >>> several(["a.run", "b.run"])
    'an archive of 2 files (a.run, b.run); unpack it, and name one of them'
    """
    if not names:
        return "an archive without a file"
    more = ", ..." if len(names) > LISTED else ""
    listed = ", ".join(names[:LISTED]) + more
    return (
        f"an archive of {len(names)} files ({listed}); unpack it, and name one of them"
    )


def of_zip(raw: IO[bytes], name: str, fail: Fail) -> io.BufferedReader:
    """A stream of one file in a zip archive."""
    try:
        member = zipfile.ZipFile(raw).open(name)  # noqa: SIM115
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raw.close()
        raise fail(f"an archive that cannot be read ({error}); unpack it") from None
    guarded = _Guarded(raw, "zip", fail, stream=member)
    return io.BufferedReader(guarded, buffer_size=1 << 20)


def of_tar(raw: IO[bytes], fail: Fail) -> io.BufferedReader:
    """A stream of the only file in a tar archive; others are found at its end."""
    try:
        tarred = _Tarred(raw, fail)
    except tarfile.TarError as error:
        raw.close()
        raise fail(f"a tar archive that is damaged ({error}); copy it again") from None
    except FormatError:
        raw.close()
        raise
    guarded = _Guarded(raw, "tar", fail, stream=tarred)
    return io.BufferedReader(guarded, buffer_size=1 << 20)


class _Tarred:
    """The bytes of the first file of a tar archive, which must be its only one."""

    def __init__(self, raw: IO[bytes], fail: Fail) -> None:
        self._fail = fail
        self._archive = tarfile.open(fileobj=raw, mode="r|")  # noqa: SIM115
        self._names: list[str] = []
        self._left = 0  # bytes of the file
        self._file = self._next()
        if self._file is None:
            raise fail(several([]))

    def _next(self) -> IO[bytes] | None:
        while (member := self._archive.next()) is not None:
            if member.isfile() and is_content(member.name):
                self._names.append(member.name)
                self._left = member.size
                return self._archive.extractfile(member)
        return None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty only at the end."""
        found = b"" if self._file is None else self._file.read(size)
        self._left -= len(found)
        if not found and self._file is not None and self._left:
            raise EOFError(f"{self._left:,} bytes are missing")
        if not found and self._file is not None:
            self._file = None
            while self._next() is not None:
                pass
            if len(self._names) > 1:
                raise self._fail(several(self._names))
        return found

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


# Whole files


def read_bytes(path: Path) -> bytes:
    """The unpacked content of a text file, without a byte order mark.

    Raises
    ------
    FormatError
        For a missing path, a folder, an unreadable or empty file, damaged compression,
        or a NumPy array.
    """
    return text_of(Source(path))


def text_of(source: Source) -> bytes:
    """The unpacked content of a text source; see `read_bytes`."""
    data = source.text()
    if data.startswith(NUMPY_MAGIC):
        raise FormatError(source.path, "is a NumPy array, but text is expected here")
    if not data or data.isspace():
        raise FormatError(source.path, "the file is empty", line=1)
    return data


def decoded(raw: bytes, path: Path, line: int = 1) -> str:
    r"""The text of bytes that begin in a line of a file.

    Raises
    ------
    FormatError
        With path:line for bytes that are no UTF-8.

    Examples
    --------
    >>> decoded(b"d1\n\xff", Path("x"))
    Traceback (most recent call last):
    ...
    rankbound.errors.FormatError: x:2: not UTF-8 text ('utf-8' codec can't decode...
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(
            path,
            f"not UTF-8 text ({error}); save it as UTF-8",
            line=line + raw.count(b"\n", 0, error.start),
        ) from None


# Copies of some lines


def copy_lines(source: Path, targets: Mapping[Path, Booleans]) -> None:
    """Copy chosen lines of a file into several files, in one pass.

    Parameters
    ----------
    source : Path
        Packed or not, recognised by its first bytes.
    targets : mapping of Path to boolean array, shape (n_lines + 1,)
        Whether to copy each line, counted from 1, into the file. Lines beyond the array
        are not copied.

    Raises
    ------
    FormatError
        If the source cannot be read, or ends before a chosen line.

    Notes
    -----
    Lines keep their bytes and line ends; a byte order mark is dropped. A target is
    packed as the source is, outside of an archive. The same lines give the same file,
    since neither a name nor a time is stored.
    """
    origin = Source(source)
    number = 0
    with ExitStack() as stack:
        opened = stack.enter_context(origin.stream())
        streams = [
            (stack.enter_context(packed(path, origin.wrapping)), chosen)
            for path, chosen in targets.items()
        ]
        for number, line in enumerate(opened, start=1):
            for stream, chosen in streams:
                if number < len(chosen) and chosen[number]:
                    stream.write(line)
    wanted = [chosen.nonzero()[0].max(initial=0) for chosen in targets.values()]
    last = max(wanted, default=0)
    if last > number:
        raise origin.fail(
            f"ends at line {number}, before line {last}; it changed since it was read, "
            "or its format has no lines"
        )


@contextmanager
def packed(path: Path, packing: str, *, level: int = 9) -> Iterator[Any]:
    """A stream that packs bytes into a file; the same bytes always give the same file.

    Parameters
    ----------
    path : Path
    packing : {"none", "gzip", "bz2", "lz4", "zstd", "xz"}
    level : int, default 9
        How hard gzip tries, from 1 to 9.
    """
    with path.open("wb") as raw, _packer(raw, packing, level) as stream:
        yield stream


def _packer(raw: Any, packing: str, level: int) -> Any:
    if packing == "none":
        return nullcontext(raw)
    if packing == "gzip":
        # A name or time in the header would differ from run to run
        return gzip.GzipFile("", "wb", compresslevel=level, fileobj=raw, mtime=0)
    if packing == "bz2":
        return bz2.BZ2File(raw, "wb")
    if packing == "xz":
        return lzma.LZMAFile(raw, "wb")
    import pyarrow as pa

    return pa.CompressedOutputStream(pa.PythonFile(raw, "w"), packing)
