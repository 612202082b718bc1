"""The command `convert`: the same content in another format, with every loss named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Final

from rankbound.commands.convert.carrying import content, losses
from rankbound.commands.convert.result import Conversion
from rankbound.commands.convert.storing import (
    RANKS_LOST,
    check_target,
    packing_of,
    store,
)
from rankbound.commands.measure.options import as_kind
from rankbound.commands.settings import check_numbers
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.read.contents import Contents, Format
from rankbound.read.likely import FORMATS as LISTED
from rankbound.read.registry import by_name, detect, formats
from rankbound.read.scales import MissingValue, without_missing_of
from rankbound.read.source import STDIN, Source
from rankbound.read.vectors.embeddings import read_with_ids
from rankbound.read.vectors.matrices import RAW_SUFFIXES
from rankbound.writing import Replacing

# Losses that are reported but not refused: a tag only names the run, and the type of a
# number adds nothing to its value
MINOR: Final = frozenset({"metadata: tag", "dtype"})
TABLES: Final = ("table-scores", "table-lists", "table-qrels", "table-embeddings")
OWN: Final = ("rankbound-scores", "rankbound-groups")
# By the end of the name without packing; of several formats, the first that carries all
SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    ".scores.parquet": ("rankbound-scores",),
    ".groups.parquet": ("rankbound-groups",),
    ".arrow": (*OWN, *TABLES),
    ".parquet": TABLES,
    ".npz": ("npz",),
    ".npy": ("npy",),
    ".safetensors": ("safetensors",),
    ".flex": ("flexindex",),
    ".faiss": ("faiss-flat",),
    **dict.fromkeys(RAW_SUFFIXES, ("raw",)),
    **dict.fromkeys((".feather", ".ipc"), TABLES),
    ".run": ("trec-run",),
    ".res": ("trec-run",),
    ".trec": ("trec-run", "qrels"),
    ".qrels": ("qrels",),
    ".tsv": ("beir-qrels", "qrels", "csv-scores"),
    ".csv": ("csv-scores", "csv-qrels"),
    ".pkl": ("pickle",),
    ".pickle": ("pickle",),
    ".json": ("lookup",),
    ".jsonl": (
        *("groups", "pylate", "colbert", "flagembedding", "ranked-groups", "rankllm"),
    ),
}
# What makes a file on its own, as opposed to what accompanies it
WHOLE: Final = ("scores", "groups", "grades", "vectors", "texts")

N_STAGES: Final = 2


def convert(  # noqa: PLR0913  each is an option of the command
    source: str | PathLike[str],
    target: str | PathLike[str],
    *,
    to: str | None = None,
    format: str | None = None,
    lossy: bool = False,
    force: bool = False,
    kind: Kind | str | None = None,
    ids: str | PathLike[str] | None = None,
    missing_value: MissingValue | None = None,
    run_tag: str | None = None,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Conversion:
    """Write the content of a file in another format, read it back, and compare.

    Parameters
    ----------
    source : path
        A file or folder of any format that `rankbound` reads.
    target : path
        The file or folder to write; not the source. A last suffix of .gz, .bz2, .lz4 or
        .zst packs it.
    to : str, optional
        The name of the target's format; by default, that of its suffix.
    format : str, optional
        The name of the source's format, instead of detection.
    lossy : bool, default False
        Accept that something is lost; it is named in any case.
    force : bool, default False
        Replace a target that exists; it never is the source.
    kind : Kind or str, optional
        What the scores are, such as "logit", for formats that record it.
    ids : path, optional
        The ids of vectors, one a line, if they are not found beside the source.
    missing_value : float or sequence of float, optional
        Scores that stand for missing ones, such as -10000, and are left out.
    run_tag : str, optional
        The system to read of a run whose lines have several tags; "*" takes all lines
        for one system.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Conversion
        `kept` and `lost` say in words what was kept and what was lost.

    Raises
    ------
    UsageError
        When something would be lost without `lossy`, when the target's format is not
        known or holds nothing of the source, when the target is the source, and when it
        exists, without `force`.
    FormatError
        When the source cannot be read, or what is read back from the target differs.

    See Also
    --------
    inspect : What a file holds.
    read_any : The content of one file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = Path(folder, "bm25.json")
    ...     _ = source.write_text('{"q1": {"d1": 2.5, "d2": 1.0}}')
    ...     made = convert(source, Path(folder, "bm25.arrow"), kind="bm25")
    >>> made.format, made.lost
    ('rankbound-scores', {})
    """
    check_numbers("convert", missing_value=missing_value)
    source, target = Path(source), Path(target)
    if target == STDIN:
        raise UsageError(
            "the target must be a file or folder, not standard output; name it"
        )
    read = [source] if ids is None else [source, Path(ids)]
    replacing = Replacing(inputs=read, force=force)
    check_target(target, replacing, folder=_is_folder(target, to))
    with reading_within(memory), reported(progress, total=N_STAGES) as advance:
        advance("reading")
        contents = _read(
            Source(source, named=format is not None, tag=run_tag), format, ids
        )
        contents = without_missing_of(contents, missing_value)
        declared = as_kind(kind, "`kind`")
        if declared is not None:
            contents = _declared(contents, declared)
        held = content(contents)
        chosen = target_format(target, to, contents, held)
        _check_packing(chosen, target)
        lost = losses(contents, chosen, held)
        grave = [words for what, words in lost.items() if what not in MINOR]
        if grave and not lossy:
            named = "; ".join(grave)
            raise UsageError(
                f"{target}: {chosen.name} ({chosen.title}) cannot carry everything of "
                f"{source}: {named}; choose another format with `to`, or accept the "
                "loss with `lossy`"
            )
        if chosen.name == OWN[0]:  # what it does not keep would stand beside it
            contents = replace(contents, groups=None, texts={})
        advance("writing, and reading back")
        stored = store(contents, chosen, target, lossy=lossy, replacing=replacing)
        if stored.reranked:
            lost["ranks"] = RANKS_LOST
        kept = {what: words for what, words in held.items() if what not in lost}
        if "precision" in lost:
            kept["vectors"] += ", rounded to float32"
        if "scores" in lost and "ranks" in chosen.keeps:
            kept = {"ranks": "the order of the documents", **kept}
        return Conversion(
            path=str(target),
            format=chosen.name,
            packing=packing_of(target)[0],
            kept=kept,
            lost=lost,
            companions=tuple(map(str, stored.beside)),
            remark=stored.remark,
        )


def _read(
    source: Source, format: str | None, ids: str | PathLike[str] | None
) -> Contents:
    if ids is not None:
        return read_with_ids(source, Path(ids), format)
    entry = detect(source)[0] if format is None else by_name(format)
    return entry.read(source)


def _is_folder(target: Path, to: str | None) -> bool:
    """Whether the target's format is a folder, judging by names."""
    if to is not None:
        return by_name(to).lies == "folder"
    named = _by_suffix(packing_of(target)[1])
    return bool(named) and named[0].lies == "folder"


