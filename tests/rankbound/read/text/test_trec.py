import gzip
import math

import ir_measures
import numpy as np
import pytest

from rankbound.read.registry import read_any
from rankbound.read.text.trec import read_qrels, read_run
from tests.rankbound.files import BOM, packed, refusal, run_text, table, written

ROW = "q Q0 d 1 2.5 t\n"
SIX = "expected 6 columns (qid Q0 docno rank score tag), found"


def read(folder, text):
    return table(read_run(written(folder, text)))


def refused(folder, text, reader=read_run):
    """The refusal behind the path."""
    path = written(folder, text)
    return refusal(reader, path).removeprefix(str(path))


def qrels(folder, text):
    return table(read_qrels(written(folder, text)))


@pytest.mark.parametrize(
    "text",
    [
        "q Q0 a 1 2.5 t\nq Q0 b 2 -1 t\nr Q0 a 1 0 t\n",
        "q\tQ0\ta\t1\t2.5\tt\nq\tQ0\tb\t2\t-1\tt\nr\tQ0\ta\t1\t0\tt",
        "q  Q0 \t a   1 2.5 t\nq Q0 b 2 -1 t\nr Q0 a 1 0 t\n",
        "q Q0 a 1 2.5 t \nq Q0 b 2 -1 t\t\n  r Q0 a 1 0 t\n",
        "q Q0 a 1 2.5 t\r\nq Q0 b 2 -1 t\r\nr Q0 a 1 0 t\r\n\r\n",
        "\ufeffq Q0 a 1 2.5 t\nq Q0 b 2 -1 t\nr Q0 a 1 0 t\n\n\n   \n",
        "# one\n# Q0 x 1 2 t t\nq Q0 a 1 2.5 t\n# two\nq Q0 b 2 -1 t\nr Q0 a 1 0 t",
        "\n\nq Q0 a 1 2.5 t\n\nq Q0 b 2 -1 t\nr Q0 a 1 0 t\n",
    ],
    ids=["blank", "tab", "runs", "trailing", "crlf", "bom", "comments", "empty lines"],
)
def test_read_run_matches_the_same_table_in_other_clothes(tmp_path, text):
    expected = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 0.0}}
    assert read(tmp_path, text) == expected
    assert read(tmp_path, packed(text)) == expected


def test_read_run_ignores_rank_order_of_lines_and_interleaving(tmp_path):
    lines = ["q Q0 a 1 3 t\n", "r Q0 a 1 1 t\n", "q Q0 b 2 2 t\n", "r Q0 c 2 0 t\n"]
    expected = {"q": {"a": 3.0, "b": 2.0}, "r": {"a": 1.0, "c": 0.0}}
    assert read(tmp_path, "".join(lines)) == expected
    assert read(tmp_path, "".join(reversed(lines))) == expected
    zero_based = "".join(lines).replace(" 1 ", " 0 ", 1).replace(" 2 ", " 0 ", 1)
    assert read(tmp_path, zero_based) == expected
    assert read(tmp_path, "q Q0 a first 1 t\n") == {"q": {"a": 1.0}}


@pytest.mark.parametrize(
    "docno",
    [
        *("NA", "null", "nan", "None", '"quote', '"', "1.0", "007", "日本", "a\u00a0b"),
        *("d,1", "\\N", "'", "True", "-", "a#b", "\U0001f600"),
    ],
)
def test_read_run_keeps_ids_as_they_are(tmp_path, docno):
    text = f"{docno} Q0 {docno} 1 1 t\n{docno} Q0 other 1 0 t\n"
    assert read(tmp_path, text) == {docno: {docno: 1.0, "other": 0.0}}


def test_read_run_holds_apart_numbers_that_are_equal_but_not_as_text(tmp_path):
    text = "1 Q0 7 1 1 t\n01 Q0 07 1 2 t\n1.0 Q0 7.0 1 3 t\n"
    expected = {"1": {"7": 1.0}, "01": {"07": 2.0}, "1.0": {"7.0": 3.0}}
    assert read(tmp_path, text) == expected


@pytest.mark.parametrize(
    "text", ["1e-3", "1E3", "-0.0", "+2", ".5", "5.", "0.1", "1e-320", "1e-400", "-7"]
)
def test_read_run_matches_python_on_numbers(tmp_path, text):
    value = read(tmp_path, f"q Q0 d 1 {text} t\n")["q"]["d"]
    assert value == float(text)
    assert math.copysign(1, value) == math.copysign(1, float(text))


