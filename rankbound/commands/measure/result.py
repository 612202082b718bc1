"""The result of `measure`: the ledger, and the records that it consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Self

from msgspec import UNSET, UnsetType, field

from rankbound.bounds.floors import LN2, rounded_down
from rankbound.bounds.floors import Floor as LeastLimit
from rankbound.catalogue import proviso
from rankbound.commands.measure.paper_form import PaperForm
from rankbound.provenance import Clustering, Input
from rankbound.rendering import text_of
from rankbound.results import Answer, Beside, Record, Result, named
from rankbound.rows import Rows

Interval = tuple[float, float]
# A number as it was given: a whole number stays whole in the file
Number = int | float
PER_QUERY: Final = ("qid", "student", "entropy_nats")
COMPAT: Final = (
    "qid",
    "quantity",
    "reference",
    "corrected",
    "difference",
    "unit",
    "reason",
)


class LossRange(Record, frozen=True, kw_only=True):
    """The interval that contains the risk of one query, in nats, and its source.

    `B` is the largest margin of the student, in temperatures.
    """

    B: Number
    width: float
    source: str
    low: float
    high: float


class LimitFloor(Record, frozen=True, kw_only=True):
    """How low a limit of a mean can be on the sample, in the unit of the limit.

    No limit offered is below `value`; from `n_needed` queries on one may be below
    `trivial`, which is ln 2 for a risk. Any rule that is valid for all laws is below
    `median` at most half of the time, if the true mean is the sample's; from
    `median_n_needed` queries on that is below `trivial`. A median is None if none is
    known, and a number of queries if none is enough.
    """

    value: float
    n_needed: int | None
    median: float | None
    median_n_needed: int | None
    trivial: float = LN2

    @classmethod
    def of(cls, floor: LeastLimit) -> Self:
        """The record of a floor of `rankbound.bounds.floors`."""
        return cls(
            value=floor.value,
            n_needed=floor.n_needed,
            median=floor.median,
            median_n_needed=floor.median_n_needed,
            trivial=floor.trivial,
        )

    def shown(self) -> str:
        """The floor, and in brackets the queries from which it is below the trivial.

        Nothing is in brackets where one query is enough, a dash where no number is.
        """
        least, needed = rounded_down(self.value), self.n_needed
        if needed == 1:
            return least
        return f"{least} ({'-' if needed is None else f'{needed:,}'})"


class Intervals(Record, frozen=True, kw_only=True):
    """Two-sided intervals of risk, entropy and divergence, each valid by itself.

    The floors are those of the upper ends.
    """

    risk: Interval
    entropy: Interval
    divergence: Interval
    entropy_floor: LimitFloor | None = None
    divergence_floor: LimitFloor | None = None


class Locality(Record, frozen=True, kw_only=True):
    """The plug-in Lipschitz constant of a student, and its product with the diameter.

    Both are read off the sample.
    """

    lipschitz: float
    diameter: float
    lipschitz_times_diameter: float
    pairs_at_distance_0_with_different_scores: int
    status: str


class Estimate(Record, frozen=True, kw_only=True):
    """A mean over queries with its two-sided interval, and an upper limit if asked.

    `floor` is that of the upper limit, or else of the upper end of the interval.
    """

    value: float
    interval: Interval
    upper: float | None = None
    floor: LimitFloor | None = None


class Ceiling(Record, frozen=True, kw_only=True):
    """An upper bound of the share of pairs in the wrong order, from two sources.

    `limit_floor` is how low `limit` can be on the sample.
    """

    value: float
    from_divergence: float
    from_risk: float
    limit: float
    limit_floor: LimitFloor | None = None


class Floor(Record, frozen=True, kw_only=True):
    """A lower bound of the share of pairs in the wrong order, for any ranker."""

    value: float
    limit: float
    from_entropy: float
    from_entropy_limit: float


class Bin(Record, frozen=True, kw_only=True):
    """How often the document that the teacher prefers is judged better.

    A bin holds the pairs whose preference p lies between two numbers, and on which the
    student "agrees", "disagrees" or "ties".
    """

    from_: float = field(name="from")
    to: float
    student: str
    n_pairs: int
    n_queries: int
    mean_p: float
    observed: float
    interval: Interval


class Judged(Record, frozen=True, kw_only=True):
    """Misranking on judged pairs, and the calibration of the teacher on them."""

    n_queries: int
    n_pairs: int
    misranking: Estimate
    ceiling: Ceiling
    floor: Floor
    observed_misranking: Estimate
    calibration_shift: Estimate
    calibration_term: float
    ceiling_with_calibration: float
    reliability: tuple[Bin, ...]


class Relevance(Record, frozen=True, kw_only=True):
    """Misranking of all counted pairs, and of the judged ones."""

    misranking: Estimate
    ceiling: Ceiling
    floor: Floor
    judged: Judged | None
    judged_missing_because: str | None
    assumptions: tuple[str, ...]


class NdcgBound(Record, frozen=True, kw_only=True):
    """The mean of a bound of 1 - nDCG; `limit` is an upper limit of it, if computed."""

    value: float
    vacuous: bool
    share_of_lists_below_1: float
    source: str
    limit: float | None = None
    limit_floor: LimitFloor | None = None


class Ndcg(Record, frozen=True, kw_only=True):
    """One minus nDCG, and its bounds; without a judged list, only why and on what."""

    n_lists: int | None = None
    n_queries: int | None = None
    loss: Estimate | None = None
    bounds: dict[str, NdcgBound] | None = None
    least: NdcgBound | None = None
    missing_because: str | None
    assumptions: tuple[str, ...]


class Comparator(Record, frozen=True, kw_only=True):
    """A bound of earlier work; `missing_because` says why it lacks a value or limit.

    The last fields belong to one kind of bound each: of lists, of margins, through the
    teacher, of variances.
    """

    value: float | None
    limit: float | None
    of: str
    missing_because: str | None
    assumptions: tuple[str, ...]
    n_lists: int | None = None
    share_of_lists_not_vacuous: float | None = None
    gamma: float | None = None
    teacher_preference_for_worse: float | None = None
    preference_gap: float | None = None
    soft_labels: float | None = None
    added_by_labels: float | None = None
    limit_floor: LimitFloor | None = None


class Comparators(Record, frozen=True, kw_only=True):
    """Earlier bounds on the judged pairs: `auc` from below, the others from above."""

    auc: Comparator
    pool: Comparator
    margin: Comparator
    teacher: Comparator
    variance: Comparator


class ShiftRange(Record, frozen=True, kw_only=True):
    """The interval of one query's risk when documents are drawn independently."""

    low: float
    high: float
    source: str


