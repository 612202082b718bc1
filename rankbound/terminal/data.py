"""Short texts and small HTML tables for the main types, in a terminal or a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.data.columns import distinct_codes

if TYPE_CHECKING:
    from rankbound.data.embeddings import Embeddings
    from rankbound.data.groups import Groups
    from rankbound.data.per_query import PerQuery
    from rankbound.data.scores import Scores
    from rankbound.read.contents import Contents

SHOWN: Final = 5
LONGEST: Final = 120


def between(values: Any) -> str:
    """Smallest and largest of some numbers, in words.

    Examples
    --------
    >>> between(np.array([0.25, -3.0])), between(np.array([1.0])), between(np.ones(0))
    ('-3 to 0.25', 'all 1', 'none')
    """
    if not len(values):
        return "none"
    low, high = float(np.min(values)), float(np.max(values))
    return f"all {low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def html_table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, more: int = 0
) -> str:
    """A small HTML table in which every text is escaped.

    Parameters
    ----------
    title : str
        Above the table.
    header : sequence of str
    rows : iterable of sequences
    more : int
        Number of rows that are not shown.

    Examples
    --------
    >>> "<b>" in html_table("toy", ["id"], [["<b>"]])
    False
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    rest = f"<p>and {counted(more, 'row')} more</p>" if more > 0 else ""
    return (
        f"<div><table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{rest}</div>"
    )


def cell(value: Any) -> str:
    """A value as the text of a table cell, cut where it is long.

    Examples
    --------
    >>> cell(0.123456789), cell(None), len(cell("x" * 999))
    ('0.1235', '', 120)
    """
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    text = f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def scores_text(scores: Scores) -> str:
    """Name, kind, numbers of queries, rows and documents, range."""
    return (
        f"Scores({scores.name!r}: {scores.kind.value}, "
        f"{counted(scores.n_queries, 'query')}, {counted(len(scores.values), 'row')}, "
        f"{counted(scores.n_docs, 'document')}, {between(scores.values)})"
    )


def scores_html(scores: Scores) -> str:
    """The first rows, for a notebook."""
    rows = range(min(SHOWN, len(scores.values)))
    cells = ((*scores.where(row), scores.values[row]) for row in rows)
    more = len(scores.values) - len(rows)
    return html_table(repr(scores), ("qid", "docno", "score"), cells, more=more)


def groups_text(groups: Groups) -> str:
    """Name, numbers of groups, queries and documents, sizes, what is marked."""
    marks = [
        word
        for word, column in (
            ("positives", groups.positive),
            ("probabilities", groups.probabilities),
        )
        if column is not None
    ]
    n_queries = len(distinct_codes(groups.queries))
    return (
        f"Groups({groups.name!r}: {counted(groups.n_groups, 'group')} of "
        f"{counted(n_queries, 'query')}, sizes {between(groups.sizes)}, "
        f"{' and '.join(marks) or 'no positives'} marked)"
    )


def groups_html(groups: Groups) -> str:
    """The first groups, for a notebook."""
    shown = range(min(SHOWN, groups.n_groups))
    cells = []
    for group in shown:
        rows = range(groups.offsets[group], groups.offsets[group + 1])
        names = (groups.docnos[groups.codes[row]] for row in rows[: SHOWN + 1])
        qid = groups.qids[groups.queries[group]]
        cells.append((qid, len(rows), ", ".join(names)))
    header = ("qid", "size", "documents")
    return html_table(repr(groups), header, cells, more=groups.n_groups - len(shown))


def embeddings_text(embeddings: Embeddings) -> str:
    """Name, number, length and type of the vectors."""
    return (
        f"Embeddings({embeddings.name!r}: {counted(len(embeddings.ids), 'vector')} of "
        f"dimension {embeddings.dim}, {embeddings.vectors.dtype})"
    )


def embeddings_html(embeddings: Embeddings) -> str:
    """The beginnings of the first vectors, for a notebook."""
    shown = min(SHOWN, len(embeddings.ids))
    cells = (
        (embeddings.ids[row], ", ".join(map(cell, embeddings.vectors[row, :4])) + ", …")
        for row in range(shown)
    )
    more = len(embeddings.ids) - shown
    return html_table(repr(embeddings), ("id", "vector"), cells, more=more)


def per_query_text(values: PerQuery) -> str:
    """Name, unit, number, mean and range."""
    mean = f"mean {values.mean():.4g}, " if len(values) else ""
    return (
        f"PerQuery({values.name!r}: {counted(len(values), 'query')}, {mean}"
        f"{between(values.values)}, {values.unit})"
    )


def per_query_html(values: PerQuery) -> str:
    """The first queries, for a notebook."""
    shown = min(SHOWN, len(values))
    cells = ((values.qids[row], values.values[row]) for row in range(shown))
    header = ("qid", f"{values.name} ({values.unit})")
    return html_table(repr(values), header, cells, more=len(values) - shown)


def contents_text(contents: Contents) -> str:
    """The format, what the file holds, and how much was repaired."""
    held = "; ".join(repr(getattr(contents, part)) for part in contents.parts())
    mended = sum(contents.repairs.values())
    more = f"; {counted(mended, 'repair')}" if mended else ""
    return f"Contents({contents.format}, {held or 'nothing'}{more})"


def contents_html(contents: Contents) -> str:
    """The parts and what was repaired, for a notebook; every text is escaped."""
    rows = [(part, repr(getattr(contents, part))) for part in contents.parts()]
    rows += [("repaired", f"{what}: {n:,}") for what, n in contents.repairs.items()]
    rows += [("note", note) for note in contents.notes]
    return html_table(f"{contents.path}: {contents.format}", ("part", "content"), rows)
