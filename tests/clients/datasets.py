"""datasets: tables with ids, as people store runs, judgements, lists and vectors."""

import numpy as np

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    from datasets import Dataset, DatasetDict, Features, List, Value

    made = world.scores(1)
    rows = [
        (qid, docno, value) for qid, row in made.items() for docno, value in row.items()
    ]
    qids, docnos, values = (list(column) for column in zip(*rows, strict=True))
    scores = Dataset.from_dict({"query_id": qids, "doc_id": docnos, "score": values})
    client.object("Dataset of scores", scores, scores=made)
    client.object(
        "Dataset in the format torch", scores.with_format("torch"), scores=made
    )
    client.object(
        "filtered Dataset", scores.filter(lambda row: row["score"] > -99), scores=made
    )
    for name in ("parquet", "csv", "json"):
        path = client.folder / f"scores.{name}"
        getattr(scores, f"to_{name}")(path)
        client.file(f"scores, to_{name}", path, scores=made)
    qrels = Dataset.from_dict(
        {
            "query-id": qids,
            "corpus-id": docnos,
            "score": [int(world.ANSWERS[q] == d) for q, d, _ in rows],
        }
    )
    grades = {
        qid: {docno: float(world.ANSWERS[qid] == docno) for docno in row}
        for qid, row in made.items()
    }
    client.object(
        "judgements in a DatasetDict", DatasetDict({"test": qrels}), qrels=grades
    )
    path = client.folder / "qrels.parquet"
    qrels.to_parquet(path)
    client.file("judgements, to_parquet", path, qrels=grades)
    lists = Dataset.from_dict(
        {
            "query_id": [*made],
            "document_ids": [[*row] for row in made.values()],
            "scores": [[*row.values()] for row in made.values()],
        }
    )
    groups = [[qid, [*row], None] for qid, row in made.items()]
    client.object("Dataset of lists", lists, scores=made, groups=groups)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(world.DOCNOS), 4)).astype(np.float32)
    held = Dataset.from_dict(
        {"docid": world.DOCNOS, "embedding": vectors.tolist()},
        features=Features(
            {"docid": Value("string"), "embedding": List(Value("float32"), length=4)}
        ),
    )
    wanted = dict(zip(world.DOCNOS, vectors.tolist(), strict=True))
    client.object("Dataset of vectors", held, embeddings=wanted)
    folder = client.folder / "vectors"
    held.save_to_disk(folder)
    client.file("vectors, save_to_disk", folder, embeddings=wanted)
    training = Dataset.from_list(world.groups(made))
    right = [
        [row["query_id"], [row["doc_id_a"], *row["doc_id_b"]], [True] + [False] * 7]
        for row in world.groups(made)
    ]
    client.object("Dataset of groups", training, groups=right)
    path = client.folder / "groups.jsonl"
    training.to_json(path)
    client.file("groups, to_json", path, groups=right)
    client.commands(
        "tables",
        client.folder / "scores.parquet",
        {"made": path, "lists": lists},
        students={"other": world.scores(2)},
        qrels=client.folder / "qrels.parquet",
    )
