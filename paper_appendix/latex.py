"""The appendix as one LaTeX article: statements, proofs, tables, bibliography.

Statements, constants and notation come from the registry, tables are computed, prose is
converted from the Markdown of `proofs/` and `sections/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from paper_appendix.bibliography import printed
from paper_appendix.document import (
    PREFACE,
    SECTIONS,
    TABLE,
    AppendixError,
    assumptions,
    contents,
    fill,
    headings,
    is_proved,
    notation,
    proof,
    table,
    title,
)
from paper_appendix.markdown import code, display, plain, to_latex
from paper_appendix.tables import TABLES
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import a_bend, a_star, c_phi, lambda_star
from rankbound.bounds.statements import Statement

NAME: Final = "appendix.tex"
DIGITS: Final = 12
CONSTANTS: Final = (
    (a_bend, r"root of $a \tanh(a / 2) = 1$, the inflection point of $\varphi$"),
    (c_phi, r"size of the steepest slope of $\varphi$, at $a_0$"),
    (a_star, r"where the tangent from $(0, \ln 2)$ touches $\varphi$"),
    (lambda_star, r"size of the slope of that tangent"),
)
PREAMBLE: Final = r"""\documentclass[a4paper,11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,amssymb,array,longtable}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em plus 0.1em}
\setlength{\emergencystretch}{4em}
\renewcommand{\arraystretch}{1.15}
\setcounter{secnumdepth}{1}
\setcounter{tocdepth}{1}
\allowdisplaybreaks
\makeatletter
\renewcommand*{\l@section}{\@dottedtocline{1}{0em}{2em}}
\makeatother
\title{Ranking distillation, locality and entropy:\\statements and proofs}
\author{}
\date{}
\begin{document}
\maketitle
{\setlength{\parskip}{0pt}\tableofcontents}
"""


def latex() -> str:
    """Return the whole document.

    Raises
    ------
    AppendixError
        If a proof is missing, or uses Markdown that is not supported.
    """
    return PREAMBLE + "\n\n".join([*_parts(), printed(), r"\end{document}"]) + "\n"


def _parts() -> Iterator[str]:
    preface = fill(PREFACE.read_text(encoding="utf-8").strip(), where=PREFACE.name)
    yield r"\section{Setting}"
    yield to_latex(preface.split("\n", 1)[1], where=PREFACE.name)
    yield section("reconstructed")
    yield r"\section{Statements}"
    yield to_latex(contents(), where="statements")
    yield r"\section{Assumptions}"
    for number, paragraph in enumerate(assumptions(), start=1):
        yield to_latex(paragraph, where=f"assumption {number}")
    yield r"\section{Notation}"
    yield to_latex(notation(), where="notation")
    yield r"\section{Constants}"
    yield to_latex(constants(), where="constants")
    for heading in headings():
        yield f"\\section{{{title(heading)}}}"
        yield from _statements(heading)
    yield section("mining")
    yield section("variants")
    yield section("checks")


def section(name: str) -> str:
    """Return a section of prose with its formulas and tables filled in.

    Raises
    ------
    AppendixError
        If it names a table that does not exist.
    """
    path: Path = SECTIONS / f"{name}.md"
    text = path.read_text(encoding="utf-8").strip()
    where = f"sections/{path.name}"
    for wanted in TABLE.findall(text):
        if wanted not in TABLES:
            raise AppendixError(
                f"{where}: no table {wanted!r}; the tables are {', '.join(TABLES)}"
            )
    tables = {wanted: TABLES[wanted]() for wanted in TABLE.findall(text)}
    filled = TABLE.sub(lambda found: tables[found[1]], text)
    return to_latex(fill(filled, where=where), where=where)


def constants() -> str:
    """Return the constants of the pair entropy as a table.

    Examples
    --------
    >>> "2.56755374021" in constants()
    True
    """
    rows = (
        (f"${entry.latex_name}$", str(entry.evalf(DIGITS)), meaning)
        for entry, meaning in CONSTANTS
    )
    return table(("constant", f"to {DIGITS} digits", "meaning"), rows)


def _statements(heading: str) -> Iterator[str]:
    for entry in REGISTRY.values():
        if entry.heading == heading:
            yield _statement(entry)
    kind = "Proof" if is_proved(heading) else "Origin"
    yield f"\\subsection*{{{kind} of {title(heading)}}}"
    yield to_latex(proof(heading), where=f"proofs/{heading}.md")


def _statement(entry: Statement) -> str:
    where = entry.key
    start = f"\\subsection{{{plain(entry.title, where=where)}}}"
    lines = [f"{start}\\label{{st:{entry.key}}}", plain(entry.words, where=where)]
    if entry.expression is not None:
        lines.append(display([entry.latex()], where=where))
    elif entry.procedure is not None:
        name = code(entry.computed_by, where=where)
        lines.append(f"\nComputed by {name}; no closed form.")
    return "\n".join([*lines, r"\par{\small " + _facts(entry) + r"\par}"])


def _facts(entry: Statement) -> str:
    assumed = ", ".join(entry.assumptions) or "nothing further"
    facts = [
        f"{entry.kind}, {entry.status}",
        f"provenance: {entry.provenance}",
        f"assumes {assumed}",
    ]
    if entry.attained_by:
        facts.append(f"equality: {entry.attained_by}")
    facts.append(f"source: {entry.source}")
    text = plain("; ".join(facts), where=entry.key)
    return f"{code(entry.key, where=entry.key)}; {text}."
