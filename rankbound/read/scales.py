"""The rule book of scales: what has to be asked about scores before they are used.

`inspect` reports what the rules find, and every command that uses scores raises it as
an error, unless the user has answered. A rule asks where a wrong guess would change
results by more than rounding: scores that stand for missing ones, scales that differ
between queries or documents, a softmax, log-probabilities.

Each threshold is chosen so that scores of one model on one scale do not reach it; the
tests draw such scores and count false alarms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar

import numpy as np
from scipy.special import gammainc

from rankbound.bounds.wording import counted
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.ordering import windows
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.kinds import infer_kind
from rankbound.read.contents import Contents
from rankbound.read.text.blocks import Column

# Values that stand for missing scores; "none" says that there are none
MissingValue = float | Sequence[float] | Literal["none"]
MissingValues = MissingValue | Mapping[str, MissingValue] | None
RunTags = str | Mapping[str, str] | None
MixedScales = Literal["error", "logit-sigmoid", "as-is"]
MIXED_SCALES: Final = ("error", "logit-sigmoid", "as-is")
NO_VALUE: Final = "none"
TEACHER: Final = "teacher"
Value = TypeVar("Value")

# A constant is far below the rest if the gap exceeds the whole range of the rest.
# Continuous scores do not repeat their minimum; where rounded ones do, it is not apart
PART: Final = 1 << 20  # scores that are counted at once
FAR: Final = 1.0
LEAST_REPEATED: Final = 2
FAR_MOSTLY: Final = 10.0  # the same where half of all scores or more are that value
LEAST_DISTINCT: Final = 8  # other values; grades on a short scale may have gaps
# A value within the others is a filling if it alone repeats: the scores of a model
# coincide for copies of a document, seldom more than a few times
LEAST_FILLED: Final = 5
SHARE_FILLED: Final = 0.005
TIMES_FILLED: Final = 5  # more often than any other value
SHARE_DISTINCT: Final = 0.9  # of the other rows
# Numbers of another model are written with other values; a constant given as -3.4e38
# stands for the nearest that occurs
NEAR: Final = 1e-3
# Queries whose scores all lie in [0, 1], among others of both signs beyond [-1, 1].
# Lists of logits can be as narrow by chance, but then as many lie elsewhere, too
LEAST_INSIDE: Final = 2
CHANCE: Final = 1e-4  # that as many lie there, if narrow queries lie anywhere
LEAST_LIST: Final = 3  # documents of a query that says something about its scale
# A single query counts if all others are far wider
WIDE: Final = 2.0
MIDDLE: Final = (0.1, 0.9)
LEAST_OTHERS: Final = 10
# A density of logits has no edges at 0 and 1; sigmoids crowd within
EDGE: Final = 0.1
LEAST_AT_EDGE: Final = 10
TIMES_AT_EDGE: Final = 4
TIMES_AT_END: Final = 2
# Copies of a query put their scores on one side of an edge by chance, but no more of
# them there than the density of the scores around
TIMES_AS_DENSE: Final = 2


@dataclass(frozen=True, slots=True)
class Question:
    """What must be answered before scores are used.

    Attributes
    ----------
    code : str
        "missing-value", "mixed-scales", "softmax" or "log-probability".
    count : int
        Scores or queries that it is about.
    message : str
        What was found.
    remedy : str
        What to do; parameters stand in backticks.
    where : str or None
        An example.
    """

    code: str
    count: int
    message: str
    remedy: str
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the user said about the scores of one file.

    Attributes
    ----------
    kind : Kind or None
    missing_value : float, sequence of float, "none" or None
    mixed_scales : {"error", "logit-sigmoid", "as-is"}
    kind_option : str
        The parameter that takes the kind, for messages.
    """

    kind: Kind | None = None
    missing_value: MissingValue | None = None
    mixed_scales: MixedScales = "error"
    kind_option: str = "teacher_kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the user said about the scores of all files.

    Mappings are keyed by the name of a student, "teacher" or the path of a file; what
    stands under "" is for all others.
    """

    missing_value: Mapping[str, MissingValue] = field(default_factory=dict)
    run_tag: Mapping[str, str] = field(default_factory=dict)
    mixed_scales: MixedScales = "error"

    def of(self, names: tuple[str, ...], kind: Kind | None) -> Answer:
        """The answer about the scores of these names, the particular one first."""
        option = "teacher_kind" if TEACHER in names else "StudentSource.kind"
        return Answer(
            kind=kind,
            missing_value=_under(self.missing_value, names),
            mixed_scales=self.mixed_scales,
            kind_option=option,
        )

    def tag_of(self, names: tuple[str, ...]) -> str | None:
        """The run tag for the scores of these names."""
        return _under(self.run_tag, names)


def _under(given: Mapping[str, Value], names: tuple[str, ...]) -> Value | None:
    return next((given[name] for name in (*names, "") if name in given), None)


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Scores on one scale, with their kind.

    Attributes
    ----------
    scores : Scores
        Without those that stand for missing ones.
    evidence : str
        Why they are taken for their kind.
    missing : Scores or None
        Those that stand for missing ones.
    notes : tuple of str
        What was done on the user's word.
    """

    scores: Scores
    evidence: str
    missing: Scores | None = None
    notes: tuple[str, ...] = ()


