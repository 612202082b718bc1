"""TREC runs and relevance judgements, with the layouts that go under these names."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from rankbound.data.ordering import ranking
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source, count, decoded
from rankbound.read.text.assembling import Sorted
from rankbound.read.text.candidates import CANDIDATES, WITH_TEXTS
from rankbound.read.text.claims import (
    check_claims,
    first_fields,
    head_rows,
    is_beir,
    is_grades,
    is_prels,
    is_ranks,
    is_scores,
    roles_of,
    unordered,
)
from rankbound.read.text.columns import Layout, read_columns
from rankbound.read.text.layout import (
    ALL_TAGS,
    MORE_COLUMNS,
    check_ids,
    check_words,
    is_comment,
    is_number,
    refuse_bare_returns,
)

RUN = Layout(6, 0, 2, 4, "qid Q0 docno rank score tag", "score", rank=3, tag=5)
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
    qrels = _qrels(Source(Path(path), named=True)).qrels
    assert qrels is not None  # noqa: S101  the reader gives them
    return qrels


def _run_layout(source: Source) -> Layout:
    return RUN_WITHOUT_TAG if len(first_fields(source)) == 5 else RUN


def _run(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    layout = _run_layout(source)
    check_claims(source, layout, "trec-run")
    table = read_columns(source, layout, repairs=repairs)
    metadata: dict[str, object] = {"columns": layout.names}
    fields = first_fields(source)
    if source.tag is not None and layout is RUN:
        metadata["tag"] = source.tag if source.tag != ALL_TAGS else TAG
    elif layout is RUN and len(fields) == layout.width:  # it might look like JSON
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
    check_claims(source, SCORES, "scoreddocs")
    scores = read_columns(source, SCORES, repairs=repairs).scores
    metadata = {"columns": SCORES.names}
    return Contents(
        "scoreddocs", source.path, scores=scores, metadata=metadata, repairs=repairs
    )


def _qrels(source: Source) -> Contents:
    if is_beir(head_rows(source)):
        return _beir(source)
    repairs: dict[str, int] = {}
    layout = QRELS_LAYOUTS.get(len(first_fields(source)), QRELS)
    check_claims(source, layout, "qrels")
    qrels = read_columns(source, layout, repairs=repairs).scores
    metadata = {"columns": layout.names}
    return Contents(
        "qrels", source.path, qrels=qrels, metadata=metadata, repairs=repairs
    )


def _beir(source: Source) -> Contents:
    if b"\n" not in source.head.strip():
        raise source.fail("a header and no judgement", line=1)
    decoded(b" ".join(first_fields(source)), source.path)
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
    if roles_of(source) is not None:
        return None
    return f"{layout.width} columns ({layout.names})"


def _sniff_ranks(source: Source) -> str | None:
    if not is_ranks(head_rows(source)) or roles_of(source) is not None:
        return None
    return f"3 columns, the third counting up within each query ({RANKS.names})"


def _sniff_scoreddocs(source: Source) -> str | None:
    rows = head_rows(source)
    found = is_scores(rows) and roles_of(source) is None and unordered(rows) is None
    return f"3 columns, the third a number ({SCORES.names})" if found else None


def _sniff_beir(source: Source) -> str | None:
    return f"the header {BEIR.names!r}" if is_beir(head_rows(source)) else None


def _sniff_qrels(source: Source) -> str | None:
    rows = head_rows(source)
    if roles_of(source) is not None or unordered(rows) is not None:
        return None
    if rows and len(rows[0]) == 4:
        return f"4 columns ({QRELS.names})"
    if is_grades(rows):
        return f"3 columns, the third a small whole number ({QRELS_OF_3.names})"
    return f"5 columns ({PRELS.names})" if is_prels(rows) else None


START, END = "ir_metadata.start", "ir_metadata.end"


def read_ir_metadata(source: Source) -> dict[str, str]:
    r"""The text under each key of the block; empty without one.

    The text is not interpreted: a value of one line stands as it is written, a nested
    one is the YAML below the key without its common indent.

    Examples
    --------
    >>> from pathlib import Path
    >>> text = b"# ir_metadata.start\n# tag: bm25\n# ir_metadata.end\nq Q0 d 1 2 t"
    >>> read_ir_metadata(Source(Path("x"), content=text))
    {'tag': 'bm25'}
    """
    return _by_key(_inside(_comments(source)))


def ir_metadata_lines(metadata: Mapping[str, str]) -> list[str]:
    """The block of comment lines that `read_ir_metadata` reads back.

    Examples
    --------
    >>> ir_metadata_lines({"tag": "bm25"})
    ['# ir_metadata.start', '# tag: bm25', '# ir_metadata.end']
    """
    if not metadata:
        return []
    lines = [START]
    for key, text in metadata.items():
        nested = "\n" in text or text.startswith(("- ", "-\n")) or _has_key(text)
        if nested:
            lines += [f"{key}:", *textwrap.indent(text, "  ").split("\n")]
        else:
            lines.append(f"{key}: {text}".rstrip())
    return [f"# {line}".rstrip() for line in [*lines, END]]


def _has_key(text: str) -> bool:
    return text.split(" ", 1)[0].endswith(":")


def _comments(source: Source) -> Iterable[str]:
    """Comment lines on top of the file, without their sign."""
    for _, line in source.lines():
        if line and not is_comment(line):
            return
        yield line[1:].decode("utf-8", "replace")


def _inside(comments: Iterable[str]) -> list[str]:
    """The lines between the marks."""
    found: list[str] = []
    started = False
    for comment in comments:
        mark = comment.strip()
        if mark == END:
            return found
        if started and mark:
            found.append(comment)
        started = started or mark == START
    return []


def _by_key(lines: list[str]) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    key = ""
    for line in textwrap.dedent("\n".join(lines)).split("\n"):
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace() and name[0] not in "-#":
            key = name.strip()
            texts[key] = [value.strip()] if value.strip() else []
        elif key:
            texts[key].append(line)
    return {key: textwrap.dedent("\n".join(text)) for key, text in texts.items()}


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
    check_words([tag], "the tag", path)
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
    check_ids(found.qids.tolist(), found.docnos.tolist(), path)
    return found


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


TREC_RUN = Format(
    "trec-run",
    "TREC run: qid Q0 docno rank score, and a tag",
    ("scores",),
    _sniff_run,
    _run,
    write_run,
    ("scores", "tag", "ir_metadata"),
)

WIDTH: Final = 6
BEHIND: Final = "lines with words behind the tag"


def read_lenient(source: Source) -> Contents:
    """Read a run, passing over what follows the tag; such lines are counted.

    Raises
    ------
    FormatError
        As for a run of six columns.
    """
    cut = _CutSource(
        source.path,
        source.content,
        whole=source.whole,
        named=source.named,
        tag=source.tag,
    )
    found = TREC_RUN.read(cut)
    repairs = dict(found.repairs)
    count(repairs, BEHIND, cut.known.get(BEHIND, 0))
    return replace(found, format=LENIENT.name, repairs=repairs)


class _CutSource(Source):
    """A file of which the first six words of every line are read, line for line.

    `known` says how many lines had more, when all are read.
    """

    def stream(self) -> io.BufferedReader:
        """A stream of these words."""
        return io.BufferedReader(_Cut(self, super().stream()), buffer_size=1 << 20)


class _Cut(io.RawIOBase):
    def __init__(self, source: Source, whole: io.BufferedReader) -> None:
        self._source, self._whole = source, whole
        self._left, self._line = b"", 0
        source.known[BEHIND] = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(self._left) < len(buffer):
            lines = self._whole.readlines(max(1, len(buffer) - len(self._left)))
            if not lines:
                break
            self._left += b"".join(map(self._cut, lines))
        found, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(found)] = found
        return len(found)

    def _cut(self, line: bytes) -> bytes:
        self._line += 1
        refuse_bare_returns(line, self._source.path, self._line)
        words = line.split(None, WIDTH)
        if len(words) <= WIDTH or is_comment(line):
            return line
        self._source.known[BEHIND] += 1
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
        return b" ".join(words[:WIDTH]) + end

    def close(self) -> None:
        self._whole.close()
        super().close()


def refuse(source: Source) -> Contents:
    """Raise, saying how the file can be read.

    Raises
    ------
    FormatError
        Always.
    """
    for number, line in enumerate(source.head.split(b"\n"), start=1):
        refuse_bare_returns(line, source.path, number)
    found = f"found {_width(source)}{MORE_COLUMNS}"
    raise FormatError(
        source.path,
        f"expected 6 columns ({' '.join(RUN_COLUMNS)}), {found}",
        line=_first_line(source),
    )


def _width(source: Source) -> int:
    rows = head_rows(source)
    return len(rows[0]) if rows else 0


def _first_line(source: Source) -> int:
    lines = enumerate(source.head.split(b"\n"), start=1)
    return next((n for n, line in lines if line.strip() and not is_comment(line)), 1)


def _sniff_wide(source: Source) -> str | None:
    """Whether the first row is that of a run, with more behind."""
    rows = head_rows(source)
    if not rows or len(rows[0]) <= WIDTH:
        return None
    row = rows[0]
    if not (row[1] == b"Q0" or is_number(row[3])) or not is_number(row[4]):
        return None
    return f"{len(row)} columns, the first of them {', '.join(RUN_COLUMNS)}"


RUN_COLUMNS: Final = ("qid", "Q0", "docno", "rank", "score", "tag")
LENIENT: Final = Format(
    "trec-run-lenient",
    "TREC run, passing over what follows the tag, as trec_eval does",
    ("scores",),
    lambda _: None,
    read_lenient,
)
WIDE: Final = Format(
    "trec-run-wide",
    "TREC run of more than six columns; read it as trec-run-lenient",
    ("scores",),
    _sniff_wide,
    refuse,
)
FORMATS = (
    WITH_TEXTS,
    Format(
        "beir-qrels",
        "relevance judgements with the header query-id corpus-id score (BEIR)",
        ("qrels",),
        _sniff_beir,
        _beir,
        write_beir_qrels,
        ("grades",),
    ),
    TREC_RUN,
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
    LENIENT,
    WIDE,
)
