"""A validation by `rankbound validate` as verdicts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import ASSOCIATIONS
from rankbound.commands.validate.records import (
    Association,
    Control,
    HeldOutCertificate,
    JudgedTogether,
    Order,
    SystemPair,
)
from rankbound.commands.validate.result import Validation
from rankbound.page.accounts import Account, Verdict, notes_of, told
from rankbound.page.table import Table, interval, number, words

Cells = tuple[str, ...]
PER_QUERY: Final = (
    "data set",
    "sampling",
    "student",
    "term",
    "measure",
    "verdict",
    "n",
    "Spearman",
    "interval",
    "p",
    "p (Holm)",
    "Pearson",
    "Kendall",
    "partial",
    "detectable",
)
CONFIGURATIONS: Final = (
    "predictor",
    "target",
    "verdict",
    "n",
    "tau",
    "interval",
    "p",
    "order right",
)
CERTIFICATES: Final = (
    "data set",
    "sampling",
    "student",
    "n",
    "risk",
    "upper limit",
    "vacuous",
    "held-out risk",
    "splits held",
)
PAIRS: Final = (
    "data set",
    "measure",
    "first",
    "second",
    "verdict",
    "difference",
    "interval",
    "p (Holm)",
    "smallest margin",
)
CONTROLS: Final = ("control", "passed", "rate", "nominal", "tests")


def validation_account(validation: Validation, *, name: str = "") -> Account:
    """What goes with effectiveness, how configurations are ordered, what held."""
    suffix = f", {name}" if name else ""
    keys = ("warnings", "dropped", "absent_terms", "definitions")
    return Account(
        kind="validation",
        title=f"Validation{suffix}",
        verdicts=tuple(_verdicts(validation, f"{name}: " if name else "")),
        sentences=(),
        tables=tuple(_tables(validation, f"-{name}" if name else "")),
        notes=notes_of(validation, *keys),
    )


def _verdicts(validation: Validation, where: str) -> Iterator[Verdict]:
    # A term that goes with another one to one repeats its test, and is none of its own
    rows = [row for row in validation.per_query if row.same_as is None]
    counts = Counter(row.verdict for row in rows)
    for said in sorted(filter(None, counts), key=_place):
        sentence = (
            f"{where}{counts[said]} of {counted(len(rows), 'association')} of a "
            "term of the bound with an effectiveness, query by query"
        )
        yield told(said, sentence)
    certificates = validation.certificates
    many = sum(row.vacuous for row in certificates)
    if certificates:
        which = counted(len(certificates), "certificate")
        if many:
            yield told("vacuous", f"{where}{many:,} of {which}")
        else:
            yield told("not vacuous", where + which)
    for control in validation.controls:
        if not control.passed:
            which = f"{where}{control.name}: rate {number(control.rate)}"
            yield told("control failed", which)
    for warning in validation.warnings:
        yield told("warning", warning)


def _place(verdict: str) -> tuple[int, str]:
    known = [i for i, start in enumerate(ASSOCIATIONS) if verdict.startswith(start)]
    return (known[0] if known else len(ASSOCIATIONS), verdict)


def _tables(validation: Validation, tag: str) -> Iterator[Table]:
    found: tuple[tuple[str, str, tuple[str, ...], int, Sequence[Cells]], ...] = (
        (
            "per_query",
            f"Terms and effectiveness per query{_family(validation.family)}",
            PER_QUERY,
            6,
            [_one(row) for row in validation.per_query],
        ),
        (
            "configurations",
            "Order of configurations: does the predictor sort them as the target does?",
            CONFIGURATIONS,
            3,
            [_ordered(row) for row in validation.configurations],
        ),
        (
            "certificates",
            "Is the bound true, and how tight: held-out risks and certificates",
            CERTIFICATES,
            3,
            [_held(row) for row in validation.certificates],
        ),
        (
            "equivalence",
            "Systems two by two, paired by query",
            PAIRS,
            5,
            [_paired(row) for row in validation.equivalence],
        ),
        (
            "controls",
            "Controls: what must not be found",
            CONTROLS,
            2,
            [_controlled(row) for row in validation.controls],
        ),
    )
    for key, caption, headings, left, rows in found:
        if rows:
            file = f"{key.replace('_', '-')}{tag}"
            title = words(key)
            yield Table(file, caption, headings, tuple(rows), left=left, title=title)


def _family(family: JudgedTogether) -> str:
    return f" ({family.n_tests} tests, {family.test}, {family.correction} correction)"


def _one(row: Association) -> Cells:
    return (
        row.dataset,
        row.sampling,
        row.student,
        row.term,
        row.measure,
        row.verdict or row.missing_because or "not computed",
        number(row.n),
        number(row.spearman),
        interval((row.lower, row.upper)),
        *map(number, (row.p, row.p_holm, row.pearson, row.kendall, row.partial)),
        number(row.detectable),
    )


def _ordered(row: Order) -> Cells:
    return (
        row.predictor,
        row.target,
        row.verdict or row.missing_because or "–",
        number(row.n),
        number(row.tau),
        interval((row.lower, row.upper)),
        number(row.p),
        number(row.accuracy),
    )


def _held(row: HeldOutCertificate) -> Cells:
    return (
        row.dataset,
        row.sampling,
        row.student,
        number(row.n),
        number(row.risk),
        number(row.upper),
        "yes" if row.vacuous else "no",
        number(row.held_out),
        f"{row.held} of {row.splits}",
    )


def _paired(row: SystemPair) -> Cells:
    return (
        row.dataset,
        row.measure,
        row.first,
        row.second,
        row.verdict,
        number(row.difference),
        interval((row.lower, row.upper)),
        number(row.p_holm),
        number(row.smallest_margin),
    )


def _controlled(row: Control) -> Cells:
    return (
        row.name,
        "yes" if row.passed else "no",
        number(row.rate),
        number(row.nominal),
        number(row.n_tests),
    )
