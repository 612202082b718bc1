"""The modules for trainers, with stand-ins for the libraries that CI does not have.

`make clients` runs them with sentence-transformers, Hugging Face, Lightning and MLflow.
"""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rankbound.errors import UsageError
from rankbound.training import (
    Feeding,
    HeldOut,
    LCELoss,
    ListwiseDistillLoss,
    PairwiseDistillLoss,
)
from tests.rankbound.training.test_heldout import world

LIBRARIES = (
    *("sentence_transformers", "sentence_transformers.base"),
    *("sentence_transformers.base.evaluation", "sentence_transformers.base.losses"),
    *("sentence_transformers.base.losses.merged_forward", "sentence_transformers.util"),
    *("transformers", "lightning", "lightning.pytorch", "lightning.pytorch.callbacks"),
)


class Plain:
    """A class that the modules derive from."""

    def prefix_name_to_metrics(self, metrics, name):
        return {f"{name}_{key}": value for key, value in metrics.items()}

    def store_metrics_in_model_card_data(self, *_):
        pass


class Rows(dict):
    """A data set of columns."""

    @property
    def column_names(self):
        return [*self]


class Bi(torch.nn.Module):
    """A bi-encoder of texts that are numbers in words, such as "q3" or "d1"."""

    similarity_fn_name = "dot"

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(80, 4)

    def _encoded(self, texts, **_):
        return self.table(torch.tensor([int(one[1:]) for one in texts])).detach()

    encode_query = encode_document = _encoded


class Cross(torch.nn.Module):
    """A cross-encoder of the same texts: minus the difference of both numbers."""

    num_labels, device = 1, "cpu"

    def preprocess(self, pairs, **_):
        return torch.tensor([[float(a[1:]), float(b[1:])] for a, b in pairs])

    def forward(self, numbers):
        return {"scores": (numbers[:, 1] - numbers[:, 0]).abs().neg().unsqueeze(-1)}

    def predict(self, pairs, activation_fn, **_):
        return activation_fn(self(self.preprocess(pairs))["scores"].view(-1)).numpy()


@pytest.fixture
def modules(monkeypatch):
    """The modules for trainers, imported with the stand-ins."""
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    stand_ins = {
        "sentence_transformers": {"CrossEncoder": Cross, "SentenceTransformer": Bi},
        "sentence_transformers.base.evaluation": {"BaseEvaluator": Plain},
        "sentence_transformers.base.losses.merged_forward": {
            "embed_columns": lambda model, columns: [model.table(c) for c in columns]
        },
        "sentence_transformers.util": {"batch_to_device": lambda batch, _: batch},
        "transformers": {"TrainerCallback": Plain},
        "lightning.pytorch.callbacks": {"Callback": Plain},
    }
    for name, held in stand_ins.items():
        for word, value in held.items():
            setattr(sys.modules[name], word, value)
    names = ("sentence_transformers", "transformers", "lightning")
    ours = [f"rankbound.training.{name}" for name in names]
    for name in ours:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield SimpleNamespace(
        **dict(zip(names, map(importlib.import_module, ours), strict=True))
    )
    for name in ours:
        sys.modules.pop(name, None)


def held_out(**settings):
    teacher, _, groups = world(40)
    return HeldOut(
        teacher,
        groups,
        trained_on=[],
        queries={qid: qid for qid in teacher},
        documents={docno: f"d{n}" for n, docno in enumerate("abcde")},
        teacher_kind="logit",
        **settings,
    )


