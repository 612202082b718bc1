"""`convert`: the same content in another format, or a refusal that names the loss."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from estimators.scores import Kind
from rankbound.carrying import content, losses
from rankbound.errors import UsageError
from rankbound.formats.contents import Contents, Format
from rankbound.formats.errors import FormatError
from rankbound.formats.registry import by_name, detect, formats
from rankbound.formats.source import Source
from rankbound.packing import pack, packing_of
from rankbound.sameness import RERANKED, differences

# Told when lost, and no reason to refuse: a tag names the run and says nothing of it
MINOR: Final = frozenset({"metadata: tag"})
# By the end of the name, packing apart; of several formats the first that carries all
SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    ".scores.parquet": ("rankbound-scores",),
    ".groups.parquet": ("rankbound-groups",),
    ".parquet": ("table-scores", "table-lists", "table-qrels", "table-embeddings"),
    ".npz": ("npz",),
    ".safetensors": ("safetensors",),
    ".run": ("trec-run",),
    ".res": ("trec-run",),
    ".trec": ("trec-run", "qrels"),
    ".qrels": ("qrels",),
    ".tsv": ("beir-qrels", "qrels"),
    ".json": ("lookup",),
    ".jsonl": (
        *("groups", "pylate", "colbert", "flagembedding", "ranked-groups", "rankllm"),
    ),
}
RANKS_LOST: Final = "ranks that the scores do not imply"
# What makes a file by itself, as opposed to what goes with it
WHOLE: Final = ("scores", "groups", "grades", "vectors", "texts")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What `convert` did.

    Attributes
    ----------
    path : Path
        The file written.
    format : str
        Its format's name.
    packing : str
        "none", "gzip", "bz2", "lz4" or "zstd".
    kept : dict of str to str
        What was carried over, in words.
    lost : dict of str to str
        What was not, with --lossy.
    """

    path: Path
    format: str
    packing: str
    kept: dict[str, str]
    lost: dict[str, str]


def convert(
    source: Path | str,
    target: Path | str,
    *,
    to: str | None = None,
    format: str | None = None,
    lossy: bool = False,
    kind: Kind | None = None,
) -> Conversion:
    """Write the content of a file in another format, read it back and compare.

    Parameters
    ----------
    source, target : path
        The target's last suffix packs it: .gz, .bz2, .lz4, .zst.
    to : str, optional
        The name of the target's format; by default its suffix says it.
    format : str, optional
        The name of the source's format, instead of detection.
    lossy : bool
        Whether losing something is accepted; it is named in any case.
    kind : Kind, optional
        What the scores are, for formats that say so.

    Returns
    -------
    Conversion

    Raises
    ------
    UsageError
        When something would be lost without `lossy`, the target's format is not known
        or holds nothing of the source, or the target is the source.
    FormatError
        When the source cannot be read, or the target does not read back the same.
    """
    source, target = Path(source), Path(target)
    check_target(source, target)
    opened = Source(source)
    entry = detect(opened)[0] if format is None else by_name(format)
    contents = entry.read(opened)
    if kind is not None:
        contents = _declared(contents, kind)
    chosen = target_format(target, to, contents)
    lost = losses(contents, chosen)
    grave = [words for what, words in lost.items() if what not in MINOR]
    if grave and not lossy:
        named = "; ".join(grave)
        raise UsageError(
            f"{target}: {chosen.name} ({chosen.title}) cannot carry everything of "
            f"{source}: {named}; choose another format with --to, or accept the loss "
            "with --lossy"
        )
    if _write(contents, chosen, target, lossy=lossy):
        lost["ranks"] = RANKS_LOST
    held = content(contents)
    kept = {what: words for what, words in held.items() if what not in lost}
    return Conversion(target, chosen.name, packing_of(target)[0], kept, lost)


def check_target(source: Path, target: Path) -> None:
    """Raise unless a file can be written there without touching the source."""
    if target.is_dir():
        raise UsageError(f"{target}: is a folder; name the file to write")
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(
            f"{target}: is the file to convert; write to another name, it is not "
            "overwritten"
        )
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder; make it first")


def target_format(target: Path, to: str | None, contents: Contents) -> Format:
    """The format to write: by name, or by the suffix and what there is to carry.

    Raises
    ------
    UsageError
        When there is none, it cannot be written, or holds nothing of the contents.
    """
    if to is not None:
        entry = by_name(to)
        if entry.write is None:
            raise UsageError(
                f"--to {to}: {entry.title} can be read and not written; there are "
                f"{', '.join(_writable())}"
            )
        _check_holds(entry, contents)
        return entry
    name = packing_of(target)[1].casefold()
    found = next((names for end, names in SUFFIXES.items() if name.endswith(end)), ())
    known = [_writable()[one] for one in found if one in _writable()]
    if not known:
        raise UsageError(
            f"{target}: the suffix names no format; say which with --to (one of "
            f"{', '.join(_writable())})"
        )
    held = [entry for entry in known if _shared(entry, contents)]
    if not held:
        _check_holds(known[0], contents)
    return min(held, key=lambda entry: len(losses(contents, entry)))


def _declared(contents: Contents, kind: Kind) -> Contents:
    if contents.scores is None:
        raise UsageError(f"--teacher-kind: {contents.path} holds no scores")
    return replace(contents, scores=contents.scores.with_kind(kind))


def _writable() -> dict[str, Format]:
    return {name: one for name, one in formats().items() if one.write is not None}


def _shared(entry: Format, contents: Contents) -> set[str]:
    """What the format and the contents have in common of what counts."""
    held = {what for what in content(contents) if what in WHOLE}
    if contents.scores is not None:
        held.add("ranks")  # which every score implies
    return held & {*entry.keeps}


def _check_holds(entry: Format, contents: Contents) -> None:
    if not _shared(entry, contents):
        held = [what for what in content(contents) if what in WHOLE]
        there = " and ".join(held) or "nothing"
        raise UsageError(
            f"{contents.path} holds {there}, and {entry.name} ({entry.title}) carries "
            f"{', '.join(entry.keeps) or 'nothing'}; choose another format with --to"
        )


def _write(contents: Contents, entry: Format, target: Path, *, lossy: bool) -> bool:
    """Write aside, pack, read back, compare, rename; whether ranks came back changed.

    Some formats write the ranks that scores imply, whatever the ranks of the source.
    """
    if entry.write is None:
        raise UsageError(f"{entry.name} cannot be written")
    packing, plain = packing_of(target)
    try:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=target.parent) as name:
            aside = Path(name, plain)
            entry.write(contents, aside)
            if packing != "none":
                aside = pack(aside, Path(name, target.name), packing)
            wrong = differences(contents, _read_back(entry, aside, target), entry)
            reranked = wrong == [RERANKED]
            if reranked and not lossy:
                raise UsageError(
                    f"{target}: {entry.name} would lose {RANKS_LOST}; accept that with "
                    "--lossy"
                )
            if wrong and not reranked:
                raise FormatError(
                    target,
                    f"read back, {'; '.join(wrong)}; nothing was written, please "
                    "report this",
                )
            aside.replace(target)
            return reranked
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None


def _read_back(entry: Format, aside: Path, target: Path) -> Contents:
    """What was written; an error names the target, not the file aside."""
    try:
        return entry.read(Source(aside))
    except FormatError as error:
        found = str(error).removeprefix(str(aside)).lstrip(":")
        raise FormatError(
            target, f"{entry.name} cannot hold this, read back: {found}"
        ) from None
