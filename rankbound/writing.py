"""The one writer: all files or none, no input lost, nothing of anybody else replaced.

Files are made in a hidden folder of an unpredictable name beside their places, which
only this user may enter, and reach the disk before the first of them is renamed. A
folder that is new appears as a whole, by one rename. Elsewhere a journal reaches the
disk first: when a rename fails, what was there before comes back, and when the process
is killed between two of them, whoever reads or writes there next ends the work (see
`settle`). While it writes, a process holds a lock on the folder.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

import msgspec

from rankbound.decoding import schema_in
from rankbound.engine import HIDDEN
from rankbound.errors import FULL, MAKE_ROOM, NO_UNICODE, UsageError, is_unicode
from rankbound.escaping import json_safe

try:
    import fcntl
except ImportError:  # Windows has no locks of folders
    fcntl = None  # type: ignore[assignment]

# What each command left in a folder; it is renamed last
MANIFEST: Final = "rankbound.manifest.json"
SCHEMA: Final = "rankbound.manifest"
# What systems say that cannot sync a folder
NOT_FOR_FOLDERS: Final = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
JOURNAL: Final = "journal.json"
PART: Final = 1 << 22  # characters that are written at once
PATIENCE: Final = 60.0  # seconds in which another process may end writing to a folder
AGAIN: Final = 0.05  # seconds until it is asked for again
# What a batch system sends, and a terminal that is closed; Windows has only the first
ENDING: Final = (
    signal.SIGTERM,
    *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []),
)


def is_manifest(path: Path) -> bool:
    """Whether a file is the manifest of a folder of results."""
    return schema_in(path).partition("/")[0] == SCHEMA


def json_text(value: Any) -> str:
    """JSON with full precision; NaN and infinity are refused.

    Examples
    --------
    >>> print(json_text({"a": 0.1}), end="")
    {
      "a": 0.1
    }
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return json_safe(text) + "\n"


def check_folder(folder: Path) -> None:
    """Raise when results cannot be written to a folder of this name."""
    if not is_unicode(str(folder)):
        raise UsageError(f"{folder}: {NO_UNICODE}")
    try:
        places = (folder, *folder.parents)
        nearest = next(path for path in places if path.exists() or path.is_symlink())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be used ({error.strerror})") from None
    if not nearest.exists():
        raise UsageError(f"{nearest}: is a link to nothing; name a folder")
    if not nearest.is_dir():
        raise UsageError(f"{nearest}: is a file, and results need a folder")
    if not os.access(nearest, os.W_OK):
        raise UsageError(f"{nearest}: no permission to write there")


