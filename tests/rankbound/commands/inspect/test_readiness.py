import json
import shlex

import numpy as np
import pytest

from rankbound.cli import main
from rankbound.cli.measure import options_from
from rankbound.cli.program import build_parser
from rankbound.commands.inspect import readiness as home
from rankbound.commands.inspect.readiness import (
    compare_readiness,
    file_words,
    format_words,
    measure_words,
    readiness,
    rehearse,
)
from rankbound.commands.inspect.run import inspect
from rankbound.commands.measure import given
from rankbound.commands.measure.options import (
    MeasureOptions,
    StudentSource,
)
from rankbound.commands.measure.run import measure_with
from rankbound.errors import FormatError, UsageError
from rankbound.read.registry import by_name
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
        best = ranked[-1] if place % 4 else ranked[0]
        lines += [f"{qid} 0 {docno} {int(docno == best)}\n" for docno in row]
    return "".join(lines)


def verdict(folder, contents, **asked):
    _, cast = examined_files(folder, contents, **asked)
    return readiness(cast, None).measure


def run(verdict, folder, capsys, result="ledger.json"):
    """Run a proposed command as it stands."""
    words = shlex.split(verdict.command)
    assert words[0] == "rankbound"
    words[words.index("--out") + 1] = str(folder / "out here")
    code = main(words[1:])
    assert (code, capsys.readouterr().err) == (0, "")
    assert (folder / "out here" / result).is_file()


def test_files_that_were_read_are_not_read_again(tmp_path, monkeypatch):
    _, cast = examined_files(tmp_path, matching())

    def refuse(path, *_, **__):
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(given, "read_part", refuse)
    assert readiness(cast, None).measure.ok
    # Unless a command would take them for another format
    monkeypatch.setattr(home, "detect", lambda *_, **__: (by_name("pickle"), ""))
    with pytest.raises(AssertionError, match="is read again"):
        readiness(cast, None)


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
    assert "`qrels`" in found.missing[0]
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
    found = compare_readiness(cast)
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
    found = compare_readiness(cast)
    assert found.ok, found.missing
    assert "target-groups=" in found.command
    run(found, tmp_path, capsys, result="comparison.json")


def test_compare_says_what_measure_would_refuse(tmp_path):
    contents = matching(**{"bad.jsonl": group_text([("x", ["a", "b"])])})
    _, cast = examined_files(tmp_path, contents)
    found = compare_readiness(cast)
    assert not found.ok
    assert "bad.jsonl" in found.missing[0]
    assert compare_readiness(examined_files(tmp_path, {"q": "q 0 a 1\n"})[1]).missing


def test_samplings_of_other_queries_cannot_be_compared(tmp_path):
    contents = matching(groups=[(f"q{n}", ["d0", "d1"]) for n in range(4)])
    rest = [(f"q{n}", ["d0", "d1"]) for n in range(4, 8)]
    _, cast = examined_files(tmp_path, contents | {"rest.jsonl": group_text(rest)})
    found = compare_readiness(cast)
    [said] = found.missing
    assert said.startswith("'rest' and 'random' have no query in common")


def test_other_groups_are_named(tmp_path):
    contents = matching()
    contents["b.jsonl"] = contents["random.jsonl"]
    found = verdict(tmp_path, contents)
    assert any("also given: " in note and "b.jsonl" in note for note in found.notes)
    first = verdict(
        tmp_path, contents, groups=[written(tmp_path, contents["b.jsonl"], "b.jsonl")]
    )
    assert "b.jsonl" in first.command


@pytest.fixture
def folder(tmp_path):
    project(tmp_path)
    return tmp_path


def options(folder, **more):
    return MeasureOptions(teacher=folder / "t.json", groups=folder / "g.jsonl", **more)


def test_what_measure_runs_is_not_refused(folder):
    student = StudentSource("s", scores=folder / "s.run")
    assert rehearse(options(folder, students=(student,))) == (None, {})


@pytest.mark.parametrize("change", ["groups", "temperature", "pairs"])
def test_a_refusal_is_the_one_of_measure(folder, change):
    written(folder, group_text([("nobody", ["d1", "d2"])]), "x.jsonl")
    written(folder, "nobody 0 d1 1\n", "x.qrels")
    asked = {
        "groups": MeasureOptions(teacher=folder / "t.json", groups=folder / "x.jsonl"),
        "temperature": options(folder, temperature="fit", qrels=folder / "x.qrels"),
        "pairs": MeasureOptions(teacher=folder / "s.run", groups=folder / "absent"),
    }[change]
    refusal, students = rehearse(asked)
    with pytest.raises((UsageError, FormatError)) as caught:
        measure_with(asked)
    assert refusal == " ".join(str(caught.value).split())
    assert students == {}


