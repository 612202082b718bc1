"""Work shared out to threads, and how many of them there are."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

# What the libraries of numerical code go by, so that one setting holds for all
LIMITS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """How many threads work at once: one a core, or fewer if the environment says so.

    ``OMP_NUM_THREADS`` and ``OPENBLAS_NUM_THREADS`` are limits, the first of which that
    is set counts.

    Examples
    --------
    >>> 1 <= threads() <= cores()
    True
    """
    said = next(filter(None, map(os.environ.get, LIMITS)), "").split(",")[0].strip()
    most = int(said) if said.isdecimal() and int(said) > 0 else cores()
    return min(most, cores())


def share_out(
    work: Callable[[Iterator[slice]], None], count: int, *, at_once: int
) -> None:
    """Have all threads do the parts of some rows; where a part begins is fixed.

    Inside such work, further work is done by the thread that asks for it.

    Parameters
    ----------
    work : callable
        Called once in each thread with the parts that fall to it, one after another. It
        must let go of Python's lock for most of its time, and each part must have a
        result of its own, so that numbers do not depend on the threads.
    count : int
        Rows.
    at_once : int
        Rows of a part, at least 1.

    Examples
    --------
    >>> found = [0] * 5
    >>> def work(parts):
    ...     for part in parts:
    ...         found[part] = [part.start] * len(found[part])
    >>> share_out(work, 5, at_once=2)
    >>> found
    [0, 0, 2, 2, 4]
    """
    starts = range(0, count, at_once)
    parts = (slice(start, min(start + at_once, count)) for start in starts)
    wanted = 1 if _inside.threads else min(threads(), len(starts))
    if wanted < 2:
        work(parts)
        return
    shared = _Shared(parts)
    others = [
        threading.Thread(target=copy_context().run, args=(shared.run, work))
        for _ in range(wanted - 1)
    ]
    for other in others:
        other.start()
    shared.run(work)
    for other in others:
        other.join()
    if shared.faults:  # all parts before the first of them were done
        raise shared.faults[min(shared.faults)]


@contextmanager
def one_of_several() -> Iterator[None]:
    """Share nothing out in the block, whose thread is one of several that work.

    Examples
    --------
    >>> with one_of_several():
    ...     share_out(lambda parts: print(len([*parts])), 4, at_once=1)
    4
    """
    before, _inside.threads = _inside.threads, True
    try:
        yield
    finally:
        _inside.threads = before


class _Kept(threading.local):
    """Arrays of one thread by their use."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[np.float64]] = {}


_kept = _Kept()


def kept(name: str, *shape: int, kind: DTypeLike = np.float64) -> NDArray[Any]:
    """An array with any content, which the thread keeps for the next call.

    Fresh memory costs as much as the work on it, since the system clears its pages.

    Parameters
    ----------
    name : str
        Its use. The last array of this name is the same memory.
    *shape : int
    kind : dtype
        Of numbers of at most 8 bytes.

    Returns
    -------
    array

    Examples
    --------
    >>> kept("example", 2, 3).shape
    (2, 3)
    >>> kept("example", 5, kind=np.float16).dtype
    dtype('float16')
    >>> kept("example", 3).base is kept("example", 6).base
    True
    """
    size = math.prod(shape)
    kind = np.dtype(kind)
    words = -(-size * kind.itemsize // 8)
    held = _kept.arrays.get(name)
    if held is None or held.size < words:
        held = _kept.arrays[name] = np.empty(words)
    return held[:words].view(kind)[:size].reshape(shape)


class _Blas:
    """How many of our blocks hold BLAS to one thread; the last one to end lets go."""

    def __init__(self) -> None:
        self.lock, self.inside, self.limit = threading.Lock(), 0, ExitStack()


_BLAS = _Blas()


@cache
def _libraries() -> Any:
    """Numerical libraries that are loaded; finding them takes a millisecond."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


@contextmanager
def one_thread_of_blas(wanted: bool = True) -> Iterator[None]:
    """Let products of matrices in the block have one thread each, if `wanted`.

    Where several of our threads multiply, threads of BLAS would only be in the way.

    Examples
    --------
    >>> with one_thread_of_blas():
    ...     pass
    """
    if not wanted or threads() < 2:
        yield
        return
    with _BLAS.lock:
        if _BLAS.inside == 0:
            _BLAS.limit.enter_context(_libraries().limit(limits=1, user_api="blas"))
        _BLAS.inside += 1
    try:
        yield
    finally:
        with _BLAS.lock:
            _BLAS.inside -= 1
            if _BLAS.inside == 0:
                _BLAS.limit.close()


class _Inside(threading.local):
    """Whether a thread is one of several that share work."""

    threads = False


_inside = _Inside()


class _Shared:
    """Parts that threads take in turn until none is left, or one of them fails."""

    def __init__(self, parts: Iterator[slice]) -> None:
        self.faults: dict[int, BaseException] = {}
        self._parts, self._lock = parts, threading.Lock()

    def run(self, work: Callable[[Iterator[slice]], None]) -> None:
        at = -1

        def taken() -> Iterator[slice]:
            nonlocal at
            while not self.faults:
                with self._lock:
                    part = next(self._parts, None)
                if part is None:
                    return
                at = part.start
                yield part

        with one_of_several():
            try:
                work(taken())
            except BaseException as fault:
                self.faults[at] = fault
