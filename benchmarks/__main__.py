"""`python -m benchmarks [kernels|readers|ids|groups|report|commands|scale|training]`.

All rivals of a row run in turn, and the table has medians, as seconds drift with the
machine, while ratios within one run drift less. Kernels are told what share they reach
of what limits the machine, measured in the same run. ``--keep`` appends ratios and
shares with the commit to `HISTORY`, one line of JSON a run, and writes the table to
`TABLE`. Readers come first, since the memory of this process counts for those that it
starts.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import msgspec
import numpy as np
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from benchmarks import ROOT, commit, kernels, scale
from benchmarks.commands import rows as whole_command_rows
from benchmarks.readers import group_rows, id_rows
from benchmarks.readers import rows as reader_rows
from benchmarks.reports import rows as report_rows

HISTORY: Final = ROOT / "benchmarks" / "history.jsonl"
TABLE: Final = ROOT / "docs" / "measured" / "benchmarks.md"
# Idle threads of OpenMP would go on to spin, and take the time of other libraries
POLICY: Final = "OMP_WAIT_POLICY"
COUNT: Final = "OMP_NUM_THREADS"
LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "torch", "numba")
KEEP: Final = "--keep"
REPEATS: Final = 5
HEAD: Final = (
    "| what | ours | others, as a multiple of ours | share of the limit |\n"
    "| --- | ---: | --- | --- |\n"
)


class Timed(msgspec.Struct, frozen=True):
    """What a row of kernels took: seconds of ours, multiples, and the share."""

    seconds: float
    multiples: dict[str, float]
    share: float | None = None


class Kept(msgspec.Struct, frozen=True):
    """One run, as it stands in the history."""

    commit: str
    when: str
    machine: str
    limits: dict[str, float]
    rows: dict[str, Timed]


def interleaved(
    rivals: Mapping[str, Callable[[], object]], *, repeats: int = 5
) -> dict[str, float]:
    """Measure the median seconds of rivals, all of which run in turn in each repeat.

    Examples
    --------
    >>> sorted(interleaved({"a": lambda: 1, "b": lambda: 2}, repeats=2))
    ['a', 'b']
    """
    for rival in rivals.values():
        rival()  # so that imports, caches and thread pools are not timed
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, rival in rivals.items():
            start = time.perf_counter()
            rival()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def row(
    title: str,
    medians: Mapping[str, float],
    *,
    ours: str,
    aims: Mapping[str, float] | None = None,
) -> str:
    """Format a line with every rival's time as a multiple of ours.

    Examples
    --------
    >>> row("sum", {"ours": 0.5, "loop": 2.0}, ours="ours", aims={"loop": 3})
    '| sum | 500.000 ms | loop 4.0x (aim 3x) |'
    """
    others = ", ".join(
        f"{name} {seconds / medians[ours]:.1f}x"
        + (f" (aim {aims[name]:g}x)" if aims and name in aims else "")
        for name, seconds in medians.items()
        if name != ours
    )
    return f"| {title} | {medians[ours] * 1e3:.3f} ms | {others} |"


def machine() -> str:
    """Processor, libraries, threads and load, on which all seconds depend."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    pools = ", ".join(f"{p['num_threads']} of {p['prefix']}" for p in threadpool_info())
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    found = [platform.machine(), f"Python {platform.python_version()}", *found]
    return (
        f"{', '.join(found)}; "
        f"{kernels.settings()}, {pools}; {COUNT}={os.environ[COUNT]}, "
        f"{POLICY}={os.environ[POLICY]}; load {load}"
    )


def kernel_rows(kept: dict[str, Timed], found: dict[str, float]) -> Iterator[str]:
    """Time limits and kernels, and keep what they took."""
    for name, limit in kernels.limits().items():
        seconds = interleaved({name: limit.work}, repeats=REPEATS)[name]
        found[name] = limit.amount / seconds
        reached = f"{found[name]:.3g} {limit.unit}/s"
        yield f"| limit: {name} | {seconds * 1e3:.1f} ms | | {reached} |"
    for one in kernels.rows():
        medians = {
            name: seconds / one.parts.get(name, 1.0)
            for name, seconds in interleaved(one.rivals, repeats=REPEATS).items()
        }
        ours, share = medians["ours"], None
        cell = ""
        if one.limit:
            share = one.needs / found[one.limit] / ours
            cell = f" {100 * share:.0f} % of {one.limit}"
        multiples = {n: s / ours for n, s in medians.items() if n != "ours"}
        kept[one.title] = Timed(ours, multiples, share)
        yield f"{row(one.title, medians, ours='ours', aims=one.aims)}{cell} |"
    yield "\n" + kernels.accuracy(np.random.default_rng(0))


def main(words: list[str]) -> None:
    """Print the tables, and keep them if asked to."""
    if words[:1] == ["scale"]:  # whose tables have other columns
        scale.main(words[1:])
        return
    about, made = machine(), commit()
    if words[:1] == ["training"]:  # which needs torch, and has a table of its own
        from benchmarks import losses

        losses.main(f"at {made}: {about}", keep=KEEP in words)
        return
    kept: dict[str, Timed] = {}
    found: dict[str, float] = {}
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "kernels": lambda: kernel_rows(kept, found),
        "readers": reader_rows,
        "ids": id_rows,
        "groups": group_rows,
        "report": report_rows,
        "commands": whole_command_rows,
    }
    unknown = [word for word in words if word not in parts and word != KEEP]
    if unknown:  # before any is timed, which takes minutes
        raise SystemExit(
            f"{unknown[0]}: no such table; give some of {', '.join(parts)} and {KEEP}, "
            "or first scale or training"
        )
    told = [f"Made by `make bench` at {made}: {about}.\n"]
    sys.stdout.write(told[0])
    for word in [word for word in words if word != KEEP] or ["kernels"]:
        for line in (f"\n{HEAD}", *(f"{line}\n" for line in parts[word]())):
            sys.stdout.write(line)
            sys.stdout.flush()
            told.append(line)
    if KEEP in words:
        when = time.strftime("%Y-%m-%d", time.gmtime())
        TABLE.write_text("".join(told), encoding="utf-8")
        with HISTORY.open("ab") as stream:
            record = Kept(made, when, about, found, kept)
            stream.write(msgspec.json.encode(record) + b"\n")


if __name__ == "__main__":
    if POLICY not in os.environ or COUNT not in os.environ:
        os.environ.setdefault(POLICY, "PASSIVE")
        os.environ.setdefault(COUNT, str(os.cpu_count() or 1))
        # Libraries read both when they are loaded
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]])
    main(sys.argv[1:])
