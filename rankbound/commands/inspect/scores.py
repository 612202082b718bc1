"""What `inspect` measures on the scores of a file, and what it finds odd."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding, ScoreCounts, share
from rankbound.data.columns import Integers
from rankbound.data.groups import top_documents
from rankbound.data.ordering import least, least_row
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.group_terms import group_entropies
from rankbound.estimators.kinds import (
    SQUASHED_BITS,
    KindGuess,
    Ties,
    close_by_chance,
    constant_queries,
    decimals,
    infer_kind,
    lattice,
    min_max_queries,
    rank_function,
    smallest_pair_entropy,
    ties,
    top_entropy,
    usual_depth,
)
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.read.contents import Contents
from rankbound.read.scales import Answer, Question, questions

TOP = 16
# Two logits often lie within 1 of each other; six pairs that all do are evidence
LEAST_PAIRS = 6


@dataclass(frozen=True, eq=False)
class ScoreFacts:
    """Everything that can be measured on the scores of one file, when it is asked for.

    Attributes
    ----------
    scores : Scores
        With the kind that the user or the format states, or the values suggest.
    evidence : str
        Why they are taken for that kind.
    raw : Scores
        As read.
    answer : Answer or None
        What the user said about them.
    """

    scores: Scores
    evidence: str
    raw: Scores
    answer: Answer | None = None

    @cached_property
    def ties(self) -> Ties:
        """Equal and nearly equal neighbours."""
        return ties(self.scores)

    @cached_property
    def by_chance(self) -> int:
        """How many of the close neighbours dense scores would have by chance."""
        return close_by_chance(self.scores)

    @cached_property
    def constant(self) -> Integers:
        """Positions of queries with one score for all their documents."""
        return constant_queries(self.scores)

    @cached_property
    def min_max(self) -> int:
        """Number of queries with scores normalised in that way."""
        return min_max_queries(self.scores)

    @cached_property
    def bits(self) -> float | None:
        """Least entropy of a pair if the scores were logits; None without a pair."""
        return smallest_pair_entropy(self.scores) if self.pairs else None

    @property
    def pairs(self) -> int:
        """Pairs of documents of the same query."""
        return _pairs(self.scores)

    @cached_property
    def decimals(self) -> int | None:
        """Decimal places of all values."""
        return decimals(self.scores.values)

    @cached_property
    def precision(self) -> str | None:
        """The floating-point format that all values fit, such as "float16"."""
        return lattice(self.scores.values)

    @cached_property
    def zeros(self) -> int:
        """Number of scores that are exactly 0."""
        return int(np.sum(self.scores.values == 0))

    @cached_property
    def ends(self) -> int:
        """Number of scores that are exactly 0 or 1."""
        return int(np.sum((self.scores.values == 0) | (self.scores.values == 1)))

    @cached_property
    def depth(self) -> tuple[int, bool]:
        """The usual number of documents of a query, and whether it is a cut-off."""
        return usual_depth(self.scores.sizes)

    @cached_property
    def top_bits(self) -> float | None:
        """Mean pairwise entropy of the best 16 documents of each query, in bits.

        That of logits; None without a query of two documents.
        """
        return _top_bits(self.scores)

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """What has to be answered before the scores are used."""
        return questions(self.raw, self.answer)

    @property
    def kind(self) -> Kind:
        """What the scores are."""
        return self.scores.kind

    def counts(self) -> ScoreCounts:
        """The facts that the result records."""
        alike = self.ties
        return ScoreCounts(
            documents=self.scores.n_docs,
            usual_depth=self.depth[0],
            neighbours=alike.neighbours,
            equal_neighbours=alike.equal,
            close_neighbours=alike.close,
            queries_with_ties=alike.queries,
            largest_tie=alike.largest,
            documents_sharing_a_score=alike.shared,
            exact_zeros=self.zeros,
            constant_queries=len(self.constant),
            min_max_queries=self.min_max,
            top_entropy_bits=self.top_bits,
            smallest_pair_entropy_bits=self.bits,
            decimals=self.decimals,
            precision=self.precision,
        )


def score_facts(contents: Contents, answer: Answer | None = None) -> ScoreFacts:
    """The scores of a file that holds some; `answer` is what the user said of them."""
    raw = contents.scores
    if raw is None:
        raise ValueError(f"{contents.path} holds no scores")
    kind = None if answer is None else answer.kind
    if kind is not None:
        return ScoreFacts(raw.with_kind(kind), "you say so", raw, answer)
    return ScoreFacts(*_with_kind(raw), raw, answer)


def _pairs(scores: Scores) -> int:
    """Number of pairs of documents of the same query."""
    return int(np.sum(scores.sizes * (scores.sizes - 1)) // 2)


def _top_bits(scores: Scores) -> float | None:
    groups = top_documents(scores, depth=TOP)
    groups = groups.keep_groups(groups.sizes > 1)
    if not groups.n_groups:
        return None
    values, _ = groups.scores_of(scores)
    # In their order by size, so that the order of queries changes no digit
    entropies = np.sort(group_entropies(groups, values))
    return float(entropies.mean() / NATS_PER_BIT)


def _with_kind(scores: Scores) -> tuple[Scores, str]:
    """Scores with their kind, and the evidence for it in one sentence."""
    if scores.kind is not Kind.UNKNOWN:
        guess = KindGuess(scores.kind, "the format says so")
    else:
        guess = infer_kind(scores)
    kind, evidence = guess.kind, guess.evidence
    if kind is Kind.RANK_ONLY and scores.sizes.max() > 1:
        shape = rank_function(scores)
        evidence += f" ({shape})" if shape else ""
        evidence += (
            f"; the pairwise entropy of the best 16 is {top_entropy(scores):.3f} bit "
            "in every query"
        )
    bits = smallest_pair_entropy(scores)
    known = _pairs(scores) > 0 and kind is not Kind.RANK_ONLY
    if bits >= SQUASHED_BITS and known:
        evidence += f"; as logits no pair would have less than {bits:.3f} bit"
    return scores.with_kind(kind), evidence


FEW = 0.01  # of all neighbours: fewer ties than that are no finding
PART = 1 << 20  # scores that are looked at at once
NEIGHBOURS = 50  # steps of rounding on either side of 0 that say how often one is hit
MANY = 0.05  # of all neighbours: more ties than that change measures
SQUASHED = frozenset(
    {
        *(Kind.PROBABILITY, Kind.SOFTMAX, Kind.COSINE, Kind.PROBABILITY_OR_COSINE),
        *(Kind.RANK_ONLY, Kind.MARGIN_ONLY),
    }
)


def score_findings(facts: ScoreFacts) -> list[Finding | None]:
    """Findings on the values of scores."""
    return [
        *(_asked(question) for question in facts.asked),
        _refused_kind(facts),
        _saturated(facts),
        *score_warnings(facts),
    ]


def score_warnings(facts: ScoreFacts) -> list[Finding | None]:
    """Findings on the values of scores that commands accept."""
    return [
        _normalised(facts),
        _squashed(facts),
        _half_precision(facts),
        _constant(facts),
        _zeros(facts),
        _tied(facts),
        _nearly_tied(facts),
        _short(facts),
        _alone(facts),
    ]


def _asked(question: Question) -> Finding:
    return Finding(
        question.code,
        "error",
        question.count,
        question.message,
        question.remedy,
        question.where,
    )


def _refused_kind(facts: ScoreFacts) -> Finding | None:
    if facts.kind is Kind.RANK_ONLY:
        return Finding(
            "rank-only",
            "error",
            len(facts.scores.values),
            f"rank-only: {facts.evidence}",
            "give the model's own scores; as a teacher these say nothing",
        )
    if facts.kind is Kind.MARGIN_ONLY:
        # Within the groups of the margins themselves, differences are all it takes
        known = facts.scores.origins is not None
        return Finding(
            "margin-only",
            "warning" if known else "error",
            len(facts.scores.values),
            f"margins of chosen pairs, no scores of documents: {facts.evidence}",
            "say what scores they are differences of, if not logits (`temperature`)"
            if known
            else "give the scores that the margins were made from",
        )
    return None


def _saturated(facts: ScoreFacts) -> Finding | None:
    if facts.kind is not Kind.PROBABILITY or not facts.ends or _is_min_max(facts):
        return None
    return Finding(
        "saturated",
        "error",
        facts.ends,
        f"{share(facts.ends, len(facts.scores.values))} probabilities are exactly 0 "
        "or 1, whose logit is infinite",
        "give the logits, or write probabilities with more digits",
        _where(facts.scores, (facts.scores.values == 0) | (facts.scores.values == 1)),
    )


def _several(facts: ScoreFacts) -> int:
    """Number of queries whose scores differ."""
    return int(np.sum(facts.scores.sizes > 1)) - len(facts.constant)


def _is_min_max(facts: ScoreFacts) -> bool:
    return not _are_labels(facts) and 2 * facts.min_max > _several(facts)


def _are_labels(facts: ScoreFacts) -> bool:
    """Whether all values are 0 or 1, and so are labels, not normalised scores."""
    return facts.ends == len(facts.scores.values)


def _normalised(facts: ScoreFacts) -> Finding | None:
    several = _several(facts)
    count = 0 if _are_labels(facts) else facts.min_max
    if 2 * count <= several:
        return None
    return Finding(
        "min-max",
        "warning",
        count,
        f"the scores of {share(count, several)} queries run from exactly 0 to exactly "
        "1: min-max per query",
        "give the scores from before the normalisation: it differs by query",
    )


def _squashed(facts: ScoreFacts) -> Finding | None:
    if facts.bits is None or facts.pairs < LEAST_PAIRS:
        return None
    if facts.bits < SQUASHED_BITS or facts.kind in SQUASHED:
        return None
    return Finding(
        "squashed",
        "warning",
        len(facts.scores.values),
        f"scores of a query lie within 1 of each other: as logits, no pair has an "
        f"entropy below {facts.bits:.3f} bit",
        "give logits, name the kind (`teacher_kind`), or fit a temperature",
    )


def _half_precision(facts: ScoreFacts) -> Finding | None:
    if facts.precision not in ("float16", "bfloat16"):
        return None
    tied = facts.ties.shared / len(facts.scores.values)
    return Finding(
        "half-precision",
        "warning" if tied >= FEW else "note",
        facts.ties.shared,
        f"every score is a {facts.precision} number; {tied:.1%} of the documents share "
        "theirs with another of the query",
        "score again in float32: half precision makes ties, and each is a 1-bit pair",
    )


def _constant(facts: ScoreFacts) -> Finding | None:
    found = facts.constant
    if not len(found):
        return None
    qid = facts.scores.qids[least(facts.scores.qids, found)]
    return Finding(
        "constant-queries",
        "warning",
        len(found),
        f"{share(len(found), facts.scores.n_queries)} queries give all their documents "
        "one score",
        "score them again or leave them out: each of their pairs counts 1 bit",
        f"query {qid!r}",
    )


def _zeros(facts: ScoreFacts) -> Finding | None:
    values = facts.scores.values
    apart = facts.kind in (Kind.RANK_ONLY, Kind.MARGIN_ONLY, Kind.PROBABILITY)
    if not facts.zeros or _is_min_max(facts) or apart:
        return None
    # A single 0 among whole numbers may well be a count
    if facts.zeros == 1 and facts.decimals == 0:
        return None
    # Rounded scores are 0 by chance about as often as they are its neighbours
    near = _beside_zero(facts)
    if near is not None and facts.zeros <= near + 4 * math.sqrt(near):
        return None
    return Finding(
        "exact-zeros",
        "warning" if facts.zeros > 1 else "note",
        facts.zeros,
        f"{share(facts.zeros, len(values))} scores are exactly 0, as when a missing "
        "score was filled in",
        "find out whether 0 was filled in for missing scores; if so, remove those rows",
        _where(facts.scores, values == 0),
    )


def _beside_zero(facts: ScoreFacts) -> float | None:
    """How often a score is what rounding puts next to 0, above and below, on average.

    None where scores are not rounded, and where 0 ends their range.
    """
    values, digits = facts.scores.values, facts.decimals
    if digits is None or not (values.min() < 0 < values.max()):
        return None
    step = 10.0**-digits
    width = NEIGHBOURS * step * (1 + 1e-9)
    parts = (values[at : at + PART] for at in range(0, len(values), PART))
    near = sum(int(np.sum((np.abs(one) <= width) & (one != 0))) for one in parts)
    return near / (2 * NEIGHBOURS)


def _tied(facts: ScoreFacts) -> Finding | None:
    alike = facts.ties
    if alike.equal < max(1.0, FEW * alike.neighbours) or facts.kind is Kind.RANK_ONLY:
        return None
    digits = facts.decimals
    places = "" if digits is None else f"; {counted(digits, 'decimal')}"
    return Finding(
        "ties",
        "warning" if alike.equal >= MANY * alike.neighbours else "note",
        alike.equal,
        f"{share(alike.equal, alike.neighbours)} neighbours in the rankings are equal, "
        f"in {counted(alike.queries, 'query')}, up to {alike.largest:,} "
        f"documents on one score{places}",
        "write scores with more digits: measures depend on how ties are broken",
    )


def _nearly_tied(facts: ScoreFacts) -> Finding | None:
    alike = facts.ties
    if alike.close < max(1.0, FEW * alike.neighbours):
        return None
    if alike.close <= 2 * facts.by_chance:  # no more than dense scores have by chance
        return None
    return Finding(
        "pseudo-ties",
        "warning" if alike.close >= MANY * alike.neighbours else "note",
        alike.close,
        f"{share(alike.close, alike.neighbours)} neighbours differ by at most 1e-6 "
        "of the range of scores, as when an engine breaks ties",
        "treat them as ties: their order says nothing about the model",
    )


def _short(facts: ScoreFacts) -> Finding | None:
    usual, cut = facts.depth
    sizes = facts.scores.sizes
    short = np.flatnonzero(sizes < usual if cut else 4 * sizes < usual)
    if not len(short):
        return None
    least = int(short[np.argmin(sizes[short])])
    words = (
        f"fewer than {usual:,}" if cut else f"under a quarter of the usual {usual:,}"
    )
    return Finding(
        "short-rankings",
        "warning" if 2 * sizes[least] < usual else "note",
        len(short),
        f"{share(len(short), len(sizes))} rankings have {words} documents, the "
        f"shortest {int(sizes[least]):,}",
        "check whether documents are missing or nothing more was retrieved",
        f"query {facts.scores.qids[least]!r}",
    )


def _alone(facts: ScoreFacts) -> Finding | None:
    alone = np.flatnonzero(facts.scores.sizes == 1)
    if not len(alone):
        return None
    return Finding(
        "single-documents",
        "note",
        len(alone),
        f"{share(len(alone), facts.scores.n_queries)} queries have one document, which "
        "makes no pair",
        "nothing to do: they are left out and counted",
        f"query {facts.scores.qids[least(facts.scores.qids, alone)]!r}",
    )


def _where(scores: Scores, mask: np.ndarray) -> str:
    rows = np.flatnonzero(mask)
    queries = np.searchsorted(scores.offsets, rows, side="right") - 1
    qid, docno = scores.where(least_row(rows, queries, scores.qids, scores.codes[rows]))
    return f"query {qid!r}, document {docno!r}"
