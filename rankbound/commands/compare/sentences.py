"""Sentences that a paper could quote, advice that follows from the theory, and limits.

All of it is made from the result alone, so it can be made again from
`comparison.json`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from rankbound.bounds.shares import Direction
from rankbound.bounds.wording import counted, plural
from rankbound.catalogue import COMPARED, VERDICTS, base, in_order
from rankbound.commands.cards import card_advice
from rankbound.commands.compare.result import (
    Comparison,
    Directions,
    OrderMeans,
    Row,
    Target,
)

METHODS: Final = {
    "betting": "betting interval of the paired differences",
    "direction": "decided by the direction, by the sign test, as the range of the "
    "quantity is not known",
    "paired_t": "approximate paired t interval, as the range of the quantity is not "
    "known",
}
UP, DOWN = "raises", "lowers"
INCONCLUSIVE: Final = "inconclusive"
# Means that differ by less are equal up to rounding
SAME: Final = 1e-12


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """Write one sentence per comparison, then the claim, target form and orders."""
    found = [_row_sentence(row, comparison) for row in comparison.rows]
    found.append(claim(comparison.rows, comparison.reference))
    found.append(_target_sentence(comparison.target))
    order = order_sentence(
        comparison.order_means,
        comparison.orders,
        {
            s.sampling: e.share
            for s in comparison.samplings
            for e in s.entropy
            if e.pairs == "neg-neg"
        },
    )
    return (*found, order) if order else tuple(found)


def _row_sentence(row: Row, comparison: Comparison) -> str:
    family = comparison.family
    student = row.quantity.partition(":")[2]
    words = COMPARED[base(row.quantity)].words
    words = words.replace("the student's", f"{student}'s") if student else words
    pairs = f"over {row.pairs} pairs" if row.pairs != "all" else "over all pairs"
    more = "" if row.note is None else ", which alone finds a difference"
    return (
        f"{row.sampling} against {comparison.reference}, {words} {pairs}: "
        f"{row.mean:.4f} against {row.reference_mean:.4f} {row.unit}, "
        f"difference {row.difference:+.4f}, {_kind(row)} {row.lower:+.4f} to "
        f"{row.upper:+.4f} (n = {_size(row)}, paired; "
        f"{METHODS[row.decides]}{_staked(row)}, joint level "
        f"{1 - comparison.delta:.10g} over the family of {family.size}; "
        f"Holm p {_equals(row.p_holm)}{more}{_strength(row)}; "
        f"{_margin(row)}){_direction(row)}: {row.verdict}."
    )


def _kind(row: Row) -> str:
    """Which interval of the mean it is; one that decides needs no words."""
    return "approximate t interval" if row.decides == "direction" else "interval"


def _staked(row: Row) -> str:
    if row.stakes is None:
        return ""
    many = counted(row.stakes.n_pilot, row.unit_of_n)
    return f" with stakes chosen on {many} set aside"


def _size(row: Row) -> str:
    """The number of queries, or of clusters and their queries."""
    if row.n_queries is None:
        return counted(row.n, "query")
    return f"{counted(row.n, 'cluster')} of {counted(row.n_queries, 'query')}"


def _strength(row: Row) -> str:
    """d_z and t, which are approximate; nothing where the differences do not vary."""
    if row.effect_size is None:
        return ""
    t = row.paired_t.statistic
    found = f", d_z = {row.effect_size:.2f}" + ("" if t is None else f", t = {t:.2f}")
    return f"{found} (approximate)"


def _direction(row: Row) -> str:
    """In how many queries the quantity goes which way; older files do not say it."""
    found = row.direction
    if found is None:
        return ""
    said = f"; {direction_of(found).sentence(row.unit_of_n)}"
    if row.decides == "direction":
        return f"{said}; {direction_of(found).mostly_sentence(row.unit_of_n)}"
    if row.verdict != INCONCLUSIVE or found.certain is None:
        return said
    return (
        f"{said}: the direction is certain and the mean is open, since a share of "
        f"{plural(row.unit_of_n)} is not a mean"
    )


def direction_of(found: Directions) -> Direction:
    """The statement of theorem-8c that a row keeps."""
    return Direction(
        rises=found.rises,
        falls=found.falls,
        of=found.of,
        share_rising=found.share_rising,
        share_falling=found.share_falling,
        tolerance=found.tolerance,
        n_comparisons=1,
        delta=found.delta,
    )


def _margin(row: Row) -> str:
    if row.decides == "direction":
        return "without a range nothing is called equivalent"
    smallest = f"smallest margin accepted {row.smallest_margin:.4f}"
    if row.margin is None:
        return f"no margin: give `margins`; {smallest}"
    none = row.n_for_margin is None
    count = f"no number of {plural(row.unit_of_n)}" if none else _needed(row)
    return (
        f"margin {row.margin:g}, which {count} would resolve if their mean were "
        f"exactly 0; {smallest}"
    )


def _target_sentence(target: Target) -> str:
    parts = [
        f"{row.entropy:.4f} nats ({row.lower:.4f} to {row.upper:.4f}) over "
        f"{row.pairs} pairs"
        for row in target.rows
    ]
    return (
        f"Over a fixed reference law of pairs ({target.law}) the teacher's entropy "
        f"is {', '.join(parts)}; no sampling changes it, since {target.because}."
    )


def advice(comparison: Comparison) -> tuple[str, ...]:
    """Advise on the choice of a sampling and a temperature."""
    found = [
        "In a bound under the fixed reference law the entropy is a constant of the "
        "teacher (theorem-4c), and it cancels from the excess risk (theorem-1h), so it "
        "is no reason to prefer one of these samplings. A sampling changes that bound "
        "through the student's divergence, the distances and the shift of the law."
    ]
    found += _altered(comparison)
    found += _temperature(comparison)
    found += _shift(comparison)
    found += _space(comparison)
    found += card_advice(comparison.cards)
    return tuple(found)


def _altered(comparison: Comparison) -> list[str]:
    rows = [r for r in comparison.rows if r.quantity == "entropy"]
    moved = [r for r in rows if VERDICTS[r.verdict].apart]
    rest = [r for r in rows if not VERDICTS[r.verdict].apart]
    same = [r for r in rest if VERDICTS[r.verdict].within]
    open_rows = [r for r in rest if not VERDICTS[r.verdict].within]
    found = []
    if moved:
        listed = "; ".join(
            f"{r.sampling} {UP if r.difference > 0 else DOWN} it over "
            f"{r.pairs} pairs by {abs(r.difference):.4f}"
            + (" (within the margin)" if VERDICTS[r.verdict].within else "")
            for r in moved
        )
        found.append(
            f"The entropy of the sampled pairs is altered ({listed}). It is the floor "
            "of the risk on those pairs (lemma-1), so the training losses of these "
            "samplings have different floors: compare divergences, or risks under one "
            "target law (theorem-5a), but not losses."
        )
    if same:
        listed = ", ".join(f"{r.sampling} ({r.pairs})" for r in same)
        found.append(f"Unaltered within the margin: {listed}.")
    if open_rows:
        many = plural(open_rows[0].unit_of_n)
        listed = ", ".join(f"{r.sampling} ({r.pairs}, {_needed(r)})" for r in open_rows)
        found.append(
            f"Undecided at the margin, with the {many} it would take if their mean "
            f"were exactly 0: {listed}. rankbound power says how many show "
            "equivalence with a probability of 80 %. Finding no difference does not "
            "show equivalence."
        )
    return found


def _needed(row: Row) -> str:
    needed = row.n_for_margin
    return "no number" if needed is None else counted(needed, row.unit_of_n)


def _temperature(comparison: Comparison) -> list[str]:
    flips, teacher = comparison.sweep.flips, comparison.teacher
    factors = comparison.sweep.factors
    source = (
        "was fitted on queries that are not compared"
        if teacher.fitted
        else "was given or taken from the kind of the scores, not calibrated"
    )
    said = f"The temperature ({teacher.temperature:.4g}) {source}."
    rule = (
        "At an unchanged ranking a higher temperature never lowers the entropy, in any "
        "sampling"
    )
    if flips:
        listed = ", ".join(f"{f.sampling} ({f.pairs})" for f in flips)
        advice = (
            "Quote such a verdict with the temperature."
            if teacher.fitted
            else "Fit it by likelihood on judged pairs (`temperature='fit'`) before "
            "quoting a verdict."
        )
        return [
            f"{said} {rule}, and verdicts change between {factors[0]:g} and "
            f"{factors[-1]:g} times it: {listed}. {advice}"
        ]
    return [
        f"{said} {rule}; no verdict changes between {factors[0]:g} and "
        f"{factors[-1]:g} times it."
    ]


def _shift(comparison: Comparison) -> list[str]:
    moved = [
        (r.sampling, r.total_variation)
        for r in comparison.shift
        if r.total_variation is not None and r.sampling != comparison.reference
    ]
    if not moved:
        return []
    listed = ", ".join(f"{name} {distance:.2f}" for name, distance in moved)
    return [
        f"Total variation from {comparison.reference}, of the documents drawn: "
        f"{listed}. The shift term of theorem-2 grows with it; to avoid the term, "
        "measure the risk on groups of the target law (measure --target-groups)."
    ]


def _space(comparison: Comparison) -> list[str]:
    if comparison.spaces is None:
        return []
    table = {(r.sampling, r.quantity, r.pairs): r for r in comparison.spaces}
    base_row = table.get((comparison.reference, "diameter", "all"))
    if base_row is None:
        return []
    listed = []
    for name in comparison.family.samplings:
        row = table.get((name, "diameter", "all"))
        if row is not None:
            supremum = row.supremum / base_row.supremum - 1
            mean = row.mean / base_row.mean - 1
            listed.append(f"{name} {supremum:+.1%} and {mean:+.1%}")
    return [
        f"Diameter against {comparison.reference}, supremum and mean over queries: "
        f"{', '.join(listed)}. The bound's diameter is the supremum, Lemma 4 uses the "
        "root mean square distance, and only the mean enters the floor of theorem-4a."
    ]


def cannot_say(comparison: Comparison) -> tuple[str, ...]:
    """List what these numbers cannot show."""
    found = [
        "whether a student trained on one of these samplings ranks better: nothing was "
        "trained, and a smaller upper bound is not a smaller risk",
        "whether the teacher is right: the entropy is the teacher's own uncertainty, "
        "which matches its errors only if it is calibrated",
        "anything about another teacher, temperature, group size or population of "
        "queries than that of this sample",
    ]
    if comparison.target.law.startswith("the union"):
        found.append(
            "the entropy over another reference law: the union pool is made of these "
            "samplings (`target` sets a law of your own)"
        )
    if comparison.spaces is not None:
        found.append(
            "the true diameter: the supremum over a sample is below the essential "
            "supremum, and intrinsic dimensions of so few documents only serve to "
            "compare samplings"
        )
    return tuple(found)


def _equals(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def p_text(p: float) -> str:
    """Format a p-value as papers print it.

    Examples
    --------
    >>> p_text(0.0321), p_text(1e-9), p_text(1.0)
    ('0.032', '< 0.0001', '1')
    """
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def claim(every: Sequence[Row], reference: str) -> str:
    """State where "negative mining does not alter the entropy term" holds.

    Parameters
    ----------
    every : sequence of Row
        All comparisons; those of the entropy count.
    reference : str
        The sampling that the others are compared with.
    """
    rows = [row for row in every if row.quantity == "entropy"]
    said = (
        "The claim that negative mining does not alter the entropy term holds by "
        "definition for the target form, whose pairs are fixed (theorem-4c), and for "
        "the excess risk, from which the entropy cancels (theorem-1h). For the "
        "entropy of the pairs used in training it must be measured"
    )
    if not rows:
        return f"{said}, which was not asked for here (`quantities='entropy'`)."
    parts = []
    for verdict in sorted({row.verdict for row in rows}, key=in_order):
        named: dict[str, list[str]] = {}
        for row in rows:
            if row.verdict == verdict:
                named.setdefault(row.sampling, []).append(row.pairs)
        if named:
            listed = ", ".join(f"{k} ({', '.join(v)})" for k, v in named.items())
            parts.append(f"{VERDICTS[verdict].claim} {listed}")
    return (
        f"{said}: against {reference}, at a margin of "
        f"{rows[0].margin:g} nats, {'; '.join(parts)}."
    )


def order_sentence(
    means: Mapping[str, OrderMeans],
    orders: Mapping[str, Sequence[str]],
    shares: Mapping[str, float],
) -> str | None:
    """State whether the pair sets order the samplings alike, and if not, why.

    Parameters
    ----------
    means, orders : mapping
        By pair set, on the queries that every sampling has.
    shares : mapping
        Shares of pairs of two negatives, by sampling.

    Returns
    -------
    str or None
        None if a pair set is missing.
    """
    if not {"all", "pos-neg", "neg-neg"} <= means.keys():
        return None
    every, star = means["all"].entropy, means["pos-neg"].entropy
    shown = "; ".join(
        f"{pairs} pairs {_chain(orders[pairs], means[pairs].entropy)}"
        for pairs in ("all", "pos-neg")
    )
    signs = [
        (_sign(every[a] - every[b]), _sign(star[a] - star[b]))
        for a, b in itertools.combinations(every, 2)
    ]
    if all(first == second for first, second in signs):
        return f"From least to most entropy, the pair sets order alike: {shown}."
    first, second = _most_discordant(every, star)
    said = (
        f"The order depends on the pairs (least to most entropy): {shown}. The mean "
        f"over all pairs is dominated by the {shares[first]:.1%} of them that join two "
        "negatives."
    )
    if min(every[first] - every[second], star[second] - star[first]) <= SAME:
        return said  # ties in one of the orders; no two samplings change places
    near, far = (
        [means[pairs].margin[name] for name in (first, second)]
        for pairs in ("neg-neg", "pos-neg")
    )
    among = "closer to each other" if near[0] < near[1] else "no closer to each other"
    apart = "farther from" if far[0] > far[1] else "no farther from"
    return (
        f"{said} {first} has more entropy than {second} over all pairs and less over "
        f"pos-neg pairs: its negatives are {among} in score (mean margin {near[0]:.2f} "
        f"against {near[1]:.2f} temperatures) and {apart} the positives ({far[0]:.2f} "
        f"against {far[1]:.2f})."
    )


def _chain(names: Sequence[str], means: Mapping[str, float]) -> str:
    """Join names by "<", or by "=" where the means are equal."""
    said = names[0]
    for left, right in itertools.pairwise(names):
        said += f" {'<' if _sign(means[right] - means[left]) else '='} {right}"
    return said


def _sign(difference: float) -> int:
    return 0 if abs(difference) <= SAME else 1 if difference > 0 else -1


def _most_discordant(
    every: Mapping[str, float], star: Mapping[str, float]
) -> tuple[str, str]:
    """The two samplings that change places most; over all pairs the first has more."""
    return max(
        itertools.permutations(every, 2),
        key=lambda p: min(every[p[0]] - every[p[1]], star[p[1]] - star[p[0]]),
    )
