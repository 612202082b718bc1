"""Small files that fill memory when they are read without limits, and what to expect.

`python -m tests.rankbound.read.bombs` converts each in a process of its own, and prints
the exit code, seconds, peak of resident memory and message, with a ! where the code,
number of lines or a limit is not as it should be. Words of names select cases.
"""

import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

MIB = 1 << 20
GIB = 1 << 30
SECONDS = 10  # of the processor, and 1 GiB, for each case; other programs may run
CLOCK = 30

HEADS = {
    "run": b"q1 Q0 d1 1 2.5 t\nq1 Q0 d2 2 1.5 t\n",
    "qrels": b"q1 0 d1 1\nq1 0 d2 0\n",
    "tsv": b"qid\tdocno\tscore\nq1\td1\t2.5\n",
    "csv": b"qid,docno,score\nq1,d1,2.5\n",
    "scoreddocs": b"q1\td1\t2.5\nq1\td2\t1.5\n",
    "lookup": b'{"q1": {"d1": 2.5, "d2": 1.5}, ',
    "nested": b'{"q1": [["d1", 2.5], ["d2", 1.5]], ',
    "table.json": b'{"qid": ["q1"], ',
    "array": b'[{"qid": "q1", "docno": "d1", "score": 2.5}, ',
    "records.jsonl": b'{"qid": "q1", "docno": "d1", "score": 2.5}\n',
    "groups.jsonl": b'{"query_id": "q1", "doc_id_a": "d1", "doc_id_b": ["d2"]}\n',
    "unknown.json": b"{",
}
# An id, a number, a text that goes on, for a record of each format
OPENED = {
    "run": (b"q2 Q0 ", b"q2 Q0 d1 1 1"),
    "qrels": (b"q2 0 ", b"q2 0 d1 0"),
    "tsv": (b"q2\t", b"q2\td1\t1"),
    "csv": (b"q2,", b"q2,d1,1"),
    "scoreddocs": (b"q2\t", b"q2\td1\t1"),
    "lookup": (b'"q2": {"', b'"q2": {"d1": 1'),
    "nested": (b'"q2": [["', b'"q2": [["d1", 1'),
    "table.json": (b'"docno": ["', b'"docno": ["d1"], "score": [1'),
    "array": (b'{"qid": "', b'{"qid": "q1", "docno": "d2", "score": 1'),
    "records.jsonl": (b'{"qid": "', b'{"qid": "q1", "docno": "d2", "score": 1'),
    "groups.jsonl": (b'{"query_id": "', b'{"query_id": 1'),
    "unknown.json": (b'"', b'"a": 1'),
}
CLOSED = {
    "run": (b" 1 2.5 t\n", b" t\n"),
    "qrels": (b" 1\n", b"\n"),
    "tsv": (b"\t1.5\n", b"\n"),
    "csv": (b",1.5\n", b"\n"),
    "scoreddocs": (b"\t1.5\n", b"\n"),
    "lookup": (b'": 1.5}}', b"}}"),
    "nested": (b'", 1.5]]}', b"]]}"),
    "table.json": (b'"], "score": [1.5]}', b"]}"),
    "array": (b'", "docno": "d2", "score": 1.5}]', b"}]"),
    "records.jsonl": (b'", "docno": "d2", "score": 1.5}\n', b"}\n"),
    "groups.jsonl": (
        b'", "doc_id_a": "d1", "doc_id_b": ["d2"]}\n',
        b', "doc_id_a": "d1", "doc_id_b": ["d2"]}\n',
    ),
    "unknown.json": (b'": 1}', b"}"),
}
FILLS = {"zeros": b"\0", "spaces": b" ", "letters": b"a", "digits": b"1"}
JSON = frozenset({"lookup", "nested", "table.json", "array", "unknown.json"})


class Bomb(NamedTuple):
    """A file: its name, whose ending says how it is packed, and how it is made.

    `code` is the exit code of `rankbound convert`, and `quick` says whether making and
    refusing it take less than a tenth of a second.
    """

    name: str
    make: Callable[[Path], object]
    code: int = 2
    quick: bool = False


