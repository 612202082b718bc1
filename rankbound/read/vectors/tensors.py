"""Vectors that torch.save wrote: one matrix, perhaps with ids, and nothing is run.

The file is a zip archive that is not compressed: a pickle of how tensors lie in their
storages, and a member of bytes for each storage. The pickle is read as all others (see
`rankbound.read.objects.pickles`), with three more names, which stand for functions of
ours. A matrix of a type that NumPy has is mapped; bfloat16 becomes float32 in memory,
which is exact.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rankbound.read.objects.pickles import (
    ALLOWED,
    Global,
    Refused,
    Restricted,
    unpickled,
)
from rankbound.read.source import ZIP_MAGIC, Source, one_line
from rankbound.read.vectors.common import (
    Container,
    Held,
    Shape,
    check_unpacked,
    checked_matrix,
)
from rankbound.read.vectors.matrices import (
    BROKEN_ZIP,
    ID_NAMES,
    UNREADABLE,
    of_bfloat16,
)
from rankbound.read.vectors.row_ids import as_ids

LARGEST_PICKLE: Final = 1 << 28  # ids take most of it
LOCAL_HEADER: Final = struct.Struct("<26xHH")  # lengths of the name and of the extra
STORED: Final = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
}
VECTOR_NAMES: Final = ("embeddings", "vectors", "embedding", "emb")


@dataclass(frozen=True, slots=True)
class Storage:
    """The numbers that a tensor lies in: their type, their member, and how many."""

    kind: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """How a tensor lies in its storage, counted in numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: object) -> Tensor:
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides):
        raise Refused("makes a tensor of something else")
    if not all(isinstance(one, int) and one >= 0 for one in numbers):
        raise Refused(f"gives a tensor of shape {shape}")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if 0 not in shape and last >= storage.size:
        raise Refused(f"gives a tensor of shape {shape} beyond its storage")
    return Tensor(storage, offset, tuple(shape), tuple(strides))


def _parameter(tensor: Any, *_: object) -> Any:
    return tensor


def _hooks(*given: object) -> dict[str, object]:
    if given:
        raise Refused("fills an OrderedDict with objects")
    return {}


_CALLS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): _hooks,
}
OF_TORCH: Final = {names: Global(call) for names, call in _CALLS.items()}


class Tensors(Restricted):
    """An unpickler that knows tensors, as records of ours, and their storages."""

    def find_class(self, module: str, name: str) -> Any:
        """Our function for a known name, or the name of a kind of storage."""
        if module == "torch" and name.endswith("Storage"):
            return name
        found = OF_TORCH.get((module, name)) or ALLOWED.get((module, name))
        return super().find_class(module, name) if found is None else found

    def persistent_load(self, pid: Any) -> Storage:
        """The storage that a tensor names."""
        good = isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage"
        if not good or not (isinstance(pid[2], str) and isinstance(pid[4], int)):
            raise Refused("refers to something that is no storage")
        if pid[1] not in STORED:
            raise Refused(f"holds numbers of {pid[1]!s:.40}; save floating-point ones")
        return Storage(pid[1], pid[2], pid[4])


def _sniff(source: Source) -> str | None:
    if source.packing != "none" or not source.head.startswith(ZIP_MAGIC):
        return None
    return "a zip archive of torch.save" if b"/data.pkl" in source.head[:512] else None


def hold(source: Source, _: Shape) -> Held:
    """Map the matrix of a file of torch.save; ids stand beside it in a dictionary."""
    check_unpacked(source)
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = {one.filename: one for one in archive.infolist()}
            name = next(name for name in members if name.endswith("/data.pkl"))
            root = name.removesuffix("data.pkl")
            if members[name].file_size > LARGEST_PICKLE:
                raise source.fail(f"its pickle has {members[name].file_size:,} bytes")
            pickled = archive.read(name)
            order = f"{root}byteorder"
            little = order not in members or archive.read(order).strip() == b"little"
    except (*UNREADABLE, *BROKEN_ZIP, StopIteration) as error:
        raise source.fail(
            f"not a readable file of torch.save ({one_line(error)})"
        ) from None
    if not little:
        raise source.fail("holds big-endian numbers; load it, and save it anew")
    stream = io.BytesIO(pickled)
    tensor, ids = _parts(unpickled(Tensors(stream), stream, source), source)
    member = members.get(f"{root}data/{tensor.storage.key}")
    if member is None:
        raise source.fail("lacks the numbers of its tensor; copy the file again")
    return Held(_matrix(source, member, tensor), ids)


def _parts(found: Any, source: Source) -> tuple[Tensor, list[str] | None]:
    """The matrix and its ids, in a tensor, a pair, or a dictionary."""
    ids = None
    if isinstance(found, dict):
        listed = next((found[name] for name in ID_NAMES if name in found), None)
        named = next((found[name] for name in VECTOR_NAMES if name in found), None)
        tensors = [one for one in found.values() if isinstance(one, Tensor)]
        found = tensors[0] if named is None and len(tensors) == 1 else named
        ids = listed
    elif isinstance(found, tuple | list) and len(found) == 2:
        found, ids = found
    if not isinstance(found, Tensor) or len(found.shape) != 2:
        shape = found.shape if isinstance(found, Tensor) else type(found).__name__
        raise source.fail(
            "expected a tensor of shape (n, dim), alone or as 'embeddings' beside "
            f"'ids', found {shape}"
        )
    if ids is None:
        return found, None
    if not isinstance(ids, list | tuple):
        raise source.fail(f"its ids must be a list, found {type(ids).__name__}")
    return found, as_ids(list(ids), source)


def _matrix(source: Source, member: zipfile.ZipInfo, tensor: Tensor) -> NDArray[Any]:
    with source.path.open("rb") as stream:
        stream.seek(member.header_offset)
        header = stream.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size:
        raise source.fail("the file is cut or damaged, copy it again")
    name, extra = LOCAL_HEADER.unpack(header)
    start = member.header_offset + LOCAL_HEADER.size + name + extra
    dtype = np.dtype(STORED[tensor.storage.kind])
    needed = tensor.storage.size * dtype.itemsize
    whole = start + needed <= source.path.stat().st_size
    if member.compress_type or member.file_size != needed or not whole:
        raise source.fail(
            f"a storage of {member.file_size:,} bytes for {tensor.storage.size:,} "
            "numbers; the file is cut or damaged, copy it again"
        )
    if not needed:
        raise source.fail("holds no numbers")
    flat = np.memmap(
        source.path, dtype=dtype, mode="r", offset=start, shape=(tensor.storage.size,)
    )
    strides = tuple(step * dtype.itemsize for step in tensor.strides)
    matrix = np.lib.stride_tricks.as_strided(
        flat[tensor.offset :], tensor.shape, strides, writeable=False
    )
    if dtype.kind == "u":
        return checked_matrix(of_bfloat16(matrix), source)
    return checked_matrix(np.ascontiguousarray(matrix), source)


CONTAINERS = (
    Container(
        "torch",
        "tensor of torch.save (.pt); nothing in it is run",
        _sniff,
        hold,
        has_ids=True,
    ),
)
