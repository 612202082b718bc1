"""No command loops over queries in Python: a profiler counts the calls at two sizes."""

import cProfile
import json
import pstats
from pathlib import Path

import numpy as np
import pytest

import rankbound as rb

SIZE = 6
FEW, MANY = 400, 1600
# Calls of one of our functions that a further query may cost. A loop has one or more;
# blocks of queries have less
LEAST = 0.9
OURS = str(Path(rb.__file__).parents[1])


def written(folder, queries):
    """A teacher's table, a student's run, groups of two samplings, vectors."""
    rng = np.random.default_rng(0)
    docs = np.arange(queries * 2 * SIZE).reshape(queries, 2 * SIZE)
    scores = rng.normal(0, 3, docs.shape)
    teacher, run, near, other = {}, [], [], []
    for query, (ids, values) in enumerate(zip(docs, scores, strict=True)):
        qid, names = f"q{query}", [f"d{d}" for d in ids]
        teacher[qid] = dict(zip(names, values.round(4).tolist(), strict=True))
        run += [f"{qid} Q0 {d} 1 {v / 2:.4f} s" for d, v in teacher[qid].items()]
        for lines, chosen in ((near, names[1:SIZE]), (other, names[SIZE:])):
            row = {"query_id": qid, "doc_id_a": names[0], "doc_id_b": chosen}
            lines.append(json.dumps(row))
    folder.mkdir()
    (folder / "teacher.json").write_text(json.dumps(teacher))
    (folder / "student.run").write_text("\n".join(run) + "\n")
    (folder / "near.jsonl").write_text("\n".join(near) + "\n")
    (folder / "random.jsonl").write_text("\n".join(other) + "\n")
    np.save(folder / "docs.npy", rng.normal(size=(docs.size, 8)).astype(np.float32))
    (folder / "docs.ids.txt").write_text("".join(f"d{d}\n" for d in docs.ravel()))
    return folder


def measure(folder):
    made = rb.measure(
        folder / "teacher.json",
        students={"s": folder / "student.run"},
        groups=folder / "near.jsonl",
        embeddings=folder / "docs.npy",
    )
    made.save(folder / "measured")


def compare(folder):
    made = rb.compare(
        folder / "teacher.json",
        groups={"near": folder / "near.jsonl", "random": folder / "random.jsonl"},
        resamples=0,
    )
    made.save(folder / "compared")


def calls(command, folder):
    profile = cProfile.Profile()
    profile.enable()
    command(folder)
    profile.disable()
    return pstats.Stats(profile)


@pytest.mark.parametrize("command", [measure, compare])
def test_calls_do_not_grow_with_the_queries(command, tmp_path):
    few, many = (written(tmp_path / f"{size}", size) for size in (FEW, MANY))
    command(few)  # imports, and what is made once
    counts = [
        {key: row[1] for key, row in calls(command, folder).stats.items()}
        for folder in (few, many)
    ]
    grown = {
        key: (number - counts[0].get(key, 0)) / (MANY - FEW)
        for key, number in counts[1].items()
        if key[0].startswith(OURS) and ".venv" not in key[0]
    }
    loops = {key: round(by, 2) for key, by in grown.items() if by > LEAST}
    assert not loops
