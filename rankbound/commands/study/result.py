"""The result of a study: the types behind ``study.json``, keys in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, Self

from msgspec import field

from rankbound.catalogue import QUESTIONS
from rankbound.commands.ablate.result import IN_DOMAIN, Verdict
from rankbound.provenance import Input
from rankbound.results import Answer, Named, Record, Result, named

FILE: Final = "study.json"
PAGE: Final = "report.html"
STEPS: Final = ("inspect", "measure", "compare", "validate")
ABLATE: Final = "ablate"
OF_ABLATION: Final = (ABLATE, "validate")  # the steps of the folder of an ablation
FAILED: Final = "failed"
GAIN: Final = "ndcg@10"
Outcome = Literal["done", "not asked", "failed"]
Agreement = Literal["agree", "partly", "contradict", "open"]


class StudentRole(Record, frozen=True, kw_only=True):
    """A student of a data set: its scores, or the vectors of its queries.

    `ranking` is what it retrieved, where its scores do not say so. `fitted` says that
    its scores have no unit, so that their temperature is fitted.
    """

    name: str
    scores: str | None = None
    queries: str | None = None
    query_ids: str | None = None
    ranking: str | None = None
    fitted: bool = False


class Roles(Record, frozen=True, kw_only=True):
    """Which files of a data set play which role, as `inspect` finds them.

    Attributes
    ----------
    teacher : str or None
        Its scores; `ranking` is another file of the same scores.
    students : tuple of StudentRole
    groups : dict of str to str
        Files by the name of their sampling, the reference first.
    qrels, embeddings, ids : str or None
    fitted : bool
        Whether the teacher's scores have no unit, so that the temperature is fitted.
    incomplete : bool
        Whether documents of the groups lack a score or vector, and are left out.
    notes : tuple of str
        How the roles were found.
    """

    teacher: str | None
    ranking: str | None = None
    students: Named[StudentRole] = ()  # type: ignore[assignment]
    groups: dict[str, str] = field(default_factory=dict)
    qrels: str | None = None
    embeddings: str | None = None
    ids: str | None = None
    fitted: bool = False
    incomplete: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named(self, "students")


class Step(Record, frozen=True, kw_only=True):
    """One command on one data set: done into its `folder`, or `because` of what not."""

    step: str
    outcome: Outcome
    folder: str | None = None
    command: str | None = None
    because: str | None = None


class Answered(Answer, frozen=True, kw_only=True):
    """What a data set answers to a question of the catalogue, by which step."""

    step: str


class DataSet(Record, frozen=True, kw_only=True):
    """A data set: its files, what was done, and its answers.

    `folder` is where it was found, and `path` where its results lie below the study's
    folder. The folder of an ablation has no roles, and steps of its own.
    """

    name: str
    folder: str
    path: str
    roles: Roles | None
    steps: tuple[Step, ...]
    answers: tuple[Answered, ...]

    @property
    def failed(self) -> tuple[Step, ...]:
        """The steps that could not be done."""
        return tuple(step for step in self.steps if step.outcome == FAILED)


class Effect(Record, frozen=True, kw_only=True):
    """What one data set says: a mean over `n` queries or clusters, or a correlation.

    `lower` and `upper` are the ends of Student's interval, of a correlation those of
    Fisher's; both are approximate. `weight` is that of the pooled estimate, and
    `verdict` that of the ablation, whose collections are the data sets.
    """

    dataset: str
    n: int
    value: float
    lower: float
    upper: float
    weight: float
    verdict: Verdict | None = None


class PooledRow(Record, frozen=True, kw_only=True):
    """One quantity over all data sets that have it.

    Attributes
    ----------
    quantity : {"entropy", "diameter", "risk", "association", "ndcg@10"}
    sampling, reference, pairs : str or None
        A difference is that of the sampling to the reference over these pairs, or in
        nDCG@10 of students of ablations. A risk and an association are those under the
        sampling.
    student, term, measure : str or None
    unit : str
    value, lower, upper : float or None
        The pooled estimate; None if fewer than two data sets have an effect.
    n_datasets : int
    tau2 : float or None
        Variance between data sets, in the squared unit; of Fisher's z for correlations.
    i2, q, p_heterogeneity : float or None
    caution : str or None
        What to know before the estimate is used.
    missing_because : str or None
    left_out : dict of str to str
        Data sets that have the quantity but no effect, with the reason.
    effects : tuple of Effect
    architecture, loss, domain : str or None
        Of the students of ablations.
    agreement : {"agree", "partly", "contradict", "open"} or None
        What the verdicts of several collections say together.
    """

    quantity: str
    sampling: str | None
    reference: str | None
    pairs: str | None
    student: str | None
    term: str | None
    measure: str | None
    unit: str
    value: float | None
    lower: float | None
    upper: float | None
    n_datasets: int
    tau2: float | None
    i2: float | None
    q: float | None
    p_heterogeneity: float | None
    caution: str | None
    missing_because: str | None
    left_out: dict[str, str]
    effects: Named[Effect]
    architecture: str | None = None
    loss: str | None = None
    domain: str | None = None
    agreement: Agreement | None = None

    def __post_init__(self) -> None:
        named(self, "effects")

    @property
    def label(self) -> str:
        """What was pooled, in a few words."""
        if self.quantity == "association":
            return f"{self.term} and {self.measure}: {self.student}, {self.sampling}"
        if self.quantity == "risk":
            return f"risk of {self.student}, {self.sampling}"
        if self.quantity == GAIN:
            return f"{self.students}: {self.loss} on {self.sampling}"
        return f"{self.quantity}: {self.sampling} - {self.reference}, {self.pairs}"

    @property
    def students(self) -> str:
        """The architecture of the students of ablations, and where they are tested."""
        where = "" if self.domain == IN_DOMAIN else " out of domain"
        return f"{self.architecture}{where}"

    def count(self, verdict: Verdict) -> int:
        """Collections of ablations with this verdict."""
        return sum(one.verdict == verdict for one in self.effects)


class QuestionRow(Record, frozen=True, kw_only=True):
    """One answer of one data set as a row of the table over all of them."""

    dataset: str
    question: str
    outcome: str
    sentence: str
    rests_on: str
    next: str
    step: str


class EffectRow(Record, frozen=True, kw_only=True):
    """One effect of one data set with what it is an effect of."""

    quantity: str
    sampling: str | None
    reference: str | None
    pairs: str | None
    student: str | None
    term: str | None
    measure: str | None
    dataset: str
    n: int
    value: float
    lower: float
    upper: float
    weight: float
    architecture: str | None = None
    loss: str | None = None
    domain: str | None = None
    verdict: Verdict | None = None


class Study(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.study/1"
):
    """Many data sets: what each answers to every question, and what all say together.

    ``datasets["dl19"]`` has the files, steps and answers of one data set, and `pooled`
    the estimates over all of them. The results of the commands lie in the folders that
    `DataSet.path` and `Step.folder` name.

    Examples
    --------
    >>> import rankbound as rb
    >>> found = rb.study(["one", "two"], out="studied")  # doctest: +SKIP
    >>> [(one.name, one.failed) for one in found.datasets]  # doctest: +SKIP
    [('one', ()), ('two', ())]
    """

    KIND: ClassVar[str] = "study"
    FILE: ClassVar[str] = FILE

    datasets: Named[DataSet]
    pooled: tuple[PooledRow, ...]
    delta: float
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]

    def __post_init__(self) -> None:
        named(self, "datasets")

    @property
    def complete(self) -> bool:
        """Whether every step of every data set was done."""
        return not any(one.failed for one in self.datasets)

    def in_options(self) -> Self:
        """The same: settings of a study have the names of parameters."""
        return self

    @property
    def gains(self) -> tuple[PooledRow, ...]:
        """The cells of ablations, each against random negatives."""
        return tuple(row for row in self.pooled if row.quantity == GAIN)

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that any data set has, in order."""
        held = {step.step for one in self.datasets for step in one.steps}
        return tuple(one for one in (ABLATE, *STEPS) if one in held)

    def answered(self) -> list[tuple[DataSet, Answered]]:
        """All answers with their data set, in the order of the questions."""
        order = [*QUESTIONS]
        found = [(one, answer) for one in self.datasets for answer in one.answers]
        return sorted(found, key=lambda pair: order.index(pair[1].question))

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The answers of every data set, the pooled estimates, and their effects."""
        return {
            "questions": [
                QuestionRow(
                    dataset=one.name,
                    question=answer.question,
                    outcome=answer.outcome,
                    sentence=answer.sentence,
                    rests_on=answer.rests_on,
                    next=answer.next,
                    step=answer.step,
                )
                for one, answer in self.answered()
            ],
            "pooled": self.pooled,
            "effects": [
                EffectRow(
                    quantity=row.quantity,
                    sampling=row.sampling,
                    reference=row.reference,
                    pairs=row.pairs,
                    student=row.student,
                    term=row.term,
                    measure=row.measure,
                    dataset=effect.dataset,
                    n=effect.n,
                    value=effect.value,
                    lower=effect.lower,
                    upper=effect.upper,
                    weight=effect.weight,
                    architecture=row.architecture,
                    loss=row.loss,
                    domain=row.domain,
                    verdict=effect.verdict,
                )
                for row in self.pooled
                for effect in row.effects
            ],
        }
