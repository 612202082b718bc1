"""Columns in another order are read rightly or refused; there is no third outcome."""

import itertools

import numpy as np
import pytest

import rankbound as rb
from rankbound.cli import main
from rankbound.errors import FormatError, UsageError
from rankbound.read.registry import read_any
from tests.optional import DEEP
from tests.rankbound.files import table as dicts

RUN = ("qid", "Q0", "docno", "rank", "score", "tag")


def ids(words, number):
    """Ids as words, or as numbers that overlap with nothing."""
    return words.format(number) if words else str(number)


def table(seed, *, words, overlap, whole=False, n_queries=9, n_docs=7):
    """{qid: {docno: score}} with documents that queries share or do not share."""
    rng = np.random.default_rng(seed)
    scores = {}
    for q in range(n_queries):
        qid = ids("q{}" if words else "", 1000 + q)
        pool = (
            range(50000, 50040) if overlap else range(50000 + 100 * q, 50040 + 100 * q)
        )
        docs = rng.permutation(list(pool))[:n_docs]
        values = np.sort(rng.normal(0, 3, n_docs))[::-1]
        if whole:
            values = np.sort(rng.permutation(300)[:n_docs])[::-1]
        scores[qid] = {
            ids("d{}" if words else "", int(d)): (int(v) if whole else round(v, 5))
            for d, v in zip(docs, values, strict=True)
        }
    return scores


def fields_of_run(scores, *, tag, first_rank=1):
    return [
        {
            "qid": qid,
            "Q0": "Q0",
            "docno": docno,
            "rank": str(rank),
            "score": repr(float(value)) if isinstance(value, float) else str(value),
            "tag": tag,
        }
        for qid, row in scores.items()
        for rank, (docno, value) in enumerate(row.items(), start=first_rank)
    ]


def write(path, rows, order, separator=" "):
    lines = [separator.join(row[name] for name in order) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def outcome(read, path):
    """What a file is read as; None where it is refused."""
    try:
        return read(path).to_ranx_dict()
    except (FormatError, UsageError):
        return None


WORLDS = [
    {"words": words, "overlap": overlap, "whole": whole}
    for words, overlap, whole in itertools.product([True, False], repeat=3)
]


@pytest.mark.parametrize("seed", range(8))
def test_orders_of_a_run_are_read_rightly_or_refused(tmp_path, seed):
    """A sample of the 720; all of them were read for each world and tag once."""
    scores = table(seed, **WORLDS[seed])
    rows = fields_of_run(scores, tag=("bm25", "7")[seed % 2])
    path = tmp_path / "t.run"
    assert outcome(rb.read_scores, write(path, rows, RUN)) == scores
    orders = [*itertools.permutations(RUN)]
    for place in np.random.default_rng(seed).choice(len(orders), 60, replace=False):
        found = outcome(rb.read_scores, write(path, rows, orders[place]))
        assert found in (None, scores), orders[place]


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("left_out", ["Q0", "tag"])
def test_every_order_of_five_columns_is_read_rightly_or_refused(
    tmp_path, world, left_out
):
    scores = table(2, **world)
    rows = fields_of_run(scores, tag="x", first_rank=0)
    names = [name for name in RUN if name != left_out]
    orders = [*itertools.permutations(names)]
    for order in orders[:: 1 if DEEP else 7]:  # the first is the right one
        path = write(tmp_path / "t.run", rows, order)
        found = outcome(rb.read_scores, path)
        assert found in (None, scores), order
        if order == RUN[:5]:
            assert found == scores


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("separator", [" ", "\t"])
def test_every_order_of_three_columns_is_read_rightly_or_refused(
    tmp_path, world, separator
):
    scores = table(3, **world)
    rows = fields_of_run(scores, tag="x")
    for names in (("qid", "docno", "score"), ("qid", "docno", "rank")):
        for order in itertools.permutations(names):
            path = write(tmp_path / "t.tsv", rows, order, separator)
            found = outcome(rb.read_scores, path)
            if order == names:
                assert found is not None
            elif found is not None:
                # A list without scores is known by its order
                assert names[2] == "rank" or found == scores, order
                assert {q: [*row] for q, row in found.items()}.keys() == scores.keys()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("words", [True, False])
def test_every_order_of_judgements_is_read_rightly_or_refused(tmp_path, words, seed):
    rng = np.random.default_rng(seed)
    graded = {
        qid: {docno: int(rng.integers(0, 3)) for docno in row}
        for qid, row in table(seed, words=words, overlap=seed % 2 == 0).items()
    }
    rows = [
        {"qid": q, "0": "0", "docno": d, "grade": str(grade)}
        for q, row in graded.items()
        for d, grade in row.items()
    ]
    for names in (("qid", "0", "docno", "grade"), ("qid", "docno", "grade")):
        for order in itertools.permutations(names):
            path = write(tmp_path / "t.qrels", rows, order)
            found = outcome(rb.read_qrels, path)
            assert found in (None, graded), order
            if order == names:
                assert found == graded


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("docno Q0 qid rank score tag", "qid and docno are swapped"),
        ("qid Q0 docno score rank tag", "rank and score are swapped"),
        ("qid docno rank score tag", "seem to be qid docno rank score x"),
        ("qid docno Q0 rank score tag", "Q0 and docno are swapped"),
    ],
)
def test_what_is_swapped_is_named_with_the_line(tmp_path, order, message):
    scores = table(5, words=False, overlap=True)
    path = write(tmp_path / "t.run", fields_of_run(scores, tag="x"), order.split())
    path.write_text("# a comment\n" + path.read_text())
    with pytest.raises(FormatError, match=rf"t\.run:2: .*{message}"):
        rb.read_scores(path)


