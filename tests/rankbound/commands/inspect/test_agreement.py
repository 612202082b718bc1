"""What `inspect` calls ready its command accepts, and what it warns of is repeated."""

import json
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

import rankbound as rb
from rankbound.cli import main
from rankbound.commands.inspect.result import Inspection
from tests.rankbound.commands.inspect.world import scores_file
from tests.rankbound.files import group_text, lookup, npy, run_text, written

N, SIZE = 10, 5
QIDS = [f"q{n}" for n in range(N)]
# A result counts these in words of its own: what is dropped, and near-copies of queries
TOLD_OTHERWISE = {
    "groups-without-scores",
    "groups-without-vectors",
    "near-copies-of-queries",
    "margin-only",
}
RNG = np.random.default_rng(16)
LOGITS = RNG.normal(0, 3, (N, SIZE)).round(4)
COSINES = 0.3 + 0.05 * LOGITS / np.abs(LOGITS).max()
GROUPS = group_text([(qid, [f"d{k}" for k in range(SIZE)]) for qid in QIDS])
OTHERS = group_text([(qid, [f"d{k}" for k in (1, 0, 2)]) for qid in QIDS])
JUDGED = "".join(f"{qid} 0 d{n % 2} 1\n{qid} 0 d3 0\n" for n, qid in enumerate(QIDS))
HALF = LOGITS.astype(np.float16).astype(float)
EQUAL = np.where(np.arange(N)[:, None] < 3, 0.0, LOGITS)
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
UNSCORED = np.where(np.sort(LOGITS, 1)[:, 1:2] > LOGITS, -10000.0, LOGITS)


def run_of(rows, tag="made"):
    return run_text(as_table(rows), tag=tag)


def as_table(rows):
    return {
        qid: {f"d{k}": float(v) for k, v in enumerate(row)}
        for qid, row in zip(QIDS, rows, strict=True)
    }


def of_two_systems():
    return run_of(LOGITS, "one") + run_of(LOGITS[::-1] + 1, "two")


def twice(text):
    return text + text


TEACHER = {"teacher.json": scores_file(LOGITS), "g.jsonl": GROUPS}
VECTORS = {"v.npy": npy(np.ones((SIZE, 3), dtype=np.float32)), "v.ids.txt": None}
VECTORS["v.ids.txt"] = "".join(f"d{k}\n" for k in range(SIZE))
MARGINS = "".join(
    f"{qid}\t{10 * n + 100}\t{10 * n + 100 + k}\t{row[0] - row[k]:.4f}\n"
    for n, (qid, row) in enumerate(zip(QIDS, LOGITS, strict=True))
    for k in range(1, SIZE)
)
MINED = "query,answer,negative_1,negative_2,scores\n" + "".join(
    f'what is {qid},"it is {qid}, no doubt",not {q2},nor this {q2},'
    f"[{row[0]:.8f} {row[1]:.8f}  {row[2]:.8f}]\n"
    for qid, q2, row in zip(QIDS, QIDS[::-1], LOGITS, strict=True)
)
# name: files, what inspect is told, whether measure is ready
ODD = {
    "plain": (TEACHER, {}, True),
    "students": (
        {
            **TEACHER,
            "far.run": run_of(LOGITS[:, ::-1]),
            "ranks.run": run_of([range(SIZE, 0, -1)] * N),
        },
        {},
        True,
    ),
    "equal scores": (TEACHER | {"teacher.json": scores_file(EQUAL)}, {}, True),
    "half precision": (TEACHER | {"teacher.json": scores_file(HALF)}, {}, True),
    "softmax": (TEACHER | {"teacher.json": scores_file(SOFTMAX)}, {}, False),
    "softmax, said": (
        TEACHER | {"teacher.json": scores_file(SOFTMAX)},
        {"teacher_kind": "softmax"},
        True,
    ),
    "a sentinel": (TEACHER | {"teacher.json": scores_file(UNSCORED)}, {}, False),
    "a sentinel, said": (
        {
            **TEACHER,
            "teacher.json": scores_file(UNSCORED),
            "ranks.run": run_of([[*range(SIZE, 1, -1), -10000.0]] * N),
        },
        {"missing_value": -10000.0},
        True,
    ),
    "two systems": ({"teacher.run": of_two_systems(), "g.jsonl": GROUPS}, {}, False),
    "two systems, said": (
        {"teacher.run": of_two_systems(), "g.jsonl": GROUPS},
        {"run_tag": "one"},
        True,
    ),
    "cosines": ({"teacher.json": scores_file(COSINES)}, {}, False),
    "cosines and positives": (
        TEACHER | {"teacher.json": scores_file(COSINES + 0.2 * (np.arange(SIZE) == 0))},
        {"temperature": 0.1},
        True,
    ),
    "a temperature": (
        {"teacher.json": scores_file(COSINES)},
        {"temperature": 2.0},
        True,
    ),
    "ranks": (
        {"teacher.run": run_of([range(SIZE, 0, -1)] * N), "g.jsonl": GROUPS},
        {},
        False,
    ),
    "unscored documents": (
        TEACHER | {"g.jsonl": group_text([(q, ["d0", "d1", "x"]) for q in QIDS])},
        {},
        True,
    ),
    "unscored documents, refused": (
        TEACHER | {"g.jsonl": group_text([(q, ["d0", "d1", "x"]) for q in QIDS])},
        {"missing": "error"},
        False,
    ),
    "pairs that are none": (
        TEACHER | {"g.jsonl": group_text([(q, ["d0", "d1"]) for q in QIDS])},
        {"pairs": "neg-neg"},
        False,
    ),
    "judged negatives and copies": (
        {**TEACHER, **VECTORS, "g.jsonl": twice(GROUPS), "j.qrels": JUDGED},
        {},
        True,
    ),
    "formats that are named": (
        {"t": lookup(as_table(LOGITS)), "a": GROUPS, "b": OTHERS},
        {"format": True},
        True,
    ),
    "margins": ({"gpl.tsv": MARGINS}, {}, True),
    "mined CSV": ({"mined.csv": MINED}, {}, True),
    "other queries": (
        TEACHER | {"g.jsonl": group_text([("z", ["d0", "d1"])])},
        {},
        False,
    ),
    "clusters": (
        {**TEACHER, "far.run": run_of(LOGITS[:, ::-1])},
        {"clusters": "".join(f"{qid}\tc{n // 2}\n" for n, qid in enumerate(QIDS))},
        True,
    ),
}
FORMATS = {"t": "lookup", "a": "groups", "b": "groups"}


