"""Statements in words for a terminal: a list, one statement, and the glossary."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final

import sympy
from sympy import Expr, Function, Symbol

from rankbound.bounds.assumptions import assumption
from rankbound.bounds.notation import Term, term
from rankbound.bounds.notation import glossary as all_terms
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import (
    BinaryEntropy,
    Divergence,
    MarginDivergence,
    PairEntropy,
    Sigmoid,
    Softplus,
)
from rankbound.bounds.statements import Provenance, Statement
from rankbound.catalogue import QUANTITIES, VERDICTS, Quantity
from rankbound.errors import UsageError
from rankbound.terminal.words import WORDS, Word, found

WIDTH: Final = 88
SHORT: Final = 3  # letters
APPENDIX: Final = "paper_appendix/statements.md"
# How the special functions are written in plain text
NAMES: Final = {
    Softplus: "ς",
    Sigmoid: "σ",
    PairEntropy: "φ",
    BinaryEntropy: "h",
    Divergence: "kl",
    MarginDivergence: "kl_m",
}
LEGEND: Final = {
    "ς": "ς(u) = ln(1 + exp(u))",
    "σ": "σ(u) = 1 / (1 + exp(-u))",
    "φ": "φ(a) = h(σ(a)), the entropy of a pair with margin a",
    "h": "h(p) = -p ln p - (1 - p) ln(1 - p)",
    "kl": "kl(p, s) = p ln(p / s) + (1 - p) ln((1 - p) / (1 - s))",
    "kl_m": "kl_m(a, m) = kl(σ(a), σ(m))",
}
NEEDS: Final = {
    "scores": "from the teacher's scores",
    "vectors": "from the documents' vectors",
    "student": "from a student's scores beside the teacher's",
    "laws": "from the law that the documents are drawn by",
}
PURE: Final = {"ratio", "share"}  # units that numbers are, not have
NUMBERS: Final = {"documents", "pairs", "dimensions"}  # the words themselves say them
SOLID: Final = "\ue000"  # a private character, as wide as the underscore it replaces
PLAIN: Final = {"\\ell": "ℓ", "\\partial_": "∂", "\\": "", "{": "", "}": ""}
MEASURE: Final = "rankbound measure"
USES: Final = {
    "lemma-1": f"{MEASURE}: risk = entropy + divergence in every row",
    "lemma-1-loss": f"{MEASURE}: risk_nats",
    "lemma-1-margin": f"{MEASURE}: divergence_nats",
    "lemma-2c-cut-ratio": f"{MEASURE}: range of one query's risk",
    "lemma-2c-lower": f"{MEASURE}: range of one query's risk",
    "lemma-2c-upper": f"{MEASURE}: range of one query's risk",
    "lemma-2c-width": f"{MEASURE}: range.width",
    "lemma-2c-divergence": f"{MEASURE}: limits.split",
    "theorem-1a": f"{MEASURE}: limits.hoeffding",
    "theorem-1b": f"{MEASURE}: limits.kl",
    "theorem-1c": f"{MEASURE}: limits.empirical_bernstein",
    "theorem-1d": f"{MEASURE}: limits.betting, upper, n_needed",
    "theorem-1g": f"{MEASURE}: limits.split",
    "theorem-4a": f"{MEASURE}: teacher.entropy_floor",
    "theorem-2-prime": "rankbound bound: the headline",
    "theorem-2-prime-coarse": "rankbound bound: relatives",
    "theorem-5a": "rankbound bound --augment, or --before and --after: break_even_n",
    "theorem-5b": "rankbound bound --augment: break_even_diameter; --before and "
    "--after: break_even_width",
    "paper-form": f"{MEASURE} and rankbound bound: paper_form",
}
# Whole headings that one option of `measure` uses
ORIGINS: Final[dict[Provenance, str]] = {
    "ours": "a statement of ours",
    "literature": "a statement of the literature",
    "reconstructed": "our reading of a paper whose text was not at hand",
}
READINGS: Final = {
    "theorem-2": f"{MEASURE} --target-groups, or probabilities in the groups: shift",
    "theorem-3": f"{MEASURE} --qrels: relevance",
    "theorem-6": f"{MEASURE} --qrels: ndcg",
    "comparator": f"{MEASURE} --qrels: comparators",
}


def explain(key: str | None = None, *, glossary: bool = False) -> str:
    """Explain a statement or a word of the theory, or list all statements.

    Parameters
    ----------
    key : str, optional
        Key of a statement, such as "theorem-1d", or a word, such as "entropy" or
        "inconclusive"; by default, all statements are listed.
    glossary : bool, default False
        Describe every symbol with its unit and meaning instead; not with a `key`.

    Returns
    -------
    str
        Several lines for a terminal: of a statement, its words, formula, symbols,
        assumptions, source, and where it is proved and used; of a word, what the
        catalogue and the glossary say of it, and the statements about it.

    Raises
    ------
    UsageError
        When no statement has that key and nothing speaks of that word, or `glossary` is
        given together with a key.

    See Also
    --------
    statement : The same statement as an object, with its formula in SymPy.
    certify : Machine checks of the statements.

    Examples
    --------
    >>> print(explain("theorem-1a").splitlines()[0])
    theorem-1a: Hoeffding limit (upper, proved)
    """
    if glossary and key:
        raise UsageError("a KEY and `glossary` exclude each other; ask for one of them")
    if glossary:
        return glossary_text()
    if key is None or key == "":
        return list_text()
    return statement_text(key) if key in REGISTRY else word_text(key)


def word_text(word: str) -> str:
    """What a word means: as a quantity, a verdict, a symbol, and in statements.

    Parameters
    ----------
    word : str
        In any case; several words are found together only.

    Raises
    ------
    UsageError
        When nothing speaks of it; the message suggests similar words.

    Examples
    --------
    >>> print(word_text("misranking").splitlines()[0])
    misranking
    """
    name, entry = found(word) or (" ".join(word.casefold().split()), Word(""))
    asked = name.casefold()
    also = [other.casefold().replace(" ", "_") for other in entry.also]
    see = f"see also: {', '.join(entry.see)}" if entry.see else ""
    parts = [
        _wrapped(entry.meaning),
        _quantity(QUANTITIES[asked]) if asked in QUANTITIES else "",
        _wrapped(f"a verdict: {VERDICTS[asked].meaning}") if asked in VERDICTS else "",
        *_mentions(asked, also),
        _wrapped(see),
    ]
    if not any(parts):
        known = list(dict.fromkeys([*WORDS, *REGISTRY, *QUANTITIES, *VERDICTS]))
        near = difflib.get_close_matches(asked, known, n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ";"
        raise UsageError(
            f"no statement {word!r}, and nothing speaks of such a "
            f"word{hint} `rankbound explain` lists all statements"
        )
    return "\n\n".join([name, *filter(None, parts)])


def _mentions(asked: str, also: list[str]) -> Iterator[str]:
    """The symbols that a word or its other names are in, and the statements."""
    symbols = [
        f"  {name}: {meaning} [{unit}]"
        for name, unit, meaning in glossary_rows()
        if any(_speaks(one, f"{name} {meaning}") for one in (asked, *also))
    ]
    if symbols:
        yield "symbols:\n" + "\n".join(symbols)
    about = [
        f"  {key}: {statement.title}"
        for key, statement in REGISTRY.items()
        if _speaks(asked, f"{statement.title} {statement.words}")
    ]
    if about:
        yield "statements (rankbound explain KEY):\n" + "\n".join(about)


def _quantity(found: Quantity) -> str:
    needs = NEEDS[found.need]
    unit = f", {'a' if found.unit in PURE else 'in'} {found.unit}"
    if found.unit in NUMBERS:
        unit = ""
    lines = [f"{found.words}{unit}; {needs}"]
    if isinstance(found.range, tuple):
        low, high = found.range
        lines.append(f"one query's value lies between {low:g} and {high:.4g}")
    if found.margin is not None:
        lines.append(
            f"differences within {found.margin:g} {found.unit} count as none by default"
        )
    if found.column:
        lines.append(f"column {found.column} of per_query.tsv")
    if found.caution:
        lines.append(found.caution)
    return "\n".join(map(_wrapped, lines))


def _speaks(word: str, text: str) -> bool:
    """Whether a text has the word, also as the beginning of a longer one.

    A word as short as B or run must be there as it is: too many begin with its letters.
    """
    end = r"\b" if len(word) <= SHORT else ""
    return re.search(rf"\b{re.escape(word)}{end}", text.casefold()) is not None


def list_text() -> str:
    """All statements: key, kind, status, title.

    Examples
    --------
    >>> print(list_text().splitlines()[0])
    key                     kind      status         title
    """
    rows = [("key", "kind", "status", "title")]
    rows += [(s.key, s.kind, s.status, _titled(s)) for s in REGISTRY.values()]
    wide = max(24, 2 + max(len(row[0]) for row in rows))
    return "\n".join(f"{a:<{wide}}{b:<10}{c:<15}{d}" for a, b, c, d in rows)


def _titled(entry: Statement) -> str:
    """The title, with a warning where the statement stands for a text not at hand."""
    if entry.provenance == "reconstructed":
        return f"{entry.title} ({entry.provenance})"
    return entry.title


def statement_text(key: str) -> str:
    """One statement: words, formula, symbols, assumptions, proof and uses.

    Raises
    ------
    UsageError
        For an unknown key; the message suggests similar ones.

    Examples
    --------
    >>> print(statement_text("theorem-1a").splitlines()[0])
    theorem-1a: Hoeffding limit (upper, proved)
    """
    if key not in REGISTRY:
        near = difflib.get_close_matches(key, REGISTRY, n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ";"
        raise UsageError(
            f"no statement {key!r}{hint} `rankbound explain` lists all of them"
        )
    found = REGISTRY[key]
    parts = [
        f"{key}: {found.title} ({found.kind}, {found.status})",
        _wrapped(found.words),
    ]
    parts += [_formula(found), _symbols(found), _conditions(found)]
    if found.attained_by:
        parts.append(_wrapped(f"attained by: {found.attained_by}"))
    parts.append(f"source: {found.source}")
    parts.append(f"origin: {ORIGINS[found.provenance]}")
    parts.append(
        f"proved:  {APPENDIX}, section {key}"
        if found.status == "proved"
        else f"applied: {APPENDIX}, section {key}"
    )
    parts.append(f"used:    {_use(key)}")
    return "\n\n".join(part for part in parts if part)


def _use(key: str) -> str:
    if key in USES:
        return USES[key]
    for start, use in READINGS.items():
        if key.startswith(start):
            return use
    return "rankbound certify checks it; see the Python API"


def glossary_text() -> str:
    """Every symbol with its unit and meaning.

    Examples
    --------
    >>> "teacher" in glossary_text()
    True
    """
    rows = [("symbol", "unit", "meaning"), *glossary_rows()]
    one, two = (2 + max(len(row[i]) for row in rows) for i in (0, 1))
    lines = []
    for symbol, unit, meaning in rows:
        hanging = textwrap.wrap(
            meaning,
            width=max(40, WIDTH - one - two),
        )
        lines.append(f"{symbol:<{one}}{unit:<{two}}{hanging[0]}")
        lines += [" " * (one + two) + more for more in hanging[1:]]
    return "\n".join(lines)


def glossary_rows() -> list[tuple[str, str, str]]:
    """Rows of the glossary: the letter with its code name, unit, meaning.

    Examples
    --------
    >>> glossary_rows()[3]
    ('temperature', 'score', 'teacher temperature')
    """
    return [(letter(entry), entry.unit, entry.meaning) for entry in all_terms()]


def formula_text(expression: Expr) -> str:
    """An expression in two-dimensional Unicode, with code names for symbols.

    Examples
    --------
    >>> from rankbound.bounds.notation import B
    >>> from rankbound.bounds.special import Softplus
    >>> print(formula_text(2 * Softplus(B)))
    2⋅ς(score_range)
    """
    plain = expression
    for special, name in NAMES.items():
        plain = plain.replace(special, Function(name))
    names = {symbol: Symbol(_solid(_code(symbol))) for symbol in plain.free_symbols}
    return _pretty(plain.xreplace(names))


def _formula(found: Statement) -> str:
    if found.expression is None:
        if found.procedure is None:
            return ""
        name = f"{found.procedure.__module__}.{found.procedure.__qualname__}"
        return f"no closed form; computed by {name}"
    right = formula_text(found.expression)
    text = right
    if found.left is not None:
        sign = {"=": "=", "<=": "≤", ">=": "≥"}[found.relation]
        text = f"{formula_text(found.left)}  {sign}\n{right}"
    used = [line for name, line in LEGEND.items() if f"{name}(" in text]
    block = textwrap.indent(text, "    ")
    return block + ("\n\nwith " + "; ".join(used) if used else "")


def _symbols(found: Statement) -> str:
    rows = [term(symbol) for symbol in found.arguments]
    if not rows:
        return ""
    wide = 2 + max(len(letter(entry)) for entry in rows)
    return "\n".join(
        f"  {letter(entry):<{wide}}{entry.meaning} [{entry.unit}]" for entry in rows
    )


def _conditions(found: Statement) -> str:
    if not found.assumptions:
        return "assumptions: none"
    facts = [assumption(name) for name in found.assumptions]
    lines = [_wrapped(f"{fact.name} ({fact.title}): {fact.text}") for fact in facts]
    return "assumptions:\n" + "\n".join(lines)


def letter(entry: Term) -> str:
    """The letter of a symbol in formulas with its code name, or the code name alone.

    Examples
    --------
    >>> from rankbound.bounds.notation import delta, term
    >>> letter(term(delta))
    'δ (delta)'
    """
    letter = _pretty(Symbol(_solid(entry.code)))
    return entry.code if letter == entry.code else f"{letter} ({entry.code})"


def _pretty(expression: Expr) -> str:
    text = str(sympy.pretty(expression, use_unicode=True, wrap_line=False))
    return text.replace(SOLID, "_")


def _solid(name: str) -> str:
    """Keep SymPy from reading the underscores of a name as subscripts."""
    return name.replace("_", SOLID)


def _code(symbol: Any) -> str:
    try:
        return term(symbol).code
    except KeyError:  # a left-hand side that is not an argument of any view
        text = str(symbol)
        for latex, plain in PLAIN.items():
            text = text.replace(latex, plain)
        return text


def _wrapped(text: str) -> str:
    return textwrap.fill(text, width=WIDTH)
