"""Small files that fill memory when they are read without limits, and what to expect.

`python -m tests.rankbound.read.bombs` runs a command on each in a process of its own, and
prints its exit code, seconds and peak of resident memory.
"""

import bz2
import gzip
import io
import json
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
SECONDS = 10  # and 1 GiB, for each case

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
    """A file, by how it is made, and what the command that reads it answers.

    Attributes
    ----------
    name : str
        The name of the file, whose ending says how it is packed.
    make : callable
        Writes the file to a path.
    words : str
        A part of the message that must be printed, in any case.
    code : int
        The exit code.
    arguments : tuple of str
        Further arguments.
    """

    name: str
    make: Callable[[Path], object]
    words: str
    code: int = 2
    arguments: tuple[str, ...] = ()


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


def pickled(path: Path, content: bytes) -> None:
    """Write the opcodes of a pickle of protocol 4."""
    path.write_bytes(b"\x80\x04" + content + b".")


def nested(depth: int, *, lists: bool) -> bytes:
    """JSON that is nested so deeply."""
    if lists:
        return b"[" * depth + b"]" * depth
    return b'{"a":' * depth + b"1" + b"}" * depth


def repeated(path: Path, line: bytes, times: int) -> None:
    """Write one line very often."""
    packed(path, b"", line * times, 64 * MIB, b"")


def _bombs() -> list[Bomb]:
    found: list[Bomb] = []

    def add(name: str, words: str, make: Callable[[Path], object], **more: int) -> None:
        found.append(Bomb(name, make, words, **more))

    for kind, head in HEADS.items():
        for fill, byte in FILLS.items():
            add(
                f"{kind}.{fill}.gz",
                "",
                lambda path, head=head, byte=byte: packed(
                    path, head, byte, 2 * GIB, b"\n"
                ),
            )
        opened, closed = OPENED[kind], CLOSED[kind]
        add(
            f"{kind}.id",
            "characters",
            lambda path, h=head, o=opened, c=closed: path.write_bytes(
                h + o[0] + b"i" * MIB + c[0]
            ),
        )
        add(
            f"{kind}.number",
            "",
            lambda path, h=head, o=opened, c=closed: path.write_bytes(
                h + o[1] + b"0" * 1_000_000 + c[1]
            ),
        )
        add(
            f"{kind}.fraction",
            "",
            lambda path, h=head, o=opened, c=closed: path.write_bytes(
                h + o[1] + b"." + b"1" * 1_000_000 + c[1]
            ),
        )
        add(
            f"{kind}.plain",
            "",
            lambda path, h=head: packed(path, h, b"\0", GIB, b""),
        )
        if kind in JSON or kind.endswith("jsonl"):
            for lists in (True, False):
                add(
                    f"{kind}.deep-{'lists' if lists else 'objects'}",
                    "",
                    lambda path, h=head, lists=lists: path.write_bytes(
                        h
                        + (b"" if h.endswith(b"\n") else b'"deep": ')
                        + nested(100_000, lists=lists)
                        + b"}\n"
                    ),
                )
    for packing in ("bz2", "xz", "zst"):
        for fill in ("spaces", "zeros"):
            add(
                f"run.{fill}.{packing}",
                "",
                lambda path, byte=FILLS[fill]: packed(
                    path, HEADS["run"], byte, 2 * GIB, b"\n"
                ),
            )
        add(
            f"lookup.spaces.{packing}",
            "",
            lambda path: packed(path, HEADS["lookup"], b" ", 2 * GIB, b"}"),
        )
    add(
        "run.zip",
        "",
        lambda path: zipped(path, HEADS["run"], b" ", GIB),
    )
    add("run.tar.gz", "", lambda path: tarred(path, HEADS["run"], 2 * GIB))
    for kind in ("run", "qrels", "csv", "records.jsonl", "groups.jsonl", "scoreddocs"):
        lines = HEADS[kind].splitlines(keepends=True)
        code = 0 if kind == "groups.jsonl" else 2
        add(
            f"{kind}.repeated",
            "",
            lambda path, lines=lines: path.write_bytes(
                b"".join(lines[:-1]) + lines[-1] * 1_000_000
            ),
        )
        add(
            f"{kind}.repeated.gz",
            "",
            lambda path, lines=lines: packed(
                path, b"".join(lines[:-1]), lines[-1] * 1024, 2 * GIB, b""
            ),
        )
        del code
    add("wide.npz", "", lambda path: npz(path, 512 * 1024))
    add("wide.npy", "", lambda path: npy(path, 1 << 40))
    add("long.safetensors", "", lambda path: safetensors(path, 1 << 40))
    add("rows.parquet", "", lambda path: parquet(path, 256 * MIB))
    add(
        "bytes.pkl",
        "",
        lambda path: pickled(path, b"\x8e" + struct.pack("<Q", 1 << 40) + b"a"),
    )
    add(
        "memo.pkl",
        "",
        lambda path: pickled(path, b"}r" + struct.pack("<I", (1 << 32) - 2)),
    )
    add(
        "lists.pkl.gz",
        "",
        lambda path: packed(path, b"\x80\x04](", b"]" * 64, 2 * GIB, b"e."),
    )
    add(
        "number.pkl",
        "",
        lambda path: path.write_bytes(
            pickle.dumps({"q": {int("1" + "0" * 4000) ** 250: 1.0, "d": 2.0}})
        ),
    )
    add(
        "score.pkl",
        "",
        lambda path: path.write_bytes(
            pickle.dumps({"q": {"d": int("1" + "0" * 4000) ** 250}})
        ),
    )
    add(
        "id.pkl",
        "characters",
        lambda path: path.write_bytes(pickle.dumps({"q": {"i" * MIB: 1.0, "d": 2.0}})),
    )
    add(
        "lists.json.gz",
        "",
        lambda path: packed(path, b'{"q": {"d": [', b"[],", 2 * GIB, b"[]]}}"),
    )
    add(
        "rank.run",
        "",
        lambda path: path.write_bytes(
            HEADS["run"] + b"q1 Q0 d3 " + b"3" * 1_000_000 + b" 0.5 t\n"
        ),
    )
    add(
        "rank.csv",
        "",
        lambda path: path.write_bytes(
            b"qid,docno,rank,score\nq1,d1,1,2.5\nq1,d2," + b"2" * 1_000_000 + b",1.5\n"
        ),
    )
    return found


