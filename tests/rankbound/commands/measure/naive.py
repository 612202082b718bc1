"""A student's groups in plain dictionaries, and running `measure` on them."""

import json

from rankbound.cli import main
from tests import oracles


def student_entry(world, *extra, name="strong"):
    """The student's ledger entry after running the command on the world's groups."""
    words = world.arguments(
        *world.with_groups(), "--student-kind", "logit", *extra, students=(name,)
    )
    assert main(words) == 0
    ledger = json.loads((world.folder / "out/ledger.json").read_text())
    return ledger["students"][name]


def with_qrels(world):
    return ["--qrels", world.path("qrels.txt")]


def lists(world, name="strong", score_range=10.0):
    """Groups of two and more scored documents: qid, documents, clipped scores."""
    for qid, docs, positives in world.groups:
        own = world.students[name][qid]
        kept = [doc for doc in docs if doc in own]
        if len(kept) > 1:
            clipped = oracles.clip_at({doc: own[doc] for doc in kept}, score_range)
            yield qid, kept, positives, clipped


def by_query(found):
    """Mean over queries of the mean over a query's groups; `found` is (qid, value)."""
    rows = {}
    for qid, value in found:
        rows.setdefault(qid, []).append(value)
    means = [sum(values) / len(values) for values in rows.values()]
    return sum(means) / len(means), means


def write_groups(path, laws):
    """A groups file from {qid: {docno: probability}}."""
    lines = []
    for qid, law in laws.items():
        first, *others = law
        lines.append(
            json.dumps(
                {
                    "query_id": qid,
                    "doc_id_a": first,
                    "doc_id_b": others,
                    "probabilities": list(law.values()),
                }
            )
        )
    path.write_text("\n".join(lines) + "\n")
    return str(path)
