"""Results of machine checks for a terminal and as JSON."""

from __future__ import annotations

import csv
import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from rankbound import __version__
from rankbound.bounds.registry import REGISTRY
from rankbound.errors import UsageError
from rankbound.validation.suite import Row, names, probabilistic
from rankbound.validation.worlds import Terms, World
from rankbound.writing import json_text

SCHEMA: Final = "rankbound.certify/1"


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


def groups_for(keys: Sequence[str], warn: Callable[[str], None]) -> World | None:
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
    """
    try:
        ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
        lines = (folder / "per_query.tsv").read_text(encoding="utf-8").split("\n")
        ranges = {name: row["range"] for name, row in ledger["students"].items()}
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        found = {
            name: {row["qid"]: _numbers(row) for row in rows if row["student"] == name}
            for name in ranges
        }
        shared = set.intersection(*map(set, found.values())) if found else set()
        terms = {
            name: _terms([by_query[qid] for qid in sorted(shared)], ranges[name])
            for name, by_query in found.items()
            if shared
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{folder}: does not hold per_query.tsv and ledger.json of `rankbound "
            f"measure` ({error})"
        ) from None
    if not found:
        raise UsageError(f"{folder}: was measured without a student, so without risks")
    if not terms:
        raise UsageError(f"{folder}: no query was measured with every student")
    return terms


def _terms(rows: list[tuple[float, float]], limits: Mapping[str, Any]) -> Terms:
    entropy, divergence = np.array(rows).T
    return Terms(entropy, divergence, float(limits["low"]), float(limits["high"]))


def _numbers(row: Mapping[str, str]) -> tuple[float, float]:
    """Entropy and divergence in nats."""
    return float(row["entropy_nats"]), float(row["divergence_nats"])


def line(row: Row) -> str:
    """Return one line: key, verdict, how, over what, looseness, what went wrong."""
    finding = row.finding
    text = (
        f"{row.key:<38}{row.verdict:<10}{finding.how:<27}"
        f"{_loose(finding.looseness):>7}  {finding.over}"
    )
    return f"{text}; {finding.detail}" if finding.detail else text


def _loose(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if math.isfinite(value) else "inf"


def summary(rows: Sequence[Row]) -> str:
    """Return how many checks came out as they should, and which did not.

    Examples
    --------
    >>> summary([])
    '0 of 0 checks passed in 0.0 s'
    """
    failed = [row.key for row in rows if not row.passed]
    seconds = sum(row.seconds for row in rows)
    text = f"{len(rows) - len(failed)} of {len(rows)} checks passed in {seconds:.1f} s"
    return f"{text}; failed: {', '.join(failed)}" if failed else text


def as_json(rows: Sequence[Row], *, deep: bool, command: str) -> str:
    """Return the results as JSON; an infinite looseness becomes null."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "command": command,
        "deep": deep,
        "passed": all(row.passed for row in rows),
        "rows": [_entry(row) for row in rows],
    }
    return json_text(document)


def _entry(row: Row) -> dict[str, Any]:
    finding = row.finding
    loose = finding.looseness
    return {
        "key": row.key,
        "verdict": row.verdict,
        "passed": row.passed,
        "how": finding.how,
        "over": finding.over,
        "looseness": loose if loose is not None and math.isfinite(loose) else None,
        "detail": finding.detail,
        "seconds": row.seconds,
    }
