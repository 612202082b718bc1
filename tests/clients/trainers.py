"""Losses, evaluators and callbacks of `rankbound.training` in the real trainers.

What is logged is read back from TensorBoard's files, MLflow's local store and the file
of an offline run of W&B, and compared with what the evaluation said.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from rankbound.training import (
    Evaluation,
    Feeding,
    HeldOut,
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
)
from tests.clients import world
from tests.clients.client import Client

MADE = world.scores(5, depth=4)
SCALE = 0.05  # temperature of cosines


def held_out(trained_on: Any) -> HeldOut:
    """All groups of the made world."""
    return HeldOut(
        MADE,
        world.groups(MADE, depth=4),
        trained_on=trained_on,
        queries=world.QUERIES,
        documents=world.DOCUMENTS,
        teacher_kind="logit",
    )


def training_set(*, lists: bool = False) -> Any:
    """The first four queries with their documents and the teacher's scores."""
    from datasets import Dataset

    rows = [*MADE.items()][:4]
    texts = [[world.DOCUMENTS[docno] for docno in row] for _, row in rows]
    columns = (
        {"docs": texts}
        if lists
        else {f"document_{n}": [one[n] for one in texts] for n in range(4)}
    )
    return Dataset.from_dict(
        {
            "query": [world.QUERIES[qid] for qid, _ in rows],
            **columns,
            "labels" if lists else "label": [[*row.values()] for _, row in rows],
        }
    )


def sentence_transformers(client: Client, model: Any, judge: Any) -> None:
    """Train a bi-encoder and a cross-encoder for four steps each."""
    from sentence_transformers import SentenceTransformerTrainer as Trainer
    from sentence_transformers import SentenceTransformerTrainingArguments as Arguments
    from sentence_transformers.cross_encoder import CrossEncoderTrainer as CrossTrainer
    from sentence_transformers.cross_encoder import (
        CrossEncoderTrainingArguments as CrossArguments,
    )

    from rankbound.training.sentence_transformers import (
        BiEncoderLoss,
        BoundEvaluator,
        CrossEncoderLoss,
    )
    from rankbound.training.transformers import BoundCallback

    folder = client.folder / "trained"
    os.environ["MLFLOW_TRACKING_URI"] = f"file:{folder / 'mlflow'}"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    os.environ["WANDB_DIR"] = str(folder)
    folder.mkdir()
    told = {
        "max_steps": 4,
        "per_device_train_batch_size": 2,
        "eval_strategy": "steps",
        "eval_steps": 2,
        "save_strategy": "steps",
        "save_steps": 2,
        "logging_steps": 1,
        "load_best_model_at_end": True,
        "use_cpu": True,
        "disable_tqdm": True,
    }
    rows = training_set()
    evaluator = BoundEvaluator(held_out(rows), temperature=SCALE)
    feeding = Feeding(teacher_kind="logit")
    trainer = Trainer(
        model,
        Arguments(
            str(folder),
            metric_for_best_model="eval_bound_risk",
            greater_is_better=False,
            report_to=["tensorboard", "mlflow", "wandb"],
            **told,
        ),
        train_dataset=rows,
        loss=BiEncoderLoss(model, PairwiseDistillLoss(student_temperature=SCALE)),
        evaluator=evaluator,
    )
    trainer.data_collator = feeding.collate(trainer.data_collator)
    trainer.add_callback(BoundCallback(trainer, feeding=feeding))
    with client.trying("SentenceTransformerTrainer with the loss and the evaluator"):
        trainer.train()
    _history(client, trainer, evaluator.certify(model), best="eval_bound_risk")
    _tensorboard(client, folder, trainer)
    _mlflow(client, folder, trainer)
    _wandb(client, folder, trainer)
    judged = BoundEvaluator(held_out(rows), primary_metric="limit")
    crossed = CrossTrainer(
        judge,
        CrossArguments(
            str(client.folder / "crossed"),
            metric_for_best_model="eval_bound_limit",
            greater_is_better=False,
            report_to="none",
            **told,
        ),
        train_dataset=training_set(lists=True),
        loss=CrossEncoderLoss(judge, PairwiseDistillLoss()),
        evaluator=judged,
    )
    with client.trying("CrossEncoderTrainer with the loss and the evaluator"):
        crossed.train()
    _history(client, crossed, judged.certify(judge), best="eval_bound_limit")
    _losses(client)


def _history(client: Client, trainer: Any, last: Evaluation, *, best: str) -> None:
    """The trainer's own history has the terms; the queries of training are refused."""
    name = type(trainer).__name__
    seen = [row for row in trainer.state.log_history if best in row]
    client.numbers(f"{name}, evaluations in its history", [len(seen)], [2])
    client.numbers(
        f"{name}, refused", [row["eval_bound_refused"] for row in seen], [4] * 2
    )
    parts = ("entropy", "divergence", "risk")
    sums = [[row[f"eval_bound_{one}"] for one in parts] for row in seen]
    client.numbers(
        f"{name}, risk = entropy + divergence",
        [row[0] + row[1] for row in sums],
        [row[2] for row in sums],
    )
    client.numbers(
        f"{name}, the best checkpoint",
        trainer.state.best_metric,
        min(r[best] for r in seen),
    )
    client.numbers(f"{name}, K of the certificate", last.evaluations, 2)


