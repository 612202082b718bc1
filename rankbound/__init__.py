"""rankbound: what the theory of ranking distillation says about your models.

``import rankbound as rb`` gives the public names below; each is loaded when it is first
used, so that the import itself costs nothing. The layers can be imported by themselves:
`bounds` (statements and limits), `estimators` (data to quantities).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "bounds.certificate": ("Certificate", "LossRange", "certify", "lemma_2c_range"),
    "bounds.errors": ("DomainError",),
    "bounds.limits": (
        "empirical_bernstein",
        "hoeffding",
        "kl_chernoff",
        "lower_limit",
        "split_limit",
        "two_sided",
        "upper_limit",
    ),
    "bounds.betting": ("betting", "queries_needed"),
    "bounds.registry": ("REGISTRY", "statement"),
    "estimators.distances": (
        "diameter",
        "mean_distance",
        "pair_distances",
        "quantile_diameter",
    ),
    "estimators.embeddings": ("Embeddings",),
    "estimators.groups": ("Groups", "top_documents"),
    "estimators.kinds": ("infer_kind", "to_logits"),
    "estimators.listwise": (
        "list_divergence_nats",
        "list_entropy",
        "list_entropy_nats",
    ),
    "estimators.pairwise": (
        "pairwise_divergence_nats",
        "pairwise_entropy",
        "pairwise_entropy_nats",
        "pairwise_risk_nats",
    ),
    "estimators.per_query": ("PerQuery", "align"),
    "estimators.scores": ("Kind", "Scores"),
    "estimators.spread": ("clip_below_best", "entropy_floor", "score_range"),
    "estimators.temperature": ("fit_temperature",),
    "rankbound.errors": ("UsageError",),
    "rankbound.formats.embeddings": ("read_embeddings",),
    "rankbound.formats.errors": ("FormatError",),
    "rankbound.formats.reading": ("read_groups", "read_qrels", "read_scores"),
    "rankbound.formats.trec": ("read_run",),
    "rankbound.measuring.ledger": ("ledger",),
    "rankbound.measuring.options": ("MeasureOptions", "StudentSource"),
    "rankbound.measuring.run": ("Measurement", "measure"),
    "rankbound.validating.folders": ("Folder", "cases_of"),
    "rankbound.validating.options": ("Case", "ValidateOptions"),
    "rankbound.validating.run": ("Validation", "validate"),
    "estimators.bands": (
        "Band",
        "band_called",
    ),
    "rankbound.comparing.options": ("CompareOptions",),
    "rankbound.comparing.run": (
        "Comparison",
        "compare",
        "compare_samplings",
    ),
    "rankbound.comparing.account": ("comparison_json",),
    "rankbound.cutting": (
        "Cut",
        "CutOptions",
        "cut",
        "cut_groups",
        "write_cut",
    ),
    "rankbound.powering": ("power", "powers"),
    "rankbound.powering_options": ("PowerOptions",),
    "validation.power": (
        "detectable_correlation",
        "detectable_difference",
        "paired_power",
        "queries_for_difference",
    ),
    "validation.equivalence_power": (
        "equivalence_margin",
        "equivalence_power",
        "queries_for_equivalence",
    ),
    "validation.compat": (
        "reference_equivalence_groups",
        "reference_tost",
    ),
    "rankbound.inspecting.run": (
        "Inspection",
        "inspect",
    ),
    "rankbound.converting": (
        "Conversion",
        "convert",
    ),
    "rankbound.formats.contents": ("Contents",),
    "rankbound.formats.registry": ("read_any",),
    "rankbound.drawing.run": ("draw_all",),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE)


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _MODULE:
        raise AttributeError(f"module 'rankbound' has no attribute {name!r}")
    value = getattr(import_module(_MODULE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *_MODULE})
