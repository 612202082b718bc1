import gzip
import hashlib

import pytest

from rankbound.commands.cut.result import Cut
from rankbound.commands.cut.run import cut_with
from rankbound.errors import FormatError, UsageError
from rankbound.writing import json_text
from tests.golden.old_files import again, old_results
from tests.rankbound.commands.cut.test_run import KEPT
from tests.rankbound.commands.cut.world import N, lines, qid_of, teacher
from tests.rankbound.files import lookup, packed, written

OLD = old_results("rankbound.cut/1")
pytestmark = pytest.mark.usefixtures("folder")


def test_files_hold_the_very_lines_of_the_kept_queries(options, folder):
    account = cut_with(options()).written(folder / "cuts")
    assert len(account.files) == 6
    for row in account.files:
        kept = {f"q{i}" for i in KEPT[row.kept]}
        expected = "".join(line for line in lines() if qid_of(line) in kept)
        data = (folder / "cuts" / row.file).read_bytes()
        assert data == expected.encode()
        assert row.sha256 == hashlib.sha256(data).hexdigest()
        assert row.n_groups == len(expected.splitlines())
        assert row.n_queries == len(kept)
    assert {path.name for path in (folder / "cuts").iterdir()} == {
        "manifest.json",
        "rankbound.manifest.json",
        *(row.file for row in account.files),
    }
    text = (folder / "cuts" / "manifest.json").read_text()
    assert text == json_text(account.to_dict())
    assert Cut.load(folder / "cuts") == account


def test_counts_add_up(options, folder):
    scores = teacher()
    del scores["q2"]
    written(folder, lookup(scores), "t.json")
    account = cut_with(options(missing="drop")).written(folder / "cuts")
    assert (account.n_groups, account.n_queries) == (2 * N, N)
    for row in account.files:
        for what in ("groups", "queries"):
            lost = [
                n for key, n in row.n_dropped.to_dict().items() if key.startswith(what)
            ]
            assert getattr(row, f"n_{what}") + sum(lost) == getattr(
                account, f"n_{what}"
            )
    by_name = {row.kept: row for row in account.files}
    halves = by_name["below-median"].n_groups + by_name["above-median"].n_groups
    assert halves == 2 * (N - 1)
    assert account.dropped.queries_without_value == 1
    assert "teacher score" in account.dropped.why
    assert account.dropped.reasons["documents_without_teacher_score"] == 6


def test_gzip_in_gzip_out_and_the_same_bytes_again(options, folder):
    source = written(folder, packed("".join(lines())), "train.jsonl.gz")
    made = options(groups=source, keep=("inner",))
    first = cut_with(made).written(folder / "a").files[0]
    second = cut_with(made).written(folder / "b").files[0]
    assert first.file == "train.kept-entropy-inner.jsonl.gz"
    assert first.sha256 == second.sha256
    text = gzip.decompress((folder / "a" / first.file).read_bytes()).decode()
    assert {qid_of(line) for line in text.splitlines()} == {f"q{i}" for i in "2345"}


def test_an_empty_band_has_no_file_and_says_so(options, folder):
    flat = {qid: dict.fromkeys(row, 1.0) for qid, row in teacher().items()}
    written(folder, lookup(flat), "t.json")
    account = cut_with(options()).written(folder / "cuts")
    above = account.files[1]
    assert (above.file, above.sha256, above.n_queries) == (None, None, 0)
    assert "no query lies in this band" in above.reason
    assert not list((folder / "cuts").glob("*above*"))
    assert account.files[0].n_queries_at_a_cut_point == N


def test_the_same_cut_again_replaces_and_another_is_refused(options, folder):
    cut_with(options()).written(folder / "cuts")
    cut_with(options()).written(folder / "cuts")
    before = sorted(folder.joinpath("cuts").iterdir())
    with pytest.raises(UsageError, match="which this cut does not write"):
        cut_with(options(by="margin")).written(folder / "cuts")
    assert sorted(folder.joinpath("cuts").iterdir()) == before
    for old in ("{}", "[1]", "no json"):
        written(folder, old, "manifest.json")
        with pytest.raises(UsageError, match="belongs to something else"):
            cut_with(options()).save(folder)


def test_the_comparison_is_of_different_queries(options, folder):
    account = cut_with(options()).written(folder / "cuts")
    assert "different sets of queries" in account.comparison.note
    assert "by construction" in account.comparison.note
    rows = {(r.kept, r.quantity): r for r in account.comparison.rows}
    row = rows["below-median", "entropy"]
    assert (row.before.n, row.after.n) == (N, 5)
    assert row.difference < 0
    assert row.lower < row.difference < row.upper
    assert row.method == "betting"
    assert rows["below-median", "margin"].method == "t"


def test_the_reference_stands_beside_ours(options, folder):
    account = cut_with(options(compat="reference")).written(folder / "cuts")
    compat = account.compat
    assert compat.mode == "reference"
    by_name = {row.kept: row for row in compat.cuts}
    assert by_name["upper-quartile"].reference_n_queries == 6
    assert by_name["upper-quartile"].n_queries == 2
    assert "lowest three quarters" in by_name["upper-quartile"].reference_keeps
    other = options(compat="reference", by="margin")
    words = cut_with(other).written(folder / "margins").compat.values
    assert words.startswith("our values")


def test_a_planned_cut_is_written_by_saving_it(options, folder):
    made = cut_with(options(keep=("inner",)))
    assert made.sha256 is made.files["inner"].sha256 is None
    assert made.inputs[0].sha256 is None
    assert "save(folder) writes the files" in repr(made)
    assert made.save(folder / "cuts") == folder / "cuts" / "manifest.json"
    found = Cut.load(folder / "cuts")
    assert found.files["inner"].sha256 is not None
    assert all(one.sha256 for one in (found, *found.inputs))
    assert "save(folder)" not in repr(found)


def test_a_cut_is_not_written_of_groups_that_have_changed_since(options, folder):
    """Its lines were chosen by their numbers in the file that was read."""
    asked = options(keep=("inner",))
    made = cut_with(asked)
    lines = asked.groups.read_text().splitlines(keepends=True)
    asked.groups.write_text("".join(reversed(lines)))
    with pytest.raises(FormatError, match="changed since it was read"):
        made.save(folder / "cuts")
    assert not (folder / "cuts").exists()
    assert cut_with(asked).save(folder / "cuts").is_file()


def test_a_manifest_alone_holds_no_groups(options, folder):
    made = cut_with(options(keep=("inner",)))
    made.save(folder / "plan.json")
    found = Cut.load(folder / "plan.json")
    assert found == made
    found.save(folder / "copy")
    names = {path.name for path in (folder / "copy").iterdir()}
    assert names == {"manifest.json", "rankbound.manifest.json"}
    with pytest.raises(UsageError, match="has no groups to write"):
        found.written(folder / "other")


def test_tables_of_a_cut(options):
    made = cut_with(options(compat="reference"))
    assert made.to_frame()["kept"].tolist() == [*made.files.names]
    changes = made.to_frame("changes")
    assert changes["before.n"].tolist() == [N] * len(made.comparison.rows)
    assert len(made.to_frame("reference")) == 6
    assert r"\toprule" in made.to_latex()


@pytest.mark.parametrize("case", OLD)
def test_manifests_of_earlier_versions_stay_as_they_are(case, tmp_path):
    before, after = again(Cut, OLD[case], tmp_path)
    assert after == before
