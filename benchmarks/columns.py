"""`python -m benchmarks.columns [FORMAT ...]`: from every format into our Arrow file.

`python -m benchmarks.columns measure [FORMAT ...]` measures files as they are.

For each format, a file of `QUERIES` x 1,000 scores is made from a seed, read,
converted, or measured, each in a process of its own. The table has seconds, the largest
memory that a process ever held, and what that is for each score, beyond what the
interpreter and its imports take. The file itself is mapped, and its pages count.
Files stay in the folder `FILES`, where one is named, and are not made again there.
``--keep`` writes each row into the tables that the documentation shows.
"""

from __future__ import annotations

import codecs
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import ROOT, commit
from benchmarks.readers import DEPTH, table, write_run
from tests.hostile.running import record

SHOWN: Final = ROOT / "docs" / "measured"
KEEP: Final = "--keep"
QUERIES: Final = int(os.environ.get("RANKBOUND_BENCH_QUERIES", "2000"))
FILES: Final = os.environ.get("RANKBOUND_BENCH_FILES")

CHILD = """
import json, resource, sys, time
import rankbound as rb
from rankbound.read.registry import formats
rb.measure, rb.convert, formats()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = peak(), time.perf_counter()
options, what, *paths = sys.argv[1:]
options = json.loads(options)
if what == "convert":
    rb.convert(*paths, to="rankbound-scores", lossy=True, **options)
elif what.startswith("measure"):
    if what == "measure its groups":
        options["groups"] = paths[0]
    named = {"": options.pop("format")} if "format" in options else {}
    rb.measure(*paths, teacher_kind="logit", formats=named, **options)
else:
    held = rb.read_scores(*paths, **options)
print(time.perf_counter() - start, before, peak())
"""


Writer = Callable[[Path, int], None]


def _rows(queries: int) -> Iterator[tuple[str, Any, Any]]:
    return table(np.random.default_rng(0), queries)


# Text and JSON


def _written(
    path: Path,
    queries: int,
    line: Callable[[str, list[int], list[float]], str],
    *,
    around: tuple[str, str, str] = ("", "", ""),
) -> None:
    """What `line` makes of each query, with a text before, between and after them."""
    before, between, after = around
    with path.open("w") as stream:
        stream.write(before)
        for place, row in enumerate(_rows(queries)):
            stream.write(f"{between if place else ''}{line(*row)}")
        stream.write(after)


def _lines(line: str) -> Callable[[str, list[int], list[float]], str]:
    """A line for each score, of the `qid`, docno `d`, rank `r`, score `s`."""

    def made(qid: str, docnos: list[int], scores: list[float]) -> str:
        pairs = enumerate(zip(docnos, scores, strict=True), start=1)
        return "".join(line.format(qid=qid, d=d, r=r, s=s) for r, (d, s) in pairs)

    return made


def _pairs(line: str) -> Callable[[str, list[int], list[float]], str]:
    """A line for each document but the first `p`, whose score is `t`."""

    def made(qid: str, docnos: list[int], scores: list[float]) -> str:
        (p, *others), (t, *lower) = docnos, scores
        rows = zip(others, lower, strict=True)
        return "".join(
            line.format(qid=qid, p=p, d=d, t=t, s=s, m=t - s) for d, s in rows
        )

    return made


def _values(value: Callable[[str, list[int], list[float]], Any]) -> Any:
    """A JSON value for each query."""
    return lambda *row: json.dumps(value(*row))


def _named(*names: str) -> Any:
    """Objects with a document and its score by these names."""

    def made(_: str, docnos: list[int], scores: list[float]) -> list[Any]:
        return [
            dict(zip(names, (str(d), s), strict=True))
            for d, s in zip(docnos, scores, strict=True)
        ]

    return made


def _lookup(_: str, docnos: list[int], scores: list[float]) -> dict[str, float]:
    return dict(zip(map(str, docnos), scores, strict=True))


def _two(_: str, docnos: list[int], scores: list[float]) -> list[Any]:
    return [[str(d), s] for d, s in zip(docnos, scores, strict=True)]


def _texts(docnos: list[int]) -> list[str]:
    return [f"passage {docno}" for docno in docnos]


def _of_queries(value: Any, *, before: str = "{", after: str = "}") -> Writer:
    """One object of queries."""
    return partial(
        _written,
        line=lambda *row: f'"{row[0]}": {json.dumps(value(*row))}',
        around=(before, ", ", after),
    )