def settled(scores: Scores, answer: Answer, *, scale_matters: bool = True) -> Settled:
    """Apply what the user said, and ask what is left to ask.

    Parameters
    ----------
    scores : Scores
    answer : Answer
    scale_matters : bool
        False where only the order within each query will be used: then only missing
        scores are asked about.

    Raises
    ------
    UsageError
        For the first question without an answer; for a missing value that does not
        occur among several that were meant for one file; where no score is left.

    Examples
    --------
    >>> run = {f"q{n}": {"a": n - 2.5, "b": -1e4, "c": 1.5 * n} for n in range(5)}
    >>> settled(Scores.from_dict(run, name="t.run"), Answer())
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: t.run: 5 of 15 scores (33.3%) are -10000, ...
    >>> made = settled(Scores.from_dict(run), Answer(missing_value=-1e4))
    >>> made.scores.values.size, made.missing.values.size, made.scores.kind.value
    (10, 5, 'logit')
    """
    kept, missing, notes = without_missing(scores, answer.missing_value)
    asked = questions(kept, answer, scale_matters=scale_matters)
    if asked:
        first, more = asked[0], len(asked) - 1
        rest = f" ({counted(more, 'more question')} after this)" if more else ""
        raise UsageError(f"{scores.name}: {first.message}; {first.remedy}{rest}")
    if scale_matters and answer.mixed_scales == "logit-sigmoid":
        kept, said = _as_logits(kept)
        notes += said
    kinded, evidence = with_kind(kept, answer.kind)
    return Settled(kinded, evidence, missing, notes)


def with_kind(scores: Scores, kind: Kind | None) -> tuple[Scores, str]:
    """Scores with their kind (from the user, the format or the values), and why.

    Examples
    --------
    >>> with_kind(Scores.from_dict({"q": {"a": 1.5, "b": 9.5}}), Kind.BM25)[1]
    'as given'
    """
    if kind is not None:
        return scores.with_kind(kind), "as given"
    if scores.kind is not Kind.UNKNOWN:
        return scores, "by the format"
    guess = infer_kind(scores)
    return scores.with_kind(guess.kind), f"inferred: {guess.evidence}"


def questions(
    scores: Scores, answer: Answer | None = None, *, scale_matters: bool = True
) -> tuple[Question, ...]:
    """Everything that is to be asked about scores and has no answer yet.

    Parameters
    ----------
    scores : Scores
        Without those that stand for missing ones.
    answer : Answer, optional
    scale_matters : bool
        As for `settled`.

    Examples
    --------
    >>> soft = {f"q{n}": {"a": 0.5, "b": 0.5 - n / 9, "c": n / 9} for n in range(1, 4)}
    >>> [one.code for one in questions(Scores.from_dict(soft))]
    ['softmax']
    """
    answer = answer or Answer()
    if scores.origins is not None or scores.kind in (Kind.RANK_ONLY, Kind.MARGIN_ONLY):
        return ()
    found = [] if answer.missing_value == NO_VALUE else [_missing(scores)]
    if scale_matters and not any(found):  # a sentinel would hide every scale
        found += [_mixed(scores, answer), _kind(scores, answer)]
    return tuple(one for one in found if one is not None)


