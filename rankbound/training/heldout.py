"""`HeldOut`: what the bound says of a student on queries that training never saw.

The numbers are those of `rankbound measure` on the same scores. The queries that the
student was trained on are known in a trainer, and the certificate refuses them. Each
evaluation of `HeldOut` is counted: the best of K checkpoints looks better than it is,
so the limit that holds for all K of them is the one that is given.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from os import PathLike
from typing import Any, Final

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.bounds.wording import counted
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.commands.measure.run import measure
from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.read.fields import text_id
from rankbound.read.query_ids import QueryIds, query_ids
from rankbound.read.reading import read_groups, read_scores

LOG: Final = logging.getLogger("rankbound.training")
STUDENT: Final = "student"
# Share of the risk from which on the teacher's entropy is what is left of it
LEFT: Final = 0.9
# Where a training set of texts has its queries
QUERY_COLUMNS: Final = (
    *("query_id", "qid", "query", "anchor", "question", "sentence1", "sentence_0"),
)

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the bound says of a student on held-out queries, in nats.

    Attributes
    ----------
    entropy, divergence, risk : float
        Means over queries, of the student as it is; risk = entropy + divergence.
    certified_risk : float
        Mean risk of the student whose scores are clipped so that the limit holds.
    limit : float
        Upper confidence limit of that one's risk, for all `evaluations` at once.
    vacuous : bool
        Whether the limit is at least ln 2, the risk of a constant student.
    lipschitz_times_diameter : float or None
        The student's largest slope times the largest distance, both read off the sample
        and so never inside the limit; None without vectors.
    entropy_share : float
        Of the risk. No student lowers the entropy: from 0.9 on it is what is left.
    n_queries : int
        That the limit was computed from.
    refused : int
        Held-out queries that were training queries; the certificate leaves them out.
    evaluations : int
        K, the number of checkpoints among which one may be chosen at this limit.
    delta : float
        Failure probability of all K limits together.
    ledger : Ledger
        The whole result of `measure`, whose limits are at delta / K.
    """

    entropy: float
    divergence: float
    risk: float
    certified_risk: float
    limit: float
    vacuous: bool
    lipschitz_times_diameter: float | None
    entropy_share: float
    n_queries: int
    refused: int
    evaluations: int
    delta: float
    ledger: Ledger

    @property
    def entropy_is_left(self) -> bool:
        """Whether the teacher's entropy, not the student, is what is left."""
        return self.entropy_share >= LEFT

    def metrics(self) -> dict[str, float]:
        """Numbers for a log, by name; `vacuous` and `entropy_is_left` are 0 or 1."""
        found = {
            "entropy": self.entropy,
            "divergence": self.divergence,
            "risk": self.risk,
            "certified_risk": self.certified_risk,
            "limit": self.limit,
            "vacuous": float(self.vacuous),
            "entropy_share": self.entropy_share,
            "entropy_is_left": float(self.entropy_is_left),
            "n_queries": float(self.n_queries),
            "refused": float(self.refused),
            "evaluations": float(self.evaluations),
        }
        if self.lipschitz_times_diameter is not None:
            found |= {"lipschitz_times_diameter": self.lipschitz_times_diameter}
        return found

    def sentence(self) -> str:
        """All of it in words, one sentence a line."""
        said = [
            f"risk {self.risk:.4f} nats = {self.entropy:.4f} of the teacher's entropy "
            f"+ {self.divergence:.4f} of the student's divergence",
            f"clipped so that a limit holds, its risk is {self.certified_risk:.4f}, "
            f"and at most {self.limit:.4f} by {self.n_queries:,} held-out queries: "
            + ("vacuous" if self.vacuous else "below ln 2 = 0.6931"),
        ]
        if self.entropy_is_left:
            said.append(
                f"{100 * self.entropy_share:.0f} % of the risk is the teacher's "
                "entropy: it, not the student, is what is left, and no training lowers "
                "it; other negatives or another temperature of the teacher do"
            )
        if self.refused:
            said.append(
                f"the certificate refuses {counted(self.refused, 'held-out query')}, "
                "which the student was trained on"
            )
        if self.evaluations > 1:
            said.append(
                f"{self.evaluations} checkpoints are evaluated on these queries: to "
                f"choose among them costs K = {self.evaluations}, so each limit is at "
                f"delta / K = {self.delta / self.evaluations:.3g}; a set of queries "
                "that no choice has seen costs nothing"
            )
        return "\n".join(said)


