"""Small files of every kind without a header, in random orders of their columns.

A generator writes the records; what is right for them comes from the records. In the
usual order a file is never read wrongly, and seldom refused. In another order it must
be read as the records are, refused, or give nothing that could be measured: no query
with two documents. Three more outcomes are known and allowed. Where a query and its
only positive look alike, their names may be exchanged, with the same numbers.
Judgements whose queries and documents are exchanged match no id of another file. And
where a naive loop finds nothing in the file that shows another order, it is read in the
usual one (`is_decidable`).

`python -m tests.rankbound.read.text.test_any_order 400` counts the outcomes of more
files, and prints the wrong ones that the rows could have shown.
"""

import itertools
import math
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from rankbound.errors import FormatError, UsageError
from rankbound.read.reading import read_part

KINDS = {
    "run of six": ("qid", "Q0", "docno", "rank", "score", "tag"),
    "run of five": ("qid", "Q0", "docno", "rank", "score"),
    "judgements": ("qid", "0", "docno", "grade"),
    "judgements of three": ("qid", "docno", "grade"),
    "scores": ("qid", "docno", "score"),
    "ranks": ("qid", "docno", "rank"),
    "ranking": ("qid", "docno", "rank", "score"),
    "triples": ("qid", "pos", "neg"),
    "triples with margins": ("qid", "pos", "neg", "margin"),
    "triples with scores": ("qid", "pos", "neg", "ps", "ns"),
}
FIRST_SCORES = ("ps", "ns", "qid", "pos", "neg")
VALUES = {"judgements": "grade", "judgements of three": "grade", "ranks": "rank"}
NAMES = (("q{}", "d{}"), ("{}", "doc{}"), ("t{}", "t9{}"), ("x-{}a", "x-{}b"))
WORST_FIRST = ("wrong", "wrong groups", "order only", "exchanged", "nothing", "right")


def number(rng, style):
    value = rng.gauss(0, 3)
    return {
        "whole": lambda: str(round(value * 3)),
        "impact": lambda: str(rng.randrange(1, 30000)),
        "probability": lambda: str(round(1 / (1 + math.exp(-value)), 4)),
        "log-probability": lambda: str(-abs(round(value, 3))),
        "real": lambda: str(round(value, rng.choice([2, 4, 6]))),
    }[style]()


