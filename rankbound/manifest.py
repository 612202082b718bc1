"""Which files in a folder belong together: those that one run of a command wrote.

Several commands may share a folder. Its manifest has an entry for each of them, with
the hashes of what was read and written, and is the last file to change; so results
whose files differ from it are of different runs, or were edited.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from rankbound.decoding import decoded
from rankbound.errors import FormatError
from rankbound.writing import MANIFEST, SCHEMA, is_manifest, json_text

REMEDY: Final = (
    f"run the command again, or delete {MANIFEST} to use the files as they are"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one command left in the folder.

    Attributes
    ----------
    command : str
        Its name; empty for results that were saved in Python.
    options : tuple of str
        The words that followed it.
    versions : dict of str to str
        Of Python and the packages that the numbers depend on.
    generation : int
        How many times other results had been written into the folder, these included.
    inputs : dict of str to str or None
        Hashes (SHA-256) of what was read; None for what cannot be read twice.
    outputs : dict of str to str
        Hashes of what was written, by name.
    """

    command: str
    options: tuple[str, ...]
    versions: dict[str, str]
    generation: int
    inputs: dict[str, str | None]
    outputs: dict[str, str]


class Manifest(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=f"{SCHEMA}/1"
):
    """What the commands left in a folder, by kind of result."""

    generation: int
    results: dict[str, Entry]

    @classmethod
    def of(cls, folder: Path) -> Manifest:
        """The manifest of a folder; empty if there is none.

        Raises
        ------
        FormatError
            When it is damaged, or not ours.
        """
        path = folder / MANIFEST
        if not path.is_file():
            return cls(generation=0, results={})
        if not is_manifest(path):
            raise FormatError(path, "is not a manifest of results; rename it")
        return decoded(path, cls)


def digest(path: Path) -> str:
    """Hex SHA-256 of a file's bytes on disk."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def record(
    aside: Path,
    folder: Path,
    kind: str,
    *,
    command: str = "",
    versions: Mapping[str, str] | None = None,
    inputs: Mapping[str, str | None] | None = None,
) -> None:
    """Write the manifest that the folder will have, beside the files of one command.

    Parameters
    ----------
    aside : Path
        Holds the files that will be moved into `folder`, and nothing else.
    folder : Path
    kind : str
        Of the results, such as "ledger".
    command : str
        The whole command line.
    versions, inputs : mapping
        See `Entry`.
    """
    known = Manifest(generation=0, results={})
    if (folder / MANIFEST).is_file():
        # One that the disk does not give now must not be replaced by a shorter one
        data = (folder / MANIFEST).read_bytes()
        # Whether another file of that name may be replaced is for the writer to say
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            known = msgspec.json.decode(data, type=Manifest)
    program, *words = shlex.split(command) or [""]
    name, *options = words or [program]
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    earlier = known.results.get(kind)
    entry = Entry(
        command=name,
        options=tuple(options),
        versions=dict(versions or {}),
        generation=known.generation if earlier is None else earlier.generation,
        inputs=dict(inputs or {}),
        outputs={path.relative_to(aside).as_posix(): digest(path) for path in files},
    )
    made = known
    if entry != earlier:  # the same once more is no other generation
        entry = replace(entry, generation=known.generation + 1)
        results = {**known.results, kind: entry}
        made = Manifest(generation=entry.generation, results=results)
    text = json_text(msgspec.to_builtins(made))
    (aside / MANIFEST).write_text(text, encoding="utf-8", newline="")


def check(folder: Path, kind: str, names: Iterable[str]) -> None:
    """Raise when files of one kind of result are not those that one run wrote.

    Folders without a manifest, and kinds that it does not list, are not checked:
    earlier versions wrote none.

    Raises
    ------
    FormatError
        With the file that does not belong to the others.
    """
    entry = Manifest.of(folder).results.get(kind)
    if entry is None:
        return
    for name in names:
        path = folder / name
        if not path.is_file():
            continue
        if name not in entry.outputs:
            raise FormatError(
                path, f"is not of the run that wrote the {kind}; {REMEDY}"
            )
        if digest(path) != entry.outputs[name]:
            raise FormatError(path, f"was changed after it was written; {REMEDY}")


def strangers(folder: Path) -> list[str]:
    """Inputs that results in one folder read in different versions, in sentences.

    Parameters
    ----------
    folder : Path
        It and its sub-folders are looked at, each for itself.

    Examples
    --------
    >>> strangers(Path("no-such-folder"))
    []
    """
    return [
        f"{' and '.join(kinds)} in {path.parent} were made from different versions of "
        f"{name}; run their commands again"
        for path in sorted(folder.rglob(MANIFEST))
        for name, kinds in _read_twice(Manifest.of(path.parent))
    ]


def _read_twice(manifest: Manifest) -> list[tuple[str, list[str]]]:
    """Inputs with several hashes, and the kinds of results that name them."""
    read: dict[str, dict[str, str]] = {}
    for kind, entry in manifest.results.items():
        for name, sha256 in entry.inputs.items():
            if sha256 is not None:
                read.setdefault(name, {})[kind] = sha256
    return [
        (name, sorted(hashes))
        for name, hashes in sorted(read.items())
        if len({*hashes.values()}) > 1
    ]
