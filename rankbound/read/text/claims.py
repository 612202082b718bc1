"""Whether the columns of a table without a header hold what their places claim.

A run, a list of scores and judgements say by position alone what a column is, so that
columns in another order give plausible numbers. Ranks count 1, 2, 3 within a query,
query ids stand in blocks, a document occurs once in a query, scores fall with the rank:
where another column has the nature of a place and its own has not, the file is refused.

Order in blocks is weaker evidence, as scores may be listed document by document. A
format that the user names answers it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.text.layout import WHOLE, Layout, is_comment, is_number
from rankbound.read.text.trec_sniffing import LARGEST_GRADE, ROWS, numbered_rows

LEAST_COUNTED: Final = 3  # ranks that count, above one in a query
MOST_GRADES: Final = 5  # more values in blocks are no grades
LEAST_NEIGHBOURS: Final = 4  # in the order of scores; fewer may be sorted by chance
LEAST_ROWS: Final = 5  # fewer queries may have one document each
ALONE: Final = 1.5  # documents of a query, on average, below which few make pairs
FIRST_RANKS: Final = (0, 1)
NAMES: Final = {"query": "qid", "document": "docno", "rank": "rank", "score": "score"}


@dataclass(frozen=True, eq=False)
class Table:
    """The rows at the start of a file.

    Attributes
    ----------
    rows : sequence of tuple of str
        All of one width.
    """

    rows: Sequence[tuple[str, ...]]

    @cached_property
    def columns(self) -> list[tuple[str, ...]]:
        """The fields by column."""
        return list(zip(*self.rows, strict=True))

    def distinct(self, column: int) -> int:
        """Number of different fields of a column."""
        return len(set(self.columns[column]))

    def blocks(self, column: int) -> list[range]:
        """Rows that follow each other with one field of a column."""
        found, start = [], 0
        for _, block in itertools.groupby(self.columns[column]):
            stop = start + len(list(block))
            found.append(range(start, stop))
            start = stop
        return found

    def in_blocks(self, column: int) -> bool:
        """Whether each field has one block, and blocks have two rows on average."""
        blocks = self.blocks(column)
        once = len(blocks) == self.distinct(column)
        return once and len(self.rows) >= 2 * len(blocks)

    def differs_within(self, column: int, blocks: Sequence[range]) -> bool:
        """Whether no field of a column stands twice in a block."""
        fields = self.columns[column]
        return all(len({fields[r] for r in block}) == len(block) for block in blocks)

    def varies_within(self, column: int, blocks: Sequence[range]) -> bool:
        """Whether some block has two fields of a column."""
        fields = self.columns[column]
        return any(len({fields[r] for r in block}) > 1 for block in blocks)

    def counts_within(self, column: int, blocks: Sequence[range]) -> bool:
        """Whether a column counts from 0 or from 1 in every block, row by row."""
        if not self.are_whole(column):
            return False
        numbers = [int(field) for field in self.columns[column]]
        base = numbers[0]
        counted = sum(len(block) - 1 for block in blocks)
        return (
            base in FIRST_RANKS
            and counted >= LEAST_COUNTED
            and all(
                numbers[row] == base + place
                for block in blocks
                for place, row in enumerate(block)
            )
        )

    def falls_within(self, column: int, blocks: Sequence[range]) -> bool:
        """Whether numbers never rise in a block, and fall somewhere."""
        if not self.are_numbers(column):
            return False
        numbers = [float(field) for field in self.columns[column]]
        steps = [
            numbers[row + 1] - numbers[row] for block in blocks for row in block[:-1]
        ]
        falls = any(step < 0 for step in steps) and all(step <= 0 for step in steps)
        return len(steps) >= LEAST_NEIGHBOURS and falls

    def are_numbers(self, column: int) -> bool:
        """Whether all fields are numbers."""
        return all(is_number(field.encode()) for field in self.columns[column])

    def are_decimals(self, column: int) -> bool:
        """Whether all fields are numbers with a point."""
        pointed = all("." in field for field in self.columns[column])
        return pointed and self.are_numbers(column)

    def are_no_ids(self, column: int) -> bool:
        """Whether all fields are numbers, and some are negative or have a fraction.

        An id such as 7.0 was a whole number once.
        """
        fields = self.columns[column]
        if not all(is_number(field.encode()) for field in fields):
            return False
        numbers = map(float, fields)
        return any(number < 0 or not number.is_integer() for number in numbers)

    def are_whole(self, column: int) -> bool:
        """Whether all fields are whole numbers."""
        return all(WHOLE.fullmatch(field) for field in self.columns[column])

    def are_large(self, column: int) -> bool:
        """Whether most fields are whole numbers beyond any grade."""
        if not self.are_whole(column):
            return False
        sizes = [abs(int(field)) for field in self.columns[column]]
        return 2 * sum(size > LARGEST_GRADE for size in sizes) > len(sizes)


def check_claims(source: Source, layout: Layout) -> None:
    r"""Refuse a table whose columns are not what their places claim.

    The rows in the first 64 KiB are looked at.

    Parameters
    ----------
    source : Source
    layout : Layout

    Raises
    ------
    FormatError
        With path:line, naming what the columns seem to hold.

    Examples
    --------
    >>> from pathlib import Path
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> text = b"a 1 0.5\nb 1 0.25\nc 2 0.5\nd 2 0.75\n"
    >>> check_claims(Source(Path("x"), content=text), layout)
    Traceback (most recent call last):
    ...
    rankbound.errors.FormatError: x:1: column 2 has the query ids, in blocks of rows...
    """
    _refuse_text(source, layout)
    lines = list(_lines(source, layout.width))
    if len(lines) < 2:
        return
    table = Table([fields for _, fields in lines])
    found = _ranked(table, layout) or _constant(table, layout)
    found = found or _exchanged(table, layout) or _misplaced(table, layout)
    if found is None and not source.named:
        found = _in_other_blocks(table, layout) or _without_pairs(table, layout)
    if found is not None:
        raise _refusal(source, layout, lines[0], found)


def has_ranks(source: Source, width: int) -> bool:
    r"""Whether a column counts within blocks of another, as ranks do in a run.

    Examples
    --------
    >>> from pathlib import Path
    >>> text = b"q 0 d 2.5 x\nq 1 e 1.5 x\nr 0 d 3.5 x\nr 1 f 1.5 x\nr 2 g 1 x\n"
    >>> has_ranks(Source(Path("x"), content=text), 5)
    True
    """
    lines = list(_lines(source, width))
    table = Table([fields for _, fields in lines])
    return len(lines) > 1 and next(_counting(table), None) is not None


def _counting(table: Table) -> Iterator[tuple[int, int]]:
    """Columns in blocks, with a column that counts within them."""
    for query, counted in itertools.permutations(range(len(table.columns)), 2):
        if table.in_blocks(query) and table.counts_within(counted, table.blocks(query)):
            yield query, counted


def _refuse_text(source: Source, layout: Layout) -> None:
    """Refuse columns that are parted by tabs and have blanks inside."""
    for number, line in enumerate(source.head.split(b"\n")[:ROWS], start=1):
        cells = line.rstrip(b"\r").split(b"\t")
        if not 3 <= len(cells) < layout.width or is_comment(line):
            continue
        text = next((cell for cell in cells if len(cell.split()) > 1), None)
        if text is not None and len(line.split()) == layout.width:
            words = text.decode("utf-8", "replace")
            raise source.fail(
                f"the columns are parted by tabs, and {words!r} has blanks, so that "
                f"there seem to be {layout.width} ({layout.names}); leave texts out: a "
                "run has ids, a score and no text",
                line=number,
            )


def _refusal(
    source: Source, layout: Layout, first: tuple[int, tuple[str, ...]], found: str
) -> FormatError:
    number, fields = first
    return FormatError(
        source.path,
        f"{found}; expected {layout.names}, found {' '.join(fields)!r}: write the "
        "columns in that order",
        line=number,
    )


def _lines(source: Source, width: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Numbered rows at the start that have the width; others are the parser's."""
    for number, fields in numbered_rows(source):
        if len(fields) != width:
            return
        yield number, tuple(field.decode("utf-8", "replace") for field in fields)


