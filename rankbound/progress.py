"""Progress of a command: a bar on a terminal, a plain line now and then elsewhere.

Where the inside of a stage can be counted, such as the bytes of a file, both say how
far it is, how fast, and how long it will take. Who counts need not know who shows it:
`counting` tells the command that runs, if one reports at all.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from rankbound.errors import UsageError
from rankbound.escaping import printable

# Called with a few words before each stage
Progress = Callable[[str], object]
Item = TypeVar("Item")

EVERY = 30.0  # seconds between plain lines
PATIENCE = 10.0  # seconds after which an input that gives nothing, or no end, is told
MINUTE: Final = 60
HOUR: Final = 3600
FEW: Final = 100  # bytes of a unit are written with a decimal below


@dataclass
class Count:
    """How far the work inside a stage is.

    Attributes
    ----------
    what : str
        What is worked on, such as the name of a file.
    total : int or None
        None if it is not known.
    unit : str
        In the plural; "bytes" are shown as kB, MB or GB.
    done : int
    began : float
        By the monotonic clock.
    """

    what: str
    total: int | None
    unit: str
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    whole: bool = False

    def words(self, now: float) -> str:
        """What was done, of how much, how fast, and the time left.

        Examples
        --------
        >>> Count("t.run", 3_000_000, "bytes", 1_000_000, began=0.0).words(4.0)
        't.run: 1.0 MB of 3.0 MB, 250 kB/s, about 8 s left'
        >>> Count("checks", None, "checks", 3, began=0.0).words(4.0)
        'checks: 3 checks, 45 checks/min'
        >>> Count("controls", 8, "tests", 2, began=0.0).words(60.0)
        'controls: 2 of 8 tests, 2 tests/min, about 3 min 0 s left'
        """
        done = amount(self.done, self.unit)
        if self.total is not None and self.unit == "bytes":
            done += f" of {amount(self.total, self.unit)}"
        elif self.total is not None:
            done = f"{self.done:,} of {amount(self.total, self.unit)}"
        named = f"{self.what}: {done}"
        spent = now - self.began
        if spent <= 0 or not self.done:
            return named
        named += f", {rate(self.done / spent, self.unit)}"
        if self.total is None or self.done > self.total:
            return named
        left = (self.total - self.done) * spent / self.done
        return f"{named}, about {duration(left)} left"


def amount(number: float, unit: str) -> str:
    """A number with its unit.

    Examples
    --------
    >>> amount(1_234_567, "bytes"), amount(1_234_567, "queries"), amount(0.25, "rows")
    ('1.2 MB', '1,234,567 queries', '0.2 rows')
    """
    if unit != "bytes":
        whole = number >= FEW or number == int(number)
        return f"{number:,.0f} {unit}" if whole else f"{number:.1f} {unit}"
    for name in ("bytes", "kB", "MB"):
        if number < 1000:
            break
        number, name = number / 1000, {"bytes": "kB", "kB": "MB", "MB": "GB"}[name]
    if name == "bytes" or number >= FEW:
        return f"{number:,.0f} {name}"
    return f"{number:.1f} {name}"


def rate(number: float, unit: str) -> str:
    """How much is done in a second, or in a minute or hour where that is less than one.

    Examples
    --------
    >>> rate(250_000, "bytes"), rate(1 / 30, "students"), rate(1 / 7_200, "steps")
    ('250 kB/s', '2 students/min', '0.5 steps/h')
    """
    for length, name in ((1, "s"), (MINUTE, "min")):
        if unit == "bytes" or number * length >= 1:
            return f"{amount(number * length, unit)}/{name}"
    return f"{amount(number * HOUR, unit)}/h"


def duration(seconds: float) -> str:
    """A time in words.

    Examples
    --------
    >>> duration(8.4), duration(100), duration(7_500)
    ('8 s', '1 min 40 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


class Shown:
    """What a command that reports is doing now; counts come from wherever it works."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.stage = "starting"
        self.began = time.monotonic()
        self.count: Count | None = None

    def advance(self, stage: str) -> None:
        """Begin the next stage."""
        self.done, self.stage, self.count = self.done + 1, stage, None

    def words(self) -> str:
        """The stage, and how far the work inside it is.

        Examples
        --------
        >>> shown = Shown(total=3)
        >>> shown.advance("reading")
        >>> shown.words()
        'stage 1 of 3, reading'
        """
        # A stage that was not foreseen must not read as "4 of 3"
        number = min(max(self.done, 1), self.total)
        count = self.count
        inside = "" if count is None else f"; {count.words(time.monotonic())}"
        return f"stage {number} of {self.total}, {self.stage}{inside}"


# The command that reports; the last one, where one calls another
_REPORTING: list[Shown] = []


@contextmanager
def counting(
    what: str, total: int | None, unit: str, *, whole: bool = False
) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes how much is done so far.

    With `whole`, what is counted inside is not shown.

    Examples
    --------
    >>> with counting("t.run", 4_000, "bytes") as reached:
    ...     reached(1_000)
    """
    if not _REPORTING:
        yield lambda _: None
        return
    shown, count = _REPORTING[-1], Count(what, total, unit, whole=whole)
    if shown.count is not None and shown.count.whole:
        yield lambda _: None
        return
    before, shown.count = shown.count, count

    def reached(done: int) -> None:
        count.done = done
        shown.count = count

    try:
        yield reached
    finally:
        if shown.count is count:
            shown.count = before


def counted_items(items: list[Item], what: str, unit: str) -> Iterator[Item]:
    """The items, counted as they are taken.

    Examples
    --------
    >>> list(counted_items([1, 2], "certificates", "students"))
    [1, 2]
    """
    with counting(what, len(items), unit) as reached:
        for done, item in enumerate(items):
            reached(done)
            yield item


def say(line: str) -> None:
    """Write a line to standard error, if there is one that takes it."""
    # It may be closed, or its reader gone, which must not end the work
    with suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"rankbound: {printable(line)}\n")
        sys.stderr.flush()