class ShiftForm(Record, frozen=True, kw_only=True):
    """A bound of the target risk in nats, or the reason why there is none."""

    value: float | None
    shift: float | None
    limit: float | None
    missing_because: str | None
    floor: LimitFloor | None = None


class ShiftForms(Record, frozen=True, kw_only=True):
    """The forms of Theorem 2."""

    total_variation: ShiftForm
    cvar: ShiftForm
    transport: ShiftForm


class ImportanceWeights(Record, frozen=True, kw_only=True):
    """How uneven the importance weights are, over the queries that have them."""

    n_queries: int
    mean_effective_share: float | None


class Shift(Record, frozen=True, kw_only=True):
    """A student's risk under the target law.

    If `missing_because` says why nothing was computed, the fields above it are absent.
    """

    n_queries: int | None = None
    queries_without_target: int | None = None
    queries_without_sampling: int | None = None
    risk_sampling: float | None = None
    range: ShiftRange | None = None
    total_variation: float | None = None
    pair_total_variation: float | None = None
    # The file distinguishes a kappa that does not exist (null) from none computed
    kappa: float | UnsetType | None = UNSET
    queries_without_kappa: int | None = None
    forms: ShiftForms | None = None
    tightest: str | None = None
    least_per_query: ShiftForm | None = None
    exact: ShiftForm | None = None
    importance_weights: ImportanceWeights | None = None
    form: str | None = None
    upper: float | None = None
    vacuous: bool | None = None
    missing_because: str | None
    assumptions: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """The largest density ratio; None if it is infinite or was not computed."""
        return None if isinstance(self.kappa, UnsetType) else self.kappa


class Share(Record, frozen=True, kw_only=True):
    """Queries whose risk is below ln 2, and a lower limit of their share among all.

    `below` of the `of` queries beat guessing; `at_least` is the limit, in [0, 1).
    """

    below: int
    of: int
    at_least: float


class Tolerance(Record, frozen=True, kw_only=True):
    """A risk in nats that a share `level` of all queries does not exceed.

    `value` is None with fewer than `n_needed` queries.
    """

    level: float
    value: float | None
    n_needed: int


