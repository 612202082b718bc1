"""Kill commands at random moments, run them again, and compare what they end with.

``python -m tests.rankbound.resuming WHERE [KILLS [COMMAND ...]]`` kills `measure`,
`compare`, `cut`, `validate` and `study`, or the commands named, in turn, by SIGKILL and
at moments drawn from a seed, and prints a line for each kill: the command, the moment
as a share of a whole run, what was there after the kill, and whether the run that went
on ended with the bytes of a run that nobody killed.
"""

import contextlib
import io
import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from rankbound import engine
from rankbound.cli import main as program

TILE = 64  # so that small files have several blocks
QUERIES, SIZE = 400, 4
FILES = ("--teacher", "teacher.run", "--teacher-kind", "logit", "--quiet")
STUDENT = ("--student", "s=s.run", "--student-kind", "logit")
VECTORS = ("--embeddings", "docs.npy", "--ids", "docs.ids.txt")
COMMANDS = {
    "measure": ("measure", *FILES, *STUDENT, "--groups", "near.jsonl", *VECTORS),
    "compare": (
        *("compare", *FILES, *STUDENT, *VECTORS, "--resamples", "99"),
        *("--groups", "near=near.jsonl", "random=random.jsonl"),
    ),
    "cut": ("cut", *FILES, *VECTORS, "--groups", "near.jsonl", "--by", "diameter"),
    "validate": (
        *("validate", *FILES, *STUDENT, *VECTORS, "--qrels", "judged.qrels"),
        *("--student", "t=t.run", "--groups", "near=near.jsonl", "random=random.jsonl"),
        *("--measures", "nDCG@3 AP@3", "--resamples", "200", "--permutations", "99"),
    ),
    "study": ("study", "data", "--quiet"),
}


def write_query(query, rng, runs, groups):
    """Add the lines of a query to those of each file."""
    docs = [f"d{n}" for n in rng.choice(200, 2 * SIZE - 1, replace=False)]
    true = rng.normal(0, 2, len(docs))
    true[:SIZE] += 1
    seen = 0.7 * true + rng.normal(size=len(docs))
    worse = 0.3 * true - 0.2 * seen
    for name, scores in (("teacher", true), ("s", seen), ("t", worse)):
        rows = sorted(zip(scores, docs, strict=True), reverse=True)
        for rank, (score, doc) in enumerate(rows, 1):
            runs[name].append(f"q{query} Q0 {doc} {rank} {score:.6f} {name}\n")
    for name, others in (("near", docs[1:SIZE]), ("random", docs[SIZE:])):
        row = {"query_id": f"q{query}", "doc_id_a": docs[0], "doc_id_b": others}
        groups[name].append(json.dumps(row) + "\n")
    return "".join(
        f"q{query} 0 {doc} {score > 1:d}\n"
        for score, doc in zip(true, docs, strict=True)
    )


def write_inputs(where, *, queries=QUERIES, shuffled=None):
    """Files of every command; with a generator, rows come in an order of its own."""
    rng = np.random.default_rng(0)
    documents = rng.normal(size=(200, 6)).astype(np.float32)
    where.mkdir(parents=True, exist_ok=True)
    np.save(where / "docs.npy", documents)
    (where / "docs.ids.txt").write_text("".join(f"d{n}\n" for n in range(200)))
    runs = {"teacher": [], "s": [], "t": []}
    groups = {"near": [], "random": []}
    judged = [write_query(query, rng, runs, groups) for query in range(queries)]
    (where / "judged.qrels").write_text("".join(judged))
    for name, lines in {**runs, **groups}.items():
        if shuffled is not None:
            shuffled.shuffle(lines)
        place = where / f"{name}.{'run' if name in runs else 'jsonl'}"
        place.write_text("".join(lines))
    data = where / "data"
    data.mkdir(exist_ok=True)
    for name in ("teacher.run", "s.run", "near.jsonl", "random.jsonl"):
        (data / name).write_bytes((where / name).read_bytes())


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def in_child(words, where, *, seconds=None, at=None):
    """Run a command in a child, killed after so many seconds, or at a block.

    Returns its exit code, which is minus the number of the signal, and its time.
    """
    with warnings.catch_warnings():  # where jax was loaded, it warns of threads
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        os.chdir(where)
        engine.TILE, engine.KEPT_EVERY = TILE, 0.0
        keep, kept = engine.Blocks.keep, 0

        def dying(self, digest, made):
            nonlocal kept
            keep(self, digest, made)
            kept += 1
            if kept == at:
                os.kill(os.getpid(), signal.SIGKILL)

        engine.Blocks.keep = dying
        code = 70
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                code = program([*words])
        finally:
            os._exit(code)
    began = time.monotonic()
    ended = 0
    while not ended:
        ended, status = os.waitpid(child, os.WNOHANG)
        if seconds is not None and not ended and time.monotonic() - began > seconds:
            os.kill(child, signal.SIGKILL)
            seconds = None
        time.sleep(0.001)
    return os.waitstatus_to_exitcode(status), time.monotonic() - began


def main(where, kills, names):
    rng = np.random.default_rng(0)
    write_inputs(where)
    whole, seconds = {}, {}
    out = where / "out"
    failed = 0
    for turn in range(kills):
        name = names[turn % len(names)]
        words = (*COMMANDS[name], "--out", "out")
        if name not in whole:
            code, seconds[name] = in_child(words, where)
            assert code in (0, 1), f"{name} ended with {code}"
            whole[name] = files(out)
            remove(out)
        share = rng.uniform(0.05, 0.95)
        code, _ = in_child(words, where, seconds=share * seconds[name])
        left = len([*out.glob(".*.blocks/*.npz")])
        again, _ = in_child(words, where)
        same = again in (0, 1) and files(out) == whole[name]
        failed += not same
        said = "killed" if code == -signal.SIGKILL else f"ended with {code}"
        sys.stdout.write(
            f"{name} {said} at {share:.2f} of a run, {left} blocks left, "
            f"{'identical' if same else 'DIFFERENT'}\n"
        )
        sys.stdout.flush()
        remove(out)
    return 1 if failed else 0


def remove(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    if folder.is_dir():
        folder.rmdir()


if __name__ == "__main__":
    how_many = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    sys.exit(main(Path(sys.argv[1]).resolve(), how_many, sys.argv[3:] or [*COMMANDS]))
