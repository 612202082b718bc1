import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import rankbound.writing
from rankbound.errors import UsageError
from rankbound.writing import (
    BusyError,
    Replacing,
    check_folder,
    filling,
    holding,
    json_text,
    settle,
    write_all,
)
from tests.rankbound.files import written

FORCE = Replacing(force=True)


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
    write_all(tmp_path, {"x": "new", "y": None, "w": None}, FORCE)
    assert listed(tmp_path) == {"x": "new", "z": "old"}


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()]
)
def test_write_all_leaves_earlier_files_when_a_text_fails(tmp_path, monkeypatch, error):
    before = {"x": "old", "y": "old", "z": "old"}
    write_all(tmp_path, before)
    write = rankbound.writing._write

    def full(text, path):
        if path.name == "y":
            raise error
        return write(text, path)

    monkeypatch.setattr(rankbound.writing, "_write", full)
    caught = UsageError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(caught):
        write_all(tmp_path, {"x": "new", "y": "new", "z": None}, FORCE)
    monkeypatch.undo()
    assert listed(tmp_path) == before


def test_write_all_says_why_a_text_fails(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rankbound.writing, "_write", full)
    with pytest.raises(UsageError) as caught:
        write_all(tmp_path, {"x": "new"})
    assert str(caught.value) == (
        f"{tmp_path}: cannot be written (No space left on device); make room, or "
        "write to another disk"
    )


def test_write_all_rejects_text_that_has_no_bytes(tmp_path):
    write_all(tmp_path, {"x": "old", "y": "old"})
    with pytest.raises(UsageError, match="is not Unicode text"):
        write_all(tmp_path, {"x": "new", "y": "caf\udce9.run"}, FORCE)
    assert listed(tmp_path) == {"x": "old", "y": "old"}


@pytest.mark.parametrize("text", ["new", None])
def test_write_all_rejects_a_folder_where_a_file_goes(tmp_path, text):
    write_all(tmp_path, {"x": "old"})
    tmp_path.joinpath("y").mkdir()
    with pytest.raises(UsageError, match="y: is a folder"):
        write_all(tmp_path, {"x": "new", "y": text}, FORCE)
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
    with pytest.raises(ZeroDivisionError), filling(folder, FORCE) as aside:
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
    write_all(tmp_path, {"link": "new"}, FORCE)
    assert (tmp_path / "link").read_text() == "new"
    assert (tmp_path / "kept").read_text() == "old"


