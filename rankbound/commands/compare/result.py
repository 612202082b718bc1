"""The result of a comparison: the types behind ``comparison.json``, keys in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from msgspec.structs import asdict

from rankbound.catalogue import Difference, proviso
from rankbound.commands.cards import Card
from rankbound.commands.measure.result import (
    FittedTemperature,
    Norms,
    TrainedOn,
    TwoNn,
)
from rankbound.provenance import Clustering, Input
from rankbound.results import Answer, Beside, Named, Record, Result, named
from rankbound.validation.paired import Decides, Method

FILE = "comparison.json"
# One row for each query, sampling, quantity and pair set
PER_QUERY = "comparison.per_query.tsv"
COLUMNS = ("qid", "sampling", "quantity", "pairs", "value", "largest")


class Family(Record, frozen=True, kw_only=True):
    """The comparisons made together, and how errors are controlled over them."""

    name: str
    size: int
    samplings: tuple[str, ...]
    quantities: tuple[str, ...]
    pairs: tuple[str, ...]
    delta: float
    interval_level: float
    intervals: str
    p_values: str
    directions: str | None = None


class PairedT(Record, frozen=True, kw_only=True):
    """Student's t test of the differences, and two one-sided tests at the margin."""

    statistic: float | None
    p: float | None
    lower: float | None
    upper: float | None
    p_equivalence: float | None


class Bca(Record, frozen=True, kw_only=True):
    """The bootstrap interval of the mean difference, or the reason for its absence."""

    lower: float | None
    upper: float | None
    resamples: int
    missing_because: str | None


class Directions(Record, frozen=True, kw_only=True):
    """In how many queries a quantity rises and falls, and in which share of all.

    The two shares have exact intervals, each side at half of the row's delta. No
    change, which is a difference of at most `tolerance`, counts against both.
    `of_changed` is the exact interval of the share that rises, of the queries that
    change, and `mostly` says which way most of these go, if that is certain.
    """

    rises: int
    falls: int
    of: int
    share_rising: tuple[float, float]
    share_falling: tuple[float, float]
    certain: Literal["rises", "falls"] | None
    tolerance: float
    delta: float
    of_changed: tuple[float, float] | None = None
    mostly: Literal["higher", "lower"] | None = None


class Pilot(Record, frozen=True, kw_only=True):
    """The queries that were set aside, on which the stakes of every row were chosen.

    `share` was to be set aside; `n` counts queries, and `n_clusters` their clusters.
    """

    share: float
    n: int
    n_clusters: int | None = None


class Stakes(Record, frozen=True, kw_only=True):
    """The stakes of both ends of an interval, chosen on `n_pilot` differences."""

    lower: float
    upper: float
    n_pilot: int


class Row(Record, frozen=True, kw_only=True):
    """One comparison: a quantity under a sampling and under the reference.

    `rule` is what decides the verdict, and what `p` and `p_holm` belong to: the
    interval by betting, or the direction where no range is known. Older files lack it;
    what decided there is `method`. `stakes` are None if they are those of the grid.
    `n` counts queries. Where clusters were given it counts those, as `direction` and
    `n_for_margin` do, and `n_queries` their queries.
    """

    sampling: str
    quantity: str
    pairs: str
    n: int
    mean: float
    reference_mean: float
    difference: float
    lower: float
    upper: float
    p_holm: float
    effect_size: float | None
    margin: float | None
    smallest_margin: float
    n_for_margin: int | None
    verdict: Difference
    unit: str
    method: Method
    p: float
    margin_missing_because: str | None
    effect_size_missing_because: str | None
    range: tuple[float, float] | None
    range_missing_because: str | None
    paired_t: PairedT
    bca: Bca
    queries_only_in_sampling: int
    queries_only_in_reference: int
    note: str | None
    direction: Directions | None = None
    n_queries: int | None = None
    rule: Decides | None = None
    equivalence_missing_because: str | None = None
    stakes: Stakes | None = None

    @property
    def decides(self) -> Decides:
        """What decides the verdict, also in older files."""
        return self.method if self.rule is None else self.rule

    @property
    def unit_of_n(self) -> str:
        """What `n` counts: "query" or "cluster"."""
        return "query" if self.n_queries is None else "cluster"


class Model(Record, frozen=True, kw_only=True):
    """The kind of a student's scores, the evidence for it, and their temperature.

    `trained_on` is None if its training queries were not given.
    """

    kind: str
    kind_evidence: str
    temperature: float
    trained_on: TrainedOn | None = None


class Teacher(Record, frozen=True, kw_only=True):
    """The teacher's scores, the source of its temperature, and the students."""

    kind: str
    kind_evidence: str
    temperature: float
    fitted: bool
    n_calibration: int
    calibration_share: float
    students: dict[str, Model]
    fit: FittedTemperature | None = None


class Entropy(Record, frozen=True, kw_only=True):
    """The teacher on one pair set of a sampling, in nats unless a name says bits."""

    pairs: str
    mean: float
    group_mean: float
    group_mean_bits: float
    mean_margin: float
    ties: float
    share: float


