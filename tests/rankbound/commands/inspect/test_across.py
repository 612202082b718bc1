import json
from pathlib import Path

import rankbound as rb
from rankbound.commands.inspect.across import (
    look_across,
    overlap_finding,
    overlaps,
    scored,
)
from tests.rankbound.commands.inspect.world import examined_files, matching
from tests.rankbound.files import group_text, lookup, run_text


def across(folder, contents):
    files, cast = examined_files(folder, contents)
    return look_across(files, cast)


def test_files_that_fit_have_no_finding(tmp_path):
    found = across(tmp_path, matching())
    assert [joint.code for joint in found.findings] == []
    codes = {row.code for row in found.rows}
    assert codes == {"group-scores", "student-teacher"}
    assert all(row.share == 1 for row in found.rows)
    json.dumps(found.to_dict(), allow_nan=False)


def test_strangers_are_said_to_be_so_once(tmp_path):
    contents = matching()
    contents["other.jsonl"] = group_text([("x", ["y", "z"])])
    found = across(tmp_path, contents)
    assert {joint.code for joint in found.findings} == {"no-shared-ids"}
    assert not [row for row in found.rows if row.left.endswith("other.jsonl")]


def test_findings_name_their_files_and_come_by_severity(tmp_path):
    rows = {"q": {"a": 1.5, "b": -0.5, "c": 0.25, "d": 2.0}}
    contents = {
        "teacher.json": lookup(rows),
        "copy.run": run_text(rows),
        "g.jsonl": group_text([("q", ["a", "b"]), ("q", ["c", "x"])]),
        "j.qrels": "q 0 a 1\nq 0 b 1\nq 0 c 0\n",
    }
    found = across(tmp_path, contents)
    shown = [
        (joint.code, [Path(path).name for path in joint.files])
        for joint in found.findings
    ]
    assert shown[:2] == [
        ("groups-without-scores", ["g.jsonl", "teacher.json"]),
        ("positives-among-negatives", ["g.jsonl", "j.qrels"]),
    ]
    assert ("same-scores", ["copy.run", "teacher.json"]) in shown
    severities = [joint.severity for joint in found.findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert found.findings[0].files[0].endswith("g.jsonl")


def test_a_student_without_most_scores_has_something_to_do():
    groups = rb.read_groups(
        [{"query_id": "q", "doc_id_a": "a", "doc_id_b": ["b", "c", "d"]}]
    )
    for known, said in (("abc", "nothing to do"), ("a", "have the student score")):
        scores = rb.read_scores({"q": {one: float(ord(one)) for one in known}})
        row, finding = scored(groups, scores, teacher=False)
        assert (row.count, finding.count) == (len(known), 4 - len(known))
        assert finding.remedy.startswith(said)


ROWS = {"q1": {"d1": 1.5, "d2": -0.5, "d3": 0.25}, "q2": {"d1": 0.75, "d4": -2.0}}


def compared(folder, contents):
    files, cast = examined_files(folder, contents)
    return overlaps(files, cast)


def test_ids_are_counted_both_ways(tmp_path):
    contents = {
        "teacher.json": lookup(ROWS),
        "g.jsonl": group_text([("q1", ["d1", "d9"]), ("q3", ["d1", "d2"])]),
    }
    queries, documents = compared(tmp_path, contents)
    assert queries.record().to_dict() == {
        "left": str(tmp_path / "g.jsonl"),
        "left_part": "groups",
        "right": str(tmp_path / "teacher.json"),
        "right_part": "scores",
        "ids": "query",
        "left_count": 2,
        "right_count": 2,
        "shared": 1,
        "only_left": "q3",
        "only_right": "q2",
        "rule": None,
    }
    assert documents.left.ids == "document"
    assert documents.shared == 2
    assert (documents.only_left, documents.only_right) == ("d9", "d3")


def test_students_are_held_against_the_teacher_only(tmp_path):
    contents = {
        "teacher.json": lookup(ROWS),
        "a.run": run_text({"q1": {"d1": 3.5}}),
        "b.run": run_text({"q1": {"d2": 3.5}}),
    }
    pairs = {
        (one.left.file.path.name, one.right.file.path.name)
        for one in compared(tmp_path, contents)
    }
    assert pairs == {("teacher.json", "a.run"), ("teacher.json", "b.run")}


def test_a_rule_is_named_and_examples_of_both_sides(tmp_path):
    renamed = [
        (qid.upper(), [d.replace("d", "D00") for d in row]) for qid, row in ROWS.items()
    ]
    contents = {"teacher.json": lookup(ROWS), "g.jsonl": group_text(renamed)}
    queries, documents = compared(tmp_path, contents)
    found = overlap_finding(queries)
    assert (found.code, found.severity) == ("id-mismatch", "error")
    assert found.remedy == "rewrite the ids of one file: ignore case"
    found = overlap_finding(documents)
    assert "leading zeros" in found.remedy
    assert found.example == "'D001' there is 'd1' here"


def test_files_of_two_worlds_share_nothing(tmp_path):
    contents = {
        "teacher.json": lookup(ROWS),
        "g.jsonl": group_text([("x", ["y", "z"])]),
    }
    found = [overlap_finding(one) for one in compared(tmp_path, contents)]
    assert [one.code for one in found] == ["no-shared-ids"] * 2


def test_texts_and_judgements_take_part(tmp_path):
    texts = "".join(f'{{"_id": "d{k}", "text": "a b c"}}\n' for k in range(6))
    topics = "".join(f"q{n}\tsome words here\n" for n in range(8))
    contents = matching(
        **{"corpus.jsonl": texts, "topics.tsv": topics, "j.qrels": "q0 0 d0 1\n"}
    )
    found = {
        (one.left.file.path.name, one.right.file.path.name, one.left.ids): one.shared
        for one in compared(tmp_path, contents)
    }
    assert found["random.jsonl", "corpus.jsonl", "document"] == 4
    assert found["random.jsonl", "topics.tsv", "query"] == 8
    assert found["teacher.json", "j.qrels", "query"] == 1
    assert all(overlap_finding(one) is None for one in compared(tmp_path, contents))
