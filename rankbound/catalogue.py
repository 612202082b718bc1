"""Every quantity, verdict and sampling, once: words, units, margins, colours, marks.

Commands, tables, sentences, pages and figures read this and repeat none of it. To add a
quantity: the function that computes it, one entry here, one test. To add a verdict: its
rule in `rankbound.validation` and one entry here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Need = Literal["scores", "vectors", "student", "laws"]
# How good a piece of news is; "told" is neither good nor bad
Level = Literal["good", "caution", "bad", "told"]
PairSet = Literal["all", "pos-neg", "neg-neg"]
PAIR_SETS: Final[tuple[str, ...]] = get_args(PairSet)
EACH: Final = "each"  # of the pair sets, as an option


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What is known about a quantity before any data.

    Attributes
    ----------
    words : str
        What it is, for people.
    unit : str
    need : {"scores", "vectors", "student", "laws"}
        What it takes beyond teacher scores and groups.
    range : (float, float) or None
        Limits of one query's value that hold for any data; None where they depend on
        the data or do not exist.
    margin : float or None
        The default margin of equivalence, fixed here; None: there is no agreed one.
    pair_sets : tuple of str
        Pair sets for which samplings can be compared by it; empty: they cannot.
    column : str or None
        Its column in ``per_query.tsv``.
    same_ranks_as : str or None
        Another quantity that orders the queries of one student alike.
    """

    words: str
    unit: str
    need: Need = "scores"
    range: tuple[float, float] | None = None
    margin: float | None = None
    pair_sets: tuple[str, ...] = ()
    column: str | None = None
    same_ranks_as: str | None = None


