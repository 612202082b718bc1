"""`Contents`, the parts that a file holds, and `Format`, which describes a format."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rankbound.data.columns import Integers, LateStrings, as_held, strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.read.fields import odd_id, odd_words
from rankbound.read.source import Source
from rankbound.rendering import Shown

PARTS = ("scores", "groups", "qrels", "embeddings")
# Metadata about the layout of a file, which a conversion need not keep
ABOUT_THE_FILE: Final = frozenset(
    {
        *("columns", "container", "doc_count", "format", "ids", "name", "rank_base"),
        *("tensor", "titles", "type", "vec_size"),
    }
)
# Columns that a reader passes over, in `Contents.metadata`
UNUSED: Final = "columns_unused"
# Those that say nothing of a document: the index of a frame, PyTerrier's number of a
# document in one index, and the iteration
IDLE: Final = frozenset(
    {"docid", "iteration", "Q0", "__index_level_0__", "", "Unnamed: 0"}
)
UNREAD: Final = "not used:"  # begins the note that names columns


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Contents(Shown):
    """The content of one file; a part that it does not have is None.

    Attributes
    ----------
    format : str
        The name of the format.
    path : Path
    scores : Scores or None
        ``scores.kind`` is what the format itself determines (rank_only for ordered
        lists, margin_only for margins), and unknown if only the values can tell.
    groups : Groups or None
        With `positive` if the format marks positives.
    qrels : Scores or None
        Relevance judgements, with grades as values.
    embeddings : Embeddings or None
    ranks : int64 array, shape (n_rows,), or None
        The rank that the file gives to each row of `scores`, in the order of those
        rows, counted from 0 or 1 as in the file; None if it gives no ranks.
    texts : mapping of docno to text
        For formats that hold texts, including those whose ids are made from texts.
    metadata : mapping
        What else the file says about itself (a tag, an ir_metadata block, texts of
        queries, unused columns).
    repairs : mapping of str to int
        Counts of what the reader skipped or repaired: "byte order mark", "blank lines",
        "CRLF line ends", "comment lines", ...
    notes : tuple of str
        Decisions of the reader that a user should know of.

    Examples
    --------
    >>> toy = Contents("toy", Path("x"), scores=Scores.from_dict({"q": {"d": 1.0}}))
    >>> toy.parts(), toy.groups is None
    (('scores',), True)
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

    @property
    def name(self) -> str:
        """The file or object, for messages."""
        return str(self.path)

    def odd_id(self) -> tuple[str, str] | None:
        """An id with what no id may hold, after the words for what it is, or None."""
        name = odd_id(self.texts)
        if name is not None:
            return "an id of a text", name
        held = (getattr(self, part) for part in self.parts())
        return next((found for found in map(odd_in, held) if found is not None), None)

    def parts(self) -> tuple[str, ...]:
        """The names of the parts that the file holds, of `PARTS`."""
        return tuple(part for part in PARTS if getattr(self, part) is not None)

    def with_metadata(self, **more: object) -> Contents:
        """The same, with more metadata."""
        return replace(self, metadata={**self.metadata, **more})

    def with_unused(self, names: Sequence[str]) -> Contents:
        """The same, saying which columns or keys of the file were not read."""
        if not names:
            return self
        told = [name for name in names if name not in IDLE]
        notes = (f"{UNREAD} {', '.join(told)}",) if told else ()
        found = self.with_metadata(**{UNUSED: [*names]})
        return replace(found, notes=(*self.notes, *notes))


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes
    ----------
    name : str
        The value of the parameter `format`.
    title : str
        One line for lists of formats and for `inspect`.
    parts : tuple of str
        What files of this format can hold, of `PARTS`.
    sniff : callable
        Takes a `Source`, of which it reads the head only, and returns the evidence for
        this format as a phrase ("6 columns: qid Q0 docno ..."), or None.
    reader : callable
        Takes a `Source` and returns `Contents`; see `read`.
    write : callable or None
        Writes `Contents` to a path, together with further files if the format has some,
        and returns a remark for the user or None. Raises `FormatError` if the contents
        lack what the format needs. The caller packs the file.
    keeps : tuple of str
        What a conversion to this format keeps of `Contents`: "scores", "positives",
        "groups", "probabilities", "ranks", "texts", "metadata", "grades", "vectors"
    configure : callable or None
        Takes the argument in ``NAME:ARGUMENT`` and returns the format of that whole
        name; raises `UsageError` for an unknown argument.
    lies : {"file", "mapped", "folder"}
        A "file" may be packed; a "mapped" one is memory-mapped, so it may not; a
        "folder" holds several files.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    sniff: Callable[[Source], str | None]
    reader: Callable[[Source], Contents]
    write: Callable[[Contents, Path], str | None] | None = None
    keeps: tuple[str, ...] = ()
    configure: Callable[[str], Format] | None = None
    lies: str = "file"

    def read(self, source: Source) -> Contents:
        """What a file holds.

        Raises
        ------
        FormatError
            Naming the rule that the file breaks, with path:line or row; among them the
            one for ids of all formats, `rankbound.read.fields.NOT_IN_IDS`.
        """
        source.known.clear()  # it may be large
        contents = self.reader(source)
        found = contents.odd_id()
        if found is not None:
            what, name = found
            raise source.fail(odd_words(what, name), line=line_of(source, name))
        return contents


def odd_in(part: Scores | Groups | Embeddings) -> tuple[str, str] | None:
    """An id with what no id may hold, after the words for what it is; None without."""
    if isinstance(part, Embeddings):
        ids: dict[str, Iterable[str]] = {"an id of a vector": part.ids}
    else:
        held = as_held(part) if isinstance(part, Scores) else part.docnos
        if isinstance(held, LateStrings):
            held = strings([]) if held.plain else held.strings
        ids = {"a query id": part.qids, "a document id": held}
    found = ((what, odd_id(names)) for what, names in ids.items())
    return next(((what, name) for what, name in found if name is not None), None)


def line_of(source: Source, name: str) -> int | None:
    """The first line of a text file that holds an id, as it is or escaped in JSON."""
    if source.is_folder or source.dataset is not None:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(source.head)
    except UnicodeDecodeError:
        return None
    escaped = (json.dumps(name, ensure_ascii=ascii)[1:-1] for ascii in (True, False))
    needles = {
        text.encode("utf-8", "surrogatepass").lower() for text in (name, *escaped)
    }
    for number, line in source.lines():
        lower = line.lower()
        if any(needle in lower for needle in needles):
            return number
    return None
