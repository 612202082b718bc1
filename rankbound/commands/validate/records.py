"""The records of a validation: one type for the rows of each of its tables."""

from __future__ import annotations

from typing import Final

from rankbound.catalogue import Difference, verdict_called
from rankbound.commands.measure.result import (
    FittedTemperature,
    LimitFloor,
    TrainedOn,
)
from rankbound.provenance import Clustering
from rankbound.results import Record
from rankbound.validation.paired import Decides

POOLED: Final = "(pooled)"
AVERAGE: Final = "(average)"
RISK: Final = "held-out risk"
LOSS: Final = "loss of "
CONFIGURATION: Final = ("dataset", "sampling", "student")


def _check_verdicts(*words: str) -> None:
    """Raise a ValueError for an unknown verdict, which decoders report with its place.

    A row that was not tested has an empty verdict.
    """
    for word in filter(None, words):
        verdict_called(word)


class Heterogeneity(Record, frozen=True, kw_only=True):
    """Whether data sets differ by more than chance: Cochran's Q, its p-value, I2."""

    q: float
    p: float
    i2: float


class Association(Record, frozen=True, kw_only=True):
    """One term against one measure, over queries.

    `lower` and `upper` are the ends of the interval of Spearman's coefficient.
    `partial` is that coefficient given how hard a query is. `same_as` is a term with
    the same ranks, whose test this one repeats. Only pools over data sets have a
    `heterogeneity`. `permutations` are behind `p`, and `partial_permutations`, which
    are changes of signs, behind `partial_p`.
    """

    dataset: str
    sampling: str
    student: str
    term: str
    unit: str
    measure: str
    n: int
    pearson: float | None
    spearman: float | None
    kendall: float | None
    lower: float | None
    upper: float | None
    p: float | None
    p_holm: float | None
    partial: float | None
    detectable: float | None
    verdict: str
    pearson_lower: float | None
    pearson_upper: float | None
    pearson_p: float | None
    kendall_lower: float | None
    kendall_upper: float | None
    kendall_p: float | None
    kendall_p_by: str
    partial_lower: float | None
    partial_upper: float | None
    partial_p: float | None
    partial_p_holm: float | None
    partial_verdict: str
    p_bh: float | None
    partial_p_bh: float | None
    within_band: bool
    same_as: str | None
    missing_because: str | None
    heterogeneity: Heterogeneity | None
    permutations: int | None = None
    partial_permutations: int | None = None

    def __post_init__(self) -> None:
        _check_verdicts(self.verdict, self.partial_verdict)

    def p_corrected(self, correction: str) -> float | None:
        """The p-value after a correction, "holm" or "bh"."""
        return self.p_holm if correction == "holm" else self.p_bh


class Order(Record, frozen=True, kw_only=True):
    """How a predictor orders systems within data sets, compared with a target.

    `kind` is "bound" for parts of the bound and "baseline" for simple numbers.
    `expected` is "rises", "falls", or "either" where the theory expects nothing, and
    `accuracy` the share of pairs of systems ordered as expected. `n` counts the
    configurations compared. `untested_because` says why there is an order, but neither
    a p-value nor a verdict.
    """

    predictor: str
    kind: str
    target: str
    expected: str
    n: int
    tau: float | None
    lower: float | None
    upper: float | None
    p: float | None
    smallest_p: float | None
    n_pairs: int
    accuracy: float | None
    missing_because: str | None
    p_adjusted: float | None
    verdict: str
    n_systems: int | None = None
    n_datasets: int | None = None
    untested_because: str | None = None

    def __post_init__(self) -> None:
        _check_verdicts(self.verdict)


class HeldOutCertificate(Record, frozen=True, kw_only=True):
    """A student's certificate, and certificates of random halves tested on the others.

    `certificate`, `held_out` and their difference `slack` are means over the splits.
    `held` counts the splits whose held-out mean is at most the certificate, and
    `refuted` those whose lower limit is above it. `floor` is how low `upper` can be on
    its queries, and `half_floor` how low `certificate` can be on halves with the mean
    risk of all these queries.
    """

    dataset: str
    sampling: str
    student: str
    n: int
    risk: float
    upper: float
    vacuous: bool
    range: str
    splits: int
    n_half: int
    certificate: float
    held_out: float
    slack: float
    ratio: float | None
    held: int
    refuted: int
    floor: LimitFloor | None = None
    half_floor: LimitFloor | None = None


class Configuration(Record, frozen=True, kw_only=True):
    """One student under one sampling of one data set, as means over queries.

    Terms come from half of the queries; `outcomes` are the mean risk and measures on
    the other half. `unscored_share` of the student's documents have no score; a
    configuration with too many of them is not `compared`.
    """

    OPEN = "outcomes"

    dataset: str
    sampling: str
    student: str
    n_terms: int
    n_held_out: int
    bound: float
    deviation: float
    locality: float | None
    entropy: float
    divergence: float
    negative_score: float | None
    group_size: float
    score_variance: float
    outcomes: dict[str, float]
    unscored_share: float | None = None
    compared: bool = True

    def predictor(self, name: str) -> float | None:
        """Return a term or baseline by its name."""
        found: float | None = getattr(self, name)
        return found


