"""The blocks beside the certificate as short tables: shift, relevance, nDCG, others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted

Block = dict[str, Any]

PARTS: Final = ("part", "value", "interval", "limit")
BINS: Final = (
    "the student",
    "p from",
    "to",
    "pairs",
    "queries",
    "mean p",
    "observed",
    "interval",
)
FORMS: Final = {
    "total_variation": "by total variation",
    "cvar": "by worst share (CVaR)",
    "transport": "by transport (W1)",
    "least_per_query": "least of each query",
    "exact": "exact, from target scores",
}
COMPARED: Final = {
    "auc": "AUC, from below (Agarwal et al.)",
    "pool": "wrong pairs of a pool (Clémençon et al.)",
    "margin": "short margins (Usunier et al.)",
    "teacher": "by way of the teacher (Hsu et al.)",
    "variance": "loss variance with labels (Menon et al.)",
}


def show_readings(students: dict[str, Block], console: Console) -> None:
    """Print what the students' ledger entries hold beyond their certificates.

    Nothing is printed where the inputs for it were not given.
    """
    for title, headings, rows in (
        ("shift to the target law", PARTS, shift_rows),
        ("relevance", PARTS, relevance_rows),
        ("how often the document that the teacher prefers is better", BINS, bin_rows),
        ("nDCG and earlier bounds", PARTS, list_rows),
    ):
        table = Table(
            box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left"
        )
        table.add_column("student")
        table.add_column(headings[0])
        for heading in headings[1:]:
            table.add_column(heading, justify="right", no_wrap=True)
        for name, student in students.items():
            table.add_section()
            for place, row in enumerate(rows(student)):
                table.add_row(escape(name) if place == 0 else "", *row)
        if table.row_count:
            console.print(table)


def shift_rows(student: Block) -> Iterator[tuple[str, ...]]:
    """Part, value, interval and limit of the shift block, in nats."""
    block = student.get("shift")
    if block is None:
        return
    if block["missing_because"] is not None:
        yield f"not computed: {block['missing_because']}", "", "", ""
        return
    yield "risk under the sampling law, nats", _n(block["risk_sampling"]), "", ""
    yield "total variation of a document", _n(block["total_variation"]), "", ""
    kappa = f"kappa: none in {counted(block['queries_without_kappa'], 'query')}"
    if block["kappa"] is not None:
        kappa = "kappa, largest of the sample"
    yield kappa, _n(block["kappa"]), "", ""
    entries = {**block["forms"], **{k: block[k] for k in ("least_per_query", "exact")}}
    for form, label in FORMS.items():
        entry = entries[form]
        if entry["value"] is None:
            yield f"{label}: {entry['missing_because']}", "-", "", "-"
            continue
        mark = " (tightest)" if form == block["tightest"] else ""
        yield f"target risk {label}{mark}", _n(entry["value"]), "", _n(entry["limit"])
    verdict = "vacuous" if block["vacuous"] else "not vacuous"
    label = f"= upper limit ({block['form'].replace('_', ' ')}), {verdict}"
    yield label, "", "one-sided", _n(block["upper"])


def relevance_rows(student: Block) -> Iterator[tuple[str, ...]]:
    """Part, value, interval and limit of the relevance block, as shares of pairs."""
    block = student.get("relevance")
    if block is None:
        return
    yield from _reading(block, "all pairs")
    judged = block["judged"]
    if judged is None:
        yield f"judged pairs: {block['judged_missing_because']}", "", "", ""
        return
    yield from _reading(
        judged, f"judged pairs, {counted(judged['n_queries'], 'query')}"
    )
    observed, shift = judged["observed_misranking"], judged["calibration_shift"]
    yield (
        "  observed misranking",
        _n(observed["value"]),
        _i(observed["interval"]),
        _n(observed["upper"]),
    )
    yield "  observed minus computed", _n(shift["value"]), _i(shift["interval"]), ""
    yield "  calibration term", _n(judged["calibration_term"]), "", ""
    corrected = _n(judged["ceiling_with_calibration"])
    yield "  ceiling with calibration term", corrected, "", ""


def bin_rows(student: Block) -> Iterator[tuple[str, ...]]:
    """The reliability table: counts, mean p, and the observed share with interval."""
    judged = (student.get("relevance") or {}).get("judged")
    for row in [] if judged is None else judged["reliability"]:
        yield (
            row["student"],
            f"{row['from']:.2f}",
            f"{row['to']:.2f}",
            f"{row['n_pairs']:,}",
            f"{row['n_queries']:,}",
            _n(row["mean_p"]),
            _n(row["observed"]),
            _i(row["interval"]),
        )


def list_rows(student: Block) -> Iterator[tuple[str, ...]]:
    """Part, value, interval and limit of 1 - nDCG and of the comparators."""
    block = student.get("ndcg")
    if block is None:
        return
    if block["missing_because"] is not None:
        yield f"nDCG: {block['missing_because']}", "", "", ""
    else:
        loss = block["loss"]
        yield "1 - nDCG", _n(loss["value"]), _i(loss["interval"]), ""
        for name, bound in {
            **block["bounds"],
            "least per list": block["least"],
        }.items():
            label = f"  at most, from {name.replace('_', ' ')}"
            value = "vacuous" if bound["vacuous"] else _n(bound["value"])
            yield label, value, "", _n(bound.get("limit"))
    judged = student["relevance"]["judged"]
    if judged is None:
        missing = student["relevance"]["judged_missing_because"]
        yield f"earlier bounds: {missing}", "", "", ""
        return
    for name, label in COMPARED.items():
        entry = student["comparators"][name]
        missing = entry["missing_because"]
        why = "" if entry["limit"] is not None else f": {missing}"
        yield f"{label}{why}", _n(entry["value"]), "", _n(entry["limit"])
    ceiling, seen = judged["ceiling"], judged["observed_misranking"]
    label = "ours: misranking ceiling, judged pairs"
    yield label, _n(ceiling["value"]), "", _n(ceiling["limit"])
    yield "observed misranking, judged pairs", _n(seen["value"]), "", _n(seen["upper"])


def _reading(block: Block, pairs: str) -> Iterator[tuple[str, ...]]:
    part, ceiling, floor = block["misranking"], block["ceiling"], block["floor"]
    yield f"misranking, {pairs}", _n(part["value"]), _i(part["interval"]), ""
    yield "  ceiling", _n(ceiling["value"]), "", _n(ceiling["limit"])
    yield "  floor of any ranker", _n(floor["value"]), "", _n(floor["limit"])


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _i(interval: list[float]) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}"
