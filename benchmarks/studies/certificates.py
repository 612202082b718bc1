"""How small and how true certificates of real students are with fifty queries.

``python -m benchmarks.studies.certificates`` draws queries of two collections with
replacement, certifies a student on each draw as `measure` does, and compares the limits
with the student's risk on the whole collection. It prints a Markdown table and exits
with 1 where a limit or a share fails too often, or where, for a student whose risk is
at most 0.60 nats, less than 90 % of 54 queries' limits are below ln 2. Then it
certifies the runs of TREC DL 2019, as they come out.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.bounds.shares import TOLERANCE
from rankbound.commands.measure.certifying import (
    CertifiedStudent,
    Level,
    certified_student,
)
from rankbound.commands.measure.choosing import Wanted
from rankbound.commands.measure.inputs import Inputs, load_inputs, split_queries
from rankbound.commands.measure.measured import wanted_of
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.commands.measure.students import (
    RawScores,
    Setting,
    evaluate_student,
    raw_scores,
)
from rankbound.data.columns import Floats, Integers, strings
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.estimators.group_terms import floored, student_terms

ROOT: Final = Path(__file__).resolve().parents[2]
COLLECTIONS: Final = ("vaswani", "cranfield-titles")
SAMPLINGS: Final = ("random", "bm25", "crossencoder", "ensemble")
SIZES: Final = (20, 43, 54, 250)
DELTA: Final = 0.05
PROMISED: Final = 54  # queries at which most limits shall be below ln 2
MOST_RISK: Final = 0.60  # nats, of the students of which that is promised
SHARE: Final = 0.9
RUNS: Final = ("tasb", "splade_ed", "bm25")
DEPTHS: Final = (16, 100)


@dataclass(frozen=True, slots=True)
class Case:
    """A collection, how its negatives were sampled, and the queries of a draw."""

    collection: str
    sampling: str
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """A collection with its student: one group or more of each query.

    Attributes
    ----------
    source : StudentSource
    wanted : Wanted
        As the options of `measure` have it by default.
    pilot : float
        Share of the queries.
    unscored : str
    inputs : Inputs
        The teacher's scores are logits.
    raw : RawScores
        The student's scores of the groups' rows.
    """

    source: StudentSource
    wanted: Wanted
    pilot: float
    unscored: str
    inputs: Inputs
    raw: RawScores

    def risks(self, made: CertifiedStudent) -> Floats:
        """Risk of every query of the population for the certified student, in nats."""
        choices, groups = made.student.choices, self.inputs.groups
        values = self.raw.values / choices.temperature
        b = choices.score_range
        terms = student_terms(
            groups,
            self.inputs.values,
            floored(groups, values, self.raw.found, clip_at=b),
            clip_at=b,
            pairs=self.wanted.pairs,
        )
        means = query_means(groups.queries, terms.risk, n_queries=len(groups.qids))
        return np.asarray(means[np.unique(groups.queries)])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the draws of one case.

    Attributes
    ----------
    case : Case
    draws : int
    risk : float
        Mean over the draws of the certified student's risk on the collection, in nats.
    below, missed, share_missed : float
        Shares of draws whose limit is below ln 2; whose limit is below that risk; whose
        share of queries exceeds the one of the collection.
    median, share, score_range : float
        Medians of the limit in nats, of the share's lower limit and of B.
    before : float
        Share below ln 2 without a pilot: B = 10, a grid of stakes, all of delta.
    """

    case: Case
    draws: int
    risk: float
    below: float
    missed: float
    share_missed: float
    median: float
    share: float
    score_range: float
    before: float

    @property
    def failure(self) -> str:
        """What is not as promised; empty if all is."""
        most = DELTA + 2 * np.sqrt(DELTA * (1 - DELTA) / self.draws)
        if max(self.missed, self.share_missed) > most:
            return "MISSES"
        promised = self.case.n == PROMISED and self.risk <= MOST_RISK
        return "VACUOUS" if promised and self.below < SHARE else ""