class HeldOut:
    """Held-out groups with a teacher's scores, on which students are evaluated.

    Parameters
    ----------
    teacher : path or object
        Scores of the teacher, as `rankbound.read_scores` takes them.
    groups : path or object
        The held-out groups, as `rankbound.read_groups` takes them.
    trained_on : path or object
        The queries that the student is trained on, which the certificate refuses: ids
        or texts of queries, a path to any file of them, or the training set itself (a
        Dataset, whose first column is the query unless one is called so). An empty
        list says that there is none.
    queries, documents : mapping of str to str, optional
        Texts by id, which evaluators of models need. With `queries`, training queries
        are recognised by their texts, too (case and blanks do not count).
    checkpoints : int, optional
        K, fixed beforehand: how many checkpoints will be evaluated at most. By default
        the evaluations so far are counted, which is valid where it does not depend on
        the results how many there will be; early stopping on these very queries needs
        the number. The count is `evaluations`: a resumed training sets it again, as
        `BoundCallback` and `BoundLightningCallback` do.
    embeddings : object, optional
        Vectors of the documents, as `rankbound.read_embeddings` takes them, for L times
        the diameter of students that have none of their own.
    teacher_kind, temperature, pairs, score_range, pilot, delta, seed, clusters
        As for `rankbound.measure`.

    Raises
    ------
    FormatError, UsageError
        When an input breaks its format, or documents lack a text.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> rows = {f"q{i}": dict(zip("abcd", 4 * rng.normal(size=4))) for i in range(99)}
    >>> groups = [{"query_id": q, "doc_id_a": "a", "doc_id_b": [*"bcd"]} for q in rows]
    >>> held = HeldOut(rows, groups, trained_on=["q0"], teacher_kind="logit")
    >>> found = held.evaluate(rows)
    >>> found.refused, found.evaluations, found.vacuous, found.entropy_is_left
    (1, 1, False, True)
    >>> held.evaluate(rows).evaluations
    2
    """

    def __init__(  # noqa: PLR0913  the settings of a measurement
        self,
        teacher: Any,
        groups: Any,
        *,
        trained_on: Any,
        queries: Texts | None = None,
        documents: Texts | None = None,
        checkpoints: int | None = None,
        embeddings: Any = None,
        teacher_kind: Kind | str | None = None,
        temperature: float | None = None,
        pairs: str = "all",
        score_range: float | None = None,
        pilot: float = 0.2,
        delta: float = 0.05,
        seed: int = 0,
        clusters: Any = None,
    ) -> None:
        whole = isinstance(checkpoints, Integral) and not isinstance(checkpoints, bool)
        if checkpoints is not None and not (whole and checkpoints > 0):
            raise UsageError(
                f"`checkpoints` must be a whole number, at least 1, got {checkpoints!r}"
            )
        if trained_on is None:
            raise UsageError(
                "`trained_on` must be the queries that the student is trained on; an "
                "empty list says that there is none"
            )
        self.teacher: Scores = read_scores(teacher)
        self.groups: Groups = read_groups(groups)
        self.queries, self.documents = queries, documents
        self.checkpoints, self.delta = checkpoints, delta
        self.evaluations = 0
        self.trained_on = self._known(trained_on)
        self._pairs = _distinct_pairs(self.groups)
        self._settings = {
            "teacher_kind": teacher_kind,
            "temperature": temperature,
            "pairs": pairs,
            "score_range": score_range,
            "pilot": pilot,
            "seed": seed,
            "clusters": clusters,
        }
        self._embeddings = embeddings

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The distinct pairs of a query and a document, by their ids."""
        return self._pairs

    def texts(self) -> list[tuple[str, str]]:
        """The same pairs by their texts.

        Raises
        ------
        UsageError
            Without texts, or where an id has none.
        """
        if self.queries is None or self.documents is None:
            raise UsageError(
                "a model scores texts; give `queries` and `documents`, which map ids "
                "to texts"
            )
        try:
            return [(self.queries[q], self.documents[d]) for q, d in self._pairs]
        except KeyError as error:
            raise UsageError(
                f"neither `queries` nor `documents` has a text for {error.args[0]!r}"
            ) from None

    def scores(self, values: Any) -> Scores:
        """The student's scores from one value for each of `pairs`."""
        if hasattr(values, "detach"):  # a tensor, perhaps a half, and on a device
            values = values.detach().double().cpu()
        found = np.asarray(values, dtype=np.float64).ravel()
        if len(found) != len(self._pairs):
            raise UsageError(
                f"{len(self._pairs):,} pairs need a score each, got {len(found):,}"
            )
        qids, query = np.unique([q for q, _ in self._pairs], return_inverse=True)
        docnos, document = np.unique([d for _, d in self._pairs], return_inverse=True)
        return Scores.from_rows(
            query.astype(np.int64),
            strings(qids.tolist()),
            document.astype(np.int64),
            strings(docnos.tolist()),
            found,
            name=STUDENT,
        )

    def also_trained_on(self, queries: Any) -> None:
        """Refuse further training queries, given as `trained_on`."""
        found, before = self._known(queries), self.trained_on
        if before is None or found is None:
            self.trained_on = found or before
            return
        self.trained_on = QueryIds.of(
            {*before.ids, *found.ids}, before.name, {**before.texts, **found.texts}
        )

    def evaluate(
        self,
        student: Any,
        *,
        kind: Kind | str = Kind.LOGIT,
        temperature: Any = None,
        embeddings: Any = None,
    ) -> Evaluation:
        """Evaluate a checkpoint, and count it if that gives a result.

        Parameters
        ----------
        student : path, object or array
            Scores as `rankbound.read_scores` takes them, or an array or tensor with one
            for each of `pairs`.
        kind : Kind or str, default "logit"
        temperature : float, tensor or "fit", optional
            Of the student: that of its loss, or chosen on the pilot queries ("fit"); 1
            for logits.
        embeddings : object, optional
            The student's own vectors of the documents, instead of those of `HeldOut`.
        """
        self.evaluations += 1
        try:
            return self.certify(
                student, kind=kind, temperature=temperature, embeddings=embeddings
            )
        except BaseException:
            self.evaluations -= 1  # nobody has seen a number to choose by
            raise

    def certify(
        self,
        student: Any,
        *,
        kind: Kind | str = Kind.LOGIT,
        temperature: Any = None,
        embeddings: Any = None,
    ) -> Evaluation:
        """Evaluate one of the checkpoints that were counted again, such as the best.

        Its limit is that for all of them; the parameters are those of `evaluate`. If
        none was counted yet, this one is.
        """
        if not self.evaluations:
            return self.evaluate(
                student, kind=kind, temperature=temperature, embeddings=embeddings
            )
        k = self.evaluations
        if self.checkpoints is not None:
            if k > self.checkpoints:
                raise UsageError(
                    f"this is evaluation {k} of at most `checkpoints` = "
                    f"{self.checkpoints}, which were to be fixed beforehand; no limit "
                    "holds for more: take queries that no choice has seen"
                )
            k = self.checkpoints
        if not isinstance(student, Scores):
            plain = hasattr(student, "__array__") or isinstance(student, list)
            student = self.scores(student) if plain else read_scores(student)
        if hasattr(temperature, "detach"):  # a tensor, perhaps one that is learned
            temperature = float(temperature.detach())
        ledger = measure(
            self.teacher,
            groups=self.groups,
            students={
                STUDENT: StudentSource(
                    STUDENT,
                    scores=student,
                    kind=None if kind is None else Kind(kind),
                    temperature=temperature,
                )
            },
            trained_on=self.trained_on,
            embeddings=self._embeddings if embeddings is None else embeddings,
            delta=self.delta / k,
            **self._settings,
        )
        (found,) = ledger.students.values()
        return _evaluation(found, ledger, evaluations=k, delta=self.delta)

    def _known(self, trained_on: Any) -> QueryIds | None:
        """Training queries by the ids of held-out ones, and others by their texts."""
        if isinstance(trained_on, str | PathLike):
            known = query_ids(trained_on, name=str(trained_on))
            ids, texts = known.ids.tolist(), known.texts
        else:
            ids, texts = [*_queries_of(trained_on)], {}
        if not ids:
            return None
        if self.queries is None:
            return QueryIds.of(ids, "trained_on", texts)
        words = {_plain(one) for one in (*ids, *texts.values()) if isinstance(one, str)}
        same = [qid for qid, text in self.queries.items() if _plain(text) in words]
        given = [one if _is_id(one, self.queries) else text_id(one) for one in ids]
        return QueryIds.of([*given, *same], "trained_on", texts)