def inspected(folder, contents, told):
    paths = [written(folder, text, name) for name, text in contents.items()]
    paths = [path for path in paths if not path.name.endswith(".ids.txt")]
    told = dict(told)
    if "clusters" in told:
        told["clusters"] = written(folder, told["clusters"], "clusters.tsv")
    if told.pop("format", None):  # the command line has a format for each file
        words = [f"{path}={FORMATS[path.name]}" for path in paths]
        out = folder / "seen.json"
        line = ["inspect", *map(str, paths), "--format", *words, "--json", str(out)]
        assert main(line) == 0
        return Inspection.load(out)
    return rb.inspect(*paths, **told)


def told_by(command, folder, file):
    """What a proposed command ends with, and the warnings of its result."""
    words = shlex.split(command)
    words[words.index("--out") + 1] = str(folder / "out")
    code = main(words[1:])
    path = folder / "out" / file
    return code, json.loads(path.read_text())["warnings"] if code == 0 else None


def without_placeholders(command):
    words = shlex.split(command)
    for option in ("--temperature", "--qrels"):
        if option in words and "QRELS" in words:
            place = words.index(option)
            del words[place : place + 2]
    return shlex.join(words)


@pytest.mark.parametrize("name", ODD)
def test_ready_is_what_measure_accepts_and_warnings_are_the_same(
    name, tmp_path, capsys
):
    contents, told, ready = ODD[name]
    found = inspected(tmp_path, contents, told)
    verdict = found.ready.measure
    assert verdict.ok == ready, verdict
    command = verdict.command if ready else without_placeholders(verdict.command)
    code, warnings = told_by(command, tmp_path, "ledger.json")
    error = capsys.readouterr().err
    assert code == (0 if ready else 2), error
    if ready:
        check_warnings(found, verdict, warnings)


def check_warnings(found, verdict, warnings):
    used = {word.rpartition("=")[2] for word in shlex.split(verdict.command)}
    for place, finding in found.findings():
        files = place.split(" / ")
        if finding.severity != "warning" or finding.code in TOLD_OTHERWISE:
            continue
        if not {*files} <= used:
            continue
        names = " / ".join(path.rpartition("/")[2] for path in files)
        folded = f"{names} ({finding.count:,})"
        one = [line for line in warnings if f"{place}: {finding.message}" in line]
        assert one or any(folded in line for line in warnings), (finding, warnings)


