import json

import numpy as np
import pandas as pd
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.validate.account import account
from rankbound.commands.validate.given import cases_from, options_of, samplings_of
from rankbound.commands.validate.options import ValidateOptions
from rankbound.commands.validate.run import validate
from rankbound.errors import UsageError
from rankbound.validation.judging import Family
from rankbound.writing import json_text
from tests.rankbound.files import written

QUICK = {"resamples": 200, "permutations": 99, "splits": 2, "measures": "nDCG@3"}


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
    found = account(validation)
    keys = ("per_query", "configurations", "certificates", "means", "controls")
    return json_text({key: found[key] for key in keys})


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


def test_keywords_make_the_options_that_the_old_way_makes():
    teacher, student, qrels, _ = made(np.random.default_rng(2))
    keywords = {
        "teacher": teacher,
        "students": {"s": student},
        "qrels": qrels,
        "teacher_kind": "logit",
    }
    one = options_of(
        None,
        {**keywords, "delta": 0.1, "band": 0.2, "seed": 7, "dataset": "toy", **QUICK},
    )
    assert one.family == Family(delta=0.1, band=0.2)
    [case] = one.cases
    assert (case.dataset, case.sampling) == ("toy", "top 16")
    assert (case.measure.delta, case.measure.seed, one.seed) == (0.1, 7, 7)
    other = ValidateOptions(
        cases=one.cases, family=Family(delta=0.1, band=0.2), seed=7, **QUICK
    )
    assert other == one
    assert options_of(other, {}) is other
    assert options_of(None, {"cases": list(one.cases)}).cases == one.cases
    assert numbers(validate(other)) == numbers(validate(one))


def test_a_ranking_may_be_an_object():
    teacher, student, qrels, _ = made(np.random.default_rng(3))
    given = {"teacher": teacher, "students": {"s": student}, "qrels": qrels}
    how = {"teacher_kind": "logit", "temperature": 1.0, "student_kind": None, **QUICK}
    del how["student_kind"]
    flipped = {q: {d: -v for d, v in docs.items()} for q, docs in student.items()}
    plain = validate(**given, **how)
    told = validate(**given, **how, rankings={"s": flipped})
    values = [one.judged["data"].systems["s"].values for one in (plain, told)]
    assert not np.array_equal(*values)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({}, UsageError, r"give teacher=\.\.\. at least"),
        ({"teacher": "t", "students": {"s": "s"}}, UsageError, "needs judgements"),
        ({"teacher": "t", "qrels": "q"}, UsageError, "at least one --student"),
        (
            {"teacher": "t", "students": {"s": "s"}, "qrels": "q", "marging": 1},
            UsageError,
            "no setting 'marging'; did you mean 'margin'",
        ),
        (
            {"teacher": "t", "students": {"s": "s"}, "qrels": "q", "band": 2.0},
            DomainError,
            "band must lie in",
        ),
        (
            {
                **{"teacher": "t", "students": {"s": "s"}, "qrels": "q"},
                **{"band": 0.2, "family": Family()},
            },
            UsageError,
            "either family or band",
        ),
        ({"cases": (), "teacher": "t"}, UsageError, "no setting 'teacher'"),
    ],
)
def test_wrong_settings_get_one_line(settings, error, message):
    with pytest.raises(error, match=message) as caught:
        options_of(None, settings)
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
