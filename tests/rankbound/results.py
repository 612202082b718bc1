"""One result of every job, made from objects whose names try to be markup."""

import json
from functools import cache

import numpy as np

from rankbound.commands.compare.run import compare
from rankbound.commands.convert.run import convert
from rankbound.commands.cut.run import cut as cut_by
from rankbound.commands.inspect.run import inspect
from rankbound.commands.measure.run import measure
from rankbound.commands.power.run import power
from rankbound.commands.validate.run import validate

HOSTILE = "<img src=x onerror=alert(1)></td></style></script>\"'&amp;{{ 7 * 7 }}"
N = 14


@cache
def scores(seed):
    rng = np.random.default_rng(seed)
    return {
        f"q{i}": dict(zip("abcdef", rng.normal(0, 2, 6).tolist(), strict=True))
        for i in range(N)
    }


def grades():
    return {
        q: {d: int(v > 0) for d, v in docs.items()} | {"a": 1}
        for q, docs in scores(0).items()
    }


def groups(negatives):
    return [
        {"query_id": q, "doc_id_a": "a", "doc_id_b": list(negatives)} for q in scores(0)
    ]


@cache
def measured():
    return measure(
        teacher=scores(0),
        teacher_kind="logit",
        students={HOSTILE: scores(1), "plain": scores(2)},
    )


@cache
def compared():
    return compare(
        teacher=scores(0),
        teacher_kind="logit",
        groups={"random": groups("ef"), HOSTILE: groups("bc")},
        quantities=("ties", "entropy"),
        resamples=0,
    )


@cache
def validated():
    return validate(
        teacher=scores(0),
        teacher_kind="logit",
        temperature=1.0,
        students={HOSTILE: scores(1), "plain": scores(2)},
        qrels=grades(),
        groups={"easy": groups("ef"), "hard": groups("bc")},
        measures="nDCG@3",
        resamples=200,
        permutations=99,
        splits=2,
    )


def powered():
    return power(n=(43, 97), sd=0.1, margin=0.02)


def files(folder):
    """Scores, groups and judgements in files, the groups under a hostile name."""
    rows = "".join(json.dumps(row) + "\n" for row in groups("bc"))
    lines = (f"{q} 0 {d} {g}\n" for q, ds in grades().items() for d, g in ds.items())
    made = {
        "teacher": (folder / "t.json", json.dumps(scores(0))),
        "groups": (folder / "<b onclick=x>&.jsonl", rows),
        "qrels": (folder / "q.qrels", "".join(lines)),
    }
    for path, text in made.values():
        path.write_text(text)
    return {name: path for name, (path, _) in made.items()}


def cut(folder):
    paths = files(folder)
    return cut_by(
        teacher=paths["teacher"], teacher_kind="logit", groups=paths["groups"]
    )


def inspected(folder):
    return inspect(*files(folder).values())


def converted(folder):
    return convert(files(folder)["groups"], folder / "g.groups.parquet")


def every(folder):
    """All of them by name."""
    return {
        "ledger": measured(),
        "comparison": compared(),
        "validation": validated(),
        "power": powered(),
        "cut": cut(folder),
        "inspection": inspected(folder),
        "conversion": converted(folder),
    }
