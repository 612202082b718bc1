"""The inside of a Markdown paragraph as LaTeX: mathematics, code, emphasis, citations.

Only what the proofs use is understood; anything else is an error, so that nothing is
printed that nobody meant.
"""

from __future__ import annotations

import re
from typing import Final

from paper_appendix.bibliography import cited
from paper_appendix.document import AppendixError
from rankbound.bounds.registry import REGISTRY

TOKEN: Final = re.compile(
    r"(\$[^$]+\$|`[^`]+`|\*\*[^*]+\*\*|\*(?!\s)[^*]+(?<!\s)\*|\"[^\"]*\")"
)
YEAR: Final = re.compile(r"(?<![\w.])((?:1[89]|20)\d\d)(?![\w])")
SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    **{char: f"\\{char}" for char in "&%#_"},
}
LETTERS: Final = frozenset("äéçöüèáÉ")
# A line may break after these inside of a name in typewriter letters
BREAKS: Final = re.compile(r"([-.]|\\_)(?=\w)")


def inline(text: str, *, where: str) -> str:
    r"""Convert the text of one paragraph, joined to one line.

    Raises
    ------
    AppendixError
        On a half-open mark, a link, an unknown letter, or a year without a reference.

    Examples
    --------
    >>> inline("The *loss* of 5 % is $p m$.", where="here")
    'The \\emph{loss} of 5 \\% is $p m$.'
    """
    line = " ".join(text.split())
    return "".join(
        _token(token, before=line, where=where) for token in TOKEN.split(line) if token
    )


def escape(text: str, *, where: str) -> str:
    r"""Print every character as it is.

    Examples
    --------
    >>> escape("L_g & Clémençon", where="here")
    'L\\_g \\& Clémençon'
    """
    for char in text:
        if ord(char) > 126 and char not in LETTERS:
            raise AppendixError(
                f"{where}: {char!r} has no LaTeX form here; write it as mathematics "
                "or add it to paper_appendix.inline.LETTERS"
            )
    return "".join(SPECIAL.get(char, char) for char in text)


def code(name: str, *, where: str) -> str:
    r"""Typewriter letters; the key of a statement becomes a link to it.

    Examples
    --------
    >>> code("lemma-0", where="here")
    '\\hyperref[st:lemma-0]{\\texttt{lemma-\\allowbreak{}0}}'
    """
    letters = BREAKS.sub(r"\1\\allowbreak{}", escape(name, where=where))
    shown = f"\\texttt{{{letters}}}"
    return f"\\hyperref[st:{name}]{{{shown}}}" if name in REGISTRY else shown


def _token(token: str, *, before: str, where: str) -> str:
    if token.startswith("$"):
        return mathematics(token, where=where)
    if token.startswith("`"):
        return code(token.strip("`"), where=where)
    for mark, start, end in (("**", r"\textbf{", "}"), ("*", r"\emph{", "}")):
        if token.startswith(mark) and len(token) > 2 * len(mark):
            inner = token.removeprefix(mark).removesuffix(mark)
            return f"{start}{inline(inner, where=where)}{end}"
    if token.startswith('"') and len(token) > 1:
        return f"``{inline(token[1:-1], where=where)}''"
    for mark in ("$", "`", '"', "](", "**"):
        if mark in token:
            raise AppendixError(f"{where}: {mark} is not understood in {token!r}")
    return plain(token, before=before, where=where)


def mathematics(formula: str, *, where: str) -> str:
    """Check what LaTeX would stumble over and return the formula as it is."""
    if not formula.isascii():
        raise AppendixError(f"{where}: use commands for the letters of {formula}")
    braces = re.sub(r"\\[{}]", "", formula)
    if braces.count("{") != braces.count("}"):
        raise AppendixError(f"{where}: braces do not match in {formula}")
    return formula


def plain(text: str, *, where: str, before: str = "") -> str:
    r"""Print text without marks as it is, with a citation after every year.

    `before` is the text in which the author of a year is looked for, if it is longer.

    Examples
    --------
    >>> plain("Hoeffding (1963), a * b", where="here")
    'Hoeffding (1963~\\cite{hoeffding1963}), a * b'
    """
    parts = YEAR.split(text)
    found = [escape(parts[0], where=where)]
    for year, after in zip(parts[1::2], parts[2::2], strict=True):
        reference = cited(before or text, year)
        if reference is None:
            raise AppendixError(
                f"{where}: no reference of {year} fits {text!r}; add it to "
                "paper_appendix.bibliography"
            )
        found.append(f"{year}~\\cite{{{reference}}}{escape(after, where=where)}")
    return "".join(found)