class SamplingSummary(Record, frozen=True, kw_only=True):
    """The size of a sampling, and the teacher's entropy on it."""

    sampling: str
    file: str
    n_queries: int
    n_groups: int
    n_documents: int
    dropped: dict[str, int]
    groups_without_dimension: int | None
    entropy: tuple[Entropy, ...]
    n_clusters: int | None = None


class TargetRow(Record, frozen=True, kw_only=True):
    """The entropy over the reference law, and the excess of each sampling over it."""

    pairs: str
    n: int
    entropy: float
    lower: float
    upper: float
    sampled_minus_target: dict[str, float]


class Target(Record, frozen=True, kw_only=True):
    """The entropy over a fixed law of pairs, the same for all samplings."""

    law: str
    rows: tuple[TargetRow, ...]
    difference_between_samplings: float
    because: str


class OrderMeans(Record, frozen=True, kw_only=True):
    """Means by sampling over the `n` queries that all samplings have."""

    n: int
    entropy: dict[str, float]
    margin: dict[str, float]


class Change(Record, frozen=True, kw_only=True):
    """A change of the all-pairs entropy (nats), and the parts that add up to it.

    `spread` and `ties` are keyed by pair set.
    """

    sampling: str
    n: int
    difference: float
    composition: float
    spread: dict[str, float]
    ties: dict[str, float]
    share_pos_neg: float
    reference_share_pos_neg: float


class Floor(Record, frozen=True, kw_only=True):
    """The entropy of a sampling, and its lower bounds by margins and distances."""

    sampling: str
    pairs: str
    entropy: float
    mean_margin: float
    floor: float
    floor_mean_distance: float | None
    floor_diameter: float | None
    cut_ratio: float | None


class Coupling(Record, frozen=True, kw_only=True):
    """Lower bounds of the entropy (theorem-4a), and the slope used for distances."""

    statement: str
    lipschitz: float | None
    lipschitz_status: str
    rows: tuple[Floor, ...]


class Shift(Record, frozen=True, kw_only=True, omit_defaults=False):
    """The distance of a sampling from the reference as a law, and what it covers.

    If a sampling has no laws, only `missing_because` is set.
    """

    sampling: str
    n: int | None = None
    total_variation: float | None = None
    pair_total_variation: float | None = None
    kappa: float | None = None
    kappa_missing_because: str | None = None
    document_overlap: float | None = None
    reference_covered: float | None = None
    judged_covered: float | None = None
    relevant_covered: float | None = None
    documents_judged: float | None = None
    judged_missing_because: str | None = None
    missing_because: str | None


class Space(Record, frozen=True, kw_only=True):
    """A distance or dimension: supremum over groups, mean and rms over queries."""

    sampling: str
    quantity: str
    pairs: str
    n: int
    supremum: float
    mean: float
    root_mean_square: float
    unit: str


class Shape(Record, frozen=True, kw_only=True):
    """The distances and vectors of a sampling, for figures."""

    sampling: str
    distances: tuple[float, ...]
    shares: tuple[float, ...]
    share_at_distance_0: float
    documents: int
    equal_documents: int
    norms: Norms
    two_nn: TwoNn


class EntropyRow(Record, frozen=True, kw_only=True):
    """A comparison of entropies under scores other than the teacher's own."""

    sampling: str
    pairs: str
    n: int
    mean: float
    reference_mean: float
    difference: float
    lower: float
    upper: float
    smallest_margin: float
    verdict: Difference


class SweepTable(Record, frozen=True, kw_only=True):
    """The comparisons of entropies at a multiple of the temperature."""

    factor: float
    rows: tuple[EntropyRow, ...]


class Flip(Record, frozen=True, kw_only=True):
    """A comparison whose verdict depends on the temperature, with all verdicts."""

    sampling: str
    pairs: str
    verdicts: dict[str, Difference]


class Sweep(Record, frozen=True, kw_only=True):
    """The comparisons of entropies at multiples of the teacher's temperature."""

    temperature: float
    factors: tuple[float, ...]
    tables: tuple[SweepTable, ...]
    flips: tuple[Flip, ...]
    note: str


class RanksOnly(Record, frozen=True, kw_only=True):
    """The comparisons of entropies when only the order of the scores is kept."""

    scale: float
    rows: tuple[EntropyRow, ...]
    note: str


class Control(Record, frozen=True, kw_only=True):
    """One control: what theory predicts, what was found, and whether they agree.

    `passed` is None if the control could not run.
    """

    control: str
    expected: str
    found: str
    passed: bool | None


class Controls(Record, frozen=True, kw_only=True):
    """The negative controls; `passed` is None if they were not asked for."""

    rows: tuple[Control, ...]
    passed: bool | None
    false_alarm: float | None = None
    missing_because: str | None


class CompatRow(Record, frozen=True, kw_only=True):
    """The reference study's test of one comparison, and our verdict."""

    sampling: str
    quantity: str
    pairs: str
    difference: float
    reference_margin: float | None
    reference_p_low: float | None
    reference_p_high: float | None
    reference_p: float | None
    reference_marked_equivalent: bool | None
    reference_shows_equivalence: bool | None
    reference_reason: str | None
    margin: float | None
    p_equivalence: float | None
    verdict: Difference
    agree: bool | None


