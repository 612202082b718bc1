"""Small named generators of hostile files: what the catalogue says in words, as bytes.

An input of a case is text, bytes, or a tuple of a maker's name and its arguments, of
which the first may be another input: ``("pack", ("cut", ("golden", "npy"), 40), "xz")``
is a packed file of a matrix that ends after 40 bytes.
"""

import bz2
import functools
import io
import json
import lzma
import os
import pickle
import struct
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import lz4.frame
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.rankbound.files import lookup, run_text
from tests.rankbound.read.binary import MAKERS as BINARY
from tests.rankbound.read.bombs import BOMBS
from tests.rankbound.read.golden import GOLDEN

CHUNK = 1 << 22
PACKINGS = ("gzip", "bz2", "xz", "zstd", "lz4", "zip", "tar", "tar.gz")


def made(spec):
    """The bytes of an input."""
    if isinstance(spec, bytes):
        return spec
    if isinstance(spec, str):
        return spec.encode("utf-8", "surrogateescape")
    name, *words = spec
    return MAKERS[name](*words)


def place(path, spec):
    """Put an input where a case wants it; links, pipes and folders are no bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(spec, tuple) and spec[0] in PLACED:
        PLACED[spec[0]](path, *spec[1:])
    else:
        path.write_bytes(made(spec))


# Whole files


@functools.cache
def golden(name):
    """A file as its holders write it, of the formats in one file."""
    maker = GOLDEN.get(name) or BINARY[name]
    with tempfile.TemporaryDirectory() as folder:
        return maker(Path(folder)).read_bytes()


def run(queries=12, documents=8):
    return run_text(_table(queries, documents)).encode()


def table(queries=12, documents=8):
    return lookup(_table(queries, documents)).encode()


def _table(queries, documents):
    return {
        f"q{q}": {f"d{d}": (d * 7 % 11) - 4.5 + q / 8 for d in range(documents)}
        for q in range(queries)
    }


def npy(header, data=b""):
    """A matrix whose header says what it likes."""
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + made(data)


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, str) else json.dumps(header)
    text = text.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def archive(**members):
    """A zip archive, whose members may have any name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, spec in members.items():
            packed.writestr(zipfile.ZipInfo(name.replace("__", "../")), made(spec))
    return stream.getvalue()


def tarred(name, spec, kind="0", target="", size=None):
    """A tar archive of one member: a file, a link, a device, or a lying size."""
    stream = io.BytesIO()
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind.encode(), target
    content = made(spec)
    member.size = len(content) if size is None else size
    header = member.tobuf()
    stream.write(header + content + b"\0" * (-len(content) % 512) + b"\0" * 1024)
    return stream.getvalue()


def parquet(**columns):
    """A table; a column is a list, or a value and how often it stands there."""
    arrays = {
        name: pa.array(one)
        if isinstance(one, list)
        else pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(one[1], dtype=np.int32)), pa.array([one[0]])
        )
        for name, one in columns.items()
    }
    stream = io.BytesIO()
    pq.write_table(pa.table(arrays), stream, compression="zstd")
    return stream.getvalue()


def laughs(depth, width=10):
    """A pickle of lists of lists that share one another: width ** depth items."""
    held = [1.5]
    for _ in range(depth):
        held = [held] * width
    return pickle.dumps({"q": {"d": held}})


def pickled(body, protocol=2):
    """Opcodes between the start and the end of a pickle."""
    return b"\x80" + bytes([protocol]) + body + b"."


def arrays(**named):
    """A NumPy archive."""
    stream = io.BytesIO()
    np.savez(stream, **named)
    return stream.getvalue()


def objects():
    """A matrix of Python objects, which NumPy would unpickle."""
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    return stream.getvalue()


def repeated(unit, times):
    return made(unit) * times


def nested(opening, closing, depth, inner=""):
    return (opening * depth + inner + closing * depth).encode()


# Damage


def cut(spec, end):
    """Only the first bytes; a share, a count, or without so many at the end."""
    content = made(spec)
    return content[: int(end * len(content)) if isinstance(end, float) else end]


def flip(spec, at, mask=0xFF):
    """One byte changed; `at` may be a share of the length."""
    content = bytearray(made(spec))
    content[int(at * len(content)) if isinstance(at, float) else at] ^= mask
    return bytes(content)


