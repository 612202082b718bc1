"""Several systems in one table are never taken for one."""

import json

import pandas as pd
import pytest

from rankbound import FormatError, convert, measure, read_any, read_scores

A = {"q1": {"d1": 2.5, "d2": -1.5}, "q2": {"d1": 0.5, "d3": -0.25}}
B = {"q1": {"d4": 7.5, "d2": 6.5}, "q2": {"d1": 5.5, "d3": 8.5}}


def frame(column="name", **systems):
    rows = [
        {"qid": q, "docno": d, "score": s, column: name}
        for name, run in (systems or {"a": A, "b": B}).items()
        for q, docs in run.items()
        for d, s in docs.items()
    ]
    return pd.DataFrame(rows)


def as_dict(scores):
    found = {}
    for row, value in enumerate(scores.values):
        qid, docno = scores.where(row)
        found.setdefault(qid, {})[docno] = value
    return found


WRITERS = {
    "parquet": lambda table, path: table.to_parquet(path),
    "csv": lambda table, path: table.to_csv(path, index=False),
    "semicolons": lambda table, path: table.to_csv(path, index=False, sep=";"),
    "jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
    "split": lambda table, path: table.to_json(path, orient="split"),
    "columns": lambda table, path: table.to_json(path),
}


@pytest.mark.parametrize("column", ["name", "tag", "system", "Run-ID"])
@pytest.mark.parametrize("writer", WRITERS)
def test_one_system_is_chosen_by_its_tag(tmp_path, writer, column):
    path = tmp_path / "two"
    WRITERS[writer](frame(column).sample(frac=1, random_state=3), path)
    with pytest.raises(FormatError, match="run_tag"):
        read_scores(path)
    assert as_dict(read_scores(path, run_tag="a")) == A
    assert as_dict(read_scores(path, run_tag="b")) == B
    with pytest.raises(FormatError, match="no row"):
        read_scores(path, run_tag="c")


@pytest.mark.parametrize("writer", WRITERS)
def test_one_system_needs_no_answer_and_is_the_tag(tmp_path, writer):
    path = tmp_path / "one"
    WRITERS[writer](frame(a=A), path)
    assert as_dict(read_scores(path)) == A
    assert read_any(path).metadata["tag"] == "a"


def test_all_rows_may_be_said_to_be_of_one_system(tmp_path):
    path = tmp_path / "parts.csv"
    table = frame(a={"q1": A["q1"]}, b={"q2": A["q2"]})
    table.to_csv(path, index=False)
    assert as_dict(read_scores(path, run_tag="*")) == A


def test_names_of_documents_are_no_systems(tmp_path):
    path = tmp_path / "titles.csv"
    table = frame(a=A)
    table["name"] = [f"title of {docno}" for docno in table["docno"]]
    table.to_csv(path, index=False)
    assert as_dict(read_scores(path)) == A
    assert "name" in read_any(path).metadata["columns_unused"]


def test_objects_are_asked_about_too():
    table = frame()
    for value in (table, table.to_dict("records")):
        with pytest.raises(FormatError, match="2 systems"):
            read_scores(value)
    assert as_dict(read_scores(table[table["name"] == "b"])) == B


def test_errors_name_the_row_of_the_whole_file(tmp_path):
    path = tmp_path / "two.csv"
    lines = ["qid,docno,score,name", "q1,d1,1.5,b", "q1,d1,2.5,a"]
    lines += ["q2,d1,1.5,b", "q1,d1,3.5,a"]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(FormatError, match=r"two\.csv:5: .*line 3"):
        read_scores(path, run_tag="a")


def test_lists_of_documents_keep_their_lines(tmp_path):
    path = tmp_path / "lists.jsonl"
    rows = [
        {"query_id": "q1", "doc_ids": ["d1", "d2"], "scores": [1.5, 2.5], "tag": "a"},
        {"query_id": "q1", "doc_ids": ["d1", "d3"], "scores": [4.5, 3.5], "tag": "b"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(FormatError, match="run_tag"):
        read_scores(path)
    assert as_dict(read_scores(path, run_tag="b")) == {"q1": {"d1": 4.5, "d3": 3.5}}


def test_the_commands_ask_and_take_the_answer(tmp_path):
    path = tmp_path / "two.parquet"
    frame().to_parquet(path)
    with pytest.raises(FormatError, match="run_tag"):
        measure(path)
    alone = measure(A).teacher.entropy
    assert measure(path, run_tag="a").teacher.entropy == alone
    one = tmp_path / "one.json"
    one.write_text(json.dumps(A))
    with pytest.raises(FormatError, match="names no systems"):
        measure(one, run_tag={str(one): "a"})
    convert(path, tmp_path / "a.run", run_tag="a")
    assert as_dict(read_scores(tmp_path / "a.run", run_tag="a")) == A
