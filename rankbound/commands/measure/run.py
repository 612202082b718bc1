"""The command `measure`: from options to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Final, Literal, cast

import msgspec
import numpy as np

from rankbound.bounds.certificate import CHOSEN, LN2, Part
from rankbound.bounds.floors import floor_of
from rankbound.bounds.wording import counted
from rankbound.commands.computing import computing
from rankbound.commands.measure.answers import answers_of
from rankbound.commands.measure.certifying import CertifiedStudent, table_of
from rankbound.commands.measure.choosing import FIXED, GIVEN
from rankbound.commands.measure.given import (
    ClustersLike,
    Given,
    GroupsLike,
    IdsLike,
    QrelsLike,
    QueriesLike,
    ScoresLike,
    VectorsLike,
    inputs_of,
)
from rankbound.commands.measure.headline import with_headlines
from rankbound.commands.measure.inputs import (
    BETTER,
    DEFAULT_DEPTH,
    MEAN_OF_CLUSTERS,
    POSITIVES,
    UNUSED,
    count,
    known_pairs,
)
from rankbound.commands.measure.measured import Measured, measured
from rankbound.commands.measure.options import (
    PILOT,
    MeasureOptions,
    StudentsLike,
    Temperature,
)
from rankbound.commands.measure.paper_form import BASE_ENCODER, Architecture, paper_row
from rankbound.commands.measure.ranking import with_ranking
from rankbound.commands.measure.result import (
    Calibration,
    CalibrationBin,
    CalibrationError,
    Chosen,
    Diameter,
    Interval,
    Intervals,
    Ledger,
    LimitFloor,
    Locality,
    LossRange,
    NearCopies,
    Share,
    StudentResult,
    Teacher,
    Tolerance,
)
from rankbound.commands.measure.sentences import (
    fitted_temperature,
    mean_sentence,
    sentences_of,
)
from rankbound.commands.measure.space import shape_of
from rankbound.commands.measure.temperatures import certificate_verdicts, over_interval
from rankbound.commands.settings import made_options
from rankbound.data.clusters import CLUSTER
from rankbound.data.columns import distinct_codes
from rankbound.data.scores import Kind
from rankbound.estimators.calibration import calibration_error
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.estimators.spread import entropy_floor
from rankbound.memory import give_back, reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import versions
from rankbound.read.scales import MissingValues, MixedScales, RunTags
from rankbound.rows import Rows

DEFINITIONS: Final = {
    "per_query": "means over the groups of a query; calibration queries stand apart",
    "dropped": "over all queries, those set aside for calibration included",
    "temperature fit": "maximum likelihood of the calibration pairs, each query with "
    "the same weight; a student is fitted before its scores are clipped",
    "repairs": "what the readers passed over or mended, counted for each file",
    "diameter.max": "largest distance of a pair in the certificate's groups; "
    "per_query.tsv has the mean over the groups of a query, which is the same where a "
    "query has one group",
    "diameter.quantile_99": "smallest distance that at most 1 % of the pairs exceed, "
    "each query with the same weight",
    "diameter.shape": "shares of the pairs at most so far apart, each query with the "
    "same weight; of the distinct documents of all groups: lengths of vectors, "
    "documents whose vector is equal to another one's, and TwoNN over up to 1,000 of "
    "them: minus ln of the share above, against ln of the ratio of the distances to "
    "the second and the first neighbour",
    "floor": "what no limit offered here can be below on this sample (Theorem 9): of "
    "an upper limit, or of the upper end of an interval; its n_needed is the number of "
    "queries from which on one may be below the trivial value, ln 2 for a risk",
    "near_copies": "queries of whose words or documents more than 4 of 5 are shared "
    "(Jaccard similarity above 0.8), documents with scores of the teacher that differ, "
    "up to a constant, by a tenth of their deviation at most; those set aside included",
    "n_needed": "queries at which the chosen limit would be below ln 2, were their "
    "risks distributed as in this sample; null if never",
}
UNSCORED: Final = {
    "floor": (
        "documents that a student does not score (defined): they lie B below its best "
        "document of the group, as not retrieved, and where it scores none all are "
        "tied; this defines the student and estimates no score",
    ),
    "common": (
        "documents (enforced): all students are measured on the documents that every "
        "one of them scores",
    ),
    "drop": (),
    "error": (),
}
CLUSTERED: Final = {
    "clusters": "the values of the queries of a cluster are averaged, and every mean, "
    "interval, limit, share and number of queries needed is one of clusters, which "
    "have the same weight; n_queries counts queries, n_clusters and share.of clusters; "
    "per_query.tsv names the cluster of each query",
}
DESCRIPTIVE: Final = "descriptive: read off the sample, never inside the certificate"
STATEMENTS: Final = {
    "limits": "lemma-1, lemma-2c, theorem-1a to theorem-1d, theorem-1g: proved "
    "or cited in rankbound",
    "paper": "reconstructed: the wording of the paper's Theorem 2.1 is not "
    "reproduced; these limits are rankbound's own",
}


def measure(  # noqa: PLR0913  each is an option of the command
    teacher: ScoresLike,
    *,
    students: StudentsLike | None = None,
    groups: GroupsLike | None = None,
    qrels: QrelsLike | None = None,
    clusters: ClustersLike | None = None,
    embeddings: VectorsLike | None = None,
    ids: IdsLike | None = None,
    metric: str = "euclidean",
    trained_on: QueriesLike | Mapping[str, QueriesLike] | None = None,
    teacher_kind: Kind | str | None = None,
    temperature: Temperature = None,
    depth: int | None = None,
    pairs: str = "all",
    target_groups: GroupsLike | None = None,
    unjudged: Literal["unknown", "irrelevant"] = "unknown",
    missing: Literal["drop", "error"] | None = None,
    missing_value: MissingValues = None,
    mixed_scales: MixedScales = "error",
    run_tag: RunTags = None,
    unscored: Literal["floor", "common", "drop", "error"] = "floor",
    pilot: float = PILOT,
    score_range: float | None = None,
    stake: float | Mapping[str, float] | None = None,
    lipschitz: float | Mapping[str, float] | None = None,
    delta: float = 0.05,
    seed: int = 0,
    architecture: Architecture = BASE_ENCODER,
    compat: Literal["reference"] | None = None,
    formats: Mapping[str, str] | None = None,
    memory: int | str | None = None,
    workers: int = 1,
    dask: str | None = None,
    blocks: str | PathLike[str] | None = None,
    fresh: bool = False,
    progress: bool | Progress = False,
) -> Ledger:
    """Compute the bound's terms per query, and a certificate for every student.

    The risk of a student is its pairwise cross-entropy against the teacher, which is
    the teacher's entropy plus the student's divergence from it. Both are means over
    queries; the certificate is an upper confidence limit of the risk, which says
    something when it lies below ln 2 = 0.693 nats, the risk of a coin.

    Parameters
    ----------
    teacher : path or object
        The teacher's scores: a TREC run, a JSON of ``{qid: {docno: score}}``, any other
        file that holds scores, packed or not, or an object such as a dict, a frame or a
        `Scores`; see `read_scores`.
    students : mapping of str to path or object, optional
        Scores of the students by name, each given as the teacher's are. A
        `StudentSource` instead of scores also states a student's kind, its temperature,
        or the vectors of its queries. Without students, only the terms of the teacher
        are computed.
    groups : path or object, optional
        The groups of documents to rank: for a query, one positive document and others,
        with their probabilities if they were drawn at random; see `read_groups`. By
        default, the group of a query consists of the teacher's best `depth` documents.
    qrels : path or object, optional
        Relevance judgements; see `read_qrels`. Fitting the teacher's temperature needs
        them; they also add misranking, calibration, nDCG and earlier bounds.
    clusters : path or mapping of str to str, optional
        The cluster of each query, where queries depend on each other, such as
        paraphrases: a file of qid and cluster, parted by a tab. Clusters are then what
        is taken to be drawn independently: the values of their queries are averaged,
        whole clusters are set aside, and every mean, share and limit is one over
        clusters. By default the queries themselves are independent.
    embeddings : path or object, optional
        Vectors of the documents, shape (documents, dimensions), for diameters and for
        students that are bi-encoders; see `read_embeddings`.
    ids : path or sequence of str, optional
        Docnos of the rows of `embeddings`; by default, those that come with them.
    metric : {"euclidean", "angular"}, default "euclidean"
        Distance between vectors; "angular" is their angle, in radians.
    trained_on : path, object, or mapping of str to these, optional
        The queries that all students were trained on, or those of each by name: any
        file with ids of queries (one a line, groups, a run, judgements, texts, columns)
        or an iterable of ids. A student's certificate leaves its own out; without them,
        every limit assumes that there are none.
    teacher_kind : Kind or str, optional
        What the scores are: "logit", "probability", "cosine", "dot", "bm25" or
        "unknown"; inferred by default.
    temperature : float or "fit", optional
        Positive; divides the teacher's margins. "fit" chooses it by maximum likelihood
        on judged pairs of the pilot queries, which the certificate excludes.
        The default is 1 for logits and probabilities; other kinds need a value.
    depth : int, optional
        Documents of a query if no groups are given, at least 2; 16 by default. Not
        together with `groups`.
    pairs : {"all", "pos-neg", "neg-neg"}, default "all"
        Which pairs of a group count. A positive is the first document of a group or, if
        no groups are given, a document with a grade of 1 or more.
    target_groups : path or object, optional
        Groups of the target law, under which every student's risk is to be bounded, if
        it differs from the law that `groups` were drawn from.
    unjudged : {"unknown", "irrelevant"}, default "unknown"
        What to assume about documents of a judged query that have no judgement.
    missing : {"drop", "error"}, optional
        What to do about documents without a teacher score or vector. By default, they
        are an error.
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
    unscored : {"floor", "common", "drop", "error"}, default "floor"
        What to do about documents that a student does not score. "floor" places them B
        below its best document of the group, as not retrieved; "common" measures all
        students on the documents that each of them scores, at least 90 % of all;
        "drop" leaves them out of the student's own groups.
    pilot : float, default 0.2
        Share of the queries, in [0, 1), that is set aside to choose temperatures, B,
        stakes and the least size of a group, if there are students and 20 queries or
        more, or 20 clusters. The certificate does not use these queries.
    score_range : float, optional
        B, in temperatures, from 1e-6 to 1e6. A student's scores are raised to at least
        B below the best document of a group, so that losses are bounded. By default it
        is chosen on the pilot queries, or is 3 without these.
    stake : float or mapping of str to float, optional
        The stake of the betting limit, in (0, 1), of all students or by name; fixed
        without looking at the queries. By default it is chosen on the pilot queries, or
        a grid of stakes is used without these.
    lipschitz : float or mapping of str to float, optional
        L, in temperatures per distance, of all students or by name, positive: an
        assertion that two documents of a query differ in score by at most L times their
        distance. By default, a dot product of unit vectors has the constant of Lemma 4,
        and no other student has one. Needs `embeddings`.
    delta : float, default 0.05
        Probability, in (0, 1), that any limit `upper` or any share fails; half of it
        is for either. The ranking of students has as much for itself.
    seed : int, default 0
        Seed of the draw of pilot queries, at least 0.
    architecture : Architecture, optional
        Trained weights and layers of the students, for the paper's form of the bound.
        The default is a base encoder (1.1e8 weights, 12 layers).
    compat : {"reference"}, optional
        Also compute the reference study's quantities by its own formulas, for
        comparison with the corrected ones.
    formats : mapping of str to str, optional
        The format of a file by its path, and that of the teacher's under "", instead
        of detection.
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
        callable is called with a few words before each stage.

    Returns
    -------
    Ledger
        All numbers, in nats, with their assumptions. `beside` holds the terms of every
        query as "per_query", and those of calibration queries as "calibration"; `save`
        writes the files of the command. `ranking` says which of several students
        cannot be excluded as best.

    Raises
    ------
    FormatError
        When a file or object breaks its format.
    UsageError
        When settings contradict each other, or ask for what the inputs do not hold.
    DomainError
        When a number lies outside its range.

    See Also
    --------
    compare : Whether the sampling of the groups alters the terms.
    validate : Whether the terms are associated with measured effectiveness.
    bound : The bound from given numbers, without data.
    inspect : Whether the numbers in files can be trusted.

    Examples
    --------
    >>> queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    >>> ledger = measure(queries, students={"same": queries})
    >>> ledger.n_queries, [*ledger.students], ledger.students["same"].vacuous
    (9, ['same'], True)
    """
    options = made_options(
        MeasureOptions,
        teacher=teacher,
        students={} if students is None else students,
        groups=groups,
        qrels=qrels,
        clusters=clusters,
        embeddings=embeddings,
        ids=ids,
        metric=metric,
        trained_on=trained_on,
        teacher_kind=teacher_kind,
        temperature=temperature,
        depth=depth,
        pairs=pairs,
        target_groups=target_groups,
        unjudged=unjudged,
        missing=missing,
        missing_value=missing_value,
        mixed_scales=mixed_scales,
        run_tag=run_tag,
        unscored=unscored,
        pilot=pilot,
        score_range=score_range,
        stake=stake,
        lipschitz=lipschitz,
        delta=delta,
        seed=seed,
        architecture=architecture,
        compat=compat,
        formats={} if formats is None else formats,
    )
    with (
        reading_within(memory),
        computing(
            options,
            name="measure",
            folder=blocks,
            workers=workers,
            dask=dask,
            fresh=fresh,
        ),
        reported(progress, total=options.n_stages) as advance,
    ):
        return measure_with(options, progress=advance)


def measure_with(options: MeasureOptions, *, progress: Progress = str) -> Ledger:
    """`measure` with a record of options, as the command line makes it."""
    found = measured(options, progress=progress)
    if options.compat is None:
        return ledger_of(found)
    from rankbound.reference.measure import with_reference

    progress("reference")
    return with_reference(ledger_of(found), found)


def ledger_of(found: Measured) -> Ledger:
    """The account of a measurement; every input is read again for its hash."""
    options = found.options
    give_back()
    aside, certified = found.split.n_clusters or (None, None)
    clustered = found.inputs.clusters is not None
    made = Ledger(
        unit="nats",
        n_queries=len(found.teacher),
        delta=options.delta,
        trivial=LN2,
        students={
            one.student.name: _student(one, options.architecture)
            for one in found.students
        },
        teacher=_teacher(found),
        diameter=_diameter(found),
        calibration=Calibration(
            n_calibration=found.split.n_calibration,
            n_certificate=found.split.n_certificate,
            share=found.split.share,
            seed=options.seed,
            n_calibration_clusters=aside,
            n_certificate_clusters=certified,
        ),
        pairs=options.pairs,
        groups=_groups(found),
        dropped=_dropped(found),
        repairs=found.inputs.files.repairs_by_name(),
        warnings=found.warnings,
        assumptions=assumptions(found),
        definitions=DEFINITIONS | CLUSTERED if clustered else DEFINITIONS,
        statements=STATEMENTS,
        inputs=inputs_of(_given(found)),
        command=options.command,
        versions=versions(),
        clusters=len(found.teacher_units) if clustered else None,
        clustering=found.inputs.clustering,
        near_copies=_near_copies(found),
    )
    told = with_ranking(with_headlines(made, found), found)
    said = msgspec.structs.replace(told, answers=answers_of(told))
    return said.with_beside(**_tables(found))


def _tables(found: Measured) -> dict[str, Rows]:
    """Terms of the certificate's queries, and of calibration queries if any."""
    clusters = found.inputs.clusters
    terms = [one.terms for one in found.students] or [found.teacher]
    tables = {"per_query": table_of(terms, clusters)}
    if not found.split.n_calibration:
        return tables
    aside = [one.calibration for one in found.students] or [found.teacher_calibration]
    return tables | {"calibration": table_of(aside, clusters)}


