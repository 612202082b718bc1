"""What `inspect` says about the form of a file: ranks, tag, columns, repairs."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding, RankCounts, share
from rankbound.data.ordering import by_rank
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
    query = scores.row_query()
    order = by_rank(scores, ranks)
    values, places = scores.values[order], ranks[order]
    inside = query[1:] == query[:-1]
    wrong = inside & (values[1:] > values[:-1]) & (places[1:] > places[:-1])
    example = None
    if wrong.any():
        row = int(np.argmax(wrong))
        qid, _ = scores.where(int(order[row]))
        example = (
            f"query {qid!r}: rank {places[row]} has {values[row]:.6g}, rank "
            f"{places[row + 1]} has {values[row + 1]:.6g}"
        )
    return RankFacts(
        base=int(ranks.min()),
        constant=bool(ranks.min() == ranks.max() and inside.any()),
        wrong=int(wrong.sum()),
        neighbours=int(inside.sum()),
        example=example,
    )


def layout_findings(
    contents: Contents, source: Source, ranks: RankFacts | None
) -> list[Finding | None]:
    """Findings on everything around the numbers."""
    return [
        *_rank_findings(ranks),
        _column_name_as_tag(contents, source),
        _iteration(contents, source),
        _repaired(contents),
        _unended(contents, source),
        *(_noted(note) for note in contents.notes),
    ]


def _rank_findings(ranks: RankFacts | None) -> list[Finding | None]:
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
