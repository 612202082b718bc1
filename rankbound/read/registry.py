"""Every format by name, and detection from content.

A family of formats is a module with a tuple `FORMATS`. The order is that of detection:
containers with a signature first, then the particular before the general.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import orjson

from rankbound.errors import FormatError, UsageError
from rankbound.read.contents import Contents, Format
from rankbound.read.json.rowformats import RowFormat
from rankbound.read.source import HEAD, Source

FAMILIES: tuple[str, ...] = (
    "objects.irds",
    "tables.columnar",
    "tables.tables",
    "tables.other",
    "objects.pickles",
    "vectors.embeddings",
    "json.rankedlists",
    "json.groups",
    "json.hardnegatives",
    "json.lists",
    "json.colbert",
    "json.flagembedding",
    "json.tevatron",
    "json.rankllm",
    "json.margins",
    "json.mined",
    "json.lookup",
    "text.texts",
    "text.tables",
    "json.hofstaetter",
    "text.trec",
)

ZIP = b"PK\x03\x04"  # an .npz archive is one


@cache
def formats() -> dict[str, Format]:
    """All formats by name, in the order of detection."""
    found: dict[str, Format] = {}
    for family in FAMILIES:
        for entry in import_module(f"rankbound.read.{family}").FORMATS:
            if entry.name in found:
                raise ValueError(f"two formats are called {entry.name!r}")
            found[entry.name] = entry
    return found


@cache
def row_formats() -> tuple[RowFormat, ...]:
    """Formats of records, which tables and Python objects can hold as well as lines."""
    modules = (import_module(f"rankbound.read.{family}") for family in FAMILIES)
    return tuple(
        entry for module in modules for entry in getattr(module, "ROW_FORMATS", ())
    )


def by_name(name: str) -> Format:
    """The format of that name, which may go on with a colon and an argument.

    Raises
    ------
    UsageError
        Listing the names there are, or what the argument may be.
    """
    known = formats()
    base, colon, argument = name.partition(":")
    if base not in known:
        raise UsageError(f"no format is called {base!r}; there are {', '.join(known)}")
    if not colon:
        return known[base]
    configure = known[base].configure
    if configure is None:
        raise UsageError(f"--format {name}: {base} takes no argument after a colon")
    return configure(argument)


def detect(source: Source, *, part: str | None = None) -> tuple[Format, str]:
    """The first format whose signature the content shows, and the evidence.

    Parameters
    ----------
    source : Source
    part : str, optional
        What the file is asked for, of `PARTS`: formats that can hold it come first,
        which settles content that two formats would claim.

    Raises
    ------
    FormatError
        When there is none, or the file is empty.
    """
    if source.dataset is not None:
        wanted = "qrels" if part == "qrels" else "scoreddocs"
        return by_name(f"irds-{wanted}"), f"the id {source.dataset!r} of a dataset"
    if not source.is_folder and not source.head.strip():
        raise FormatError(source.path, "the file is empty", line=1)
    for entry in sorted(formats().values(), key=lambda one: part not in one.parts):
        evidence = entry.sniff(source)
        if evidence is not None:
            return entry, evidence
    if source.is_folder:
        raise FormatError(
            source.path, "is a directory of no known format; name the file in it"
        )
    _refuse_packed(source)
    start = source.head[:60]
    raise FormatError(
        source.path,
        f"of no known format, it begins {start!r}{_no_json(source.head)}; say which "
        f"with --format (one of {', '.join(formats())})",
        line=1,
    )


def _refuse_packed(source: Source) -> None:
    """Refuse packed vectors of a format that is known by bytes as they lie on disk."""
    if source.packing == "none" or source.is_folder:
        return
    bare = Source(source.path, content=source.head)
    mapped = [entry for entry in formats().values() if entry.lies == "mapped"]
    if source.head.startswith(ZIP) or any(entry.sniff(bare) for entry in mapped):
        raise FormatError(
            source.path,
            f"is packed with {source.packing}; unpack it, so that it can stay on disk",
        )


def _no_json(head: bytes) -> str:
    """Why a first line that looks like JSON is none; empty if it does not, or is."""
    line, end, _ = head.partition(b"\n")
    if (
        not line.startswith((b"{", b"["))
        or len(line) < 3
        or (not end and len(head) >= HEAD)
    ):
        return ""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f", which is no JSON ({error.msg} at column {error.colno})"
    return ""


def read_any(path: Path | str, *, format: str | None = None) -> Contents:
    """Read a file or folder of any known format, detected from its content.

    Parameters
    ----------
    path : path
    format : str, optional
        The name of a format, instead of detection.

    Raises
    ------
    FormatError
        With path:line (or row), naming the rule that the file breaks.
    UsageError
        For the name of no format.
    """
    source = Source(Path(path))
    entry = detect(source)[0] if format is None else by_name(format)
    return entry.read(source)
