"""`Feeding`: the sampling card of what a training was actually fed, epoch by epoch.

A sampler's settings say what should be drawn; filters, duplicates, streams and resumed
runs decide what is. The wrapper keeps the rows that pass, and makes of them the card
that `rankbound inspect` and `compare` print of a file of groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.commands.cards import Card
from rankbound.commands.inspect.cards import DELTA, measured_card
from rankbound.commands.measure.inputs import known_temperature
from rankbound.data.columns import distinct_codes
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.kinds import infer_kind, to_logits
from rankbound.read.reading import read_groups, read_qrels, read_scores
from rankbound.read.vectors.embeddings import read_embeddings

FED: Final = "fed"
# Of a card, in this order
NUMBERS: Final = (
    *("entropy", "entropy_pos_neg", "floor", "suspected", "mean_distance"),
    *("largest_distance", "score_coverage", "variance_share"),
)


@dataclass(frozen=True, slots=True)
class Fed:
    """What an epoch was fed.

    Attributes
    ----------
    rows : int
        Rows that passed, repeated ones included.
    groups, queries : int
        Groups and distinct queries among them that the teacher scores.
    card : Card
        The sampling card of these groups.
    """

    rows: int
    groups: int
    queries: int
    card: Card

    def metrics(self) -> dict[str, float]:
        """The numbers of the card that are known, for a log."""
        known = {name: getattr(self.card, name) for name in NUMBERS}
        return {
            "rows": float(self.rows),
            "queries": float(self.queries),
            **{name: float(v) for name, v in known.items() if v is not None},
        }

    def sentence(self) -> str:
        """What was fed, in a line."""
        parts = [
            f"{counted(self.rows, 'row')} fed, {counted(self.queries, 'query')}",
            *(
                f"{name.replace('_', ' ')} {value:.4g}"
                for name, value in self.metrics().items()
                if name in NUMBERS
            ),
        ]
        return "; ".join([", ".join(parts), *self.card.advice])


class Feeding:
    """A data set, or an iterable of rows, that remembers what was taken from it.

    Rows are dictionaries as every reader of training records knows them: a query, a
    positive and negatives by ids or texts, with the teacher's scores as labels.

    Parameters
    ----------
    data : sequence or iterable of dict, optional
        What rows are taken from. Not needed with `collate` or `record`.
    teacher : path or object, optional
        The teacher's scores of more documents than are fed, for the coverage of its
        score range; by default the labels of the rows.
    teacher_kind : Kind or str, optional
        What they are; inferred by default.
    temperature : float, optional
        Divides them; 1 for logits. Other kinds have no entropies without one.
    qrels, embeddings : path or object, optional
        Judgements, for false negatives, and vectors of documents, for distances.
    format : str, optional
        That of the rows, as for `rankbound.read_groups`.

    Examples
    --------
    >>> rows = [{"query_id": f"q{i}", "doc_id_a": "a", "doc_id_b": ["b"]} for i in "xy"]
    >>> scores = {"qx": {"a": 2.0, "b": 1.5}, "qy": {"a": 0.5, "b": 2.5}}
    >>> feeding = Feeding(rows, teacher=scores, teacher_kind="logit")
    >>> for epoch in range(2):
    ...     taken = [feeding[0], feeding[1]]
    ...     fed = feeding.epoch()
    >>> fed.rows, fed.card.suspected
    (2, 0.5)
    """

    def __init__(  # noqa: PLR0913  what a card can use
        self,
        data: Any = None,
        *,
        teacher: Any = None,
        teacher_kind: Kind | str | None = None,
        temperature: float | None = None,
        qrels: Any = None,
        embeddings: Any = None,
        format: str | None = None,
    ) -> None:
        self.data, self.format = data, format
        self.teacher: Scores | None = None if teacher is None else read_scores(teacher)
        self.kind = None if teacher_kind is None else Kind(teacher_kind)
        self.temperature = temperature
        self.qrels = None if qrels is None else read_qrels(qrels)
        self.embeddings = None if embeddings is None else read_embeddings(embeddings)
        self._rows: list[Any] = []

    def __len__(self) -> int:
        """Rows of the data set."""
        return len(self.data)

    def __getitem__(self, place: Any) -> Any:
        """A row of the data set, which is remembered."""
        return self.record([self.data[place]])[0]

    def __getitems__(self, places: Sequence[int]) -> list[Any]:
        """Several rows, as torch's DataLoader asks for them."""
        several = getattr(self.data, "__getitems__", None)
        rows = (
            [self.data[one] for one in places] if several is None else several(places)
        )
        return self.record(rows)

    def __iter__(self) -> Iterator[Any]:
        """The rows of the data, which are remembered one by one."""
        for row in self.data:
            yield self.record([row])[0]

    def collate(self, collator: Callable[[list[Any]], Any]) -> Callable[..., Any]:
        """The same collator, which remembers the rows that it is given.

        For trainers that accept only data sets of their own kind:
        ``trainer.data_collator = feeding.collate(trainer.data_collator)``.
        """
        return _Collator(self, collator)

    def record(self, rows: list[Any]) -> list[Any]:
        """Remember rows, and return them.

        Raises
        ------
        UsageError
            In a worker process, whose memory the main process does not see.
        """
        from torch.utils.data import get_worker_info

        if get_worker_info() is not None:
            raise UsageError(
                "rows taken in a worker process cannot be remembered; set "
                "`num_workers` to 0, or give the rows of each batch to `record` in the "
                "main process"
            )
        self._rows.extend(rows)
        return rows

    def epoch(self) -> Fed:
        """What was fed since the last call, after which counting begins again.

        Raises
        ------
        FormatError
            Where the rows are no training records.
        UsageError
            Without rows, or without scores of the teacher.
        """
        rows, self._rows = self._rows, []
        if not rows:
            raise UsageError("no row was fed since the last epoch ended")
        groups = read_groups(rows, format=self.format, name=FED)
        found = self._scores(rows) if self.teacher is None else self.teacher
        kind = infer_kind(found).kind if self.kind is None else self.kind
        teacher = to_logits(found.with_kind(kind), differences=True)
        values, known = groups.scores_of(teacher)
        if not known.any():
            raise UsageError("the teacher scores no document that was fed")
        groups = groups.keep_rows(known)
        try:
            scale = known_temperature(self.temperature, kind, who=FED, option="")
        except UsageError:  # no entropies then, as on the cards of `inspect`
            scale = None
        card = measured_card(
            FED,
            groups,
            values[known],
            teacher=teacher,
            qrels=self.qrels,
            embeddings=self.embeddings,
            scale=scale,
            delta=DELTA,
        )
        queries = len(distinct_codes(groups.queries))
        return Fed(len(rows), groups.n_groups, queries, card)

    def _scores(self, rows: list[Any]) -> Scores:
        try:
            return read_scores(rows, format=self.format, name=FED)
        except FormatError as error:
            raise UsageError(
                f"the rows have no scores of the teacher ({error}); give `teacher`"
            ) from error


class _Collator:
    """A collator that remembers; what else is asked of it, the first one answers."""

    def __init__(self, feeding: Feeding, collator: Callable[[list[Any]], Any]) -> None:
        self.feeding, self.collator = feeding, collator

    def __call__(self, rows: list[Any]) -> Any:
        return self.collator(self.feeding.record(rows))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.collator, name)
