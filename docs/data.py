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
RANKINGS = {"random": None, "bm25": "bm25", "hard": "teacher"}
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

    runs: dict[str, Rows] = {}
    judged: list[str] = []
    groups: dict[str, list[str]] = {"random": [], "bm25": [], "hard": []}
    for at, qid in enumerate(qids):
        cosine = docs @ queries[at]
        near = np.argsort(-cosine, kind="stable")[: POOL // 2]
        rest = rng.permutation(np.setdiff1d(np.arange(N_DOCS), near))[: POOL // 2]
        pool = np.union1d(np.append(near, answers[at]), rest)
        truth = 5 * cosine[pool] - 4 + 0.6 * rng.normal(size=len(pool))
        truth[pool == answers[at]] += 2
        names = [docnos[doc] for doc in pool]
        for run, row in _scores(truth, rng).items():
            found = dict(zip(names, np.round(row, 4).tolist(), strict=True))
            runs.setdefault(run, {})[qid] = found
        chance = 1 / (1 + np.exp(-truth))
        for place in rng.permutation(len(pool))[:20]:
            grade = int(rng.random() < chance[place])
            judged.append(f"{qid} 0 {names[place]} {grade}\n")
        positive = docnos[answers[at]]
        for sampling, ranking in RANKINGS.items():
            candidates = _candidates(names, runs, ranking, qid)
            candidates.remove(positive)
            wanted = candidates if ranking is None else candidates[: 2 * SIZE]
            drawn = [wanted[k] for k in rng.permutation(len(wanted))[: SIZE - 1]]
            line = {"query_id": qid, "doc_id_a": positive, "doc_id_b": drawn}
            groups[sampling].append(json.dumps(line) + "\n")

    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "teacher.json": json.dumps(runs.pop("teacher")) + "\n",
        **{f"{name}.run": _run(rows, name) for name, rows in runs.items()},
        **{f"{name}.jsonl": "".join(lines) for name, lines in groups.items()},
        "qrels.trec": "".join(judged),
        "docs.ids.txt": "\n".join(docnos) + "\n",
        "queries.ids.txt": "\n".join(qids) + "\n",
        "clusters.tsv": "".join(f"{q}\tc{n // 3:03d}\n" for n, q in enumerate(qids)),
        "train.txt": "\n".join(qids[:40]) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    np.save(folder / "docs.npy", docs.astype(np.float32))
    np.save(folder / "queries.npy", blurred.astype(np.float32))


def _scores(truth: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What each system says of documents whose logits of relevance are known."""
    noise = rng.normal(size=(5, len(truth)))
    return {
        "teacher": 2 * (truth + 0.5 * noise[0]),
        "large": 2 * truth + 0.8 * noise[1],
        "small": 1.2 * truth + 1.5 * noise[2],
        "bm25": 12 + 2 * truth + 4 * noise[3],
        "before": truth + 0.9 * noise[4],
        "after": truth + 0.4 * noise[4],
    }


def _candidates(
    names: list[str], runs: dict[str, Rows], ranking: str | None, qid: str
) -> list[str]:
    """The documents of a query, ranked by a system or as they come."""
    if ranking is None:
        return [*names]
    row = runs[ranking][qid]
    return sorted(names, key=lambda name: (-row[name], name))


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