def _logged(trainer: Any) -> dict[int, float]:
    return {
        row["step"]: row["eval_bound_risk"]
        for row in trainer.state.log_history
        if "eval_bound_risk" in row
    }


def _tensorboard(client: Client, folder: Path, trainer: Any) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with client.trying("TensorBoard's files") as same:
        (path,) = folder.rglob("*tfevents*")
        events = EventAccumulator(str(path))
        events.Reload()
        found = {one.step: one.value for one in events.Scalars("eval/bound_risk")}
        wanted = _logged(trainer)
        same("" if found.keys() == wanted.keys() else f"steps {found}")
        worst = max(abs(found[step] - wanted[step]) for step in wanted)
        same("" if worst < 1e-5 else f"values {found}")
        tags = events.Tags()["scalars"]
        for tag in ("train/train_divergence", "train/fed_entropy", "eval/bound_limit"):
            same("" if tag in tags else f"no {tag} among {tags}")


def _mlflow(client: Client, folder: Path, trainer: Any) -> None:
    with client.trying("MLflow's local store") as same:
        (path,) = (folder / "mlflow").rglob("metrics/eval_bound_risk")
        lines = [line.split() for line in path.read_text().splitlines()]
        found = {int(step): float(value) for _, value, step in lines}
        same("" if found == _logged(trainer) else f"values {found}")


