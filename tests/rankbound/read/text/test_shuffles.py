"""Columns in any order: a file is read as what it is, or refused."""

import random

import pytest

from rankbound import FormatError, UsageError, read_groups, read_qrels, read_scores

SHAPES = ("run of six", "run of five", "ranking", "list", "triples", "judgements")
SEEDS = range(60)


def made(shape, rng):
    """Rows of a file of this shape, and the scores that are right for it."""
    numbered = rng.random() < 0.6
    first, low = rng.choice([0, 100, 100_000]), rng.choice([10, 5_000, 4_000_000])
    n_queries, depth = rng.randint(4, 20), rng.randint(4, 10)
    rows, truth = [], {}
    for place in range(n_queries):
        qid = str(first + place) if numbered else f"q{place}"
        numbers = rng.sample(range(low, low + 40 * n_queries), depth)
        docs = [str(one) if numbered else f"d{one}" for one in numbers]
        values = sorted((round(rng.gauss(0, 3), 4) for _ in docs), reverse=True)
        truth |= {(qid, doc): value for doc, value in zip(docs, values, strict=True)}
        each = enumerate(zip(docs, values, strict=True), start=1)
        for rank, (doc, value) in each:
            rows.append(
                {
                    "run of six": (qid, "Q0", doc, str(rank), str(value), "tagged"),
                    "run of five": (qid, "Q0", doc, str(rank), str(value)),
                    "ranking": (qid, doc, str(rank), str(value)),
                    "list": (qid, doc, str(value)),
                    "triples": (qid, docs[0], doc),
                    "judgements": (qid, "0", doc, str(rng.choice([0, 0, 1, 2]))),
                }[shape]
            )
        if shape == "triples":
            rows = [row for row in rows if row[1] != row[2]]
    return rows, None if shape in ("triples", "judgements") else truth


def held(scores):
    return {scores.where(row): value for row, value in enumerate(scores.values)}


@pytest.mark.parametrize("shape", SHAPES)
def test_columns_and_rows_in_any_order_never_give_other_scores(shape, tmp_path):
    path = tmp_path / "file.txt"
    read = 0
    for seed in SEEDS:
        rng = random.Random(f"{shape} {seed}")
        rows, truth = made(shape, rng)
        order = list(range(len(rows[0])))
        if seed % 6:
            rng.shuffle(order)
        if seed % 2:
            rng.shuffle(rows)
        lines = ["\t".join(row[place] for place in order) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines))
        try:
            found = held(read_scores(path))
        except (FormatError, UsageError):
            continue
        assert found == truth, (seed, order, lines[:3])
        read += 1
    assert read >= (0 if shape in ("triples", "judgements") else len(SEEDS) // 8)


def test_triples_of_ids_are_groups_or_refused_in_every_order(tmp_path):
    path = tmp_path / "file.txt"
    right = 0
    for seed in SEEDS:
        rng = random.Random(f"groups {seed}")
        rows, _ = made("triples", rng)
        if rows[0][0].isdigit():
            continue  # a query and its one positive look alike
        truth = {
            (q, p): {p} | {n for a, b, n in rows if (a, b) == (q, p)}
            for q, p, _ in rows
        }
        order = [0, 1, 2]
        rng.shuffle(order)
        path.write_text(
            "".join("\t".join(row[i] for i in order) + "\n" for row in rows)
        )
        try:
            groups = read_groups(path)
        except FormatError:
            continue
        qids = groups.group_qids()
        for group, qid in enumerate(qids):
            codes = groups.codes[groups.offsets[group] : groups.offsets[group + 1]]
            docs = [str(groups.docnos[code]) for code in codes]
            assert {*docs} == truth[str(qid), docs[0]], (seed, order)
        right += 1
    assert right > len(SEEDS) // 4


def test_judgements_in_another_order_are_refused(tmp_path):
    path = tmp_path / "file.txt"
    for seed in SEEDS:
        rng = random.Random(f"judged {seed}")
        rows, _ = made("judgements", rng)
        order = rng.choice([(0, 2, 1, 3), (0, 1, 3, 2), (3, 1, 2, 0), (1, 0, 2, 3)])
        path.write_text(
            "".join("\t".join(row[i] for i in order) + "\n" for row in rows)
        )
        try:
            found = held(read_qrels(path))
        except FormatError:
            continue
        assert found == {(row[0], row[2]): float(row[3]) for row in rows}, (seed, order)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("q1 Q0 d3 3 tag", "score"),
        ("q1 Q0 d3 7.5 tag", "rank"),
        ("q1 Q0 d3 3 7.5", "tag"),
        ("\0\0\0\0", "null bytes"),
    ],
)
def test_a_short_line_says_what_is_missing(tmp_path, line, words):
    path = tmp_path / "a.run"
    path.write_text(f"q1 Q0 d1 1 9.5 tag\nq1 Q0 d2 2 8.5 tag\n{line}\n")
    with pytest.raises(FormatError, match=words) as caught:
        read_scores(path)
    assert f"{path}:3:" in str(caught.value)


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0)])
def test_ids_of_triples_with_several_positives_are_no_scores(tmp_path, order):
    """Every positive has one negative, so that each "query" would have one document."""
    rng = random.Random(5)
    rows = [
        (
            str(1000 + q),
            str(rng.randrange(4_000_000, 5_000_000)),
            str(rng.randrange(4_000_000, 5_000_000)),
        )
        for q in range(20)
        for _ in range(3)
    ]
    path = tmp_path / "triples.tsv"
    path.write_text("".join("\t".join(row[i] for i in order) + "\n" for row in rows))
    with pytest.raises(FormatError):
        read_scores(path)


def long_run(rng, n_queries, n_docs, depth=16):
    """Rows of a run whose lists are longer than what its first rows hold of them."""
    for query in range(n_queries):
        docs = rng.sample(range(n_docs), depth)
        values = sorted((rng.gauss(0, 3) for _ in docs), reverse=True)
        for rank, (doc, value) in enumerate(zip(docs, values, strict=True), start=1):
            yield f"{70_000 + query}", "Q0", f"{doc}", f"{rank}", f"{value:.4f}", "tag"


@pytest.mark.parametrize("n_docs", [500, 9_000, 8_000_000])
def test_a_long_run_of_numbered_ids_is_read_with_its_rows_in_any_order(
    n_docs, tmp_path
):
    rng = random.Random(n_docs)
    rows = [*long_run(rng, 2_000, n_docs)]
    rng.shuffle(rows)
    truth = {(row[0], row[2]): float(row[4]) for row in rows}
    path = tmp_path / "x.run"
    path.write_text("".join(f"{' '.join(row)}\n" for row in rows))
    assert held(read_scores(path)) == truth
    for order in ([2, 1, 0, 3, 4, 5], [2, 1, 3, 0, 4, 5], [0, 1, 3, 2, 4, 5]):
        moved = (" ".join(row[place] for place in order) for row in rows)
        path.write_text("".join(f"{line}\n" for line in moved))
        with pytest.raises(FormatError, match=r"expected qid Q0 docno|do not tell"):
            read_scores(path)
