"""What a computation of power answers, in the catalogue's sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rankbound.bounds.wording import counted, listed, percent_at_most, plural
from rankbound.commands.power.result import Detectable, Needed, Power
from rankbound.results import Answer

MOST: Final = 4  # spreads or numbers of queries in a sentence


def answers_of(found: Power) -> tuple[Answer, ...]:
    """What the queries show, and how many a margin needs."""
    return (*_shown(found), *_needed(found))


def _noun(found: Power) -> str:
    return "query" if found.clusters is None else "cluster"


def _rests_on(found: Power) -> str:
    family = found.comparisons
    each = f" each over {counted(family, 'comparison')}" if family > 1 else ""
    rule = "the rule that decides in compare"
    if found.missing_because is not None:
        rule = "two-sided tests of Student's t and of a correlation, normal values"
    return (
        f"a chance of {found.power:g} to find what is there, an error rate of "
        f"{found.delta_each:.6g}{each}, {rule}"
    )


def _named(row: Detectable | Needed) -> str:
    """The source and its unit, of which a spread that was typed has none."""
    return f"{row.source} ({row.unit})" if row.unit else row.source


def _shown(found: Power) -> Iterator[Answer]:
    """The smallest differences, margins and correlations that queries show."""
    if not found.rows:
        return
    sizes = {row.n for row in found.rows}
    spread = found.missing_because is None
    many = counted(next(iter(sizes)), _noun(found)) if len(sizes) == 1 else "they"
    yield Answer.to(
        "queries",
        "shown" if spread else "in deviations",
        rests_on=_rests_on(found),
        listed=f"{many} show "
        + listed([_sizes(row, alone=len(sizes) == 1) for row in found.rows], MOST),
    )


def _sizes(row: Detectable, *, alone: bool) -> str:
    parts = []
    if row.rule_difference is not None:
        parts.append(f"a difference of {row.rule_difference:.3g}")
    if row.rule_margin is not None:
        parts.append(f"a margin of {row.rule_margin:.3g}")
    if row.rule_share is not None:
        parts.append(f"a direction that {percent_at_most(row.rule_share)} take")
    at = "" if alone else f" at n = {row.n:,}"
    if not parts:
        rho = row.detectable_correlation
        said = "no |rho|" if rho is None else f"|rho| of {rho:.2f}"
        if row.sd is None and row.effect_size is not None:
            said += f" or a mean difference of {row.effect_size:.2g} "
            said += "standard deviations"
        return f"{said}{at}"
    return f"{' or '.join(parts)} in {_named(row)}{at}"


def _needed(found: Power) -> Iterator[Answer]:
    """The queries that a margin needs."""
    if not found.needed:
        return
    known = [row for row in found.needed if row.n_rule is not None]
    many = plural(_noun(found))
    parts = [f"{row.n_rule:,}{_ends(row)} for {_named(row)}" for row in known]
    because = next(
        (row.n_rule_missing_because for row in found.needed if row.n_rule is None), None
    )
    margin = f"a margin of {found.needed[0].margin:g}"
    if not known:
        said = f"{margin} is not computed: {because or 'no rule decides'}"
    else:
        said = f"{margin} needs so many {many}: {listed(parts, MOST)}"
    yield Answer.to(
        "queries",
        "needed" if known else "never",
        rests_on=_rests_on(found),
        listed=said,
        margin=f"{found.needed[0].margin:g}",
    )


def _ends(row: Needed) -> str:
    """What as many other queries would say."""
    if row.n_rule_interval is None:
        return ""
    low, high = ("-" if n is None else f"{n:,}" for n in row.n_rule_interval)
    return f" [{low}, {high}]"
