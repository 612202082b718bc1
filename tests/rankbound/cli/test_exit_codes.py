"""The table of exit codes, each row by the command line that it names.

A row whose cause lies outside the command line, such as a check that fails, has that
cause made in `CAUSES`. Files are those of the golden cases.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import rankbound as rb
from rankbound.bounds.registry import REGISTRY
from rankbound.cli import main
from rankbound.cli.program import BUG
from rankbound.engine import MANIFEST, SCHEMA, SUFFIX
from rankbound.writing import ENDING
from tests.golden import data
from tests.rankbound.realdata import ROOT

SECTION = (ROOT / "docs" / "guide" / "exit-codes.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = [
    (int(code), line.replace("\\|", "|"))
    for code, line in re.findall(r"^\| (\d+) \|.*\| `(.*)` \|$", SECTION, re.MULTILINE)
]
VERDICTS = {"inspect", "compare", "validate", "study", "certify"}


def raising(error):
    def fail(*_args, **_options):
        raise error

    return fail


def break_compare(patch):
    patch.setattr("rankbound.commands.compare.controls.EXACT", -1.0)


def break_validate(patch):
    patch.setattr("rankbound.validation.judging.LEVEL", 0.0)


def break_theory(patch):
    true = REGISTRY["theorem-2b"]
    broken = replace(true, expression=true.expression / 2)
    patch.setattr("rankbound.validation.suite.REGISTRY", {**REGISTRY, true.key: broken})


def make_a_bug(patch):
    patch.setattr("rankbound.commands.convert.run.convert", raising(KeyError("ours")))


def leave_blocks(_):
    place = Path("out", f".cut{SUFFIX}")
    place.mkdir(parents=True)
    said = {"schema": SCHEMA, "settings": {}, "inputs": {}, "versions": {}}
    (place / MANIFEST).write_text(json.dumps(said))


def take_bm25s_away(patch):
    patch.setitem(sys.modules, "bm25s", None)


def interrupt(patch):
    # When all was written aside
    patch.setattr("rankbound.writing._reach_disk", raising(KeyboardInterrupt))


@pytest.fixture(autouse=True)
def _signals_end():
    """As where nobody ignores them, unlike `nohup`."""
    before = {one: signal.signal(one, signal.SIG_DFL) for one in ENDING}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


def end_by(number):
    def end(patch):
        def stop(*_):
            os.kill(os.getpid(), number)

        patch.setattr("rankbound.writing._reach_disk", stop)

    return end


CAUSES = {
    (1, "compare"): break_compare,
    (1, "validate"): break_validate,
    (1, "certify"): break_theory,
    (1, "convert"): make_a_bug,
    (2, "cut"): leave_blocks,
    (2, "demo"): take_bm25s_away,
    (130, "measure"): interrupt,
    (129, "sample"): end_by(signal.SIGHUP),
    (143, "cut"): end_by(signal.SIGTERM),
}


def code_of(words):
    """The code with which the program ends, as the interpreter would have it."""
    try:
        return main(words)
    except SystemExit as ending:
        return ending.code
    except Exception as error:
        if BUG not in error.__notes__:
            raise
        return 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    data.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "line"), [row for row in ROWS if not set(row[1]) & set("|>")]
)
def test_a_command_line_ends_with_the_code_of_its_row(
    code, line, folder, monkeypatch, capsys
):
    program, *words = shlex.split(line)
    assert program == "rankbound"
    CAUSES.get((code, words[0]), lambda _: None)(monkeypatch)
    before = set(folder.rglob("*"))
    assert code_of(words) == code
    if code == 2:
        assert capsys.readouterr().err.splitlines()[-1].startswith("rankbound: error: ")
    if code not in (0, 1):
        left = {*folder.rglob("*")} - before
        assert left <= {folder / "out"}


@pytest.mark.skipif(os.name == "nt", reason="pipes of sh")
@pytest.mark.parametrize(("code", "line"), [row for row in ROWS if "|" in row[1]])
def test_a_pipe_ends_with_the_code_of_its_row(code, line, folder):
    ours, _, reader = line.partition(" | ")
    program, *words = shlex.split(ours)
    assert program == "rankbound"
    started = f"{shlex.quote(sys.executable)} -m rankbound {shlex.join(words)}"
    done = subprocess.run(
        ["sh", "-c", f"{{ {started}; echo $? >code; }} | {reader}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert int((folder / "code").read_text()) == code


@pytest.mark.skipif(os.name == "nt", reason="streams of sh")
@pytest.mark.parametrize(
    ("code", "line"),
    [
        *(row for row in ROWS if ">" in row[1]),
        # Nobody can be told, and no file takes the place of a closed stream
        (0, "rankbound convert few.json out.json --lossy >&- 2>&- <&-"),
    ],
)
def test_closed_and_full_streams_end_with_the_code_of_their_row(code, line, folder):
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    ours, *redirects = re.split(r" (?=\d?[<>])", line)
    started = f"{shlex.quote(sys.executable)} -m {ours} {' '.join(redirects)}"
    done = subprocess.run(
        ["sh", "-c", started],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (code, "")
    told = done.stderr.splitlines()
    if "2>" in line:
        assert told == []
    else:
        kind = "note" if code == 0 else "error"
        assert [one.startswith(f"rankbound: {kind}: ") for one in told] == [True]
    if code == 0:
        table = json.loads((folder / "few.json").read_text())
        assert json.loads((folder / "out.json").read_text()) == table


@pytest.mark.skipif(os.name == "nt", reason="names of bytes")
@pytest.mark.parametrize("name", ["caf\udce9", "n" * 300, "few.json/x"])
def test_a_name_that_cannot_be_written_is_refused_before_the_work(
    name, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("few.json").write_text("{}")
    for line in (
        "measure --teacher absent.run --out {}",
        "cut --teacher absent.run --groups absent.jsonl --out {}",
        "compare --teacher absent.run --groups a=a b=b --out {}",
        "sample --teacher absent.run --sampling random --out {}/x.jsonl",
        "convert absent.run {}.json",
        "inspect absent.run --json {}.json",
        "demo --out {}",
        "power --n 50 --json {}.json",
    ):
        assert code_of(shlex.split(line.format(name))) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert "absent" not in told
        assert told.isprintable()
    assert [one.name for one in tmp_path.iterdir()] == ["few.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="any bytes may be a name")
def test_an_input_whose_name_is_no_text_is_refused(folder, capsys):
    (folder / "few.json").rename(folder / "f\udce9w.json")
    with pytest.raises(rb.FormatError, match="UTF-8"):
        rb.read_scores("f\udce9w.json")
    assert code_of(["convert", "f*.json", "out.run"]) == 2
    assert "UTF-8" in capsys.readouterr().err


def test_the_readme_has_no_other_codes():
    table = README.partition("## Exit codes\n")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert set(rows) <= set(SECTION.splitlines())


def test_the_table_has_every_code_and_every_verdict():
    rows = {(code, line.split()[1]) for code, line in ROWS}
    assert {code for code, _ in rows} == {0, 1, 2, 129, 130, 143}
    assert {name for code, name in rows if code == 1} == {*VERDICTS, "convert"}
    assert rows >= set(CAUSES)
