"""Tables on disk: parquet, Arrow files and streams, and folders of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from rankbound.errors import FormatError
from rankbound.memory import (
    bounded_addresses,
    budget,
    check_unpacked_size,
    most_of_table,
    size_in_words,
    too_large,
)
from rankbound.read.source import Source, one_line, out_of_memory
from rankbound.read.tables.frames import Frame, is_list, is_text

PARQUET = b"PAR1"
ARROW_FILE = b"ARROW1\x00\x00"
ARROW_STREAM = b"\xff\xff\xff\xff"
STREAM_END = ARROW_STREAM + b"\0" * 4
THREADED = 1 << 30  # bytes
ALONE = pa.ipc.IpcReadOptions(use_threads=False)
SHARD = re.compile(r"(.*?)-?\d+-of-\d+.*")


class DataFile(msgspec.Struct, frozen=True):
    """A file of a dataset, as named in ``state.json`` of Hugging Face."""

    filename: str


class State(msgspec.Struct, frozen=True):
    """The files of a dataset in order, from ``state.json``."""

    files: list[DataFile] = msgspec.field(name="_data_files")


def container(source: Source) -> str | None:
    """The kind of table that a file or folder holds, in words, or None."""
    if source.is_folder:
        return _folder_kind(source.path)
    head = source.head[:8]
    if head.startswith(PARQUET):
        return "parquet"
    if head == ARROW_FILE:
        return "an Arrow file"
    # A stream begins with a schema message, whose length is a small multiple of 8
    length = int.from_bytes(head[4:], "little")
    if head.startswith(ARROW_STREAM) and 0 < length < 1 << 24 and length % 8 == 0:
        return "an Arrow stream"
    return None


def _folder_kind(folder: Path) -> str | None:
    if (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file():
        return "a folder of Hugging Face datasets"
    if (folder / "dataset_info.json").is_file() and any(folder.glob("*.arrow")):
        return "a folder of Hugging Face datasets"
    for suffix in ("parquet", "arrow"):
        if any(folder.glob(f"*.{suffix}")):
            return f"a folder of {suffix} files"
    return None


def schema_of(source: Source) -> Any:
    """The schema of a table, without its rows.

    Raises
    ------
    FormatError
        If the file is truncated or damaged.
    """
    first = Source(shards(source)[0]) if source.is_folder else source
    return _guarded(first, _schema)


def open_table(source: Source, columns: list[str] | None = None) -> Frame:
    """The table of a file or folder, memory-mapped unless it is packed.

    Parameters
    ----------
    source : Source
    columns : list of str, optional
        The columns to read, by default all.

    Raises
    ------
    FormatError
        If a file is truncated or damaged, or the files of a folder differ.
    """
    paths = shards(source) if source.is_folder else [source.path]
    tables: list[Any] = []
    for path in paths:
        one = Source(path) if source.is_folder else source
        table = _guarded(one, lambda part, opened: _table(part, opened, columns))
        first = tables[0].schema if tables else table.schema
        if not table.schema.equals(first):
            raise FormatError(
                path,
                f"has other columns than {paths[0].name} ({_types(table.schema)}, not "
                f"{_types(first)}); name one of the files",
            )
        tables.append(table.replace_schema_metadata(first.metadata))
    names = tuple((str(path), len(t)) for path, t in zip(paths, tables, strict=True))
    table = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
    return Frame(table, str(source.path), names if source.is_folder else ())


def first_row(source: Source) -> Mapping[str, object]:
    """The first row of a table as an object, without reading the others.

    Empty for a table without rows.

    Raises
    ------
    FormatError
        If the file is truncated or damaged.
    """
    first = Source(shards(source)[0]) if source.is_folder else source
    found: Mapping[str, object] = _guarded(first, _first_row)
    return found


def _first_row(source: Source, opened: Any) -> Any:
    if container(source) == "parquet":
        batches = pq.ParquetFile(opened).iter_batches(batch_size=1, use_threads=False)
        return next((batch.to_pylist()[0] for batch in batches if len(batch)), {})
    with _reader(source, opened) as reader:
        count = getattr(reader, "num_record_batches", None)
        batches = iter(reader) if count is None else map(reader.get_batch, range(count))
        filled = (batch.slice(0, 1).to_pylist()[0] for batch in batches if len(batch))
        return next(filled, {})


def _types(schema: Any) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)


def shards(source: Source) -> list[Path]:
    """The files of a folder in order.

    Raises
    ------
    FormatError
        If there are none, or they belong to several splits.
    """
    folder = source.path
    if (folder / "dataset_dict.json").is_file():
        inner = [path for path in sorted(folder.iterdir()) if path.is_dir()]
        if len(inner) == 1:
            return shards(Source(inner[0]))
        names = ", ".join(path.name for path in inner)
        raise source.fail(f"holds the splits {names}; name one of them")
    listed = _listed(source)
    arrow, parquet = sorted(folder.glob("*.arrow")), sorted(folder.glob("*.parquet"))
    if arrow and parquet and not listed:
        raise source.fail(
            "holds .arrow and .parquet files, which are hardly one table; name a file"
        )
    found = listed or arrow or parquet
    splits = sorted({m[1] for m in map(SHARD.fullmatch, (p.name for p in found)) if m})
    if len(splits) > 1:
        raise source.fail(
            f"holds the splits {', '.join(splits)}; name one of the files"
        )
    if not found:
        raise source.fail("is a directory without .arrow or .parquet files")
    return found


def _listed(source: Source) -> list[Path]:
    """The files that ``state.json`` names; empty without it."""
    state = source.path / "state.json"
    if not state.is_file():
        return []
    try:
        files = msgspec.json.decode(state.read_bytes(), type=State).files
        found = [source.path / Path(file.filename).name for file in files]
    except (msgspec.MsgspecError, RecursionError):
        raise FormatError(state, "does not list the data files") from None
    for path in found:
        if not path.is_file():
            raise FormatError(state, f"names {path.name}, which does not exist")
    return found


def _guarded(source: Source, read: Callable[[Source, Any], Any]) -> Any:
    """Read the bytes of a table, which may not take far more memory than its size.

    An id is stored once, however many rows have it, and a compressed part says nothing
    that can be relied on of its size: so Arrow is not given more than is due.
    """
    size, most = 0, math.inf
    try:
        opened = _bytes(source)  # a memory map takes addresses, but no memory
        size = _size(source, opened)
        most = most_of_table(size)
        with _plain_memory(), bounded_addresses(most):
            return read(source, opened)
    except FormatError:
        raise
    except MemoryError:
        if most > budget().left():
            raise out_of_memory(source.fail) from None
        raise too_large(
            source.fail(
                f"takes more than {size_in_words(most)} of memory when it is unpacked "
                f"from {size_in_words(size)}, so that it may be made to fill memory; "
                f"if it is right, {budget().more(most)}"
            )
        ) from None
    except Exception as error:  # a damaged header may cause any exception
        problem = one_line(error).rstrip(". ")
        raise source.fail(
            f"{container(source)} that is truncated or damaged ({problem}); copy or "
            "download the file again"
        ) from None


@contextmanager
def _plain_memory() -> Iterator[None]:
    """Have Arrow take memory from the system alone.

    Its own pool may hold a GiB of addresses that are not in use, which no limit counts.
    """
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def _size(source: Source, opened: Any) -> int:
    """Bytes on disk, or of a pipe, which are held."""
    return source.size or int(opened.size())


def _schema(source: Source, opened: Any) -> Any:
    if container(source) == "parquet":
        schema = pq.read_schema(opened)
    else:
        with _reader(source, opened) as reader:
            schema = reader.schema
    if not all(schema.names):  # decodes the names, which may fail
        raise source.fail("a column without a name")
    return schema


def _table(source: Source, opened: Any, columns: list[str] | None) -> Any:
    if container(source) == "parquet":
        checked = pq.ParquetFile(opened, page_checksum_verification=True)
        on_disk = _size(source, opened)
        size = _unpacked_size(checked, columns)
        check_unpacked_size(size, on_disk, source.fail)
        # Each thread takes addresses of its own
        threads = most_of_table(on_disk) > THREADED
        table = checked.read(columns, use_threads=threads)
    else:
        with _reader(source, opened) as reader:
            table = reader.read_all()
        if container(source) == "an Arrow stream":
            _check_stream_end(source, opened)
        table = table if columns is None else table.select(columns)
    table.validate(full=True)  # offsets in a damaged file may point anywhere
    _check_text(table, _size(source, opened), source)
    return table


def _check_text(table: Any, on_disk: int, source: Source) -> None:
    """Refuse text that is stored once and becomes far larger, once for each row."""
    referring = [*map(_referring, table.columns)]
    # Of how long all could be at most, before what they are
    for exact in (False, True):
        size = sum(_text_size(one, exact=exact) for one in referring)
        if size <= on_disk:
            return
    check_unpacked_size(size, on_disk, source.fail)


def _referring(column: Any) -> Any:
    """The parts of a column, or of its lists, that refer to text."""
    listed = is_list(column.type)
    kind = column.type.value_type if listed else column.type
    if not (pt.is_dictionary(kind) or pt.is_string_view(kind)):
        return []
    return (pc.list_flatten(column) if listed else column).chunks


def _text_size(chunks: Any, *, exact: bool) -> int:
    """Bytes of the text of rows, or as many as they are at most."""
    size = 0
    for chunk in chunks:
        names = chunk.dictionary if pt.is_dictionary(chunk.type) else chunk
        if not is_text(names.type):
            continue
        if pt.is_string_view(names.type):
            names = pc.cast(names, pa.large_string())
        lengths = pc.binary_length(names)
        if not exact:
            size += len(chunk) * (pc.max(lengths).as_py() or 0)
            continue
        if pt.is_dictionary(chunk.type):
            lengths = lengths.take(chunk.indices)
        size += pc.sum(lengths).as_py() or 0
    return size


def _unpacked_size(opened: Any, columns: list[str] | None) -> int:
    """At least how many bytes the columns of a parquet file take in memory.

    Rows that are the same take almost no place in the file. What the file tells of its
    columns and pages is not asked for: pyarrow ends the process where that is damaged.
    """
    kinds = [
        one.type
        for one in opened.schema_arrow
        if columns is None or one.name in columns
    ]
    return sum(map(_width, kinds)) * int(opened.metadata.num_rows)


def _width(kind: Any) -> int:
    """Bytes that a value takes at least; 4 for what has an offset or a code."""
    try:
        return max(1, int(kind.bit_width) // 8)
    except ValueError:
        return 4


def _check_stream_end(source: Source, opened: Any) -> None:
    """Check that the stream ends with its end mark, and the file with the stream.

    Otherwise, a stream that was cut between two batches would look complete.
    """
    read, size = opened.tell(), opened.size()
    opened.seek(max(0, read - len(STREAM_END)))
    if opened.read(len(STREAM_END)) != STREAM_END:
        raise source.fail(
            "an Arrow stream without its end mark: it was cut, or not closed; "
            "copy or write it again"
        )
    if read < size:
        raise source.fail(
            f"{size - read:,} bytes follow the end of the Arrow stream; the file is "
            "damaged, or two were joined: copy or write it again"
        )


def _reader(source: Source, opened: Any) -> Any:
    pool = pa.default_memory_pool()
    if container(source) == "an Arrow file":
        return pa.ipc.open_file(opened, options=ALONE, memory_pool=pool)
    return pa.ipc.open_stream(opened, options=ALONE, memory_pool=pool)


def _bytes(source: Source) -> Any:
    if container(source) is None:
        raise source.fail("neither parquet nor Arrow")
    if source.packing == "none" and source.path.is_file():
        return pa.memory_map(str(source.path))
    return pa.BufferReader(source.data())