def test_comparisons_that_are_ready_run_with_their_students(tmp_path, capsys):
    contents = {
        **TEACHER,
        "random.jsonl": OTHERS,
        "soft.run": run_of(SOFTMAX),
        "far.run": run_of(LOGITS[:, ::-1]),
        "j.qrels": JUDGED,
    }
    for kind, named in ((None, {"far"}), ("softmax", {"far", "soft"})):
        told = {} if kind is None else {"student_kind": {"soft": kind}}
        found = inspected(tmp_path, contents, told)
        verdict = found.ready.compare
        assert verdict.ok, verdict
        assert {n for n in ("far", "soft") if f" {n}=" in verdict.command} == named
        code, warnings = told_by(verdict.command, tmp_path, "comparison.json")
        assert code == 0, capsys.readouterr().err
        check_warnings(found, verdict, warnings)
        (tmp_path / "out" / "comparison.json").unlink()
    verdict = found.ready.validate
    assert verdict.ok, verdict
    command = f"{verdict.command} --permutations 199 --resamples 200 --splits 1"
    code, warnings = told_by(command, tmp_path, "validation.json")
    assert code in (0, 1), capsys.readouterr().err  # 1: a control on 10 queries
    made = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert {*made["datasets"][0]["students"]} == {"far", "soft"}


def test_validate_is_offered_where_it_can_be_run(tmp_path):
    far = {"far.run": run_of(LOGITS[:, ::-1])}
    assert inspected(tmp_path, {**TEACHER, **far}, {}).ready.validate is None
    judged = {"j.qrels": JUDGED}
    assert inspected(tmp_path, {**TEACHER, **judged}, {}).ready.validate is None
    others = {"j.qrels": JUDGED.replace("q", "other")}
    verdict = inspected(tmp_path, {**TEACHER, **far, **others}, {}).ready.validate
    assert not verdict.ok


@pytest.mark.parametrize("own_teacher", [True, False])
def test_a_folder_that_is_ready_is_validated(own_teacher, tmp_path, capsys):
    folder = tmp_path / "set"
    contents = {
        "qrels.trec": JUDGED,
        "runs/far.run.gz": None,
        "runs/close.run": run_of(LOGITS.round(0) + np.arange(SIZE) / 10),
        "runs/random.run": run_of(RNG.random((N, SIZE))),
        "train/hard.5.jsonl": GROUPS,
        "embeddings/v.corpus.npy": VECTORS["v.npy"],
        "embeddings/v.corpus.ids.txt": VECTORS["v.ids.txt"],
    }
    import gzip

    contents["runs/far.run.gz"] = gzip.compress(run_of(LOGITS[:, ::-1]).encode())
    if own_teacher:
        contents["teacher/t.json"] = scores_file(LOGITS)
        contents["runs/teacher.run"] = run_of(LOGITS)
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        written((folder / path).parent, content, (folder / path).name)
    found = rb.inspect(folder)
    assert found.readable
    assert len(found.files) == len(contents) - 1  # ids belong to their vectors
    verdict = found.ready.validate
    assert verdict.ok, verdict
    assert ("--dataset-teacher" in verdict.command) != own_teacher
    quick = " --resamples 200 --permutations 99 --splits 1"
    code, warnings = told_by(verdict.command + quick, tmp_path, "validation.json")
    assert code == 0, capsys.readouterr().err
    assert any("negatives" in line for line in warnings)
    assert found.ready.measure.ok
    assert " random=" not in found.ready.measure.command


def test_columns_of_objects_that_are_not_used_are_told():
    rows = [
        {"qid": qid, "docno": docno, "score": score, "score_other": 1.0}
        for qid, row in as_table(LOGITS).items()
        for docno, score in row.items()
    ]
    groups = [
        {"query_id": q, "doc_id_a": "d0", "doc_id_b": ["d1"], "labels": 1} for q in QIDS
    ]
    made = rb.measure(rows, students={"same": as_table(LOGITS)}, groups=groups)
    unused = [line for line in made.warnings if "not used" in line]
    assert unused == [
        "teacher (list): not used: score_other",
        "groups (list): not used: labels",
    ]


def work_of(words):
    """The calls of Python functions and the characters read until a command ends."""
    calls, status = 0, Path("/proc/self/io")

    def count(_frame, event, _value):
        nonlocal calls
        calls += event == "call"

    def read():
        return int(status.read_text().split()[1])

    before = read()
    sys.setprofile(count)
    try:
        assert main(words)
    finally:
        sys.setprofile(None)
    return calls, read() - before


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="no counts of reads")
def test_damage_at_the_end_takes_inspect_no_more_than_measure(tmp_path, capsys):
    scores = np.random.default_rng(5).normal(size=(400, 20))
    table = {
        f"q{n}": {f"d{k}": v for k, v in enumerate(r.tolist())}
        for n, r in enumerate(scores)
    }
    file = tmp_path / "late.run"
    file.write_text(run_text(table, tag="t") + "q x\n")
    main(["inspect", str(file)])  # what is imported late is no work on the file
    inspected = work_of(["inspect", str(file)])
    measured = work_of(
        ["measure", "--teacher", str(file), "--out", str(tmp_path / "m")]
    )
    assert "late.run:8001" in capsys.readouterr().err
    assert inspected[0] <= 1.2 * measured[0]
    assert inspected[1] <= 1.2 * measured[1]
