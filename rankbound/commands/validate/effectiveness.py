"""Effectiveness per query by ir-measures, and verdicts on every pair of systems.

Ties in rankings are broken before ir-measures sees them. Since equivalence is not
transitive, systems are compared pair by pair and never merged into groups.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding
from rankbound.commands.measure.given import Files, Given
from rankbound.commands.validate.options import TEACHER, Case, Missing
from rankbound.commands.validate.records import AVERAGE, Mean, SystemPair
from rankbound.commands.validate.result import FACTORS
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Booleans, Floats, Integers, Strings, strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.ordering import ranking
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Scores
from rankbound.errors import FormatError, UsageError
from rankbound.read.clusters import read_clusters
from rankbound.read.contents import odd_in
from rankbound.read.fields import odd_words
from rankbound.read.source import one_line
from rankbound.validation.paired import Answer, Question, answer_family

DEPTH: Final = 1_000
DOCUMENTS_AT_ONCE: Final = 2**16
# Columns of the means themselves, which a design may not have
OWN: Final = ("dataset", "measure", "n", "mean")
NO_BOOTSTRAP: Final = 1  # resample: its interval is not used


@dataclass(frozen=True, slots=True, eq=False)
class Effectiveness:
    """The effectiveness of one system by query.

    Attributes
    ----------
    qids : object array of str, shape (n,)
        Judged queries, sorted.
    measures : tuple of str
    values : float64 array, shape (n, m)
    n_missing : int
        Number of judged queries that the ranking lacks; they are 0 in `values`, or
        absent from it.
    """

    qids: Strings
    measures: tuple[str, ...]
    values: Floats
    n_missing: int

    def of(self, qids: Strings) -> tuple[Floats, Booleans]:
        """Return the rows of some queries, shape (k, m), and which of them exist."""
        place = {qid: row for row, qid in enumerate(self.qids)}
        rows = np.array([place.get(qid, -1) for qid in qids], dtype=np.int64)
        return self.values[np.maximum(rows, 0)], rows >= 0


class Judge:
    """Evaluate systems against the same judgements.

    Parameters
    ----------
    qrels : Scores
        Relevance grades, which are whole numbers.
    measures : sequence of str
        Names of measures that ir-measures can parse.
    missing : {"zero", "drop", "error"}
        What happens to judged queries that a ranking lacks.

    Raises
    ------
    UsageError
        For a measure that ir-measures does not know or cannot compute here.
    """

    def __init__(
        self, qrels: Scores, measures: Sequence[str], *, missing: Missing
    ) -> None:
        import ir_measures

        _check_survived(qrels)
        self._parsed = [_parsed(text) for text in measures]
        self.measures = tuple(str(measure) for measure in self._parsed)
        if not self.measures or len(set(self.measures)) < len(self.measures):
            raise UsageError(
                "`measures` must name at least one measure, and each of them once, got "
                f"{', '.join(measures) or 'none'}"
            )
        self._qids = strings(sorted(qrels.qids))
        self._missing = missing
        self._name = qrels.name
        codes = qrels.docnos[qrels.codes]
        rows = zip(qrels.row_query(), codes, qrels.values, strict=True)
        judged = [
            ir_measures.Qrel(qrels.qids[query], docno, int(grade))
            for query, docno, grade in rows
        ]
        with _reported():
            self._evaluator = ir_measures.evaluator(self._parsed, judged)

    def evaluate(self, ranking: Scores) -> Effectiveness:
        """Evaluate one system; the result has a row for each judged query.

        Raises
        ------
        UsageError
            When no query of the ranking is judged, or, with "error", when it lacks a
            judged query.
        """
        import ir_measures

        _check_survived(ranking, judged=False)
        docs = [
            # Ranks are whole numbers, so rounding cannot make ties of them
            ir_measures.ScoredDoc(qid, docno, -float(place))
            for qid, docno, place in positions_in_rankings(ranking)
        ]
        held = set(ranking.qids)
        absent = [qid for qid in self._qids if qid not in held]
        if len(absent) == len(self._qids):
            raise UsageError(
                f"{ranking.name}: none of its queries is judged in {self._name}; the "
                f"ids look like {ranking.qids[0]!r} there and {self._qids[0]!r} here"
            )
        if absent and self._missing == "error":
            raise UsageError(
                f"{ranking.name}: has no ranking for {len(absent):,} judged queries, "
                f"the first being {absent[0]!r}; give `missing_queries='zero'` or "
                "`missing_queries='drop'`"
            )
        found = self._values(docs)
        keep = np.array(
            [self._missing == "zero" or qid in held for qid in self._qids], dtype=bool
        )
        return Effectiveness(
            qids=self._qids[keep],
            measures=self.measures,
            values=found[keep],
            n_missing=len(absent),
        )

    def _values(self, docs: list[Any]) -> Floats:
        place = {qid: row for row, qid in enumerate(self._qids)}
        column = {name: index for index, name in enumerate(self.measures)}
        found = np.zeros((len(self._qids), len(self.measures)))
        with _reported():
            for metric in self._evaluator.iter_calc(docs):
                row = place.get(metric.query_id)
                if row is not None:
                    found[row, column[str(metric.measure)]] = metric.value
        if not np.isfinite(found).all():
            row, index = np.argwhere(~np.isfinite(found))[0]
            raise UsageError(
                f"`measures`: {self.measures[index]} of query {self._qids[row]!r} is "
                "not a finite number; leave this measure out"
            )
        return found


# trec_eval counts judgements by grade, in a table up to the largest one
HIGHEST: Final = 100_000
LARGEST_CUTOFF: Final = 2**31 - 1


def _check_survived(scores: Scores, *, judged: bool = True) -> None:
    """Raise for what ends the interpreter in trec_eval's code, or is misread there."""
    odd = odd_in(scores)
    if odd is not None:
        raise UsageError(f"{scores.name}: {odd_words(*odd)}")
    if not judged:
        return
    if not len(scores.values):
        raise UsageError(f"{scores.name}: holds no judgement")
    values = scores.values
    wrong = (values != np.trunc(values)) | (np.abs(values) > HIGHEST)
    if wrong.any():
        row = int(np.argmax(wrong))
        qid, docno = scores.where(row)
        raise UsageError(
            f"{scores.name}: the grade of query {qid!r}, document {docno!r} must be a "
            f"whole number up to {HIGHEST:,}, got {values[row]:g}; write grades on a "
            "scale such as 0 to 3"
        )


