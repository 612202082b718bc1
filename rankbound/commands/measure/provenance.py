"""Where numbers come from: input files with hashes, repairs, versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rankbound.commands.measure.files import Files
from rankbound.commands.measure.given import Given, inputs_of, relative
from rankbound.provenance import versions

__all__ = ["input_records", "repairs_record", "versions"]


def repairs_record(files: Files, root: Path | None) -> dict[str, dict[str, int]]:
    """What readers passed over or mended, by file."""
    return {relative(path, root): counts for path, counts in files.repairs.items()}


def input_records(
    inputs: Sequence[Given], root: Path | None, *, hashed: bool = True
) -> list[dict[str, Any]]:
    """The inputs as plain data, where no typed result holds them yet."""
    return [one.to_dict() for one in inputs_of(inputs, root, hashed=hashed)]
