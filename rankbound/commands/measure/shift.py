"""The risk of a student under the target law, from pairs of the sampling law.

Theorem 2 on data. The groups of a query are its sampling law: each lists documents with
their probabilities (uniform if none are given), and several groups of a query have
equal weight. Since both laws are known query by query, every form of the theorem bounds
the target risk of one query by a number, and so does the smallest of these numbers.
One upper limit of the mean of the smallest needs no union bound over the forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rankbound.bounds.certificate import CHOSEN, LN2, LossRange, lemma_2c_range
from rankbound.bounds.limits import upper_limit
from rankbound.bounds.shift import (
    cvar,
    law_distances,
    transport_shift,
)
from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.result import (
    ImportanceWeights,
    LimitFloor,
    Shift,
    ShiftForm,
    ShiftForms,
    ShiftRange,
)
from rankbound.data.clusters import Clusters, Units, units_of
from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    Strings,
    distinct_codes,
    positions,
    sorted_places,
    united,
)
from rankbound.data.groups import Groups
from rankbound.errors import UsageError
from rankbound.estimators.pairwise import pair_risk

JOINED_AT_ONCE: Final = 20_000  # queries


@dataclass(frozen=True, slots=True, eq=False)
class QueryLaws:
    """The law of the documents of each query.

    Attributes
    ----------
    qids : object array of str, shape (n_queries,)
        Sorted.
    queries : int64 array, shape (n_rows,)
        The query of each row, as a position in `qids`; ascending.
    codes : int64 array, shape (n_rows,)
        Its document, as a position in `docnos`; a query has each once.
    docnos : object array of str, shape (n_docs,)
        Distinct.
    chances : float64 array, shape (n_rows,)
        Probabilities, which add up to 1 in every query.
    """

    qids: Strings
    queries: Integers
    codes: Integers
    docnos: Strings
    chances: Floats

    @property
    def sizes(self) -> Integers:
        """Documents of each query, shape (n_queries,)."""
        return np.bincount(self.queries, minlength=len(self.qids))

    def part(self, start: int, stop: int) -> QueryLaws:
        """The laws of the queries at some of the places."""
        rows = slice(*np.searchsorted(self.queries, [start, stop]).tolist())
        return replace(
            self,
            qids=self.qids[start:stop],
            queries=self.queries[rows] - start,
            codes=self.codes[rows],
            chances=self.chances[rows],
        )

    def uniform(self) -> QueryLaws:
        """The laws that give the documents of a query the same probability."""
        return replace(self, chances=1 / self.sizes[self.queries])

    def among(self, qids: Strings) -> QueryLaws:
        """The laws of these queries, as far as there are any."""
        return self._kept(positions(qids, self.qids) >= 0)

    def without(self, qids: Strings) -> QueryLaws:
        """The laws of all other queries."""
        return self._kept(positions(qids, self.qids) < 0)

    def _kept(self, keep: Booleans) -> QueryLaws:
        if keep.all():
            return self
        place = np.cumsum(keep) - 1
        rows = keep[self.queries]
        return replace(
            self,
            qids=self.qids[keep],
            queries=place[self.queries[rows]],
            codes=self.codes[rows],
            chances=self.chances[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class JoinedLaws:
    """Two laws of each query that has both, over the documents of either.

    Attributes
    ----------
    qids : object array of str, shape (n_queries,)
        Sorted.
    queries, codes : int64 arrays, shape (n_rows,)
        As in `QueryLaws`; documents ascend within a query.
    docnos : object array of str, shape (n_docs,)
        Sorted.
    chances : pair of float64 arrays, shape (n_rows,)
        Those of both laws.
    held : pair of boolean arrays, shape (n_rows,)
        Whether the law names the document, whatever its probability.
    """

    qids: Strings
    queries: Integers
    codes: Integers
    docnos: Strings
    chances: tuple[Floats, Floats]
    held: tuple[Booleans, Booleans]

    @property
    def sizes(self) -> Integers:
        """Documents of each query, shape (n_queries,)."""
        return np.bincount(self.queries, minlength=len(self.qids))

    def counts(self, rows: Booleans) -> Integers:
        """How many of some rows each query has, shape (n_queries,)."""
        return np.bincount(self.queries[rows], minlength=len(self.qids))


def joined(first: QueryLaws, second: QueryLaws) -> Iterator[JoinedLaws]:
    """The laws of the queries that both have, over the documents of either.

    Some ten thousand queries come at once, in their order, with the same `docnos`.
    """
    columns = [first.docnos]
    if second.docnos is not first.docnos:
        columns.append(second.docnos)
    docnos, places = united(columns)
    first, second = (
        replace(law, codes=place[law.codes], docnos=docnos)
        for law, place in zip((first, second), (places[0], places[-1]), strict=True)
    )
    del columns, places
    first = first.among(second.qids)
    second = second.among(first.qids)
    for start in range(0, len(first.qids), JOINED_AT_ONCE):
        part = start, start + JOINED_AT_ONCE
        yield _joined(first.part(*part), second.part(*part))


def _joined(first: QueryLaws, second: QueryLaws) -> JoinedLaws:
    """The laws of the same queries, over the same `docnos`."""
    width = max(1, len(first.docnos))
    keys = np.concatenate([law.queries * width + law.codes for law in (first, second)])
    distinct, where = np.unique(keys, return_inverse=True)
    values = np.zeros((2, len(distinct)))
    held = np.zeros((2, len(distinct)), dtype=bool)
    sides = np.split(where, [len(first.codes)])
    for side, law in enumerate((first, second)):
        values[side, sides[side]] = law.chances
        held[side, sides[side]] = True
    queries, codes = np.divmod(distinct, width)
    return JoinedLaws(
        first.qids,
        queries,
        codes,
        first.docnos,
        (values[0], values[1]),
        (held[0], held[1]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """The target and the sampling law of each query that has both.

    Attributes
    ----------
    documents : Groups
        One group for each query, sorted by qid: the documents of either law.
    sampling, target : float64 arrays, shape (n_rows,)
        Probabilities, which add up to 1 in every query.
    distance, pair_distance : float64 arrays, shape (n_queries,)
        Total variation distance of the laws of one document, and of a pair.
    ratio : float64 array, shape (n_queries,)
        kappa, infinite if the sampling law misses a document of the target law.
    n_without_target, n_without_sampling : int
        Queries that have only the sampling law, and only the target law.
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
        """Number of queries with both laws."""
        return self.documents.n_groups

    def rows(self, query: int) -> slice:
        """The rows of the documents of a query."""
        return slice(*self.documents.offsets[query : query + 2])


