"""The kind of the scores in a file, how they were made, and how they become logits.

Pairwise entropy depends on the scale of the scores, so their kind has to be known.
Either the user gives it, or it is inferred from evidence that is reported with the
guess. The guess leans towards kinds that require a temperature, since a wrong "logit"
or "probability" would go unnoticed, while a wrong "cosine" or "unknown" asks a
question.

Scores that were squashed into [0, 1], normalised per query, stored in half precision or
computed from the rank look like scores of a model, but their entropies mean something
else. The functions from `ties` on each test for one such history, on the values alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.ordering import ranked_windows
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.pairwise import pairwise_entropy

NEEDS_TEMPERATURE = frozenset(
    {Kind.COSINE, Kind.PROBABILITY_OR_COSINE, Kind.DOT, Kind.BM25, Kind.UNKNOWN}
)
# What `to_logits` changes
CONVERTED = frozenset({Kind.PROBABILITY, Kind.LOG_PROBABILITY, Kind.SOFTMAX})
# Guessed, and no answer to the question
GUESSES_ONLY = frozenset({Kind.PROBABILITY_OR_COSINE})
# Logits of a relevance model rarely span more than this within a query; odds of e**60
# mean that the scores have another scale.
LARGEST_LOGIT_SPREAD = 60.0
# Score gaps that agree with those of another query before a run counts as rank-only
LEAST_COINCIDENCES = 4
PART = 1 << 16  # values that are looked at together
# Search engines that break ties change scores by about this share of their range
CLOSE = 1e-6
MOST_DECIMALS = 9
# Binary entropy of sigmoid(1), rounded down: the smallest of scores within 1 of each
# other
SQUASHED_BITS = 0.8399
LEAST_ON_LATTICE = 8
ROUNDING = 1e-6  # error of a sum of scores written with six decimals
LEAST_IN_LISTS = 3  # pairs: one list of three documents; two scores add up by chance
MOST = 0.9  # of the queries, which share a property that a file is said to have
# A list that a softmax gives adds up to 1 in half precision, too
HALF_ROUNDING = 2.0**-8
# Log-probabilities of relevance reach from almost certain to almost excluded. Negative
# distances of unit vectors stay above the lower one (-2), log-likelihoods of texts
# below the upper one
BEST_LOG, WORST_LOG = float(np.log(0.5)), float(np.log(0.05))


@dataclass(frozen=True, slots=True)
class KindGuess:
    """A kind with the evidence for it.

    Attributes
    ----------
    kind : Kind
    evidence : str
        The end of a sentence such as "inferred: logit, since ...".
    """

    kind: Kind
    evidence: str


def infer_kind(scores: Scores) -> KindGuess:
    """Guess the kind of the values of a score file.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    KindGuess
        With the evidence in words.

    Examples
    --------
    >>> infer_kind(Scores.from_dict({"q": {"a": 4.2, "b": -3.0}})).kind.value
    'logit'
    >>> infer_kind(Scores.from_dict({"q": {"a": 0.71, "b": 0.35}})).kind.value
    'probability or cosine'
    >>> infer_kind(Scores.from_dict({"q": {"a": -0.01, "b": -4.6}})).kind.value
    'log-probability'
    """
    if is_rank_only(scores):
        return KindGuess(
            Kind.RANK_ONLY, "the score is the same function of the rank in every query"
        )
    low, high = float(scores.values.min()), float(scores.values.max())
    between = f"all scores lie in [{low:.4g}, {high:.4g}]"
    if is_softmax(scores):
        return KindGuess(
            Kind.SOFTMAX, f"{between} and add up to 1 in every query of two or more"
        )
    return _by_range(scores, low, high, between)


def _by_range(scores: Scores, low: float, high: float, between: str) -> KindGuess:
    if low == high or (low >= -1 and high <= 1):
        return _within_one(low, high, between)
    if low >= 0:
        product = "none negative: an inner product, dense or BM25"
        return KindGuess(Kind.DOT, f"{between}, {product}")
    if high <= 0:
        return _none_positive(scores, low, high, between)
    least, largest = _ends(scores)
    spread = float((largest - least).max())
    if spread > LARGEST_LOGIT_SPREAD:
        apart = f"{between}, {spread:.4g} apart within one query"
        return KindGuess(Kind.UNKNOWN, apart)
    return KindGuess(Kind.LOGIT, f"{between}, of both signs")


def _within_one(low: float, high: float, between: str) -> KindGuess:
    if low == high:
        return KindGuess(Kind.UNKNOWN, f"all scores are {low:.4g}")
    if low < 0:
        return KindGuess(Kind.COSINE, f"{between}, some negative")
    if low <= 0.05 and high >= 0.95:
        return KindGuess(Kind.PROBABILITY, f"{between} and reach both ends")
    if high < 0.2:
        return KindGuess(Kind.UNKNOWN, f"{between}, which no usual model gives")
    return KindGuess(
        Kind.PROBABILITY_OR_COSINE, f"{between} and do not reach both 0 and 1"
    )


def _none_positive(scores: Scores, low: float, high: float, between: str) -> KindGuess:
    small = scores.with_values(np.exp(scores.values), kind=scores.kind)
    if is_softmax(small):
        return KindGuess(
            Kind.LOGIT,
            f"{between}, and their exponentials add up to 1 in every query: a "
            "log-softmax, which is the logits up to a constant",
        )
    if high >= BEST_LOG and low <= WORST_LOG:
        return KindGuess(
            Kind.LOG_PROBABILITY,
            f"{between}, none positive, from almost certain to almost excluded",
        )
    return KindGuess(Kind.UNKNOWN, f"{between}, none positive")


def is_rank_only(scores: Scores) -> bool:
    """Whether the scores of all queries are the same function of the rank.

    Such scores (N - rank, 1 / rank, 2**(-rank / 10)) have the same pairwise entropy for
    every query, which says nothing about the teacher. Queries may be shifted by a
    constant each, and constant scores are not called rank-only.

    Examples
    --------
    >>> run = {q: {f"{q}{r}": 1 / (r + 1) for r in range(9)} for q in "ab"}
    >>> is_rank_only(Scores.from_dict(run))
    True
    """
    longest = int(np.argmax(scores.sizes))
    # Two queries tell nearly every file apart, without an order of all rows
    pattern = _below_best(scores, longest)
    other = _below_best(scores, int(longest == 0) if scores.n_queries > 1 else longest)
    largest = max(abs(scores.values.min()), abs(scores.values.max()))
    tolerance = 1e-9 * largest
    if np.any(np.abs(pattern[: len(other)] - other) > tolerance):
        return False
    coincidences = len(scores.values) - scores.n_queries - (len(pattern) - 1)
    if pattern.max() == 0 or coincidences < LEAST_COINCIDENCES:
        return False
    for part in ranked_windows(scores):
        values = scores.values[part.order]
        best = values[part.offsets[:-1]]
        below_best = np.repeat(best, np.diff(part.offsets)) - values
        if not (np.abs(below_best - pattern[part.places]) <= tolerance).all():
            return False
    return True


def _below_best(scores: Scores, query: int) -> Floats:
    """How far the documents of a query lie below its best one, the best first."""
    values = scores.values[scores.offsets[query] : scores.offsets[query + 1]]
    return np.asarray(values.max(initial=-np.inf) - np.sort(values)[::-1])


def to_logits(scores: Scores, *, differences: bool = False) -> Scores:
    """Convert probabilities to logits; scores of other kinds are returned unchanged.

    A probability p becomes ln p - ln(1 - p), and so does a log-probability, which is
    ln p. A softmax over the documents of a query becomes ln p: the logits that it was
    taken of, up to a constant of the query.

    Margins of a teacher are differences of its scores. They suffice where only
    differences within given groups count: for pairwise entropy and divergence, and for
    a softmax over a list, which a common shift does not change. They do not determine
    the best documents of a query, since scores from margins are known only up to a
    constant for each connected part of the documents (`estimators.margins`).

    Parameters
    ----------
    scores : Scores
    differences : bool
        Whether only differences within given groups will be used.

    Returns
    -------
    Scores
        In logits, if they were probabilities of some form.

    Raises
    ------
    DomainError
        For a probability outside (0, 1), or a softmax whose scores exceed 1 in sum,
        which the message names; for rank-only scores,
        which have no pairwise entropy of a teacher; for margins, unless `differences`.

    Examples
    --------
    >>> half = Scores.from_dict({"q": {"a": 0.5}}).with_kind(Kind.PROBABILITY)
    >>> to_logits(half).values.tolist()
    [0.0]
    """
    if scores.kind is Kind.RANK_ONLY:
        raise DomainError(
            f"{scores.name}: rank-only scores are refused: the score is a function of "
            "the rank alone, so entropy and margins are the same constant for every "
            "query and say nothing about the model; give the model's own scores"
        )
    margins = scores.kind is Kind.MARGIN_ONLY or scores.origins is not None
    if margins and not differences:
        raise DomainError(
            f"{scores.name}: margins of chosen pairs are refused without their groups: "
            "they give scores up to an unknown constant for each connected part of a "
            "query's documents, so they cannot rank every document of a query; give "
            "groups of documents that the margins join, or the scores the margins were "
            "made from"
        )
    if scores.kind not in CONVERTED:
        return scores
    if margins:
        raise DomainError(
            f"{scores.name}: margins of probabilities are refused: the difference of "
            "two logits does not follow from that of two probabilities; give the "
            "probabilities themselves"
        )
    if scores.kind is Kind.LOG_PROBABILITY:
        return scores.with_values(_logits_of_logs(scores), kind=Kind.LOGIT)
    if scores.kind is Kind.SOFTMAX:
        return scores.with_values(_logs_of_softmax(scores), kind=Kind.LOGIT)
    return scores.with_values(_logits(scores), kind=Kind.LOGIT)


def _logits_of_logs(scores: Scores) -> Floats:
    values = scores.values
    bad = np.flatnonzero(values >= 0)
    if bad.size:
        qid, docno = scores.where(int(bad[0]))
        raise DomainError(
            f"{scores.name}: {bad.size} log-probabilities are not below 0, the first "
            f"{float(values[bad[0]])!r} for query {qid!r}, document {docno!r}; their "
            "logit is infinite or does not exist: give the model's logits, write more "
            "digits, or say another kind"
        )
    # ln p - ln(1 - p); near p = 1, 1 - p is -expm1
    return np.asarray(values - np.log(-np.expm1(values)))


def _logs_of_softmax(scores: Scores) -> Floats:
    values = scores.values
    bad = np.flatnonzero(values <= 0)
    if bad.size:
        qid, docno = scores.where(int(bad[0]))
        raise DomainError(
            f"{scores.name}: {bad.size} softmax scores are not above 0, the first "
            f"{float(values[bad[0]])!r} for query {qid!r}, document {docno!r}; their "
            "logarithm does not exist: give the scores from before the softmax, or "
            "write more digits"
        )
    sums = np.add.reduceat(values, scores.offsets[:-1])
    over = np.flatnonzero(sums > 1 + scores.sizes * HALF_ROUNDING)
    if over.size:
        query = int(over[0])
        raise DomainError(
            f"{scores.name}: the scores of query {scores.qids[query]!r} add up to "
            f"{sums[query]:.6g} (above 1 in {over.size} of "
            f"{counted(scores.n_queries, 'query')}), so they are no softmax "
            "over its documents; say another kind"
        )
    return np.log(values)


def _logits(scores: Scores) -> Floats:
    values = scores.values
    bad = np.flatnonzero((values <= 0) | (values >= 1))
    if bad.size:
        qid, docno = scores.where(int(bad[0]))
        raise DomainError(
            f"{scores.name}: {bad.size} probabilities are not strictly between 0 and "
            f"1, the first {float(values[bad[0]])!r} for query {qid!r}, document "
            f"{docno!r}; their logit is infinite: give the model's logits, write more "
            "digits, or, if these are similarities, say that their kind is cosine"
        )
    return np.asarray(np.log(values) - np.log1p(-values))


@dataclass(frozen=True, slots=True)
class Ties:
    """Neighbours in rankings whose scores are equal, or almost.

    Attributes
    ----------
    neighbours : int
        Pairs of adjacent documents, over all queries.
    equal : int
        Those with equal scores.
    close : int
        Those with different scores that are at most 1e-6 of the file's range apart.
    queries : int
        Queries with equal neighbours.
    largest : int
        Largest number of documents of one query with the same score; 1 without ties.
    shared : int
        Documents that share their score with another document of the query.
    """

    neighbours: int
    equal: int
    close: int
    queries: int
    largest: int
    shared: int


def ties(scores: Scores) -> Ties:
    """Count ties, and score differences that are too small for a model.

    Examples
    --------
    >>> run = {"q": {"a": 3.0, "b": 3.0, "c": 2.0, "d": 1.9999999}}
    >>> ties(Scores.from_dict(run))
    Ties(neighbours=3, equal=1, close=1, queries=1, largest=2, shared=2)
    """
    equal = close = queries = shared = 0
    largest, width = 1, scores.values.max() - scores.values.min()
    for part in ranked_windows(scores):
        query, values = part.queries, scores.values[part.order]
        inside = query[1:] == query[:-1]
        gaps = values[:-1] - values[1:]
        same = inside & (gaps == 0)
        beginning = np.concatenate([[True], ~same])
        plateaus = np.diff(np.append(np.flatnonzero(beginning), len(values)))
        equal += int(same.sum())
        close += int(np.sum(inside & (gaps > 0) & (gaps <= CLOSE * width)))
        queries += len(np.unique(query[1:][same]))
        largest = max(largest, int(plateaus.max()))
        shared += int(plateaus[plateaus > 1].sum())
    neighbours = len(scores.values) - scores.n_queries
    return Ties(neighbours, equal, close, queries, largest, shared)


def close_by_chance(scores: Scores) -> int:
    """Number of neighbours expected by chance within the distance of `Ties.close`.

    If scores are merely dense, as many neighbours are between one and two such steps
    apart as within one step. Tie breaking of an engine only makes steps below one.

    Examples
    --------
    >>> run = {"q": {"a": 3.0, "b": 2.9999999, "c": 2.0, "d": 1.9999999}}
    >>> close_by_chance(Scores.from_dict(run))
    0
    """
    step = CLOSE * (scores.values.max() - scores.values.min())
    found = 0
    for part in ranked_windows(scores):
        query, values = part.queries, scores.values[part.order]
        gaps = (values[:-1] - values[1:])[query[1:] == query[:-1]]
        found += int(np.sum((gaps > step) & (gaps <= 2 * step)))
    return found


def constant_queries(scores: Scores) -> Integers:
    """Positions of the queries with two or more documents that all have one score.

    Examples
    --------
    >>> run = {"p": {"a": 1.0, "b": 1.0}, "q": {"a": 1.0, "b": 2.0}, "r": {"a": 1.0}}
    >>> constant_queries(Scores.from_dict(run)).tolist()
    [0]
    """
    low, high = _ends(scores)
    return np.flatnonzero((low == high) & (scores.sizes > 1))


def min_max_queries(scores: Scores) -> int:
    """Number of queries whose scores run from exactly 0 to exactly 1.

    Min-max normalisation per query has this effect on every query with two scores.

    Examples
    --------
    >>> min_max_queries(Scores.from_dict({"q": {"a": 0.0, "b": 0.3, "c": 1.0}}))
    1
    """
    low, high = _ends(scores)
    return int(np.sum((low == 0) & (high == 1)))


def adds_up_to_one(scores: Scores) -> Booleans:
    """Which queries have two scores or more, none negative, that add up to 1.

    Sums may be off by what rounding to the file's decimals, or to half precision, does.

    Returns
    -------
    boolean array, shape (n_queries,)

    Examples
    --------
    >>> adds_up_to_one(Scores.from_dict({"q": {"a": 0.333, "b": 0.333, "c": 0.333}}))
    array([ True])
    """
    low, high = _ends(scores)
    sums = np.add.reduceat(scores.values, scores.offsets[:-1])
    shaped = (low >= 0) & (high <= 1) & (high > 0) & (scores.sizes > 1)
    widest = ROUNDING + HALF_ROUNDING
    if not np.any(shaped & (np.abs(sums - 1) <= widest * scores.sizes)):
        return np.zeros(scores.n_queries, dtype=bool)
    digits = decimals(scores.values)
    unit = ROUNDING if digits is None else max(ROUNDING, 0.5 * 10.0**-digits)
    slack = unit * np.maximum(scores.sizes, 10)
    if lattice(scores.values) in ("bfloat16", "float16"):
        slack = slack + HALF_ROUNDING
    return np.asarray(shaped & (np.abs(sums - 1) <= slack))


def is_softmax(scores: Scores) -> bool:
    """Whether scores were made by a softmax over the documents of each query.

    At least nine in ten queries of two documents or more add up to 1, and there is more
    than one pair: two scores may do so by chance.

    Examples
    --------
    >>> is_softmax(Scores.from_dict({"q": {"a": 0.2, "b": 0.3, "c": 0.5}}))
    True
    """
    sizes = scores.sizes
    several = int(np.sum(sizes > 1))
    if np.sum(sizes * (sizes - 1)) // 2 < LEAST_IN_LISTS:
        return False
    low, high = _ends(scores)
    if np.all((low == 0) | (low == high)) and np.all((high == 1) | (low == high)):
        return False  # labels: one of a query is 1
    return bool(np.sum(adds_up_to_one(scores)) >= MOST * several)


def smallest_pair_entropy(scores: Scores) -> float:
    """Smallest pairwise entropy of any pair in bits, taking the scores as logits.

    It is at least 0.84 bits if the scores of each query lie within 1 of each other, as
    after a sigmoid, a softmax or min-max normalisation.

    Examples
    --------
    >>> round(smallest_pair_entropy(Scores.from_dict({"q": {"a": 0.0, "b": 1.0}})), 3)
    0.84
    """
    low, high = _ends(scores)
    widest = float(np.max(high - low))
    return float(pairwise_entropy(np.array([widest, 0.0])))


def decimals(values: Floats) -> int | None:
    """Number of decimals that write every value exactly; None if nine do not suffice.

    Examples
    --------
    >>> decimals(np.array([0.752, 0.93, 1.0])), decimals(np.array([2.0]))
    (3, 0)
    >>> decimals(np.array([1 / 3])) is None
    True
    """
    most = 0
    for start in range(0, len(values), PART):
        found = _decimals(np.unique(values[start : start + PART]))
        if found is None:
            return None
        most = max(most, found)
    return most


def _decimals(left: Floats) -> int | None:
    for count in range(MOST_DECIMALS + 1):
        scale = 10.0**count
        with np.errstate(over="ignore"):
            # The quotient of two integers below 2**53 is rounded only once
            left = left[np.rint(left * scale) / scale != left]
        if not left.size:
            return count
    return None


def lattice(values: Floats) -> str | None:
    """The narrowest floating-point format that contains all the values.

    Values that were rounded to decimals afterwards count as well if they are what
    numbers of the format would be rounded to. Integers are not evidence; at least eight
    other values are needed.

    Returns
    -------
    {"bfloat16", "float16", "float32"} or None
        None if the values need more precision, or there are too few of them.

    Examples
    --------
    >>> lattice(np.linspace(0.1, 0.9, 20).astype(np.float16).astype(float))
    'float16'
    >>> lattice(np.linspace(0.1, 0.9, 20)) is None
    True
    """
    digits = decimals(values)
    unit = 0.0 if digits is None else 10.0**-digits
    for name, bits, least in (
        ("bfloat16", 8, -126),
        ("float16", 11, -14),
        ("float32", 24, -126),
    ):
        if _number_on(values, unit, bits, least) >= LEAST_ON_LATTICE:
            return name
    return None


def _number_on(values: Floats, unit: float, bits: int, least: int) -> int:
    """The number of different values that tell of a format, as far as it matters.

    It is 0 if a value is not in the format.
    """
    telling = values[:0]
    for start in range(0, len(values), PART):
        some = np.unique(values[start : start + PART])
        # Integers, also those that arithmetic missed by the last bit, are not evidence
        distance = np.abs(some - np.rint(some))
        some = some[distance > 4 * np.spacing(np.abs(some))]
        spacing = _spacing(some, bits, least)
        rounding = unit / 2 + 4 * np.spacing(np.abs(some))
        if np.any(np.abs(_on(some, spacing) - some) > rounding):
            return 0
        # If the format is hardly coarser than the decimals, every value fits
        if len(telling) < LEAST_ON_LATTICE:
            telling = np.union1d(telling, some[spacing > 16 * unit])
    return len(telling)


def rank_function(scores: Scores) -> str | None:
    """Name of the usual function of the rank that the longest ranking follows.

    Returns
    -------
    {"affine", "reciprocal", "geometric"} or None
        None for another function, or with fewer than four documents.

    Examples
    --------
    >>> run = {"q": {f"d{r}": 1 / (r + 60) for r in range(9)}}
    >>> rank_function(Scores.from_dict(run))
    'reciprocal'
    """
    longest = int(np.argmax(scores.sizes))
    start, stop = scores.offsets[longest], scores.offsets[longest + 1]
    values = np.sort(scores.values[start:stop])[::-1]
    steps = values[:-1] - values[1:]
    if len(values) < 4 or steps.min() <= 0:
        return None
    tests = [("affine", steps), ("geometric", steps[1:] / steps[:-1])]
    if values[-1] > 0:
        tests.insert(1, ("reciprocal", np.diff(1 / values)))
    for name, constant in tests:
        if np.ptp(constant) <= 1e-6 * np.abs(constant).max():
            return name
    return None


def top_entropy(scores: Scores, *, depth: int = 16) -> float:
    """Pairwise entropy in bits of the best `depth` scores of the longest ranking.

    Examples
    --------
    >>> run = {"q": {f"d{r}": 16.0 - r for r in range(16)}}
    >>> round(top_entropy(Scores.from_dict(run)), 3)
    0.218
    """
    longest = int(np.argmax(scores.sizes))
    start, stop = scores.offsets[longest], scores.offsets[longest + 1]
    return float(pairwise_entropy(np.sort(scores.values[start:stop])[::-1][:depth]))


def usual_depth(sizes: Integers) -> tuple[int, bool]:
    """Usual number of documents of a ranking, and whether it is a cut-off.

    A size that at least half of the queries share is a cut-off. Otherwise the usual
    number is the median.

    Examples
    --------
    >>> usual_depth(np.array([100, 100, 3, 100]))
    (100, True)
    >>> usual_depth(np.array([7, 9, 12]))
    (9, False)
    """
    found, counts = np.unique(sizes, return_counts=True)
    most = int(np.argmax(counts))
    if 2 * counts[most] >= len(sizes) and len(sizes) > 1:
        return int(found[most]), True
    return int(np.median(sizes)), False


def _ends(scores: Scores) -> tuple[Floats, Floats]:
    """Smallest and largest score of every query, both of shape (n_queries,)."""
    starts = scores.offsets[:-1]
    low = np.minimum.reduceat(scores.values, starts)
    return low, np.maximum.reduceat(scores.values, starts)


def _spacing(values: Floats, bits: int, least: int) -> Floats:
    """Distance of adjacent numbers at each value in a format of `bits` bits."""
    exponent = np.frexp(values)[1] - 1
    spacing = np.ldexp(1.0, np.maximum(exponent, least) - (bits - 1))
    return np.asarray(spacing, dtype=np.float64)


def _on(values: Floats, spacing: Floats) -> Floats:
    return np.asarray(np.rint(values / spacing) * spacing)
