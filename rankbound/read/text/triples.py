"""Triples and rankings without a header, in any order of columns."""

from __future__ import annotations

from typing import Final

from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source
from rankbound.read.tables.layouts import Layout, TripleColumns
from rankbound.read.text import layout as text
from rankbound.read.text.columns import read_columns
from rankbound.read.text.roles import (
    HOFSTAETTER,
    Ranking,
    Triples,
    roles_of,
    usual_triples,
)
from rankbound.read.text.tables import BLANK, Header, contents_of_text, open_delimited

TRIPLES: Final = "triples"
IDS: Final = ("qid", "positive", "negative")
VALUES: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("margin",),
    ("positive_score", "negative_score"),
)
RANKING: Final = "ranking"
ROLES: Final = ("qid", "docno", "rank", "score")


def names_of(found: Triples | Ranking) -> tuple[str, ...]:
    """The names of the columns, in the order of the file.

    Examples
    --------
    >>> names_of(Triples(1, 2, 3, (0,)))
    ('margin', 'qid', 'positive', 'negative')
    """
    if isinstance(found, Ranking):
        of_ranking = (found.query, found.document, found.rank, found.score)
        return _ordered(of_ranking, ROLES)
    places = (found.query, found.positive, found.negative, *found.values)
    return _ordered(places, (*IDS, *VALUES[len(found.values)]))


def _ordered(places: tuple[int, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for _, name in sorted(zip(places, names, strict=True)))


def read_triples(source: Source) -> Contents:
    """Read groups of a positive and its negatives, and the scores that they have.

    Raises
    ------
    FormatError
        With path:line, for a line of another width, a number that is not finite, and
        scores or margins that contradict others.
    """
    roles = roles_of(source)
    found = roles if isinstance(roles, Triples) else usual_triples(source)
    if found is None:
        raise source.fail(
            "expected triples: columns qid positive negative, and perhaps a margin or "
            "both scores",
            line=1,
        )
    names = names_of(found)
    layout = _layout(len(found.values))
    first = source.head.lstrip().split(b"\n", 1)[0]
    delimiter = "\t" if len(first.split(b"\t")) == len(names) else BLANK
    repairs: dict[str, int] = {}
    header = Header(delimiter, names, layout, above=0)
    frame = open_delimited(source, header, repairs)
    contents = contents_of_text(frame, source, (layout, TRIPLES, names), repairs)
    return contents.with_metadata(columns=" ".join(names))


def _layout(values: int) -> Layout:
    query, positive, negative = IDS
    held = VALUES[values]
    return Layout(
        "margins",
        TripleColumns(
            query=query,
            positive=positive,
            negative=negative,
            score=held[0] if values == 1 else None,
            positive_score=held[0] if len(held) > 1 else None,
            negative_score=held[1] if len(held) > 1 else None,
        ),
    )


def _sniff_triples(source: Source) -> str | None:
    found = roles_of(source)
    if not isinstance(found, Triples) or found == HOFSTAETTER:
        return None
    return f"{3 + len(found.values)} columns ({' '.join(names_of(found))})"


def read_ranking(source: Source) -> Contents:
    """Read the scores of a ranking, and its ranks unless all of them are -1.

    Raises
    ------
    FormatError
        As a run.
    """
    roles = roles_of(source)
    found = roles if isinstance(roles, Ranking) else Ranking(0, 1, 2, 3)
    names = " ".join(names_of(found))
    repairs: dict[str, int] = {}
    layout = text.Layout(
        4, found.query, found.document, found.score, names, "score", rank=found.rank
    )
    table = read_columns(source, layout, repairs=repairs)
    ranks = table.ranks
    if ranks is not None and (ranks < 0).all():
        ranks = None
    return Contents(
        RANKING,
        source.path,
        scores=table.scores,
        ranks=ranks,
        metadata={"columns": names},
        repairs=repairs,
    )


def _sniff_ranking(source: Source) -> str | None:
    found = roles_of(source)
    if not isinstance(found, Ranking):
        return None
    return f"4 columns ({' '.join(names_of(found))})"


FORMATS: Final = (
    Format(
        TRIPLES,
        "triples without a header: qid, positive, negative, and a margin (GPL) or both "
        "scores, in any order (MS MARCO qidpidtriples)",
        ("scores", "groups"),
        _sniff_triples,
        read_triples,
    ),
    Format(
        RANKING,
        "ranking: qid docno rank score (ColBERT)",
        ("scores",),
        _sniff_ranking,
        read_ranking,
    ),
)
