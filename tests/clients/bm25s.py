"""bm25s: what it retrieves, by place, text or record."""

import bm25s

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    texts = [*world.DOCUMENTS.values()]
    retriever = bm25s.BM25()
    retriever.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
    asked = bm25s.tokenize([*world.QUERIES.values()], show_progress=False)
    found = retriever.retrieve(asked, k=8, show_progress=False)
    right = {
        qid: {
            world.DOCNOS[place]: score
            for place, score in zip(places, scores, strict=True)
        }
        for qid, places, scores in zip(
            world.QIDS, found.documents.tolist(), found.scores.tolist(), strict=True
        )
    }
    ids = {"qids": world.QIDS}
    both = {**ids, "docnos": world.DOCNOS}
    client.object("retrieve, places", found, given=both, scores=right)
    plain = retriever.retrieve(asked, k=8, show_progress=False, return_as="tuple")
    client.object("retrieve, a tuple", plain, given=both, scores=right)
    records = [{"id": d, "text": t} for d, t in world.DOCUMENTS.items()]
    for name, corpus in (
        ("texts", texts),
        ("records", records),
        ("ids", world.DOCNOS),
    ):
        held = retriever.retrieve(asked, k=8, corpus=corpus, show_progress=False)
        client.object(f"retrieve, {name}", held, given=ids, scores=right)
    import rankbound as rb

    # That they are logits is untrue, but lets the commands run
    scores = rb.read_scores(found, **both).with_kind(rb.Kind.LOGIT)
    made = world.scores(1)
    client.commands(
        "what it retrieved",
        made,
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"bm25": scores},
        qrels=world.QRELS,
    )
