"""The one writer: all files or none, no input lost, nothing of anybody else replaced.

Files are made in a hidden folder of an unpredictable name beside their places, which
only this user may enter, and reach the disk before the first of them is renamed. What
was there before is kept until the last rename, and comes back when one fails.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from rankbound.errors import UsageError
from rankbound.escaping import json_safe


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
    try:
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be used ({error.strerror})") from None
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
        mine = self.mine(path)
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
    folder: Path, texts: Mapping[str, str | None], replacing: Replacing = NEW
) -> None:
    """Write named texts into a folder; a None removes a file of an earlier run.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    texts : mapping of file name to text or None
    replacing : Replacing

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
                    (aside / name).write_text(text, encoding="utf-8", newline="")
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.end + 20]
        raise UsageError(
            f"{folder}: cannot be written: {around!r} is not Unicode text; rename it"
        ) from None


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
        When the folder cannot be written to, or a file in the way must stay.
    """
    check_folder(folder)
    try:
        with _terminable(), _made(folder), _hidden(folder) as hidden:
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
            _move(moves, [path for path in gone if os.path.lexists(path)], hidden)
    except OSError as error:
        said = error.strerror or error
        raise UsageError(f"{folder}: cannot be written ({said})") from None


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder, and after an error remove those that were made for it."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for path in new:
            with suppress(OSError):  # another program may have put a file there
                path.rmdir()
        raise


@contextmanager
def _hidden(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as hidden:
        yield Path(hidden)


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that what was begun is undone."""
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminated(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _moves(aside: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """What goes where; a folder that is new, or empty, is moved as a whole."""
    for path in sorted(aside.iterdir()):
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
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _move(
    moves: Sequence[tuple[Path, Path]], stale: Sequence[Path], hidden: Path
) -> None:
    """Rename all, remove the stale files, and undo everything when one fails."""
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
    except BaseException:
        for back, target in reversed(undo):
            with suppress(OSError):  # the first error is the one to tell
                if back.is_relative_to(hidden / "new"):
                    target.replace(back)
                else:
                    back.replace(target)
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
