"""Folders with results of every kind, small, as the commands leave them."""

import json


def student(risk, upper, relevance=None):
    return {
        "risk": risk,
        "entropy": 0.4,
        "divergence": risk - 0.4,
        "deviation": upper - risk,
        "upper": upper,
        "relevance": relevance,
    }


def judged():
    rows = [
        {
            "from": 0.5 + 0.05 * place,
            "to": 0.55 + 0.05 * place,
            "student": "agrees",
            "n_pairs": 9,
            "mean_p": 0.52 + 0.05 * place,
            "observed": 0.6,
            "interval": [0.5, 0.7],
        }
        for place in range(3)
    ]
    return {"judged": {"reliability": rows}}


def ledger(folder, students=None, diameters=True):
    folder.mkdir(parents=True, exist_ok=True)
    students = {"tasb": student(0.5, 0.6)} if students is None else students
    account = {"schema": "rankbound.ledger/1", "students": students}
    (folder / "ledger.json").write_text(json.dumps(account))
    rows = [
        f"q{n}\t{name}\t{0.3 + 0.01 * n}\t{1 + 0.02 * n if diameters else ''}\n"
        for name in [*students] or [""]
        for n in range(6)
    ]
    head = "qid\tstudent\tentropy_nats\tdiameter\n"
    (folder / "per_query.tsv").write_text(head + "".join(rows))
    return folder


def comparison(folder, sweep=True):
    folder.mkdir(parents=True, exist_ok=True)
    row = {
        "sampling": "bm25",
        "quantity": "entropy",
        "pairs": "all",
        "mean": 0.38,
        "reference_mean": 0.45,
        "difference": -0.07,
        "lower": -0.08,
        "upper": -0.06,
        "margin": 0.02,
        "smallest_margin": 0.08,
        "verdict": "different",
    }
    content = {"schema": "rankbound.comparison/1", "reference": "random", "rows": [row]}
    if sweep:
        tables = [{"factor": factor, "rows": [row]} for factor in (0.5, 1.0, 2.0)]
        content["sweep"] = {"tables": tables}
    (folder / "comparison.json").write_text(json.dumps(content))
    lines = [
        f"q{n}\t{name}\tentropy\tall\t{0.2 + 0.03 * n}\n"
        for name in ("random", "bm25")
        for n in range(5)
    ]
    head = "qid\tsampling\tquantity\tpairs\tvalue\n"
    (folder / "per_query.tsv").write_text(head + "".join(lines))
    return folder


def validation(folder, certificates=True):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "dataset": "dl19",
            "student": name,
            "term": "entropy",
            "measure": "nDCG@10",
            "spearman": value,
            "lower": value - 0.1,
            "upper": value + 0.1,
            "p_holm": 0.2,
        }
        for name, value in (("tasb", -0.2), ("bm25", 0.1))
    ]
    held = [{"student": "tasb", "risk": 0.5, "upper": 0.7}] if certificates else []
    content = {
        "schema": "rankbound.validation/1",
        "per_query": rows,
        "certificates": held,
    }
    (folder / "validation.json").write_text(json.dumps(content))
    return folder
