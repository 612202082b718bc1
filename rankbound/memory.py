"""How much memory reading may take, and the limits of what a file may hold.

Memory is watched while bytes are read: a reader's columns and objects grow with them,
so that what it takes is known before it is too much.
"""

from __future__ import annotations

import ctypes
import json
import math
import mmap
import os
import pickle
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, NoReturn, TypeVar, cast
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import forget_places
from rankbound.engine import scratch_folder
from rankbound.errors import FormatError, UsageError

# What a file may hold, whatever memory there is; docs/formats.md states these
LONGEST_LINE: Final = 1 << 26
LONGEST_ID: Final = 1 << 16
LONGEST_NUMBER: Final = 4_300  # digits, as int() of Python takes
# Above this ratio, a packed file may unpack to so many bytes unless memory is given:
# so many that even the readers that take longest refuse it within seconds
RATIO: Final = 40
FREE: Final = 1 << 24
WIDENED: Final = 6  # times as much memory may be taken for it
OBJECTS: Final = 250  # bytes that a byte of a pickle may become

SHARE: Final = 0.75  # of what the machine gives
LARGE: Final = 1 << 22  # bytes of an array that may lie in a file
ALIGNED: Final = 64  # bytes by which arrays in a file are aligned
AT_ONCE: Final = 1 << 24  # bytes that are written at once
IN_PIECES: Final = 1 << 22  # bytes that are asked of the system, and go back to it
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # as malloc.h of glibc names them
LET_GO: Final = 0.2  # seconds between two times that pages are let go
STEP: Final = 1 << 20  # bytes between two looks at the memory
SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B?|B)?\s*", re.IGNORECASE)
DIGITS: Final = re.compile(rb"[0-9.]{%d}" % (LONGEST_NUMBER // 2))
UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
# Unlimited groups of version 1 have a number near 2^63
UNLIMITED: Final = 1 << 60
PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096

Fail = Callable[[str], Exception]
Held = TypeVar("Held")


def size_from(memory: int | str) -> int:
    """The number of bytes that a size says.

    Parameters
    ----------
    memory : int or str
        Bytes, or a number with a unit: KB, MB, GB, TB are powers of 1000, and KiB, MiB,
        GiB, TiB and K, M, G, T powers of 1024.

    Raises
    ------
    UsageError
        For anything else, and for 0.

    Examples
    --------
    >>> size_from("2GiB"), size_from("500MB"), size_from("1.5 G"), size_from(4096)
    (2147483648, 500000000, 1610612736, 4096)
    """
    found = SIZE.fullmatch(str(memory)) if isinstance(memory, int | str) else None
    size = 0
    if found is not None and not isinstance(memory, bool):
        unit = (found[2] or "B").upper()
        base = 1000 if len(unit) == 2 else 1024
        size = math.floor(float(found[1]) * base ** "BKMGT".index(unit[0]))
    if not 0 < size < 1 << 63:
        raise UsageError(
            f"`memory` must be a size above 0, such as 2GiB or 500MB, got {memory!r}"
        )
    return size


def size_in_words(size: float) -> str:
    """A number of bytes to three digits.

    Examples
    --------
    >>> size_in_words(2147483648), size_in_words(500e6), size_in_words(12)
    ('2 GiB', '477 MiB', '12 B')
    """
    place = 0
    while size >= 1000 and place < len(UNITS) - 1:
        size, place = size / 1024, place + 1
    return f"{size:.3g} {UNITS[place]}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What reading may take.

    Attributes
    ----------
    size : int
        Bytes.
    given : bool
        Whether the user chose it, which answers doubts about packed files.
    before : int
        Bytes that the process held when it was given.
    """

    size: int
    given: bool = False
    before: int = 0

    def left(self) -> int:
        """Bytes that may still be taken; negative for too many."""
        return self.size - (in_use() - self.before)

    def part(self, sharing: int) -> Budget:
        """What each of some processes may take."""
        return replace(self, size=self.size // sharing)

    def in_words(self) -> str:
        """The limit and where it comes from."""
        return (
            f"the limit is {size_in_words(self.size)}"
            if self.given
            else f"the limit is {size_in_words(self.size)}, three quarters of what "
            "there is"
        )

    def more(self, size: float | None = None) -> str:
        """How to allow twice as many bytes as `size`, or as this."""
        wanted = math.ceil(2 * (self.size if size is None else size) / (1 << 30))
        return f"allow more, as with `memory='{wanted}GiB'`"


_given: ContextVar[Budget | None] = ContextVar("_given", default=None)


def budget() -> Budget:
    """What reading may take here: as given, or three quarters of what there is."""
    return _given.get() or Budget(int(SHARE * machine()))


@contextmanager
def reading_within(memory: int | str | None) -> Iterator[None]:
    """Bound what readers take in the block.

    Parameters
    ----------
    memory : int, str or None
        A size as `size_from` takes it; None changes nothing.

    Raises
    ------
    UsageError
        If it is no size, or less than can be kept to.

    Examples
    --------
    >>> with reading_within("1GiB"):
    ...     budget().size == 1 << 30
    True
    """
    if memory is None:
        yield
        return
    size = size_from(memory)
    if size < STEP:
        raise UsageError(
            f"`memory` must be at least {size_in_words(STEP)}, as less is not watched, "
            f"got {memory!r}"
        )
    token = _given.set(Budget(size, given=True, before=in_use()))
    try:
        yield
    finally:
        _given.reset(token)


def keep_to(part: Budget) -> None:
    """Bound what readers of this whole process take, as a part of another's budget."""
    _given.set(replace(part, before=in_use()))


@cache
def machine() -> int:
    """Bytes of memory that this process can have at most.

    That is the least of the machine's, of the limits of its control groups (of version
    1 and 2), and of its own limit of addresses.
    """
    limits = [_physical(), *_groups(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))]
    if sys.platform != "win32":
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft)
    return min(limits)