def zeros(spec, at, size):
    """A hole, as a file system leaves one after a crash."""
    content = made(spec)
    start = int(at * len(content))
    return content[:start] + b"\0" * size + content[start + size :]


def before(spec, junk):
    return made(junk) + made(spec)


def after(spec, junk):
    return made(spec) + made(junk)


def inside(spec, at, junk):
    content = made(spec)
    start = int(at * len(content)) if isinstance(at, float) else at
    return content[:start] + made(junk) + content[start:]


def swap(spec, old, new, count=1):
    """The first places of some bytes replaced by others."""
    content, old = made(spec), made(old)
    if old not in content:
        raise ValueError(f"{old!r} is not in the file")
    return content.replace(old, made(new), count)


def encoded(spec, codec):
    return made(spec).decode().encode(codec)


# Packing


def pack(spec, packing):
    content = made(spec)
    if packing == "zip":
        return archive(content=content)
    if packing.startswith("tar"):
        packed = tarred("content", content)
        return pack(packed, "gzip") if packing == "tar.gz" else packed
    return _member(content, packing)


def _member(content, packing):
    if packing == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        return packer.compress(content) + packer.flush()
    if packing == "bz2":
        return bz2.compress(content)
    if packing == "xz":
        return lzma.compress(content)
    if packing == "lz4":
        return lz4.frame.compress(content, content_checksum=True)
    return pa.Codec("zstd").compress(content, asbytes=True)


def bomb(packing, unit, size, start=b"", end=b""):
    """A small file of `size` unpacked bytes: a unit again and again, as a line or one.

    It consists of many equal parts, so that making it costs nothing.
    """
    unit = made(unit)
    chunk = unit * max(1, CHUNK // len(unit))
    times = max(1, size // len(chunk))
    if packing == "zip":
        return _zip_bomb("content", made(start), chunk, times, made(end))
    if packing == "npz":
        shape = (times * len(chunk) // 256, 64)
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        return _zip_bomb("vectors.npy", npy(f"{header}"), chunk, times, b"")
    part = _member(chunk, packing)
    edges = [_member(made(edge), packing) if edge else b"" for edge in (start, end)]
    return edges[0] + part * times + edges[1]


def _zip_bomb(name, start, chunk, times, end):
    packer = zlib.compressobj(9, wbits=-15)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    part = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = first + part * times + packer.compress(end) + packer.flush()
    size = len(start) + len(chunk) * times + len(end)
    crc = zlib.crc32(start)
    for _ in range(min(times, 8)):  # a right sum of a larger one would take long
        crc = zlib.crc32(chunk, crc)
    label = name.encode()
    fields = (20, 0, 8, 0, 33, crc, len(packed), size, len(label), 0)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", *fields) + label
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, *fields, 0, 0, 0, 0, 0) + label
    ending = (0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    return local + packed + central + struct.pack("<4s4H2IH", b"PK\5\6", *ending)


MAKERS = {
    "golden": golden,
    "run": run,
    "table": table,
    "npy": npy,
    "safetensors": safetensors,
    "archive_of": lambda members: archive(**members),
    "tarred": tarred,
    "parquet": lambda columns: parquet(**columns),
    "laughs": laughs,
    "pickled": pickled,
    "arrays": lambda named: arrays(**named),
    "objects": objects,
    "repeated": repeated,
    "nested": nested,
    "cut": cut,
    "flip": flip,
    "zeros": zeros,
    "before": before,
    "after": after,
    "inside": inside,
    "swap": swap,
    "encoded": encoded,
    "pack": pack,
    "bomb": bomb,
}
PLACED = {
    "link": lambda path, target: path.symlink_to(target),
    "hard": lambda path, other: path.hardlink_to(path.parent / other),
    "fifo": lambda path: os.mkfifo(path),
    "folder": lambda path: path.mkdir(),
    "shut": lambda path: path.mkdir(mode=0o500),
    "copy": lambda path, other: path.write_bytes((path.parent / other).read_bytes()),
    "sparse": lambda path, size: _sparse(path, size),
    "bomb_of": lambda path, name: _apart(BY_NAME[name].make, path),
}
BY_NAME = {bomb.name: bomb for bomb in BOMBS}


def _sparse(path, size):
    with path.open("wb") as stream:
        stream.truncate(size)


def _apart(make, path):
    """Make a file in another process, as its memory would count as that of a case."""
    child = os.fork()
    if child == 0:
        try:
            make(path)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError(f"{path.name} was not made")
