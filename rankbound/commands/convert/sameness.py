"""Whether a file that was written holds what it was to hold, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rankbound.commands.convert.carrying import BLOCK, MADE_IDS, by_text, has_own_ids
from rankbound.data.columns import Floats, positions
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.read.contents import ABOUT_THE_FILE, Contents, Format

RERANKED: Final = "ranks differ"


def differences(wanted: Contents, found: Contents, entry: Format) -> list[str]:
    """What differs of the things that a format keeps; empty if nothing does.

    The order of queries, and of documents in a group, plays no part.
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
    values, there = _looked_up(found, wanted)
    wrong = ~there | (_bits(values) != _bits(wanted.values))
    if wrong.any():
        qid, docno = wanted.where(int(np.argmax(wrong)))
        yield (
            f"{int(wrong.sum()):,} {what} differ, the first of query {qid!r}, document "
            f"{docno!r}"
        )


def _same_origins(wanted: Scores | None, found: Scores | None) -> bool:
    if wanted is None or found is None or wanted.origins is None:
        return True
    if found.origins is None:
        return False
    numbers = found.with_values(found.origins.astype(np.float64), kind=found.kind)
    values, there = _looked_up(numbers, wanted)
    return bool(there.all() and np.array_equal(values, wanted.origins))


def _said(contents: Contents) -> dict[str, Any]:
    about = {*ABOUT_THE_FILE, "columns_unused"}
    return {key: it for key, it in contents.metadata.items() if key not in about}


def _ranks(wanted: Contents, found: Contents) -> Iterator[str]:
    if wanted.ranks is None or wanted.scores is None:
        return
    if found.ranks is None or found.scores is None:
        yield "there are no ranks"
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
    # Documents of the file that was read, numbered as in the one that was written
    there = positions(wanted.docnos, found.docnos)[found.codes]
    ours = np.lexsort((wanted.codes, wanted.row_group()))
    theirs = np.lexsort((there, found.row_group()))
    if not np.array_equal(wanted.codes[ours], there[theirs]):
        yield "documents of groups differ"
        return
    for what, left, right in (
        ("positives", wanted.positive, found.positive),
        ("probabilities", wanted.probabilities, found.probabilities),
    ):
        if what not in keeps or left is None:
            continue
        if right is None or not np.array_equal(left[ours], right[theirs]):
            yield f"{what} differ"


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
    """Whether bits are the same, of numbers in the type of `theirs`."""
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