@pytest.mark.parametrize(
    "text",
    [
        *("nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e309", "-1e309", "1_000"),
        *("0x10", "0x1p3", "abc", "1,5", "1.2.3", "１", "٣", "--1", "1e"),
    ],
)
def test_read_run_rejects_what_is_no_finite_number(tmp_path, text):
    message = refused(tmp_path, f"{ROW}q Q0 e 1 {text} t\n")
    assert message == f":2: the score must be a finite number, found {text!r}"


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (ROW + "q Q0 e 1 2.5\n" + "q Q0 f 1 1 t\n", 2, 5),
        (ROW + "\n# c\nq Q0 e 1 2.5 t x\n", 4, 7),
        ("q Q0 a 1 2.5 t x\nq Q0 b 2 2.5\n", 1, 7),
        (ROW + "q Q0 e 1 2.5 \n", 2, 5),
        ("q\td\t1\n", 1, 3),
        ("q,Q0,d,1,2.5,t\n", 1, 1),
        ("\n\nqid docno rank score\n", 3, 4),
    ],
)
def test_read_run_rejects_wrong_column_counts(tmp_path, text, line, found):
    message = refused(tmp_path, text)
    assert message.startswith(f":{line}: {SIX} {found}")
    assert ("`format='trec-run-lenient'`" in message) == (found > 6)


def test_read_run_rejects_wrong_column_counts_deep_in_a_large_file(tmp_path):
    rows = [f"q{n % 50} Q0 d{n} 1 {n / 7!r} t" for n in range(60_000)]
    rows[45_678] += " x"
    rows[50_000] = rows[50_000].removesuffix(" t")
    assert refused(tmp_path, "\n".join(rows)).startswith(f":45679: {SIX} 7; take")


def test_read_run_rejects_a_repeated_document_with_both_lines(tmp_path):
    text = "q Q0 a 1 3 t\nr Q0 a 1 3 t\n\nq Q0 b 1 2 t\nr Q0 b 1 1 t\nq Q0 a 1 3 t\n"
    message = (
        ":6: document 'a' stands a second time under query 'q' (first in line 1); "
        "keep one of the two"
    )
    assert refused(tmp_path, text) == message
    assert refused(tmp_path, text.replace(" ", "  ")) == message


def test_read_run_rejects_the_first_broken_line_where_a_later_repeats(tmp_path):
    message = refused(tmp_path, ROW + "q Q0 e 1 nan t\n" + ROW)
    assert message.startswith(":2: the score must be")


def test_read_run_rejects_text_that_is_not_utf_8_with_its_line(tmp_path):
    for broken in (b"q Q0 d\xe9 1 2 t\n", b"q Q0 e 1 2 t\xff\n", b"q \xe9 e 1 2 t\n"):
        message = refused(tmp_path, ROW.encode() + broken)
        assert message.startswith(":2: not UTF-8 text")
    assert "not UTF-8" in refused(tmp_path, ROW.encode("utf-16"))


@pytest.mark.parametrize("text", ["# only a comment\n", "#\n\n#\n"])
def test_read_run_rejects_comments_alone(tmp_path, text):
    assert refused(tmp_path, text).startswith(":1: no rows of")


def test_read_qrels_holds_grades(tmp_path):
    text = "q 0 a 2\nq 0 b -1\nr Q0 a 0\nr 0 b 1.0\n"
    assert qrels(tmp_path, text) == {"q": {"a": 2, "b": -1}, "r": {"a": 0, "b": 1}}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", ["\t", " "])
@pytest.mark.parametrize("pack", [str.encode, packed])
def test_read_qrels_matches_beir(tmp_path, end, blank, pack):
    lines = ["query-id corpus-id score", "q a 2", "q b 0", "r NA 1"]
    text = end.join(lines).replace(" ", blank) + end
    expected = {"q": {"a": 2, "b": 0}, "r": {"NA": 1}}
    assert qrels(tmp_path, pack(text)) == expected
    assert qrels(tmp_path, pack("\ufeff" + text)) == expected


def test_read_qrels_matches_beir_with_a_header_and_rows_parted_otherwise(tmp_path):
    assert qrels(tmp_path, "query-id corpus-id score\nq\ta\t2\n") == {"q": {"a": 2}}


def test_read_qrels_holds_a_query_whose_id_begins_like_the_header(tmp_path):
    assert qrels(tmp_path, "query-id7 0 a 1\n") == {"query-id7": {"a": 1}}


