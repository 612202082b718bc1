"""The Markdown of the proofs as LaTeX.

Supported are headings, paragraphs, lists, displays and tables, and within a paragraph
mathematics, code, emphasis and citations. Anything else is an error that names the
line, so that nothing unintended is printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
# Within a name in typewriter letters, lines may break after these
BREAKS: Final = re.compile(r"([-.]|\\_)(?=\w)")
HEADING: Final = re.compile(r"(#{2,4}) (.+)")
ITEM: Final = re.compile(r"(- |\d+\. )(.+)")
REFUSED: Final = re.compile(r"```|~~~|>|!\[|<\w|</|---|===|#|    |\t|[*+] ")
RULE: Final = re.compile(r"[| :-]+")
COLUMN_MARGIN: Final = 0.014  # beside every column, as a share of the line
WIDEST: Final = 44  # the most letters that a column asks for
LINE: Final = 80  # letters on a line of a table
# A line of a display that starts with one of these may be set as a line of its own
RELATION: Final = re.compile(r"(=|\\le\b|\\ge\b|<|>|\+|-|\\cdot\b)")
LONG: Final = 88  # displays with more visible letters need several lines
Block = tuple[str, list[str], int]


def inline(text: str, *, where: str) -> str:
    r"""Convert the text of one paragraph, joined to one line.

    Raises
    ------
    AppendixError
        On an unclosed mark, a link, an unknown letter, or a year without a reference.

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
    r"""Escape a text, so that every character is printed as it is.

    Examples
    --------
    >>> escape("L_g & Clémençon", where="here")
    'L\\_g \\& Clémençon'
    """
    for char in text:
        if ord(char) > 126 and char not in LETTERS:
            raise AppendixError(
                f"{where}: {char!r} has no LaTeX form here; write it as mathematics "
                "or add it to paper_appendix.markdown.LETTERS"
            )
    return "".join(SPECIAL.get(char, char) for char in text)


def code(name: str, *, where: str) -> str:
    r"""Set a name in typewriter letters; the key of a statement links to it.

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
    """Return a formula unchanged, after checks for what would break LaTeX."""
    if not formula.isascii():
        raise AppendixError(f"{where}: use commands for the letters of {formula}")
    braces = re.sub(r"\\[{}]", "", formula)
    if braces.count("{") != braces.count("}"):
        raise AppendixError(f"{where}: braces do not match in {formula}")
    return formula


def plain(text: str, *, where: str, before: str = "") -> str:
    r"""Convert text without marks, with a citation after every year.

    `before` is the text that names the authors of the years; by default `text`.

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


def to_latex(markdown: str, *, where: str) -> str:
    r"""Convert a whole text.

    Raises
    ------
    AppendixError
        On unsupported Markdown; the message has the line.

    Examples
    --------
    >>> print(to_latex("Hence\n\n$$\na = b\n$$", where="here"))
    Hence
    \begin{equation*}
    a = b
    \end{equation*}
    """
    written = ""
    for kind, lines, number in _blocks(markdown, where=where):
        latex = WRITERS[kind](lines, where=f"{where}:{number}")
        # An empty line before a display would add vertical space
        gap = "\n" if kind == "display" else "\n\n"
        written += (gap if written else "") + latex
    return written


def _blocks(markdown: str, *, where: str) -> Iterator[Block]:
    lines = markdown.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        kind = _kind(lines[at], where=f"{where}:{at + 1}")
        end = _end(kind, lines, at)
        if kind == "display" and (end > len(lines) or lines[end - 1] != "$$"):
            raise AppendixError(f"{where}:{at + 1}: the display has no end")
        yield kind, lines[at:end], at + 1
        at = end


def _kind(line: str, *, where: str) -> str:
    if line == "$$":
        return "display"
    if HEADING.fullmatch(line):
        return "heading"
    if ITEM.match(line):
        return "list"
    if line.startswith("|"):
        return "table"
    if REFUSED.match(line):
        raise AppendixError(
            f"{where}: {line!r} is not supported; use headings, lists, displays, tables"
        )
    return "paragraph"


def _end(kind: str, lines: list[str], start: int) -> int:
    if kind == "heading":
        return start + 1
    if kind == "display":
        return next(
            (i + 1 for i in range(start + 1, len(lines)) if lines[i] == "$$"),
            len(lines) + 1,
        )
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if not line.strip() or line == "$$" or HEADING.fullmatch(line):
            return at
        if kind == "table" and not line.startswith("|"):
            return at
    return len(lines)


def _heading(lines: list[str], *, where: str) -> str:
    found = HEADING.fullmatch(lines[0])
    level, title = (found[1], found[2]) if found else ("", "")
    if level == "####":
        return f"\\paragraph{{{code(title, where=where)}.}}"
    command = {"##": "section", "###": "subsection"}[level]
    return f"\\{command}{{{inline(title, where=where)}}}"


