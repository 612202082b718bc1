"""Read the samplings of a comparison, which share one pool and one temperature.

Kept apart from what measures them, since `inspect` reads samplings and must not load
the statistics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.measure.given import Before, Given, vectors_of
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    Sources,
    Split,
    TemperatureFit,
    check_comparable,
    match_groups,
    read_sources,
    split_queries,
    teacher_fit,
    teacher_temperature,
)
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Booleans, Floats, distinct_codes, united
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Scores
from rankbound.errors import UsageError
from rankbound.memory import filed, give_back


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """The groups of one sampling that are compared, with the teacher's scores.

    Attributes
    ----------
    name : str
    groups : Groups
        Without calibration queries; every group has at least two documents.
    values : float64 array, shape (n_rows,)
        Teacher scores divided by the temperature.
    dropped : dict
        What was dropped: counts by reason, over all queries.
    clusters : Clusters or None
        Of the queries, if these are not independent.
    """

    name: str
    groups: Groups
    values: Floats
    dropped: dict[str, int]
    clusters: Clusters | None

    def mean(self, column: PerQuery) -> float:
        """Mean of the values of some queries, or of the means of their clusters."""
        return float(units_of(column.qids, self.clusters).means(column.values).mean())

    def with_pairs(self, pairs: str) -> tuple[Groups, Floats]:
        """The groups that have a pair of this set, and their scores."""
        keep = self.groups.count_known_pairs(pairs) > 0
        if keep.all():
            return self.groups, self.values
        rows = np.repeat(keep, self.groups.sizes)
        return self.groups.keep_groups(keep), self.values[rows]


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """Everything that was read for a comparison.

    Attributes
    ----------
    samplings : tuple of Sampling
    pool : Sampling
        One group per query with the documents of all samplings.
    target : Sampling
        The reference law: the pool, or the groups given as `target`.
    calibration : Sampling or None
        The pool of the queries set aside, if a temperature is fitted.
    temperature : float
        The teacher's temperature.
    fit : TemperatureFit or None
        Where that comes from; None if it was not fitted.
    pilots : tuple of Sampling
        The samplings on the queries set aside, if stakes are chosen on these; a
        sampling without such a query is left out.
    split : Split
    teacher : Inputs
        The pool with all queries; holds the kind of the scores, the evidence for it,
        and warnings.
    """

    samplings: tuple[Sampling, ...]
    pool: Sampling
    target: Sampling
    calibration: Sampling | None
    temperature: float
    fit: TemperatureFit | None
    pilots: tuple[Sampling, ...]
    split: Split
    teacher: Inputs
    qrels: Scores | None
    embeddings: Embeddings | None
    paths: tuple[Given, ...]

    def sampling(self, name: str) -> Sampling:
        """Return a sampling by its name."""
        return next(s for s in self.samplings if s.name == name)

    @property
    def clusters(self) -> Clusters | None:
        """Those of the queries; None where the queries are independent."""
        return self.teacher.clusters

    @property
    def n_calibration(self) -> int:
        """Number of queries set aside to fit temperatures."""
        return 0 if self.calibration is None else self.calibration.groups.n_groups


def load(options: CompareOptions, *, before: Before | None = None) -> Loaded:
    """Read and match all files except those of students.

    `before` gives what `inspect` has read, and looked at.

    Raises
    ------
    FormatError
        When a file breaks its format.
    UsageError
        When the files do not match each other or the settings.
    DomainError
        When a number lies outside its range.
    """
    sources = read_sources(options, differences=True, before=before)
    rule = Rule("all", options.missing)
    read = {
        name: match_groups(sources.groups_of(path), sources, rule)
        for name, path in options.groups
    }
    first = next(iter(read.values()))
    pooled = pool([inputs.groups for inputs in read.values()])
    check_comparable(pooled, sources.teacher)
    values, _ = pooled.scores_of(sources.teacher)
    everything = replace(first, groups=pooled, values=filed(values), dropped={})
    split = split_queries(
        pooled,
        fits=options.fits,
        seed=options.seed,
        pilot=options.pilot,
        clusters=sources.clusters,
    )
    fit = teacher_fit(everything, split, options.temperature)
    scale = teacher_temperature(everything, split, options.temperature)
    aside = set(pooled.group_qids()[split.calibration])
    made = {
        name: _sampling(name, inputs, scale, aside) for name, inputs in read.items()
    }
    union = _sampling("pool", everything, scale, aside)
    sources.files.forget()
    give_back()
    given = (options.teacher, *(path for _, path in options.groups), options.target)
    vectors = vectors_of(options.embeddings, options.ids)
    others = (options.qrels, *vectors, options.clusters)
    return Loaded(
        samplings=tuple(made.values()),
        pool=union,
        target=union
        if options.target is None
        else _target(
            sources.groups_of(options.target),
            sources,
            scale,
            aside,
            missing=options.missing,
        ),
        calibration=part("calibration", everything, scale, split.calibration)
        if aside and options.fits
        else None,
        temperature=scale,
        fit=fit,
        pilots=_pilots(read, scale, aside) if split.pilot else (),
        split=split,
        teacher=everything,
        qrels=sources.qrels,
        embeddings=sources.embeddings,
        paths=tuple(path for path in (*given, *others) if path is not None),
    )


def _pilots(
    read: Mapping[str, Inputs], scale: float, aside: set[str]
) -> tuple[Sampling, ...]:
    """The samplings on the queries that were set aside."""
    found = []
    for name, inputs in read.items():
        keep = np.array([qid in aside for qid in inputs.groups.group_qids()])
        if keep.any():
            found.append(part(name, inputs, scale, keep))
    return tuple(found)


def pool(several: list[Groups]) -> Groups:
    """Make one group per query of the documents that any sampling holds for it.

    A document is positive if it is so in any of its groups. No positives are known if
    those of any sampling are unknown.
    """
    used = [distinct_codes(groups.codes) for groups in several]
    both = zip(several, used, strict=True)
    docnos, documents = united([groups.docnos[codes] for groups, codes in both])
    present = [distinct_codes(groups.queries) for groups in several]
    both = zip(several, present, strict=True)
    qids, queries = united([groups.qids[codes] for groups, codes in both])
    keys, positive = [], []
    for place, groups in enumerate(several):
        document = np.zeros(len(groups.docnos), dtype=np.int64)
        document[used[place]] = documents[place]
        query = np.zeros(len(groups.qids), dtype=np.int64)
        query[present[place]] = queries[place]
        key = query[groups.row_query()] * len(docnos) + document[groups.codes]
        if groups.positive is not None:
            positive.append(key[groups.positive])
        keys.append(key)
    distinct = np.concatenate(keys)
    del keys
    distinct.sort()  # in place, where `unique` would hold all of them again
    first = np.ones(len(distinct), dtype=bool)
    np.not_equal(distinct[1:], distinct[:-1], out=first[1:])
    distinct = distinct[first]
    good = None
    if len(positive) == len(several):
        good = np.zeros(len(distinct), dtype=bool)
        good[np.searchsorted(distinct, np.concatenate(positive))] = True
    query = distinct // len(docnos)
    sizes = np.bincount(query, minlength=len(qids))
    return Groups(
        queries=np.arange(len(qids), dtype=np.int64),
        qids=qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=filed((distinct % len(docnos)).astype(np.int64)),
        docnos=docnos,
        positive=good,
        name="the union of all samplings",
    )


def _target(
    groups: Groups,
    sources: Sources,
    scale: float,
    aside: set[str],
    *,
    missing: str | None,
) -> Sampling:
    if groups.probabilities is not None:
        raise UsageError(
            f"{groups.name}: `target` must have no probabilities, since it weighs the "
            "pairs of a group equally; remove them, or list the documents of the law"
        )
    matched = match_groups(groups, sources, Rule("all", missing))
    return _sampling(TARGET, matched, scale, aside)


def _sampling(name: str, inputs: Inputs, scale: float, aside: set[str]) -> Sampling:
    counted = np.array([qid not in aside for qid in inputs.groups.group_qids()])
    if not counted.any():
        raise UsageError(
            f"{inputs.groups.name}: every query was set aside to fit temperatures or "
            "to choose stakes, so none is left to compare; give more queries, or "
            "temperatures as numbers and `pilot=0`"
        )
    return part(name, inputs, scale, counted)


def part(name: str, inputs: Inputs, scale: float, keep: Booleans) -> Sampling:
    """The chosen groups as a sampling, with scores divided by the temperature."""
    values = inputs.values
    if not keep.all():
        values = values[np.repeat(keep, inputs.groups.sizes)]
    if scale != 1.0:
        with np.errstate(over="ignore"):  # refused later, with a message
            values = values / scale
    groups = inputs.groups.keep_groups(keep)
    if groups is not inputs.groups:
        groups = replace(groups, codes=filed(groups.codes))
    if values is not inputs.values:
        values = filed(values)
    return Sampling(name, groups, values, inputs.dropped, inputs.clusters)
