"""Compare samplings: verdicts, and what explains them, as a `Comparison`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Final, Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from rankbound.bounds.shares import Direction
from rankbound.bounds.wording import counted
from rankbound.catalogue import (
    COMPARED,
    DIFFERENCES,
    EACH,
    PAIR_SETS,
    TO_WIDEST,
    VERDICTS,
    WITHIN,
    base,
)
from rankbound.commands.cards import Card, card_of
from rankbound.commands.compare.answers import answers_of
from rankbound.commands.compare.controls import controls, ranks_only, sweep, verdicts_at
from rankbound.commands.compare.measured import (
    Compared,
    Measures,
    measure_all,
)
from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.compare.quantities import UNKNOWN, GroupMeans, Measured
from rankbound.commands.compare.reasons import (
    METHOD,
    STATEMENTS,
    coupling,
    decomposition,
    order_means,
    orders,
    overlap,
    shapes,
    spaces,
    target_form,
)
from rankbound.commands.compare.result import (
    COLUMNS,
    PER_QUERY,
    Bca,
    Comparison,
    Compat,
    Directions,
    Entropy,
    Family,
    Model,
    PairedT,
    Pilot,
    Row,
    SamplingSummary,
    Stakes,
    Teacher,
)
from rankbound.commands.compare.samplings import Sampling
from rankbound.commands.compare.sentences import advice, cannot_say, sentences
from rankbound.commands.computing import computing
from rankbound.commands.measure.given import (
    ClustersLike,
    GroupsLike,
    IdsLike,
    QrelsLike,
    QueriesLike,
    ScoresLike,
    VectorsLike,
    inputs_of,
)
from rankbound.commands.measure.inputs import (
    BETTER,
    MEAN_OF_CLUSTERS,
    POSITIVES,
)
from rankbound.commands.measure.options import StudentsLike, Temperature
from rankbound.commands.measure.sentences import fitted_temperature
from rankbound.commands.measure.temperatures import over_interval
from rankbound.commands.settings import made_options
from rankbound.data.clusters import CLUSTER
from rankbound.data.columns import Floats, distinct_codes, strings, united
from rankbound.data.scores import Kind
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.memory import give_back, reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import versions
from rankbound.read.scales import MissingValues, MixedScales, RunTags
from rankbound.results import Named
from rankbound.rows import Coded, Column, Rows
from rankbound.validation.paired import NO_RANGE, Answer
from rankbound.validation.resampling import RESAMPLES


def _cautions() -> dict[str, str]:
    """Cautions about quantities, keyed by the names of those that share one."""
    named: dict[str, list[str]] = {}
    for name, quantity in COMPARED.items():
        if quantity.caution:
            named.setdefault(quantity.caution, []).append(name)
    return {", ".join(names): caution for caution, names in named.items()}


CLUSTERED: Final = {
    "clusters": "the values of the queries of a cluster are averaged, over the queries "
    "that both sides have, and every mean, interval, test and share is one of "
    "clusters, which have the same weight; n, of, n_for_margin and the counts of "
    "directions are numbers of clusters, n_queries is that of their queries; "
    "group_mean and shift are over groups and queries",
}
NO_VECTORS: Final = "no vectors were given; give `embeddings`"
NO_MARGIN: Final = "this quantity has no default margin; give `margins`"
DEFINITIONS: Final = {
    "difference": "mean paired difference, sampling minus reference, over the queries "
    "that both have; several groups of a query are averaged first",
    "lower, upper": "interval of the mean difference at level 1 - delta / family.size: "
    "all intervals that decide, and so all verdicts, hold at once with probability at "
    "least 1 - delta; where the rule is the direction, Student's of the same level, "
    "which is approximate and decides nothing",
    "rule": "what decides the verdict: betting, by lower and upper, where the range of "
    "a difference is known in advance; else the direction, by direction.of_changed, "
    "which is exact for independent queries: if the two samplings were exchangeable "
    "within queries, as many queries would rise as fall of those that change; it says "
    "nothing of the size of the difference or of its mean",
    "equivalence_missing_because": "why the row is never called equivalent, and the "
    "remedy",
    "p_holm": "two-sided p-value by the rule, of no mean difference by betting, of as "
    "many rises as falls by the sign test, adjusted by Holm over the family; p is not "
    "adjusted",
    "pilot, stakes": "stakes of the betting intervals, each chosen on the same row's "
    "differences of the pilot queries, which no other number uses; null: the grid",
    "effect_size": "d_z: mean difference in standard deviations of the differences; "
    "approximate, as it describes the sample and has no interval",
    "paired_t": "Student's t test of the same differences; approximate, as it takes "
    "the mean for normal; no verdict uses it",
    "direction": "queries in which the quantity rises and falls by more than "
    "tolerance, and Clopper-Pearson intervals of their shares among all queries; no "
    "change counts against both; delta is delta / family.size, half of it on each "
    "side, so that the intervals of all rows hold at once with probability at least "
    "1 - delta, and together with those of the means with probability at least "
    "1 - 2 delta; certain: the one whose lower limit is above one half; a share is not "
    "a mean, and these decide no verdict; of_changed and mostly: the interval that "
    "decides where the rule is the direction, of the share that rises of the queries "
    "that change, at the same delta, and which way most of them go",
    "smallest_margin": "the smallest margin that would contain the whole interval, so "
    f"that the verdict would be {' or '.join(sorted(WITHIN))}; where the rule is the "
    "direction, of the approximate interval, and no margin decides",
    "n_for_margin": "number of queries at which both ends of the interval would lie "
    "within the margin of the mean, if the differences varied as here: of samples of "
    "that size only those whose mean is next to 0 are found equivalent, and `rankbound "
    "power` says how many queries it takes with a probability; null without a margin "
    "or a range",
    "verdict": "; ".join(f"{name}: {VERDICTS[name].meaning}" for name in DIFFERENCES),
    "p_equivalence": "two one-sided paired t tests at the margin, not adjusted",
    "orders, order_means": "on the queries that all samplings have",
    "decomposition": METHOD,
    "group_mean": "mean over groups, so that a query with more groups weighs more",
    "supremum": "in spaces: the largest value of any group, while mean and "
    "root_mean_square are over queries, whose groups are averaged first; for every "
    f"query, {PER_QUERY} has the mean over its groups (value) and the largest of them "
    "(largest)",
    "shapes": "share of all pairs at most as far apart as each distance, where every "
    "query has the same weight; lengths, copies and TwoNN of the distinct documents, "
    "as in the ledger",
    **_cautions(),
}


def compare(  # noqa: PLR0913  each is an option of the command
    teacher: ScoresLike,
    *,
    groups: Mapping[str, GroupsLike] | Sequence[tuple[str, GroupsLike]],
    reference: str | None = None,
    quantities: str | Sequence[str] = ("entropy",),
    pairs: str = EACH,
    margins: Mapping[str, float] | float | None = None,
    target: GroupsLike | None = None,
    students: StudentsLike | None = None,
    qrels: QrelsLike | None = None,
    clusters: ClustersLike | None = None,
    embeddings: VectorsLike | None = None,
    ids: IdsLike | None = None,
    metric: str = "euclidean",
    trained_on: QueriesLike | Mapping[str, QueriesLike] | None = None,
    teacher_kind: Kind | str | None = None,
    temperature: Temperature = None,
    missing: Literal["drop", "error"] | None = None,
    missing_value: MissingValues = None,
    mixed_scales: MixedScales = "error",
    run_tag: RunTags = None,
    score_range: float = 10.0,
    delta: float = 0.05,
    seed: int = 0,
    resamples: int = RESAMPLES,
    pilot: float = 0.0,
    controls: bool = False,
    compat: Literal["reference"] | None = None,
    formats: Mapping[str, str] | None = None,
    memory: int | str | None = None,
    workers: int = 1,
    dask: str | None = None,
    blocks: str | PathLike[str] | None = None,
    fresh: bool = False,
    progress: bool | Progress = False,
) -> Comparison:
    """Compare samplings of training groups, paired by query, and explain what differs.

    The mean of each quantity under every sampling is compared with that under the
    reference, over the queries that both have. Each comparison has a verdict, and all
    of them hold at once with probability 1 - `delta`: by an interval of the mean where
    the range of the quantity is known, else by the direction of the queries that
    change.

    Parameters
    ----------
    teacher : path or object
        The teacher's scores: a TREC run, a JSON of ``{qid: {docno: score}}``, any other
        file that holds scores, packed or not, or an object such as a dict, a frame or a
        `Scores`; see `read_scores`.
    groups : mapping of str to path or object
        The groups of each sampling by its name, at least two samplings; see
        `read_groups`.
    reference : str, optional
        The sampling that the others are compared with; by default the first.
    quantities : str or sequence of str, default ("entropy",)
        The quantities to compare, which define the family of comparisons: "entropy",
        "margin" or "ties"; with `embeddings`, "diameter", "mean_distance",
        "rms_distance", "two_nn" or "knn_density"; with `students`, "divergence" or
        "risk".
    pairs : {"each", "all", "pos-neg", "neg-neg"}, default "each"
        Which pairs of a group count; "each" compares the three sets separately.
    margins : mapping of str to float, or float, optional
        The largest difference that does not matter, by quantity and in its unit, to be
        chosen before looking at the data; a single number if one quantity is compared.
        The default is 0.02 nats for entropy, divergence and risk; the other quantities
        have none.
    target : path or object, optional
        Groups whose pairs define the reference law of the target form; by default the
        union of all samplings, query by query.
    students : mapping of str to path or object, optional
        Scores of the students by name, in the same forms as the teacher's. A
        `StudentSource` instead of scores states a student's kind, its temperature, or
        the vectors of its queries.
    qrels : path or object, optional
        Relevance judgements, to fit the teacher's temperature and to count the judged
        documents that a sampling covers; see `read_qrels`.
    clusters : path or mapping of str to str, optional
        The cluster of each query, where queries depend on each other: a file of qid and
        cluster, parted by a tab. Differences are then averaged by cluster, and every
        interval, test and share is one over clusters.
    embeddings : path or object, optional
        Vectors of the documents, shape (documents, dimensions), which distances need;
        see `read_embeddings`.
    ids : path or sequence of str, optional
        Docnos of the rows of `embeddings`; by default their own, or those beside them.
    metric : {"euclidean", "angular"}, default "euclidean"
        The distance between vectors; "angular" is their angle in radians.
    trained_on : path, object, or mapping of str to these, optional
        The queries that all students were trained on, or those of each by name, as in
        `measure`: a student is compared on the others.
    teacher_kind : Kind or str, optional
        What the scores are: "logit", "probability", "cosine", "dot", "bm25" or
        "unknown"; inferred by default.
    temperature : float or "fit", optional
        The positive number that divides the teacher's margins. "fit" chooses it by
        maximum likelihood on judged pairs of a fifth of the queries, which are then not
        compared. The default is 1 for logits and probabilities; other kinds need one.
    missing : {"drop", "error"}, optional
        What to do with documents without a score or vector. By default they are an
        error for the teacher and the vectors, and dropped and counted for a student.
    missing_value : float, sequence of float or mapping, optional
        Scores that stand for missing ones, such as -10000: such documents have no
        score. "none" says that a repeated value is a score. A mapping has the values
        of students by name, of "teacher" or of files by path.
    mixed_scales : {"error", "logit-sigmoid", "as-is"}, default "error"
        Where some queries of a file have logits and others a sigmoid's scores: raise,
        make logits of the latter, or take all as they are.
    run_tag : str or mapping, optional
        The system to read of a run whose lines have several tags, by name as above;
        "*" takes all lines for one system.
    score_range : float, default 10.0
        Student scores are clipped at this many temperatures below the best document of
        their group, so that losses are bounded; from 1e-6 to 1e6.
    delta : float, default 0.05
        Probability, in (0, 1), that any verdict of the family is wrong.
    seed : int, default 0
        Seed of the calibration queries, the bootstrap and the controls, at least 0.
    resamples : int, default 9999
        Number of bootstrap resamples; 0 omits the bootstrap intervals.
    pilot : float, default 0.0
        Share of the queries, or clusters, in [0, 1), that is set aside to choose the
        stakes of the betting intervals, if there are 20 or more; the others decide. 0
        uses a fixed grid of stakes, which is shorter on samples of usual size. Where a
        temperature is fitted, the same queries serve that.
    controls : bool, default False
        Whether to run the negative controls: a shuffled and a constant teacher, and
        random vectors.
    compat : {"reference"}, optional
        Also report the reference study's equivalence test and entropy.
    formats : mapping of str to str, optional
        The format of a file by its path, and that of the teacher's under ""; other
        formats are detected.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    workers : int, default 1
        Processes that share the queries, with one thread each; they do not run the
        script that asks for them. Results do not depend on them.
    dask : str, optional
        The address of a scheduler of dask, whose workers share the queries instead.
    blocks : path, optional
        A folder in which finished blocks of queries are kept until the call ends: if
        it is killed, the same call goes on from there.
    fresh : bool, default False
        Begin anew, whatever blocks the folder holds.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a short description before each stage.

    Returns
    -------
    Comparison
        Its `rows` are the comparisons with their verdicts, intervals, the shares of
        queries that rise and fall, and the number of queries that a margin would need.
        `samplings` is indexed by name, and
        ``beside["per_query"]`` holds the values of every query.

    Raises
    ------
    FormatError
        When a file or object breaks its format.
    UsageError
        When settings contradict each other, or need data that the inputs lack.
    DomainError
        When a number lies outside its range.

    See Also
    --------
    measure : Estimate the terms of one sampling, and certify every student.
    cut : Select training groups by a quantity of their queries.
    power : Compute how many queries a margin needs.

    Examples
    --------
    >>> scores = {f"q{n}": {"a": n + 4.0, "b": n + 3.5, "c": 0.0} for n in range(9)}
    >>> groups = {
    ...     name: [{"query_id": q, "doc_id_a": "a", "doc_id_b": [d]} for q in scores]
    ...     for name, d in (("random", "c"), ("hard", "b"))
    ... }
    >>> found = compare(
    ...     scores, groups=groups, teacher_kind="logit", pairs="all", resamples=0
    ... )
    >>> [(row.sampling, row.verdict) for row in found.rows]
    [('hard', 'different')]
    >>> found.samplings["hard"].n_queries
    9
    """
    options = made_options(
        CompareOptions,
        teacher=teacher,
        groups=groups,
        reference=reference,
        quantities=quantities,
        pairs=pairs,
        margins=margins,
        target=target,
        students={} if students is None else students,
        qrels=qrels,
        clusters=clusters,
        embeddings=embeddings,
        ids=ids,
        metric=metric,
        trained_on=trained_on,
        teacher_kind=teacher_kind,
        temperature=temperature,
        missing=missing,
        missing_value=missing_value,
        mixed_scales=mixed_scales,
        run_tag=run_tag,
        score_range=score_range,
        delta=delta,
        seed=seed,
        resamples=resamples,
        pilot=pilot,
        controls=controls,
        compat=compat,
        formats={} if formats is None else formats,
    )
    with (
        reading_within(memory),
        computing(
            options,
            name="compare",
            folder=blocks,
            workers=workers,
            dask=dask,
            fresh=fresh,
        ),
        reported(progress, total=n_stages(options.names)) as advance,
    ):
        return compare_with(options, progress=advance)


def compare_with(options: CompareOptions, *, progress: Progress = str) -> Comparison:
    """Do what `compare` does, given the options as one record."""
    compared = measure_all(options, progress)
    progress("target form, temperatures, controls")
    made = result_of(compared)
    give_back()
    rows = per_query_rows(compared)
    del compared
    give_back()
    return made.with_beside(per_query=rows)


def n_stages(samplings: Sequence[str]) -> int:
    """How many stages a comparison of these samplings reports."""
    return len(samplings) + 4


def result_of(compared: Compared) -> Comparison:
    """Collect the findings, with their explanations, sentences and assumptions."""
    options, loaded, means = compared.options, compared.loaded, order_means(compared)
    found = Comparison(
        reference=options.baseline,
        family=_family(compared),
        rows=tuple(map(_row, compared.answers)),
        delta=options.delta,
        teacher=_teacher(compared),
        samplings=Named(map(_sampling, _files(compared), compared.measures.values())),
        target=target_form(compared),
        orders=orders(means),
        order_means=means,
        decomposition=decomposition(compared),
        coupling=coupling(compared),
        shift=overlap(compared),
        spaces=spaces(compared),
        shapes=shapes(compared),
        spaces_missing_because=NO_VECTORS if loaded.embeddings is None else None,
        spaces_statements=STATEMENTS,
        sweep=sweep(compared),
        ranks_only=ranks_only(compared),
        controls=controls(compared),
        compat=_reference(compared),
        cards=Named(_cards(compared)),
        sentences=(),
        advice=(),
        cannot_say=(),
        repairs=loaded.teacher.files.repairs_by_name(),
        warnings=compared.warnings,
        assumptions=_assumptions(compared),
        definitions=DEFINITIONS if loaded.clusters is None else DEFINITIONS | CLUSTERED,
        inputs=inputs_of(compared.inputs),
        command=options.command,
        seed=options.seed,
        versions=versions(),
        clusters=_n_clusters(loaded.pool),
        clustering=loaded.teacher.clustering,
        pilot=_pilot(compared),
    )
    return replace(
        found,
        sentences=sentences(found),
        advice=advice(found),
        cannot_say=cannot_say(found),
        answers=answers_of(found),
    )


def _cards(compared: Compared) -> Iterator[Card]:
    """A card for each sampling; their intervals hold jointly at 1 - delta."""
    loaded = compared.loaded
    for name, made in compared.measures.items():
        widest = made.measured.get(("diameter", "all"))
        give_back()
        yield card_of(
            name,
            made.sampling.groups,
            made.sampling.values,
            teacher=loaded.teacher.teacher,
            qrels=loaded.teacher.qrels,
            clusters=made.sampling.clusters,
            measured=made.measured,
            largest_distance=None if widest is None else float(widest.largest.max()),
            delta=compared.options.delta / len(compared.measures),
            are_all=loaded.temperature == 1.0,
        )


def _reference(compared: Compared) -> Compat | None:
    """The reference study's test and entropy, if they were asked for."""
    if compared.options.compat is None:
        return None
    from rankbound.reference.compare import reference_record

    return reference_record(compared)


