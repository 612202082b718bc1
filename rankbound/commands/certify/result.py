"""The result of `rankbound certify`: one row for each check of the theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rankbound.results import Record, Result


class Checked(Record, frozen=True, kw_only=True):
    """One check.

    Attributes
    ----------
    key : str
        The key of the statement, or "constant-..." or "refuted-...".
    verdict : str
        "holds", "enclosed" and "refuted" pass; "FAILS" does not.
    passed : bool
    how, over : str
        The method, and what was searched or sampled.
    looseness : float or None
        Ratio of the right-hand side to the largest left-hand side that was reached;
        None for an equality, and if the ratio is infinite.
    detail : str
        What failed; empty if nothing did.
    seconds : float
        How long the check took.
    """

    key: str
    verdict: str
    passed: bool
    how: str
    over: str
    looseness: float | None
    detail: str
    seconds: float


class Certification(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.certify/1"
):
    """Machine checks of the theory.

    Attributes
    ----------
    version, command : str
        The version of this package, and the command that was run.
    deep : bool
        Whether the search took ten times as long.
    passed : bool
        Whether all checks passed.
    rows : tuple of Checked

    Examples
    --------
    >>> import rankbound as rb
    >>> found = rb.certify("lemma-1")
    >>> found.passed, found.rows[0].key
    (True, 'lemma-1')
    """

    KIND: ClassVar[str] = "certify"
    FILE: ClassVar[str] = "certify.json"

    version: str
    command: str
    deep: bool
    passed: bool
    rows: tuple[Checked, ...]

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """`rows`."""
        return {"rows": self.rows}