def nothing(_: Path) -> bool:
    """No file is an earlier one of ours."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacing:
    """Which files in the way may be replaced: by default, none.

    Attributes
    ----------
    mine : callable
        Whether a file is an earlier output of the same kind, judged by its content.
    inputs : sequence of Path
        Files that were read, and folders; they are never replaced, under any name.
    force : bool
        Replace files of other kinds, too.
    """

    mine: Callable[[Path], bool] = nothing
    inputs: Sequence[Path] = ()
    force: bool = False

    def check(self, path: Path) -> None:
        """Raise when a file must not be written there."""
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; a file goes there")
        if is_special(path):
            raise UsageError(
                f"{path}: is no plain file, and would be replaced by one; name another"
            )
        if not os.path.lexists(path):
            return
        mine = self.mine(path) or (path.name == MANIFEST and is_manifest(path))
        if any(_is_read(path, given, mine=mine) for given in self.inputs):
            raise UsageError(
                f"{path}: is an input, which is not overwritten; write to another name"
            )
        if not mine and not self.force:
            raise UsageError(
                f"{path}: exists, and nothing says that it may be replaced; write to "
                "another name, or replace it with `force`"
            )


def _is_read(path: Path, given: Path, *, mine: bool) -> bool:
    """Whether an existing file is an input, or lies in a folder that is one."""
    try:
        if given.is_dir():
            # Earlier results may lie in the folder that they are made of
            real = path.resolve()
            return not mine and any(map(given.samefile, real.parents))
        return given.exists() and path.exists() and path.samefile(given)
    except OSError:
        return False


NEW: Final = Replacing()


def check_outputs(folder: Path, names: Iterable[str], replacing: Replacing) -> None:
    """Raise, before any work, when files of these names cannot be written there."""
    check_folder(folder)
    for name in names:
        replacing.check(folder / name)


def write_all(
    folder: Path,
    texts: Mapping[str, str | InParts | None],
    replacing: Replacing = NEW,
    *,
    record: Callable[[Path, Path], None] | None = None,
) -> None:
    """Write named texts into a folder; a None removes a file of an earlier run.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    texts : mapping of file name to text, to what gives it in parts, or to None
    replacing : Replacing
    record : callable, optional
        Writes the manifest, given the folder where the files are and the one that they
        go to.

    Raises
    ------
    UsageError
        When the folder cannot be written to, or a file in the way must stay.
    """
    check_outputs(folder, texts, replacing)
    stale = [name for name, text in texts.items() if text is None]
    try:
        with filling(folder, replacing, stale=stale) as aside:
            for name, text in texts.items():
                if text is not None:
                    _write(text, aside / name)
            if record is not None:
                record(aside, folder)
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.end + 20]
        raise UsageError(
            f"{folder}: cannot be written: {around!r} is not Unicode text; rename it"
        ) from None


class InParts(Protocol):
    """A text that is made while it is written."""

    def parts(self) -> Iterator[bytes]:
        """The text in UTF-8."""


def _write(text: str | InParts, path: Path) -> None:
    """Write a text a part at a time, since it is encoded beside itself."""
    if not isinstance(text, str):
        with path.open("wb") as packed:
            packed.writelines(text.parts())
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        for start in range(0, len(text), PART):
            stream.write(text[start : start + PART])


@contextmanager
def filling(
    folder: Path, replacing: Replacing = NEW, *, stale: Sequence[str] = ()
) -> Iterator[Path]:
    """Yield an empty folder, whose content is moved into `folder` afterwards.

    Nothing is moved after an error, and an error while moving undoes the moves. Files
    of other names stay. A batch system ends a job by SIGTERM, which by default stops
    the interpreter at once and would leave large files behind; here it ends like an
    error. A handler that the user has set is kept.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    replacing : Replacing
    stale : sequence of str
        Files of an earlier run that are removed.

    Raises
    ------
    UsageError
        When the folder cannot be written to, another process goes on writing there for
        `PATIENCE` seconds, or a file in the way must stay.
    """
    try:
        with terminable(), _in_turn(folder) as held, _hidden(folder, held) as hidden:
            aside = hidden / "new"
            aside.mkdir()
            yield aside
            moves = [*_moves(aside, folder)]
            for path in (target for _, target in moves):
                replacing.check(path)
            gone = [folder / name for name in stale]
            for path in gone:
                replacing.check(path)
            _reach_disk(aside)
            if held.is_new and not any(folder.iterdir()):
                aside.rename(folder)
            else:
                present = [path for path in gone if os.path.lexists(path)]
                _move(moves, present, hidden)
    except OSError as error:
        said = f"{folder}: cannot be written ({error.strerror or error})"
        if error.errno in FULL:
            said += f"; {MAKE_ROOM}"
        raise UsageError(said) from None


@dataclass(slots=True)
class Held:
    """A folder that this thread has locked; `is_new` if it was made for the purpose."""

    is_new: bool


_held: Final[dict[tuple[int, int, int], Held]] = {}


@contextmanager
def holding(folder: Path) -> Iterator[Held]:
    """Make a folder, and let no other process write results into it.

    What a killed process left there is settled first. After an error, folders that were
    made are removed, if they are empty. Within a thread it may be nested.

    Raises
    ------
    UsageError
        When another process holds the folder, or it cannot be made.
    """
    check_folder(folder)
    with ExitStack() as stack:
        try:
            new = stack.enter_context(_made(folder))
        except OSError as error:
            said = error.strerror or error
            raise UsageError(f"{folder}: cannot be made ({said})") from None
        status = folder.stat()
        key = (status.st_dev, status.st_ino, threading.get_ident())
        held = _held.get(key)
        if held is None:
            if not stack.enter_context(_locked(folder)):
                raise BusyError(
                    f"{folder}: another run of rankbound writes there; wait until it "
                    "has ended, or name another folder"
                )
            _settle(folder)
            held = _held[key] = Held(is_new=new)
            stack.callback(_held.pop, key)
        yield held


class BusyError(UsageError):
    """Another process holds a folder."""


@contextmanager
def _in_turn(folder: Path) -> Iterator[Held]:
    """Hold a folder, as soon as another process that writes there has ended.

    Commands of one file, such as `convert`, are run side by side in one folder; those
    of many hold theirs from the start, and find out at once.
    """
    until = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                held = stack.enter_context(holding(folder))
            except BusyError:
                if time.monotonic() >= until:
                    raise
                time.sleep(AGAIN)
            else:
                break
        yield held


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder; whether that worked, or the system has no such locks."""
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:  # some network file systems lock no folders
            pass
        yield True
    finally:
        os.close(descriptor)


