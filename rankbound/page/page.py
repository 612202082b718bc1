"""The whole page from what was gathered: sections, figures, tables, provenance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from sympy import Symbol

from rankbound.bounds.notation import (
    A,
    D,
    Delta,
    H,
    K,
    L,
    R,
    delta,
    k,
    kappa,
    mean_a,
    mean_d,
    n,
    tau,
    term,
)
from rankbound.commands.measure.result import Ledger
from rankbound.drawing.results import FILES, Found, file_of, kind_of
from rankbound.page.accounts import Account, Verdict
from rankbound.page.documents import Documents
from rankbound.page.formulas import Explorer, explorer, views_script
from rankbound.page.pictures import Picture
from rankbound.page.pieces import MAKERS
from rankbound.page.queries import QueryTable
from rankbound.page.rendering import (
    policy,
    rendered_template,
    script,
    script_json,
    source,
)
from rankbound.page.table import Table, number, words
from rankbound.provenance import Input
from rankbound.results import Record
from rankbound.terminal.explain import glossary_rows
from rankbound.writing import json_text

STATIC_ROWS: Final = 25
MOST_JSON: Final = 1_000_000
SEEDED: Final = ("calibration", "family")  # parts of results that may hold the seed
# Words of the tables that stand for a symbol of the notation
HINTS: Final[dict[str, Symbol]] = {
    "entropy": H,
    "divergence": D,
    "= risk": R,
    "risk": R,
    "temperature": tau,
    "mean distance": mean_d,
    "diameter: largest distance": Delta,
    "mean margin": mean_a,
    "n": n,
}
SYMBOLS: Final = (n, delta, L, Delta, H, D, kappa, tau, k, K, A, mean_a)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a report is made of.

    Attributes
    ----------
    title : str
    results : list of Found
    figures : list of Picture
    tables : list of QueryTable
    details : list of Documents
        Documents of queries, one for each ledger.
    missing : list of (what, why)
    command : str
    """

    title: str
    results: list[Found]
    figures: list[Picture] = field(default_factory=list)
    tables: list[QueryTable] = field(default_factory=list)
    details: list[Documents] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    command: str = ""


def page(material: Material) -> str:
    """The report as HTML.

    The same material gives the same text.
    """
    accounts = [
        (
            f"result-{index}",
            MAKERS[result.kind](result.content.in_options(), name=result.name),
        )
        for index, result in enumerate(material.results)
    ]
    code = script(views_script())
    return rendered_template(
        "report.html",
        {
            "title": material.title,
            "subtitle": _subtitle(material),
            "style": _safe(source("style.css")),
            "script": code,
            "policy": policy(code),
            "sections": _sections(accounts, material),
            "accounts": accounts,
            "banner": [v for _, account in accounts for v in _first(account)],
            "missing": material.missing,
            "figures": material.figures,
            "tables": material.tables,
            "static_rows": static_rows,
            "provenance": list(_provenance(material)),
            "glossary": glossary_rows(),
            "hints": hints(),
            "column_hint": column_hint,
            "version": version("rankbound"),
            "data": script_json(_data(material).to_dict()),
        },
    )


def hints() -> dict[str, str]:
    """Words of tables, and the meaning and unit of the symbol that they stand for.

    Examples
    --------
    >>> hints()["entropy"]
    'H (entropy): teacher entropy, in nats'
    """
    return {word: _meaning(symbol) for word, symbol in HINTS.items()}


def column_hint(name: str) -> str:
    """The meaning of a column of a per-query table; empty where it needs none.

    Examples
    --------
    >>> column_hint("entropy_nats") == column_hint("entropy, pos-neg")
    True
    >>> column_hint("nDCG@10")
    ''
    """
    word = words(name.split(",")[0]).removesuffix(" nats").removesuffix(" bits")
    known = {"diameter": "diameter: largest distance"}
    hint = hints().get(known.get(word, word), "")
    return hint.replace("in nats", "in bits") if name.endswith("_bits") else hint


