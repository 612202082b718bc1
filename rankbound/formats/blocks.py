"""A file as blocks of whole records, inflated in a thread while others are parsed."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from rankbound.formats.source import Source

SIZE = 1 << 20
AHEAD = 2
WORKERS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


def blocks(source: Source, *, end: bytes, size: int | None = None) -> Iterator[bytes]:
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
    rest = b""
    for chunk in _ahead(source, size or SIZE):
        place = chunk.rfind(end) + 1
        if place == 0:
            rest += chunk
            continue
        yield b"".join((rest, memoryview(chunk)[:place]))
        rest = chunk[place:]
    if rest:
        yield rest


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` gives for it, computed by two threads in advance.

    Examples
    --------
    >>> list(in_order(abs, [-1, 2, -3]))
    [(-1, 1), (2, 2), (-3, 3)]
    """
    pending: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) > WORKERS:
                first, done = pending.popleft()
                yield first, done.result()
        while pending:
            first, done = pending.popleft()
            yield first, done.result()


def _ahead(source: Source, size: int) -> Iterator[bytes]:
    """Chunks of the stream, a few of them read in advance by a thread."""
    ready: queue.Queue[bytes | BaseException] = queue.Queue(AHEAD)
    stopped = threading.Event()
    reading = (source, size, ready, stopped)
    thread = threading.Thread(target=_read, args=reading, daemon=True)
    thread.start()
    try:
        while chunk := ready.get():
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk
    finally:
        stopped.set()
        thread.join()


def _read(
    source: Source,
    size: int,
    ready: queue.Queue[bytes | BaseException],
    stopped: threading.Event,
) -> None:
    """Put chunks until the end, an error or a stop; the end is an empty one."""

    def put(item: bytes | BaseException) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    try:
        with source.stream() as stream:
            while put(chunk := stream.read(size)) and chunk:
                pass
    except BaseException as error:
        put(error)