def assumptions(found: Measured) -> tuple[str, ...]:
    """What the certificates rest on; the user asserts what is not enforced."""
    options = found.options
    clusters = found.inputs.clusters
    what = "queries" if clusters is None else "clusters of queries"
    shared: tuple[str, ...] = (
        f"A0 (asserted): the {what} are independent draws; teacher, students, sampling "
        "and all constants were fixed without looking at the certificate's queries",
    )
    if clusters is not None:
        shared = (*shared, MEAN_OF_CLUSTERS)
    if found.fit is not None and found.fit.on == POSITIVES:
        shared = (*shared, BETTER)
    if not options.students:
        return shared
    sizes = (
        "group size (asserted): no query has a smaller group than the source of the "
        "range names; where sizes vary, `upper_any_size` is the limit without this",
    )
    if found.split.pilot:
        sizes = (
            "pilot (enforced): temperatures, B, stakes and group sizes were chosen on "
            "queries that the certificate does not use; queries with smaller groups "
            "than those are left out and counted",
        )
    return (
        *shared,
        _training(found),
        "A1' (enforced): student margins are at most B temperatures, since each "
        "student is evaluated with its scores clipped at its B below its best document "
        "of the group; the certificate is one of that student",
        *UNSCORED[options.unscored],
        "the clipped student depends on the group, through its best document: the "
        "limits are those of fixed students; none for a class of students (Lemma 4, "
        "Theorem 1 (e)), for groups of another size or another law follows, except "
        "for the shift, which clips below the best document of both laws",
        *sizes,
        f"the limit reported as `upper` ({CHOSEN}) was chosen before looking at the "
        "data; each other limit is valid by itself, their minimum is not",
        "half of delta is spent on the limits of the mean risk and half on the share "
        "of queries, by a rule that no value of the certificate changes; the tolerance "
        "limit may take the place of the share; two-sided intervals are valid one by "
        "one, at delta",
        "shares and limits of all "
        f"{counted(len(options.students), 'student')} hold at once with "
        f"probability at least {1 - options.delta:g}",
    )