def _records(value: Any) -> Writer:
    """An object a line, for each query."""
    return partial(_written, line=lambda *row: json.dumps(value(*row)) + "\n")


def _columns(path: Path, queries: int, *, keyed: bool) -> None:
    """Pandas' orient "columns", or lists by name."""
    around, start = ("{", "}") if keyed else ("[", "]"), 0
    with path.open("w") as stream:
        for column, name in enumerate(("qid", "docno", "score")):
            stream.write(f'{", " if column else "{"}"{name}": {around[0]}')
            start = 0
            for qid, docnos, scores in _rows(queries):
                cells = ([qid] * len(docnos), map(str, docnos), scores)[column]
                texts = [*map(json.dumps, cells)]
                if keyed:
                    texts = [f'"{at}": {one}' for at, one in enumerate(texts, start)]
                stream.write((", " if start else "") + ", ".join(texts))
                start += len(texts)
            stream.write(around[1])
        stream.write("}")


def _orient(row: str, before: str, after: str) -> Writer:
    """Pandas' other orients: a text for each row, numbered by `n`."""

    def write(path: Path, queries: int) -> None:
        number = 0
        with path.open("w") as stream:
            stream.write(before)
            for qid, docnos, scores in _rows(queries):
                for d, s in zip(docnos, scores, strict=True):
                    stream.write(", " if number else "")
                    stream.write(row % {"n": number, "q": qid, "d": d, "s": s})
                    number += 1
            stream.write(after)

    return write


def write_systems(path: Path, queries: int) -> None:
    """Records of two systems, each with half of the queries' scores."""
    with path.open("w") as stream:
        for qid, docnos, scores in _rows(queries):
            for at, (docno, score) in enumerate(zip(docnos, scores, strict=True)):
                stream.write(f'{{"qid": "{qid}", "docno": "{docno}", "score": {score}')
                stream.write(f', "system": "{"ab"[at % 2]}"}}\n')


# Pickles


class _Streamed(pickle._Pickler):  # type: ignore[name-defined]
    """Write what `pickle` writes of NumPy's numbers, and keep nothing of them.

    `pickle` keeps all that it wrote, 600 bytes for each of these numbers, in case that
    it comes again.
    """

    def __init__(self, stream: Any, protocol: int, number: type) -> None:
        super().__init__(stream, protocol)
        self._number, self._next = number, 0
        self._before, self._within = b"", b""

    def memoize(self, obj: Any) -> None:
        self.write(self.put(self._next))
        constant = (isinstance(obj, str) and obj.isprintable()) or callable(obj)
        if constant or isinstance(obj, (np.integer, np.dtype)):
            self.memo[id(obj)] = self._next, obj
        self._next += 1

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if type(obj) is not self._number:
            super().save(obj, save_persistent_id)
        elif not self._before:
            super().save(obj)
            function, (kind, _) = obj.__reduce__()
            said = [function, kind, *([codecs.encode] if self.proto == 2 else [])]
            self._before = b"".join(self.get(self.memo[id(one)][0]) for one in said)
            at = [n for n, one in self.memo.values() if one == "latin1"]
            self._within = self.get(at[0]) if at else b""
        elif self.proto == 2:
            text = obj.tobytes().decode("latin1").encode()
            first, *puts = map(self.put, range(self._next, self._next + 5))
            made = (b"\x86", b"R", b"\x86", b"R")
            self._next += 5
            self.write(
                self._before + b"X" + struct.pack("<I", len(text)) + text + first
                + self._within
                + b"".join(one + put for one, put in zip(made, puts, strict=True))
            )  # fmt: skip
        else:
            self.framer.commit_frame()
            self._next += 3
            data = obj.tobytes()
            self.write(
                self._before + b"C%c%b" % (len(data), data) + b"\x94\x86\x94R\x94"
            )

    def dump_items(self, items: Iterable[tuple[Any, Any]]) -> None:
        """Write a dictionary."""
        self.write(pickle.PROTO + bytes([self.proto]))
        if self.proto >= 4:
            self.framer.start_framing()
        self.write(pickle.EMPTY_DICT)
        self.memoize(None)
        self._batch_setitems(items)
        self.write(pickle.STOP)
        self.framer.end_framing()


