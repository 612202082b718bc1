"""Folders with results of every kind, small, as the commands leave them."""

import itertools
import json

from msgspec import convert
from msgspec.structs import replace

from rankbound.commands.compare.result import COLUMNS, Shape
from rankbound.commands.power.run import power as asked
from rankbound.results import Named
from rankbound.rows import Rows
from tests.rankbound import comparisons, ledgers
from tests.rankbound.comparisons import a_row, coupling
from tests.rankbound.ledgers import student

# What users call things: long, of many, in any script, like markup, hidden from legends
ODD = [
    "crossencoder-hard-negatives-of-ten-systems",
    "$x$ costs 5 $",
    "_hidden",
    "выборка случайных отрицательных",
    "负采样策略",
    "Ünïcödé <b>&amp;</b>",
    "a\tb\nc",
]
LONG = [f"sampling-number-{n:02d}-with-forty-characters" for n in range(5)]
TWELVE = [*LONG[:2], *ODD, *LONG[2:]]


def shape():
    return {
        "distances": [0.0, 0.8, 1.0, 1.2],
        "shares": [0.0, 0.1, 0.6, 1.0],
        "share_at_distance_0": 0.0,
        "documents": 30,
        "equal_documents": 2,
        "norms": {"edges": [0.99, 1.0, 1.01], "counts": [10, 20]},
        "two_nn": {
            "dimension": 4.0,
            "documents": 3,
            "log_ratio": [0.1, 0.3, 0.6],
            "minus_log_rest": [0.2, 0.7, 1.8],
        },
    }


def ledger(folder, students=None, diameters=True):
    students = {"tasb": student(0.5, 0.6)} if students is None else students
    made = ledgers.ledger(students)
    if diameters:
        made = ledgers.ledger(students, diameter=ledgers.diameter())
    made.save(folder)
    rows = [
        f"q{n}\t{_cell(name)}\t{0.3 + 0.01 * n}\t{1 + 0.02 * n if diameters else ''}"
        f"\t{0.35 + 0.05 * n if name else ''}\n"
        for name in [*students] or [""]
        for n in range(6)
    ]
    head = "qid\tstudent\tentropy_nats\tdiameter\trisk_nats\n"
    (folder / "per_query.tsv").write_text(head + "".join(rows))
    return folder


def comparison(folder, names=("bm25",), vectors=True, each=("all",), **changes):
    everyone = ("random", *names)
    rows = [
        a_row(name, pairs, place) for place, name in enumerate(names) for pairs in each
    ]
    if vectors:
        shapes = [{"sampling": name, **shape()} for name in everyone]
        changes["shapes"] = convert(shapes, Named[Shape])
        changes["coupling"] = coupling(everyone, each, lipschitz=3.0, cut_ratio=0.5)
    lines = [
        (f"q{n}", _cell(name), quantity, pairs, str(value))
        for place, name in enumerate(everyone)
        for pairs in each
        for n in range(24)
        for quantity, value in (
            ("entropy", 0.2 + 0.015 * n + 0.02 * (n * n % 5)),
            ("diameter", 1.0 + 0.1 * (n * 7 % 10) + 0.02 * place),
        )
        if vectors or quantity == "entropy"
    ]
    columns = dict(zip(COLUMNS, map(list, zip(*lines, strict=True)), strict=False))
    made = comparisons.comparison(rows, **changes)
    made.with_beside(per_query=Rows(columns)).save(folder)
    return folder


def _cell(name):
    """As a table of tab-separated values can hold it."""
    return name.replace("\t", " ").replace("\n", " ")


def validation(folder, certificates=True, students=("tasb", "bm25")):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "dataset": "dl19",
            "sampling": "top",
            "student": name,
            "term": "entropy",
            "measure": "nDCG@10",
            "n": 43 + place,
            "spearman": -0.2 + 0.1 * place,
            "lower": -0.3 + 0.1 * place,
            "upper": -0.1 + 0.1 * place,
            "p_holm": 0.02,
        }
        for place, name in enumerate(students)
    ]
    held = {
        "dataset": "dl19",
        "sampling": "top",
        "risk": 0.5,
        "upper": 0.7,
        "held_out": 0.52,
        "certificate": 0.8,
    }
    pairs = [
        a_row().to_dict() | {"dataset": "dl19", "measure": m, "first": a, "second": b}
        for m in ("nDCG@10", "AP@100")
        for a, b in itertools.pairwise(students)
    ]
    content = {
        "schema": "rankbound.validation/1",
        "family": {"n_tests": 2, "delta": 0.01, "band": 0.2, "power": 0.9},
        "per_query": rows,
        "equivalence": pairs,
        "certificates": [held | {"student": name} for name in students]
        if certificates
        else [],
    }
    (folder / "validation.json").write_text(json.dumps(content))
    return folder


def inspected(path, **facts):
    empty = dict.fromkeys(("scores", "ranks", "groups", "qrels", "vectors", "texts"))
    return {"path": path, "rows": 100, "queries": 10, "findings": []} | empty | facts


def inspection(file, names=("teacher.json", "bm25.run")):
    """An inspection of two files of scores, groups, judgements, vectors and texts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scores = {
        "equal_neighbours": 3,
        "neighbours": 90,
        "exact_zeros": 25,
        "constant_queries": 0,
    }
    teacher, run = names
    content = {
        "schema": "rankbound.inspection/1",
        "files": [
            inspected(teacher, scores=scores),
            inspected(run, scores=scores, ranks={"against_scores": 1}),
            inspected(
                "groups.jsonl",
                groups={"groups": 20, "positives": 20},
                findings=[{"code": "repeated-groups", "count": 4}],
            ),
            inspected("qrels", qrels={"queries_without_relevant": 2}),
            inspected(
                "x.npy", vectors={"equal_vectors": 2, "zero": 0, "not_finite": 1}
            ),
            inspected("c.jsonl", texts={"equal_texts": 5, "empty": 1, "texts": 100}),
            inspected(
                "broken.run",
                rows=None,
                findings=[{"code": "duplicates", "count": 12}],
            ),
        ],
        "across": {
            "rows": [
                _across(run, teacher, "student-teacher", 60, 100),
                _across("groups.jsonl", teacher, "group-scores", 319, 320),
                _across("groups.jsonl", run, "group-scores", 7, 320),
                _across("groups.jsonl", "x.npy", "group-vectors", 320, 320),
            ]
        },
    }
    file.write_text(json.dumps(content, indent=2))
    return file.parent


def _across(left, right, code, count, total):
    return {"left": left, "right": right, "code": code, "count": count, "total": total}


def power(file, names=("bm25", "ensemble"), n=43):
    """What 43 queries can show of each; without `n`, only what a margin needs."""
    found = asked(n=() if n is None else n, sd=0.1, margin=0.05)

    def named(rows):
        return tuple(
            replace(row, source=f"{name} - random: entropy, all", unit="nats")
            for row in rows
            for name in names
        )

    made = replace(found, rows=named(found.rows), needed=named(found.needed))
    made.save(file)
    return file.parent
