import io
import os
import re
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import rankbound as rb
from rankbound import progress as module
from rankbound.cli import build_parser, main
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import top_documents
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Scores
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.group_terms import geometry
from rankbound.progress import counted_items, counting, reported, stages
from rankbound.read.reading import read_scores
from rankbound.read.source import Source
from rankbound.validation.association import Effort, Panel, draw
from rankbound.validation.paired import Question, answer_family


class Terminal(io.StringIO):
    """Text that claims to be shown on a terminal."""

    def isatty(self):
        return True


def test_stages_is_silent_off_a_terminal(capsys):
    with stages(total=2) as progress:
        progress("reading")
        progress("writing")
    assert capsys.readouterr() == ("", "")


def test_stages_names_each_stage_on_a_terminal(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with stages(total=2) as progress:
        progress("reading [x]")
        progress("student bm25")
    shown = terminal.getvalue()
    assert "student bm25" in shown
    assert capsys.readouterr().out == ""


def test_stages_lets_errors_through_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyError), stages(total=1):
        raise KeyError


def test_a_function_reports_as_it_is_asked_to(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    told = []
    given = {"students": {"same": queries}}
    silent = rb.measure(queries, **given)
    assert terminal.getvalue() == ""
    assert rb.measure(queries, **given, progress=told.append) == silent
    assert told == ["reading", "student same", "distances", "certificates"]
    assert terminal.getvalue() == ""
    rb.measure(queries, **given, progress=True)
    assert "certificates" in terminal.getvalue()


@pytest.fixture
def shortly(monkeypatch):
    """Lines after hundredths of a second."""
    monkeypatch.setattr(module, "EVERY", 0.02)
    monkeypatch.setattr(module, "PATIENCE", 0.05)


def until(said, capsys, *, seconds=5.0):
    """What standard error holds once it has these words."""
    told, end = "", time.monotonic() + seconds
    while said not in told and time.monotonic() < end:
        told += capsys.readouterr().err
        time.sleep(0.005)
    return told


@pytest.mark.usefixtures("shortly")
def test_a_log_gets_a_plain_line_now_and_then(capsys):
    with stages(total=3) as progress:
        progress("reading")
        with counting("t.run", 4_000_000, "bytes") as reached:
            reached(1_000_000)
            told = until("left", capsys)
        progress("student bm25")
        told += until("student bm25", capsys)
    line = (
        r"rankbound: \d+ s: stage 1 of 3, reading; t\.run: 1\.0 MB of 4\.0 MB, "
        r"[\d.]+ [MG]B/s, about \d+ s left\n"
    )
    assert re.search(line, told)
    # Counts end with their stage
    assert re.search(r"\d s: stage 2 of 3, student bm25\n", told)
    assert "\x1b" not in told
    time.sleep(0.05)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("shortly")
def test_quiet_work_and_work_that_nobody_asked_about_say_nothing(capsys):
    with stages(total=1, quiet=True) as progress:
        progress("reading")
        time.sleep(0.06)
    assert [*counted_items([1, 2], "students", "students")] == [1, 2]
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("shortly")
def test_a_closed_standard_error_does_not_end_the_work(monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stderr", stream)
        with stages(total=1) as progress:
            progress("reading")
            time.sleep(0.03)


def test_a_command_tells_a_log_how_far_it_is_unless_it_is_quiet(monkeypatch, capsys):
    monkeypatch.setattr(module, "EVERY", 0.001)
    words = ["power", "--n", "43", "--sd", "0.1", "--margin", "0.05"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert re.search(r"^rankbound: \d+ s: stage \d of 3, ", said.err, re.M)
    assert "stage" not in said.out
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr() == (said.out, "")


def test_the_inside_of_long_stages_is_counted(monkeypatch):
    """Comparisons of a family, permutations, distances: what a line would say."""
    told = set()

    class Told(module.Count):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "done":
                told.add((self.what, self.done, self.total))

    monkeypatch.setattr(module, "Count", Told)
    rng = np.random.default_rng(5)
    qids = strings([f"q{n}" for n in range(30)])
    columns = rng.normal(size=(2, 30))
    first, second = (PerQuery("entropy", "nats", qids, one) for one in columns)
    ask = Question("hard", "entropy", "all", first, second, None, None)
    table = columns[..., None]
    panel = Panel(*table, np.empty((30, 0)), np.empty((1, 0), dtype=bool))
    vectors = Embeddings(strings(["a", "b"]), rng.normal(size=(2, 3)))
    groups = top_documents(Scores.from_dict({"q": {"a": 1.0, "b": 0.5}}), depth=2)
    with stages(total=1):
        answer_family([ask, ask], delta=0.05, seed=0, resamples=20)
        geometry(groups, vectors)
        draw(panel, Effort(20, 99, rank_permutations=10_200), rng)
    assert {("family", 1, 2), ("distances", 0, 1)} <= told
    assert {("permutations", n, 10_200) for n in (99, 10_099)} <= told


def test_every_long_command_can_be_quiet():
    (commands,) = build_parser()._subparsers._group_actions
    quiet = {
        name
        for name, parser in commands.choices.items()
        if "--quiet" in parser._option_string_actions
    }
    assert {*commands.choices} - quiet == {"explain", "bound"}


def test_reading_counts_the_bytes_on_disk(tmp_path):
    path = tmp_path / "t.run"
    path.write_text("".join(f"q Q0 d{n} {n + 1} {9.5 - n} t\n" for n in range(9)))
    with stages(total=1) as progress, Source(path).stream() as stream:
        progress("reading")
        assert len(stream.read(20)) == 20
        count = module._REPORTING[-1].count
        size = path.stat().st_size
        assert (count.what, count.total, count.done) == (str(path), size, size)
        stream.close()
        assert module._REPORTING[-1].count is None


@pytest.mark.usefixtures("shortly")
def test_a_pipe_that_nobody_writes_is_told_and_then_waited_for(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("t.run")
    told = []

    def write():
        told.append(until("nobody has written anything", capsys))
        with Path("t.run").open("w") as stream:
            stream.write("q Q0 a 1 2.5 t\n")
            stream.write("q Q0 b 2 1.5 t\n")

    writer = threading.Thread(target=write)
    writer.start()
    # What was read once is not read again, by whatever tries the commands
    assert main(["inspect", "t.run", "--quiet"]) == 0
    writer.join()
    assert told[0].startswith("rankbound: t.run: ")
    assert "press Ctrl-C and name a file" in told[0]
    assert told[0].count("\n") == 1
    shown = capsys.readouterr().out
    assert "--teacher t.run" in shown
    assert "empty" not in shown


@pytest.mark.usefixtures("shortly")
def test_an_input_without_an_end_is_told(tmp_path, capsys):
    path = tmp_path / "t.run"
    os.mkfifo(path)
    told = []

    def write():
        with path.open("w") as stream:
            n = 0
            while not told:
                n += 1
                stream.write(f"q Q0 d{n} {n} {1 / n} t\n")
                time.sleep(0.002)
                stream.flush()
                said = capsys.readouterr().err
                if "has no end so far" in said:
                    told.append(said)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_scores(path).n_queries == 1
    writer.join()
    assert re.search(r"t\.run: has no end so far, after \d+ s and .* bytes; ", told[0])


@pytest.mark.parametrize("device", ["/dev/urandom", "/dev/zero"])
def test_devices_that_never_end_are_refused_by_their_first_bytes(device):
    with pytest.raises(FormatError, match=device):
        read_scores(device)


def test_what_reports_nothing_is_refused():
    wrong = pytest.raises(UsageError, match="a function that takes a text, got 'bar'")
    with wrong, reported("bar", total=1):
        pass
