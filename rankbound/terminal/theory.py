"""What `rankbound bound` and `rankbound certify` found, in words for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console

from rankbound.bounds.floors import floor_sentence
from rankbound.commands.bound.result import Augmentation, Bound, MeasuredChange
from rankbound.commands.certify.result import Certification, Checked
from rankbound.commands.measure.paper_form import PaperForm
from rankbound.terminal.answers import (
    print_answers,
    show_foot,
    show_sentences,
    tell_rest,
)
from rankbound.terminal.change import change_lines
from rankbound.terminal.console import fold, outline
from rankbound.validation.suite import Row


def show_bound(
    found: Sequence[Bound | Augmentation | MeasuredChange],
    console: Console,
    *,
    details: bool,
) -> None:
    """Print what each configuration answers, and its numbers with `details`."""
    several = len(found) > 1
    for one in found:
        if several:
            _show_one_of_several(one, console, details=details)
        else:
            print_answers(one.answers, console, details=details)
        if details:
            console.print()
            for line in answer_text(one).splitlines():
                fold(console, line)
        if several:
            console.print()
    if several:
        show_foot([answer for one in found for answer in one.answers], console)
    if not details:
        told = (one for one in found if isinstance(one, MeasuredChange))
        tell_rest([line for one in told for line in one.warnings], (), console)


def _show_one_of_several(
    one: Bound | Augmentation | MeasuredChange, console: Console, *, details: bool
) -> None:
    if isinstance(one, Bound) and not details:
        fold(console, given_words(one))
    show_sentences(one.answers, console)


def answer_text(answer: Bound | Augmentation | MeasuredChange) -> str:
    """The numbers behind the answers, as plain text.

    Examples
    --------
    >>> from rankbound.commands.bound.run import bound
    >>> found = bound(diameter=1, lipschitz=1, entropy=0.4, divergence=0.1, n=1e6)
    >>> print(answer_text(found).splitlines()[1])
      entropy                     0.4000 nats
    """
    if isinstance(answer, Bound):
        lines = _evaluation(answer)
    elif isinstance(answer, Augmentation):
        lines = _comparison(answer)
    else:
        lines = change_lines(answer)
    return "\n".join(lines)


def bound_text(found: Bound) -> str:
    """The bound in a few lines, for a terminal."""
    title = f"Bound {found.bound:.4f} nats ({found.statement})"
    parts = [f"{name}: {value:.4f}" for name, value in found.parts.items()]
    return outline(title, [bound_words(found), *parts])


def augmentation_text(found: Augmentation) -> str:
    """Before and after in a few lines, for a terminal."""
    title = f"Bound {found.before:.4f} nats before, {found.after:.4f} after"
    return outline(f"{title} ({found.statement})", [*augmentation_words(found)])


def _evaluation(found: Bound) -> Iterator[str]:
    yield given_words(found)
    for name, value in found.parts.items():
        yield f"  {name:<24}{value:>10.4f} nats"
    yield f"  {'= bound':<24}{found.bound:>10.4f} nats   ({found.statement})"
    for name, value in found.relatives.items():
        yield f"  {'':<24}{value:>10.4f} nats   {name}"
    yield f"  {'':<24}{_paper(found.paper_form)}"
    yield from floor_words(found)


def given_words(found: Bound) -> str:
    """The numbers of the configuration."""
    given = found.given.to_dict()
    return "  ".join(f"{name}={value:g}" for name, value in given.items())


def floor_words(found: Bound) -> Iterator[str]:
    """How low a limit can be at all; nothing for an earlier file."""
    floor = found.floor
    if floor is not None:
        said = floor_sentence(floor.value, floor.n_needed, where="with these numbers")
        yield f"for one fixed student without a shift, {said}"


def bound_words(found: Bound) -> str:
    """Whether the bound is vacuous, or from which number on it is not."""
    if found.solve is not None:
        return _solution(found.solve, found.solution)
    side = "not below" if found.vacuous else "below"
    word = "vacuous" if found.vacuous else "not vacuous"
    return (
        f"{word}: the bound is {side} ln 2 = {found.trivial:.4f}; the "
        f"{found.dominating} term dominates"
    )


def _paper(form: PaperForm) -> str:
    needed = form.n_needed
    queries = "no n suffices" if needed is None else f"needs n = {needed:.1e}"
    return (
        f"{form.limit:>10.4g} nats   {form.statement} ({form.status}; "
        f"{form.weights:.3g} weights, {form.layers:g} layers: {queries})"
    )


def _solution(name: str, value: float | msgspec.UnsetType | None) -> str:
    if value is None or isinstance(value, msgspec.UnsetType):
        return f"no {name} makes the bound equal to ln 2 with these numbers"
    shown = f"{value:,}" if name == "n" else f"{value:.6g}"
    side = "from" if name == "n" else "up to"
    return f"not vacuous {side} {name} = {shown}"


def _comparison(found: Augmentation) -> Iterator[str]:
    yield f"  before {found.before:>10.4f} nats"
    yield f"  after  {found.after:>10.4f} nats   ({found.statement})"


def augmentation_words(found: Augmentation) -> Iterator[str]:
    """Whether the augmentation lowers the bound, and from where on."""
    word = "lowers" if found.improves else "does not lower"
    yield f"the augmentation {word} the bound; this says nothing of the risk itself"
    needed, diameter = found.break_even_n, found.break_even_diameter
    yield (
        "no number of queries makes it lower"
        if needed is None
        else f"it is lower from n' = {needed:,} independent queries on"
    )
    if diameter is None:
        yield "no diameter makes it lower"
    else:
        yield f"it is lower for every diameter below {diameter:.6g}"
    if found.vacuous:
        yield "both bounds are vacuous (not below ln 2): the comparison says nothing"


def line(row: Row) -> str:
    """One line of a check: key, verdict, how, over what, looseness, what went wrong."""
    finding = row.finding
    text = (
        f"{row.key:<38}{row.verdict:<10}{finding.how:<27}"
        f"{_loose(finding.looseness):>7}  {finding.over}"
    )
    return f"{text}; {finding.detail}" if finding.detail else text


def _loose(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if math.isfinite(value) else "inf"


def summary(rows: Sequence[Checked]) -> str:
    """How many checks passed, and which failed.

    Examples
    --------
    >>> summary([])
    '0 of 0 checks passed in 0.0 s'
    """
    failed = [row.key for row in rows if not row.passed]
    seconds = sum(row.seconds for row in rows)
    text = f"{len(rows) - len(failed)} of {len(rows)} checks passed in {seconds:.1f} s"
    return f"{text}; failed: {', '.join(failed)}" if failed else text


def certification_text(found: Certification) -> str:
    """The summary, and the checks in a few lines, those that failed first."""
    rows = sorted(found.rows, key=lambda row: row.passed)
    lines = [f"{row.key}: {row.verdict}, {row.how}" for row in rows]
    return outline(summary(found.rows), lines)