def _paragraph(lines: list[str], *, where: str) -> str:
    for number, line in enumerate(lines):
        if REFUSED.match(line) or (number and ITEM.match(line)):
            raise AppendixError(f"{where}: {line!r} inside a paragraph")
    return inline(" ".join(lines), where=where)


def _list(lines: list[str], *, where: str) -> str:
    items: list[str] = []
    kinds = set()
    for line in lines:
        found = ITEM.fullmatch(line)
        if found:
            kinds.add("itemize" if found[1] == "- " else "enumerate")
            items.append(found[2])
        elif line.startswith("  ") and line.strip():
            items[-1] += f" {line.strip()}"
        else:
            raise AppendixError(f"{where}: indent {line!r} if it continues an item")
    if len(kinds) != 1:
        raise AppendixError(f"{where}: all items of a list must be numbered, or none")
    kind = kinds.pop()
    rows = [f"\\item {inline(item, where=where)}" for item in items]
    return "\n".join([f"\\begin{{{kind}}}", *rows, f"\\end{{{kind}}}"])


def _display(lines: list[str], *, where: str) -> str:
    inside = lines[1:-1]
    if not inside or not all(line.strip() for line in inside):
        raise AppendixError(f"{where}: a display must not have an empty line")
    return display(inside, where=where)


def display(lines: list[str], *, where: str) -> str:
    """Set a formula as a display; a long one is broken at the lines of its source."""
    rows = [lines[0]]
    for line in lines[1:]:
        if RELATION.match(line):
            rows.append(line)
        else:
            rows[-1] += f"\n{line}"
    mathematics("".join(rows), where=where)
    if len(rows) > 1 and len(visible(" ".join(rows))) > LONG:
        body = " \\\\\n&\\quad ".join(rows)
        rows = [f"\\begin{{aligned}}\n&{body}\n\\end{{aligned}}"]
    body = "\n".join(rows)
    return f"\\begin{{equation*}}\n{body}\n\\end{{equation*}}"


def _table(lines: list[str], *, where: str) -> str:
    rows = [_cells(line, where=where) for line in lines]
    if len(rows) < 3 or not RULE.fullmatch(lines[1]):
        raise AppendixError(f"{where}: a table needs a header, a rule and rows")
    if len({len(row) for row in rows}) != 1:
        raise AppendixError(
            f"{where}: all rows of a table need the same number of cells"
        )
    del rows[1]
    head, *body = (
        " & ".join(inline(cell, where=where) for cell in row) + r" \\" for row in rows
    )
    columns = "".join(
        f">{{\\raggedright\\arraybackslash}}p{{{share:.4f}\\linewidth}}"
        for share in _shares(rows)
    )
    start = [r"\begingroup\small\setlength{\tabcolsep}{0.007\linewidth}"]
    start += [f"\\begin{{longtable}}{{{columns}}}", r"\hline", head]
    end = [r"\hline", r"\end{longtable}", r"\endgroup"]
    return "\n".join([*start, r"\hline\endhead", *body, *end])


def _cells(line: str, *, where: str) -> list[str]:
    if not (line.startswith("|") and line.endswith("|")):
        raise AppendixError(f"{where}: {line!r} is not a row of a table")
    return [cell.strip() for cell in line[1:-1].split("|")]


def _shares(rows: list[list[str]]) -> list[float]:
    """Shares of the line for each column: for the longest words, then for the cells."""
    columns = [[visible(cell) for cell in column] for column in zip(*rows, strict=True)]
    words = [max(_longest_word(cell) for cell in column) for column in columns]
    more = [
        max(0, min(WIDEST, max(map(len, column))) - word) + 1
        for column, word in zip(columns, words, strict=True)
    ]
    left = 0.998 - COLUMN_MARGIN * len(columns)
    taken = min(left, sum(words) / LINE)
    return [
        taken * word / sum(words) + (left - taken) * extra / sum(more)
        for word, extra in zip(words, more, strict=True)
    ]


def _longest_word(text: str) -> int:
    return max((len(word) for word in re.split(r"[ .-]", text)), default=0) + 1


def visible(text: str) -> str:
    r"""Approximate the letters that are visible of a text with mathematics.

    Examples
    --------
    >>> visible(r"$\sqrt{n}$ and `code`")
    'sn and code'
    """
    plain = text.replace(r"\,", "")
    plain = re.sub(r"\\(left|right|mathrm|operatorname|overline|hat|quad)", "", plain)
    plain = re.sub(r"\\[A-Za-z]+|\\.", "s", plain)
    return re.sub(r"[{}$`^_*]", "", plain)


WRITERS: Final[dict[str, Callable[..., str]]] = {
    "display": _display,
    "heading": _heading,
    "list": _list,
    "paragraph": _paragraph,
    "table": _table,
}
