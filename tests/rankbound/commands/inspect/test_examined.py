import json
import re
import subprocess

import numpy as np
import pytest

from rankbound.commands.inspect.examined import Asked, read_all, repeated_rows
from tests.rankbound.commands.inspect.world import codes, examined, only
from tests.rankbound.files import BOM, group_text, npy, packed, run_text, written

NAMES = (
    "path role format title evidence packing parts rows queries group_sizes "
    "score_range kind kind_evidence repairs ids scores ranks groups qrels vectors "
    "texts findings"
)
KEYS = NAMES.split()
RUN = {"q": {"a": 2.5, "b": -1.0, "c": 0.5}, "r": {"a": 1.5, "b": -0.5}}


def test_a_run_has_its_facts(tmp_path):
    found = examined(tmp_path, packed(run_text(RUN)), "x.run.gz").record().to_dict()
    assert [*found] == KEYS
    assert (found["format"], found["packing"]) == ("trec-run", "gzip")
    assert (found["rows"], found["queries"]) == (5, 2)
    assert found["group_sizes"] == {"min": 2, "median": 2.5, "max": 3}
    assert found["score_range"] == [-1.0, 2.5]
    assert found["kind"] == "logit"
    assert found["groups"] is found["qrels"] is found["vectors"] is None
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("content", "part", "rows", "queries"),
    [
        (group_text([("q", ["a", "b"]), ("q", ["a", "c"])]), "groups", 2, 1),
        ("q 0 a 1\nq 0 b 0\nr 0 a 2\n", "qrels", 3, 2),
        ('{"_id": "a", "text": "x y"}\n', "texts", 1, None),
    ],
)
def test_other_parts_have_theirs(tmp_path, content, part, rows, queries):
    found = examined(tmp_path, content).record().to_dict()
    assert [*found] == KEYS
    assert found["parts"] == [part]
    assert found[part] is not None
    assert (found["rows"], found["queries"]) == (rows, queries)
    json.dumps(found, allow_nan=False)


def test_vectors_have_theirs(tmp_path):
    written(tmp_path, "a\nb\n", "v.ids.txt")
    found = examined(tmp_path, npy(np.eye(2)), "v.npy").record().to_dict()
    assert (found["rows"], found["parts"]) == (2, ["embeddings"])
    assert found["ids"] == str(tmp_path / "v.ids.txt")
    assert found["vectors"]["dim"] == 2


def test_a_refused_file_has_null_facts_and_one_error(tmp_path):
    found = examined(tmp_path, "q Q0 a 1 x t\n")
    assert codes(found.findings) == {"unreadable": 1}
    row = found.record().to_dict()
    assert [*row] == KEYS
    assert row["rows"] is row["queries"] is row["kind"] is None
    assert row["parts"] == []


def test_repeated_documents_are_one_finding_that_says_what_to_do(tmp_path):
    text = "q Q0 a 1 3 t\nq Q0 b 2 2 t\nq Q0 a 3 1 t\nr Q0 a 1 1 t\nr Q0 a 2 0 t\n"
    found = examined(tmp_path, text)
    assert codes(found.findings) == {"duplicates": 2}
    said = only(found.findings, "duplicates")
    assert "2 queries" in said.message
    assert f"{found.path}:3: " in said.message
    # The remedy keeps the first of each, and can be copied
    [line] = re.findall(r"awk [^)]*", said.remedy)
    assert subprocess.run(line, shell=True, check=True).returncode == 0
    [kept] = tmp_path.glob("*.once*")
    assert kept.read_text() == "q Q0 a 1 3 t\nq Q0 b 2 2 t\nr Q0 a 1 1 t\n"


def test_findings_of_all_kinds_come_by_severity(tmp_path):
    text = "".join(
        f"q{n} Q0 {d} 1 {16 - d} rank\r\n" for n in range(3) for d in range(9)
    )
    found = examined(tmp_path, BOM + text.encode())
    severities = [one.severity for one in found.findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert {"rank-only", "tag"} <= codes(found.findings).keys()


def test_odd_ids_are_looked_for_in_queries_and_documents(tmp_path):
    found = examined(tmp_path, run_text({"1.0": {"NA": 1.5, "b": -0.5}}, tag="x"))
    assert codes(found.findings) == {"float-ids": 1, "missing-like-ids": 1}


def look(folder, content):
    return repeated_rows(read_all(Asked(files=[written(folder, content)]))[0])


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("q Q0 a 1 2 t\nq Q0 a 2 1 t\nr Q0 a 1 2 t\nq Q0 a 3 0 t\n", 2),
        ("q 0 a 1\nq 0 a 2\n", 1),
        ("query-id\tcorpus-id\tscore\nq\ta\t1\nq\ta\t2\nq\tb\t0\n", 1),
        (group_text([("q", ["a", "b", "b"]), ("q", ["a", "c", "a", "c"])]), 3),
    ],
)
def test_repeats_are_counted_over_the_whole_file(tmp_path, content, count):
    assert look(tmp_path, content).count == count
    assert look(tmp_path, packed(content)).count == count


@pytest.mark.parametrize(
    "content",
    [
        "q Q0 a 1 2 t\n",  # nothing wrong
        "q Q0 a 1 x t\n",  # something else wrong
        '{"q": {"a": 1, "a": 2}}',  # another format
        json.dumps({"query_id": "q", "doc_id_a": "a", "doc_id_b": ["b", "b"]}) + "\n[]",
    ],
)
def test_nothing_is_counted_where_nothing_can_be(tmp_path, content):
    assert look(tmp_path, content) is None
