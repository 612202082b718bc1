"""TREC runs and relevance judgements, with the layouts that go under these names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rankbound.data.scores import Kind, Scores
from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source
from rankbound.read.text.assembling import Sorted
from rankbound.read.text.candidates import CANDIDATES
from rankbound.read.text.columns import Layout, read_columns
from rankbound.read.text.ir_metadata import read_ir_metadata
from rankbound.read.text.trec_sniffing import (
    BEIR_HEADER,
    first_fields,
    head_rows,
    is_beir,
    is_grades,
    is_prels,
    is_ranks,
    is_scores,
)
from rankbound.read.text.trec_writing import (
    write_beir_qrels,
    write_qrels,
    write_ranks,
    write_run,
    write_scoreddocs,
)

RUN = Layout(6, 0, 2, 4, "qid Q0 docno rank score tag", "score", rank=3)
RUN_WITHOUT_TAG = Layout(5, 0, 2, 4, "qid Q0 docno rank score", "score", rank=3)
RANKS = Layout(3, 0, 1, 2, "qid docno rank", "rank", integral=True)
SCORES = Layout(3, 0, 1, 2, "qid docno score", "score")
QRELS = Layout(4, 0, 2, 3, "qid iteration docno grade", "grade", integral=True)
QRELS_OF_3 = Layout(3, 0, 1, 2, "qid docno grade", "grade", integral=True)
PRELS = Layout(5, 0, 1, 2, "qid docno grade method probability", "grade", integral=True)
BEIR = Layout(3, 0, 1, 2, "query-id corpus-id score", "grade", integral=True)
QRELS_LAYOUTS = {3: QRELS_OF_3, 5: PRELS}


def read_run(path: Path | str) -> Scores:
    """Read a TREC run, packed or not: ``qid Q0 docno rank score tag``.

    The tag may be missing. Only the score counts: the rank column and the order of
    lines play no part, as in trec_eval. Columns are separated by blanks or tabs; lines
    starting with # are comments.

    Raises
    ------
    FormatError
        With path:line; see `rankbound.read.text.columns.read_columns`.
    """
    source = Source(Path(path))
    return read_columns(source, _run_layout(source)).scores


def read_qrels(path: Path | str) -> Scores:
    """Read relevance judgements, packed or not; the values are grades.

    TREC's four columns ``qid iteration docno grade``, three without the iteration,
    BEIR's three with the header ``query-id corpus-id score``, or the five of prels.
    Grades are whole numbers, possibly negative.

    Raises
    ------
    FormatError
        With path:line; see `rankbound.read.text.columns.read_columns`.
    """
    qrels = _qrels(Source(Path(path))).qrels
    assert qrels is not None  # noqa: S101  the reader gives them
    return qrels


def _run_layout(source: Source) -> Layout:
    return RUN_WITHOUT_TAG if len(first_fields(source)) == 5 else RUN


def _run(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    layout = _run_layout(source)
    table = read_columns(source, layout, repairs=repairs)
    metadata: dict[str, object] = {"columns": layout.names}
    fields = first_fields(source)
    if layout is RUN and len(fields) == layout.width:  # it might look like JSON
        metadata["tag"] = fields[5].decode("utf-8")
    block = read_ir_metadata(source)
    if block:
        metadata["ir_metadata"] = block
    base = _rank_base(table)
    if base is not None:
        metadata["rank_base"] = base
    return Contents(
        "trec-run",
        source.path,
        scores=table.scores,
        ranks=table.ranks,
        metadata=metadata,
        repairs=repairs,
    )


def _rank_base(table: Sorted) -> int | None:
    """The first rank, where it is one and the same in every query."""
    if table.ranks is None:
        return None
    first = np.minimum.reduceat(table.ranks, table.scores.offsets[:-1])
    return int(first[0]) if (first == first[0]).all() else None


def _ranks(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    read = read_columns(source, RANKS, repairs=repairs).scores
    ranks = read.values.astype(np.int64)
    table = Sorted(read.with_values(-read.values, kind=Kind.RANK_ONLY), ranks)
    base = _rank_base(table)
    return Contents(
        "msmarco-run",
        source.path,
        scores=table.scores,
        ranks=ranks,
        metadata={"columns": RANKS.names}
        | ({} if base is None else {"rank_base": base}),
        repairs=repairs,
        notes=(
            f"{source.path}: the third column is the rank, and there is no score: the "
            "order is all that it says (msmarco-run; if it holds scores, say --format "
            "scoreddocs)",
        ),
    )


def _scoreddocs(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    scores = read_columns(source, SCORES, repairs=repairs).scores
    metadata = {"columns": SCORES.names}
    return Contents(
        "scoreddocs", source.path, scores=scores, metadata=metadata, repairs=repairs
    )


def _qrels(source: Source) -> Contents:
    if first_fields(source)[:1] == [BEIR_HEADER]:
        return _beir(source)
    repairs: dict[str, int] = {}
    layout = QRELS_LAYOUTS.get(len(first_fields(source)), QRELS)
    qrels = read_columns(source, layout, repairs=repairs).scores
    metadata = {"columns": layout.names}
    return Contents(
        "qrels", source.path, qrels=qrels, metadata=metadata, repairs=repairs
    )


def _beir(source: Source) -> Contents:
    if b"\n" not in source.head.strip():
        raise source.fail("a header and no judgement", line=1)
    repairs: dict[str, int] = {}
    qrels = read_columns(source, BEIR, skip=1, repairs=repairs).scores
    metadata = {"columns": BEIR.names}
    return Contents(
        "beir-qrels", source.path, qrels=qrels, metadata=metadata, repairs=repairs
    )


def _sniff_run(source: Source) -> str | None:
    layout = {6: RUN, 5: RUN_WITHOUT_TAG}.get(len(first_fields(source)))
    if layout is None or (layout.width == 5 and is_prels(head_rows(source))):
        return None
    return f"{layout.width} columns ({layout.names})"


def _sniff_ranks(source: Source) -> str | None:
    if not is_ranks(head_rows(source)):
        return None
    return f"3 columns, the third counting up within each query ({RANKS.names})"


def _sniff_scoreddocs(source: Source) -> str | None:
    found = is_scores(head_rows(source))
    return f"3 columns, the third a number ({SCORES.names})" if found else None


def _sniff_beir(source: Source) -> str | None:
    return f"the header {BEIR.names!r}" if is_beir(head_rows(source)) else None


def _sniff_qrels(source: Source) -> str | None:
    rows = head_rows(source)
    if rows and len(rows[0]) == 4:
        return f"4 columns ({QRELS.names})"
    if is_grades(rows):
        return f"3 columns, the third a small whole number ({QRELS_OF_3.names})"
    return f"5 columns ({PRELS.names})" if is_prels(rows) else None


FORMATS = (
    Format(
        "beir-qrels",
        "relevance judgements with the header query-id corpus-id score (BEIR)",
        ("qrels",),
        _sniff_beir,
        _beir,
        write_beir_qrels,
        ("grades",),
    ),
    Format(
        "trec-run",
        "TREC run: qid Q0 docno rank score, and a tag",
        ("scores",),
        _sniff_run,
        _run,
        write_run,
        ("scores", "tag", "ir_metadata"),
    ),
    Format(
        "msmarco-run",
        "ranked list without scores: qid docno rank",
        ("scores",),
        _sniff_ranks,
        _ranks,
        write_ranks,
        ("ranks",),
    ),
    Format(
        "qrels",
        "relevance judgements: qid iteration docno grade (TREC; also without the "
        "iteration, and prels)",
        ("qrels",),
        _sniff_qrels,
        _qrels,
        write_qrels,
        ("grades",),
    ),
    Format(
        "scoreddocs",
        "scored documents without ranks: qid docno score",
        ("scores",),
        _sniff_scoreddocs,
        _scoreddocs,
        write_scoreddocs,
        ("scores",),
    ),
    CANDIDATES,
)
