import json

from rankbound.commands.inspect.across import look_across
from tests.rankbound.commands.inspect.world import examined_files, matching
from tests.rankbound.files import group_text, lookup, run_text


def across(folder, contents):
    files, cast = examined_files(folder, contents)
    return look_across(files, cast)


def test_files_that_fit_have_no_finding(tmp_path):
    found = across(tmp_path, matching())
    assert [joint.finding.code for joint in found.findings] == []
    codes = {row["code"] for row in found.rows}
    assert codes == {"group-scores", "student-teacher"}
    assert all(row["share"] == 1 for row in found.rows)
    json.dumps(found.as_dict(), allow_nan=False)


def test_strangers_are_said_to_be_so_once(tmp_path):
    contents = matching()
    contents["other.jsonl"] = group_text([("x", ["y", "z"])])
    found = across(tmp_path, contents)
    assert {joint.finding.code for joint in found.findings} == {"no-shared-ids"}
    assert not [row for row in found.rows if row["left"].endswith("other.jsonl")]


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
        (joint.finding.code, [one.path.name for one in joint.files])
        for joint in found.findings
    ]
    assert shown[:2] == [
        ("groups-without-scores", ["g.jsonl", "teacher.json"]),
        ("positives-among-negatives", ["g.jsonl", "j.qrels"]),
    ]
    assert ("same-scores", ["copy.run", "teacher.json"]) in shown
    severities = [joint.finding.severity for joint in found.findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert found.as_dict()["findings"][0]["files"][0].endswith("g.jsonl")
