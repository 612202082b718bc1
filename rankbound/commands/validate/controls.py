"""Controls of every run: terms and students that know nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import query_terms
from rankbound.commands.measure.measured import Measured
from rankbound.commands.validate.effectiveness import Judge, ranking_of
from rankbound.commands.validate.options import TEACHER, Case, ValidateOptions
from rankbound.commands.validate.panels import StudentPanel
from rankbound.commands.validate.records import Control
from rankbound.data.columns import Floats, Strings
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import student_terms, teacher_terms
from rankbound.validation.association import LEAST_QUERIES, Effort, Panel, draw, summary
from rankbound.validation.judging import control, null_p_values

DRAWS: Final = 200
CONSTANT: Final = "constant student"


def random_controls(
    panels: Sequence[StudentPanel],
    measurements: dict[tuple[str, str], Measured],
    options: ValidateOptions,
    *,
    permutations: int,
) -> list[Control]:
    """Shuffled entropies, and entropies of a teacher with random scores.

    Both have the distribution of a real term and cannot know about effectiveness.
    """
    rng = np.random.default_rng([options.seed, 1_000_039])
    shuffled, random = [], []
    for panel in panels:
        targets = panel.panel.targets
        entropy = panel.column("entropy")
        if np.ptp(entropy) > 0:
            draws = rng.permuted(np.tile(entropy, (DRAWS, 1)), axis=1)
            shuffled.append(null_p_values(draws, targets, count=permutations, rng=rng))
        measurement = measurements[panel.dataset, panel.sampling]
        noise = _entropies_of_noise(panel, measurement, rng)
        random.append(null_p_values(noise, targets, count=permutations, rng=rng))
    found = []
    for name, p_values in (
        ("shuffled entropies", shuffled),
        ("entropies of random scores", random),
    ):
        if p_values:
            outcome = control(name, p_values, options.family, count=permutations)
            found.append(
                Control(
                    name=outcome.name,
                    n_tests=outcome.n_tests,
                    n_families=outcome.n_families,
                    rate=outcome.rate,
                    standard_error=outcome.standard_error,
                    family_rate=outcome.family_rate,
                    nominal=outcome.nominal,
                    passed=outcome.passed,
                )
            )
    return found


def _entropies_of_noise(
    panel: StudentPanel, measurement: Measured, rng: np.random.Generator
) -> Floats:
    """Entropies of a teacher that scores at random, shape (draws, n).

    The scale is that of the real teacher's scores.
    """
    student = panel.result.student
    groups = student.groups.keep_groups(~student.calibration)
    scores, _ = groups.scores_of(measurement.inputs.teacher)
    scale = float(scores.std()) / measurement.temperature or 1.0
    rows = _order(groups, panel.qids)
    pairs = measurement.options.pairs
    found = []
    for _ in range(DRAWS):
        noise = rng.normal(0.0, scale, size=len(scores))
        terms = teacher_terms(groups, noise, pairs=pairs)
        found.append(query_terms(groups, terms, pairs=pairs).entropy_nats[rows])
    return np.array(found)


def _order(groups: Groups, qids: Strings) -> np.ndarray:
    """Where queries stand among the sorted ones of some groups."""
    known = sorted(set(groups.group_qids()))
    place = {qid: row for row, qid in enumerate(known)}
    return np.array([place[qid] for qid in qids], dtype=np.int64)


def constant_control(
    case: Case, measurement: Measured, options: ValidateOptions
) -> Control:
    """A student that gives every document the same score.

    Its risk is ln 2 and its range 0 in every query, so that nothing can be tested: no
    row may come out associated.
    """
    inputs, split = measurement.inputs, measurement.split
    groups = inputs.groups.keep_groups(~split.calibration)
    rows = np.repeat(~split.calibration, inputs.groups.sizes)
    scores = inputs.values[rows] / measurement.temperature
    pairs = measurement.options.pairs
    terms = query_terms(
        groups,
        teacher_terms(groups, scores, pairs=pairs),
        student=CONSTANT,
        terms=student_terms(
            groups,
            scores,
            np.zeros_like(scores),
            clip_at=measurement.options.score_range,
            pairs=pairs,
        ),
        pairs=pairs,
    )
    if inputs.qrels is None or terms.risk_nats is None or terms.student_range is None:
        raise DomainError("the constant student needs judgements")
    ranking = ranking_of(case, TEACHER)
    flat = ranking.with_values(np.zeros_like(ranking.values), kind=ranking.kind)
    judge = Judge(inputs.qrels, options.measure_names, missing=options.missing_queries)
    values, known = judge.evaluate(flat).of(terms.qids)
    if known.sum() < LEAST_QUERIES:
        raise DomainError(
            f"the constant student has {counted(int(known.sum()), 'query')}"
        )
    targets = values[known]
    panel = Panel(
        terms=np.column_stack([terms.risk_nats, terms.student_range])[known],
        targets=targets,
        given=np.empty((len(targets), 0)),
        uses=np.empty((targets.shape[1], 0), dtype=bool),
    )
    rng = np.random.default_rng([options.seed, 1_000_081])
    made = summary(draw(panel, Effort(200, 999), rng), delta=options.family.delta)
    cells = [cell.spearman for line in made for cell in line]
    p_values = options.family.adjusted([cell.p for cell in cells])
    associated = sum(p is not None and p <= options.family.delta for p in p_values)
    return Control(
        name=f"{CONSTANT}: {case.dataset}, {case.sampling}",
        n_rows=len(cells),
        n_tests=sum(cell.p is not None for cell in cells),
        associated=associated,
        passed=associated == 0,
    )
