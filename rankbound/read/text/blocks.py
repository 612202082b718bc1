"""A file as blocks of whole records, and threads that work side by side on them.

NumPy lets go of Python's lock in every step, for microseconds often: two threads that
parse lines wait for each other more than they gain. So they share the work by kind:
one inflates and finds the fields, one reads them, one adds what they hold to the
columns. The longer steps that parse JSON gain from two of a kind. A short file is read
in one thread, and so is any where the system gives no more.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from rankbound.read.source import HEAD, Source

SIZE = 1 << 20
AHEAD = 2
WORKERS = 2
LARGE = 31 << 20

Item = TypeVar("Item")
Result = TypeVar("Result")


def blocks(source: Source, *, end: bytes, size: int | None = None) -> Generator[bytes]:
    r"""Inflated bytes in blocks that end with a record, all but the last.

    Parameters
    ----------
    source : Source
    end : bytes
        The byte that ends a record: ``b"\n"`` or ``b"}"``.
    size : int
        Bytes of a block, about (default `SIZE`); longer where a record is longer.

    Raises
    ------
    FormatError
        As the bytes of a damaged file are reached.

    Examples
    --------
    >>> from pathlib import Path
    >>> source = Source(Path("x"), content=b"ab\ncd\nef")
    >>> list(blocks(source, end=b"\n", size=4))
    [b'ab\n', b'cd\n', b'ef']
    """
    _keep_what_is_freed()
    size = size or SIZE
    rest: list[bytes] = []
    with source.stream() as stream:
        while chunk := stream.read(size):
            place = chunk.rfind(end) + 1
            if place == 0:
                rest.append(chunk)
                continue
            yield b"".join((*rest, memoryview(chunk)[:place]))
            rest = [chunk[place:]]
    if any(rest):
        yield b"".join(rest)


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item]
) -> Generator[tuple[Item, Result]]:
    """Each item with what `work` gives for it, computed by two threads in advance.

    Where there can be no threads, `work` may be done twice for an item.

    Examples
    --------
    >>> list(in_order(abs, [-1, 2, -3]))
    [(-1, 1), (2, 2), (-3, 3)]
    """
    pending: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for item in items:
            pending.append((item, _submitted(pool, work, item)))
            if len(pending) > WORKERS:
                first, done = pending.popleft()
                yield first, done.result()
        while pending:
            first, done = pending.popleft()
            yield first, done.result()


def _submitted(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], item: Item
) -> Future[Result]:
    try:
        return pool.submit(work, item)
    except RuntimeError:  # there can be no more threads
        found: Future[Result] = Future()
        try:
            found.set_result(work(item))
        except Exception as error:  # to be raised when it is this item's turn
            found.set_exception(error)
        return found


def _keep_what_is_freed() -> None:
    """Let the arrays of a block take the memory of the block before.

    glibc's malloc gives large pieces back to the system, which clears their pages when
    they are taken again: half of the time of parsing. It stops doing so for pieces up
    to the size of one, below 32 MiB, that was freed.
    """
    np.empty(LARGE, dtype=np.uint8)


def is_short(source: Source) -> bool:
    """Whether a file is read before threads have paid for their start."""
    return len(source.head) < HEAD


def ahead(items: Generator[Item], *, short: bool = False) -> Generator[Item]:
    """The same items, of which a thread makes a few in advance.

    To be closed, as an error that somebody looks at may keep it alive, and the thread
    with it; then `items` are closed, too.

    Parameters
    ----------
    items : generator
    short : bool
        Whether to do without a thread, as is done where there can be no more of them.

    Examples
    --------
    >>> list(ahead(number for number in [1, 2, 3]))
    [1, 2, 3]
    """
    ready: queue.Queue[Item | _Ended] = queue.Queue(AHEAD)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, ready, stopped), daemon=True)
    try:
        if short or not _starts(thread):
            yield from items
            return
        while not isinstance(item := ready.get(), _Ended):
            yield item
        if item.error is not None:
            try:
                raise item.error
            finally:
                del item  # or the error would hold on to itself, and to what was read
    finally:
        stopped.set()
        if thread.is_alive():
            thread.join()


def _starts(thread: threading.Thread) -> bool:
    try:
        thread.start()
    except RuntimeError:  # too many, no memory for its stack, or Python is ending
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Ended:
    """There are no more items, or an error came instead of the next one."""

    error: BaseException | None = None


def _fill(
    items: Generator[Item],
    ready: queue.Queue[Item | _Ended],
    stopped: threading.Event,
) -> None:
    """Put items until the end, an error or a stop."""

    def put(item: Item | _Ended) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    try:
        with closing(items):
            if not all(put(item) for item in items):
                return
        put(_Ended())
    except BaseException as error:
        put(_Ended(error))