def _family(compared: Compared) -> Family:
    options, answers = compared.options, compared.answers
    size, quantities = len(answers), [a.question.quantity for a in answers]
    others = [name for name in options.names if name != options.baseline]
    return Family(
        name=f"{counted(len(others), 'sampling')} against {options.baseline}, "
        f"{', '.join(dict.fromkeys(quantities))}, "
        f"{', '.join(options.pair_sets)} pairs",
        size=size,
        samplings=tuple(others),
        quantities=tuple(dict.fromkeys(quantities)),
        pairs=tuple(options.pair_sets),
        delta=options.delta,
        interval_level=1 - options.delta / size,
        intervals="Bonferroni: each at level 1 - delta / size",
        p_values="Holm",
        directions="Bonferroni, a family of their own: each side at delta / (2 size)",
    )


def _pilot(compared: Compared) -> Pilot | None:
    split = compared.loaded.split
    if not split.pilot:
        return None
    return Pilot(
        share=split.share,
        n=split.n_calibration,
        n_clusters=None if split.n_clusters is None else split.n_clusters[0],
    )


def _row(answer: Answer) -> Row:
    made, ask = answer.comparison, answer.question
    student, bca = made.paired_t, made.bca
    return Row(
        sampling=ask.sampling,
        quantity=ask.quantity,
        pairs=ask.pairs,
        n=made.n,
        mean=made.mean,
        reference_mean=made.reference_mean,
        difference=made.difference,
        lower=made.lower,
        upper=made.upper,
        p_holm=answer.p_holm,
        effect_size=made.effect_size,
        margin=ask.margin,
        smallest_margin=answer.smallest_margin,
        n_for_margin=answer.n_for_margin,
        verdict=answer.verdict,
        unit=COMPARED[base(ask.quantity)].unit,
        method=made.method,
        p=made.p,
        margin_missing_because=NO_MARGIN if ask.margin is None else None,
        effect_size_missing_because=None
        if made.effect_size is not None
        else "the differences do not vary",
        range=made.bounds,
        range_missing_because=UNKNOWN if made.bounds is None else None,
        paired_t=PairedT(
            statistic=student.statistic,
            p=student.p,
            lower=student.lower,
            upper=student.upper,
            p_equivalence=answer.p_equivalence,
        ),
        bca=Bca(
            lower=bca.lower,
            upper=bca.upper,
            resamples=bca.resamples,
            missing_because=bca.missing_because,
        ),
        queries_only_in_sampling=answer.only_values,
        queries_only_in_reference=answer.only_reference,
        note=_note(answer),
        direction=_directions(made.direction, decides=made.rule == "direction"),
        n_queries=None if ask.clusters is None else answer.n_queries,
        rule=made.rule,
        equivalence_missing_because=None
        if made.rule == "betting"
        else not_equivalent(ask.quantity),
        stakes=None
        if made.stakes is None
        else Stakes(
            lower=made.stakes.lower, upper=made.stakes.upper, n_pilot=made.n_pilot
        ),
    )


