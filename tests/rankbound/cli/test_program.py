import os
import signal
import subprocess
import sys
from importlib.metadata import version

import pytest

import rankbound.commands.measure.run
import rankbound.commands.sample.run
from rankbound.bounds.errors import DomainError
from rankbound.cli import build_parser, main
from rankbound.errors import FormatError, UsageError
from tests.rankbound.files import project

MEASURE = ["measure", "--teacher", "t.json", "--out", "out"]
HEAVY = ("torch", "jax", "sklearn", "matplotlib", "pandas", "sympy", "scipy", "pyarrow")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(code, *words, **environment):
    """A fresh interpreter that runs some code."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("words", [["--help"], ["measure", "--help"], ["demo", "-h"]])
def test_main_shows_help(capsys, words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: rankbound")
    assert err == ""


def test_main_shows_the_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"rankbound {version('rankbound')}\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["judge"],
        ["--unknown"],
        [*MEASURE, "--unknown"],
        [*MEASURE, "extra"],
        ["measure", "--out", "out"],
        ["measure", "--teacher", "t.json"],
        [*MEASURE, "--delta", "x"],
        [*MEASURE, "--depth", "2.5"],
        [*MEASURE, "--depth", "nan"],
        [*MEASURE, "--seed", ""],
        [*MEASURE, "--missing", "zero"],
        ["demo", "--seed", "x"],
    ],
)
def test_main_rejects_arguments_that_argparse_does_not_know(folder, capsys, words):
    before = sorted(folder.iterdir())
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "error",
    [UsageError("say so"), DomainError("say so"), FormatError("say", "so")],
)
def test_main_turns_mistakes_into_one_line(folder, monkeypatch, capsys, error):
    monkeypatch.setattr(rankbound.commands.measure.run, "measure_with", raising(error))
    assert main(MEASURE) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"rankbound: error: {error}\n")
    assert not folder.joinpath("out").exists()


def test_main_keeps_one_line_where_a_path_holds_a_line_end(folder, capsys):
    assert main(["measure", "--teacher", "no\nfile", "--out", "out"]) == 2
    assert capsys.readouterr().err == "rankbound: error: no file: no such file\n"
    assert not folder.joinpath("out").exists()


@pytest.mark.parametrize("error", [ValueError("ours"), KeyError("ours"), RuntimeError])
@pytest.mark.usefixtures("folder")
def test_main_hides_no_error_that_is_no_mistake_of_the_user(monkeypatch, error):
    monkeypatch.setattr(rankbound.commands.measure.run, "measure_with", raising(error))
    with pytest.raises((ValueError, KeyError, RuntimeError)):
        main(MEASURE)


def test_main_says_that_it_was_interrupted(folder, monkeypatch, capsys):
    monkeypatch.setattr(
        rankbound.commands.measure.run, "measure_with", raising(KeyboardInterrupt)
    )
    assert main(MEASURE) == 130
    out, err = capsys.readouterr()
    said = "rankbound: interrupted; the same command goes on from here\n"
    assert (out, err) == ("", said)
    assert not folder.joinpath("out").exists()
    monkeypatch.setattr(
        rankbound.commands.sample.run.SampleOptions, "drawn", raising(KeyboardInterrupt)
    )
    assert (
        main(["sample", "--teacher", "t.json", "--sampling", "top", "--out", "s.jsonl"])
        == 130
    )
    said = "rankbound: interrupted; nothing was written\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("said", ["", "Unable to allocate 38.1 MiB"])
def test_main_says_in_one_line_that_memory_lacks(folder, monkeypatch, capsys, said):
    monkeypatch.setattr(
        rankbound.commands.measure.run, "measure_with", raising(MemoryError(said))
    )
    assert main(MEASURE) == 2
    out, err = capsys.readouterr()
    assert err.startswith("rankbound: error: this needs more memory than there is")
    assert (out, err.count("\n"), f"({said})" in err) == ("", 1, bool(said))
    assert not folder.joinpath("out").exists()


def test_main_takes_the_arguments_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["rankbound", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.startswith("rankbound ")


def test_build_parser_holds_both_commands(capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["--help"])
    shown = capsys.readouterr().out
    assert "  measure " in shown
    assert "  demo " in shown


@pytest.mark.parametrize(
    "code",
    [
        "import rankbound",
        "from rankbound.cli import main\ntry: main(['--help'])\nexcept SystemExit: 0",
        "from rankbound.cli import main\n"
        "try: main(['measure', '--help'])\nexcept SystemExit: 0",
    ],
)
def test_main_loads_no_heavy_package_for_help(code):
    done = python(f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)")
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "rankbound" in loaded
    assert not loaded & set(HEAVY)


def test_main_runs_as_a_module_in_a_plain_ascii_terminal(folder):
    code = "import runpy; runpy.run_module('rankbound', run_name='__main__')"
    words = [*MEASURE, "--student", "ünïcode=s.run"]
    done = python(code, *words, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\xfcn\\xefcode 7" in done.stdout
    assert folder.joinpath("out", "ledger.json").exists()


def test_main_stays_calm_when_its_reader_goes_away(folder):
    code = "import runpy; runpy.run_module('rankbound', run_name='__main__')"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, *MEASURE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        error = process.stderr.read()
        code = process.wait(timeout=60)
    assert error == ""
    assert code in (0, 1, -signal.SIGPIPE)
    assert folder.joinpath("out", "ledger.json").exists()


def raising(error):
    """A function of anything that raises."""

    def fail(*_args, **_options):
        raise error

    return fail
