"""A comparison of samplings by `rankbound compare` as verdicts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import VERDICTS
from rankbound.page.accounts import Account, Content, Verdict, notes_of
from rankbound.page.table import Table, interval, number, words

BANNER: Final = ("different", "inconclusive", "negligible", "equivalent")
ROWS: Final = (
    "sampling",
    "quantity",
    "pairs",
    "verdict",
    "n",
    "mean",
    "reference",
    "difference",
    "interval",
    "p (Holm)",
    "effect size",
    "margin",
    "smallest margin",
)
SAMPLINGS: Final = ("sampling", "pairs", "entropy, nats", "mean margin", "ties")
SWEEP: Final = ("sampling", "pairs", "verdict", "factor", "difference", "interval")


def comparison_account(content: Content, *, name: str = "") -> Account:
    """Verdicts by kind, the sentences to quote, differences, means, and the sweep."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="comparison",
        title=f"Comparison with {content['reference']}{suffix}",
        verdicts=tuple(_verdicts(content, name)),
        sentences=tuple(content.get("sentences") or ()),
        tables=tuple(_tables(content, name)),
        notes=notes_of(
            content, "warnings", "advice", "cannot_say", "assumptions", "definitions"
        ),
    )


def _verdicts(content: Content, name: str) -> Iterator[Verdict]:
    counts = Counter(row["verdict"] for row in content["rows"])
    where = f"{name}: " if name else ""
    family = content["family"]
    for verdict in BANNER:
        level = VERDICTS[verdict].level
        if counts[verdict]:
            rows = [row for row in content["rows"] if row["verdict"] == verdict]
            which = "; ".join(dict.fromkeys(map(_label, rows)))
            yield Verdict(
                level,
                verdict,
                f"{where}{counts[verdict]} of "
                f"{counted(family['size'], 'comparison')} with "
                f"{content['reference']}: {which}",
            )
    if (content.get("controls") or {}).get("passed") is False:
        yield Verdict("bad", "control failed", f"{where}a control did not pass")
    for warning in content.get("warnings") or ():
        yield Verdict("caution", "warning", warning)


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['sampling']} ({row['quantity']}, {row['pairs']})"


def _tables(content: Content, name: str) -> Iterator[Table]:
    family, tag = content["family"], f"-{name}" if name else ""
    caption = (
        f"{family['name']}: paired differences, sampling minus "
        f"{content['reference']}; intervals {family['intervals']}, "
        f"p-values {family['p_values']}, delta = {content['delta']:g}"
    )
    rows = tuple(_row(row) for row in content["rows"])
    yield Table(f"comparison{tag}", caption, ROWS, rows, left=4)
    means = tuple(
        (
            sampling["sampling"],
            entry["pairs"],
            *(number(entry.get(key)) for key in ("mean", "mean_margin", "ties")),
        )
        for sampling in content.get("samplings") or ()
        for entry in sampling.get("entropy") or ()
    )
    if means:
        yield Table(
            f"samplings{tag}", "The teacher on each sampling", SAMPLINGS, means, left=2
        )
    sweep = content.get("sweep")
    if sweep:
        yield Table(
            f"sweep{tag}",
            "The same entropies with the temperature multiplied by a factor",
            SWEEP,
            tuple(_swept(sweep["tables"])),
            left=3,
        )


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    unit = row.get("unit") or "1"
    return (
        row["sampling"],
        words(row["quantity"]) + ("" if unit == "1" else f" ({unit})"),
        row["pairs"],
        row["verdict"],
        number(row["n"]),
        *(number(row.get(key)) for key in ("mean", "reference_mean", "difference")),
        interval((row.get("lower"), row.get("upper"))),
        *(
            number(row.get(key))
            for key in ("p_holm", "effect_size", "margin", "smallest_margin")
        ),
    )


def _swept(tables: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for table in tables:
        for row in table["rows"]:
            yield (
                row["sampling"],
                row["pairs"],
                row["verdict"],
                number(table["factor"]),
                number(row["difference"]),
                interval((row["lower"], row["upper"])),
            )