def laws_of_queries(
    sampling: Groups, target: Groups | None, *, aside: Booleans
) -> Laws | None:
    """Both laws of every query; None without target groups and probabilities.

    Parameters
    ----------
    sampling : Groups
        The groups of the measurement.
    target : Groups or None
        If None, the target law is uniform over the documents of the sampling law.
    aside : boolean array, shape (n_groups,)
        Groups of `sampling` that were set aside; their queries are left out.

    Raises
    ------
    UsageError
        When no query has both laws, or documents with probabilities were dropped.
    """
    if target is None and sampling.probabilities is None:
        return None
    drawn = laws(sampling.keep_groups(~aside))
    if target is None:
        wanted = drawn.uniform()
    else:
        hidden = sampling.qids[distinct_codes(sampling.queries[aside])]
        wanted = laws(target).without(hidden)
    parts = list(joined(drawn, wanted))
    if not parts:
        name = sampling.name if target is None else target.name
        raise UsageError(
            f"{name}: none of the certificate's queries has a target group; give "
            "target groups of the same queries"
        )
    codes = np.concatenate([part.codes for part in parts])
    sizes = np.concatenate([part.sizes for part in parts])
    qids = np.concatenate([part.qids for part in parts])
    nu, mu = (np.concatenate([part.chances[side] for part in parts]) for side in (0, 1))
    used = distinct_codes(codes)
    place = np.zeros(len(parts[0].docnos), dtype=np.int64)
    place[used] = np.arange(len(used))
    apart = law_distances(mu, nu, sizes)
    return Laws(
        documents=Groups(
            queries=np.arange(len(qids), dtype=np.int64),
            qids=qids,
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            codes=place[codes],
            docnos=parts[0].docnos[used],
            name="documents of both laws",
        ),
        sampling=nu,
        target=mu,
        distance=apart.total_variation,
        pair_distance=apart.pair_total_variation,
        ratio=apart.kappa,
        n_without_target=len(drawn.qids) - len(qids),
        n_without_sampling=len(wanted.qids) - len(qids),
    )