def not_equivalent(quantity: str) -> str:
    """Why a quantity without a range is never called equivalent, and the remedy."""
    remedy = (
        "give unit vectors, or `metric='angular'`"
        if COMPARED[base(quantity)].range == TO_WIDEST
        else "compare one that has a range, such as entropy"
    )
    return f"{NO_RANGE}; {remedy}"


def _directions(found: Direction, *, decides: bool) -> Directions:
    return Directions(
        rises=found.rises,
        falls=found.falls,
        of=found.of,
        share_rising=found.share_rising,
        share_falling=found.share_falling,
        certain=found.certain or None,
        tolerance=found.tolerance,
        delta=found.delta,
        of_changed=found.of_changed if decides else None,
        mostly=(found.mostly or None) if decides else None,
    )


def _note(answer: Answer) -> str | None:
    if not answer.holm_finds_more:
        return None
    if answer.comparison.rule == "direction":
        return (
            f"Holm rejects that as many queries rise as fall (p = {answer.p_holm:.2g}) "
            "although the interval of the share that rises, which holds jointly with "
            "all others, still contains one half"
        )
    return (
        f"Holm rejects equality (p = {answer.p_holm:.2g}) although the interval, which "
        "holds jointly with all others, still contains 0"
    )


def _assumptions(compared: Compared) -> tuple[str, ...]:
    """The assumptions of the verdicts; the user asserts those that are not enforced."""
    options, clusters = compared.options, compared.loaded.clusters
    what = "queries" if clusters is None else "clusters of queries"
    found = [
        f"A0 (asserted): the {what} are independent draws, and teacher, samplings, "
        "temperature and margins were fixed without looking at them",
        *(() if clusters is None else (MEAN_OF_CLUSTERS,)),
        "the family holds every comparison that was asked for, and none was removed "
        "after looking at the results",
    ]
    fit = compared.loaded.fit
    if fit is not None and fit.on == POSITIVES:
        found.append(BETTER)
    if any(a.comparison.rule == "direction" for a in compared.answers):
        found.append(
            "a quantity of unknown range is decided by its direction, which needs A0 "
            "alone; Student's intervals beside it take the mean difference for normal, "
            "which is approximate, and decide nothing"
        )
    if any(
        COMPARED[base(a.question.quantity)].need == "student" for a in compared.answers
    ):
        found.append(
            f"A1' (enforced): students are clipped at B = {options.score_range:g} "
            "temperatures below their best document of the group; group sizes of other "
            "queries are no smaller than those of the sample (asserted)"
        )
    return tuple(found)


