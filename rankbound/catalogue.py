"""Every quantity, verdict, sampling and question, once: words, units, margins, marks.

Commands, tables, sentences, pages and figures read this module and repeat nothing.
CONTRIBUTING.md says how to add a quantity or a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal, get_args

Need = Literal["scores", "vectors", "student", "laws"]
Range = tuple[float, float]
# Ranges that are known before looking at the data, given B, the group sizes and the
# metric: Lemma 2c's range of a risk; from 0 to its upper end; from 0 to the largest
# distance that the metric allows
Limits = Literal["lemma-2c", "0 to lemma-2c", "0 to widest"]
TO_WIDEST: Final = "0 to widest"
# How good the news is; "told" is neither good nor bad
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
        What it needs beyond teacher scores and groups.
    function : str
        The function that computes it for a block of groups, as ``"module:name"``; see
        `computed`. Empty if samplings cannot be compared by it.
    range : (float, float), {"lemma-2c", "0 to lemma-2c", "0 to widest"}, or None
        Where one query's value lies for any data; None where that is not known.
    margin : float or None
        The default margin of equivalence, fixed here; None: there is no agreed one.
    pair_sets : tuple of str
        Pair sets for which samplings can be compared by it; empty: they cannot.
    column : str or None
        Its column in ``per_query.tsv``.
    same_ranks_as : str or None
        Another quantity that ranks the queries of a student in the same order.
    is_term : bool
        Whether `validate` correlates it with effectiveness.
    caution : str
        What to know before comparing it; empty if nothing.
    """

    words: str
    unit: str
    need: Need = "scores"
    function: str = ""
    range: Range | Limits | None = None
    margin: float | None = None
    pair_sets: tuple[str, ...] = ()
    column: str | None = None
    same_ranks_as: str | None = None
    is_term: bool = False
    caution: str = ""

    def computed(self, *data: Any, **kind: Any) -> Any:
        """Call its function on a block of b groups; returns shape (b,).

        With need "scores" it takes teacher scores, shape (b, k), and `mask`, `positive`
        and `pairs` by keyword; with "student" the scores of teacher and clipped student
        and the same keywords; with "vectors" the distances and which pairs are chosen,
        shape (b, n_pairs). It is NaN for groups in which it does not exist.

        Examples
        --------
        >>> import numpy as np
        >>> kind = {"mask": None, "positive": None, "pairs": "all"}
        >>> QUANTITIES["margin"].computed(np.array([[3.0, 0.0, 0.0]]), **kind).tolist()
        [2.0]
        """
        module, _, name = self.function.partition(":")
        found: Callable[..., Any] = getattr(import_module(module), name)
        return found(*data, **kind)

    def limits(
        self, *, lemma: Range | None = None, widest: float | None = None
    ) -> Range | None:
        """The range of one query's value; None if it is not known before looking.

        Parameters
        ----------
        lemma : (float, float), optional
            Lemma 2c's range of one query's risk.
        widest : float, optional
            The largest distance that the metric allows.

        Examples
        --------
        >>> QUANTITIES["ties"].limits(), QUANTITIES["diameter"].limits(widest=2.0)
        ((0.0, 1.0), (0.0, 2.0))
        """
        if self.range is None or isinstance(self.range, tuple):
            return self.range
        if self.range == "0 to widest":
            return None if widest is None else (0.0, widest)
        if lemma is None or self.range == "lemma-2c":
            return lemma
        return 0.0, lemma[1]

    @property
    def is_bounded_by_lemma(self) -> bool:
        """Whether `limits` needs Lemma 2c's range."""
        return self.range in ("lemma-2c", "0 to lemma-2c")

    @property
    def is_count(self) -> bool:
        """Whether it counts documents or pairs."""
        return self.unit in ("documents", "pairs")


