"""What may differ from the expected files, and why.

The files in `expected/` say what the program gave. A change that is meant is listed
here with its reason, so that everything else is still compared, until the files are
written anew.

- `ADDED`: keys, columns of a summary, files or lines that are new. `path` is a pattern
  for the places, as failures print them (`*` stands for anything, `/` included).
- `ALLOWED`: `Renewed` for values that may be anything, since tests of their own hold
  them, and `Reordered` for keys whose order plays no part.
- `CHANGED`: `Renamed` for a file of another name, `Replaced` for another value or for
  other words within texts, `Removed` for keys that are gone.

For instance::

    ADDED = (
        Added("measure*", "/files/*/ledger.json/json/students/*/evidence",
              "the ledger tells e-values"),
    )
    CHANGED = (
        Renamed("compare*", "per_query.tsv", "comparison.per_query.tsv",
                "measure and compare may write into one folder"),
        Replaced("bound-plain", "/stdout/*", "is vacuous", "says nothing",
                 "plainer words"),
    )

`python -m tests.golden` (`make golden`) writes the files anew and shows what changed;
the tables are to be emptied then. A test fails for an entry of `CHANGED` that changes
nothing.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Added:
    """What the cases have beyond what is expected, at places like `path`."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, found: Any) -> Any:
        return _with_added(copy.deepcopy(wanted), found, "", self.path)


@dataclass(frozen=True)
class Renamed:
    """A file that has another name, also where texts and tables name it."""

    cases: str
    was: str
    now: str
    reason: str

    def applied(self, wanted: Any, _: Any) -> Any:
        pattern = re.compile(rf"(?<![\w.-]){re.escape(self.was)}(?![\w-])")

        def named(_: str, value: Any) -> Any:
            return pattern.sub(self.now, value) if isinstance(value, str) else value

        return _mapped(wanted, "", named)


@dataclass(frozen=True)
class Replaced:
    """Another value at places like `path`; of texts, other words within them."""

    cases: str
    path: str
    was: Any
    now: Any
    reason: str

    def applied(self, wanted: Any, _: Any) -> Any:
        return _mapped(wanted, "", self._value)

    def _value(self, path: str, value: Any) -> Any:
        if not fnmatchcase(path, self.path):
            return value
        if isinstance(value, str) and isinstance(self.was, str):
            return value.replace(self.was, self.now)
        same = value == self.was and type(value) is type(self.was)
        return self.now if same else value


@dataclass(frozen=True)
class Removed:
    """Keys at places like `path` that are gone."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, _: Any) -> Any:
        return self._without(wanted, "")

    def _without(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {
                key: self._without(part, f"{path}/{key}")
                for key, part in value.items()
                if not fnmatchcase(f"{path}/{key}", self.path)
            }
        if isinstance(value, list):
            return [self._without(part, f"{path}/{n}") for n, part in enumerate(value)]
        return value


@dataclass(frozen=True)
class Renewed:
    """What may be anything at places like `path`."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, found: Any) -> Any:
        return _matched(wanted, found, "", self.path, lambda _, new: new)


@dataclass(frozen=True)
class Reordered:
    """Objects at places like `path`, whose keys may be in another order."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, found: Any) -> Any:
        return _matched(wanted, found, "", self.path, _in_order)


def _in_order(wanted: Any, found: Any) -> Any:
    """The object that is wanted, its keys in the order of the one found."""
    first = {key: wanted[key] for key in found if key in wanted}
    return first | {key: part for key, part in wanted.items() if key not in first}


def _matched(
    wanted: Any, found: Any, path: str, pattern: str, change: Callable[[Any, Any], Any]
) -> Any:
    """The expectation with its parts at the places of the pattern changed."""
    if path and fnmatchcase(path, pattern):
        return change(wanted, found)
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {
            key: _matched(part, found[key], f"{path}/{key}", pattern, change)
            if key in found
            else part
            for key, part in wanted.items()
        }
    if isinstance(wanted, list) and isinstance(found, list):
        both = zip(wanted, found, strict=False)
        return [
            *(
                _matched(part, new, f"{path}/{n}", pattern, change)
                for n, (part, new) in enumerate(both)
            ),
            *wanted[len(found) :],
        ]
    return wanted


def _with_added(wanted: Any, found: Any, path: str, pattern: str) -> Any:
    """The expectation with what was found at the places of the pattern."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        merged = {
            key: _with_added(part, found[key], f"{path}/{key}", pattern)
            if key in found
            else part
            for key, part in wanted.items()
        }
        names = [*merged]
        before = 0
        for key, part in found.items():
            if key not in wanted and fnmatchcase(f"{path}/{key}", pattern):
                merged[key] = part
                names.insert(before, key)  # where it stands in what was found
            if key in names:
                before = names.index(key) + 1
        merged = {key: merged[key] for key in names}
        return merged
    if isinstance(wanted, list) and isinstance(found, list):
        return _with_added_items(wanted, found, path, pattern)
    return wanted


def _with_added_items(
    wanted: list[Any], found: list[Any], path: str, pattern: str
) -> list[Any]:
    """The same for a list; new lines of a text may stand between the others."""
    keys = [[json.dumps(part, sort_keys=True) for part in x] for x in (wanted, found)]
    merged: list[Any] = []
    for kind, low, high, start, end in SequenceMatcher(
        None, *keys, autojunk=False
    ).get_opcodes():
        old, new = wanted[low:high], found[start:end]
        merged += [
            _with_added(left, right, f"{path}/{start + k}", pattern)
            for k, (left, right) in enumerate(zip(old, new, strict=False))
        ]
        merged += old[len(new) :]
        if kind in ("insert", "replace"):
            merged += [
                found[k]
                for k in range(start + len(old), end)
                if fnmatchcase(f"{path}/{k}", pattern)
            ]
    return merged


def _mapped(value: Any, path: str, change: Any) -> Any:
    """The value with its leaves, and with the names of files, changed."""
    if isinstance(value, dict):
        names = {
            key: change(f"{path}/{key}", key) if path == "/files" else key
            for key in value
        }
        return {
            names[key]: _mapped(part, f"{path}/{names[key]}", change)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_mapped(part, f"{path}/{n}", change) for n, part in enumerate(value)]
    return change(path, value)


ADDED: tuple[Added, ...] = ()
ALLOWED: tuple[Renewed | Reordered, ...] = ()
CHANGED: tuple[Renamed | Replaced | Removed, ...] = ()
