"""What a file holds, in the words of `Format.keeps`, and what a format would lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.data.columns import Integers, Strings, strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.ordering import RankedWindow, by_rank, ranked_windows
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.read.contents import ABOUT_THE_FILE, IDLE, UNUSED, Contents, Format
from rankbound.read.fields import text_id
from rankbound.read.json.records import query_texts

BLOCK: Final = 1 << 20  # numbers processed together
SINGLE: Final = np.dtype(np.float32)

# Every format carries ids, except those that keep `made_ids`: they hold only texts
IDS, MADE_IDS = "ids", "made_ids"


def content(contents: Contents) -> dict[str, str]:
    """What a file holds and how much of it, by the words of `Format.keeps`.

    Ranks are listed only if they say more than the scores, metadata as
    ``metadata: key``.
    """
    return dict(_held(contents))


def _held(contents: Contents) -> Iterator[tuple[str, str]]:
    yield from _scored(contents)
    yield from _grouped(contents)
    if contents.qrels is not None:
        yield "grades", _rows(contents.qrels, "grade")
    if contents.embeddings is not None:
        yield from _vectors(contents.embeddings)
    if has_own_ids(contents):
        yield IDS, "the ids, which are made anew from the texts"
    if contents.texts:
        yield "texts", counted(len(contents.texts), "text")
    for key, value in contents.metadata.items():
        if key not in {*ABOUT_THE_FILE, UNUSED}:
            yield f"metadata: {key}", f"the {key.replace('_', ' ')} {_short(value)}"
    unread = [name for name in contents.metadata.get(UNUSED, ()) if name not in IDLE]
    if unread:
        yield UNUSED, f"what is not read: {', '.join(map(repr, unread))}"


def _scored(contents: Contents) -> Iterator[tuple[str, str]]:
    scores, ranks = contents.scores, contents.ranks
    if scores is None:
        return
    yield "scores", _rows(scores, "score")
    if scores.kind is not Kind.UNKNOWN:
        yield "kind", f"that the scores are {scores.kind.value}"
    if scores.origins is not None:
        yield "origins", "which margins compare with which"
    if ranks is not None and not ranks_follow(contents):
        yield "ranks", f"{counted(len(ranks), 'rank')} that the scores do not imply"


def _vectors(embeddings: Embeddings) -> Iterator[tuple[str, str]]:
    """Vectors, and what float32 would lose: digits, or only the type."""
    yield "vectors", counted(len(embeddings.ids), "vector")
    kind = embeddings.vectors.dtype
    rounded = rounded_rows(embeddings)
    if rounded:
        rows = counted(rounded, "vector")
        yield "precision", f"digits of {kind.name} that float32 lacks, in {rows}"
    if kind.itemsize != SINGLE.itemsize:
        yield "dtype", f"that the numbers are {kind.name}"


def rounded_rows(embeddings: Embeddings) -> int:
    """Number of vectors with a number that float32 would round.

    Examples
    --------
    >>> from rankbound.data.columns import strings
    >>> rounded_rows(Embeddings(strings(["a", "b"]), np.array([[0.5], [0.1]])))
    1
    """
    vectors, total = embeddings.vectors, 0
    if vectors.dtype.itemsize <= SINGLE.itemsize:
        return 0
    step = max(1, BLOCK // embeddings.dim)
    for start in range(0, len(vectors), step):
        block = np.asarray(vectors[start : start + step])
        with np.errstate(over="ignore"):
            same = block.astype(SINGLE) == block
        total += int((~(same | np.isnan(block)).all(axis=1)).sum())
    return total


def _rows(scores: Scores, noun: str) -> str:
    rows = counted(len(scores.values), noun)
    return f"{rows} of {counted(scores.n_queries, 'query')}"


def _grouped(contents: Contents) -> Iterator[tuple[str, str]]:
    groups = contents.groups
    if groups is None:
        return
    yield "groups", counted(groups.n_groups, "group")
    if groups.positive is not None:
        marks = int(groups.positive.sum())
        yield "positives", counted(marks, "mark of a positive", "marks of positives")
    if groups.probabilities is not None:
        yield "probabilities", f"{len(groups.probabilities):,} probabilities"
    if groups.inclusion is not None:
        yield "inclusion", f"{len(groups.inclusion):,} sampling probabilities"


def losses(
    contents: Contents, target: Format, held: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a format cannot carry of the contents, in words.

    `held` is what `content` gives, where it is known. A format of ranks carries scores
    that were made from ranks, and one of margins those that were made from margins.
    """
    keeps = {*target.keeps}
    kind = None if contents.scores is None else contents.scores.kind
    if "ranks" in keeps and "scores" not in keeps and kind is Kind.RANK_ONLY:
        keeps |= {"scores", "kind"}
    if "margins" in keeps and kind is Kind.MARGIN_ONLY:
        keeps |= {"scores", "kind", "origins"}
    return {
        what: words
        for what, words in (content(contents) if held is None else held).items()
        if what not in keeps
        and not (what == IDS and MADE_IDS not in keeps)
        and not (what.startswith("metadata: ") and _keeps_metadata(what, keeps))
    }