class Chosen(Record, frozen=True, kw_only=True):
    """What a student was certified with, and on how many pilot queries it was chosen.

    `score_range_by` and `stake_by` are "pilot", "given" or "default", `temperature_by`
    "fit", "given" or "default". `stake` is None for a grid of stakes. Queries with a
    group of fewer than `least_group` documents were left out, `queries_left_out` of
    them. `predicted` is the limit in nats that the pilot queries promised;
    `pilot_clusters` is None where queries are independent.
    """

    pilot_queries: int
    temperature_by: str
    score_range_by: str
    stake: float | None
    stake_by: str
    predicted: float | None
    least_group: int | None
    queries_left_out: int
    pilot_clusters: int | None = None


class NearCopies(Record, frozen=True, kw_only=True):
    """Queries that are near-copies of others, so that n counts too many of them.

    `copies` of the `queries` are one of another, in `sets` of two or more; `distinct`
    counts the sets of any size. Unless `complete`, there were too many pairs to look
    at, and only exact copies were found.
    """

    queries: int
    copies: int
    sets: int
    distinct: int
    complete: bool


class TrainedOn(Record, frozen=True, kw_only=True):
    """Queries that a student was trained on, which its certificate leaves out.

    `ids` were given; `left_out` of the `of` queries of the measurement are among them.
    """

    ids: int
    left_out: int
    of: int


class Headline(Record, frozen=True, kw_only=True):
    """The bound's promise for one student: what locality, entropy and shift cost.

    Margins are at most B, the smaller of the clip and of L times the diameter. Neither
    L nor the diameter is read off the sample.

    Attributes
    ----------
    clip, B : float
        In temperatures.
    holds : str
        Which of both B is: "clip" or "L x diameter".
    lipschitz : float or None
        L, in temperatures per distance; None if it is not known in advance.
    lipschitz_by : str or None
        "asserted" or "lemma-4".
    diameter : float or None
        What no distance exceeds; None if nothing bounds it in advance.
    lipschitz_times_diameter : float or None
    missing_because : str or None
        Why L times the diameter is not known.
    limit : float
        Upper limit of the mean risk at this B, in nats: `upper` if the clip holds.
    entropy, divergence, deviation : float
        Its parts, in nats.
    limit_at_half_diameter : float or None
        What it would be at half the diameter, of risks moved into the range of that B.
        It is no limit of this student.
    locality_costs : float or None
        The difference of both, in nats.
    shift : float or None
        What the shift to the target law adds to the mean risk, in nats, by the form
        that has the limit; None without a target law.
    floor : LimitFloor or None
        How low `limit` can be on this sample; None in earlier files.
    """

    clip: Number
    B: Number
    holds: str
    lipschitz: float | None
    lipschitz_by: str | None
    diameter: float | None
    lipschitz_times_diameter: float | None
    missing_because: str | None
    limit: float
    entropy: float
    divergence: float
    deviation: float
    limit_at_half_diameter: float | None
    locality_costs: float | None
    shift: float | None
    floor: LimitFloor | None = None


class StudentResult(Record, frozen=True, kw_only=True):
    """One student's certificate in nats, and further results about the student.

    `limits` holds the upper limit by each method, and `upper` the one chosen in
    advance. `upper_any_size` is that limit without the assertion about group sizes,
    None if all groups have one size. `shift`, `relevance`, `ndcg` and `comparators` are
    None unless their inputs were given. `share` and `upper` hold at once, each at half
    of delta. `floor` and `floor_any_size` say how low `upper` and `upper_any_size` can
    be on the sample. `tied_share` is the share of documents that are tied at the bottom
    of their group, by clipping or for want of a score; `unclipped_risk`, of the student
    as it is on the documents that it scores, is uncertified. `sentences` say all of it,
    always in the same order. Where clusters were given, `share`, `n_needed` and limits
    count `n_clusters`. `trained_on` is None if training queries were not given.
    """

    risk: float
    entropy: float
    divergence: float
    range: LossRange
    limits: dict[str, float]
    upper: float
    upper_any_size: float | None
    method: str
    vacuous: bool
    dominating: str
    n_needed: int | None
    deviation: float
    intervals: Intervals
    n_queries: int
    kind: str
    kind_evidence: str
    temperature: Number
    clipped_share: float
    missing_share: float
    dropped: dict[str, int]
    locality: Locality | None
    paper_form: PaperForm
    verdict: str
    shift: Shift | None = None
    relevance: Relevance | None = None
    ndcg: Ndcg | None = None
    comparators: Comparators | None = None
    share: Share | None = None
    tolerance: Tolerance | None = None
    floor: LimitFloor | None = None
    chosen: Chosen | None = None
    unscored: str | None = None
    tied_share: float | None = None
    unclipped_risk: float | None = None
    sentences: tuple[str, ...] = ()
    headline: Headline | None = None
    floor_any_size: LimitFloor | None = None
    n_clusters: int | None = None
    trained_on: TrainedOn | None = None

    @property
    def n_units(self) -> int:
        """What its limits were computed from: queries, or clusters of them."""
        return self.n_queries if self.n_clusters is None else self.n_clusters

    @property
    def unit(self) -> str:
        """What one of them is called: "query" or "cluster"."""
        return "query" if self.n_clusters is None else "cluster"

    def __repr__(self) -> str:
        """Risk, limit and verdict in one line."""
        return text_of(self)


