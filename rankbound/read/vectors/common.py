"""`Held`: a matrix of vectors as some container holds it, and what all must obey."""

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
    """What a container of vectors holds.

    Attributes
    ----------
    matrix : array, shape (n, dim)
        Memory-mapped where the container allows it.
    ids : list of str, or None
        Where the container has ids of its own; they belong to the rows in order.
    metadata : mapping
    notes : tuple of str
    """

    matrix: NDArray[Any]
    ids: list[str] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a caller knows of a matrix without a header: its width, or its ids."""

    dim: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A way to keep vectors.

    `sniff`, `keeps`, `lies` and `configure` are as for `Format`; `hold` opens. `write`
    saves to a path, without the ids unless `has_ids`, and knows the metadata.
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


def one_line(error: Exception) -> str:
    """What an error of a library says, in one line."""
    return " ".join(str(error).split())[:160] or type(error).__name__


def checked_matrix(matrix: NDArray[Any], source: Source) -> NDArray[Any]:
    """The matrix, if it is two-dimensional and of floating-point numbers."""
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
    """The array that must be the vectors: the only matrix, or the one so named."""
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
    """Raise for a packed file, whose bytes on disk are not those of its numbers."""
    if source.packing != "none":
        raise source.fail(
            f"is packed with {source.packing}; unpack it, so that it can stay on disk"
        )


def check_end(source: Source, end: int) -> None:
    """Raise when a file goes on behind what its header describes."""
    size = source.path.stat().st_size
    if size > end:
        raise source.fail(
            f"{size - end:,} bytes follow the end that its header gives, at {end:,}; "
            "the file is damaged, or two were put together: copy or write it again"
        )


def write_numbers(stream: IO[bytes], embeddings: Embeddings, dtype: str) -> None:
    """Write the numbers row by row, some at a time, as memory maps hold them.

    Raises
    ------
    FormatError
        For a finite number that is beyond those of `dtype`.
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
    """A read-only memory map of rows x dim numbers behind `offset` bytes."""
    check_unpacked(source)
    size = source.path.stat().st_size
    needed = offset + rows * dim * np.dtype(dtype).itemsize
    if size < needed:
        raise source.fail(
            f"is cut: its header promises {rows:,} x {dim} numbers, {needed:,} bytes, "
            f"and the file has {size:,}; copy or download it again"
        )
    return np.memmap(
        source.path, dtype=dtype, mode="r", offset=offset, shape=(rows, dim)
    )
