import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.validate.options import (
    ValidateOptions,
    cases_from,
    samplings_of,
    validate_options,
)
from rankbound.commands.validate.run import validate, validate_with
from rankbound.errors import UsageError
from rankbound.validation.judging import Family
from tests.rankbound.commands.validate.conftest import options_for
from tests.rankbound.files import written

QUICK = {"resamples": 200, "permutations": 99, "splits": 2, "measures": "nDCG@3"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"missing_queries": "skip"}, "zero, drop, error"),
        ({"resamples": 199}, "`resamples` must be a whole number from 200"),
        ({"permutations": 9}, "`permutations`"),
        ({"splits": 0}, "`splits`"),
        ({"seed": -1}, "`seed`"),
        ({"cases": ()}, "or `cases`"),
        ({"margin": float("nan")}, "`margin`"),
    ],
)
def test_settings_are_checked(toy, change, message):
    with pytest.raises((UsageError, DomainError), match=message):
        replace(options_for(toy), **change)


def test_cases_are_checked(toy):
    [case] = options_for(toy).cases
    with pytest.raises(UsageError, match="judgements"):
        replace(case, measure=replace(case.measure, qrels=None))
    with pytest.raises(UsageError, match="needs a student; give `students"):
        replace(case, measure=replace(case.measure, students=()))
    students = (StudentSource("teacher", scores="x"),)
    with pytest.raises(UsageError, match="must not be called 'teacher'"):
        replace(case, measure=replace(case.measure, students=students))
    with pytest.raises(UsageError, match="must be those of teacher, strong"):
        replace(case, rankings={"strnog": "x"})
    with pytest.raises(UsageError, match="must not be empty, contain tabs"):
        replace(case, dataset="(pooled)")


def test_a_case_stands_once_and_its_models_agree(toy):
    [case] = options_for(toy).cases
    with pytest.raises(UsageError, match="must be given once"):
        ValidateOptions(cases=(case, case))
    other = replace(case, sampling="other", rankings={"strong": toy.path("gappy.run")})
    with pytest.raises(UsageError, match="'strong' must be the same model"):
        ValidateOptions(cases=(case, other))


def test_default_measures_are_two_at_two_cut_offs(toy):
    options = replace(options_for(toy), measures=None)
    assert options.measure_names == ("nDCG@10", "nDCG@100", "AP@10", "AP@100")
    graded = replace(options, relevant=2)
    assert graded.measure_names[2:] == ("AP(rel=2)@10", "AP(rel=2)@100")


def made(rng, n=12):
    """Scores, judgements and groups of a few queries as plain dicts."""
    qids, docnos = [f"q{i}" for i in range(n)], list("abcde")
    draw = {
        name: {
            q: dict(zip(docnos, rng.normal(size=5).tolist(), strict=True)) for q in qids
        }
        for name in ("teacher", "student")
    }
    qrels = {q: {d: int(rng.integers(0, 3)) for d in docnos[:3]} for q in qids}
    for grades in qrels.values():
        grades["a"] = 2
    groups = {
        name: [{"query_id": q, "doc_id_a": "a", "doc_id_b": list(others)} for q in qids]
        for name, others in (("easy", "de"), ("hard", "bc"))
    }
    return draw["teacher"], draw["student"], qrels, groups


def frame(scores, name):
    rows = [(q, d, v) for q, docs in scores.items() for d, v in docs.items()]
    return pd.DataFrame(rows, columns=["qid", "docno", name])


def numbers(validation):
    found = validation.to_dict()
    keys = ("per_query", "configurations", "certificates", "means", "controls")
    return {key: found[key] for key in keys}


def test_files_dicts_and_frames_give_the_same_numbers(tmp_path):
    teacher, student, qrels, groups = made(np.random.default_rng(1))
    lines = {
        name: "".join(json.dumps(row) + "\n" for row in rows)
        for name, rows in groups.items()
    }
    grades = "".join(
        f"{q} 0 {d} {g}\n" for q, docs in qrels.items() for d, g in docs.items()
    )
    files = {
        "teacher": written(tmp_path, json.dumps(teacher), "t.json"),
        "students": {"s": written(tmp_path, json.dumps(student), "s.json")},
        "qrels": written(tmp_path, grades, "q.txt"),
        "groups": {
            name: written(tmp_path, text, f"{name}.jsonl")
            for name, text in lines.items()
        },
    }
    dicts = {
        "teacher": teacher,
        "students": {"s": student},
        "qrels": qrels,
        "groups": groups,
    }
    frames = {
        "teacher": frame(teacher, "score"),
        "students": {"s": frame(student, "score")},
        "qrels": frame(qrels, "relevance"),
        "groups": {name: pd.DataFrame(rows) for name, rows in groups.items()},
    }
    how = {"teacher_kind": "logit", "temperature": 1.0, **QUICK}
    sources = (files, dicts, frames)
    first, *others = (numbers(validate(**given, **how)) for given in sources)
    assert others == [first, first]


