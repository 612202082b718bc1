"""The text of the appendix: prose from files, formulas and facts from the registry.

A proof is a file ``proofs/<heading>.md`` with one section ``#### key`` per statement.
It quotes the formula of a statement as ``{{key}}`` instead of typing it. Alone on a
line the placeholder becomes a display, within a line it becomes inline mathematics.
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
SECTIONS: Final = HERE / "sections"
PLACEHOLDER: Final = re.compile(r"\{\{([a-z][^{}\n]*)\}\}")
# Alone on a line of a section: one of `paper_appendix.tables.TABLES`
TABLE: Final = re.compile(r"^\{\{table:([a-z]+)\}\}$", re.MULTILINE)


class AppendixError(ValueError):
    """A proof is missing, or something in the text cannot be filled in or converted."""


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
        If there is no such file, or a placeholder cannot be filled in.
    """
    path = PROOFS / f"{heading}.md"
    if not path.is_file():
        raise AppendixError(
            f"{heading} has no proof; write paper_appendix/proofs/{path.name}"
        )
    return fill(path.read_text(encoding="utf-8").strip(), where=f"proofs/{path.name}")


def fill(text: str, *, where: str) -> str:
    """Replace every ``{{key}}`` by the formula of the statement.

    Raises
    ------
    AppendixError
        If a key is unknown or its statement has no closed form; the message has the
        line.
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
    """Whether any statement of a heading is proved in the appendix."""
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
        yield f"Computed by `{entry.computed_by}`; it has no closed form."
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
    """Inline mathematics for a cell of a table, which a bare bar would end."""
    text = sympy.latex(expression, ln_notation=True)
    text = text.replace(r"\left\{", r"\left\lbrace ")
    text = text.replace(r"\right\}", r"\right\rbrace ")
    text = text.replace("|", r"\vert ").strip()
    return f"${text}$"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
