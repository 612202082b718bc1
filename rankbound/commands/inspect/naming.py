"""Short names of files, for commands and tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PACKED = (".gz", ".bz2", ".lz4", ".zst")
KNOWN = (
    ".run",
    ".trec",
    ".txt",
    ".tsv",
    ".res",
    ".json",
    ".jsonl",
    ".scores",
    ".groups",
    ".parquet",
    ".pkl",
    ".arrow",
)


def stem(path: Path) -> str:
    """A file's name without the suffixes of formats, and without what cannot be a name.

    Examples
    --------
    >>> stem(Path("runs/bm25.run.gz")), stem(Path("train/random.16.jsonl.gz"))
    ('bm25', 'random')
    """
    name = path.name
    for suffixes in (PACKED, KNOWN, KNOWN):
        found = next((s for s in suffixes if name.casefold().endswith(s)), "")
        if len(name) > len(found):
            name = name[: len(name) - len(found)]
    head, separator, tail = name.rpartition(".")
    if separator and head and tail.isdecimal():  # the size of groups
        name = head
    name = "".join("-" if c in "=\t\r\n" else c for c in name)
    return name.lstrip("-") or "file"  # no option begins with a name


def names_of(paths: Sequence[Path]) -> list[str]:
    """A distinct short name for each path.

    Examples
    --------
    >>> names_of([Path("a/x.run"), Path("b/x.run"), Path("y.run")])
    ['a-x', 'b-x', 'y']
    """
    names = [stem(path) for path in paths]
    shared = {name for name in names if names.count(name) > 1}
    found: list[str] = []
    for path, name in zip(paths, names, strict=True):
        folder = path.parent.name
        longer = f"{folder}-{name}" if name in shared and folder else name
        number, unique = 2, longer
        while unique in found:
            unique, number = f"{longer}-{number}", number + 1
        found.append(unique)
    return found


def shown_names(paths: Sequence[Path]) -> dict[Path, str]:
    """The shortest ends of paths that tell them apart, by path.

    Examples
    --------
    >>> shown = shown_names([Path("d/a/x.run"), Path("d/b/x.run"), Path("d/y.run")])
    >>> list(shown.values())
    ['a/x.run', 'b/x.run', 'y.run']
    """
    found = {}
    for path in paths:
        for depth in range(1, len(path.parts) + 1):
            end = path.parts[-depth:]
            if sum(other.parts[-depth:] == end for other in paths) == 1:
                break
        found[path] = str(Path(*end)) if path.parts else str(path)
    return found
