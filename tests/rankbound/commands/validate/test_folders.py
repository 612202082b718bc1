import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.validate.folders import Folder, Wanted, cases_of
from rankbound.errors import UsageError

SETTINGS = MeasureOptions(
    teacher=Path(), students=(StudentSource("*", temperature=2.0),)
)


@pytest.fixture
def folder(toy, tmp_path):
    places = {
        "strong.run": "runs/strong.run",
        "gappy.run": "runs/lsa.run",
        "teacher.json.gz": "teacher/teacher.scores.json.gz",
        "qrels.txt": "qrels.trec",
        "groups.jsonl": "train/bm25.16.jsonl",
        "docs.npy": "embeddings/lsa.corpus.npy",
        "docs.txt": "embeddings/lsa.corpus.ids.txt",
        "queries.npy": "embeddings/lsa.queries.npy",
        "queries.txt": "embeddings/lsa.queries.ids.txt",
    }
    for source, place in places.items():
        target = tmp_path / place
        target.parent.mkdir(exist_ok=True)
        shutil.copy(toy.path(source), target)
    shutil.copy(toy.path("groups.jsonl"), tmp_path / "train/random.16.jsonl")
    shutil.copy(toy.path("strong.run"), tmp_path / "runs/random.run")
    shutil.copy(toy.path("strong.run"), tmp_path / "runs/teacher.run")
    return tmp_path


def test_every_file_finds_its_place(folder):
    cases = cases_of(Folder("x", folder), SETTINGS)
    assert [case.sampling for case in cases] == ["bm25", "random"]
    measure = cases[0].measure
    assert [s.name for s in measure.students] == ["lsa", "strong"]
    lsa, strong = measure.students
    assert lsa.queries == folder / "embeddings/lsa.queries.npy"
    assert lsa.scores is None
    assert strong.scores == folder / "runs/strong.run"
    assert strong.temperature == lsa.temperature == 2.0
    assert measure.teacher == folder / "teacher/teacher.scores.json.gz"
    assert cases[0].rankings == {
        "lsa": folder / "runs/lsa.run",
        "teacher": folder / "runs/teacher.run",
    }


def test_hidden_files_play_no_part(folder):
    """As macOS leaves them beside the files of an archive."""
    cases = cases_of(Folder("x", folder), SETTINGS)
    for path in [*folder.rglob("*.*")]:
        if path.is_file():
            path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    assert cases_of(Folder("x", folder), SETTINGS) == cases


def test_students_and_samplings_can_be_chosen(folder):
    settings = replace(
        SETTINGS,
        students=(*SETTINGS.students, StudentSource("random", temperature=3.0)),
    )
    wanted = Wanted(students=("random",), samplings=("bm25",))
    [case] = cases_of(Folder("x", folder), settings, wanted)
    [student] = case.measure.students
    assert (student.name, student.temperature) == ("random", 3.0)
    with pytest.raises(
        UsageError, match=r"`Wanted\.students` must be in .*, got 'rrf'"
    ):
        cases_of(Folder("x", folder), SETTINGS, Wanted(students=("rrf",)))
    with pytest.raises(UsageError, match=r"`Wanted\.samplings` must be in .*, got 'x'"):
        cases_of(Folder("x", folder), SETTINGS, Wanted(samplings=("x",)))


def test_a_run_can_be_the_teacher(folder):
    shutil.rmtree(folder / "train")
    [case] = cases_of(Folder("x", folder, "strong"), SETTINGS)
    assert case.measure.teacher == folder / "runs/strong.run"
    assert case.sampling == "top 16"
    assert [s.name for s in case.measure.students] == ["lsa"]
    with pytest.raises(
        UsageError, match=r"`Folder\.teacher` must be a run .* got 'weak'"
    ):
        cases_of(Folder("x", folder, "weak"), SETTINGS)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("runs", r"must hold rankings as runs/NAME\.run"),
        ("teacher", r"choose a run as `Folder\.teacher`: "),
        ("qrels.trec", r"must hold judgements as qrels\.trec"),
    ],
)
def test_what_is_missing_is_named(folder, gone, message):
    path = folder / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(UsageError, match=message):
        cases_of(Folder("x", folder), SETTINGS)


def test_what_is_ambiguous_is_refused(folder):
    shutil.copy(folder / "runs/strong.run", folder / "runs/strong.run.gz")
    with pytest.raises(UsageError, match="have the same name"):
        cases_of(Folder("x", folder), SETTINGS)
    (folder / "runs/strong.run.gz").unlink()
    shutil.copy(
        folder / "embeddings/lsa.corpus.npy", folder / "embeddings/b.corpus.npy"
    )
    with pytest.raises(UsageError, match="one encoder, found b, lsa"):
        cases_of(Folder("x", folder), SETTINGS)