def _ranked(table: Table, layout: Layout) -> str | None:
    """What is wrong by the column that counts within blocks of another."""
    own = table.blocks(layout.qid)
    rank = layout.rank
    if rank is not None and _are_ranks(table, layout.qid, rank):
        if table.falls_within(layout.docno, own) and not table.falls_within(
            layout.value, own
        ):
            return (
                f"column {layout.docno + 1} falls with the rank, as scores do, and "
                f"column {layout.value + 1} does not: document ids and scores are "
                "swapped"
            )
        return None
    plain = rank is not None and table.distinct(rank) == 1
    for query, counted in _counting(table):
        if plain and (query, counted) == (layout.qid, layout.docno):
            continue  # ids that are numbers, in a file that gives no ranks
        # Integers that count are ranks of their own format, or grades
        if (query, counted) != (layout.qid, layout.value) or rank is not None:
            return _said(table, layout, query, counted, table.blocks(query))
    return None


def _are_ranks(table: Table, query: int, rank: int) -> bool:
    """Whether a column numbers the rows of each query, in any order."""
    if not table.are_whole(rank):
        return False
    groups: dict[str, list[int]] = {}
    for qid, field in zip(table.columns[query], table.columns[rank], strict=True):
        groups.setdefault(qid, []).append(int(field))
    lowest = min(map(min, groups.values()))
    longest = max(map(len, groups.values()))
    last = list(groups)[-1]  # may be cut
    return longest > 1 and all(
        sorted(ranks) == list(range(lowest, lowest + len(ranks)))
        for qid, ranks in groups.items()
        if qid != last or len(groups) == 1
    )


