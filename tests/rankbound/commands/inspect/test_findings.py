import pytest

from rankbound.commands.inspect.findings import Finding, by_severity, share


def test_findings_are_ordered_by_severity_and_then_as_they_came():
    kinds = [("a", "note"), ("b", "error"), ("c", "note"), ("d", "warning")]
    findings = [Finding(code, severity, 1, "m", "r") for code, severity in kinds]
    assert [one.code for one in by_severity([None, *findings])] == ["b", "d", "a", "c"]


def test_a_severity_of_its_own_is_refused():
    with pytest.raises(ValueError, match="'grave' is none of"):
        Finding("a", "grave", 1, "m", "r")


def test_the_keys_for_json_are_the_documented_ones():
    keys = {"code", "severity", "count", "message", "example", "remedy"}
    assert Finding("a", "note", 1, "m", "r").as_dict().keys() == keys


def test_counts_in_words():
    assert share(0, 0) == "0 of 0 (0.0%)"
    assert share(1, 2) == "1 of 2 (50.0%)"
