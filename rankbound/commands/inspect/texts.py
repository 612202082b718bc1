"""What `inspect` says about texts: empty, equal, very short, or all upper case."""

from __future__ import annotations

from collections.abc import Mapping

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import Finding, TextCounts, share
from rankbound.read.contents import Contents

FEW_WORDS = 2


def text_counts(contents: Contents) -> TextCounts:
    """Counts of texts; words are parted by blanks."""
    texts = contents.texts
    lengths = sorted(len(text.split()) for text in texts.values())
    sets = equal_texts(texts)
    return TextCounts(
        texts=len(texts),
        words=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
        shortest_words=next((n for n in lengths if n), 0),
        empty=sum(1 for length in lengths if not length),
        equal_sets=len(sets),
        equal_texts=sum(len(ids) for ids in sets),
        upper_case=sum(1 for text in texts.values() if text.isupper()),
        titles=contents.metadata.get("titles"),
    )


def equal_texts(texts: Mapping[str, str]) -> list[list[str]]:
    """Ids of each set of equal texts that are not empty, two or more.

    Examples
    --------
    >>> equal_texts({"a": "x y", "b": "z", "c": "x y", "d": "", "e": ""})
    [['a', 'c']]
    """
    seen: dict[str, str] = {}
    sets: dict[str, list[str]] = {}
    for key, text in texts.items():
        if not text.strip():
            continue
        first = seen.setdefault(text, key)
        if first != key:
            sets.setdefault(first, [first]).append(key)
    return list(sets.values())


def text_findings(contents: Contents) -> list[Finding | None]:
    """Findings on the texts of a file."""
    facts = text_counts(contents)
    return [
        _empty(contents.texts, facts),
        _equal(contents.texts, facts),
        _short(contents.texts, facts),
        _upper(facts),
        _untitled(facts),
    ]


def _empty(texts: Mapping[str, str], facts: TextCounts) -> Finding | None:
    if not facts.empty:
        return None
    ids = [key for key, text in texts.items() if not text.strip()]
    return Finding(
        "empty-texts",
        "warning",
        len(ids),
        f"{share(len(ids), len(texts))} texts are empty",
        "remove them: their vectors are all equal, and no query can find them",
        ", ".join(map(repr, ids[:4])),
    )


def _equal(texts: Mapping[str, str], facts: TextCounts) -> Finding | None:
    if not facts.equal_sets:
        return None
    sets = equal_texts(texts)
    largest = max(sets, key=len)
    return Finding(
        "duplicate-texts",
        "warning",
        facts.equal_texts,
        f"{counted(facts.equal_texts, 'text')} in {counted(len(sets), 'set')} are "
        f"equal to another one, up to {len(largest):,} at once",
        "remove duplicates: a copy of a relevant text counts as an error",
        ", ".join(map(repr, largest[:4])),
    )


def _short(texts: Mapping[str, str], facts: TextCounts) -> Finding | None:
    short = [k for k, text in texts.items() if 0 < len(text.split()) <= FEW_WORDS]
    # Queries are short by nature: a median of few words is no finding
    if not short or facts.words[1] <= 4 * FEW_WORDS:
        return None
    words = counted(facts.shortest_words, "word")
    return Finding(
        "short-texts",
        "note",
        len(short),
        f"{share(len(short), len(texts))} texts have {FEW_WORDS} words or fewer, the "
        f"shortest {words}; the median is {facts.words[1]:,}",
        "read a few of them: they are often left-overs of parsing",
        ", ".join(map(repr, short[:4])),
    )


def _upper(facts: TextCounts) -> Finding | None:
    if 2 * facts.upper_case < facts.texts - facts.empty or facts.texts < 2:
        return None
    return Finding(
        "upper-case",
        "note",
        facts.upper_case,
        f"{share(facts.upper_case, facts.texts)} texts are upper case",
        "lower them for a model that tells case apart",
    )


def _untitled(facts: TextCounts) -> Finding | None:
    if facts.titles != 0:
        return None
    return Finding(
        "no-titles",
        "note",
        facts.texts,
        "there is a title in every row, and all are empty",
        "nothing to do, unless titles were lost on the way",
    )