def evaluate(  # noqa: PLR0913  the settings of a measurement
    teacher: Any,
    student: Any,
    groups: Any,
    *,
    trained_on: Any,
    kind: Kind | str = Kind.LOGIT,
    student_temperature: Any = None,
    embeddings: Any = None,
    teacher_kind: Kind | str | None = None,
    temperature: float | None = None,
    pairs: str = "all",
    checkpoints: int = 1,
    delta: float = 0.05,
    seed: int = 0,
) -> Evaluation:
    """Evaluate one student on held-out groups; `HeldOut` documents the parameters.

    Examples
    --------
    >>> rows = {f"q{i}": {"a": 3.0, "b": 0.0, "c": -3.0} for i in range(60)}
    >>> groups = [{"query_id": q, "doc_id_a": "a", "doc_id_b": [*"bc"]} for q in rows]
    >>> found = evaluate(rows, rows, groups, trained_on=[], teacher_kind="logit")
    >>> round(found.risk, 4), round(found.divergence, 4)
    (0.133, 0.0)
    """
    held = HeldOut(
        teacher,
        groups,
        trained_on=trained_on,
        embeddings=embeddings,
        teacher_kind=teacher_kind,
        temperature=temperature,
        pairs=pairs,
        checkpoints=checkpoints,
        delta=delta,
        seed=seed,
    )
    return held.evaluate(student, kind=kind, temperature=student_temperature)


