"""The files of a data set by their roles: what `inspect` finds, and what is given."""

from __future__ import annotations

from pathlib import Path

from rankbound.commands.inspect.examined import Asked
from rankbound.commands.inspect.readiness import measure_options, named_groups, runs_of
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.inspect.roles import Cast
from rankbound.commands.inspect.run import looked_at
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.study.result import Roles, StudentRole
from rankbound.estimators.kinds import NEEDS_TEMPERATURE
from rankbound.progress import Progress
from rankbound.results import Named


def found_roles(
    asked: Asked, *, command: str, progress: Progress
) -> tuple[Inspection, Roles]:
    """Inspect the files of a data set, and say which of them play which role."""
    inspection, parts = looked_at(asked, command=command, progress=progress)
    return inspection, roles_of(parts)


def roles_of(parts: Cast) -> Roles:
    """The roles of files that were read, as `inspect` would pass them to commands."""
    groups = {name: str(path) for name, path in named_groups(parts)}
    qrels = None if parts.qrels is None else str(parts.qrels.path)
    if parts.teacher is None or parts.teacher.scores is None:
        return Roles(teacher=None, groups=groups, qrels=qrels, notes=(parts.why,))
    made, notes = measure_options(parts)
    runs = {name: str(one.path) for name, one in runs_of(parts).items()}
    return Roles(
        teacher=str(made.teacher),
        ranking=None if parts.ranking is None else str(parts.ranking.path),
        students=Named(_student(one, runs.get(one.name)) for one in made.students),
        groups=groups,
        qrels=qrels,
        embeddings=_text(made.embeddings),
        ids=_text(made.ids),
        fitted=parts.teacher.scores.kind in NEEDS_TEMPERATURE,
        incomplete=made.missing == "drop",
        notes=notes,
    )


def _student(one: StudentSource, run: str | None) -> StudentRole:
    return StudentRole(
        name=one.name,
        scores=_text(one.scores),
        queries=_text(one.queries),
        query_ids=_text(one.query_ids),
        # What a model of vectors retrieved; scores are their own ranking
        ranking=None if one.queries is None else run,
        fitted=one.temperature == "fit",
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
