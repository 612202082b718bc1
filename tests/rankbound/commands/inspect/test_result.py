"""The result of an inspection: files, tables, and what is refused."""

import json

import msgspec
import pytest

from rankbound.catalogue import SEVERITIES, VERDICTS
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.inspect.run import inspect
from rankbound.errors import FormatError
from tests.golden.old_files import again, old_results
from tests.rankbound.commands.inspect.test_run import paths
from tests.rankbound.commands.inspect.world import matching
from tests.rankbound.files import lookup, run_text

OLD = old_results("rankbound.inspection/1")
TIED = run_text({"q0": {"d0": 1.5, "d1": 1.5, "d2": -2.5}}, tag="x")


@pytest.fixture
def found(tmp_path):
    contents = matching(**{"ties.run": TIED, "broken.run": "q Q0 a 1 x t\n"})
    return inspect(*paths(tmp_path, contents))


@pytest.mark.parametrize("case", OLD)
def test_files_of_earlier_versions_stay_as_they_are(case, tmp_path):
    before, after = again(Inspection, OLD[case], tmp_path)
    assert after == before


def test_what_is_saved_is_loaded(found, tmp_path):
    path = found.save(tmp_path / "out")
    assert path.name == "inspection.json"
    loaded = Inspection.load(tmp_path / "out")
    assert loaded == found
    assert (str(loaded), repr(loaded)) == (str(found), repr(found))


def test_a_file_is_found_by_its_path(found, tmp_path):
    path = str(tmp_path / "ties.run")
    assert found.files[path].rows == 3
    assert found.files.names[0] == str(tmp_path / "teacher.json")
    assert found.files[path].readable
    assert not found.files[str(tmp_path / "broken.run")].readable


def test_findings_are_those_of_files_and_between_them(found):
    codes = [finding.code for _, finding in found.findings()]
    assert len(codes) == sum(found.counts().values())
    assert {"ties", "unreadable"} <= {*codes}
    both = [where for where, _ in found.findings() if " / " in where]
    assert len(both) == len(found.across.findings)


def test_tables(found):
    files = found.to_frame()
    assert files["file"].tolist() == [*found.files.names]
    assert files["errors"].sum() + len(found.across.findings) >= found.counts()["error"]
    findings = found.to_frame("findings", library="polars")
    assert findings["code"].to_list() == [one.code for _, one in found.findings()]
    assert len(found.to_frame("ids")) == len(found.across.ids)
    assert len(found.to_frame("rows")) == len(found.across.rows)
    assert r"\toprule" in found.to_latex("findings")


def test_severities_are_verdicts_the_gravest_first():
    assert [VERDICTS[severity].level for severity in SEVERITIES] == [
        "bad",
        "caution",
        "told",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": [{"path": "x"}]}, r"\$\.files\[0\]: lacks 'role'"),
        ({"ready": None}, r"\$\.ready: expected an object, got null"),
        ({"schema": "rankbound.ledger/1"}, "expected the schema 'rankbound.inspection"),
    ],
)
def test_a_damaged_file_is_told_with_the_place(found, tmp_path, change, message):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found.to_dict() | change))
    with pytest.raises(FormatError, match=message):
        Inspection.load(path)


def test_a_severity_of_its_own_is_refused(found, tmp_path):
    content = found.to_dict()
    content["across"]["findings"] = [
        {"code": "a", "severity": "grave", "count": 1, "message": "", "remedy": ""}
        | {"files": []}
    ]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"severity: .*'grave'"):
        Inspection.load(path)


def test_a_single_file_has_nothing_across(tmp_path):
    alone = inspect(*paths(tmp_path, {"t.json": lookup({"q": {"a": 1.5, "b": -0.5}})}))
    assert alone.across.ids == alone.across.rows == alone.across.findings == ()
    assert len(alone.to_frame("rows")) == 0


def test_an_inspection_that_says_no_without_a_reason_is_shown(found):
    plain = found.to_dict()
    plain["ready"]["compare"] |= {"ok": False, "missing": []}
    bare = msgspec.convert(plain, Inspection)
    assert "ready for compare: no\n" in repr(bare)
    assert "ready for compare: no" in str(bare)
    assert "not ready for compare" in bare._repr_html_()
