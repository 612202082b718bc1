"""`python -m benchmarks report`: making and opening the report of 100,000 queries.

Seconds are those of this machine. Their limits are absolute, since a reader waits for
the page itself: it has to be under 10 MB and open in under 3 seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

QUERIES, DOCUMENTS, SAMPLINGS = 100_000, 8, 4
REPEATS = 5
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu")
# Run in a fresh process, which prints its peak memory with the seconds
CHILD = """
import contextlib, resource, sys, time
from rankbound.cli import main
start = time.perf_counter()
with contextlib.redirect_stdout(sys.stderr):
    code = main(sys.argv[1:])
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(code, time.perf_counter() - start, memory)
"""


def rows(queries: int = QUERIES, repeats: int = REPEATS) -> Iterator[str]:
    """Yield the lines of the table: a measurement and a comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        groups = write_inputs(folder, queries)
        models = ("--teacher", "t.json", "--teacher-kind", "logit")
        student = ("--student", "s=s.json", "--student-kind", "logit")
        samplings = [f"{group.partition('.')[0]}={group}" for group in groups]
        jobs = {
            "measure": ("measure", *models, *student, "--groups", groups[0]),
            "compare": ("compare", *models, "--groups", *samplings),
        }
        for command, words in jobs.items():
            run(folder, *words, "--out", command)
            made = run(folder, "report", command, "--out", f"{command}.html")
            page = folder / f"{command}.html"
            title = f"report of {command}, {queries:,} queries"
            yield line(title, *made, page.stat().st_size, opening(page, repeats))


def write_inputs(folder: Path, queries: int) -> list[str]:
    """Write a teacher, a student and groups of several samplings, from a seed."""
    rng = np.random.default_rng(0)
    shape = (queries, DOCUMENTS + SAMPLINGS)
    scores = rng.normal(0, 3, shape).round(4)
    noise = rng.normal(0, 1, shape).round(4)
    names = [f"query-{n:07d}-of-a-long-name" for n in range(queries)]
    docnos = [[f"d{n}-{place}" for place in range(shape[1])] for n in range(queries)]
    for name, values in (("t.json", scores), ("s.json", scores + noise)):
        table = {
            qid: dict(zip(docs, row, strict=True))
            for qid, docs, row in zip(names, docnos, values.tolist(), strict=True)
        }
        (folder / name).write_text(json.dumps(table))
    found = []
    for sampling in range(SAMPLINGS):
        found.append(f"g{sampling}.jsonl")
        with (folder / found[-1]).open("w") as stream:
            for qid, docs in zip(names, docnos, strict=True):
                first, *others = docs[sampling : sampling + DOCUMENTS]
                row = {"query_id": qid, "doc_id_a": first, "doc_id_b": others}
                stream.write(json.dumps(row) + "\n")
    return found


def run(folder: Path, *words: str) -> tuple[float, float]:
    """Return seconds and peak memory in MiB of a command in a process of its own."""
    here = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": here, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    code, seconds, memory = done.stdout.split()
    if code not in ("0", "None"):
        raise RuntimeError(f"{words[0]} ended with {code}")
    return float(seconds), float(memory)


def opening(page: Path, repeats: int) -> float | None:
    """Return the median seconds until the page shows its first rows.

    None if Chromium or Playwright is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if not Path(CHROMIUM).is_file():
        return None
    seconds = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        for _ in range(repeats):
            tab = browser.new_page()
            start = time.perf_counter()
            tab.goto(page.as_uri())
            tab.locator(".queries tbody button").first.wait_for()
            seconds.append(time.perf_counter() - start)
            tab.close()
        browser.close()
    return statistics.median(seconds)


def line(
    title: str, seconds: float, memory: float, size: int, opened: float | None
) -> str:
    """Format a line of the table.

    Examples
    --------
    >>> line("x", 4.0, 420.0, 1_740_000, 0.5)
    '| x | 4.0 s, 420 MiB | 1.7 MB, limit 10; opens in 0.50 s, limit 3 |'
    """
    wait = "no browser to open it" if opened is None else f"opens in {opened:.2f} s"
    page = f"{size / 1e6:.1f} MB, limit 10; {wait}, limit 3"
    return f"| {title} | {seconds:.1f} s, {memory:.0f} MiB | {page} |"