def test_ids_for_scores_are_named(tmp_path):
    rows = fields_of_run(table(6, words=False, overlap=True), tag="x")
    path = write(tmp_path / "t.tsv", rows, ("qid", "score", "docno"), "\t")
    with pytest.raises(FormatError, match="docno and score are swapped"):
        rb.read_scores(path)


def test_a_text_among_the_columns_is_named(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text(
        "1000\tthe query 1000\t50000\t1.5\n1000\tthe query 1000\t50001\t2\n"
    )
    with pytest.raises(FormatError, match="'the query 1000' has blanks"):
        rb.read_scores(path)


def test_every_command_refuses_with_code_2(tmp_path, capsys):
    rows = fields_of_run(table(7, words=False, overlap=True), tag="x")
    path = write(
        tmp_path / "t.run", rows, ("docno", "Q0", "qid", "rank", "score", "tag")
    )
    good = write(tmp_path / "good.run", rows, RUN)
    for line in (
        f"measure --teacher {path} --out {tmp_path}/out",
        f"measure --teacher {good} --student s={path} --out {tmp_path}/out",
        f"convert {path} {tmp_path}/out.json --lossy",
    ):
        assert main(line.split()) == 2
        assert "qid and docno are swapped" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["inspect", str(path)]) == 1
    assert "qid and docno are swapped" in " ".join(capsys.readouterr().out.split())


# What is read as before


def test_runs_with_odd_ranks_and_second_columns_are_read(tmp_path):
    scores = table(8, words=True, overlap=True)
    for change in (
        {"rank": "0"},
        {"rank": "-1"},
        {"rank": "NA"},
        {"Q0": "0"},
        {"Q0": "q0"},
        {"tag": "1"},
    ):
        rows = [row | change for row in fields_of_run(scores, tag="x")]
        path = write(tmp_path / "t.run", rows, RUN)
        assert rb.read_scores(path).to_ranx_dict() == scores, change


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_lines_are_read(tmp_path, seed):
    scores = table(seed, words=seed % 2 == 0, overlap=seed % 3 == 0)
    rows = fields_of_run(scores, tag="x")
    rows = [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]
    for order in (RUN, ("qid", "docno", "score")):
        path = write(tmp_path / "t.run", rows, order)
        found = rb.read_scores(path).to_ranx_dict()
        assert {q: found[q] for q in scores} == {
            q: dict(sorted(row.items())) for q, row in scores.items()
        }


def test_scores_listed_by_document_need_the_format(tmp_path):
    """They look as if query and document were swapped, so that the user has to say."""
    lines = [f"a{q} b{d} {q - d / 7:.4f}" for d in range(5) for q in range(6)]
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(FormatError, match="say `format='scoreddocs'`"):
        rb.read_scores(path)
    assert rb.read_scores(path, format="scoreddocs").n_queries == 6


def test_judgements_sorted_by_grade_are_read(tmp_path):
    graded = sorted((d % 3, f"q{d % 7}", f"d{d}") for d in range(60))
    path = tmp_path / "t.qrels"
    path.write_text("".join(f"{q} 0 {d} {grade}\n" for grade, q, d in graded))
    assert rb.read_qrels(path).n_queries == 7


@pytest.mark.parametrize("bad", ["x", "nan", "1,5", "-", "99", "2.5.1"])
@pytest.mark.parametrize("row", range(3))
def test_a_ranking_with_a_bad_cell_is_no_table_of_triples(tmp_path, bad, row):
    rows = [["q1", f"d{n}", str(n), str(3.5 - n)] for n in (1, 2, 3)]
    path = tmp_path / "in"
    rows[row][2] = bad
    path.write_text("".join("\t".join(one) + "\n" for one in rows))
    assert dicts(read_any(path).scores) == {"q1": {"d1": 2.5, "d2": 1.5, "d3": 0.5}}
    rows[row][2:] = [str(row + 1), bad]
    path.write_text("".join("\t".join(one) + "\n" for one in rows))
    if bad != "99":
        with pytest.raises(FormatError, match=rf"in:{row + 1}: the score must be a"):
            read_any(path)


def test_a_bad_score_in_a_run_of_two_rows_is_named(tmp_path):
    path = tmp_path / "in"
    path.write_text("q1 Q0 d1 1 abc x\nq1 Q0 d2 2 1.5 x\n")
    with pytest.raises(FormatError, match=r"in:1: the score must be a .*'abc'"):
        read_any(path)


def test_a_ranking_without_its_first_score_loses_no_row(tmp_path):
    path = tmp_path / "in"
    path.write_text("q1\td1\t1\t\nq1\td2\t2\t1.5\nq1\td3\t3\t0.5\n")
    with pytest.raises(FormatError, match=r"in:1: of no known format"):
        read_any(path)