def packed(path: Path, head: bytes, fill: bytes, size: int, tail: bytes) -> None:
    """Write a head, so many bytes of a fill, and a tail, as the path's ending says.

    Packed parts of 64 MiB are made once and repeated, as each of these formats allows.
    """
    pack = {
        ".gz": lambda data: gzip.compress(data, 9, mtime=0),
        ".bz2": bz2.compress,
        ".xz": lambda data: lzma.compress(data, preset=0),
        ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    }.get(path.suffix)
    part = fill * (64 * MIB // len(fill))
    times = size // len(part)
    with path.open("wb") as stream:
        if pack is not None:
            stream.write(pack(head))
            stream.write(pack(part) * times)
            stream.write(pack(tail))
            return
        stream.write(head)
        if fill == b"\0":  # a hole
            stream.truncate(len(head) + size)
            stream.seek(0, os.SEEK_END)
        else:
            for _ in range(times):
                stream.write(part)
        stream.write(tail)


def zipped(path: Path, head: bytes, fill: bytes, size: int) -> None:
    """Write an archive of one file."""
    part = fill * MIB
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("run.txt", "w", force_zip64=True) as stream,
    ):
        stream.write(head)
        for _ in range(size // MIB):
            stream.write(part)


def tarred(path: Path, head: bytes, size: int) -> None:
    """Write a packed tar archive of one file of zeros behind a head."""
    member = tarfile.TarInfo("run.txt")
    member.size = len(head) + size - len(head) % 512
    packed(path, member.tobuf() + head, b"\0", size, b"\0" * 1024)


def npz(path: Path, rows: int) -> None:
    """Write an archive of a matrix of zeros."""
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, 1024)}
    np.lib.format.write_array_header_1_0(header, shape)
    part = bytes(MIB)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("vectors.npy", "w", force_zip64=True) as stream,
    ):
        stream.write(header.getvalue())
        for _ in range(rows * 4096 // MIB):
            stream.write(part)


def npy(path: Path, rows: int) -> None:
    """Write the header of a matrix without its numbers."""
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, 1024)}
    np.lib.format.write_array_header_1_0(header, shape)
    path.write_bytes(header.getvalue())


def safetensors(path: Path, length: int) -> None:
    """Write the length of a header, and less."""
    path.write_bytes(struct.pack("<Q", length) + b'{"a": {')


def parquet(path: Path, rows: int) -> None:
    """Write a table of so many rows that are the same."""
    import pyarrow.parquet as pq

    batch = 1 << 20
    one = pa.table(
        {
            "qid": pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(batch, dtype=np.int32)), pa.array(["q"])
            ),
            "docno": pa.array(np.arange(batch)),
            "score": pa.array(np.zeros(batch)),
        }
    )
    one = one.set_column(1, "docno", pa.array(np.zeros(batch, dtype=np.int64)))
    with pq.ParquetWriter(path, one.schema, compression="zstd") as writer:
        for _ in range(rows // batch):
            writer.write_table(one)


def table(qids: object) -> object:
    """A table of scores of one document, whose query ids are given."""
    rows = len(qids)
    docnos = same("d", rows)
    return pa.table({"qid": qids, "docno": docnos, "score": np.zeros(rows)})


def same(name: str, rows: int) -> object:
    """One text for all rows, which is stored once."""
    codes = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array([name]))


def viewed(name: str, rows: int) -> object:
    """The same, as views of one text."""
    text = name.encode()
    view = struct.pack("<i4sii", len(text), text[:4], 0, 0)
    buffers = [None, pa.py_buffer(view * rows), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string_view(), rows, buffers)


def listed(name: str, rows: int) -> object:
    """A table of lists of a thousand ids, which are all the same."""
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * 1000)
    ids = pa.ListArray.from_arrays(offsets, same(name, rows * 1000))
    scores = pa.ListArray.from_arrays(offsets, pa.array(np.zeros(rows * 1000)))
    return pa.table({"qid": ["q"] * rows, "doc_ids": ids, "scores": scores})


def in_parquet(path: Path, written: object, *, typed: bool) -> None:
    """Write a table packed; its types are kept, or ids become plain text."""
    import pyarrow.parquet as pq

    pq.write_table(written, path, compression="zstd", store_schema=typed)


def in_arrow(path: Path, written: object, batches: int, codec: str | None) -> None:
    """Write a table so many times, each batch packed."""
    options = pa.ipc.IpcWriteOptions(compression=codec)
    stream = path.suffix == ".arrows"
    opened = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opened(str(path), written.schema, options=options) as writer:
        for _ in range(batches):
            writer.write_table(written)


def pickled(path: Path, content: bytes) -> None:
    """Write the opcodes of a pickle of protocol 4."""
    path.write_bytes(b"\x80\x04" + content + b".")


