"""Sentences that a paper could quote, advice that follows from the theory, and limits.

Everything is made from the account, so that whoever has `comparison.json` has it all.
"""

from __future__ import annotations

from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import COMPARED, base
from rankbound.commands.compare.claims import claim, order_sentence

Account = dict[str, Any]
METHODS: Final = {
    "betting": "betting interval of the paired differences",
    "paired_t": "paired t interval, as the range of the quantity is not known",
}
UP, DOWN = "raises", "lowers"


def sentences(account: Account) -> list[str]:
    """One sentence per comparison, then the claim, the target form and the orders."""
    found = [_row_sentence(row, account) for row in account["rows"]]
    found += [claim(account), _target_sentence(account)]
    order = order_sentence(account)
    return [*found, order] if order else found


def _row_sentence(row: Account, account: Account) -> str:
    family = account["family"]
    student = row["quantity"].partition(":")[2]
    words = COMPARED[base(row["quantity"])].words
    words = words.replace("the student's", f"{student}'s") if student else words
    pairs = f"over {row['pairs']} pairs" if row["pairs"] != "all" else "over all pairs"
    effect = row["effect_size"]
    strength = "" if effect is None else f", d_z = {effect:.2f}"
    more = "" if row["note"] is None else ", which alone finds a difference"
    return (
        f"{row['sampling']} against {account['reference']}, {words} {pairs}: "
        f"{row['mean']:.4f} against {row['reference_mean']:.4f} {row['unit']}, "
        f"difference {row['difference']:+.4f}, interval {row['lower']:+.4f} to "
        f"{row['upper']:+.4f} (n = {counted(row['n'], 'query')}, paired; "
        f"{METHODS[row['method']]}, joint level {1 - account['delta']:.10g} over the "
        f"family of {family['size']}; Holm p {_equals(row['p_holm'])}{more}{strength}; "
        f"{_margin(row)}): {row['verdict']}."
    )


def _margin(row: Account) -> str:
    smallest = f"smallest margin accepted {row['smallest_margin']:.4f}"
    if row["margin"] is None:
        return f"no margin: give --margin; {smallest}"
    needed = row["n_for_margin"]
    count = "no number of queries" if needed is None else counted(needed, "query")
    return f"margin {row['margin']:g}, which {count} would resolve; {smallest}"


def _target_sentence(account: Account) -> str:
    target = account["target"]
    parts = [
        f"{row['entropy']:.4f} nats ({row['lower']:.4f} to {row['upper']:.4f}) over "
        f"{row['pairs']} pairs"
        for row in target["rows"]
    ]
    return (
        f"Over a fixed reference law of pairs ({target['law']}) the teacher's entropy "
        f"is {', '.join(parts)}; no sampling changes it, since {target['because']}."
    )


def advice(account: Account) -> list[str]:
    """What the numbers say about choosing a sampling and a temperature, by theory."""
    found = [
        "In a bound under the fixed reference law the entropy is a constant of the "
        "teacher (theorem-4c), and it cancels from the excess risk (theorem-1h): it is "
        "no reason to prefer one of these samplings. There a sampling acts through the "
        "student's divergence, the distances and the shift of the law."
    ]
    found += _altered(account)
    found += _temperature(account)
    found += _shift(account)
    found += _space(account)
    return found


def _altered(account: Account) -> list[str]:
    rows = [r for r in account["rows"] if r["quantity"] == "entropy"]
    moved = [r for r in rows if r["verdict"] in ("different", "negligible")]
    open_rows = [r for r in rows if r["verdict"] == "inconclusive"]
    same = [r for r in rows if r["verdict"] == "equivalent"]
    found = []
    if moved:
        listed = "; ".join(
            f"{r['sampling']} {UP if r['difference'] > 0 else DOWN} it over "
            f"{r['pairs']} pairs by {abs(r['difference']):.4f}"
            + (" (within the margin)" if r["verdict"] == "negligible" else "")
            for r in moved
        )
        found.append(
            f"The entropy of the sampled pairs is altered ({listed}). It is the floor "
            "of the risk on those pairs (lemma-1), so the training losses of these "
            "samplings have different floors: compare divergences, or risks under one "
            "target law (theorem-5a), not losses."
        )
    if same:
        listed = ", ".join(f"{r['sampling']} ({r['pairs']})" for r in same)
        found.append(f"Unaltered within the margin: {listed}.")
    if open_rows:
        listed = ", ".join(
            f"{r['sampling']} ({r['pairs']}, {_count(r['n_for_margin'])})"
            for r in open_rows
        )
        found.append(
            f"Undecided at the margin, with the queries it would take: {listed}. A "
            "difference that was not found is not equivalence."
        )
    return found


