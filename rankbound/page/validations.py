"""A validation by `rankbound validate` as verdicts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.page.accounts import Account, Content, Level, Verdict, notes_of
from rankbound.page.table import Table, interval, number, words

Row = Mapping[str, Any]
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
ORDER: Final = ("associated", "no association", "inconclusive")


def validation_account(content: Content, *, name: str = "") -> Account:
    """What goes with effectiveness, how configurations are ordered, what held."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="validation",
        title=f"Validation{suffix}",
        verdicts=tuple(_verdicts(content, name)),
        sentences=(),
        tables=tuple(_tables(content, name)),
        notes=notes_of(content, "warnings", "dropped", "absent_terms", "definitions"),
    )


def _verdicts(content: Content, name: str) -> Iterator[Verdict]:
    where = f"{name}: " if name else ""
    # A term that goes with another one to one repeats its test, and is none of its own
    rows = [row for row in content["per_query"] if row.get("same_as") is None]
    counts = Counter(row["verdict"] for row in rows)
    for verdict in sorted(filter(None, counts), key=_place):
        level: Level = "caution" if verdict == "inconclusive" else "told"
        sentence = (
            f"{where}{counts[verdict]} of {counted(len(rows), 'association')} of a "
            "term of the bound with an effectiveness, query by query"
        )
        yield Verdict(level, str(verdict), sentence)
    certificates = content.get("certificates") or ()
    vacuous = sum(bool(row.get("vacuous")) for row in certificates)
    if certificates:
        word = "vacuous" if vacuous else "not vacuous"
        told = counted(len(certificates), "certificate")
        if vacuous:
            told = f"{vacuous:,} of {told}"
        yield Verdict("bad" if vacuous else "good", word, where + told)
    for control in content.get("controls") or ():
        if control.get("passed") is False:
            told = f"{where}{control['name']}: rate {number(control.get('rate'))}"
            yield Verdict("bad", "control failed", told)
    for warning in content.get("warnings") or ():
        yield Verdict("caution", "warning", warning)


def _place(verdict: str) -> tuple[int, str]:
    known = [i for i, start in enumerate(ORDER) if verdict.startswith(start)]
    return (known[0] if known else len(ORDER), verdict)


def _tables(content: Content, name: str) -> Iterator[Table]:
    tag, family = f"-{name}" if name else "", _family(content)
    for key, caption, headings, left, row_of in (
        ("per_query", f"Terms and effectiveness per query{family}", PER_QUERY, 6, _one),
        (
            "configurations",
            "Order of configurations: does the predictor sort them as the target does?",
            CONFIGURATIONS,
            3,
            _ordered,
        ),
        (
            "certificates",
            "Is the bound true, and how tight: held-out risks and certificates",
            CERTIFICATES,
            3,
            _held,
        ),
        ("equivalence", "Systems two by two, paired by query", PAIRS, 5, _paired),
        ("controls", "Controls: what must not be found", CONTROLS, 2, _controlled),
    ):
        rows = tuple(row_of(row) for row in content.get(key) or ())
        if rows:
            file = f"{key.replace('_', '-')}{tag}"
            yield Table(file, caption, headings, rows, left=left, title=words(key))


def _family(content: Content) -> str:
    family = content.get("family")
    if not isinstance(family, Mapping):
        return ""
    known = [
        f"{family[key]} {word}".strip()
        for key, word in (
            ("n_tests", "tests"),
            ("test", ""),
            ("correction", "correction"),
        )
        if family.get(key) is not None
    ]
    return f" ({', '.join(known)})" if known else ""


def _one(row: Row) -> tuple[str, ...]:
    verdict = row["verdict"] or row.get("missing_because") or "not computed"
    return (
        *(str(row[key]) for key in ("dataset", "sampling", "student")),
        str(row["term"]),
        str(row["measure"]),
        str(verdict),
        number(row["n"]),
        number(row["spearman"]),
        interval((row["lower"], row["upper"])),
        *(
            number(row[key])
            for key in ("p", "p_holm", "pearson", "kendall", "partial", "detectable")
        ),
    )


def _ordered(row: Row) -> tuple[str, ...]:
    return (
        str(row.get("predictor", "")),
        str(row.get("target", "")),
        str(row.get("verdict") or row.get("missing_because") or "–"),
        number(row.get("n")),
        number(row.get("tau")),
        interval((row.get("lower"), row.get("upper"))),
        number(row.get("p")),
        number(row.get("accuracy")),
    )


def _held(row: Row) -> tuple[str, ...]:
    held = "–"
    if row.get("splits"):
        held = f"{row.get('held')} of {row['splits']}"
    return (
        *(str(row.get(key, "")) for key in ("dataset", "sampling", "student")),
        number(row.get("n")),
        number(row.get("risk")),
        number(row.get("upper")),
        "yes" if row.get("vacuous") else "no",
        number(row.get("held_out")),
        held,
    )


def _paired(row: Row) -> tuple[str, ...]:
    return (
        *(str(row.get(key, "")) for key in ("dataset", "measure", "first", "second")),
        str(row.get("verdict") or "–"),
        number(row.get("difference")),
        interval((row.get("lower"), row.get("upper"))),
        number(row.get("p_holm")),
        number(row.get("smallest_margin")),
    )


def _controlled(row: Row) -> tuple[str, ...]:
    return (
        str(row.get("name", "")),
        "yes" if row.get("passed") else "no",
        number(row.get("rate")),
        number(row.get("nominal")),
        number(row.get("n_tests")),
    )
