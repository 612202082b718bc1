"""The order of the rows of input files changes no result.

`convert` and `cut` keep the order of their file, which is content there, and `inspect`
names the first of a file as an example. `power --from`, `bound --before`, `report` and
`figures` read results, which are the same.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import rankbound as rb
from rankbound import Groups, StudentSource, compare, cut, measure, validate
from tests.rankbound.files import written

QUERIES, DOCUMENTS = 24, 9


def _rows():
    """Rows of every input: two groups a query, and judgements of some documents."""
    rng = np.random.default_rng(7)
    found = {name: [] for name in ("teacher", "student", "qrels", "near", "far")}
    for q in range(QUERIES):
        scores = rng.normal(size=DOCUMENTS)
        others = scores + rng.normal(size=DOCUMENTS)
        for d, (score, other) in enumerate(zip(scores, others, strict=True)):
            found["teacher"].append(f"q{q}\tQ0\td{d}\t1\t{score:.4f}\tt")
            found["student"].append(f"q{q}\tQ0\td{d}\t1\t{other:.4f}\ts")
            found["qrels"].append(f"q{q} 0 d{d} {int(score + rng.normal() > 0.3)}")
        for name, size in (("near", 5), ("far", 6)):
            for _ in range(2):
                first, *rest = (f"d{d}" for d in rng.permutation(DOCUMENTS)[:size])
                row = {"query_id": f"q{q}", "doc_id_a": first, "doc_id_b": rest}
                found[name].append(json.dumps(row))
    return found


@pytest.fixture(scope="module", params=[1, 2])
def folders(tmp_path_factory, request):
    """The same rows in two orders."""
    rows, rng = _rows(), np.random.default_rng(request.param)
    made = []
    for shuffles in (False, True):
        folder = tmp_path_factory.mktemp("rows")
        for name, lines in rows.items():
            order = rng.permutation(len(lines)) if shuffles else range(len(lines))
            suffix = {"near": "jsonl", "far": "jsonl"}.get(name, "txt")
            text = "".join(f"{lines[i]}\n" for i in order)
            written(folder, text, f"{name}.{suffix}")
        made.append(folder)
    return made


def _said(result):
    """All that a result says but the names and hashes of its files."""
    told = _plain(result.to_dict())
    tables = {name: [*rows] for name, rows in result.beside.items()}
    drawn = getattr(result, "groups", None)
    if isinstance(drawn, Groups):
        ids = drawn.qids[drawn.queries].tolist(), drawn.docnos[drawn.codes].tolist()
        tables["groups"] = [ids, drawn.sizes.tolist()]
    return json.dumps(told), tables


# Names and hashes of files, and examples, which are the first of their file
OF_FILES = {"inputs", "command", "sha256", "example"}


def _plain(told):
    if isinstance(told, dict):
        return {k: _plain(v) for k, v in told.items() if k not in OF_FILES}
    return [*map(_plain, told)] if isinstance(told, list) else told


def _measured(folder):
    return measure(
        folder / "teacher.txt",
        students={"s": folder / "student.txt"},
        groups=folder / "near.jsonl",
        qrels=folder / "qrels.txt",
        teacher_kind="logit",
        temperature="fit",
    )


def _measured_by_depth(folder):
    return measure(
        folder / "teacher.txt",
        students={"s": folder / "student.txt"},
        depth=5,
        teacher_kind="logit",
    )


def _fitted_by_depth(folder):
    student = StudentSource("s", scores=folder / "student.txt", temperature="fit")
    return measure(
        folder / "teacher.txt",
        students=[student],
        depth=7,
        qrels=folder / "qrels.txt",
        teacher_kind="logit",
        temperature="fit",
    )


def _compared(folder):
    return compare(
        folder / "teacher.txt",
        groups={name: folder / f"{name}.jsonl" for name in ("near", "far")},
        students={"s": folder / "student.txt"},
        quantities=("entropy", "risk"),
        teacher_kind="logit",
    )


def _cut(folder):
    return cut(
        folder / "teacher.txt", groups=folder / "near.jsonl", teacher_kind="logit"
    )


def _validated(folder):
    return validate(
        folder / "teacher.txt",
        students={"s": folder / "student.txt"},
        groups={name: folder / f"{name}.jsonl" for name in ("near", "far")},
        qrels=folder / "qrels.txt",
        teacher_kind="logit",
        measures="nDCG@5",
        resamples=200,
        permutations=99,
        splits=2,
    )


def _inspected(folder):
    names = ("teacher.txt", "student.txt", "near.jsonl")
    return rb.inspect(
        *(folder / name for name in names),
        qrels=folder / "qrels.txt",
        teacher_kind="logit",
    )


def _sampled(folder, sampling="s+random", **more):
    return rb.sample(
        folder / "teacher.txt",
        sampling=sampling,
        size=4,
        runs={"s": folder / "student.txt"},
        **more,
    )


def _sampled_by_judgements(folder):
    return _sampled(folder, qrels=folder / "qrels.txt")


def _sampled_by_groups(folder):
    return _sampled(
        folder,
        sampling="stratified-count",
        groups=folder / "near.jsonl",
        drop_suspected=0.1,
        temperature="fit",
    )


@pytest.mark.parametrize(
    "command",
    [
        *(_measured, _measured_by_depth, _fitted_by_depth, _compared, _cut, _validated),
        *(_inspected, _sampled_by_judgements, _sampled_by_groups),
    ],
)
def test_the_order_of_rows_changes_nothing(command, folders, monkeypatch):
    said = []
    for folder in folders:
        monkeypatch.chdir(folder)
        said.append(_said(command(Path())))
    assert said[0] == said[1]
