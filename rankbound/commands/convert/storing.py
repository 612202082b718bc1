"""A converted file in its place: written aside, packed, read back, then renamed."""

from __future__ import annotations

import bz2
import gzip
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from rankbound.commands.convert.sameness import RERANKED, differences
from rankbound.errors import FormatError, UsageError
from rankbound.read.contents import Contents, Format
from rankbound.read.registry import detect
from rankbound.read.source import Source
from rankbound.writing import aside_in, is_special

WHERE: Final = re.compile(r"\A(:\d+)?: (row \d+: )?")
RANKS_LOST: Final = "ranks that the scores do not imply"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put in place.

    Attributes
    ----------
    beside : tuple of Path
        Files that belong to the target, as that of the ids of vectors.
    remark : str or None
        What the format had to decide.
    reranked : bool
        Whether other ranks came back than those of the source: some formats write the
        ranks that scores imply.
    """

    beside: tuple[Path, ...]
    remark: str | None
    reranked: bool


def check_target(source: Path, target: Path, *, folder: bool) -> None:
    """Raise unless something can be put there without touching the source.

    Parameters
    ----------
    source, target : Path
    folder : bool
        Whether the target's format is a folder.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(
            f"{target}: is the file to convert; write to another name, it is not "
            "overwritten"
        )
    if target.is_dir():
        if not folder:
            raise UsageError(f"{target}: is a folder; name the file to write")
        if any(target.iterdir()):
            raise UsageError(f"{target}: is a folder that is not empty; name a new one")
    elif folder and target.exists():
        raise UsageError(f"{target}: is a file, and the format is a folder")
    elif is_special(target):
        raise UsageError(
            f"{target}: is no plain file, and would be replaced by one; name another"
        )
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder; make it first")


def store(contents: Contents, entry: Format, target: Path, *, lossy: bool) -> Stored:
    """Write aside, pack, read back, compare, rename.

    Raises
    ------
    UsageError
        When it cannot be written there, or ranks would be lost without `lossy`.
    FormatError
        When the format cannot hold the contents, or they read back otherwise.
    """
    packing, plain = packing_of(target)
    try:
        with aside_in(target.parent) as hidden:
            aside = hidden / plain
            remark = _written(contents, entry, aside, target)
            if packing != "none":
                packed = pack(aside, hidden / target.name, packing)
                aside.unlink()
                aside = packed
            reranked = _compared(contents, entry, aside, target)
            if reranked and not lossy:
                raise UsageError(
                    f"{target}: {entry.name} would lose {RANKS_LOST}; accept that with "
                    "`lossy`"
                )
            remarks = filter(None, (remark, _mistaken(entry, aside)))
            beside = _place(aside, target)
            return Stored(beside, "; ".join(remarks) or None, reranked)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None


def _written(
    contents: Contents, entry: Format, aside: Path, target: Path
) -> str | None:
    if entry.write is None:
        raise UsageError(f"{entry.name} cannot be written")
    try:
        return entry.write(contents, aside)
    except FormatError as error:
        said = str(error)
        if said.startswith(str(aside)):  # the file that the user named
            raise FormatError(target, said.removeprefix(f"{aside}: ")) from None
        raise
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.end + 20]
        raise FormatError(
            contents.path, f"{around!r} is not Unicode text, and cannot be written"
        ) from None


def _compared(contents: Contents, entry: Format, aside: Path, target: Path) -> bool:
    """Whether the ranks are others; any other difference raises."""
    wrong = differences(contents, _read_back(entry, aside, target), entry)
    if wrong and wrong != [RERANKED]:
        raise FormatError(
            target,
            f"read back, {'; '.join(wrong)}; nothing was written, please report this",
        )
    return bool(wrong)


def _read_back(entry: Format, aside: Path, target: Path) -> Contents:
    """What was written; an error names the target, not the file aside."""
    try:
        return entry.read(Source(aside))
    except FormatError as error:
        found = WHERE.sub("", str(error).removeprefix(str(aside)))
        raise FormatError(
            target,
            f"{entry.name} cannot hold this, read back: {found} (choose another format "
            "with `to`)",
        ) from None


def _mistaken(entry: Format, aside: Path) -> str | None:
    """How to name the format, where the content alone would be taken for another."""
    name = entry.name.partition(":")[0]
    try:
        found = detect(Source(aside))[0].name
    except FormatError:
        found = "no known format"
    if found.partition(":")[0] == name:
        return None
    return f"its content looks like {found}; read it with --format {entry.name}"


def _place(aside: Path, target: Path) -> tuple[Path, ...]:
    """Rename what was written, first what stands beside the target."""
    others = [path for path in aside.parent.iterdir() if path != aside]
    moves = [(path, target.parent / path.name) for path in sorted(others)]
    for path, place in moves:
        if place.exists() and place.read_bytes() != path.read_bytes():
            raise UsageError(
                f"{place}: is there with other content, and would go with {target}; "
                "move it away, or choose another name"
            )
    for path, place in moves:
        path.replace(place)
    aside.replace(target)
    return tuple(place for _, place in moves)


SUFFIXES: Final = {
    ".gz": "gzip",
    ".bz2": "bz2",
    ".lz4": "lz4",
    ".zst": "zstd",
}
LEVEL: Final = 6  # half the time of 9, and files two per cent larger


def packing_of(path: Path) -> tuple[str, str]:
    """The packing that a name asks for, and the name without its suffix.

    Examples
    --------
    >>> packing_of(Path("a/bm25.run.gz")), packing_of(Path("t.json"))
    (('gzip', 'bm25.run'), ('none', 't.json'))
    """
    packing = SUFFIXES.get(path.suffix.casefold(), "none")
    return packing, path.name if packing == "none" else path.stem


def pack(plain: Path, packed: Path, packing: str) -> Path:
    """Pack a file; the same content always gives the same bytes.

    Parameters
    ----------
    plain, packed : Path
    packing : {"gzip", "bz2", "lz4", "zstd"}

    Returns
    -------
    Path
        `packed`.
    """
    packer = _PACKERS[packing]
    with plain.open("rb") as source, packed.open("wb") as raw, packer(raw) as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    return packed


def _gzip(raw: IO[bytes]) -> Any:
    # Neither name nor time in the header, which would differ from run to run
    return gzip.GzipFile(
        filename="", mode="wb", fileobj=raw, compresslevel=LEVEL, mtime=0
    )


def _by_arrow(codec: str) -> Callable[[IO[bytes]], Any]:
    def opened(raw: IO[bytes]) -> Any:
        import pyarrow as pa

        return pa.CompressedOutputStream(pa.PythonFile(raw, "w"), codec)

    return opened


_PACKERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": _gzip,
    "bz2": lambda raw: bz2.BZ2File(raw, "wb"),
    "lz4": _by_arrow("lz4"),
    "zstd": _by_arrow("zstd"),
}