class Prediction(Record, frozen=True, kw_only=True):
    """The error of predicting a target of each system from the other systems.

    `n` counts the configurations compared. `r2_null` and `r2_null_upper` are the median
    and the quantile of level 1 - delta of `r2` when systems are exchanged at random.
    """

    target: str
    features: tuple[str, ...]
    n: int
    rmse: float | None
    baseline_rmse: float | None
    r2: float | None
    missing_because: str | None
    n_systems: int | None = None
    r2_null: float | None = None
    r2_null_upper: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    verdict: str = ""

    def __post_init__(self) -> None:
        _check_verdicts(self.verdict)


class Dependence(Record, frozen=True, kw_only=True):
    """The distance correlation of locality and entropy over queries."""

    dataset: str
    sampling: str
    student: str
    n: int
    distance_correlation: float | None
    expected: float | None
    p: float | None
    permutations: int | None
    missing_because: str | None
    p_adjusted: float | None


class Mean(Record, frozen=True, kw_only=True):
    """The mean effectiveness of a system; `factors` are its columns of a design."""

    OPEN = "factors"

    dataset: str
    measure: str
    student: str
    factors: dict[str, str]
    n: int
    mean: float


class SystemPair(Record, frozen=True, kw_only=True):
    """Two systems compared on the same queries: first minus second.

    `lower` and `upper` are Student's and approximate. `rule` is what decides, and what
    `p_holm` belongs to: this interval, "paired_t"; of counts, whose range is not known,
    the direction. Older files lack it, and were decided by the interval.
    """

    dataset: str
    measure: str
    first: str
    second: str
    n: int
    difference: float
    lower: float
    upper: float
    effect_size: float | None
    p_holm: float
    margin: float
    smallest_margin: float
    n_for_margin: int | None
    verdict: Difference
    rule: Decides | None = None

    @property
    def decides(self) -> Decides:
        """What decides the verdict, also in older files."""
        return "paired_t" if self.rule is None else self.rule


class Control(Record, frozen=True, kw_only=True):
    """A term or student without information, and how often it was found associated.

    Terms that are drawn many times have rates; the constant student has counts. `lower`
    and `upper` are the ends of the interval of `rate`, and `family_lower` and
    `family_upper` those of `family_rate`, each at the level `level`.
    """

    name: str
    n_rows: int | None = None
    n_tests: int
    n_families: int | None = None
    rate: float | None = None
    standard_error: float | None = None
    family_rate: float | None = None
    nominal: float | None = None
    associated: int | None = None
    passed: bool
    lower: float | None = None
    upper: float | None = None
    family_lower: float | None = None
    family_upper: float | None = None
    level: float | None = None


class TeacherScale(Record, frozen=True, kw_only=True):
    """The kind of the teacher's scores, the evidence for it, and the temperature.

    `fit` is None if the temperature was given. `name` is that of its ranking, or else
    of its scores; empty for objects, and in earlier files.
    """

    kind: str
    kind_evidence: str
    temperature: float
    fit: FittedTemperature | None = None
    name: str = ""


class StudentScale(Record, frozen=True, kw_only=True):
    """The same for a student, and its shares of unscored and clipped documents.

    `trained_on` is None if its training queries were not given.
    """

    kind: str
    kind_evidence: str
    temperature: float
    missing_share: float
    clipped_share: float
    trained_on: TrainedOn | None = None


class Surveyed(Record, frozen=True, kw_only=True):
    """One data set under one sampling: its numbers of queries, and its models."""

    dataset: str
    sampling: str
    n_judged: int
    n_certificate: int
    n_calibration: int
    measures: tuple[str, ...]
    relevant: int
    missing_queries: str
    teacher: TeacherScale
    students: dict[str, StudentScale]
    clustering: Clustering | None = None


class PartialFamily(Record, frozen=True, kw_only=True):
    """How many partial associations were tested together."""

    name: str
    n_tests: int


class OrderFamily(Record, frozen=True, kw_only=True):
    """How many orders and predictions were tested together, and what they need.

    `needed` is the number of systems, and in results of earlier versions that of
    configurations. `permutations` counts those of the systems.
    """

    name: str
    n_tests: int
    needed: int
    permutations: int | None = None


class PairFamily(Record, frozen=True, kw_only=True):
    """How many pairs of systems were compared together, and at which margin."""

    name: str
    n_tests: int
    margin: float


class JudgedTogether(Record, frozen=True, kw_only=True):
    """The tests made together, and how errors are controlled.

    `permutations` is the largest number behind any p-value, `least_permutations` the
    smallest. `unit` is what every n counts, what is drawn and what is permuted: "query"
    or "cluster".
    """

    name: str
    n_tests: int
    test: str
    correction: str
    delta: float
    band: float
    permutations: int
    resamples: int
    interval: str
    power: float
    seed: int
    partial: PartialFamily
    configurations: OrderFamily
    equivalence: PairFamily
    unit: str = "query"
    least_permutations: int | None = None

    @property
    def named_after(self) -> str:
        """The name of the correction."""
        return "Holm" if self.correction == "holm" else "Benjamini-Hochberg"
