"""Interleaved timing: seconds drift with the machine, ratios in one run less so."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    rivals: Mapping[str, Callable[[], object]], *, repeats: int = 5
) -> dict[str, float]:
    """Median seconds of each rival, all of them run in turn in every repeat.

    Examples
    --------
    >>> sorted(interleaved({"a": lambda: 1, "b": lambda: 2}, repeats=2))
    ['a', 'b']
    """
    for rival in rivals.values():
        rival()  # imports, caches and thread pools start outside the clock
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, rival in rivals.items():
            start = time.perf_counter()
            rival()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def row(title: str, medians: Mapping[str, float], *, ours: str) -> str:
    """One line: every rival's time as a multiple of ours.

    Examples
    --------
    >>> row("sum", {"ours": 0.5, "loop": 2.0}, ours="ours")
    '| sum | 500.000 ms | loop 4.0x |'
    """
    others = ", ".join(
        f"{name} {seconds / medians[ours]:.1f}x"
        for name, seconds in medians.items()
        if name != ours
    )
    return f"| {title} | {medians[ours] * 1e3:.3f} ms | {others} |"
