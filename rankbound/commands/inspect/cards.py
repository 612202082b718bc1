"""The card of every sampling among the files of an inspection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.catalogue import PROVIDED
from rankbound.commands.cards import Card, card_of, false_negatives
from rankbound.commands.compare.samplings import pool
from rankbound.commands.inspect.examined import Examined
from rankbound.commands.inspect.readiness import names_of
from rankbound.commands.inspect.roles import Cast
from rankbound.commands.measure.given import Files
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    Sources,
    known_temperature,
    match_groups,
    split_queries,
    teacher_fit,
)
from rankbound.commands.measure.options import Temperature
from rankbound.data.columns import Floats
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Scores
from rankbound.errors import UsageError
from rankbound.estimators.kinds import NEEDS_TEMPERATURE, to_logits
from rankbound.results import Answer

DELTA: Final = 0.05  # as by default of `compare`


def sampling_cards(cast: Cast, temperature: Temperature) -> tuple[Card, ...]:
    """Cards of all groups that the teacher scores, as `compare` makes them.

    Distances come from vectors, and judgements from qrels, where these are among the
    files. Documents that lack a score or a vector are left out. Without a temperature
    that the teacher's scores need, there are no entropies. No card is made where a
    teacher's scores raise a question, or its margins do not join a group.

    Parameters
    ----------
    cast : Cast
    temperature : float, "fit" or None
    """
    teacher = cast.teacher
    if teacher is None or teacher.scores is None or teacher.scores.asked:
        return ()
    try:
        return tuple(_cards(cast, teacher, temperature))
    except (UsageError, DomainError):
        return ()  # `measure` and `compare` refuse the files, and say why


def card_answers(cards: Sequence[Card], cast: Cast, command: str) -> tuple[Answer, ...]:
    """Whether negatives are false, where a card says so."""
    known = [card for card in cards if card.suspected is not None]
    if not known or cast.teacher is None:
        return ()
    paths = [one.path for one in cast.groups]
    n = max(card.suspected_n for card in known)
    level = f"{100 * (1 - DELTA):.10g}%"
    return (
        false_negatives(
            known,
            dict(zip(names_of(paths), map(str, paths), strict=True)),
            rests_on=f"{counted(n, 'query')}, all intervals at once at {level}, "
            f"{PROVIDED} queries are independent draws",
            command=command,
            teacher=str(cast.teacher.path),
        ),
    )


def _cards(cast: Cast, teacher: Examined, temperature: Temperature) -> Iterator[Card]:
    read = _read(cast, teacher)
    if not read:
        return
    scale, aside = _temperature([*read.values()], temperature)
    for name, inputs in read.items():
        kept = np.array([qid not in aside for qid in inputs.groups.group_qids()])
        if kept.any():
            yield measured_card(
                name,
                inputs.groups.keep_groups(kept),
                inputs.values[np.repeat(kept, inputs.groups.sizes)],
                teacher=inputs.teacher,
                qrels=inputs.qrels,
                embeddings=inputs.embeddings,
                scale=scale,
                delta=DELTA / len(read),
            )


def _read(cast: Cast, teacher: Examined) -> dict[str, Inputs]:
    """The groups of every sampling, by name, with the teacher's scores and vectors.

    Files with no group that the teacher scores are left out.
    """
    facts, vectors = teacher.scores, cast.documents
    if facts is None:
        return {}
    sources = Sources(
        teacher=to_logits(facts.scores, differences=True),
        kind=facts.kind,
        evidence=facts.evidence,
        warnings=(),
        qrels=None if cast.qrels is None else cast.qrels.qrels,
        embeddings=None
        if vectors is None
        or vectors.vectors is None
        or not vectors.vectors.facts.finite.all()
        else vectors.vectors.embeddings,
        files=Files({}, teacher.path),
    )
    read = {}
    names = names_of([one.path for one in cast.groups])
    for name, one in zip(names, cast.groups, strict=True):
        if one.groups is None:
            continue
        _, scored = one.groups.scores_of(sources.teacher)
        if scored.any():
            read[name] = match_groups(one.groups, sources, Rule("all", "drop"))
    return read


def _temperature(
    read: Sequence[Inputs], asked: Temperature
) -> tuple[float | None, set[str]]:
    """The teacher's temperature, and the queries that it was fitted on.

    None where its scores need one that is neither given nor fitted.
    """
    if asked is None and read[0].kind in NEEDS_TEMPERATURE:
        marked = any(one.groups.positive is not None for one in read)
        asked = "fit" if marked or read[0].qrels is not None else None
    if asked != "fit":
        try:
            known = known_temperature(asked, read[0].kind, who="", option="")
        except UsageError:
            return None, set()
        return known, set()
    pooled = pool([one.groups for one in read])
    values, _ = pooled.scores_of(read[0].teacher)
    everything = replace(read[0], groups=pooled, values=values)
    try:
        split = split_queries(pooled, fits=True, seed=0)
        fit = teacher_fit(everything, split, asked)
    except (UsageError, DomainError):  # `measure` says why
        return None, set()
    aside = set(pooled.group_qids()[split.calibration])
    return None if fit is None else fit.value, aside


def measured_card(  # noqa: PLR0913  what a card is made from
    name: str,
    groups: Groups,
    values: Floats,
    *,
    teacher: Scores,
    qrels: Scores | None,
    embeddings: Embeddings | None,
    scale: float | None,
    delta: float,
) -> Card:
    """The card of groups, with entropies, margins and distances where they are known.

    Parameters
    ----------
    name : str
    groups : Groups
    values : float64 array, shape (n_rows,)
        Teacher scores of the groups' rows.
    teacher : Scores
        All scores of the teacher.
    qrels, embeddings
        Judgements and vectors of the documents, where there are any.
    scale : float or None
        The teacher's temperature; without one there are no entropies.
    delta : float
        Failure probability of the interval.
    """
    # These load the statistics, which an inspection without groups does not need
    from rankbound.commands.compare.quantities import per_query, teacher_quantities
    from rankbound.estimators.group_terms import geometry

    measured: dict[tuple[str, str], PerQuery] = {}
    if scale is not None:
        measured |= teacher_quantities(
            groups,
            values / scale,
            pair_sets=("all", "pos-neg"),
            names=["entropy", "margin"],
        )
    largest = None
    if embeddings is not None:
        space = geometry(groups, embeddings)
        largest = float(space.diameter.max())
        measured["mean_distance", "all"] = per_query(
            groups, space.mean_distance, "mean_distance"
        )
    return card_of(
        name,
        groups,
        values,
        teacher=teacher,
        qrels=qrels,
        clusters=None,
        measured=measured,
        largest_distance=largest,
        delta=delta,
    )
