"""Data whose queries come in clusters: copies of a query, and noisy copies."""

import random
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Clustered:
    """Scores, judgements and groups of one data set, and the clusters of its queries.

    `groups` maps samplings to lists of (qid, docnos), the positive first.
    """

    teacher: dict = field(default_factory=dict)
    student: dict = field(default_factory=dict)
    qrels: dict = field(default_factory=dict)
    groups: dict = field(default_factory=lambda: {"random": [], "hard": []})
    clusters: dict = field(default_factory=dict)

    def lines(self, sampling):
        return [
            {"query_id": qid, "doc_id_a": docs[0], "doc_id_b": docs[1:]}
            for qid, docs in self.groups[sampling]
        ]

    def vectors(self, seed=0):
        """Documents have vectors of their own, whatever the query."""
        from rankbound.data.columns import strings
        from rankbound.data.embeddings import Embeddings

        docnos = sorted({d for row in self.teacher.values() for d in row})
        drawn = np.random.default_rng(seed).normal(size=(len(docnos), 4))
        unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        return Embeddings(strings(docnos), unit, "vectors")


def drawn(n, *, seed=0, size=6):
    """Independent queries, each a cluster of its own name, with two groups each."""
    rng, made = random.Random(seed), Clustered()
    for number in range(n):
        qid = f"c{number:03d}"
        docs = [f"d{rng.randrange(4)}-{place}" for place in range(size)]
        scores = {doc: rng.gauss(0, 2) for doc in docs}
        made.teacher[qid] = scores
        made.student[qid] = {doc: s + rng.gauss(0, 1.5) for doc, s in scores.items()}
        made.qrels[qid] = {doc: rng.randrange(3) for doc in docs}
        made.clusters[qid] = qid
        for name, start in (("random", 0), ("hard", 1)):
            for _ in range(1 + number % 2):
                made.groups[name].append((qid, rng.sample(docs[start:], size - 2)))
    return made


def copied(one, copies):
    """Every query as often as `copies` says of its place, all in one cluster."""
    made = Clustered()
    for place, qid in enumerate(one.teacher):
        for copy in range(copies(place)):
            name = f"{qid}-{copy}"
            made.clusters[name] = qid
            for part in ("teacher", "student", "qrels"):
                getattr(made, part)[name] = getattr(one, part)[qid]
            for sampling, rows in one.groups.items():
                own = [(name, docs) for other, docs in rows if other == qid]
                made.groups[sampling] += own
    return made


def flat(value, path=()):
    """The numbers of nested dictionaries and lists by their path."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return {path: value}
    else:
        return {}
    return {k: v for key, part in parts for k, v in flat(part, (*path, key)).items()}


def differing(first, second, *, apart=()):
    """Paths at which two results differ by more than rounding, without some keys."""
    one, other = flat(first), flat(second)
    return {
        path: (one.get(path), other.get(path))
        for path in one.keys() | other.keys()
        if not {*apart} & {*path}
        if one.get(path) is None
        or other.get(path) is None
        or abs(one[path] - other[path]) > 1e-9 * max(1.0, abs(one[path]))
    }
