"""Numbers with their nouns, for messages: one query, 2,000 queries."""

from __future__ import annotations

import math
from collections.abc import Sequence


def counted(number: int, noun: str, nouns: str = "") -> str:
    """A number with its noun in the singular or plural.

    Parameters
    ----------
    number : int
    noun : str
        The singular.
    nouns : str
        The plural; by default ``noun`` with -s, or -ies for -y.

    Returns
    -------
    str
        The number has separators of thousands.

    Examples
    --------
    >>> counted(1, "query"), counted(4300, "query"), counted(0, "row")
    ('1 query', '4,300 queries', '0 rows')
    >>> counted(1, "row repeats", "rows repeat"), counted(3, "other key")
    ('1 row repeats', '3 other keys')
    """
    return f"{number:,} {noun if number == 1 else nouns or plural(noun)}"


def counted_reason(number: int, reason: str) -> str:
    """A count in words, from its key in a result file, which begins with a plural.

    Text before a colon, such as the name of a student, is kept.

    Examples
    --------
    >>> counted_reason(1, "queries_without_a_group")
    '1 query without a group'
    >>> counted_reason(12, "documents_without_student_score")
    '12 documents without student score'
    >>> counted_reason(1, "bm25_v2: documents_without_student_score")
    'bm25_v2: 1 document without student score'
    """
    whose, separator, what = reason.rpartition(": ")
    nouns, *rest = what.split("_")
    words = " ".join([counted(number, _one(nouns), nouns), *rest])
    return f"{whose}{separator}{words}"


def plural(noun: str) -> str:
    """The plural of a noun, with -s, or -ies for -y.

    Examples
    --------
    >>> plural("query"), plural("cluster")
    ('queries', 'clusters')
    """
    ends = noun.endswith("y") and noun[-2:-1] not in tuple("aeiou")
    return f"{noun[:-1]}ies" if ends else f"{noun}s"


def _one(nouns: str) -> str:
    return f"{nouns[:-3]}y" if nouns.endswith("ies") else nouns.removesuffix("s")


def listed(items: Sequence[str], most: int = 4) -> str:
    """Items in a row, and how many more there are than fit.

    Examples
    --------
    >>> listed(["a 1", "b 2"]), listed(["a", "b", "c"], most=2)
    ('a 1, b 2', 'a, b and 1 more')
    """
    shown = ", ".join(items[:most])
    left = len(items) - most
    return f"{shown} and {left:,} more" if left > 0 else shown


def percent(share: float) -> str:
    """A share in percent.

    Examples
    --------
    >>> percent(0.6897)
    '69.0%'
    """
    return f"{100 * share:.1f}%"


def percent_at_least(share: float) -> str:
    """A lower limit in percent, rounded down, since rounding up would overstate it.

    Examples
    --------
    >>> percent_at_least(0.6899)
    '68.9%'
    """
    return f"{math.floor(1000 * share) / 10:.1f}%"


def percent_at_most(share: float) -> str:
    """An upper limit in percent, rounded up.

    Examples
    --------
    >>> percent_at_most(0.4011)
    '40.2%'
    """
    return f"{math.ceil(1000 * share) / 10:.1f}%"