FEW_DOCUMENTS: Final = (
    "over the documents of a group, copies left out; biased for so few documents, and "
    "comparable between samplings of one group size only"
)
QUANTITIES: Final[dict[str, Quantity]] = {
    "n_docs": Quantity(
        words="the number of documents of a group, a mean over the query's groups",
        unit="documents",
        column="n_docs",
    ),
    "n_pairs": Quantity(
        words="the number of counted pairs of a group, a mean over the query's groups",
        unit="pairs",
        column="n_pairs",
    ),
    "entropy": Quantity(
        words="the teacher's pairwise entropy",
        unit="nats",
        function="rankbound.estimators.pairwise:pairwise_entropy_nats",
        range=(0.0, 0.6931471805599453),
        margin=0.02,
        pair_sets=PAIR_SETS,
        column="entropy_nats",
        is_term=True,
    ),
    "entropy_bits": Quantity(
        words="the same in bits",
        unit="bits",
        range=(0.0, 1.0),
        column="entropy_bits",
        same_ranks_as="entropy",
    ),
    "margin": Quantity(
        words="the mean size of the teacher's margins",
        unit="temperatures",
        function="rankbound.estimators.spread:mean_margin",
        pair_sets=PAIR_SETS,
    ),
    "ties": Quantity(
        words="the share of tied pairs",
        unit="share",
        function="rankbound.estimators.spread:tie_share",
        range=(0.0, 1.0),
        pair_sets=PAIR_SETS,
    ),
    "divergence": Quantity(
        words="the student's divergence from the teacher",
        unit="nats",
        need="student",
        function="rankbound.estimators.pairwise:pairwise_divergence_nats",
        range="0 to lemma-2c",
        margin=0.02,
        pair_sets=PAIR_SETS,
        column="divergence_nats",
        is_term=True,
    ),
    "risk": Quantity(
        words="the student's risk",
        unit="nats",
        need="student",
        function="rankbound.estimators.pairwise:pairwise_risk_nats",
        range="lemma-2c",
        margin=0.02,
        pair_sets=PAIR_SETS,
        column="risk_nats",
        is_term=True,
    ),
    "mean_margin": Quantity(
        words="the mean size of the teacher's margins",
        unit="temperatures",
        is_term=True,
    ),
    "diameter": Quantity(
        words="the diameter of a group",
        unit="distance",
        need="vectors",
        function="rankbound.estimators.distances:diameter",
        range="0 to widest",
        pair_sets=PAIR_SETS,
        column="diameter",
        is_term=True,
    ),
    "mean_distance": Quantity(
        words="the mean distance of a pair",
        unit="distance",
        need="vectors",
        function="rankbound.estimators.distances:mean_distance",
        range="0 to widest",
        pair_sets=PAIR_SETS,
        column="mean_distance",
        is_term=True,
    ),
    "teacher_range": Quantity(
        words="the range of the teacher's scores",
        unit="temperatures",
        column="teacher_range",
        is_term=True,
    ),
    "student_range": Quantity(
        words="the range of the student's scores",
        unit="temperatures",
        need="student",
        column="student_range",
        is_term=True,
    ),
    "rms_distance": Quantity(
        words="the root mean square distance of a pair",
        unit="distance",
        need="vectors",
        function="rankbound.estimators.distances:rms_distance",
        range="0 to widest",
        pair_sets=PAIR_SETS,
    ),
    "two_nn": Quantity(
        words="the TwoNN intrinsic dimension",
        unit="dimensions",
        need="vectors",
        function="rankbound.estimators.shape:two_nn",
        pair_sets=("all",),
        caution=FEW_DOCUMENTS,
    ),
    "knn_density": Quantity(
        words="the k-NN log density of the documents",
        unit="nats",
        need="vectors",
        function="rankbound.estimators.shape:knn_density",
        pair_sets=("all",),
        caution=FEW_DOCUMENTS,
    ),
    "locality": Quantity(
        words="the plug-in Lipschitz constant times the diameter",
        unit="temperatures",
        need="vectors",
        # L is one number per student, so it does not change the ranks of queries
        same_ranks_as="diameter",
        is_term=True,
    ),
    "kappa": Quantity(
        words="the largest density ratio of target and sampling law",
        unit="ratio",
        need="laws",
        is_term=True,
    ),
}
# The quantities that samplings can be compared by
COMPARED: Final = {key: q for key, q in QUANTITIES.items() if q.pair_sets}
# The columns of per_query.tsv, and what they hold
COLUMNS: Final = {q.column: q for q in QUANTITIES.values() if q.column is not None}