def without_missing(
    scores: Scores, value: MissingValue | None
) -> tuple[Scores, Scores | None, tuple[str, ...]]:
    """Scores without those of a value, these, and what to tell of it.

    Where the value itself does not occur, the nearest that does counts, if it repeats
    and lies within a thousandth: -3.4e38 stands for the smallest float32.

    Raises
    ------
    UsageError
        Where no other score is left.

    Examples
    --------
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": -99.0, "c": -99.0}})
    >>> kept, missing, _ = without_missing(scores, -99.0)
    >>> kept.values.tolist(), missing.values.tolist()
    ([2.0], [-99.0, -99.0])
    """
    if value is None or isinstance(value, str):
        return scores, None, ()
    several = [value] if isinstance(value, int | float) else value
    gone = np.zeros(len(scores.values), dtype=bool)
    for given in several:
        gone |= _occurring(scores.values, float(given))
    if not gone.any():
        return scores, None, ()
    words = " or ".join(map(number_words, np.unique(scores.values[gone]).tolist()))
    if gone.all():
        raise UsageError(
            f"{scores.name}: `missing_value` leaves no score: all {len(gone):,} are "
            f"{words}; give another value"
        )
    count, total = int(gone.sum()), len(gone)
    note = (
        f"{scores.name}: {count:,} of {total:,} scores ({count / total:.1%}) are "
        f"{words}, and were taken for missing"
    )
    return scores.keep_rows(~gone), scores.keep_rows(gone), (note,)


def without_missing_of(contents: Contents, value: MissingValue | None) -> Contents:
    """The contents of a file without scores that stand for missing ones.

    Ranks are left out, too: those of the rows that stay would have gaps.

    Examples
    --------
    >>> from pathlib import Path
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": -99.0}})
    >>> held = Contents("toy", Path("x"), scores=scores)
    >>> without_missing_of(held, -99.0).scores.values.tolist()
    [2.0]
    """
    if value is None or contents.scores is None:
        return contents
    kept, missing, notes = without_missing(contents.scores, value)
    if missing is None:
        return contents
    return replace(contents, scores=kept, ranks=None, notes=(*contents.notes, *notes))


def _occurring(values: Floats, given: float) -> Booleans:
    """Where a value stands, or the nearest that repeats."""
    found = values == given
    if not found.any():
        near = values[np.argmin(np.abs(values - given))]
        found = values == near
        if abs(near - given) > NEAR * abs(given) or found.sum() < LEAST_REPEATED:
            return np.zeros(len(values), dtype=bool)
    return np.asarray(found)


def _missing(scores: Scores) -> Question | None:
    found, apart = far_constant(scores), "far below all others"
    if found is None:
        found, apart = filled_constant(scores), "and no other score repeats like that"
    if found is None:
        return None
    value, count = found
    total = len(scores.values)
    qid, docno = scores.where(int(np.argmax(scores.values == value)))
    return Question(
        "missing-value",
        count,
        f"{count:,} of {total:,} scores ({count / total:.1%}) are "
        f"{number_words(value)}, {apart}, as where it stands for a missing score",
        f"say `missing_value={number_words(value)}` to take them for missing, or "
        f"`missing_value='{NO_VALUE}'` if they are scores",
        f"query {qid!r}, document {docno!r}",
    )


def far_constant(scores: Scores) -> tuple[float, int] | None:
    """The lowest score and its number, where it lies far below all others.

    It stands more than once, and the gap above it is wider than the range of all other
    scores (10 times as wide if those are fewer), of which eight or more differ.

    Examples
    --------
    >>> run = {"q": {f"d{n}": n / 4 for n in range(9)} | {"x": -1e4, "y": -1e4}}
    >>> far_constant(Scores.from_dict(run))
    (-10000.0, 2)
    """
    values = scores.values
    lowest = float(values.min())
    count = int(np.sum(values == lowest))
    higher = values > lowest
    if not higher.any():
        return None
    low = float(np.min(values, where=higher, initial=np.inf))
    far = FAR if count < len(values) - count else FAR_MOSTLY
    high = float(values.max())
    near = low - lowest <= far * (high - low) or count < LEAST_REPEATED
    if near or len(np.unique(values[higher])) < LEAST_DISTINCT:
        return None
    return lowest, count


def filled_constant(scores: Scores) -> tuple[float, int] | None:
    """A score that repeats within the others, where nothing else does, and its number.

    Queries with one score for all their documents do not count.

    Examples
    --------
    >>> run = {f"q{n}": {"a": n + 0.3, "b": 0.0, "c": -1.7 * n} for n in range(1, 9)}
    >>> filled_constant(Scores.from_dict(run))
    (0.0, 8)
    """
    starts = scores.offsets[:-1]
    low = np.minimum.reduceat(scores.values, starts)
    high = np.maximum.reduceat(scores.values, starts)
    differ = low < high
    held = Column(np.float64)
    for first, last in windows(scores.offsets, PART):
        rows = slice(*scores.offsets[[first, last]].tolist())
        sizes = np.diff(scores.offsets[first : last + 1])
        held.append(scores.values[rows][np.repeat(differ[first:last], sizes)])
    found = _often(held.taken())
    if found.distinct < LEAST_DISTINCT:
        return None
    others = found.total - found.count
    most = max(LEAST_FILLED, SHARE_FILLED * found.total, TIMES_FILLED * found.second)
    inside = 0 < found.place < found.distinct - 1
    distinct = found.distinct - 1 >= SHARE_DISTINCT * others
    if not (inside and distinct and found.count >= most):
        return None
    queries = scores.row_query()[scores.values == found.value]
    return (found.value, found.count) if len(set(queries)) > 1 else None


