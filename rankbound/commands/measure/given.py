"""The inputs of a measurement: files by path or objects in memory, each read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import finalize

import numpy as np

from rankbound.commands.inspect.across import warnings_across
from rankbound.commands.inspect.examined import warnings_of
from rankbound.commands.inspect.parts import Vectors, survey
from rankbound.commands.inspect.result import BESIDE, Finding, repeated
from rankbound.data.clusters import Clusters
from rankbound.data.columns import Floats, Integers, Strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.engine import ahead, get_ready, n_workers, shared_folder
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.shape import VectorFacts
from rankbound.memory import budget, filed, give_back
from rankbound.provenance import Input
from rankbound.read.clusters import read_clusters
from rankbound.read.contents import UNREAD, Contents
from rankbound.read.json.records import query_texts
from rankbound.read.query_ids import QueryIds, query_ids
from rankbound.read.reading import read_apart, read_part, taken_from
from rankbound.read.scales import Answers, Settled, settled, without_missing_of
from rankbound.read.source import check_unchanged, note_state, sha256
from rankbound.read.text.layout import NoSuchTagError
from rankbound.read.vectors.embeddings import read_vectors
from rankbound.read.vectors.row_ids import paths_of
from rankbound.threads import threads

# What callers may give: a path, or an object that holds the part
ScoresLike = str | PathLike[str] | Scores | Mapping[str, Mapping[str, float]] | Any
GroupsLike = str | PathLike[str] | Groups | Iterable[Mapping[str, Any]] | Any
QrelsLike = str | PathLike[str] | Scores | Mapping[str, Mapping[str, float]] | Any
VectorsLike = str | PathLike[str] | Embeddings | Any
IdsLike = str | PathLike[str] | Iterable[str]
ClustersLike = str | PathLike[str] | Clusters | Mapping[str, str]
QueriesLike = str | PathLike[str] | Iterable[str | int] | Any
Content = Scores | Groups | Embeddings | Clusters | QueryIds | Contents
Made = TypeVar("Made")
# A path, or the content of an object
Given = Path | Content
BLOCK = 1 << 12
LONG = 1 << 20  # rows
MAIN = ""  # stands for the teacher's file in a mapping of formats


def as_given(
    value: Any, part: str, name: str, format: str | None = None
) -> Given | None:
    """Convert text to a `Path` and an object to its content; None stays None.

    An object is read at once, since an iterator yields its rows only once.

    Parameters
    ----------
    value : path or object
    part : {"scores", "groups", "qrels", "embeddings", "clusters"}
    name : str
        What the object is used for; messages and the ledger call it by this name.
    format : str, optional
        The format of an object; that of a file is named when it is read.

    Raises
    ------
    FormatError
        When the object does not hold the part.
    UsageError
        When an object cannot have the format.

    Examples
    --------
    >>> as_given("teacher.run", "scores", "teacher").name
    'teacher.run'
    >>> as_given({"q": {"d": 2.0}}, "scores", "teacher").name
    'teacher (dict)'
    """
    if value is None:
        return None
    if isinstance(value, str | PathLike):
        return Path(value)
    if part == "clusters":
        return read_clusters(value)
    from rankbound.read.objects.objects import described, part_of_object, read_object

    if isinstance(value, Scores | Groups | Embeddings):
        own: Content = part_of_object(value, part, name=value.name, format=format)
        return own
    found = read_object(value, part, name=f"{name} ({described(value)})", format=format)
    held: Content = getattr(found, part)
    # What was mended or not used goes into the result
    return found if found.repairs or found.notes else held


def queries_given(value: Any, student: str) -> Path | QueryIds | None:
    """Convert text to a `Path` and an object to the ids of its queries.

    Examples
    --------
    >>> queries_given(["q2", "q1"], "bm25").name
    'training queries of bm25 (list)'
    """
    if value is None or isinstance(value, QueryIds):
        return value
    if isinstance(value, str | PathLike):
        return Path(value)
    from rankbound.read.objects.objects import described

    name = f"training queries of {student} ({described(value)})"
    return query_ids(value, name=name)


def vectors_given(vectors: Any, ids: Any, name: str) -> tuple[Given | None, Any]:
    """Vectors and ids as by `as_given`; an array is joined with its ids here.

    Raises
    ------
    FormatError, UsageError
        When vectors and ids do not fit, or are not both files or both objects.
    """
    if vectors is None or isinstance(vectors, str | PathLike):
        if not isinstance(ids, str | PathLike | None):
            raise UsageError(
                f"{name}: vectors from a file need ids from a file; give both as paths"
            )
        return as_given(vectors, "embeddings", name), as_given(ids, "embeddings", name)
    from rankbound.read.vectors.embeddings import read_embeddings

    return read_embeddings(vectors, ids), None


def vectors_of(vectors: Given | None, ids: Path | None) -> tuple[Given, ...]:
    """Where vectors come from: their file and the file of their ids, or an object."""
    if vectors is None or isinstance(vectors, Path):
        return paths_of(vectors, ids)
    return (vectors,)


def content_hash(part: Content) -> str:
    """Hex SHA-256 of what an object holds.

    It depends neither on names nor, for scores, on the order of the queries.

    Examples
    --------
    >>> one = Scores.from_dict({"q": {"d": 1.0}, "r": {"d": 2.0}}, name="x")
    >>> other = Scores.from_dict({"r": {"d": 2.0}, "q": {"d": 1.0}}, name="y")
    >>> content_hash(one) == content_hash(other)
    True
    """
    digest = hashlib.sha256(type(part).__name__.encode())
    for column in _columns(part):
        if column is None:
            digest.update(b"-")
        elif column.dtype == object:
            digest.update(json.dumps(column.tolist()).encode())
        else:
            little = column.dtype.newbyteorder("<")
            digest.update(f"{little.str}{column.shape}".encode())
            for start in range(0, len(column), BLOCK):
                block = column[start : start + BLOCK]
                digest.update(np.ascontiguousarray(block, dtype=little).tobytes())
    return digest.hexdigest()


def input_of(given: Given, *, hashed: bool = True) -> Input:
    """A file with the hash of its bytes, or an object with the hash of its content.

    `hashed` says whether to read everything again for its hash; it is None otherwise.

    Raises
    ------
    FormatError
        When a file is not the one any more that was read.
    """
    if not isinstance(given, Path):
        digest = content_hash(given) if hashed else None
        return Input(object=given.name, sha256=digest)
    if hashed:
        check_unchanged(given)
    # A pipe cannot be read a second time
    digest = sha256(given) if hashed and given.is_file() else None
    return Input(path=str(given), sha256=digest)


def inputs_of(given: Iterable[Given], *, hashed: bool = True) -> tuple[Input, ...]:
    """Every input as a record; arguments as for `input_of`."""
    return tuple(input_of(one, hashed=hashed) for one in given)


def _columns(part: Content) -> tuple[Any, ...]:
    if isinstance(part, Contents):
        return tuple(
            column for name in part.parts() for column in _columns(getattr(part, name))
        )
    if isinstance(part, QueryIds):
        return (part.ids,)
    if isinstance(part, Clusters):
        order = np.argsort(part.qids)
        return part.qids[order], part.names[order]
    if isinstance(part, Embeddings):
        return part.ids, part.vectors
    if isinstance(part, Groups):
        documents = part.docnos[part.codes]
        known = () if part.inclusion is None else (part.inclusion,)
        marks = (part.positive, part.probabilities, *known)
        return (part.group_qids(), part.sizes, documents, *marks)
    order = _by_qid(part)
    kind = np.array([part.kind.value], dtype=object)
    qids: Strings = part.qids[part.row_query()[order]]
    values: Floats = part.values[order]
    origins = None if part.origins is None else part.origins[order]
    return kind, qids, part.docnos[part.codes[order]], values, origins


def _by_qid(scores: Scores) -> Integers:
    """Rows in the order of qids; within a query they are in order already."""
    place = np.empty(scores.n_queries, dtype=np.int64)
    place[np.argsort(scores.qids)] = np.arange(scores.n_queries)
    return np.argsort(place[scores.row_query()], kind="stable")


def check_files(chosen: Mapping[str, str], files: Sequence[Path]) -> None:
    """Check that formats are chosen for input files only.

    Raises
    ------
    UsageError
        Naming the input files.
    """
    known = {str(path) for path in files}
    for file in chosen:
        if file != MAIN and file not in known:
            raise UsageError(
                f"`formats` names {file!r} ({chosen[file]}), which is not an input "
                f"file; the input files are {', '.join(sorted(known))}"
            )


def format_of(
    chosen: Mapping[str, str], path: Path, *, main: object = None
) -> str | None:
    """The format chosen for a file, or None if it is to be detected."""
    own = chosen.get(str(path))
    return chosen.get(MAIN) if own is None and path == main else own


# What `read_part` would give, where the file was read before, and None where it was
# not; of a path, a part, a format and a system, where one was named
Before = Callable[[Path, str, str | None, str | None], Contents | None]


class Files:
    """Reads the files of a measurement and records what the readers report.

    Parameters
    ----------
    formats : mapping
        Formats that the user chose, as `rankbound.read.reading` gives them.
    teacher : Path or Scores
        The file that a format given without a file applies to.

    answers : Answers, optional
        What the user said about scores.
    looks : bool
        Whether to look for what `inspect` warns of.
    before : callable, optional
        See `Before`; without it, every file is read.

    Attributes
    ----------
    repairs : dict of path to counts
        What the readers skipped or repaired in each file, if anything.
    notes : dict of path to sentences
        What the readers assumed about each file, if anything.
    query_texts : dict of str to str
        Texts of queries by id, as far as files held them.
    """

    def __init__(
        self,
        formats: Mapping[str, str],
        teacher: Given,
        answers: Answers | None = None,
        *,
        looks: bool = True,
        before: Before | None = None,
    ) -> None:
        self._formats, self._teacher = formats, teacher
        self._answers = answers or Answers()
        self._kept: dict[tuple[Path, str | None], Contents] = {}
        self.repairs: dict[Path, dict[str, int]] = {}
        self.notes: dict[Path, tuple[str, ...]] = {}
        self._found: list[Future[list[tuple[str, Finding]]]] = []
        self._pool: ThreadPoolExecutor | None = None
        self._looks, self._before = looks, before
        self._ahead: dict[tuple[Path, str, str | None], Any] = {}
        self._told: set[tuple[str, str]] = set()
        self._surveys: dict[str, tuple[str, Future[Vectors]]] = {}
        self.query_texts: dict[str, str] = {}

    def scores(
        self,
        given: Given,
        kind: Kind | None,
        *,
        of: str,
        keep: bool = False,
        scale_matters: bool = True,
    ) -> Settled:
        """The scores of a model, on one scale, by what the user said about them.

        Parameters
        ----------
        given : Path or Scores
        kind : Kind or None
            What the user said of their kind.
        of : str
            The name of the student, or "teacher".
        keep : bool
            As for `part`.
        scale_matters : bool
            As for `rankbound.read.scales.settled`.

        Raises
        ------
        FormatError
            As `rankbound.read.reading.read_part`.
        UsageError
            As `rankbound.read.scales.settled`.
        """
        names = (of, str(given) if isinstance(given, Path) else given.name)
        tag = self._answers.tag_of(names)
        own = any(name in self._answers.run_tag for name in names)
        try:
            contents = self.part(given, "scores", keep=keep, tag=tag)
        except NoSuchTagError:
            # What is said of all is about files of several systems
            if own or given == self._teacher:
                raise
            contents = self.part(given, "scores", keep=keep)
        if own and "tag" not in contents.metadata:
            raise FormatError(
                given if isinstance(given, Path) else given.name,
                f"names no systems, of which `run_tag={tag!r}` could choose",
            )
        read = cast(Scores, contents.scores)
        answer = self._answers.of(names, kind)
        made = settled(read, answer, scale_matters=scale_matters)
        if self._is_new(read.name, "scores"):
            used = Contents(
                contents.format, contents.path, scores=read, ranks=contents.ranks
            )
            used = without_missing_of(used, answer.missing_value)
            self._look(partial(_of_part, read.name, used, made.scores.kind))
        give_back()
        return made

    def part(
        self, path: Given, part: str, *, keep: bool = False, tag: str | None = None
    ) -> Contents:
        """Contents of a file that must hold a part: "scores", "groups" or "qrels".

        The content of an object needs no reading. With `keep`, the contents of a file
        are kept, so that another part of them is not read again. Groups come in an
        order that the file does not decide. `tag` is the system to read.

        Raises
        ------
        FormatError
            As `rankbound.read.reading.read_part`.
        """
        contents = self._read(path, part, keep=keep, tag=tag)
        used = getattr(contents, part)
        if part != "scores" and self._is_new(used.name, part):
            only: Mapping[str, Any] = {part: used}
            alone = Contents(contents.format, contents.path, **only)
            self._look(partial(_of_part, used.name, alone))
        give_back()
        return contents

    def _read(self, path: Given, part: str, *, keep: bool, tag: str | None) -> Contents:
        if isinstance(path, Contents):
            self._note(path.path, path)
            return _in_order(path)
        if not isinstance(path, Path):
            held: Mapping[str, Any] = {part: path}
            place = Path(path.name)
            if isinstance(path, Scores | Groups) and path.notes:
                self.notes[place] = path.notes
            return _in_order(Contents("object", place, **held))
        kept = self._kept.get((path, tag))
        if kept is not None and getattr(kept, part) is not None:
            return kept
        read = self._anew(path, part, tag)
        contents = _on_disk(_in_order(read))
        self._note(path, contents)
        self._hash(path)
        self.query_texts.update(query_texts(contents))
        if keep:
            self._kept[path, tag] = contents
        return contents

    def expect(self, wanted: Iterable[tuple[Given | None, str, str]]) -> None:
        """Have other processes read files that will be asked for, if there are any.

        Each is a path, a part and the name of the model.
        """
        if n_workers() == 1:
            return
        share = budget().part(n_workers() + 1)
        for path, part, of in wanted:
            if not isinstance(path, Path) or not path.is_file():
                continue
            chosen = format_of(self._formats, path, main=self._teacher)
            tag = None
            if part == "scores":
                tag = self._answers.tag_of((of, str(path)))
            given = (path, part, chosen, tag, self._looks)
            note_state(path)
            begun = ahead(read_apart, share, str(shared_folder()), *given)
            if begun is None:
                return
            self._ahead[path, part, tag] = begun
        get_ready()

    def _anew(self, path: Path, part: str, tag: str | None) -> Contents:
        """What a file holds, which was read before, by another process, or is now."""
        chosen = format_of(self._formats, path, main=self._teacher)
        if self._before is not None:
            read = self._before(path, part, chosen, tag)
            if read is not None:
                return read
        begun = self._ahead.pop((path, part, tag), None)
        if begun is not None:
            with suppress(Exception):  # it is read here, and the mistake told
                return taken_from(begun.result())
        return read_part(path, part, format=chosen, tag=tag, ranks=self._looks)

    def _note(self, path: Path, contents: Contents) -> None:
        if contents.repairs:
            self.repairs[path] = dict(contents.repairs)
        if contents.notes:
            self.notes[path] = contents.notes

    def vectors(self, path: Given, ids: Path | None) -> Embeddings:
        """Vectors with their own ids, those of a file, or those in a file beside."""
        if isinstance(path, Embeddings):
            read, shown = path, path.name
        else:
            path = cast(Path, path)
            note_state(path)
            chosen = format_of(self._formats, path, main=self._teacher)
            contents = read_vectors(path, ids, chosen)
            if contents.repairs:
                place = Path(str(contents.metadata.get("ids", path)))
                self.repairs[place] = dict(contents.repairs)
            read, shown = cast(Embeddings, contents.embeddings), str(path)
            self._hash(path)
        if self._is_new(read.name, "embeddings"):
            made = self.meanwhile(partial(survey, read))
            self._surveys[read.name] = shown, made
            self._look(partial(_of_vectors, shown, made))
        give_back()
        return read

    def facts_of(self, embeddings: Embeddings) -> VectorFacts | None:
        """Facts about all vectors, if these were looked at."""
        _, vectors = self._surveys.get(embeddings.name, ("", None))
        return None if vectors is None else vectors.result().facts

    def compare(
        self,
        *,
        groups: Groups | None = None,
        scores: Scores | None = None,
        qrels: Scores | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        """Look for what `inspect` warns of where parts are used together."""
        if not self._looks:
            return
        name = "" if embeddings is None else embeddings.name
        shown, vectors = self._surveys.get(name, (name, None))

        def found() -> list[tuple[str, Finding]]:
            told = warnings_across(
                groups=groups,
                scores=scores,
                qrels=qrels,
                vectors=None if vectors is None else vectors.result(),
            )
            return [
                (BESIDE.join(shown if one == name else one for one in names), finding)
                for names, finding in told
            ]

        self._look(found)

    def _is_new(self, name: str, part: str) -> bool:
        """Whether a part is to be looked at, which happens once."""
        new = self._looks and (name, part) not in self._told
        self._told.add((name, part))
        return new

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """What `inspect` warns of in what was read, with the names of the files."""
        return [one for found in self._found for one in found.result()]

    def _look(self, find: Callable[[], list[tuple[str, Finding]]]) -> None:
        self._found.append(self.meanwhile(find))

    def meanwhile(self, work: Callable[[], Made]) -> Future[Made]:
        """The result of some work, which another thread does if there is one.

        It does one piece after another, in the order of asking. None of them may read a
        file, whose mistakes are told at once.
        """
        if not _has_another():
            made: Future[Made] = Future()
            made.set_result(work())
            return made
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1)
            # Nothing waits for what nobody will ask for, after a mistake of the user
            finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)
        return self._pool.submit(work)

    def _hash(self, path: Path) -> None:
        """Begin to hash a file, as the result and its blocks will ask for it."""
        if _has_another() and path.is_file():
            self.meanwhile(partial(sha256, path))

    def queries(self, path: Path | QueryIds) -> QueryIds:
        """The ids of queries in a file, or those of an object."""
        if isinstance(path, QueryIds):
            return path
        chosen = format_of(self._formats, path, main=self._teacher)
        return query_ids(path, format=chosen)

    def forget(self) -> None:
        """Drop the contents that were kept; repairs and notes stay.

        It waits for what was begun meanwhile, whose memory is then free, too.
        """
        wait(self._found)
        self._kept.clear()

    def repairs_by_name(self) -> dict[str, dict[str, int]]:
        """The repairs by path."""
        return {str(path): counts for path, counts in self.repairs.items()}

    def warnings(self) -> tuple[str, ...]:
        """All notes, in the order of reading, and what `inspect` warns of."""
        return (*self.notes_told(), *repeated(self.findings))

    def notes_told(self) -> tuple[str, ...]:
        """What the readers noted; of unused columns with their file."""
        return tuple(
            f"{path}: {note}" if note.startswith(UNREAD) else note
            for path, notes in self.notes.items()
            for note in notes
        )


def _has_another() -> bool:
    """Whether a second thread has a core, its own or that of a process that waits."""
    return threads() > 1 or n_workers() > 1


def _of_part(
    name: str, contents: Contents, kind: Kind | None = None
) -> list[tuple[str, Finding]]:
    """What `inspect` warns of in a file that holds one part."""
    return [(name, finding) for finding in warnings_of(contents, kind)]


def _of_vectors(shown: str, made: Future[Vectors]) -> list[tuple[str, Finding]]:
    vectors = made.result()
    held = Contents("vectors", Path(shown), embeddings=vectors.embeddings)
    return [(shown, finding) for finding in warnings_of(held, vectors=vectors)]


def _on_disk(contents: Contents) -> Contents:
    """The same, with long columns in a file without a name."""
    for part in ("scores", "qrels", "groups"):
        held = getattr(contents, part)
        if held is not None and len(held.codes) >= LONG:
            contents = replace(contents, **{part: held.with_columns(filed)})
    return contents


def _in_order(contents: Contents) -> Contents:
    groups = contents.groups
    return contents if groups is None else replace(contents, groups=groups.in_order())
