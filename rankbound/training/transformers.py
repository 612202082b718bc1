"""`BoundCallback`: the bound's terms in the log of any Hugging Face trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from transformers import TrainerCallback

from rankbound.errors import FormatError, UsageError
from rankbound.training.heldout import LOG, Evaluation

# Metrics of an evaluation of a trainer are named so
EVAL = "eval_"
TRAIN = "train_"
LOSS = "loss"


class BoundCallback(TrainerCallback):  # type: ignore[misc]  # it is not followed
    """Logs the terms of the loss with each log, and an evaluation with each evaluation.

    Everything goes through the trainer's own `log`, and so to W&B, MLflow, TensorBoard
    and its history. Metrics of an evaluation are added to the trainer's, so that
    `metric_for_best_model` may name one, and early stopping watch it, if its callback
    is added after this one. A trainer's `BoundEvaluator` refuses the queries of its
    data set, unless they come as a stream, and goes on counting checkpoints where a
    resumed run left off.

    Parameters
    ----------
    trainer : transformers.Trainer
    evaluate : callable, optional
        Takes the model and gives an `Evaluation`, such as ``lambda model:
        held_out.evaluate(scores_of(model))``. Not needed where the trainer has a
        `BoundEvaluator`.
    loss : module, optional
        Has `terms`; by default the trainer's `loss`, if that has any.
    name : str, default "bound"
        Stands before the names of the metrics.
    feeding : Feeding, optional
        The wrapped training data, whose sampling card is logged after each epoch.

    Examples
    --------
    The callback is added once the trainer exists:
    ``trainer.add_callback(BoundCallback(trainer, evaluate=evaluate))``.
    """

    def __init__(
        self,
        trainer: Any,
        *,
        evaluate: Callable[[Any], Evaluation] | None = None,
        loss: Any = None,
        name: str = "bound",
        feeding: Any = None,
    ) -> None:
        self.trainer, self.evaluate, self.name = trainer, evaluate, name
        found = getattr(trainer, "loss", None) if loss is None else loss
        self.loss, self.feeding = found, feeding
        self.last: Evaluation | None = None

    def on_train_begin(self, _args: Any, state: Any, *_: Any, **__: Any) -> None:
        """Have the evaluators refuse the trainer's queries, and count on if resumed."""
        rows = getattr(self.trainer, "train_dataset", None)
        main = getattr(self.trainer, "evaluator", None)
        # A stream cannot be looked through beforehand
        whole = hasattr(rows, "column_names") and hasattr(rows, "__len__")
        for one in getattr(main, "evaluators", [main]):
            held = getattr(one, "held_out", None)
            if held is None:
                continue
            if whole:
                held.also_trained_on(rows)
            name = f"{one.name}_" if one.name else ""
            seen = [
                int(row.get(f"{EVAL}{name}evaluations", 0)) for row in state.log_history
            ]
            held.evaluations = max([held.evaluations, *seen])

    def on_log(
        self, _args: Any, _state: Any, _control: Any, logs: Any = None, **_: Any
    ) -> None:
        """Log the terms of the last batch whenever the trainer logs its loss."""
        seen = getattr(self.loss, "terms", None) if logs and LOSS in logs else None
        if seen is not None:
            self._log(TRAIN, {name: float(v) for name, v in seen._asdict().items()})

    def on_evaluate(
        self, _args: Any, state: Any, _control: Any, metrics: Any, model: Any, **_: Any
    ) -> None:
        """Evaluate the model, and log what is found."""
        if self.evaluate is None:
            return
        self.last = self.evaluate(model)
        LOG.info("step %s: %s", state.global_step, self.last.sentence())
        metrics.update(self._log(EVAL, self.last.metrics()))

    def on_epoch_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Log the sampling card of what the epoch was fed."""
        if self.feeding is None:
            return
        try:
            card = self.feeding.epoch()
        except (FormatError, UsageError) as error:  # a card is not worth a training
            LOG.warning("epoch %s has no sampling card: %s", state.epoch, error)
        else:
            LOG.info("epoch %s: %s", state.epoch, card.sentence())
            self._log("fed_", card.metrics())

    def _log(self, prefix: str, metrics: Mapping[str, float]) -> dict[str, float]:
        middle = f"{self.name}_" if self.name and prefix == EVAL else ""
        named = {f"{prefix}{middle}{key}": value for key, value in metrics.items()}
        self.trainer.log(dict(named))
        return named
