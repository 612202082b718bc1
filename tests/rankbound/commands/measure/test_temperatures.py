"""Which temperature a model gets, and on which queries a fitted one has looked."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from rankbound.commands.measure.inputs import known_temperature
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from tests import oracles
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.realdata import table


@pytest.mark.parametrize("kind", [Kind.COSINE, Kind.DOT, Kind.BM25, Kind.UNKNOWN])
def test_known_temperature_rejects_kinds_without_a_unit(kind):
    with pytest.raises(UsageError, match=f"m holds {kind.value} scores.*--option"):
        known_temperature(None, kind, who="m", option="--option")
    assert known_temperature(3, kind, who="m", option="--option") == 3.0


@pytest.mark.parametrize("kind", [Kind.LOGIT, Kind.PROBABILITY])
def test_known_temperature_of_log_odds_is_one(kind):
    assert known_temperature(None, kind, who="m", option="-") == 1.0


def golden(loss, low, high):
    """Minimum of a unimodal function of the log temperature, by golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-9:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return math.exp((low + high) / 2)


def fitted(world, *extra):
    words = world.arguments(*world.with_groups(), *extra, students=("strong",))
    assert main(words) == 0
    ledger = json.loads((world.folder / "out/ledger.json").read_text())
    used = {qid for qid, _ in table(world.folder / "out/per_query.tsv")}
    aside = {qid for qid, _ in table(world.folder / "out/calibration.tsv")}
    return ledger, used, aside


def test_student_fit_minimises_the_loss_on_calibration_queries_only(world):
    ledger, used, aside = fitted(world, "--student-temperature", "fit")
    assert used.isdisjoint(aside)
    counts = ledger["calibration"]
    assert (counts["n_calibration"], counts["n_certificate"]) == (len(aside), len(used))
    assert len(aside) == round(0.2 * (len(aside) + len(used)))
    groups = [g for g in world.groups if g[0] in aside and len(g[1]) > 1]

    def loss(log_scale):
        student = {
            qid: {doc: score / math.exp(log_scale) for doc, score in row.items()}
            for qid, row in world.students["strong"].items()
        }
        rows = oracles.measured_rows(
            groups, world.teacher, student, None, score_range=math.inf
        )
        return sum(row["risk_nats"] for row in rows.values()) / len(rows)

    wanted = golden(loss, -5.0, 8.0)
    assert_allclose(ledger["students"]["strong"]["temperature"], wanted, rtol=1e-4)


def test_teacher_fit_maximises_the_likelihood_of_judged_pairs(tmp_path):
    world = make_world(tmp_path, seed=5, n_queries=30)
    ledger, _, aside = fitted(
        world, "--temperature", "fit", "--qrels", world.path("qrels.txt"),
        "--student-kind", "logit",
    )  # fmt: skip

    def loss(log_scale):
        per_query = []
        for qid in aside:
            judged = world.qrels[qid]
            margins = [
                (world.teacher[qid][x] - world.teacher[qid][y]) / math.exp(log_scale)
                for x in judged
                for y in judged
                if judged[x] > judged[y]
            ]
            if margins:
                losses = [oracles.softplus(-m) for m in margins]
                per_query.append(sum(losses) / len(losses))
        return sum(per_query) / len(per_query)

    assert_allclose(
        ledger["teacher"]["temperature"], golden(loss, -5.0, 8.0), rtol=1e-4
    )


def test_seed_decides_the_calibration_queries(world):
    _, first, _ = fitted(world, "--student-temperature", "fit", "--seed", "1")
    _, again, _ = fitted(world, "--student-temperature", "fit", "--seed", "1")
    others = [
        fitted(world, "--student-temperature", "fit", "--seed", str(seed))[1]
        for seed in range(2, 8)
    ]
    assert first == again
    assert any(other != first for other in others)


def source(world, **settings):
    return MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        **settings,
    )  # fmt: skip


def test_judgements_without_two_grades_leave_the_positives_of_groups(world, tmp_path):
    flat = tmp_path / "flat.txt"
    flat.write_text(
        "".join(f"{q} 0 {d} 1\n" for q, r in world.qrels.items() for d in r)
    )
    options = source(world, temperature="fit", qrels=flat)
    assert measured(options).fit.on == "positives"


def test_fit_rejects_a_teacher_that_makes_no_error(world, tmp_path):
    perfect = tmp_path / "perfect.txt"
    rows = []
    for qid, row in world.teacher.items():
        order = sorted(row, key=row.get)
        rows += [f"{qid} 0 {order[-1]} 1\n", f"{qid} 0 {order[0]} 0\n"]
    perfect.write_text("".join(rows))
    options = source(world, temperature="fit", qrels=perfect)
    with pytest.raises(UsageError, match=r"without an error.*give `temperature` a n"):
        measured(options)


def test_fit_rejects_a_teacher_no_better_than_a_coin(world, tmp_path):
    reverse = tmp_path / "reverse.txt"
    rows = []
    for qid, row in world.teacher.items():
        order = sorted(row, key=row.get)
        rows += [f"{qid} 0 {order[-1]} 0\n", f"{qid} 0 {order[0]} 1\n"]
    reverse.write_text("".join(rows))
    options = source(world, temperature="fit", qrels=reverse)
    with pytest.raises(UsageError, match="no better than a coin"):
        measured(options)


def test_a_student_against_its_teacher_becomes_almost_constant_and_is_warned_of(world):
    opposed = world.folder / "opposed.run"
    opposed.write_text(
        "".join(
            f"{qid} Q0 {doc} 0 {-score!r} x\n"
            for qid, row in world.teacher.items()
            for doc, score in row.items()
        )
    )
    student = StudentSource("opposed", opposed, temperature="fit")
    result = measured(source(world, students=(student,)))
    assert "no better than a coin" in result.warnings[0]
    risk = result.students[0].certificate.risk
    assert_allclose(risk, np.log(2), atol=2e-3)
    assert risk > np.log(2)
    assert result.students[0].certificate.n_needed is None
