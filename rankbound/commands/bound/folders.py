"""Two measurements that `bound` compares: read, checked, and matched by query."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from rankbound.bounds.certificate import LN2
from rankbound.bounds.lemmas import query_range
from rankbound.bounds.wording import counted
from rankbound.commands.measure.result import Ledger, LossRange, StudentResult
from rankbound.commands.measure.trained import OF_ALL, REASON
from rankbound.data.clusters import CLUSTER, Clusters
from rankbound.errors import FormatError, UsageError
from rankbound.provenance import Input
from rankbound.read.source import sha256
from rankbound.results import KINDS, result_type
from rankbound.rows import Rows

MeasuredLike = str | PathLike[str] | Ledger
NEEDED: Final = ("qid", "student", "n_docs", "entropy_nats", "divergence_nats")
AGAIN: Final = "run measure again"
# Numbers of a table may differ by so much where they are equal
ROUNDING: Final = 1e-9


class Terms(NamedTuple):
    """One query of one student: documents, and nats."""

    n_docs: float
    entropy: float
    divergence: float


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What `measure` left, with the terms of every student by query.

    Attributes
    ----------
    label : str
        The folder, or the parameter that a ledger in memory was given as.
    ledger : Ledger
    certified, aside : dict
        By student, the terms of its queries: those of the certificate, and those that
        were set aside.
    inputs : tuple of Input
    clusters : dict of str to str
        The cluster of every query; empty where these are independent.
    """

    label: str
    ledger: Ledger
    certified: Mapping[str, Mapping[str, Terms]]
    aside: Mapping[str, Mapping[str, Terms]]
    inputs: tuple[Input, ...]
    clusters: Mapping[str, str]

    @property
    def teacher(self) -> Input | None:
        """The teacher's scores, which `measure` records first."""
        return next(iter(self.ledger.inputs), None)

    @property
    def groups(self) -> Input | None:
        """The groups that were given, recorded behind the teacher, if any were."""
        given = self.ledger.groups.startswith("as given in ")
        return self.ledger.inputs[1] if given and len(self.ledger.inputs) > 1 else None


def measurement_of(given: MeasuredLike, name: str) -> Measurement:
    """Read a measurement.

    Parameters
    ----------
    given : path or Ledger
        The folder that `measure` wrote, or its result.
    name : str
        The parameter, for messages.

    Raises
    ------
    UsageError
        When it is no folder, holds no measurement, or one without students or queries.
    FormatError
        When a file is damaged, or the table is not of the same run as the ledger.
    """
    if isinstance(given, Ledger):
        return _made(given, f"`{name}`", Path(f"per_query of `{name}`"), ())
    folder = Path(given)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "no such folder"
        raise UsageError(f"{folder}: {what}; `{name}` needs the folder of measure")
    if not (folder / Ledger.FILE).is_file():
        raise UsageError(
            f"{folder}: holds no {Ledger.FILE}{_instead(folder)}; `{name}` needs the "
            "folder of measure"
        )
    ledger = Ledger.load(folder)
    files = [folder / Ledger.FILE]
    for table in Ledger.BESIDE:
        path = table.path(folder)
        if path is not None and table.name in ("per_query", "calibration"):
            files.append(path)
    inputs = tuple(Input(path=str(path), sha256=sha256(path)) for path in files)
    return _made(ledger, str(folder), folder / Ledger.BESIDE[0].files[0], inputs)


def _instead(folder: Path) -> str:
    """The results of other commands that a folder holds, in words."""
    names = {kind.FILE: name for name in KINDS if (kind := result_type(name)).FILE}
    there = sorted(file for file in names if (folder / file).is_file())
    return f" but {', '.join(there)}" if there else ""