def _wandb(client: Client, folder: Path, trainer: Any) -> None:
    """W&B keeps an offline run as records of protocol buffers in a log of LevelDB."""
    import wandb
    from wandb.proto import wandb_internal_pb2

    with client.trying("W&B's offline run") as same:
        wandb.finish()
        (path,) = (folder / "wandb").glob("offline-run-*/*.wandb")
        rows = []
        for data in _records(path.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            items = record.history.item
            names = [".".join(one.nested_key) or one.key for one in items]
            values = [json.loads(one.value_json) for one in items]
            rows.append(dict(zip(names, values, strict=True)))
        found = {
            row["train/global_step"]: row["eval/bound_risk"]
            for row in rows
            if "eval/bound_risk" in row
        }
        same("" if found == _logged(trainer) else f"values {found}")
        tags = {name for row in rows for name in row}
        for tag in ("train/train_divergence", "train/fed_entropy", "eval/bound_limit"):
            same("" if tag in tags else f"no {tag} among {tags}")


def _records(data: bytes) -> Iterator[bytes]:
    """Those of a log of LevelDB, after the 7 bytes that W&B begins its files with."""
    block, head, place, parts = 2**15, 7, 7, b""
    while place < len(data):
        left = block - place % block
        if left < head:  # filled with zeros
            place += left
            continue
        start = place + head
        place = start + int.from_bytes(data[start - 3 : start - 1], "little")
        parts += data[start:place]
        if data[start - 1] in (1, 4):  # a whole record, or its last part
            yield parts
            parts = b""


def _losses(client: Client) -> None:
    """Ours against the losses of the library where the definitions agree."""
    from sentence_transformers import util
    from sentence_transformers.sentence_transformer import losses

    from rankbound.training.sentence_transformers import BiEncoderLoss

    torch.manual_seed(4)
    vectors = [*torch.randn(5, 6, 8, dtype=torch.float64).unbind()]
    teacher = torch.randn(6, 4, dtype=torch.float64) * 2
    model = torch.nn.Identity()
    model.similarity_fn_name = "dot"
    dot = {"similarity_fct": util.pairwise_dot_score}
    for ours, theirs in (
        (MarginMSELoss(), losses.MarginMSELoss(model, **dot)),
        (ListwiseDistillLoss(), losses.DistillKLDivLoss(model, **dot)),
        (
            ListwiseDistillLoss(2.0, student_temperature=0.5),
            losses.DistillKLDivLoss(
                model, student_temperature=0.5, teacher_temperature=2.0, **dot
            ),
        ),
    ):
        made = BiEncoderLoss(model, ours)
        client.numbers(
            f"{type(theirs).__name__} against {type(ours).__name__}"
            + (", temperatures" if ours.temperature != 1 else ""),
            made.compute_loss_from_embeddings(vectors, teacher).item(),
            theirs.compute_loss_from_embeddings(vectors, teacher).item()
            / getattr(theirs, "student_temperature", 1.0) ** 2,
        )


def lightning_ir(client: Client) -> None:
    """Ours against the losses of lightning-ir, and the callback in its trainer."""
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import TensorBoardLogger
    from lightning_ir.base.model import LightningIROutput
    from lightning_ir.loss.listwise import InfoNCE, KLDivergence
    from lightning_ir.loss.pairwise import SupervisedMarginMSE
    from torch.utils.data import DataLoader

    from rankbound.training.lightning import BoundLightningCallback

    rng = np.random.default_rng(3)
    teacher, student = (torch.tensor(rng.normal(0, 2, (6, 5))) for _ in range(2))
    teacher = teacher.sort(-1, descending=True).values  # the first is the positive
    output = LightningIROutput(scores=student)
    batch = SimpleNamespace(targets=teacher)
    for ours, theirs in (
        (ListwiseDistillLoss(), KLDivergence()),
        (MarginMSELoss(pairs="all"), SupervisedMarginMSE()),
        (LCELoss(), InfoNCE()),
    ):
        client.numbers(
            f"{type(theirs).__name__} against {type(ours).__name__}",
            ours(student, teacher).item(),
            theirs.compute_loss(output, batch).item(),
        )
    held = held_out([*MADE][:4])

    class Student(LightningModule):
        """One number for each pair, which is its score."""

        def __init__(self) -> None:
            super().__init__()
            self.scores = torch.nn.Parameter(torch.zeros(len(held.pairs)))
            self.loss = PairwiseDistillLoss()

        def score(self, queries: Any, documents: Any) -> Any:
            texts = held.texts()
            pairs = zip(queries, [one for (one,) in documents], strict=True)
            return LightningIROutput(
                scores=self.scores[[texts.index(p) for p in pairs]]
            )

        def training_step(self, rows: Any, _: int) -> Any:
            return self.loss(self.scores[:4].unsqueeze(0), rows)

        def validation_step(self, rows: Any, _: int) -> None:
            """Nothing: the callback evaluates."""

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.1)

    module = Student()
    callback = BoundLightningCallback(held, loss=module.loss)
    rows = DataLoader([torch.tensor([*row.values()]) for row in MADE.values()][:4])
    trainer = Trainer(
        max_epochs=2,
        log_every_n_steps=1,
        callbacks=[callback],
        logger=TensorBoardLogger(client.folder / "lightning"),
        accelerator="cpu",
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    with client.trying("Lightning's trainer with the callback") as same:
        trainer.fit(module, rows, rows)
        from tensorboard.backend.event_processing import event_accumulator

        (path,) = (client.folder / "lightning").rglob("*tfevents*")
        events = event_accumulator.EventAccumulator(str(path.parent))
        events.Reload()
        found = [one.value for one in events.Scalars("bound/risk")]
        same("" if len(found) == 2 else f"{len(found)} evaluations")
        last = callback.last.risk
        same("" if abs(found[-1] - last) < 1e-5 else f"{found[-1]}, not {last}")
        tags = events.Tags()["scalars"]
        same("" if "train/divergence" in tags else f"no terms among {tags}")


def pyterrier(client: Client) -> None:
    """Teacher entropy in a pipeline, and measures in an experiment."""
    import pandas as pd
    import pyterrier as pt

    import rankbound as rb

    teacher, other = world.scores(1), world.scores(2)
    topics = pd.DataFrame({"qid": world.QIDS, "query": [*world.QUERIES.values()]})
    frames = [
        pt.model.add_ranks(
            pd.DataFrame(
                [(q, d, v) for q, row in made.items() for d, v in row.items()],
                columns=["qid", "docno", "score"],
            )
        )
        for made in (teacher, other)
    ]
    qrels = pd.DataFrame(
        [(qid, docno, 1) for qid, docno in world.ANSWERS.items()],
        columns=["qid", "docno", "label"],
    )
    told = {"kind": "logit", "depth": 8}
    with client.trying("rb.pt.teacher_entropy in a pipeline") as same:
        pipeline = pt.Transformer.from_df(frames[0]) >> rb.pt.teacher_entropy(**told)
        rows = pipeline(topics).groupby("qid").teacher_entropy.first()
        made = [[*teacher[qid].values()] for qid in rows.index]
        wanted = rb.pairwise_entropy_nats(np.array(made))
        worst = float(np.abs(rows.to_numpy() - wanted).max())
        same("" if worst < 1e-12 else f"by {worst}")
    with client.trying("rb.pt.Risk, Divergence, Entropy in pt.Experiment") as same:
        kinds = (rb.pt.Risk, rb.pt.Divergence, rb.pt.Entropy)
        found = pt.Experiment(
            [pt.Transformer.from_df(frames[1])],
            topics,
            qrels,
            [kind(teacher, **told) for kind in kinds],
        )
        wanted = rb.measure(
            teacher,
            students={"other": other},
            teacher_kind="logit",
            depth=8,
            pilot=0.0,
            score_range=3.0,
        ).students["other"]
        for name in ("risk", "divergence", "entropy"):
            got, right = found[name.capitalize()][0], getattr(wanted, name)
            same("" if abs(got - right) < 1e-9 else f"{name} {got}, not {right}")
