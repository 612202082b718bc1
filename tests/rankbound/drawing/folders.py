"""Folders with results of every kind, small, as the commands leave them."""

import itertools
import json

from msgspec.structs import replace

from rankbound.commands.compare.result import COLUMNS, Shape
from rankbound.commands.inspect.result import (
    Across,
    File,
    Finding,
    GroupCounts,
    Inspection,
    JudgementCounts,
    RankCounts,
    Readiness,
    Ready,
    ScoreCounts,
    SharedRows,
    TextCounts,
    VectorCounts,
)
from rankbound.commands.measure.result import Norms, TwoNn
from rankbound.commands.power.run import power as asked
from rankbound.results import Named
from rankbound.rows import Rows
from tests.rankbound import comparisons, ledgers
from tests.rankbound.comparisons import a_row, coupling
from tests.rankbound.files import without_manifest
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


def shape(name="bm25"):
    return Shape(
        sampling=name,
        distances=(0.0, 0.8, 1.0, 1.2),
        shares=(0.0, 0.1, 0.6, 1.0),
        share_at_distance_0=0.0,
        documents=30,
        equal_documents=2,
        norms=Norms(edges=(0.99, 1.0, 1.01), counts=(10, 20)),
        two_nn=TwoNn(
            dimension=4.0,
            documents=3,
            log_ratio=(0.1, 0.3, 0.6),
            minus_log_rest=(0.2, 0.7, 1.8),
        ),
    )


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
    (without_manifest(folder) / "per_query.tsv").write_text(head + "".join(rows))
    return folder


def comparison(folder, names=("bm25",), vectors=True, each=("all",), **changes):
    everyone = ("random", *names)
    rows = [
        a_row(name, pairs, place) for place, name in enumerate(names) for pairs in each
    ]
    if vectors:
        changes["shapes"] = Named(map(shape, everyone))
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
    return without_manifest(folder)


def _cell(name):
    """As a table of tab-separated values can hold it."""
    return name.replace("\t", " ").replace("\n", " ")


def validation(folder, certificates=True, students=("tasb", "bm25")):
    folder.mkdir(parents=True, exist_ok=True)
    held = [held_out(name) for name in students] if certificates else []
    pairs = [
        compared_systems(a, b, measure)
        for measure in ("nDCG@10", "AP@100")
        for a, b in itertools.pairwise(students)
    ]
    content = {
        "schema": "rankbound.validation/1",
        "family": judged_together(),
        "per_query": [associated(*one) for one in enumerate(students)],
        "configurations": [],
        "certificates": held,
        "configuration_values": [],
        "predictions": [],
        "dependence": [],
        "means": [],
        "equivalence": pairs,
        "controls": [],
        "datasets": [],
        "absent_terms": {},
        "dropped": {},
        "warnings": [],
        "definitions": {},
        "inputs": [],
        "command": "rankbound validate",
        "versions": {},
    }
    (folder / "validation.json").write_text(json.dumps(content))
    return folder


def judged_together():
    return {
        "name": "every term",
        "n_tests": 2,
        "test": "permutation test",
        "correction": "holm",
        "delta": 0.01,
        "band": 0.2,
        "permutations": 99,
        "resamples": 200,
        "interval": "BCa",
        "power": 0.9,
        "seed": 0,
        "partial": {"name": "the same", "n_tests": 2},
        "configurations": {"name": "every order", "n_tests": 0, "needed": 8},
        "equivalence": {"name": "every pair", "n_tests": 2, "margin": 0.02},
    }


def associated(place, student):
    unknown = (
        *("pearson", "kendall", "partial", "detectable", "pearson_lower"),
        *("pearson_upper", "pearson_p", "kendall_lower", "kendall_upper", "kendall_p"),
        *("partial_lower", "partial_upper", "partial_p", "partial_p_holm", "p_bh"),
        *("partial_p_bh", "same_as", "missing_because", "heterogeneity"),
    )
    return dict.fromkeys(unknown) | {
        "dataset": "dl19",
        "sampling": "top",
        "student": student,
        "term": "entropy",
        "unit": "nats",
        "measure": "nDCG@10",
        "n": 43 + place,
        "spearman": -0.2 + 0.1 * place,
        "lower": -0.3 + 0.1 * place,
        "upper": -0.1 + 0.1 * place,
        "p": 0.01,
        "p_holm": 0.02,
        "verdict": "inconclusive",
        "kendall_p_by": "normal",
        "partial_verdict": "inconclusive",
        "within_band": False,
    }