@dataclass(frozen=True, slots=True)
class _Often:
    """The value that stands most often; `place` is its place among the distinct ones.

    `second` is how often the next stands, and `total` how many values there are.
    """

    value: float
    count: int
    place: int
    second: int
    distinct: int
    total: int


def _often(values: Floats) -> _Often:
    """The most frequent of some values, the least of several; their order is lost."""
    values.sort()
    best, last = _Often(math.nan, 0, -1, 0, 0, len(values)), (math.nan, 0)
    for start in range(0, len(values), PART):
        part = values[start : start + PART]
        begins = np.flatnonzero(np.append(True, part[1:] != part[:-1]))
        counts = np.diff(begins, append=len(part))
        if part[0] == last[0]:  # it began in the part before
            counts[0] += last[1]
        else:
            best = _better(best, np.array(last[:1]), np.array(last[1:]))
        best = _better(best, part[begins[:-1]], counts[:-1])
        last = float(part[begins[-1]]), int(counts[-1])
    return _better(best, np.array(last[:1]), np.array(last[1:]))


def _better(best: _Often, values: Floats, counts: Integers) -> _Often:
    """The same with further values, each with its number; one of 0 is none."""
    if not counts.any():
        return best
    at = int(np.argmax(counts))
    count = int(counts[at])
    rest = int(np.delete(counts, at).max(initial=0))
    distinct = best.distinct + len(counts)
    if count <= best.count:
        second = max(best.second, count)
        return replace(best, second=second, distinct=distinct)
    return _Often(
        value=float(values[at]),
        count=count,
        place=best.distinct + at,
        second=max(best.count, rest),
        distinct=distinct,
        total=best.total,
    )


def _mixed(scores: Scores, answer: Answer) -> Question | None:
    if answer.mixed_scales != "error":
        return None
    inside = sigmoid_queries(scores)
    if inside is not None:
        names = [repr(qid) for qid in scores.qids[inside][:3]]
        more = " ..." if inside.sum() > len(names) else ""
        return Question(
            "mixed-scales",
            int(inside.sum()),
            f"the scores of {int(inside.sum()):,} of {scores.n_queries:,} queries "
            f"({', '.join(names)}{more}) lie in [0, 1], as after a sigmoid, and those "
            "of the others are logits",
            "say `mixed_scales='logit-sigmoid'` to make logits of the former, "
            "`mixed_scales='as-is'` if all are on one scale, or score them again",
            f"query {scores.qids[np.argmax(inside)]!r}",
        )
    crowded = crowded_documents(scores)
    if crowded is None:
        return None
    return Question(
        "mixed-scales",
        crowded,
        f"{crowded:,} of {len(scores.values):,} scores crowd just within 0 and 1, and "
        "others lie on both sides: within queries, some documents seem to have a "
        "sigmoid's scores and some have logits",
        "score them again with one model, or say `mixed_scales='as-is'` if all are on "
        "one scale",
    )


def sigmoid_queries(scores: Scores) -> Booleans | None:
    """The queries in [0, 1] where the others have logits; None if all are on one scale.

    Most others have a negative score. Queries of fewer than three documents say
    nothing. If scores were on one scale, a query that is as narrow as w < 1 might lie
    anywhere in the range that holds 80 % of the others' scores, of width L: inside
    [0, 1] with a chance of (1 - w) / L. Too many inside, by a Poisson tail of 0.01 %,
    are on another scale; so is a single one if ten others or more are all twice as
    wide as [0, 1].

    Returns
    -------
    boolean array, shape (n_queries,), or None

    Examples
    --------
    >>> run = {f"q{n}": {"a": 0.9, "b": 0.2 + n / 20, "c": 0.05} for n in range(3)}
    >>> run |= {f"r{n}": {"a": 4.5 + n, "b": -1.5, "c": -6.5} for n in range(5)}
    >>> sigmoid_queries(Scores.from_dict(run)).tolist()
    [True, True, True, False, False, False, False, False]
    """
    starts = scores.offsets[:-1]
    low = np.minimum.reduceat(scores.values, starts)
    high = np.maximum.reduceat(scores.values, starts)
    tells = (scores.sizes >= LEAST_LIST) & (low < high)
    inside = (low >= 0) & (high <= 1) & (low < high)
    beyond = tells & ((low < -1) | (high > 1))
    both_signs = bool(np.any(scores.values < -1)) and bool(np.any(scores.values > 0))
    # BM25 has queries of small scores, and no negative ones
    if not both_signs or 2 * np.sum(low[beyond] < 0) <= np.sum(beyond):
        return None
    others = tells & ~inside
    count = int(np.sum(tells & inside))
    if not (count and np.any(beyond)):
        return None
    width = high - low
    held = scores.values[np.repeat(others, scores.sizes)]
    wide = max(1.0, float(np.ptp(np.quantile(held, MIDDLE))))
    expected = float(np.sum(np.maximum(0.0, 1 - width[tells])) / wide)
    enough = count >= LEAST_INSIDE and float(gammainc(count, expected)) < CHANCE
    lone = int(others.sum()) >= LEAST_OTHERS and float(width[others].min()) > WIDE
    return np.asarray(inside) if enough or (count == 1 and lone) else None


