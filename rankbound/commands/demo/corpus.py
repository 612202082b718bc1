"""Docstrings of installed packages as a known-item collection.

A document is the body of a docstring. Its query is the summary line, which is removed
from the body. The packages are parsed, never imported: importing all of them would take
seconds, and some of their modules have side effects.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from rankbound.commands.study.processes import done_by
from rankbound.progress import Progress

PACKAGES: Final = ("matplotlib", "numpy", "pandas", "scipy", "sklearn", "sympy")
# All settings of the demo were chosen on docstrings of the packages above. Held-out
# queries are from these, which `rankbound[demo]` needs, too, and nobody had looked at.
FRESH: Final = (
    "PIL",
    "bm25s",
    "contourpy",
    "dateutil",
    "fontTools",
    "jinja2",
    "joblib",
    "markdown_it",
    "mpmath",
    "msgspec",
    "packaging",
    "pyarrow",
    "pyparsing",
    "rich",
    "seaborn",
)
NONE: Final[Mapping[str, Path]] = MappingProxyType({})

# A shorter body has too few words to be found by more than chance.
MIN_BODY_WORDS = 30
# "See base class." identifies no document, and a long paragraph is not a summary.
MIN_SUMMARY_WORDS = 4
MAX_SUMMARY_WORDS = 50
# Tables of constants take seconds to parse and hold almost no docstrings.
MAX_BYTES_PER_DOCSTRING = 15_000

_TEST_FILE = re.compile(r"(tests?|test_.*|.*_test|conftest)", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n\s*\n")
_WORD_CHARACTER = re.compile(r"[^\W_]")

_Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Document:
    """A docstring: its place, its summary line, and its body without the summary.

    Both texts contain single spaces only, and `text` never contains `summary`. `fresh`
    says that it took part in no choice that the demo rests on.
    """

    docno: str
    summary: str
    text: str
    fresh: bool = False


def package_roots(packages: Iterable[str] = PACKAGES) -> dict[str, Path]:
    """Find the folders of the packages that are installed, in the given order.

    Examples
    --------
    >>> sorted(package_roots(("numpy", "no_such_package")))
    ['numpy']
    """
    roots = {}
    for package in packages:
        # For a name without dots, find_spec imports nothing.
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            roots[package] = Path(next(iter(spec.submodule_search_locations)))
    return roots


def split_docstring(docstring: str) -> tuple[str, str] | None:
    r"""Split a docstring into summary and body, or return None if it is unsuitable.

    The summary is the first paragraph. All repetitions of it are removed from the body,
    whatever their case and with or without the full stop, since a query that occurs in
    its document could be found by comparing strings.

    Parameters
    ----------
    docstring : str
        Without indentation, as `ast.get_docstring` returns it.

    Returns
    -------
    tuple of (str, str) or None
        None if the summary has fewer than 4 or more than 50 words, or the body fewer
        than 30.

    Examples
    --------
    >>> body = "Sort an array of numbers by value: " + "word " * 30
    >>> split_docstring("Sort an array of numbers.\n\n" + body)[1][:14]
    'by value: word'
    >>> split_docstring("Sort an array of numbers.\n\nToo short.") is None
    True
    """
    first, *rest = _BLANK_LINE.split(docstring.strip(), maxsplit=1)
    # Some packages underline headings; such lines contain no words.
    lines = [line for line in first.splitlines() if _WORD_CHARACTER.search(line)]
    summary = " ".join(" ".join(lines).split())
    if not MIN_SUMMARY_WORDS <= len(summary.split()) <= MAX_SUMMARY_WORDS:
        return None
    text = _cut(" ".join(" ".join(rest).split()), summary)
    if len(text.split()) < MIN_BODY_WORDS:
        return None
    return summary, text


def read_package(
    root: Path, *, package: str, fresh: bool = False
) -> Iterator[Document]:
    """Yield the documents of one package, file by file in the order of their paths.

    Private functions and classes and test files are skipped. Private modules are read,
    since many packages define their public functions there.
    """
    for path in sorted(root.rglob("*.py"), key=lambda path: path.parts):
        parts = path.relative_to(root).with_suffix("").parts
        # A script whose name cannot be imported defines nothing for users.
        if not all(part.isidentifier() and not _is_test(part) for part in parts):
            continue
        tree = _parsed(path.read_bytes())
        if tree is None:
            continue
        module = parts[:-1] if parts[-1] == "__init__" else parts
        for name, docstring in _docstrings(tree, ".".join((package, *module))):
            pieces = split_docstring(docstring)
            if pieces is not None:
                yield Document(name, *pieces, fresh=fresh)


@dataclass(frozen=True, slots=True)
class _Package:
    name: str
    root: Path
    fresh: bool


def _documents(package: _Package, _: Progress) -> list[Document]:
    with _no_cycle_search():
        return [*read_package(package.root, package=package.name, fresh=package.fresh)]


def collect(
    roots: Mapping[str, Path],
    *,
    fresh: Mapping[str, Path] = NONE,
    workers: int = 1,
) -> list[Document]:
    """Collect the documents of all packages, sorted by name and without duplicates.

    Of documents with the same name, body or summary, only the first by name is kept: a
    summary shared by two documents would not say which of them is sought. A document of
    `fresh` packages that another package holds a copy of is not fresh, so the copy is
    the one that is kept. `workers` is the number of processes that read.

    Examples
    --------
    >>> collect({})
    []
    """
    packages = [
        _Package(name, root, new)
        for several, new in ((roots, False), (fresh, True))
        # The last one in the alphabet, SymPy, takes longest
        for name, root in reversed([*several.items()])
    ]
    read = done_by(_documents, packages, workers=workers)
    found = (document for documents in read for document in documents)
    kept = []
    seen: set[tuple[str, str]] = set()
    for document in sorted(found, key=lambda one: (one.fresh, one.docno)):
        keys = {
            ("name", document.docno),
            ("summary", document.summary.casefold()),
            ("text", document.text),
        }
        if seen.isdisjoint(keys):
            kept.append(document)
            seen |= keys
    return sorted(kept, key=lambda document: document.docno)


def sample_documents(
    documents: list[Document], *, size: int, rng: np.random.Generator
) -> list[Document]:
    """Draw so many documents: all fresh ones and others, uniformly, in their order.

    Examples
    --------
    >>> documents = [Document(name, "", "", fresh=name == "a") for name in "abcd"]
    >>> drawn = sample_documents(documents, size=2, rng=np.random.default_rng(0))
    >>> [document.docno for document in drawn]
    ['a', 'd']
    """
    known = [index for index, document in enumerate(documents) if not document.fresh]
    wanted = max(0, size - (len(documents) - len(known)))
    if len(known) <= wanted:
        return list(documents)
    left = {*rng.choice(known, size=wanted, replace=False).tolist()}
    return [one for index, one in enumerate(documents) if one.fresh or index in left]


def _is_test(part: str) -> bool:
    return _TEST_FILE.fullmatch(part) is not None


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    """Pause the cycle collector, which walks every syntax tree and finds nothing.

    This saves a third of the time of parsing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cut(text: str, summary: str) -> str:
    """Remove all repetitions of the summary, including those that a removal makes."""
    sentence = summary.rstrip(".")
    while sentence.casefold() in text.casefold():
        repeated = re.compile(re.escape(sentence) + r"\.?", re.IGNORECASE)
        shorter = " ".join(repeated.sub(" ", text).split())
        if shorter == text:
            # Equal only after case folding, like "ß" and "ss", so no match is found.
            break
        text = shorter
    return text


def _parsed(source: bytes) -> ast.Module | None:
    """Parse a file; None if it has no docstrings or is not valid Python 3."""
    docstrings = source.count(b'"""') // 2
    if len(source) > MAX_BYTES_PER_DOCSTRING * docstrings:
        return None
    with warnings.catch_warnings():
        # Users cannot repair invalid escapes in the files of other packages.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            return None


def _docstrings(node: ast.Module | _Documented, name: str) -> Iterator[tuple[str, str]]:
    """Yield names and docstrings of a module or class and of its public members."""
    docstring = ast.get_docstring(node)
    if docstring:
        # An escape may be a lone surrogate, which cannot be encoded.
        yield name, docstring.encode("utf-8", "replace").decode()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return  # what a function defines has no public name
    for child in node.body:
        if isinstance(child, _Documented) and not child.name.startswith("_"):
            yield from _docstrings(child, f"{name}.{child.name}")
