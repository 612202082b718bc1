import shlex

import numpy as np
import pytest

from rankbound.cli import main
from rankbound.commands.inspect.readiness import compare_verdict, measure_verdict
from tests.rankbound.commands.inspect.world import examined_files, matching
from tests.rankbound.files import group_text, lookup, npy, project, run_text, written

COSINES = {
    f"q{n}": {f"d{k}": 0.3 + ((n * 3 + k * 5) % 7) / 20 for k in range(6)}
    for n in range(20)
}


def judged(rows):
    """Judgements that mostly, and not always, agree with the scores."""
    lines = []
    for place, (qid, row) in enumerate(rows.items()):
        ranked = sorted(row, key=row.get)
        best = ranked[-1] if place % 10 else ranked[0]
        lines += [f"{qid} 0 {docno} {int(docno == best)}\n" for docno in row]
    return "".join(lines)


def verdict(folder, contents, **asked):
    _, cast = examined_files(folder, contents, **asked)
    return measure_verdict(cast)


def run(verdict, folder, capsys, result="ledger.json"):
    """Run a proposed command as it stands."""
    words = shlex.split(verdict.command)
    assert words[0] == "rankbound"
    words[words.index("--out") + 1] = str(folder / "out here")
    code = main(words[1:])
    assert (code, capsys.readouterr().err) == (0, "")
    assert (folder / "out here" / result).is_file()


def test_plain_files_are_ready_and_the_command_runs(tmp_path, capsys):
    found = verdict(tmp_path, matching())
    assert (found.ok, found.missing) == (True, ())
    assert "its name says so" in found.notes[0]
    assert "--student student=" in found.command
    run(found, tmp_path, capsys)


def test_all_kinds_of_files_are_used_and_the_command_runs(tmp_path, capsys):
    project(tmp_path)
    for old, new in (("t.json", "teacher.json"), ("v.ids", "v.ids.txt")):
        (tmp_path / old).rename(tmp_path / new)
    (tmp_path / "q.npy").rename(tmp_path / "queries.npy")
    (tmp_path / "q.ids").rename(tmp_path / "queries.ids.txt")
    names = [path.name for path in tmp_path.iterdir()]
    contents = {name: (tmp_path / name).read_bytes() for name in sorted(names)}
    found = verdict(tmp_path, contents)
    assert found.ok, found.missing
    for option in ("--groups", "--student", "--bi-encoder", "--embeddings", "--qrels"):
        assert option in found.command
    run(found, tmp_path, capsys)


def test_a_path_with_blanks_is_quoted(tmp_path, capsys):
    folder = tmp_path / "my files"
    folder.mkdir()
    found = verdict(folder, matching())
    assert "'" in found.command
    run(found, tmp_path, capsys)


def test_missing_scores_are_dropped_by_the_command(tmp_path, capsys):
    contents = matching(groups=[(f"q{n}", ["d0", "d1", "d2", "x"]) for n in range(8)])
    found = verdict(tmp_path, contents)
    assert "--missing drop" in found.command
    assert any("dropped and counted" in note for note in found.notes)
    run(found, tmp_path, capsys)


def test_missing_vectors_are_dropped_too(tmp_path, capsys):
    contents = matching(
        **{"v.ids.txt": "d0\nd1\nd2\n", "v.npy": npy(np.eye(3, dtype=np.float32))}
    )
    found = verdict(tmp_path, contents)
    assert "--missing drop" in found.command
    run(found, tmp_path, capsys)


def test_vectors_that_are_not_finite_are_left_out(tmp_path, capsys):
    rows = np.eye(6, dtype=np.float32)
    rows[0, 0] = np.nan
    ids = "".join(f"d{k}\n" for k in range(6))
    found = verdict(tmp_path, matching(**{"v.ids.txt": ids, "v.npy": npy(rows)}))
    assert "--embeddings" not in found.command
    assert any("not finite" in note for note in found.notes)
    run(found, tmp_path, capsys)


def test_similarities_need_judgements_for_a_temperature(tmp_path, capsys):
    contents = {"teacher.json": lookup(COSINES)}
    found = verdict(tmp_path, contents)
    assert not found.ok
    assert "--qrels" in found.missing[0]
    assert "--temperature fit --qrels QRELS" in found.command
    found = verdict(tmp_path, contents | {"j.qrels": judged(COSINES)})
    assert found.ok, found.missing
    run(found, tmp_path, capsys)


