"""Losses for training against others', forward and backward, as ratios.

Run ``python -m benchmarks training``; ``--keep`` writes the table to `TABLE`. The
baseline of every loss is torch's binary cross-entropy with logits, which forms its
pairs from the same scores; where sentence-transformers is installed, its own losses of
the same kind stand beside ours, both from the same vectors or logits. The sizes are 64
groups of 16 and 512 of 32, in float32. Rivals run in turn, each as often first, and the
ratio is that of their fastest rounds, which other work on the machine disturbs least;
memory is the largest that torch's allocator held beyond the inputs. A row passes where
both are at most what the losses are held to.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile

from rankbound.training import (
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
)

SIZES: Final = ((64, 16), (512, 32))
ROUNDS: Final = 40
SECONDS: Final = 0.01  # of each timing
# What time and memory may be, as multiples of the other's
BCE, OWN, MEMORY = 1.3, 1.1, 1.2
TABLE: Final = Path(__file__).resolve().parents[1] / "docs" / "measured" / "training.md"
DIMENSIONS: Final = 64
MODES: Final = ("eager", "compiled")
OURS: Final = (
    PairwiseDistillLoss,
    MarginMSELoss,
    ListwiseDistillLoss,
    LCELoss,
)
HEAD: Final = (
    "| loss | against | groups | mode | microseconds | time, ratio | at most | "
    "memory, ratio | passes |\n"
    "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- |\n"
)

Work = Callable[[], object]


def bce(student: Tensor, teacher: Tensor) -> Tensor:
    """RankNet on soft preferences, of all ordered pairs."""
    margins, wanted = (
        one.unsqueeze(-1) - one.unsqueeze(-2) for one in (student, teacher)
    )
    return functional.binary_cross_entropy_with_logits(margins, wanted.sigmoid())


def backward(loss: Callable[..., Tensor], leaf: Tensor, *given: Any) -> Work:
    """One forward and backward pass."""
    return lambda: torch.autograd.grad(loss(*given), leaf)


def seconds(work: Work, times: int) -> float:
    """Mean seconds of some passes."""
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def peak(work: Work) -> float:
    """The most bytes held at once beyond what was there, by torch's allocator."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    held = most = 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return float(most)


def compared(ours: Work, theirs: Work) -> tuple[float, float, float]:
    """Microseconds of ours, and the ratios of time and memory."""
    for one in (ours, theirs):
        seconds(one, 5)
    times = max(1, int(SECONDS / seconds(theirs, 5)))
    best = {ours: float("inf"), theirs: float("inf")}
    for round_ in range(ROUNDS):
        for one in (ours, theirs) if round_ % 2 else (theirs, ours):
            best[one] = min(best[one], seconds(one, times))
    ratio = best[ours] / best[theirs]
    return 1e6 * best[ours], ratio, peak(ours) / max(1.0, peak(theirs))


def of_scores(groups: int, k: int, mode: str) -> Iterator[tuple[str, str, Work, Work]]:
    """Ours against BCE, both from the same scores."""
    torch.manual_seed(0)
    student = torch.randn(groups, k, requires_grad=True)
    teacher = 3 * torch.randn(groups, k)
    rival = _in(mode, bce)
    for kind in OURS:
        ours = _in(mode, kind())
        yield (
            kind.__name__,
            "torch, BCE of pairs",
            backward(ours, student, student, teacher),
            backward(rival, student, student, teacher),
        )


def of_vectors(groups: int, k: int, mode: str) -> Iterator[tuple[str, str, Work, Work]]:
    """Ours against sentence-transformers', both from the same vectors or logits."""
    from sentence_transformers import util
    from sentence_transformers.cross_encoder import losses as crossed
    from sentence_transformers.sentence_transformer import losses

    from rankbound.training.sentence_transformers import BiEncoderLoss, CrossEncoderLoss

    torch.manual_seed(0)
    vectors = torch.randn(k + 1, groups, DIMENSIONS, requires_grad=True)
    teacher = 3 * torch.randn(groups, k)
    model = nn.Identity()
    model.similarity_fn_name = "dot"
    dot = {"similarity_fct": util.pairwise_dot_score}
    for kind, theirs in (
        (MarginMSELoss, losses.MarginMSELoss(model, **dot)),
        (ListwiseDistillLoss, losses.DistillKLDivLoss(model, **dot)),
    ):
        made = BiEncoderLoss(model, kind())
        sides = [_in(mode, one.compute_loss_from_embeddings) for one in (made, theirs)]
        parts = [*vectors.unbind()]
        ours, rival = (backward(one, vectors, parts, teacher) for one in sides)
        yield kind.__name__, f"sentence-transformers, {_name(theirs)}", ours, rival
    if mode == "compiled":  # lists of texts are not compiled
        return
    logits = Logits(groups * k)
    texts = [["q"] * groups, [["d"] * k] * groups]
    labels = [*teacher]
    for kind, theirs in (
        (PairwiseDistillLoss, crossed.RankNetLoss(logits)),
        (ListwiseDistillLoss, crossed.ListNetLoss(logits)),
    ):
        pair = (CrossEncoderLoss(logits, kind()), theirs)
        ours, rival = (backward(one, logits.values, texts, labels) for one in pair)
        yield kind.__name__, f"sentence-transformers, {_name(theirs)}", ours, rival


class Logits(nn.Module):
    """Stands for a cross-encoder: its scores are parameters."""

    num_labels, device = 1, torch.device("cpu")

    def __init__(self, n: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.randn(n))
        self.seen = 0

    def preprocess(self, pairs: list[Any], **_: Any) -> Mapping[str, range]:
        """How many scores are asked for, from where on."""
        start, self.seen = self.seen, (self.seen + len(pairs)) % len(self.values)
        return {"places": range(start, start + len(pairs))}

    def forward(self, asked: Mapping[str, range]) -> dict[str, Tensor]:
        """The scores."""
        (places,) = asked.values()
        return {"scores": self.values[places.start : places.stop]}


def rows() -> Iterator[str]:
    """Compare all losses at all sizes."""
    parts = [(of_scores, BCE)]
    try:
        import sentence_transformers  # noqa: F401

        parts.append((of_vectors, OWN))
    except ImportError:
        pass
    for part, most in parts:
        for groups, k in SIZES:
            for mode in MODES:
                for name, rival, ours, theirs in part(groups, k, mode):
                    taken, ratio, memory = compared(ours, theirs)
                    passes = round(ratio, 2) <= most and round(memory, 2) <= MEMORY
                    yield (
                        f"| {name} | {rival} | {groups} x {k} | {mode} | {taken:.0f} | "
                        f"{ratio:.2f} | {most} | {memory:.2f} | "
                        f"{'yes' if passes else 'no'} |"
                    )


def main(about: str, *, keep: bool) -> None:
    """Print the table, and keep it if asked to."""
    told = [f"Made by `make bench-training` {about}.\n", f"\n{HEAD}"]
    sys.stdout.write("".join(told))
    for line in rows():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        told.append(f"{line}\n")
    if keep:
        TABLE.write_text("".join(told), encoding="utf-8")


def _in(mode: str, loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    torch._dynamo.reset()
    return loss if mode == "eager" else torch.compile(loss)


def _name(loss: object) -> str:
    return type(loss).__name__