def needing(*needs: Need, of: Mapping[str, Quantity] = COMPARED) -> list[str]:
    """Quantities by what they need, in the order of the needs.

    Examples
    --------
    >>> needing("laws", of=QUANTITIES)
    ['kappa']
    """
    return [key for need in needs for key, q in of.items() if q.need == need]


# The terms that `validate` correlates with effectiveness; those that need vectors or
# laws come last
_LATE: Final = {"vectors": 1, "laws": 2}
TERMS: Final = tuple(
    sorted(
        (key for key, q in QUANTITIES.items() if q.is_term),
        key=lambda key: _LATE.get(QUANTITIES[key].need, 0),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A word that a command says about a number, and how it is shown everywhere.

    Attributes
    ----------
    meaning : str
        When it is said.
    level : {"good", "caution", "bad", "told"}
        On the page.
    style : str
        On a terminal.
    colour : str
        In figures: one of Okabe and Ito's colours, whose greys differ.
    mark : str
        One letter, where there is no room for more.
    sign : str
        Marker in figures, in matplotlib's notation, since two colours look alike in
        grey print.
    apart, within : bool
        Of a difference: whether 0 lies outside the interval; whether the whole
        interval lies within the margin.
    claim : str
        What it says about the claim that samplings do not differ; their names follow.
    """

    meaning: str
    level: Level
    style: str = "bold"
    colour: str = "#000000"
    mark: str = ""
    sign: str = "X"
    apart: bool = False
    within: bool = False
    claim: str = "it is undecided for"


# In the order in which a reader should see them
VERDICTS: Final[dict[str, Verdict]] = {
    "different": Verdict(
        meaning="0 outside the interval, some of it beyond the margin",
        level="told",
        style="bold red",
        colour="#D55E00",
        mark="D",
        sign="o",
        apart=True,
        claim="it fails for",
    ),
    "negligible": Verdict(
        meaning="0 outside, all of it within the margin",
        level="good",
        style="bold cyan",
        colour="#E69F00",
        mark="N",
        sign="s",
        apart=True,
        within=True,
        claim="it fails, by no more than the margin, for",
    ),
    "inconclusive": Verdict(
        meaning="0 inside, some of it beyond; or the direction is open",
        level="caution",
        style="bold yellow",
        colour="#999999",
        mark="?",
        sign="D",
    ),
    "equivalent": Verdict(
        meaning="0 inside, all of it within",
        level="good",
        style="bold green",
        colour="#0072B2",
        mark="E",
        sign="^",
        within=True,
        claim="it holds within the margin for",
    ),
    "mostly higher": Verdict(
        meaning="no range is known: it rises in more than half of the queries in which "
        "it changes; says nothing of means",
        level="told",
        style="bold magenta",
        colour="#CC79A7",
        mark="H",
        sign=">",
        claim="it rises in most queries that change for",
    ),
    "mostly lower": Verdict(
        meaning="likewise, it falls in more than half of them",
        level="told",
        style="bold blue",
        colour="#56B4E9",
        mark="L",
        sign="<",
        claim="it falls in most queries that change for",
    ),
    "associated": Verdict(meaning="the corrected p is at most delta", level="told"),
    "no association beyond": Verdict(
        meaning="the interval lies inside (-R, R)", level="told"
    ),
    "supports": Verdict(
        meaning="the corrected p is at most delta, and the order is as expected",
        level="good",
    ),
    "contradicts": Verdict(
        meaning="the corrected p is at most delta, and the order is the reverse of "
        "what is expected",
        level="bad",
    ),
    "nothing": Verdict(
        meaning="the corrected p is above delta: no evidence of any order",
        level="caution",
    ),
    # Only in results of earlier versions
    "too few configurations": Verdict(
        meaning="an order of fewer configurations has no interval", level="caution"
    ),
    "vacuous": Verdict(
        meaning="the limit is not below ln 2", level="bad", colour="#BDBDBD"
    ),
    "not vacuous": Verdict(meaning="the limit is below ln 2", level="good"),
    "excluded as best": Verdict(
        meaning="the lower limit of its risk less that of another student is above 0",
        level="told",
        style="yellow",
    ),
    "cannot be excluded as best": Verdict(
        meaning="no such limit is above 0, which makes it equal to no other student",
        level="told",
        style="green",
    ),
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
# Verdicts about a difference: four by the interval of a mean; without a range, two by
# the direction, or "inconclusive"
Difference = Literal[
    "different",
    "negligible",
    "equivalent",
    "inconclusive",
    "mostly higher",
    "mostly lower",
]
MOSTLY: Final[dict[str, Difference]] = {
    "higher": "mostly higher",
    "lower": "mostly lower",
    "": "inconclusive",
}
TURNED: Final = (MOSTLY["higher"], MOSTLY["lower"])
DIFFERENCES: Final[tuple[Difference, ...]] = get_args(Difference)
APART: Final = tuple(name for name in DIFFERENCES if VERDICTS[name].apart)
WITHIN: Final = tuple(name for name in DIFFERENCES if VERDICTS[name].within)
# Verdicts about files, the gravest first
Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
# Verdicts about an association or an order; the band follows the second one
ASSOCIATED: Final = "associated"
NO_ASSOCIATION: Final = "no association beyond"
INCONCLUSIVE: Final = "inconclusive"
ASSOCIATIONS: Final = (ASSOCIATED, NO_ASSOCIATION, INCONCLUSIVE)
# Verdicts about an order of systems, and what it is expected to be
SUPPORTS: Final = "supports"
CONTRADICTS: Final = "contradicts"
NOTHING: Final = "nothing"
ORDERS: Final = (SUPPORTS, CONTRADICTS, ASSOCIATED, NOTHING)

# Verdicts about a student among others
EXCLUDED: Final = "excluded as best"
REMAINS: Final = "cannot be excluded as best"


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A number of a configuration that its risk and effectiveness may go with.

    Attributes
    ----------
    kind : {"bound", "baseline"}
        A part of the bound, or a simple number to compare it with.
    rises : bool or None
        Whether the theory expects the risk to rise with it, and the effectiveness to
        fall; None where it expects nothing.
    """

    kind: Literal["bound", "baseline"]
    rises: bool | None = None

    def expected(self, *, risk: bool) -> bool | None:
        """Whether the risk, or else the effectiveness, is expected to rise with it.

        Examples
        --------
        >>> PREDICTORS["entropy"].expected(risk=False)
        False
        >>> PREDICTORS["group_size"].expected(risk=False) is None
        True
        """
        return None if self.rises is None else self.rises == risk


# The risk is entropy plus divergence, and at most the bound, which rises with locality.
# The deviation may well fall with the risk, as its floor does (Theorem 9). Of it, of
# the teacher's scores and of the sizes of groups the theory expects nothing
PREDICTORS: Final[dict[str, Predictor]] = {
    "bound": Predictor(kind="bound", rises=True),
    "deviation": Predictor(kind="bound"),
    "locality": Predictor(kind="bound", rises=True),
    "entropy": Predictor(kind="bound", rises=True),
    "divergence": Predictor(kind="baseline", rises=True),
    "negative_score": Predictor(kind="baseline"),
    "group_size": Predictor(kind="baseline"),
    "score_variance": Predictor(kind="baseline"),
}


def in_order(said: str) -> int:
    """The position of a verdict where verdicts are explained or counted."""
    return list(dict.fromkeys((*DIFFERENCES, *VERDICTS))).index(said)


def verdict_called(said: str) -> Verdict:
    """The verdict that a text is, or begins with.

    Raises
    ------
    ValueError
        When no verdict is called so.

    Examples
    --------
    >>> verdict_called("no association beyond 0.1").level
    'told'
    """
    known = [word for word in VERDICTS if said.startswith(word)]
    if not known:
        raise ValueError(
            f"a verdict must begin with one of {', '.join(VERDICTS)}, got {said!r}"
        )
    return VERDICTS[max(known, key=len)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """A way of choosing negatives that `demo` draws by telling `sample` to.

    `words` says where the negatives come from. `law` is the name that `sample` knows,
    `runs` are the rankings that it is given, and `depth` says of how many of the best
    documents it draws; None takes just as many as a group needs. `band` are the ends of
    an entropy band, as quantiles of the candidates of a group.
    """

    words: str
    law: str
    runs: tuple[str, ...] = ()
    depth: int | None = 50
    band: tuple[float, float] = (0.5, 1.0)


SAMPLINGS: Final[dict[str, Sampling]] = {
    # Its run holds documents drawn from the whole corpus, in random order
    "random": Sampling(
        words="any other document", law="uniform", runs=("uniform",), depth=None
    ),
    "bm25": Sampling(
        words="the documents that BM25 ranks highest", law="bm25", runs=("bm25",)
    ),
    "crossencoder": Sampling(
        words="the documents that the teacher ranks highest", law="top"
    ),
    "ensemble": Sampling(
        words="the documents that several rankings agree on",
        law="fusion",
        runs=("bm25", "lsa"),
    ),
}
# Those of `ablate`, whose run "dense" is of the vectors of a collection
ABLATED: Final[dict[str, Sampling]] = {
    "random": Sampling(words="any other document", law="uniform", runs=("uniform",)),
    **{name: SAMPLINGS[name] for name in ("bm25", "crossencoder")},
    "dense": Sampling(
        words="the documents whose vectors are nearest", law="dense", runs=("dense",)
    ),
    "ensemble": Sampling(
        words="the documents that BM25 and the vectors agree on",
        law="fusion",
        runs=("bm25", "dense"),
    ),
    "stratified-width": Sampling(
        words="evenly from five strata of equal width over the teacher's scores",
        law="stratified",
        depth=None,
    ),
    "stratified-count": Sampling(
        words="evenly from five strata of equally many documents",
        law="stratified-count",
        depth=None,
    ),
    "entropy": Sampling(
        words="the half of the documents of which the teacher is least sure",
        law="entropy",
        depth=None,
    ),
    "entropy-middle": Sampling(
        words="the half between those of which the teacher is least and most sure",
        law="entropy",
        depth=None,
        band=(0.25, 0.75),
    ),
    "entropy-low": Sampling(
        words="the half of the documents of which the teacher is most sure",
        law="entropy",
        depth=None,
        band=(0.0, 0.5),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is said where a question has one outcome, and what to run next.

    Attributes
    ----------
    sentence : str
        A template: numbers and names take the place of the fields in braces.
    next : str
        Likewise the command to run next; empty where nothing follows.
    level : {"good", "caution", "bad", "told"}
        How good the news is.
    """

    sentence: str
    next: str = ""
    level: Level = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that people come with, and what results say to it.

    Attributes
    ----------
    wording : str
    results : tuple of str
        The kinds of results that answer it, as in `rankbound.results.KINDS`.
    outcomes : mapping of str to Outcome
    """

    wording: str
    results: tuple[str, ...]
    outcomes: Mapping[str, Outcome]


# Commands that carry on what a result was given; `rankbound.commands.following` has
# their words
_MEASURE: Final = "{measure}"
_POWER: Final = "{power}"
_VALIDATE: Final = "{validate}"
_BEFORE_AFTER: Final = "rankbound bound --before DIR --after DIR"
_ALTERS: Final = "{pairs} pairs (nats, from {reference}): {listed}"
_SOLVED: Final = {
    "solved": Outcome(
        sentence="the bound is not vacuous {side} {name} = {value}", level="good"
    ),
    "unsolved": Outcome(
        sentence="no {name} makes the bound equal to ln 2 with these numbers",
        level="bad",
    ),
}

# Whether verdicts are the same over the interval of a fitted temperature
HOLDS: Final = "; every verdict holds for every temperature tried in [{lower}, {upper}]"
CHANGES: Final = "; {changed} of {of} verdicts change: {listed}"

# The five that people come with first, in the order in which they are asked
QUESTIONS: Final[dict[str, Question]] = {
    "hard-negatives": Question(
        wording="Are hard negatives worth it?",
        results=("comparison",),
        outcomes={
            "altered": Outcome(
                sentence=f"they alter the entropy of {_ALTERS}",
                next=_MEASURE,
                level="caution",
            ),
            "unaltered": Outcome(
                sentence="they alter the entropy by no more than {margin}, "
                f"of {_ALTERS}",
                next=_MEASURE,
                level="good",
            ),
            "open": Outcome(
                sentence="whether they alter the entropy by more than "
                f"{{margin}} is open, of {_ALTERS}",
                next=_POWER,
                level="caution",
            ),
        },
    ),
    "temperature": Question(
        wording="Which temperature?",
        results=("ledger", "comparison", "validation", "cut"),
        outcomes={
            "overconfident": Outcome(
                sentence="the teacher is overconfident by a factor of {value} "
                "{on}{holds}",
                level="caution",
            ),
            "underconfident": Outcome(
                sentence="the teacher is underconfident: a temperature of {value} "
                "makes it calibrated {on}{holds}",
                level="caution",
            ),
            "calibrated": Outcome(
                sentence="the teacher's temperature is {value} {on}, which does not "
                "exclude 1{holds}",
                level="good",
            ),
            "fitted": Outcome(
                sentence="a temperature of {value} makes the teacher calibrated {on}"
                "{holds}"
            ),
            "several": Outcome(sentence="by data set: {listed}"),
            "given": Outcome(
                sentence="{value}, given or implied by {kind} scores, is not fitted: "
                "how far off it is, is not known",
                next="{fitted}",
                level="caution",
            ),
        },
    ),
    "queries": Question(
        wording="Are my queries enough?",
        results=("ledger", "comparison", "power", "bound", "validation"),
        outcomes={
            "enough": Outcome(sentence="{listed}", next=_POWER, level="good"),
            "more": Outcome(sentence="{listed}", next=_POWER, level="caution"),
            "never": Outcome(sentence="{listed}", level="bad"),
            "shown": Outcome(sentence="{listed}"),
            "in deviations": Outcome(
                sentence="{listed}; differences in nats, and how many queries a margin "
                "needs, take the spread over queries, given or measured",
                next="rankbound power --from DIR --margin 0.02",
            ),
            "needed": Outcome(
                sentence="{listed}",
                next="rankbound compare --teacher FILE --groups NAME=FILE NAME=FILE "
                "--margin {margin} --out DIR",
            ),
            **_SOLVED,
        },
    ),
    "student": Question(
        wording="Which student?",
        results=("ledger", "validation"),
        outcomes={
            "one": Outcome(
                sentence="1 of {of} cannot be excluded as best: {names}{against}",
                next=_VALIDATE,
                level="good",
            ),
            "several": Outcome(
                sentence="{n} of {of} cannot be excluded as best: {names}{against}",
                next=_VALIDATE,
                level="caution",
            ),
            "disputed": Outcome(
                sentence="it depends on B: with all students clipped at "
                "B = {score_range}, {n} of {of} cannot be excluded as best: "
                "{names}{against}; with a B of its own, {lowest} has the lowest limit",
                next=_VALIDATE,
                level="caution",
            ),
            "not ranked": Outcome(
                sentence="the students are not ranked: {because}", level="caution"
            ),
            "effective": Outcome(
                sentence="{measure} on {n} queries of {dataset}: {listed}"
            ),
        },
    ),
    "augmentation": Question(
        wording="Will augmentation help?",
        results=("change", "augmentation"),
        outcomes={
            "lower": Outcome(
                sentence="for {student} it lowers the bound by {least} to {most} nats"
                "{break_even}; this says nothing of the risk under another law",
                level="good",
            ),
            "higher": Outcome(
                sentence="for {student} it raises the bound by {least} to {most} nats"
                "{break_even}; this says nothing of the risk under another law",
                level="bad",
            ),
            "inconclusive": Outcome(
                sentence="for {student} it is open: the bound changes by {lower} to "
                "{upper} nats{break_even}",
                next=_POWER,
                level="caution",
            ),
            "no evidence": Outcome(
                sentence="for {student} there is no evidence: both bounds, {before} "
                "and {after} nats, are vacuous, not below ln 2, so their order says "
                "nothing",
                next=_POWER,
                level="bad",
            ),
            "lowers": Outcome(
                sentence="it lowers the bound from {before} to {after} nats"
                "{break_even}; this says nothing of the risk itself",
                next=_BEFORE_AFTER,
                level="good",
            ),
            "does not lower": Outcome(
                sentence="it does not lower the bound: {before} nats before and "
                "{after} after{break_even}; this says nothing of the risk itself",
                next=_BEFORE_AFTER,
                level="bad",
            ),
            "both vacuous": Outcome(
                sentence="the numbers say nothing: both bounds, {before} and {after} "
                "nats, are vacuous, not below ln 2{break_even}",
                next=_BEFORE_AFTER,
                level="bad",
            ),
        },
    ),
    # What a student's certificate states, always in this order
    "share": Question(
        wording="Does the student beat guessing?",
        results=("ledger",),
        outcomes={
            "most": Outcome(
                sentence="on at least so many {many}{mean}: {listed}", level="good"
            ),
            "some": Outcome(
                sentence="on at least so many {many}{mean}: {listed}", level="caution"
            ),
            "few": Outcome(
                sentence="on at least so many {many}{mean}: {listed}", level="bad"
            ),
        },
    ),
    "vacuous": Question(
        wording="Is the certificate vacuous?",
        results=("ledger", "bound"),
        outcomes={
            "not vacuous": Outcome(
                sentence="no, below ln 2 = 0.6931 nats: {listed}", level="good"
            ),
            "vacuous": Outcome(
                sentence="yes, not below ln 2 = 0.6931 nats: {listed}",
                next="{solve}",
                level="bad",
            ),
            "some": Outcome(sentence="some are: {listed}", level="caution"),
            **_SOLVED,
        },
    ),
    "misranking": Question(
        wording="Are most pairs ranked rightly?",
        results=("ledger",),
        outcomes={
            "yes": Outcome(
                sentence="at most so many {pairs} are wrong{given}: {listed}",
                level="good",
            ),
            "some": Outcome(
                sentence="at most so many {pairs} are wrong{given}: {listed}",
                level="caution",
            ),
            "not shown": Outcome(
                sentence="not shown, at most so many {pairs} are wrong{given}: "
                "{listed}",
                level="bad",
            ),
        },
    ),
    "dominating": Question(
        wording="Which part dominates?",
        results=("ledger", "bound"),
        outcomes={
            part: Outcome(sentence="{listed}")
            for part in ("entropy", "divergence", "deviation", "locality", "several")
        },
    ),
    "false-negatives": Question(
        wording="Are negatives false?",
        results=("comparison", "inspection"),
        outcomes={
            "suspected": Outcome(
                sentence="scored above their positive: {listed}{judged}",
                next="{sample}",
                level="caution",
            ),
            "none suspected": Outcome(
                sentence="scored above their positive: {listed}{judged}",
                level="good",
            ),
        },
    ),
    "differences": Question(
        wording="What else does the sampling alter?",
        results=("comparison",),
        outcomes={
            "altered": Outcome(sentence="{listed}", level="caution"),
            "unaltered": Outcome(
                sentence="nothing else by more than its margin: {listed}", level="good"
            ),
            "open": Outcome(sentence="nothing is shown: {listed}", level="caution"),
        },
    ),
    "terms": Question(
        wording="Do the terms go with effectiveness?",
        results=("validation",),
        outcomes={
            "associated": Outcome(
                sentence="{associated} of {tests} correlations between a term and a "
                "measure are significant ({level}), {given} when the difficulty of "
                "queries is allowed for; the clearest: {strongest}",
                level="told",
            ),
            "nothing": Outcome(
                sentence="no evidence: none of {tests} correlations between a term and "
                "a measure is significant ({level}), {given} when the difficulty of "
                "queries is allowed for",
                next="rankbound power --n {n} --comparisons {n_tests}",
                level="caution",
            ),
        },
    ),
    "systems": Question(
        wording="Does the bound order systems?",
        results=("validation",),
        outcomes={
            "supports": Outcome(sentence="across {compared}: {listed}", level="good"),
            "contradicts": Outcome(sentence="across {compared}: {listed}", level="bad"),
            "associated": Outcome(sentence="across {compared}: {listed}"),
            "nothing": Outcome(
                sentence="across {compared} there is no evidence that anything orders "
                "or predicts them ({tests})",
                level="caution",
            ),
            "too few": Outcome(
                sentence="not tested: {because}",
                next=_VALIDATE,
                level="caution",
            ),
        },
    ),
    "held": Question(
        wording="Do certificates hold out?",
        results=("validation",),
        outcomes={
            "held": Outcome(
                sentence="those of random halves held on {held} of {splits} other "
                "halves; {vacuous} of {of} students' certificates are vacuous",
                level="good",
            ),
            "refuted": Outcome(
                sentence="those of random halves held on {held} of {splits} other "
                "halves, and {refuted} are refuted; {vacuous} of {of} students' "
                "certificates are vacuous",
                level="bad",
            ),
        },
    ),
    "controls": Question(
        wording="Do the controls agree?",
        results=("comparison", "validation"),
        outcomes={
            "passed": Outcome(sentence="all {of} are as they should be", level="good"),
            "failed": Outcome(
                sentence="{failed} of {of} are not as they should be: {names}; use no "
                "number here before you know why",
                level="bad",
            ),
        },
    ),
}


def label(quantity: str, student: str, *, alone: bool) -> str:
    """The name in tables: with the student's, if there are several.

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


# Where a sentence about a limit says what it takes for granted
PROVIDED: Final = "provided that"


def proviso(*, trained: bool, clustered: bool = False) -> str:
    """What every limit takes for granted, to end its sentence with.

    Parameters
    ----------
    trained : bool
        Whether the queries that students were trained on are known, and left out.
    clustered : bool
        Whether the limit counts clusters of queries, not queries.

    Examples
    --------
    >>> proviso(trained=True)
    'provided that queries are independent draws'
    >>> proviso(trained=False, clustered=True)
    'provided that no student, teacher or miner was trained on these queries, and ...
    """
    drawn = f"{'clusters' if clustered else 'queries'} are independent draws"
    if trained:
        return f"{PROVIDED} {drawn}"
    return (
        f"{PROVIDED} no student, teacher or miner was trained on these queries, and "
        f"that {drawn}"
    )
