"""beir: results and judgements as dictionaries, run files, judgements on disk."""

import json

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    from beir import util
    from beir.datasets.data_loader import GenericDataLoader
    from beir.retrieval.evaluation import EvaluateRetrieval

    made = world.scores(1)
    grades = {
        q: {d: float(g) for d, g in row.items()} for q, row in world.QRELS.items()
    }
    folder = client.folder
    (folder / "qrels").mkdir()
    judged = folder / "qrels" / "test.tsv"
    rows = [(q, d, g) for q, row in world.QRELS.items() for d, g in row.items()]
    judged.write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t{g}\n" for q, d, g in rows)
    )
    for name, texts in (("corpus", world.DOCUMENTS), ("queries", world.QUERIES)):
        lines = (
            json.dumps({"_id": key, "title": "", "text": text})
            for key, text in texts.items()
        )
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    _, _, qrels = GenericDataLoader(str(folder)).load(split="test")
    client.object("qrels of GenericDataLoader", qrels, qrels=grades)
    client.file("qrels/test.tsv", judged, qrels=grades)
    client.object("results", made, scores=made)
    path = folder / "beir.run.trec"
    util.save_runfile(str(path), made)
    client.file("save_runfile", path, scores=made)
    ndcg, precision, recall, _ = EvaluateRetrieval.evaluate(qrels, made, [5])
    metrics = folder / "metrics.json"
    util.save_results(str(metrics), ndcg, precision, recall, precision)
    with client.trying("save_results: metrics are no scores") as same:
        import rankbound as rb

        try:
            found = rb.read_scores(metrics)
        except rb.FormatError:
            found = None
        same("" if found is None else f"taken for {found}")
    client.commands(
        "run files",
        path,
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"other": world.scores(2)},
        qrels=judged,
    )
    found = rb.validate(
        made,
        students={"made": made, "other": world.scores(2)},
        qrels=qrels,
        teacher_kind="logit",
        measures="nDCG@5",
        resamples=200,
        permutations=199,
        splits=2,
    )
    means = {one.student: one.mean for one in found.means}
    client.numbers(
        "nDCG@5 of EvaluateRetrieval against validate",
        means["made"],
        ndcg["NDCG@5"],
        1e-5,
    )
