"""rankbound: what the theory of ranking distillation says about your models.

``import rankbound as rb`` gives the public names below; each is loaded when it is first
used, so that the import itself costs nothing. The layers can be imported by themselves:
`rankbound.bounds` (statements and limits), `rankbound.estimators` (data to quantities),
`rankbound.validation` (statistics and checks), `rankbound.figures` (drawings).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__version__: Final = "0.2.0"

_HOME = {
    "rankbound.bounds.certificate": (
        "Certificate",
        "LossRange",
        "certify_student",
        "lemma_2c_range",
    ),
    "rankbound.bounds.errors": ("DomainError",),
    "rankbound.bounds.limits": (
        "empirical_bernstein",
        "hoeffding",
        "kl_chernoff",
        "lower_limit",
        "split_limit",
        "two_sided",
        "upper_limit",
    ),
    "rankbound.bounds.betting": ("betting", "queries_needed"),
    "rankbound.bounds.registry": ("REGISTRY", "statement"),
    "rankbound.estimators.distances": (
        "diameter",
        "largest_distance",
        "mean_distance",
        "pair_distances",
        "quantile_diameter",
    ),
    "rankbound.data.embeddings": ("Embeddings",),
    "rankbound.data.groups": ("Groups", "top_documents"),
    "rankbound.estimators.kinds": ("infer_kind", "to_logits"),
    "rankbound.estimators.listwise": (
        "list_divergence_nats",
        "list_entropy",
        "list_entropy_nats",
    ),
    "rankbound.estimators.pairwise": (
        "pairwise_divergence_nats",
        "pairwise_entropy",
        "pairwise_entropy_nats",
        "pairwise_risk_nats",
    ),
    "rankbound.data.per_query": ("PerQuery", "align"),
    "rankbound.data.scores": ("Kind", "Scores"),
    "rankbound.estimators.spread": ("clip_below_best", "entropy_floor", "score_range"),
    "rankbound.estimators.calibration": ("fit_temperature",),
    "rankbound.errors": ("FormatError", "UsageError"),
    "rankbound.read.vectors.embeddings": ("read_embeddings",),
    "rankbound.read.reading": ("read_groups", "read_qrels", "read_scores"),
    "rankbound.read.text.trec": ("read_run",),
    "rankbound.commands.measure.options": ("MeasureOptions", "StudentSource"),
    "rankbound.commands.measure.result": ("Ledger",),
    "rankbound.commands.measure.run": ("measure",),
    "rankbound.commands.validate.folders": ("Folder", "cases_of"),
    "rankbound.commands.validate.options": ("Case",),
    "rankbound.commands.validate.result": ("Validation",),
    "rankbound.commands.validate.ablated": ("validate_ablation",),
    "rankbound.commands.validate.run": ("validate",),
    "rankbound.estimators.bands": (
        "Band",
        "band_called",
    ),
    "rankbound.commands.compare.result": ("Comparison",),
    "rankbound.commands.compare.run": ("compare",),
    "rankbound.commands.cut.result": ("Cut",),
    "rankbound.commands.cut.run": ("cut",),
    "rankbound.commands.sample.result": ("Sample",),
    "rankbound.commands.sample.run": ("sample",),
    "rankbound.commands.ablate.result": ("Ablation",),
    "rankbound.commands.ablate.run": ("ablate",),
    "rankbound.commands.bound.result": ("Bound", "MeasuredChange"),
    "rankbound.commands.bound.run": ("bound",),
    "rankbound.commands.certify.result": ("Certification",),
    "rankbound.commands.certify.run": ("certify",),
    "rankbound.commands.power.result": ("Power",),
    "rankbound.commands.power.run": ("power",),
    "rankbound.validation.power": (
        "detectable_correlation",
        "detectable_difference",
        "equivalence_margin",
        "equivalence_power",
        "paired_power",
        "queries_for_difference",
        "queries_for_equivalence",
    ),
    "rankbound.reference.equivalence": (
        "reference_equivalence_groups",
        "reference_tost",
    ),
    "rankbound.commands.inspect.result": ("Inspection",),
    "rankbound.commands.inspect.run": ("inspect",),
    "rankbound.commands.convert.result": ("Conversion",),
    "rankbound.commands.convert.run": ("convert",),
    "rankbound.read.contents": ("Contents",),
    "rankbound.read.registry": ("read_any",),
    "rankbound.commands.appendix": ("appendix",),
    "rankbound.drawing.run": ("draw",),
    "rankbound.page.demo": ("demo",),
    "rankbound.page.report": ("report",),
    "rankbound.commands.study.result": ("Study",),
    "rankbound.page.study": ("study",),
    "rankbound.terminal.explain": ("explain",),
}
# Names of earlier versions, and what does their work
_GONE = {
    "CompareOptions": "the keywords of rb.compare",
    "CutOptions": "the keywords of rb.cut",
    "Measurement": "rb.Ledger",
    "PowerOptions": "the keywords of rb.power",
    "ValidateOptions": "the keywords of rb.validate",
    "check_theory": "rb.certify",
    "compare_samplings": "rb.compare",
    "comparison_json": "the to_dict of what rb.compare returns",
    "cut_groups": "rb.cut",
    "draw_all": "rb.draw",
    "ledger": "the to_dict of what rb.measure returns",
    "powers": "rb.power",
    "write_cut": "the save of what rb.cut returns",
}
_MODULES = ("pt",)  # for PyTerrier
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE)


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _MODULE:
        hint = f"; use {_GONE[name]}" if name in _GONE else ""
        raise AttributeError(f"module 'rankbound' has no attribute {name!r}{hint}")
    value = getattr(import_module(_MODULE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *_MODULE, *_MODULES})
