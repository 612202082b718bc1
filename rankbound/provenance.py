"""Where numbers come from: input files with their hashes, and versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from rankbound.results import Record

PACKAGES: Final = (
    "rankbound",
    "numpy",
    "scipy",
    "sympy",
    "pyarrow",
    "array-api-compat",
)


class Input(Record, frozen=True, kw_only=True):
    """A file that was read, or an object, with the hash of what it holds.

    `path` is that of a file, `object` the name of an object; one of them is given. The
    hash is None if the input could not be read twice, such as a pipe.
    """

    path: str | None = None
    object: str | None = None
    sha256: str | None


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