def nested(depth: int, *, lists: bool) -> bytes:
    """JSON that is nested so deeply."""
    if lists:
        return b"[" * depth + b"]" * depth
    return b'{"a":' * depth + b"1" + b"}" * depth


def _of_kind(kind: str) -> list[Bomb]:
    """What every format of text is tried with: fills, an id, a number, nesting."""
    head = HEADS[kind]
    (for_id, for_number), (after_id, after_number) = OPENED[kind], CLOSED[kind]
    found = [
        Bomb(
            f"{kind}.{fill}.gz",
            lambda path, byte=byte: packed(path, head, byte, 2 * GIB, b"\n"),
        )
        for fill, byte in FILLS.items()
    ]
    parts = {
        "id": (for_id, b"i" * MIB, after_id),
        "number": (for_number, b"0" * 1_000_000, after_number),
        "fraction": (for_number, b"." + b"1" * 1_000_000, after_number),
    }
    if kind in JSON or kind.endswith("jsonl"):
        key = b"" if kind.endswith("jsonl") else b'"deep": '
        for name, lists in (("deep-lists", True), ("deep-objects", False)):
            parts[name] = (key, nested(100_000, lists=lists), b"}\n")
    found += [
        Bomb(
            f"{kind}.{name}",
            lambda path, part=part: path.write_bytes(head + b"".join(part)),
            quick=True,
        )
        for name, part in parts.items()
    ]
    found.append(
        Bomb(f"{kind}.plain", lambda path: packed(path, head, b"\0", GIB, b""))
    )
    return found


def _packed_otherwise() -> list[Bomb]:
    found = [
        Bomb(
            f"{kind}.spaces.{packing}",
            lambda path, head=HEADS[kind]: packed(path, head, b" ", 2 * GIB, b"}"),
        )
        for kind in ("run", "lookup", "records.jsonl")
        for packing in ("bz2", "xz", "zst")
    ]
    found.append(Bomb("run.zip", lambda path: zipped(path, HEADS["run"], b" ", GIB)))
    found.append(Bomb("run.tar.gz", lambda path: tarred(path, HEADS["run"], 2 * GIB)))
    return found


def _repeated(kind: str) -> list[Bomb]:
    *lines, last = HEADS[kind].splitlines(keepends=True)
    head = b"".join(lines)
    # Groups of one query may be the same, tables repeat rows, and a million do no harm
    code = 0 if kind in ("groups.jsonl", "csv", "records.jsonl") else 2
    return [
        Bomb(
            f"{kind}.repeated",
            lambda path: path.write_bytes(head + last * 1_000_000),
            code=code,
        ),
        Bomb(
            f"{kind}.repeated.gz",
            lambda path: packed(path, head, last * 1024, 2 * GIB, b""),
        ),
    ]