@contextmanager
def _reported() -> Iterator[None]:
    """Turn whatever ir-measures and its libraries raise into a mistake in measures."""
    try:
        yield
    except Exception as error:  # each library raises its own class
        raise UsageError(
            f"`measures`: ir-measures reports: {one_line(error)}; leave this measure "
            "out, or give it other parameters"
        ) from None


def _parsed(text: str) -> Any:
    """The measure of a text, whose cutoff and grade are such as trec_eval survives."""
    found = _named(text)
    for name in ("cutoff", "rel"):
        value = found.params.get(name)
        if isinstance(value, int) and not 1 <= value <= LARGEST_CUTOFF:
            raise UsageError(
                f"`measures={text!r}`: {name} must be a whole number from 1 to "
                f"{LARGEST_CUTOFF:,}, got {value}"
            )
    gains = found.params.get("gains") or {}
    for gain in gains.values() if isinstance(gains, Mapping) else ():
        if not isinstance(gain, int) or abs(gain) > HIGHEST:
            raise UsageError(
                f"`measures={text!r}`: gains must be whole numbers up to {HIGHEST:,}, "
                f"got {gain}"
            )
    return found


def _named(text: str) -> Any:
    import ir_measures

    try:
        return ir_measures.parse_measure(text)
    except (NameError, ValueError, AssertionError, TypeError, SyntaxError) as error:
        raise UsageError(
            f"`measures={text!r}` is unknown to ir-measures ({error}); write "
            "Measure(parameter=value)@cutoff, such as AP(rel=2)@100"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The effectiveness of all systems on a data set.

    Attributes
    ----------
    dataset : str
    measures : tuple of str
    systems : dict of str to Effectiveness
        By name of the student, and "teacher".
    relevant : dict of str to int
        Number of relevant documents by query.
    clusters : Clusters or None
        Of the queries, if these are not independent.
    findings : tuple of (str, Finding)
        What `inspect` warns of in rankings that serve for effectiveness alone.
    """

    dataset: str
    measures: tuple[str, ...]
    systems: dict[str, Effectiveness]
    relevant: dict[str, int]
    clusters: Clusters | None = None
    findings: tuple[tuple[str, Finding], ...] = ()

    def keys(self, qids: Strings) -> Strings:
        """Ids of queries that no other data set has."""
        return strings([f"{self.dataset}\t{qid}" for qid in qids])

    def keyed(self) -> dict[str, str]:
        """The cluster by key, of all judged queries; each its own without clusters."""
        qids = strings([*self.relevant])
        names = qids if self.clusters is None else self.clusters.of(qids)
        return dict(zip(self.keys(qids), self.keys(names), strict=True))


def judge(
    case: Case, *, measures: Sequence[str], missing_queries: Missing, relevant: int
) -> Judged:
    """Evaluate the teacher and all students of a case.

    Parameters
    ----------
    case : Case
    measures : sequence of str
        Names of measures that ir-measures can parse.
    missing_queries : {"zero", "drop", "error"}
        What happens to judged queries that a ranking lacks.
    relevant : int
        The smallest grade that counts as relevant.

    Raises
    ------
    FormatError
        When a file breaks its format.
    UsageError
        When a measure is unknown, or there is nothing to rank by.
    """
    options = case.measure
    files = Files(options.formats, options.teacher, options.answers, looks=False)
    apart = Files(options.formats, options.teacher, options.answers)
    qrels = cast(Scores, files.part(case.measure.qrels, "qrels").qrels)
    judging = Judge(qrels, measures, missing=missing_queries)
    names = (TEACHER, *(source.name for source in case.measure.students))
    return Judged(
        dataset=case.dataset,
        measures=judging.measures,
        systems={
            name: judging.evaluate(
                ranking_of(case, name, apart if name in case.rankings else files)
            )
            for name in names
        },
        relevant=_relevant(qrels, relevant),
        clusters=None
        if case.measure.clusters is None
        else read_clusters(case.measure.clusters),
        findings=tuple(apart.findings),
    )


def _relevant(qrels: Scores, least: int) -> dict[str, int]:
    counts = np.add.reduceat(qrels.values >= least, qrels.offsets[:-1], dtype=np.int64)
    return dict(zip(qrels.qids.tolist(), counts.tolist(), strict=True))


def ranking_of(case: Case, name: str, files: Files | None = None) -> Scores:
    """Read the scores by which a model of a case ranks documents.

    Parameters
    ----------
    case : Case
    name : str
        The name of a student, or "teacher".
    files : Files, optional
        Reads it.

    Raises
    ------
    FormatError
        When a file breaks its format.
    UsageError
        When there is nothing to rank by.
    """
    options = case.measure
    files = files or Files(
        options.formats, options.teacher, options.answers, looks=False
    )
    given = case.rankings.get(name)
    if given is None and name == TEACHER:
        given = options.teacher
    if given is not None:
        return _scores(files, given, name)
    source = case.source(name)
    if source.scores is not None:
        return _scores(files, source.scores, name)
    if source.queries is None or options.embeddings is None:
        raise UsageError(
            f"student {name!r} needs scores, or query vectors and `embeddings`"
        )
    documents = files.vectors(options.embeddings, options.ids)
    queries = files.vectors(source.queries, source.query_ids)
    return dense_ranking(documents, queries, depth=DEPTH)


def _scores(files: Files, given: Given, name: str) -> Scores:
    return files.scores(given, None, of=name, scale_matters=False).scores


def positions_in_rankings(scores: Scores) -> Iterator[tuple[str, str, int]]:
    """Yield every (qid, docno, position), best first, with positions from 1.

    Scores are compared as float64, and ties are ordered by docno, descending, as in
    trec_eval. Libraries that compare float32 find more ties.

    Examples
    --------
    >>> near = {"q": {"a": 1.0, "b": 1.0, "c": 1.0 + 1e-12}}
    >>> list(positions_in_rankings(Scores.from_dict(near)))
    [('q', 'c', 1), ('q', 'b', 2), ('q', 'a', 3)]
    """
    query = scores.row_query()
    order = ranking(scores)
    places = np.arange(len(order)) - scores.offsets[query] + 1
    docnos = scores.docnos[scores.codes[order]]
    for row, docno, place in zip(query, docnos, places, strict=True):
        yield scores.qids[row], docno, int(place)


def dense_ranking(documents: Embeddings, queries: Embeddings, *, depth: int) -> Scores:
    """Rank the `depth` documents with the largest dot product for every query.

    Raises
    ------
    UsageError
        When query and document vectors differ in length.
    """
    if documents.dim != queries.dim:
        raise UsageError(
            f"{queries.name} has vectors of length {queries.dim}, {documents.name} of "
            f"length {documents.dim}; a dot product needs vectors of one encoder"
        )
    asked = queries.take(np.arange(len(queries.ids)))
    best = np.empty((len(asked), 0))
    rows = np.empty((len(asked), 0), dtype=np.int64)
    for start in range(0, len(documents.ids), DOCUMENTS_AT_ONCE):
        block = np.arange(start, min(start + DOCUMENTS_AT_ONCE, len(documents.ids)))
        values = asked @ documents.take(block).T
        best = np.concatenate([best, values], axis=1)
        new = np.broadcast_to(block, values.shape)
        rows = np.concatenate([rows, new], axis=1)
        best, rows = _deepest(best, rows, depth)
    return _as_scores(documents, queries, best, rows)


def _deepest(best: Floats, rows: Integers, depth: int) -> tuple[Floats, Integers]:
    if best.shape[1] <= depth:
        return best, rows
    chosen = np.argpartition(-best, depth - 1, axis=1)[:, :depth]
    return np.take_along_axis(best, chosen, 1), np.take_along_axis(rows, chosen, 1)


def _as_scores(
    documents: Embeddings, queries: Embeddings, best: Floats, rows: Integers
) -> Scores:
    order = np.argsort(documents.ids.astype(str), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Scores.from_rows(
        np.repeat(np.arange(len(best), dtype=np.int64), best.shape[1]),
        queries.ids,
        place[rows.ravel()],
        documents.ids[order],
        best.ravel(),
        name=queries.name,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Equivalence:
    """Means of all systems, and verdicts on all pairs.

    `n_comparisons` is the size of the family over which the intervals hold jointly.
    """

    means: tuple[Mean, ...]
    pairs: tuple[SystemPair, ...]
    n_comparisons: int


def equivalence(
    judged: dict[str, Judged],
    *,
    design: Path | None,
    margin: float,
    delta: float,
    seed: int,
) -> Equivalence:
    """Average each system on each data set, and compare all pairs of systems.

    Means are compared by paired t intervals, which are approximate; families of systems
    without differences are in `benchmarks.studies.association`. Data sets are averaged
    with equal weights, as in BEIR, for the systems that all of them have. Queries are
    keyed by data set and qid, since ids may repeat.

    Parameters
    ----------
    judged : dict of str to Judged
        By data set.
    design : Path or None
        A table of the factors of each student; see `read_design`.
    margin : float
        Differences of means below it do not matter.
    delta : float
        Probability that any of the intervals fails, approximately.
    seed : int
    """
    factors = {} if design is None else read_design(design)
    tables = {name: _columns(found) for name, found in judged.items()}
    clusters = None
    if any(found.clusters is not None for found in judged.values()):
        several = [found.keyed() for found in judged.values()]
        clusters = Clusters.from_dict({k: c for one in several for k, c in one.items()})
    if len(judged) > 1:
        average = _averages(tables, clusters)
        if average:
            tables[AVERAGE] = average
    systems = list(dict.fromkeys(s for table in tables.values() for s, _ in table))
    _check_design(design, factors, systems)
    means, questions = [], []
    for dataset, table in tables.items():
        means += [
            Mean(
                dataset=dataset,
                measure=measure,
                student=student,
                factors=factors.get(student, {}),
                n=len(units),
                mean=float(units.means(column.values).mean()),
            )
            for (student, measure), column in table.items()
            for units in (units_of(column.qids, clusters),)
        ]
        questions += _questions(dataset, table, margin, clusters)
    answers: list[Answer] = []
    if questions:
        answers = answer_family(
            questions, delta=delta, seed=seed, resamples=NO_BOOTSTRAP
        )
    pairs = tuple(_pair(answer, margin) for answer in answers)
    return Equivalence(tuple(means), pairs, len(questions))


Table = dict[tuple[str, str], PerQuery]
# NumRet, NumRel and the like; other measures lie in [0, 1], so that no difference is
# large beyond all others
COUNTS: Final = "Num"


def _columns(found: Judged) -> Table:
    table = {}
    for student, system in found.systems.items():
        keys = found.keys(system.qids)
        for index, measure in enumerate(found.measures):
            values = np.ascontiguousarray(system.values[:, index])
            table[student, measure] = PerQuery(measure, "1", keys, values)
    return table


def _averages(tables: dict[str, Table], clusters: Clusters | None) -> Table:
    """Pool the data sets, scaled so that the mean gives each the same weight."""
    shared = set.intersection(*(set(table) for table in tables.values()))
    found = {}
    for key in next(iter(tables.values())):
        if key not in shared:
            continue
        columns = [table[key] for table in tables.values()]
        sizes = [len(units_of(column.qids, clusters)) for column in columns]
        total = sum(sizes)
        scaled = [
            column.values * (total / (len(columns) * size))
            for column, size in zip(columns, sizes, strict=True)
        ]
        qids = strings([qid for column in columns for qid in column.qids])
        found[key] = PerQuery(key[1], "1", qids, np.concatenate(scaled))
    return found


def _questions(
    dataset: str, table: Table, margin: float, clusters: Clusters | None
) -> list[Question]:
    """All pairs of systems, by Student's t; counts of documents by direction."""
    measures = dict.fromkeys(measure for _, measure in table)
    students = dict.fromkeys(student for student, _ in table)
    return [
        Question(
            sampling=f"{first}\t{second}",
            quantity=measure,
            pairs=dataset,
            values=table[first, measure],
            reference=table[second, measure],
            bounds=None,
            margin=margin,
            clusters=clusters,
            by_t=not measure.startswith(COUNTS),
        )
        for measure in measures
        for first, second in combinations(students, 2)
    ]


def _pair(answer: Answer, margin: float) -> SystemPair:
    ask, made = answer.question, answer.comparison
    first, second = ask.sampling.split("\t")
    return SystemPair(
        dataset=ask.pairs,
        measure=ask.quantity,
        first=first,
        second=second,
        n=made.n,
        difference=made.difference,
        lower=made.lower,
        upper=made.upper,
        effect_size=made.effect_size,
        p_holm=answer.p_holm,
        margin=margin,
        smallest_margin=answer.smallest_margin,
        n_for_margin=answer.n_for_margin,
        verdict=answer.verdict,
        rule=made.rule,
    )


def read_design(path: Path) -> dict[str, dict[str, str]]:
    """Read the factors of each student from a tab-separated table.

    The table has a column `student`, and one column for each factor.

    Raises
    ------
    FormatError
        When the column `student` is missing, a column has the name of one of the
        results, a line has too few or too many columns, or a student appears twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(path, f"cannot be read ({error})") from None
    lines = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    header = _header(path, lines)
    found: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(header):
            raise FormatError(
                path,
                f"expected {counted(len(header), 'column')}, found {len(line)}",
                line=number,
            )
        row = dict(zip(header, line, strict=True))
        student = row.pop("student")
        if student in found:
            raise FormatError(
                path,
                f"a student must appear once, got {student!r} again; remove one line",
                line=number,
            )
        found[student] = row
    return found


def _header(path: Path, lines: Sequence[list[str]]) -> list[str]:
    if not lines or "student" not in lines[0]:
        raise FormatError(
            path,
            "expected a tab-separated header with the columns student, "
            f"{', '.join(FACTORS)}",
            line=1,
        )
    for name in OWN:
        if name in lines[0]:
            raise FormatError(
                path,
                f"{name!r} is a column of the results, so a design must not have it; "
                "rename the column",
                line=1,
            )
    return lines[0]


def _check_design(
    path: Path | None, factors: dict[str, dict[str, str]], systems: Sequence[str]
) -> None:
    if path is None:
        return
    missing = [name for name in systems if name not in factors and name != TEACHER]
    if missing:
        raise UsageError(
            f"`design` {path}: must have a line for every student, and has none for "
            f"{missing[0]!r}; add it"
        )
