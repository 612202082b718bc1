"""Real groups for the checks, which ship no data: a small demo on docstrings of numpy.

Every installation has numpy. Its docstrings become a known-item collection, a teacher
and a bilinear student are trained, and the groups of the held-out queries are a finite
super-population whose risks are known exactly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

# No stubs exist for it; scikit-learn brings it along.
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rankbound.commands.demo.experiment import run_experiment
from rankbound.commands.demo.plan import HELD_OUT, Sizes
from rankbound.validation.worlds import World

PACKAGE: Final = "numpy"
SAMPLING: Final = "bm25"
SIZES: Final = Sizes(
    documents=400,
    teacher_queries=80,
    student_queries=120,
    heldout_queries=160,
    dimensions=16,
)


def docstring_groups(package: str = PACKAGE, *, sizes: Sizes = SIZES) -> World:
    """Held-out groups of 16 documents of a small demo, each as likely as the others.

    Parameters
    ----------
    package : str
        Whose docstrings to read.
    sizes : Sizes

    Returns
    -------
    World
        Unit vectors of queries and documents, the teacher's log-odds, and the student
        that was distilled from BM25 groups of other queries. The same installation
        gives the same numbers.

    Raises
    ------
    ValueError
        When the package has too few docstrings, such as one without source files.
    """
    # Rounding depends on how many threads share a sum
    with threadpool_limits(limits=1):
        made = run_experiment([package], sizes=sizes, seed=0, progress=lambda _: None)
    queries = made.plan.heldout
    docs = made.groups[HELD_OUT][SAMPLING].docs
    rows = zip(queries.tolist(), docs, strict=True)
    return World(
        f"docstrings of {package}",
        np.full(queries.size, 1 / queries.size),
        made.retrieved.query_vectors[queries].astype(np.float64),
        made.retrieved.doc_vectors[docs].astype(np.float64),
        np.stack([made.judged.scores(query, row) for query, row in rows]),
        made.students[SAMPLING].weights,
    )
