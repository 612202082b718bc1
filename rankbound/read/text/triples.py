"""Triples and rankings without a header, in any order of columns."""

from __future__ import annotations

from typing import Final

from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source
from rankbound.read.tables.layouts import Layout, TripleColumns
from rankbound.read.text import layout as text
from rankbound.read.text.claims import (
    HOFSTAETTER,
    RANKING_NAMES,
    TRIPLE_NAMES,
    first_fields,
    roles_of,
    settled,
)
from rankbound.read.text.columns import read_columns
from rankbound.read.text.tables import BLANK, Header, contents_of_delimited

TRIPLES: Final = "triples"
RANKING: Final = "ranking"


def read_triples(source: Source) -> Contents:
    """Read groups of a positive and its negatives, and the scores that they have.

    Raises
    ------
    FormatError
        With path:line, for a line of another width, a number that is not finite, and
        scores or margins that contradict others.
    """
    usual = TRIPLE_NAMES.get(len(first_fields(source)))
    names = settled(source, TRIPLES, usual)
    if names is None or "positive" not in names:
        raise source.fail(
            "expected triples: columns qid positive negative, and perhaps a margin or "
            "both scores",
            line=1,
        )
    layout = _layout(names)
    first = source.head.lstrip().split(b"\n", 1)[0]
    delimiter = "\t" if len(first.split(b"\t")) == len(names) else BLANK
    header = Header(delimiter, names, layout, above=0)
    contents = contents_of_delimited(source, header, TRIPLES)
    return contents.with_metadata(columns=" ".join(names))


def _layout(names: tuple[str, ...]) -> Layout:
    held = {name: name if name in names else None for name in TRIPLE_NAMES[5]}
    return Layout(
        "margins",
        TripleColumns(
            query="qid",
            positive="positive",
            negative="negative",
            score="margin" if "margin" in names else None,
            positive_score=held["positive_score"],
            negative_score=held["negative_score"],
        ),
    )


def _sniff_triples(source: Source) -> str | None:
    found = roles_of(source)
    if found is None or "positive" not in found.names or found.names == HOFSTAETTER:
        return None
    return f"{len(found.names)} columns ({' '.join(found.names)})"


def read_ranking(source: Source) -> Contents:
    """Read the scores of a ranking, and its ranks unless all of them are -1.

    Raises
    ------
    FormatError
        As a run.
    """
    order = settled(source, RANKING, RANKING_NAMES)
    if order is None or "rank" not in order:
        order = RANKING_NAMES
    names = " ".join(order)
    repairs: dict[str, int] = {}
    query, document, rank, score = map(order.index, RANKING_NAMES)
    layout = text.Layout(4, query, document, score, names, "score", rank=rank)
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
    if found is None or "rank" not in found.names:
        return None
    return f"4 columns ({' '.join(found.names)})"


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
