"""What a comparison answers: its numbers in the catalogue's sentences.

Answers are made from the comparison alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rankbound.bounds.wording import (
    counted,
    listed,
    plural,
)
from rankbound.catalogue import TURNED, VERDICTS, in_order, needing
from rankbound.commands.cards import false_negatives
from rankbound.commands.compare.result import Comparison, Row
from rankbound.commands.following import folder_of, following, power_of
from rankbound.commands.measure.answers import temperature_answer
from rankbound.results import Answer

ENTROPY: Final = "entropy"
INCONCLUSIVE: Final = "inconclusive"
# Of the pair sets: where negatives meet the positive comes first
IN_ORDER: Final = ("pos-neg", "all", "neg-neg")
UNSCORED: Final = "documents_without_student_score"
HALF: Final = 0.5
MOST: Final = 3  # samplings named in a sentence


def answers_of(comparison: Comparison) -> tuple[Answer, ...]:
    """Entropy, false negatives, the temperature, n, other quantities, controls.

    Other quantities come first where the entropy was not asked for.
    """
    rows = [row for row in comparison.rows if row.quantity == ENTROPY]
    others = [row for row in comparison.rows if row.quantity != ENTROPY]
    teacher = comparison.teacher
    *first, last = IN_ORDER
    found = [*_entropies(comparison, rows, first)]
    if others and not rows:
        found.append(_differences(comparison, others, numbers=True))
    suspected = [card for card in comparison.cards if card.suspected is not None]
    if suspected:
        found.append(
            false_negatives(
                suspected,
                {one.sampling: one.file for one in comparison.samplings},
                rests_on=_rests_on(comparison),
                command=comparison.command or "",
            )
        )
    found.append(
        temperature_answer(
            teacher.fit,
            teacher.temperature,
            kind=teacher.kind,
            command=comparison.command or "",
        )
    )
    found.append(_queries(comparison))
    if others and rows:
        found.append(_differences(comparison, others))
    found += _entropies(comparison, rows, [last])
    ran = [one for one in comparison.controls.rows if one.passed is not None]
    if ran:
        failed = [one.control for one in ran if one.passed is False]
        found.append(
            Answer.to(
                "controls",
                "failed" if failed else "passed",
                rests_on="data for which theory knows the answer",
                of=counted(len(ran), "control"),
                failed=len(failed),
                names=listed(failed),
            )
        )
    # What makes all others worthless is said first
    return tuple(sorted(found, key=lambda answer: answer.outcome != "failed"))


def _rests_on(comparison: Comparison) -> str:
    """The queries, the level and the method, and what is taken for granted."""
    level = f"{100 * (1 - comparison.delta):.10g}%"
    rows = comparison.rows
    sizes = sorted({row.n for row in rows})
    noun = rows[0].unit_of_n if rows else "query"
    number = (
        " to ".join(f"{n:,}" for n in sorted({sizes[0], sizes[-1]})) if sizes else ""
    )
    by_t = any(row.decides == "paired_t" for row in rows)
    turned = sum(row.decides == "direction" for row in rows)
    how = ", some of them approximate" if by_t else ""
    if turned:
        how = f", {turned:,} of them by direction"
    size = comparison.family.size
    all_of = "one verdict" if size == 1 else f"all {size} verdicts at once"
    return (
        f"{number} {noun if sizes == [1] else plural(noun)}, paired, {all_of} at "
        f"{level}{how}"
        f"{_lacking(comparison)}, {comparison.proviso}"
    )


def _lacking(comparison: Comparison) -> str:
    """Students that are compared without a score for most documents of a sampling."""
    asked = {row.quantity.partition(":")[0] for row in comparison.rows}
    if asked.isdisjoint(needing("student")):
        return ""
    shares: dict[str, float] = {}
    for one in comparison.samplings:
        for reason, number in one.dropped.items():
            name, _, what = reason.rpartition(": ")
            if what == UNSCORED:
                share = number / one.n_documents
                shares[name] = max(share, shares.get(name, 0.0))
    named = [f"{name} ({x:.1%})" for name, x in shares.items() if x > HALF]
    return f", most documents of a sampling unscored by {listed(named)}" * bool(named)


def _outcome(rows: Sequence[Row]) -> str:
    """The least settled of what the rows say: a difference, then doubt, then none."""
    verdicts = [VERDICTS[row.verdict] for row in rows]
    if any(row.verdict in TURNED for row in rows) or any(
        one.apart and not one.within for one in verdicts
    ):
        return "altered"
    return "unaltered" if all(one.within for one in verdicts) else "open"


def _change(row: Row) -> str:
    return f"{row.sampling} {row.difference:+.4f} [{row.lower:+.4f}, {row.upper:+.4f}]"


def _entropies(
    comparison: Comparison, rows: Sequence[Row], sets: Sequence[str]
) -> Iterator[Answer]:
    """One answer for each pair set, on the same samplings in the same order."""
    files = {one.sampling: one.file for one in comparison.samplings}
    line = comparison.command or ""
    for pairs in sets:
        here = [row for row in rows if row.pairs == pairs]
        if not here:
            continue
        margin = here[0].margin
        yield Answer.to(
            "hard-negatives",
            _outcome(here),
            rests_on=_rests_on(comparison),
            pairs=pairs,
            listed=listed([f"{_change(row)} {row.verdict}" for row in here], MOST),
            reference=comparison.reference,
            margin="its margin" if margin is None else f"{margin:g}",
            measure=following(
                line,
                "measure",
                "measured",
                ("--groups", (files[here[0].sampling],)),
                ("--target-groups", (files[comparison.reference],)),
            ),
            power=power_of(folder_of(line), _word(margin)),
        )


def _word(margin: float | None) -> str:
    return "M" if margin is None else f"{margin:g}"


def _queries(comparison: Comparison) -> Answer:
    """How many comparisons are decided, and how many queries the others need."""
    rows = [
        row
        for row in comparison.rows
        if row.margin is not None and row.decides != "direction"
    ]
    left = [row for row in rows if row.verdict == INCONCLUSIVE]
    noun = plural(rows[0].unit_of_n) if rows else "queries"
    some = f"{len(rows) - len(left)}" if len(left) < len(rows) else "none"
    decided = f"{some} of {counted(len(rows), 'comparison')} decided"
    need = "they need" if some == "none" else "the others need"
    if len(rows) == 1:
        decided = f"the comparison is {'un' * bool(left)}decided"
        need = "it needs"
    needs = [row.n_for_margin for row in left if row.n_for_margin is not None]
    outcome, said = "enough", f"{decided} at the margins"
    if left and needs:
        ends = " to ".join(f"{n:,}" for n in sorted({min(needs), max(needs)}))
        outcome, said = (
            "more",
            f"{decided}; {need} about {ends} {noun} if nothing differs",
        )
    elif left:
        outcome, said = "never", f"{decided}; no number of {noun} would decide more"
    elif not rows:
        outcome, said = "never", "no comparison here is decided at a margin"
    margins = [row.margin for row in left or rows]
    return Answer.to(
        "queries",
        outcome,
        rests_on=_rests_on(comparison),
        listed=said,
        power=power_of(
            folder_of(comparison.command or ""),
            _word(margins[0] if margins else None),
        ),
    )


def _differences(
    comparison: Comparison, rows: Sequence[Row], *, numbers: bool = False
) -> Answer:
    """What else the samplings differ in: verdicts counted, the differences named."""
    parts = []
    for verdict in sorted({row.verdict for row in rows}, key=in_order):
        here = [row for row in rows if row.verdict == verdict]
        told = [_change(row) if numbers else row.sampling for row in here]
        named = [
            f"{row.quantity} ({row.pairs}) of {what}"
            for row, what in zip(here, told, strict=True)
        ]
        parts.append(f"{len(here)} of {len(rows)} {verdict}: {listed(named, MOST)}")
    return Answer.to(
        "differences",
        _outcome(rows),
        rests_on=_rests_on(comparison),
        listed="; ".join(parts),
    )
