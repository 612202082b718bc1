import numpy as np

from rankbound.commands.inspect.roles import is_about_queries, same_scores, share_scored
from tests.rankbound.commands.inspect.world import examined_files, matching
from tests.rankbound.files import group_text, lookup, npy, run_text


def test_a_named_teacher_and_its_students(tmp_path):
    files, cast = examined_files(tmp_path, matching())
    teacher, groups, student = files
    assert cast.teacher is teacher
    assert cast.why == "its name says so"
    assert cast.students == (student,)
    assert cast.groups == (groups,)
    assert cast.qrels is cast.documents is cast.queries is None


def test_without_a_name_the_teacher_is_who_scores_the_groups(tmp_path):
    rows = {"q": {"a": 1.5, "b": -0.5, "c": 0.25}}
    half = {"q": {"a": 9.0, "z": -3.0, "y": 1.0}}
    contents = {
        "one.json": lookup(half),
        "two.json": lookup(rows),
        "g.jsonl": group_text([("q", ["a", "b", "c"])]),
    }
    files, cast = examined_files(tmp_path, contents)
    assert cast.teacher is files[1]
    assert "100.0%" in cast.why
    assert share_scored(files[2].groups, files[0]) == 1 / 3


def test_without_groups_logits_come_first(tmp_path):
    rows = {"q": {"a": 1.5, "b": -0.5, "c": 0.25}}
    cosine = {"q": {"a": 0.8, "b": 0.5, "c": 0.25}}
    contents = {"a.run": run_text(cosine), "b.run": run_text(rows)}
    files, cast = examined_files(tmp_path, contents)
    assert cast.teacher is files[1]
    only, alone = examined_files(tmp_path, {"a.run": run_text(cosine)})
    assert alone.teacher is only[0]
    assert examined_files(tmp_path, {"q": "q 0 a 1\n"})[1].teacher is None


def test_a_file_that_measure_refuses_is_not_the_teacher(tmp_path):
    rows = {"q": {"a": 1.0, "b": 0.0, "c": 0.25}, "r": {"a": 0.5, "b": 0.0, "c": 0.75}}
    logits = {"q": {"a": 1.5, "b": -0.5}, "r": {"a": 0.25}}
    contents = {
        "a.json": lookup(rows),
        "b.json": lookup(logits),
        "g.jsonl": group_text([("q", ["a", "b", "c"]), ("r", ["a", "b", "c"])]),
    }
    files, cast = examined_files(tmp_path, contents)
    assert cast.teacher is files[1]


def test_a_copy_of_the_teacher_is_no_student(tmp_path):
    rows = {"q": {"a": 1.5, "b": -0.5, "c": 0.25}}
    part = {"q": {"a": 1.5, "c": 0.25, "z": 4.0}}
    other = {"q": {"a": 1.5, "c": 0.5, "z": 4.0}}
    contents = {
        "teacher.json": lookup(rows),
        "copy.run": run_text(part),
        "other.run": run_text(other),
    }
    files, cast = examined_files(tmp_path, contents)
    assert same_scores(files[1], files[0])
    assert not same_scores(files[2], files[0])
    assert cast.students == (files[2],)


def test_vectors_of_queries_are_told_by_ids_then_by_name(tmp_path):
    vectors = npy(np.eye(8, 4, dtype=np.float32))
    qids = "".join(f"q{n}\n" for n in range(8))
    contents = matching(**{"v.ids.txt": qids, "v.npy": vectors})
    files, cast = examined_files(tmp_path, contents)
    assert cast.queries is files[-1]
    # Ids that are both: the name decides
    rows = {str(n): {str(d): float(d - n) for d in range(8)} for n in range(8)}
    numbers = "".join(f"{n}\n" for n in range(8))
    contents = {"t.json": lookup(rows)}
    for name in ("corpus", "queries"):
        contents |= {f"{name}.ids.txt": numbers, f"{name}.npy": vectors}
    files, cast = examined_files(tmp_path, contents)
    assert cast.documents.path.name == "corpus.npy"
    assert cast.queries.path.name == "queries.npy"
    assert is_about_queries(cast.queries, files)


def test_options_come_before_what_was_recognised(tmp_path):
    judged = {"a.qrels": "q0 0 d0 1\n", "b.qrels": "q0 0 d1 1\n"}
    contents = matching(**judged)
    _, cast = examined_files(tmp_path, contents, qrels=tmp_path / "b.qrels")
    assert cast.qrels.path.name == "b.qrels"