def _made(
    ledger: Ledger, label: str, path: Path, inputs: tuple[Input, ...]
) -> Measurement:
    if not ledger.students:
        raise UsageError(
            f"{label}: was measured without students, so nothing diverges from the "
            "teacher; measure with `students`"
        )
    terms = ledger.beside.get("per_query")
    if terms is None:
        raise UsageError(
            f"{label}: lacks {path.name}, the terms of every query; {AGAIN}"
        )
    certified = _by_student(ledger, terms, path)
    for name, student in ledger.students.items():
        if len(certified[name]) != student.n_queries:
            raise FormatError(
                path,
                f"holds {counted(len(certified[name]), 'query')} of the student "
                f"{name!r}, and "
                f"the ledger {student.n_queries:,}; they are of different runs; "
                f"{AGAIN}",
            )
    aside = ledger.beside.get("calibration")
    aside_path = path.with_name("calibration.tsv")
    return Measurement(
        label=label,
        ledger=ledger,
        certified=certified,
        aside={}
        if aside is None
        else _by_student(ledger, aside, aside_path, certified=False),
        inputs=inputs,
        clusters={
            qid: cluster
            for rows in (terms, aside)
            if rows is not None and CLUSTER in rows.names
            for qid, cluster in zip(
                rows.column("qid"), rows.column(CLUSTER), strict=True
            )
        },
    )


def clusters_of_both(before: Measurement, after: Measurement) -> Clusters | None:
    """The clusters of the queries of both measurements; None without clusters.

    Raises
    ------
    UsageError
        When the measurements put a query into different clusters, or one of them into
        none.
    """
    if not before.clusters and not after.clusters:
        return None
    for one, other in ((before, after), (after, before)):
        if not one.clusters:
            raise UsageError(
                f"{other.label} was measured with `clusters` and {one.label} without, "
                "so that their means are not over the same; measure both alike"
            )
    for qid in before.clusters.keys() & after.clusters.keys():
        first, second = before.clusters[qid], after.clusters[qid]
        if first != second:
            raise UsageError(
                f"query {qid!r} is in cluster {first!r} of {before.label} and in "
                f"{second!r} of {after.label}; measure both with one file of `clusters`"
            )
    name = f"{before.label} and {after.label}"
    return Clusters.from_dict({**before.clusters, **after.clusters}, name=name)


def _by_student(
    ledger: Ledger, rows: Rows, path: Path, *, certified: bool = True
) -> dict[str, dict[str, Terms]]:
    """Terms by student and query; `certified` says that they lie in the ranges.

    Queries that were set aside may have smaller groups, and so a wider range.
    """
    for name in NEEDED:
        if name not in rows.names:
            raise FormatError(path, f"the column {name!r} is missing; {AGAIN}", line=1)
    found: dict[str, dict[str, Terms]] = {name: {} for name in ledger.students}
    for line, (qid, name, *cells) in enumerate(rows.cells(*NEEDED), start=2):
        if name not in found:
            raise FormatError(
                path,
                f"the student {name!r} is not in the ledger; they are of different "
                f"runs; {AGAIN}",
                line=line,
            )
        if qid in found[name]:
            raise FormatError(
                path,
                f"the query {qid!r} of the student {name!r} is there twice; {AGAIN}",
                line=line,
            )
        terms = _terms(cells, path, line)
        if certified:
            _check_range(terms, ledger.students[name].range, path, line)
        found[name][qid] = terms
    return found


def _terms(cells: list[str], path: Path, line: int) -> Terms:
    numbers = []
    for column, cell in zip(NEEDED[2:], cells, strict=True):
        value = float(cell or "nan")
        if not math.isfinite(value):
            raise FormatError(
                path,
                f"{column} must be a finite number, found {cell!r}; {AGAIN}",
                line=line,
            )
        numbers.append(value)
    return Terms(*numbers)


def _check_range(terms: Terms, lemma: LossRange, path: Path, line: int) -> None:
    ranges = {
        "entropy_nats": (terms.entropy, 0.0, LN2),
        "divergence_nats": (terms.divergence, 0.0, lemma.high),
        "the sum of both": (terms.entropy + terms.divergence, lemma.low, lemma.high),
    }
    for what, (value, low, high) in ranges.items():
        if not low - ROUNDING <= value <= high + ROUNDING:
            raise FormatError(
                path,
                f"{what} must lie in [{low:.6g}, {high:.6g}] by the ledger's B = "
                f"{lemma.B:g}, found {value:.6g}; they are of different runs; {AGAIN}",
                line=line,
            )


