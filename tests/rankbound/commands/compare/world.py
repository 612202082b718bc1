"""A small world of samplings on disk, and the command that compares them."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rankbound.cli import main
from tests.rankbound.files import group_text, lookup, run_text


@dataclass
class Samplings:
    folder: Path
    teacher: dict = field(default_factory=dict)
    students: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)
    vectors: dict = field(default_factory=dict)
    qrels: dict = field(default_factory=dict)

    def path(self, name):
        return str(self.folder / name)

    def words(self, *extra, names=None, out="out"):
        names = self.groups if names is None else names
        given = [f"{name}={self.path(name + '.jsonl')}" for name in names]
        return [
            "compare", "--teacher", self.path("teacher.json"), "--groups", *given,
            "--out", self.path(out), "--resamples", "200", *extra,
        ]  # fmt: skip

    def vectors_of(self):
        return ["--embeddings", self.path("docs.npy"), "--ids", self.path("docs.txt")]

    def account(self, *extra, code=0, **settings):
        """Run the command and read what it wrote."""
        assert main(self.words(*extra, **settings)) == code
        name = settings.get("out", "out")
        return json.loads(Path(self.path(name), "comparison.json").read_text())

    def triples(self, name):
        """The groups of a sampling as (qid, documents, positives)."""
        return [(qid, docs, {docs[0]}) for qid, docs in self.groups[name]]

    def write_groups(self, name, groups, law=None):
        self.groups[name] = groups
        lines = group_text(groups).splitlines()
        if law is not None:
            rows = [json.loads(line) for line in lines]
            for row, (_, docs) in zip(rows, groups, strict=True):
                row["probabilities"] = law(docs)
            lines = [json.dumps(row) for row in rows]
        Path(self.path(f"{name}.jsonl")).write_text("\n".join(lines) + "\n")


def make(folder, *, seed=0, n_queries=14, unit=True):
    """Three samplings: "near" and "far" by score, "odd" of other sizes and queries.

    Some scores tie, some queries have two groups, one document has a twin.
    """
    rng = np.random.default_rng(seed)
    made = Samplings(Path(folder))
    near, far, odd = [], [], []
    for number in range(n_queries):
        qid = f"q{number:02d}"
        docs = [f"{qid}-d{i}" for i in range(20)]
        scores = np.sort(rng.normal(0, 3, 20).round(1))[::-1]
        made.teacher[qid] = dict(zip(docs, scores.tolist(), strict=True))
        noisy = scores + rng.normal(0, 1, 20)
        made.students.setdefault("strong", {})[qid] = dict(
            zip(docs, noisy.tolist(), strict=True)
        )
        made.students.setdefault("gappy", {})[qid] = {
            doc: score
            for doc, score in zip(docs, noisy.tolist(), strict=True)
            if rng.random() > 0.2
        }
        made.qrels[qid] = {doc: int(i in (0, 3)) for i, doc in enumerate(docs[:8])}
        for doc in docs:
            vector = rng.normal(size=6)
            made.vectors[doc] = vector / np.linalg.norm(vector) if unit else vector
        for repeat in range(1 + number % 2):
            near.append((qid, [docs[repeat], *rng.permutation(docs[2:9])[:5].tolist()]))
            far.append((qid, [docs[repeat], *rng.permutation(docs[9:])[:5].tolist()]))
        if number % 3:
            size = 1 + number % 4
            odd.append((qid, [docs[0], *rng.permutation(docs[1:])[:size].tolist()]))
    made.vectors["q00-d3"] = made.vectors["q00-d2"]
    write(made, {"near": near, "far": far, "odd": odd})
    return made


def write(made, groups):
    Path(made.path("teacher.json")).write_text(lookup(made.teacher))
    for name, scores in made.students.items():
        Path(made.path(f"{name}.run")).write_text(run_text(scores))
    for name, rows in groups.items():
        made.write_groups(name, rows)
    np.save(made.path("docs.npy"), np.stack(list(made.vectors.values())))
    Path(made.path("docs.txt")).write_text("\n".join(made.vectors) + "\n")
    lines = [
        f"{qid} 0 {doc} {grade}\n"
        for qid, row in made.qrels.items()
        for doc, grade in row.items()
    ]
    Path(made.path("qrels.txt")).write_text("".join(lines))
