"""Work on several items at once, each in a process of its own with one thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.queues import SimpleQueue
from typing import Final, TypeVar

from rankbound.engine import any_ended, expect_nothing
from rankbound.memory import Budget, budget, keep_to
from rankbound.progress import Progress
from rankbound.writing import terminable

Item = TypeVar("Item")
Made = TypeVar("Made")
Task = Callable[[Item, Progress], Made]
# Read by the libraries when they are loaded, so set before a process begins
THREADS: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "POLARS_MAX_THREADS"),
)
SECONDS: Final = 0.1  # between two looks at what the processes tell


def done_by(
    task: Task[Item, Made],
    items: Sequence[Item],
    *,
    workers: int,
    progress: Progress = str,
) -> list[Made]:
    """What a task makes of each item, in the order of the items.

    Parameters
    ----------
    task : callable
        Takes an item and a `Progress`. With several workers it must be a function of a
        module, with arguments and results that can be pickled.
    items : sequence
    workers : int
        How many processes share the items; with one, this process does them all.
    progress : callable
        Called in this process.

    Notes
    -----
    A new process imports the main script once more, so several workers are for a
    program whose script does nothing when it is imported. What a process did not
    bring back, as it was killed or could not begin, is done in this one.

    Examples
    --------
    >>> done_by(lambda item, progress: 2 * item, [1, 2], workers=1)
    [2, 4]
    """
    found: dict[int, Made] = {}
    if min(workers, len(items)) > 1:
        # Such as a process killed for its memory
        with suppress(BrokenProcessPool, OSError):
            for place, made in _shared(task, items, workers, progress):
                found[place] = made
    return [
        found[place] if place in found else task(item, progress)
        for place, item in enumerate(items)
    ]


def _shared(
    task: Task[Item, Made], items: Sequence[Item], workers: int, progress: Progress
) -> Iterator[tuple[int, Made]]:
    """The places of items with what was made of them, as they come."""
    context = get_context("spawn")
    told: SimpleQueue[str] = context.SimpleQueue()
    others = {*active_children()}
    sharing = min(workers, len(items))
    given = (told, budget().part(sharing))
    pool = ProcessPoolExecutor(sharing, context, initializer=_begin, initargs=given)
    try:
        with _inherited():
            places = {
                pool.submit(_one, task, item): place for place, item in enumerate(items)
            }
        left = {*places}
        while left:
            ended, left = wait(left, SECONDS, FIRST_COMPLETED)
            while not told.empty():
                progress(told.get())
            for future in ended:
                yield places[future], future.result()
            if any_ended(pool):
                raise BrokenProcessPool
    except BaseException:
        for child in {*active_children()} - others:
            child.terminate()
        expect_nothing(pool)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _inherited() -> Iterator[None]:
    """Let processes that begin have one thread, and leave Ctrl-C to this one."""
    before = {name: os.environ.get(name) for name in THREADS}
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if main:
            signal.signal(signal.SIGINT, handler)


_told: list[SimpleQueue[str]] = []


def _begin(told: SimpleQueue[str], memory: Budget) -> None:
    """What a process does first."""
    keep_to(memory)
    _told.append(told)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _one(task: Task[Item, Made], item: Item) -> Made:
    try:
        # Only here, as the pool would catch what is raised while it sends a result
        with terminable():
            return task(item, _told[0].put)
    except SystemExit:
        # The pool would catch it, and go on with the next item
        os._exit(1)