@pytest.mark.parametrize("grade", ["0.5", "x", "nan", "inf", "1_0", "1e-1", "-0.5"])
def test_read_qrels_rejects_grades_that_are_not_whole(tmp_path, grade):
    message = f"the grade must be a whole number, found {grade!r}"
    text = f"q 0 a 1\nq 0 b {grade}\n"
    assert refused(tmp_path, text, read_qrels) == f":2: {message}"
    text = f"query-id\tcorpus-id\tscore\nq\ta\t1\nq\tb\t{grade}\n"
    assert refused(tmp_path, text, read_qrels) == f":3: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q a\n", ":1: expected 4 columns (qid iteration docno grade), found 2"),
        ("q 0 a 1\nq 0 b\n", ":2: expected 4 columns (qid iteration docno grade), fo"),
        ("q 0 a 1 t 1\n", ":1: expected 4 columns"),
        (
            "q 0 a 1\nq 0 b 9007199254740993e1\n",
            ":2: the grade must be a whole number up to 2**53, found "
            "'9007199254740993e1'",
        ),
        ("q a 1\nq 0 a \n", ":2: the grade must be a whole number, found 'a'"),
        ("q a 1\nq 0 a 1\n", ":2: expected 3 columns (qid docno grade), found 4"),
        ("q d 1 1 0.5\nq d 1\n", ":2: expected 5 columns (qid docno grade method pro"),
        ("query-id corpus-id score\nq 0 a 1\n", ":2: expected 3 columns (query-id"),
        ("query-id corpus-id score\nq a 1\nq b\n", ":3: expected 3 columns (query-id"),
        ("query-id\tcorpus-id\tscore\n", ":1: a header and no judgement"),
        ("query-id\tcorpus-id\tscore\n\r\n \n", ":1: a header and no judgement"),
        ("query-id\tcorpus-id\tscore\n# none\n", ":1: no rows of"),
        ("q 0 a 1\nq 0 a 1\n", ":2: document 'a' stands a second time under query 'q'"),
    ],
)
def test_read_qrels_rejects_other_tables(tmp_path, text, message):
    assert refused(tmp_path, text, read_qrels).startswith(message)


@pytest.fixture
def scores():
    rng = np.random.default_rng(5)
    ids = ["NA", "null", '"q', "ü", "1.0", *(f"d{n}" for n in range(30))]
    return {
        qid: {str(docno): float(rng.normal()) for docno in rng.permutation(ids)[:20]}
        for qid in ("1", "q2", "NA")
    }


@pytest.mark.parametrize("name", ["x.run", "x.run.gz"])
def test_read_run_matches_ir_measures(tmp_path, scores, name):
    text = run_text(scores).encode()
    path = written(tmp_path, gzip.compress(text) if name.endswith("gz") else text, name)
    foreign = {}
    for row in ir_measures.read_trec_run(str(path)):
        foreign.setdefault(row.query_id, {})[row.doc_id] = row.score
    assert foreign == scores == table(read_run(path))


def test_read_qrels_matches_ir_measures(tmp_path):
    text = "1 0 NA 1\n1 0 d2 -1\nq2 Q0 null 3\n\nq2 0 ü 0\n".replace("\n\n", "\n")
    path = written(tmp_path, text)
    foreign = {}
    for row in ir_measures.read_trec_qrels(str(path)):
        foreign.setdefault(row.query_id, {})[row.doc_id] = row.relevance
    assert foreign == table(read_qrels(path))


def test_read_run_round_trips(tmp_path, scores):
    assert read(tmp_path, run_text(scores)) == scores
    assert read(tmp_path, BOM + run_text(scores).encode()) == scores


def test_a_run_whose_first_query_looks_like_json_is_read_when_named(tmp_path):
    path = tmp_path / "x.run"
    path.write_text("[1 Q0 a 1 2.5 t\n[1 Q0 b 2 1.5 t\n")
    assert table(read_any(path, format="trec-run").scores) == {
        "[1": {"a": 2.5, "b": 1.5}
    }


@pytest.mark.parametrize("score", ["1e308", "-1.7e308", "9" + "0" * 307])
def test_a_score_beyond_what_scores_hold_has_its_line(tmp_path, score):
    path = written(tmp_path, f"q Q0 a 1 8.9e307 t\nq Q0 b 2 {score} t\n")
    said = f"{path}:2: the score must be at most 8.99e+307 in size, found "
    assert refusal(read_run, path).startswith(said)
