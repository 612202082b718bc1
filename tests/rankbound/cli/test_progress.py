import io
import sys

import pytest

from rankbound.cli.progress import stages


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
