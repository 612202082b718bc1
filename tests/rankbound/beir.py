"""A small collection in a BEIR folder, with a teacher and vectors, for `ablate`."""

import gzip
import json

import numpy as np

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
N_DOCS, N_QUERIES, WIDTH = 160, 72, 8


def world(folder, *, shuffled=False, seed=5):
    """A BEIR folder: documents about a topic, a teacher that knows it, and vectors.

    Vectors are the topics turned by a rotation of the queries' space, so that a
    bilinear form has something to learn.
    """
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(N_DOCS, WIDTH))
    topics /= np.linalg.norm(topics, axis=1)[:, None]
    docnos = [f"d{i:03}" for i in range(N_DOCS)]
    qids = [f"q{i:02}" for i in range(N_QUERIES)]
    sought = rng.permutation(N_DOCS)[:N_QUERIES]
    asked = topics[sought] + 0.15 * rng.normal(size=(N_QUERIES, WIDTH))
    directions = rng.normal(size=(len(WORDS), WIDTH))

    def text(vector, n):
        return " ".join(WORDS[i] for i in np.argsort(-directions @ vector)[:n])

    (folder / "qrels").mkdir(parents=True)
    (folder / "teacher").mkdir()
    (folder / "embeddings").mkdir()
    for name, ids, texts in (
        ("corpus", docnos, [text(t, 25) for t in topics]),
        ("queries", qids, [text(t, 6) for t in asked]),
    ):
        rows = [
            json.dumps({"_id": one, "title": "", "text": said})
            for one, said in zip(ids, texts, strict=True)
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    lines = ["query-id\tcorpus-id\tscore"]
    teacher = {}
    for q, qid in enumerate(qids):
        values = 12 * (topics @ asked[q]) - 8
        near = np.argsort(-values)[:40]
        lines += [
            f"{qid}\t{docnos[d]}\t{2 - place}" for place, d in enumerate(near[:2])
        ]
        given = rng.permutation(values[near]) if shuffled else values[near]
        teacher[qid] = {docnos[d]: float(v) for d, v in zip(near, given, strict=True)}
    (folder / "qrels/test.tsv").write_text("\n".join(lines) + "\n")
    with gzip.open(folder / "teacher/teacher.scores.json.gz", "wt") as stream:
        json.dump(teacher, stream)
    # Two coordinates of the queries are swapped, and one is much too large
    turned = asked.copy()
    turned[:, [0, 1]] = asked[:, [1, 0]]
    turned[:, 2] *= 1.6
    for name, ids, vectors in (("corpus", docnos, topics), ("queries", qids, turned)):
        np.save(folder / f"embeddings/own.{name}.npy", vectors.astype(np.float32))
        (folder / f"embeddings/own.{name}.ids.txt").write_text("\n".join(ids) + "\n")
    return folder
