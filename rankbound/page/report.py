"""The report: what a folder holds, gathered and written as one page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from os import PathLike
from pathlib import Path
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
from rankbound.commands.settings import check_numbers
from rankbound.drawing.catalogue import MOST_FIGURES, in_importance
from rankbound.drawing.ledgers import limits_over_n
from rankbound.drawing.results import (
    FILES,
    Found,
    file_of,
    files_of,
    find_results,
    inputs_of,
    kind_of,
)
from rankbound.drawing.run import result_drawings
from rankbound.errors import UsageError, in_options
from rankbound.memory import reading_within
from rankbound.page.accounts import Table, number, words
from rankbound.page.formulas import Explorer, explorer, views_script
from rankbound.page.pieces import MAKERS
from rankbound.page.queries import (
    MOST_ROWS,
    MOST_TEXT,
    Documents,
    OptionsOf,
    QueryTable,
    documents_of,
    effects_of,
    ledger_queries,
    long_queries,
)
from rankbound.page.rendering import (
    Picture,
    pictures,
    policy,
    rendered_template,
    script,
    script_json,
    source,
)
from rankbound.page.sources import Sources, Texts
from rankbound.page.story import NOTHING, Beside, Block, blocks, pooled
from rankbound.progress import Progress, reported
from rankbound.provenance import Input
from rankbound.results import Record
from rankbound.rows import Rows
from rankbound.terminal.explain import glossary_rows
from rankbound.writing import Replacing, check_outputs, json_text, write_all

STAGES: Final = 5
FIGURES: Final = 3  # of each result of a study
# Pages of all versions hold it, behind their style sheet
PAGE_MARK: Final = b'<a class="skip" href="#main">Skip to the report</a>'
MOST_HEAD: Final = 1 << 18
COMMANDS: Final = {
    "ledger": "rankbound measure",
    "comparison": "rankbound compare",
    "validation": "rankbound validate",
}


def report(  # noqa: PLR0913  what is shown, and where it is found
    folder: str | PathLike[str],
    out: str | PathLike[str],
    *,
    rows: int = MOST_ROWS,
    title: str = "",
    all: bool = False,
    corpus: str | PathLike[str] | None = None,
    queries: str | PathLike[str] | None = None,
    inputs: Sequence[str | PathLike[str]] = (),
    force: bool = False,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Material:
    """Make one self-contained HTML page of all results in a folder.

    It begins with the questions that the results answer.

    The page asks for no network and no other file. `rankbound report` also shows the
    documents behind each query, since it can read the command of a ledger again.

    Parameters
    ----------
    folder : path
        Holds results of `measure`, `compare`, `validate`, `inspect` or `power`, in any
        sub-folders.
    out : path
        The HTML file to write.
    rows : int, default 2000
        Most rows of a table of queries, at least 1.
    title : str, optional
        Of the page; by default the name of the folder.
    all : bool, default False
        Show all figures of each result, not only the 15 most important ones.
    corpus, queries : path, optional
        Texts of documents and queries, as JSON lines with ids and texts or as lines of
        id, tab and text. By default files called so that lie beside the data.
    inputs : sequence of path, default ()
        Folders in which inputs, and texts beside them, are looked for that are not at
        their paths any more; inputs are told by their hashes.
    force : bool, default False
        Replace `out` even if it exists and is no earlier report; it never is a result.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Material
        What the page shows; its `missing` are pairs of what it lacks and why.

    Raises
    ------
    UsageError
        When `folder` holds no results, or `out` cannot be written or must stay.
    FormatError
        When a result is damaged, or `corpus` or `queries` holds no texts.

    See Also
    --------
    draw : The figures of the same results, as files.

    Examples
    --------
    >>> import tempfile
    >>> from rankbound.commands.power.run import power
    >>> with tempfile.TemporaryDirectory() as results:
    ...     _ = power(n=43, sd=0.1).save(results)
    ...     made = report(results, Path(results, "report.html"))
    >>> [figure.name for figure in made.figures]
    ['power', 'power-correlation']
    """
    with reading_within(memory), reported(progress, total=STAGES) as advance:
        return write_report(
            Path(folder),
            Path(out),
            rows=rows,
            title=title,
            every=all,
            sources=Sources(
                Path(folder),
                tuple(map(Path, inputs)),
                None if corpus is None else Path(corpus),
                None if queries is None else Path(queries),
            ),
            force=force,
            progress=advance,
        )


def write_report(  # noqa: PLR0913  what is shown, and how it is made
    source: Path,
    out: Path,
    *,
    rows: int = MOST_ROWS,
    command: str = "",
    title: str = "",
    every: bool = False,
    sources: Sources | None = None,
    force: bool = False,
    options_of: OptionsOf | None = None,
    among: Collection[str] | None = None,
    beside: Beside = NOTHING,
    progress: Progress = str,
) -> Material:
    """The same for the command line, the demo and studies.

    `command` is recorded on the page, `every` shows all figures, and `sources` says
    where inputs and texts are, by default at their paths and beside `source`.
    `options_of` reads the command of a ledger again; without it, no documents are
    shown. Only results in the folders `among` those of `source` are shown, and those in
    `source` itself; without it, all are. Of others, the page has the answers `beside`.
    `progress` is called before each of `STAGES` stages.
    """
    check_numbers("report", rows=rows)
    sources = sources or Sources(source)
    for folder in sources.inputs:
        if not folder.is_dir():
            raise UsageError(f"`inputs` {folder}: no such folder")
    for name in ("corpus", "queries"):
        path: Path | None = getattr(sources, name)
        if path is not None and not path.is_file():
            raise UsageError(f"`{name}` {path}: no such file")
    if out.is_dir():
        raise UsageError(f"{out}: is a folder; `out` of a report is an HTML file")
    progress("reading results")
    results = [
        one
        for one in find_results(source, asked="")
        if among is None or not one.name or one.name.partition("/")[0] in among
    ]
    read = [*files_of(source, results), *inputs_of(results)]
    replacing = Replacing(mine=is_page, inputs=read, force=force)
    check_outputs(out.parent, [out.name], replacing)
    order = [*map(kind_of, FILES.values())]
    results.sort(key=lambda result: order.index(result.kind))
    progress("figures")
    some = MOST_FIGURES if among is None else FIGURES
    figures, missing = _figures(results, most=None if every else some)
    progress("queries")
    tables = list(_query_tables(results, limit=rows))
    progress("documents")
    details = _details(sources, results, tables, options_of)
    texts = _texts(sources, results, tables, details)
    progress("writing")
    material = Material(
        title=title or f"rankbound report: {source.resolve().name}",
        results=results,
        figures=figures,
        tables=tables,
        details=details,
        texts=texts,
        missing=_by_reason([*_absent(results), *_undetailed(details, texts), *missing]),
        command=command,
        beside=beside,
    )
    write_all(out.parent, {out.name: page(material)}, replacing)
    return material


def is_page(path: Path) -> bool:
    """Whether a file is a report that this program wrote."""
    try:
        with path.open("rb") as stream:
            start = stream.read(MOST_HEAD)
    except OSError:
        return False
    return start.startswith(b"<!DOCTYPE html>") and PAGE_MARK in start


def _figures(
    results: list[Found], *, most: int | None
) -> tuple[list[Picture], list[tuple[str, str]]]:
    """Pictures of results, the most important first, and what is missing."""
    drawn: list[Picture] = []
    missing: list[tuple[str, str]] = []
    for found in pictures(in_importance(result_drawings(results, most=most))):
        if isinstance(found, Picture):
            drawn.append(found)
        else:
            what = found[0] if "more figure" in found[0] else f"figure {found[0]}"
            missing.append((what, found[1]))
    return drawn, missing


def _details(
    sources: Sources,
    results: list[Found],
    tables: list[QueryTable],
    options_of: OptionsOf | None,
) -> list[Documents]:
    """The documents behind the queries of the first table, by ledger."""
    ledgers = [r for r in results if r.kind == "ledger" and r.table]
    if not ledgers:
        return []
    qids, of = tables[0].texts[0], tables[0].text("result")
    share = MOST_TEXT // len(ledgers)
    found = []
    for result in ledgers:
        pairs = zip(qids, of or (result.name,) * len(qids), strict=True)
        mine = [qid for qid, name in pairs if name == result.name]
        found.append(
            documents_of(result, sources, mine, options_of=options_of, budget=share)
        )
    return found


def _texts(
    sources: Sources,
    results: list[Found],
    tables: list[QueryTable],
    details: list[Documents],
) -> Texts:
    """Texts of the queries and documents that the page shows."""
    inputs = {
        entry.path
        for result in results
        for entry in getattr(result.content, "inputs", ())
        if entry.path is not None
    }
    qids = [qid for table in tables for qid in table.text("qid") or ()]
    groups = [
        group
        for entry in details
        for groups in (entry.queries or {}).values()
        for group in groups
    ]
    # Positives come first in a group, and those that the teacher puts above them next
    docs = [docno for group in groups for docno in group.docs]
    beside = [path for one in sorted(inputs) if (path := _there(sources, one))]
    return sources.texts(beside, [*dict.fromkeys(qids)], docs)


def _there(sources: Sources, name: str) -> Path | None:
    """Where an input lies or lay, if there is such a folder."""
    roots = (Path(), sources.folder, sources.folder.parent, *sources.inputs)
    return next((r / name for r in roots if (r / name).parent.is_dir()), None)


def _undetailed(details: list[Documents], texts: Texts) -> Iterator[tuple[str, str]]:
    for entry in details:
        if entry.missing is not None:
            yield f"documents of {entry.result or 'queries'}", entry.missing
    if texts.missing is not None and details:
        yield "texts", texts.missing


def _absent(results: list[Found]) -> Iterator[tuple[str, str]]:
    kinds = {result.kind for result in results}
    for wanted, command in COMMANDS.items():
        if wanted not in kinds:
            yield wanted, f"the folder holds no {wanted}.json; {command} writes one"
    for result in results:
        if result.kind in ("ledger", "comparison") and not result.table:
            path = str(Path(result.name, result.content.BESIDE[0].files[0]))
            yield path, "not found or without rows, so no query is shown"


def _query_tables(results: list[Found], *, limit: int) -> Iterator[QueryTable]:
    read = [r.table for r in results if r.kind == "validation" and r.table]
    effects = Rows.joined(read) if len(read) > 1 else read[0] if read else Rows({})
    ledgers = [result for result in results if result.kind == "ledger"]
    table = ledger_queries(ledgers, effects_of(effects), limit=limit)
    if table is not None:
        yield table
    for result in results:
        if result.kind != "comparison":
            continue
        where = f", {result.name}" if result.name else ""
        table = long_queries(
            result.table,
            name=f"queries-{result.name or 'comparison'}",
            caption=f"Quantities of every query and sampling{where}",
            keys=("qid", "sampling"),
            column=("quantity", "pairs"),
            limit=limit,
        )
        if table is not None:
            yield table
    table = long_queries(
        effects,
        name="effectiveness",
        caption="Effectiveness of every query and student",
        keys=("qid", "student", "dataset"),
        column=("measure",),
        limit=limit,
    )
    if table is not None:
        yield table


STATIC_ROWS: Final = 25
# Parameters that a page speaks of as options
SPOKEN: Final = frozenset(
    {"embeddings", "qrels", "student", "all", "corpus", "queries", "inputs"}
)
SIDE_BY_SIDE: Final = (
    *("measured", "student", "entropy", "divergence", "risk", "upper limit", "vacuous"),
)
OVERVIEW: Final = (
    "Certificates side by side, in nats. Rows of different groups of documents are "
    "tasks of their own: their risks are on different pairs and rank neither students "
    "nor samplings"
)
MOST_JSON: Final = 1_000_000
SEEDED: Final = ("calibration", "family")  # parts of results that may hold the seed
# Words in tables that stand for a symbol of the notation
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
    """What a report shows.

    Attributes
    ----------
    title : str
    results : list of Found
    figures : list of Picture
    tables : list of QueryTable
    details : list of Documents
        Documents of queries, one for each ledger.
    texts : Texts
    missing : list of (what, why)
    command : str
    beside : mapping of str to sequence of Answer
        Answers of results that the page does not show, by the names of these.
    """

    title: str
    results: list[Found]
    figures: list[Picture] = field(default_factory=list)
    tables: list[QueryTable] = field(default_factory=list)
    details: list[Documents] = field(default_factory=list)
    texts: Texts = field(default_factory=lambda: Texts(queries={}, documents={}))
    missing: list[tuple[str, str]] = field(default_factory=list)
    command: str = ""
    beside: Beside = field(default_factory=lambda: NOTHING)


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
    names = _names(material.results)
    told = [
        (name, result.content.in_options(), account)
        for name, result, (_, account) in zip(
            names, material.results, accounts, strict=True
        )
    ]
    story = blocks(told, material.figures, material.beside)
    sentences = {line.sentence for block in story for line in block.lines}
    notes = pooled((name, account) for name, _, account in told)
    code, data = script(views_script()), _data(material)
    return rendered_template(
        "report.html",
        {
            "title": material.title,
            "subtitle": _subtitle(material),
            "style": _safe(source("style.css")),
            "script": code,
            "policy": policy(code),
            "sections": _sections(story, material),
            "blocks": story,
            "overview": _overview(material.results, names),
            "accounts": accounts,
            "sentences": sentences,
            "notes": notes,
            "certified": data.explorer.start > 0,
            "missing": [
                (what, in_options(why, SPOKEN)) for what, why in material.missing
            ],
            "tables": material.tables,
            "static_rows": static_rows,
            "provenance": list(_provenance(material)),
            "glossary": glossary_rows(),
            "hints": hints(),
            "column_hint": column_hint,
            "version": version("rankbound"),
            "data": script_json(data.to_dict()),
        },
    )


def _by_reason(missing: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is missing, with every reason once.

    Examples
    --------
    >>> _by_reason([("a", "no file"), ("b", "no file")])
    [('a, b', 'no file')]
    """
    reasons: dict[str, list[str]] = {}
    for what, why in missing:
        reasons.setdefault(why, []).append(what)
    return [(", ".join(which), why) for why, which in reasons.items()]


