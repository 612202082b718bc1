"""Each file of an inspection: read, then examined by itself.

A file that cannot be read keeps the reader's message as a finding.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.commands.inspect.layout import (
    RankFacts,
    layout_findings,
    may_be_odd,
    odd_ids,
    rank_facts,
    rank_findings,
)
from rankbound.commands.inspect.parts import (
    Vectors,
    group_counts,
    group_findings,
    judgement_counts,
    judgement_findings,
    survey,
    text_counts,
    text_findings,
    vector_findings,
    vector_warnings,
)
from rankbound.commands.inspect.result import File, Finding, Sizes, by_severity
from rankbound.commands.inspect.scores import (
    ScoreFacts,
    score_facts,
    score_findings,
    score_warnings,
)
from rankbound.data.columns import (
    Integers,
    LateStrings,
    Strings,
    as_held,
    distinct_codes,
    strings,
)
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.reading import read_part
from rankbound.read.registry import by_name, detect
from rankbound.read.scales import TEACHER, Answer, Answers, without_missing_of
from rankbound.read.source import Source
from rankbound.read.text.layout import NoSuchTagError
from rankbound.read.vectors.embeddings import read_embeddings
from rankbound.read.vectors.row_ids import paths_of

ROLES = ("file", "teacher", "ranking", "groups", "qrels", "embeddings")
# Whatever these files hold is read
WHOLE = frozenset({"file", "teacher", "ranking"})


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A file of an inspection, read.

    Attributes
    ----------
    path : Path
    role : {"file", "teacher", "ranking", "groups", "qrels", "embeddings"}
        "file" unless an option or the folder says what it is; a "ranking" is neither a
        student's nor the teacher's scores.
    asked : str or None
        The format that the user named.
    source : Source
    format : str or None
        The name of the format; None if none fits the content.
    title : str or None
    evidence : str
        How the format was found.
    contents : Contents or None
        Without scores that stand for missing ones; None if the file cannot be read.
    read : Contents or None
        The same with them.
    refusal : str or None
        The reader's error in that case.
    ids : Path or None
        The file with the ids of vectors.
    answer : Answer
        What the user said about its scores.
    tag : str or None
        The system that was read, of several in the file.
    """

    path: Path
    role: str
    asked: str | None
    source: Source
    format: str | None = None
    title: str | None = None
    evidence: str = ""
    contents: Contents | None = None
    read: Contents | None = None
    refusal: str | None = None
    ids: Path | None = None
    answer: Answer = field(default_factory=Answer)
    tag: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that the file holds, including texts."""
        if self.contents is None:
            return ()
        texts = ("texts",) if self.contents.texts else ()
        return (*self.contents.parts(), *texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to inspect: paths by the parts that they are given as, and their formats.

    `student_kinds` are by path or by the name that `inspect` gives to a student; the
    one under "" is for all others.
    """

    files: Sequence[Path]
    teacher: Path | None = None
    rankings: Sequence[Path] = ()
    groups: Sequence[Path] = ()
    qrels: Path | None = None
    embeddings: Path | None = None
    ids: Path | None = None
    formats: Mapping[Path, str] | None = None
    format: str | None = None
    answers: Answers = field(default_factory=Answers)
    teacher_kind: Kind | None = None
    student_kinds: Mapping[str, Kind] = field(default_factory=dict)

    def of(self, path: Path) -> str | None:
        """The format that the user named for a path."""
        return (self.formats or {}).get(path, self.format)


def files_in(paths: Iterable[Path], *, without: Path | None = None) -> list[Path]:
    """The files that paths stand for, in order.

    A folder of no known format stands for all that is in it and below it, by name;
    hidden files, links to folders, and what lies in the folder `without` are passed
    over. A folder without files stands for itself.
    """
    found: list[Path] = []
    for path in paths:
        below = [*_below(path, without)] if _plain(path) else []
        found += below or [path]
    return found


def _below(folder: Path, without: Path | None) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") or not path.exists()
        if hidden or (path.is_dir() and path.is_symlink()):
            continue
        if without is not None and without.exists() and path.samefile(without):
            continue
        if _plain(path):
            yield from _below(path, without)
        else:
            yield path


def _plain(path: Path) -> bool:
    """Whether it is a folder that can be looked into, and not one of a format."""
    if not path.is_dir() or not os.access(path, os.R_OK | os.X_OK):
        return False
    try:
        detect(Source(path))
    except FormatError:
        return True
    return False


