"""Validate the bound: associations, orders, certificates and controls."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np

from rankbound.catalogue import (
    ASSOCIATED,
    CONTRADICTS,
    INCONCLUSIVE,
    NO_ASSOCIATION,
    NOTHING,
    SUPPORTS,
    VERDICTS,
)
from rankbound.commands.computing import computing
from rankbound.commands.inspect.result import repeated
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
from rankbound.commands.measure.measured import Measured
from rankbound.commands.measure.options import StudentsLike, Temperature
from rankbound.commands.measure.sentences import fitted_temperature
from rankbound.commands.measure.temperatures import certificate_verdicts, over_interval
from rankbound.commands.validate.answers import answers_of
from rankbound.commands.validate.associations import (
    NAME,
    PARTIAL_NAME,
    Associations,
    associations,
    constant_control,
    dependence,
    random_controls,
)
from rankbound.commands.validate.configurations import (
    MOST_UNSCORED,
    Configurations,
    certificates,
    configurations,
)
from rankbound.commands.validate.effectiveness import (
    Equivalence,
    Judged,
    equivalence,
    judge,
)
from rankbound.commands.validate.folders import system_name
from rankbound.commands.validate.options import (
    TEACHER,
    Case,
    Missing,
    ValidateOptions,
    validate_options,
)
from rankbound.commands.validate.panels import (
    Known,
    StudentPanel,
    fitted_unasked,
    measured_case,
    panels_of,
)
from rankbound.commands.validate.records import (
    Control,
    Dependence,
    HeldOutCertificate,
    JudgedTogether,
    OrderFamily,
    PairFamily,
    PartialFamily,
    StudentScale,
    Surveyed,
    TeacherScale,
)
from rankbound.commands.validate.result import Validation
from rankbound.data.clusters import CLUSTER, QUERY
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import versions
from rankbound.read.scales import MissingValues, MixedScales, RunTags
from rankbound.results import Named, Open
from rankbound.rows import Rows
from rankbound.validation.association import settled
from rankbound.validation.judging import LEVEL, POWER, Correction
from rankbound.validation.systems import NEEDED

DEFINITIONS: Final = {
    "lower, upper": "BCa bootstrap interval of Spearman's rho at level 1 - delta, with "
    "queries drawn with replacement; each interval is valid by itself",
    "p": "two-sided permutation test of Spearman's rho, (b + 1) / (m + 1). As many "
    "permutations as asked for, and more for a family so large that the smallest "
    "p-value could not stay below delta after the correction. Of those, no more are "
    "drawn once the tests of a student and sampling are decided: the interval of every "
    "p-value, at level 0.9998, lies above delta, where no correction rejects, or below "
    "delta divided by the number of tests, where each does; not where data sets are "
    "pooled. permutations has the number of each row",
    "p_holm": "Holm over the family; p_bh is Benjamini and Hochberg's",
    "partial": "Spearman's rho given the teacher's own effectiveness, the number of "
    "relevant documents and the group size, all as ranks; those that do not vary are "
    "left out. partial_p: test by random signs of the products of the residuals, "
    "(b + 1) / (m + 1)",
    "pearson_lower, pearson_upper": "BCa too; Pearson's r is far from normal in small "
    "samples, where these intervals cover less than their level: 93 to 94 % instead of "
    "95 % with 34 to 97 queries of a normal population",
    "detectable": f"the smallest |rho| found with {POWER:.0%} power at the first step "
    "of the correction",
    "verdict": f"{ASSOCIATED}: {VERDICTS[ASSOCIATED].meaning}; {NO_ASSOCIATION} R: "
    f"{VERDICTS[NO_ASSOCIATION].meaning}; {INCONCLUSIVE} otherwise",
    "loss of M": "the teacher's M minus the student's",
    "locality": "L x diameter with one plug-in L per student: it has the ranks of the "
    "diameter, so it needs no further test (same_as)",
    "(pooled)": "mean of the coefficients of the data sets, weighted by queries; "
    "resampled and permuted within each data set",
    "configurations": "terms from a random half of the queries, risk and "
    "effectiveness from the other half, averaged over the samplings of a data set "
    "into one number per system and data set; only pairs of systems in a data set "
    "count, since data sets differ in both. p: systems are exchanged, in all data "
    "sets at once, among "
    "those that occur under the same data sets and samplings; the null hypothesis "
    "is that the outcome is exchangeable over systems given the predictor, which "
    "checkpoints of one training run are not. lower, upper: BCa over systems drawn "
    f"with replacement, approximate. Below {NEEDED} systems there is an order, and "
    f"neither p nor verdict. A configuration of which more than {MOST_UNSCORED:.0%} "
    "of the documents have no score is compared only if these have the floor as their "
    "score. A student of one name is one system",
    "configurations: verdict": "; ".join(
        f"{name}: {VERDICTS[name].meaning}" for name in (SUPPORTS, CONTRADICTS, NOTHING)
    )
    + f"; {ASSOCIATED}: {VERDICTS[ASSOCIATED].meaning}, and no order is expected",
    "predictions": "ridge regression, leaving out one system with all of its data "
    "sets; r2_null and r2_null_upper: median and quantile of level 1 - delta of r2 "
    "when systems are exchanged at random and all is fitted again; p: share of the "
    "exchanges with an r2 as large, (b + 1) / (m + 1). "
    f"{ASSOCIATED}: the corrected p is at most delta and r2 is above 0; {NOTHING} "
    "otherwise",
    "controls": "lower, upper and family_lower, family_upper: intervals of the two "
    f"rates, each at level {LEVEL:g}; a control fails where the nominal rate lies "
    "outside the first, or below the second",
    "certificates": "over random halves: held counts halves whose risk is at most the "
    "certificate of the other half, refuted those whose lower limit is above it",
    "effectiveness": "by ir-measures on ranks: scores are compared as float64, and "
    "ties are ordered by docno, descending",
}
CLUSTERED: Final = {
    "clusters": "terms, measures and effectiveness of the queries of a cluster are "
    "averaged, and clusters are what is drawn, left out, permuted, split into halves "
    "and counted by every n; effectiveness.tsv is per query",
}
UNSCORED: Final = "configurations_with_too_many_unscored_documents"
# Versions recorded in addition to those of every command
PACKAGES: Final = ("ir-measures", "pytrec-eval-terrier", "scikit-learn")


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """All that a validation computes, including arrays.

    Attributes
    ----------
    options : ValidateOptions
    judged : dict of str to Judged
        Effectiveness by data set.
    measured : dict of (str, str) to Measured
        By data set and sampling.
    panels : tuple of StudentPanel
    associations : Associations
    dependence : tuple of Dependence
    configurations : Configurations
    certificates : tuple of HeldOutCertificate
    equivalence : Equivalence
    controls : tuple of Control
    """

    options: ValidateOptions
    judged: dict[str, Judged]
    measured: dict[tuple[str, str], Measured]
    panels: tuple[StudentPanel, ...]
    associations: Associations
    dependence: tuple[Dependence, ...]
    configurations: Configurations
    certificates: tuple[HeldOutCertificate, ...]
    equivalence: Equivalence
    controls: tuple[Control, ...]


def validate(  # noqa: PLR0913  each is an option of the command
    teacher: ScoresLike | None = None,
    *,
    students: StudentsLike | None = None,
    qrels: QrelsLike | None = None,
    clusters: ClustersLike | None = None,
    groups: GroupsLike | Mapping[str, GroupsLike] | None = None,
    rankings: Mapping[str, ScoresLike] | None = None,
    dataset: str | None = None,
    embeddings: VectorsLike | None = None,
    ids: IdsLike | None = None,
    metric: str | None = None,
    trained_on: QueriesLike | Mapping[str, QueriesLike] | None = None,
    teacher_kind: Kind | str | None = None,
    temperature: Temperature = None,
    depth: int | None = None,
    pairs: str | None = None,
    unjudged: Literal["unknown", "irrelevant"] | None = None,
    missing: Literal["drop", "error"] | None = None,
    unscored: Literal["floor", "common", "drop", "error"] | None = None,
    pilot: float | None = None,
    missing_value: MissingValues = None,
    mixed_scales: MixedScales | None = None,
    run_tag: RunTags = None,
    score_range: float | None = None,
    stake: float | Mapping[str, float] | None = None,
    formats: Mapping[str, str] | None = None,
    cases: Iterable[Case] | None = None,
    measures: str | Sequence[str] | None = None,
    relevant: int = 1,
    missing_queries: Missing = "zero",
    delta: float = 0.05,
    correction: Correction = "holm",
    band: float = 0.1,
    margin: float = 0.02,
    resamples: int = 2_000,
    permutations: int = 9_999,
    splits: int = 20,
    design: str | PathLike[str] | None = None,
    seed: int = 0,
    memory: int | str | None = None,
    workers: int = 1,
    dask: str | None = None,
    blocks: str | PathLike[str] | None = None,
    fresh: bool = False,
    progress: bool | Progress = False,
) -> Validation:
    """Test whether the bound's terms are associated with measured effectiveness.

    The terms of every query are correlated with its effectiveness, within data sets and
    across systems, with corrections for the number of tests and for how hard
    queries are. Certificates are tested on held-out queries, and controls are run.

    Parameters
    ----------
    teacher : path or object, optional
        The teacher's scores: a TREC run, a JSON of ``{qid: {docno: score}}``, any other
        file that holds scores, packed or not, or an object such as a dict, a frame or a
        `Scores`; see `read_scores`. One data set needs `teacher`, `students` and
        `qrels`; several data sets are given as `cases`.
    students : mapping of str to path or object, optional
        Scores of the students by name, in the same forms as the teacher's. A
        `StudentSource` instead of scores states a student's kind, its temperature, or
        the vectors of its queries. No student may be called "teacher".
    qrels : path or object, optional
        Relevance judgements, which effectiveness is measured by; see `read_qrels`.
    clusters : path or mapping of str to str, optional
        The cluster of each judged query, where queries depend on each other: a file of
        qid and cluster, parted by a tab. Values are then averaged by cluster, and
        clusters are what is resampled, permuted and split.
    groups : path or object, or mapping of str to these, optional
        Groups of documents, or those of several samplings by name; see `read_groups`.
        By default the teacher's best `depth` documents of every query.
    rankings : mapping of str to path or object, optional
        What a model retrieved, by student or "teacher", if that is not given by its
        scores.
    dataset : str, optional
        The name of the data set in the results; "data" by default.
    embeddings : path or object, optional
        Vectors of the documents, shape (documents, dimensions), which diameters need;
        see `read_embeddings`.
    ids : path or sequence of str, optional
        Docnos of the rows of `embeddings`; by default their own, or those beside them.
    metric : {"euclidean", "angular"}, default "euclidean"
        The distance between vectors; "angular" is their angle in radians.
    trained_on : path, object, or mapping of str to these, optional
        The queries that all students were trained on, or those of each by name, as in
        `measure`: a student has no terms and no certificate on its own.
    teacher_kind : Kind or str, optional
        What the scores are: "logit", "probability", "cosine", "dot", "bm25" or
        "unknown"; inferred by default.
    temperature : float or "fit", optional
        The positive number that divides the teacher's margins. "fit" chooses it by
        maximum likelihood on judged pairs of the pilot queries, which have no terms.
        The default is 1 for logits and probabilities, and "fit" for other kinds.
    depth : int, optional
        Number of documents per query if there are no groups, at least 2; 16 by default.
    pairs : {"all", "pos-neg", "neg-neg"}, optional
        Which pairs of a group count; all by default.
    unjudged : {"unknown", "irrelevant"}, optional
        How documents without a judgement are treated in a judged query; "unknown" by
        default.
    missing : {"drop", "error"}, optional
        What to do with documents without a teacher score or vector; by default they are
        an error.
    unscored : {"floor", "common", "drop", "error"}, optional
        What to do about documents that a student does not score, as in `measure`: they
        lie B below its best document of the group (the default), only documents that
        all students score count, they are left out, or are an error.
    pilot : float, optional
        Share of the queries, in [0, 1), that is set aside to choose temperatures, B,
        stakes and the least size of a group, with 20 queries or more; 0.2 by default.
        These queries have no terms.
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
    score_range : float, optional
        B: student scores are clipped at this many temperatures below the best document
        of their group, so that losses are bounded; from 1e-6 to 1e6. By default it is
        chosen on the pilot queries, or is 3 without these.
    stake : float or mapping of str to float, optional
        The stake of the betting limit, in (0, 1), of all students or by name; fixed
        without looking at the queries. By default it is chosen on the pilot queries, or
        a grid of stakes is used without these.
    formats : mapping of str to str, optional
        The format of a file by its path, and that of the teacher's under ""; other
        formats are detected.
    cases : iterable of Case, optional
        Data sets and samplings, instead of all parameters above; `cases_of` makes them
        from a folder.
    measures : str or sequence of str, optional
        Names that ir-measures can parse, such as "nDCG@10 AP(rel=2)@100"; by default
        nDCG and AP, each at 10 and 100.
    relevant : int, default 1
        The smallest grade that counts as relevant, for the default AP and for the
        number of relevant documents; 2 for TREC Deep Learning.
    missing_queries : {"zero", "drop", "error"}, default "zero"
        Whether judged queries that a ranking lacks count 0, are left out of its mean,
        or are an error.
    delta : float, default 0.05
        Error rate of the family ("holm") or false discovery rate ("bh"), and
        probability that a limit fails, in (0, 1).
    correction : {"holm", "bh"}, default "holm"
        Holm is for claims, Benjamini-Hochberg for exploration.
    band : float, default 0.1
        Correlations inside (-band, band) do not matter, in (0, 1); to be chosen before
        looking at the data.
    margin : float, default 0.02
        Differences of mean effectiveness below it do not matter for pairs of systems;
        positive.
    resamples : int, default 2000
        Number of bootstrap resamples, at least 200.
    permutations : int, default 9999
        Number of permutations of a test, at least 99; more are drawn if the family is
        large, until the test is decided, and the result says how many.
    splits : int, default 20
        Number of random halves on which certificates are tested, at least 1.
    design : path, optional
        A tab-separated table of the factors of each student: columns student, strategy,
        loss, architecture and others.
    seed : int, default 0
        Seed of everything that is drawn, at least 0.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    workers : int, default 1
        Processes that share the queries and the tests of the students, with one thread
        each, and as much memory; they do not run the script that asks for them. Results
        do not depend on them.
    dask : str, optional
        The address of a scheduler of dask, whose workers share them instead.
    blocks : path, optional
        A folder in which finished blocks of queries and tests are kept until the call
        ends: if it is killed, the same call goes on from there.
    fresh : bool, default False
        Begin anew, whatever blocks the folder holds.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a short description before each stage.

    Returns
    -------
    Validation
        Its `per_query` and `configurations` are the associations with their verdicts,
        and `passed` says whether all controls passed.

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
    measure : Estimate the terms, and certify every student.
    power : Compute which correlations a number of queries can show.

    Examples
    --------
    >>> def scores(of): return {f"q{n}": of(n) for n in range(10)}
    >>> found = validate(
    ...     scores(lambda n: {"a": 2.0 + n / 9, "b": 0.5, "c": -1.0}),
    ...     students={"s": scores(lambda n: {"a": n / 9, "b": 0.4, "c": -0.2})},
    ...     qrels=scores(lambda n: {"a": n % 3, "b": 1, "c": 0}),
    ...     teacher_kind="logit", temperature=1.0, measures="nDCG@3",
    ...     resamples=200, permutations=99, splits=2, seed=1,
    ... )
    >>> sorted({row.measure for row in found.per_query})
    ['loss of nDCG@3', 'nDCG@3']
    """
    options = validate_options(
        {
            "teacher": teacher,
            "students": students,
            "qrels": qrels,
            "clusters": clusters,
            "groups": groups,
            "rankings": rankings,
            "dataset": dataset,
            "embeddings": embeddings,
            "ids": ids,
            "metric": metric,
            "trained_on": trained_on,
            "teacher_kind": teacher_kind,
            "temperature": temperature,
            "depth": depth,
            "pairs": pairs,
            "unjudged": unjudged,
            "missing": missing,
            "unscored": unscored,
            "pilot": pilot,
            "missing_value": missing_value,
            "mixed_scales": mixed_scales,
            "run_tag": run_tag,
            "score_range": score_range,
            "stake": stake,
            "formats": formats,
        },
        cases=cases,
        family={"delta": delta, "correction": correction, "band": band},
        measures=measures,
        relevant=relevant,
        missing_queries=missing_queries,
        margin=margin,
        resamples=resamples,
        permutations=permutations,
        splits=splits,
        design=design,
        seed=seed,
    )
    with (
        reading_within(memory),
        computing(
            options,
            name="validate",
            folder=blocks,
            workers=workers,
            dask=dask,
            fresh=fresh,
        ),
        reported(progress, total=n_stages(options.cases)) as advance,
    ):
        return validate_with(options, progress=advance)


def validate_with(options: ValidateOptions, *, progress: Progress = str) -> Validation:
    """Do what `validate` does, given the options as one record."""
    return result_of(validated(options, progress=progress))


def validated(options: ValidateOptions, *, progress: Progress = str) -> Validated:
    """Compute everything that a validation reports."""
    judged, found, panels = gathered(options, progress=progress)
    family, seed = options.family, options.seed
    associated = associations(
        panels,
        family=family,
        resamples=options.resamples,
        permutations=options.permutations,
        seed=seed,
        progress=progress,
    )
    progress("controls")
    controls = random_controls(
        panels, found, family=family, permutations=options.permutations, seed=seed
    )
    controls += [
        constant_control(
            case,
            found[case.dataset, case.sampling],
            measures=options.measure_names,
            missing_queries=options.missing_queries,
            family=family,
            seed=seed,
        )
        for case in options.cases
    ]
    progress("certificates and configurations")
    return Validated(
        options=options,
        judged=judged,
        measured=found,
        panels=tuple(panels),
        associations=associated,
        dependence=dependence(
            panels, family=family, permutations=options.permutations, seed=seed
        ),
        configurations=configurations(
            panels,
            judged,
            family=family,
            resamples=options.resamples,
            permutations=options.permutations,
            seed=seed,
        ),
        certificates=certificates(
            panels, delta=family.delta, splits=options.splits, seed=seed
        ),
        equivalence=equivalence(
            judged,
            design=options.design,
            margin=options.margin,
            delta=family.delta,
            seed=seed,
        ),
        controls=tuple(controls),
    )


def gathered(
    asked: ValidateOptions, *, progress: Progress = str
) -> tuple[dict[str, Judged], dict[tuple[str, str], Measured], list[StudentPanel]]:
    """The effectiveness of all systems, their terms, and both side by side.

    Raises
    ------
    FormatError, UsageError, DomainError
        Where `validate` refuses the files.
    """
    judged: dict[str, Judged] = {}
    for case in asked.cases:
        if case.dataset not in judged:
            progress(f"effectiveness on {case.dataset}")
            judged[case.dataset] = judge(
                case,
                measures=asked.measure_names,
                missing_queries=asked.missing_queries,
                relevant=asked.relevant,
            )
    found, panels = {}, []
    known: Known = {}
    for case in asked.cases:
        progress(f"terms on {case.dataset}, {case.sampling}")
        made = measured_case(case, known)
        found[case.dataset, case.sampling] = made
        panels += panels_of(case, made, judged[case.dataset], relevant=asked.relevant)
    if not any(np.ptp(settled(panel.panel.targets), axis=0).any() for panel in panels):
        measures = next(iter(judged.values())).measures
        raise UsageError(
            f"each of {', '.join(measures)} is the same for all queries with terms, by "
            "every student, so that no term can go with it; check that the judgements "
            "have relevant documents that the rankings hold, or give other `measures`"
        )
    return judged, found, panels


def n_stages(cases: Sequence[Case]) -> int:
    """How many stages the validation of these cases reports."""
    datasets = {case.dataset for case in cases}
    students = {
        (case.sampling, s.name) for case in cases for s in case.measure.students
    }
    return len(datasets) + len(cases) + len(students) + 2


def result_of(found: Validated) -> Validation:
    """Turn the findings into a result; inputs are read again for their hashes."""
    configured, family = found.configurations, _family(found)
    surveyed = tuple(_surveyed(found, *key) for key in found.measured)
    made = Validation(
        family=family,
        per_query=found.associations.rows,
        configurations=configured.orders,
        certificates=found.certificates,
        configuration_values=Open(configured.values),
        predictions=configured.predictions,
        dependence=found.dependence,
        means=Open(found.equivalence.means),
        equivalence=found.equivalence.pairs,
        controls=Named(found.controls),
        datasets=surveyed,
        absent_terms=_absent_terms(found),
        dropped=_dropped(found),
        warnings=_warnings(found),
        definitions=DEFINITIONS if family.unit == QUERY else DEFINITIONS | CLUSTERED,
        inputs=inputs_of(_given(found)),
        command=found.options.command,
        versions={**versions(), **{name: version(name) for name in PACKAGES}},
        clusters=_n_clusters(surveyed),
    )
    said = msgspec.structs.replace(made, answers=answers_of(made))
    return said.with_beside(effectiveness=_effectiveness(found.judged))


def _family(found: Validated) -> JudgedTogether:
    options, associated = found.options, found.associations
    unit = CLUSTER if any(d.clusters for d in found.judged.values()) else QUERY
    judging = options.family
    return JudgedTogether(
        name=NAME,
        n_tests=associated.n_tests,
        test="permutation test of Spearman's rho",
        correction=judging.correction,
        delta=judging.delta,
        band=judging.band,
        permutations=associated.permutations,
        resamples=options.resamples,
        interval=f"BCa bootstrap by {unit}",
        power=POWER,
        seed=options.seed,
        partial=PartialFamily(name=PARTIAL_NAME, n_tests=associated.n_partial_tests),
        configurations=OrderFamily(
            name="every predictor x target, and every prediction of a target, over "
            "systems",
            n_tests=found.configurations.n_tests,
            needed=NEEDED,
            permutations=found.configurations.permutations or None,
        ),
        equivalence=PairFamily(
            name="every pair of systems x measure x data set",
            n_tests=found.equivalence.n_comparisons,
            margin=options.margin,
        ),
        unit=unit,
        least_permutations=associated.least_permutations,
    )


def _teacher_name(found: Validated, dataset: str, sampling: str) -> str:
    """What the teacher's file is called; nothing for an object."""
    case = next(
        one
        for one in found.options.cases
        if (one.dataset, one.sampling) == (dataset, sampling)
    )
    file = case.rankings.get(TEACHER, case.measure.teacher)
    return system_name(file) if isinstance(file, Path) else ""


