"""Files of a few rows in the order that their format's documentation writes."""

import pytest

from rankbound.read.reading import read_part

RIGHT = {"q1": {"d1": 3.5, "d2": 1.25}, "q2": {"d1": 0.5}}
NUMBERS = {"1": {"10": 3.5, "11": 1.25}, "2": {"10": 0.5}}
MIXED = {"1": {"d1": 3.5, "d2": 1.25}, "2": {"d1": 0.5}}
LONE = {"1": {"10": 2.5}, "2": {"11": 1.5}}
WHOLE = {"1": {"10": 3, "11": 2}, "2": {"10": 5}}
GRADES = {"q1": {"d1": 1, "d2": 0}, "q2": {"d3": 2}}
GRADED = {"1": {"10": 1, "11": 0}, "2": {"10": 2}}
ZEROS = {"1": {"26": 0, "40": 0}}
RANKED = {"1": {"10": -1, "11": -2}, "2": {"10": -1, "12": -2}}
LISTS = [
    ("scores", RIGHT, "{q} Q0 {d} {rank} {v} tag"),
    ("scores", NUMBERS, "{q}\tQ0\t{d}\t{rank}\t{v}\tbm25"),
    ("scores", MIXED, "{q} Q0 {d} {rank0} {v} 7"),
    ("scores", LONE, "{q} Q0 {d} {rank} {v} bm25"),
    ("scores", LONE, "{q} Q0 {d} {rank0} {v} bm25"),
    ("scores", RIGHT, "{q} Q0 {d} {rank} {v}"),
    ("scores", NUMBERS, "{q} Q0 {d} {rank0} {v}"),
    ("scores", RIGHT, "{q}\t{d}\t{v}"),
    ("scores", NUMBERS, "{q} {d} {v}"),
    ("scores", MIXED, "{q} {d} {v}"),
    ("scores", LONE, "{q}\t{d}\t{v}"),
    ("scores", RIGHT, "{q}\t{d}\t{rank}\t{v}"),
    ("scores", NUMBERS, "{q}\t{d}\t{rank}\t{v}"),
    ("scores", RANKED, "{q}\t{d}\t{rank}"),
    ("scores", {"q1": {"d9": -1, "d3": -2}}, "{q}\t{d}\t{rank}"),
    ("qrels", GRADES, "{q} 0 {d} {v}"),
    ("qrels", GRADED, "{q}\t0\t{d}\t{v}"),
    ("qrels", GRADED, "{q} Q0 {d} {v}"),
    ("qrels", ZEROS, "{q} 0 {d} {v}"),
    ("qrels", GRADES, "{q} {d} {v}"),
    ("qrels", WHOLE, "{q} {d} {v}"),
    ("qrels", {"0": {"doc42": 3}, "1": {"doc38": 1, "doc20": 1}}, "{q}\t{d}\t{v}"),
]
WORDS = [("q1", "d1", "d2", 4, 1.5), ("q1", "d1", "d3", 4, 2.5)]
MORE = [*WORDS, ("q2", "d4", "d5", 1.5, 1)]
DIGITS = [("1", "10", "11", 4, 1.5), ("1", "10", "12", 4, 2.5)]
TWO = [*DIGITS, ("2", "13", "14", 1.5, 1)]
OTHER = [("q0", "pq0", "n1q0", 0.4, 4), ("q0", "pq0", "n2q0", 0.4, 2)]
TRIPLES = [
    (WORDS, "{q}\t{p}\t{n}"),
    (TWO, "{q}\t{p}\t{n}"),
    (DIGITS, "{q} {p} {n}"),
    (MORE, "{q}\t{p}\t{n}\t{m}"),
    (TWO, "{q}\t{p}\t{n}\t{m}"),
    (DIGITS, "{q} {p} {n} {m}"),
    (OTHER, "{q} {p} {n} {m}"),
    (MORE, "{m} {q} {p} {n}"),
    (TWO, "{m}\t{q}\t{p}\t{n}"),
    (WORDS, "{ps}\t{ns}\t{q}\t{p}\t{n}"),
    (TWO, "{ps}\t{ns}\t{q}\t{p}\t{n}"),
    (MORE, "{q} {p} {n} {ps} {ns}"),
    (TWO, "{q} {p} {n} {ps} {ns}"),
]


@pytest.mark.parametrize(("part", "right", "line"), LISTS)
def test_small_lists_in_the_usual_order_are_read_rightly(part, right, line, tmp_path):
    path = tmp_path / "file.txt"
    rows = [
        line.format(q=qid, d=docno, v=value, rank=place + 1, rank0=place)
        for qid, row in right.items()
        for place, (docno, value) in enumerate(row.items())
    ]
    path.write_text("".join(f"{row}\n" for row in rows))
    found = getattr(read_part(path, part), part)
    held = {found.where(row): value for row, value in enumerate(found.values)}
    assert held == {(q, d): v for q, row in right.items() for d, v in row.items()}


@pytest.mark.parametrize(("right", "line"), TRIPLES)
def test_small_triples_in_the_usual_order_are_read_rightly(right, line, tmp_path):
    path = tmp_path / "file.txt"
    rows = [
        line.format(q=q, p=p, n=n, ps=ps, ns=ns, m=ps - ns) for q, p, n, ps, ns in right
    ]
    path.write_text("".join(f"{row}\n" for row in rows))
    found = read_part(path, "groups")
    groups, scores = found.groups, None
    if found.scores is not None:
        scores = groups.scores_of(found.scores)[0]
    held = {}
    for group, qid in enumerate(groups.group_qids()):
        members = range(groups.offsets[group], groups.offsets[group + 1])
        for p in members:
            for n in members:
                if groups.positive[p] and not groups.positive[n]:
                    ids = [str(groups.docnos[groups.codes[one]]) for one in (p, n)]
                    held[qid, *ids] = None if scores is None else scores[p] - scores[n]
    bare = "{m}" not in line and "{ps}" not in line
    assert held == {
        (q, p, n): None if bare else pytest.approx(ps - ns) for q, p, n, ps, ns in right
    }


@pytest.mark.parametrize("ids", ["q1 d1 d2/q1 d1 d3", "1 10 11/1 10 12"])
def test_scores_of_a_pair_that_differ_are_named(ids, tmp_path):
    path = tmp_path / "file.txt"
    scores = ("9.5 1.25", "8.5 0.25")
    path.write_text(
        "".join(f"{s} {i}\n" for s, i in zip(scores, ids.split("/"), strict=True))
    )
    with pytest.raises(Exception, match=r"(?s)8\.5.*9\.5|9\.5.*8\.5") as caught:
        read_part(path, "scores")
    assert "hofstaetter" in str(caught.value).lower()
