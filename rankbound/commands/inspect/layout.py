"""What `inspect` says about the form of a file: ranks, tag, columns, repairs, ids."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding, RankCounts, share
from rankbound.data.ordering import by_rank, least, ranked_windows
from rankbound.read.contents import Contents
from rankbound.read.source import Source

COLUMN_NAMES = frozenset(
    {"rank", "score", "tag", "run", "runid", "qid", "docno", "docid", "q0"}
)
# A line of these formats may be complete although its end was cut off
COLUMNS_OF_TEXT = frozenset(
    {
        *("trec-run", "trec-run-lenient", "scoreddocs", "msmarco-run", "candidates"),
        *("qrels", "beir-qrels", "hofstaetter", "csv-scores", "csv-qrels"),
        *("csv-margins",),
    }
)


@dataclass(frozen=True, slots=True)
class RankFacts:
    """The rank column of a file, compared with its scores.

    Attributes
    ----------
    base : int
        The smallest rank.
    constant : bool
        Whether all rows have the same rank, although rankings are longer.
    wrong : int
        Neighbours by rank whose scores rise; equal ranks do not count.
    neighbours : int
    example : str or None
    """

    base: int
    constant: bool
    wrong: int
    neighbours: int
    example: str | None

    def counts(self) -> RankCounts:
        """The facts that the result records."""
        return RankCounts(
            base=self.base, constant=self.constant, against_scores=self.wrong
        )


def rank_facts(contents: Contents) -> RankFacts | None:
    """Compare the rank column with the scores; None if the file has no ranks.

    Examples
    --------
    >>> from pathlib import Path
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 3.0, "b": 2.0, "c": 1.0}})
    >>> ranks = np.array([1, 3, 2])
    >>> rank_facts(Contents("toy", Path("x"), scores=scores, ranks=ranks)).wrong
    1
    """
    scores, ranks = contents.scores, contents.ranks
    if scores is None or ranks is None:
        return None
    wrong, example, named = 0, None, ""
    for part in ranked_windows(scores):
        order, query = by_rank(part, ranks), part.queries
        values, places = scores.values[order], ranks[order]
        here = (values[1:] > values[:-1]) & (places[1:] > places[:-1])
        here &= query[1:] == query[:-1]
        found = np.flatnonzero(here)
        if len(found):
            of = np.searchsorted(scores.offsets, order[found], side="right") - 1
            one = least(scores.qids, np.unique(of))
            qid = scores.qids[one]
        if len(found) and (example is None or qid < named):
            row, named = int(found[np.argmax(of == one)]), qid
            example = (
                f"query {qid!r}: rank {places[row]} has {values[row]:.6g}, rank "
                f"{places[row + 1]} has {values[row + 1]:.6g}"
            )
        wrong += int(here.sum())
    neighbours = len(ranks) - scores.n_queries
    return RankFacts(
        base=int(ranks.min()),
        constant=bool(ranks.min() == ranks.max() and neighbours),
        wrong=wrong,
        neighbours=neighbours,
        example=example,
    )


def layout_findings(
    contents: Contents, source: Source, ranks: RankFacts | None
) -> list[Finding | None]:
    """Findings on everything around the numbers."""
    return [
        *rank_findings(ranks),
        _column_name_as_tag(contents, source),
        _iteration(contents, source),
        _repaired(contents),
        _unended(contents, source),
        *(_noted(note) for note in contents.notes),
    ]


def rank_findings(ranks: RankFacts | None) -> list[Finding | None]:
    """Findings on the rank column of a file, if it has one."""
    if ranks is None:
        return []
    if ranks.constant:
        return [
            Finding(
                "constant-rank",
                "note",
                ranks.neighbours,
                f"the rank column is {ranks.base} in every row",
                "nothing to do: rankings are by score",
            )
        ]
    found: list[Finding | None] = []
    if ranks.wrong:
        found.append(
            Finding(
                "rank-against-score",
                "warning",
                ranks.wrong,
                f"{share(ranks.wrong, ranks.neighbours)} neighbours by rank have "
                "rising scores",
                "find out which is right: rankings are by score here, as in trec_eval",
                ranks.example,
            )
        )
    if ranks.base not in (0, 1):
        found.append(
            Finding(
                "rank-base",
                "note",
                1,
                f"ranks begin at {ranks.base}",
                "check whether the best documents were cut off",
            )
        )
    return found


def _unended(contents: Contents, source: Source) -> Finding | None:
    """A last line without an end: a file that was cut there can still be read."""
    if contents.format not in COLUMNS_OF_TEXT or source.packing != "none":
        return None
    if not source.path.is_file():  # a pipe cannot be read again
        return None
    with source.path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) in b"\r\n":
            return None
    return Finding(
        "no-last-line-end",
        "note",
        1,
        "the last line has no line end: if the file was cut there, its last number or "
        "id may be, too",
        "compare its length with the original's",
    )


def _first_line(source: Source) -> list[str]:
    """Fields of the first line that is neither blank nor a comment."""
    for line in source.head.split(b"\n"):
        if line.strip() and not line.startswith(b"#"):
            return line.decode("utf-8", "replace").split()
    return []


def _column_name_as_tag(contents: Contents, source: Source) -> Finding | None:
    if contents.format != "trec-run" or source.is_folder:
        return None
    fields = _first_line(source)
    if len(fields) < 6 or fields[5].lower() not in COLUMN_NAMES:
        return None
    return Finding(
        "tag",
        "note",
        1,
        f"the run tag is the word {fields[5]!r}, a column's name",
        "name the system in the tag",
    )


def _iteration(contents: Contents, source: Source) -> Finding | None:
    if contents.format != "qrels" or source.is_folder:
        return None
    fields = _first_line(source)
    if len(fields) != 4 or fields[1] == "0":
        return None
    return Finding(
        "iteration-column",
        "note",
        1,
        f"column 2 of the judgements is {fields[1]!r}, usually '0'",
        "nothing to do: the column is not used",
    )


def _repaired(contents: Contents) -> Finding | None:
    if not contents.repairs:
        return None
    words = ", ".join(f"{what}: {n:,}" for what, n in contents.repairs.items())
    total = sum(contents.repairs.values())
    return Finding(
        "repaired",
        "note",
        total,
        f"{counted(total, 'repair')} while reading ({words})",
        "write the file again if other tools are to read it",
    )


def _noted(note: str) -> Finding:
    return Finding("reader-note", "note", 1, note, "give `format` if that is wrong")


MISSING: Final = frozenset({"NA", "N/A", "NaN", "nan", "null", "None", "NULL", ""})
FLOAT = re.compile(r"-?\d+\.0+")
SAMPLE = 2000
LEAST_GAIN = 0.5

Rewrite = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that would make ids match.

    `text` describes it; `left` and `right` are ids that it makes equal; `matched` is
    the share of the smaller side's ids that match under it.
    """

    text: str
    left: str
    right: str
    matched: float


