"""The files that `inspect` was given; one that cannot be read keeps its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rankbound.bounds.errors import DomainError
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.reading import read_part
from rankbound.read.registry import by_name, detect
from rankbound.read.source import Source
from rankbound.read.vectors.embeddings import read_embeddings

ROLES = ("file", "groups", "qrels", "embeddings")


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One file as it was given and read.

    Attributes
    ----------
    path : Path
    role : {"file", "groups", "qrels", "embeddings"}
        "file" where no option says what it is.
    asked : str or None
        The format that the user named.
    source : Source
    format : str or None
        The format's name; None where the content is of none.
    title : str or None
    evidence : str
        How the format was found.
    contents : Contents or None
        None where the file cannot be read.
    refusal : str or None
        The reader's line then.
    ids : Path or None
        The file with the ids of vectors.
    """

    path: Path
    role: str
    asked: str | None
    source: Source
    format: str | None = None
    title: str | None = None
    evidence: str = ""
    contents: Contents | None = None
    refusal: str | None = None
    ids: Path | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """What the file holds, texts among it."""
        if self.contents is None:
            return ()
        texts = ("texts",) if self.contents.texts else ()
        return (*self.contents.parts(), *texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be inspected: paths by what they are said to be, and their formats."""

    files: Sequence[Path]
    groups: Sequence[Path] = ()
    qrels: Path | None = None
    embeddings: Path | None = None
    ids: Path | None = None
    formats: Mapping[Path, str] | None = None
    format: str | None = None

    def of(self, path: Path) -> str | None:
        """The format that the user named for a path."""
        return (self.formats or {}).get(path, self.format)


def read_all(asked: Asked) -> tuple[Given, ...]:
    """Read every file once, in the order given.

    Raises
    ------
    UsageError
        For the name of no format. Files that cannot be read raise nothing.
    """
    wanted = [(path, "file") for path in asked.files]
    wanted += [(path, "groups") for path in asked.groups]
    if asked.qrels is not None:
        wanted.append((asked.qrels, "qrels"))
    if asked.embeddings is not None:
        wanted.append((asked.embeddings, "embeddings"))
    named = {path: role for path, role in wanted if role != "file"}
    once = dict.fromkeys((path, named.get(path, role)) for path, role in wanted)
    read = [_read(path, role, asked) for path, role in once]
    # Files of ids come along when a whole folder is given; they are read already
    known = {one.ids.resolve() for one in read if one.ids is not None}
    return tuple(
        one
        for one in read
        if one.contents is not None or one.path.resolve() not in known
    )


def _read(path: Path, role: str, asked: Asked) -> Given:
    source, format = Source(path), asked.of(path)
    entry, evidence = None, "as named"
    try:
        entry, evidence = _format_of(source, role, format)
        contents = _contents(source, role, entry, asked)
    except (FormatError, DomainError) as error:
        return Given(
            path=path,
            role=role,
            asked=format,
            source=source,
            format=None if entry is None else entry.name,
            title=None if entry is None else entry.title,
            evidence=evidence if entry is not None else "",
            refusal=" ".join(str(error).split()),
        )
    return Given(
        path=path,
        role=role,
        asked=format,
        source=source,
        format=contents.format,
        title=entry.title,
        evidence=evidence,
        contents=contents,
        ids=_ids_of(contents, asked if role == "embeddings" else None),
    )


def _format_of(source: Source, role: str, format: str | None) -> tuple[Format, str]:
    if format is not None:
        return by_name(format.partition(":")[0]), "as named"
    return detect(source, part=None if role == "file" else role)


def _contents(source: Source, role: str, entry: Format, asked: Asked) -> Contents:
    named = asked.of(source.path)
    # A pickle or a table may hold scores as well as vectors
    vectors_here = role == "embeddings" or entry.parts == ("embeddings",)
    if vectors_here and (asked.ids is not None or named is not None):
        ids = asked.ids if role == "embeddings" else None
        vectors = read_embeddings(source.path, ids, format=named)
        return Contents(entry.name, source.path, embeddings=vectors)
    if role == "file":
        return (entry if named is None else by_name(named)).read(source)
    return read_part(source.path, role, format=named)


def _ids_of(contents: Contents, asked: Asked | None) -> Path | None:
    """Where the ids of vectors stand; None where the vectors' own file has them."""
    if asked is not None and asked.ids is not None:
        return asked.ids
    place = contents.metadata.get("ids")
    if contents.embeddings is None or not isinstance(place, str):
        return None
    return Path(place) if Path(place) != contents.path else None