def _names(results: list[Found]) -> list[str]:
    """What tells results apart: kinds where they differ, and folders; none for one."""
    if len(results) == 1:
        return [""]
    kinds = [result.kind for result in results]
    folders = {result.name.rpartition("/")[0] for result in results}
    shared = f"{folders.pop()}/" if len(folders) == 1 else ""
    return [
        result.name.removeprefix(shared)
        if result.name and kinds.count(result.kind) > 1
        else result.kind
        for result in results
    ]


def _overview(results: list[Found], names: list[str]) -> Table | None:
    """The certificates of several ledgers side by side; None of fewer than two."""
    ledgers = [
        (name, result.as_a(Ledger))
        for name, result in zip(names, results, strict=True)
        if result.kind == "ledger"
    ]
    if len(ledgers) < 2:
        return None
    cells = [
        (
            name,
            student,
            *map(number, (entry.entropy, entry.divergence, entry.risk, entry.upper)),
            "yes" if entry.vacuous else "no",
        )
        for name, ledger in ledgers
        for student, entry in ledger.students.items()
    ]
    return Table("overview", OVERVIEW, SIDE_BY_SIDE, tuple(cells), left=2)


def hints() -> dict[str, str]:
    """The meaning and unit of each word of tables that stands for a symbol.

    Examples
    --------
    >>> hints()["entropy"]
    'H (entropy): teacher entropy, in nats'
    """
    return {word: _meaning(symbol) for word, symbol in HINTS.items()}


