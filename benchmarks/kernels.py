"""Rows about kernels: entropies, risks, diameters, and what limits them.

Each `Row` names rivals that do the same work. A slow one does a part of it, and its
seconds are divided by that part. The aims are those that the kernels were built for.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.spatial.distance import pdist

from rankbound.data.columns import Floats, strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.estimators import pair_sums
from rankbound.estimators.distances import (
    largest_distance,
    pair_distances,
    quantile_diameter,
)
from rankbound.estimators.group_terms import block_distances, vector_rows
from rankbound.estimators.listwise import list_entropy
from rankbound.estimators.pairwise import pairwise_entropy, pairwise_risk_nats
from rankbound.threads import share_out, threads

Work = Callable[[], object]
QUANTILE: Final = 0.99
SINGLE: Final = np.float32
VECTORS: Final = int(os.environ.get("RANKBOUND_BENCH_VECTORS", "1000000"))
LOOP, TORCH = "query by query", "torch.cdist + quantile"
WITHOUT: Final = "ours without numba"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    title : str
        What is computed of how much.
    rivals : mapping of str to callable
        "ours" and others.
    parts : mapping of str to float
        The part of the work that a rival does, where it is less than 1.
    aims : mapping of str to float
        How many times as long as ours a rival should take at least.
    limit : str
        The limit of the machine that the work runs into.
    needs : float
        What the work takes of it: bytes moved, or operations.
    """

    title: str
    rivals: Mapping[str, Work]
    parts: Mapping[str, float] = field(default_factory=dict)
    aims: Mapping[str, float] = field(default_factory=dict)
    limit: str = ""
    needs: float = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What the machine can do at most: `amount` of `unit` in one call of `work`."""

    unit: str
    amount: float
    work: Work


COPY, SINGLES, DOUBLES, PAIRS = (
    "copying memory",
    "products in float32",
    "products in float64",
    "exp and log1p",
)


def limits() -> dict[str, Limit]:
    """Limits of the machine with all threads that we use."""
    rng = np.random.default_rng(0)
    source = rng.random(2**25)
    target = np.empty_like(source)
    small = rng.random(2**13)

    def copy(parts: Iterator[slice]) -> None:
        for part in parts:
            np.copyto(target[part], source[part])

    def transcend(parts: Iterator[slice]) -> None:
        found = np.empty_like(small)
        for part in parts:
            for _ in range(part.start, part.stop):
                np.log1p(np.exp(small, out=found), out=found)

    def product(kind: Any) -> Limit:
        left, right = rng.random((2, 2048, 2048)).astype(kind)
        found = np.empty_like(left)
        return Limit("flop", 2 * 2048**3, lambda: np.matmul(left, right, out=found))

    return {
        COPY: Limit(
            "byte",
            2 * source.nbytes,
            lambda: share_out(copy, len(source), at_once=2**20),
        ),
        SINGLES: product(np.float32),
        DOUBLES: product(np.float64),
        PAIRS: Limit(
            "pair", 1024 * len(small), lambda: share_out(transcend, 1024, at_once=64)
        ),
    }


def rows() -> Iterator[Row]:
    """All rows, whose data are made as they come."""
    rng = np.random.default_rng(0)
    yield from entropies(rng)
    yield from risks(rng)
    yield from lists(rng)
    yield from diameters(rng)
    yield from gathered(rng)
    yield from large_sets(rng)


def loop_entropy(scores: Floats) -> list[float]:
    """Compute entropies query by query with a k x k matrix, as research scripts do."""
    means = []
    for one in scores:
        p = 1 / (1 + np.exp(-(one[:, None] - one[None, :])))
        h = -(p * np.log2(p + 1e-12) + (1 - p) * np.log2(1 - p + 1e-12))
        means.append(float(h[np.triu_indices(len(one), 1)].mean()))
    return means


@contextmanager
def without_numba() -> Iterator[None]:
    """Have sums over pairs computed by NumPy alone in the block."""
    found = pair_sums._compiled
    pair_sums._compiled = lambda: None  # type: ignore[assignment]
    try:
        yield
    finally:
        pair_sums._compiled = found


def _plainly(work: Work) -> object:
    with without_numba():
        return work()


def _with_plain(work: Work, k: int) -> dict[str, Work]:
    """Ours, and ours without numba, where that makes a difference."""
    found = {"ours": work}
    if k > pair_sums.LONGEST_BY_PAIRS and pair_sums._compiled() is not None:
        found[WITHOUT] = lambda: _plainly(work)
    return found


# Size, queries, queries that the loop gets, and the aims with numba and without
ENTROPIES: Final = (
    (16, 16_384, 1024, 50, 50),
    (100, 2_048, 128, 25, 20),
    (1_000, 43, 8, 80, 60),
    (1_000, 256, 8, 300, 100),
)


def entropies(rng: np.random.Generator) -> Iterator[Row]:
    """Pairwise entropies of short and long lists."""
    numba = pair_sums._compiled() is not None
    for k, count, some, with_numba, without in ENTROPIES:
        scores = rng.normal(0, 3, (count, k))
        by_pairs = k <= pair_sums.LONGEST_BY_PAIRS
        work = count * k * (k - 1) / 2
        yield Row(
            f"pairwise entropy, {count:,} x {k:,}",
            {
                **_with_plain(partial(pairwise_entropy, scores), k),
                LOOP: partial(loop_entropy, scores[:some]),
            },
            {LOOP: some / count},
            {LOOP: with_numba if numba else without},
            PAIRS if by_pairs else DOUBLES,
            work if by_pairs else 7 * pair_sums.TERMS * count * (k - 1),
        )


def risks(rng: np.random.Generator) -> Iterator[Row]:
    """Cross-entropies of pairs between teacher and student."""
    for k, count, some in ((16, 8_192, 1024), (100, 1_024, 128), (1_000, 64, 4)):
        teacher = rng.normal(0, 3, (count, k))
        student = teacher + rng.normal(0, 1, (count, k))

        def loop(a: Floats = teacher[:some], m: Floats = student[:some]) -> list[float]:
            upper = np.triu_indices(a.shape[1], 1)
            means = []
            for f, g in zip(a, m, strict=True):
                p = 1 / (1 + np.exp(-(f[:, None] - f)))
                margins = g[:, None] - g
                loss = np.logaddexp(0, margins) - p * margins
                means.append(float(loss[upper].mean()))
            return means

        yield Row(
            f"pairwise risk, {count:,} x {k:,}",
            {
                **_with_plain(partial(pairwise_risk_nats, teacher, student), k),
                LOOP: loop,
            },
            {LOOP: some / count},
        )


def lists(rng: np.random.Generator) -> Iterator[Row]:
    """Entropies of softmaxes."""
    scores = rng.normal(0, 3, (1_000, 1_000))

    def loop() -> list[float]:
        found = []
        for one in scores:
            p = np.exp(one - one.max())
            p /= p.sum()
            found.append(-float(np.sum(p * np.log2(p + 1e-12))))
        return found

    ours = partial(list_entropy, scores)
    yield Row("list entropy, 1,000 x 1,000", {"ours": ours, LOOP: loop})


def _loop_of_diameters(groups: Any) -> list[Any]:
    return [np.quantile(pdist(one), QUANTILE) for one in groups]


def _torch_of_diameters(groups: Any) -> list[Any]:
    import torch

    first, second = torch.triu_indices(groups.shape[1], groups.shape[1], 1)
    return [
        torch.quantile(torch.cdist(one, one)[first, second], QUANTILE) for one in groups
    ]


def _sklearn_of_diameters(groups: Any) -> list[Any]:
    from sklearn.metrics import pairwise_distances

    upper = np.triu_indices(groups.shape[1], 1)
    return [np.quantile(pairwise_distances(one)[upper], QUANTILE) for one in groups]


def diameters(rng: np.random.Generator) -> Iterator[Row]:
    """Quantile diameters of groups in memory."""
    import torch

    for k, count, some in ((16, 1_024, 128), (1_000, 1, 1)):
        vectors = rng.normal(size=(count, k, 768)).astype(SINGLE)
        chosen = np.ones((count, k * (k - 1) // 2), dtype=bool)

        def ours(vectors: Any = vectors, chosen: Any = chosen) -> Floats:
            return quantile_diameter(pair_distances(vectors), chosen, quantile=QUANTILE)

        part = some / count
        short = k == 16
        yield Row(
            f"quantile diameter, {count:,} x {k:,} x 768, float32",
            {
                "ours": ours,
                LOOP: partial(_loop_of_diameters, vectors[:some]),
                TORCH: partial(_torch_of_diameters, torch.from_numpy(vectors[:some])),
                "scikit-learn": partial(_sklearn_of_diameters, vectors[:some]),
            },
            dict.fromkeys((LOOP, TORCH, "scikit-learn"), part),
            {LOOP: 12, TORCH: 10} if short else {LOOP: 10, TORCH: 2.5},
            COPY if short else SINGLES,
            vectors.nbytes if short else k * k * 768,
        )


def gathered(rng: np.random.Generator) -> Iterator[Row]:
    """Quantile diameters of groups whose vectors lie in a file."""
    count, some = 4_096, 256
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vectors.npy")
        matrix = np.lib.format.open_memmap(path, "w+", np.float16, (VECTORS, 768))
        for start in range(0, VECTORS, 10_000):
            shape = matrix[start : start + 10_000].shape
            matrix[start : start + 10_000] = rng.normal(size=shape)
        matrix.flush()
        vectors = np.load(path, mmap_mode="r")
        rows = rng.integers(0, VECTORS, (count, 16))
        distinct, codes = np.unique(rows, return_inverse=True)
        names = strings(distinct.astype(str).tolist())
        ids = strings([str(row) for row in range(VECTORS)])
        for column in (names, ids):
            column.flags.writeable = False  # so that their places are remembered
        groups = Groups(
            np.arange(count),
            strings([str(query) for query in range(count)]),
            np.arange(0, rows.size + 1, 16),
            codes.reshape(-1),
            names,
        )
        book = Embeddings(ids, vectors)

        def ours() -> list[Floats]:
            rows = vector_rows(groups, book)
            kind = {"metric": "euclidean", "pairs": "all"}
            blocks = block_distances(groups, rows, book, **kind)
            return [
                quantile_diameter(distances, chosen, quantile=QUANTILE)
                for _, distances, chosen in blocks
            ]

        yield Row(
            f"the same gathered from {VECTORS:,} in a float16 file, {count:,} x 16",
            {
                "ours": ours,
                LOOP: lambda: [
                    np.quantile(pdist(vectors[one].astype(SINGLE)), QUANTILE)
                    for one in rows[:some]
                ],
            },
            {LOOP: some / count},
            {LOOP: 10},
            COPY,
            rows.size * 768 * 2,
        )


def large_sets(rng: np.random.Generator) -> Iterator[Row]:
    """The exact diameter of one large set."""
    import torch
    from sklearn.metrics import pairwise_distances_chunked

    count = 10_000
    vectors = rng.normal(size=(count, 768)).astype(SINGLE)
    tensor = torch.from_numpy(vectors)

    def by_torch() -> float:
        return max(
            float(torch.cdist(tensor[at : at + 1024], tensor[at:]).max())
            for at in range(0, count, 1024)
        )

    yield Row(
        f"exact diameter, {count:,} x 768, float32",
        {
            "ours": partial(largest_distance, vectors),
            "torch.cdist by blocks": by_torch,
            "scikit-learn by chunks": lambda: max(
                chunk.max() for chunk in pairwise_distances_chunked(vectors)
            ),
            "scipy pdist": lambda: pdist(vectors[:2000]).max(),
        },
        {"scipy pdist": (2000 / count) ** 2},
        {
            "torch.cdist by blocks": 1.3,
            "scikit-learn by chunks": 5,
            "scipy pdist": 40,
        },
        SINGLES,
        count * (count - 1) * 768,
    )


def accuracy(rng: np.random.Generator) -> str:
    """Compare the relative errors of entropies against an exact summation."""
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


def settings() -> str:
    """Threads that all libraries were held to."""
    import torch

    torch.set_num_threads(threads())
    return f"{threads()} threads of ours, {torch.get_num_threads()} of torch"
