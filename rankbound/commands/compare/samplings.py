"""Read the samplings of a comparison, and make one pool and one temperature of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.measure.given import Given, vectors_of
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    Sources,
    check_comparable,
    match_groups,
    read_sources,
    split_queries,
    teacher_temperature,
)
from rankbound.data.columns import Booleans, Floats
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.errors import UsageError


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """Groups of one sampling that count, with the teacher's scores.

    Attributes
    ----------
    name : str
    groups : Groups
        Every group has at least two documents; calibration queries are not in it.
    values : float64 array, shape (n_rows,)
        Teacher scores in temperatures.
    dropped : dict
        Counts by reason, over all queries.
    """

    name: str
    groups: Groups
    values: Floats
    dropped: dict[str, int]

    def with_pairs(self, pairs: str) -> tuple[Groups, Floats]:
        """The groups that have a pair of the wanted kind, and their scores."""
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
        The reference law: the pool, or the groups of --target.
    calibration : Sampling or None
        The pool of the queries set aside, if a temperature is fitted.
    temperature : float
        The teacher's.
    teacher : Inputs
        The pool with all queries, for its kind, evidence and warnings.
    """

    samplings: tuple[Sampling, ...]
    pool: Sampling
    target: Sampling
    calibration: Sampling | None
    temperature: float
    teacher: Inputs
    qrels: Scores | None
    embeddings: Embeddings | None
    paths: tuple[Given, ...]

    def sampling(self, name: str) -> Sampling:
        """A sampling by name."""
        return next(s for s in self.samplings if s.name == name)

    @property
    def n_calibration(self) -> int:
        """Queries set aside for fitting temperatures."""
        return 0 if self.calibration is None else self.calibration.groups.n_groups


def load(options: CompareOptions) -> Loaded:
    """Read and match all files but the students'.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file or the match between files breaks a rule.
    """
    sources = read_sources(options, differences=True)
    rule = Rule("all", options.missing)
    read = {
        name: match_groups(sources.groups_of(path), sources, rule)
        for name, path in options.groups
    }
    first = next(iter(read.values()))
    pooled = pool([inputs.groups for inputs in read.values()])
    check_comparable(pooled, sources.teacher)
    values, _ = pooled.scores_of(sources.teacher)
    everything = replace(first, groups=pooled, values=values, dropped={})
    split = split_queries(pooled, fits=options.fits, seed=options.seed)
    scale = teacher_temperature(everything, split, options.temperature)
    aside = set(pooled.group_qids()[split.calibration])
    made = {
        name: _sampling(name, inputs, scale, aside) for name, inputs in read.items()
    }
    union = _sampling("pool", everything, scale, aside)
    given = (options.teacher, *(path for _, path in options.groups), options.target)
    others = (options.qrels, *vectors_of(options.embeddings, options.ids))
    return Loaded(
        samplings=tuple(made.values()),
        pool=union,
        target=union
        if options.target is None
        else _target(options, sources, scale, aside),
        calibration=_part("calibration", everything, scale, split.calibration)
        if aside
        else None,
        temperature=scale,
        teacher=everything,
        qrels=sources.qrels,
        embeddings=sources.embeddings,
        paths=tuple(path for path in (*given, *others) if path is not None),
    )


def pool(several: list[Groups]) -> Groups:
    """One group per query: every document that one of the samplings holds for it.

    A document is a positive where it is one in any of its groups; none is known where
    one of the samplings does not tell.
    """
    names = np.concatenate([g.docnos[np.unique(g.codes)] for g in several])
    docnos = np.unique(names)
    qids = np.unique(np.concatenate([g.group_qids() for g in several]))
    keys, positive = [], []
    for groups in several:
        place = np.searchsorted(docnos, groups.docnos[groups.codes])
        query = np.searchsorted(qids, groups.group_qids())[groups.row_group()]
        keys.append(query * len(docnos) + place)
        if groups.positive is not None:
            positive.append(groups.positive)
    distinct, where = np.unique(np.concatenate(keys), return_inverse=True)
    good = None
    if len(positive) == len(several):
        good = np.zeros(len(distinct), dtype=bool)
        np.logical_or.at(good, where, np.concatenate(positive))
    query = distinct // len(docnos)
    sizes = np.bincount(query, minlength=len(qids))
    return Groups(
        queries=np.arange(len(qids), dtype=np.int64),
        qids=qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=(distinct % len(docnos)).astype(np.int64),
        docnos=docnos,
        positive=good,
        name="the union of all samplings",
    )


def _target(
    options: CompareOptions, sources: Sources, scale: float, aside: set[str]
) -> Sampling:
    path = options.target
    if path is None:
        raise UsageError("no target was given")
    groups = sources.groups_of(path)
    if groups.probabilities is not None:
        raise UsageError(
            f"{path}: the target weighs the pairs of a group equally; leave out the "
            "probabilities, or list the documents of the law"
        )
    matched = match_groups(groups, sources, Rule("all", options.missing))
    return _sampling(TARGET, matched, scale, aside)


def _sampling(name: str, inputs: Inputs, scale: float, aside: set[str]) -> Sampling:
    counted = np.array([qid not in aside for qid in inputs.groups.group_qids()])
    if not counted.any():
        raise UsageError(
            f"{inputs.groups.name}: every query was set aside to fit temperatures; "
            "give more queries, or temperatures as numbers"
        )
    return _part(name, inputs, scale, counted)


def _part(name: str, inputs: Inputs, scale: float, keep: Booleans) -> Sampling:
    rows = np.repeat(keep, inputs.groups.sizes)
    with np.errstate(over="ignore"):  # refused with a message where it matters
        values = inputs.values[rows] / scale
    return Sampling(name, inputs.groups.keep_groups(keep), values, inputs.dropped)