def check_same(before: Measurement, after: Measurement) -> tuple[str, ...]:
    """Warn of what cannot be checked of the teacher.

    Raises
    ------
    UsageError
        When the pairs, the teacher or its temperature differ: then two different risks
        are bounded.
    """
    first, second = before.ledger, after.ledger
    scales = (float(one.teacher.temperature) for one in (first, second))
    told = {
        "pairs": (first.pairs, second.pairs),
        "kinds of teacher scores": (first.teacher.kind, second.teacher.kind),
        "temperatures of the teacher": tuple(f"{scale:.17g}" for scale in scales),
    }
    known = _comparable(before.teacher, after.teacher)
    if known and _hash(before.teacher) != _hash(after.teacher):
        told["teachers"] = _name(before.teacher), _name(after.teacher)
    for what, (one, other) in told.items():
        if one != other or what == "teachers":
            raise UsageError(
                f"{before.label} and {after.label} have different {what}: {one} and "
                f"{other}; they bound different risks; measure both alike"
            )
    if known:
        return ()
    return (
        "that both measurements have one teacher is asserted, since there are no hashes"
        " of its scores to compare",
    )


def same_groups(before: Measurement, after: Measurement, student: str) -> bool:
    """Whether the inputs show that a student ranks the same groups in both.

    That is a fact about the designs, which holds for queries that were not drawn, too:
    the same teacher's best documents, or one file of groups, and nothing left out.

    Raises
    ------
    UsageError
        When the inputs show it and the tables deny it.
    """
    sides = before, after
    if any(_left_out(side.ledger, student) for side in sides) or not _one_design(
        *sides
    ):
        return False
    first, second = (side.certified[student] for side in sides)
    for qid in first.keys() & second.keys():
        one, other = first[qid], second[qid]
        if one.n_docs != other.n_docs or abs(one.entropy - other.entropy) > ROUNDING:
            raise UsageError(
                f"{before.label} and {after.label} have the same teacher and the same "
                f"groups, but other documents or another entropy for the query {qid!r}"
                f" of {student!r}; {AGAIN} for both"
            )
    return True


def _one_design(before: Measurement, after: Measurement) -> bool:
    if not _comparable(before.teacher, after.teacher):
        return False
    first, second = before.groups, after.groups
    if first is None and second is None:
        # With other pairs than all, judgements say which document is positive
        return before.ledger.groups == after.ledger.groups and (
            before.ledger.pairs == "all"
        )
    return _comparable(first, second) and _hash(first) == _hash(second)


def _left_out(ledger: Ledger, student: str) -> bool:
    """Whether documents or queries of the student or of all students were dropped."""
    others = tuple(f"{name}: " for name in ledger.students if name != student)
    return any(
        number
        and not reason.startswith(others)
        # Whole queries, whose groups nobody compares then
        and not reason.endswith((REASON, OF_ALL))
        for reason, number in ledger.dropped.items()
    )


def _comparable(first: Input | None, second: Input | None) -> bool:
    """Whether hashes of two inputs say that they are the same, or are not."""
    if first is None or second is None:
        return False
    alike = (first.path is None) == (second.path is None)
    return alike and first.sha256 is not None and second.sha256 is not None


def _hash(found: Input | None) -> str | None:
    return None if found is None else found.sha256


def _name(found: Input | None) -> str:
    return "unknown" if found is None else f"{found.path or found.object}"


def range_of(student: StudentResult) -> LossRange:
    """The range of one query's risk by B, for groups of any size if sizes vary.

    The smallest size of a sample would be a constant read off the sample.
    """
    if student.upper_any_size is None:
        return student.range
    low, high = query_range(float(student.range.B), cut_ratio=1.0)
    return LossRange(
        B=student.range.B,
        width=high - low,
        source="lemma-2c, groups of any size, c_E = 1",
        low=low,
        high=high,
    )
