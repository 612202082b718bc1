"""What a measurement is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from bounds.errors import DomainError
from bounds.samples import checked_delta
from estimators.distances import check_metric
from estimators.pairs import PAIR_SETS
from estimators.scores import Kind
from rankbound.errors import UsageError
from rankbound.paper_row import BASE_ENCODER, Architecture

# A number, "fit" (by likelihood on calibration queries), or None: 1 where the kind
# of the scores allows it, an error where it does not.
Temperature = float | Literal["fit"] | None


PATHS = ("teacher", "embeddings", "ids", "qrels")
SMALLEST_RANGE, LARGEST_RANGE = 1e-6, 1e6


@dataclass(frozen=True, slots=True)
class StudentSource:
    """A student: a score file, or query vectors for a dot product with documents.

    Attributes
    ----------
    name : str
        The student's name in tables.
    scores : Path or None
        A run or lookup.
    queries, query_ids : Path or None
        Vectors and ids of queries, for a bi-encoder.
    kind : Kind or None
        None: inferred.
    temperature : float, "fit" or None
    """

    name: str
    scores: Path | None = None
    queries: Path | None = None
    query_ids: Path | None = None
    kind: Kind | None = None
    temperature: Temperature = None

    def __post_init__(self) -> None:
        for field in ("scores", "queries", "query_ids"):
            as_path(self, field)
        check_temperature_option(self.temperature, "--student-temperature")
        if not self.name or any(c in self.name for c in "\t\r\n"):
            raise UsageError(f"a student needs a name without tabs, got {self.name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Models, vectors, judgements and levels: what every measurement needs.

    Attributes are the commands' options. `command` is recorded with the results.
    """

    teacher: Path
    teacher_kind: Kind | None = None
    temperature: Temperature = None
    students: tuple[StudentSource, ...] = ()
    embeddings: Path | None = None
    ids: Path | None = None
    metric: str = "euclidean"
    qrels: Path | None = None
    score_range: float = 10.0
    missing: Literal["drop", "error"] | None = None
    delta: float = 0.05
    seed: int = 0
    command: str = ""

    def __post_init__(self) -> None:
        for field in PATHS:
            as_path(self, field)
        check_temperature_option(self.temperature, "--temperature")
        check_metric(self.metric)
        checked_delta(self.delta)
        self._check_students()
        if not SMALLEST_RANGE <= self.score_range <= LARGEST_RANGE:
            raise DomainError(
                f"--score-range must be a positive number from {SMALLEST_RANGE:g} to "
                f"{LARGEST_RANGE:g} temperatures, got {self.score_range!r}"
            )
        if self.missing not in (None, "drop", "error"):
            raise UsageError(f"--missing is drop or error, got {self.missing!r}")
        if self.seed < 0:
            raise UsageError(f"--seed must be at least 0, got {self.seed}")

    def _check_students(self) -> None:
        names = [student.name for student in self.students]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"two students are called {twice!r}; rename one")
        if (self.embeddings is None) != (self.ids is None):
            raise UsageError("--embeddings and --ids go together; give both")
        if self.embeddings is None and any(s.queries for s in self.students):
            raise UsageError(
                "--bi-encoder scores by dot product with the documents' vectors; give "
                "--embeddings and --ids too"
            )
        if self.temperature == "fit" and self.qrels is None:
            raise UsageError(
                "--temperature fit chooses the teacher's temperature on judged pairs; "
                "give --qrels, or a number"
            )

    @property
    def fits(self) -> bool:
        """Whether any temperature is fitted, so that queries are set aside."""
        return "fit" in (self.temperature, *(s.temperature for s in self.students))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOptions(SourceOptions):
    """Inputs and settings of `rankbound measure`; see its help for each."""

    groups: Path | None = None
    target_groups: Path | None = None
    depth: int | None = None
    unjudged: Literal["unknown", "irrelevant"] = "unknown"
    pairs: str = "all"
    architecture: Architecture = BASE_ENCODER

    def __post_init__(self) -> None:
        for field in ("groups", "target_groups"):
            as_path(self, field)
        # Slots make a new class, which the short form of super() does not know
        SourceOptions.__post_init__(self)
        self._check_pairs()
        if self.unjudged not in ("unknown", "irrelevant"):
            raise UsageError(
                f"--unjudged is unknown or irrelevant, got {self.unjudged!r}"
            )
        if self.unjudged == "irrelevant" and self.qrels is None:
            raise UsageError("--unjudged irrelevant speaks of judgements; give --qrels")

    def _check_pairs(self) -> None:
        if self.groups is not None and self.depth is not None:
            raise UsageError(
                "--groups and --depth exclude each other; give one of them"
            )
        if self.depth is not None and self.depth < 2:
            raise UsageError(f"--depth must be at least 2, got {self.depth}")
        if self.pairs not in PAIR_SETS:
            raise UsageError(f"--pairs is one of {PAIR_SETS}, got {self.pairs!r}")
        if self.pairs != "all" and self.target_groups is not None:
            raise UsageError(
                "--target-groups compares laws of documents drawn independently, which "
                f"is not what --pairs {self.pairs} measures; give --pairs all"
            )
        if self.pairs != "all" and self.groups is None and self.qrels is None:
            raise UsageError(
                f"--pairs {self.pairs} needs positives: give --groups (doc_id_a is the "
                "positive) or --qrels (grades of 1 and more)"
            )


def as_path(record: object, field: str) -> None:
    """Let callers give paths as text."""
    value = getattr(record, field)
    if isinstance(value, str):
        object.__setattr__(record, field, Path(value))


def check_temperature_option(value: Temperature, option: str) -> None:
    """Raise unless the value is "fit", None or a positive number.

    Examples
    --------
    >>> check_temperature_option(0.0, "--temperature")
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: --temperature must be a positive number or 'fit', ...
    """
    if value is None or value == "fit":
        return
    if isinstance(value, str) or not (np.isfinite(value) and value > 0):
        raise UsageError(f"{option} must be a positive number or 'fit', got {value!r}")