QUANTITIES: Final[dict[str, Quantity]] = {
    "n_docs": Quantity(words="documents", unit="documents", column="n_docs"),
    "n_pairs": Quantity(words="pairs", unit="pairs", column="n_pairs"),
    "entropy": Quantity(
        words="the teacher's pairwise entropy",
        unit="nats",
        range=(0.0, 0.6931471805599453),
        margin=0.02,
        pair_sets=PAIR_SETS,
        column="entropy_nats",
    ),
    "entropy_bits": Quantity(
        words="the same in bits", unit="bits", range=(0.0, 1.0), column="entropy_bits"
    ),
    "margin": Quantity(
        words="the mean size of the teacher's margins",
        unit="temperatures",
        pair_sets=PAIR_SETS,
    ),
    "ties": Quantity(
        words="the share of tied pairs",
        unit="share",
        range=(0.0, 1.0),
        pair_sets=PAIR_SETS,
    ),
    "divergence": Quantity(
        words="the student's divergence from the teacher",
        unit="nats",
        need="student",
        margin=0.02,
        pair_sets=PAIR_SETS,
        column="divergence_nats",
    ),
    "risk": Quantity(
        words="the student's risk",
        unit="nats",
        need="student",
        margin=0.02,
        pair_sets=PAIR_SETS,
        column="risk_nats",
    ),
    "mean_margin": Quantity(
        words="the mean size of the teacher's margins", unit="temperatures"
    ),
    "diameter": Quantity(
        words="the diameter of a group",
        unit="distance",
        need="vectors",
        pair_sets=PAIR_SETS,
        column="diameter",
    ),
    "mean_distance": Quantity(
        words="the mean distance of a pair",
        unit="distance",
        need="vectors",
        pair_sets=PAIR_SETS,
        column="mean_distance",
    ),
    "teacher_range": Quantity(
        words="the range of the teacher's scores",
        unit="temperatures",
        column="teacher_range",
    ),
    "student_range": Quantity(
        words="the range of the student's scores",
        unit="temperatures",
        need="student",
        column="student_range",
    ),
    "rms_distance": Quantity(
        words="the root mean square distance of a pair",
        unit="distance",
        need="vectors",
        pair_sets=PAIR_SETS,
    ),
    "two_nn": Quantity(
        words="the TwoNN intrinsic dimension",
        unit="dimensions",
        need="vectors",
        pair_sets=("all",),
    ),
    "knn_density": Quantity(
        words="the k-NN log density of the documents",
        unit="nats",
        need="vectors",
        pair_sets=("all",),
    ),
    "locality": Quantity(
        words="the plug-in Lipschitz constant times the diameter",
        unit="temperatures",
        need="vectors",
        # L is one number per student, so that its queries keep their ranks
        same_ranks_as="diameter",
    ),
    "kappa": Quantity(
        words="the largest density ratio of target and sampling law",
        unit="ratio",
        need="laws",
    ),
}
# Quantities that samplings can be compared by
COMPARED: Final = {key: q for key, q in QUANTITIES.items() if q.pair_sets}
# Columns of per_query.tsv, and their units
COLUMNS: Final = {q.column: q for q in QUANTITIES.values() if q.column is not None}
# Terms that `validate` sets against effectiveness, in the order of its tables
TERMS: Final = (
    "entropy",
    "divergence",
    "risk",
    "mean_margin",
    "teacher_range",
    "student_range",
    "diameter",
    "mean_distance",
    "locality",
    "kappa",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A word that a command says of a number, and how it is shown everywhere.

    Attributes
    ----------
    meaning : str
        When it is said.
    level : {"good", "caution", "bad", "told"}
        On the page.
    style : str
        On a terminal.
    colour : str
        In figures: of Okabe and Ito, with greys that differ.
    mark : str
        One letter, where there is room for one.
    """

    meaning: str
    level: Level
    style: str = "bold"
    colour: str = "#000000"
    mark: str = ""


# In the order in which a reader should see them
VERDICTS: Final[dict[str, Verdict]] = {
    "different": Verdict(
        meaning="0 outside the interval, some of it beyond the margin",
        level="told",
        style="bold red",
        colour="#D55E00",
        mark="D",
    ),
    "negligible": Verdict(
        meaning="0 outside, all of it within the margin",
        level="good",
        style="bold cyan",
        colour="#E69F00",
        mark="N",
    ),
    "inconclusive": Verdict(
        meaning="0 inside, some of it beyond",
        level="caution",
        style="bold yellow",
        colour="#999999",
        mark="?",
    ),
    "equivalent": Verdict(
        meaning="0 inside, all of it within",
        level="good",
        style="bold green",
        colour="#0072B2",
        mark="E",
    ),
    "associated": Verdict(meaning="the corrected p is at most delta", level="told"),
    "no association beyond": Verdict(
        meaning="the interval lies inside the band that follows", level="told"
    ),
    "too few configurations": Verdict(
        meaning="an order of fewer configurations has no interval", level="caution"
    ),
    "vacuous": Verdict(meaning="the limit is not below ln 2", level="bad"),
    "error": Verdict(
        meaning="a command refuses the file, or would compute nonsense",
        level="bad",
        style="bold red",
    ),
    "control failed": Verdict(
        meaning="something was found where nothing can be", level="bad"
    ),
    "warning": Verdict(
        meaning="to know before using the numbers", level="caution", style="yellow"
    ),
    "note": Verdict(meaning="good to know", level="told", style="cyan"),
}
# Of a difference, as `rankbound.validation.verdicts` reads it off an interval
Difference = Literal["different", "negligible", "equivalent", "inconclusive"]
DIFFERENCES: Final[tuple[Difference, ...]] = get_args(Difference)
# Of a finding about files, the gravest first
Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
# Of an association or an order; the second is followed by the band
ASSOCIATED: Final = "associated"
NO_ASSOCIATION: Final = "no association beyond"
INCONCLUSIVE: Final = "inconclusive"
TOO_FEW: Final = "too few configurations"
ASSOCIATIONS: Final = (ASSOCIATED, NO_ASSOCIATION, INCONCLUSIVE)


def verdict_called(said: str) -> Verdict:
    """The verdict of a word, or of words that begin with one.

    Examples
    --------
    >>> verdict_called("no association beyond 0.1").level
    'told'
    """
    known = [word for word in VERDICTS if said.startswith(word)]
    return VERDICTS[max(known, key=len)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """A way of choosing negatives that this program knows how to draw.

    `words` says where the negatives come from.
    """

    words: str


SAMPLINGS: Final[dict[str, Sampling]] = {
    "random": Sampling(words="any other document"),
    "bm25": Sampling(words="the documents that BM25 ranks highest"),
    "crossencoder": Sampling(words="the documents that the teacher ranks highest"),
    "ensemble": Sampling(words="the documents that several rankings agree on"),
}


def label(quantity: str, student: str, *, alone: bool) -> str:
    """The name in tables: a student is named where there are several.

    Examples
    --------
    >>> label("risk", "bm25", alone=False), label("risk", "bm25", alone=True)
    ('risk:bm25', 'risk')
    """
    return quantity if alone or not student else f"{quantity}:{student}"


def base(name: str) -> str:
    """The quantity behind a label.

    Examples
    --------
    >>> base("risk:bm25")
    'risk'
    """
    return name.partition(":")[0]
