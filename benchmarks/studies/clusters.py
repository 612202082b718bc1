"""Whether certificates and verdicts hold where queries come in clusters.

``python -m benchmarks.studies.clusters`` draws topics, and for each topic queries that
nearly repeat it. It certifies a student as `measure` does, with the clusters and
without, and compares limits and shares with the truth over all topics. Then it compares
two samplings that do not differ, as `compare` does. It prints Markdown tables and exits
with 1 where anything fails too often with clusters, or a cluster lies on both sides of
a split.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final, NamedTuple

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.bounds.shares import TOLERANCE
from rankbound.commands.measure.measured import Measured, measured
from rankbound.commands.measure.options import MeasureOptions
from rankbound.data.clusters import Clusters
from rankbound.data.columns import Floats, Integers, strings
from rankbound.data.per_query import PerQuery
from rankbound.validation.paired import Question, answer_family

DELTA: Final = 0.05
TOPICS, VARIANTS, DOCS = 400, 6, 4
JITTER: Final = 0.15  # of the scores of a query, around those of its topic
# Clusters of each topic, to know the share that beats guessing to SLACK
REPEATS: Final = 40
SLACK: Final = 3 * 0.5 / (REPEATS * TOPICS) ** 0.5
Scores = dict[str, dict[str, float]]


class Shape(NamedTuple):
    """How many clusters, and how many queries from the smallest to the largest one."""

    clusters: int
    least: int
    most: int

    @property
    def words(self) -> str:
        """Such as "10 x 40"."""
        sizes = f"{self.least}" if self.least == self.most else f"1 to {self.most}"
        return f"{self.clusters} x {sizes}"

    def sizes(self, topics: Integers) -> Integers:
        """Queries of each cluster; harder topics, which come last, have more."""
        steps = self.most - self.least
        return self.least + topics * (steps + 1) // TOPICS


SHAPES: Final = (Shape(10, 40, 40), Shape(40, 10, 10), Shape(60, 1, 20))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """All topics with the near-copies of their query, the easy topics first.

    Attributes
    ----------
    teacher, student : float64 arrays, shape (TOPICS, VARIANTS, DOCS)
    """

    teacher: Floats
    student: Floats

    def risks(self, score_range: float) -> Floats:
        """Risks in nats of the student clipped at B, shape (TOPICS, VARIANTS)."""
        floor = self.student.max(axis=-1, keepdims=True) - score_range
        clipped = np.maximum(self.student, floor)
        first, second = np.triu_indices(DOCS, 1)
        p = 1 / (1 + np.exp(self.teacher[..., second] - self.teacher[..., first]))
        m = clipped[..., first] - clipped[..., second]
        return np.asarray((np.logaddexp(0.0, m) - p * m).mean(axis=-1))


@functools.cache
def world(seed: int = 0) -> World:
    """Topics that differ in how well the student follows the teacher."""
    rng = np.random.default_rng(seed)
    noise = np.sort(rng.uniform(0.2, 4.0, TOPICS))
    teacher = rng.normal(0, 2.5, (TOPICS, DOCS))
    student = teacher + noise[:, None] * rng.normal(size=(TOPICS, DOCS))

    def copies(scores: Floats) -> Floats:
        jitter = rng.normal(0, JITTER, (TOPICS, VARIANTS, DOCS))
        return scores[:, None, :] + jitter

    return World(copies(teacher), copies(student))


@functools.cache
def truth(score_range: float, shape: Shape) -> tuple[float, float]:
    """Mean risk over topics, and the share of clusters that beat guessing."""
    risks = world().risks(score_range)
    rng = np.random.default_rng(1)
    topics = np.arange(TOPICS)
    below = [
        risks[topic, rng.integers(VARIANTS, size=(REPEATS, size))].mean(axis=1)
        <= LN2 - TOLERANCE
        for topic, size in zip(topics, shape.sizes(topics).tolist(), strict=True)
    ]
    return float(risks.mean()), float(np.mean([one.mean() for one in below]))


class Sample(NamedTuple):
    """Scores of both models by query, and the cluster of each query."""

    teacher: Scores
    student: Scores
    clusters: dict[str, str]


def drawn(shape: Shape, *, seed: int) -> Sample:
    """Topics drawn independently, each with its near-copies."""
    rng, all_topics = np.random.default_rng([7, seed]), world()
    found = Sample({}, {}, {})
    topics = rng.integers(TOPICS, size=shape.clusters)
    for cluster, topic in enumerate(topics.tolist()):
        size = int(shape.sizes(np.array([topic]))[0])
        for place, variant in enumerate(rng.integers(VARIANTS, size=size).tolist()):
            qid = f"q{cluster:02d}-{place:02d}"
            found.clusters[qid] = f"c{cluster:02d}"
            for scores, model in (
                (found.teacher, all_topics.teacher),
                (found.student, all_topics.student),
            ):
                values = model[topic, variant].tolist()
                scores[qid] = {f"d{i}": value for i, value in enumerate(values)}
    return found


@dataclass(frozen=True, slots=True)
class Draw:
    """What one certificate said: which parts fail, its limit, and whether it splits.

    `torn` counts the clusters with queries on both sides of the split.
    """

    mean_fails: bool
    share_fails: bool
    limit: float
    torn: int


def certified(shape: Shape, *, seed: int, clustered: bool) -> Draw:
    """Certify the student on one draw, with its clusters or without."""
    sample = drawn(shape, seed=seed)
    found = measured(
        MeasureOptions(
            teacher=sample.teacher,
            students={"student": sample.student},
            teacher_kind="logit",
            mixed_scales="as-is",  # a cluster of few scores may lie in [0, 1] by chance
            clusters=sample.clusters if clustered else None,
            delta=DELTA,
            seed=seed,
        )
    )
    [one] = found.students
    risk, share = truth(one.student.choices.score_range, shape)
    return Draw(
        mean_fails=one.certificate.upper < risk,
        share_fails=one.share.at_least > share + SLACK,
        limit=one.certificate.upper,
        torn=_torn(found, sample.clusters),
    )


def _torn(found: Measured, clusters: dict[str, str]) -> int:
    groups, aside = found.inputs.groups, found.split.calibration
    sides = [
        {clusters[qid] for qid in groups.group_qids()[chosen]}
        for chosen in (aside, ~aside)
    ]
    return len(sides[0] & sides[1])


def found_different(shape: Shape, *, seed: int, clustered: bool) -> bool:
    """Whether `compare` calls two samplings different that are not.

    The difference of a topic is as often positive as negative, and its queries share
    it.
    """
    rng = np.random.default_rng([11, seed])
    sizes = shape.sizes(rng.integers(TOPICS, size=shape.clusters))
    names = np.repeat(np.arange(shape.clusters), sizes)
    change = rng.uniform(-0.5, 0.5, shape.clusters)[names]
    change = np.clip(change + rng.uniform(-0.1, 0.1, len(names)), -0.6, 0.6)
    qids = strings([f"q{place}" for place in range(len(names))])
    known = Clusters(qids, strings([f"c{name:02d}" for name in names]))
    asked = Question(
        sampling="other",
        quantity="entropy",
        pairs="all",
        values=PerQuery("entropy", "nats", qids, change),
        reference=PerQuery("entropy", "nats", qids, np.zeros(len(names))),
        bounds=(-LN2, LN2),
        margin=0.02,
        clusters=known if clustered else None,
    )
    [answer] = answer_family([asked], delta=DELTA, seed=seed, resamples=0)
    return not answer.comparison.lower <= 0 <= answer.comparison.upper


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rates over the draws of a shape, with clusters or without."""

    shape: Shape
    clustered: bool
    draws: int
    mean_fails: float
    share_fails: float
    either: float
    different: float
    median: float
    torn: int

    @property
    def failure(self) -> str:
        """What fails too often, with two standard errors of grace; empty if nothing."""
        if not self.clustered:
            return ""
        found = []
        for words, rate, nominal in (
            ("limit", self.mean_fails, DELTA / 2),
            ("share", self.share_fails, DELTA / 2),
            ("either", self.either, DELTA),
            ("verdict", self.different, DELTA),
        ):
            grace = 2 * np.sqrt(nominal * (1 - nominal) / self.draws)
            if rate > nominal + grace:
                found.append(words)
        return ", ".join([*found, *(["split"] if self.torn else [])])