def test_keywords_do_what_options_do():
    teacher, student, qrels, _ = made(np.random.default_rng(2))
    data = {
        "teacher": teacher,
        "students": {"s": student},
        "qrels": qrels,
        "teacher_kind": "logit",
        "dataset": "toy",
    }
    family = {"delta": 0.1, "band": 0.2}
    one = validate_options(data, cases=None, family=family, seed=7, **QUICK)
    assert one.family == Family(delta=0.1, band=0.2)
    [case] = one.cases
    assert (case.dataset, case.sampling) == ("toy", "top 16")
    assert (case.measure.delta, case.measure.seed, one.seed) == (0.1, 7, 7)
    other = ValidateOptions(
        cases=one.cases, family=Family(delta=0.1, band=0.2), seed=7, **QUICK
    )
    assert other == one
    told = numbers(validate_with(other))
    assert told == numbers(validate(**data, **family, seed=7, **QUICK))
    assert told == numbers(validate(cases=[*one.cases], **family, seed=7, **QUICK))


def test_a_ranking_may_be_an_object():
    teacher, student, qrels, _ = made(np.random.default_rng(3))
    given = {"teacher": teacher, "students": {"s": student}, "qrels": qrels}
    how = {"teacher_kind": "logit", "temperature": 1.0, "student_kind": None, **QUICK}
    del how["student_kind"]
    flipped = {q: {d: -v for d, v in docs.items()} for q, docs in student.items()}
    plain = validate(**given, **how)
    told = validate(**given, **how, rankings={"s": flipped})
    values = [one.beside["effectiveness"].column("value") for one in (plain, told)]
    assert values[0] != values[1]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({}, UsageError, r"give teacher=\.\.\. at least"),
        ({"teacher": "t", "students": {"s": "s"}}, UsageError, "needs judgements"),
        ({"teacher": "t", "qrels": "q"}, UsageError, "needs a student; give `students"),
        (
            {"teacher": "t", "students": {"s": "s"}, "qrels": "q", "marging": 1},
            TypeError,
            "unexpected keyword argument 'marging'",
        ),
        (
            {"teacher": "t", "students": {"s": "s"}, "qrels": "q", "splits": "2"},
            UsageError,
            "splits must be a whole number, got '2'",
        ),
        (
            {"teacher": "t", "students": {"s": "s"}, "qrels": "q", "band": 2.0},
            DomainError,
            "`band` must be",
        ),
        ({"cases": ()}, UsageError, "give `teacher`"),
        (
            {"cases": (), "teacher": "t", "depth": 4},
            UsageError,
            "either `cases` or `teacher`, `depth`, not both",
        ),
    ],
)
def test_wrong_settings_get_one_line(settings, error, message):
    with pytest.raises(error, match=message) as caught:
        validate(**settings)
    assert "\n" not in str(caught.value)


def test_samplings_have_names():
    assert samplings_of({"a": "x", 2: "y"}, None) == {"a": "x", "2": "y"}
    assert samplings_of("d/hard.16.jsonl", None) == {"hard": "d/hard.16.jsonl"}
    assert samplings_of([{"query_id": "q"}], None).keys() == {"groups"}


def test_a_format_goes_to_the_sampling_whose_file_it_is():
    settings = {
        "teacher": "t.json",
        "students": {"s": "s.run"},
        "qrels": "q",
        "groups": {"a": "a.jsonl", "b": "b.jsonl"},
        "formats": {"a.jsonl": "groups", "t.json": "lookup"},
    }
    first, second = cases_from(settings)
    assert first.measure.formats == {"a.jsonl": "groups", "t.json": "lookup"}
    assert second.measure.formats == {"t.json": "lookup"}