def _physical() -> int:
    try:
        return PAGE * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 32  # a system that does not tell


def _groups(said: Path, root: Path) -> list[int]:
    """The limits of the control groups of a process, up to the root.

    Parameters
    ----------
    said : Path
        ``/proc/self/cgroup``, whose lines are ``number:controllers:path``.
    root : Path
        Where groups are mounted.
    """
    try:
        lines = said.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found: list[int] = []
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            place, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            place, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        # In a container the path may be the host's, and the root its own
        inner = [part for part in Path(path).parts if part not in ("/", "..")]
        for depth in range(len(inner) + 1):
            limit = _limit(place.joinpath(*inner[:depth], name))
            found += [] if limit is None else [limit]
    return found


def _limit(path: Path) -> int | None:
    try:
        size = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" is no limit
        return None
    return size if 0 < size < UNLIMITED else None


def in_use() -> int:
    """Bytes of memory that this process holds, without pages of files.

    Where the system does not tell, the most that it has ever held.
    """
    try:
        fields = Path("/proc/self/statm").read_bytes().split()
        return PAGE * (int(fields[1]) - int(fields[2]))
    except (OSError, IndexError, ValueError):
        pass
    if sys.platform == "win32":
        return 0
    import resource

    # macOS counts bytes, others KiB
    scale = 1 if sys.platform == "darwin" else 1024
    return scale * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def too_large(error: Exception) -> Exception:
    """The same error, which no other reader of the file can avoid."""
    if isinstance(error, FormatError):
        error.too_large = True
    return error