DIGITS = int("1" + "0" * 4000) ** 250
OBJECTS = [
    Bomb("wide.npz", lambda path: npz(path, 512 * 1024)),
    Bomb("wide.npy", lambda path: npy(path, 1 << 40), quick=True),
    Bomb("long.safetensors", lambda path: safetensors(path, 1 << 40), quick=True),
    Bomb("rows.parquet", lambda path: parquet(path, 256 * MIB)),
    *(
        Bomb(
            f"{name}.{'typed' if typed else 'plain'}.parquet",
            lambda path, size=size, typed=typed: in_parquet(
                path, table(same("i" * size, GIB // size)), typed=typed
            ),
        )
        for name, size in (("ids", 60_000), ("page", GIB // 4))
        for typed in (False, True)
    ),
    Bomb(
        "lists.parquet",
        lambda path: in_parquet(path, listed("i" * 60_000, 1000), typed=True),
    ),
    Bomb(
        "ids.arrow",
        lambda path: in_arrow(path, table(same("i" * 60_000, MIB)), 1, None),
    ),
    Bomb(
        "views.arrow",
        lambda path: in_arrow(path, table(viewed("i" * 60_000, MIB)), 1, None),
    ),
    *(
        Bomb(
            f"batches.{codec}.{ending}",
            lambda path, codec=codec: in_arrow(path, table(same("q", MIB)), 128, codec),
        )
        for codec, ending in (("zstd", "arrow"), ("lz4", "arrows"))
    ),
    Bomb(
        "bytes.pkl",
        lambda path: pickled(path, b"\x8e" + struct.pack("<Q", 1 << 40) + b"a"),
        quick=True,
    ),
    Bomb(
        "memo.pkl",
        lambda path: pickled(path, b"}r" + struct.pack("<I", (1 << 32) - 2)),
        quick=True,
    ),
    # One dictionary of whole numbers, in a block that does not end
    Bomb("flat.pkl", lambda path: pickled(path, b"}(" + b"K\1" * 30_000_000 + b"u")),
    Bomb(
        "lists.pkl.gz",
        lambda path: packed(path, b"\x80\x04](", b"]" * 64, 2 * GIB, b"e."),
    ),
    Bomb(
        "qid.pkl",
        lambda path: path.write_bytes(pickle.dumps({"q": {DIGITS: 1.0, "d": 2.0}})),
        quick=True,
    ),
    Bomb(
        "score.pkl",
        lambda path: path.write_bytes(pickle.dumps({"q": {"d": DIGITS}})),
        quick=True,
    ),
    Bomb(
        "id.pkl",
        lambda path: path.write_bytes(pickle.dumps({"q": {"i" * MIB: 1.0}})),
        quick=True,
    ),
    Bomb(
        "lists.json.gz",
        lambda path: packed(path, b'{"q": {"d": [', b"[],", 2 * GIB, b"[]]}}"),
    ),
    Bomb(
        "rank.run",
        lambda path: path.write_bytes(
            HEADS["run"] + b"q1 Q0 d3 " + b"3" * 1_000_000 + b" 0.5 t\n"
        ),
        quick=True,
    ),
    Bomb(
        "rank.csv",
        lambda path: path.write_bytes(
            b"qid,docno,rank,score\nq,d,1,2.5\nq,e," + b"2" * 1_000_000 + b",1.5\n"
        ),
        quick=True,
    ),
]
# Lines that only readers which take their time accept
ODD = {
    "csv": b'q1,"d""1",2.5\n',
    "tsv": b'q1\t"d""1"\t2.5\n',
    "records.jsonl": b'{"qid": "q1", "docno": "d\\u0031", "score": 2.5}\n',
    "groups.jsonl": b'{"query_id": "q1", "doc_id_a": "\\u0031", "doc_id_b": ["d2"]}\n',
    "run": b"q1 Q0 d1  1 2.5 t x\n",
}
REPEATED = ("run", "qrels", "csv", "records.jsonl", "groups.jsonl", "scoreddocs")
BOMBS = [
    *(bomb for kind in HEADS for bomb in _of_kind(kind)),
    *_packed_otherwise(),
    *(bomb for kind in REPEATED for bomb in _repeated(kind)),
    *(
        Bomb(
            f"{kind}.odd.gz",
            lambda path, kind=kind, line=line: packed(
                path, HEADS[kind], line * 1024, 2 * GIB, b""
            ),
        )
        for kind, line in ODD.items()
    ),
    *OBJECTS,
]


class Ran(NamedTuple):
    """What a command did.

    The exit code, seconds of the processor and by the clock, MiB at its peak, and what
    it said.
    """

    code: int
    seconds: float
    clock: float
    peak: float
    said: str


# The system counts the memory of who starts a process as its own: a small one starts it
LAUNCHER = """
import os, sys
child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, used = os.wait4(child, 0)
seconds = used.ru_utime + used.ru_stime
print(os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss / 1024)
"""


def converted(path: Path) -> Ran:
    """Convert a file in a process of its own."""
    kind = "jsonl" if "groups" in path.name else "scores.parquet"
    words = ["-m", "rankbound", "convert", str(path)]
    words += [str(path.parent / f"out.{kind}"), "--quiet"]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *words], capture_output=True, check=True
    )
    clock = time.monotonic() - begun
    code, seconds, peak = done.stdout.split()[-3:]
    text = done.stderr.decode("utf-8", "replace")
    return Ran(int(code), float(seconds), clock, float(peak), text)


def main() -> None:
    """Run all cases, or those whose name contains a given word."""
    words = sys.argv[1:]
    for bomb in BOMBS:
        if words and not any(word in bomb.name for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, bomb.name)
            bomb.make(path)
            found = converted(path)
        lines = found.said.replace(f"{folder}/", "").splitlines()
        good = found.code == bomb.code and len(lines) == (bomb.code != 0)
        # As many processes as wait for a processor share it
        good = good and found.clock < CLOCK * max(1.0, os.getloadavg()[0])
        good = good and found.seconds < SECONDS
        good = good and found.peak < 1024
        mark = " " if good else "!"
        sys.stdout.write(
            f"{mark} {bomb.name:24} {found.code:3} {found.seconds:5.1f} s "
            f"{found.peak:5.0f} MiB  {' | '.join(lines)[:230]}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
