"""Scores, groups or judgements from a file of any format, or from an object."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError, UsageError
from rankbound.memory import (
    Budget,
    keep_to,
    pickled,
    put_down,
    reading_within,
    taken_up,
)
from rankbound.read.contents import Contents, Format
from rankbound.read.likely import likely
from rankbound.read.objects.arrays import Ids
from rankbound.read.objects.objects import part_of_object
from rankbound.read.registry import by_name, detect
from rankbound.read.scales import MissingValue, without_missing
from rankbound.read.source import NUMPY_MAGIC, Source
from rankbound.read.tables.containers import container
from rankbound.read.text.claims import LARGEST_GRADE
from rankbound.read.text.layout import are_whole

# Formats whose numbers may be scores or grades
EITHER = frozenset(
    {"lookup", "lookup-lists", "json-scores", "csv-scores", "table-scores", "pickle"}
)
PARAMETERS = {"scores": "teacher", "groups": "groups", "qrels": "qrels"}


def read_part(
    path: Path | str,
    part: str,
    *,
    format: str | None = None,
    tag: str | None = None,
    ranks: bool = False,
) -> Contents:
    """Read a file that must hold a part: "scores", "groups" or "qrels".

    `tag` is the system to read, where a file names several; `ranks` says whether ranks
    beside scores are wanted.

    Raises
    ------
    FormatError
        If the file holds other parts only, or breaks its format.
    UsageError
        If no format has the given name.
    """
    source = Source(Path(path), whole=ranks, named=format is not None, tag=tag)
    entry = by_name(format) if format else _detected(source, part)
    contents = entry.read(source)
    if part == "qrels":
        contents = _judged(contents)
    if getattr(contents, part) is not None:
        return contents
    held = contents.parts()
    known = PARAMETERS.get(held[0]) if held else None
    hint = "" if known is None else f"; give it as `{known}`"
    hint += "".join(f"; {note}" for note in contents.notes if part == "scores")
    raise FormatError(
        source.path,
        f"holds {' and '.join(held) or 'nothing'} ({entry.title}), but {part} are "
        f"expected here{hint}",
        line=None if source.dataset or source.is_folder else 1,
    )


Ahead = tuple[bytes, list[int], str]


def read_apart(part: Budget, folder: str, *given: Any) -> Ahead:
    """`read_part` in another process, for `taken_from`; it leaves a file in a folder.

    `given` are path, part, format, tag and ranks.
    """
    keep_to(part)
    path, what, format, tag, ranks = given
    contents = read_part(path, what, format=format, tag=tag, ranks=ranks)
    data, large = pickled(contents)
    with tempfile.NamedTemporaryFile(suffix=".npy", dir=folder, delete=False) as file:
        return data, put_down(large, cast(IO[bytes], file)), file.name


def taken_from(read: Ahead) -> Contents:
    """The contents that another process has read, whose long columns are mapped."""
    data, ends, name = read
    place = Path(name)
    with place.open("r+b") as file:
        place.unlink()
        contents: Contents = taken_up(data, ends, file)
    made = {
        part: getattr(contents, part).with_columns(lambda columns: columns)
        for part in contents.parts()
        if part != "embeddings"
    }
    return replace(contents, **made)


def _judged(contents: Contents) -> Contents:
    """Small whole numbers of a file that is given as judgements are grades."""
    scores = contents.scores
    if contents.qrels is not None or scores is None or contents.format not in EITHER:
        return contents
    small = bool((np.abs(scores.values) <= LARGEST_GRADE).all())
    if scores.kind is not Kind.UNKNOWN or not (small and are_whole(scores.values)):
        return contents
    return replace(contents, qrels=scores, scores=None)


def _detected(source: Source, part: str) -> Format:
    try:
        return detect(source, part=part)[0]
    except FormatError:
        if container(source) is not None:
            raise
        objects = part == "groups" and source.head.lstrip()[:1] == b"{"
        if not objects and likely(source) is not None:
            raise
        # Probably a damaged file of the usual format, whose reader names rule and line
        start = source.head.lstrip()[:1]
        if part == "embeddings" or start in (b"", b"\0"):
            raise
        if source.head.startswith(NUMPY_MAGIC):
            raise
        usual = {"groups": "groups", "qrels": "qrels"}
        return by_name(usual.get(part, "lookup" if start in b"{[" else "trec-run"))


def read_scores(  # noqa: PLR0913  each is a parameter of its own
    source: Any,
    *,
    format: str | None = None,
    name: str = "",
    qids: Ids | None = None,
    docnos: Ids | None = None,
    missing_value: MissingValue | None = None,
    run_tag: str | None = None,
    memory: int | str | None = None,
) -> Scores:
    """Read the scores of one model from a file of any format, or from an object.

    Parameters
    ----------
    source : path or object
        An object may be ``{qid: {docno: score}}``, a pandas, polars or Arrow table (for
        instance the output of a PyTerrier pipeline), a Hugging Face Dataset, a ranx
        Run, an iterable of ScoredDoc tuples of ir_measures, an array of NumPy or torch
        of shape (n_queries, n_documents), what semantic_search, CrossEncoder.rank,
        bm25s, FAISS or torch.topk found, rerankings of RankLLM, or `Scores`.
    format : str, optional
        The format, detected from the content by default. An object may be in a format
        of records, such as "mined:margins", or of a table, such as "table-scores".
    name : str, optional
        The name of an object in messages; its type by default.
    qids, docnos : sequences of ids, optional
        The ids of the rows and columns of an array, their numbers from 0 by default.
        `docnos` may also have the shape of the array. For what a search found, the ids
        of its queries, and of the documents in the order in which they were searched.
    missing_value : float or sequence of float, optional
        Scores that stand for missing ones, such as -10000, and are left out.
    run_tag : str, optional
        The system to read of a run whose lines have several tags; "*" takes all lines
        for one system.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.

    Returns
    -------
    Scores
        With kind "unknown" unless the format determines it. Scores have no unit: they
        may be logits, probabilities, cosines or any other finite numbers.

    Raises
    ------
    FormatError
        With path:line, or the row of a table, naming the rule that is broken.
    UsageError
        If no format has the given name, or a parameter does not go with the source.

    Examples
    --------
    >>> read_scores({"q1": {"d1": 2.0, "d2": -1.0}})
    Scores('dict': unknown, 1 query, 2 rows, 2 documents, -1 to 2)
    """
    if is_object(source):
        if run_tag is not None:
            raise UsageError("`run_tag` is for runs; choose the rows of an object")
        found: Scores = part_of_object(
            source, "scores", name=name, qids=qids, docnos=docnos, format=format
        )
        return without_missing(found, missing_value)[0]
    if qids is not None or docnos is not None:
        raise UsageError("`qids` and `docnos` are for arrays; a file has its own ids")
    with reading_within(memory):
        contents = read_part(source, "scores", format=format, tag=run_tag)
    if run_tag is not None and "tag" not in contents.metadata:
        raise FormatError(source, f"has no tags to choose `run_tag={run_tag!r}` of")
    assert contents.scores is not None  # noqa: S101  read_part checks
    return without_missing(contents.scores, missing_value)[0]


def read_groups(
    source: Any,
    *,
    format: str | None = None,
    name: str = "",
    memory: int | str | None = None,
) -> Groups:
    """Read training groups from a file of any format, or from an object.

    Parameters
    ----------
    source : path or object
        An object may be a table with a list of documents in each row, a list of such
        rows as dictionaries, ``{qid: [docno, ...]}``, a frame from `Groups.to_frame`,
        or `Groups`.
    format, name, memory : str, optional
        As for `read_scores`.

    Returns
    -------
    Groups

    Raises
    ------
    FormatError, UsageError
        As for `read_scores`.

    Examples
    --------
    >>> read_groups([{"query_id": 1, "doc_id_a": 7, "doc_id_b": [8, 9]}])
    Groups('list': 1 group of 1 query, sizes all 3, positives marked)
    """
    if is_object(source):
        found: Groups = part_of_object(source, "groups", name=name, format=format)
        return found
    with reading_within(memory):
        groups = read_part(source, "groups", format=format).groups
    assert groups is not None  # noqa: S101  read_part checks
    return groups


def read_qrels(
    source: Any,
    *,
    format: str | None = None,
    name: str = "",
    memory: int | str | None = None,
) -> Scores:
    """Read relevance judgements from a file of any format, or from an object.

    Parameters
    ----------
    source : path or object
        An object may be ``{qid: {docno: grade}}``, a table, a ranx Qrels, an iterable
        of Qrel tuples of ir_measures, or `Scores`.
    format, name, memory : str, optional
        As for `read_scores`.

    Returns
    -------
    Scores
        Whose values are the grades, whole numbers.

    Raises
    ------
    FormatError, UsageError
        As for `read_scores`.

    Examples
    --------
    >>> read_qrels({"q1": {"d1": 1, "d2": 0}}).values.tolist()
    [1.0, 0.0]
    """
    if is_object(source):
        found: Scores = part_of_object(source, "qrels", name=name, format=format)
        return found
    with reading_within(memory):
        qrels = read_part(source, "qrels", format=format).qrels
    assert qrels is not None  # noqa: S101  read_part checks
    return qrels


def is_object(value: object) -> bool:
    """Whether a value is an object with data, rather than the path of a file.

    Examples
    --------
    >>> is_object("run.trec"), is_object({"q": {"d": 1.0}})
    (False, True)
    """
    return not isinstance(value, str | PathLike)