def _teacher(compared: Compared) -> Teacher:
    loaded, options = compared.loaded, compared.options
    return Teacher(
        kind=loaded.teacher.kind.value,
        kind_evidence=loaded.teacher.evidence,
        temperature=loaded.temperature,
        fitted=options.temperature == "fit",
        fit=fitted_temperature(
            loaded.fit,
            loaded.teacher.kind,
            over_interval(loaded.fit, lambda scale: verdicts_at(compared, scale)),
        ),
        n_calibration=loaded.n_calibration,
        calibration_share=loaded.split.share if options.fits else 0.0,
        students={
            s.source.name: Model(
                kind=s.file.kind.value,
                kind_evidence=s.file.evidence,
                temperature=s.temperature,
                trained_on=s.training.found.get(s.source.name),
            )
            for s in compared.students
        },
    )


def _files(compared: Compared) -> list[str]:
    """The file, or other source, of the groups of every sampling."""
    files = dict(compared.options.groups)
    return [str(files[name]) for name in compared.measures]


def _sampling(file: str, measures: Measures) -> SamplingSummary:
    sampling, made = measures.sampling, measures.measured
    return SamplingSummary(
        sampling=sampling.name,
        file=file,
        n_queries=len(distinct_codes(sampling.groups.queries)),
        n_groups=sampling.groups.n_groups,
        n_documents=len(sampling.values),
        dropped=_dropped(measures),
        n_clusters=_n_clusters(sampling),
        groups_without_dimension=measures.space.undefined if measures.space else None,
        entropy=tuple(
            Entropy(
                pairs=pairs,
                mean=sampling.mean(made["entropy", pairs]),
                group_mean=measures.group_entropy[pairs],
                group_mean_bits=measures.group_entropy[pairs] / NATS_PER_BIT,
                mean_margin=sampling.mean(made["margin", pairs]),
                ties=sampling.mean(made["ties", pairs]),
                share=measures.pair_shares[pairs],
            )
            for pairs in PAIR_SETS
            if ("entropy", pairs) in made
        ),
    )