class CompatGroups(Record, frozen=True, kw_only=True):
    """Samplings that the reference study would call equivalent."""

    quantity: str
    pairs: str
    marked: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, ...], ...]


class CompatEntropy(Record, frozen=True, kw_only=True):
    """The reference study's entropy of a sampling, and the corrected one."""

    sampling: str
    unit: str
    reference_mean: float | None
    corrected_mean: float
    difference: float | None
    n_without_value: int
    documents_counted_as_0: int
    queries_pooled: int


class Compat(Record, frozen=True, kw_only=True):
    """The output of the reference study's scripts, with what is wrong with it."""

    mode: Literal["reference"]
    alpha: float
    rows: tuple[CompatRow, ...]
    reason: str
    equivalence_groups: tuple[CompatGroups, ...]
    equivalence_groups_reason: str
    entropy: Named[CompatEntropy]
    entropy_reason: str

    def __post_init__(self) -> None:
        named(self, "entropy")


class EntropyOf(Record, frozen=True, kw_only=True):
    """An `Entropy` with its sampling, as a row of a table."""

    sampling: str
    pairs: str
    mean: float
    group_mean: float
    group_mean_bits: float
    mean_margin: float
    ties: float
    share: float


class Swept(EntropyRow, frozen=True, kw_only=True):
    """An `EntropyRow` with its factor of the temperature, as a row of a table."""

    factor: float


class Comparison(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.comparison/1",
):
    """Samplings compared with a reference, paired by query.

    Every key of ``comparison.json`` is a field of the same name. ``rows`` are the
    comparisons with their verdicts, ``samplings["bm25"]`` describes one sampling, and
    ``beside["per_query"]`` has a row for each query, sampling, quantity and pair set.
    `clusters` is None where queries are independent, or the number of clusters that are
    compared; `clustering` describes them. `pilot` are the queries that stakes were
    chosen on, if any. `answers` say in a few sentences what all of it means; earlier
    files have none.

    Examples
    --------
    >>> import rankbound as rb
    >>> scores = {f"q{n}": {"a": n + 4.0, "b": n + 3.5, "c": 0.0} for n in range(9)}
    >>> groups = {
    ...     name: [{"query_id": q, "doc_id_a": "a", "doc_id_b": [d]} for q in scores]
    ...     for name, d in (("random", "c"), ("hard", "b"))
    ... }
    >>> found = rb.compare(scores, groups=groups, teacher_kind="logit", resamples=0)
    >>> found.samplings["hard"].n_groups, found.family.size
    (9, 2)
    >>> [*found.tables()][:3]
    ['rows', 'entropy', 'decomposition']
    """

    KIND: ClassVar[str] = "comparison"
    FILE: ClassVar[str] = FILE
    # Older versions wrote per_query.tsv, a name that `measure` still uses
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        Beside("per_query", (PER_QUERY, "per_query.tsv"), COLUMNS[:-1]),
    )

    reference: str
    family: Family
    rows: tuple[Row, ...]
    delta: float
    teacher: Teacher
    samplings: Named[SamplingSummary]
    target: Target
    orders: dict[str, tuple[str, ...]]
    order_means: dict[str, OrderMeans]
    decomposition: Named[Change]
    coupling: Coupling
    shift: Named[Shift]
    spaces: tuple[Space, ...] | None
    shapes: Named[Shape] | None
    spaces_missing_because: str | None
    spaces_statements: dict[str, str]
    sweep: Sweep
    ranks_only: RanksOnly
    controls: Controls
    compat: Compat | None = None
    cards: Named[Card] = ()  # type: ignore[assignment]
    sentences: tuple[str, ...]
    advice: tuple[str, ...]
    cannot_say: tuple[str, ...]
    repairs: dict[str, dict[str, int]]
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str | None
    seed: int
    versions: dict[str, str]
    clusters: int | None = None
    clustering: Clustering | None = None
    answers: tuple[Answer, ...] = ()
    pilot: Pilot | None = None

    def __post_init__(self) -> None:
        named(self, "samplings", "decomposition", "shift", "shapes", "cards")

    @property
    def proviso(self) -> str:
        """What all intervals take for granted."""
        students = self.teacher.students.values()
        known = (one.trained_on is not None for one in students)
        return proviso(
            trained=bool(students) and all(known), clustered=self.clusters is not None
        )

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The comparisons, the entropies and what explains them."""
        found: dict[str, Sequence[Record]] = {
            "rows": self.rows,
            "entropy": [
                EntropyOf(sampling=one.sampling, **asdict(entropy))
                for one in self.samplings
                for entropy in one.entropy
            ],
            "decomposition": self.decomposition,
            "cards": self.cards,
            "floors": self.coupling.rows,
            "shift": self.shift,
            "sweep": [
                Swept(factor=table.factor, **asdict(row))
                for table in self.sweep.tables
                for row in table.rows
            ],
            "ranks_only": self.ranks_only.rows,
        }
        if self.spaces is not None:
            found["spaces"] = self.spaces
        return found
