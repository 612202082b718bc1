"""Where a page finds what results were made from: inputs by hash, and texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from rankbound.errors import FormatError, UsageError
from rankbound.provenance import Input
from rankbound.read.registry import detect, read_any
from rankbound.read.source import Source, sha256
from rankbound.read.text.texts import PARSERS, some_texts
from rankbound.results import Record

# Characters of JSON for the texts of all queries and documents together, and of one
MOST_TEXTS: Final = 1_500_000
LONGEST: Final = 500
# What corpora and queries are called, beside the data
CORPORA: Final = ("corpus", "collection", "documents", "docs")
QUERIES: Final = ("queries", "topics")
SUFFIXES: Final = (".jsonl", ".tsv", ".jsonl.gz", ".tsv.gz")
MOST_FILES: Final = 10_000  # of a folder that is searched for inputs
NONE_BESIDE: Final = (
    "no texts of queries and documents lie beside the data; `corpus` and `queries` "
    "name them"
)


class Texts(Record, frozen=True, kw_only=True):
    """Texts of the queries and documents of a page, by id, and where they come from."""

    queries: dict[str, str]
    documents: dict[str, str]
    files: tuple[str, ...] = ()
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a page finds what results were made from.

    Attributes
    ----------
    folder : Path
        Of the results.
    inputs : tuple of Path
        Folders that are searched for inputs which are not where they were.
    corpus, queries : Path or None
        Files of texts; by default those beside the data.
    hashes : dict of Path to str
        Of the files looked at, so that each is read once.
    """

    folder: Path
    inputs: tuple[Path, ...] = ()
    corpus: Path | None = None
    queries: Path | None = None
    hashes: dict[Path, str] = field(default_factory=dict, compare=False, repr=False)

    def found(self, inputs: Sequence[Input]) -> dict[str, Path]:
        """Where every input lies now, by the path of its result.

        An input is looked for at its path, from the working folder, from that of the
        results and the two above, and from the folders given. If it is at none of
        these, any file below the results and the folders given that has its hash is the
        input.

        Raises
        ------
        UsageError
            When one is not found, or has changed.
        """
        here = self.folder.resolve()
        roots = [Path(), here, here.parent, here.parent.parent, *self.inputs]
        found: dict[str, Path] = {}
        for entry in inputs:
            if entry.path is None:
                raise UsageError(
                    f"the input {entry.object} was an object, which cannot be read "
                    "again"
                )
            if entry.sha256 is None:
                raise UsageError(
                    f"the input {entry.path} was a pipe, which cannot be read again"
                )
            there = [path for root in roots if (path := root / entry.path).is_file()]
            same = (path for path in there if self._hash(path) == entry.sha256)
            moved = next(same, None) or self._moved(entry.path, entry.sha256)
            if moved is None:
                why = (
                    "has changed since the measurement" if there else "no longer exists"
                )
                raise UsageError(
                    f"the input {entry.path} {why}"
                    + ("" if there else "; `inputs` names folders to look for it in")
                )
            found[entry.path] = moved
        return found

    def _moved(self, name: str, digest: str) -> Path | None:
        """A file with the hash, those of the same name first."""
        base, suffix = Path(name).name, Path(name).suffix
        files = [
            path
            for folder in (self.folder, *self.inputs)
            for path in islice(sorted(folder.rglob(f"*{suffix}")), MOST_FILES)
            if path.is_file()
        ]
        files.sort(key=lambda path: path.name != base)
        return next((path for path in files if self._hash(path) == digest), None)

    def _hash(self, path: Path) -> str:
        if path not in self.hashes:
            self.hashes[path] = sha256(path)
        return self.hashes[path]

    def texts(
        self, beside: Iterable[Path], qids: Collection[str], docs: Sequence[str]
    ) -> Texts:
        """Texts of queries and documents, shortened, as many as a page has room for.

        Parameters
        ----------
        beside : iterable of Path
            Inputs; files of texts are looked for in their folders and those above.
        qids, docs : collection and sequence of str
            Whose texts are wanted, the most important documents first.

        Raises
        ------
        FormatError, UsageError
            When a file that was given holds no texts.
        """
        folders = [self.folder, *self.inputs]
        for one in beside:
            folders += [one.parent, one.parent.parent]
        room, problems = MOST_TEXTS, list[str]()
        files: list[str] = []
        kept: list[dict[str, str]] = []
        for given, names, wanted in (
            (self.queries, QUERIES, qids),
            (self.corpus, CORPORA, docs),
        ):
            texts: dict[str, str] = {}
            path = given or _called(names, folders)
            try:
                if path is not None and wanted:
                    texts = _texts_of(path, wanted)
                    files.append(path.name)
            except (FormatError, UsageError) as error:
                if given is not None:
                    raise
                problems.append(str(error))
            mine = _fitting(texts, wanted, room)
            room -= sum(len(name) + len(text) + 6 for name, text in mine.items())
            kept.append(mine)
        if not (files or problems):
            problems.append(NONE_BESIDE)
        return Texts(
            queries=kept[0],
            documents=kept[1],
            files=tuple(files),
            missing="; ".join(problems) or None,
        )


def _fitting(
    texts: Mapping[str, str], wanted: Iterable[str], room: int
) -> dict[str, str]:
    """Texts in the order wanted, shortened, until there is no room for more."""
    kept: dict[str, str] = {}
    for name in dict.fromkeys(wanted):
        if name in texts:
            kept[name] = _shortened(texts[name])
            room -= len(kept[name]) + len(name) + 6
            if room < 0:
                del kept[name]
                break
    return kept


def _called(stems: Sequence[str], folders: Iterable[Path]) -> Path | None:
    """The first file of such a name in the folders."""
    for folder in dict.fromkeys(folders):
        for stem in stems:
            for suffix in SUFFIXES:
                if (path := folder / f"{stem}{suffix}").is_file():
                    return path
    return None


def _texts_of(path: Path, wanted: Collection[str]) -> dict[str, str]:
    """The texts of some ids in a file of any format that holds texts."""
    source = Source(path)
    kept = {*wanted}
    form, _ = detect(source, part="texts")
    if form.name in PARSERS:
        return some_texts(source, form.name, kept)
    contents = read_any(path)
    if not contents.texts:
        raise UsageError(f"{path}: holds no texts; give JSON lines with _id and text")
    return {name: text for name, text in contents.texts.items() if name in kept}


def _shortened(text: str) -> str:
    r"""One line of at most `LONGEST` characters.

    Examples
    --------
    >>> _shortened("a" * 600)[-3:], _shortened("one\ntwo")
    ('aa…', 'one two')
    """
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
