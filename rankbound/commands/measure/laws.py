"""Target and sampling law of the documents of each query, from groups.

The groups of a query are its law: each lists documents with their probabilities,
uniform without, and several groups of a query weigh the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.shift import (
    density_ratio,
    product_total_variation,
    total_variation,
)
from rankbound.data.columns import Booleans, Floats, Integers, strings
from rankbound.data.groups import Groups
from rankbound.errors import UsageError

Law = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """Two laws for each query that has both.

    Attributes
    ----------
    documents : Groups
        One group per query, sorted by qid: the documents of either law.
    sampling, target : float64 arrays, shape (n_rows,)
        Probabilities; of every query they sum to 1.
    distance, pair_distance : float64 arrays, shape (n_queries,)
        Total variation distance of the laws of one document, and of a pair.
    ratio : float64 array, shape (n_queries,)
        kappa, infinite where the sampler misses a document of the target law.
    n_without_target, n_without_sampling : int
        Queries of the one law that the other lacks.
    """

    documents: Groups
    sampling: Floats
    target: Floats
    distance: Floats
    pair_distance: Floats
    ratio: Floats
    n_without_target: int
    n_without_sampling: int

    @property
    def n_queries(self) -> int:
        """Queries with both laws."""
        return self.documents.n_groups

    def rows(self, query: int) -> slice:
        """The document rows of a query."""
        return slice(*self.documents.offsets[query : query + 2])


def laws_of_queries(
    sampling: Groups, target: Groups | None, *, aside: Booleans
) -> Laws | None:
    """Both laws; None if no target is given and no sampling probabilities either.

    Parameters
    ----------
    sampling : Groups
        The groups of the measurement.
    target : Groups or None
        None: the target law is uniform over the documents of the sampling law.
    aside : boolean array, shape (n_groups,)
        Groups of `sampling` that were set aside; their queries do not appear.

    Raises
    ------
    UsageError
        If no query has both laws, or documents with probabilities were left out.
    """
    if target is None and sampling.probabilities is None:
        return None
    hidden = set(sampling.group_qids()[aside])
    drawn = laws(sampling.keep_groups(~aside))
    if target is None:
        wanted = {qid: dict.fromkeys(law, 1 / len(law)) for qid, law in drawn.items()}
    else:
        wanted = {q: law for q, law in laws(target).items() if q not in hidden}
    qids = sorted(drawn.keys() & wanted.keys())
    if not qids:
        name = sampling.name if target is None else target.name
        raise UsageError(
            f"{name}: none of the certificate's queries has a target group; give "
            "target groups of the same queries"
        )
    return _joined(qids, drawn, wanted)


def laws(groups: Groups) -> dict[str, Law]:
    """The law of every query: the mean over its groups.

    Raises
    ------
    UsageError
        If a group's probabilities do not sum to 1, since documents were left out.
    """
    weights = groups.probabilities
    found: dict[str, list[Law]] = {}
    for group, qid in enumerate(groups.group_qids()):
        part = slice(*groups.offsets[group : group + 2])
        names = groups.docnos[groups.codes[part]]
        chances = np.full(len(names), 1 / len(names))
        if weights is not None:
            chances = weights[part]
            if abs(chances.sum() - 1) > 1e-6:
                where, _, _ = groups.where(part.start)
                raise UsageError(
                    f"{where}: the probabilities of the documents of query {qid!r} "
                    f"that are left sum to {chances.sum():.6g}; the law is known only "
                    "if none is dropped: complete the scores and vectors"
                )
        law = dict(zip(names.tolist(), chances.tolist(), strict=True))
        found.setdefault(qid, []).append(law)
    return {qid: _mean(several) for qid, several in found.items()}


def _mean(several: list[Law]) -> Law:
    total: Law = {}
    for law in several:
        for docno, chance in law.items():
            total[docno] = total.get(docno, 0.0) + chance / len(several)
    return total


def _joined(qids: list[str], drawn: dict[str, Law], wanted: dict[str, Law]) -> Laws:
    members = [sorted(drawn[qid].keys() | wanted[qid].keys()) for qid in qids]
    docnos = sorted(set().union(*members))
    place = {docno: code for code, docno in enumerate(docnos)}
    codes = [place[docno] for docs in members for docno in docs]
    sizes = [len(docs) for docs in members]
    nu, mu = (
        [
            np.array([law[qid].get(docno, 0.0) for docno in docs])
            for qid, docs in zip(qids, members, strict=True)
        ]
        for law in (drawn, wanted)
    )
    pairs = list(zip(mu, nu, strict=True))
    return Laws(
        documents=Groups(
            queries=np.arange(len(qids), dtype=np.int64),
            qids=strings(qids),
            offsets=_offsets(sizes),
            codes=np.array(codes, dtype=np.int64),
            docnos=strings(docnos),
            name="documents of both laws",
        ),
        sampling=np.concatenate(nu),
        target=np.concatenate(mu),
        distance=np.array([total_variation(*both) for both in pairs]),
        pair_distance=np.array([product_total_variation(*both) for both in pairs]),
        ratio=np.array([density_ratio(*both).kappa for both in pairs]),
        n_without_target=len(drawn.keys() - wanted.keys()),
        n_without_sampling=len(wanted.keys() - drawn.keys()),
    )


def _offsets(sizes: list[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
