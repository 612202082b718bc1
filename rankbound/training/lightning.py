"""`BoundLightningCallback`: the bound's terms in the log of a Lightning trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightning.pytorch.callbacks import Callback

from rankbound.training.heldout import LOG, Evaluation, HeldOut

EVALUATIONS = "evaluations"


class BoundLightningCallback(Callback):  # type: ignore[misc]  # it is not followed
    """Evaluates a module after each validation, and logs by the module's own `log`.

    Metrics are logged as "bound/risk" and so on, for every logger of the trainer; early
    stopping and checkpoints may monitor them.

    Parameters
    ----------
    held_out : HeldOut
    scores : callable, optional
        Takes the module and gives a score for each of `held_out.pairs`. By default the
        module is one of lightning-ir, and scores the texts of the pairs.
    temperature : float, tensor or "fit", optional
        Of the student; 1 by default.
    kind : str, default "logit"
        What the scores are.
    loss : module, optional
        Has `terms`, which are logged as "train/entropy" and so on after every batch
        that the trainer logs.
    batch_size : int, default 32
        Queries that a module of lightning-ir scores at once.
    name : str, default "bound"
    """

    def __init__(  # noqa: PLR0913  what is evaluated and logged
        self,
        held_out: HeldOut,
        *,
        scores: Callable[[Any], Any] | None = None,
        temperature: Any = None,
        kind: str = "logit",
        loss: Any = None,
        batch_size: int = 32,
        name: str = "bound",
    ) -> None:
        self.held_out, self.scores = held_out, scores
        self.temperature, self.kind = temperature, kind
        self.loss, self.batch_size, self.name = loss, batch_size, name
        self.last: Evaluation | None = None

    def state_dict(self) -> dict[str, int]:
        """What a checkpoint keeps: a resumed run goes on counting its evaluations."""
        return {EVALUATIONS: self.held_out.evaluations}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Count on from a checkpoint."""
        before = state_dict[EVALUATIONS]
        self.held_out.evaluations = max(self.held_out.evaluations, before)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, _outputs: Any, _batch: Any, _index: int
    ) -> None:
        """Log the terms of the batch where the trainer logs."""
        if self.loss is None or (trainer.global_step % trainer.log_every_n_steps):
            return
        terms = self.loss.terms._asdict().items()
        pl_module.log_dict({f"train/{name}": value for name, value in terms})

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Evaluate the module, unless this is the check before training."""
        if trainer.sanity_checking:
            return
        scored = self._of_texts if self.scores is None else self.scores
        values = scored(pl_module)
        self.last = self.held_out.evaluate(
            values, kind=self.kind, temperature=self.temperature
        )
        LOG.info("step %s: %s", trainer.global_step, self.last.sentence())
        found = self.last.metrics().items()
        pl_module.log_dict({f"{self.name}/{name}": value for name, value in found})

    def _of_texts(self, module: Any) -> Any:
        """Scores of a module of lightning-ir, of a few queries at a time."""
        import torch

        texts = self.held_out.texts()
        found = []
        with torch.no_grad():
            for start in range(0, len(texts), self.batch_size):
                part = texts[start : start + self.batch_size]
                queries, documents = zip(*part, strict=True)
                scored = module.score(queries, [(one,) for one in documents]).scores
                found.append(scored.reshape(-1).float().cpu())
        return torch.cat(found).numpy()
