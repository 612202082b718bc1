"""Read the files of a measurement, match them, and find the teacher's temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.commands.measure.given import Before, Files, Given, vectors_of
from rankbound.commands.measure.options import (
    MeasureOptions,
    SourceOptions,
    Temperature,
)
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Booleans, Floats, distinct_codes, remembered
from rankbound.data.draws import drawn_order
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import (
    Groups,
    shares_queries,
    top_documents,
    with_judged_positives,
)
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.calibration import (
    CalibrationPairs,
    UnidentifiedError,
    fit_temperature,
    graded_pairs,
    teacher_pairs,
    temperature_interval,
)
from rankbound.estimators.kinds import (
    NEEDS_TEMPERATURE,
    is_rank_only,
    to_logits,
)
from rankbound.memory import filed, give_back
from rankbound.provenance import Clustering, clustering_of
from rankbound.read.clusters import read_clusters
from rankbound.read.scales import TEACHER

DEFAULT_DEPTH = 16
# What a temperature is fitted on
JUDGED: Final = "judgements"
POSITIVES: Final = "positives"
BETTER: Final = (
    "temperature (asserted): every positive of a group is better than each of its "
    "negatives, on which the temperature was fitted for want of judgements; negatives "
    "that are relevant make it too high"
)
PAIRS_OF: Final = {
    JUDGED: "judged pairs",
    POSITIVES: "pairs of a positive and a negative",
}
UNUSED: Final = "queries_with_a_cluster_but_no_group"
MEAN_OF_CLUSTERS: Final = (
    "clusters (asserted): they are drawn independently, whatever the dependence within "
    "them; means, shares and limits are those of clusters, of which each is the mean "
    "of its queries and has the same weight, however many queries it has. Where the "
    "queries themselves are drawn independently, the mean over queries is another "
    "number: leave `clusters` out"
)
MARGINS: Final = (
    "{name}: margins of one teacher are taken for differences of its logits, so the "
    "temperature divides the margins; if they are differences of other scores, say of "
    "which kind"
)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Everything that was read, matched to one set of groups.

    `teacher` holds logits if the file held probabilities; `kind` and `evidence` say
    what the file held; `values` (n_rows,) are the teacher's scores of the groups' rows;
    `target` are the groups of the target law, whose documents may lack scores.
    `dropped` counts what was left out, by reason; `warnings` are for the reader;
    `paths` are the files or the contents of objects; `files` reads, and records what
    the readers repaired; `clusters` are those of the queries, None where the queries
    themselves are independent.
    """

    groups: Groups
    teacher: Scores
    kind: Kind
    evidence: str
    values: Floats
    qrels: Scores | None
    embeddings: Embeddings | None
    dropped: dict[str, int]
    warnings: tuple[str, ...]
    paths: tuple[Given, ...]
    files: Files
    target: Groups | None = None
    clusters: Clusters | None = None

    @property
    def clustering(self) -> Clustering | None:
        """What the clusters are, of all queries with a group; None without any."""
        qids = self.groups.qids[distinct_codes(self.groups.queries)]
        return clustering_of(self.clusters, qids)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Everything that was read except the groups; attributes as in `Inputs`.

    `missing` are the teacher's scores that stand for missing ones.
    """

    teacher: Scores
    kind: Kind
    evidence: str
    warnings: tuple[str, ...]
    qrels: Scores | None
    embeddings: Embeddings | None
    files: Files
    clusters: Clusters | None = None
    missing: Scores | None = None

    def groups_of(self, path: Given) -> Groups:
        """The groups of a file, which must share queries with the teacher."""
        groups = groups_of(path, self.teacher, self.files)
        self.files.compare(groups=groups, qrels=self.qrels, embeddings=self.embeddings)
        return groups


@dataclass(frozen=True, slots=True)
class TemperatureFit:
    """A fitted temperature, its 95 % interval, and what it was fitted on.

    `lower` and `upper` are None without an interval; `upper` is also None where no
    temperature is too high. `on` is "judgements" or "positives".
    """

    value: float
    lower: float | None
    upper: float | None
    on: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Which pairs a group must have, and what to do with documents without scores.

    `remedy` is what an error about a student's missing score advises.
    """

    pairs: str
    missing: str | None
    remedy: str = "`missing='drop'` to leave them out of its groups"


