"""Work shared out to threads, and how many of them there are."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Final

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
    wanted = min(threads(), len(starts))
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
    if shared.fault is not None:
        raise shared.fault


class _Shared:
    """Parts that threads take in turn until none is left, or one of them fails."""

    def __init__(self, parts: Iterator[slice]) -> None:
        self.fault: BaseException | None = None
        self._parts, self._lock = parts, threading.Lock()

    def run(self, work: Callable[[Iterator[slice]], None]) -> None:
        try:
            work(self._taken())
        except BaseException as fault:
            self.fault = fault

    def _taken(self) -> Iterator[slice]:
        while self.fault is None:
            with self._lock:
                part = next(self._parts, None)
            if part is None:
                return
            yield part
