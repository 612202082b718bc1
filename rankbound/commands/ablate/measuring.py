"""What a student is measured by: rankings, effectiveness, and terms of the bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.betting import betting
from rankbound.bounds.certificate import LN2, LossRange
from rankbound.bounds.wording import counted
from rankbound.commands.ablate.collections import (
    LAW,
    LEAST,
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    Collection,
    NotTestedError,
)
from rankbound.commands.ablate.encoders import Encoder, Tuned
from rankbound.commands.ablate.result import KENDALL, TERMS, LawRow
from rankbound.commands.ablate.students import (
    CROSS,
    Lessons,
    Single,
    Trained,
    start,
    untrained,
)
from rankbound.commands.demo.models import candidates, pair_features
from rankbound.commands.measure.certifying import query_terms
from rankbound.commands.measure.choosing import (
    RowScores,
    Wanted,
    group_range,
    pilot_choices,
)
from rankbound.data.columns import Booleans, Floats, Integers, positions
from rankbound.data.draws import generator
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import geometry, student_terms, teacher_terms
from rankbound.validation.configurations import HeldOut, held_out
from rankbound.validation.group_laws import GroupLaw

DEPTH: Final = 100  # of a run
DIGITS: Final = 6  # of its scores
CUT: Final = 10
DELTA: Final = 0.05
PAIRS: Final = "all"
NDCG: Final = "ndcg@10"
Student = Trained | Tuned


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The best documents of some queries: codes and scores, both (n, depth).

    Scores have six digits, as a run holds them. Equal ones are ordered by docno,
    descending, as trec_eval does; where there are too few documents, the code is -1.
    """

    codes: Integers
    scores: Floats


