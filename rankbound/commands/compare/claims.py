"""By which definition the claim on the entropy holds, and how samplings are ordered."""

from __future__ import annotations

import itertools
from typing import Any, Final

Account = dict[str, Any]
# Means that differ by less are rounding of one number
SAME: Final = 1e-12
FOUND: Final = {
    "different": "it fails for",
    "negligible": "it fails, by no more than the margin, for",
    "equivalent": "it holds within the margin for",
    "inconclusive": "it is undecided for",
}


def claim(account: Account) -> str:
    """Where "negative mining does not alter the entropy term" holds and where not.

    Parameters
    ----------
    account : dict
        `rows` of `comparison.json`.
    """
    rows = [row for row in account["rows"] if row["quantity"] == "entropy"]
    said = (
        "The claim that negative mining does not alter the entropy term holds by "
        "definition for the target form, whose pairs are fixed (theorem-4c), and for "
        "the excess risk, from which the entropy cancels (theorem-1h). For the "
        "entropy of the pairs that are trained on it has to be measured"
    )
    if not rows:
        return f"{said}, which was not asked for here (--quantity entropy)."
    parts = []
    for verdict, words in FOUND.items():
        named: dict[str, list[str]] = {}
        for row in rows:
            if row["verdict"] == verdict:
                named.setdefault(row["sampling"], []).append(row["pairs"])
        if named:
            listed = ", ".join(f"{k} ({', '.join(v)})" for k, v in named.items())
            parts.append(f"{words} {listed}")
    return (
        f"{said}: against {account['reference']}, at a margin of "
        f"{rows[0]['margin']:g} nats, {'; '.join(parts)}."
    )


def order_sentence(account: Account) -> str | None:
    """Whether the pair sets order the samplings alike, and if not, why.

    None where a pair set is missing. All on the queries that every sampling has.
    """
    means = account["order_means"]
    if not {"all", "pos-neg", "neg-neg"} <= means.keys():
        return None
    every, star = means["all"]["entropy"], means["pos-neg"]["entropy"]
    shown = "; ".join(
        f"{pairs} pairs {_chain(account['orders'][pairs], means[pairs]['entropy'])}"
        for pairs in ("all", "pos-neg")
    )
    signs = [
        (_sign(every[a] - every[b]), _sign(star[a] - star[b]))
        for a, b in itertools.combinations(every, 2)
    ]
    if all(first == second for first, second in signs):
        return f"From least to most entropy, both pair sets order alike: {shown}."
    shares = {
        s["sampling"]: e["share"]
        for s in account["samplings"]
        for e in s["entropy"]
        if e["pairs"] == "neg-neg"
    }
    first, second = _most_discordant(every, star)
    said = (
        f"The order depends on the pairs (least to most entropy): {shown}. The mean "
        f"over all pairs is ruled by the {shares[first]:.1%} of them that join two "
        "negatives."
    )
    if min(every[first] - every[second], star[second] - star[first]) <= SAME:
        return said  # ties in one of the orders; no two samplings change places
    near, far = (
        [means[pairs]["margin"][name] for name in (first, second)]
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


def _chain(names: list[str], means: dict[str, float]) -> str:
    """Names with "<" between them, or "=" where the means are equal."""
    said = names[0]
    for left, right in itertools.pairwise(names):
        said += f" {'<' if _sign(means[right] - means[left]) else '='} {right}"
    return said


def _sign(difference: float) -> int:
    return 0 if abs(difference) <= SAME else 1 if difference > 0 else -1


def _most_discordant(every: dict[str, float], star: dict[str, float]) -> Any:
    """The two samplings, the first above over all pairs, that change places most."""
    return max(
        itertools.permutations(every, 2),
        key=lambda p: min(every[p[0]] - every[p[1]], star[p[1]] - star[p[0]]),
    )
