import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rankbound.errors import UsageError
from rankbound.writing import aside_in, check_folder, filling, json_text, write_all
from tests.rankbound.files import written


def listed(folder):
    """Every path below a folder, hidden ones too, with the text of files."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_text_rejects_numbers_that_are_no_json(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"a": [value]})


def test_json_text_keeps_full_precision_and_letters():
    assert json_text({"é": 0.1 + 0.2}) == '{\n  "é": 0.30000000000000004\n}\n'


def test_write_all_makes_the_folder_and_keeps_line_ends(tmp_path):
    write_all(tmp_path / "a" / "b", {"x.tsv": "é\r\n", "y": ""})
    assert tmp_path.joinpath("a", "b", "x.tsv").read_bytes() == "é\r\n".encode()
    assert listed(tmp_path / "a") == {"b": None, "b/x.tsv": "é\n", "b/y": ""}


def test_write_all_replaces_removes_and_leaves_others(tmp_path):
    for name in ("x", "y", "z"):
        written(tmp_path, "old", name)
    write_all(tmp_path, {"x": "new", "y": None, "w": None})
    assert listed(tmp_path) == {"x": "new", "z": "old"}


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()]
)
def test_write_all_leaves_earlier_files_when_a_text_fails(tmp_path, monkeypatch, error):
    before = {"x": "old", "y": "old", "z": "old"}
    write_all(tmp_path, before)
    write_text = Path.write_text

    def full(self, text, **options):
        if self.name == "y":
            raise error
        return write_text(self, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    caught = UsageError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(caught):
        write_all(tmp_path, {"x": "new", "y": "new", "z": None})
    monkeypatch.undo()
    assert listed(tmp_path) == before


def test_write_all_says_why_a_text_fails(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError) as caught:
        write_all(tmp_path, {"x": "new"})
    assert str(caught.value) == (
        f"{tmp_path}: cannot be written (No space left on device)"
    )


def test_write_all_rejects_text_that_has_no_bytes(tmp_path):
    write_all(tmp_path, {"x": "old", "y": "old"})
    with pytest.raises(UsageError, match="is not Unicode text"):
        write_all(tmp_path, {"x": "new", "y": "caf\udce9.run"})
    assert listed(tmp_path) == {"x": "old", "y": "old"}


@pytest.mark.parametrize("text", ["new", None])
def test_write_all_rejects_a_folder_where_a_file_goes(tmp_path, text):
    write_all(tmp_path, {"x": "old"})
    tmp_path.joinpath("y").mkdir()
    with pytest.raises(UsageError, match="y: is a folder"):
        write_all(tmp_path, {"x": "new", "y": text})
    assert listed(tmp_path) == {"x": "old", "y": None}


@pytest.mark.parametrize("below", [".", "a", "a/b"])
def test_check_folder_rejects_a_file_in_the_way(tmp_path, below):
    path = written(tmp_path, "x")
    with pytest.raises(UsageError, match="is a file, and results need a folder"):
        check_folder(path / below)


def test_check_folder_rejects_a_name_that_is_too_long(tmp_path):
    with pytest.raises(UsageError, match="cannot be used"):
        check_folder(tmp_path / ("x" * 300))


def test_check_folder_rejects_a_folder_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError) as caught:
        check_folder(tmp_path / "new" / "newer")
    assert str(caught.value) == f"{tmp_path}: no permission to write there"


def test_check_folder_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "new", tmp_path, Path("new/er"), Path()):
        check_folder(folder)
    assert listed(tmp_path) == {}


def test_a_filled_folder_moves_in_all_or_none(tmp_path):
    folder = tmp_path / "new"
    with filling(folder) as aside:
        (aside / "a").write_text("1")
        assert not (folder / "a").exists()
    assert (folder / "a").read_text() == "1"
    with pytest.raises(ZeroDivisionError), filling(folder) as aside:
        (aside / "a").write_text(str(2 / 0))
    assert (folder / "a").read_text() == "1"
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_a_folder_in_the_way_of_a_file_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(UsageError, match="is a folder"), filling(tmp_path) as aside:
        (aside / "a").write_text("1")
    with (
        pytest.raises(UsageError, match="cannot be written"),
        filling(tmp_path) as aside,
    ):
        (aside / "none" / "b").write_text("1")


def test_a_pipe_or_a_name_of_standard_output_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "out").symlink_to("/proc/self/fd/1")
    for name in ("pipe", "out"):
        with pytest.raises(UsageError, match="is no plain file"):
            write_all(tmp_path, {name: "x"})
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "out").is_symlink()
    written(tmp_path, "old", "kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    write_all(tmp_path, {"link": "new"})
    assert (tmp_path / "link").read_text() == "new"


STOPPED = """
import os, signal, sys
from pathlib import Path
from rankbound.writing import aside_in, filling
with {manager}(Path(sys.argv[1])) as aside:
    (aside / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize("manager", ["filling", "aside_in"])
def test_a_terminated_process_leaves_nothing_behind(tmp_path, manager):
    words = [sys.executable, "-c", STOPPED.format(manager=manager), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stderr == b""
    assert list(tmp_path.iterdir()) == []


def test_a_handler_of_the_user_stays(tmp_path):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with aside_in(tmp_path):
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with aside_in(tmp_path):
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_than_the_first_may_write(tmp_path):
    thread = threading.Thread(target=write_all, args=(tmp_path, {"a": "b"}))
    thread.start()
    thread.join()
    assert (tmp_path / "a").read_text() == "b"
