"""Tables of times: `python -m benchmarks [quantities|readers|ids|groups|...]`.

All rivals of a line run in turn in one process. Seconds drift with the machine, while
ratios within one run drift less.
"""

from __future__ import annotations

import gzip
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist

from benchmarks.commands import rows as whole_command_rows
from benchmarks.readers import group_rows, id_rows
from benchmarks.readers import rows as reader_rows
from benchmarks.reports import rows as report_rows
from rankbound.commands.measure.run import measure
from rankbound.estimators.distances import diameter, pair_distances
from rankbound.estimators.pairs import selected_pairs
from rankbound.estimators.pairwise import pairwise_entropy
from rankbound.read.reading import read_scores


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


def row(title: str, medians: Mapping[str, float], *, ours: str) -> str:
    """Format a line with every rival's time as a multiple of ours.

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


def loop_entropy(scores: np.ndarray) -> list[float]:
    """Compute entropies query by query with a k x k matrix, as research scripts do."""
    means = []
    for one in scores:
        p = 1 / (1 + np.exp(-(one[:, None] - one[None, :])))
        h = -(p * np.log2(p + 1e-12) + (1 - p) * np.log2(1 - p + 1e-12))
        means.append(float(h[np.triu_indices(len(one), 1)].mean()))
    return means


def entropy_rows(rng: np.random.Generator) -> Iterator[str]:
    """Time the pairwise entropy of groups of 16, 100 and 1,000."""
    for k, n in ((16, 8192), (100, 512), (1000, 43), (1000, 256)):
        scores = rng.normal(0, 3, (n, k))
        medians = interleaved(
            {
                "ours": lambda s=scores: pairwise_entropy(s),
                "query by query": lambda s=scores: loop_entropy(s),
            },
            repeats=3 if k == 1000 else 5,
        )
        yield row(f"pairwise entropy, {n:,} x {k}", medians, ours="ours")


def diameter_rows(rng: np.random.Generator) -> Iterator[str]:
    """Time the largest distance within groups of 16 vectors."""
    vectors = rng.normal(size=(1024, 16, 384))
    every = selected_pairs(vectors[..., 0])
    medians = interleaved(
        {
            "ours": lambda: diameter(pair_distances(vectors), every),
            "scipy pdist, query by query": lambda: [pdist(v).max() for v in vectors],
        }
    )
    yield row("diameter, 1,024 x 16 x 384", medians, ours="ours")


def command_rows(rng: np.random.Generator) -> Iterator[str]:
    """Time the whole measurement of a teacher, and only reading its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "teacher.json.gz")
        scores = rng.normal(0, 3, (20_000, 16)).round(4)
        table = {
            f"q{i}": {f"d{i}-{j}": float(v) for j, v in enumerate(line)}
            for i, line in enumerate(scores)
        }
        path.write_bytes(gzip.compress(json.dumps(table).encode()))
        medians = interleaved(
            {
                "ours": lambda: measure(path),
                "read_scores alone": lambda: read_scores(path),
                "json.load alone": lambda: json.loads(
                    gzip.decompress(path.read_bytes())
                ),
            },
            repeats=3,
        )
    yield row("measure, teacher of 20,000 x 16", medians, ours="ours")


def accuracy_row(rng: np.random.Generator) -> str:
    """Compare the relative errors of both entropies against an exact summation."""
    scores = rng.normal(0, 12, (200, 16))
    exact = []
    for one in scores.tolist():
        terms = []
        for i, x in enumerate(one):
            for y in one[i + 1 :]:
                size = abs(x - y)
                decay = math.exp(-size)
                terms.append(math.log1p(decay) + size * decay / (1 + decay))
        exact.append(math.fsum(terms) / len(terms) / math.log(2))
    reference = np.array(exact)
    ours = np.max(np.abs(pairwise_entropy(scores) / reference - 1))
    loop = np.max(np.abs(np.array(loop_entropy(scores)) / reference - 1))
    return f"Largest relative error of the entropy: ours {ours:.0e}, loop {loop:.0e}."


def quantities() -> Iterator[str]:
    """Yield lines about the time of computing, and one about accuracy."""
    rng = np.random.default_rng(0)
    for rows in (entropy_rows, diameter_rows, command_rows):
        yield from rows(rng)
    yield "\n" + accuracy_row(rng)


def main(words: list[str]) -> None:
    """Print the table."""
    parts = {
        "quantities": quantities,
        "readers": reader_rows,
        "ids": id_rows,
        "groups": group_rows,
        "report": report_rows,
        "commands": whole_command_rows,
    }
    write = sys.stdout.write
    write("| what | ours | others, as a multiple of ours |\n| --- | --- | --- |\n")
    for word in words or ["quantities"]:
        for line in parts[word]():
            write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