def test_a_bi_encoder_has_the_loss_of_its_scores(modules):
    torch.manual_seed(0)
    model = Bi()
    columns = torch.arange(12).reshape(4, 3)  # a query and three documents
    vectors = model.table(columns)
    scores = torch.stack([(vectors[0] * vectors[n]).sum(-1) for n in (1, 2, 3)], 1)
    teacher = torch.randn(3, 3)
    for normalised in (False, True):
        model.similarity_fn_name = "cosine" if normalised else "dot"
        lengths = vectors.norm(dim=-1)
        by = torch.stack([lengths[0] * lengths[n] for n in (1, 2, 3)], 1)
        wanted = PairwiseDistillLoss()(scores / by if normalised else scores, teacher)
        loss = modules.sentence_transformers.BiEncoderLoss(model, PairwiseDistillLoss())
        assert_allclose(loss(columns, teacher).item(), wanted.item(), rtol=1e-5)
        margins = teacher[:, :1] - teacher[:, 1:]
        assert_allclose(loss(columns, margins).item(), wanted.item(), rtol=1e-5)
        assert loss.terms.entropy > 0
    contrast = modules.sentence_transformers.BiEncoderLoss(model, LCELoss())
    assert contrast(columns, None) > 0
    with pytest.raises(UsageError, match="labels"):
        loss(columns, teacher[:2])
    model.similarity_fn_name = "euclidean"
    with pytest.raises(UsageError, match="euclidean"):
        modules.sentence_transformers.BiEncoderLoss(model, PairwiseDistillLoss())


def test_a_cross_encoder_takes_lists_and_columns(modules):
    made = modules.sentence_transformers.CrossEncoderLoss
    loss = made(Cross(), ListwiseDistillLoss())
    queries, lists = ["q1", "q5"], [["d1", "d4", "d2"], ["d5", "d9"]]
    labels = [torch.tensor([2.0, 0.0, 1.0]), torch.tensor([0.5, -1.0])]
    scores = [torch.tensor([0.0, -3.0, -1.0]), torch.tensor([0.0, -4.0])]
    each = [
        ListwiseDistillLoss()(score, label).item()
        for score, label in zip(scores, labels, strict=True)
    ]
    assert_allclose(loss([queries, lists], labels).item(), np.mean(each), rtol=1e-6)
    columns = [queries, ["d1", "d5"], ["d4", "d9"]]
    together = torch.tensor([[2.0, 0.0], [0.5, -1.0]])
    wanted = ListwiseDistillLoss()(torch.tensor([[0.0, -3.0], [0.0, -4.0]]), together)
    assert_allclose(loss(columns, together).item(), wanted.item(), rtol=1e-6)
    with pytest.raises(UsageError, match="row 1"):
        loss([queries, lists], [labels[0], labels[0]])
    many = Cross()
    many.num_labels = 3
    with pytest.raises(UsageError, match="3"):
        made(many, ListwiseDistillLoss())


@pytest.mark.parametrize("kind", [Bi, Cross])
def test_the_evaluator_returns_what_is_said_of_the_scores(modules, kind, tmp_path):
    torch.manual_seed(1)
    model, held = kind(), held_out()
    evaluator = modules.sentence_transformers.BoundEvaluator(
        held, temperature=2.0, primary_metric="limit"
    )
    found = evaluator(model, str(tmp_path), 1, 7)
    assert evaluator.primary_metric == "bound_limit"
    assert not evaluator.greater_is_better
    if kind is Cross:
        values = model.predict(held.texts(), torch.nn.Identity())
    else:
        left, right = zip(*held.texts(), strict=True)
        values = (model.encode_query(left) * model.encode_document(right)).sum(-1)
    scores = "logit" if kind is Cross else "dot"
    wanted = held.certify(values, kind=scores, temperature=2.0).metrics()
    assert {f"bound_{k}" for k in wanted} <= {*found}
    for key, value in wanted.items():
        assert_allclose(found[f"bound_{key}"], value, rtol=1e-6)
    assert ("bound_lipschitz_times_diameter" in found) == (kind is Bi)
    assert evaluator.certify(model).evaluations == 1
    evaluator(model, str(tmp_path), 1, 8)
    assert len((tmp_path / "bound_results.csv").read_text().splitlines()) == 3
    with pytest.raises(UsageError, match="primary_metric"):
        modules.sentence_transformers.BoundEvaluator(held, primary_metric="entropy")


