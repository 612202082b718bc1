"""Check the theory by machine, on simulated groups and on measured queries."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rankbound import __version__
from rankbound.bounds.registry import REGISTRY
from rankbound.commands.certify.result import Certification, Checked
from rankbound.commands.measure.result import Ledger, LossRange
from rankbound.errors import UsageError
from rankbound.progress import Progress, reported
from rankbound.rows import Rows
from rankbound.validation import suite
from rankbound.validation.suite import Row, names, probabilistic
from rankbound.validation.worlds import Terms, World

if TYPE_CHECKING:
    from rankbound.commands.demo.experiment import Sizes

TABLE: Final = "per_query"
COLUMNS: Final = ("qid", "entropy_nats", "divergence_nats")
# Checks ship no data, and every installation has numpy
PACKAGE: Final = "numpy"
SAMPLING: Final = "bm25"
SIZES: Final = {
    "documents": 400,
    "teacher_queries": 80,
    "student_queries": 120,
    "heldout_queries": 160,
    "dimensions": 16,
}


def certify(
    statement: str | None = None,
    *,
    deep: bool = False,
    measured: str | PathLike[str] | None = None,
    progress: bool | Progress = False,
) -> Certification:
    """Check one statement of the theory by machine, or all of them.

    Identities are reduced by SymPy, inequalities are proved over boxes by interval
    arithmetic or searched for a counterexample, and statements that hold with a given
    probability are simulated. A student is certified by `certify_student`.

    Parameters
    ----------
    statement : str, optional
        A key such as "theorem-1d", "constant-a_star" or "refuted-memory"; by default
        everything is checked, which takes minutes.
    deep : bool, default False
        Whether to search ten times as long.
    measured : path, optional
        A folder written by `measure`. Statements about means are then also checked on
        its queries.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with the key of each statement before it is checked.

    Returns
    -------
    Certification
        Its `rows` are the checks with their verdicts; `passed` is true if all of them
        passed.

    Raises
    ------
    UsageError
        For an unknown key, and for a folder that holds no measured students.
    FormatError
        When the files of that folder are damaged.

    See Also
    --------
    statement : One statement of the theory, with its assumptions and source.
    explain : One statement in words.
    certify_student : An upper confidence limit of a student's risk.

    Examples
    --------
    >>> certify("lemma-1").rows[0].verdict
    'holds'
    """
    with reported(progress, total=len(selected(statement))) as advance:
        return certified(statement, deep=deep, measured=measured, progress=advance)


def certified(  # noqa: PLR0913  how it is reported, and what the command records
    statement: str | None,
    *,
    deep: bool,
    measured: str | PathLike[str] | None,
    command: str = "",
    progress: Progress = str,
    each: Callable[[Row], object] = lambda _: None,
    warn: Callable[[str], object] = lambda _: None,
) -> Certification:
    """The same for the command line.

    `command` is recorded, `each` is called with each check as it ends, and `warn` with
    a line about what has to be done without.
    """
    keys = selected(statement)
    terms = {} if measured is None else measured_terms(Path(measured))
    groups = groups_for(keys, warn)
    rows = []
    checks = suite.certify(keys, deep=deep, groups=groups, measured=terms)
    for key in keys:
        progress(key)
        row = next(checks)
        rows.append(row)
        each(row)
    return Certification(
        version=__version__,
        command=command,
        deep=deep,
        passed=all(row.passed for row in rows),
        rows=tuple(map(checked, rows)),
    )


def selected(key: str | None) -> list[str]:
    """Return the keys to check: the one given, or all.

    Raises
    ------
    UsageError
        For an unknown key.

    Examples
    --------
    >>> selected("theorem-1d")
    ['theorem-1d']
    """
    known = names()
    if key is None:
        return known
    if key not in known:
        close = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise UsageError(
            f"nothing called {key!r} can be certified; leave out `statement` to check "
            f"everything and see all keys{hint}"
        )
    return [key]


def groups_for(keys: Sequence[str], warn: Callable[[str], object]) -> World | None:
    """Build real groups if one of the statements is about samples.

    Where the docstrings are missing, a warning says so and the checks do without.
    """
    if not any(key in REGISTRY and probabilistic(REGISTRY[key]) for key in keys):
        return None
    try:
        return docstring_groups()
    except ValueError as error:
        warn(f"no real groups: {error}")
        return None


def docstring_groups(package: str = PACKAGE, *, sizes: Sizes | None = None) -> World:
    """Run a small demo on a package, and return its held-out groups of 16 documents.

    The docstrings become a known-item collection, on which a teacher and a bilinear
    student are trained. The groups, each as likely as the others, are a finite
    population whose risks are known exactly.

    Parameters
    ----------
    package : str
        The package whose docstrings are read.
    sizes : Sizes, optional
        How many documents and queries; by default a demo of a few seconds.

    Returns
    -------
    World
        Unit vectors of queries and documents, the teacher's log-odds, and the student
        distilled from BM25 groups of other queries. The same installation always gives
        the same numbers.

    Raises
    ------
    ValueError
        When the package has too few docstrings, for example because it comes without
        source files.
    """
    # No stubs exist for it; scikit-learn installs it
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from rankbound.commands.demo.experiment import HELD_OUT, Sizes, run_experiment

    sizes = Sizes(**SIZES) if sizes is None else sizes
    # Rounding depends on the number of threads that share a sum
    with threadpool_limits(limits=1):
        made = run_experiment([package], sizes=sizes, seed=0, progress=lambda _: None)
    groups = made.pools[HELD_OUT].draw(SAMPLING, seed=0)
    lessons = made.lessons(HELD_OUT, groups)
    return World(
        f"docstrings of {package}",
        np.full(len(lessons.queries), 1 / len(lessons.queries)),
        lessons.queries,
        lessons.documents,
        lessons.teacher,
        made.students[SAMPLING].weights,
    )


def measured_terms(folder: Path) -> dict[str, Terms]:
    """Read the terms of each student for the queries measured with every student.

    Raises
    ------
    UsageError
        When the folder does not hold the results of a measurement with students.
    FormatError
        When its files are damaged.
    """
    table = next(b.path(folder) for b in Ledger.BESIDE if b.name == TABLE)
    if not (folder / Ledger.FILE).is_file() or table is None:
        raise UsageError(
            f"{folder}: must hold the per_query.tsv and ledger.json that `rankbound "
            "measure` writes; one of them is missing"
        )
    ledger = Ledger.load(folder)
    if not ledger.students:
        raise UsageError(
            f"{folder}: was measured without a student, so it holds no risks; measure "
            "again with `students`"
        )
    rows = ledger.beside[TABLE]
    found = {name: _by_query(rows.where("student", name)) for name in ledger.students}
    shared = sorted(set.intersection(*map(set, found.values())))
    if not shared:
        raise UsageError(f"{folder}: no query was measured with every student")
    return {
        name: _terms([found[name][qid] for qid in shared], student.range)
        for name, student in ledger.students.items()
    }


def _by_query(rows: Rows) -> dict[str, tuple[float, float]]:
    """Entropy and divergence (nats) of the queries that have both."""
    if not {*COLUMNS} <= {*rows.names}:
        return {}
    return {
        qid: (float(entropy), float(divergence))
        for qid, entropy, divergence in rows.cells(*COLUMNS)
        if entropy and divergence
    }


def _terms(rows: list[tuple[float, float]], limits: LossRange) -> Terms:
    entropy, divergence = np.array(rows).T
    return Terms(entropy, divergence, limits.low, limits.high)


def checked(row: Row) -> Checked:
    """Turn a check into its record; an infinite looseness becomes None."""
    finding = row.finding
    loose = finding.looseness
    return Checked(
        key=row.key,
        verdict=row.verdict,
        passed=row.passed,
        how=finding.how,
        over=finding.over,
        looseness=loose if loose is not None and math.isfinite(loose) else None,
        detail=finding.detail,
        seconds=row.seconds,
    )
