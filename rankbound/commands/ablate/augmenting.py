"""Augmented training: other queries or other targets, and what is foretold of them.

Augmented queries stand beside the others, with the groups and the teacher's scores of
the query that they are made from, so that no new query is drawn: the n of a bound stays
what it is. Augmented targets take the place of the teacher's. Steps stay as many.

Theorem 5 compares bounds of one teacher at one temperature. Of targets it says what
their bound on themselves is, which is another promise, and is told as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rankbound.bounds.theorem5 import (
    Design,
    compare_designs,
    finite_complexity,
    queries_to_break_even,
)
from rankbound.commands.ablate.collections import TRAIN, Collection
from rankbound.commands.ablate.encoders import MATCHED
from rankbound.commands.ablate.measuring import DELTA, Bench, Drawn
from rankbound.commands.ablate.result import Foretold
from rankbound.commands.ablate.students import CHECKPOINTS, CROSS, Lessons
from rankbound.commands.ablate.teaching import relevant_of, retaught
from rankbound.commands.demo.models import pair_features
from rankbound.commands.demo.retrieval import asking
from rankbound.data.columns import Strings, strings
from rankbound.errors import UsageError
from rankbound.estimators.pairwise import pairwise_entropy_nats, pairwise_risk_nats

DROPOUT, TITLE, SUMMARY = INPUTS = ("term-dropout", "title", "summary")
TEMPERATURE: Final = "temperature"
# Targets that are another teacher's
OF_TEACHER: Final[Mapping[str, str]] = {
    "label-noise": "noisy",
    "ensembling": "ensemble",
}
AUGMENTATIONS: Final = (*INPUTS, TEMPERATURE, *OF_TEACHER)
WARM: Final = 2.0  # divides the log-odds
DROPPED: Final = 0.3  # of the words of a query
TITLE_WORDS, SUMMARY_WORDS = 8, 24
SENTENCE: Final = re.compile(r"(?<=[.!?])\s|\n\s*\n")


def check_augmentations(bench: Bench, names: Sequence[str]) -> None:
    """Refuse queries whose vectors nobody can compute."""
    asked = [name for name in names if name in INPUTS]
    if asked and bench.encoder is None and bench.collection.retrieved.space is None:
        raise UsageError(
            f"{bench.collection.name}: has vectors of its own, and so none of the "
            f"queries that {asked[0]!r} makes; leave it out of `augmentations`, give "
            "an `encoder`, or move the folder embeddings away"
        )


def augmented(
    bench: Bench, architecture: str, drawn: Sequence[Drawn], name: str
) -> Lessons:
    """The lessons of some groups, augmented."""
    lessons = bench.lessons(architecture, [*drawn])
    if name == TEMPERATURE:
        return replace(lessons, teacher=lessons.teacher / WARM)
    if name in OF_TEACHER:
        other = bench.taught(retaught(bench.collection, OF_TEACHER[name]))
        teacher = other.lessons(architecture, [*drawn]).teacher
        return replace(lessons, teacher=teacher)
    return _with_queries(bench, architecture, lessons, drawn, name)


def _with_queries(
    bench: Bench,
    architecture: str,
    lessons: Lessons,
    drawn: Sequence[Drawn],
    name: str,
) -> Lessons:
    """Every group a second time, for the query that is made from its own."""
    collection = bench.collection
    texts = queries_of(collection, name)
    twice = {
        "asked": np.concatenate([lessons.asked, lessons.asked], axis=1),
        "teacher": np.concatenate([lessons.teacher, lessons.teacher], axis=1),
    }
    rows = np.concatenate([lessons.rows, lessons.rows + len(texts)], axis=1)
    if bench.encoder is not None:
        queries = np.concatenate([lessons.queries, texts])
        return replace(lessons, queries=queries, rows=rows, **twice)
    retrieved = asking(collection.retrieved, texts.tolist())
    if architecture != CROSS:
        queries = np.concatenate([lessons.queries, retrieved.query_vectors])
        return replace(lessons, queries=queries, rows=rows, **twice)
    features = bench.features
    groups = [collection.of_split(one.groups, TRAIN) for one in drawn]
    codes = np.stack([collection.codes(one)[1] for one in groups])
    keys = lessons.rows[:, :, None] * bench.n_docs + codes
    every, place = np.unique(keys, return_inverse=True)
    parts = [
        pair_features(
            retrieved, query, every[every // bench.n_docs == query] % bench.n_docs
        )
        for query in np.unique(every // bench.n_docs).tolist()
    ]
    values = (np.concatenate(parts) - features.mean) / features.spread
    documents = np.concatenate([lessons.documents, values.astype(np.float32)])
    more = len(lessons.documents) + place.reshape(keys.shape)
    asked = np.concatenate([lessons.asked, more], axis=1)
    # A head of features asks no queries
    both = np.concatenate([lessons.rows, lessons.rows], axis=1)
    return replace(
        lessons, documents=documents, rows=both, **(twice | {"asked": asked})
    )


def queries_of(collection: Collection, name: str) -> Strings:
    """What is made of every query: its words dropped, or words of what is relevant.

    "term-dropout" drops each word with probability 0.3, but not all; "title" has the
    first 8 words of its first relevant document, and "summary" the first sentence, of
    at most 24 words.
    """
    if name == DROPOUT:
        rng = np.random.default_rng([len(collection.qids), 6])
        return strings([_dropped(text, rng) for text in collection.queries])
    found = []
    for codes in relevant_of(collection):
        text = collection.documents[codes[0]] if len(codes) else ""
        if name == SUMMARY:
            words = SENTENCE.split(text.strip(), maxsplit=1)[0].split()[:SUMMARY_WORDS]
        else:
            words = text.split()[:TITLE_WORDS]
        found.append(" ".join(words))
    return strings(found)


def _dropped(text: str, rng: np.random.Generator) -> str:
    words = text.split()
    kept = rng.random(len(words)) >= DROPPED
    if words and not kept.any():
        kept[rng.integers(len(words))] = True
    return " ".join(word for word, keep in zip(words, kept, strict=True) if keep)


def foretold(
    bench: Bench,
    architectures: Sequence[str],
    sampling: str,
    drawn: Sequence[Drawn],
    names: Sequence[str],
    *,
    match: bool,
) -> Iterator[Foretold]:
    """What Theorem 5 says of augmentations by groups and untrained students alone.

    The locality is the range of the untrained student's scores in a group, which L
    times the diameter bounds; students are the checkpoints of all augmentations.
    """
    n = len(bench.collection.splits[TRAIN])
    complexity = finite_complexity(DELTA, CHECKPOINTS * (1 + len(names)))
    for architecture in architectures:
        plain = bench.lessons(architecture, [*drawn])
        before = _design(bench, architecture, plain, match=match)
        for name in names:
            made = augmented(bench, architecture, drawn, name)
            after = _design(bench, architecture, made, match=match)
            told = compare_designs(
                before, after, n_queries=n, n_after=n, complexity=complexity
            )
            needed = queries_to_break_even(
                before, after, n_queries=n, complexity=complexity
            )
            yield Foretold(
                collection=bench.collection.name,
                architecture=architecture,
                sampling=sampling,
                augmentation=name,
                n_queries=n,
                entropy_before=before.entropy,
                entropy_after=after.entropy,
                divergence_before=before.divergence,
                divergence_after=after.divergence,
                locality_before=before.locality,
                locality_after=after.locality,
                bound_before=told.before,
                bound_after=told.after,
                improves=told.improves,
                vacuous=told.vacuous,
                same_teacher=name in INPUTS,
                break_even_n=needed if np.isfinite(needed) else None,
            )


def _design(
    bench: Bench, architecture: str, lessons: Lessons, *, match: bool
) -> Design:
    """The terms of untrained students on their lessons: means over seeds."""
    found = []
    for seed in range(len(lessons.rows)):
        student = bench.untrained(architecture, lessons, seed=seed, match=match)
        # An encoder reads some groups alone: they cost
        some = slice(None if bench.encoder is None else MATCHED)
        teacher = lessons.teacher[seed][some]
        scores = student.scores(
            *(lessons.queries, lessons.documents),
            *(lessons.rows[seed][some], lessons.asked[seed][some]),
        )
        entropy = float(np.mean(pairwise_entropy_nats(teacher)))
        risk = float(np.mean(pairwise_risk_nats(teacher, scores)))
        found.append((entropy, risk - entropy, float(np.ptp(scores, axis=1).mean())))
    entropy, divergence, locality = np.mean(found, axis=0).tolist()
    return Design(entropy=entropy, divergence=max(divergence, 0.0), locality=locality)
