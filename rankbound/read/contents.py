"""`Contents`: what one file holds, whatever its format; and `Format` itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rankbound.data.columns import Integers
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.read.source import Source
from rankbound.rendering import Shown

PARTS = ("scores", "groups", "qrels", "embeddings")
# Metadata that tell how a file is laid out, which no other file has to carry
ABOUT_THE_FILE: Final = frozenset(
    {
        *("columns", "container", "doc_count", "format", "ids", "name", "rank_base"),
        *("tensor", "titles", "type", "vec_size"),
    }
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Contents(Shown):
    """What a reader found; a part that the format does not carry is None.

    Attributes
    ----------
    format : str
        The name of the format.
    path : Path
    scores : Scores or None
        ``scores.kind`` is what the format itself says (rank_only for ordered lists,
        margin_only for margins) and unknown where only the values can tell.
    groups : Groups or None
        With `positive` where the format marks them.
    qrels : Scores or None
        Grades as values.
    embeddings : Embeddings or None
    ranks : int64 array, shape (n_rows,), or None
        The rank that the file gives to each row of `scores`, in the order of those
        rows and counted as the file counts; None where it gives none.
    texts : mapping of docno or qid to text
        For formats that carry texts, among them those whose ids are made from texts.
    metadata : mapping
        What else the file says of itself (a tag, an ir_metadata block, columns unused).
    repairs : mapping of str to int
        What the reader passed over or mended, counted: "byte order mark", "blank
        lines", "CRLF line ends", "comment lines", ...
    notes : tuple of str
        What the reader decided and a user would want to know.
    """

    format: str
    path: Path
    scores: Scores | None = None
    groups: Groups | None = None
    qrels: Scores | None = None
    embeddings: Embeddings | None = None
    ranks: Integers | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    repairs: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows = None if self.scores is None else len(self.scores.values)
        if self.ranks is not None and len(self.ranks) != rows:
            raise ValueError(f"{len(self.ranks)} ranks for {rows} rows of scores")

    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are there.

        Examples
        --------
        >>> Contents("toy", Path("x"), scores=Scores.from_dict({"q": {"d": 1}})).parts()
        ('scores',)
        """
        return tuple(part for part in PARTS if getattr(self, part) is not None)


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes
    ----------
    name : str
        As in ``--format NAME``.
    title : str
        One line for lists and `inspect`.
    parts : tuple of str
        What files of this format can hold, of `PARTS`.
    sniff : callable
        From the source to a sentence of evidence ("6 columns: qid Q0 docno ..."), or
        None when the content is of another format. Looks at the head only.
    read : callable
        From the source to `Contents`.
    write : callable or None
        Writes `Contents` to a path, with further files beside it where the format has
        some; raises `FormatError` when they lack what the format needs. Packing by
        suffix is the caller's. What it gives back is a remark for the user, or None.
    keeps : tuple of str
        What a file of this format can carry of `Contents`, for lossless conversion:
        "scores", "positives", "groups", "probabilities", "ranks", "texts", "metadata",
        "grades", "vectors", ...
    configure : callable or None
        From what follows a colon in ``--format NAME:ARGUMENT`` to the format that reads
        so, whose name is all of that; raises `UsageError` for an unknown argument.
    lies : {"file", "mapped", "folder"}
        A "file" may be packed; one that is "mapped" is read where it lies, so it may
        not; a "folder" is a path to a folder.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    sniff: Callable[[Source], str | None]
    read: Callable[[Source], Contents]
    write: Callable[[Contents, Path], str | None] | None = None
    keeps: tuple[str, ...] = ()
    configure: Callable[[str], Format] | None = None
    lies: str = "file"
