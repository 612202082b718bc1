"""Containers of vectors: how they are described, opened, checked and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from rankbound.data.embeddings import Embeddings
from rankbound.errors import FormatError
from rankbound.read.source import Source

BLOCK: Final = 1 << 20  # numbers


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The content of a container of vectors.

    Attributes
    ----------
    matrix : array, shape (n, dim)
        Memory-mapped if the container allows it.
    ids : list of str, or None
        The container's own ids, in the order of the rows.
    metadata : mapping
    notes : tuple of str
    """

    matrix: NDArray[Any]
    ids: list[str] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """The width or number of rows that is known of a matrix without a header."""

    dim: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A way to keep vectors in a file or folder.

    Attributes
    ----------
    name, title, sniff, keeps, lies, configure
        As in `rankbound.read.contents.Format`.
    hold : callable
        Opens a source and returns `Held`.
    has_ids : bool
        Whether the container holds its own ids.
    write : callable or None
        Saves embeddings to a path, given the metadata, without the ids unless
        `has_ids`. Returns a remark for the user or None.
    """

    name: str
    title: str
    sniff: Callable[[Source], str | None]
    hold: Callable[[Source, Shape], Held]
    has_ids: bool = False
    write: Callable[[Embeddings, Path, Mapping[str, Any]], str | None] | None = None
    keeps: tuple[str, ...] = ("vectors",)
    lies: str = "mapped"
    configure: Callable[[str], Container] | None = None


def checked_matrix(matrix: NDArray[Any], source: Source) -> NDArray[Any]:
    """The matrix, which must be two-dimensional and of floating-point numbers."""
    floating = np.issubdtype(matrix.dtype, np.floating)
    if matrix.ndim != 2 or matrix.shape[1] == 0 or not floating:
        raise source.fail(
            "expected a two-dimensional array of floating-point numbers, found shape "
            f"{matrix.shape} of {matrix.dtype}"
        )
    return matrix


def only_matrix(
    arrays: Mapping[str, NDArray[Any]], source: Source
) -> tuple[str, NDArray[Any]]:
    """The name and array of the vectors: the only matrix, or that called "vectors"."""
    matrices = {name: array for name, array in arrays.items() if array.ndim == 2}
    named = [name for name in ("vectors", "embeddings") if name in matrices]
    if len(matrices) == 1 or named:
        name = named[0] if named else next(iter(matrices))
        return name, checked_matrix(matrices[name], source)
    found = {name: tuple(array.shape) for name, array in arrays.items()}
    raise source.fail(
        f"holds {len(matrices)} matrices ({found}); name the one that holds the "
        "vectors 'vectors', or save it as .npy"
    )


def check_unpacked(source: Source) -> None:
    """Raise for a packed file, which cannot be memory-mapped."""
    if source.packing != "none":
        raise source.fail(
            f"is packed with {source.packing}; unpack it, so that it can be mapped"
        )


def check_end(source: Source, end: int) -> None:
    """Raise if a file goes on after the end that its header gives."""
    size = source.path.stat().st_size
    if size > end:
        raise source.fail(
            f"{size - end:,} bytes follow the end that its header gives, at {end:,}; "
            "the file is damaged, or two were joined: copy or write it again"
        )


def write_numbers(stream: IO[bytes], embeddings: Embeddings, dtype: str) -> None:
    """Write the numbers row by row, in blocks that keep memory use low.

    Raises
    ------
    FormatError
        For a finite number that `dtype` cannot represent.
    """
    rows = max(1, BLOCK // embeddings.dim)
    for start in range(0, len(embeddings.ids), rows):
        block = np.asarray(embeddings.vectors[start : start + rows])
        with np.errstate(over="ignore"):
            narrow = np.ascontiguousarray(block.astype(dtype))
        beyond = np.isinf(narrow) & np.isfinite(block)
        if beyond.any():
            row, column = np.argwhere(beyond)[0]
            raise FormatError(
                embeddings.name,
                f"the vector of {embeddings.ids[start + row]!r} holds "
                f"{block[row, column]!s}, beyond the numbers of {np.dtype(dtype).name}",
            )
        stream.write(narrow.data)


def mapped(source: Source, *, dtype: str, rows: int, dim: int, offset: int) -> Any:
    """A read-only memory map of rows x dim numbers after `offset` bytes."""
    check_unpacked(source)
    size = source.path.stat().st_size
    needed = offset + rows * dim * np.dtype(dtype).itemsize
    if not needed:
        raise source.fail("holds no numbers")
    if size < needed:
        raise source.fail(
            f"is cut: its header promises {rows:,} x {dim} numbers, {needed:,} bytes, "
            f"but the file has {size:,}; copy or download it again"
        )
    try:
        return np.memmap(
            source.path, dtype=dtype, mode="r", offset=offset, shape=(rows, dim)
        )
    except OSError as error:  # of more addresses than the process may have
        raise source.fail(
            f"{needed:,} bytes cannot be mapped into memory ({error.strerror}); allow "
            "more, or cut the file into several"
        ) from None
