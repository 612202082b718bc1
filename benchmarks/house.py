"""`python -m benchmarks.house`: how tangled the code was, is, and should be.

"Then" is the code before it was moved into the packages that CONTRIBUTING.md describes
(5ab1f3f), counted by the same functions.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple

import grimp
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = (
    *("bounds", "estimators", "validation", "figures", "rankbound"),
    *("benchmarks", "paper_appendix"),
)
# One quantity and one verdict stand for all others
QUANTITY: Final = "knn_density"
VERDICT: Final = "negligible"
LINES_THEN: Final = {
    "code": 42_123,
    "docstrings": 14_409,
    "comments": 338,
    "blanks": 8_450,
}


class Loose(StrEnum):
    """What is loosely typed."""

    ANYTHING = "dict[str, Any]"
    READ = "read"
    WRITTEN = "written"
    BAG = "options"


class Measure(NamedTuple):
    """A number about the code: before the move, now, and as it should be."""

    what: str
    then: int
    now: int
    goal: str


def modules(root: Path = ROOT) -> list[Path]:
    """Return the modules of a checkout except its tests; links are not followed."""
    found = [
        Path(place, name)
        for folder in FOLDERS
        for place, _, names in os.walk(root / folder)
        for name in names
        if name.endswith(".py")
    ]
    return sorted(found)


def circles(package: str = "rankbound") -> list[list[str]]:
    """Return the groups of modules that import each other, the largest first.

    All imports count: those at the top, inside functions, and for types alone.
    """
    graph = grimp.build_graph(package, cache_dir=None)
    names = sorted(graph.modules)
    place = {name: number for number, name in enumerate(names)}
    edges = [
        (place[name], place[other])
        for name in names
        for other in graph.find_modules_directly_imported_by(name)
    ]
    start, end = np.array(edges).T
    shape = (len(names), len(names))
    matrix = coo_array((np.ones(len(edges)), (start, end)), shape=shape)
    _, labels = connected_components(matrix, directed=True, connection="strong")
    found: dict[int, list[str]] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        found.setdefault(label, []).append(name)
    return sorted((c for c in found.values() if len(c) > 1), key=len, reverse=True)


def installed_names(root: Path = ROOT) -> list[str]:
    """Return the top-level names that an installation makes importable."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["packages"]
    return sorted({name.split(".")[0] for name in packages})


def counted(tree: ast.AST) -> Counter[str]:
    """Count what is loosely typed in a module.

    These are dictionaries of anything, keys written as strings, and parameters that
    take all options of a command.
    """
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            found[Loose.BAG] += _takes_options(node)
        if not isinstance(node, ast.Subscript):
            continue
        whole = ast.unparse(node)
        key = node.slice
        if whole == Loose.ANYTHING:
            found[Loose.ANYTHING] += 1
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            read = isinstance(node.ctx, ast.Load)
            found[Loose.READ if read else Loose.WRITTEN] += not whole.startswith(
                "Literal["
            )
    return +found


def _takes_options(node: ast.arg | ast.AnnAssign) -> bool:
    """Whether a parameter or field takes all options of a command."""
    name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
    kind = ast.unparse(node.annotation) if node.annotation else ""
    ours = "Options" in kind and "ConsoleOptions" not in kind  # those are rich's
    return name == "options" and ours


def lines_of(text: str) -> Counter[str]:
    r"""Count the lines of a module by what stands in them.

    A line with code and a comment is code. The blank lines of a docstring are its own.

    Examples
    --------
    >>> module = '"Doc."\n\nx = [  # some\n    1\n]\n# end\n'
    >>> sorted(lines_of(module).items())
    [('blanks', 1), ('code', 3), ('comments', 1), ('docstrings', 1)]
    """
    kinds = ["blanks"] * len(text.splitlines())
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type == tokenize.COMMENT and kinds[token.start[0] - 1] != "code":
            kinds[token.start[0] - 1] = "comments"
        elif token.string.strip() and token.type != tokenize.COMMENT:
            for number in range(token.start[0], token.end[0] + 1):
                kinds[number - 1] = "code"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            for number in range(node.lineno, (node.end_lineno or 0) + 1):
                kinds[number - 1] = "docstrings"
    return Counter(kinds)


def naming(word: str, root: Path = ROOT) -> list[Path]:
    """Return the modules that contain a word, except this one."""
    pattern = re.compile(rf"\b{word}\b")
    return [
        path
        for path in modules(root)
        if path != Path(__file__).resolve()
        if pattern.search(path.read_text(encoding="utf-8"))
    ]


def measures(root: Path = ROOT) -> Iterator[Measure]:
    """Yield every measure in the order of the table."""
    texts = [path.read_text(encoding="utf-8") for path in modules(root)]
    found = sum((counted(ast.parse(text)) for text in texts), Counter[str]())
    lines = sum(map(lines_of, texts), Counter[str]())
    yield Measure("modules without tests", 461, len(texts), "about 280")
    yield Measure("lines of them", 65_320, lines.total(), "50,000 or less")
    for kind, then in LINES_THEN.items():
        yield Measure(f"  {kind}", then, lines[kind], "")
    yield Measure("circles of imports", 7, len(circles()), "0")
    yield Measure("names installed", 5, len(installed_names(root)), "1")
    yield Measure("dict[str, Any]", 217, found[Loose.ANYTHING], "under 20")
    keys = found[Loose.READ] + found[Loose.WRITTEN]
    yield Measure("keys written as strings", 1_422, keys, "under 100")
    yield Measure("  of them read", 1_332, found[Loose.READ], "")
    yield Measure("  of them written", 90, found[Loose.WRITTEN], "")
    yield Measure(f"modules that name {QUANTITY}", 19, len(naming(QUANTITY, root)), "3")
    yield Measure(f"modules that name {VERDICT}", 14, len(naming(VERDICT, root)), "2")
    yield Measure("places given a bag of options", 67, found[Loose.BAG], "under 20")


def main() -> None:
    """Print the table."""
    write = sys.stdout.write
    write("| measure | then | now | goal |\n| --- | ---: | ---: | ---: |\n")
    for what, then, now, goal in measures():
        write(f"| {what} | {then:,} | {now:,} | {goal} |\n")
    for circle in circles():
        write(f"\ncircle of {len(circle)}: {', '.join(circle)}\n")


if __name__ == "__main__":
    main()
