"""Answers of `rankbound bound` in words and columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Answer = Mapping[str, Any]


def answer_text(answer: Answer) -> str:
    """One answer as plain text.

    Examples
    --------
    >>> from rankbound.commands.bound.run import Given, evaluated
    >>> given = Given(diameter=1, lipschitz=1, entropy=0.4, divergence=0.1, n=1e6)
    >>> print(answer_text(evaluated(given)).splitlines()[-1])
    not vacuous: the bound is below ln 2 = 0.6931; the entropy term dominates
    """
    lines = _comparison(answer) if "break_even_n" in answer else _evaluation(answer)
    return "\n".join(lines)


def _evaluation(answer: Answer) -> Iterator[str]:
    given = answer["given"]
    yield "  ".join(f"{name}={value:g}" for name, value in given.items())
    for name, value in answer["parts"].items():
        yield f"  {name:<24}{value:>10.4f} nats"
    yield f"  {'= bound':<24}{answer['bound']:>10.4f} nats   ({answer['statement']})"
    for name, value in answer["relatives"].items():
        yield f"  {'':<24}{value:>10.4f} nats   {name}"
    yield f"  {'':<24}{_paper(answer['paper_form'])}"
    if "solve" in answer:
        yield _solution(answer)
        return
    trivial = answer["trivial"]
    verdict = (
        "vacuous: the bound is not below"
        if answer["vacuous"]
        else ("not vacuous: the bound is below")
    )
    yield f"{verdict} ln 2 = {trivial:.4f}; the {answer['dominating']} term dominates"


def _paper(row: Answer) -> str:
    needed = row["n_needed"]
    queries = "no n suffices" if needed is None else f"needs n = {needed:.1e}"
    return (
        f"{row['limit']:>10.4g} nats   {row['statement']} ({row['status']}; "
        f"{row['weights']:.3g} weights, {row['layers']:g} layers: {queries})"
    )


def _solution(answer: Answer) -> str:
    name, value = answer["solve"], answer["solution"]
    if value is None:
        return f"no {name} makes the bound equal to ln 2 with these numbers"
    shown = f"{value:,}" if name == "n" else f"{value:.6g}"
    side = "from" if name == "n" else "up to"
    return f"not vacuous {side} {name} = {shown}"


def _comparison(answer: Answer) -> Iterator[str]:
    yield f"  before {answer['before']:>10.4f} nats"
    yield f"  after  {answer['after']:>10.4f} nats   ({answer['statement']})"
    word = "lowers" if answer["improves"] else "does not lower"
    yield f"the augmentation {word} the bound; this says nothing of the risk itself"
    needed, diameter = answer["break_even_n"], answer["break_even_diameter"]
    yield (
        "no number of queries makes it lower"
        if needed is None
        else f"it is lower from n' = {needed:,} independent queries on"
    )
    if diameter is None:
        yield "no diameter makes it lower"
    else:
        yield f"it is lower for every diameter below {diameter:.6g}"
    if answer["vacuous"]:
        yield "both bounds are vacuous (not below ln 2): the comparison says nothing"