def ordered(**changes):
    """How the bound orders configurations by their risk."""
    return {
        "predictor": "bound",
        "kind": "bound",
        "target": "held-out risk",
        "expected": "rises",
        "n": 9,
        "tau": 0.72,
        "lower": 0.25,
        "upper": 1.0,
        "p": 0.01,
        "smallest_p": 0.001,
        "n_pairs": 36,
        "accuracy": 0.9,
        "missing_because": None,
        "p_adjusted": 0.02,
        "verdict": "associated",
    } | changes


def held_out(student):
    return {
        "dataset": "dl19",
        "sampling": "top",
        "student": student,
        "n": 43,
        "risk": 0.5,
        "upper": 0.7,
        "vacuous": True,
        "range": "lemma-2c",
        "splits": 2,
        "n_half": 21,
        "certificate": 0.8,
        "held_out": 0.52,
        "slack": 0.28,
        "ratio": 1.54,
        "held": 2,
        "refuted": 0,
    }


def compared_systems(first, second, measure):
    names = {"dataset": "dl19", "measure": measure, "first": first, "second": second}
    keys = (
        *("n", "difference", "lower", "upper", "effect_size", "margin"),
        *("smallest_margin", "verdict"),
    )
    row = a_row().to_dict()
    more = {"p_holm": 0.5, "n_for_margin": None}
    return names | {key: row[key] for key in keys} | more


def counts(kind, **some):
    """A record of counts, 0 where not given."""
    return kind(**dict.fromkeys(kind.__struct_fields__, 0) | some)


def inspected(path, findings=(), **facts):
    empty = dict.fromkeys(File.__struct_fields__)
    found = tuple(Finding(code, "note", count, "", "") for code, count in findings)
    known = {"path": path, "role": "file", "evidence": "", "parts": (), "repairs": {}}
    return File(
        **empty | known | {"rows": 100, "queries": 10, "findings": found} | facts
    )


def inspection(file, names=("teacher.json", "bm25.run")):
    """An inspection of two files of scores, groups, judgements, vectors and texts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scores = counts(
        ScoreCounts, equal_neighbours=3, neighbours=90, exact_zeros=25, precision="x"
    )
    teacher, run = names
    ranks = RankCounts(base=1, constant=False, against_scores=1)
    groups = counts(GroupCounts, groups=20, positives=20, with_probabilities=False)
    grades = counts(JudgementCounts, grades={}, relevant_per_query=(0, 0.0, 0))
    vectors = counts(VectorCounts, equal_vectors=2, not_finite=1, dtype="", norms=None)
    texts = counts(TextCounts, equal_texts=5, empty=1, texts=100, words=(0, 0, 0))
    no = Readiness(False, ("all",), "", ())
    found = Inspection(
        command="",
        files=Named(
            (
                inspected(teacher, scores=scores),
                inspected(run, scores=scores, ranks=ranks),
                inspected(
                    "groups.jsonl", groups=groups, findings=[("repeated-groups", 4)]
                ),
                inspected("qrels", qrels=replace(grades, queries_without_relevant=2)),
                inspected("x.npy", vectors=vectors),
                inspected("c.jsonl", texts=texts),
                inspected("broken.run", rows=None, findings=[("duplicates", 12)]),
            )
        ),
        across=Across(
            ids=(),
            rows=(
                _across(run, teacher, "student-teacher", 60, 100),
                _across("groups.jsonl", teacher, "group-scores", 319, 320),
                _across("groups.jsonl", run, "group-scores", 7, 320),
                _across("groups.jsonl", "x.npy", "group-vectors", 320, 320),
            ),
            findings=(),
        ),
        ready=Ready(measure=no, compare=no),
    )
    found.save(file)
    return file.parent


def _across(left, right, code, count, total):
    return SharedRows(
        left=left, right=right, code=code, what="", count=count, total=total, share=None
    )


def power(file, names=("bm25", "ensemble"), n=43):
    """What 43 queries can show of each; without `n`, only what a margin needs."""
    found = asked(n=() if n is None else n, sd=0.1, margin=0.05, half_range=0.7)

    def named(rows):
        return tuple(
            replace(row, source=f"{name} - random: entropy, all", unit="nats")
            for row in rows
            for name in names
        )

    parts = {name: named(getattr(found, name)) for name in ("rows", "needed", "curves")}
    made = replace(found, **parts)
    made.save(file)
    return file.parent
