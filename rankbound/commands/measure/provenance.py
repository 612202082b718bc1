"""Where numbers come from: input files with hashes, repairs, versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rankbound.commands.measure.files import Files
from rankbound.commands.measure.given import Given, ledger_entry, relative

PACKAGES = ("rankbound", "numpy", "scipy", "sympy", "pyarrow", "array-api-compat")


def repairs_record(files: Files, root: Path | None) -> dict[str, dict[str, int]]:
    """What readers passed over or mended, by file."""
    return {relative(path, root): counts for path, counts in files.repairs.items()}


def input_records(
    inputs: Sequence[Given], root: Path | None, *, hashed: bool = True
) -> list[dict[str, str | None]]:
    """Every input with the hash of what it holds, paths relative to `root` if given."""
    entries = [ledger_entry(given, root, hashed=hashed) for given in inputs]
    return entries


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
