import pytest

from rankbound.commands.compare.result import Comparison
from rankbound.commands.measure.result import Ledger
from rankbound.drawing.results import find_results
from rankbound.errors import FormatError, UsageError
from tests.rankbound.drawing.folders import (
    comparison,
    inspection,
    ledger,
    power,
    validation,
)


def test_results_are_found_in_sub_folders_with_their_tables(tmp_path):
    ledger(tmp_path / "b" / "c")
    comparison(tmp_path / "a")
    validation(tmp_path)
    found = {result.name: result for result in find_results(tmp_path)}
    assert {*found} == {"a", "b/c", ""}
    assert found["b/c"].schema == "rankbound.ledger/1"
    assert len(found["b/c"].table) == 6
    assert len(found[""].table) == 0


def test_what_is_being_written_is_found_only_from_inside(tmp_path):
    aside = tmp_path / ".out.writing-ab12" / "new"
    ledger(aside / "measured")
    comparison(tmp_path)
    assert [result.name for result in find_results(tmp_path)] == [""]
    assert [result.name for result in find_results(aside)] == ["measured"]


def test_json_of_ones_own_naming_is_found_by_its_schema(tmp_path):
    inspection(tmp_path / "mine.json")
    power(tmp_path / "sub" / "other.json")
    (tmp_path / "big.json").write_text('{"qid": {"docno": 1.0}}')
    (tmp_path / "foreign.json").write_text('{"schema": "theirs/1"}')
    (tmp_path / "copy.json").write_text('{"schema": "rankbound.ledger/1"}')
    found = {result.name: result.schema for result in find_results(tmp_path)}
    assert found == {
        "mine": "rankbound.inspection/1",
        "sub/other": "rankbound.power/1",
    }
    assert {r.file for r in find_results(tmp_path)} == {"mine.json", "sub/other.json"}


def test_content_of_another_kind_is_refused(tmp_path):
    (result,) = find_results(ledger(tmp_path))
    assert result.as_a(Ledger) is result.content
    with pytest.raises(TypeError, match="expected a Comparison, got a Ledger"):
        result.as_a(Comparison)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "expected an object, got a list"),
        ('{"schema": "rankbound.ledger/9"}', "found 'rankbound.ledger/9'"),
    ],
)
def test_damaged_and_foreign_results_are_one_clear_line(tmp_path, content, message):
    (tmp_path / "ledger.json").write_text(content)
    with pytest.raises(FormatError) as caught:
        find_results(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/ledger.json: ")
    assert message in str(caught.value)


def test_a_folder_named_like_a_result_is_passed_by(tmp_path):
    (tmp_path / "power.json").mkdir()
    (result,) = find_results(ledger(tmp_path))
    assert result.kind == "ledger"


def test_a_byte_order_mark_before_a_named_result_is_passed_over(tmp_path):
    power(tmp_path)
    path = (tmp_path / "power.json").rename(tmp_path / "mine.json")
    path.write_text(path.read_text(), encoding="utf-8-sig")
    (result,) = find_results(tmp_path)
    assert (result.kind, result.name) == ("power", "mine")


def test_no_folder_and_no_results_are_usage_errors(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        find_results(tmp_path / "none")
    with pytest.raises(UsageError, match="holds none of study"):
        find_results(tmp_path)
