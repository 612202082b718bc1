"""Writers of the demonstration's files, in the formats that people have.

The same content always gives the same bytes: compressed files carry no time and no
name, lines end in a line feed everywhere, and numbers are written so that they are read
back exactly.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankbound.commands.demo.retrieval import Ints, Run

# Level 6 takes half the time of level 9 and leaves files two per cent larger.
_COMPRESSION = 6
_LINES_AT_ONCE = 10_000


def write_lines(path: Path, lines: Iterable[str]) -> None:
    r"""Write lines as UTF-8, compressed when the name ends in `.gz`.

    Folders that are missing are made.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_lines(Path(folder) / "a" / "b.txt", ["one", "two"])
    ...     (Path(folder) / "a" / "b.txt").read_bytes()
    b'one\ntwo\n'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            raw.writelines(_encoded(lines))
            return
        with gzip.GzipFile(
            filename="", mode="wb", fileobj=raw, compresslevel=_COMPRESSION, mtime=0
        ) as packed:
            packed.writelines(_encoded(lines))


def write_records(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object per line (BEIR's corpus and queries)."""
    write_lines(path, (json.dumps(record, ensure_ascii=False) for record in records))


def write_qrels(path: Path, relevant: Iterable[tuple[str, str]]) -> None:
    """Write judgements `qid 0 docno 1`, one per pair of query and document."""
    write_lines(path, (f"{qid} 0 {docno} 1" for qid, docno in relevant))


def write_run(
    path: Path,
    run: Run,
    *,
    queries: Ints,
    qids: Sequence[str],
    docnos: Sequence[str],
) -> None:
    """Write the rankings of some queries in six columns, `qid Q0 docno rank score tag`.

    Parameters
    ----------
    path : pathlib.Path
    run : Run
    queries : array of int
        Codes of the queries to write, in the order to write them.
    qids, docnos : sequences of str
        Names of all queries and documents, by code.
    """
    write_lines(path, _run_lines(run, queries, qids, docnos))


def write_groups(
    path: Path,
    docs: Ints,
    *,
    queries: Ints,
    qids: Sequence[str],
    docnos: Sequence[str],
) -> None:
    """Write groups: the query, its relevant document, and the list of its negatives.

    `docs` has shape (n_queries, group_size), the relevant document first; its rows
    belong to `queries`.
    """
    write_records(
        path,
        (
            {
                "query_id": qids[query],
                "doc_id_a": docnos[row[0]],
                "doc_id_b": [docnos[code] for code in row[1:]],
            }
            for query, row in zip(queries.tolist(), docs.tolist(), strict=True)
        ),
    )


def write_scores(path: Path, scores: Mapping[str, Mapping[str, float]]) -> None:
    """Write a lookup `{qid: {docno: score}}` as one JSON object, one query per line."""
    write_lines(path, _lookup_lines(scores))


def write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write a matrix of vectors, one row each, as `.npy`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(vectors), allow_pickle=False)


def _run_lines(
    run: Run, queries: Ints, qids: Sequence[str], docnos: Sequence[str]
) -> Iterator[str]:
    for query in queries.tolist():
        part = slice(run.offsets[query], run.offsets[query + 1])
        # Lists of Python numbers: their repr is the shortest that reads back exactly.
        ranked = zip(run.docs[part].tolist(), run.scores[part].tolist(), strict=True)
        for rank, (code, score) in enumerate(ranked, start=1):
            yield f"{qids[query]} Q0 {docnos[code]} {rank} {score!r} {run.name}"


def _lookup_lines(scores: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    opening = "{"
    for qid, row in scores.items():
        yield f"{opening}{json.dumps(qid)}: {json.dumps(row)}"
        opening = ","
    yield "}" if scores else "{}"


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines joined in batches: a compressor is slow when fed line by line."""
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _LINES_AT_ONCE:
            yield ("\n".join(batch) + "\n").encode()
            batch = []
    if batch:
        yield ("\n".join(batch) + "\n").encode()