def run(shape: Shape, *, draws: int, clustered: bool) -> Outcome:
    """All draws of a shape."""
    made = [certified(shape, seed=s, clustered=clustered) for s in range(draws)]
    verdicts = [
        found_different(shape, seed=s, clustered=clustered) for s in range(draws)
    ]
    return Outcome(
        shape=shape,
        clustered=clustered,
        draws=draws,
        mean_fails=float(np.mean([one.mean_fails for one in made])),
        share_fails=float(np.mean([one.share_fails for one in made])),
        either=float(np.mean([one.mean_fails or one.share_fails for one in made])),
        different=float(np.mean(verdicts)),
        median=float(np.median([one.limit for one in made])),
        torn=sum(one.torn for one in made),
    )


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A Markdown table of the shapes."""
    yield (
        "| clusters x queries | clusters given | limit fails | share fails | either | "
        "false verdicts | median limit | clusters on both sides | |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in outcomes:
        yield (
            f"| {one.shape.words} | {'yes' if one.clustered else 'no'} | "
            f"{one.mean_fails:.1%} | {one.share_fails:.1%} | {one.either:.1%} | "
            f"{one.different:.1%} | {one.median:.3f} | {one.torn:,} | {one.failure} |"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print its table; 1 if something fails with clusters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    cases = [(shape, known) for shape in SHAPES for known in (True, False)]
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        made = [
            pool.submit(run, shape, draws=given.draws, clustered=known)
            for shape, known in cases
        ]
        outcomes = [one.result() for one in made]
    print(f"{given.draws} draws, delta {DELTA:g}, half of it for the share\n")  # noqa: T201
    for line in table(outcomes):
        print(line)  # noqa: T201
    return int(any(one.failure for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
