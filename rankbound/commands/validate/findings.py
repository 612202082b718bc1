"""What a validation comes to, in sentences: per query and over configurations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rankbound.bounds.wording import counted
from rankbound.validation.configurations import NEEDED
from rankbound.validation.judging import ASSOCIATED, INCONCLUSIVE

Account = dict[str, Any]


def corrected(account: Account) -> tuple[str, str]:
    """The key of the corrected p-values, and their name."""
    if account["family"]["correction"] == "holm":
        return "p_holm", "p (Holm)"
    return "p_bh", "p (BH)"


def findings(account: Account) -> Iterator[str]:
    """What the per-query associations come to, in sentences."""
    family, rows = account["family"], account["per_query"]
    own = [row for row in rows if row["same_as"] is None]
    counts = Counter(row["verdict"] for row in own if row["p"] is not None)
    given = [row for row in own if row["partial_verdict"] == ASSOCIATED]
    untested = sum(row["p"] is None for row in own)
    n_tests, name = family["n_tests"], corrected(account)[1]
    if not counts[ASSOCIATED]:
        yield (
            f"per query: no evidence that any term goes with effectiveness: none of "
            f"{counted(n_tests, 'test')} at {name[3:-1]}-corrected level "
            f"{family['delta']:g}"
        )
    else:
        yield (
            f"per query: {counts[ASSOCIATED]:,} of {counted(n_tests, 'test')} "
            "associated at "
            f"{name[3:-1]}-corrected level {family['delta']:g}"
        )
    for verdict, number in sorted(counts.items()):
        if verdict not in (ASSOCIATED, INCONCLUSIVE):
            yield f"  {counted(number, 'row')}: {verdict}"
    yield f"  {counted(counts[INCONCLUSIVE], 'row')}: {INCONCLUSIVE}"
    if untested:
        yield f"  {counted(untested, 'row')} without a test: {_why(own)}"
    difficulty = "teacher's effectiveness, number of relevant documents, group size"
    tests = f"{len(given):,} of {counted(family['partial']['n_tests'], 'test')}"
    if given:
        yield f"beyond how hard a query is ({difficulty}): {tests} associated"
    else:
        yield (
            f"beyond how hard a query is ({difficulty}): no evidence that any term "
            f"goes with effectiveness, {tests}"
        )
    yield from _power(account)


def _why(rows: list[Account]) -> str:
    reasons = (row["missing_because"] for row in rows if row["p"] is None)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _power(account: Account) -> Iterator[str]:
    family = account["family"]
    rows = [row for row in account["per_query"] if row["detectable"] is not None]
    for n in sorted({extreme(row["n"] for row in rows) for extreme in (min, max)}):
        detectable = next(row["detectable"] for row in rows if row["n"] == n)
        yield (
            f"power: with {counted(n, 'query')} and "
            f"{counted(family['n_tests'], 'test')} |rho| >= "
            f"{detectable:.2f} is found with {family['power']:.0%} power"
        )


def orders(account: Account) -> Iterator[str]:
    """Whether the predictors sort the configurations, in sentences."""
    rows = account["configurations"]
    n = len(account["configuration_values"])
    if n < NEEDED:
        yield (
            f"across configurations: too few configurations ({n}; {NEEDED} are needed "
            "for intervals and for leaving one out)"
        )
    found = [row for row in rows if row["verdict"] == ASSOCIATED]
    if n >= NEEDED and not found:
        yield (
            f"across {counted(n, 'configuration')}: no evidence that anything orders "
            "them "
            f"({counted(account['family']['configurations']['n_tests'], 'test')})"
        )
    for row in found:
        yield (
            f"across {counted(n, 'configuration')}: {row['predictor']} "
            f"({row['kind']}) orders "
            f"{row['target']}, tau {row['tau']:.2f} "
            f"{interval(row['lower'], row['upper'])}, expected: {row['expected']}"
        )
    for row in rows:
        if row["predictor"] in ("bound", "divergence") and row["tau"] is not None:
            yield (
                f"  {row['predictor']} ({row['kind']}) and {row['target']}: tau "
                f"{row['tau']:.2f}, {row['accuracy']:.0%} of "
                f"{counted(row['n_pairs'], 'pair')} as "
                f"expected"
            )
    yield from _predictions(account)


def _predictions(account: Account) -> Iterator[str]:
    for row in account["predictions"]:
        if row["r2"] is not None and row["features"][0] in ("bound", "divergence"):
            yield (
                f"  ridge on {', '.join(row['features'])}, leaving one out: R2 "
                f"{row['r2']:.2f} of {row['target']} (0: no better than the data set's "
                "mean)"
            )


def interval(lower: float | None, upper: float | None) -> str:
    """Both ends with two digits; a hyphen where there is no interval."""
    if lower is None or upper is None:
        return "-"
    return f"{lower:.2f} to {upper:.2f}"
