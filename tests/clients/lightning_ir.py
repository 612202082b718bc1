"""lightning-ir: run files that its callback writes, samples, and its losses."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

import rankbound as rb
from rankbound import training
from tests.clients import trainers, world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    _runs(client)
    _samples(client)
    _losses(client)
    trainers.lightning_ir(client)


def _runs(client: Client) -> None:
    """Let the callback write a run, with a trainer that says what it asks for."""
    from lightning_ir import LightningIROutput
    from lightning_ir.callbacks import RankCallback
    from lightning_ir.data import RankBatch, RunDataset

    made = world.scores(1)
    held = RunDataset.__new__(RunDataset)
    held.run_path = Path("made__msmarco-passage.run")
    trainer = SimpleNamespace(
        is_global_zero=True, test_dataloaders=[held], num_test_batches=[1]
    )
    model = SimpleNamespace(
        get_dataset=lambda _: held, all_gather=lambda one: one, model=trainer
    )
    batch = RankBatch(
        queries=[world.QUERIES[qid] for qid in made],
        docs=[[world.DOCUMENTS[docno] for docno in row] for row in made.values()],
        query_ids=[*made],
        doc_ids=[[*row] for row in made.values()],
    )
    scores = torch.tensor([[*row.values()] for row in made.values()])
    callback = RankCallback(save_dir=client.folder)
    output = LightningIROutput(scores=scores)
    callback.on_test_batch_end(trainer, model, output, batch, 0)
    path = client.folder / held.run_path.name
    client.file("run of RankCallback", path, 1e-6, scores=made)
    client.object("run of RunDataset", RunDataset._load_csv(path), 1e-6, scores=made)
    client.commands(
        "runs",
        path,
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"other": world.scores(2)},
        qrels=world.QRELS,
    )


def _samples(client: Client) -> None:
    from lightning_ir.data.data import RankSample

    made = world.scores(2)
    samples = [
        RankSample(
            qid,
            world.QUERIES[qid],
            tuple(row),
            tuple(world.DOCUMENTS[docno] for docno in row),
            torch.tensor([float(docno == world.ANSWERS[qid]) for docno in row]),
        )
        for qid, row in made.items()
    ]
    groups = [
        [qid, [*row], [docno == world.ANSWERS[qid] for docno in row]]
        for qid, row in made.items()
    ]
    client.object("RankSample with relevance", samples, groups=groups)
    scored = [
        RankSample(
            one.query_id,
            one.query,
            one.doc_ids,
            one.docs,
            torch.tensor([*row.values()], dtype=torch.float64),
        )
        for one, row in zip(samples, made.values(), strict=True)
    ]
    client.object(
        "RankSample with scores",
        scored,
        given={"format": "labeled-list:scores"},
        scores=made,
    )


def _losses(client: Client) -> None:
    from lightning_ir.base.model import LightningIROutput
    from lightning_ir.loss.listwise import KLDivergence
    from lightning_ir.loss.pairwise import RankNet, SupervisedMarginMSE

    rng = np.random.default_rng(3)
    teacher = torch.tensor(rng.normal(0, 2, (6, 5)))
    student = torch.tensor(rng.normal(0, 2, (6, 5)))

    class Batch:
        """What a loss asks of a batch."""

        targets = teacher

    output = LightningIROutput(scores=student)
    ours = rb.list_divergence_nats(teacher, student).mean()
    client.numbers(
        "KLDivergence against list_divergence_nats",
        ours,
        KLDivergence().compute_loss(output, Batch()),
        1e-6,
    )
    hard = torch.argsort(torch.argsort(teacher, dim=1), dim=1) * 200.0
    ours = rb.pairwise_risk_nats(hard.double(), student).mean()
    client.numbers(
        "RankNet against pairwise_risk_nats",
        ours,
        RankNet().compute_loss(output, Batch()),
        1e-5,
    )
    upper, lower = np.triu_indices(5, 1)
    margins = [(one[:, upper] - one[:, lower]).numpy() for one in (teacher, student)]
    client.numbers(
        "SupervisedMarginMSE against margins",
        np.square(margins[0] - margins[1]).mean(),
        SupervisedMarginMSE().compute_loss(output, Batch()),
    )
    _training(client)


def _training(client: Client) -> None:
    """Losses for training with their gradients, where both mean the same."""
    from lightning_ir.base.model import LightningIROutput
    from lightning_ir.loss.listwise import InfoNCE, KLDivergence
    from lightning_ir.loss.pairwise import RankNet, SupervisedMarginMSE

    rng = np.random.default_rng(4)
    teacher = torch.tensor(rng.normal(0, 2, (6, 5)))
    teacher[:, 0] += 12  # the positive is first, and the best
    student = torch.tensor(rng.normal(0, 2, (6, 5)))
    hard = (teacher.argsort(dim=1).argsort(dim=1) * 200.0).double()

    class Batch:
        """What a loss asks of a batch."""

        targets = teacher

    for theirs, ours, given in (
        (KLDivergence(), training.ListwiseDistillLoss(), teacher),
        (InfoNCE(), training.LCELoss(), teacher),
        (SupervisedMarginMSE(), training.MarginMSELoss(pairs="all"), teacher),
        # Which pairs are won decides alone
        (RankNet(), training.PairwiseDistillLoss(), hard),
    ):
        found = student.clone().requires_grad_()
        value = ours(found, given)
        value.backward()
        other = student.clone().requires_grad_()
        loss = theirs.compute_loss(LightningIROutput(scores=other), Batch())
        loss.backward()
        name = f"{type(theirs).__name__} against training.{type(ours).__name__}"
        client.numbers(name, value.detach(), loss.detach(), 1e-9)
        client.numbers(f"{name}, gradients", found.grad, other.grad, 1e-9)
