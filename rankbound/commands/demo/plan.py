"""Which documents are sought by queries, and which queries train what.

The three splits share no query: one trains the teacher, one the students, and one is
held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rankbound.commands.demo.retrieval import Ints
from rankbound.commands.demo.sampling import NEGATIVES

TEACHER, STUDENT, HELD_OUT = SPLITS = ("teacher", "student", "heldout")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; fewer docstrings shrink the three splits alike."""

    documents: int = 9000
    teacher_queries: int = 1000
    student_queries: int = 4000
    heldout_queries: int = 1500
    dimensions: int = 192


@dataclass(frozen=True, slots=True)
class Plan:
    """Queries by code: their names, the documents they seek, and their splits.

    `positives` has shape (n_queries,) and is increasing, so queries are numbered in
    the order of their documents, whatever split they are in. `splits` maps "teacher",
    "student" and "heldout" to increasing query codes.
    """

    qids: list[str]
    positives: Ints
    splits: Mapping[str, Ints]

    @property
    def heldout(self) -> Ints:
        """Queries that trained nothing."""
        return self.splits[HELD_OUT]


def plan_queries(n_docs: int, *, sizes: Sizes, rng: np.random.Generator) -> Plan:
    """Choose the documents that are sought, and share their queries out.

    Raises
    ------
    ValueError
        When there are too few documents for groups of 16 or for three splits.

    Examples
    --------
    >>> sizes = Sizes(teacher_queries=2, student_queries=8, heldout_queries=4)
    >>> plan = plan_queries(100, sizes=sizes, rng=np.random.default_rng(0))
    >>> {split: len(codes) for split, codes in plan.splits.items()}
    {'teacher': 2, 'student': 8, 'heldout': 4}
    >>> plan.qids[0]
    'q0001'
    """
    wanted = (sizes.teacher_queries, sizes.student_queries, sizes.heldout_queries)
    # In whole numbers, so that enough documents give exactly what was wanted.
    usable = min(n_docs, sum(wanted))
    counts = [count * usable // sum(wanted) for count in wanted]
    if n_docs <= NEGATIVES or min(counts) == 0:
        raise ValueError(
            f"the demo needs at least {NEGATIVES + 1} documents and a query in each of "
            f"its three splits, found {n_docs} docstrings; install more of numpy, "
            "scipy, scikit-learn, sympy, matplotlib and pandas"
        )
    chosen = rng.permutation(n_docs)[: sum(counts)]
    positives = np.sort(chosen)
    codes = np.split(np.searchsorted(positives, chosen), np.cumsum(counts)[:-1])
    return Plan(
        qids=[f"q{number:04d}" for number in range(1, positives.size + 1)],
        positives=positives,
        splits={
            split: np.sort(part) for split, part in zip(SPLITS, codes, strict=True)
        },
    )
