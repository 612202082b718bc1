"""What `rankbound certify` finds: one row for each check of the theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rankbound.results import Record, Result


class Checked(Record, frozen=True, kw_only=True):
    """One check.

    Attributes
    ----------
    key : str
        Of the statement, or "constant-..." or "refuted-...".
    verdict : str
        "holds", "enclosed" and "refuted" pass, "FAILS" does not.
    passed : bool
    how, over : str
        Method, and what was searched or sampled.
    looseness : float or None
        Right-hand side over the largest left-hand side that was reached; None for an
        equality, and where it is infinite.
    detail : str
        What went wrong; empty if nothing did.
    seconds : float
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
    deep : bool
    passed : bool
        Whether every check came out as it should.
    rows : tuple of Checked
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