def load_inputs(options: MeasureOptions, *, before: Before | None = None) -> Inputs:
    """Read everything but the students, and form the groups.

    `before` gives what `inspect` has read, and looked at.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks its format, or the files do not fit together.
    """
    differences = options.groups is not None
    sources = read_sources(options, differences=differences, before=before)
    groups = _groups(sources, options.groups, depth=options.depth, pairs=options.pairs)
    rule = Rule(options.pairs, options.missing)
    matched = match_groups(groups, sources, rule)
    files = sources.files
    target = None
    if options.target_groups is not None:
        target = files.part(options.target_groups, "groups").groups
    files.forget()  # the students' scores need the memory
    given = (options.teacher, options.groups, options.target_groups, options.qrels)
    vectors = vectors_of(options.embeddings, options.ids)
    known = (*given, *vectors, options.clusters)
    paths = tuple(one for one in known if one is not None)
    return replace(matched, paths=paths, target=target)


def read_sources(
    options: SourceOptions, *, differences: bool, before: Before | None = None
) -> Sources:
    """Read the teacher, converting probabilities to logits, and everything else.

    `differences` says that only differences of scores within given groups will be
    used, which is all that a teacher's margins determine. `before` gives what `inspect`
    has read, and looked at.
    """
    files = Files(
        options.formats,
        options.teacher,
        options.answers,
        looks=before is None,
        before=before,
    )
    if before is None:
        files.expect(options.read_early())
    found = files.scores(options.teacher, options.teacher_kind, of=TEACHER, keep=True)
    teacher, evidence = found.scores, found.evidence
    qrels = None
    if options.qrels is not None:
        qrels = files.part(options.qrels, "qrels", keep=True).qrels
    embeddings = None
    if options.embeddings is not None:
        embeddings = files.vectors(options.embeddings, options.ids)
    files.compare(scores=found.scores, qrels=qrels)
    return Sources(
        teacher=to_logits(teacher, differences=differences),
        kind=teacher.kind,
        evidence=evidence,
        warnings=(*found.notes, *doubts(teacher, evidence)),
        qrels=qrels,
        embeddings=embeddings,
        files=files,
        clusters=None if options.clusters is None else read_clusters(options.clusters),
        missing=found.missing,
    )


def match_groups(groups: Groups, sources: Sources, rule: Rule) -> Inputs:
    """The groups with the teacher's scores, without documents that lack anything.

    Raises
    ------
    UsageError
        When a document lacks a score or vector and the rule does not allow dropping
        it, or when no group is left.
    """
    dropped: dict[str, int] = {}
    if sources.missing is not None and rule.missing != "error":
        # The user said that these have no score
        reason = "documents_with_the_missing_value"
        known = ~groups.scores_of(sources.missing)[1]
        groups, _ = thin_out(
            groups, known, reason=reason, pairs=rule.pairs, dropped=dropped
        )
    values, scored = groups.scores_of(sources.teacher)
    what = (sources.teacher.name, "teacher_score")
    groups, rows = _thinned(groups, scored, what, rule, dropped)
    values = values[rows]
    embeddings = sources.embeddings
    if embeddings is not None:
        places = embeddings.rows(groups.docnos)
        held = (places >= 0)[groups.codes]
        groups, rows = _thinned(
            groups, held, (embeddings.name, "vector"), rule, dropped
        )
        values = values[rows]
        # The same texts, which need not be in memory twice
        docnos = np.where(places >= 0, embeddings.ids[places], groups.docnos)
        groups = replace(groups, docnos=docnos)
        remembered((embeddings.ids, docnos), lambda: places)  # they are asked for again
    if groups.n_groups == 0:
        raise UsageError(
            f"{groups.name}: no group is left with a pair of the wanted kind "
            f"({rule.pairs}); {_in_words(dropped)}"
        )
    check_comparable(groups, sources.teacher)
    give_back()
    return Inputs(
        groups=groups,
        teacher=sources.teacher,
        kind=sources.kind,
        evidence=sources.evidence,
        values=filed(values),
        qrels=sources.qrels,
        embeddings=embeddings,
        dropped=dropped,
        warnings=sources.warnings,
        paths=(),
        files=sources.files,
        clusters=sources.clusters,
    )


