"""Put a converted file in its place: write aside, pack, read back, compare, rename."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.commands.convert.carrying import BLOCK, MADE_IDS, by_text, has_own_ids
from rankbound.data.arrow import as_text
from rankbound.data.columns import Floats, as_held, positions
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.ordering import windows
from rankbound.data.scores import Scores
from rankbound.errors import FormatError, UsageError
from rankbound.read.contents import ABOUT_THE_FILE, UNUSED, Contents, Format
from rankbound.read.registry import detect
from rankbound.read.source import SUFFIXES, Source, packed
from rankbound.writing import NEW, Replacing, filling

RERANKED: Final = "ranks differ"
# Texts whose columns are known by their places, which few rows cannot confirm
BY_PLACE: Final = ("trec-run", "msmarco-run", "scoreddocs", "qrels", "hofstaetter")
NAMED: Final = {"inclusion": "sampling probabilities"}


def differences(wanted: Contents, found: Contents, entry: Format) -> list[str]:
    """Differences in what a format keeps; empty if there are none.

    The order of queries, and that of documents in a group, do not matter.
    """
    keeps = {*entry.keeps}
    if MADE_IDS in keeps and has_own_ids(wanted):
        wanted = by_text(wanted)
    wrong = [
        *(_scores(wanted.scores, found.scores, "scores") if "scores" in keeps else ()),
        *(_scores(wanted.qrels, found.qrels, "grades") if "grades" in keeps else ()),
        *(_ranks(wanted, found) if "ranks" in keeps else ()),
        *(_groups(wanted.groups, found.groups, keeps) if "groups" in keeps else ()),
        *(_vectors(wanted, found, keeps) if "vectors" in keeps else ()),
    ]
    kinds = [one.scores.kind for one in (wanted, found) if one.scores is not None]
    if "kind" in keeps and len(set(kinds)) > 1:
        wrong.append(f"the kind is {kinds[1].value}")
    if "origins" in keeps and not _same_origins(wanted.scores, found.scores):
        wrong.append("which margins compare differs")
    wrong += [
        f"the {key} is {found.metadata.get(key)!r}"
        for key in ("tag", "ir_metadata", "metric")
        if key in keeps & {*wanted.metadata}
        and wanted.metadata[key] != found.metadata.get(key)
    ]
    if "metadata" in keeps and _said(wanted) != _said(found):
        wrong.append("metadata differ")
    if "texts" in keeps and dict(wanted.texts) != dict(found.texts):
        wrong.append("texts differ")
    return wrong


def _scores(wanted: Scores | None, found: Scores | None, what: str) -> Iterator[str]:
    if wanted is None:
        return
    if found is None:
        yield f"there are no {what}"
        return
    if len(wanted.values) != len(found.values):
        yield f"{len(found.values):,} {what} instead of {len(wanted.values):,}"
        return
    values, there = found.values, np.array(True)
    if not _same_rows(wanted, found):
        values, there = _looked_up(found, wanted)
    wrong = ~there | (_bits(values) != _bits(wanted.values))
    if wrong.any():
        qid, docno = wanted.where(int(np.argmax(wrong)))
        yield (
            f"{int(wrong.sum()):,} {what} differ, the first of query {qid!r}, document "
            f"{docno!r}"
        )


def _same_rows(wanted: Scores, found: Scores) -> bool:
    """Whether the same documents of the same queries stand in the same rows."""
    ours, theirs = (as_text(as_held(one)) for one in (wanted, found))
    return (
        np.array_equal(wanted.offsets, found.offsets)
        and np.array_equal(wanted.codes, found.codes)
        and np.array_equal(wanted.qids, found.qids)
        and bool(ours.cast(theirs.type).equals(theirs))
    )


def _same_origins(wanted: Scores | None, found: Scores | None) -> bool:
    if wanted is None or found is None or wanted.origins is None:
        return True
    if found.origins is None:
        return False
    if _same_rows(wanted, found):
        return np.array_equal(wanted.origins, found.origins)
    numbers = found.with_values(found.origins.astype(np.float64), kind=found.kind)
    values, there = _looked_up(numbers, wanted)
    return bool(there.all() and np.array_equal(values, wanted.origins))


def _said(contents: Contents) -> dict[str, object]:
    """Metadata of the content, as opposed to the file."""
    about = {*ABOUT_THE_FILE, UNUSED}
    return {key: it for key, it in contents.metadata.items() if key not in about}


def _ranks(wanted: Contents, found: Contents) -> Iterator[str]:
    if wanted.ranks is None or wanted.scores is None:
        return
    if found.ranks is None or found.scores is None:
        yield "there are no ranks"
        return
    if _same_rows(wanted.scores, found.scores):
        if not np.array_equal(wanted.ranks, found.ranks):
            yield RERANKED
        return
    numbers = found.scores.with_values(
        found.ranks.astype(np.float64), kind=found.scores.kind
    )
    values, there = _looked_up(numbers, wanted.scores)
    if not (there.all() and np.array_equal(values, wanted.ranks)):
        yield RERANKED


def _looked_up(scores: Scores, asking: Scores) -> tuple[Floats, np.ndarray]:
    return scores.lookup(asking.row_query(), asking.qids, asking.codes, asking.docnos)


def _bits(values: Floats) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float64).view(np.int64)


def _groups(
    wanted: Groups | None, found: Groups | None, keeps: set[str]
) -> Iterator[str]:
    if wanted is None:
        return
    if found is None:
        yield "there are no groups"
        return
    same = np.array_equal(wanted.group_qids(), found.group_qids())
    if not same or not np.array_equal(wanted.offsets, found.offsets):
        yield "groups, their queries or their sizes differ"
        return
    wrong = _other_members(wanted, found)
    if "documents" in wrong:
        yield "documents of groups differ"
        return
    kinds = ("positives", "probabilities", "inclusion")
    yield from (
        f"{NAMED.get(what, what)} differ"
        for what in kinds
        if what in keeps and what in wrong
    )


def _other_members(wanted: Groups, found: Groups) -> set[str]:
    """What differs in the documents of groups whose queries and sizes are the same."""
    # The documents that were read back, numbered as those that were written
    places = positions(wanted.docnos, found.docnos)
    columns = {
        "positives": (wanted.positive, found.positive),
        "probabilities": (wanted.probabilities, found.probabilities),
        "inclusion": (wanted.inclusion, found.inclusion),
    }
    wrong = {what for what, both in columns.items() if _lacks(*both)}
    for first, last in windows(wanted.offsets, BLOCK):
        rows = slice(*wanted.offsets[[first, last]].tolist())
        group = np.repeat(np.arange(last - first), wanted.sizes[first:last])
        codes, there = wanted.codes[rows], places[found.codes[rows]]
        ours, theirs = (np.lexsort((one, group)) for one in (codes, there))
        if not np.array_equal(codes[ours], there[theirs]):
            return {"documents"}
        for what, (left, right) in columns.items():
            if left is None or right is None:
                continue
            if not np.array_equal(left[rows][ours], right[rows][theirs]):
                wrong.add(what)
    return wrong


def _lacks(wanted: np.ndarray | None, found: np.ndarray | None) -> bool:
    return wanted is not None and found is None


def _vectors(wanted: Contents, found: Contents, keeps: set[str]) -> Iterator[str]:
    ours, theirs = wanted.embeddings, found.embeddings
    if ours is None:
        return
    if theirs is None or not np.array_equal(ours.ids, theirs.ids):
        yield "the ids of vectors differ"
        return
    kind = ours.vectors.dtype if "dtype" in keeps else np.dtype(np.float32)
    if theirs.vectors.dtype.newbyteorder("=") != kind.newbyteorder("="):
        yield f"the numbers are {theirs.vectors.dtype.name}"
    elif ours.vectors.shape != theirs.vectors.shape:
        yield "the shape of the vectors differs"
    elif not _same_numbers(ours, theirs):
        yield "vectors differ"


def _same_numbers(ours: Embeddings, theirs: Embeddings) -> bool:
    """Whether the numbers are the same bit for bit, in the type of `theirs`."""
    kind = theirs.vectors.dtype.newbyteorder("=")
    step = max(1, BLOCK // ours.dim)
    for start in range(0, len(ours.ids), step):
        left, right = (
            np.ascontiguousarray(one.vectors[start : start + step].astype(kind))
            for one in (ours, theirs)
        )
        if left.tobytes() != right.tobytes():
            return False
    return True


WHERE: Final = re.compile(r"\A(:\d+)?: (row \d+: )?")
RANKS_LOST: Final = "ranks that the scores do not imply"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written.

    Attributes
    ----------
    beside : tuple of Path
        Files that belong to the target, such as the ids of vectors.
    remark : str or None
        What the user should know about the file.
    reranked : bool
        Whether the ranks read back differ from those of the source: some formats write
        the ranks that scores imply.
    texts : tuple of str
        Names of the files that were written with it, as the caller asked.
    """

    beside: tuple[Path, ...]
    remark: str | None
    reranked: bool
    texts: tuple[str, ...] = ()