def ranks_follow(contents: Contents) -> bool:
    """Whether ranks say no more than the scores.

    That is so if they number the documents by score, with ties by docno, descending, as
    in trec_eval, and if they are the same in all rows.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 1.0}})
    >>> there = Contents("toy", Path("x"), scores=scores, ranks=np.array([1, 2]))
    >>> ranks_follow(there), ranks_follow(replace(there, ranks=np.array([2, 1])))
    (True, False)
    """
    scores, ranks = contents.scores, contents.ranks
    if scores is None or ranks is None:
        return True
    if scores.n_queries < len(ranks) and ranks.min() == ranks.max():
        return True
    return all(_follow(scores, ranks, part) for part in ranked_windows(scores))


def _follow(scores: Scores, ranks: Integers, part: RankedWindow) -> bool:
    order, query = by_rank(part, ranks), part.queries
    values, codes = scores.values[order], scores.codes[order]
    tied = (values[1:] == values[:-1]) & (codes[1:] < codes[:-1])
    falling = (values[1:] < values[:-1]) | tied
    counted = np.diff(ranks[order]) == 1
    return bool(np.all((falling & counted)[query[1:] == query[:-1]]))


def _keeps_metadata(what: str, keeps: set[str]) -> bool:
    return "metadata" in keeps or what.removeprefix("metadata: ") in keeps


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({counted(len(value), 'entry', 'entries')})"
    text = " ".join(str(value).split())
    return repr(text if len(text) <= 40 else f"{text[:37]}...")


def has_own_ids(contents: Contents) -> bool:
    """Whether any id differs from the one that its text would get."""
    both = (*contents.texts.items(), *query_texts(contents).items())
    return any(name != text_id(text) for name, text in both)


def by_text(contents: Contents) -> Contents:
    """The same contents with ids made from texts; an id without a text stays.

    Raises
    ------
    UsageError
        When two ids have the same text, and would become the same.
    """
    documents = _new_names(contents.texts, "documents")
    queries = _new_names(query_texts(contents), "queries")
    metadata = dict(contents.metadata)
    for key, value in metadata.items():
        if isinstance(value, Mapping) and {*value} <= {*queries}:
            metadata[key] = {queries[name]: it for name, it in value.items()}
    scores, groups = contents.scores, contents.groups
    return replace(
        contents,
        scores=None if scores is None else _scores(scores, queries, documents),
        groups=None if groups is None else _groups(groups, queries, documents),
        ranks=None,
        texts={documents[name]: text for name, text in contents.texts.items()},
        metadata=metadata,
    )


def _new_names(texts: Mapping[str, str], what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    before: dict[str, str] = {}
    for name, text in texts.items():
        found[name] = text_id(text)
        first = before.setdefault(found[name], name)
        if first != name:
            raise UsageError(
                f"{what} {first!r} and {name!r} have the same text, and the format "
                "identifies them by their texts; choose one that holds ids"
            )
    return found


def _named(names: Strings, new: Mapping[str, str]) -> Strings:
    return strings([new.get(name, name) for name in names.tolist()])


def _scores(
    scores: Scores, queries: Mapping[str, str], documents: Mapping[str, str]
) -> Scores:
    named: Any = _named(scores.docnos, documents)
    docnos, place = np.unique(named, return_inverse=True)
    return Scores.from_rows(
        scores.row_query(),
        _named(scores.qids, queries),
        place[scores.codes],
        docnos,
        scores.values,
        name=scores.name,
    ).with_kind(scores.kind)


def _groups(
    groups: Groups, queries: Mapping[str, str], documents: Mapping[str, str]
) -> Groups:
    return replace(
        groups,
        qids=_named(groups.qids, queries),
        docnos=_named(groups.docnos, documents),
    )
