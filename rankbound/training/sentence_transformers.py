"""Losses and an evaluator for the trainers of sentence-transformers (6 or newer).

Two lines are added to a training script: the loss, and the evaluator. What they report
is logged by the trainer, to wherever it logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.evaluation import BaseEvaluator
from sentence_transformers.base.losses.merged_forward import embed_columns
from sentence_transformers.util import batch_to_device
from torch import Tensor, nn
from torch.nn import functional

from rankbound.bounds.wording import counted, listed
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.training.heldout import LOG, Evaluation, HeldOut
from rankbound.training.losses import DistillLoss, Terms

SIMILARITIES: Final = {"cosine": Kind.COSINE, "dot": Kind.DOT}
# What an evaluator reports and a checkpoint can be chosen by: less is better
LESS_IS_BETTER: Final = ("risk", "divergence", "limit", "certified_risk")


class BiEncoderLoss(nn.Module):  # type: ignore[misc]  # torch is not followed
    """A loss of `rankbound.training` for a `SentenceTransformer`.

    The training set has a column of queries, columns of documents (the positive first),
    and a label: the teacher's scores of these documents, or the margins of the positive
    to each negative. It may lack for `LCELoss`.

    Parameters
    ----------
    model : SentenceTransformer
        Its similarity must be "cosine" or "dot".
    loss : DistillLoss
        Cosines need a student temperature well below 1, such as 0.05.

    Raises
    ------
    UsageError
        For another similarity, or labels of another shape.
    """

    def __init__(self, model: SentenceTransformer, loss: DistillLoss) -> None:
        super().__init__()
        self.model, self.loss = model, loss
        self.normalised = _similarity(model) is Kind.COSINE

    def forward(
        self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor | None
    ) -> Tensor:
        """The loss of a batch, as the trainer asks for it."""
        embeddings = embed_columns(self.model, sentence_features)
        return self.compute_loss_from_embeddings(embeddings, labels)

    def compute_loss_from_embeddings(
        self, embeddings: list[Tensor], labels: Tensor | None
    ) -> Tensor:
        """The loss of vectors: those of the queries first, then of each column."""
        if self.normalised:
            embeddings = [functional.normalize(one, dim=-1) for one in embeddings]
        query, *columns = embeddings
        # Column by column, since to stack all vectors takes as long as the rest
        products = [torch.linalg.vecdot(query, column) for column in columns]
        scores = torch.stack(products, dim=-1)
        return self.loss(scores, _teacher(labels, scores))

    @property
    def terms(self) -> Terms:
        """Those of the loss."""
        return self.loss.terms

    def get_config_dict(self) -> dict[str, object]:
        """What stands in the model card."""
        return {"loss": str(self.loss)}


class CrossEncoderLoss(nn.Module):  # type: ignore[misc]  # torch is not followed
    """A loss of `rankbound.training` for a `CrossEncoder` with one output.

    The training set has a column of queries and either one of lists of documents with
    lists of the teacher's scores as labels, which may differ in length, or columns of
    documents with labels as for `BiEncoderLoss`.

    Parameters
    ----------
    model : CrossEncoder
    loss : DistillLoss
        It is given the logits, before any activation.
    """

    def __init__(self, model: CrossEncoder, loss: DistillLoss) -> None:
        super().__init__()
        if model.num_labels != 1:
            raise UsageError(
                f"the loss ranks by one score, got a model with {model.num_labels} "
                "outputs; give `num_labels=1`"
            )
        self.model, self.loss = model, loss

    def forward(
        self,
        inputs: list[Any],
        labels: Tensor | list[Tensor] | None,
        prompt: str | None = None,
        task: str | None = None,
    ) -> Tensor:
        """The loss of a batch, as the trainer asks for it."""
        queries, lists = inputs[0], inputs[1:]
        if lists and isinstance(lists[0][0], str):
            lists = [[*row] for row in zip(*lists, strict=True)]
        else:
            (lists,) = lists
        pairs = [
            (query, document)
            for query, documents in zip(queries, lists, strict=True)
            for document in documents
        ]
        tokens = self.model.preprocess(pairs, prompt=prompt, task=task)
        device = self.model.device
        flat = self.model(batch_to_device(tokens, device)).get("scores").view(-1)
        sizes = torch.tensor([len(one) for one in lists])
        mask = torch.arange(int(sizes.max())) < sizes.unsqueeze(-1)
        whole = bool(mask.all())
        mask = mask.to(device)
        scores = flat.new_zeros(mask.shape).masked_scatter(mask, flat)
        if isinstance(labels, list):
            _check_lengths(labels, sizes)
            labels = nn.utils.rnn.pad_sequence(labels, batch_first=True)
        teacher = _teacher(labels, scores)
        return self.loss(scores, teacher, mask=None if whole else mask)

    @property
    def terms(self) -> Terms:
        """Those of the loss."""
        return self.loss.terms

    def get_config_dict(self) -> dict[str, object]:
        """What stands in the model card."""
        return {"loss": str(self.loss)}


class BoundEvaluator(BaseEvaluator):  # type: ignore[misc]  # it is not followed
    """Logs what the bound says of a bi-encoder or cross-encoder on held-out queries.

    Parameters
    ----------
    held_out : HeldOut
        With the texts of its queries and documents.
    temperature : float, tensor or "fit", optional
        Of the student: that of the loss (a learned one is read at each evaluation), or
        chosen on the pilot queries. The default is "fit" for bi-encoders and 1 for the
        logits of cross-encoders.
    primary_metric : str, default "risk"
        What the trainer chooses the best checkpoint by: "risk", "divergence",
        "certified_risk" or "limit"; less is better.
    name : str
        Stands before the names of the metrics.
    batch_size : int, default 32

    Raises
    ------
    UsageError
        For another metric.
    """

    def __init__(
        self,
        held_out: HeldOut,
        *,
        temperature: Any = None,
        primary_metric: str = "risk",
        name: str = "bound",
        batch_size: int = 32,
    ) -> None:
        super().__init__()
        if primary_metric not in LESS_IS_BETTER:
            raise UsageError(
                f"`primary_metric` must be one of {listed(LESS_IS_BETTER)}, got "
                f"{primary_metric!r}"
            )
        self.held_out, self.temperature = held_out, temperature
        self.name, self.batch_size = name, batch_size
        self.greater_is_better = False
        self.primary_metric = f"{name}_{primary_metric}" if name else primary_metric
        self.last: Evaluation | None = None

    def __call__(
        self,
        model: Any,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
    ) -> dict[str, float]:
        """Evaluate a checkpoint; the trainer logs what is returned."""
        self.last = self._evaluated(model, self.held_out.evaluate)
        LOG.info("epoch %s, step %s: %s", epoch, steps, self.last.sentence())
        if output_path is not None:
            self._write(output_path, epoch, steps, self.last)
        metrics: dict[str, float] = self.prefix_name_to_metrics(
            self.last.metrics(), self.name
        )
        self.store_metrics_in_model_card_data(model, metrics, epoch, steps)
        return metrics

    def certify(self, model: Any) -> Evaluation:
        """Evaluate one of the checkpoints again, such as the best, without counting."""
        return self._evaluated(model, self.held_out.certify)

    def get_config_dict(self) -> dict[str, object]:
        """What stands in the model card."""
        return {
            "queries": len(self.held_out.groups.qids),
            "primary_metric": self.primary_metric,
        }

    def _evaluated(self, model: Any, evaluate: Callable[..., Evaluation]) -> Evaluation:
        if isinstance(model, CrossEncoder):
            values = cross_encoder_scores(
                model, self.held_out.texts(), batch_size=self.batch_size
            )
            return evaluate(values, kind=Kind.LOGIT, temperature=self.temperature)
        values, vectors, docnos = self._bi_encoder(model)
        from rankbound.read.vectors.embeddings import read_embeddings

        return evaluate(
            values,
            kind=_similarity(model),
            temperature="fit" if self.temperature is None else self.temperature,
            embeddings=read_embeddings(vectors, docnos),
        )

    def _bi_encoder(self, model: Any) -> tuple[Any, Any, list[str]]:
        """Scores of the pairs, and vectors of the documents with their ids."""
        pairs, texts = self.held_out.pairs, self.held_out.texts()
        asked = {qid: text for (qid, _), (text, _) in zip(pairs, texts, strict=True)}
        given = {
            docno: text for (_, docno), (_, text) in zip(pairs, texts, strict=True)
        }
        told = {
            "batch_size": self.batch_size,
            "convert_to_tensor": True,
            "show_progress_bar": False,
            "normalize_embeddings": _similarity(model) is Kind.COSINE,
        }
        queries = model.encode_query([*asked.values()], **told).float().cpu()
        documents = model.encode_document([*given.values()], **told).float().cpu()
        row = {qid: place for place, qid in enumerate(asked)}
        column = {docno: place for place, docno in enumerate(given)}
        left = queries[[row[qid] for qid, _ in pairs]]
        right = documents[[column[docno] for _, docno in pairs]]
        return (left * right).sum(-1).numpy(), documents.numpy(), [*given]

    def _write(self, folder: str, epoch: int, steps: int, found: Evaluation) -> None:
        """Append a row to the CSV file of the evaluator, as those of the library do."""
        import csv
        from pathlib import Path

        path = Path(folder) / f"{self.name or 'bound'}_results.csv"
        values = {"epoch": epoch, "steps": steps, **found.metrics()}
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, [*values])
            if new:
                writer.writeheader()
            writer.writerow(values)


def cross_encoder_scores(
    model: Any, texts: Sequence[tuple[str, str]], *, batch_size: int = 32
) -> Any:
    """Logits of a `CrossEncoder` for pairs of a query and a document, shape (n,)."""
    return model.predict(
        list(texts),
        batch_size=batch_size,
        activation_fn=nn.Identity(),
        show_progress_bar=False,
    ).astype("float64")


def _similarity(model: Any) -> Kind:
    name = str(getattr(model.similarity_fn_name, "value", model.similarity_fn_name))
    if name not in SIMILARITIES:
        raise UsageError(
            f"the model's similarity is {name!r}; give `similarity_fn_name`='cosine' "
            "or 'dot'"
        )
    return SIMILARITIES[name]


def _teacher(labels: Tensor | None, scores: Tensor) -> Tensor | None:
    """Teacher's scores of the documents, from these or from margins of the first."""
    if labels is None:
        return None
    n, k = scores.shape
    if labels.shape == (n,) and k == 2:
        labels = labels.unsqueeze(-1)
    if labels.shape == (n, k - 1):
        labels = torch.cat([labels.new_zeros(n, 1), -labels], dim=-1)
    if labels.shape != (n, k):
        raise UsageError(
            f"{counted(n, 'query')} with {counted(k, 'document')} need labels of shape "
            f"{(n, k)} (the "
            f"teacher's scores) or {(n, k - 1)} (its margins of the first document to "
            f"the others), got {tuple(labels.shape)}"
        )
    # A copy of what is there already would be an output of a compiled graph
    return labels if labels.device == scores.device else labels.to(scores.device)


def _check_lengths(labels: Sequence[Tensor], sizes: Tensor) -> None:
    for row, (label, size) in enumerate(zip(labels, sizes.tolist(), strict=True)):
        if len(label) != size:
            raise UsageError(
                f"row {row} of the batch has {counted(size, 'document')} and "
                f"{counted(len(label), 'label')}"
            )