def check_target(target: Path, replacing: Replacing, *, folder: bool) -> None:
    """Raise unless the target can be written without touching what must stay.

    Parameters
    ----------
    target : Path
    replacing : Replacing
    folder : bool
        Whether the target's format is a folder.
    """
    if target.is_dir() and any(
        map(target.samefile, filter(Path.exists, replacing.inputs))
    ):
        raise UsageError(
            f"{target}: is an input, which is not overwritten; write to another name"
        )
    if target.is_dir():
        if not folder:
            raise UsageError(f"{target}: is a folder; name the file to write")
        if any(target.iterdir()):
            raise UsageError(f"{target}: is a folder that is not empty; name a new one")
    elif folder and target.exists():
        raise UsageError(f"{target}: is a file, and the format is a folder")
    else:
        replacing.check(target)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder; make it first")


def store(
    contents: Contents,
    entry: Format,
    target: Path,
    *,
    lossy: bool,
    replacing: Replacing = NEW,
    texts: Callable[[Path], Mapping[str, str]] | None = None,
) -> Stored:
    """Write to a hidden folder, pack, read back, compare, and rename.

    `texts` takes the file before it is renamed, and gives further files for the same
    folder, by name.

    Raises
    ------
    UsageError
        When the target cannot be written, or ranks would be lost without `lossy`.
    FormatError
        When the format cannot hold the contents, or what is read back differs.
    """
    packing, plain = packing_of(target)
    with filling(target.parent, replacing) as hidden:
        aside = hidden / plain
        remark = _written(contents, entry, aside, target)
        if packing != "none":
            made = pack(aside, hidden / target.name, packing)
            aside.unlink()
            aside = made
        reranked = _compared(contents, entry, aside, target)
        if reranked and not lossy:
            raise UsageError(
                f"{target}: {entry.name} would lose {RANKS_LOST}; accept that with "
                "`lossy`"
            )
        remarks = [*filter(None, (remark, _mistaken(entry, aside)))]
        beside = _beside(aside, target, replacing)
        more = {} if texts is None else texts(aside)
        for name, text in more.items():
            (hidden / name).write_text(text, encoding="utf-8", newline="")
    return Stored(beside, "; ".join(remarks) or None, reranked, tuple(more))