class Patience:
    """Says in one line that an input gives nothing, or has no end, after a while.

    Parameters
    ----------
    what : str
        The input.

    Attributes
    ----------
    came : int
        Bytes so far.
    """

    def __init__(self, what: str) -> None:
        self.what, self.came = what, 0
        self._since: float | None = None  # when somebody began to wait
        self._began = 0.0
        self._ended = threading.Event()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the input is waited for."""
        if self._since is None and not self._began:
            self._began = time.monotonic()
            with suppress(RuntimeError):  # there can be no more threads
                threading.Thread(target=self._watch, daemon=True).start()
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def end(self) -> None:
        """The input has ended, or is no longer of interest."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(PATIENCE / 10):
            now, since = time.monotonic(), self._since
            if since is None or now - self._began < PATIENCE:
                continue
            spent = duration(now - self._began)
            came = amount(self.came, "bytes")
            if now - since >= PATIENCE:
                so_far = f"more than {came}" if self.came else "anything"
                say(
                    f"{self.what}: is a pipe that nobody has written {so_far} to for "
                    f"{duration(now - since)}; start the program that writes it, or "
                    "press Ctrl-C and name a file"
                )
                return
            if self.came:
                say(
                    f"{self.what}: has no end so far, after {spent} and {came}; if it "
                    "never ends, press Ctrl-C and name a file"
                )
                return


@contextmanager
def repeatedly(what: Callable[[], object], seconds: float) -> Iterator[None]:
    """Call a function again and again, in a thread, until the context ends."""
    ended = threading.Event()

    def call() -> None:
        while not ended.wait(seconds):
            what()

    thread = threading.Thread(target=call, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # there can be no more threads; the work goes on in silence
        yield
        return
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def stages(*, total: int, quiet: bool = False, bar: bool = True) -> Iterator[Progress]:
    """Yield a callable that announces a stage; see `reported`.

    Parameters
    ----------
    total : int
        The number of stages.
    quiet : bool
        Show nothing.
    bar : bool
        Whether there may be a bar, which a command that prints as it goes would break.

    Examples
    --------
    >>> with stages(total=1) as progress:
    ...     progress("reading")
    """
    if quiet:
        yield lambda _: None
        return
    shown = Shown(total)
    _REPORTING.append(shown)
    try:
        with _bar(shown) if bar and _on_terminal() else _lines(shown):
            yield shown.advance
    finally:
        _REPORTING.remove(shown)


def _on_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # closed
        return False


@contextmanager
def _lines(shown: Shown) -> Iterator[None]:
    def tell() -> None:
        say(f"{duration(time.monotonic() - shown.began)}: {shown.words()}")

    with repeatedly(tell, EVERY):
        yield


@contextmanager
def _bar(shown: Shown) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Words(ProgressColumn):
        def render(self, task: Task) -> Text:
            bar.update(task.id, completed=shown.done)
            return Text(printable(shown.words()))

    console = Console(stderr=True)
    columns = BarColumn(), TimeElapsedColumn(), Words()
    # Else what is printed on standard output would come out here
    with Bar(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        bar.add_task("", total=shown.total)
        yield
        bar.refresh()


@contextmanager
def reported(progress: bool | Progress, *, total: int) -> Iterator[Progress]:
    """Yield what a command calls before each stage, as its `progress` asks for.

    Parameters
    ----------
    progress : bool or callable
        True: a bar on a terminal, and elsewhere a plain line on standard error after
        every 30 seconds; False: nothing; a callable: itself.
    total : int
        The number of stages.

    Raises
    ------
    UsageError
        For anything else.

    Examples
    --------
    >>> with reported(print, total=1) as progress:
    ...     progress("reading")
    reading
    """
    if callable(progress):
        yield progress
    elif isinstance(progress, bool):
        with stages(total=total, quiet=not progress) as advance:
            yield advance
    else:
        raise UsageError(
            "progress must be True, False or a function that takes a text, got "
            f"{progress!r}"
        )