def _pickled(
    path: Path,
    queries: int,
    *,
    ids: Callable[[Any], Any],
    number: type = float,
    protocol: int = 4,
) -> None:
    """``{qid: {docno: score}}``, of one object for each id."""
    known = [ids(one) for one in range(1_000_000)]
    items = (
        (
            ids(qid),
            dict(
                zip(
                    (known[docno] for docno in docnos), map(number, scores), strict=True
                )
            ),
        )
        for qid, docnos, scores in _rows(queries)
    )
    with path.open("wb") as stream:
        if number is float:
            pickle.dump(dict(items), stream, protocol)
        else:
            _Streamed(stream, protocol, number).dump_items(items)


def _parquet(path: Path, queries: int) -> None:
    """A table of scores, written by groups of rows."""
    names = ("qid", "docno", "score")
    types = zip(names, (pa.string(), pa.string(), pa.float64()), strict=True)
    found = _rows(queries)
    with pq.ParquetWriter(path, pa.schema([*types])) as writer:
        while rows := [*islice(found, 100)]:
            columns = [
                [qid for qid, docnos, _ in rows for _ in docnos],
                [str(docno) for _, docnos, _ in rows for docno in docnos],
                [score for _, _, scores in rows for score in scores],
            ]
            made = dict(zip(names, columns, strict=True))
            writer.write_table(pa.table(made, schema=writer.schema))