def _surveyed(found: Validated, dataset: str, sampling: str) -> Surveyed:
    made, judged = found.measured[dataset, sampling], found.judged[dataset]
    return Surveyed(
        dataset=dataset,
        sampling=sampling,
        n_judged=len(judged.relevant),
        n_certificate=made.split.n_certificate,
        n_calibration=made.split.n_calibration,
        measures=judged.measures,
        relevant=found.options.relevant,
        missing_queries=found.options.missing_queries,
        teacher=TeacherScale(
            kind=made.inputs.kind.value,
            kind_evidence=made.inputs.evidence,
            temperature=made.temperature,
            fit=fitted_temperature(
                made.fit,
                made.inputs.kind,
                over_interval(
                    made.fit, lambda scale: certificate_verdicts(made, scale)
                ),
            ),
            name=_teacher_name(found, dataset, sampling),
        ),
        students={
            result.student.name: StudentScale(
                kind=result.student.kind.value,
                kind_evidence=result.student.evidence,
                temperature=result.student.temperature,
                missing_share=result.student.missing_share,
                clipped_share=result.student.clipped_share,
                trained_on=result.student.trained_on,
            )
            for result in made.students
        },
        clustering=made.inputs.clustering,
    )


def _n_clusters(surveyed: Sequence[Surveyed]) -> int | None:
    """Clusters that were measured, of all data sets; None without any."""
    known = {d.dataset: d.clustering for d in surveyed if d.clustering is not None}
    return sum(one.clusters for one in known.values()) if known else None