def _near_copies(found: Measured) -> NearCopies:
    copies = found.copies
    return NearCopies(
        queries=len(copies.qids),
        copies=int(copies.copies.sum()),
        sets=copies.n_sets,
        distinct=copies.n_distinct,
        complete=copies.complete,
    )


def _training(found: Measured) -> str:
    """What is known, and what is asserted, about training queries."""
    unknown = [s.student.name for s in found.students if s.student.trained_on is None]
    if not unknown:
        return (
            "training queries (enforced as far as they were given): each student's "
            "limits leave out the queries that it was trained on; that no teacher or "
            "miner was trained on the others is asserted"
        )
    whose = "" if len(unknown) == len(found.students) else f" of {', '.join(unknown)}"
    return (
        f"training queries (asserted{whose}): no student, teacher or miner was trained "
        "on the certificate's queries"
    )


def _groups(found: Measured) -> str:
    options = found.options
    if options.groups is not None:
        return f"as given in {options.groups.name}"
    depth = options.depth or DEFAULT_DEPTH
    return f"the teacher's top {depth}; ties by docno, descending"


def _teacher(found: Measured) -> Teacher:
    margin = float(found.teacher_units.mean_margin.mean())
    lower, upper = _interval(found.entropy)
    return Teacher(
        fit=fitted_temperature(
            found.fit,
            found.inputs.kind,
            over_interval(found.fit, lambda scale: certificate_verdicts(found, scale)),
        ),
        entropy=found.entropy.value,
        entropy_lower=lower,
        entropy_upper=upper,
        temperature=found.temperature,
        kind=found.inputs.kind.value,
        kind_evidence=found.inputs.evidence,
        mean_margin=margin,
        entropy_floor=float(entropy_floor(np.array(margin))),
        calibration_error=_calibration_error(found),
        floor=LimitFloor.of(
            floor_of(
                found.entropy.value,
                len(found.teacher_units),
                high=NATS_PER_BIT,
                delta=found.options.delta / 2,
            )
        ),
    )