def crowded_documents(scores: Scores) -> int | None:
    """Scores within 0.1 of 0 and 1 on the inside, if they outnumber those outside.

    At both ends there are ten at least, and twice as many as outside; together, four
    times as many, and twice as many as the scores within 1 outside of [0, 1] would put
    there. Exact zeros and ones do not count.

    Examples
    --------
    >>> crowded_documents(Scores.from_dict({"q": {"a": 2.5, "b": -3.5}})) is None
    True
    """
    values = scores.values
    if not (np.any(values < -1) and np.any(values > 1)):
        return None
    above_0 = int(np.sum((values > 0) & (values <= EDGE)))
    below_0 = int(np.sum((values < 0) & (values >= -EDGE)))
    below_1 = int(np.sum((values < 1) & (values >= 1 - EDGE)))
    above_1 = int(np.sum((values > 1) & (values <= 1 + EDGE)))
    crowd, others = above_0 + below_1, below_0 + above_1
    ends = ((above_0, below_0), (below_1, above_1))
    if any(
        within < LEAST_AT_EDGE or within <= TIMES_AT_END * (outside + 1)
        for within, outside in ends
    ):
        return None
    around = int(np.sum((np.abs(values - 0.5) > 0.5) & (np.abs(values - 0.5) <= 1.5)))
    crowded = crowd > max(TIMES_AT_EDGE * (others + 1), TIMES_AS_DENSE * EDGE * around)
    return crowd if crowded else None


def _kind(scores: Scores, answer: Answer) -> Question | None:
    if answer.kind is not None or scores.kind is not Kind.UNKNOWN:
        return None
    guess = infer_kind(scores)
    option = answer.kind_option
    if guess.kind is Kind.SOFTMAX:
        return Question(
            "softmax",
            int(np.sum(scores.sizes > 1)),
            f"{guess.evidence}: a softmax over the documents of each query",
            f"say `{option}='softmax'` to take differences of their logarithms, or "
            "another kind if they are none",
        )
    if guess.kind is Kind.LOG_PROBABILITY:
        return Question(
            "log-probability",
            len(scores.values),
            f"{guess.evidence}: log-probabilities, as of monoT5",
            f"say `{option}='log-probability'` to make logits of them, or "
            "another kind if they are none",
        )
    return None


def _as_logits(scores: Scores) -> tuple[Scores, tuple[str, ...]]:
    inside = sigmoid_queries(scores)
    if inside is None:
        return scores, ()
    rows = np.repeat(inside, scores.sizes)
    values: Floats = scores.values.copy()
    chosen = values[rows]
    bad = np.flatnonzero((chosen <= 0) | (chosen >= 1))
    if bad.size:
        qid, docno = scores.where(int(np.flatnonzero(rows)[bad[0]]))
        raise UsageError(
            f"{scores.name}: `mixed_scales='logit-sigmoid'`: query {qid!r}, document "
            f"{docno!r} has {float(chosen[bad[0]])!r}, whose logit is infinite; score "
            "it again"
        )
    values[rows] = np.log(chosen) - np.log1p(-chosen)
    note = (
        f"{scores.name}: the scores of {int(inside.sum()):,} of "
        f"{scores.n_queries:,} queries lie in (0, 1), and were made logits "
        "(`mixed_scales='logit-sigmoid'`)"
    )
    return scores.with_values(values, kind=scores.kind), (note,)


def number_words(value: float) -> str:
    """A number as it is given on a command line.

    Examples
    --------
    >>> [number_words(value) for value in (-1e4, -3.4028234663852886e38, 0.25)]
    ['-10000', '-3.4028234663852886e+38', '0.25']
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
