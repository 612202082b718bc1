"""A file as blocks of whole records, several of which threads work on at once."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar, cast

from rankbound.read.source import HEAD, Source

SIZE = 1 << 20
WORKERS = 2

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
    work: Callable[[Item], Result], items: Generator[Item], *, short: bool = False
) -> Generator[tuple[Item, Result]]:
    """Each item with what `work` gives for it, computed by two threads in advance.

    Where there can be no threads, `work` may be done twice for an item. An error of
    `items` is raised after what came before it. `items` are closed at the end.

    Parameters
    ----------
    work : callable
    items : generator
    short : bool
        Whether to do without threads.

    Examples
    --------
    >>> list(in_order(abs, (number for number in [-1, 2, -3])))
    [(-1, 1), (2, 2), (-3, 3)]
    """
    with closing(items):
        if short:
            for item in items:
                yield item, work(item)
            return
        with ThreadPoolExecutor(WORKERS) as pool:
            begun = _begun(pool, work, items)
            pending = deque(itertools.islice(begun, 2 * WORKERS))
            while pending:
                pending.extend(itertools.islice(begun, 1))
                item, done = pending.popleft()
                yield item, done.result()


def _begun(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Generator[Item]
) -> Generator[tuple[Item, Future[Result]]]:
    """Each item with what it will come to; an error of `items` is one of these."""
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Exception as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            yield cast(Item, None), failed
            return
        yield item, _submitted(pool, work, item)


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


def is_utf_8(text: bytes) -> bool:
    """Whether bytes are UTF-8 text."""
    try:
        return text.isascii() or bool(text.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def is_short(source: Source) -> bool:
    """Whether a file is read before threads have paid for their start."""
    return len(source.head) < HEAD
