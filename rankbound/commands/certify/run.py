"""Let the machine try to refute the theory, on samples of measured queries, too."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Final

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

TABLE: Final = "per_query"
COLUMNS: Final = ("qid", "entropy_nats", "divergence_nats")


def certify(
    statement: str | None = None,
    *,
    deep: bool = False,
    measured: str | PathLike[str] | None = None,
    progress: bool | Progress = False,
) -> Certification:
    """Let the machine try to refute one statement of the theory, or all of them.

    Identities are reduced by SymPy, inequalities are proved over boxes by interval
    arithmetic or searched for a counterexample, and statements that hold with a given
    probability are simulated. A student is certified by `certify_student`.

    Parameters
    ----------
    statement : str, optional
        A key such as "theorem-1d", "constant-a_star" or "refuted-memory"; by default,
        everything is checked, which takes minutes.
    deep : bool, default False
        Search ten times as long.
    measured : path, optional
        A folder with results of `measure`, whose queries serve as further populations
        for the statements about means.
    progress : bool or callable, default False
        True shows a bar on a terminal; a callable is called with the key of each
        statement before it is checked.

    Returns
    -------
    Certification
        Its `rows` are the checks with their verdicts; `passed` says whether all came
        out as the theory claims.

    Raises
    ------
    UsageError
        When nothing is called `statement`, or `measured` holds no measured students.
    FormatError
        When the results in `measured` are damaged.

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
    """Return the names to certify; an unknown one is a mistake.

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
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise UsageError(
            f"nothing called {key!r} can be certified; {hint}"
            "`rankbound certify` without --statement checks and names everything"
        )
    return [key]


def groups_for(keys: Sequence[str], warn: Callable[[str], object]) -> World | None:
    """Real groups, made only if one of the statements is about samples.

    Without docstrings, the checks go on without real groups, after a warning.
    """
    if not any(key in REGISTRY and probabilistic(REGISTRY[key]) for key in keys):
        return None
    from rankbound.commands.certify.real_groups import docstring_groups

    try:
        return docstring_groups()
    except ValueError as error:
        warn(f"no real groups: {error}")
        return None


def measured_terms(folder: Path) -> dict[str, Terms]:
    """Terms of the certificate's queries by student, for queries that all have.

    Raises
    ------
    UsageError
        When the folder does not hold the results of a measurement with students.
    FormatError
        When they are damaged.
    """
    table = next(b.path(folder) for b in Ledger.BESIDE if b.name == TABLE)
    if not (folder / Ledger.FILE).is_file() or table is None:
        raise UsageError(
            f"{folder}: does not hold per_query.tsv and ledger.json of `rankbound "
            "measure`"
        )
    ledger = Ledger.load(folder)
    if not ledger.students:
        raise UsageError(f"{folder}: was measured without a student, so without risks")
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
    """Entropy and divergence of the queries that have both."""
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
    """A check as it is recorded; an infinite looseness becomes None."""
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
