"""Pages that the code writes: theory, glossary, formats and API reference.

They are written into `docs/generated/` before Sphinx looks for pages, from the registry
of statements, the words of `rankbound explain`, the registry of formats and the public
names, so that nothing is listed twice. When the site is built, it is searched for
public names that have no entry, for folders of this machine, and for anything that a
page would ask a network for.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from commands import FOLDERS
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.osutil import relative_uri

HERE = Path(__file__).resolve().parent
TARGET = HERE / "generated"
PACKAGES = ("estimators", "validation", "figures")
# Modules that need libraries of others, and what of these they import
FOR_LIBRARIES = (
    "rankbound.training.sentence_transformers",
    "rankbound.training.transformers",
    "rankbound.training.lightning",
    "rankbound.pt",
)
LIBRARIES = (
    *("torch", "torch.nn", "transformers", "lightning", "lightning.pytorch"),
    *("lightning.pytorch.callbacks", "sentence_transformers"),
    *("sentence_transformers.base", "sentence_transformers.base.evaluation"),
    *("sentence_transformers.base.losses", "sentence_transformers.util"),
    "sentence_transformers.base.losses.merged_forward",
)
FAMILY = re.compile(r"((?:lemma|theorem)-\d+|[a-z]+)")
FAMILIES = {
    "lemma-0": "Diameters",
    "lemma-1": "Risk is entropy plus divergence",
    "lemma-2": "Ranges of losses and risks",
    "lemma-3": "Slopes of the loss",
    "lemma-4": "Complexity of bilinear students",
    "lemma-5": "Quantiles of distances",
    "theorem-1": "Limits of the risk",
    "theorem-2": "Shift of the law, and the headline",
    "theorem-3": "Misranking and calibration",
    "theorem-4": "Floors of the entropy, and the target form",
    "theorem-5": "Breaking even",
    "theorem-6": "nDCG",
    "theorem-7": "Quantile diameters",
    "theorem-8": "Shares of queries",
    "theorem-9": "Floors of limits",
    "theorem-10": "Pilot queries",
    "theorem-11": "Students compared",
    "theorem-12": "Sums over pairs",
    "loss": "Other losses",
    "bregman": "Bregman divergences",
    "comparator": "Earlier bounds",
    "paper": "The paper's form",
}
# Sections of the API reference of `rankbound`: the modules that names come from
SECTIONS = (
    ("commands", "Commands", r"commands\..*\.run|commands\.appendix|drawing|page"),
    ("results", "Results", r"commands\..*\.result"),
    ("reading", "Reading files and objects", r"read\."),
    ("data", "Data, errors and options", r"data\.|errors|commands\..*"),
    ("quantities", "Quantities", r"estimators\."),
    ("limits", "Limits and statements", r"bounds\."),
    ("power", "Power", r"validation\."),
    ("reference", "Published formulas", r"reference\."),
    ("explain", "Explaining", r"terminal\."),
)
# A page may name other sites in its text, but load nothing from them
LOADED = re.compile(
    r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*\ssrc=[\"'](?:https?:)?//"
    r"|<link\b[^>]*\brel=[\"'](?:stylesheet|preload|preconnect|icon)[\"'][^>]*"
    r"href=[\"'](?:https?:)?//|url\((?:https?:)?//|@import\s+[\"'](?:https?:)?//",
    re.IGNORECASE,
)


def write() -> None:
    """Write all pages; those that did not change keep their time."""
    pages = dict([*theory(), glossary(), formats(), *api()])
    for name, text in pages.items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in TARGET.rglob("*.md"):
        if path.relative_to(TARGET).as_posix() not in pages:
            path.unlink()


def theory() -> Iterator[tuple[str, str]]:
    """The statements with their proofs, a page for each family, and their list."""
    from paper_appendix.document import (
        PREFACE,
        TABLE,
        assumptions,
        fill,
        headings,
        is_proved,
        notation,
        proof,
        title,
    )
    from paper_appendix.document import (
        SECTIONS as PROSE,
    )
    from paper_appendix.tables import TABLES
    from rankbound.bounds.registry import REGISTRY

    families: dict[str, list[str]] = {}
    for heading in headings():
        families.setdefault(family(heading), []).append(heading)
    for name, members in families.items():
        about = FAMILIES[name]
        parts = [f"# {_family_title(name)}: {about[0].lower()}{about[1:]}"]
        if "-" not in name:
            parts = [f"# {about}"]
        for heading in members:
            parts.append(f"## {title(heading)}")
            for entry in REGISTRY.values():
                if entry.heading == heading:
                    parts += _statement(entry)
            parts.append(f"### {'Proof' if is_proved(heading) else 'Origin'}")
            parts.append(_proof(proof(heading)))
        yield f"theory/{name}.md", _linked("\n\n".join(parts) + "\n")
    preface = fill(PREFACE.read_text(encoding="utf-8").strip(), where=PREFACE.name)
    preface = preface.split("\n", 1)[1].split("**Setting.**")
    yield "theory/status.md", preface[0].strip() + "\n"
    setting = f"# Setting and notation\n\n{preface[1].strip()}\n\n## Symbols\n\n"
    yield "theory/notation.md", _linked(setting + notation() + "\n")
    listed = [f"(assumption-{n})=\n{one}" for n, one in enumerate(assumptions())]
    yield (
        "theory/assumptions.md",
        _linked("# Assumptions\n\n" + "\n\n".join(listed) + "\n"),
    )
    for name in ("reconstructed", "mining"):
        text = (PROSE / f"{name}.md").read_text(encoding="utf-8")
        text = fill(TABLE.sub(lambda found: TABLES[found[1]](), text), where=name)
        text = re.sub(r"^#(#+) ", r"\1 ", text, flags=re.MULTILINE)
        yield f"theory/{name}.md", _linked(text)
    rows = ["| statement | what it says | kind | status | whose |"]
    rows += ["| --- | --- | --- | --- | --- |"]
    rows += [
        f"| [`{e.key}`](#st-{e.key}) | {e.title} | {e.kind} | {e.status} "
        f"| {e.provenance} |"
        for e in REGISTRY.values()
    ]
    yield "theory/list.md", "\n".join(rows) + "\n"
    pages = ["notation", "assumptions", "reconstructed", "mining", *families]
    yield "theory/contents.md", _toctree(f"/generated/theory/{name}" for name in pages)


def family(heading: str) -> str:
    """The page of a heading.

    Examples
    --------
    >>> family("theorem-10b"), family("loss-mse"), family("paper-form")
    ('theorem-10', 'loss', 'paper')
    """
    found = FAMILY.match(heading)
    if found is None or found[1] not in FAMILIES:
        raise ExtensionError(f"{heading} has no page; add its family to FAMILIES")
    return found[1]


def _family_title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _statement(entry: Any) -> Iterator[str]:
    yield f"(st-{entry.key})="
    yield f"### {entry.title}"
    yield f"**`{entry.key}`** {entry.words}"
    if entry.expression is not None:
        yield f"$$\n{entry.latex()}\n$$"
    elif entry.procedure is not None:
        yield f"Computed by `{entry.computed_by}`; it has no closed form."
    facts = [f"{entry.kind}, {entry.status}, {_whose(entry.provenance)}"]
    named = ", ".join(map(_assumption, entry.assumptions)) or "nothing further"
    facts.append(f"assumes {named}")
    if entry.attained_by:
        facts.append(f"equality: {entry.attained_by}")
    facts.append(f"source: {entry.source}")
    yield "{.facts}\n" + "; ".join(facts) + "."


def _assumption(name: str) -> str:
    """The name of an assumption, with a link to it."""
    from rankbound.bounds.assumptions import ASSUMPTIONS

    return f"[{name}](#assumption-{list(ASSUMPTIONS).index(name)})"


def _whose(provenance: str) -> str:
    return {"ours": "ours", "literature": "of the literature"}.get(
        provenance, provenance
    )


def _proof(text: str) -> str:
    """The proof with its headings as paragraphs, since keys have a heading already."""
    return re.sub(r"^#### (\S+)\n", r"**`\1`.**\n", text, flags=re.MULTILINE)


def _linked(text: str) -> str:
    """The text with a link behind every key of a statement in typewriter letters."""
    from rankbound.bounds.registry import REGISTRY

    def link(found: re.Match[str]) -> str:
        key = found[1]
        return f"[`{key}`](#st-{key})" if key in REGISTRY else found[0]

    return re.sub(r"(?<!\[)`([a-z0-9-]+)`(?!\]\()", link, text)


def glossary() -> tuple[str, str]:
    """Every word that `rankbound explain` knows, and the verdicts."""
    from rankbound.bounds.registry import REGISTRY
    from rankbound.catalogue import QUANTITIES, VERDICTS
    from rankbound.terminal.words import WORDS

    parts = []
    for key in sorted(WORDS, key=str.casefold):
        word = WORDS[key]
        parts.append(f"(word-{_anchor(key)})=\n## {key}\n\n{word.meaning}")
        if word.also:
            parts.append(f"Also: {', '.join(word.also)}.")
        if key.casefold() in QUANTITIES:
            found = QUANTITIES[key.casefold()]
            column = f", column `{found.column}`" if found.column else ""
            parts.append(f"As a quantity: {found.words}, in {found.unit}{column}.")
        if word.see:
            links = [
                f"[`{one}`](#st-{one})"
                if one in REGISTRY
                else f"[{one}](#word-{'verdicts' if one in VERDICTS else _anchor(one)})"
                for one in word.see
            ]
            parts.append("See " + ", ".join(links) + ".")
    rows = [f"| *{name}* | {entry.meaning} |" for name, entry in VERDICTS.items()]
    table = ["| verdict | when it is said |", "| --- | --- |", *rows]
    text = "\n\n".join([*parts, "(word-verdicts)=\n## Verdicts", "\n".join(table)])
    return "glossary.md", text + "\n"


def _anchor(word: str) -> str:
    return re.sub(r"[^a-z]+", "-", word.casefold())


def formats() -> tuple[str, str]:
    """All formats by what they hold, with what can be done with each."""
    from rankbound.cli.convert import REFUSED
    from rankbound.read.registry import formats as registry

    words = {
        "scores": "Scores and runs",
        "groups": "Training groups",
        "qrels": "Relevance judgements",
        "embeddings": "Vectors",
    }
    parts = []
    entries = registry().values()
    for part, heading in [*words.items(), ("", "Texts, and what is refused")]:
        rows = [
            f"| `{one.name}` | {_cell(one.title)} "
            f"| {_does(one, REFUSED)} | {', '.join(one.keeps)} |"
            for one in entries
            if (one.parts[0] if one.parts else "") == part
        ]
        head = ["| name | what it is | does rankbound write it? | what it keeps |"]
        head.append("| --- | --- | --- | --- |")
        if rows:
            parts.append(f"### {heading}\n\n" + "\n".join([*head, *rows]))
    return "formats.md", "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    """Plain text for a cell of a table."""
    return re.sub(r"([|<*_\\\[\]])", r"\\\1", text)


def _does(entry: Any, refused: str) -> str:
    if entry.write is not None:
        return "yes"
    return "refused, with the remedy" if entry.name in refused.split() else "only read"


def api() -> Iterator[tuple[str, str]]:
    """A page for every section of the public names."""
    import rankbound

    left = dict(rankbound._MODULE)
    for name, heading, pattern in SECTIONS:
        here = [n for n, m in left.items() if re.match(rf"rankbound\.({pattern})", m)]
        for one in here:
            del left[one]
        parts = [f"# {heading}"]
        if name == "results":
            parts.append("Every result has the members of this class.")
            parts.append(_class("rankbound.results", "Result"))
        parts += [_object("rankbound", one) for one in sorted(here, key=str.lower)]
        yield f"api/{name}.md", "\n\n".join(parts) + "\n"
    if left:
        raise ExtensionError(f"names without a section: {', '.join(left)}")
    for package in ("bounds", "training"):
        yield f"api/{package}.md", _package(f"rankbound.{package}")
    parts = [f"## {one}\n\n{_automodule(one)}" for one in FOR_LIBRARIES]
    yield "api/libraries.md", "\n\n".join(["# Trainers and PyTerrier", *parts, ""])
    for package in PACKAGES:
        parts = [f"# rankbound.{package}", _automodule(f"rankbound.{package}")]
        for module in modules(f"rankbound.{package}"):
            parts.append(f"## {module.removeprefix(f'rankbound.{package}.')}")
            parts.append(_automodule(module))
        yield f"api/{package}.md", "\n\n".join(parts) + "\n"
    pages = [name for name, *_ in SECTIONS]
    pages += ["bounds", "training", "libraries", *PACKAGES]
    yield "api/contents.md", _toctree(f"/generated/api/{name}" for name in pages)


def _package(module: str) -> str:
    """The page of a package that lists its names."""
    import rankbound

    names = names_of(module)
    again = [one for one in names if one in rankbound.__all__]
    intro = f"```{{eval-rst}}\n.. automodule:: {module}\n   :no-members:\n```"
    parts = [f"# {module}", intro]
    if again:
        links = ", ".join(f"{{py:obj}}`rankbound.{one}`" for one in again)
        parts.append(f"It also has these names of `rankbound`: {links}.")
    parts += [_object(module, one) for one in names if one not in again]
    return "\n\n".join(parts) + "\n"


def modules(package: str) -> list[str]:
    """The public modules below a package."""
    found = import_module(package)
    inside = pkgutil.walk_packages(found.__path__, f"{package}.")
    return [one.name for one in inside if "._" not in one.name]


def names_of(module: str) -> list[str]:
    """The public names of a package, read from its text: torch need not be there."""
    text = Path(sys.modules["rankbound"].__file__ or "").with_name(
        module.rpartition(".")[2]
    )
    source = (text / "__init__.py").read_text(encoding="utf-8")
    listed = re.search(r"__all__ = \[(.*?)\]", source, re.DOTALL)
    return re.findall(r'"(\w+)"', listed[1] if listed else "")


def expected() -> set[str]:
    """The full names that the reference must have."""
    import rankbound

    names = {f"rankbound.{name}" for name in rankbound.__all__}
    for package in ("bounds", "training"):
        module = f"rankbound.{package}"
        names |= {
            f"{_home(module, name)}.{name}"
            for name in names_of(module)
            if name not in rankbound.__all__
        }
    for package in PACKAGES:
        for name in modules(f"rankbound.{package}"):
            names |= {
                f"{name}.{key}"
                for key, value in vars(import_module(name)).items()
                if not key.startswith("_")
                and getattr(value, "__module__", "") == name
                and (inspect.isfunction(value) or inspect.isclass(value))
            }
    return names


def _home(module: str, name: str) -> str:
    """Where a name is found: a module of the same name may hide that of a package."""
    if inspect.ismodule(getattr(import_module(module), name, None)):
        return f"{module}.{name}"
    return module


def _object(module: str, name: str) -> str:
    """The directive for one name of a package."""
    module = _home(module, name)
    if name[0].isupper() and name != "REGISTRY":
        return _class(module, name)
    if name == "REGISTRY":
        return f"```{{eval-rst}}\n.. autodata:: {module}.{name}\n   :no-value:\n```"
    return f"```{{eval-rst}}\n.. autofunction:: {module}.{name}\n```"


def _class(module: str, name: str) -> str:
    inherited = "\n   :inherited-members: Exception, NamedTuple, tuple, Struct, Module"
    return (
        f"```{{eval-rst}}\n.. autoclass:: {module}.{name}\n   :members:"
        f"{inherited if module == 'rankbound.results' else ''}\n```"
    )


def _automodule(module: str) -> str:
    return f"```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```"


def _toctree(pages: Iterator[str]) -> str:
    body = "\n".join(pages)
    return f"```{{toctree}}\n:maxdepth: 1\n\n{body}\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Write pages before the build, and look at it afterwards."""
    app.connect("builder-inited", _begin)
    app.connect("build-finished", _copy_mathjax)
    app.connect("build-finished", _look, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _begin(_: Sphinx) -> None:
    """Write pages, and import what is documented, once for all processes."""
    _import_training()
    expected()
    write()


class _StandIn(ModuleType):
    """Stands for a library while ours is imported; every name in it is a class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def _import_training() -> None:
    """Import what needs torch and trainers without these, which are large downloads."""
    there = {name: sys.modules.get(name) for name in LIBRARIES}
    made = {name: _StandIn(name) for name in LIBRARIES}
    sys.modules |= made
    for name, module in made.items():
        before, _, last = name.rpartition(".")
        if before:
            setattr(made[before], last, module)
    try:
        for name in ("rankbound.training", *FOR_LIBRARIES):
            import_module(name)
    finally:
        for name, module in there.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


def _copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy MathJax with its fonts, from the package that brings it."""
    if error is not None or app.builder.format != "html":
        return
    package = import_module("sphinx-mathjax-offline")
    source = Path(package.__file__ or "").with_name("static") / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    fonts = Path("output/chtml/fonts/woff-v2")
    (target / fonts).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "tex-chtml.js", target)
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)


def _look(app: Sphinx, error: Exception | None) -> None:
    """Raise for a missing name, a folder of this machine, or a remote file."""
    if error is not None or app.builder.format != "html":
        return
    documented = set(app.env.domains["py"].data["objects"])  # type: ignore[index]
    missing = expected() - documented
    if missing:
        raise ExtensionError(f"not in the API reference: {', '.join(sorted(missing))}")
    for path in sorted(Path(app.outdir).rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        name = relative_uri("", path.relative_to(app.outdir).as_posix())
        for folder in FOLDERS:
            if folder in text:
                raise ExtensionError(f"{name} shows a folder of this machine: {folder}")
        remote = LOADED.search(text)
        if remote:
            raise ExtensionError(f"{name} would load a remote file: {remote[0]}")