def laws(groups: Groups) -> QueryLaws:
    """The law of every query: the mean of the laws of its groups.

    Raises
    ------
    UsageError
        When the probabilities of a group do not add up to 1, since documents were
        dropped.
    """
    sizes, group = groups.sizes, groups.row_group()
    chances: Floats = 1 / sizes[group]
    if groups.probabilities is not None:
        chances = groups.probabilities
        sums = np.bincount(group, weights=chances, minlength=groups.n_groups)
        partial = np.flatnonzero((np.abs(sums - 1) > 1e-6) & (sizes > 0))
        if len(partial):
            where, qid, _ = groups.where(int(groups.offsets[partial[0]]))
            raise UsageError(
                f"{where}: the probabilities of the documents of query {qid!r} "
                f"that are left sum to {sums[partial[0]]:.6g}; the law is known only "
                "if none is dropped: complete the scores and vectors"
            )
    present = distinct_codes(groups.queries)
    order = present[sorted_places(groups.qids[present])]
    place = np.zeros(len(groups.qids), dtype=np.int64)
    place[order] = np.arange(len(order))
    several = np.bincount(groups.queries)
    query = place[groups.queries[group]]
    if several.max(initial=0) > 1 or (query[1:] < query[:-1]).any():
        width = max(1, len(groups.docnos))
        keys = query * width + groups.codes
        distinct, row = np.unique(keys, return_inverse=True)
        shares = chances / several[groups.queries[group]]
        sums = np.bincount(row, weights=shares, minlength=len(distinct))
        chances = np.asarray(sums, dtype=np.float64)
        query, codes = np.divmod(distinct, width)
    else:
        codes = groups.codes
    return QueryLaws(
        qids=groups.qids[order],
        queries=query,
        codes=codes,
        docnos=groups.docnos,
        chances=chances,
    )


FORMS: Final = ("total_variation", "cvar", "transport")
LEAST: Final = "least_per_query"
EXACT: Final = "exact"
ASSUMPTIONS: Final = (
    "the laws (asserted): the documents of a query are drawn independently with the "
    "probabilities of its groups, uniform where none are given; the groups are these "
    "laws, not samples of them, and documents that were dropped are not part of them; "
    "a document paired with itself counts ln 2",
    "A0 (asserted): queries with both laws are independent draws, laws included",
    "A1' (enforced): the student is evaluated with its scores raised to at least B "
    "below the best document that it scores of either law, so its risk under the "
    "sampling law is not the certificate's",
    "A3' (asserted): B holds for documents of the target law without a score, too",
    "every limit is valid by itself, for all students at once; the one reported as "
    "`upper` is that of the exact risk if all documents of the target law have scores, "
    "otherwise of the least form of each query",
)


@dataclass(frozen=True, slots=True, eq=False)
class LawScores:
    """Scores of the documents of both laws, in temperatures; all of shape (n_rows,).

    `found` marks the documents that both models score; the student's scores of others
    are 0.
    """

    teacher: Floats
    student: Floats
    found: Booleans


def product_range(score_range: float) -> LossRange:
    """Range of one query's risk when both documents of a pair are drawn from one law.

    Any set of documents cuts at most half of the mass of such pairs.

    Examples
    --------
    >>> round(product_range(10.0).width, 3)
    5.34
    """
    return lemma_2c_range(score_range, cut_ratio=0.5, source="lemma-2c, product law")


def shift(
    laws: Laws,
    scores: LawScores,
    *,
    score_range: float,
    level: Level,
    clusters: Clusters | None = None,
) -> Shift:
    """The risk of one student under the target law: all forms, and the limit.

    Parameters
    ----------
    laws : Laws
    scores : LawScores
    score_range : float
        B, in temperatures.
    level : Level
    clusters : Clusters, optional
        Of the queries, if these are not independent: means and limits are then those
        of clusters.
    """
    unscored = int(((laws.sampling > 0) & ~scores.found).sum())
    if unscored:
        reason = (
            f"the sampling law holds {counted(unscored, 'document')} without a "
            "score; the law of the others is another one; score them"
        )
        return Shift(missing_because=reason, assumptions=ASSUMPTIONS)
    limits = product_range(score_range)
    units = units_of(laws.documents.group_qids(), clusters)
    columns = {
        name: units.means(column)
        for name, column in _per_query(laws, scores, limits).items()
    }
    risk = columns.pop("sampling")
    account = {
        name: _form(columns.get(name), risk, limits, level) or _reason(name, laws)
        for name in (EXACT, LEAST, *FORMS)
    }
    chosen = EXACT if EXACT in columns else LEAST
    upper = account[chosen].limit
    infinite = int(np.isinf(laws.ratio).sum())
    return Shift(
        n_queries=laws.n_queries,
        queries_without_target=laws.n_without_target,
        queries_without_sampling=laws.n_without_sampling,
        risk_sampling=float(risk.mean()),
        range=ShiftRange(low=limits.low, high=limits.high, source=limits.source),
        total_variation=float(units.means(laws.distance).mean()),
        pair_total_variation=float(units.means(laws.pair_distance).mean()),
        kappa=None if infinite else float(laws.ratio.max()),
        queries_without_kappa=infinite,
        forms=ShiftForms(**{name: account[name] for name in FORMS}),
        tightest=min(
            (name for name in FORMS if name in columns),
            key=lambda name: float(columns[name].mean()),
        ),
        least_per_query=account[LEAST],
        exact=account[EXACT],
        importance_weights=_weights(laws, units),
        form=chosen,
        upper=upper,
        vacuous=upper is not None and upper >= LN2,
        missing_because=None,
        assumptions=ASSUMPTIONS,
    )