class PairedLimit(Record, frozen=True, kw_only=True):
    """How much worse a student is than another, in nats.

    `difference` is its mean risk less that of the other, and the same difference of the
    divergences; `lower` is the lower limit of either.
    """

    difference: float
    lower: float


class RankedStudent(Record, frozen=True, kw_only=True):
    """A student in the ranking.

    Attributes
    ----------
    temperature : float
        That it has in the ranking.
    risk, divergence : float
        Means in nats over the queries of the ranking.
    verdict : str
        "excluded as best" or "cannot be excluded as best".
    excluded_by : str or None
        The student that gives the strongest evidence that it is not a best one.
    p_value : float
        Of the hypothesis that it is a best one; excluded if below delta.
    against : dict of str to PairedLimit
        The paired limits by the name of the other student. Those of one student hold
        together; those of several students do not.
    """

    temperature: Number
    risk: float
    divergence: float
    verdict: str
    excluded_by: str | None
    p_value: float
    against: dict[str, PairedLimit]


class EqualStudents(Record, frozen=True, kw_only=True):
    """Two students that are one and the same, as far as can be told.

    Attributes
    ----------
    student, equals : str
    factor : float or None
        What the margins of `equals` are multiplied by to give those of `student`; None
        if they are not proportional, but clipping leaves no difference.
    documents : int
        Documents of the groups that both score, over all queries.
    scored_by_one : int
        Documents that only one of both scores.
    same_risks : bool or None
        Whether no query of the ranking has another risk; None without a ranking.
    """

    student: str
    equals: str
    factor: float | None
    documents: int
    scored_by_one: int
    same_risks: bool | None


class Ranking(Record, frozen=True, kw_only=True):
    """Which students cannot be excluded as the one with the least mean risk.

    All are measured on the same queries and documents and clipped at one B, so that
    differences of risks are differences of divergences.

    Attributes
    ----------
    remaining : tuple of str
        The students that cannot be excluded, by their risk. Any student with the least
        risk is among them with probability at least ``1 - delta``.
    delta : float
        Failure probability of the ranking alone, beside that of the certificates.
    B : float or None
        In temperatures, for all students.
    B_by, stakes_by : str or None
        "pilot", "given" or "default"; stakes by default are a grid.
    pilot_queries : int
    n_queries : int
        Queries that all students are compared on.
    pilot_clusters, n_clusters : int or None
        Their clusters, which then are the units, where clusters are given.
    width : float or None
        Largest difference of the risks of two students on one query, in nats.
    students : dict of str to RankedStudent
        In the order of the options.
    equal : tuple of EqualStudents
    missing_because : str or None
        Why there is no ranking; then all of it but `equal` is empty.
    sentences : tuple of str
        What can be said, always in the same order.
    """

    remaining: tuple[str, ...]
    delta: float
    B: Number | None
    B_by: str | None
    stakes_by: str | None
    pilot_queries: int
    n_queries: int
    width: float | None
    students: dict[str, RankedStudent]
    equal: tuple[EqualStudents, ...]
    missing_because: str | None
    sentences: tuple[str, ...]
    pilot_clusters: int | None = None
    n_clusters: int | None = None


class CalibrationBin(Record, frozen=True, kw_only=True):
    """Pairs whose confidence lies between two numbers in [1/2, 1].

    `mean_p` is their mean confidence, `observed` the share of them in which the
    document that the teacher prefers is the better one.
    """

    from_: float = field(name="from")
    to: float
    n_pairs: int
    mean_p: float
    observed: float


