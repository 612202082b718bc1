"""Files cut into blocks of whole records, and threads that parse several at once."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import IO, Any, Final, TypeVar, cast
from weakref import finalize

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from rankbound.data.columns import Floats
from rankbound.memory import LONGEST_LINE, mapped, refuse_line, scratch_file
from rankbound.read.source import BOM, HEAD, MARK, Source, count

SIZE = 1 << 22
WORKERS = 2
IN_MEMORY: Final = 1 << 22  # bytes of a column; a longer one lies in a file
LARGEST = 1 << 30  # bytes that pyarrow is given; a longer block is a single line

Item = TypeVar("Item")
Result = TypeVar("Result")


def blocks(
    source: Source,
    *,
    end: bytes,
    size: int | None = None,
    repairs: dict[str, int] | None = None,
) -> Generator[bytes]:
    r"""Decompressed bytes in blocks; all but the last end with a whole record.

    Parameters
    ----------
    source : Source
    end : bytes
        The byte that ends a record: ``b"\n"`` or ``b"}"``.
    size : int
        Approximate bytes of a block (default `SIZE`); a longer record is not cut, and a
        longer line than `LONGEST_LINE` refused.
    repairs : dict, optional
        Counts byte order marks at the start of lines, which are taken off.

    Raises
    ------
    FormatError
        When the damaged part of a compressed file is reached, or a line is too long.

    Examples
    --------
    >>> from pathlib import Path
    >>> source = Source(Path("x"), content=b"ab\ncd\nef")
    >>> list(blocks(source, end=b"\n", size=4))
    [b'ab\n', b'cd\n', b'ef']
    """
    # Filling a large buffer takes longer than reading a short file
    whole = _whole_records(source, end, size or (HEAD if is_short(source) else SIZE))
    if end != b"\n":
        return whole
    return _unmarked(whole, {} if repairs is None else repairs)


def _unmarked(blocks: Generator[bytes], repairs: dict[str, int]) -> Generator[bytes]:
    """Blocks of lines without byte order marks, as between files that were joined."""
    with closing(blocks):
        for block in blocks:
            if BOM in block:
                count(repairs, MARK, block.count(b"\n" + BOM) + block.startswith(BOM))
                block = block.removeprefix(BOM).replace(b"\n" + BOM, b"\n")
            yield block


def _whole_records(source: Source, end: bytes, size: int) -> Generator[bytes]:
    buffer, held, lines = bytearray(size), 0, 1
    with source.stream() as stream:
        while read := stream.readinto(memoryview(buffer)[held:]):
            held += read
            place = buffer.rfind(end, 0, held) + 1
            if place:
                lines += buffer.count(b"\n", 0, place)
                yield bytes(memoryview(buffer)[:place])
                buffer[: held - place] = buffer[place:held]
                held -= place
            elif held == len(buffer):
                buffer += bytes(_longer(buffer, source, end, lines))
    if held:
        yield bytes(memoryview(buffer)[:held])


def _longer(buffer: bytearray, source: Source, end: bytes, line: int) -> int:
    """How much longer a buffer without the end of its record is to be.

    Raises
    ------
    FormatError
        For a line that is too long. An object of JSON may be longer, but not without
        a key or another value.
    """
    size = len(buffer)
    if end == b"\n":
        if size > LONGEST_LINE:
            refuse_line(source.fail, line)
        return min(size, LONGEST_LINE + 1 - size)  # so that no longer line fits
    start = size - LONGEST_LINE
    if start > 0 and buffer.find(b'"', start) < 0 and buffer.find(b",", start) < 0:
        refuse_line(source.fail, line)
    return size


def in_order(
    work: Callable[[Item], Result], items: Generator[Item], *, short: bool = False
) -> Generator[tuple[Item, Result]]:
    """Yield each item with the result of `work` for it, computed ahead by two threads.

    An error of `items` is raised after the results of the items before it. `items` is
    closed at the end. If no thread can be started, the caller's thread does the work.

    Parameters
    ----------
    work : callable
    items : generator
    short : bool
        Whether to work without threads.

    Examples
    --------
    >>> list(in_order(abs, (number for number in [-1, 2, -3])))
    [(-1, 1), (2, 2), (-3, 3)]
    """
    with closing(items):
        if short:
            for item in items:
                yield item, work(item)
            return
        with ThreadPoolExecutor(WORKERS) as pool:
            begun = _begun(pool, work, items)
            pending = deque(itertools.islice(begun, 2 * WORKERS))
            while pending:
                pending.extend(itertools.islice(begun, 1))
                item, done = pending.popleft()
                yield item, done.result()


def _begun(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Generator[Item]
) -> Generator[tuple[Item, Future[Result]]]:
    """Each item with its future result; an error of `items` becomes the last result."""
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Exception as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            yield cast(Item, None), failed
            return
        yield item, _submitted(pool, work, item)


def _submitted(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], item: Item
) -> Future[Result]:
    try:
        return pool.submit(work, item)
    except RuntimeError:  # there can be no more threads
        found: Future[Result] = Future()
        try:
            found.set_result(work(item))
        except Exception as error:  # to be raised when it is this item's turn
            found.set_exception(error)
        return found


class Column:
    """Numbers that come block by block, in one array that grows.

    Blocks that are kept until the end would stand in memory twice when they are joined.
    A long column lies in a file without a name, which is mapped.

    Parameters
    ----------
    dtype : NumPy type

    Examples
    --------
    >>> column = Column(np.int64)
    >>> column.append(np.array([3, 1]))
    >>> column.append(np.array([2]))
    >>> len(column), column.taken().tolist()
    (3, [3, 1, 2])
    """

    def __init__(self, dtype: type[np.generic]) -> None:
        self._held = np.empty(0, dtype=dtype)
        self._size = 0
        self._file: IO[bytes] | None = None
        self._most = IN_MEMORY

    def __len__(self) -> int:
        return self._size

    @property
    def held(self) -> NDArray[Any]:
        """All numbers so far, to be used before others are added."""
        if self._file is not None and len(self._held) < self._size:
            self._held = mapped(self._file, self._held.dtype, self._size)
        return self._held[: self._size]

    def append(self, block: NDArray[Any]) -> None:
        """Add the numbers of further rows."""
        end = self._size + len(block)
        if end * self._held.itemsize > self._most:
            self._put_down()
        if self._file is not None:
            self._held = self._held[:0]
            self._file.write(np.ascontiguousarray(block, self._held.dtype).data)
            self._size = end
            return
        if end > len(self._held):
            self._held.resize(max(end, len(self._held) * 5 // 4), refcheck=False)
        self._held[self._size : end] = block
        self._size = end

    def _put_down(self) -> None:
        """Let the column lie in a file from now on, if there can be one."""
        self._most = sys.maxsize
        self._file = scratch_file()
        if self._file is not None:
            finalize(self, self._file.close)  # a map outlives it
            self._file.write(self._held[: self._size].data)

    def taken(self) -> NDArray[Any]:
        """All numbers. To be called once, as the last method."""
        if self._file is not None:
            return self.held
        self._held.resize(self._size, refcheck=False)
        return self._held


def is_utf_8(text: bytes) -> bool:
    """Whether bytes are UTF-8 text."""
    try:
        return text.isascii() or bool(text.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def is_short(source: Source) -> bool:
    """Whether a file is too short for threads to pay off."""
    return len(source.head) < HEAD


class Irregular(Exception):  # noqa: N818  another reader takes over
    """pyarrow cannot read a block, or might read it unlike the line parser."""


def separated(
    block: bytes, names: Sequence[str], types: Mapping[str, pa.DataType], *, by: str
) -> list[pa.Array]:
    r"""Read some columns of lines whose fields have a separator and no quotes.

    Parameters
    ----------
    block : bytes
    names : sequence of str
        All columns.
    types : mapping
        The columns to be read, and their types.
    by : str
        The separator.

    Raises
    ------
    Irregular
        If a line has another number of fields, or a field another type.

    Examples
    --------
    >>> types = {"score": pa.float64()}
    >>> separated(b"d,1\ne,2\n", ["docno", "score"], types, by=",")[0].to_pylist()
    [1.0, 2.0]
    """
    # pyarrow would drop the mark, which is part of the first field here
    if block.startswith(BOM) or len(block) > LARGEST:
        raise Irregular
    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            memory_pool=pa.system_memory_pool(),
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(block) + 1
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=by, quote_char=False, escape_char=False
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types, include_columns=[*types], null_values=[]
            ),
        )
    except pa.ArrowInvalid:
        raise Irregular from None
    return [table[name].chunk(0) for name in types]


def floats(column: pa.Array) -> Floats:
    """Numbers of a column without gaps; Arrow's own conversion imports pandas."""
    found = np.frombuffer(column.buffers()[1], dtype=np.float64)
    return found[column.offset : column.offset + len(column)]