def static_rows(table: QueryTable) -> list[tuple[str, ...]]:
    """The first rows of a table as text, for readers without JavaScript."""
    count = min(STATIC_ROWS, len(table))
    return [
        (
            *(column[i] for column in table.texts),
            *(number(column[i]) for column in table.numbers),
        )
        for i in range(count)
    ]


def _meaning(symbol: Symbol) -> str:
    entry = term(symbol)
    letter = str(symbol).replace("\\", "").replace("overline", "mean ")
    unit = "" if entry.unit in ("1", "count") else f", in {entry.unit}"
    return f"{letter} ({entry.code}): {entry.meaning}{unit}"


def _first(account: Account) -> Iterator[Verdict]:
    """Verdicts for the banner: all but warnings beyond the third of an account."""
    warned = 0
    for verdict in account.verdicts:
        warned += verdict.word == "warning"
        if verdict.word != "warning" or warned <= 3:
            yield verdict


def _subtitle(material: Material) -> str:
    kinds = [result.kind for result in material.results]
    found = [
        f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}"
        for kind in map(kind_of, FILES.values())
        if kind in kinds
    ]
    return ", ".join(found) or "no result that this report shows"


def _sections(
    accounts: list[tuple[str, Account]], material: Material
) -> list[tuple[str, str]]:
    found = [("verdict", "Verdict")]
    found += [(identifier, account.title) for identifier, account in accounts]
    found += [("figures", "Figures")] if material.figures else []
    found += [
        (f"queries-{index}", table.caption)
        for index, table in enumerate(material.tables)
    ]
    found += [("explorer", "Explorer"), ("provenance", "Provenance")]
    return [*found, ("glossary", "Glossary")]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a part of the report comes from.

    `json` is the file itself, empty where it is too long for the page, and `file` what
    it is called when it is downloaded.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    inputs: Table | None = None
    json: str = ""
    file: str = ""


def _provenance(material: Material) -> Iterator[Provenance]:
    if material.command:
        facts = (("command", material.command), ("rankbound", version("rankbound")))
        yield Provenance("This report", facts)
    for result in material.results:
        where = file_of(result)
        given: tuple[Input, ...] = getattr(result.content, "inputs", ())
        inputs = Table(
            f"inputs-{result.name}" if result.name else "inputs",
            f"Inputs of {where}",
            ("file", "SHA-256"),
            tuple(map(_input, given)),
            left=2,
        )
        text = json_text(result.content.to_dict())
        yield Provenance(
            where,
            tuple(_facts(result)),
            inputs if given else None,
            text if len(text) <= MOST_JSON else "",
            where.replace("/", "-"),
        )


def _input(entry: Input) -> tuple[str, str]:
    return str(entry.path or entry.object), entry.sha256 or "none: it was a pipe"


def _facts(result: Found) -> Iterator[tuple[str, str]]:
    """What a result tells of how it was made; kinds tell different things."""
    content = result.content
    yield "schema", result.schema
    if command := getattr(content, "command", ""):
        yield "command", command
    parts = (getattr(content, part, None) for part in SEEDED)
    for holder in (content, *parts):
        if (seed := getattr(holder, "seed", None)) is not None:
            yield "seed", str(seed)
            break
    versions: dict[str, str] = getattr(content, "versions", {})
    if versions:
        yield "versions", ", ".join(f"{name} {v}" for name, v in versions.items())
    statements: dict[str, str] = getattr(content, "statements", {})
    for name, text in statements.items():
        yield words(name), text


class Data(Record, frozen=True, kw_only=True):
    """What the scripts of the page read."""

    tables: tuple[dict[str, object], ...]
    details: tuple[Documents, ...]
    explorer: Explorer
    symbols: dict[str, str]


def _data(material: Material) -> Data:
    ledgers = {
        result.name: result.as_a(Ledger)
        for result in material.results
        if result.kind == "ledger"
    }
    return Data(
        tables=tuple(table.plain() for table in material.tables),
        details=tuple(material.details),
        explorer=explorer(ledgers),
        symbols={term(s).code: _meaning(s) for s in SYMBOLS},
    )


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # the package's own
