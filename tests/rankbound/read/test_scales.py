"""Scores on several scales: the right values with an answer, no value without one."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest

import rankbound as rb
from rankbound.cli import main
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.kinds import infer_kind, to_logits
from rankbound.read import scales
from rankbound.read.scales import (
    Answer,
    crowded_documents,
    far_constant,
    filled_constant,
    questions,
    settled,
    sigmoid_queries,
)
from tests.rankbound.read.scaled import (
    BM25,
    LOGITS,
    LOGS,
    UNSCORED,
    entropy,
    filled,
    mixed,
    named,
    run_lines,
    sigmoid,
    softmax,
)

SMALLEST = {"half": -65504.0, "single": -3.4028234663852886e38, "round": -10000.0}
HALF = tuple(range(0, 30, 2))


def as_scores(rows):
    return Scores.from_dict(named(rows), name="t")


def codes(rows):
    return [one.code for one in questions(as_scores(rows))]


def written(folder, scores, container):
    """The same scores as JSON, as a run, as a table with a header, as an object."""
    rows = [
        (qid, docno, value)
        for qid, row in scores.items()
        for docno, value in row.items()
    ]
    match container:
        case "json":
            path, text = folder / "t.json", json.dumps(scores)
        case "run":
            path, text = folder / "t.run", "\n".join(run_lines(scores, "x")) + "\n"
        case "csv":
            lines = ["qid,docno,score", *(f"{q},{d},{v!r}" for q, d, v in rows)]
            path, text = folder / "t.csv", "\n".join(lines) + "\n"
        case "tsv":
            path = folder / "t.tsv"
            text = "".join(f"{q}\t{d}\t{v!r}\n" for q, d, v in rows)
        case "dict":
            return scores
        case "frame":
            return pd.DataFrame(rows, columns=["qid", "docno", "score"])
    path.write_text(text)
    return path


CONTAINERS = ("json", "run", "csv", "tsv", "dict", "frame")
CASES = {
    "sentinel": (
        filled(-10000.0),
        {"missing_value": -10000},
        entropy(
            [
                [x for d, x in enumerate(row) if d not in gone]
                for row, gone in zip(LOGITS, UNSCORED, strict=True)
            ]
        ),
        0.2639,
    ),
    "softmax": (
        [softmax(row) for row in LOGITS],
        {"teacher_kind": "softmax"},
        entropy(LOGITS),
        0.2506,
    ),
    "half of the queries": (
        mixed(HALF),
        {"mixed_scales": "logit-sigmoid"},
        entropy(LOGITS),
        0.2506,
    ),
    "three queries": (
        mixed((0, 1, 2)),
        {"mixed_scales": "logit-sigmoid"},
        entropy(LOGITS),
        0.2506,
    ),
    "three queries left": (
        mixed(range(27)),
        {"mixed_scales": "logit-sigmoid"},
        entropy(LOGITS),
        0.2506,
    ),
    "log-probabilities": (
        LOGS,
        {"teacher_kind": "log-probability"},
        entropy([[x - math.log(-math.expm1(x)) for x in row] for row in LOGS]),
        0.1104,
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("case", CASES)
def test_the_right_value_comes_with_an_answer_and_none_without(
    tmp_path, case, container
):
    rows, answer, expected, digits = CASES[case]
    assert round(expected, 4) == digits
    given = written(tmp_path, named(rows), container)
    with pytest.raises(UsageError) as refused:
        rb.measure(given)
    (option,) = answer
    assert f"`{option}=" in str(refused.value)
    found = rb.measure(given, **answer).teacher.entropy
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("order", [-1, 1])
@pytest.mark.parametrize("name", SMALLEST)
def test_constants_for_missing_scores_are_found_in_any_order(name, order):
    rows = [list(row)[::order] for row in filled(SMALLEST[name])][::order]
    (asked,) = questions(as_scores(rows))
    gone = sum(map(len, UNSCORED))
    assert (asked.code, asked.count) == ("missing-value", gone)
    assert f"{gone / 240:.1%}" in asked.message
    made = settled(as_scores(rows), Answer(missing_value=SMALLEST[name]))
    assert len(made.scores.values) == 240 - gone
    assert made.scores.values.min() > -10


def test_a_value_given_with_few_digits_stands_for_the_constant():
    made = settled(as_scores(filled(SMALLEST["single"])), Answer(missing_value=-3.4e38))
    assert made.missing is not None
    assert len(made.missing.values) == sum(map(len, UNSCORED))


def test_several_constants_are_asked_about_one_after_the_other():
    rows = [list(row) for row in filled(-10000.0)]
    rows[0][:2] = [-65504.0, -65504.0]
    assert "-65504" in questions(as_scores(rows))[0].message
    with pytest.raises(UsageError, match="-10000"):
        settled(as_scores(rows), Answer(missing_value=-65504.0))
    both = settled(as_scores(rows), Answer(missing_value=[-65504.0, -10000.0]))
    assert both.scores.values.min() > -10


def test_a_constant_that_is_a_score_may_be_said_to_be_one():
    assert not questions(as_scores(filled(-100.0)), Answer(missing_value="none"))


def test_zeros_filled_in_among_logits_are_asked_about():
    rows = [[0.0 if d in (3, 6) else x for d, x in enumerate(row)] for row in LOGITS]
    (asked,) = questions(as_scores(rows))
    assert (asked.code, asked.count) == ("missing-value", 60)


def test_documents_with_the_missing_value_have_no_score_and_others_must():
    teacher, groups = named(filled(-10000.0)), []
    for qid, row in teacher.items():
        first, *others = row
        groups.append({"query_id": qid, "doc_id_a": first, "doc_id_b": others})
    ledger = rb.measure(teacher, groups=groups, missing_value=-10000)
    assert ledger.dropped == {"documents_with_the_missing_value": 43}
    assert ledger.teacher.entropy == pytest.approx(CASES["sentinel"][2], rel=1e-9)
    assert any("43 of 240" in said for said in ledger.warnings)
    with pytest.raises(UsageError, match="has no score"):
        rb.measure(teacher, groups=groups, missing_value=-10000, missing="error")
    groups[0]["doc_id_b"].append("nowhere")
    with pytest.raises(UsageError, match="'nowhere'"):
        rb.measure(teacher, groups=groups, missing_value=-10000)


def two_systems(folder, *, order="after", other=None):
    first = run_lines(named(LOGITS), "monoT5")
    second = run_lines(named(BM25, "x") if other is None else other, "bm25")
    lines = [*first, *second]
    if order == "before":
        lines = [*second, *first]
    elif order == "mixed":
        lines = [lines[place] for place in np.random.default_rng(0).permutation(420)]
    path = folder / "all.run"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize("order", ["after", "before", "mixed"])
def test_one_of_two_systems_is_chosen_by_its_tag(tmp_path, order):
    path = two_systems(tmp_path, order=order)
    with pytest.raises(FormatError, match=r"all\.run:\d+: holds 2 systems.*`run_tag"):
        rb.measure(path)
    found = {
        tag: rb.measure(path, run_tag=tag, teacher_kind="logit").teacher.entropy
        for tag in ("monoT5", "bm25")
    }
    assert found["monoT5"] == pytest.approx(entropy(LOGITS), rel=1e-9)
    assert found["bm25"] == pytest.approx(entropy(BM25), rel=1e-9)
    assert [round(found[tag], 4) for tag in ("monoT5", "bm25")] == [0.2506, 0.1913]


def test_systems_with_the_same_documents_are_told_apart(tmp_path):
    """Read together, a document stands twice."""
    other = named([[x + 1.5 for x in row] for row in LOGITS])
    path = two_systems(tmp_path, other=other)
    with pytest.raises(FormatError, match="2 systems"):
        rb.read_scores(path)
    assert rb.read_scores(path, run_tag="bm25").to_ranx_dict() == other
    with pytest.raises(FormatError, match=r"all\.run:241: document .* second time"):
        rb.read_scores(path, run_tag="*")
    with pytest.raises(FormatError, match="no line has the tag 'BM25'"):
        rb.read_scores(path, run_tag="BM25")


def test_a_document_that_one_system_repeats_is_named_by_its_lines(tmp_path):
    path = two_systems(tmp_path, order="before")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[185]]) + "\n")
    with pytest.raises(FormatError, match=r"all\.run:421: .*first in line 186"):
        rb.read_scores(path, run_tag="monoT5")
    assert rb.read_scores(path, run_tag="bm25").to_ranx_dict() == named(BM25, "x")


def test_lines_of_all_tags_can_be_one_system(tmp_path):
    found = rb.read_scores(two_systems(tmp_path), run_tag="*").to_ranx_dict()
    assert found == {
        qid: row | named(BM25, "x")[qid] for qid, row in named(LOGITS).items()
    }


def test_one_file_is_teacher_and_student_with_a_tag_each(tmp_path):
    other = named([[x / 2 for x in row] for row in LOGITS])
    path = two_systems(tmp_path, other=other)
    tags = {"teacher": "monoT5", "s": "bm25"}
    ledger = rb.measure(path, students={"s": path}, run_tag=tags)
    apart = rb.measure(named(LOGITS), students={"s": other})
    assert ledger.students["s"].risk == apart.students["s"].risk
    with pytest.raises(UsageError, match="names no file of scores 'b'"):
        rb.measure(path, run_tag={"b": "bm25"})


def test_a_student_is_asked_about_by_its_option():
    soft = named([softmax(row) for row in LOGITS])
    with pytest.raises(UsageError, match=r"`StudentSource.kind='softmax'`"):
        rb.measure(named(LOGITS), students={"s": soft})
    asked = rb.StudentSource("s", scores=soft, kind="softmax")
    ledger = rb.measure(named(LOGITS), students=[asked])
    same = rb.measure(named(LOGITS), students={"s": named(LOGITS)})
    assert ledger.students["s"].risk == pytest.approx(same.students["s"].risk)


def test_read_scores_leaves_out_what_stands_for_missing():
    found = rb.read_scores(named(filled(-10000.0)), missing_value=-10000)
    assert len(found.values) == 240 - sum(map(len, UNSCORED))


# The command line

ANSWERS = {
    "sentinel": "--missing-value -10000",
    "softmax": "--teacher-kind softmax",
    "half of the queries": "--mixed-scales logit-sigmoid",
    "log-probabilities": "--teacher-kind log-probability",
}


def commands(folder, teacher):
    groups = folder / "g.jsonl"
    scores = json.loads(teacher.read_text())
    groups.write_text(
        "".join(
            json.dumps({"query_id": q, "doc_id_a": d, "doc_id_b": rest}) + "\n"
            for q, (d, *rest) in scores.items()
        )
    )
    judged = folder / "q.trec"
    judged.write_text(
        "".join(f"{q} 0 {next(iter(row))} 1\n" for q, row in scores.items())
    )
    run = folder / "s.run"
    run.write_text("".join(f"{line}\n" for line in run_lines(named(LOGITS), "s")))
    quick = "--resamples 200 --permutations 199 --splits 2"
    given = f"--teacher {teacher}"
    return {
        "measure": f"measure {given} --groups {groups} --out {folder}/measure",
        "compare": f"compare {given} --groups a={groups} b={groups} --resamples 200 "
        f"--out {folder}/compare",
        "cut": f"cut {given} --groups {groups} --keep inner --out {folder}/cut",
        "sample": f"sample {given} --qrels {judged} --sampling random --size 4 "
        f"--out {folder}/sample.jsonl",
        "validate": f"validate {given} --groups {groups} --qrels {judged} --student "
        f"s={run} --temperature 1 {quick} --out {folder}/validate",
    }


@pytest.mark.parametrize("case", ANSWERS)
def test_every_command_asks_with_code_2_and_takes_the_answer(tmp_path, capsys, case):
    rows = LOGS if case == "log-probabilities" else CASES[case][0]
    teacher = written(tmp_path, named(rows), "json")
    option, value = ANSWERS[case].split()
    asking = commands(tmp_path, teacher)
    if case == "log-probabilities":
        asking = {"measure": asking["measure"]}
    for name, line in asking.items():
        if name == "sample" and case != "sentinel":
            continue  # only the order within queries counts
        assert main(line.split()) == 2, name
        said = capsys.readouterr().err
        assert f"{option} {value}" in said, name
        assert not (tmp_path / name).exists()
        assert main([*line.split(), option, value]) == 0, capsys.readouterr().err
    assert main(["inspect", str(teacher)]) == 0
    assert f"{option} {value}" in " ".join(capsys.readouterr().out.split())


def test_a_number_with_an_exponent_is_a_value(tmp_path, capsys):
    teacher = written(tmp_path, named(filled(SMALLEST["single"])), "json")
    line = commands(tmp_path, teacher)["measure"].split()
    assert main([*line, "--missing-value", "-3.4e38"]) == 0
    assert main([*line, "--missing-value", "x"]) == 2
    assert "--missing-value must be a number, got 'x'" in capsys.readouterr().err


def test_convert_and_inspect_take_one_system(tmp_path, capsys):
    path, out = two_systems(tmp_path), tmp_path / "one.json"
    assert main(["convert", str(path), str(out), "--lossy"]) == 2
    assert main(["inspect", str(path)]) == 1
    assert "--run-tag monoT5" in " ".join(capsys.readouterr().out.split())
    words = ["--run-tag", "bm25", "--lossy"]
    assert main(["convert", str(path), str(out), *words]) == 0
    assert rb.read_scores(out).to_ranx_dict() == named(BM25, "x")
    assert main(["inspect", str(path), "--run-tag", "monoT5"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert re.search(r"ready for measure: yes.*--run-tag \S*all\.run=monoT5", shown)


# Kinds


def test_a_softmax_is_one_after_rounding_and_in_half_precision():
    soft = [softmax(row) for row in LOGITS]
    rounded = [[round(p, 3) for p in row] for row in soft]
    half = [np.array(row, np.float16).astype(float).tolist() for row in soft]
    for rows in (soft, rounded, half):
        assert infer_kind(as_scores(rows)).kind is Kind.SOFTMAX
    # Sigmoids add up to anything
    assert infer_kind(as_scores(mixed(range(30)))).kind is not Kind.SOFTMAX


def test_a_log_softmax_is_the_logits_up_to_constants():
    logs = [[math.log(p) for p in softmax(row)] for row in LOGITS]
    assert infer_kind(as_scores(logs)).kind is Kind.LOGIT
    found = rb.measure(named(logs)).teacher.entropy
    assert found == pytest.approx(entropy(LOGITS), rel=1e-9)


def test_sigmoids_that_do_not_reach_both_ends_are_asked_about():
    rows = [[sigmoid(x / 9) for x in row] for row in LOGITS]
    assert infer_kind(as_scores(rows)).kind.value == "probability or cosine"
    with pytest.raises(UsageError, match="holds probability or cosine scores"):
        rb.measure(named(rows))
    found = rb.measure(named(rows), teacher_kind="probability").teacher.entropy
    exact = entropy([[x / 9 for x in row] for row in LOGITS])
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Kind.LOG_PROBABILITY, [-1.0, 0.0], r"1 log-probabilities are not below 0"),
        (Kind.SOFTMAX, [0.5, 0.0], "1 softmax scores are not above 0"),
        (Kind.SOFTMAX, [0.9, 0.9], r"add up to 1.8 \(above 1 in 1 of 1 query"),
    ],
)
def test_values_that_a_kind_cannot_have_are_named(kind, values, message):
    with pytest.raises(ValueError, match=message):
        to_logits(as_scores([values]).with_kind(kind))


def test_kinds_are_spoken_with_either_dash():
    for name in ("log-probability", "log_probability"):
        found = rb.measure(named(LOGS), teacher_kind=name)
        assert found.teacher.kind == "log-probability"
    with pytest.raises(UsageError, match="must be one of"):
        rb.measure(named(LOGS), teacher_kind="probability or cosine")


# What must not be asked about


def draws(seed, n_queries, n_docs):
    """Scores of one model on one scale, of several kinds."""
    rng = np.random.default_rng(seed)

    def each(draw):
        return [draw().tolist() for _ in range(n_queries)]

    def logits(scale, place, spread):
        return each(
            lambda: (
                rng.normal(place, 0.7 * scale)
                + scale * np.exp(rng.normal(0, spread)) * rng.normal(size=n_docs)
            )
        )

    ranks = np.arange(400)
    return {
        "narrow logits": logits(0.7, 0.0, 0.3),
        "logits": logits(3.0, 1.0, 0.3),
        "logits of uneven width": logits(3.0, 1.0, 0.7),
        "heavy tails": each(lambda: 2 * rng.standard_t(3, n_docs)),
        "negative logits": logits(2.0, -9.0, 0.3),
        "cosines": each(lambda: np.clip(rng.normal(0.5, 0.15, n_docs), -1, 1)),
        "cosines of both signs": each(lambda: np.tanh(rng.normal(0, 0.4, n_docs))),
        "sigmoids": each(lambda: 1 / (1 + np.exp(-rng.normal(0, 3, n_docs)))),
        "BM25": each(lambda: rng.gamma(2, 6 * rng.gamma(1, 0.5), n_docs)),
        "rounded": [[round(x, 1) for x in row] for row in logits(3.0, 0.0, 0.3)],
        "whole numbers": each(lambda: rng.integers(-5, 20, n_docs)),
        "grades": each(lambda: rng.integers(0, 5, n_docs)),
        "reciprocal ranks": each(
            lambda: (
                1 / (60 + rng.permutation(ranks)[:n_docs])
                + 1 / (60 + rng.permutation(ranks)[:n_docs])
            )
        ),
        "a constant query": [[0.0] * n_docs, *logits(3.0, 0.0, 0.3)[1:]],
        "floored": [[max(x, -6.0) for x in row] for row in logits(3.0, 0.0, 0.3)],
        "dot products": each(lambda: rng.normal(70, 5) + rng.normal(0, 3, n_docs)),
    }


@pytest.mark.statistical
def test_scores_on_one_scale_are_hardly_ever_asked_about():
    """At most one false alarm in 16 kinds x 30 draws; none for most seeds."""
    alarms = [
        (name, code)
        for seed in range(30)
        for name, rows in draws(
            seed, n_queries=(20, 60, 150)[seed % 3], n_docs=(3, 5, 8, 16)[seed % 4]
        ).items()
        for code in codes(rows)
        if code != "log-probability" or name != "negative logits"
    ]
    assert len(alarms) <= 1, alarms


def test_a_lone_query_on_another_scale_is_found_if_all_others_are_wide():
    assert codes(mixed((4,))) == ["mixed-scales"]
    assert sigmoid_queries(as_scores(mixed((4,)))).tolist() == [
        place == 4 for place in range(30)
    ]
    assert sigmoid_queries(as_scores(LOGITS)) is None


def test_documents_on_another_scale_within_queries_are_found():
    rows = [[sigmoid(x) if d % 2 else x for d, x in enumerate(row)] for row in LOGITS]
    (asked,) = questions(as_scores(rows))
    assert asked.code == "mixed-scales"
    assert crowded_documents(as_scores(LOGITS)) is None
    # Their logits cannot be told apart, so that only the user can say all is well
    with pytest.raises(UsageError, match="as-is"):
        rb.measure(named(rows))
    rb.measure(named(rows), mixed_scales="as-is")


def test_rules_hold_at_their_edges():
    """By hand: the gap against the range of the others, counts, distinct values."""
    rest = [float(x) for x in range(9)]  # of range 8
    assert far_constant(as_scores([[*rest, -8.0, -8.0]])) is None
    assert far_constant(as_scores([[*rest, -8.5, -8.5]])) == (-8.5, 2)
    assert far_constant(as_scores([[*rest, -8.5]])) is None
    assert far_constant(as_scores([[*rest, *[-80.0] * 9]])) is None
    assert far_constant(as_scores([[*rest, *[-80.5] * 9]])) == (-80.5, 9)
    assert far_constant(as_scores([[*rest[:7], -99.0, -99.0]])) is None
    rows = [[q + 0.1, 0.0, -q - 0.3] for q in range(1, 6)]
    assert filled_constant(as_scores(rows)) == (0.0, 5)
    assert filled_constant(as_scores(rows[:4])) is None
    assert filled_constant(as_scores([[0.0, 0.0, 0.0]] * 9 + rows[:4])) is None


@pytest.mark.parametrize("part", [1, 2, 5])
def test_the_most_frequent_score_is_found_in_parts(part, monkeypatch):
    monkeypatch.setattr(scales, "PART", part)
    rng = np.random.default_rng(part)
    for _ in range(50):
        values = rng.integers(0, 6, int(rng.integers(1, 30))).astype(float)
        distinct = sorted({*values.tolist()})
        often = [sum(one == value for one in values) for value in distinct]
        most = max(often)
        place = often.index(most)
        second = max([*often[:place], *often[place + 1 :]], default=0)
        found = scales._often(values)
        assert (found.value, found.count, found.place) == (distinct[place], most, place)
        assert (found.second, found.distinct) == (second, len(distinct))
