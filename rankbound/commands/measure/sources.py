"""A student as it is asked for: its scores or vectors, their kind and temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from rankbound.commands.measure.given import as_given, vectors_given
from rankbound.data.scores import Kind
from rankbound.errors import UsageError

# A number, "fit" (by likelihood on calibration queries), or None: 1 where the kind
# of the scores allows it, an error where it does not.
Temperature = float | Literal["fit"] | None


@dataclass(frozen=True, slots=True)
class StudentSource:
    """A student: a score file, or query vectors for a dot product with documents.

    Attributes
    ----------
    name : str
        The student's name in tables.
    scores : path or object, optional
        A file of scores, or what `rankbound.read_scores` takes.
    queries, query_ids : path or object, optional
        Vectors and ids of queries, for a bi-encoder.
    kind : Kind or None
        None: inferred.
    temperature : float, "fit" or None
    """

    name: str
    scores: Any = None
    queries: Any = None
    query_ids: Any = None
    kind: Kind | None = None
    temperature: Temperature = None

    def __post_init__(self) -> None:
        set_field(
            self, "scores", as_given(self.scores, "scores", f"student {self.name}")
        )
        found = vectors_given(self.queries, self.query_ids, f"queries of {self.name}")
        for name, value in zip(("queries", "query_ids"), found, strict=True):
            set_field(self, name, value)
        set_field(
            self, "kind", as_kind(self.kind, f"the kind of student {self.name!r}")
        )
        check_temperature_option(self.temperature, "--student-temperature")
        if not self.name or any(c in self.name for c in "\t\r\n"):
            raise UsageError(f"a student needs a name without tabs, got {self.name!r}")


def as_kind(value: Kind | str | None, what: str) -> Kind | None:
    """A kind, given as such or by its name.

    Examples
    --------
    >>> as_kind("logit", "--teacher-kind")
    <Kind.LOGIT: 'logit'>
    """
    if value is None:
        return None
    try:
        return Kind(str(value).replace("-", "_"))
    except ValueError:
        kinds = ", ".join(kind.value for kind in Kind)
        raise UsageError(f"{what} must be one of {kinds}, got {value!r}") from None


def students_given(students: Any) -> tuple[StudentSource, ...]:
    """Students as they are, or by name.

    Examples
    --------
    >>> students_given({"bm25": "bm25.run"})[0].name
    'bm25'
    """
    if isinstance(students, Mapping):
        _check_by_name(students)
        return tuple(
            replace(held, name=str(name))
            if isinstance(held, StudentSource)
            else StudentSource(str(name), scores=held)
            for name, held in students.items()
        )
    found = (students,) if isinstance(students, StudentSource) else students
    if isinstance(found, str) or not all(isinstance(s, StudentSource) for s in found):
        raise UsageError(
            "`students` holds scores by name, as in {'bm25': 'bm25.run'}; got "
            f"{type(students).__name__}"
        )
    return tuple(found)


def _check_by_name(students: Mapping[Any, Any]) -> None:
    """Raise if the mapping is that of one student, with a query for a name."""
    for name, held in students.items():
        if isinstance(held, Mapping) and held:
            score = next(iter(held.values()))
            if isinstance(score, int | float | np.number):
                raise UsageError(
                    "`students` holds scores by name, as in {'bm25': scores}; got the "
                    f"scores of one student, with query {name!r}"
                )


def set_field(record: object, field: str, value: Any) -> None:
    """Give a field of a frozen record the value that it stands for."""
    object.__setattr__(record, field, value)


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
