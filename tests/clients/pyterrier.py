"""PyTerrier: retrieval with an index, by PISA; Terrier itself comes from Maven."""

import pandas as pd

import rankbound as rb
from tests.clients import world
from tests.clients.client import Client

TOPICS = pd.DataFrame({"qid": world.QIDS, "query": [*world.QUERIES.values()]})


def run(client: Client) -> None:
    """Try BM25 and a model of language, alone and in pipelines."""
    import pyterrier as pt
    from pyterrier_pisa import PisaIndex

    index = PisaIndex(str(client.folder / "index.pisa"), stemmer="none")
    index.index([{"docno": d, "text": t} for d, t in world.DOCUMENTS.items()])
    bm25, language = index.bm25(num_results=10), index.qld(num_results=10)
    found = bm25(TOPICS)
    client.object("BM25 over an index, frame", found, scores=_by_query(found))
    other = language(TOPICS)
    client.object("query likelihood over an index", other, scores=_by_query(other))
    cut = (bm25 % 4)(TOPICS)
    client.object("BM25 % 4", cut, scores=_by_query(cut))
    summed = (bm25 + 0.5 * language)(TOPICS)
    client.object("bm25 + 0.5 * language", summed, scores=_by_query(summed))
    path = client.folder / "bm25.res.gz"
    pt.io.write_results(found, str(path))
    wanted = _by_query(pt.io.read_results(str(path)))
    client.file("write_results of BM25", path, scores=wanted)
    # That scores of BM25 are logits is untrue, but lets the commands run
    client.commands(
        "what BM25 retrieved",
        path,
        {name: _groups(found, depth) for name, depth in (("many", 6), ("few", 4))},
        students={"language": rb.read_scores(other).with_kind(rb.Kind.LOGIT)},
        qrels=world.QRELS,
        missing="drop",
    )


def _by_query(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    wanted: dict[str, dict[str, float]] = {}
    for row in frame.itertuples():
        wanted.setdefault(row.qid, {})[row.docno] = float(row.score)
    return wanted


def _groups(frame: pd.DataFrame, depth: int) -> list[dict[str, object]]:
    return [
        {"query_id": qid, "doc_id_a": best, "doc_id_b": others}
        for qid, row in _by_query(frame).items()
        for best, *others in [world.best_first(row)[:depth]]
    ]
