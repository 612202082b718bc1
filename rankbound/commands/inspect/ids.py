"""Odd ids within a file, and rules that would make the ids of two files match."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rankbound.commands.inspect.result import Finding, share

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


def odd_ids(names: Iterable[str], what: str) -> list[Finding | None]:
    """Findings on ids that tools have changed or would change: "123.0", "NA", blanks.

    Parameters
    ----------
    names : iterable of str
        Distinct ids.
    what : {"query", "document"}
    """
    names = [str(name) for name in names]
    floats = [name for name in names if FLOAT.fullmatch(name)]
    missing = [name for name in names if name in MISSING]
    blank = [name for name in names if name != name.strip()]
    return [
        _odd(
            "float-ids",
            floats,
            len(names),
            f"{what} ids look like floats",
            "drop the '.0': a table turned whole numbers into floats",
        ),
        _odd(
            "missing-like-ids",
            missing,
            len(names),
            f"{what} ids read as a missing value in other tools",
            "rename them, or switch off the guessing of missing values there",
        ),
        _odd(
            "blanks-in-ids",
            blank,
            len(names),
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
    return Finding(code, "warning", len(found), words, remedy, repr(found[0]))


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
