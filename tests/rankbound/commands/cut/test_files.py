import gzip
import hashlib
import json

import pytest

from rankbound.commands.cut.files import write_cut
from rankbound.commands.cut.run import cut_groups
from rankbound.errors import UsageError
from tests.rankbound.commands.cut.test_run import KEPT
from tests.rankbound.commands.cut.world import N, lines, qid_of, teacher
from tests.rankbound.files import lookup, packed, written

pytestmark = pytest.mark.usefixtures("folder")


def test_files_hold_the_very_lines_of_the_kept_queries(options, folder):
    account = write_cut(cut_groups(options()), folder / "cuts")
    assert len(account["files"]) == 6
    for row in account["files"]:
        kept = {f"q{i}" for i in KEPT[row["kept"]]}
        expected = "".join(line for line in lines() if qid_of(line) in kept)
        data = (folder / "cuts" / row["file"]).read_bytes()
        assert data == expected.encode()
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert row["n_groups"] == len(expected.splitlines())
        assert row["n_queries"] == len(kept)
    assert {path.name for path in (folder / "cuts").iterdir()} == {
        "manifest.json",
        *(row["file"] for row in account["files"]),
    }
    assert json.loads((folder / "cuts" / "manifest.json").read_text()) == account


def test_counts_add_up(options, folder):
    scores = teacher()
    del scores["q2"]
    written(folder, lookup(scores), "t.json")
    account = write_cut(cut_groups(options(missing="drop")), folder / "cuts")
    assert (account["n_groups"], account["n_queries"]) == (2 * N, N)
    for row in account["files"]:
        for what in ("groups", "queries"):
            lost = [n for key, n in row["n_dropped"].items() if key.startswith(what)]
            assert row[f"n_{what}"] + sum(lost) == account[f"n_{what}"]
    by_name = {row["kept"]: row for row in account["files"]}
    halves = by_name["below-median"]["n_groups"] + by_name["above-median"]["n_groups"]
    assert halves == 2 * (N - 1)
    assert account["dropped"]["queries_without_value"] == 1
    assert "teacher score" in account["dropped"]["why"]
    assert account["dropped"]["reasons"]["documents_without_teacher_score"] == 6


def test_gzip_in_gzip_out_and_the_same_bytes_again(options, folder):
    source = written(folder, packed("".join(lines())), "train.jsonl.gz")
    made = options(groups=source, keep=("inner",))
    first = write_cut(cut_groups(made), folder / "a")["files"][0]
    second = write_cut(cut_groups(made), folder / "b")["files"][0]
    assert first["file"] == "train.kept-entropy-inner.jsonl.gz"
    assert first["sha256"] == second["sha256"]
    text = gzip.decompress((folder / "a" / first["file"]).read_bytes()).decode()
    assert {qid_of(line) for line in text.splitlines()} == {f"q{i}" for i in "2345"}


def test_an_empty_band_has_no_file_and_says_so(options, folder):
    flat = {qid: dict.fromkeys(row, 1.0) for qid, row in teacher().items()}
    written(folder, lookup(flat), "t.json")
    account = write_cut(cut_groups(options()), folder / "cuts")
    above = account["files"][1]
    assert (above["file"], above["sha256"], above["n_queries"]) == (None, None, 0)
    assert "no query lies in this band" in above["reason"]
    assert not list((folder / "cuts").glob("*above*"))
    assert account["files"][0]["n_queries_at_a_cut_point"] == N


def test_the_same_cut_again_replaces_and_another_is_refused(options, folder):
    write_cut(cut_groups(options()), folder / "cuts")
    write_cut(cut_groups(options()), folder / "cuts")
    before = sorted(folder.joinpath("cuts").iterdir())
    with pytest.raises(UsageError, match="which this cut does not write"):
        write_cut(cut_groups(options(by="margin")), folder / "cuts")
    assert sorted(folder.joinpath("cuts").iterdir()) == before
    for old in ("{}", "[1]", "no json"):
        written(folder, old, "manifest.json")
        with pytest.raises(UsageError, match="is of something else"):
            write_cut(cut_groups(options()), folder)


def test_the_comparison_is_of_different_queries(options, folder):
    account = write_cut(cut_groups(options()), folder / "cuts")
    assert "different sets of queries" in account["comparison"]["note"]
    assert "by construction" in account["comparison"]["note"]
    rows = {(r["kept"], r["quantity"]): r for r in account["comparison"]["rows"]}
    row = rows["below-median", "entropy"]
    assert (row["before"]["n"], row["after"]["n"]) == (N, 5)
    assert row["difference"] < 0
    assert row["lower"] < row["difference"] < row["upper"]
    assert row["method"] == "betting"
    assert rows["below-median", "margin"]["method"] == "t"


def test_the_reference_stands_beside_ours(options, folder):
    account = write_cut(cut_groups(options(compat="reference")), folder / "cuts")
    compat = account["compat"]
    assert compat["mode"] == "reference"
    by_name = {row["kept"]: row for row in compat["cuts"]}
    assert by_name["upper-quartile"]["reference_n_queries"] == 6
    assert by_name["upper-quartile"]["n_queries"] == 2
    assert "lowest three quarters" in by_name["upper-quartile"]["reference_keeps"]
    other = options(compat="reference", by="margin")
    words = write_cut(cut_groups(other), folder / "margins")["compat"]["values"]
    assert words.startswith("our values")
