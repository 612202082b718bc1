"""Losses for training against torch's own, forward and backward, as ratios.

Run ``python -m benchmarks losses``. The baseline of a loss of pairs is torch's binary
cross-entropy with logits on all differences of the same scores; that of the listwise
one is ``kl_div`` of the softmaxes, that of LCE ``cross_entropy``, and that of margins
``mse_loss``. The sizes are 64 groups of 16 and 512 of 32, in float32.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from rankbound.training import (
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
)

SIZES = ((64, 16), (512, 32))
ROUNDS = 15
SECONDS = 0.05  # of each timing

Loss = Callable[[Tensor, Tensor], Tensor]


def bce(student: Tensor, teacher: Tensor) -> Tensor:
    """RankNet on soft preferences, of all ordered pairs."""
    margins, wanted = (
        one.unsqueeze(-1) - one.unsqueeze(-2) for one in (student, teacher)
    )
    return functional.binary_cross_entropy_with_logits(margins, wanted.sigmoid())


def mse(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared error of the margins of the first document."""
    return functional.mse_loss(
        student[:, :1] - student[:, 1:], teacher[:, :1] - teacher[:, 1:]
    )


def kl(student: Tensor, teacher: Tensor) -> Tensor:
    """Divergence of softmaxes."""
    return functional.kl_div(
        student.log_softmax(-1), teacher.softmax(-1), reduction="batchmean"
    )


def lce(student: Tensor, teacher: Tensor) -> Tensor:
    """Cross-entropy of the first document."""
    labels = torch.zeros(len(teacher), dtype=torch.long)
    return functional.cross_entropy(student, labels)


OURS: dict[str, tuple[Loss, Loss]] = {
    "PairwiseDistillLoss": (PairwiseDistillLoss(), bce),
    "MarginMSELoss": (MarginMSELoss(), mse),
    "ListwiseDistillLoss": (ListwiseDistillLoss(), kl),
    "LCELoss": (LCELoss(), lce),
}


def seconds(loss: Loss, student: Tensor, teacher: Tensor, times: int) -> float:
    """Seconds of one forward and backward pass, as a mean of some."""
    start = time.perf_counter()
    for _ in range(times):
        torch.autograd.grad(loss(student, teacher), student)
    return (time.perf_counter() - start) / times


def main() -> None:
    """Print a row for each loss, size and mode."""
    write = sys.stdout.write
    write("| loss | groups | mode | microseconds | torch's own | ratio |\n")
    write("| --- | --- | --- | ---: | ---: | ---: |\n")
    for name, pair in OURS.items():
        for groups, k in SIZES:
            torch.manual_seed(0)
            student = torch.randn(groups, k, requires_grad=True)
            teacher = 3 * torch.randn(groups, k)
            for mode in ("eager", "compiled"):
                sides = [*map(torch.compile, pair)] if mode == "compiled" else [*pair]
                for side in sides:
                    seconds(side, student, teacher, 3)
                times = max(1, int(SECONDS / seconds(sides[1], student, teacher, 5)))
                best = [float("inf")] * 2
                for _ in range(ROUNDS):  # interleaved, so that both meet the same load
                    for place, side in enumerate(sides):
                        took = seconds(side, student, teacher, times)
                        best[place] = min(best[place], took)
                ours, theirs = (1e6 * value for value in best)
                write(
                    f"| {name} | {groups} x {k} | {mode} | {ours:.0f} | {theirs:.0f} | "
                    f"{ours / theirs:.2f} |\n"
                )


if __name__ == "__main__":
    main()