@contextmanager
def _made(folder: Path) -> Iterator[bool]:
    """Make a folder, and after an error remove those that were made for it."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield bool(new)
    except BaseException:
        for path in new:
            with suppress(OSError):  # another program may have put a file there
                path.rmdir()
        raise


@contextmanager
def _hidden(folder: Path, held: Held) -> Iterator[Path]:
    """An empty folder that is removed afterwards; beside a new one, in another one."""
    place, prefix = folder, HIDDEN
    if held.is_new and not any(folder.iterdir()):
        place, prefix = folder.parent, _beside(folder)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place) as hidden:
        yield Path(hidden)


def _beside(folder: Path) -> str:
    """How hidden folders beside a new one start."""
    return f".{folder.name[:100]}{HIDDEN}"


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into exceptions, so that what was begun is undone."""
    ours = [one for one in ENDING if signal.getsignal(one) == signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []
    for one in ours:
        signal.signal(one, _terminated)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)


def _terminated(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _moves(aside: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """What goes where; a folder that is new, or empty, is moved as a whole."""
    for path in sorted(aside.iterdir(), key=lambda one: (one.name == MANIFEST, one)):
        target = folder / path.name
        if not path.is_dir() or not os.path.lexists(target):
            yield path, target
        elif target.is_symlink() or not target.is_dir():
            raise UsageError(f"{target}: is in the way of a folder; name another")
        else:
            yield from _moves(path, target)


def _reach_disk(aside: Path) -> None:
    """Find out that the disk is full while nothing has been replaced yet."""
    for path in aside.rglob("*"):
        if path.is_file():
            _sync(path)


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What remains to be done when all files are on the disk.

    `moves` are pairs of names, below the hidden folder and its parent; `stale` are
    files to be removed, and `before` tells which file was there under each name.
    """

    moves: tuple[tuple[str, str], ...]
    stale: tuple[str, ...]
    before: dict[str, tuple[int, int, int] | None]


def _file(path: Path) -> tuple[int, int, int] | None:
    """Which file is there: another one, or a changed one, differs."""
    if not os.path.lexists(path):
        return None
    status = path.lstat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _move(
    moves: Sequence[tuple[Path, Path]], stale: Sequence[Path], hidden: Path
) -> None:
    """Rename all, remove the stale files, and undo everything when one fails."""
    root = hidden.parent
    targets = [*(target for _, target in moves), *stale]
    journal = Journal(
        moves=tuple(
            (path.relative_to(hidden).as_posix(), target.relative_to(root).as_posix())
            for path, target in moves
        ),
        stale=tuple(path.relative_to(root).as_posix() for path in stale),
        before={path.relative_to(root).as_posix(): _file(path) for path in targets},
    )
    unsure = hidden / f"{JOURNAL}.part"
    unsure.write_bytes(msgspec.json.encode(journal))
    _sync(unsure)
    unsure.rename(hidden / JOURNAL)
    _sync(hidden)
    undo: list[tuple[Path, Path]] = []
    try:
        for number, (path, target) in enumerate(moves):
            if os.path.lexists(target):
                undo.append((_kept(target, hidden / f"old-{number}"), target))
            else:
                undo.append((path, target))
            path.replace(target)
        for number, target in enumerate(stale, len(moves)):
            kept = hidden / f"old-{number}"
            undo.append((kept, target))
            target.replace(kept)
        for parent in {target.parent for target in targets}:
            _sync(parent)
    except BaseException:
        for back, target in reversed(undo):
            with suppress(OSError):  # the first error is the one to tell
                if back.is_relative_to(hidden / "new"):
                    target.replace(back)
                else:
                    back.replace(target)
        raise
    finally:
        # From here on there is nothing to end, whether all is done or undone
        with suppress(OSError):
            (hidden / JOURNAL).unlink()


def settle(folder: Path) -> None:
    """End or undo what a killed process began in a folder.

    Where the journal is on the disk, so are all files: the renames that are missing are
    done. Otherwise nothing was replaced yet, and the hidden folder is removed. A file
    that somebody changed meanwhile stays as it is. A process that still writes there is
    left alone.

    Raises
    ------
    UsageError
        When there is work to end, and the folder cannot be written to.
    """
    if not _leftovers(folder):
        return
    with _locked(folder) as ours:
        if ours:
            try:
                _settle(folder)
            except OSError as error:
                raise UsageError(
                    f"{folder}: a run was killed while it wrote its files there, and "
                    f"they cannot be put in order ({error.strerror or error}); run the "
                    "command again"
                ) from None


def _leftovers(folder: Path) -> list[Path]:
    """Hidden folders of this user, in which nothing but ours lies."""
    found = [*folder.glob(f"{HIDDEN}*")]
    if folder.name:
        found += folder.parent.glob(f"{_escaped(_beside(folder))}*")
    return [path for path in found if _is_ours(path)]


def _escaped(text: str) -> str:
    """The pattern that matches a text as it is."""
    return "".join(f"[{one}]" if one in "*?[" else one for one in text)


def _is_ours(path: Path) -> bool:
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            return False
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return False
        names = {one.name for one in path.iterdir()} - {"new", JOURNAL}
        return all(n.startswith(("old-", f"{JOURNAL}.")) for n in names)
    return False


def _settle(folder: Path) -> None:
    for hidden in _leftovers(folder):
        path = hidden / JOURNAL
        if path.is_file():
            _redo(msgspec.json.decode(path.read_bytes(), type=Journal), hidden)
            path.unlink()
        shutil.rmtree(hidden)


def _redo(journal: Journal, hidden: Path) -> None:
    """Do the renames that are missing, unless somebody has changed a file since."""
    root = hidden.parent
    waiting = {root / name: hidden / path for path, name in journal.moves}
    missing = [name for name, path in waiting.items() if os.path.lexists(path)]
    stale = [path for name in journal.stale if os.path.lexists(path := root / name)]
    # Where there are no hard links, what was there is set aside before the rename
    before = {root / name: was for name, was in journal.before.items()}
    if all(_file(path) in (before[path], None) for path in (*missing, *stale)):
        for path in missing:
            waiting[path].replace(path)
        for path in stale:
            path.unlink()
    _sync(root)


def _sync(path: Path) -> None:
    """Let a file, or the names in a folder, reach the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if not (path.is_dir() and error.errno in NOT_FOR_FOLDERS):
            raise


def _kept(target: Path, place: Path) -> Path:
    """Give a file that will be replaced a second name."""
    try:
        os.link(target, place, follow_symlinks=False)
    except OSError:  # a file system without hard links
        target.replace(place)
    return place


def is_special(path: Path) -> bool:
    """Whether it is a device, a pipe, or a name of one such as /dev/stdout."""
    if path.is_symlink() and path.readlink().is_relative_to("/proc"):
        return True
    return path.exists() and not path.is_file()