def _calibration_error(found: Measured) -> CalibrationError | None:
    """How far preferences are from what judgements, or positives, say."""
    inputs = found.inputs
    # Margins of a query need not join its judged documents
    pairs = None
    if inputs.teacher.origins is None:
        pairs = known_pairs(inputs, ~found.split.calibration)
    if pairs is None:
        return None
    on, known = pairs
    value, bins = calibration_error(known.margins / found.temperature)
    return CalibrationError(
        value=value,
        on=on,
        n_pairs=len(known.margins),
        n_queries=len(distinct_codes(known.queries)),
        bins=tuple(
            CalibrationBin(
                from_=one.low,
                to=one.high,
                n_pairs=one.n_pairs,
                mean_p=one.mean_p,
                observed=one.observed,
            )
            for one in bins
        ),
    )


def _student(one: CertifiedStudent, architecture: Architecture) -> StudentResult:
    certificate, student, readings = one.certificate, one.student, one.readings
    entropy, divergence, deviation = certificate.parts
    width = certificate.range.width
    return StudentResult(
        risk=certificate.risk,
        entropy=entropy.value,
        divergence=divergence.value,
        range=LossRange(
            B=certificate.range.score_range,
            width=width,
            source=certificate.range.source,
            low=certificate.range.low,
            high=certificate.range.high,
        ),
        limits=certificate.limits,
        upper=certificate.upper,
        upper_any_size=one.upper_any_size,
        method=certificate.method,
        vacuous=certificate.vacuous,
        dominating=certificate.dominating,
        n_needed=certificate.n_needed,
        deviation=deviation.value,
        intervals=Intervals(
            risk=certificate.risk_interval,
            entropy=_interval(entropy),
            divergence=_interval(divergence),
            entropy_floor=_floor(one, entropy, high=LN2),
            divergence_floor=_floor(one, divergence, high=certificate.range.high),
        ),
        n_queries=len(one.terms),
        kind=student.kind.value,
        kind_evidence=student.evidence,
        temperature=student.temperature,
        clipped_share=student.clipped_share,
        missing_share=student.missing_share,
        dropped=student.dropped,
        locality=_locality(one),
        paper_form=paper_row(
            certificate.risk,
            width=width,
            n=certificate.n_queries,
            delta=certificate.delta,
            architecture=architecture,
        ),
        verdict=mean_sentence(one),
        shift=readings.shift,
        relevance=readings.relevance,
        ndcg=readings.ndcg,
        comparators=readings.comparators,
        share=Share(
            below=one.share.below, of=one.share.of, at_least=one.share.at_least
        ),
        tolerance=Tolerance(
            level=one.tolerance.level,
            value=one.tolerance.value,
            n_needed=one.tolerance.n_needed,
        ),
        floor=LimitFloor.of(one.floor),
        floor_any_size=None
        if one.floor_any_size is None
        else LimitFloor.of(one.floor_any_size),
        chosen=_chosen(one),
        unscored=student.unscored,
        tied_share=student.tied_share,
        unclipped_risk=student.unclipped_risk,
        sentences=sentences_of(one),
        n_clusters=certificate.n_queries if one.noun == CLUSTER else None,
        trained_on=student.trained_on,
    )