def _in_words(dropped: Mapping[str, int]) -> str:
    """What was dropped, in words."""
    told = (f"{number:,} {what.replace('_', ' ')}" for what, number in dropped.items())
    return f"dropped: {', '.join(told) or 'nothing'}"


def doubts(scores: Scores, evidence: str) -> tuple[str, ...]:
    """Warnings about a kind that the user or the format declared."""
    if scores.origins is not None or scores.kind is Kind.MARGIN_ONLY:
        return (MARGINS.format(name=scores.name),)
    if evidence != "as given" or not is_rank_only(scores):
        return ()
    return (
        f"{scores.name}: taken for {scores.kind.value} scores as declared, but they "
        "are the same function of the rank in every query; entropy and margins are "
        "then the same constant for every query",
    )


def groups_of(path: Given, teacher: Scores, files: Files) -> Groups:
    """The groups of a file, which must share queries with the teacher."""
    groups = cast(Groups, files.part(path, "groups", keep=True).groups)
    if not shares_queries(groups, teacher):
        raise UsageError(
            f"{groups.where(0)[0]}: none of the queries of this file is in "
            f"{teacher.name}; the ids look like {groups.qids[0]!r} there and "
            f"{teacher.qids[0]!r} here"
        )
    return groups


def _groups(
    sources: Sources, given: Given | None, *, depth: int | None, pairs: str
) -> Groups:
    """The given groups, or the teacher's best documents of every query."""
    teacher, qrels = sources.teacher, sources.qrels
    if given is not None:
        return sources.groups_of(given)
    groups = top_documents(teacher, depth=depth or DEFAULT_DEPTH).in_order()
    if qrels is None or pairs == "all":
        return groups
    if not shares_queries(groups, qrels):
        raise UsageError(
            f"{qrels.name}: none of its queries is in {teacher.name}; the ids look "
            f"like {qrels.qids[0]!r} there and {teacher.qids[0]!r} here"
        )
    return with_judged_positives(groups, qrels, least_grade=1)


def _thinned(
    groups: Groups,
    found: Booleans,
    source: tuple[str, str],
    rule: Rule,
    dropped: dict[str, int],
) -> tuple[Groups, Booleans]:
    """The groups without documents that were not found, or an error naming one."""
    name, what = source
    if not found.all() and rule.missing != "drop":
        where, qid, docno = groups.where(int(np.argmin(found)))
        lacking = what.replace("teacher_", "")
        raise UsageError(
            f"{where}: document {docno!r} of query {qid!r} has no {lacking} in {name} "
            f"({int((~found).sum()):,} of {len(found):,} group documents have none); "
            "complete the file, or pass `missing='drop'` to leave them out"
        )
    reason = f"documents_without_{what}"
    return thin_out(groups, found, reason=reason, pairs=rule.pairs, dropped=dropped)


def count(dropped: dict[str, int], reason: str, number: int) -> None:
    """Add to the counter of a reason; a number of 0 adds no counter.

    Examples
    --------
    >>> dropped = {}
    >>> count(dropped, "documents", 0)
    >>> count(dropped, "groups", 2)
    >>> dropped
    {'groups': 2}
    """
    if number:
        dropped[reason] = dropped.get(reason, 0) + number


