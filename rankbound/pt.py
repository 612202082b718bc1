"""`rb.pt`: the bound's terms in PyTerrier pipelines and experiments.

A transformer adds the teacher's entropy of each query to a frame of results; measures
stand in `pt.Experiment` beside those of ir_measures. Both need PyTerrier
(``pip install "rankbound[pyterrier]"``), which is loaded when they are made. Values are
those of the column of the same name in `per_query.tsv` of `rankbound measure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rankbound.commands.measure.certifying import QueryTerms
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource, as_kind
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.read.reading import read_scores

RUN: Final = "run"
DEPTH: Final = 16
SCORE_RANGE: Final = 3.0  # that of `measure` without a pilot


def teacher_entropy(
    teacher: Any = None,
    *,
    kind: Kind | str | None = None,
    temperature: float | None = None,
    depth: int = DEPTH,
    column: str = "teacher_entropy",
) -> Any:
    """A transformer that adds a column: the teacher's pairwise entropy of each query.

    Parameters
    ----------
    teacher : path or object, optional
        The teacher's scores. By default those of the frame itself, so that
        ``retriever >> cross_encoder >> rb.pt.teacher_entropy()`` says how unsure the
        cross-encoder is about each query.
    kind : Kind or str, optional
        What the scores are; inferred by default.
    temperature : float, optional
        Divides the teacher's margins; 1 for logits.
    depth : int, default 16
        The teacher's best documents of a query, whose pairs are averaged.
    column : str, default "teacher_entropy"
        In nats; missing for a query of which the teacher scores fewer than two
        documents.

    Returns
    -------
    pyterrier.Transformer
    """
    import pyterrier

    known = None if teacher is None else read_scores(teacher)

    def added(frame: Any) -> Any:
        if not len(frame):
            return frame.assign(**{column: []})
        scores = read_scores(frame) if known is None else known
        terms = _terms(scores, kind=kind, temperature=temperature, depth=depth)
        by_query = dict(zip(terms.qids, terms.entropy_nats.tolist(), strict=True))
        return frame.assign(**{column: frame.qid.map(by_query).astype("float64")})

    return pyterrier.apply.generic(added)


def Entropy(  # noqa: N802  measures have such names
    teacher: Any,
    *,
    kind: Kind | str | None = None,
    temperature: float | None = None,
    depth: int = DEPTH,
    name: str = "Entropy",
) -> Any:
    """The teacher's entropy as a measure: the same for every system, in nats.

    The parameters are those of `Risk`.
    """
    return _measure(
        "entropy_nats",
        name,
        teacher,
        kind=kind,
        temperature=temperature,
        depth=depth,
        student_temperature=1.0,
        score_range=SCORE_RANGE,
    )


def Divergence(  # noqa: N802, PLR0913  measures have such names
    teacher: Any,
    *,
    kind: Kind | str | None = None,
    temperature: float | None = None,
    student_temperature: float = 1.0,
    score_range: float = SCORE_RANGE,
    depth: int = DEPTH,
    name: str = "Divergence",
) -> Any:
    """A system's divergence from the teacher as a measure, in nats; less is better.

    The parameters are those of `Risk`.
    """
    return _measure(
        "divergence_nats",
        name,
        teacher,
        kind=kind,
        temperature=temperature,
        depth=depth,
        student_temperature=student_temperature,
        score_range=score_range,
    )


def Risk(  # noqa: N802, PLR0913  measures have such names
    teacher: Any,
    *,
    kind: Kind | str | None = None,
    temperature: float | None = None,
    student_temperature: float = 1.0,
    score_range: float = SCORE_RANGE,
    depth: int = DEPTH,
    name: str = "Risk",
) -> Any:
    """A system's risk against the teacher as a measure, in nats; less is better.

    The group of a query is the teacher's best `depth` documents, whatever the system
    retrieves. A document that it does not retrieve lies `score_range` temperatures
    below its best, and a query of which it retrieves none costs ln 2.

    Parameters
    ----------
    teacher : path or object
        The teacher's scores.
    kind : Kind or str, optional
        What they are; inferred by default.
    temperature, student_temperature : float
        Divide the margins of the teacher and of the system.
    score_range : float, default 3
        B, in temperatures: the system's scores are clipped so far below its best.
    depth : int, default 16
    name : str
        As the experiment's table shows it.

    Returns
    -------
    ir_measures.Measure

    Raises
    ------
    UsageError
        When the experiment has a query of which the teacher scores fewer than two
        documents.
    """
    return _measure(
        "risk_nats",
        name,
        teacher,
        kind=kind,
        temperature=temperature,
        depth=depth,
        student_temperature=student_temperature,
        score_range=score_range,
    )


def _measure(  # noqa: PLR0913  what a measure is made of
    term: str,
    name: str,
    teacher: Any,
    *,
    kind: Kind | str | None,
    temperature: float | None,
    depth: int,
    student_temperature: float,
    score_range: float,
) -> Any:
    import ir_measures

    known = read_scores(teacher)

    def values(qrels: Any, run: Any) -> Iterator[tuple[str, float]]:
        students: tuple[StudentSource, ...] = ()
        if len(run):
            named = {"query_id": "qid", "doc_id": "docno"}
            scores = read_scores(run.rename(columns=named)[["qid", "docno", "score"]])
            students = (
                StudentSource(
                    RUN,
                    scores=scores,
                    kind=Kind.LOGIT,
                    temperature=student_temperature,
                ),
            )
        terms = _terms(
            known,
            kind=kind,
            temperature=temperature,
            depth=depth,
            students=students,
            score_range=score_range,
        )
        by_query = dict(zip(terms.qids, getattr(terms, term).tolist(), strict=True))
        for qid in dict.fromkeys(qrels.query_id.astype(str)):
            if qid not in by_query:
                raise UsageError(
                    f"the teacher scores fewer than two documents of query {qid!r}, so "
                    f"{name} has no value; leave the query out of the judgements"
                )
            yield qid, by_query[qid]

    return ir_measures.define(values, name, support_cutoff=False)


def _terms(
    teacher: Scores,
    *,
    kind: Kind | str | None,
    temperature: float | None,
    depth: int,
    students: tuple[StudentSource, ...] = (),
    score_range: float = SCORE_RANGE,
) -> QueryTerms:
    """The terms of each query, those of the only student if there is one."""
    found = measured(
        MeasureOptions(
            teacher=teacher,
            teacher_kind=as_kind(kind, "`kind`"),
            temperature=temperature,
            students=students,
            depth=depth,
            pilot=0.0,
            score_range=score_range,
        )
    )
    return found.students[0].terms if found.students else found.teacher