def _said(
    table: Table, layout: Layout, query: int, rank: int, blocks: Sequence[range]
) -> str:
    """What the columns seem to be, and what is wrong with that."""
    left = [c for c in range(len(table.columns)) if c not in (query, rank)]
    varied = [c for c in left if table.varies_within(c, blocks)]
    scores = [c for c in varied if table.falls_within(c, blocks)]
    scores = scores or [c for c in varied if table.are_decimals(c)]
    score = scores[-1] if scores else None
    document = next((c for c in varied if c != score), None)
    roles = {"query": query, "rank": rank, "document": document, "score": score}
    by_place = {
        place: NAMES[role] for role, place in roles.items() if place is not None
    }
    order = " ".join(
        by_place.get(c, table.columns[c][0] if table.distinct(c) == 1 else "?")
        for c in range(len(table.columns))
    )
    claimed = {layout.qid: "qid", layout.docno: "docno", layout.value: layout.numbers}
    if layout.rank is not None:
        claimed[layout.rank] = "rank"
    swapped = [
        f"; {claimed[one]} and {claimed[other]} are swapped"
        for one, other in itertools.combinations(sorted(claimed), 2)
        if claimed[one] == by_place.get(other) and claimed[other] == by_place.get(one)
    ]
    first = int(table.columns[rank][0])
    return (
        f"column {rank + 1} counts {first}, {first + 1}, ... within column "
        f"{query + 1}, as ranks do within a query, so the columns seem to be {order}"
        f"{''.join(swapped)}"
    )


def _constant(table: Table, layout: Layout) -> str | None:
    """What is wrong by a column that is the same everywhere, or should be."""
    documents = table.columns[layout.docno]
    # Within a query it would be a repetition, which has an error of its own
    alone = table.distinct(layout.qid) == len(documents) > 2
    named = documents[0].casefold() == "q0"
    if table.distinct(layout.docno) == 1 and (alone or named):
        return (
            f"column {layout.docno + 1}, the docno, is {documents[0]!r} in every row, "
            "and so no document id"
        )
    if layout.docno != 2:
        return None
    own = table.blocks(layout.qid)
    if layout.rank is not None and table.varies_within(1, own):
        return (
            f"column 2 should be Q0 or another constant, and holds "
            f"{table.columns[1][0]!r}, {table.columns[1][1]!r}, ... within a query"
        )
    grades = table.columns[layout.value]
    if set(grades) == {"0"} and table.distinct(1) > 1:
        return (
            "column 4, the grade, is 0 in every row, and column 2 is not: columns seem "
            "to be swapped"
        )
    if table.distinct(layout.qid) == 1 and table.distinct(1) > 1 and table.in_blocks(1):
        return (
            f"column 1, the qid, is {table.columns[layout.qid][0]!r} in every row, and "
            "column 2 differs: they seem to be swapped"
        )
    return None


def _misplaced(table: Table, layout: Layout) -> str | None:
    """What is wrong by numbers that are no ids, and by what stands for ranks."""
    places = {"qid": layout.qid, "docno": layout.docno}
    if layout.rank is not None and not table.are_whole(layout.rank):
        places["rank"] = layout.rank
    for name, column in places.items():
        if table.are_no_ids(column):
            return (
                f"column {column + 1}, the {name}, has numbers with a fraction or a "
                f"sign, such as {table.columns[column][0]}, as only scores are: "
                "columns seem to be swapped"
            )
    return None if layout.rank is None else _misnumbered(table, layout, layout.rank)