class Watch:
    """Counts the bytes of one file as they are read, and stops where it is too much.

    Parameters
    ----------
    on_disk : int or None
        Bytes of a packed file, or None for one that is not packed.
    fail : callable
        Makes the error about the file of a message.

    Examples
    --------
    >>> watch = Watch(2, ValueError)
    >>> watch.add(FREE)
    >>> watch.add(STEP)
    Traceback (most recent call last):
    ...
    ValueError: unpacks to more than 17 MiB from its 2 B, over 40 times as much, so ...
    """

    __slots__ = (
        "_before",
        "_budget",
        "_doubted",
        "_fail",
        "_free",
        "_most",
        "_next",
        "_on_disk",
        "_read",
    )

    def __init__(self, on_disk: int | None, fail: Fail) -> None:
        self._budget, self._on_disk = budget(), on_disk
        self._fail: Fail = lambda message: too_large(fail(message))
        self._read, self._next = 0, STEP
        self._before = in_use()
        self._doubted = on_disk is not None and not self._budget.given
        self._free = self._budget.size if self._budget.given else FREE
        self._most = max(self._free, RATIO * (on_disk or 0))

    def add(self, size: int, packed: int | None = None) -> None:
        """Count further bytes.

        Parameters
        ----------
        size : int
        packed : int, optional
            How many bytes of a packed file all bytes so far come from; by default all
            of it.

        Raises
        ------
        FormatError
            If the file unpacks to too much, or its reader takes too much memory.
        """
        self._read += size
        if self._read >= self._next:
            self._next = self._read + STEP
            self._look(packed)

    def _look(self, packed: int | None) -> None:
        if self._on_disk is not None:
            part = self._on_disk if packed is None else min(packed, self._on_disk)
            if self._read > max(self._free, RATIO * part):
                first = "" if part == self._on_disk else "first "
                raise self._fail(
                    f"unpacks to more than {size_in_words(self._read)} from its "
                    f"{first}{size_in_words(part)}, over {RATIO} times as much, so "
                    "that it may be made to fill memory; if it is right, "
                    f"{self._budget.more(self._read)}"
                )
        taken = in_use() - self._before
        if self._doubted and taken > WIDENED * self._most:
            raise self._fail(
                f"took {size_in_words(taken)} of memory after "
                f"{size_in_words(self._read)} of it were unpacked from "
                f"{size_in_words(self._on_disk or 0)}, so that it may be made to fill "
                f"memory; if it is right, {self._budget.more(taken)}"
            )
        left = self._budget.left()
        if left < 0:
            whole = size_in_words(self._budget.size - left)
            raise self._fail(
                f"took {whole} of memory after {size_in_words(self._read)} of it were "
                f"read, and {self._budget.in_words()}; {self._budget.more()}, or cut "
                "the file into several"
            )