class CalibrationError(Record, frozen=True, kw_only=True):
    """The plain expected calibration error of the teacher's pair preferences.

    Attributes
    ----------
    value : float
        Mean distance of confidence and observed share over all pairs, which have equal
        weights; few pairs raise it.
    on : str
        "judgements" or "positives": what says which document is better.
    n_pairs, n_queries : int
        Of the queries that are measured, not of those set aside; clusters where these
        are given.
    bins : tuple of CalibrationBin
        Of equal width; those with a pair.
    """

    value: float
    on: str
    n_pairs: int
    n_queries: int
    bins: tuple[CalibrationBin, ...]


class VerdictChange(Record, frozen=True, kw_only=True):
    """A verdict that is another one at another temperature within the interval.

    Attributes
    ----------
    of : str
        What it is about, such as a student, or a sampling, quantity and pairs.
    verdict, instead : str
        At the fitted temperature, and at `temperature`.
    temperature : float
        Of those tried, the nearest at which it changes.
    """

    of: str
    verdict: str
    instead: str
    temperature: float


class OverInterval(Record, frozen=True, kw_only=True):
    """Whether verdicts hold at the temperatures of an interval that were tried.

    Attributes
    ----------
    temperatures : tuple of float
        The ends, the fitted one, and the geometric means between.
    verdicts : int
    changes : tuple of VerdictChange
    """

    temperatures: tuple[float, ...]
    verdicts: int
    changes: tuple[VerdictChange, ...]


class FittedTemperature(Record, frozen=True, kw_only=True, omit_defaults=False):
    """A teacher's temperature as pairs of the queries set aside make it most likely.

    Attributes
    ----------
    value : float
    lower, upper : float or None
        Ends of its interval at `level`, which is approximate; None without an interval,
        and `upper` where no temperature is too high.
    level : float
    on : str
        "judgements" or "positives".
    sentence : str
    over_interval : OverInterval or None
        Whether the verdicts hold over the interval; None without one, where no verdict
        depends on the temperature, and in earlier files.
    """

    value: Number
    lower: Number | None
    upper: Number | None
    level: Number
    on: str
    sentence: str
    over_interval: OverInterval | None = None


class Teacher(Record, frozen=True, kw_only=True):
    """The teacher's mean entropy in nats with its interval, and its scores' kind.

    `entropy_floor` is what the mean margin implies; `floor` is how low `entropy_upper`
    can be on the sample. `fit` is None if the temperature was given, and
    `calibration_error` where no pair says which document is better.
    """

    entropy: float
    entropy_lower: float
    entropy_upper: float
    temperature: Number
    kind: str
    kind_evidence: str
    mean_margin: float
    entropy_floor: float
    floor: LimitFloor | None = None
    fit: FittedTemperature | None = None
    calibration_error: CalibrationError | None = None


class Norms(Record, frozen=True, kw_only=True):
    """A histogram of the lengths of vectors."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class TwoNn(Record, frozen=True, kw_only=True):
    """The fit of the intrinsic dimension by TwoNN, None if there is no such fit."""

    dimension: float | None
    documents: int
    log_ratio: tuple[float, ...]
    minus_log_rest: tuple[float, ...]


class Shape(Record, frozen=True, kw_only=True):
    """Distances of pairs and lengths of vectors, for the figures of diameters."""

    distances: tuple[float, ...]
    shares: tuple[float, ...]
    share_at_distance_0: float
    documents: int
    equal_documents: int
    norms: Norms
    two_nn: TwoNn


class Diameter(Record, frozen=True, kw_only=True):
    """Distances in the certificate's groups; all None without vectors."""

    max: float | None
    quantile_99: float | None
    mean_distance: float | None
    rms_distance: float | None = None
    mean_diameter: float | None = None
    metric: str | None = None
    status: str | None = None
    shape: Shape | None = None


class Calibration(Record, frozen=True, kw_only=True):
    """How many queries were set aside to fit temperatures, and how they were drawn."""

    n_calibration: int
    n_certificate: int
    share: float
    seed: int
    n_calibration_clusters: int | None = None
    n_certificate_clusters: int | None = None


class CompatQuantity(Record, frozen=True, kw_only=True):
    """Means over queries of a quantity by the reference study's formula and by ours.

    `without_value` counts the queries for which their formula has no value, by reason.
    """

    unit: str
    corrected_unit: str
    n: int
    reference_mean: float | None
    corrected_mean: float | None
    mean_difference: float | None
    n_reference_without_value: int
    n_corrected_without_value: int
    without_value: dict[str, int]
    reason: str


class CompatKappa(Record, frozen=True, kw_only=True):
    """The reference study's summaries of kappa, or the reason why there are none."""

    reference_max: float | None
    reference_median: float | None
    reason: str | None