BOMBS = _bombs()


class Ran(NamedTuple):
    """What a command did: exit code, seconds, MiB at its peak, and what it said."""

    code: int
    seconds: float
    peak: float
    said: str


def run(path: Path, *arguments: str, command: str = "inspect") -> Ran:
    """Run a command on a file in a process of its own."""
    with tempfile.TemporaryFile() as said:
        begun = time.monotonic()
        words = [sys.executable, "-m", "rankbound", command, str(path), *arguments]
        if command == "convert":
            words.append(str(path.parent / "out.scores.parquet"))
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return Ran(
            process.returncode,
            time.monotonic() - begun,
            used.ru_maxrss / 1024,
            said.read().decode("utf-8", "replace"),
        )


def main() -> None:
    """Run all cases, or those whose name contains a given word."""
    words = sys.argv[1:]
    for bomb in BOMBS:
        if words and not any(word in bomb.name for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, bomb.name)
            bomb.make(path)
            found = run(path, *bomb.arguments, command="convert")
        lines = found.said.strip().splitlines() or [""]
        bad = (
            found.code != bomb.code
            or len(lines) != 1
            or found.seconds > SECONDS
            or found.peak > 1024
            or len(lines[-1]) > 1500
        )
        print(
            json.dumps(
                {
                    "bad": bad,
                    "name": bomb.name,
                    "code": found.code,
                    "s": round(found.seconds, 1),
                    "MiB": round(found.peak),
                    "lines": len(lines),
                    "said": lines[-1].replace(folder, "")[:260],
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