def population(folder: Path, sampling: str) -> Population:
    """Read a collection with one sampling of negatives and its MiniLM student."""
    vectors = folder / "embeddings"
    source = StudentSource(
        "minilm",
        queries=vectors / "minilm.queries.npy",
        query_ids=vectors / "minilm.queries.ids.txt",
        temperature="fit",
    )
    options = MeasureOptions(
        teacher=folder / "teacher" / "teacher.scores.json.gz",
        teacher_kind="logit",  # type: ignore[arg-type]
        groups=folder / "train" / f"{sampling}.16.jsonl.gz",
        embeddings=vectors / "minilm.corpus.npy",
        ids=vectors / "minilm.corpus.ids.txt",
        students=(source,),
        missing="drop",
        delta=DELTA,
    )
    inputs = load_inputs(options)
    wanted = wanted_of(options, "minilm")
    raw = raw_scores(source, inputs)
    return Population(source, wanted, options.pilot, options.unscored, inputs, raw)


def drawn(groups: Groups, queries: Integers) -> tuple[Groups, Integers]:
    """The groups of some queries, each drawn as a query of its own, and their rows.

    Parameters
    ----------
    groups : Groups
    queries : int64 array, shape (n,)
        Positions of queries; one may occur several times.
    """
    by_query = {int(q): np.flatnonzero(groups.queries == q) for q in np.unique(queries)}
    chosen = [by_query[int(query)] for query in queries]
    positions = np.concatenate(chosen)
    starts, sizes = groups.offsets[:-1][positions], groups.sizes[positions]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
    positive = None if groups.positive is None else groups.positive[rows]
    made = replace(
        groups,
        queries=np.repeat(np.arange(len(queries)), [len(c) for c in chosen]),
        qids=strings([f"draw {place}" for place in range(len(queries))]),
        offsets=offsets,
        codes=groups.codes[rows],
        positive=positive,
        lines=None,
        probabilities=None,
    )
    return made, rows


def certified(whole: Population, queries: Integers, *, seed: int) -> CertifiedStudent:
    """The certificate from one draw of queries, as `measure` makes it."""
    split = {"fits": True, "seed": seed, "pilot": whole.pilot}
    return _certified(whole, queries, split, whole.wanted, DELTA)


def certified_before(
    whole: Population, queries: Integers, *, seed: int
) -> CertifiedStudent:
    """The certificate without a pilot: B = 10, a grid of stakes, delta for the mean."""
    wanted = replace(whole.wanted, score_range=10.0)
    split = {"fits": True, "seed": seed, "pilot": 0.0}
    return _certified(whole, queries, split, wanted, 2 * DELTA)


def _certified(
    whole: Population,
    queries: Integers,
    split: Mapping[str, Any],
    wanted: Wanted,
    delta: float,
) -> CertifiedStudent:
    groups, rows = drawn(whole.inputs.groups, queries)
    inputs = replace(whole.inputs, groups=groups, values=whole.inputs.values[rows])
    raw = replace(whole.raw, values=whole.raw.values[rows], found=whole.raw.found[rows])
    student = evaluate_student(
        whole.source,
        Setting(inputs, split_queries(groups, **split), 1.0, whole.unscored),
        wanted,
        raw=raw,
    )
    pairs = whole.wanted.pairs
    return certified_student(student, None, pairs=pairs, level=Level(delta, 1))