def _effectiveness(judged: Mapping[str, Judged]) -> Rows:
    """Tabulate effectiveness in full precision, one row per query and measure."""
    cells = [
        (name, student, qid, measure, repr(value))
        for name, found in judged.items()
        for student, system in found.systems.items()
        for qid, row in zip(system.qids, system.values.tolist(), strict=True)
        for measure, value in zip(found.measures, row, strict=True)
    ]
    columns = Validation.BESIDE[0].columns
    return Rows(dict(zip(columns, map(list, zip(*cells, strict=True)), strict=True)))


def _absent_terms(found: Validated) -> dict[str, str]:
    """Terms that could not be computed in any panel, with the reason."""
    present = {name for panel in found.panels for name in panel.names}
    absent: dict[str, str] = {}
    for panel in found.panels:
        absent |= panel.terms.absent
    return {name: why for name, why in absent.items() if name not in present}


def _dropped(found: Validated) -> dict[str, int]:
    """Counts of everything that was left out, by place and reason."""
    total: dict[str, int] = {}
    for (dataset, sampling), made in found.measured.items():
        parts = {"": made.inputs.dropped}
        parts |= {f"{r.student.name}: ": r.student.dropped for r in made.students}
        for who, counts in parts.items():
            for reason, number in counts.items():
                total[f"{dataset}, {sampling}: {who}{reason}"] = number
    for panel in found.panels:
        for reason, number in panel.dropped.items():
            place = f"{panel.dataset}, {panel.sampling}: {panel.student}: {reason}"
            total[place] = number
    for row in found.configurations.values:
        if not row.compared:
            place = f"{row.dataset}, {row.sampling}: {row.student}: {UNSCORED}"
            total[place] = 1
    return total


