"""Copy some lines of a line-based file, byte for byte, with the same compression."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from estimators.groups import Booleans
from rankbound.formats.errors import FormatError
from rankbound.formats.opening import GZIP_MAGIC


def copy_lines(source: Path, targets: Mapping[Path, Booleans]) -> None:
    """Write chosen lines of a file to several files, in one pass.

    Parameters
    ----------
    source : Path
        Plain or gzip, told apart by its first bytes, as when it was read.
    targets : mapping of Path to boolean array, shape (n_lines + 1,)
        Whether each line, counted from 1, goes into the file. Lines beyond the array
        are not copied.

    Raises
    ------
    FormatError
        When the source cannot be read.

    Notes
    -----
    A line keeps its bytes and its line end. A target is gzip if the source is; the
    same lines give the same file, since neither a name nor a time is stored.
    """
    packed = is_gzip(source)
    with ExitStack() as stack:
        streams = [
            (stack.enter_context(_writing(path, packed=packed)), chosen)
            for path, chosen in targets.items()
        ]
        for number, line in enumerate(_lines(source, packed=packed), start=1):
            for stream, chosen in streams:
                if number < len(chosen) and chosen[number]:
                    stream.write(line)


def is_gzip(path: Path) -> bool:
    """Whether a file is gzip, by its first bytes.

    Raises
    ------
    FormatError
        When it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(2) == GZIP_MAGIC
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})") from None


def _lines(path: Path, *, packed: bool) -> Iterator[bytes]:
    with path.open("rb") as raw:
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        # Binary lines end with \n alone, as in the readers
        yield from stream


@contextmanager
def _writing(path: Path, *, packed: bool) -> Iterator[BinaryIO]:
    with path.open("wb") as raw:
        if not packed:
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream:
            yield cast(BinaryIO, stream)
