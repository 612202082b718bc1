"""ir_measures: tuples, frames and files, and nDCG."""

import ir_measures
import pandas as pd
from ir_measures import Qrel, ScoredDoc, nDCG

import rankbound as rb
from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    client.keep = False  # the tests have this library, and write such files themselves
    made, other = world.scores(1), world.scores(2)
    docs = [ScoredDoc(q, d, s) for q, row in made.items() for d, s in row.items()]
    qrels = [Qrel(q, d, g) for q, row in world.QRELS.items() for d, g in row.items()]
    grades = {
        q: {d: float(g) for d, g in row.items()} for q, row in world.QRELS.items()
    }
    client.object("ScoredDoc tuples", docs, scores=made)
    client.object("an iterator of ScoredDoc", tuple(docs), scores=made)
    client.object("a frame of ScoredDoc", pd.DataFrame(docs), scores=made)
    client.object("Qrel tuples", qrels, qrels=grades)
    client.object("a frame of Qrel", pd.DataFrame(qrels), qrels=grades)
    path, judged = client.folder / "made.run", client.folder / "made.qrels"
    path.write_text(
        "".join(
            f"{q} Q0 {d} {n} {row[d]!r} made\n"
            for q, row in made.items()
            for n, d in enumerate(world.best_first(row), start=1)
        )
    )
    judged.write_text(
        "".join(f"{q.query_id} 0 {q.doc_id} {q.relevance}\n" for q in qrels)
    )
    read = list(ir_measures.read_trec_run(str(path)))
    right = {}
    for one in read:
        right.setdefault(one.query_id, {})[one.doc_id] = one.score
    client.file("run, as read_trec_run reads it", path, scores=right)
    client.object("read_trec_run", read, scores=right)
    client.object(
        "read_trec_qrels", list(ir_measures.read_trec_qrels(str(judged))), qrels=grades
    )
    client.file("judgements", judged, qrels=grades)
    client.commands(
        "runs",
        path,
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"other": other},
        qrels=judged,
    )
    found = rb.validate(
        path,
        students={"made": made, "other": other},
        qrels=judged,
        teacher_kind="logit",
        measures="nDCG@5",
        resamples=200,
        permutations=199,
        splits=2,
    )
    means = {one.student: one.mean for one in found.means}
    for name, table in (("made", made), ("other", other)):
        theirs = ir_measures.calc_aggregate([nDCG @ 5], world.QRELS, table)[nDCG @ 5]
        client.numbers(f"nDCG@5 of {name} against validate", means[name], theirs)