def _evaluation(
    found: StudentResult, ledger: Ledger, *, evaluations: int, delta: float
) -> Evaluation:
    local, trained = found.locality, found.trained_on
    # Clipping adds to the divergence what no training can take away
    risk = found.risk if found.unclipped_risk is None else found.unclipped_risk
    return Evaluation(
        entropy=found.entropy,
        divergence=max(0.0, risk - found.entropy),
        risk=risk,
        certified_risk=found.risk,
        limit=found.upper,
        vacuous=found.upper >= LN2,
        lipschitz_times_diameter=None
        if local is None or not math.isfinite(local.lipschitz_times_diameter)
        else local.lipschitz_times_diameter,
        entropy_share=min(1.0, found.entropy / risk) if risk > 0 else 1.0,
        n_queries=found.n_queries,
        refused=0 if trained is None else trained.left_out,
        evaluations=evaluations,
        delta=delta,
        ledger=ledger,
    )


def _distinct_pairs(groups: Groups) -> list[tuple[str, str]]:
    qids = groups.qids[groups.row_query()].tolist()
    docnos = groups.docnos[groups.codes].tolist()
    return [*dict.fromkeys(zip(qids, docnos, strict=True))]


def _queries_of(trained_on: Any) -> Iterable[Any]:
    """Ids or texts: of an iterable as it is, of a Dataset those of its query column."""
    if isinstance(trained_on, QueryIds):
        return [*trained_on.ids.tolist(), *trained_on.texts.values()]
    columns: Sequence[str] | None = getattr(trained_on, "column_names", None)
    if columns is None:
        return trained_on  # type: ignore[no-any-return]
    if isinstance(columns, Mapping):  # a DatasetDict
        return [one for part in trained_on.values() for one in _queries_of(part)]
    named = [name for name in QUERY_COLUMNS if name in columns]
    return dict.fromkeys(trained_on[(named or list(columns))[0]])


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_id(one: Any, queries: Texts) -> bool:
    """Whether it is an id: one of the queries, or a word without blanks."""
    return not isinstance(one, str) or one in queries or not any(map(str.isspace, one))
