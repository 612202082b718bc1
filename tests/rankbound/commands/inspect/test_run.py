import json

import pytest

from rankbound.commands.inspect.result import Finding, by_severity, share
from rankbound.commands.inspect.run import inspect
from rankbound.errors import UsageError
from tests.rankbound.commands.inspect.world import matching
from tests.rankbound.files import written


def paths(folder, contents):
    return [written(folder, content, name) for name, content in contents.items()]


def test_the_json_has_its_documented_keys(tmp_path):
    found = inspect(*paths(tmp_path, matching())).to_dict()
    assert list(found)[:5] == ["schema", "command", "files", "across", "ready"]
    assert list(found)[5:] == ["cards", "answers"]
    assert found["schema"] == "rankbound.inspection/1"
    assert list(found["across"]) == ["ids", "rows", "findings"]
    for verdict in found["ready"].values():
        assert list(verdict) == ["ok", "missing", "command", "notes"]
    json.dumps(found, allow_nan=False)


def test_python_takes_text_paths_and_options(tmp_path):
    files = paths(tmp_path, matching(**{"j.qrels": "q0 0 d0 1\n"}))
    found = inspect(str(files[0]), groups=str(files[1]), qrels=files[3], format=None)
    assert [one.role for one in found.files] == ["file", "groups", "qrels"]
    assert found.readable
    several = inspect(files[0], groups=[files[1], str(files[1])])
    assert len(several.files) == 2


def test_an_unreadable_file_is_a_finding_and_nothing_else_suffers(tmp_path):
    contents = matching(**{"broken.run": "q Q0 a 1 x t\n"})
    found = inspect(*paths(tmp_path, contents))
    assert not found.readable
    assert found.ready.measure.ok


def test_the_same_files_give_the_same_result(tmp_path):
    files = paths(tmp_path, matching())
    assert inspect(*files) == inspect(*files)


def test_text_is_what_the_program_prints(tmp_path):
    assert "ready for measure: yes" in str(inspect(*paths(tmp_path, matching())))


def test_no_file_and_no_such_format_are_usage_mistakes(tmp_path):
    with pytest.raises(UsageError, match="needs a file"):
        inspect()
    with pytest.raises(UsageError, match="no format is called"):
        inspect(*paths(tmp_path, matching()), format="x")


@pytest.mark.parametrize("wrong", [5, {"q": {"d": 1.0}}])
def test_objects_are_no_files(wrong):
    with pytest.raises(UsageError, match="inspect looks at files; give paths, got"):
        inspect(wrong)


def test_findings_are_ordered_by_severity_and_then_as_they_came():
    kinds = [("a", "note"), ("b", "error"), ("c", "note"), ("d", "warning")]
    findings = [Finding(code, severity, 1, "m", "r") for code, severity in kinds]
    assert [one.code for one in by_severity([None, *findings])] == ["b", "d", "a", "c"]


def test_the_keys_of_a_finding_are_always_there():
    keys = ["code", "severity", "count", "message", "remedy", "example"]
    assert [*Finding("a", "note", 1, "m", "r").to_dict()] == keys


def test_counts_in_words():
    assert share(0, 0) == "0 of 0 (0.0%)"
    assert share(1, 2) == "1 of 2 (50.0%)"