def test_the_callback_logs_by_the_trainer(modules):
    logged = []
    teacher, student, _ = world(40)
    held = held_out()
    loss = PairwiseDistillLoss()
    loss(torch.zeros(2, 3), torch.ones(2, 3))
    rows = [{"query_id": q, "doc_id_a": "a", "doc_id_b": ["b"]} for q in teacher]
    fed = Feeding(rows, teacher=teacher, teacher_kind="logit")
    trainer = SimpleNamespace(log=logged.append, loss=loss)
    callback = modules.transformers.BoundCallback(
        trainer, evaluate=lambda _: held.evaluate(student), feeding=fed
    )
    before = [{"loss": 1.0}, {"eval_bound_evaluations": 2.0}]  # of a resumed run
    state = SimpleNamespace(global_step=3, epoch=1, log_history=before)
    metrics = {"eval_loss": 1.0}
    trainer.train_dataset = Rows({"label": [1.0] * 3, "query": ["q1", "q2", "q1"]})
    one = SimpleNamespace(held_out=held, name="bound")
    trainer.evaluator = SimpleNamespace(evaluators=[one])
    callback.on_train_begin(None, state, None)
    callback.on_log(None, state, None, logs={"loss": 0.5})
    callback.on_log(None, state, None, logs={"eval_loss": 0.5})
    callback.on_evaluate(None, state, None, metrics=metrics, model=None)
    _ = [*fed]
    callback.on_epoch_end(None, state, None)
    assert [sorted(one)[0] for one in logged] == [
        "train_divergence",
        "eval_bound_certified_risk",
        "fed_entropy",
    ]
    assert_allclose(logged[0]["train_risk"], np.log(2))
    assert metrics["eval_bound_risk"] == held.certify(student).risk
    assert metrics["eval_bound_refused"] == 2
    assert metrics["eval_bound_evaluations"] == 3


def test_a_card_that_cannot_be_made_ends_no_training(modules, caplog):
    """Such as of texts that were cut until two are one, with a score each."""
    rows = [{"query": "q", "positive": "d", "negative": "d", "label": [2.0, 1.0]}]
    fed = Feeding(rows, teacher_kind="logit")
    callback = modules.transformers.BoundCallback(
        SimpleNamespace(log=lambda _: pytest.fail("logged")), feeding=fed
    )
    _ = [*fed]
    callback.on_epoch_end(None, SimpleNamespace(epoch=1.0), None)
    assert "epoch 1.0 has no sampling card: fed" in caplog.text
    with pytest.raises(UsageError, match="no row"):
        fed.epoch()


def test_lightning_logs_by_the_module(modules):
    logged = {}
    module = SimpleNamespace(
        log_dict=logged.update,
        score=lambda queries, lists: SimpleNamespace(
            scores=torch.tensor(
                [
                    -abs(float(q[1:]) - float(d[0][1:]))
                    for q, d in zip(queries, lists, strict=True)
                ]
            )
        ),
    )
    trainer = SimpleNamespace(sanity_checking=True, global_step=2, log_every_n_steps=2)
    held, loss = held_out(), PairwiseDistillLoss()
    loss(torch.zeros(2, 3), torch.ones(2, 3))
    callback = modules.lightning.BoundLightningCallback(held, loss=loss)
    callback.on_validation_epoch_end(trainer, module)
    assert not logged
    trainer.sanity_checking = False
    callback.on_validation_epoch_end(trainer, module)
    callback.on_train_batch_end(trainer, module, None, None, 0)
    values = Cross().predict(held.texts(), torch.nn.Identity())
    assert_allclose(logged["bound/risk"], held.certify(values).risk)
    assert_allclose(float(logged["train/risk"]), np.log(2))
    given = modules.lightning.BoundLightningCallback(held, scores=lambda _: values)
    given.on_validation_epoch_end(trainer, module)
    assert given.last.evaluations == 2
    resumed = modules.lightning.BoundLightningCallback(
        held_out(), scores=lambda _: values
    )
    resumed.load_state_dict(given.state_dict())
    resumed.on_validation_epoch_end(trainer, module)
    assert resumed.last.evaluations == 3
