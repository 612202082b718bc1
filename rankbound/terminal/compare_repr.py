"""A comparison in a few lines, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rankbound.bounds.wording import counted
from rankbound.catalogue import VERDICTS
from rankbound.terminal.outlines import NAME, outline, short

if TYPE_CHECKING:
    from rankbound.commands.compare.run import Comparison
    from rankbound.validation.family import Answer

# In the order of what a reader should see first
ORDER = [*VERDICTS]


def comparison_repr(comparison: Comparison) -> str:
    """The reference, and every verdict with its difference and interval."""
    options, answers = comparison.options, comparison.answers
    title = (
        f"Comparison with {short(options.baseline, NAME)!r}: "
        f"{counted(len(answers), 'comparison')}, all at once with probability "
        f"{1 - options.delta:.10g}"
    )
    lines = [
        _line(one) for one in sorted(answers, key=lambda a: ORDER.index(a.verdict))
    ]
    return outline(title, [*lines, *(f"warning: {w}" for w in comparison.warnings)])


def _line(answer: Answer) -> str:
    ask, made = answer.question, answer.comparison
    return (
        f"{answer.verdict}: {short(ask.sampling, NAME)}, {ask.quantity} "
        f"({ask.pairs} pairs) "
        f"{made.difference:+.4f} [{made.lower:+.4f}, {made.upper:+.4f}], n = {made.n:,}"
    )
