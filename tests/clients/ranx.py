"""ranx: runs and judgements, in memory and in all formats that it saves."""

from ranx import Qrels, Run, evaluate

import rankbound as rb
from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    made = world.scores(1)
    found, qrels = Run(made, name="made"), Qrels(world.QRELS)
    grades = {
        q: {d: float(g) for d, g in row.items()} for q, row in world.QRELS.items()
    }
    client.object("Run", found, scores=made)
    client.object("Run, sorted", Run(made), scores=made)
    client.object("Qrels", qrels, qrels=grades)
    client.object("Run.to_dataframe", found.to_dataframe(), scores=made)
    client.object("Qrels.to_dataframe", qrels.to_dataframe(), qrels=grades)
    for suffix in ("json", "txt", "trec", "gz", "parquet"):
        path = client.folder / f"run.{suffix}"
        with client.trying(f"Run.save, .{suffix}, written"):
            found.save(str(path))
        if path.exists():
            client.file(f"Run.save, .{suffix}", path, scores=made)
    for suffix in ("json", "txt", "trec", "gz", "parquet"):
        path = client.folder / f"qrels.{suffix}"
        with client.trying(f"Qrels.save, .{suffix}, written"):
            qrels.save(str(path))
        if path.exists():
            client.file(f"Qrels.save, .{suffix}", path, qrels=grades)
    with client.trying("Run.save, .lz4: packed twice, which is refused") as same:
        found.save(str(client.folder / "run.lz4"))
        try:
            said = str(rb.read_scores(client.folder / "run.lz4"))
        except rb.FormatError as error:
            said = str(error)
        same("" if "is packed twice" in said else said)
    client.commands(
        "saved runs",
        client.folder / "run.trec",
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"other": Run(world.scores(2), name="other")},
        qrels=client.folder / "qrels.trec",
    )
    back = Run(rb.read_scores(client.folder / "run.json").to_ranx_dict())
    client.numbers(
        "nDCG@5 of scores given back",
        evaluate(qrels, back, "ndcg@5"),
        evaluate(qrels, found, "ndcg@5"),
    )