def test_a_teacher_of_ranks_is_not_ready(tmp_path):
    ranks = {q: {f"d{r}": 9.0 - r for r in range(9)} for q in ("a", "b", "c")}
    found = verdict(tmp_path, {"teacher.json": lookup(ranks)})
    assert not found.ok
    assert "rank-only scores are refused" in found.missing[0]


def test_a_student_that_measure_refuses_is_left_out(tmp_path, capsys):
    ranks = {f"q{n}": {f"d{r}": 9.0 - r for r in range(6)} for n in range(8)}
    found = verdict(tmp_path, matching(**{"ranks.run": run_text(ranks)}))
    assert found.ok
    assert "ranks=" not in found.command
    assert any("student ranks is left out: " in note for note in found.notes)
    run(found, tmp_path, capsys)


def test_no_teacher_and_files_of_two_worlds(tmp_path):
    groups = group_text([("x", ["a", "b"])])
    alone = verdict(tmp_path, {"g.jsonl": groups, "j.qrels": "x 0 a 1\n"})
    assert not alone.ok
    assert "teacher scores" in alone.missing[0]
    assert "--teacher TEACHER" in alone.command
    strangers = verdict(tmp_path, {"g.jsonl": groups, "t.json": lookup(COSINES)})
    assert not strangers.ok
    logits = {q: {d: s * 20 - 9 for d, s in row.items()} for q, row in COSINES.items()}
    strangers = verdict(tmp_path, {"g.jsonl": groups, "t.json": lookup(logits)})
    assert "none of the queries" in strangers.missing[0]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_compare_needs_two_samplings_and_puts_random_first(tmp_path, count):
    contents = matching()
    groups = contents.pop("random.jsonl")
    names = ["bm25.jsonl", "random.16.jsonl", "zz.jsonl"][:count]
    contents |= dict.fromkeys(names, groups)
    _, cast = examined_files(tmp_path, contents)
    found = compare_verdict(cast)
    assert found.ok == (count >= 2)
    words = shlex.split(found.command)
    start = words.index("--groups") + 1
    named = [word.split("=")[0] for word in words[start : start + max(2, count)]]
    assert (
        named
        == {
            0: ["NAME1", "NAME2"],
            1: ["bm25", "NAME2"],
            2: ["random", "bm25"],
            3: ["random", "bm25", "zz"],
        }[count]
    )
    assert words[-2:] == ["--out", "compared"]


def test_the_command_for_compare_runs(tmp_path, capsys):
    contents = matching(
        **{
            "target.jsonl": group_text(
                [(f"q{n}", ["d1", "d3", "d4", "d5"]) for n in range(8)]
            )
        }
    )
    _, cast = examined_files(tmp_path, contents)
    found = compare_verdict(cast)
    assert found.ok, found.missing
    assert "target-groups=" in found.command
    run(found, tmp_path, capsys, result="comparison.json")


def test_compare_says_what_measure_would_refuse(tmp_path):
    contents = matching(**{"bad.jsonl": group_text([("x", ["a", "b"])])})
    _, cast = examined_files(tmp_path, contents)
    found = compare_verdict(cast)
    assert not found.ok
    assert "bad.jsonl" in found.missing[0]
    assert compare_verdict(examined_files(tmp_path, {"q": "q 0 a 1\n"})[1]).missing


def test_samplings_of_other_queries_cannot_be_compared(tmp_path):
    contents = matching(groups=[(f"q{n}", ["d0", "d1"]) for n in range(4)])
    rest = [(f"q{n}", ["d0", "d1"]) for n in range(4, 8)]
    _, cast = examined_files(tmp_path, contents | {"rest.jsonl": group_text(rest)})
    found = compare_verdict(cast)
    assert found.missing == ("'rest' and 'random' have no query in common",)


def test_other_groups_are_named(tmp_path):
    contents = matching()
    contents["b.jsonl"] = contents["random.jsonl"]
    found = verdict(tmp_path, contents)
    assert any("also there: " in note and "b.jsonl" in note for note in found.notes)
    first = verdict(
        tmp_path, contents, groups=[written(tmp_path, contents["b.jsonl"], "b.jsonl")]
    )
    assert "b.jsonl" in first.command
