"""`Finding`: one thing about a file, or several, that a user should know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

SEVERITIES: Final = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes
    ----------
    code : str
        A stable name such as "ties".
    severity : {"error", "warning", "note"}
        error: a command refuses the file, or would compute nonsense. warning: numbers
        may mislead. note: good to know.
    count : int
        How often; what is counted stands in the message.
    message : str
        What was found, with the numbers.
    remedy : str
        One line: what to do about it.
    example : str or None
        Where it can be seen.

    Examples
    --------
    >>> Finding("ties", "note", 3, "3 of 9 neighbours are equal", "write more digits")
    Finding(code='ties', severity='note', count=3, message='3 of 9 ...
    """

    code: str
    severity: str
    count: int
    message: str
    remedy: str
    example: str | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is none of {SEVERITIES}")

    def as_dict(self) -> dict[str, Any]:
        """The finding for JSON."""
        return asdict(self)


def by_severity(findings: Iterable[Finding | None]) -> tuple[Finding, ...]:
    """Findings, the gravest first and otherwise as they came; None is left out.

    Examples
    --------
    >>> some = [None, Finding("b", "note", 1, "", ""), Finding("a", "error", 1, "", "")]
    >>> [finding.code for finding in by_severity(some)]
    ['a', 'b']
    """
    there = [finding for finding in findings if finding is not None]
    return tuple(sorted(there, key=lambda finding: SEVERITIES.index(finding.severity)))


def share(part: int, whole: int) -> str:
    """Counts and their share, for messages.

    Examples
    --------
    >>> share(40001, 42957)
    '40,001 of 42,957 (93.1%)'
    """
    return f"{part:,} of {whole:,} ({part / max(1, whole):.1%})"