def _arrow(path: Path, queries: int) -> None:
    """Our own file."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        source = Path(folder, "x.run")
        RUN(source, queries)
        measured("convert", source, path)


ROW: Final = '{"qid": "%(q)s", "docno": "%(d)s", "score": %(s)r}'
INNER: Final = f'"%(n)d": {ROW}'
SCHEMA: Final = (
    '{"schema": {"fields": [{"name": "qid", "type": "string"}, {"name": "docno", '
    '"type": "string"}, {"name": "score", "type": "number"}], "pandas_version": '
    '"1.4.0"}, "data": ['
)
RUN: Final[Writer] = partial(_written, line=_lines("{qid} Q0 {d} {r} {s:.6f} bm25\n"))
WRITERS: Final[dict[str, Writer]] = {
    # Text
    "run": RUN,
    "run.gz": write_run,
    "tagged.run": partial(_written, line=_lines("{qid} Q0 {d} {r} {s:.6f} my run\n")),
    "scoreddocs": partial(_written, line=_lines("{qid} {d} {s!r}\n")),
    "ranking": partial(_written, line=_lines("{qid}\t{d}\t{r}\t{s!r}\n")),
    "msmarco": partial(_written, line=_lines("{qid}\t{d}\t{r}\n")),
    "csv": partial(
        _written, line=_lines("{qid},{d},{s!r}\n"), around=("qid,docno,score\n", "", "")
    ),
    "tsv": partial(
        _written,
        line=_lines("{qid}\t{d}\t{s!r}\n"),
        around=("qid\tdocno\tscore\n", "", ""),
    ),
    "lists.tsv": partial(
        _written,
        line=lambda q, d, s: f"{q}\t{json.dumps([*map(str, d)])}\t{json.dumps(s)}\n",
        around=("query_id\tdocument_ids\tscores\n", "", ""),
    ),
    "margins.tsv": partial(
        _written,
        line=_pairs("{qid}\t{p}\t{d}\t{m!r}\n"),
        around=("query_id\tpositive_id\tnegative_id\tscore\n", "", ""),
    ),
    "triples": partial(_written, line=_pairs("{qid}\t{p}\t{d}\t{m!r}\n")),
    "hofstaetter": partial(_written, line=_pairs("{t!r}\t{s!r}\t{qid}\t{p}\t{d}\n")),
    # JSON
    "json": _of_queries(_lookup),
    "pairs.json": _of_queries(_two),
    "objects.json": _of_queries(_named("docno", "score")),
    "lists.json": _of_queries(
        lambda _, d, s: {"docs": [*map(str, d)], "scores": s},
    ),
    "nested.json": _of_queries(
        lambda _, d, s: {
            str(one): {"score": score, "rank": r}
            for r, (one, score) in enumerate(zip(d, s, strict=True))
        },
    ),
    "mteb.json": _of_queries(
        _lookup,
        before='{"mteb_model_meta": {"model_name": "m"}, "default": {"test": {',
        after="}}}",
    ),
    "lookup.jsonl": _records(lambda *row: {"qid": row[0], "scores": _lookup(*row)}),
    "jsonl": partial(
        _written,
        line=_lines('{{"qid": "{qid}", "docno": "{d}", "score": {s!r}}}\n'),
    ),
    "array.json": _orient(ROW, "[", "]"),
    "index.json": _orient(INNER, "{", "}"),
    "split.json": _orient(
        '["%(q)s", "%(d)s", %(s)r]',
        '{"columns": ["qid", "docno", "score"], "data": [',
        "]}",
    ),
    "table.json": _orient(ROW, SCHEMA, "]}"),
    "columns.json": partial(_columns, keyed=True),
    "by-name.json": partial(_columns, keyed=False),
    "systems.jsonl": write_systems,
    "margins.jsonl": partial(
        _written,
        line=_pairs(
            '{{"query_id": "{qid}", "positive_id": "{p}", "negative_id": "{d}", '
            '"score": {m!r}}}\n'
        ),
    ),
    "table-margins.jsonl": partial(
        _written,
        line=_pairs(
            '{{"qid": "{qid}", "pos_id": "{p}", "neg_id": "{d}", "margin": {m!r}}}\n'
        ),
    ),
    "pylate.jsonl": _records(
        lambda q, d, s: {"query_id": q, "document_ids": [*map(str, d)], "scores": s}
    ),
    "labelled.jsonl": _records(
        lambda q, d, s: {
            "query_id": q,
            "doc_ids": [*map(str, d)],
            "labels": [1] + [0] * (len(d) - 1),
            "scores": s,
        }
    ),
    "table-lists.jsonl": _records(
        lambda q, d, s: {
            "query_id": q,
            "doc_id_a": [*map(str, d[:1])],
            "doc_id_b": [*map(str, d[1:])],
            "pos_scores": s[:1],
            "neg_scores": s[1:],
        }
    ),
    "colbert.jsonl": _records(
        lambda q, d, s: [int(q), *map(list, zip(d, s, strict=True))]
    ),
    "hard-ce.jsonl": _records(
        lambda q, d, s: {
            "qid": int(q),
            "pos": [{"pid": d[0], "ce-score": s[0]}],
            "neg": {
                "bm25": [
                    {"pid": one, "ce-score": score}
                    for one, score in zip(d[1:], s[1:], strict=True)
                ]
            },
        }
    ),
    "rankllm.jsonl": _records(
        lambda q, d, s: {
            "query": {"text": f"query {q}", "qid": q},
            "candidates": [
                {"docid": str(one), "score": score, "doc": {"contents": text}}
                for one, score, text in zip(d, s, _texts(d), strict=True)
            ],
        }
    ),
    "predictions.jsonl": _records(
        lambda q, d, s: {
            "query_id": q,
            "query": f"query {q}",
            "results": [
                {"corpus_id": str(one), "score": score}
                for one, score in zip(d, s, strict=True)
            ],
        }
    ),
    "flag.jsonl": _records(
        lambda q, d, s: {
            "query": f"query {q}",
            "pos": _texts(d[:1]),
            "neg": _texts(d[1:]),
            "pos_scores": s[:1],
            "neg_scores": s[1:],
        }
    ),
    "tevatron.jsonl": _records(
        lambda q, d, s: {
            "query_id": q,
            "query": f"query {q}",
            "positive_passages": _passages(d[:1], s[:1]),
            "negative_passages": _passages(d[1:], s[1:]),
        }
    ),
    "mined.jsonl": _records(
        lambda q, d, s: {"anchor": f"query {q}", "positive": _texts(d), "scores": s}
    ),
    "ranked.jsonl": _records(
        lambda q, d, _: {"query_id": q, "doc_ids": [*map(str, d)]}
    ),
    # Pickles
    "pkl": partial(_pickled, ids=int),
    "text.pkl": partial(_pickled, ids=str),
    "2.pkl": partial(_pickled, ids=str, protocol=2),
    "single.pkl": partial(_pickled, ids=str, number=np.float32),
    "double.pkl": partial(_pickled, ids=int, number=np.float64),
    "numpy-2.pkl": partial(_pickled, ids=np.str_, number=np.float64, protocol=2),
    "5.pkl": partial(_pickled, ids=np.int64, number=np.float32, protocol=5),
    # Tables
    "parquet": _parquet,
    "arrow": _arrow,
}


def _passages(docnos: list[int], scores: list[float]) -> list[Any]:
    return [
        {"docid": str(docno), "title": "", "text": text, "score": score}
        for docno, score, text in zip(docnos, scores, _texts(docnos), strict=True)
    ]


def _made(name: str, path: Path) -> None:
    """Write a file in another process, whose memory would count for those it starts."""
    kept = None if FILES is None else Path(FILES, path.name)
    if kept is not None and kept.exists():
        path.symlink_to(kept)
        return
    code = "import sys; from benchmarks.columns import *; from pathlib import Path\n"
    code += "WRITERS[sys.argv[1]](Path(sys.argv[2]), QUERIES)"
    subprocess.run([sys.executable, "-c", code, name, str(path)], check=True)
    if kept is not None:
        shutil.copy2(path, kept)


# What has to be said of some files
OPTIONS: Final[dict[str, dict[str, str]]] = {
    "tagged.run": {"format": "trec-run-lenient"},
    "systems.jsonl": {"run_tag": "*"},
}


# Files of margins, which are measured on the groups that they join
MARGINS: Final = ("margins.tsv", "triples", "margins.jsonl", "table-margins.jsonl")


def measured(what: str, *paths: Path, name: str = "") -> tuple[float, float, float]:
    """Seconds, memory before and at most, in MiB, of one piece of work."""
    given = json.dumps(OPTIONS.get(name, {}))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, given, what, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    seconds, before, peak = map(float, done.stdout.split())
    return seconds, before, peak


def cell(seconds: float, before: float, peak: float, scores: int) -> str:
    """Seconds, the peak, and bytes for each score.

    Examples
    --------
    >>> cell(1.25, 100.0, 300.0, 1 << 22)
    '1.2 s, 300 MiB, 50 bytes'
    """
    each = (peak - before) * 2**20 / scores
    return f"{seconds:.1f} s, {peak:.0f} MiB, {each:.0f} bytes"


def rows(names: list[str] | None = None) -> Iterator[str]:
    """Lines of the table, one for each format."""
    scores = QUERIES * DEPTH
    for name in names or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, f"x.{name}"), Path(folder, "made.arrow")
            _made(name, source)
            direct = measured("read", source, name=name)
            converted = measured("convert", source, target, name=name)
            size = target.stat().st_size / source.stat().st_size
            source.unlink()
            mapped = measured("read", target)
            cells = [cell(*one, scores) for one in (direct, converted, mapped)]
            yield (
                f"| {name} | {' | '.join(cells)} | "
                f"{direct[0] / mapped[0]:.1f}x | {size:.2f}x |"
            )


def rows_of_measure(names: list[str] | None = None) -> Iterator[str]:
    """Lines of the table of files that are measured as they are.

    Margins say nothing of documents that they do not join, so their own groups are
    given, too.
    """
    for name in names or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, f"x.{name}")
            _made(name, source)
            what = "measure its groups" if name in MARGINS else "measure"
            used = cell(*measured(what, source, name=name), QUERIES * DEPTH)
            yield f"| {name} | {used} |"


class Table(NamedTuple):
    """One of the two tables: its file, command, columns and rows."""

    file: str
    command: str
    columns: str
    rows: Callable[[list[str]], Iterator[str]]


CONVERTED: Final = Table(
    "columns.md",
    "python -m benchmarks.columns --keep",
    "file | read | convert | read the Arrow file | faster | size | commit",
    rows,
)
MEASURED: Final = Table(
    "measuring.md",
    "python -m benchmarks.columns measure --keep",
    "file | measure it | commit",
    rows_of_measure,
)


def main(words: list[str]) -> None:
    """Print the table of some formats, or of all."""
    at = commit()  # before the tables change
    names = [word for word in words if word != KEEP]
    made = MEASURED if names[:1] == ["measure"] else CONVERTED
    begin = (
        f"Made by `{made.command}` with `RANKBOUND_BENCH_QUERIES={QUERIES}`, "
        f"which gives {QUERIES * DEPTH:,} scores:"
    )
    head = f"| {made.columns} |\n|{' --- |' * len(made.columns.split(' | '))}\n"
    sys.stdout.write(f"{begin}\n\n{head}")
    for line in made.rows(names[made is MEASURED :]):
        row = f"{line} {at} |\n"
        sys.stdout.write(row)
        sys.stdout.flush()
        if KEEP in words:
            record(SHOWN / made.file, begin, head, [*WRITERS], row)


if __name__ == "__main__":
    main(sys.argv[1:])
