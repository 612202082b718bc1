"""Small data for the pages of this site, the same bytes on every machine.

``python docs/data.py DIR`` writes them, so that every command of the site can be
repeated. The world is simulated: documents are unit vectors, a query lies near the
document that answers it, and the teacher knows the truth up to noise but speaks twice
as surely as it should.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

N_QUERIES, N_DOCS, POOL, SIZE, DIMENSION = 300, 1500, 48, 8, 12
Rows = dict[str, dict[str, float]]


def write(folder: Path) -> None:
    """Write teacher, students, groups, vectors, judgements and texts into a folder."""
    rng = np.random.default_rng(17)
    docs = _unit(rng.normal(size=(N_DOCS, DIMENSION)))
    answers = rng.permutation(N_DOCS)[:N_QUERIES]
    queries = _unit(docs[answers] + 0.25 * rng.normal(size=(N_QUERIES, DIMENSION)))
    blurred = _unit(queries + 0.2 * rng.normal(size=queries.shape))
    qids = [f"q{n:03d}" for n in range(1, N_QUERIES + 1)]
    docnos = [f"d{n:04d}" for n in range(1, N_DOCS + 1)]

    runs: dict[str, Rows] = {
        name: {} for name in ("teacher", "large", "small", "bm25", "before", "after")
    }
    judged: list[str] = []
    groups: dict[str, list[str]] = {"random": [], "bm25": [], "hard": []}
    for at, qid in enumerate(qids):
        cosine = docs @ queries[at]
        near = np.argsort(-cosine, kind="stable")[: POOL // 2]
        rest = rng.permutation(np.setdiff1d(np.arange(N_DOCS), near))[: POOL // 2]
        pool = np.union1d(np.append(near, answers[at]), rest)
        truth = 5 * cosine[pool] - 4 + 0.6 * rng.normal(size=len(pool))
        truth[pool == answers[at]] += 2
        noise = rng.normal(size=(5, len(pool)))
        scores = {
            "teacher": 2 * (truth + 0.5 * noise[0]),
            "large": 2 * truth + 0.8 * noise[1],
            "small": 1.2 * truth + 1.5 * noise[2],
            "bm25": 12 + 2 * truth + 4 * noise[3],
            "before": truth + 0.9 * noise[4],
            "after": truth + 0.4 * noise[4],
        }
        names = [docnos[doc] for doc in pool]
        for run, row in scores.items():
            rounded = np.round(row, 3).tolist()
            runs[run][qid] = dict(zip(names, rounded, strict=True))
        chance = 1 / (1 + np.exp(-truth))
        for place in rng.permutation(len(pool))[:20]:
            grade = int(rng.random() < chance[place])
            judged.append(f"{qid} 0 {names[place]} {grade}\n")
        positive = docnos[answers[at]]
        others = [name for name in names if name != positive]
        for sampling, top in (("random", None), ("bm25", "bm25"), ("hard", "teacher")):
            if top is not None:
                row = runs[top][qid]
                others = sorted(others, key=lambda name: (-row[name], name))
            wanted = others if top is None else others[: 2 * SIZE]
            drawn = [wanted[k] for k in rng.permutation(len(wanted))[: SIZE - 1]]
            line = {"query_id": qid, "doc_id_a": positive, "doc_id_b": drawn}
            groups[sampling].append(json.dumps(line) + "\n")

    folder.mkdir(parents=True, exist_ok=True)
    teacher = json.dumps(runs.pop("teacher")) + "\n"
    (folder / "teacher.json").write_text(teacher, encoding="utf-8")
    for name, rows in runs.items():
        (folder / f"{name}.run").write_text(_run(rows, name), encoding="utf-8")
    for name, lines in groups.items():
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "qrels.trec").write_text("".join(judged), encoding="utf-8")
    np.save(folder / "docs.npy", docs.astype(np.float32))
    np.save(folder / "queries.npy", blurred.astype(np.float32))
    (folder / "docs.ids.txt").write_text("\n".join(docnos) + "\n", encoding="utf-8")
    (folder / "queries.ids.txt").write_text("\n".join(qids) + "\n", encoding="utf-8")
    lines = [f"{qid}\tc{at // 3:03d}\n" for at, qid in enumerate(qids)]
    (folder / "clusters.tsv").write_text("".join(lines), encoding="utf-8")
    (folder / "train.txt").write_text("\n".join(qids[:40]) + "\n", encoding="utf-8")


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _run(rows: Rows, tag: str) -> str:
    return "".join(
        f"{qid} Q0 {docno} {rank} {score!r} {tag}\n"
        for qid, row in rows.items()
        for rank, (docno, score) in enumerate(
            sorted(row.items(), key=lambda pair: (-pair[1], pair[0])), start=1
        )
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
