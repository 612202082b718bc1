"""Teachers of graded strength and entropy, made of the teacher of a collection.

Two have its order of documents, so that their entropy alone differs: "overconfident"
and "underconfident", whose log-odds are four times as large and a quarter. The others
differ in what they know. All score the documents that it scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rankbound.commands.ablate.collections import TRAIN, Collection
from rankbound.commands.demo.models import FEATURES, pair_features, train_teacher
from rankbound.data.columns import Floats, Integers, positions
from rankbound.data.scores import Kind
from rankbound.errors import UsageError

UNTAUGHT: Final = ("random", "bm25", "dense", "ensemble")
OVER, UNDER = SAME_ORDER = ("overconfident", "underconfident")
NOISY: Final = "noisy"
CONFIDENCE: Final = 4.0
BONUS: Final = 2.0  # of a relevant document, in spreads of the log-odds
ALL: Final = range(len(FEATURES))
PARTS: Final = 3  # of the training queries, each of which trains a member
# What the weaker teacher reads
BY_VECTORS: Final = [
    place for place, name in enumerate(FEATURES) if name.startswith("lsa")
]


def retaught(collection: Collection, name: str) -> Collection:
    """The same collection with another teacher.

    Raises
    ------
    UsageError
        When a member of an ensemble lacks a score of the teacher.
    """
    teacher = collection.pool.teacher
    values = MADE[name](collection)
    held = replace(
        collection.pool, teacher=teacher.with_values(values, kind=Kind.LOGIT)
    )
    # Groups that the teacher took part in are drawn anew
    drawn = {one: of for one, of in collection.drawn.items() if one in UNTAUGHT}
    digest = f"{collection.digest} {hashlib.sha256(values.tobytes()).hexdigest()}"
    # Of one kind of query it has as many opinions as there are queries
    kinds = {} if name == NOISY else collection.kinds
    return replace(collection, pool=held, drawn=drawn, digest=digest, kinds=kinds)


def spread(collection: Collection) -> float:
    """Root mean square of the log-odds less the mean of their query."""
    teacher = collection.pool.teacher
    rows = teacher.row_query()
    means = np.bincount(rows, weights=teacher.values) / np.maximum(teacher.sizes, 1)
    return float(np.sqrt(np.mean((teacher.values - means[rows]) ** 2)))


def _sharper(collection: Collection) -> Floats:
    return collection.pool.teacher.values * CONFIDENCE


def _softer(collection: Collection) -> Floats:
    return collection.pool.teacher.values / CONFIDENCE


def _noisy(collection: Collection) -> Floats:
    values = collection.pool.teacher.values
    noise = np.random.default_rng([len(values), 5]).standard_normal(len(values))
    return values + spread(collection) * noise


def _stronger(collection: Collection) -> Floats:
    """It is told what is relevant, as no real teacher is."""
    good = relevant_of(collection)
    every, offsets = _codes(collection), collection.pool.teacher.offsets
    told = [
        np.isin(every[start:stop], good[query])
        for query, start, stop in zip(
            _queries(collection), offsets[:-1], offsets[1:], strict=True
        )
    ]
    bonus = BONUS * spread(collection) * np.concatenate(told)
    return collection.pool.teacher.values + bonus


def _weaker(collection: Collection) -> Floats:
    """It reads what the vectors say alone, and no words."""
    return _learnt(collection, collection.splits[TRAIN], BY_VECTORS)


def members_of(collection: Collection) -> list[Floats]:
    """Log-odds of the members of an ensemble besides the teacher, row by row.

    Those of files, or else of three models that each learn from a third of the training
    queries.
    """
    teacher = collection.pool.teacher
    if not collection.members:
        queries = collection.splits[TRAIN]
        return [_learnt(collection, queries[part::PARTS]) for part in range(PARTS)]
    found = []
    for member in collection.members:
        values, known = member.lookup(
            *(teacher.row_query(), teacher.qids, teacher.codes, teacher.docnos)
        )
        if not known.all():
            qid, docno = teacher.where(int(np.argmin(known)))
            raise UsageError(
                f"{member.name}: has no score of {docno!r} for {qid!r}, which the "
                "teacher scores; give the scores of all members for the same documents"
            )
        found.append(values)
    return found


def _ensemble(collection: Collection) -> Floats:
    every = [collection.pool.teacher.values, *members_of(collection)]
    return np.mean(every, axis=0)  # type: ignore[no-any-return]


def _queries(collection: Collection) -> Integers:
    return positions(collection.qids, collection.pool.teacher.qids)


def _codes(collection: Collection) -> Integers:
    teacher = collection.pool.teacher
    return positions(collection.docnos, teacher.docnos)[teacher.codes]


def relevant_of(collection: Collection) -> list[Integers]:
    """Codes of the relevant documents of every query."""
    judged = collection.pool.relevant
    query = positions(collection.qids, judged.qids)[judged.row_query()]
    codes = positions(collection.docnos, judged.docnos)[judged.codes]
    good = judged.values >= 1
    query, codes = query[good], codes[good]
    order = np.argsort(query, kind="stable")
    ends = np.searchsorted(query[order], np.arange(1, len(collection.qids)))
    return np.split(codes[order], ends)


def _learnt(
    collection: Collection, queries: Integers, features: Sequence[int] = ALL
) -> Floats:
    """Log-odds of the demo's model that has learnt from some queries."""
    offsets, every = collection.pool.teacher.offsets, _codes(collection)
    asked = _queries(collection)
    pools: list[Integers] = [every[:0]] * len(collection.qids)
    order: list[Integers] = []
    for query, start, stop in zip(asked, offsets[:-1], offsets[1:], strict=True):
        order.append(np.argsort(every[start:stop]))
        pools[query] = every[start:stop][order[-1]]
    good, retrieved = relevant_of(collection), collection.retrieved
    rows = {
        query: pair_features(retrieved, query, pools[query])[:, features]
        for query in asked.tolist()
    }
    labels = [np.isin(pools[query], good[query]) for query in queries]
    model = train_teacher(
        np.concatenate([rows[query] for query in queries.tolist()]),
        np.concatenate(labels).astype(np.int64),
        seed=0,
    )
    found = [model.logits(table) for table in rows.values()]
    made = np.empty(len(every))
    for row, (start, values) in enumerate(zip(offsets[:-1], found, strict=True)):
        made[start + order[row]] = values
    return made


MADE: Final[Mapping[str, Callable[[Collection], Floats]]] = {
    "weaker": _weaker,
    "stronger": _stronger,
    OVER: _sharper,
    UNDER: _softer,
    NOISY: _noisy,
    "ensemble": _ensemble,
}
TEACHERS: Final[Sequence[str]] = tuple(MADE)
