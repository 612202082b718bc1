"""`python -m tests.clients.losses`: where losses of libraries differ from ours.

All are given the same scores of six groups of four documents, the first of which the
teacher prefers. ``--write`` puts the table into `TABLE`, which the guide shows.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from rankbound.training import (
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
)

TABLE = Path(__file__).resolve().parents[2] / "docs" / "measured" / "losses.md"
HEAD = (
    "| library | loss | theirs | ours | ours is | the difference |\n"
    "| --- | --- | ---: | ---: | --- | --- |\n"
)
SAME = "none"


def scores() -> tuple[torch.Tensor, torch.Tensor]:
    """The student's and the teacher's."""
    made = torch.Generator().manual_seed(4)
    student = torch.randn(6, 4, generator=made, dtype=torch.float64)
    teacher = 2 * torch.randn(6, 4, generator=made, dtype=torch.float64)
    return student, teacher.sort(-1, descending=True).values


def of_sentence_transformers() -> Iterator[tuple[str, float, Any, str]]:
    """Their losses of vectors and of logits."""
    from sentence_transformers.cross_encoder import losses as crossed
    from sentence_transformers.sentence_transformer import losses

    student, teacher = scores()

    def first(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
        return (query * document).sum(-1)

    vectors = [torch.ones(6, 1).double(), *student.T.unsqueeze(-1).unbind()]
    model = torch.nn.Identity()
    for made, ours, why in (
        (losses.MarginMSELoss(model, first), MarginMSELoss(), SAME),
        (losses.DistillKLDivLoss(model, first), ListwiseDistillLoss(), SAME),
        (
            losses.DistillKLDivLoss(model, first, temperature=2.0),
            ListwiseDistillLoss(2.0, student_temperature=2.0),
            "multiplied by the square of the temperature",
        ),
    ):
        value = made.compute_loss_from_embeddings(vectors, teacher).item()
        suffix = ", temperature 2" if getattr(made, "temperature", 1) == 2 else ""
        yield f"{type(made).__name__}{suffix}", value, ours, why

    class Logits(torch.nn.Module):
        """A cross-encoder whose scores are given."""

        num_labels, device = 1, torch.device("cpu")

        def preprocess(self, pairs: Any, **_: Any) -> Any:
            return {"places": torch.tensor([int(d) for _, d in pairs])}

        def forward(self, places: Any) -> Any:
            return {"scores": student.flatten()[places["places"]]}

    texts = [["q"] * 6, [[str(4 * n + k) for k in range(4)] for n in range(6)]]
    for made, ours, why in (
        (
            crossed.ListNetLoss(Logits()),
            ListwiseDistillLoss(),
            "adds the teacher's entropy; the gradient is the same",
        ),
        (
            crossed.RankNetLoss(Logits()),
            PairwiseDistillLoss(),
            "labels only order the documents",
        ),
    ):
        yield type(made).__name__, made(texts, [*teacher]).item(), ours, why


def of_lightning_ir() -> Iterator[tuple[str, float, Any, str]]:
    """Their losses of scores and targets."""
    from lightning_ir.base.model import LightningIROutput
    from lightning_ir.loss.listwise import InfoNCE, KLDivergence
    from lightning_ir.loss.pairwise import (
        ConstantMarginMSE,
        RankNet,
        SupervisedMarginMSE,
    )

    student, teacher = scores()
    output, batch = LightningIROutput(scores=student), SimpleNamespace(targets=teacher)
    hard = "targets only order the documents"
    for name, made, ours, why in (
        ("KLDivergence", KLDivergence(), ListwiseDistillLoss(), SAME),
        ("InfoNCE", InfoNCE(), LCELoss(), "the positive is the largest target"),
        (
            "SupervisedMarginMSE",
            SupervisedMarginMSE(),
            MarginMSELoss(pairs="all"),
            "`pairs='all'`; pairs that the teacher ties do not count",
        ),
        (
            "ConstantMarginMSE",
            ConstantMarginMSE(),
            MarginMSELoss(pairs="all"),
            "the margin is 1, whatever the teacher says",
        ),
        ("RankNet", RankNet(), PairwiseDistillLoss(), hard),
        (
            "RankNet, temperature 2",
            RankNet(temperature=2),
            PairwiseDistillLoss(student_temperature=2.0),
            f"{hard}; scores are multiplied by the temperature",
        ),
    ):
        yield name, made.compute_loss(output, batch).item(), ours, why


def table() -> str:
    """All rows."""
    student, teacher = scores()
    rows = [HEAD]
    for library, found in (
        ("sentence-transformers", of_sentence_transformers()),
        ("lightning-ir", of_lightning_ir()),
    ):
        for name, theirs, loss, why in found:
            ours = loss(student, teacher).item()
            if why == SAME and abs(ours - theirs) > 1e-6:
                raise AssertionError(f"{library} {name}: {theirs}, not {ours}")
            rows.append(
                f"| {library} {version(library)} | {name} | {theirs:.4f} | {ours:.4f} "
                f"| {type(loss).__name__} | {why} |\n"
            )
    return "".join(rows)


if __name__ == "__main__":
    made = table()
    sys.stdout.write(made)
    if "--write" in sys.argv:
        TABLE.write_text(made, encoding="utf-8")