def _check_packing(entry: Format, target: Path) -> None:
    packing = packing_of(target)[0]
    if packing != "none" and entry.lies != "file":
        raise UsageError(
            f"{target}: {entry.name} is read where it lies, so it is not packed; leave "
            f"{target.suffix} away"
        )


def _by_suffix(name: str) -> list[Format]:
    """The formats that a name stands for and that can be written."""
    plain, known = name.casefold(), _writable()
    found = next((names for end, names in SUFFIXES.items() if plain.endswith(end)), ())
    return [known[one] for one in found if one in known]


def target_format(
    target: Path,
    to: str | None,
    contents: Contents,
    held: Mapping[str, str] | None = None,
) -> Format:
    """The format to write: by name, or by the suffix and the contents.

    `held` is what `content` gives of them, where it is known.

    Raises
    ------
    UsageError
        When none is known, it cannot be written, or it holds nothing of the contents.
    """
    held = content(contents) if held is None else held
    if to is not None:
        entry = by_name(to)
        if entry.write is None:
            raise UsageError(
                f"`to={to!r}`: {entry.title} can be read and not written; {LISTED}"
            )
        _check_holds(entry, contents, held)
        return entry
    known = _by_suffix(packing_of(target)[1])
    if not known:
        raise UsageError(
            f"{target}: the suffix names no format; say which with `to`, as in "
            f"`to='scoreddocs'`; {LISTED}"
        )
    able = [entry for entry in known if _shared(entry, contents, held)]
    if not able:
        _check_holds(known[0], contents, held)
    return min(able, key=lambda entry: len(losses(contents, entry, held)))


def _declared(contents: Contents, kind: Kind) -> Contents:
    if contents.scores is None:
        raise UsageError(f"`kind`: {contents.path} holds no scores")
    return replace(contents, scores=contents.scores.with_kind(kind))


def _writable() -> dict[str, Format]:
    return {name: one for name, one in formats().items() if one.write is not None}


def _shared(entry: Format, contents: Contents, held: Mapping[str, str]) -> set[str]:
    """The main parts that a format can hold and the contents have."""
    parts = {what for what in held if what in WHOLE}
    if contents.scores is not None:
        parts.add("ranks")  # which scores imply
    return parts & {*entry.keeps}


def _check_holds(entry: Format, contents: Contents, held: Mapping[str, str]) -> None:
    if not _shared(entry, contents, held):
        parts = [what for what in held if what in WHOLE]
        there = " and ".join(parts) or "nothing"
        carried = [what for what in (*WHOLE, "ranks", "margins") if what in entry.keeps]
        raise UsageError(
            f"{contents.path} holds {there}, and {entry.name} ({entry.title}) carries "
            f"{' and '.join(carried) or 'nothing'}; choose another format with `to`"
        )