def _n_clusters(sampling: Sampling) -> int | None:
    """Clusters of the queries that are compared; None where these are independent."""
    qids, clusters = sampling.groups.group_qids(), sampling.clusters
    return None if clusters is None else len(set(clusters.of(qids)))


def _dropped(measures: Measures) -> dict[str, int]:
    """Counts by reason; those of a student have its name in front."""
    found = dict(measures.sampling.dropped)
    for student, made in measures.students.items():
        for reason, number in made.dropped.items():
            found[f"{student}: {reason}"] = number
    return found


def per_query_rows(compared: Compared) -> Rows:
    """Tabulate every number measured for the compared queries, one per row.

    `value` is the mean over the groups of the query, `largest` the largest of them. The
    compared quantities come first, then the others. The sampling "target" is the
    reference law of pairs. Queries set aside to fit temperatures do not appear. Where
    clusters are given, the last column names that of the query.
    """
    parts: dict[str, Measured] = {
        name: measures.measured for name, measures in compared.measures.items()
    }
    columns = [
        (place, quantity, pairs, column)
        for place, measured in enumerate([*parts.values(), compared.target])
        for (quantity, pairs), column in measured.items()
    ]
    key = compared.options.place
    names = sorted({quantity for _, quantity, _, _ in columns}, key=key)

    def kind(found: tuple[int, str, str, GroupMeans]) -> tuple[int, int, int]:
        place, quantity, pairs, _ = found
        return place, names.index(quantity), PAIR_SETS.index(pairs)

    columns.sort(key=kind)
    # Columns of one sampling share their ids
    distinct = {id(column.qids): column.qids for *_, column in columns}
    qids, places = united([*distinct.values()])
    known = {
        key: place.astype(np.int32) for key, place in zip(distinct, places, strict=True)
    }
    query = np.concatenate([known[id(column.qids)] for *_, column in columns])
    del distinct, known, places
    # Columns stand in the order that the rows of a query have
    order = np.argsort(query, kind="stable").astype(np.int32)
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int32)
    sizes = [len(column.qids) for *_, column in columns]
    which = np.repeat(np.arange(len(columns), dtype=np.int32), sizes)[order]
    kinds = np.array([kind(column) for column in columns], dtype=np.int32)
    words = [*parts, TARGET], names, [*PAIR_SETS]
    coded = zip(COLUMNS[1:4], words, kinds.T, strict=True)
    found: dict[str, Column] = {COLUMNS[0]: Coded(qids, query[order])}
    found |= {name: Coded(strings(these), of[which]) for name, these, of in coded}
    for name, numbers in zip(COLUMNS[4:], ("values", "largest"), strict=True):
        found[name] = _in_order((getattr(one, numbers) for *_, one in columns), place)
    clusters = compared.loaded.clusters
    if clusters is not None:
        found[CLUSTER] = Coded(clusters.of(qids), query[order])
    return Rows(found)


def _in_order(columns: Iterable[Floats], place: NDArray[np.int32]) -> Floats:
    """Columns one after another, whose rows go to these places."""
    found, start = np.empty(len(place)), 0
    for column in columns:
        found[place[start : start + len(column)]] = column
        start += len(column)
    return found
