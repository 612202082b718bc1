import io
import sys

import pytest

import rankbound as rb
from rankbound.errors import UsageError
from rankbound.progress import reported, stages


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


def test_what_reports_nothing_is_refused():
    wrong = pytest.raises(UsageError, match="a function that takes a text, got 'bar'")
    with wrong, reported("bar", total=1):
        pass
