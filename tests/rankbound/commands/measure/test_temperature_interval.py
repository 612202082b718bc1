"""Whether verdicts hold over the interval of a fitted temperature."""

import numpy as np
import pytest

import rankbound as rb
from rankbound.commands.compare.controls import verdicts_at
from rankbound.commands.compare.measured import measure_all
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.measure.inputs import TemperatureFit
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.temperatures import certificate_verdicts, over_interval

STAKE, RANGE = 0.4, 2.0


@pytest.fixture(scope="module")
def world():
    """Teacher, student and judgements of 120 queries with eight documents each."""
    rng = np.random.default_rng(3)
    teacher, student, qrels = {}, {}, {}
    for query in range(120):
        truth = rng.normal(size=8)
        names = [f"d{n}" for n in range(8)]
        scores = 9 * (truth + 0.7 * rng.normal(size=8))
        qid = f"q{query:03d}"
        teacher[qid] = dict(zip(names, scores.tolist(), strict=True))
        noisy = truth + 0.9 * rng.normal(size=8)
        student[qid] = dict(zip(names, noisy.tolist(), strict=True))
        qrels[qid] = dict(zip(names, (truth > 0.5).astype(int).tolist(), strict=True))
    return teacher, student, qrels


@pytest.mark.parametrize("scale", [0.7, 2.0, 6.0])
def test_a_certificate_at_another_temperature_is_that_of_a_measurement_there(
    world, scale
):
    teacher, student, qrels = world
    settings = {"score_range": RANGE, "stake": STAKE, "teacher_kind": "logit"}
    source = StudentSource("s", student, kind="logit", temperature=1.0)
    fitted = MeasureOptions(
        teacher=teacher, students=(source,), qrels=qrels, temperature="fit", **settings
    )
    found = measured(fitted)
    kept = [str(qid) for qid in found.students[0].terms.qids]
    assert 90 <= len(kept) < 120
    alone = rb.measure(
        {qid: teacher[qid] for qid in kept},
        students={"s": source},
        temperature=scale,
        pilot=0,
        **settings,
    ).students["s"]
    assert certificate_verdicts(found, scale) == {
        "the certificate of s": "vacuous" if alone.vacuous else "not vacuous",
        "the largest part of s": alone.dominating,
    }


def test_the_ledger_says_where_a_verdict_changes(world):
    teacher, student, qrels = world
    made = rb.measure(
        teacher,
        students={"s": StudentSource("s", student, kind="logit", temperature=1.0)},
        qrels=qrels,
        temperature="fit",
        teacher_kind="logit",
        score_range=RANGE,
    )
    fit = made.teacher.fit
    over = fit.over_interval
    assert over.temperatures[0] == fit.lower
    assert over.temperatures[-1] == fit.upper
    assert fit.value in over.temperatures
    assert len(over.temperatures) == 5
    [said] = [one for one in made.answers if one.question == "temperature"]
    assert "overconfident by a factor of" in said.sentence
    words = "every verdict holds" if not over.changes else "verdicts change"
    assert words in said.sentence
    error = made.teacher.calibration_error
    assert error.on == "judgements"
    both = sum(len({*grades.values()}) == 2 for grades in qrels.values())
    # A query whose documents have one grade has no pair
    assert both - made.calibration.n_calibration <= error.n_queries <= both
    assert error.n_queries <= made.calibration.n_certificate
    raw = rb.measure(teacher, qrels=qrels, teacher_kind="logit", students={})
    assert error.value < raw.teacher.calibration_error.value


@pytest.mark.parametrize("pilot", [0.0, 0.3])
def test_comparisons_at_the_same_temperature_have_the_verdicts_of_the_rows(
    world, pilot
):
    teacher, student, qrels = world
    rng = np.random.default_rng(5)
    groups = {}
    for name, best in (("random", False), ("top", True)):
        rows = []
        for qid, scores in teacher.items():
            first, *others = sorted(scores, key=scores.get, reverse=True)
            drawn = others[:3] if best else rng.choice(others, 3, replace=False)
            rows.append({"query_id": qid, "doc_id_a": first, "doc_id_b": [*drawn]})
        groups[name] = rows
    compared = measure_all(
        CompareOptions(
            teacher=teacher,
            groups=groups,
            qrels=qrels,
            temperature="fit",
            teacher_kind="logit",
            students=(StudentSource("s", student, kind="logit"),),
            quantities=("entropy", "margin", "risk"),
            resamples=0,
            pilot=pilot,
        )
    )
    here = verdicts_at(compared, compared.loaded.temperature)
    wanted = {
        f"{one.question.sampling}, {one.question.quantity} ({one.question.pairs})": (
            one.verdict
        )
        for one in compared.answers
        if one.question.margin is not None
    }
    assert here == wanted
    assert len(here) == 6  # a margin of the teacher's has no agreed margin
    # At an endless temperature all pairs tie, so that no entropy differs
    far = verdicts_at(compared, 1e9)
    assert not {"different", "negligible"} & {
        verdict for key, verdict in far.items() if "entropy" in key
    }
    assert "different" in here.values()


def test_the_nearest_change_is_kept_and_an_open_end_is_followed():
    fit = TemperatureFit(1.0, 0.25, None, "judgements")
    tried = []

    def verdicts(scale):
        tried.append(scale)
        return {"a": "low" if scale < 2 else "high", "b": "same"}

    found = over_interval(fit, verdicts)
    assert found.temperatures == (0.25, 0.5, 1.0, pytest.approx(8**0.5), 8.0)
    [change] = found.changes
    assert (change.of, change.verdict, change.instead) == ("a", "low", "high")
    assert change.temperature == pytest.approx(8**0.5)
    assert found.verdicts == 2
    assert over_interval(None, verdicts) is None
    assert over_interval(TemperatureFit(1.0, None, None, "positives"), verdicts) is None
    assert over_interval(fit, lambda _: {}) is None
