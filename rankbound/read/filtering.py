"""Copy some lines of a line-based file, byte for byte, with the same compression."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rankbound.data.columns import Booleans
from rankbound.read.source import Source


def copy_lines(source: Path, targets: Mapping[Path, Booleans]) -> None:
    """Write chosen lines of a file to several files, in one pass.

    Parameters
    ----------
    source : Path
        Plain or packed, told apart by its first bytes, as when it was read.
    targets : mapping of Path to boolean array, shape (n_lines + 1,)
        Whether each line, counted from 1, goes into the file. Lines beyond the array
        are not copied.

    Raises
    ------
    FormatError
        When the source cannot be read, or ends before a chosen line.

    Notes
    -----
    A line keeps its bytes and its line end; a byte order mark is dropped. A target is
    packed as the source is; the same lines give the same file, since neither a name
    nor a time is stored.
    """
    origin = Source(source)
    number = 0
    with ExitStack() as stack:
        opened = stack.enter_context(origin.stream())
        streams = [
            (stack.enter_context(_writing(path, origin.packing)), chosen)
            for path, chosen in targets.items()
        ]
        for number, line in enumerate(opened, start=1):
            for stream, chosen in streams:
                if number < len(chosen) and chosen[number]:
                    stream.write(line)
    wanted = [chosen.nonzero()[0].max(initial=0) for chosen in targets.values()]
    last = max(wanted, default=0)
    if last > number:
        raise origin.fail(
            f"ends at line {number}, and line {last} is asked for; it changed since it "
            "was read, or is of a format without lines"
        )


@contextmanager
def _writing(path: Path, packing: str) -> Iterator[Any]:
    """A binary stream into a file, packed."""
    with path.open("wb") as raw, _PACKERS[packing](raw) as stream:
        yield stream


@contextmanager
def _plain(raw: Any) -> Iterator[Any]:
    yield raw


def _gzip(raw: Any) -> Any:
    return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)


def _by_arrow(codec: str) -> Callable[[Any], Any]:
    def packed(raw: Any) -> Any:
        import pyarrow as pa

        return pa.CompressedOutputStream(pa.PythonFile(raw, mode="w"), codec)

    return packed


_PACKERS: dict[str, Callable[[Any], Any]] = {
    "none": _plain,
    "gzip": _gzip,
    "bz2": lambda raw: bz2.BZ2File(raw, "wb"),
    "lz4": _by_arrow("lz4"),
    "zstd": _by_arrow("zstd"),
}