@contextmanager
def bounded_addresses(most: float = math.inf) -> Iterator[None]:
    """Have what asks for more memory than reading may take fail in the block.

    It is for readers that take memory without reading, as a pickle may make them.

    Parameters
    ----------
    most : float
        Bytes, where that is less than reading may take.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    wanted = PAGE * pages + max(int(min(budget().left(), most)), 4 * FREE)
    soft = wanted if before[0] == resource.RLIM_INFINITY else min(wanted, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def most_of_objects(on_disk: int, *, packed: bool) -> float:
    """Bytes that the objects of a pickle take at most; infinite if memory was given.

    Examples
    --------
    >>> size_in_words(most_of_objects(1000, packed=False))
    '256 MiB'
    """
    if budget().given:
        return math.inf
    return 16 * FREE + OBJECTS * on_disk * (RATIO if packed else 1)


def most_of_table(on_disk: int) -> float:
    """Bytes that a table of so many takes at most; infinite if memory was given.

    Examples
    --------
    >>> size_in_words(most_of_table(1000)), size_in_words(most_of_table(1 << 30))
    ('256 MiB', '40 GiB')
    """
    return math.inf if budget().given else max(16 * FREE, RATIO * on_disk)


def check_holding(size: float, what: str, fail: Fail) -> None:
    """Raise if so many bytes cannot be held in memory.

    Parameters
    ----------
    size : float
        Bytes.
    what : str
        What they are, such as "its text".
    fail : callable
        Makes the error about the file of a message.

    Examples
    --------
    >>> with reading_within("1MiB"):
    ...     check_holding(1 << 30, "its text", ValueError)
    Traceback (most recent call last):
    ...
    ValueError: its text takes 1 GiB of memory, and the limit is 1 MiB; allow ...
    """
    allowed = budget()
    if size > STEP and size > allowed.left():
        raise fail(
            f"{what} takes {size_in_words(size)} of memory, and {allowed.in_words()}; "
            f"{allowed.more(size)}"
        )


def check_json(text: bytes, fail: Callable[..., Exception], line: int = 1) -> None:
    """Raise for a JSON text with too long a number, or too large as objects.

    Objects are counted by the marks that begin and part them, at what CPython takes for
    each: a value with its slot, a list, an object, and a key with its entry.
    """
    if has_long_number(text):
        try:
            json.loads(text, parse_int=_short, parse_float=_short)
        except _LongNumberError as error:
            place = text.find(str(error).encode())
            found = long_number(str(error))
            raise fail(found, line=line + text.count(b"\n", 0, place)) from None
        except (ValueError, RecursionError):
            pass  # its reader says what is wrong
    if 64 * len(text) > STEP:
        size = len(text) + 40 * text.count(b",") + 72 * text.count(b"[")
        size += 192 * text.count(b"{") + 110 * text.count(b":")
        check_holding(size, "its JSON as objects", fail)


def long_number(text: str) -> str:
    """What is wrong with a number of too many digits."""
    return (
        f"a number of {len(text):,} digits, {text[:20]}...; a number has at most "
        f"{LONGEST_NUMBER:,}"
    )


class _LongNumberError(Exception):
    """A number has too many digits."""


def _short(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise _LongNumberError(text)
    return float(text)


def has_long_number(text: bytes) -> bool:
    """Whether a text may hold more digits in a row than a number may have.

    It looks at few places, of which a number of so many digits has two.

    Examples
    --------
    >>> has_long_number(b"q d " + b"1" * 5000), has_long_number(b"1 " * 5000)
    (True, False)
    """
    step = LONGEST_NUMBER // 2
    if len(text) <= LONGEST_NUMBER:
        return False
    seen = text[::step]
    return any(
        DIGITS.match(text, place * step) is not None
        for place, one in enumerate(seen[:-1])
        if one in b"0123456789." and seen[place + 1] in b"0123456789."
    )


def check_unpacked_size(size: int, on_disk: int, fail: Fail) -> None:
    """Raise for a part of an archive that says that it unpacks to far too much."""
    watch = Watch(on_disk, fail)
    watch.add(size)
    check_holding(size, "what it holds, unpacked,", fail)


def refuse_line(fail: Callable[..., Exception], line: int) -> NoReturn:
    """Raise for a line, or one value of JSON, that is longer than any may be."""
    raise fail(
        f"a line or value of more than {size_in_words(LONGEST_LINE)}, which is the "
        "most; the file is damaged, or lacks line ends",
        line=line,
    )


def lacks_memory(error: BaseException) -> bool:
    """Whether a library's error says that there is too little memory.

    Examples
    --------
    >>> lacks_memory(MemoryError()), lacks_memory(ValueError("a bad block"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    said = str(error).lower()
    return any(words in said for words in LACKING)


# What libraries say in errors of their own
LACKING: Final = (
    *("not enough memory", "out of memory", "cannot allocate", "allocation error"),
    *("error -4 while decompressing", "unable to allocate", "insufficient memory"),
)


@cache
def _trimming() -> Callable[[int], int] | None:
    try:
        library = ctypes.CDLL(None)
        found: Callable[[int], int] = library.malloc_trim
        # Arrays of millions of rows leave no holes then, and blocks are kept for reuse
        library.mallopt(MMAP_THRESHOLD, IN_PIECES)
        library.mallopt(TRIM_THRESHOLD, 16 * IN_PIECES)
    except (AttributeError, OSError, TypeError):  # only glibc has it
        return None
    return found


# What was mapped of files without names, while it lives
_MAPPED: Final[WeakSet[mmap.mmap]] = WeakSet()


def scratch_file() -> IO[bytes] | None:
    """A file without a name, in the folder of the results if there is one.

    The system removes it when nobody uses it any more, even if the process is killed.
    None where no such file can be made; what would lie there stays in memory then.
    """
    with suppress(OSError):
        held = tempfile.TemporaryFile(dir=scratch_folder(), buffering=0)  # noqa: SIM115  its user closes it
        return cast(IO[bytes], held)
    return None


def mapped(file: IO[bytes], dtype: np.dtype[Any], size: int) -> NDArray[Any]:
    """The numbers in a file that is open, where they lie; they may be changed there.

    Examples
    --------
    >>> with tempfile.TemporaryFile(buffering=0) as file:
    ...     _ = file.write(np.arange(3).data)
    ...     found = mapped(file, np.dtype(np.int64), 2)
    >>> found.tolist()
    [0, 1]
    """
    held = mmap.mmap(file.fileno(), size * dtype.itemsize)
    _MAPPED.add(held)
    _letting_go()
    return np.frombuffer(held, dtype)


def filed(held: Held) -> Held:
    """The same, with its large arrays in a file without a name.

    Only for what this process made: it is pickled. Arrays that cannot be written to
    stay so if they are large.

    Examples
    --------
    >>> found = filed({"a": np.arange(1_000_000), "b": np.arange(3)})
    >>> found["a"][-1].item(), found["b"].tolist()
    (999999, [0, 1, 2])
    """
    data, large = pickled(held)
    file = scratch_file() if large else None
    if file is None:
        return held
    with file:
        return cast(Held, taken_up(data, put_down(large, file), file))


def pickled(held: object) -> tuple[bytes, list[memoryview]]:
    """An object as bytes, without its large arrays, and these."""
    large: list[memoryview] = []

    def in_band(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes >= LARGE:
            large.append(raw)
        return raw.nbytes < LARGE

    return pickle.dumps(held, protocol=5, buffer_callback=in_band), large


def put_down(large: list[memoryview], file: IO[bytes]) -> list[int]:
    """Write arrays into a file; where each of them ends."""
    ends: list[int] = []
    for raw in large:
        start = ends[-1] if ends else 0
        file.write(b"\0" * (-start % ALIGNED))
        for at in range(0, raw.nbytes, AT_ONCE):
            file.write(raw[at : at + AT_ONCE])
        ends.append(start + -start % ALIGNED + raw.nbytes)
    return ends


def taken_up(data: bytes, ends: list[int], file: IO[bytes]) -> Any:
    """What `pickled` gave, whose large arrays stay in the file where they were put."""
    views = []
    if ends:
        held = mmap.mmap(file.fileno(), ends[-1])
        _MAPPED.add(held)
        _letting_go()
        starts = [0, *(end + -end % ALIGNED for end in ends[:-1])]
        views = [memoryview(held)[a:b] for a, b in zip(starts, ends, strict=True)]
    return pickle.loads(data, buffers=views)


@cache
def _letting_go() -> None:
    """Let go of the pages of what is mapped, again and again while the process lives.

    They stay in the system's cache, which is no memory of this process, and come back
    at once when they are needed.
    """
    if hasattr(mmap, "MADV_DONTNEED"):
        threading.Thread(target=_let_go, daemon=True).start()


def _let_go() -> None:
    while True:
        time.sleep(LET_GO)
        with suppress(ValueError, RuntimeError):  # one was closed, or another mapped
            for held in _MAPPED:
                held.madvise(mmap.MADV_DONTNEED)


def give_back() -> None:
    """Give the system what was freed, which the C library may keep for long.

    Work with columns of millions of rows leaves half of its memory behind in pieces.

    Examples
    --------
    >>> give_back()
    """
    forget_places()
    trim = _trimming()
    if trim is not None:
        trim(0)
