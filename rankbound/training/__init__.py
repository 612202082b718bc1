"""Losses, evaluators and logs for training students, in the terms of the bound.

This package needs torch (``pip install "rankbound[torch]"``), and nothing else of
rankbound imports it, but for the losses that `ablate` trains by. The modules for
trainers need their libraries:
`rankbound.training.sentence_transformers`, `rankbound.training.transformers` and
`rankbound.training.lightning`.
"""

from rankbound.training.feeding import Fed, Feeding
from rankbound.training.heldout import Evaluation, HeldOut, evaluate
from rankbound.training.losses import (
    DistillLoss,
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
    Terms,
)

__all__ = [
    "DistillLoss",
    "Evaluation",
    "Fed",
    "Feeding",
    "HeldOut",
    "LCELoss",
    "ListwiseDistillLoss",
    "MarginMSELoss",
    "PairwiseDistillLoss",
    "Terms",
    "evaluate",
]