def read_all(asked: Asked) -> tuple[Given, ...]:
    """Read every file once, in the order given.

    Raises
    ------
    UsageError
        For an unknown format. A file that cannot be read raises nothing.
    """
    wanted = [(path, "file") for path in asked.files]
    if asked.teacher is not None:
        wanted.insert(0, (asked.teacher, "teacher"))
    wanted += [(path, "ranking") for path in asked.rankings]
    wanted += [(path, "groups") for path in asked.groups]
    if asked.qrels is not None:
        wanted.append((asked.qrels, "qrels"))
    if asked.embeddings is not None:
        wanted.append((asked.embeddings, "embeddings"))
    named: dict[Path, list[str]] = {}  # a file may have several roles
    for path, role in wanted:
        if role != "file":
            named.setdefault(path, []).append(role)
    once = dict.fromkeys(
        (path, each) for path, role in wanted for each in named.get(path, [role])
    )
    read = [_read(path, role, asked) for path, role in once]
    # A whole folder may include files of ids, which are read with their vectors
    known = {one.ids.resolve() for one in read if one.ids is not None}
    return tuple(
        one
        for one in read
        if one.contents is not None or one.path.resolve() not in known
    )


def _read(path: Path, role: str, asked: Asked) -> Given:
    format = asked.of(path)
    # Which file is the teacher is found out later; its option is named for all
    names = (str(path), TEACHER)
    answer, tag = asked.answers.of(names, None), asked.answers.tag_of(names)
    source = Source(path, named=format is not None, tag=tag)
    entry, evidence = None, "as named"
    try:
        entry, evidence = _format_of(source, role, format)
        try:
            contents = _contents(source, role, entry, asked)
        except NoSuchTagError:
            if str(path) in asked.answers.run_tag:
                raise
            source, tag = replace(source, tag=None), None
            contents = _contents(source, role, entry, asked)
        read = contents
        contents = without_missing_of(contents, answer.missing_value)
    except (FormatError, DomainError) as error:
        return Given(
            path=path,
            role=role,
            asked=format,
            source=source,
            format=None if entry is None else entry.name,
            title=None if entry is None else entry.title,
            evidence=evidence if entry is not None else "",
            refusal=" ".join(str(error).split()),
        )
    return Given(
        path=path,
        role=role,
        asked=format,
        source=source,
        format=contents.format,
        title=entry.title,
        evidence=evidence,
        contents=contents,
        read=read,
        ids=_ids_of(contents, asked if role == "embeddings" else None),
        answer=answer,
        tag=tag if "tag" in contents.metadata else None,
    )


def _format_of(source: Source, role: str, format: str | None) -> tuple[Format, str]:
    if format is not None:
        return by_name(format.partition(":")[0]), "as named"
    return detect(source, part=None if role in WHOLE else role)


def _contents(source: Source, role: str, entry: Format, asked: Asked) -> Contents:
    named = asked.of(source.path)
    # A pickle or a table may hold scores as well as vectors
    vectors_here = role == "embeddings" or entry.parts == ("embeddings",)
    ids = asked.ids if role == "embeddings" else None
    if vectors_here and (ids is not None or named is not None):
        vectors = read_embeddings(source.path, ids, format=named)
        found = Contents(entry.name, source.path, embeddings=vectors)
        beside = paths_of(source.path, ids)[1:]
        return found.with_metadata(ids=str(beside[0])) if beside else found
    if role in WHOLE:
        return (entry if named is None else by_name(named)).read(source)
    return read_part(source.path, role, format=named, tag=source.tag)


def _ids_of(contents: Contents, asked: Asked | None) -> Path | None:
    """The file with the ids of vectors; None if the vectors' own file has them."""
    if asked is not None and asked.ids is not None:
        return asked.ids
    place = contents.metadata.get("ids")
    if contents.embeddings is None or not isinstance(place, str):
        return None
    return Path(place) if Path(place) != contents.path else None


