"""No input is lost, nothing of anybody else is replaced, and terminals obey nobody."""

import json
import tempfile

import pytest

import rankbound as rb
from rankbound.cli import main
from rankbound.errors import UsageError
from rankbound.escaping import printable, quoted, unquoted
from rankbound.rows import Rows
from rankbound.writing import MANIFEST as NAME
from tests.rankbound.files import written

SCORES = {
    f"q{i}": {f"d{j}": (i * 7 + j * 3) % 11 / 4 for j in range(8)} for i in range(9)
}
GROUPS = "".join(
    json.dumps(
        {"query_id": q, "doc_id_a": "d0", "doc_id_b": [f"d{j}" for j in range(1, 6)]}
    )
    + "\n"
    for q in SCORES
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, json.dumps(SCORES), "t.json")
    written(tmp_path, GROUPS, "g.jsonl")
    written(tmp_path, GROUPS.replace("d5", "d6"), "h.jsonl")
    written(tmp_path, "".join(f"{q} 0 d0 1\n" for q in SCORES), "qrels.txt")
    return tmp_path


def content(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def run(line):
    return main(line.split())


TEACHER = "--teacher t.json --teacher-kind logit"
COMMANDS = {
    "measure": (f"measure {TEACHER} --groups g.jsonl --out {{}}", "per_query.tsv"),
    "compare": (
        f"compare {TEACHER} --groups a=g.jsonl b=h.jsonl --resamples 0 --out {{}}",
        "comparison.per_query.tsv",
    ),
    "cut": (f"cut {TEACHER} --groups g.jsonl --by entropy --out {{}}", "manifest.json"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_replaces_its_own_results_and_nothing_else(folder, capsys, command):
    line, name = COMMANDS[command]
    assert run(line.format("out")) == 0
    before = content(folder)
    assert run(line.format("out")) == 0
    assert content(folder).keys() == before.keys()
    written(folder / "out", "my notes\n", name)
    before = content(folder)
    capsys.readouterr()
    assert run(line.format("out")) == 2
    assert "--force" in capsys.readouterr().err
    assert content(folder) == before
    assert run(f"{line.format('out')} --force") == 0
    assert (folder / "out" / name).read_text() != "my notes\n"


@pytest.mark.parametrize("way", ["same", "dot", "symbolic", "hard"])
def test_no_command_writes_over_what_it_reads(folder, capsys, way):
    (folder / "out").mkdir()
    for name in ("per_query.tsv", "comparison.json", "manifest.json"):
        place = folder / "out" / name
        if way == "symbolic":
            place.symlink_to(folder / "t.json")
        else:
            place.hardlink_to(folder / "t.json")
    given = {"same": "out/per_query.tsv", "dot": "./out/../out/per_query.tsv"}
    teacher = given.get(way, "t.json")
    if way in ("same", "dot"):
        (folder / "t.json").unlink()
    before = content(folder)
    lines = [
        line.replace("t.json", teacher).format("out") for line, _ in COMMANDS.values()
    ]
    target = "out/per_query.tsv"
    lines += [
        f"convert {teacher} {target}",
        f"inspect {teacher} --json {target}",
        f"sample --teacher {teacher} --sampling top --size 3 --out {target}",
        f"sample --teacher {teacher} --sampling top --out x.jsonl --json {target}",
    ]
    for line in lines:
        capsys.readouterr()
        assert run(f"{line} --force") == 2, line
        assert "is an input" in capsys.readouterr().err, line
        assert content(folder) == before, line


def test_one_folder_holds_the_results_of_all_commands(folder):
    for line, _ in COMMANDS.values():
        assert run(line.format("all")) == 0
    together = content(folder / "all")
    made = json.loads((folder / "all" / NAME).read_text())
    assert {*made["results"]} == {"ledger", "comparison", "cut"}
    for name, (line, _) in COMMANDS.items():
        assert run(line.format(name)) == 0
        alone = content(folder / name)
        for path, data in alone.items():
            other = path.replace(str(folder / name), str(folder / "all"))
            if not path.endswith(".json"):  # which has the command line
                assert together.pop(other) == data
    assert all(path.endswith(".json") for path in together)


@pytest.mark.parametrize(
    "line",
    [
        *(line.format("out") for line, _ in COMMANDS.values()),
        "convert t.json out.scores.arrow",
        "sample --teacher t.json --sampling top --size 3 --out out.jsonl",
        "figures --from made --out out --format svg",
        "report made --out page.html",
    ],
)
@pytest.mark.usefixtures("folder")
def test_no_folder_for_temporary_files_is_needed(capsys, monkeypatch, line):
    if "made" in line:
        assert run(COMMANDS["measure"][0].format("made")) == 0
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    capsys.readouterr()
    assert run(line) == 0, capsys.readouterr().err


def test_results_are_no_place_for_reports_and_figures_stay_ours(folder):
    assert run(COMMANDS["measure"][0].format("out")) == 0
    ledger = (folder / "out" / "ledger.json").read_bytes()
    for more in ("", " --force"):
        assert run(f"report out --out out/ledger.json{more}") == 2
    assert (folder / "out" / "ledger.json").read_bytes() == ledger
    for line in ("report out --out out/page.html", "figures --from out --out out"):
        assert run(line) == 0
        assert run(line) == 0
    # Links of another user, in a folder that everybody may write to
    victim = written(folder, "mine", "victim")
    for path in [*(folder / "out").iterdir()]:
        (folder / "out" / f".{path.name}.writing").symlink_to(victim)
    assert run(line) == 0
    assert victim.read_text() == "mine"
    [csv, *_] = sorted((folder / "out").glob("*.csv"))
    csv.with_suffix(".pdf").unlink()
    csv.write_text("my,numbers\n")
    before = content(folder)
    assert run("figures --from out --out out") == 2
    assert content(folder) == before
    # Figures of earlier versions bear no mark: their numbers tell them
    assert run("figures --from out --out out --force") == 0
    pdf = csv.with_suffix(".pdf")
    pdf.write_bytes(pdf.read_bytes().replace(b"/Creator (rankbound)", b""))
    assert run("figures --from out --out out") == 0


def test_functions_follow_the_same_rules(folder):
    place = written(folder, "mine", "x.scores.parquet")
    with pytest.raises(UsageError, match="`force`"):
        rb.convert("t.json", place)
    with pytest.raises(UsageError, match="`force`"):
        rb.sample("t.json", sampling="top", size=3, out=written(folder, "m", "s.jsonl"))
    rb.convert("t.json", place, force=True)
    with pytest.raises(UsageError, match="is an input"):
        rb.convert("t.json", "./t.json", force=True)
    made = rb.power(n=43, sd=0.1)
    made.save("power.json")
    made.save("power.json")
    written(folder, "{}", "power.json")
    with pytest.raises(UsageError, match="`force`"):
        made.save("power.json")
    made.save("power.json", force=True)
    ledger = rb.measure("t.json", teacher_kind="logit", groups="g.jsonl")
    (folder / "out").mkdir()
    (folder / "out" / "per_query.tsv").hardlink_to(folder / "t.json")
    with pytest.raises(UsageError, match="is an input"):
        ledger.save("out", force=True)
    with pytest.raises(UsageError, match="`force`"):
        rb.report(".", written(folder, "<html>", "page.html"))


EVIL = "\x1b[2J\x9b31m\u202eevil"


def test_names_do_not_steer_the_terminal(folder, capsys):
    line = f"measure {TEACHER} --groups g.jsonl --out out --student".split()
    written(folder, json.dumps(SCORES), EVIL)
    assert main([*line, f"{EVIL}={EVIL}", "--student-kind", "logit"]) == 0
    assert main(["convert", "none", f"{EVIL}.run"]) == 2
    assert main(["inspect", EVIL, "--json"]) == 0
    assert main(["inspect", EVIL, "t.json"]) == 0
    assert main(["bound", "--table", f"{EVIL}.tsv"]) == 2
    with pytest.raises(SystemExit):
        main(["measure", f"--{EVIL}"])
    shown = "".join(capsys.readouterr())
    assert "\\x1b[2J" in shown
    assert not {*shown} & {*"\x1b\x9b\u202e"}
    assert printable("é\t✓\n") == "é\t✓\n"


@pytest.mark.parametrize(
    "cell", ["=1+1", "@x", "'=1", "''-x", "+cmd|'/c'!A0", "-", "'"]
)
def test_a_spreadsheet_runs_no_cell_and_reading_gives_it_back(tmp_path, cell):
    text = Rows({"qid": [cell], "value": ["-0.5"]}).text()
    assert text.splitlines()[1][0] not in "=+-@"
    assert text.endswith("\t-0.5\n")
    table = written(tmp_path, text, "x.tsv")
    assert Rows.read(table, needed=()).column("qid") == [cell]


def test_numbers_are_left_as_they_are():
    cells = ["-1", "+2.5", "-1e-3", "0.5"]
    assert [*map(quoted, cells)] == cells == unquoted(cells)