STOPPED = """
import os, signal, sys
from pathlib import Path
from rankbound.writing import filling
with filling(Path(sys.argv[1])) as aside:
    (aside / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_terminated_process_leaves_nothing_behind(tmp_path):
    words = [sys.executable, "-c", STOPPED, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stderr == b""
    assert list(tmp_path.iterdir()) == []


def test_a_handler_of_the_user_stays(tmp_path):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with filling(tmp_path):
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with filling(tmp_path):
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_than_the_first_may_write(tmp_path):
    thread = threading.Thread(target=write_all, args=(tmp_path, {"a": "b"}))
    thread.start()
    thread.join()
    assert (tmp_path / "a").read_text() == "b"


def old_and_new(folder):
    """A folder with files of before; what is written then, and what is there then."""
    for name in ("a", "b", "stale"):
        written(folder, "old", name)
    texts = {"a": "new", "b": "new", "c": "new", "stale": None}
    return texts, {"a": "new", "b": "new", "c": "new"}


class Fault:
    """Let the nth call of a function fail, and count the calls."""

    def __init__(self, monkeypatch, owner, name, at):
        self.calls, self.at, self.real = 0, at, getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **o: self.call(*a, **o))

    def call(self, *args, **options):
        self.calls += 1
        if self.calls == self.at:
            raise OSError(28, "No space left on device")
        return self.real(*args, **options)


@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_every_failing_rename_and_sync_leaves_the_old_files(
    tmp_path, monkeypatch, name
):
    for at in range(1, 20):
        folder = tmp_path / str(at)
        folder.mkdir()
        texts, after = old_and_new(folder)
        before = listed(folder)
        with monkeypatch.context() as patch:
            # Path.replace and os.fsync are what the disk sees
            fault = Fault(patch, os, name, at)
            try:
                write_all(folder, texts, FORCE)
            except UsageError as error:
                said = str(error)
            else:
                assert fault.calls < at
                assert listed(folder) == after
                break
        assert "No space left" in said
        assert listed(folder) == before
    else:
        raise AssertionError
    assert at > 3


def test_without_hard_links_the_old_files_come_back_too(tmp_path, monkeypatch):
    texts, _ = old_and_new(tmp_path)
    before = listed(tmp_path)

    def none(*_, **__):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", none)
    # a and b: aside, then the new one; c; the stale one
    Fault(monkeypatch, os, "replace", 5)
    with pytest.raises(UsageError):
        write_all(tmp_path, texts, FORCE)
    assert listed(tmp_path) == before


def test_a_file_of_somebody_else_stays_without_force(tmp_path):
    written(tmp_path, "theirs", "b")
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    for texts in ({"a": "new", "b": "new"}, {"b": None}, {"nowhere": "new"}):
        with pytest.raises(UsageError, match="replace it with `force`"):
            write_all(tmp_path, texts)
    assert listed(tmp_path) == {"b": "theirs", "nowhere": None}
    mine = Replacing(mine=lambda path: path.read_text() == "theirs")
    write_all(tmp_path, {"b": "new"}, mine)
    assert listed(tmp_path) == {"b": "new", "nowhere": None}


@pytest.mark.parametrize("way", ["same", "dot", "symbolic", "hard", "folder"])
def test_an_input_is_no_output_under_any_name(tmp_path, monkeypatch, way):
    monkeypatch.chdir(tmp_path)
    given = written(tmp_path, "read", "in")
    other = tmp_path / "other"
    if way == "symbolic":
        other.symlink_to(given)
    elif way == "hard":
        other.hardlink_to(given)
    name = {"symbolic": "other", "hard": "other"}.get(way, "in")
    read = {"dot": Path("./in"), "folder": Path()}.get(way, given)
    with pytest.raises(UsageError, match="is an input"):
        write_all(tmp_path, {name: "new"}, Replacing(inputs=[read], force=True))
    assert given.read_text() == "read"


def test_earlier_results_may_lie_in_a_folder_that_is_read(tmp_path):
    written(tmp_path, "ours", "page.html")
    mine = Replacing(mine=lambda _: True, inputs=[tmp_path])
    write_all(tmp_path, {"page.html": "new", "more": "x"}, mine)
    assert listed(tmp_path) == {"page.html": "new", "more": "x"}


def test_folders_move_into_those_that_are_there_and_through_no_link(tmp_path):
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (folder / "sub").mkdir(parents=True)
    written(folder / "sub", "other", "other")
    elsewhere.mkdir()
    with filling(folder) as aside:
        (aside / "sub").mkdir()
        written(aside / "sub", "1", "a")
        (aside / "new" / "deep").mkdir(parents=True)
        written(aside / "new" / "deep", "1", "b")
    assert (folder / "sub" / "a").read_text() == "1"
    assert (folder / "sub" / "other").read_text() == "other"
    assert (folder / "new" / "deep" / "b").read_text() == "1"
    (folder / "link").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="in the way"), filling(folder, FORCE) as aside:
        (aside / "link").mkdir()
    assert list(elsewhere.iterdir()) == []


def test_json_shows_no_control_character_and_keeps_the_text():
    given = {"a\x9b31m": "\x1b[2J\x7f\u202e\n é"}
    text = json_text(given)
    assert json.loads(text) == given
    assert not {*text} & {*"\x9b\x1b\x7f\u202e"}


def test_a_kill_at_any_change_of_a_name_leaves_the_old_or_the_new(tmp_path):
    made = subprocess.run(
        [sys.executable, "-m", "tests.rankbound.kills", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    kills = [json.loads(line) for line in made.stdout.splitlines()]
    new = {"out": True, "out/a": "new", "out/b": "new", "out/c": "new"}
    old = {"out": True, "out/a": "old", "out/b": "old", "out/stale": "old"}
    empty = {"out": True}
    before = {"fresh": [{}, empty], "empty": [empty], "earlier": [old], "settling": []}
    for kill in kills:
        assert kill["settled"] in [*before[kill["state"]], new], kill
        assert kill["again"] == new, kill
        if kill["state"] == "fresh":  # appears as a whole, before anybody settles it
            seen = {k: v for k, v in kill["at_once"].items() if ".writing-" not in k}
            assert seen in [{}, empty, new], kill
    mixed = [kill for kill in kills if kill["at_once"].get("out/a") == "new"]
    assert any(kill["at_once"].get("out/b") == "old" for kill in mixed)
    assert len(kills) > 60


def leftover(folder, name, journal=None):
    """What a killed run leaves, with one new file a."""
    hidden = folder / name
    (hidden / "new").mkdir(parents=True)
    written(hidden / "new", "new", "a")
    if journal is not None:
        (hidden / "journal.json").write_text(json.dumps(journal))
    return hidden


def test_what_somebody_changed_after_a_kill_stays(tmp_path):
    path = written(tmp_path, "theirs", "a")
    journal = {"moves": [["new/a", "a"]], "stale": [], "before": {"a": [1, 2, 3]}}
    leftover(tmp_path, ".writing-x", journal)
    settle(tmp_path)
    assert listed(tmp_path) == {"a": "theirs"}
    was = path.stat()
    journal["before"]["a"] = [was.st_ino, was.st_size, was.st_mtime_ns]
    leftover(tmp_path, ".writing-x", journal)
    settle(tmp_path)
    assert listed(tmp_path) == {"a": "new"}


def test_hidden_folders_that_hold_anything_else_stay(tmp_path):
    hidden = leftover(tmp_path, ".writing-x")
    written(hidden, "theirs", "notes")
    elsewhere = leftover(tmp_path, "elsewhere")
    (tmp_path / ".writing-link").symlink_to(elsewhere)
    written(tmp_path, "a file", ".writing-file")
    before = listed(tmp_path)
    settle(tmp_path)
    write_all(tmp_path, {})
    assert listed(tmp_path) == before


def test_a_folder_that_another_process_holds_is_waited_for(tmp_path, monkeypatch):
    program = (
        "import sys; from pathlib import Path; from rankbound.writing import holding\n"
        "with holding(Path(sys.argv[1])):\n print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        hidden = leftover(tmp_path, ".writing-x")
        settle(tmp_path)  # it may be the work of the other process
        assert hidden.is_dir()
        with pytest.raises(BusyError, match="another run of rankbound writes there"):
            holding(tmp_path).__enter__()
        with monkeypatch.context() as changed:
            changed.setattr(rankbound.writing, "PATIENCE", 0.1)
            with pytest.raises(BusyError):
                write_all(tmp_path, {"a": "new"})
        ending = threading.Timer(0.2, holder.communicate, ["\n"])
        ending.start()
        write_all(tmp_path, {"a": "new"})
        ending.join()
    assert listed(tmp_path) == {"a": "new"}


def test_a_folder_is_held_once_and_let_go(tmp_path):
    folder = tmp_path / "new"
    with holding(folder) as outer, holding(folder) as inner:
        assert outer is inner
        write_all(folder, {"a": "b"})
    with pytest.raises(ZeroDivisionError), holding(tmp_path / "c" / "d"):
        raise ZeroDivisionError
    assert listed(tmp_path) == {"new": None, "new/a": "b"}