def thin_out(
    groups: Groups,
    found: Booleans,
    *,
    reason: str,
    pairs: str,
    dropped: dict[str, int],
) -> tuple[Groups, Booleans]:
    """Drop documents that were not found, then groups without a wanted pair.

    Parameters
    ----------
    groups : Groups
    found : boolean array, shape (n_rows,)
    reason : str
        Name of the counter of dropped documents.
    pairs : {"all", "pos-neg", "neg-neg"}
    dropped : dict
        Counts by reason; added to.

    Returns
    -------
    groups : Groups
        Each has a pair of the wanted kind; there may be none.
    rows : boolean array, shape (n_rows,)
        Which of the original rows are kept, in their order.
    """
    kept = groups.keep_rows(found)
    small = kept.sizes < 2
    without = (kept.count_pairs(pairs) == 0) & ~small
    good = ~small & ~without
    left = kept.keep_groups(good)
    rows = np.zeros(len(found), dtype=bool)
    rows[np.flatnonzero(found)[np.repeat(good, kept.sizes)]] = True
    emptied = groups.n_groups - kept.n_groups
    count(dropped, reason, int((~found).sum()))
    count(dropped, "groups_with_fewer_than_two_documents", emptied + int(small.sum()))
    count(dropped, f"groups_without_{pairs}_pairs", int(without.sum()))
    lost = len(distinct_codes(groups.queries)) - len(distinct_codes(left.queries))
    count(dropped, "queries_without_a_group", lost)
    return left, rows


def check_comparable(groups: Groups, teacher: Scores) -> None:
    """Raise if margins leave a difference within a group undetermined.

    Documents without a score are ignored.

    Raises
    ------
    UsageError
        When a group has documents that are not joined by margins; the message names the
        first such group and two of its documents.
    """
    if teacher.origins is None:
        return
    parts = teacher.with_values(teacher.origins.astype(float), kind=Kind.UNKNOWN)
    origin, found = groups.scores_of(parts)
    del parts
    group, origin = groups.row_group()[found], origin[found]
    # From the row before, so that all rows up to the first such one are joined
    apart = np.flatnonzero((origin[1:] != origin[:-1]) & (group[1:] == group[:-1])) + 1
    if not len(apart):
        return
    rows = np.flatnonzero(found)
    first = np.searchsorted(group, group[apart[0]])
    here, there = int(rows[first]), int(rows[apart[0]])
    where, qid, docno = groups.where(here)
    raise UsageError(
        f"{where}: documents {docno!r} and {groups.where(there)[2]!r} of query {qid!r} "
        f"are not joined by margins in {teacher.name}, so their difference is unknown "
        f"({len(np.unique(group[apart])):,} of {counted(groups.n_groups, 'group')} "
        "have such documents); give the groups of the margins themselves"
    )


