"""How far apart the samplings are as laws of documents, and what judgements they cover.

Every sampling is compared with the reference. The groups of a query are its law,
uniform where no probabilities are given: then the distance is that of the draws, which
is larger than that of the laws they were drawn from.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rankbound.bounds.shift import (
    density_ratio,
    product_total_variation,
    total_variation,
)
from rankbound.bounds.wording import counted
from rankbound.commands.compare.run import Comparison
from rankbound.commands.measure.laws import Law, laws
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.errors import UsageError

NO_KAPPA = (
    "no probabilities in the groups of both samplings; a ratio of drawn frequencies, "
    "let alone of scores, is no kappa"
)


def overlap(comparison: Comparison) -> list[dict[str, Any]]:
    """One record per sampling, the reference included."""
    options, loaded = comparison.options, comparison.loaded
    found = {}
    for sampling in loaded.samplings:
        try:
            found[sampling.name] = laws(sampling.groups)
        except UsageError as error:
            reason = {"missing_because": str(error)}
            return [{"sampling": sampling.name, **reason}]
    known = all(
        loaded.sampling(options.baseline).groups.probabilities is not None
        and s.groups.probabilities is not None
        for s in loaded.samplings
    )
    return [
        {
            "sampling": sampling.name,
            **_against(found[sampling.name], found[options.baseline], known=known),
            **_coverage(sampling.groups, loaded.qrels),
            "missing_because": None,
        }
        for sampling in loaded.samplings
    ]


def _against(mine: dict[str, Law], theirs: dict[str, Law], *, known: bool) -> Any:
    """Distance of the laws over the queries that both have; kappa of the reference.

    kappa is the largest ratio of the reference's probability and the sampling's: what
    it takes to bound the risk under the reference from this sampling's pairs.
    """
    qids = sorted(mine.keys() & theirs.keys())
    if not qids:
        return {"n": 0, "total_variation": None}
    table = [_both(theirs[qid], mine[qid]) for qid in qids]
    kappa = np.array([density_ratio(*both).kappa for both in table])
    infinite = int(np.isinf(kappa).sum())
    shared = [len(mine[q].keys() & theirs[q].keys()) for q in qids]
    either = [len(mine[q].keys() | theirs[q].keys()) for q in qids]
    return {
        "n": len(qids),
        "total_variation": _mean([total_variation(*both) for both in table]),
        "pair_total_variation": _mean(
            [product_total_variation(*both) for both in table]
        ),
        "kappa": float(kappa.max()) if known and not infinite else None,
        "kappa_missing_because": None
        if known and not infinite
        else NO_KAPPA
        if not known
        else counted(infinite, "query has", "queries have")
        + " a document that this sampling never draws",
        "document_overlap": _mean([a / b for a, b in zip(shared, either, strict=True)]),
        "reference_covered": _mean(
            [a / len(theirs[q]) for a, q in zip(shared, qids, strict=True)]
        ),
    }


def _coverage(groups: Groups, qrels: Scores | None) -> dict[str, Any]:
    """Judged and relevant documents of each query that its groups hold."""
    names = ("judged_covered", "relevant_covered", "documents_judged")
    if qrels is None:
        missing = "no judgements were given (--qrels)"
        return {**dict.fromkeys(names), "judged_missing_because": missing}
    query = {qid: index for index, qid in enumerate(qrels.qids)}
    held = _documents(groups)
    judged, relevant, share = [], [], []
    for qid, documents in held.items():
        if qid not in query:
            continue
        rows = slice(*qrels.offsets[query[qid] : query[qid] + 2])
        names_here = qrels.docnos[qrels.codes[rows]]
        inside = np.array([docno in documents for docno in names_here])
        good = qrels.values[rows] >= 1
        judged.append(float(inside.mean()))
        share.append(float(inside.sum()) / len(documents))
        if good.any():
            relevant.append(float(inside[good].mean()))
    means = dict(zip(names, map(_mean, (judged, relevant, share)), strict=True))
    reason = None if judged else "none of the queries has judgements"
    return {**means, "judged_missing_because": reason}


def _documents(groups: Groups) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for group, qid in enumerate(groups.group_qids()):
        part = slice(*groups.offsets[group : group + 2])
        found.setdefault(qid, set()).update(groups.docnos[groups.codes[part]])
    return found


def _both(first: Law, second: Law) -> tuple[np.ndarray, np.ndarray]:
    docnos = sorted(first.keys() | second.keys())
    left, right = (
        np.array([law.get(docno, 0.0) for docno in docnos]) for law in (first, second)
    )
    return left, right


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