def _misnumbered(table: Table, layout: Layout, rank: int) -> str | None:
    """What is wrong where another column has Q0, or numbers the rows of a query."""
    for column in range(2, len(table.columns)):
        if table.columns[column][0] == "Q0" and table.distinct(column) == 1:
            return (
                f"column {column + 1} is 'Q0' in every row, as column 2 should be: "
                "columns seem to be swapped"
            )
    if table.distinct(rank) == 1 or _are_ranks(table, layout.qid, rank):
        return None
    qid, docno = layout.qid, layout.docno
    for query, counted in ((qid, docno), (docno, qid), (docno, rank), (rank, qid)):
        long = len(table.rows) >= LEAST_COUNTED * table.distinct(query)
        if long and _are_ranks(table, query, counted):
            return (
                f"column {counted + 1} numbers the rows of each field of column "
                f"{query + 1}, as ranks do in a query, and column {rank + 1} does not "
                f"those of column {qid + 1}: columns seem to be swapped"
            )
    return None


def _exchanged(table: Table, layout: Layout) -> str | None:
    """What is wrong where ids stand for numbers, and numbers for ids."""
    if layout.integral:
        if layout.numbers == "grade" and table.are_large(layout.value):
            return (
                f"column {layout.value + 1}, the grade, holds numbers such as "
                f"{table.columns[layout.value][0]}, as ids are"
            )
        return None
    own = table.blocks(layout.qid)
    if not table.are_large(layout.value) or table.falls_within(layout.value, own):
        return None
    numbers = table.are_decimals(layout.docno)
    if numbers or table.falls_within(layout.docno, own):
        return (
            f"column {layout.docno + 1} has scores such as "
            f"{table.columns[layout.docno][0]}, and column {layout.value + 1} ids such "
            f"as {table.columns[layout.value][0]}: document ids and scores are swapped"
        )
    return None


def _without_pairs(table: Table, layout: Layout) -> str | None:
    """What is wrong where most queries have one document, and another column repeats.

    Nothing can be measured then, but the other order of columns may be the right one.
    """
    rows, scores = len(table.rows), table.columns[layout.value]
    if (
        layout.integral
        or rows < LEAST_ROWS
        or rows > ALONE * table.distinct(layout.qid)
    ):
        return None
    repeated = 2 * table.distinct(layout.docno) <= rows
    if repeated:
        return (
            f"most fields of column {layout.qid + 1}, the qid, stand once, and those "
            f"of column {layout.docno + 1} repeat: they seem to be swapped (where "
            "queries have one document, say the `format`)"
        )
    whole = table.are_whole(layout.value) and not table.are_no_ids(layout.value)
    if whole and rows >= ALONE * table.distinct(layout.value) and len({*scores}) > 1:
        return (
            f"column {layout.value + 1} has whole numbers that repeat, such as "
            f"{scores[0]}, as query ids do, and most fields of column "
            f"{layout.qid + 1} stand once: these may be triples of ids, without "
            "scores (where queries have one document, say the `format`)"
        )
    return None


def _in_other_blocks(table: Table, layout: Layout) -> str | None:
    """What is wrong where another column than the first has the queries' blocks."""
    if table.in_blocks(layout.qid) and table.distinct(layout.qid) > 1:
        return None
    for column in range(len(table.columns)):
        blocks = table.blocks(column)
        if column == layout.qid or len(blocks) < 2 or not table.in_blocks(column):
            continue
        others = [c for c in range(len(table.columns)) if c != column]
        if not any(table.differs_within(c, blocks) for c in others):
            continue
        # Judgements may be sorted by grade, and runs by other columns
        fewer = table.distinct(layout.qid) < len(blocks)
        like_ids = table.are_large(column) or len(blocks) > MOST_GRADES
        plain = (
            column == layout.docno
            or (column == layout.value and like_ids)
            or fewer
            or table.are_decimals(layout.qid)
        )
        if not plain:
            continue
        return (
            f"column {column + 1} has the query ids, in blocks of rows, and column 1 "
            "has not, so that columns seem to be swapped (where rows are sorted by "
            "document, say the `format`)"
        )
    return None
