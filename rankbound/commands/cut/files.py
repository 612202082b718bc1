"""The files of a cut: one per band, and the manifest that accounts for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.commands.cut.measured import Change, Side
from rankbound.commands.cut.run import Cut, Piece
from rankbound.commands.measure.given import inputs_of
from rankbound.data.groups import Booleans
from rankbound.errors import UsageError
from rankbound.estimators.bands import TIES
from rankbound.provenance import versions
from rankbound.read.filtering import copy_lines
from rankbound.read.opening import sha256
from rankbound.reference.cut import REASON
from rankbound.writing import filling, json_text

SCHEMA = "rankbound.cut/1"
MANIFEST = "manifest.json"
COMPARED = (
    "before: all queries with a value; after: the kept ones. These are different sets "
    "of queries, so nothing is paired: each mean has an interval of its own at level "
    "1 - delta / 2, and the interval of the difference joins their ends. A cut by "
    "a quantity changes the mean of that quantity by construction, and of whatever "
    "varies with it: such a difference says nothing about a training method. No "
    "correction for several quantities. The cut points were read off the same queries."
)
LOST = (
    "no group of these queries has two documents with a teacher score (and vector, "
    "where asked for) and a pair of the wanted kind, or the quantity is undefined for "
    "them; they are in no file"
)


def write_cut(cut: Cut, folder: Path) -> dict[str, Any]:
    """Write the group files and `manifest.json`; all or none.

    Parameters
    ----------
    cut : Cut
    folder : Path
        Made if it does not exist. Files of other cuts stay; a manifest of other cuts
        is refused, since it would no longer be true.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    UsageError, FormatError
        When the folder holds another cut's manifest or cannot be written to.
    """
    pieces = [piece for piece in cut.pieces if piece.queries.any()]
    names = {piece.name for piece in pieces}
    _check_manifest(folder, names)
    if cut.options.groups.resolve() in {(folder / name).resolve() for name in names}:
        raise UsageError(f"{folder}: a cut would replace its own source; choose --out")
    with filling(folder) as aside:
        copy_lines(
            cut.options.groups,
            {aside / piece.name: _lines(cut, piece) for piece in pieces},
        )
        digests = {name: sha256(aside / name) for name in names}
        account = manifest(cut, digests)
        (aside / MANIFEST).write_text(json_text(account), encoding="utf-8", newline="")
    return account


def manifest(
    cut: Cut, digests: Mapping[str, str | None], *, hashed: bool = True
) -> dict[str, Any]:
    """The account of a cut as plain data.

    Parameters
    ----------
    cut : Cut
    digests : mapping
        SHA-256 by name of the files that there are, or will be.
    hashed : bool
        Whether to read every input again for its hash; the hashes are None otherwise.
    """
    options = cut.options
    n_lost, groups_lost = cut.without_value
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "input": str(options.groups),
        "sha256": sha256(options.groups) if hashed else None,
        "n_groups": cut.whole.n_groups,
        "n_queries": len(np.unique(cut.whole.queries)),
        "quantity": options.by,
        "unit": cut.values.unit,
        "pairs": options.pairs,
        "temperature": cut.temperature,
        "ties": TIES,
        "quantiles": "linear interpolation over the queries with a value",
        "dropped": {
            "queries_without_value": n_lost,
            "groups_of_queries_without_value": groups_lost,
            "why": LOST if n_lost else None,
            "reasons": cut.inputs.dropped,
        },
        "files": [_file(cut, piece, digests) for piece in cut.pieces],
        "comparison": {
            "delta": options.delta,
            "note": COMPARED,
            "rows": [
                {"kept": piece.band.name, **_row(change)}
                for piece in cut.pieces
                for change in piece.changes
            ],
        },
        "warnings": list(cut.warnings),
        "inputs": [one.to_dict() for one in inputs_of(cut.inputs.paths, hashed=hashed)],
        "command": options.command,
        "versions": versions(),
    }
    if options.compat is not None:
        found["compat"] = _compat(cut)
    return found


def planned(cut: Cut) -> dict[str, Any]:
    """The account of a cut whose files are not written yet, quickly made."""
    names = (piece.name for piece in cut.pieces if piece.queries.any())
    return manifest(cut, dict.fromkeys(names), hashed=False)


def _file(cut: Cut, piece: Piece, digests: Mapping[str, str | None]) -> dict[str, Any]:
    n_lost, groups_lost = cut.without_value
    n_queries, n_groups = int(piece.queries.sum()), int(piece.groups.sum())
    low, high = piece.cut_points
    return {
        "kept": piece.band.name,
        "file": piece.name if piece.name in digests else None,
        "quantiles": [piece.band.low, piece.band.high],
        "outside": piece.band.outside,
        "cut_points": [low, high],
        "n_groups": n_groups,
        "n_queries": n_queries,
        "sha256": digests.get(piece.name),
        "n_dropped": {
            "queries_outside_the_band": len(cut.values) - n_queries,
            "groups_outside_the_band": cut.whole.n_groups - groups_lost - n_groups,
            "queries_without_value": n_lost,
            "groups_of_queries_without_value": groups_lost,
        },
        "n_queries_at_a_cut_point": piece.n_ties,
        "reason": None if n_queries else "no query lies in this band; no file",
    }


def _row(made: Change) -> dict[str, Any]:
    lower, upper = made.interval
    return {
        "quantity": made.quantity,
        "pairs": made.pairs,
        "unit": made.unit,
        "before": _side(made.before),
        "after": _side(made.after),
        "difference": made.difference,
        "lower": lower,
        "upper": upper,
        "method": made.method,
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "n": side.n,
        "mean": side.mean,
        "sd": side.sd,
        "lower": side.lower,
        "upper": side.upper,
    }


def _compat(cut: Cut) -> dict[str, Any]:
    by_theirs = cut.options.quantity == "entropy" and cut.options.pairs == "all"
    return {
        "mode": "reference",
        "values": "the reference's pairwise entropy in bits, missing scores as 0"
        if by_theirs
        else "our values, cut by the reference's rules",
        "reason": REASON,
        "cuts": [
            {
                "kept": made.name,
                "reference_name": made.their_name,
                "reference_keeps": made.keeps,
                "reference_n_queries": made.n_queries,
                "reference_n_groups": made.n_groups,
                "n_queries": made.n_ours,
                "n_queries_in_both": made.n_both,
                "reference_n_without_value": made.n_without_value,
            }
            for made in cut.reference
        ],
    }


def _lines(cut: Cut, piece: Piece) -> Booleans:
    """Which lines of the file are kept, counted from 1."""
    lines = cut.whole.lines
    if lines is None:
        raise UsageError(
            f"{cut.options.groups}: its groups are no lines, so they cannot be filtered"
        )
    kept = np.zeros(int(lines.max()) + 1, dtype=bool)
    kept[lines[piece.groups]] = True
    return kept


def _check_manifest(folder: Path, names: set[str]) -> None:
    """Refuse to replace the manifest of files that would stay without one."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    try:
        old = json.loads(path.read_bytes())
        listed = {row["file"] for row in old["files"]} - {None}
        ours = old["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError):
        ours, listed = False, set()
    left = sorted(name for name in listed - names if (folder / name).exists())
    if not ours or left:
        what = f"lists {left[0]}" if left else "is of something else"
        raise UsageError(
            f"{path}: {what}, which this cut does not write; choose another --out"
        )