@dataclass(frozen=True, eq=False)
class Examined:
    """A file with everything that was found in it.

    Attributes
    ----------
    given : Given
    scores : ScoreFacts or None
    ranks : RankFacts or None
    vectors : Vectors or None
    findings : tuple of Finding
        The most severe first.
    """

    given: Given
    scores: ScoreFacts | None
    ranks: RankFacts | None
    vectors: Vectors | None
    findings: tuple[Finding, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return self.given.path

    @property
    def groups(self) -> Groups | None:
        """The groups that it holds, if any."""
        return None if self.given.contents is None else self.given.contents.groups

    @property
    def qrels(self) -> Scores | None:
        """The judgements that it holds, if any."""
        return None if self.given.contents is None else self.given.contents.qrels

    @cached_property
    def text_ids(self) -> Strings:
        """Ids of the texts that it holds."""
        contents = self.given.contents
        return strings([] if contents is None else list(contents.texts))

    def holds(self, part: str) -> bool:
        """Whether it holds scores, groups, qrels, embeddings or texts."""
        return part in self.given.parts

    def record(self) -> File:
        """The record of facts and findings, without the contents."""
        given, contents = self.given, self.given.contents
        scores = self.scores
        sizes = _sizes(contents)
        return File(
            path=str(given.path),
            role=given.role,
            format=given.format,
            title=given.title,
            evidence=given.evidence,
            packing=_packing(given),
            parts=given.parts,
            rows=_rows(contents),
            queries=_queries(contents),
            group_sizes=None if sizes is None else _three(sizes),
            score_range=None if scores is None else _range(scores),
            kind=None if scores is None else scores.kind.value,
            kind_evidence=None if scores is None else scores.evidence,
            repairs={} if contents is None else dict(contents.repairs),
            ids=None if given.ids is None else str(given.ids),
            scores=None if scores is None else scores.counts(),
            ranks=None if self.ranks is None else self.ranks.counts(),
            groups=None if self.groups is None else group_counts(self.groups),
            qrels=None if self.qrels is None else judgement_counts(self.qrels),
            vectors=None if self.vectors is None else self.vectors.counts(),
            texts=text_counts(contents) if contents and contents.texts else None,
            findings=self.findings,
        )


def examine(given: Given) -> Examined:
    """Examine one file by itself."""
    contents = given.contents
    if contents is None:
        refused = repeated_rows(given) or _refused(given)
        return Examined(given, None, None, None, (refused,))
    scores = None
    if contents.scores is not None:
        scores = score_facts(contents, given.answer)
    ranks = rank_facts(contents)
    vectors = None if contents.embeddings is None else survey(contents.embeddings)
    found: list[Finding | None] = []
    if scores is not None:
        found += score_findings(scores)
    if contents.groups is not None:
        found += group_findings(contents.groups)
    if contents.qrels is not None:
        found += judgement_findings(contents.qrels)
    if vectors is not None:
        found += vector_findings(vectors)
    if contents.texts:
        found += text_findings(contents)
    found += _ids(contents)
    found += layout_findings(contents, given.source, ranks)
    return Examined(given, scores, ranks, vectors, by_severity(found))


def warnings_of(
    contents: Contents,
    kind: Kind | None = None,
    vectors: Vectors | None = None,
) -> tuple[Finding, ...]:
    """The warnings of `examine` about the parts of a file that a command uses.

    Parameters
    ----------
    contents : Contents
        Without the parts that are not used, and without scores that stand for missing
        ones.
    kind : Kind, optional
        What the scores are taken for.
    vectors : Vectors, optional
        Those of the file, surveyed.
    """
    found: list[Finding | None] = []
    if contents.scores is not None:
        found += score_warnings(score_facts(contents, Answer(kind=kind)))
    if contents.groups is not None:
        found += group_findings(contents.groups)
    if vectors is not None:
        found += vector_warnings(vectors)
    found += [*_ids(contents), *rank_findings(rank_facts(contents))]
    return tuple(one for one in found if one and one.severity == "warning")


def of_kind(one: Examined, kind: Kind | None, option: str) -> Examined:
    """The same file, whose scores are of a kind that the user named."""
    if kind is None:
        return one
    answer = replace(one.given.answer, kind=kind, kind_option=option)
    return examine(replace(one.given, answer=answer))


def _refused(given: Given) -> Finding:
    several = "`run_tag`" in (given.refusal or "")
    return Finding(
        "several-systems" if several else "unreadable",
        "error",
        1,
        given.refusal or "",
        "repair the file as the message says, or give its `format`"
        if not several
        else "read one system, or write each to a file of its own",
    )


def _ids(contents: Contents) -> list[Finding | None]:
    scores = contents.scores
    if scores is not None and contents.parts() == ("scores",) and not contents.texts:
        held = as_held(scores)
        if isinstance(held, LateStrings) and held.has_texts:
            parts = (slice(at, at + PART) for at in range(0, len(held), PART))
            odd = [one for part in parts for one in may_be_odd(held.texts(part))]
            found = odd_ids(odd, "document", len(held))
            return [*odd_ids(scores.qids, "query"), *found]
    queries: list[Strings] = []
    documents: list[Strings] = (
        [] if not contents.texts else [strings([*contents.texts])]
    )
    for part in (contents.scores, contents.groups, contents.qrels):
        if part is not None:
            queries.append(part.qids)
            documents.append(part.docnos)
    if contents.embeddings is not None:
        documents.append(contents.embeddings.ids)
    return [
        finding
        for what, columns in (("query", queries), ("document", documents))
        if columns
        for finding in odd_ids(_distinct(columns), what)
    ]


def _distinct(columns: list[Strings]) -> list[str]:
    """The ids of columns, each of which holds none twice."""
    if len(columns) == 1:
        return list(columns[0])
    return [*dict.fromkeys(chain.from_iterable(columns))]


def _packing(given: Given) -> str | None:
    try:
        return given.source.packing
    except ValueError:  # a missing or unreadable file, whose refusal says so
        return None


def _rows(contents: Contents | None) -> int | None:
    if contents is None:
        return None
    if contents.scores is not None:
        return len(contents.scores.values)
    if contents.groups is not None:
        return contents.groups.n_groups
    if contents.qrels is not None:
        return len(contents.qrels.values)
    if contents.embeddings is not None:
        return len(contents.embeddings.ids)
    return len(contents.texts)


def _queries(contents: Contents | None) -> int | None:
    if contents is None:
        return None
    for part in (contents.scores, contents.qrels):
        if part is not None:
            return part.n_queries
    if contents.groups is not None:
        return len(distinct_codes(contents.groups.queries))
    return None


def _sizes(contents: Contents | None) -> Integers | None:
    """Documents per group, or per query if the file has no groups."""
    if contents is None:
        return None
    parts = (contents.groups, contents.scores, contents.qrels)
    return next((part.sizes for part in parts if part is not None), None)


def _three(sizes: Integers) -> Sizes:
    return Sizes(int(sizes.min()), float(np.median(sizes)), int(sizes.max()))


def _range(facts: ScoreFacts) -> tuple[float, float]:
    values = facts.scores.values
    return float(values.min()), float(values.max())


# Readers refuse a file at the first document that is repeated in a query. All repeats
# are counted here, by lenient reading of the formats in which they are common: columns
# of text, and groups as JSON lines.
PART = 1 << 19  # ids that are made into text and looked at at once
SIGNS = ("second time", "twice")  # words of readers about a repetition
COLUMNS = {"trec-run": (0, 2), "qrels": (0, 2), "beir-qrels": (0, 1)}

Key = tuple[object, object]


def repeated_rows(given: Given) -> Finding | None:
    """How many rows repeat a document of their query, if the reader refused one.

    It takes the place of the reader's refusal, whose line it names.
    """
    refusal = given.refusal or ""
    if not any(sign in refusal for sign in SIGNS):
        return None
    try:
        if given.format in COLUMNS:
            keys = _column_keys(given)
        elif given.format == "groups":
            keys = _group_keys(given)
        else:
            return None
        count, queries = _count(keys)
    except (FormatError, ValueError, msgspec.DecodeError):
        return None  # the refusal is reported without a number
    if not count:
        return None
    return Finding(
        "duplicates",
        "error",
        count,
        f"{refusal.rpartition('; ')[0] or refusal}; in all, "
        f"{counted(count, 'row repeats', 'rows repeat')} a document, in "
        f"{counted(queries, 'query')}",
        f"keep one row for each document of a query or group{_keeping(given)}",
    )


def _keeping(given: Given) -> str:
    """How to keep the first row of each document, where a line can say it."""
    if given.format not in COLUMNS or given.source.packing != "none":
        return ""
    fields = ", ".join(f"${column + 1}" for column in COLUMNS[given.format])
    path = given.path
    new = path.with_name(f"{path.stem}.once{path.suffix}")
    return (
        f" (the first: awk '!seen[{fields}]++' {shlex.quote(str(path))} > "
        f"{shlex.quote(str(new))})"
    )


def _count(keys: Iterator[tuple[object, Key]]) -> tuple[int, int]:
    """Number of repeats, and of queries with one."""
    seen: set[Key] = set()
    count, queries = 0, set()
    for query, key in keys:
        if key in seen:
            count += 1
            queries.add(query)
        seen.add(key)
    return count, len(queries)


def _column_keys(given: Given) -> Iterator[tuple[object, Key]]:
    query, document = COLUMNS[given.format or ""]
    for _, line in given.source.lines():
        # Bytes do as well, and only what is shown is decoded
        fields = line.split(None, document + 1)
        if not fields or fields[0] == b"#":
            continue
        if fields[0] == b"query-id":
            document = 1
        elif len(fields) > document:
            yield fields[query], (fields[query], fields[document])


class _GroupLine(msgspec.Struct):
    """The ids in a line of groups, texts or numbers."""

    query_id: str | int
    doc_id_a: str | int
    doc_id_b: list[str | int]


def _group_keys(given: Given) -> Iterator[tuple[object, Key]]:
    for number, line in given.source.lines():
        if not line:
            continue
        row = msgspec.json.decode(line, type=_GroupLine)
        for docno in (row.doc_id_a, *row.doc_id_b):
            yield row.query_id, (number, docno)