def ranked(scores: Floats, *, depth: int = DEPTH) -> Ranking:
    """Rank the documents of every query.

    Parameters
    ----------
    scores : float64 array, shape (n, n_docs)
        Minus infinity for documents that are not ranked.
    depth : int

    Examples
    --------
    >>> found = ranked(np.array([[1.0, 3.0, 1.0, -np.inf]]))
    >>> found.codes.tolist()
    [[1, 2, 0, -1]]
    """
    depth = min(depth, scores.shape[1])
    best = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    values = _rounded(np.take_along_axis(scores, best, axis=1))
    order = np.lexsort((-best, -values))
    codes = np.take_along_axis(best, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    return Ranking(np.where(np.isfinite(values), codes, -1), values)


def _rounded(values: Floats) -> Floats:
    """Values with six significant digits."""
    size = np.where(np.isfinite(values) & (values != 0), np.abs(values), 1.0)
    unit = 10.0 ** (DIGITS - 1 - np.floor(np.log10(size)))
    return np.where(np.isfinite(values), np.rint(values * unit) / unit, values)


@dataclass(frozen=True, slots=True, eq=False)
class Judgements:
    """Grades of the documents of some queries, as keys ``query * n_docs + code``."""

    keys: Integers
    grades: Floats
    n_docs: int
    best: Floats  # DCG@10 of the best order, by query
    counts: Integers  # relevant documents, by query

    @classmethod
    def of(cls, collection: Collection, queries: Integers) -> Judgements:
        """Those of the queries of a split, numbered from 0."""
        judged, n_docs = collection.pool.relevant, len(collection.docnos)
        query = positions(collection.qids[queries], judged.qids)[judged.row_query()]
        codes = positions(collection.docnos, judged.docnos)[judged.codes]
        mine = query >= 0
        keys, grades = query[mine] * n_docs + codes[mine], judged.values[mine]
        order = np.argsort(keys)
        query, grades = query[mine][order], grades[order]
        falling = np.lexsort((-grades, query))
        counts = np.bincount(query, minlength=len(queries))
        place = np.arange(len(query)) - (np.cumsum(counts) - counts)[query]
        gains = grades[falling] * _discounts(place)
        best = np.bincount(query, weights=gains, minlength=len(queries))
        ideal: Floats = best.astype(np.float64)
        return cls(keys[order], grades, n_docs, ideal, counts)

    def effectiveness(self, ranking: Ranking) -> dict[str, Floats]:
        """Measures of every query by name, as trec_eval computes them."""
        n = len(ranking.codes)
        asked = np.arange(n)[:, None] * self.n_docs + ranking.codes
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        known = (self.keys[place] == asked) & (ranking.codes >= 0)
        grades = np.where(known, self.grades[place], 0.0)
        ranks = np.arange(1, grades.shape[1] + 1)
        good = grades > 0
        first = np.where(good[:, :CUT].any(axis=1), 1.0 / (1 + good.argmax(axis=1)), 0)
        precision = np.cumsum(good, axis=1) / ranks
        return {
            NDCG: (grades * _discounts(ranks - 1)).sum(axis=1) / self.best,
            "ap": (precision * good).sum(axis=1) / self.counts,
            "rr@10": first,
        }


def _discounts(places: Integers) -> Floats:
    """Of ranks, counted from 0; nothing counts below the tenth."""
    return np.where(places < CUT, 1.0 / np.log2(places + 2.0), 0.0)


def kendall(one: Floats, other: Floats) -> float:
    """Kendall's tau-b of two lists of scores; 0 where one of them is constant.

    Examples
    --------
    >>> round(kendall(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), 6)
    0.333333
    """
    signs = [np.sign(x[:, None] - x).astype(np.float32) for x in (one, other)]
    sizes = [float(np.vdot(x, x)) for x in signs]
    if 0 in sizes:
        return 0.0
    return float(np.vdot(*signs)) / float(np.sqrt(sizes[0] * sizes[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of pairs, as keys ``query * n_docs + code``, in rising order.

    `found` says which documents BM25 or the vectors rank among their best, which are
    those that a cross-encoder ranks again. `mean` and `spread` are those of the pairs
    of training queries, by which features are standardised.
    """

    keys: Integers
    values: Single
    found: Booleans
    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, collection: Collection, home: Features | None) -> Features:
        """Those of all documents that are ranked or scored, standardised.

        With `home`, the features that students were trained on, as those are.
        """
        retrieved, teacher = collection.retrieved, collection.pool.teacher
        n_docs = len(collection.docnos)
        codes = positions(collection.docnos, teacher.docnos)[teacher.codes]
        row = positions(teacher.qids, collection.qids)
        keys, values, found = [], [], []
        nothing = np.zeros(0, dtype=np.int64)
        used = np.sort(np.concatenate([*collection.splits.values()]))
        for query in used.tolist():
            place = row[query]
            scored = codes[teacher.offsets[place] : teacher.offsets[place + 1]]
            tops = candidates(retrieved, query, others=nothing)
            documents = np.union1d(tops, scored)
            keys.append(query * n_docs + documents)
            values.append(pair_features(retrieved, query, documents))
            found.append(np.isin(documents, tops))
        every = np.concatenate(keys)
        table = np.concatenate(values)
        if home is not None:
            mean, spread = home.mean, home.spread
        else:
            mine = np.isin(every // n_docs, collection.splits[TRAIN])
            mean, spread = table[mine].mean(axis=0), table[mine].std(axis=0)
            spread = np.where(spread > 0, spread, 1.0)
        single: Single = ((table - mean) / spread).astype(np.float32)
        return cls(every, single, np.concatenate(found), mean, spread)


class Bench:
    """A collection ready to train students on and to measure them.

    `home` is the one that the students were trained on, if it is another; students are
    heads, unless an `encoder` is fine-tuned.
    """

    def __init__(
        self,
        collection: Collection,
        home: Bench | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        self.collection = collection
        self.home = home
        self.encoder = encoder
        self.n_docs = len(collection.docnos)
        self.judgements = {
            split: Judgements.of(collection, collection.splits[split])
            for split in (VALIDATION, TEST)
        }
        self.vectors = Embeddings(
            collection.docnos, collection.retrieved.doc_vectors, collection.name
        )
        self._laws: dict[tuple[str, int], KnownLaw | None] = {}

    def taught(self, collection: Collection) -> Bench:
        """The same with a teacher that scores the same documents."""
        made = Bench(collection, self.home, self.encoder)
        if "features" in vars(self):
            made.features = self.features
        return made

    @cached_property
    def features(self) -> Features:
        """Computed when the first cross-encoder asks."""
        home = None if self.home is None else self.home.features
        return Features.of(self.collection, home)

    def start(self, architecture: str, *, seed: int) -> Student:
        """A student before any step."""
        if self.encoder is not None:
            return self.encoder.start(architecture, seed=seed)
        width = int(self._tables(architecture)[1].shape[1])
        return start(architecture, width, seed=seed)

    def untrained(
        self, architecture: str, lessons: Lessons, *, seed: int, match: bool
    ) -> Student:
        """A student before any step, with the scale that it is trained with."""
        of = untrained if self.encoder is None else self.encoder.untrained
        return of(architecture, lessons, seed=seed, match=match)

    def lessons(self, architecture: str, drawn: list[Drawn]) -> Lessons:
        """What students of all seeds learn from; `drawn` has the groups of each."""
        parts = [self.collection.of_split(one.groups, TRAIN) for one in drawn]
        rows, asked, teacher = [], [], []
        for groups in parts:
            own, codes = self.collection.codes(groups)
            values, _ = groups.scores_of(self.collection.pool.teacher)
            rows.append(own)
            asked.append(codes)
            teacher.append(values.reshape(codes.shape))
        places = np.stack(asked)
        queries, documents = self._tables(architecture)
        if architecture == CROSS and self.encoder is None:
            keys = np.stack(rows)[:, :, None] * self.n_docs + places
            places = np.searchsorted(self.features.keys, keys)
        return Lessons(queries, documents, np.stack(rows), places, np.stack(teacher))

    def _tables(self, architecture: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """What students read: vectors, features of pairs, or texts."""
        if self.encoder is not None:
            return self.collection.queries, self.collection.documents
        if architecture == CROSS:
            return np.zeros((1, 1), dtype=np.float32), self.features.values
        retrieved = self.collection.retrieved
        return retrieved.query_vectors, retrieved.doc_vectors

    def scores(self, student: Student, split: str) -> tuple[Floats, Floats]:
        """All scores of a student for a split, and those by which it ranks, (n, N).

        A bi-encoder scores every document. A cross-encoder scores what was ranked or
        has the teacher's score, ranks what was ranked, and gives minus infinity to the
        others.
        """
        mine = self.collection.splits[split]
        if student.architecture != CROSS:
            queries, documents = self._tables(student.architecture)
            scores = student.every_score(queries[mine], documents)
            return scores, scores
        table = self.features
        place = np.searchsorted(mine, table.keys // self.n_docs)
        held = mine[np.minimum(place, len(mine) - 1)] == table.keys // self.n_docs
        rows = np.flatnonzero(held)
        every = np.full((len(mine), self.n_docs), -np.inf)
        every[place[rows], table.keys[rows] % self.n_docs] = self._of_pairs(
            student, table.keys[rows]
        )
        by = every.copy()
        added = rows[~table.found[rows]]
        by[place[added], table.keys[added] % self.n_docs] = -np.inf
        return every, by

    def _of_pairs(self, student: Student, keys: Integers) -> Floats:
        """A cross-encoder's scores of pairs, in their order."""
        if isinstance(student, Trained):
            values = self.features.values
            rows = np.searchsorted(self.features.keys, keys)
            none = np.zeros(1, dtype=np.int64)
            found = student.scores(values[:1], values, none, rows[None])
            return found.ravel()
        codes = (keys % self.n_docs)[:, None]
        tables = self.collection.queries, self.collection.documents
        return student.scores(*tables, keys // self.n_docs, codes).ravel()

    def _of_groups(self, student: Student, split: str, groups: Groups) -> Floats:
        """Scores for a split, of an encoder those of some groups alone: they cost."""
        if isinstance(student, Trained):
            return self.scores(student, split)[0]
        mine = self.collection.splits[split]
        queries, codes = self.collection.codes(groups)
        every = np.full((len(mine), self.n_docs), -np.inf)
        place = np.searchsorted(mine, queries)[:, None]
        every[place, codes] = student.scores(*self._tables(""), queries, codes)
        return every

    def ndcg(self, student: Student, split: str) -> Floats:
        """nDCG@10 of every query of a split."""
        _, by = self.scores(student, split)
        found = ranked(by, depth=CUT)
        return self.judgements[split].effectiveness(found)[NDCG]

    def n_scored(self, architecture: str, split: str) -> int:
        """Pairs that a student scores for a split; see `scores`."""
        mine = self.collection.splits[split]
        if architecture != CROSS:
            return len(mine) * self.n_docs
        return int(np.isin(self.features.keys // self.n_docs, mine).sum())

    def chosen(self, checkpoints: Iterable[Student]) -> tuple[int, Student]:
        """The first checkpoint with the best nDCG@10 on validation queries."""
        best, found = -np.inf, None
        for place, one in enumerate(checkpoints):
            value = float(self.ndcg(one, VALIDATION).mean())
            if value > best:
                best, found = value, (place, one.kept())
        if found is None:
            raise AssertionError("no checkpoints")
        return found

    def baseline(self, name: str) -> Floats:
        """nDCG@10 of a run, or of the teacher's order of what runs found, by query."""
        pool, mine = self.collection.pool, self.collection.splits[TEST]
        scores = pool.teacher if name == "teacher" else pool.runs[name]
        row = positions(self.collection.qids[mine], scores.qids)[scores.row_query()]
        codes = positions(self.collection.docnos, scores.docnos)[scores.codes]
        table = np.full((len(mine), self.n_docs), -np.inf)
        held = row >= 0
        table[row[held], codes[held]] = scores.values[held]
        if name == "teacher":
            for place, query in enumerate(mine.tolist()):
                nothing = np.zeros(0, dtype=np.int64)
                tops = candidates(self.collection.retrieved, query, others=nothing)
                kept = table[place, tops]
                table[place] = -np.inf
                table[place, tops] = kept
        found = ranked(table)
        return self.judgements[TEST].effectiveness(found)[NDCG]

    @cached_property
    def by_teacher(self) -> list[tuple[Integers, Floats]]:
        """The scored documents of every test query, and the teacher's scores."""
        teacher = self.collection.pool.teacher
        codes = positions(self.collection.docnos, teacher.docnos)[teacher.codes]
        qids = self.collection.qids[self.collection.splits[TEST]]
        ends = teacher.offsets
        return [
            (
                codes[ends[row] : ends[row + 1]],
                teacher.values[ends[row] : ends[row + 1]],
            )
            for row in positions(teacher.qids, qids).tolist()
        ]

    def drawn(self, sampling: str, *, size: int, seed: int) -> Drawn:
        """The groups of one sampling and seed."""
        groups = self.collection.draw(sampling, size=size, seed=seed)
        parts = {split: self.collection.of_split(groups, split) for split in SPLITS}
        for split, part in parts.items():
            if len(np.unique(part.queries)) < LEAST:
                raise NotTestedError(
                    f"{self.collection.name}, {split}: fewer than {LEAST} "
                    f"queries have {counted(size, 'document')} that {sampling!r} draws "
                    "and the teacher scores; give a smaller `group_size`"
                )
        test = parts[TEST]
        values, _ = test.scores_of(self.collection.pool.teacher)
        terms = query_terms(
            test,
            teacher_terms(test, values, pairs=PAIRS),
            pairs=PAIRS,
            geometry=geometry(test, self.vectors, pairs=PAIRS),
        )
        diameter = terms.diameter
        if diameter is None:  # they were asked for
            raise AssertionError("no diameter of groups with vectors")
        mine = self.collection.qids[self.collection.splits[TEST]]
        places = positions(mine, terms.qids)
        known = self.law(sampling, size=size)
        return Drawn(groups, parts, places, terms.entropy_nats, diameter, known)

    def law(self, sampling: str, *, size: int) -> KnownLaw | None:
        """The law of the groups of a sampling; None where it is not known."""
        key = sampling, size
        if key not in self._laws:
            law = self.collection.law(sampling, size=size)
            self._laws[key] = None if law is None else KnownLaw.of(law, self.collection)
        return self._laws[key]

    def measured(self, student: Student, drawn: Drawn | None, *, key: str) -> Measured:
        """Everything about one student on the test queries.

        `key` decides which half of them certifies. Without groups there are no terms.
        """
        every, by = self.scores(student, TEST)
        ranking = ranked(by)
        found = self.judgements[TEST].effectiveness(ranking)
        found[KENDALL] = np.array(
            [
                kendall(every[row, codes], values)
                for row, (codes, values) in enumerate(self.by_teacher)
            ]
        )
        if drawn is None:
            found |= {name: np.full(len(every), np.nan) for name in TERMS}
            return Measured(found, None, None, ranking, None)
        pilot, _ = self.scores(student, VALIDATION)
        limit = self._limit(drawn, {VALIDATION: pilot, TEST: every})
        terms = {"risk": limit.risk, "entropy": drawn.entropy}
        terms |= {"divergence": limit.divergence, "diameter": drawn.diameter}
        for name, values in terms.items():
            found[name] = np.full(len(every), np.nan)
            found[name][drawn.places] = values
        (half,) = held_out(
            limit.risk,
            loss_range=limit.span,
            delta=DELTA,
            splits=1,
            rng=generator(0, "halves", self.collection.name, key),
            stake=limit.stake,
        )
        known, law_risk = drawn.law, None
        if known is not None:
            of_kinds, _ = self.scores(student, LAW)
            law_risk = known.risk(of_kinds, clip_at=limit.score_range)
        return Measured(found, limit, half, ranking, law_risk)

    def before(self, student: Student, drawn: Drawn) -> Limit:
        """The certificate of an untrained student on the training queries."""
        scores = {
            one: self._of_groups(student, one, drawn.parts[one])
            for one in (VALIDATION, TRAIN)
        }
        return self._limit(drawn, scores)

    def _limit(self, drawn: Drawn, scores: Mapping[str, Floats]) -> Limit:
        """The certificate on the last split, by choices made on validation queries."""
        rows = {
            split: self._row_scores(drawn.parts[split], split, scores[split])
            for split in scores
        }
        *_, test = rows.values()
        made = pilot_choices(
            rows[VALIDATION],
            [1.0],
            wanted=Wanted(PAIRS, None, None, DELTA, 1),
            least=None,
            n_certificate=len(np.unique(test.groups.queries)),
        )
        span = group_range(test.groups, pairs=PAIRS, score_range=made.score_range)
        terms = student_terms(
            test.groups, test.teacher, test.student, clip_at=made.score_range
        )
        teacher = teacher_terms(test.groups, test.teacher)
        found = query_terms(test.groups, teacher, pairs=PAIRS, terms=terms)
        risk, divergence = found.risk_nats, found.divergence_nats
        if risk is None or divergence is None:  # they were asked for
            raise AssertionError("no risk of a student")
        upper = betting(
            risk,
            low=span.low,
            high=span.high,
            delta=DELTA,
            stakes=None if made.stake is None else [made.stake],
        )
        chosen = made.score_range, made.stake
        return Limit(risk, divergence, upper, span, *chosen)

    def _row_scores(self, groups: Groups, split: str, scores: Floats) -> RowScores:
        queries, codes = self.collection.codes(groups)
        row = np.searchsorted(self.collection.splits[split], queries)
        values, found = groups.scores_of(self.collection.pool.teacher)
        student = scores[row[:, None], codes].ravel()
        return RowScores(groups, values, student, found)

    def run_lines(self, ranking: Ranking, tag: str) -> Iterator[str]:
        """The run of a student in six columns."""
        names = self.collection.qids[self.collection.splits[TEST]].tolist()
        for qid, codes, scores in zip(
            names, ranking.codes, ranking.scores, strict=True
        ):
            kept = codes >= 0
            docnos = self.collection.docnos[codes[kept]].tolist()
            rows = zip(docnos, scores[kept].tolist(), strict=True)
            for rank, (docno, value) in enumerate(rows, start=1):
                yield f"{qid} Q0 {docno} {rank} {value!r} {tag}"


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Groups of one sampling and seed, and what they are before any student.

    `places` are those of the test queries that have groups, whose terms are given, and
    `law` is that of the groups, where it is known.
    """

    groups: Groups
    parts: Mapping[str, Groups]
    places: Integers
    entropy: Floats
    diameter: Floats
    law: KnownLaw | None


@dataclass(frozen=True, slots=True, eq=False)
class KnownLaw:
    """The law of groups, with the teacher's log-odds and vectors by row of its pools.

    `kinds` and `codes` say which query of the split "law" and which document a row is.
    """

    law: GroupLaw
    teacher: Floats
    vectors: Floats
    kinds: Integers
    codes: Integers

    @classmethod
    def of(cls, law: GroupLaw, collection: Collection) -> KnownLaw:
        """That of a collection whose law is known."""
        pools = law.pools
        kinds = positions(collection.qids[collection.splits[LAW]], pools.group_qids())
        codes = positions(collection.docnos, pools.docnos)[pools.codes]
        return cls(
            law,
            pools.scores_of(collection.pool.teacher)[0],
            collection.retrieved.doc_vectors[codes].astype(np.float64),
            kinds[pools.row_group()],
            codes,
        )

    def risk(self, scores: Floats, *, clip_at: float) -> float:
        """Risk in nats of a student with these scores of kinds and all documents."""
        mine = scores[self.kinds, self.codes]
        return self.law.risk(self.teacher, mine, clip_at=clip_at)

    def row(self, of_random: KnownLaw, **estimates: Any) -> LawRow:
        """What it says of its sampling, beside `estimates`."""
        ratio = self.law.density_ratio(of_random.law)
        return LawRow(
            entropy=self.law.entropy(self.teacher),
            diameter=self.law.diameter(self.vectors),
            mean_distance=self.law.mean_distance(self.vectors),
            kappa=None if ratio.missing else ratio.kappa,
            never_drawn=ratio.missing,
            kappa_over_random=of_random.law.density_ratio(self.law).kappa,
            **estimates,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """Risk and divergence of every query in nats, and the limit of the mean risk.

    `score_range` is the B at which the student is clipped.
    """

    risk: Floats
    divergence: Floats
    upper: float
    span: LossRange
    score_range: float
    stake: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Numbers of every test query by column, the certificate, and the ranking.

    Terms of the bound are NaN for a test query that has no full group. `half` is a
    certificate on half of the queries, and the risk on the others. `law_risk` is the
    risk of the clipped student under the law of the groups, where that is known.
    """

    columns: Mapping[str, Floats]
    limit: Limit | None
    half: HeldOut | None
    ranking: Ranking
    law_risk: float | None

    @property
    def upper(self) -> float | None:
        """The certificate; None without terms."""
        return None if self.limit is None else self.limit.upper

    @property
    def covered(self) -> bool | None:
        """Whether the limit is at least the known risk; None where none is known."""
        if self.law_risk is None or self.upper is None:
            return None
        return self.upper >= self.law_risk

    @property
    def vacuous(self) -> bool:
        """Whether the limit is at least ln 2, the risk of a constant student."""
        return self.upper is not None and self.upper >= LN2