def _count(needed: int | None) -> str:
    return "no number" if needed is None else counted(needed, "query")


def _temperature(account: Account) -> list[str]:
    flips, teacher = account["sweep"]["flips"], account["teacher"]
    factors = account["sweep"]["factors"]
    source = (
        "was fitted on queries that are not compared"
        if teacher["fitted"]
        else "was given or taken from the kind of the scores, not calibrated"
    )
    said = f"The temperature ({teacher['temperature']:.4g}) {source}."
    rule = (
        "At an unchanged ranking a higher temperature never lowers the entropy, in any "
        "sampling"
    )
    if flips:
        listed = ", ".join(f"{f['sampling']} ({f['pairs']})" for f in flips)
        return [
            f"{said} {rule}, and verdicts change between {factors[0]:g} and "
            f"{factors[-1]:g} times it: {listed}. Fix it by likelihood on judged pairs "
            "(--temperature fit) before quoting a verdict."
        ]
    return [
        f"{said} {rule}; no verdict changes between {factors[0]:g} and "
        f"{factors[-1]:g} times it."
    ]


def _shift(account: Account) -> list[str]:
    moved = [
        (r["sampling"], r["total_variation"])
        for r in account["shift"]
        if r.get("total_variation") is not None
        and r["sampling"] != account["reference"]
    ]
    if not moved:
        return []
    listed = ", ".join(f"{name} {distance:.2f}" for name, distance in moved)
    return [
        f"Total variation from {account['reference']}, of the documents drawn: "
        f"{listed}. The shift term of theorem-2 grows with it; measure the risk on "
        "groups of the law that counts (measure --target-groups) instead of paying it."
    ]


def _space(account: Account) -> list[str]:
    if account["spaces"] is None:
        return []
    table = {(r["sampling"], r["quantity"], r["pairs"]): r for r in account["spaces"]}
    base_row = table.get((account["reference"], "diameter", "all"))
    if base_row is None:
        return []
    listed = []
    for name in account["family"]["samplings"]:
        row = table.get((name, "diameter", "all"))
        if row is not None:
            supremum = row["supremum"] / base_row["supremum"] - 1
            mean = row["mean"] / base_row["mean"] - 1
            listed.append(f"{name} {supremum:+.1%} and {mean:+.1%}")
    return [
        f"Diameter against {account['reference']}, supremum and mean over queries: "
        f"{', '.join(listed)}. The bound's diameter is the supremum, Lemma 4 uses the "
        "root mean square distance, and only the mean enters the floor of theorem-4a."
    ]


def cannot_say(account: Account) -> list[str]:
    """What no number here shows."""
    found = [
        "whether a student trained on one of these samplings ranks better: nothing was "
        "trained, and a smaller upper bound is not a smaller risk",
        "whether the teacher is right: entropy is its own uncertainty, which equals "
        "its error rate only if it is calibrated",
        "anything about another teacher, temperature, group size or population of "
        "queries than that of this sample",
    ]
    if account["target"]["law"].startswith("the union"):
        found.append(
            "the entropy over another reference law: the union pool is made of these "
            "samplings (--target fixes one of your own)"
        )
    if account["spaces"] is not None:
        found.append(
            "a diameter: the supremum over a sample is below the essential supremum, "
            "and intrinsic dimensions of so few documents only compare samplings"
        )
    return found


def _equals(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def p_text(p: float) -> str:
    """A p-value as papers print it.

    Examples
    --------
    >>> p_text(0.0321), p_text(1e-9), p_text(1.0)
    ('0.032', '< 0.0001', '1')
    """
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"
