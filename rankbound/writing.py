"""Write all files or none: first into a folder aside, then renamed into place."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from rankbound.errors import UsageError


def json_text(value: Any) -> str:
    """JSON with full precision; NaN and infinity are refused.

    Examples
    --------
    >>> print(json_text({"a": 0.1}), end="")
    {
      "a": 0.1
    }
    """
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


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


def write_all(folder: Path, texts: Mapping[str, str | None]) -> None:
    """Write named texts into a folder; a None removes a file of an earlier run.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    texts : mapping of file name to text or None

    Raises
    ------
    UsageError
        When the folder cannot be written to.
    """
    check_folder(folder)
    _check_names(folder, texts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with aside_in(folder) as aside:
            for name, text in texts.items():
                if text is not None:
                    (aside / name).write_text(text, encoding="utf-8", newline="")
            for name, text in texts.items():
                if text is None:
                    (folder / name).unlink(missing_ok=True)
                else:
                    (aside / name).replace(folder / name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.end + 20]
        raise UsageError(
            f"{folder}: cannot be written: {around!r} is not Unicode text; rename it"
        ) from None


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Yield an empty folder, whose files are moved into `folder` afterwards.

    This is for files that are too large to hold as text. Nothing is moved after an
    error.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.

    Raises
    ------
    UsageError
        When the folder cannot be written to.
    """
    check_folder(folder)
    try:
        with _made(folder), aside_in(folder) as aside:
            yield aside
            made = sorted(aside.iterdir())
            _check_names(folder, [path.name for path in made])
            for path in made:
                path.replace(folder / path.name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None


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
def aside_in(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder that is removed afterwards, also after a termination.

    A batch system ends a job by SIGTERM, which by default stops the interpreter at
    once and would leave large files behind. A handler that the user has set is kept.
    """
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, _terminated)
    try:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as aside:
            yield Path(aside)
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminated(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _check_names(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if (folder / name).is_dir():
            raise UsageError(f"{folder / name}: is a folder; a file goes there")
        if is_special(folder / name):
            raise UsageError(
                f"{folder / name}: is no plain file, and would be replaced by one; "
                "name another"
            )


def is_special(path: Path) -> bool:
    """Whether it is a device, a pipe, or a name of one such as /dev/stdout."""
    if path.is_symlink() and path.readlink().is_relative_to("/proc"):
        return True
    return path.exists() and not path.is_file()


def move_into(aside: Path, folder: Path) -> list[Path]:
    """Move finished files into a folder, one rename each; other files there stay.

    Parameters
    ----------
    aside : Path
        Holds the files, in any sub-folders.
    folder : Path
        Made if it does not exist.

    Returns
    -------
    list of Path
        Where the files are now, sorted.
    """
    moved = []
    try:
        for path in sorted(aside.rglob("*")):
            target = folder / path.relative_to(aside)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            # A rename works within one file system only, so copy beside the target
            near = target.with_name(f".{target.name}.writing")
            shutil.copyfile(path, near)
            moved.append(near.replace(target))
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None
    return moved
