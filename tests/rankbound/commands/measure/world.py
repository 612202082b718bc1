"""A small random world on disk: teacher, students, groups, vectors, judgements."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class World:
    folder: Path
    teacher: dict
    students: dict
    groups: list
    vectors: dict
    queries: dict
    qrels: dict

    def path(self, name):
        return str(self.folder / name)

    def arguments(self, *extra, students=("strong", "gappy"), out="out"):
        """Of a measurement whose students are clipped at 10 on what they score."""
        for option, value in (("--score-range", "10"), ("--unscored", "drop")):
            certified = students or "--bi-encoder" in extra
            if certified and option not in extra:
                extra = (*extra, option, value)
        words = ["measure", "--teacher", self.path("teacher.json.gz")]
        for name in students:
            words += ["--student", f"{name}={self.path(name + '.run')}"]
        return [*words, "--out", self.path(out), *extra]

    def with_groups(self):
        return ["--groups", self.path("groups.jsonl")]

    def with_vectors(self):
        return ["--embeddings", self.path("docs.npy"), "--ids", self.path("docs.txt")]


def make_world(folder, *, seed=0, n_queries=12, sizes=(1, 9)):
    """Every query has documents of its own; some have two groups, some one document.

    The student "strong" scores everything, "gappy" lacks about every fourth document.
    """
    rng = np.random.default_rng(seed)
    world = World(Path(folder), {}, {"strong": {}, "gappy": {}}, [], {}, {}, {})
    for number in range(n_queries):
        qid = f"q{number * 7 % n_queries:02d}"
        docs = [f"{qid}-d{i}" for i in rng.permutation(24)]
        scores = rng.normal(0, 4, 24).round(3)
        if number == 0:
            scores[:6] = 1.5  # a block of ties
        world.teacher[qid] = dict(zip(docs, scores.tolist(), strict=True))
        noisy = scores + rng.normal(0, 3, 24)
        noisy[3] -= 60  # far below B
        world.students["strong"][qid] = dict(zip(docs, noisy.tolist(), strict=True))
        world.students["gappy"][qid] = {
            doc: score
            for doc, score in zip(docs, rng.normal(0, 2, 24).tolist(), strict=True)
            if rng.random() > 0.25
        }
        world.qrels[qid] = {doc: int(rng.integers(0, 3)) for doc in docs[:10]}
        world.queries[qid] = rng.normal(size=5).astype(np.float32)
        for doc in docs:
            world.vectors[doc] = rng.normal(size=5).astype(np.float32)
        for _ in range(1 + number % 2):
            chosen = rng.permutation(docs)[: rng.integers(*sizes, endpoint=True)]
            world.groups.append((qid, chosen.tolist(), {str(chosen[0])}))
    twin = list(world.vectors)
    world.vectors[twin[1]] = world.vectors[twin[0]]  # the same document twice
    _write(world)
    return world


def _write(world):
    lookup = json.dumps(world.teacher).encode()
    Path(world.path("teacher.json.gz")).write_bytes(gzip.compress(lookup, mtime=0))
    for name, scores in world.students.items():
        rows = [
            f"{qid} Q0 {doc} 0 {score!r} {name}\n"
            for qid, row in scores.items()
            for doc, score in row.items()
        ]
        Path(world.path(f"{name}.run")).write_text("".join(rows))
    lines = [
        json.dumps({"query_id": q, "doc_id_a": docs[0], "doc_id_b": docs[1:]})
        for q, docs, _ in world.groups
    ]
    Path(world.path("groups.jsonl")).write_text("\n".join(lines) + "\n")
    grades = [
        f"{qid} 0 {doc} {grade}\n"
        for qid, row in world.qrels.items()
        for doc, grade in row.items()
    ]
    Path(world.path("qrels.txt")).write_text("".join(grades))
    for name, vectors in (("docs", world.vectors), ("queries", world.queries)):
        np.save(world.path(f"{name}.npy"), np.stack(list(vectors.values())))
        Path(world.path(f"{name}.txt")).write_text("\n".join(vectors) + "\n")
