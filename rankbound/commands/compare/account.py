"""`comparison.json`: the account of a comparison, for programs and for the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from rankbound.commands.compare.controls import FALSE_ALARM, run_controls
from rankbound.commands.compare.coupling import coupling, target_form
from rankbound.commands.compare.decomposition import (
    decomposition,
    order_means,
    orders,
)
from rankbound.commands.compare.overlap import overlap
from rankbound.commands.compare.records import headline
from rankbound.commands.compare.run import Comparison
from rankbound.commands.compare.sentences import advice, cannot_say, sentences
from rankbound.commands.compare.spaces import STATEMENTS, shapes, spaces
from rankbound.commands.compare.sweep import ranks_only, sweep
from rankbound.commands.measure.given import Given, inputs_of
from rankbound.provenance import versions
from rankbound.reference.compare import reference_record

NO_VECTORS: Final = "no vectors were given (--embeddings)"
NOT_ASKED: Final = "not run; --controls runs them"


def comparison_json(
    comparison: Comparison, *, root: Path | None = None
) -> dict[str, Any]:
    """The comparison as plain data, ready for JSON.

    Parameters
    ----------
    comparison : Comparison
    root : Path, optional
        Folder that recorded paths are relative to; as given without it.
    """
    options, means = comparison.options, order_means(comparison)
    told = headline(comparison)
    foot = {key: told.pop(key) for key in ("warnings", "assumptions", "definitions")}
    account: dict[str, Any] = {
        **told,
        "target": target_form(comparison),
        "orders": orders(means),
        "order_means": means,
        "decomposition": decomposition(comparison),
        "coupling": coupling(comparison),
        "shift": overlap(comparison),
        "spaces": spaces(comparison),
        "shapes": shapes(comparison),
        "spaces_missing_because": None
        if comparison.loaded.embeddings is not None
        else NO_VECTORS,
        "spaces_statements": STATEMENTS,
        "sweep": sweep(comparison),
        "ranks_only": ranks_only(comparison),
        "controls": _controls(comparison),
    }
    if options.compat is not None:
        account["compat"] = reference_record(comparison)
    return {
        **account,
        "sentences": sentences(account),
        "advice": advice(account),
        "cannot_say": cannot_say(account),
        "repairs": comparison.loaded.teacher.files.repairs_by_name(root),
        **foot,
        "inputs": [
            one.to_dict() for one in inputs_of(comparison_paths(comparison), root)
        ],
        "command": options.command,
        "seed": options.seed,
        "versions": versions(),
    }


def comparison_paths(comparison: Comparison) -> list[Given]:
    """Every input file, once."""
    students = [path for s in comparison.students for path in s.file.paths]
    return list(dict.fromkeys([*comparison.loaded.paths, *students]))


def _controls(comparison: Comparison) -> dict[str, Any]:
    if not comparison.options.controls:
        return {"rows": [], "passed": None, "missing_because": NOT_ASKED}
    rows = [control.record() for control in run_controls(comparison)]
    return {
        "rows": rows,
        "passed": all(r["passed"] is not False for r in rows),
        "false_alarm": FALSE_ALARM,
        "missing_because": None,
    }