def may_be_odd(texts: Any) -> list[str]:
    """Of distinct ids, as an Arrow array, those that `odd_ids` may find something in.

    Examples
    --------
    >>> import pyarrow as pa
    >>> may_be_odd(pa.array(["d1", "NA", "7.0", " d"]))
    ['NA', '7.0', ' d']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    odd = pc.is_in(texts, value_set=pa.array([*MISSING], texts.type))
    odd = pc.or_(odd, pc.match_substring(texts, ".0"))
    odd = pc.or_(odd, pc.not_equal(pc.utf8_trim_whitespace(texts), texts))
    found: list[str] = texts.filter(odd).to_pylist()
    return found


def odd_ids(
    names: Iterable[str], what: str, total: int | None = None
) -> list[Finding | None]:
    """Findings on ids that tools have changed or would change: "123.0", "NA", blanks.

    Parameters
    ----------
    names : iterable of str
        Distinct ids.
    what : {"query", "document"}
    total : int, optional
        How many there are, where `names` are only those that may be odd.
    """
    names = [str(name) for name in names]
    total = len(names) if total is None else total
    # Most files have no such ids, and one search of each kind finds that out
    rare = [] if MISSING.isdisjoint(names) else names
    missing = [name for name in rare if name in MISSING]
    joined = "\n".join(names)
    dotted = names if ".0" in joined else []
    floats = [name for name in dotted if FLOAT.fullmatch(name)]
    spaced = [] if "\n".join(joined.split()) == joined else names
    blank = [name for name in spaced if name[:1].isspace() or name[-1:].isspace()]
    return [
        _odd(
            "float-ids",
            floats,
            total,
            f"{what} ids look like floats",
            "drop the '.0': a table turned whole numbers into floats",
        ),
        _odd(
            "missing-like-ids",
            missing,
            total,
            f"{what} ids read as a missing value in other tools",
            "rename them, or switch off the guessing of missing values there",
        ),
        _odd(
            "blanks-in-ids",
            blank,
            total,
            f"{what} ids begin or end with a blank",
            "strip them: they match no other file",
        ),
    ]


def _odd(
    code: str, found: list[str], total: int, what: str, remedy: str
) -> Finding | None:
    if not found:
        return None
    words = f"{share(len(found), total)} {what}"
    return Finding(code, "warning", len(found), words, remedy, repr(min(found)))


def matching_rule(left: Sequence[str], right: Sequence[str]) -> Rule | None:
    """The rule that makes at least half more of the smaller side's ids match, or None.

    Rules drop a trailing ".0", case, blanks around ids, leading zeros, a prefix that
    all ids of a side share, or some of these together.

    Examples
    --------
    >>> rule = matching_rule(["D123", "D7"], ["7", "123", "5"])
    >>> rule.text, rule.left, rule.right
    ("drop the prefix 'D' on the left", 'D123', '123')
    """
    if not len(left) or not len(right):
        return None
    left, right = sorted(left), sorted(right)  # a sample is the same in any order
    before = _overlap(left, right, str, str)[0]
    best: Rule | None = None
    for text, one, other in _candidates(left, right):
        matched, pair = _overlap(left, right, one, other)
        better = matched > (before if best is None else best.matched) + 1e-12
        if better and pair is not None and matched - before >= LEAST_GAIN:
            best = Rule(text, pair[0], pair[1], matched)
    return best


def _candidates(
    left: Sequence[str], right: Sequence[str]
) -> list[tuple[str, Rewrite, Rewrite]]:
    """Rules with a rewrite for each side, from the mildest to the most drastic."""
    prefixes = _prefix(left), _prefix(right)
    sides = [
        f"drop the prefix {prefix!r} on the {side}"
        for prefix, side in zip(prefixes, ("left", "right"), strict=True)
        if prefix
    ]

    def bare(prefix: str) -> Rewrite:
        return lambda name: name.removeprefix(prefix)

    def unpadded(prefix: str) -> Rewrite:
        return lambda name: _unpad(name.removeprefix(prefix))

    one, other = map(bare, prefixes)
    one_short, other_short = map(unpadded, prefixes)
    dropped = " and ".join(sides)
    found: list[tuple[str, Rewrite, Rewrite]] = [
        ("strip blanks around ids", str.strip, str.strip),
        ("drop a trailing '.0'", _whole, _whole),
        ("ignore case", str.casefold, str.casefold),
        ("drop leading zeros", _unpad, _unpad),
    ]
    if sides:
        found.append((dropped, one, other))
        found.append(
            (
                f"{dropped}, and a trailing '.0'",
                lambda name: _whole(one(name)),
                lambda name: _whole(other(name)),
            )
        )
        found.append((f"{dropped}, and leading zeros", one_short, other_short))
    return found


def _overlap(
    left: Sequence[str], right: Sequence[str], one: Rewrite, other: Rewrite
) -> tuple[float, tuple[str, str] | None]:
    """Share of (a sample of) the smaller side that matches, and the first match."""
    swap = len(left) > len(right)
    few, many = (right, left) if swap else (left, right)
    few_rule, many_rule = (other, one) if swap else (one, other)
    step = max(1, len(few) // SAMPLE)
    sample = few[::step]
    known: dict[str, str] = {}
    for name in many:
        known.setdefault(many_rule(name), name)
    hits = [(name, known[few_rule(name)]) for name in sample if few_rule(name) in known]
    if not hits:
        return 0.0, None
    first = hits[0][::-1] if swap else hits[0]
    return len(hits) / len(sample), first


def _prefix(names: Sequence[str]) -> str:
    """The prefix of all ids up to the first digit; "" if an id would become empty."""
    least, largest = min(names), max(names)  # what these two share, all share
    pairs = zip(least, largest, strict=False)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)
    found = re.match(r"[^0-9]*", "".join(letter for letter, _ in same))
    prefix = found.group() if found else ""
    return prefix if all(len(name) > len(prefix) for name in names) else ""


def _unpad(name: str) -> str:
    return name.lstrip("0") or "0"


def _whole(name: str) -> str:
    return FLOAT.sub(lambda match: match.group().split(".")[0], name)