def _per_query(laws: Laws, scores: LawScores, limits: LossRange) -> dict[str, Floats]:
    """Risk under the sampling law and every computable bound, one number per query."""
    whole = bool(scores.found[laws.target > 0].all())
    names = ["sampling", "total_variation"]
    names += ["cvar"] if np.isfinite(laws.ratio).any() else []
    names += ["transport", EXACT] if whole else []
    columns = {name: np.empty(laws.n_queries) for name in names}
    b = limits.score_range
    for query in range(laws.n_queries):
        rows = laws.rows(query)
        nu, mu, g = laws.sampling[rows], laws.target[rows], scores.teacher[rows]
        f = clipped(scores.student[rows], scores.found[rows], score_range=b)
        here = nu > 0
        losses = pair_risk(*(np.subtract.outer(x, x) for x in (g, f)))
        drawn, law = losses[np.ix_(here, here)], np.outer(nu[here], nu[here])
        risk = float((law * drawn).sum())
        ratio = laws.ratio[query] ** 2
        found = {
            "sampling": risk,
            "total_variation": risk + b * laws.pair_distance[query],
            "cvar": cvar(drawn.ravel(), law.ravel(), ratio=ratio)
            if np.isfinite(ratio)
            else limits.high,
        }
        if whole:
            moved = transport_shift(f, g, mu, nu, loss_slope=1.0, score_range=b)
            found |= {"transport": risk + moved, EXACT: float(mu @ losses @ mu)}
        for name in names:
            columns[name][query] = min(found[name], limits.high)
    columns[LEAST] = np.min([columns[name] for name in FORMS if name in names], axis=0)
    return columns


def clipped(student: Floats, found: Booleans, *, score_range: float) -> Floats:
    """Scores raised to at least B below the best score found; 0 where none was found.

    Examples
    --------
    >>> clipped(np.array([3.0, -9.0, 7.0]), np.array([True, True, False]),
    ...         score_range=5.0).tolist()
    [3.0, -2.0, 0.0]
    """
    best = student[found].max()
    return np.asarray(np.where(found, np.maximum(student, best - score_range), 0.0))


def _form(
    values: Floats | None, risk: Floats, limits: LossRange, level: Level
) -> ShiftForm | None:
    """Mean bound of the target risk, its excess over the sampling risk, its limit."""
    if values is None:
        return None
    return ShiftForm(
        value=float(values.mean()),
        shift=float((values - risk).mean()),
        limit=upper_limit(
            values,
            low=limits.low,
            high=limits.high,
            delta=level.delta,
            n_students=level.n_students,
            method=CHOSEN,
        ),
        missing_because=None,
        floor=LimitFloor.of(level.floor(values, high=limits.high, trivial=LN2)),
    )


def _reason(name: str, laws: Laws) -> ShiftForm:
    why = "a document of the target law has no score"
    if name == "cvar":
        why = (
            "the sampler misses a document of the target law in all "
            f"{counted(laws.n_queries, 'query')}, so no density ratio exists"
        )
    return ShiftForm(value=None, shift=None, limit=None, missing_because=why)


def _weights(laws: Laws, units: Units) -> ImportanceWeights:
    """How uneven the importance weights are, over the queries that have them."""
    shares = []
    known = np.flatnonzero(np.isfinite(laws.ratio))
    for query in known:
        rows = laws.rows(int(query))
        nu, mu = laws.sampling[rows], laws.target[rows]
        drawn = nu > 0
        # (mean weight)^2 over mean squared weight: 1 if the laws agree
        shares.append(1 / float((mu[drawn] ** 2 / nu[drawn]).sum()))
    return ImportanceWeights(
        n_queries=len(shares),
        mean_effective_share=float(units.only(known).means(np.array(shares)).mean())
        if shares
        else None,
    )
