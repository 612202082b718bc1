"""TREC runs and relevance judgements (TREC and BEIR)."""

from __future__ import annotations

from pathlib import Path

from estimators.scores import Scores
from rankbound.formats.columns import Layout, read_columns
from rankbound.formats.contents import Contents, Format
from rankbound.formats.errors import FormatError
from rankbound.formats.opening import read_bytes
from rankbound.formats.source import Source

RUN = Layout(6, 0, 2, 4, "qid Q0 docno rank score tag", "score")
QRELS = Layout(4, 0, 2, 3, "qid iteration docno grade", "grade", integral=True)
BEIR = Layout(3, 0, 1, 2, "query-id corpus-id score", "grade", integral=True)
BEIR_HEADER = b"query-id"


def read_run(path: Path | str) -> Scores:
    """Read a TREC run, plain or gzip: ``qid Q0 docno rank score tag``.

    Only the score counts: the rank column and the order of lines play no part, as in
    trec_eval. Columns are separated by blanks or tabs; lines starting with # are
    comments.

    Raises
    ------
    FormatError
        With path:line; see `rankbound.formats.columns.read_columns`.
    """
    path = Path(path)
    return read_columns(read_bytes(path), RUN, path)


def read_qrels(path: Path | str) -> Scores:
    """Read relevance judgements, plain or gzip; the values are grades.

    Either TREC's four columns ``qid iteration docno grade`` or BEIR's three with the
    header ``query-id corpus-id score``. Grades are whole numbers, possibly negative.

    Raises
    ------
    FormatError
        With path:line; see `rankbound.formats.columns.read_columns`.
    """
    path = Path(path)
    data = read_bytes(path)
    if data.split(b"\n", 1)[0].split()[:1] == [BEIR_HEADER]:
        if b"\n" not in data.strip():
            raise FormatError(path, "a header and no judgement", line=1)
        return read_columns(data, BEIR, path, skip=1)
    return read_columns(data, QRELS, path)


def _first_fields(source: Source) -> list[bytes]:
    """The fields of the first line that is neither blank nor a comment nor JSON."""
    lines = (line for line in source.head.split(b"\n") if line.strip())
    first = next((line for line in lines if line[:2].strip() != b"#"), b"")
    return [] if first.lstrip()[:1] in (b"{", b"[") else first.split()


def _sniff_run(source: Source) -> str | None:
    found = len(_first_fields(source)) == RUN.width
    return f"{RUN.width} columns ({RUN.names})" if found else None


def _sniff_qrels(source: Source) -> str | None:
    fields = _first_fields(source)
    if fields[:1] == [BEIR_HEADER]:
        return f"the header {BEIR.names!r}"
    found = len(fields) == QRELS.width
    return f"{QRELS.width} columns ({QRELS.names})" if found else None


FORMATS = (
    Format(
        "trec-run",
        "TREC run",
        ("scores",),
        _sniff_run,
        lambda source: Contents("trec-run", source.path, scores=read_run(source.path)),
    ),
    Format(
        "qrels",
        "relevance judgements, TREC or BEIR",
        ("qrels",),
        _sniff_qrels,
        lambda source: Contents("qrels", source.path, qrels=read_qrels(source.path)),
    ),
)
