"""Embeddings from any container of vectors, memory-mapped if possible."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError, UsageError
from rankbound.memory import reading_within
from rankbound.read.contents import Contents, Format
from rankbound.read.json.records import lacking
from rankbound.read.source import Source
from rankbound.read.vectors import indexes, matrices, tensors
from rankbound.read.vectors.common import Container, Held, Shape
from rankbound.read.vectors.row_ids import (
    distinct,
    ids_beside,
    ids_path,
    read_ids,
    write_ids,
)

CONTAINERS: dict[str, Container] = {
    container.name: container
    for container in (
        *matrices.CONTAINERS,
        *tensors.CONTAINERS,
        *indexes.CONTAINERS,
        matrices.RAW,  # has no signature, so it comes last
    )
}

PIPED: Final = "is a pipe, and vectors are read where they lie; save them to a file"


def read_embeddings(
    vectors: Any,
    ids: Any = None,
    *,
    format: str | None = None,
    memory: int | str | None = None,
) -> Embeddings:
    """Read vectors and the ids of their rows.

    Parameters
    ----------
    vectors : path, or array of shape (n, dim), mapping of id to vector, or table
        A path may be .npy, .npz, safetensors, a tensor of torch.save, a flat FAISS
        index, a FlexIndex or Pyserini folder, a table with a column of vectors, or raw
        float32 numbers (.f4, .f32, .bin). A flat FAISS index in memory is read, too.
    ids : path, or sequence of ids for an array, optional
        A file has one id a line, a JSON list, or a .npy array, in the order of the
        rows. By default, the container's own ids or the file beside it
        (``docs.ids.txt`` beside ``docs.npy``; see
        `rankbound.read.vectors.row_ids.ids_beside`).
    format : str, optional
        The format of a file; ``raw:DIM`` gives the width of raw numbers.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.

    Returns
    -------
    Embeddings
        Memory-mapped if the container allows it.

    Raises
    ------
    FormatError
        If the content is of another kind or damaged, there are no ids, an id is blank
        or occurs twice, or the numbers of ids and of vectors differ.
    UsageError
        If no format has the given name.

    Examples
    --------
    >>> import numpy as np
    >>> read_embeddings(np.eye(2), ["a", "b"]).ids.tolist()
    ['a', 'b']
    """
    from rankbound.read.reading import is_object

    if is_object(vectors):
        from rankbound.read.objects.objects import embeddings_of_object

        if ids is not None and not is_object(ids):
            ids = read_ids(Path(ids))
        return embeddings_of_object(vectors, ids, format=format)
    with reading_within(memory):
        found = read_vectors(Path(vectors), None if ids is None else Path(ids), format)
    assert found.embeddings is not None  # noqa: S101  readers of vectors give them
    return found.embeddings


def read_vectors(path: Path, ids: Path | None, format: str | None) -> Contents:
    """What a file of vectors holds, with what was mended; see `read_embeddings`."""
    from rankbound.read.reading import read_part

    source = Source(path)
    if source.is_read_once:  # a table would be opened again
        raise source.fail(PIPED)
    container, dim = _container(source, format)
    if container is None:
        return read_part(path, "embeddings", format=format)
    return _contents(source, container, ids, dim)


def _container(
    source: Source, format: str | None
) -> tuple[Container | None, int | None]:
    """The container by name or content, and its width; None for a table."""
    if format is None:
        sniffed = (c for c in CONTAINERS.values() if c.sniff(source) is not None)
        return next(sniffed, None), None
    name, _, argument = format.partition(":")
    if argument and not (name == "raw" and argument.isdecimal() and int(argument) > 0):
        raise UsageError(
            f"`format={format!r}`: give the width as raw:DIM, such as raw:768"
        )
    return CONTAINERS.get(name), int(argument) if argument else None


class Assembled(NamedTuple):
    """Vectors with ids, the container's content, the path of the ids, and counts."""

    embeddings: Embeddings
    held: Held
    place: Path
    repairs: dict[str, int]


def _assembled(
    source: Source, container: Container, ids: Path | None, dim: int | None
) -> Assembled:
    """Vectors with their ids."""
    if source.is_pipe:
        raise source.fail(PIPED)
    beside = None
    if ids is None and not source.is_folder:
        beside = ids_beside(source.path)
    repairs: dict[str, int] = {}
    names = None if ids is None else read_ids(ids, repairs)
    if names is None and beside is not None and not container.has_ids:
        names = read_ids(beside, repairs)
    rows = None if names is None else len(names)
    held = container.hold(source, Shape(dim=dim, rows=rows))
    own = held.ids is not None and ids is None
    if own:
        names = distinct(held.ids or [], source, repairs)
    elif names is None and beside is not None:
        names = read_ids(beside, repairs)
    place = source.path if own else (ids or beside)
    if names is None or place is None:
        raise source.fail(
            "vectors without ids; give `ids`, a file with one id a line in the order "
            f"of the rows, or put {source.path.stem}.ids.txt beside it"
        )
    _check_counts(names, held, source, place)
    name = f"{source.path}" if own else f"{source.path} (ids: {place})"
    found = Embeddings(ids=strings(names), vectors=held.matrix, name=name)
    return Assembled(found, held, place, repairs)


def _check_counts(names: list[str], held: Held, source: Source, place: Path) -> None:
    if len(names) != len(held.matrix):
        raise FormatError(
            place,
            f"{len(names)} ids for the {len(held.matrix)} vectors of {source.path}; "
            "the two files must have the same rows in the same order",
            line=len(names),
        )


def read_with_ids(source: Source, ids: Path, format: str | None = None) -> Contents:
    """Read a file of vectors whose ids are in another file.

    Raises
    ------
    FormatError
        As `read_embeddings`.
    UsageError
        If the file is no container of vectors.
    """
    container, dim = _container(source, format)
    if container is None:
        raise UsageError(
            f"`ids` is for vectors, but {source.path} is not recognised as a file of "
            "vectors; give its `format`, or leave `ids` out"
        )
    return _contents(source, container, ids, dim)


def _contents(
    source: Source, container: Container, ids: Path | None, dim: int | None
) -> Contents:
    embeddings, held, place, repairs = _assembled(source, container, ids, dim)
    return Contents(
        container.name,
        source.path,
        embeddings=embeddings,
        metadata={**held.metadata, "ids": str(place)},
        repairs=repairs,
        notes=held.notes,
    )


def _format(container: Container) -> Format:
    def read(source: Source) -> Contents:
        return _contents(source, container, None, None)

    save, configure = container.write, container.configure

    def write(contents: Contents, path: Path) -> str | None:
        if save is None or contents.embeddings is None:
            raise lacking(contents, container.name, "embeddings")
        if not container.has_ids:
            names = contents.embeddings.ids.tolist()
            write_ids(names, ids_path(path), str(contents.path))
        return save(contents.embeddings, path, contents.metadata)

    return Format(
        container.name,
        container.title,
        ("embeddings",),
        container.sniff,
        read,
        None if save is None else write,
        container.keeps,
        None if configure is None else lambda text: _format(configure(text)),
        container.lies,
    )


FORMATS = tuple(_format(container) for container in CONTAINERS.values())
