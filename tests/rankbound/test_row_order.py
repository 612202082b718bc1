"""The order of the rows of input files changes no result.

`convert` keeps the order of queries of its file, which is content there; the rows are
the same. Examples of `inspect` are the least ids, and may say in which line they stand.
"""

import contextlib
import html
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import rankbound as rb
from rankbound import Groups, StudentSource, compare, cut, measure, validate
from rankbound.cli.program import main
from rankbound.manifest import digest
from rankbound.read.registry import read_any
from tests.rankbound.files import npy, table, written

QUERIES, DOCUMENTS = 24, 9
# Of a list of ids, which is no input of a study, `inspect` quotes the first lines
NOT_STUDIED = shutil.ignore_patterns("far*", "trained*", "design*")


def _rows():
    """Rows of every input: two groups a query, and judgements of some documents."""
    rng = np.random.default_rng(7)
    found = {name: [] for name in ("teacher", "student", "qrels", "near", "far")}
    for q in range(QUERIES):
        scores = rng.normal(size=DOCUMENTS)
        others = scores + rng.normal(size=DOCUMENTS)
        for d, (score, other) in enumerate(zip(scores, others, strict=True)):
            found["teacher"].append(f"q{q}\tQ0\td{d}\t{d + 1}\t{score:.4f}\tt")
            found["student"].append(f"q{q}\tQ0\td{d}\t1\t{other:.4f}\ts")
            grade = int(score + rng.normal() > 0.3) - (d == q % 7 == 3)
            found["qrels"].append(f"q{q} 0 d{d} {grade}")
        for name, size in (("near", 5), ("far", 6)):
            for _ in range(2):
                first, *rest = (f"d{d}" for d in rng.permutation(DOCUMENTS)[:size])
                row = {"query_id": f"q{q}", "doc_id_a": first, "doc_id_b": rest}
                found[name].append(json.dumps(row))
    found["clusters"] = [f"q{q}\tc{q // 2}" for q in range(QUERIES)]
    found["trained"] = [f"q{q}" for q in range(0, QUERIES, 5)]
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
        of = ["s\tkl\n", "u\tlce\n"][:: -1 if shuffles else 1]
        written(folder, "".join(["student\tloss\n", *of]), "design.tsv")
        order = rng.permutation(DOCUMENTS) if shuffles else np.arange(DOCUMENTS)
        _vectors(folder, order)
        made.append(folder)
    return made


def _vectors(folder, order):
    """Vectors of the documents, whose rows are in some order."""
    vectors = np.random.default_rng(3).normal(size=(DOCUMENTS, 4)).astype(np.float32)
    written(folder, npy(vectors[order]), "v.npy")
    written(folder, "".join(f"d{d}\n" for d in order), "v.ids")


def _said(result):
    """All that a result says but the names and hashes of its files."""
    told = _plain(result.to_dict())
    tables = {name: [*rows] for name, rows in result.beside.items()}
    drawn = getattr(result, "groups", None)
    if isinstance(drawn, Groups):
        ids = drawn.qids[drawn.queries].tolist(), drawn.docnos[drawn.codes].tolist()
        tables["groups"] = [ids, drawn.sizes.tolist()]
    return json.dumps(told), tables


# Names and hashes of files, and the lines that examples stand in
OF_FILES = {"inputs", "command", "sha256"}
LINE = re.compile(r"\bline \d+, ")


def _plain(told):
    if isinstance(told, dict):
        return {k: _plain(v) for k, v in told.items() if k not in OF_FILES}
    if isinstance(told, str):
        return LINE.sub("", told)
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


def _compared_by_vectors(folder):
    return compare(
        folder / "teacher.txt",
        groups={name: folder / f"{name}.jsonl" for name in ("near", "far")},
        quantities=("diameter",),
        teacher_kind="logit",
        clusters=folder / "clusters.txt",
        **_of_vectors(folder),
    )


def _of_vectors(folder):
    return {"embeddings": folder / "v.npy", "ids": folder / "v.ids"}


def _measured_in_clusters(folder):
    return measure(
        folder / "teacher.txt",
        students={"s": folder / "student.txt"},
        groups=folder / "far.jsonl",
        clusters=folder / "clusters.txt",
        trained_on=folder / "trained.txt",
        teacher_kind="logit",
        **_of_vectors(folder),
    )