def _floor(one: CertifiedStudent, part: Part, *, high: float) -> LimitFloor:
    """How low the upper end of a part's interval can be.

    The interval spends delta, half of it on either end, and the certificate half of
    delta on the mean.
    """
    certificate = one.certificate
    return LimitFloor.of(
        floor_of(
            part.value,
            certificate.n_queries,
            high=high,
            delta=certificate.delta,
            n_students=certificate.n_students,
        )
    )


def _chosen(one: CertifiedStudent) -> Chosen:
    choices, asked = one.student.choices, one.student.source.temperature
    by = "fit" if asked == "fit" else FIXED if asked is None else GIVEN
    clustered = one.noun == CLUSTER and choices.n_pilot > 0
    return Chosen(
        pilot_queries=len(one.calibration) if clustered else choices.n_pilot,
        temperature_by=by,
        score_range_by=choices.score_range_by,
        stake=choices.stake,
        stake_by=choices.stake_by,
        predicted=choices.predicted,
        least_group=choices.least,
        queries_left_out=one.n_left_out,
        pilot_clusters=choices.n_pilot if clustered else None,
    )


def _interval(part: Part) -> Interval:
    """The interval of a part that is an estimate; the deviation has none."""
    return cast(Interval, (part.lower, part.upper))


def _locality(one: CertifiedStudent) -> Locality | None:
    """The plug-in Lipschitz constant and L times diameter; None without vectors."""
    if one.space is None or one.terms.diameter is None:
        return None
    steepness, largest = one.space.steepness[one.student.name], one.space.largest
    return Locality(
        lipschitz=steepness.lipschitz,
        diameter=largest,
        lipschitz_times_diameter=steepness.lipschitz * largest,
        pairs_at_distance_0_with_different_scores=steepness.n_apart,
        status=DESCRIPTIVE,
    )


def _diameter(found: Measured) -> Diameter:
    space, terms = found.space, found.teacher_units
    if space is None or terms.diameter is None or terms.mean_distance is None:
        return Diameter(max=None, quantile_99=None, mean_distance=None)
    return Diameter(
        max=space.largest,
        quantile_99=space.quantile_99,
        mean_distance=float(terms.mean_distance.mean()),
        rms_distance=space.rms_distance,
        mean_diameter=float(terms.diameter.mean()),
        metric=found.options.metric,
        status=DESCRIPTIVE,
        shape=shape_of(space.curve, space.shape),
    )


def _dropped(found: Measured) -> dict[str, int]:
    """All counts by reason, a student's under its name."""
    total = dict(found.inputs.dropped)
    known = found.inputs.clustering
    if known is not None:
        count(total, UNUSED, known.queries_without_a_group)
    for one in found.students:
        for reason, number in one.student.dropped.items():
            total[f"{one.student.name}: {reason}"] = number
    return total


def _given(found: Measured) -> list[Given]:
    students = [given for one in found.students for given in one.student.paths]
    trained = [one.student.source.trained_on for one in found.students]
    known = [given for given in trained if given is not None]
    return list(dict.fromkeys([*found.inputs.paths, *students, *known]))
