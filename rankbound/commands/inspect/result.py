"""The result of `inspect`: every file, how files fit together, what can be run on them.

The fields are the keys of ``rankbound inspect --json``. All of them are always present;
one that does not apply, or could not be read, is None (null in the file).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from rankbound.catalogue import SEVERITIES, Severity
from rankbound.commands.cards import Card
from rankbound.rendering import whole_text_of
from rankbound.results import Answer, Named, Record, Result, named


class Finding(Record, frozen=True, omit_defaults=False):
    """Something that a user should know about a file, or about several.

    Attributes
    ----------
    code : str
        A stable name such as "ties".
    severity : {"error", "warning", "note"}
        error: commands refuse the file, or would compute nonsense. warning: numbers may
        mislead. note: good to know.
    count : int
        How often it occurs; the message says what is counted.
    message : str
        What was found, with the numbers.
    remedy : str
        What to do about it, in one line. It names parameters in backticks.
    example : str or None
        A place where it occurs.

    Examples
    --------
    >>> Finding("ties", "note", 3, "3 of 9 neighbours are equal", "write more digits")
    Finding(code='ties', severity='note', count=3, message='3 of 9 ...
    """

    code: str
    severity: Severity
    count: int
    message: str
    remedy: str
    example: str | None = None


class SharedFinding(Finding, frozen=True, kw_only=True, omit_defaults=False):
    """A finding about several files, in the order in which its message names them."""

    files: tuple[str, ...]


AnyFinding = TypeVar("AnyFinding", bound=Finding)


def by_severity(findings: Iterable[AnyFinding | None]) -> tuple[AnyFinding, ...]:
    """Findings, the most severe first and otherwise in their order, without None.

    Examples
    --------
    >>> some = [None, Finding("b", "note", 1, "", ""), Finding("a", "error", 1, "", "")]
    >>> [finding.code for finding in by_severity(some)]
    ['a', 'b']
    """
    there = [finding for finding in findings if finding is not None]
    return tuple(sorted(there, key=lambda finding: SEVERITIES.index(finding.severity)))


LINES: Final = 5  # of warnings that a command repeats
FILES: Final = 3  # that one line names
BESIDE: Final = " / "  # parts the names of files that a finding is about


def repeated(found: Iterable[tuple[str, Finding]]) -> tuple[str, ...]:
    """Warnings of `inspect` as a command repeats them: a few lines with counts.

    Parameters
    ----------
    found : iterable of (str, Finding)
        Each with the file or files that it is about.

    Examples
    --------
    >>> ties = Finding("ties", "warning", 3, "3 of 9 neighbours are equal", "", "'q'")
    >>> repeated([("a.run", ties)])
    ('a.run: 3 of 9 neighbours are equal (inspect names them)',)
    >>> repeated([("a.run", ties), ("b.run", ties)])
    ('ties: a.run (3), b.run (3); inspect says more',)
    """
    by_code: dict[str, dict[str, Finding]] = {}
    for place, finding in found:
        by_code.setdefault(finding.code, {}).setdefault(place, finding)
    kept = len(by_code) if len(by_code) <= LINES else LINES - 1
    lines = [_told(code, each) for code, each in [*by_code.items()][:kept]]
    rest = [_counted(code, each) for code, each in [*by_code.items()][kept:]]
    if rest:
        lines.append(f"{'; '.join(rest)}; inspect says more")
    return tuple(lines)


def _told(code: str, found: Mapping[str, Finding]) -> str:
    if len(found) > 1:
        return f"{_counted(code, found)}; inspect says more"
    [(place, finding)] = found.items()
    more = "says more" if finding.example is None else "names them"
    return f"{place}: {finding.message} (inspect {more})"


def _counted(code: str, found: Mapping[str, Finding]) -> str:
    paths = {Path(path) for place in found for path in place.split(BESIDE)}
    shown = shown_names(sorted(paths))
    places = [
        f"{BESIDE.join(shown[Path(path)] for path in place.split(BESIDE))} "
        f"({one.count:,})"
        for place, one in found.items()
    ]
    if len(places) > FILES:
        places = [*places[:FILES], f"{len(places) - FILES:,} more"]
    return f"{code.replace('-', ' ')}: {', '.join(places)}"


def share(part: int, whole: int) -> str:
    """Two counts and their ratio, for messages.

    Examples
    --------
    >>> share(40001, 42957)
    '40,001 of 42,957 (93.1%)'
    """
    return f"{part:,} of {whole:,} ({part / max(1, whole):.1%})"


def shown_names(paths: Sequence[Path]) -> dict[Path, str]:
    """The shortest ends of paths that tell them apart, by path.

    Examples
    --------
    >>> shown = shown_names([Path("d/a/x.run"), Path("d/b/x.run"), Path("d/y.run")])
    >>> list(shown.values())
    ['a/x.run', 'b/x.run', 'y.run']
    """
    found = {}
    for path in paths:
        for depth in range(1, len(path.parts) + 1):
            end = path.parts[-depth:]
            if sum(other.parts[-depth:] == end for other in paths) == 1:
                break
        found[path] = str(Path(*end)) if path.parts else str(path)
    return found


class Sizes(Record, frozen=True):
    """Documents of a group, or of a query if a file has no groups."""

    min: int
    median: float
    max: int


class ScoreCounts(Record, frozen=True, kw_only=True):
    """What was measured on the scores of a file."""

    documents: int
    usual_depth: int
    neighbours: int
    equal_neighbours: int
    close_neighbours: int
    queries_with_ties: int
    largest_tie: int
    documents_sharing_a_score: int
    exact_zeros: int
    constant_queries: int
    min_max_queries: int
    top_entropy_bits: float | None
    smallest_pair_entropy_bits: float | None
    decimals: int | None
    precision: str | None


class RankCounts(Record, frozen=True, kw_only=True):
    """The rank column of a file, compared with its scores."""

    base: int
    constant: bool
    against_scores: int


class GroupCounts(Record, frozen=True, kw_only=True):
    """Groups, queries and positives of a file."""

    groups: int
    documents: int
    positives: int | None
    queries_with_several_groups: int
    most_groups_of_a_query: int
    with_probabilities: bool


class JudgementCounts(Record, frozen=True, kw_only=True):
    """Judgements by grade; least, median and largest number of relevant documents."""

    grades: dict[str, int]
    relevant_per_query: tuple[int, float, int]
    queries_without_relevant: int
    queries_with_one_relevant: int


class VectorCounts(Record, frozen=True, kw_only=True):
    """Vectors of a file; `norms` are the smallest, mean and largest length."""

    dim: int
    dtype: str
    norms: tuple[float, float, float] | None
    unit_share: float
    zero: int
    not_finite: int
    equal_sets: int
    equal_vectors: int
    near_pairs: int | None


class TextCounts(Record, frozen=True, kw_only=True):
    """Texts of a file; `words` are the smallest, median and largest length."""

    texts: int
    words: tuple[int, int, int]
    shortest_words: int
    empty: int
    equal_sets: int
    equal_texts: int
    upper_case: int
    titles: int | None


class File(Record, frozen=True, kw_only=True):
    """What was found in one file.

    Attributes
    ----------
    role : {"file", "teacher", "ranking", "groups", "qrels", "embeddings"}
        "file" unless an option or the layout of a folder says what it is; a "ranking"
        is neither a student's nor the teacher's scores.
    format, title, evidence
        The name and the title of its format, and how it was found.
    parts : tuple of str
        What it holds: scores, groups, qrels, embeddings, texts.
    rows, queries : int or None
        None if the file cannot be read, or has none.
    ids : str or None
        The file with the ids of vectors.
    scores, ranks, groups, qrels, vectors, texts
        Counts; None if the file does not hold the part.
    findings : tuple of Finding
        The most severe first.
    """

    path: str
    role: str
    format: str | None
    title: str | None
    evidence: str
    packing: str | None
    parts: tuple[str, ...]
    rows: int | None
    queries: int | None
    group_sizes: Sizes | None
    score_range: tuple[float, float] | None
    kind: str | None
    kind_evidence: str | None
    repairs: dict[str, int]
    ids: str | None
    scores: ScoreCounts | None
    ranks: RankCounts | None
    groups: GroupCounts | None
    qrels: JudgementCounts | None
    vectors: VectorCounts | None
    texts: TextCounts | None
    findings: tuple[Finding, ...]

    @property
    def readable(self) -> bool:
        """Whether the file could be read."""
        return self.rows is not None


class SharedIds(Record, frozen=True, kw_only=True):
    """How many ids two files share, and the first that only one of them has.

    `rule` would make more of them match; None unless few match.
    """

    left: str
    left_part: str
    right: str
    right_part: str
    ids: str
    left_count: int
    right_count: int
    shared: int
    only_left: str | None
    only_right: str | None
    rule: str | None


class SharedRows(Record, frozen=True, kw_only=True):
    """How many rows of a file another one covers, or shows to be at fault."""

    left: str
    right: str
    code: str
    what: str
    count: int
    total: int
    share: float | None


class Across(Record, frozen=True, kw_only=True):
    """Pairs of files: shared ids, shared rows, and findings, the most severe first."""

    ids: tuple[SharedIds, ...]
    rows: tuple[SharedRows, ...]
    findings: tuple[SharedFinding, ...]


class Readiness(Record, frozen=True):
    """Whether a command can run on the files.

    Attributes
    ----------
    ok : bool
    missing : tuple of str
        What is missing; empty if `ok`.
    command : str
        The command line to run next, with words in capitals for what is missing.
    notes : tuple of str
        How the teacher was chosen, and what the command leaves out.
    """

    ok: bool
    missing: tuple[str, ...]
    command: str
    notes: tuple[str, ...]


class Ready(Record, frozen=True, kw_only=True):
    """Whether `measure`, `compare` and `validate` can run.

    `validate` is None unless there are judgements and a student, or a folder of a data
    set was given.
    """

    measure: Readiness
    compare: Readiness
    validate: Readiness | None = None

    def commands(self) -> tuple[tuple[str, Readiness], ...]:
        """The names of the commands, each with its readiness."""
        found = (("measure", self.measure), ("compare", self.compare))
        return found if self.validate is None else (*found, ("validate", self.validate))


class FileRow(Record, frozen=True, kw_only=True):
    """A row of the table of files: what one holds, and its numbers of findings."""

    file: str
    role: str
    format: str | None
    rows: int | None
    queries: int | None
    least_size: int | None
    median_size: float | None
    largest_size: int | None
    lowest_score: float | None
    highest_score: float | None
    kind: str | None
    errors: int
    warnings: int
    notes: int


class FindingRow(Record, frozen=True, kw_only=True):
    """A row of the table of findings; " / " separates the names of several files."""

    file: str
    code: str
    severity: Severity
    count: int
    message: str
    remedy: str
    example: str | None


class Inspection(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.inspection/1",
):
    """What files hold, what is odd about them, and what to run next.

    ``print`` shows all of it.

    Attributes
    ----------
    command : str
        The command line, "" from Python.
    files : Named of File
        In the order given; ``files["bm25.run"]`` is the file of that path.
    across : Across
    ready : Ready
    cards : Named of Card
        What is known of each sampling, as in `compare`; empty without groups that a
        teacher scores, and in earlier files.
    answers : tuple of Answer
        What the cards mean; empty without them.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import rankbound as rb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "teacher.json")
    ...     _ = path.write_text(json.dumps({"q": {"a": 1.5, "b": -0.25}}))
    ...     found = rb.inspect(path)
    >>> found.files[0].format, found.ready.measure.ok, found.ready.compare.missing
    ('lookup', True, ('groups of at least two samplings; none was given',))
    """

    KIND = "inspection"
    FILE = "inspection.json"

    command: str
    files: Named[File]
    across: Across
    ready: Ready
    cards: Named[Card] = ()  # type: ignore[assignment]
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        named(self, "files", "cards")

    def __str__(self) -> str:
        """The inspection as the program prints it, without colours."""
        return whole_text_of(self)

    @property
    def readable(self) -> bool:
        """Whether every file could be read."""
        return all(one.readable for one in self.files)

    def findings(self) -> Iterator[tuple[str, Finding]]:
        """Every finding with the path of its file; several paths are ``a / b``."""
        for one in self.files:
            for finding in one.findings:
                yield one.path, finding
        for shared in self.across.findings:
            yield BESIDE.join(shared.files), shared

    def counts(self) -> Counter[str]:
        """Number of findings of each severity."""
        return Counter(finding.severity for _, finding in self.findings())

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """`files`, `findings`, and the `ids` and `rows` that files share."""
        return {
            "files": [_file_row(one) for one in self.files],
            "findings": [_finding_row(*pair) for pair in self.findings()],
            "ids": self.across.ids,
            "rows": self.across.rows,
            "cards": self.cards,
        }


def _file_row(one: File) -> FileRow:
    sizes, ends = one.group_sizes, one.score_range or (None, None)
    found = Counter(finding.severity for finding in one.findings)
    return FileRow(
        file=one.path,
        role=one.role,
        format=one.format,
        rows=one.rows,
        queries=one.queries,
        least_size=None if sizes is None else sizes.min,
        median_size=None if sizes is None else sizes.median,
        largest_size=None if sizes is None else sizes.max,
        lowest_score=ends[0],
        highest_score=ends[1],
        kind=one.kind,
        **{f"{severity}s": found[severity] for severity in SEVERITIES},
    )


def _finding_row(file: str, finding: Finding) -> FindingRow:
    return FindingRow(
        file=file,
        code=finding.code,
        severity=finding.severity,
        count=finding.count,
        message=finding.message,
        remedy=finding.remedy,
        example=finding.example,
    )
