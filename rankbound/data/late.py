"""Ids that become Python strings when somebody asks for them.

A million strings take 60 MB and a tenth of a second; as numbers or machine words, as a
file's reader holds them, they take a tenth of that, and much work needs no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rankbound.data.scores import Scores


class LateStrings:
    """Distinct ids, to be made at the first use.

    Parameters
    ----------
    size : int
        How many there are.
    make : callable
        Gives them, as an object array of str, shape (size,).

    Examples
    --------
    >>> ids = LateStrings(1, lambda: np.array(["d1"], dtype=object))
    >>> len(ids), ids.strings.tolist()
    (1, ['d1'])
    """

    def __init__(self, size: int, make: Callable[[], NDArray[np.object_]]) -> None:
        self._size = size
        self._make: Callable[[], NDArray[np.object_]] | None = make
        self._strings: NDArray[np.object_]  # not set before they are made

    def __len__(self) -> int:
        return self._size

    @property
    def strings(self) -> NDArray[np.object_]:
        """The ids, made once; what they were made from is then let go."""
        make = self._make
        if make is not None:
            made = make()
            made.flags.writeable = False
            # Two threads may make them at once; both then get those of the first
            vars(self).setdefault("_strings", made)
            self._make = None
        return self._strings


class DocnosField:
    """Distinct document ids, sorted; made into strings when they are first read."""

    @overload
    def __get__(self, scores: None, owner: type[Any]) -> DocnosField: ...

    @overload
    def __get__(self, scores: Scores, owner: type[Any]) -> NDArray[np.object_]: ...

    def __get__(
        self, scores: Scores | None, owner: type[Any]
    ) -> DocnosField | NDArray[np.object_]:
        if scores is None:  # asked of the class, as `help` does
            return self
        found = as_held(scores)
        return found.strings if isinstance(found, LateStrings) else found

    def __set__(self, scores: Scores, value: NDArray[np.object_] | LateStrings) -> None:
        vars(scores)["docnos"] = value


def as_held(scores: Scores) -> NDArray[np.object_] | LateStrings:
    """The ids of documents as they are held, whether strings were made or not."""
    held: NDArray[np.object_] | LateStrings | None = vars(scores).get("docnos")
    if held is None:  # they are being copied or unpickled
        raise AttributeError("these scores have no docnos yet")
    return held
