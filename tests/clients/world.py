"""Queries, documents and judgements made for the clients; the texts are nonsense."""

import hashlib
import random

WORDS = (
    *("river", "stone", "bridge", "winter", "market", "letter", "garden", "engine"),
    *("violin", "harbour", "candle", "forest", "silver", "window", "thunder"),
    *("orchard", "lantern", "copper", "meadow", "castle", "ribbon", "compass"),
    *("marble", "kettle", "saddle", "falcon", "timber", "velvet", "anchor", "cinder"),
)


def id_of(text: str) -> str:
    """The id that rankbound makes of a text, as its documentation says."""
    return "t" + hashlib.sha256(text.encode()).hexdigest()[:16]


def _texts() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    rng = random.Random(7)
    queries, documents, answers = {}, {}, {}
    for number in range(24):
        topic = rng.sample(WORDS, 4)
        query = f"where is the {topic[0]} of {topic[1]} number {number}"
        answer = f"the {topic[0]} of {topic[1]} is near the {topic[2]} {number}"
        other = f"a {topic[0]} and a {rng.choice(WORDS)} in {topic[3]} {number}"
        queries[id_of(query)] = query
        documents |= {id_of(text): text for text in (answer, other)}
        answers[id_of(query)] = id_of(answer)
    return queries, documents, answers


QUERIES, DOCUMENTS, ANSWERS = _texts()
QIDS, DOCNOS = list(QUERIES), list(DOCUMENTS)
QRELS = {qid: {docno: 1} for qid, docno in ANSWERS.items()}


def scores(seed: int, *, depth: int = 8) -> dict[str, dict[str, float]]:
    """Made scores: the answer of each query and other documents, six decimals."""
    rng = random.Random(seed)
    found = {}
    for qid in QIDS:
        others = rng.sample([one for one in DOCNOS if one != ANSWERS[qid]], depth - 1)
        row = {docno: round(rng.gauss(0, 1.5), 6) for docno in others}
        found[qid] = {ANSWERS[qid]: round(rng.gauss(2, 1), 6), **row}
    return found


def best_first(row: dict[str, float]) -> list[str]:
    """The documents of a query, the best first."""
    return sorted(row, key=lambda docno: (-row[docno], docno))


def groups(
    table: dict[str, dict[str, float]], *, depth: int = 8
) -> list[dict[str, object]]:
    """A training group for each query: its answer, and other documents."""
    return [
        {
            "query_id": qid,
            "doc_id_a": ANSWERS[qid],
            "doc_id_b": [docno for docno in row if docno != ANSWERS[qid]][: depth - 1],
        }
        for qid, row in table.items()
    ]