def test_a_student_is_refused_by_itself(folder):
    written(folder, run_text({"nobody": {"d1": 1.0}}), "x.run")
    good = StudentSource("s", scores=folder / "s.run")
    bad = StudentSource("x", scores=folder / "x.run", temperature=1.0)
    refusal, students = rehearse(options(folder, students=(good, bad)))
    assert refusal is None
    assert [*students] == ["x"]
    assert "scores no document of any group" in students["x"]
    with pytest.raises(UsageError, match="scores no document"):
        measure_with(options(folder, students=(good, bad)))


def test_no_query_left_for_the_certificate_is_said(folder):
    written(folder, group_text([("q1", ["d1", "d2"])]), "one.jsonl")
    asked = MeasureOptions(
        teacher=folder / "t.json",
        groups=folder / "one.jsonl",
        temperature="fit",
        qrels=folder / "judged.qrels",
        missing="drop",
    )
    assert rehearse(asked)[0] is not None


def full(folder):
    return MeasureOptions(
        teacher=folder / "t.json",
        temperature="fit",
        students=(
            StudentSource("s", scores=folder / "s.run"),
            StudentSource("r", scores=folder / "r.run", temperature="fit"),
            StudentSource(
                "b",
                queries=folder / "q.npy",
                query_ids=folder / "q.ids",
                temperature="fit",
            ),
        ),
        groups=folder / "g.jsonl",
        embeddings=folder / "v.npy",
        ids=folder / "v.ids",
        qrels=folder / "j.qrels",
        missing="drop",
    )


def test_words_parse_into_the_options_they_were_made_from(tmp_path):
    _, cast = examined_files(tmp_path, {"t.json": lookup({"q": {"a": 1.5, "b": 0.5}})})
    asked = full(tmp_path)
    words = measure_words(
        cast,
        asked.teacher,
        asked.temperature,
        groups=asked.groups,
        students=asked.students,
        files=file_words(
            embeddings=asked.embeddings,
            ids=asked.ids,
            qrels=asked.qrels,
            missing=asked.missing,
        ),
    )
    parsed = build_parser().parse_args([*words[1:], "--out", "x"])
    assert options_from(parsed, "") == full(tmp_path)


def test_what_is_not_asked_is_not_said(tmp_path):
    _, cast = examined_files(tmp_path, {"t.json": lookup({"q": {"a": 1.5, "b": 0.5}})})
    words = measure_words(cast, tmp_path / "t.json", None, files=file_words(ids=None))
    assert words == ["rankbound", "measure", "--teacher", str(tmp_path / "t.json")]


def test_formats_that_were_named_are_named_again(tmp_path):
    path = written(tmp_path, lookup({"q": {"a": 1.5, "b": 0.5}}), "t")
    _, cast = examined_files(tmp_path, {"t": path.read_bytes()}, format="lookup")
    assert format_words(cast, {path}) == ["--format", f"{path}=lookup"]
    assert format_words(cast, ()) == []
    _, cast = examined_files(tmp_path, {"t": path.read_bytes()})
    assert format_words(cast, {path}) == []


def test_the_negatives_of_several_systems_are_parted_before_they_are_compared(tmp_path):
    queries = range(6)
    scores = {f"q{q}": {f"d{d}": d + 0.5 * q for d in range(8)} for q in queries}
    (tmp_path / "teacher.json").write_text(json.dumps(scores))
    lines = [
        {
            "qid": f"q{q}",
            "pos": ["d7"],
            "neg": {"bm25": ["d6", "d5"], "random": ["d1", "d2"]},
        }
        for q in queries
    ]
    mined = tmp_path / "mined.jsonl"
    mined.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = inspect(tmp_path / "teacher.json", mined).ready.compare
    first, second, last = found.command.split(" && ")
    assert not found.ok
    assert "2 systems" in found.missing[0]
    assert first == (
        f"rankbound convert {mined} mined.random.jsonl --format hard-negatives:random"
    )
    assert second.endswith("mined.bm25.jsonl --format hard-negatives:bm25")
    assert "--groups random=mined.random.jsonl bm25=mined.bm25.jsonl" in last
