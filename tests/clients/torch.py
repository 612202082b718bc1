"""torch: tensors as scores and vectors, in memory and in files, and its losses."""

import numpy as np
import torch

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    client.keep = False  # the tests have this library, and write such files themselves
    import rankbound as rb

    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(24, 8, generator=generator)
    docnos = world.DOCNOS[:8]
    given = {"qids": world.QIDS, "docnos": docnos}
    kinds = {
        "float32": scores,
        "float32 with gradient": scores.clone().requires_grad_(),
        "bfloat16": scores.to(torch.bfloat16),
        "bfloat16 with gradient": scores.to(torch.bfloat16).requires_grad_(),
        "float16": scores.half(),
        "a transposed view": scores.T.contiguous().T,
        "a Parameter": torch.nn.Parameter(scores),
    }
    for name, tensor in kinds.items():
        plain = tensor.detach().double().tolist()
        wanted = {
            qid: dict(zip(docnos, row, strict=True))
            for qid, row in zip(world.QIDS, plain, strict=True)
        }
        client.object(f"scores, {name}", tensor, given=given, scores=wanted)
        rows = dict(zip(world.QIDS, tensor.detach().double().tolist(), strict=True))
        ids = {"ids": world.QIDS}
        client.object(f"vectors, {name}", tensor, given=ids, embeddings=rows)
        path = client.folder / f"{name.replace(' ', '-')}.pt"
        torch.save(tensor, path)
        (client.folder / f"{path.stem}.ids.txt").write_text(
            "\n".join(world.QIDS) + "\n"
        )
        client.file(f"torch.save, {name}", path, embeddings=rows)
    found = torch.topk(scores, 3)
    wanted = {
        qid: {docnos[place]: value for place, value in zip(places, values, strict=True)}
        for qid, places, values in zip(
            world.QIDS, found.indices.tolist(), found.values.tolist(), strict=True
        )
    }
    client.object("torch.topk", found, given=given, scores=wanted)
    path = client.folder / "with-ids.pt"
    torch.save({"embeddings": scores, "ids": world.QIDS}, path)
    rows = dict(zip(world.QIDS, scores.tolist(), strict=True))
    client.file("torch.save of a dictionary with ids", path, embeddings=rows)
    _losses(client, rb)


def _losses(client: Client, rb: object) -> None:
    rng = np.random.default_rng(2)
    teacher = torch.tensor(rng.normal(0, 2, (7, 5)))
    student = torch.tensor(rng.normal(0, 2, (7, 5)))
    upper, lower = torch.triu_indices(5, 5, offset=1)
    margins = [one[:, upper] - one[:, lower] for one in (teacher, student)]
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(
        margins[1], torch.sigmoid(margins[0]), reduction="none"
    ).mean(1)
    ours = rb.pairwise_risk_nats(teacher, student)
    client.numbers("BCE of pairs against pairwise_risk_nats", ours, theirs, 1e-12)
    own = torch.distributions.Bernoulli(logits=margins[0]).entropy().mean(1)
    ours = rb.pairwise_entropy_nats(teacher)
    client.numbers("Bernoulli entropy against pairwise_entropy_nats", ours, own, 1e-12)
    theirs = torch.nn.functional.kl_div(
        student.log_softmax(1),
        teacher.log_softmax(1),
        log_target=True,
        reduction="none",
    ).sum(1)
    ours = rb.list_divergence_nats(teacher, student)
    client.numbers("kl_div against list_divergence_nats", ours, theirs, 1e-12)
