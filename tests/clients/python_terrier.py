"""PyTerrier: frames of pipelines, files of results and judgements.

Retrieval with an index stands in `tests/clients/pyterrier.py`.
"""

import pandas as pd

from tests.clients import trainers, world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    made = world.scores(1)
    try:
        import pyterrier as pt
    except ImportError as error:
        client.not_tried("all", str(error))
        return
    frame = pd.DataFrame(
        [
            (qid, docno, score, world.QUERIES[qid])
            for qid, row in made.items()
            for docno, score in row.items()
        ],
        columns=["qid", "docno", "score", "query"],
    )
    ranked = pt.model.add_ranks(frame)
    client.object("add_ranks", ranked, scores=made)
    cut = (pt.Transformer.from_df(ranked) % 4)(
        pd.DataFrame({"qid": world.QIDS, "query": [*world.QUERIES.values()]})
    )
    right = {
        qid: {docno: row[docno] for docno in world.best_first(row)[:4]}
        for qid, row in made.items()
    }
    client.object("a pipeline's rank cutoff", cut, scores=right)
    for kind in ("trec", "minimal"):
        # add_ranks leaves the rows as they were, so that ranks are in no order
        path = client.folder / f"results.{kind}"
        with client.trying(f"write_results, {kind}, written"):
            pt.io.write_results(ranked, str(path), format=kind)
        if not path.exists():
            continue
        if kind == "trec":
            back = pt.io.read_results(str(path))
            wanted = {}
            for row in back.itertuples():
                wanted.setdefault(row.qid, {})[row.docno] = row.score
            client.file("write_results, trec", path, scores=wanted)
        elif kind == "minimal":
            wanted = {
                qid: {d: -float(n) for n, d in enumerate(world.best_first(row))}
                for qid, row in made.items()
            }
            _ranks(client, path, wanted)
    packed = client.folder / "results.res.gz"
    pt.io.write_results(ranked, str(packed))
    client.file("write_results, .res.gz", packed, scores=made)
    client.commands(
        "results",
        client.folder / "results.trec",
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"other": pt.model.add_ranks(frame.assign(score=-frame["score"]))},
        qrels=pd.DataFrame(
            [(q, d, g) for q, row in world.QRELS.items() for d, g in row.items()],
            columns=["qid", "docno", "label"],
        ),
    )
    trainers.pyterrier(client)


def _ranks(client: Client, path, wanted) -> None:
    import rankbound as rb
    from tests.clients.client import content

    with client.trying("write_results, minimal: an order without scores") as same:
        found = rb.read_scores(path)
        same("" if found.kind is rb.Kind.RANK_ONLY else f"kind {found.kind}")
        for qid, row in content(found).items():
            order = sorted(row, key=lambda docno: -row[docno])
            best = sorted(wanted[qid], key=lambda docno: -wanted[qid][docno])
            same("" if order == best else f"order of {qid}")
