"""Losses for training students, with the terms of the bound beside them.

This package needs torch (``pip install "rankbound[torch]"``), and nothing else of
rankbound imports it.
"""

from rankbound.training.losses import (
    LCELoss,
    ListwiseDistillLoss,
    MarginMSELoss,
    PairwiseDistillLoss,
    Terms,
)

__all__ = [
    "LCELoss",
    "ListwiseDistillLoss",
    "MarginMSELoss",
    "PairwiseDistillLoss",
    "Terms",
]