class CompatCounts(Record, frozen=True, kw_only=True):
    """What the reference study's formulas count silently."""

    documents_without_teacher_score_counted_as_0: int
    documents_without_student_score_counted_as_0: dict[str, int]
    queries_with_several_groups_pooled: int


class Compat(Record, frozen=True, kw_only=True):
    """The reference study's numbers beside ours."""

    mode: str
    quantities: dict[str, CompatQuantity]
    kappa: CompatKappa
    counts: CompatCounts
    definitions: dict[str, str]


class StudentRow(Record, frozen=True, kw_only=True):
    """A student in the table of students."""

    student: str
    n_queries: int
    entropy: float
    divergence: float
    risk: float
    deviation: float
    upper: float
    method: str
    vacuous: bool
    dominating: str
    n_needed: int | None
    temperature: Number
    clipped_share: float
    missing_share: float
    n_clusters: int | None = None


class RankingRow(Record, frozen=True, kw_only=True):
    """One student against another in the table of the ranking."""

    student: str
    verdict: str
    against: str
    difference: float
    lower: float


class LimitRow(Record, frozen=True, kw_only=True):
    """One upper limit of a student's risk in the table of limits."""

    student: str
    method: str
    limit: float


class Ledger(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.ledger/1"
):
    """The result of a measurement: `ledger.json`, with tables of queries beside it.

    All risks, entropies, divergences and limits are in nats. `students` maps the names
    of the students to their certificates. `clusters` is None where queries are
    independent, or the number of clusters of the `n_queries`, whose means are then what
    every mean, share and limit is about; `clustering` describes them. `answers` say in
    a few sentences what all of it means; earlier files have none.

    Examples
    --------
    >>> import rankbound as rb
    >>> queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    >>> ledger = rb.measure(teacher=queries, students={"same": queries})
    >>> ledger.students["same"].n_queries, len(ledger.beside["per_query"])
    (9, 9)
    """

    KIND: ClassVar[str] = "ledger"
    FILE: ClassVar[str] = "ledger.json"
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        # Earlier versions of compare wrote their table under the same name
        Beside("per_query", ("per_query.tsv",), PER_QUERY, foreign=("sampling",)),
        Beside("calibration", ("calibration.tsv",), PER_QUERY),
        Beside("compat", ("compat.tsv",), COMPAT),
    )

    unit: str
    n_queries: int
    delta: float
    trivial: float
    students: dict[str, StudentResult]
    teacher: Teacher
    diameter: Diameter
    calibration: Calibration
    pairs: str
    groups: str
    dropped: dict[str, int]
    repairs: dict[str, dict[str, int]]
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    definitions: dict[str, str]
    statements: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]
    compat: Compat | None = None
    ranking: Ranking | None = None
    clusters: int | None = None
    clustering: Clustering | None = None
    near_copies: NearCopies | None = None
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        named(self, "students")

    @property
    def proviso(self) -> str:
        """What the limits of all students take for granted."""
        known = (one.trained_on is not None for one in self.students.values())
        return proviso(
            trained=bool(self.students) and all(known),
            clustered=self.clusters is not None,
        )

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """Students, limits of their risks by method, the ranking, and the inputs."""
        students = self.students.items()
        ranked = {} if self.ranking is None else self.ranking.students
        return {
            "students": [_row(name, student) for name, student in students],
            "limits": [
                LimitRow(student=name, method=method, limit=limit)
                for name, student in students
                for method, limit in student.limits.items()
            ],
            "ranking": [
                RankingRow(
                    student=name,
                    verdict=student.verdict,
                    against=other,
                    difference=limit.difference,
                    lower=limit.lower,
                )
                for name, student in ranked.items()
                for other, limit in student.against.items()
            ],
            "inputs": self.inputs,
        }

    def contents(self) -> dict[str, str | Rows | None]:
        """What `save` writes; it deletes tables that only an earlier run had."""
        stale = {"calibration.tsv": None, "compat.tsv": None}
        return stale | super().contents()


def _row(name: str, student: StudentResult) -> StudentRow:
    return StudentRow(
        student=name,
        n_queries=student.n_queries,
        entropy=student.entropy,
        divergence=student.divergence,
        risk=student.risk,
        deviation=student.deviation,
        upper=student.upper,
        method=student.method,
        vacuous=student.vacuous,
        dominating=student.dominating,
        n_needed=student.n_needed,
        temperature=student.temperature,
        clipped_share=student.clipped_share,
        missing_share=student.missing_share,
        n_clusters=student.n_clusters,
    )
