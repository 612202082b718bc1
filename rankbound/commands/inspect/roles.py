"""The roles of files: teacher, students, groups, judgements and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.commands.inspect.examined import Examined
from rankbound.data.columns import positions
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind

MODEL_KINDS = frozenset({Kind.LOGIT, Kind.PROBABILITY})
LEAST_SHARED = 0.05
QUERY_WORDS = ("quer", "topic", "question")
MAYBE_TEACHERS: Final = ("file", "teacher")  # roles of files, before they are cast


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The roles of files; None or empty for a role that no file can play.

    Attributes
    ----------
    teacher : Examined or None
    why : str
        How the teacher was recognised.
    students, groups : tuple of Examined
    qrels, documents, queries : Examined or None
        Judgements; vectors of documents and of queries.
    ranking : Examined or None
        Another file with the teacher's scores, in the place of a ranking or of fewer
        documents: what it retrieved.
    broken : tuple of Examined
        Files that cannot be read, and might be the teacher's.
    """

    teacher: Examined | None
    why: str
    students: tuple[Examined, ...]
    groups: tuple[Examined, ...]
    qrels: Examined | None
    documents: Examined | None
    queries: Examined | None
    ranking: Examined | None = None
    broken: tuple[Examined, ...] = ()


def cast(files: Sequence[Examined]) -> Cast:
    """Guess the roles from names, ids and coverage."""
    groups = _first_given([one for one in files if one.groups is not None], "groups")
    judged = _first_given([one for one in files if one.qrels is not None], "qrels")
    vectors = [one for one in files if one.vectors is not None]
    of_queries = [one for one in vectors if is_about_queries(one, files)]
    documents = [one for one in vectors if one not in of_queries]
    scored = [one for one in files if one.scores is not None]
    teacher, why = _teacher(scored, groups)
    students = [
        one for one in scored if one is not teacher and one.given.role != "ranking"
    ]
    same = [one for one in scored if one is not teacher and _is_same(one, teacher)]
    students = [one for one in students if one not in same]
    return Cast(
        teacher=teacher,
        why=why,
        students=tuple(students),
        groups=tuple(groups),
        qrels=judged[0] if judged else None,
        documents=documents[0] if documents else None,
        queries=of_queries[0] if of_queries else None,
        ranking=next((one for one in same if _retrieved(one, teacher)), None),
        broken=tuple(
            one
            for one in files
            if one.given.contents is None and one.given.role in MAYBE_TEACHERS
        ),
    )


def _is_same(one: Examined, teacher: Examined | None) -> bool:
    return teacher is not None and same_scores(one, teacher)


def _retrieved(one: Examined, other: Examined | None) -> bool:
    """Whether a file is a ranking by its place, or scores fewer documents."""
    if one.scores is None or other is None or other.scores is None:
        return False
    if one.given.role == "ranking":
        return True
    return len(one.scores.scores.values) < len(other.scores.scores.values)


def is_about_queries(one: Examined, files: Sequence[Examined]) -> bool:
    """Whether vectors or texts belong to queries: by ids, or by name if both fit."""
    if one.given.role == "embeddings":
        return False
    names = one.vectors.embeddings.ids if one.vectors else one.text_ids
    qids, docnos = _known_ids(files)
    as_queries = float(np.mean(positions(qids, names) >= 0)) if len(qids) else 0.0
    as_documents = float(np.mean(positions(docnos, names) >= 0)) if len(docnos) else 0.0
    named = any(word in one.path.name.casefold() for word in QUERY_WORDS)
    if as_queries == as_documents or named:
        return named
    return as_queries > as_documents


def _known_ids(files: Sequence[Examined]) -> tuple[np.ndarray, np.ndarray]:
    qids: dict[str, None] = {}
    docnos: dict[str, None] = {}
    for one in files:
        scores = None if one.scores is None else one.scores.scores
        for part in (scores, one.groups, one.qrels):
            if part is not None:
                qids.update(dict.fromkeys(part.qids))
                docnos.update(dict.fromkeys(part.docnos))
    return np.array(list(qids), dtype=object), np.array(list(docnos), dtype=object)


def _first_given(found: list[Examined], role: str) -> list[Examined]:
    """Files that an option names first, then those that were recognised."""
    return sorted(found, key=lambda one: one.given.role != role)


def _teacher(
    scored: Sequence[Examined], groups: Sequence[Examined]
) -> tuple[Examined | None, str]:
    scored = [one for one in scored if one.given.role != "ranking"]
    if not scored:
        return None, "no file holds scores"
    for one in scored:
        if one.given.role == "teacher":
            return one, "given as the teacher"
    if len(scored) == 1:
        return scored[0], "the only file with scores"
    ranked = [(_claim(one, groups), -place) for place, one in enumerate(scored)]
    best = max(range(len(scored)), key=lambda place: ranked[place])
    named, _, coverage, kind = ranked[best][0]
    teacher = scored[best]
    if named:
        why = "its name says so"
    elif groups and coverage > 0:
        why = f"it scores {coverage:.1%} of the groups' documents"
    elif kind:
        why = f"the first file of {teacher.scores and teacher.scores.kind.value} scores"
    else:
        why = "the first file with scores; name another one 'teacher...' to choose it"
    return teacher, why


def _claim(one: Examined, groups: Sequence[Examined]) -> tuple[bool, bool, float, bool]:
    """The evidence for a file being the teacher's, the strongest first."""
    kind = Kind.UNKNOWN if one.scores is None else one.scores.kind
    held = [each.groups for each in groups if each.groups is not None]
    coverage = [share_scored(each, one) for each in held]
    mean = round(float(np.mean(coverage)), 2) if coverage else 0.0
    named = "teacher" in one.path.name.casefold()
    sound = all(finding.severity != "error" for finding in one.findings)
    return named, sound, mean, kind in MODEL_KINDS


def share_scored(groups: Groups, one: Examined) -> float:
    """Share of the groups' documents that a file scores."""
    if one.scores is None:
        return 0.0
    return float(np.mean(groups.scores_of(one.scores.scores)[1]))


def same_scores(one: Examined, other: Examined) -> bool:
    """Whether the scores of two files are equal wherever both have one."""
    if one.scores is None or other.scores is None:
        return False
    first, second = one.scores.scores, other.scores.scores
    values, found = second.lookup(
        first.row_query(), first.qids, first.codes, first.docnos
    )
    equal = found & (values == first.values)
    # That many scores are not equal by chance, unless hardly any are shared
    return bool(equal.mean() >= LEAST_SHARED and np.array_equal(equal, found))