def _written(
    contents: Contents, entry: Format, aside: Path, target: Path
) -> str | None:
    if entry.write is None:
        raise UsageError(f"{entry.name} cannot be written")
    try:
        return entry.write(contents, aside)
    except FormatError as error:
        said = str(error)
        if said.startswith(str(aside)):  # name the user's file
            raise FormatError(target, said.removeprefix(f"{aside}: ")) from None
        raise
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.end + 20]
        raise FormatError(
            contents.path, f"{around!r} is not Unicode text, and cannot be written"
        ) from None


def _compared(contents: Contents, entry: Format, aside: Path, target: Path) -> bool:
    """Whether the ranks differ; any other difference raises."""
    wrong = differences(contents, _read_back(entry, aside, target), entry)
    if wrong and wrong != [RERANKED]:
        raise FormatError(
            target,
            f"read back, {'; '.join(wrong)}; nothing was written, please report this",
        )
    return bool(wrong)


def _read_back(entry: Format, aside: Path, target: Path) -> Contents:
    """Read what was written; an error names the target, not the hidden file."""
    try:
        return entry.read(Source(aside, named=True))
    except FormatError as error:
        found = WHERE.sub("", str(error).removeprefix(str(aside)))
        if error.too_large:
            raise FormatError(target, f"cannot be read back: {found}") from None
        raise FormatError(
            target,
            f"{entry.name} cannot hold this, read back: {found} (choose another format "
            "with `to`)",
        ) from None


def _mistaken(entry: Format, aside: Path) -> str | None:
    """A remark if the content alone would be taken for another format."""
    name = entry.name.partition(":")[0]
    source = Source(aside)
    found = "no known format"
    try:
        found = detect(source)[0].name
        if name in BY_PLACE and found == name:
            lines = source.head[: source.head.rfind(b"\n") + 1]
            entry.read(Source(aside, content=lines))
    except FormatError:
        found = "columns in another order" if found == name else found
    if found.partition(":")[0] == name:
        return None
    return f"its content looks like {found}; read it with `format={entry.name!r}`"


def _beside(aside: Path, target: Path, replacing: Replacing) -> tuple[Path, ...]:
    """Where the files beside the target lie; what is there already, stays."""
    places = []
    for path in sorted(aside.parent.iterdir()):
        if path == aside:
            continue
        place = target.parent / path.name
        places.append(place)
        if not place.exists():
            continue
        if place.is_file() and place.read_bytes() == path.read_bytes():
            path.unlink()
        elif not replacing.force:
            raise UsageError(
                f"{place}: exists with other content, and belongs beside {target}; "
                "move it away, or choose another name"
            )
    return tuple(places)


LEVEL: Final = 6  # takes half the time of 9 for files two per cent larger


def packing_of(path: Path) -> tuple[str, str]:
    """The packing that a name implies, and the name without the suffix of it.

    Examples
    --------
    >>> packing_of(Path("a/bm25.run.gz")), packing_of(Path("t.json"))
    (('gzip', 'bm25.run'), ('none', 't.json'))
    """
    packing = SUFFIXES.get(path.suffix.casefold(), "none")
    return packing, path.name if packing == "none" else path.stem


def pack(plain: Path, target: Path, packing: str) -> Path:
    """Pack a file; the same content always gives the same bytes.

    Parameters
    ----------
    plain, target : Path
    packing : {"gzip", "bz2", "lz4", "zstd"}

    Returns
    -------
    Path
        `target`.
    """
    with plain.open("rb") as source, packed(target, packing, level=LEVEL) as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    return target