SHARE = 0.2  # of the queries, set aside where only temperatures are fitted
LEAST_QUERIES = 20  # with fewer, none is set aside to choose ranges and stakes
PURPOSE = "pilot"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which groups are set aside, and which are left for the certificate.

    Attributes
    ----------
    calibration : boolean array, shape (n_groups,)
        Groups of the queries that are set aside.
    n_calibration, n_certificate : int
        Numbers of queries.
    n_clusters : tuple of int, or None
        Numbers of clusters of both; None where the queries are independent.
    pilot : bool
        Whether ranges, stakes and group sizes are chosen on the queries set aside;
        otherwise they serve to fit temperatures alone.
    share : float
        Share of the queries that was to be set aside.
    """

    calibration: Booleans
    n_calibration: int
    n_certificate: int
    pilot: bool = False
    share: float = 0.0
    n_clusters: tuple[int, int] | None = None


def split_queries(
    groups: Groups,
    *,
    fits: bool,
    seed: int,
    pilot: float = 0.0,
    clusters: Clusters | None = None,
) -> Split:
    """Set a seeded share of the queries aside, which only their ids decide.

    Where clusters are given, whole ones are drawn: the share, the least number and the
    ids are those of clusters.

    Parameters
    ----------
    groups : Groups
    fits : bool
        Whether a temperature is fitted, which needs queries of its own.
    seed : int
    pilot : float
        Share of the queries on which ranges and stakes are chosen, in [0, 1); with
        fewer than 20 queries none are.

    Raises
    ------
    DomainError
        With a single query or cluster, if any is needed.
    UsageError
        When a query has no cluster.
    """
    present = distinct_codes(groups.queries)
    units = units_of(groups.qids[present], clusters)
    n_units, n_queries = len(units), len(present)
    chooses = pilot > 0 and n_units >= LEAST_QUERIES
    share = pilot if chooses else SHARE if fits else 0.0
    if not share:
        alone = Split(np.zeros(groups.n_groups, dtype=bool), 0, n_queries)
        return replace(alone, n_clusters=None if clusters is None else (0, n_units))
    if n_units < 2:
        raise DomainError(
            "a temperature is fitted on queries that the certificate does not use, "
            f"which needs at least {counted(2, units.noun)}, got {n_units}; give a "
            "number instead"
        )
    n_aside = min(n_units - 1, max(1, round(share * n_units)))
    order = drawn_order(units.ids, seed=seed, purpose=PURPOSE)
    drawn = np.zeros(n_units, dtype=bool)
    drawn[order[:n_aside]] = True
    chosen = np.zeros(len(groups.qids), dtype=bool)
    chosen[present] = drawn[units.of_query]
    n_chosen = int(chosen.sum())
    return Split(
        calibration=chosen[groups.queries],
        n_calibration=n_chosen,
        n_certificate=n_queries - n_chosen,
        pilot=chooses,
        share=share,
        n_clusters=None if clusters is None else (n_aside, n_units - n_aside),
    )


def known_temperature(
    asked: Temperature, kind: Kind, *, who: str, option: str
) -> float:
    """The temperature that needs no fit: the number given, or 1 for logits.

    Raises
    ------
    UsageError
        When the kind of score has no natural unit and no number was given.
    """
    if isinstance(asked, int | float):
        return float(asked)
    if kind in NEEDS_TEMPERATURE:
        raise UsageError(
            f"{who} holds {kind.value} scores, whose differences are no log-odds: give "
            f"{option} a number or 'fit', or say that they are logits if they are"
        )
    return 1.0


def teacher_temperature(inputs: Inputs, split: Split, asked: Temperature) -> float:
    """The teacher's temperature: a number, that of its kind, or a fitted one.

    Raises
    ------
    UsageError
        When it cannot be determined; the message gives the reason and the remedy.
    """
    found = teacher_fit(inputs, split, asked)
    if found is not None:
        return found.value
    return known_temperature(
        asked, inputs.kind, who=inputs.teacher.name, option="`temperature`"
    )


def teacher_fit(
    inputs: Inputs, split: Split, asked: Temperature
) -> TemperatureFit | None:
    """The temperature that judged pairs make most likely, with its interval.

    Without judgements, a group's positives are taken to be better than its negatives.
    None if no fit was asked for.

    Raises
    ------
    UsageError
        When it cannot be determined; the message gives the reason and the remedy.
    """
    if asked != "fit":
        return None
    if inputs.teacher.origins is not None:
        raise UsageError(
            f"`temperature='fit'`: {inputs.teacher.name} holds margins, and judged "
            "documents of a query need not be joined by them; give `temperature` a "
            "number (it divides the margins)"
        )
    found = known_pairs(inputs, split.calibration)
    if found is None:
        raise UsageError(
            f"`temperature='fit'`: the {split.n_calibration} calibration queries have "
            "no two scored documents with different grades in the judgements (unjudged "
            "documents do not count as irrelevant) and no group with a positive and a "
            "negative; give `temperature` a number"
        )
    on, pairs = found
    try:
        value = fit_temperature(pairs.margins, pairs.targets, pairs.weights)
    except UnidentifiedError as error:
        raise UsageError(
            f"`temperature='fit'`: on the {PAIRS_OF[on]} of {split.n_calibration} "
            f"calibration queries {error}; give `temperature` a number"
        ) from None
    interval: tuple[float | None, float | None] = (None, None)
    if len(distinct_codes(pairs.queries)) > 1:
        interval = temperature_interval(pairs)
    return TemperatureFit(value, *interval, on)


def student_temperature(
    groups: Groups, teacher: Floats, student: Floats, *, pairs: str, who: str
) -> tuple[float, str | None]:
    """The temperature that brings a student closest to its teacher, and any warning.

    Parameters
    ----------
    groups : Groups
        Calibration groups.
    teacher, student : float64 arrays, shape (n_rows,)
        The teacher's scores divided by its temperature; the student's raw ones.
    pairs : str
        The pair set of the measurement.
    who : str
        The student's name, for messages.
    """
    if groups.n_groups == 0:
        raise UsageError(
            f"`StudentSource.temperature='fit'`: student {who!r} has no calibration "
            "group left after documents without its score were dropped; give a number"
        )
    data = teacher_pairs(groups, teacher, student, pairs=pairs)
    try:
        return fit_temperature(data.margins, data.targets, data.weights), None
    except UnidentifiedError as error:
        spread = float(np.sqrt(np.mean(data.margins**2)))
        if spread == 0:
            return 1.0, f"student {who!r}: {error}; temperature 1 is used"
        # No temperature beats the constant student; a very high one comes close to it
        return 1e3 * spread, (
            f"student {who!r}: {error}; a temperature of 1,000 typical margins is "
            "used, which makes it almost the constant student"
        )


def known_pairs(
    inputs: Inputs, chosen: Booleans
) -> tuple[str, CalibrationPairs] | None:
    """Pairs of the queries of some groups whose better document is known.

    Those of judged documents, or else of positives and negatives, and which of both;
    None without a pair.
    """
    if (judged := _judged(inputs, chosen)) is not None:
        return JUDGED, judged
    marked = _marked(inputs, chosen)
    return None if marked is None else (POSITIVES, marked)


def _judged(inputs: Inputs, chosen: Booleans) -> CalibrationPairs | None:
    """Pairs of judged and scored documents of the queries of some groups."""
    qrels = inputs.qrels
    if qrels is None:
        return None
    aside = set(inputs.groups.group_qids()[chosen])
    judged = _as_groups(qrels, np.array([qid in aside for qid in qrels.qids]))
    if judged is None:
        return None
    scores, found = judged.scores_of(inputs.teacher)
    kept = judged.keep_rows(found)
    if kept.n_groups == 0:
        return None
    grades, _ = kept.scores_of(qrels)
    return _by_unit(graded_pairs(kept, scores[found], grades), kept, inputs.clusters)


def _marked(inputs: Inputs, chosen: Booleans) -> CalibrationPairs | None:
    """Pairs of a positive and a negative of some groups."""
    groups = inputs.groups
    if groups.positive is None or not chosen.any():
        return None
    kept = groups.keep_groups(chosen)
    values = inputs.values[np.repeat(chosen, groups.sizes)]
    marks = np.asarray(kept.positive, dtype=np.float64)
    found = graded_pairs(kept, values, marks)
    del values, marks
    return _by_unit(found, kept, inputs.clusters)


def _by_unit(
    pairs: CalibrationPairs, groups: Groups, clusters: Clusters | None
) -> CalibrationPairs | None:
    """The pairs with the independent unit of each; None if there are no pairs."""
    if not pairs.margins.size:
        return None
    if clusters is None:
        return pairs
    present, place = np.unique(pairs.queries, return_inverse=True)
    units = clusters.units(groups.qids[present])
    return replace(pairs, queries=units.of_query[place])


def _as_groups(scores: Scores, chosen: Booleans) -> Groups | None:
    """One group per chosen query with all its documents, or None without a query."""
    if not chosen.any():
        return None
    every = Groups(
        queries=np.arange(scores.n_queries, dtype=np.int64),
        qids=scores.qids,
        offsets=scores.offsets,
        codes=scores.codes,
        docnos=scores.docnos,
        name=scores.name,
    )
    return every.keep_groups(chosen).in_order()
