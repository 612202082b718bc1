"""Runs, ranked lists and judgements as text; numbers read back to the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.data.ordering import ranking
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.text.ir_metadata import ir_metadata_lines
from rankbound.read.text.trec_sniffing import is_json_like

TAG = "rankbound"


def write_run(contents: Contents, path: Path) -> str | None:
    """Write a TREC run of six columns, ranks from 1, best first.

    Ties are ordered by docno, descending, as in trec_eval. An ir_metadata block and the
    tag are those of the contents.

    Raises
    ------
    FormatError
        Without scores, or for an id that holds a blank.
    """
    scores = _part(contents, "scores", path)
    tag = str(contents.metadata.get("tag") or TAG)
    _check_words([tag], "the tag", path)
    lines = ir_metadata_lines(contents.metadata.get("ir_metadata", {}))
    lines += [
        f"{qid} Q0 {docno} {rank} {value!r} {tag}"
        for qid, docno, rank, value in ranked(scores)
    ]
    _write(lines, path)
    return _blanks(scores)


def write_ranks(contents: Contents, path: Path) -> str | None:
    """Write ``qid docno rank``, separated by tabs, ranks from 1.

    Raises
    ------
    FormatError
        As `write_run`.
    """
    scores = _part(contents, "scores", path)
    _write([f"{qid}\t{docno}\t{rank}" for qid, docno, rank, _ in ranked(scores)], path)
    return _blanks(scores)


def write_scoreddocs(contents: Contents, path: Path) -> str | None:
    """Write ``qid docno score``, separated by tabs, best first.

    Raises
    ------
    FormatError
        As `write_run`.
    """
    scores = _part(contents, "scores", path)
    _write(
        [f"{qid}\t{docno}\t{value!r}" for qid, docno, _, value in ranked(scores)], path
    )
    return _blanks(scores)


def write_qrels(contents: Contents, path: Path) -> str | None:
    """Write judgements as ``qid 0 docno grade``, in the order of queries and ids.

    Raises
    ------
    FormatError
        Without judgements, for an id that holds a blank, or a grade that is not whole.
    """
    qrels = _part(contents, "qrels", path)
    rows = _judged(qrels, path)
    _write([f"{qid} 0 {docno} {grade}" for qid, docno, grade in rows], path)
    return _blanks(qrels)


def write_beir_qrels(contents: Contents, path: Path) -> str | None:
    """Write judgements with BEIR's header, separated by tabs.

    Raises
    ------
    FormatError
        As `write_qrels`.
    """
    qrels = _part(contents, "qrels", path)
    rows = _judged(qrels, path)
    header = "query-id\tcorpus-id\tscore"
    _write([header, *(f"{qid}\t{docno}\t{grade}" for qid, docno, grade in rows)], path)
    return _blanks(qrels)


def ranked(scores: Scores) -> Iterator[tuple[str, str, int, float]]:
    """Rows of (qid, docno, rank from 1, value), best first; ties by docno, descending.

    Examples
    --------
    >>> [*ranked(Scores.from_dict({"q": {"a": 1.0, "b": 1.0, "c": 2.0}}))]
    [('q', 'c', 1, 2.0), ('q', 'b', 2, 1.0), ('q', 'a', 3, 1.0)]
    """
    queries = scores.row_query()
    order = ranking(scores)
    ranks = np.arange(len(order)) - np.repeat(scores.offsets[:-1], scores.sizes) + 1
    return zip(
        scores.qids[queries].tolist(),
        scores.docnos[scores.codes[order]].tolist(),
        ranks.tolist(),
        scores.values[order].tolist(),
        strict=True,
    )


def _judged(qrels: Scores, path: Path) -> Iterator[tuple[str, str, int]]:
    whole = qrels.values == np.trunc(qrels.values)
    if not whole.all():
        row = int(np.argmin(whole))
        qid, docno = qrels.where(row)
        raise FormatError(
            path,
            f"a grade must be a whole number; query {qid!r}, document {docno!r} has "
            f"{float(qrels.values[row])!r}",
        )
    return zip(
        qrels.qids[qrels.row_query()].tolist(),
        qrels.docnos[qrels.codes].tolist(),
        qrels.values.astype(np.int64).tolist(),
        strict=True,
    )


def _part(contents: Contents, part: str, path: Path) -> Scores:
    found: Scores | None = getattr(contents, part)
    if found is None:
        held = " and ".join(contents.parts()) or "nothing"
        raise FormatError(path, f"needs {part}, and {contents.path} holds {held}")
    _check_words(found.qids.tolist(), "a query id", path)
    _check_qids(found.qids.tolist(), path)
    _check_words(found.docnos.tolist(), "a document id", path)
    return found


def _check_words(names: list[Any], what: str, path: Path) -> None:
    for name in names:
        data = name.encode()
        if len(data.split()) != 1 or data[:1].isspace() or b"\0" in data:
            raise FormatError(
                path,
                f"{what} must be one word to stand in a table of text, got {name!r}; "
                "write a format that is no such table",
            )


def _check_qids(names: list[str], path: Path) -> None:
    """Raise for an id that would make its line a comment, a mark, or JSON."""
    first = names[0]
    marked = first.startswith("\ufeff") or is_json_like([first.encode(), b""])
    odd = first if marked else next((name for name in names if name == "#"), None)
    if odd is not None:
        raise FormatError(
            path,
            f"a line that begins with the query id {odd!r} would be taken for a "
            "comment, a byte order mark or JSON; write a format that is no such table",
        )


def _blanks(scores: Scores) -> str | None:
    """What to tell of ids with blanks that only some tools know as such."""
    names = [*scores.qids.tolist(), *scores.docnos.tolist()]
    odd = next((name for name in names if not name.isascii() and _parts(name)), None)
    if odd is None:
        return None
    return (
        f"an id holds a blank other than space and tab, the first {odd!r}: trec_eval "
        "reads it as it is, and tools that part lines at any blank do not"
    )


def _parts(name: str) -> bool:
    return len(name.split()) != 1 or name != name.strip()


def _write(lines: list[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(f"{line}\n" for line in lines)
