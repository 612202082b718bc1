"""What the words of commands, pages and documentation mean, once.

`rankbound explain WORD` and the glossary of the documentation print these. Quantities
and verdicts have a line of their own in `rankbound.catalogue`, symbols in
`rankbound.bounds.notation`; what is here says what such a word is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Word:
    """A word, what it means, and where to go on reading.

    Attributes
    ----------
    meaning : str
        Plain sentences, the definition first.
    see : tuple of str
        Other words, and keys of statements.
    also : tuple of str
        Other names of the same thing.
    """

    meaning: str
    see: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


WORDS: Final[dict[str, Word]] = {
    # Who ranks, and what is in the files
    "teacher": Word(
        "The model whose scores a student is trained to imitate. Here it is a file of "
        "scores: the difference of two of them, divided by the temperature, says how "
        "sure the teacher is which document is better. A teacher may be wrong; that "
        "is what calibration and judgements are about.",
        see=("student", "margin", "entropy", "calibration"),
    ),
    "student": Word(
        "A ranker that was distilled from the teacher, or any ranker whose scores are "
        "to be compared with the teacher's. It is read as scores or, with vectors of "
        "queries and documents, as a bi-encoder.",
        see=("teacher", "risk", "divergence"),
    ),
    "run": Word(
        "The ranking of one system in the format of TREC: query, Q0, document, rank, "
        "score, tag. Scores count, not the ranks that the file gives.",
        see=("qrels", "kind"),
        also=("trec run",),
    ),
    "qrels": Word(
        "Relevance judgements: the grade of a document for a query. A document "
        "without a judgement is unknown, not irrelevant, unless `--unjudged "
        "irrelevant` says so.",
        see=("run", "misranking", "nDCG"),
        also=("judgements", "judgments"),
    ),
    "group": Word(
        "The documents of one query that a student is trained on together: a positive "
        "and its negatives. Several groups of a query are averaged first, so that a "
        "query counts once.",
        see=("pair", "positive", "sampling"),
    ),
    "pair": Word(
        "Two documents of one group. All pairs count by default; `--pairs pos-neg` "
        "takes a positive with a negative, `neg-neg` two negatives.",
        see=("group", "margin"),
    ),
    "pair set": Word(
        "Which pairs of a group are counted: all of them (`all`), those of a positive "
        "and a negative (`pos-neg`), or those of two negatives (`neg-neg`). A sampling "
        "can raise the entropy of the one and lower that of the other.",
        see=("pair", "positive", "negative"),
        also=("pos-neg", "neg-neg", "all pairs"),
    ),
    "positive": Word(
        "The document of a group that answers its query, as the training data say: "
        "`doc_id_a`, or the first one.",
        see=("negative", "group"),
    ),
    "negative": Word(
        "A document of a group that is taken not to answer its query. It is hard if a "
        "ranker puts it near the top, and a suspected false negative if the teacher "
        "scores it above the positive.",
        see=("sampling", "suspected", "entropy"),
        also=("hard negative", "negatives"),
    ),
    "suspected": Word(
        "A suspected false negative: a negative that the teacher scores above the "
        "positive. It is relevant, or the teacher is wrong; judgements tell which. "
        "`rankbound sample --drop-suspected` leaves such documents out.",
        see=("negative", "sampling"),
        also=("false negative", "suspected false negative"),
    ),
    "kind": Word(
        "What scores are: logits, probabilities, log-probabilities, a softmax, "
        "cosines, dot products, BM25. Margins of logits and probabilities have a "
        "unit; other kinds need a temperature first.",
        see=("temperature", "margin"),
        also=("logit",),
    ),
    # Sampling
    "sampling": Word(
        "How the negatives of a group are chosen: at random, from the top of a "
        "ranking, by strata of the teacher's scores. It moves distances, entropies "
        "and the law of the pairs, and so most parts of the bound.",
        see=("negative", "stratified", "shift", "theorem-4c"),
        also=("negative sampling", "mining"),
    ),
    "stratified": Word(
        "A sampling that takes evenly many negatives from strata of the teacher's "
        "scores: strata of equal width (`stratified`), or of equally many documents "
        "(`stratified-count`), so that easy and hard ones are both there.",
        see=("sampling",),
        also=("strata", "stratum"),
    ),
    "sampling card": Word(
        "What is known of a sampling before any training, one row for each. "
        "`suspected` is the share of negatives that the teacher scores above their "
        "positive, with its interval; `relevant` counts judged negatives that are "
        "relevant, of all that are judged; `nats` and `pos-neg` are the teacher's "
        "entropy over all pairs and over pairs of a positive and a negative; "
        "`distance` and `largest` are the mean and the largest distance of the "
        "documents of a group, in the unit of the vectors.",
        see=("suspected", "entropy", "diameter", "scores covered", "variance share"),
        also=("card",),
    ),
    "scores covered": Word(
        "How much of the range of a query's teacher scores a group's documents cover: "
        "the share, from 0 to 100 %, of ten strata of equal width that hold at least "
        "one of them, as a mean over queries.",
        see=("sampling card", "stratified"),
        also=("score coverage",),
    ),
    "variance share": Word(
        "The variance of the teacher's scores of a group's documents, as a share of "
        "the variance of all its scores of that query, as a mean over queries. Above "
        "100 % the group's scores spread more than those of the query; near 0 they "
        "are alike, as those of mined negatives are. The column `variance` of the "
        "sampling card.",
        see=("sampling card",),
        also=("variance",),
    ),
    "shift": Word(
        "The difference between the law that the pairs were drawn by and the one that "
        "counts. It is bounded by total variation, by the worst share of the pairs "
        "(CVaR), or by transport; `measure --target-groups` asks for it.",
        see=("kappa", "theorem-2b", "theorem-2c", "theorem-2d"),
        also=("target law", "total variation", "cvar", "transport"),
    ),
    "kappa": Word(
        "The largest ratio of the probability of a document under the target law to "
        "that under the sampling law. 1 is no shift; it is infinite where the target "
        "law has documents that are never sampled.",
        see=("shift", "theorem-2a", "theorem-2c"),
        also=("density ratio",),
    ),
    "augmentation": Word(
        "More or other training queries or documents. It lowers the bound if what it "
        "takes from divergence, entropy, distances or the deviation is more than what "
        "it adds by the shift of the law; `rankbound bound --before DIR --after DIR` "
        "reads that off two measurements.",
        see=("theorem-5a", "shift"),
        also=("break-even",),
    ),
    # The parts of the bound
    "risk": Word(
        "The mean loss of a student over the pairs of a query: the cross-entropy "
        "between the teacher's preference and the student's. It is exactly entropy "
        "plus divergence. A student that ties everything has ln 2 = 0.6931 nats.",
        see=("entropy", "divergence", "vacuous", "lemma-1"),
    ),
    "entropy": Word(
        "How unsure the teacher is which document of a pair is better: 0 where it is "
        "certain, ln 2 nats (1 bit) where it ties them. It is a floor of every "
        "student's risk, it depends on the temperature, and hard negatives raise it.",
        see=("risk", "divergence", "temperature", "theorem-4a"),
    ),
    "divergence": Word(
        "What the student adds to the teacher's entropy: the Kullback-Leibler "
        "divergence of its preferences from the teacher's, 0 where the two agree. It "
        "is the part of the risk that training can lower.",
        see=("risk", "entropy", "lemma-1-margin"),
    ),
    "margin": Word(
        "The difference of the scores of two documents, divided by the temperature; "
        "the logistic function turns it into the probability that the first one is "
        "better. The margin of a comparison is another thing: the largest difference "
        "that counts as none.",
        see=("temperature", "equivalent", "pair"),
    ),
    "temperature": Word(
        "The number that scores are divided by before they become probabilities. "
        "Above 1 it makes a teacher less sure, below 1 surer; it never changes a "
        "ranking. `--temperature fit` chooses it by likelihood on judged pairs, or on "
        "positives against negatives, of queries that are set aside.",
        see=("calibration", "entropy", "margin"),
    ),
    "locality": Word(
        "How far apart the scores of documents of one query can be: the Lipschitz "
        "constant of the student times the diameter of the documents. In the bound it "
        "is the range of the student's margins, which multiplies complexity and shift.",
        see=("diameter", "Lipschitz", "B", "theorem-2-prime"),
    ),
    "diameter": Word(
        "The largest distance between two documents of a query. What is read off a "
        "sample describes it and enters no certificate; the headline takes the largest "
        "distance that the metric allows.",
        see=("locality", "lemma-0", "theorem-7b"),
        also=("essential diameter",),
    ),
    "Lipschitz": Word(
        "How many temperatures a student's score moves at most per unit of distance. "
        "It is asserted with `--lipschitz`, which a pair of documents can refute, or "
        "follows for a dot product of unit vectors.",
        see=("locality", "diameter", "lemma-4"),
    ),
    "B": Word(
        "The range at which a student is clipped: documents that lie more than B "
        "temperatures below its best document of the group are raised to that floor. "
        "Losses are then bounded, which every limit needs.",
        see=("clipped", "pilot", "lemma-2c-width", "theorem-10b"),
        also=("score range",),
    ),
    "clipped": Word(
        "Of a student: with its scores cut at B temperatures below its best document "
        "of each group. The certificate is about the clipped student; its risk without "
        "clipping stands below, uncertified.",
        see=("B", "certificate"),
        also=("clipping", "clip"),
    ),
    # Limits
    "certificate": Word(
        "An upper limit of a student's risk that holds with probability 1 - delta over "
        "the draw of the queries, together with its parts and the assumptions that it "
        "rests on. `rankbound measure` makes one for each student.",
        see=("limit", "vacuous", "floor", "delta"),
        also=("certified",),
    ),
    "limit": Word(
        "A one-sided confidence limit of a mean over queries. Betting is the one to "
        "quote, as it was chosen in advance; the smallest of several limits is not a "
        "limit.",
        see=("betting", "certificate", "floor"),
        also=("upper limit",),
    ),
    "betting": Word(
        "The limit that rankbound quotes: a bet against each possible mean, whose "
        "wealth says how implausible that mean is. It adapts to the spread of the "
        "queries' risks without being told.",
        see=("stake", "limit", "theorem-1d"),
    ),
    "stake": Word(
        "How much of its wealth the betting limit stakes on each query, between 0 and "
        "1. It is fixed beforehand, or chosen on pilot queries.",
        see=("betting", "pilot", "theorem-10a"),
    ),
    "pilot": Word(
        "The queries that are set aside to choose the temperature, B, the stake and "
        "the least group size: a fifth of them, from 20 queries on. The certificate "
        "uses the others, so it holds whatever was chosen.",
        see=("stake", "B", "temperature"),
        also=("pilot queries",),
    ),
    "deviation": Word(
        "What the sample leaves open: the upper limit less the mean. More queries "
        "lower it; entropy and divergence stay.",
        see=("limit", "power"),
    ),
    "delta": Word(
        "The probability that a statement fails, 0.05 by default. It is shared out: "
        "half for the mean risk, half for the share of queries, evenly over students.",
        see=("certificate", "family"),
    ),
    "vacuous": Word(
        "Of a limit: no lower than ln 2 = 0.6931 nats, the risk of a student that "
        "gives every document the same score. Such a limit says nothing about the "
        "student, good or bad; the floor says whether more queries would help.",
        see=("floor", "risk", "certificate"),
        also=("trivial", "non-vacuous"),
    ),
    "floor": Word(
        "The least value that something can have. The floor beside a limit is the "
        "lowest one that rankbound's methods could give on this sample, and the number "
        "in brackets the queries from which on one may be below the trivial value. "
        "The entropy floor is what a mean margin leaves of the entropy. A document "
        "that a student did not score lies at the student's floor.",
        see=("vacuous", "theorem-9a", "theorem-4a", "unscored"),
    ),
    "headline": Word(
        "The bound on one line: B, which is the smaller of the clip and of L times the "
        "diameter; entropy, divergence and deviation; what locality costs; and what "
        "the shift adds.",
        see=("locality", "theorem-2-prime"),
    ),
    "unscored": Word(
        "Of a document of a group: without a score of this student. By default it lies "
        "B below the student's best document, as if it was not retrieved "
        "(`--unscored floor`). Missing scores of the teacher are never filled in.",
        see=("B", "floor"),
    ),
    "cluster": Word(
        "Queries that depend on each other, such as paraphrases, or those generated "
        "from one document. `--clusters FILE` makes the cluster what is drawn, set "
        "aside, averaged and counted.",
        see=("near-copy", "certificate"),
        also=("clusters",),
    ),
    "near-copy": Word(
        "A query that shares more than 4 of 5 of its words, or of its documents with "
        "nearly the same scores, with another one. Near-copies are counted and warned "
        "of; clusters take account of them.",
        see=("cluster",),
    ),
    # Judgements
    "calibration": Word(
        "Whether the teacher is right as often as it says: of the pairs to which it "
        "gives a preference of 0.8, in 80 % the preferred document should be the "
        "better one. The reliability table of `measure --qrels` shows it, and a fitted "
        "temperature mends over- and underconfidence.",
        see=("temperature", "ECE", "theorem-3e"),
        also=("reliability", "overconfident", "underconfident", "reliability table"),
    ),
    "ECE": Word(
        "The expected calibration error: the mean difference, over bins of "
        "preferences, between how sure the teacher is and how often it is right. It "
        "depends on the bins, and a small one alone does not prove calibration.",
        see=("calibration", "temperature"),
        also=("expected calibration error", "calibration error"),
    ),
    "misranking": Word(
        "A pair that is ordered the wrong way round. By the teacher's preferences it "
        "is computed for every pair; by judgements it is observed on judged ones. Risk "
        "and entropy bound it from above and from below.",
        see=("qrels", "nDCG", "theorem-3a", "theorem-3d"),
    ),
    "nDCG": Word(
        "A measure of rankings that counts relevant documents the more the higher they "
        "stand, divided by the best possible sum. Inversions and pair losses bound "
        "what it lacks to 1.",
        see=("misranking", "qrels", "theorem-6a"),
    ),
    # Comparisons
    "family": Word(
        "The tests whose errors are controlled together: their statements all hold at "
        "once with probability 1 - delta.",
        see=("delta", "control"),
        also=("Holm", "Bonferroni"),
    ),
    "control": Word(
        "Data for which the theory knows the answer, such as shuffled or random "
        "scores. Something found there is a fault of the method, and the command says "
        "so.",
        see=("family",),
        also=("controls",),
    ),
    "margin*": Word(
        "Of a comparison: the smallest margin that its interval would have shown, so "
        "that any larger one ends as equivalent or negligible. `n*` is the number of "
        "queries that the given margin would need if the mean were exactly 0.",
        see=("power", "equivalent", "negligible"),
        also=("n*", "smallest margin"),
    ),
    "power": Word(
        "The chance of finding a difference that is there. `rankbound power` says how "
        "many queries a margin needs for 80 %, by the interval that `compare` decides "
        "with.",
        see=("family", "margin"),
    ),
}


def found(word: str) -> tuple[str, Word] | None:
    """The entry of a word, whatever its case, plural or other name; None without one.

    Examples
    --------
    >>> found("ece")[0], found("Teachers")[0], found("clip")[0], found("bicycle")
    ('ECE', 'teacher', 'clipped', None)
    """
    asked = " ".join(word.casefold().replace("_", " ").split())
    for name in (asked, asked.removesuffix("s")):
        for key, entry in WORDS.items():
            if name in (known.casefold() for known in (key, *entry.also)):
                return key, entry
    return None
