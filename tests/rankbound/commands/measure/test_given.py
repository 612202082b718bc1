"""Data in memory measure as their files do, and the ledger says what they were."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

import rankbound as rb
from rankbound.commands.measure.given import (
    Files,
    as_given,
    check_files,
    content_hash,
    format_of,
)
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure, measure_with
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups, top_documents
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError, UsageError
from rankbound.provenance import Input
from rankbound.read import registry
from rankbound.read.contents import Contents, Format
from rankbound.threads import threads
from rankbound.writing import json_text
from tests.rankbound.files import project, run_text, written

SCORES = Scores.from_dict({"q": {"a": 1.0, "b": 2.0}, "r": {"a": 0.5}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("project")
    project(path)
    return path


def of_files(folder, **settings):
    students = (StudentSource("s", folder / "s.run"),)
    options = MeasureOptions(
        teacher=folder / "t.json",
        groups=folder / "g.jsonl",
        students=students,
        **settings,
    )
    return measure_with(options)


def numbers(result):
    """Everything the ledger counts, without what names the inputs."""
    account = json.loads(json_text(result.to_dict()))
    for key in ("inputs", "groups", "command", "warnings"):
        del account[key]
    return account


@pytest.mark.parametrize(
    "kind", ["pyterrier", "polars", "ir_measures", "dict", "arrow"]
)
def test_objects_measure_as_their_files_do(folder, kind):
    teacher = rb.read_scores(folder / "t.json")
    student = rb.read_scores(folder / "s.run")
    groups = rb.read_groups(folder / "g.jsonl")

    def made(scores):
        frame = scores.to_frame().assign(query="text", docid=0)
        return {
            "pyterrier": lambda: frame,
            "polars": lambda: pl.from_pandas(frame),
            "ir_measures": scores.to_ir_measures,  # an iterator, read once
            "dict": scores.to_ranx_dict,
            "arrow": scores.to_arrow,
        }[kind]()

    result = measure(
        teacher=made(teacher), groups=groups.to_frame(), students={"s": made(student)}
    )
    assert numbers(result) == numbers(of_files(folder))


def test_judgements_and_vectors_in_memory_measure_as_their_files_do(folder):
    settings = {"temperature": "fit", "pairs": "pos-neg"}
    expected = of_files(
        folder,
        qrels=folder / "judged.qrels",
        embeddings=folder / "v.npy",
        ids=folder / "v.ids",
        **settings,
    )
    qrels = rb.read_qrels(folder / "judged.qrels").to_frame()
    book = rb.read_embeddings(folder / "v.npy", folder / "v.ids")
    for vectors in (
        {"embeddings": book},
        {"embeddings": np.asarray(book.vectors), "ids": list(book.ids)},
        {"embeddings": np.asarray(book.vectors), "ids": folder / "v.ids"},
        {"embeddings": dict(zip(book.ids, book.vectors, strict=True))},
    ):
        result = measure(
            teacher=folder / "t.json",
            groups=folder / "g.jsonl",
            students={"s": folder / "s.run"},
            qrels=qrels.rename(columns={"score": "label"}).drop(columns="rank"),
            **vectors,
            **settings,
        )
        assert numbers(result) == numbers(expected)


def test_a_bi_encoder_takes_arrays(folder):
    book = rb.read_embeddings(folder / "v.npy", folder / "v.ids")
    queries = rb.read_embeddings(folder / "q.npy", folder / "q.ids")
    results = []
    for vectors, asked in (
        ((folder / "v.npy", folder / "v.ids"), (folder / "q.npy", folder / "q.ids")),
        ((book, None), (np.asarray(queries.vectors), queries.ids)),
    ):
        source = StudentSource(
            "b", queries=asked[0], query_ids=asked[1], temperature=1.0
        )
        options = MeasureOptions(
            teacher=folder / "t.json",
            embeddings=vectors[0],
            ids=vectors[1],
            depth=4,
            students=(source,),
        )
        results.append(numbers(measure_with(options)))
    assert results[0] == results[1]


def test_the_ledger_names_objects_with_the_hash_of_their_content(folder):
    teacher = rb.read_scores(folder / "t.json")
    result = measure(teacher=teacher.to_frame(), students={"s": folder / "s.run"})
    first, second = result.inputs
    digest = content_hash(teacher)
    assert first == Input(object="teacher (pandas.DataFrame)", sha256=digest)
    assert second.path == str(folder / "s.run")
    shuffled = teacher.to_frame().sample(frac=1, random_state=1)
    again = measure(teacher=shuffled)
    assert again.inputs == (first,)


def test_messages_name_the_object(folder):
    broken = pd.DataFrame({"qid": ["q", None], "docno": ["a", "b"], "score": [1.0, 2]})
    with pytest.raises(
        FormatError, match=r"^student s \(pandas\.DataFrame\): row 2: qid"
    ):
        measure(teacher=folder / "t.json", students={"s": broken})


def test_as_given_leaves_what_is_read(tmp_path):
    assert as_given(None, "scores", "teacher") is None
    assert as_given(tmp_path, "scores", "teacher") == tmp_path
    assert as_given(SCORES, "qrels", "qrels") is SCORES
    with pytest.raises(FormatError, match=r"groups \(int\): is of an unknown type"):
        as_given(5, "groups", "groups")


def test_ids_of_files_still_go_together(folder):
    with pytest.raises(UsageError, match="vectors from a file need ids from a file"):
        measure(teacher=folder / "t.json", embeddings=folder / "v.npy", ids=["d1"])
    with pytest.raises(UsageError, match="`ids` name the rows of `embeddings`"):
        measure(teacher=folder / "t.json", ids=folder / "v.ids")


def test_vectors_find_the_ids_beside_them(folder):
    both = {"embeddings": folder / "v.npy", "ids": folder / "v.ids"}
    given = measure(teacher=folder / "t.json", teacher_kind=Kind.LOGIT, **both)
    found = measure(
        teacher=folder / "t.json",
        teacher_kind=Kind.LOGIT,
        embeddings=folder / "v.npy",
    )
    assert found.diameter == given.diameter
    assert found.inputs == given.inputs


def changes():
    """Scores that say something else."""
    nested = {"q": {"a": 1.0, "b": 2.0}, "r": {"a": 0.5}}
    yield Scores.from_dict({**nested, "r": {"a": 0.25}})
    yield Scores.from_dict({**nested, "r": {"b": 0.5}})
    yield Scores.from_dict({**nested, "s": {"a": 0.5}})
    yield Scores.from_dict({"q": {"a": 1.0}, "r": {"b": 2.0, "a": 0.5}})
    yield SCORES.with_kind(Kind.LOGIT)
    yield replace(SCORES, origins=np.array([0, 1, 2]))


def test_content_hash_tells_contents_apart_and_nothing_else():
    hashes = {content_hash(scores) for scores in (SCORES, *changes())}
    assert len(hashes) == 7
    other_order = Scores.from_dict(
        {"r": {"a": 0.5}, "q": {"b": 2.0, "a": 1.0}}, name="x"
    )
    assert content_hash(other_order) == content_hash(SCORES)
    groups = top_documents(SCORES, depth=2)
    marked = replace(groups, positive=np.array([True, False, True]))
    fewer = groups.keep_groups(np.array([True, False]))
    assert len({content_hash(one) for one in (groups, marked, fewer)}) == 3
    book = Embeddings(strings(["a", "b"]), np.eye(2))
    half = Embeddings(strings(["a", "b"]), np.eye(2, dtype="f2"))
    wide = Embeddings(strings(["a"]), np.eye(2).reshape(1, 4))
    assert len({content_hash(one) for one in (book, half, wide)}) == 3
    swapped = np.eye(2).astype(">f8")
    assert content_hash(Embeddings(book.ids, swapped)) == content_hash(book)


def test_content_hash_of_many_vectors_is_that_of_all_blocks():
    vectors = np.arange(3 * 5000, dtype="f4").reshape(5000, 3)
    ids = strings([str(n) for n in range(5000)])
    one = content_hash(Embeddings(ids, vectors))
    for row in (0, 4095, 4096, 4999):
        changed = vectors.copy()
        changed[row, 2] += 1
        assert content_hash(Embeddings(ids, changed)) != one
    assert_array_equal(vectors[0], [0, 1, 2])


TABLE = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 3.0, "c": 1.0}}


def test_files_keep_account_of_repairs_and_notes(tmp_path):
    clean = written(tmp_path, run_text(TABLE), "clean")
    blank = written(tmp_path, "\n" + run_text(TABLE), "blank")
    ranks = written(tmp_path, "q a 1\nq b 2\n", "ranks")
    files = Files({}, clean)
    for path in (clean, blank, ranks):
        files.part(path, "scores")
    assert files.repairs == {blank: {"blank lines": 1}}
    assert len(files.warnings()) == 1
    assert files.warnings()[0].startswith(f"{ranks}: the third column is the rank")


@pytest.mark.parametrize("limit", ["1", "2"])
def test_warnings_come_in_the_order_of_reading_however_many_threads_look(
    tmp_path, monkeypatch, limit
):
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    tied = written(tmp_path, run_text({"q": {"a": 1.0, "b": 1.0, "c": 1.0}}), "tied")
    both = Groups(
        queries=np.array([0, 0]),
        qids=strings(["q"]),
        offsets=np.array([0, 2, 4]),
        codes=np.array([0, 1, 0, 1]),
        docnos=strings(["a", "b"]),
        positive=np.array([True, False, False, True]),
        name="groups",
    )
    vectors = Embeddings(strings(["a", "b"]), np.zeros((2, 4)), "vectors")
    files = Files({}, tied)
    files.scores(tied, None, of="teacher")
    files.part(both, "groups")
    files.vectors(vectors, None)
    files.compare(groups=both, embeddings=vectors)
    names = [name for name, _ in files.findings]
    order = [str(tied), "groups", "vectors", "groups / vectors"]
    assert list(dict.fromkeys(names)) == order
    codes = {finding.code for _, finding in files.findings}
    assert codes >= {"positive-also-negative", "zero-vectors", "equal-vectors"}


def test_what_is_looked_for_meanwhile_is_dropped_after_a_mistake(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    if threads() < 2:
        pytest.skip("one core has no other thread")
    files, begun = Files({}, tmp_path / "t"), Event()
    first = files.meanwhile(lambda: begun.wait(10))
    second = files.meanwhile(list)
    del files
    begun.set()
    assert first.result()
    assert second.cancelled()


def test_files_take_the_chosen_format(tmp_path):
    path = written(tmp_path, "q a 1\nq b 2\n")
    other = written(tmp_path, "q a 1\nq b 2\n", "other")
    files = Files({"": "scoreddocs"}, path)
    assert files.part(path, "scores").format == "scoreddocs"
    assert files.part(other, "scores").format == "msmarco-run"
    files = Files({str(other): "scoreddocs"}, path)
    assert files.part(other, "scores").format == "scoreddocs"


@pytest.fixture
def both(monkeypatch):
    """A format whose files hold scores and groups; counts how often it is read."""
    reads = []

    def read(source):
        reads.append(source.path)
        rng = np.random.default_rng(0)
        scores = Scores.from_dict(
            {
                f"q{q}": {f"d{d}": float(rng.normal(0, 3)) for d in range(4)}
                for q in range(20)
            }
        )
        groups = top_documents(scores, depth=3)
        return Contents("both", source.path, scores=scores, groups=groups)

    entry = Format(
        "both", "both", ("scores", "groups"), lambda source: source.head[:4], read
    )
    monkeypatch.setattr(registry, "formats", lambda: {"both": entry})
    return reads


def test_a_file_of_scores_and_groups_is_read_once(tmp_path, both):
    path = written(tmp_path, "both")
    result = measured(MeasureOptions(teacher=path, groups=path))
    assert result.inputs.groups.sizes.tolist() == [3] * 20
    assert both == [path]


def test_files_forget_what_they_kept(tmp_path, both):
    path = written(tmp_path, "both")
    files = Files({}, path)
    files.part(path, "scores", keep=True)
    files.part(path, "groups")
    assert len(both) == 1
    files.forget()
    files.part(path, "groups")
    assert len(both) == 2


def test_files_reject_a_file_without_the_part(tmp_path):
    path = written(tmp_path, run_text(TABLE))
    with pytest.raises(FormatError, match=r"holds scores .*, but groups are expected"):
        Files({}, path).part(path, "groups")


def test_format_of_holds_the_files_own_before_the_main_ones():
    chosen = {"": "lookup", "a": "qrels"}
    main, other = Path("m"), Path("b")
    assert format_of(chosen, Path("a"), main=main) == "qrels"
    assert format_of(chosen, main, main=main) == "lookup"
    assert format_of(chosen, other, main=main) is None
    assert format_of({"": "lookup", "m": "qrels"}, main, main=main) == "qrels"
    assert format_of({}, main) is None


def test_check_files_reject_a_file_that_is_no_input():
    check_files({"": "lookup", "a": "qrels"}, [Path("a")])
    with pytest.raises(
        UsageError, match=r"`formats` names 'b' .* not an input file; .* a$"
    ):
        check_files({"b": "qrels"}, [Path("a")])


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("t.json", lambda path: path.write_text("{}"), "changed since it was read"),
        ("g.jsonl", Path.unlink, "was removed since it was read"),
        ("s.run", Path.touch, "changed since it was read"),
    ],
)
def test_a_file_that_changes_while_it_is_measured_is_refused(
    monkeypatch, folder, tmp_path, name, change, said
):
    """The result would have the hash of what it was not made from."""
    for path in folder.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
            os.utime(tmp_path / path.name, (1, 1))

    def changing(options, **settings):
        found = measured(options, **settings)
        change(tmp_path / name)
        return found

    before = numbers(of_files(tmp_path))
    monkeypatch.setattr("rankbound.commands.measure.run.measured", changing)
    given = {"teacher": tmp_path / "t.json", "groups": tmp_path / "g.jsonl"}
    with pytest.raises(FormatError, match=f"{name}: {said}"):
        measure(**given, students={"s": tmp_path / "s.run"}, progress=False)
    shutil.copy(folder / name, tmp_path)
    monkeypatch.undo()
    assert numbers(of_files(tmp_path)) == before
