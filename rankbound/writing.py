"""Write files all or none: everything aside first, then renamed into place."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rankbound.errors import UsageError


def json_text(value: Any) -> str:
    """JSON with full precision; NaN and infinity are refused.

    Examples
    --------
    >>> print(json_text({"a": 0.1}), end="")
    {
      "a": 0.1
    }
    """
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def check_folder(folder: Path) -> None:
    """Raise when results cannot be written to a folder of this name."""
    for path in (folder, *folder.parents):
        if path.exists():
            if not path.is_dir():
                raise UsageError(f"{path}: is a file; --out needs a folder")
            if not os.access(path, os.W_OK):
                raise UsageError(f"{path}: no permission to write there")
            return


def write_all(folder: Path, texts: Mapping[str, str | None]) -> None:
    """Write named texts into a folder; a None removes a file of an earlier run.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    texts : mapping of file name to text or None

    Raises
    ------
    UsageError
        When the folder cannot be written to.
    """
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as aside:
            for name, text in texts.items():
                if text is not None:
                    Path(aside, name).write_text(text, encoding="utf-8", newline="")
            for name, text in texts.items():
                if text is None:
                    (folder / name).unlink(missing_ok=True)
                else:
                    Path(aside, name).replace(folder / name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None
