import pandas as pd
import pytest

from rankbound.commands.convert.run import convert
from rankbound.data.scores import Kind
from rankbound.read.registry import by_name, read_any
from tests.rankbound.files import lookup, refusal, table, written

SCORES = {"q1": {"a": 2.5, 'b "c"': -1.0}, "7": {"x,y": 0.1 + 0.2, "NA": 1e-300}}


def frame():
    rows = [(q, d, s) for q, row in SCORES.items() for d, s in row.items()]
    found = pd.DataFrame(rows, columns=["qid", "docno", "score"])
    found["rank"] = found.groupby("qid", sort=False).cumcount()
    return found.assign(docid=range(len(found)), query="what, is\nit?")


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("index", [True, False])
def test_a_frame_that_pandas_wrote_is_read(tmp_path, separator, index):
    frame().to_csv(tmp_path / "x", sep=separator, index=index)
    found = read_any(tmp_path / "x")
    assert found.format == "csv-scores"
    assert table(found.scores) == SCORES
    unused = ["docid", "query"]
    assert found.metadata["columns_unused"] == ([""] if index else []) + unused


@pytest.mark.parametrize("name", ["y.csv", "y.tsv", "y.csv.gz"])
def test_pandas_reads_what_is_written(tmp_path, name):
    convert(written(tmp_path, lookup(SCORES), "x.json"), tmp_path / name)
    separator = "\t" if "tsv" in name else ","
    found = pd.read_csv(
        tmp_path / name,
        sep=separator,
        dtype=str,
        keep_default_na=False,
    )
    found["score"] = found["score"].map(float)
    assert [*found.columns] == ["qid", "docno", "score", "rank"]
    rows = found.groupby("qid")
    for qid, group in rows:
        assert dict(zip(group.docno, group.score, strict=True)) == SCORES[qid]
        assert group["rank"].tolist() == ["0", "1"]
        assert group.score.is_monotonic_decreasing
    assert table(read_any(tmp_path / name).scores) == SCORES


def test_ranks_of_the_source_are_kept(tmp_path):
    text = "q Q0 a 3 2.0 t\nq Q0 b 1 2.0 t\nq Q0 c 2 1.0 t\n"
    run = written(tmp_path, text, "x.run")
    convert(run, tmp_path / "y.tsv")
    lines = (tmp_path / "y.tsv").read_text().splitlines()
    assert lines[1:] == ["q\tb\t2.0\t1", "q\ta\t2.0\t3", "q\tc\t1.0\t2"]
    assert read_any(tmp_path / "y.tsv").ranks.tolist() == [3, 1, 2]


def test_judgements_are_read_and_written(tmp_path):
    qrels = written(tmp_path, "q 0 a 2\nq 0 b -1\n", "x.qrels")
    convert(qrels, tmp_path / "y.csv")
    assert (tmp_path / "y.csv").read_text() == "qid,docno,label\nq,a,2\nq,b,-1\n"
    assert table(read_any(tmp_path / "y.csv").qrels) == {"q": {"a": 2, "b": -1}}
    text = "query-id,corpus-id,score\nq,a,2\n"
    assert table(read_any(written(tmp_path, text)).qrels) == {"q": {"a": 2}}


def test_scores_and_judgements_stand_in_one_table(tmp_path):
    text = "qid,docno,score,label\nq,a,1.5,1\nq,b,0.5,\n"
    found = read_any(written(tmp_path, text))
    assert table(found.scores) == {"q": {"a": 1.5, "b": 0.5}}
    assert table(found.qrels) == {"q": {"a": 1}}


def test_a_table_of_ranks_alone_says_no_more_than_the_order(tmp_path):
    found = read_any(written(tmp_path, "qid,docno,rank\nq,a,1\nq,b,2\n"))
    assert found.scores.kind is Kind.RANK_ONLY
    assert table(found.scores) == {"q": {"a": -1, "b": -2}}
    assert found.ranks.tolist() == [1, 2]


def test_lists_and_margins_are_groups_that_know_their_lines(tmp_path):
    text = 'query_id,doc_ids,labels\n\n1,"[7, 8]","[1, 0]"\n2,"[9, 7]","[0, 1]"\n'
    groups = read_any(written(tmp_path, text)).groups
    assert groups.lines.tolist() == [3, 4]
    assert groups.positive.tolist() == [True, False, False, True]
    text = "query_id,positive_id,negative_id,score\n1,7,8,2.5\n1,7,9,3\n"
    found = read_any(written(tmp_path, text))
    assert found.format == "csv-margins"
    assert found.groups.lines.tolist() == [2]
    assert found.scores.kind is Kind.MARGIN_ONLY


def test_a_docid_is_taken_for_the_docno_where_there_is_none(tmp_path):
    found = read_any(written(tmp_path, "qid,docid,score\n1,7,2.5\n"))
    assert table(found.scores) == {"1": {"7": 2.5}}
    assert "docid is taken for the docno" in found.notes[0]
    with_docno = read_any(written(tmp_path, "qid,docid,docno,score\n1,7,D7,2.5\n"))
    assert table(with_docno.scores) == {"1": {"D7": 2.5}}
    assert with_docno.notes == ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("q,a,1\nq,,2\n", ":3: docno must be text that is not blank, found ''"),
        ("q,a,1\n ,a,2\n", ":3: qid must be text that is not blank"),
        ('q,"a\n",1\n', ":2: docno must be text without control"),
        (
            "q,a,1\n\nq,a,2\n",
            ":4: query 'q', document 'a' has 2.0 here and 1.0 in line",
        ),
        ("", ": holds no rows"),
    ],
)
def test_what_breaks_a_rule_names_its_line(tmp_path, rows, message):
    path = written(tmp_path, f"qid,docno,score\n{rows}")
    found = refusal(read_any, path)
    assert found.startswith(f"{path}{message}")


def test_another_header_is_refused_where_the_format_is_named(tmp_path):
    path = written(tmp_path, "qid,docno,label\nq,a,1\n")
    message = refusal(lambda: read_any(path, format="csv-scores"))
    assert message.startswith(f"{path}:1: expected a header of a table of scores")
    assert by_name("csv-lists").write is None
