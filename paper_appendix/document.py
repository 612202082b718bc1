"""The text of the appendix: prose from files, formulas and facts from the registry.

A proof is a file ``proofs/<heading>.md`` with one section ``#### key`` per statement.
It quotes the formula of a statement as ``{{key}}`` and never types it: alone on a line
the placeholder becomes a display, inside a line it becomes inline mathematics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import sympy

from rankbound.bounds.assumptions import ASSUMPTIONS
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Term, glossary
from rankbound.bounds.registry import REGISTRY, statement
from rankbound.bounds.statements import Statement

HERE: Final = Path(__file__).resolve().parent
PROOFS: Final = HERE / "proofs"
PREFACE: Final = HERE / "preface.md"
PLACEHOLDER: Final = re.compile(r"\{\{([a-z][^{}\n]*)\}\}")


class AppendixError(ValueError):
    """A proof is missing or quotes what the registry does not have."""


def document() -> str:
    """Return the whole appendix as Markdown."""
    blocks = [
        fill(PREFACE.read_text(encoding="utf-8").strip(), where=PREFACE.name),
        "## Statements",
        contents(),
        "## Assumptions",
        *assumptions(),
        "## Notation",
        notation(),
    ]
    for heading in headings():
        blocks += [f"## {title(heading)}", *_section(heading)]
    return "\n\n".join(blocks) + "\n"


def headings() -> tuple[str, ...]:
    """Return the lemmas and theorems in the order of the registry."""
    return tuple(dict.fromkeys(entry.heading for entry in REGISTRY.values()))


def title(heading: str) -> str:
    """Return a heading in words.

    Examples
    --------
    >>> title("theorem-1a")
    'Theorem 1a'
    """
    return heading.replace("-", " ").capitalize()


def proof(heading: str) -> str:
    """Return the text of a proof with every placeholder filled.

    Raises
    ------
    AppendixError
        If there is no such file or a placeholder does not resolve.
    """
    path = PROOFS / f"{heading}.md"
    if not path.is_file():
        raise AppendixError(
            f"{heading} has no proof; write paper_appendix/proofs/{path.name}"
        )
    return fill(path.read_text(encoding="utf-8").strip(), where=f"proofs/{path.name}")


def fill(text: str, *, where: str) -> str:
    """Replace every ``{{key}}`` by the formula of that statement.

    Raises
    ------
    AppendixError
        With the line, if a key is unknown or its statement has no closed form.
    """
    return "\n".join(
        _filled(line, where=f"{where}:{number}")
        for number, line in enumerate(text.split("\n"), start=1)
    )


def _filled(line: str, *, where: str) -> str:
    alone = PLACEHOLDER.fullmatch(line.strip())
    if alone:
        return display(_formula(alone[1], where=where))
    return PLACEHOLDER.sub(lambda found: f"${_formula(found[1], where=where)}$", line)


def _formula(key: str, *, where: str) -> str:
    try:
        return statement(key).latex()
    except DomainError as error:
        raise AppendixError(f"{where}: cannot fill {{{{{key}}}}}: {error}") from error


def display(formula: str) -> str:
    """Return a formula as a paragraph of its own."""
    return f"$$\n{formula}\n$$"


def _section(heading: str) -> Iterator[str]:
    for entry in REGISTRY.values():
        if entry.heading == heading:
            yield from _facts(entry)
    kind = "Proof" if is_proved(heading) else "Origin"
    yield f"### {kind} of {title(heading)}"
    yield proof(heading)


def is_proved(heading: str) -> bool:
    """Whether the appendix proves any statement of a heading."""
    return any(
        entry.status == "proved"
        for entry in REGISTRY.values()
        if entry.heading == heading
    )


def _facts(entry: Statement) -> Iterator[str]:
    yield f"### `{entry.key}`: {entry.title}"
    yield entry.words
    if entry.expression is not None:
        yield display(entry.latex())
    elif entry.procedure is not None:
        name = f"{entry.procedure.__module__}.{entry.procedure.__qualname__}"
        yield f"Computed by `{name}`; it has no closed form."
    facts = [f"Kind: {entry.kind}.", f"Status: {entry.status}."]
    facts.append(f"Provenance: {entry.provenance}.")
    names = ", ".join(entry.assumptions)
    facts.append(f"Assumes: {names}." if names else "Assumes: nothing further.")
    if entry.attained_by:
        facts.append(f"Equality: {entry.attained_by}.")
    facts.append(f"Source: {entry.source}.")
    yield "\n".join(f"- {fact}" for fact in facts)


def contents() -> str:
    """Return the list of statements as a table."""
    return table(
        ("key", "title", "kind", "status", "provenance"),
        (
            (
                f"`{entry.key}`",
                entry.title,
                entry.kind,
                entry.status,
                entry.provenance,
            )
            for entry in REGISTRY.values()
        ),
    )


def assumptions() -> Iterator[str]:
    """Yield one paragraph per assumption."""
    for entry in ASSUMPTIONS.values():
        yield (
            f"**{entry.name}, {entry.title}.** {entry.text} "
            f"*It fails when:* {entry.breaks_when}"
        )


def notation() -> str:
    """Return the glossary as a table."""
    return table(
        ("symbol", "in code", "unit", "domain", "meaning"),
        (
            (
                _inline(entry.symbol),
                f"`{entry.code}`",
                entry.unit,
                _domain(entry),
                entry.meaning,
            )
            for entry in glossary()
        ),
    )


def _domain(entry: Term) -> str:
    return _inline(entry.domain) + (" or infinite" if entry.infinite else "")


def _inline(expression: sympy.Basic) -> str:
    """Inline mathematics for a cell: no bare bar, which would end it, no escapes."""
    text = sympy.latex(expression, ln_notation=True)
    text = text.replace(r"\left\{", r"\left\lbrace ")
    text = text.replace(r"\right\}", r"\right\rbrace ")
    text = text.replace("|", r"\vert ").strip()
    return f"${text}$"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table, header first."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