def made(kind, rng):
    """Records of a small file, by the names of `KINDS`."""
    query, document = rng.choice(NAMES) if rng.random() < 0.5 else ("{}", "{}")
    low = rng.choice([0, 1, 10, 5000, 4_000_000])
    first = low if rng.random() < 0.3 else rng.choice([0, 1, 100, 5000])
    depth, shared = rng.randint(1, 6), rng.random() < 0.5
    style = rng.choice(["real"] * 3 + ["whole", "impact", "probability"])
    style = "log-probability" if rng.random() < 0.1 else style
    pool = rng.sample(range(low, low + 60), rng.randint(max(depth + 2, 8), 40))
    base, tag = rng.choice([0, 1]), rng.choice(["x", "bm25", "7", "0.5"])
    records = []
    for place in range(rng.randint(1, 7)):
        mine = pool if shared else [one + 100 * place for one in pool]
        own = depth if rng.random() < 0.6 else rng.randint(1, depth)
        extra = 2 if kind.startswith("triples") else 0
        docs = [document.format(one) for one in rng.sample(mine, own + extra)]
        values = [number(rng, style) for _ in docs]
        common = {"qid": query.format(first + place), "Q0": "Q0", "0": "0", "tag": tag}
        if extra:
            # Positives have at least as many negatives as these have positives
            cut = min(rng.choice([1, 1, 1, 2]), len(docs) // 2)
            scored = dict(zip(docs, values, strict=True))
            records += [
                common | {"pos": p, "neg": n, "ps": scored[p], "ns": scored[n]}
                for p in docs[:cut]
                for n in docs[cut:]
            ]
            continue
        if rng.random() < 0.8:
            values.sort(key=float, reverse=True)
        best = sorted(range(len(docs)), key=lambda one: -float(values[one]))
        records += [
            common
            | {
                "docno": docno,
                "rank": str(base + best.index(one)),
                "score": values[one],
                "grade": str(rng.choice([0, 0, 1, 1, 2, 3])),
            }
            for one, docno in enumerate(docs)
        ]
    for record in records:
        if "ps" in record:
            margin = round(float(record["ps"]) - float(record["ns"]), 6)
            whole = style in ("whole", "impact")
            record["margin"] = str(int(margin) if whole else margin)
    if rng.random() < 0.3:
        rng.shuffle(records)
    return records


def ordered(kind, rng):
    """The columns in a random order, often the usual one."""
    order = list(KINDS[kind])
    if rng.random() < 0.75:
        rng.shuffle(order)
    elif kind == "triples with scores" and rng.random() < 0.5:
        order = list(FIRST_SCORES)
    return order


def outcome(kind, records, path):
    """The worst of what a file is read as in the roles that it may be given in."""
    parts = ["qrels" if "judgements" in kind else "scores"]
    if kind.startswith("triples"):
        parts.append("groups")
    seen = {"refused"}
    for part in parts:
        try:
            found = read_part(path, part)
        except (FormatError, UsageError):
            continue
        seen.add(judged(kind, records, found, part))
    return next((one for one in WORST_FIRST if one in seen), "refused")


def judged(kind, records, found, part):
    if kind.startswith("triples"):
        return judged_triples(kind, records, found)
    name = VALUES.get(kind, "score")
    sign = -1.0 if name == "rank" else 1.0
    right = {(r["qid"], r["docno"]): sign * float(r[name]) for r in records}
    scores = found.qrels if part == "qrels" else found.scores
    held = {scores.where(row): value for row, value in enumerate(scores.values)}
    if held == right:
        return "right"
    if int(scores.sizes.max()) < 2:
        return "nothing"
    if part == "qrels" and {key[::-1]: one for key, one in held.items()} == right:
        return "exchanged"
    return "order only" if scores.kind.value == "rank_only" else "wrong"


def judged_triples(kind, records, found):
    if found.groups is None:
        return "nothing" if int(found.scores.sizes.max()) < 2 else "wrong"
    known = found.scores
    scores = known if known is None else found.groups.scores_of(known)[0]
    held = triples_of(found.groups, scores)
    if kind == "triples":
        right = {(r["qid"], r["pos"], r["neg"]): None for r in records}
    else:
        right = {
            (r["qid"], r["pos"], r["neg"]): float(r["margin"])
            if kind.endswith("margins")
            else float(r["ps"]) - float(r["ns"])
            for r in records
        }
    if same(held, right):
        return "right"
    if same({(p, q, n): margin for (q, p, n), margin in held.items()}, right):
        return "exchanged"
    return "wrong groups" if kind == "triples" and known is None else "wrong"


def triples_of(groups, scores):
    """The margin of each triple; None without scores."""
    held = {}
    for group, qid in enumerate(groups.group_qids()):
        rows = range(groups.offsets[group], groups.offsets[group + 1])
        for p in rows:
            for n in rows:
                if groups.positive[p] and not groups.positive[n]:
                    key = (qid, *(groups.docnos[groups.codes[one]] for one in (p, n)))
                    held[key] = None if scores is None else scores[p] - scores[n]
    return held


def same(held, right):
    return held.keys() == right.keys() and all(
        (one is None) == (right[key] is None)
        and (one is None or abs(one - right[key]) < 1e-6)
        for key, one in held.items()
    )


def outcomes(kind, seed, number_of_files, path):
    """The outcome of each file, and the file."""
    for place in range(number_of_files):
        rng = random.Random(f"{seed} {kind} {place}")
        records = made(kind, rng)
        order = ordered(kind, rng)
        by = rng.choice("\t ")
        text = "".join(by.join(row[name] for name in order) + "\n" for row in records)
        path.write_text(text)
        yield outcome(kind, records, path), order, text


# Fewer than were refused before the columns were judged (7.0 % of 1,238 such files)
REFUSED = 0.10
ORDERS = {tuple(names) for names in KINDS.values()} | {FIRST_SCORES}


def is_decidable(order, rows):
    """Whether rows show that their columns are not in a usual order.

    They do where they are tidy in their own order, and not in any usual one.
    """
    usual = [names for names in ORDERS if len(names) == len(order)]
    return is_tidy(order, rows) and not any(is_tidy(names, rows) for names in usual)


def is_tidy(names, rows):
    """Whether rows of a query follow one another, and its columns agree with that."""
    table = [dict(zip(names, row, strict=True)) for row in rows]
    qids = [row["qid"] for row in table]
    changes = sum(one != other for one, other in itertools.pairwise(qids))
    if len({*qids}) == len(qids) or changes + 1 != len({*qids}):
        return False
    if not all(may_hold(name, row[name]) for row in table for name in names):
        return False
    if "pos" in names:
        positives = {(row["qid"], row["pos"]) for row in table}
        negatives = {(row["qid"], row["neg"]) for row in table}
        return len(positives) < len(negatives)
    if len({(row["qid"], row["docno"]) for row in table}) < len(table):
        return False
    return all(is_ranked([r for r in table if r["qid"] == qid]) for qid in {*qids})


def may_hold(name, field):
    if name in ("score", "rank", "margin", "ps", "ns"):
        return is_number(field)
    if name in ("qid", "docno", "pos", "neg"):
        return field.isdigit() or not is_number(field)
    return {
        "grade": field in ("0", "1", "2", "3"),
        "Q0": field == "Q0",
        "0": field == "0",
    }.get(name, True)


def is_ranked(rows):
    """Whether ranks count from 0 or 1, and scores fall, as far as there are any."""
    ranks = [row.get("rank", str(at)) for at, row in enumerate(rows)]
    values = [float(row.get("score", 0)) for row in rows]
    counted = [[str(at + base) for at in range(len(rows))] for base in (0, 1)]
    return ranks in counted and values == sorted(values, reverse=True)


def is_number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def counted(kind, seed, number_of_files, path):
    """How many files have each outcome, and the worst of them."""
    counts, worst = Counter(), []
    for found, order, text in outcomes(kind, seed, number_of_files, path):
        usual = tuple(order) in ORDERS
        group, held = "usual" if usual else "shuffled", found
        if found in ("wrong", "wrong groups") or (usual and found == "exchanged"):
            rows = [line.split() for line in text.splitlines()]
            decidable = usual or is_decidable(order, rows)
            held = (
                f"wrong{'' if usual else '-decidable' if decidable else '-undecidable'}"
            )
            if decidable:
                worst.append((kind, found, order, text))
        counts[group, held] += 1
    return counts, worst


@pytest.fixture(scope="module")
def all_counts(tmp_path_factory):
    path = tmp_path_factory.mktemp("orders") / "file.txt"
    return {kind: counted(kind, "a", 30, path) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_columns_in_any_order_never_give_other_numbers(kind, all_counts):
    counts, worst = all_counts[kind]
    assert not worst, worst[0]
    assert counts["usual", "right"] >= 3


def test_the_usual_order_is_seldom_refused(all_counts):
    counts = sum((counts for counts, _ in all_counts.values()), Counter())
    usual = sum(n for (group, _), n in counts.items() if group == "usual")
    assert counts["usual", "refused"] <= REFUSED * usual
    assert usual > 60


def main(number_of_files, seed="a"):
    path = Path("/tmp") / f"any-order-{seed}.txt"
    total = Counter()
    for kind in KINDS:
        counts, worst = counted(kind, seed, number_of_files, path)
        total += counts
        for _, found, order, text in worst:
            sys.stdout.write(f"{kind}, {found}: {' '.join(order)}\n{text}\n")
        sys.stdout.write(f"{kind}: {dict(sorted(counts.items()))}\n")
    sys.stdout.write(f"all: {dict(sorted(total.items()))}\n")
    path.unlink()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