def column_hint(name: str) -> str:
    """The meaning of a column of a table of queries; empty if it needs none.

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


def _subtitle(material: Material) -> str:
    kinds = [result.kind for result in material.results]
    found = [
        f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}"
        for kind in map(kind_of, FILES.values())
        if kind in kinds
    ]
    return ", ".join(found) or "no result that this report shows"


def _sections(story: list[Block], material: Material) -> list[tuple[str, str]]:
    found = [("answers", "Answers")]
    found += [("evidence", "Evidence")] if any(one.figures for one in story) else []
    found += [("tables", "Tables")] if material.results else []
    found += [
        (f"queries-{index}", table.caption)
        for index, table in enumerate(material.tables)
    ]
    found += [("explorer", "Explorer"), ("provenance", "Provenance")]
    return [*found, ("glossary", "Glossary")]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a part of the report comes from.

    `json` is the file itself, empty if it is too long for the page, and `file` its name
    when it is downloaded.
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
    """How a result was made, as far as its kind records it."""
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
    """The data that the scripts of the page read."""

    tables: tuple[dict[str, object], ...]
    details: tuple[Documents, ...]
    texts: Texts
    explorer: Explorer
    symbols: dict[str, str]


def _data(material: Material) -> Data:
    ledgers = {
        result.name: result.as_a(Ledger)
        for result in material.results
        if result.kind == "ledger"
    }
    over_n = {
        (result.name, student): limits_over_n(result, student)
        for result in material.results
        if result.kind == "ledger"
        for student in ledgers[result.name].students
    }
    return Data(
        tables=tuple(table.plain() for table in material.tables),
        details=tuple(material.details),
        texts=material.texts,
        explorer=explorer(ledgers, over_n),
        symbols={term(s).code: _meaning(s) for s in SYMBOLS},
    )


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # the package's own