def run(case: Case, *, data: Path, draws: int, seed: int) -> Outcome:
    """All draws of one case."""
    whole = population(data / case.collection, case.sampling)
    present = np.unique(whole.inputs.groups.queries)
    found = []
    for draw in range(draws):
        queries = np.random.default_rng([seed, case.n, draw]).choice(present, case.n)
        made = certified(whole, queries, seed=draw)
        before = certified_before(whole, queries, seed=draw).certificate.upper
        risks, upper = whole.risks(made), made.certificate.upper
        beats = np.mean(risks <= LN2 - TOLERANCE)
        least, b = made.share.at_least, made.student.choices.score_range
        judged = (upper < LN2, upper < risks.mean(), least > beats, before < LN2)
        found.append((risks.mean(), *judged, upper, least, b))
    columns = np.array(found, dtype=np.float64)
    risk, below, missed, share_missed, was_below, *_ = columns.mean(axis=0).tolist()
    median, share, b = np.median(columns[:, 5:], axis=0).tolist()
    return Outcome(
        case,
        draws,
        risk=risk,
        below=below,
        missed=missed,
        share_missed=share_missed,
        median=median,
        share=share,
        score_range=b,
        before=was_below,
    )


def study(
    cases: Sequence[Case], *, data: Path, draws: int, seed: int, jobs: int
) -> tuple[Outcome, ...]:
    """All cases; the seed decides the numbers, `jobs` processes share the work."""
    if jobs == 1:
        return tuple(run(case, data=data, draws=draws, seed=seed) for case in cases)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        made = [
            pool.submit(run, case, data=data, draws=draws, seed=seed) for case in cases
        ]
        return tuple(one.result() for one in made)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A Markdown table of the cases."""
    yield (
        "| collection | negatives | n | risk | limits below ln 2 | without a pilot | "
        "median limit | misses | median share | share misses | median B | |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for one in outcomes:
        case = one.case
        yield (
            f"| {case.collection} | {case.sampling} | {case.n} | {one.risk:.3f} | "
            f"{one.below:.1%} | {one.before:.1%} | {one.median:.3f} | "
            f"{one.missed:.1%} | {one.share:.3f} | {one.share_missed:.1%} | "
            f"{one.score_range:g} | {one.failure} |"
        )


def of_dl19(folder: Path) -> Iterator[str]:
    """A Markdown table of the runs of TREC DL 2019 against RepLLaMA."""
    yield "| run | depth | queries | unscored | B | share | risk | limit | floor |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for depth in DEPTHS:
        students = [
            StudentSource(
                name, scores=folder / "runs" / f"{name}.run", temperature="fit"
            )
            for name in RUNS
        ]
        ledger = measure(
            folder / "runs" / "repllama.run.gz",
            students=students,
            qrels=folder / "qrels.trec",
            temperature="fit",
            depth=depth,
        )
        for name, one in ledger.students.items():
            if one.share is None or one.floor is None:  # of earlier files alone
                continue
            share = one.share
            yield (
                f"| {name} | {depth} | {one.n_queries} | {one.missing_share:.1%} | "
                f"{one.range.B:g} | {share.below} of {share.of}, at least "
                f"{share.at_least:.3f} | {one.risk:.3f} | {one.upper:.3f} | "
                f"{one.floor.value:.3f} |"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print its tables; 1 if something is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    if not given.data.is_dir():
        print(f"skipped: the real data are not at {given.data}; set RANKBOUND_DATA")  # noqa: T201
        return 0
    cases = [
        Case(collection, sampling, n)
        for collection in COLLECTIONS
        for sampling in SAMPLINGS
        for n in given.sizes
    ]
    outcomes = study(
        cases, data=given.data, draws=given.draws, seed=given.seed, jobs=given.jobs
    )
    print(f"{given.draws} draws, delta {DELTA:g}, half of it for the share\n")  # noqa: T201
    for line in (*table(outcomes), "", *of_dl19(given.data / "dl19")):
        print(line)  # noqa: T201
    return int(any(one.failure for one in outcomes))


def default_data() -> Path:
    """Where the real data are: `RANKBOUND_DATA`, or beside the checkout."""
    return Path(os.environ.get("RANKBOUND_DATA", ROOT.parent / "shared" / "data"))


if __name__ == "__main__":
    sys.exit(main())