def _warnings(found: Validated) -> tuple[str, ...]:
    told = []
    for case in found.options.cases:
        made = found.measured[case.dataset, case.sampling]
        texts = (fitted_unasked(case.measure, made.options), *made.own_warnings)
        place = f"{case.dataset}, {case.sampling}"
        told += [f"{place}: {text}" for text in texts if text is not None]
    for name, judged in found.judged.items():
        case = next(case for case in found.options.cases if case.dataset == name)
        told += _judging_warnings(case, judged, found.options.missing_queries)
    # The files of a data set are read for each of its samplings
    measured = (made.inputs.files.findings for made in found.measured.values())
    ranked = (judged.findings for judged in found.judged.values())
    return (*told, *repeated(itertools.chain(*measured, *ranked)))


def _judging_warnings(case: Case, judged: Judged, missing: Missing) -> list[str]:
    name, found = case.dataset, []
    how = {"zero": "count 0", "drop": "are left out of its mean"}
    for student, system in judged.systems.items():
        if system.n_missing:
            found.append(
                f"{name}: {student} has no ranking for {system.n_missing:,} of "
                f"{len(judged.relevant):,} judged queries; they "
                f"{how[missing]}"
            )
    teacher = case.rankings.get(TEACHER, case.measure.teacher)
    if isinstance(teacher, Path) and ".json" in teacher.suffixes:
        found.append(
            f"{name}: the teacher's effectiveness is that of the documents in "
            f"{teacher.name}; if judged documents were added to them, it is too high: "
            f"give the ranking that it retrieved, named {TEACHER!r}, in `rankings`"
        )
    return found


def _given(found: Validated) -> list[Given]:
    """All inputs, without repetition."""
    given: dict[Given, None] = {}
    for case in found.options.cases:
        made = found.measured[case.dataset, case.sampling]
        students = [path for r in made.students for path in r.student.paths]
        trained = (r.student.source.trained_on for r in made.students)
        students += [path for path in trained if path is not None]
        given |= dict.fromkeys([*made.inputs.paths, *students, *case.rankings.values()])
    if found.options.design is not None:
        given[found.options.design] = None
    return list(given)