def _cut_by_diameter(folder):
    return cut(
        folder / "teacher.txt",
        groups=folder / "near.jsonl",
        by="diameter",
        teacher_kind="logit",
        **_of_vectors(folder),
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


def _validated_by_rankings(folder):
    """Rankings of their own, and a table of what the students are."""
    return validate(
        folder / "teacher.txt",
        students={"s": folder / "student.txt", "u": folder / "teacher.txt"},
        rankings={"s": folder / "teacher.txt", "u": folder / "student.txt"},
        groups={"near": folder / "near.jsonl"},
        qrels=folder / "qrels.txt",
        design=folder / "design.tsv",
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
        *(_validated_by_rankings, _inspected, _sampled_by_judgements),
        _sampled_by_groups,
        *(_compared_by_vectors, _measured_in_clusters, _cut_by_diameter),
    ],
)
def test_the_order_of_rows_changes_nothing(command, folders, monkeypatch):
    said = []
    for folder in folders:
        monkeypatch.chdir(folder)
        said.append(_said(command(Path())))
    assert said[0] == said[1]


MEASURED = (
    "measure --teacher teacher.txt --student s=student.txt --teacher-kind logit "
    "--student-kind logit --embeddings v.npy --ids v.ids --quiet"
)
LINES = (
    f"{MEASURED} --groups near.jsonl --qrels qrels.txt --out results/near",
    f"{MEASURED} --groups far.jsonl --out results/far",
    "bound --before results/near --after results/far --json",
    "power --from results/near --json results/power/power.json",
    "study set --config study.toml --out study --quiet",
    "figures --from study --out figures --quiet",
    "convert student.txt student.arrow",
)
HASH = re.compile(r"\b[0-9a-f]{64}\b")
INLINE = re.compile(r"data:[a-z/;=0-9+-]+;base64,[A-Za-z0-9+/=]+")


def _left(folder):
    """What all commands print and leave, without their inputs."""
    before = {path for path in folder.rglob("*") if path.is_file()}
    said = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(said):
        for line in LINES:
            assert main(line.split()) == 0
    after = {path for path in folder.rglob("*") if path.is_file()} - before
    left = {path.relative_to(folder).as_posix(): path.read_bytes() for path in after}
    return before, said.getvalue(), left


@pytest.mark.parametrize("folders", [1], indirect=True)
def test_the_order_of_rows_changes_no_byte_but_of_hashes(
    folders, tmp_path, monkeypatch
):
    """What every command leaves and prints differs in the hashes of inputs alone.

    Figures are not painted, which takes long: what they show stands in their CSV. The
    page of `study` is made as that of `report` is.
    """
    monkeypatch.setattr(Figure, "savefig", _unpainted)
    found = []
    for number, rows in enumerate(folders):
        folder = tmp_path / f"{number}"
        shutil.copytree(rows, folder)
        shutil.copytree(rows, folder / "set", ignore=NOT_STUDIED)
        (folder / "set" / "qrels.txt").unlink()
        written(
            folder, 'teacher = "teacher.txt"\nteacher_kind = "logit"\n', "study.toml"
        )
        found.append(_left(folder))
    (inputs, said, left), (shuffled, said_then, left_then) = found
    hashes, others = ({digest(path) for path in one} for one in (inputs, shuffled))
    assert len(hashes & others) == 1  # of the settings
    assert HASH.sub("", said) == HASH.sub("", said_then)
    assert left.keys() == left_then.keys()
    assert any(name.endswith(".csv") for name in left)
    # The order of queries in a file is content to `convert`
    converted = [read_any(tmp_path / n / "student.arrow").scores for n in "01"]
    assert table(converted[0]) == table(converted[1])
    del left["student.arrow"]
    assert _examples(left) == _examples(left_then) != []
    for name, content in left.items():
        same = _without_hashes(name, content)
        assert same == _without_hashes(name, left_then[name]), name
    ledgers = [one["results/near/ledger.json"].decode() for one in (left, left_then)]
    assert {*HASH.findall(ledgers[0])} <= hashes
    assert {*HASH.findall(ledgers[1])} <= others
    assert {*HASH.findall(ledgers[0])} != {*HASH.findall(ledgers[1])}


def _unpainted(_figure, file, **_settings):
    picture = b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"
    file.write(picture) if hasattr(file, "write") else Path(file).write_bytes(picture)


def _examples(left):
    """What `inspect` names as one of many."""
    told = left["study/set/inspect/inspection.json"].decode()
    return re.findall(r'"example": ("(?:[^"\\]|\\.)*")', LINE.sub("", told))


def _without_hashes(name, content):
    """A file without hashes and lines of examples, and a page without the files in it.

    The files in a page are those beside it.
    """
    if not name.endswith((".json", ".html", ".tsv", ".csv", ".txt")):
        return content
    text = LINE.sub("", HASH.sub("", content.decode()))
    return html.unescape(INLINE.sub("", text)) if name.endswith(".html") else text
