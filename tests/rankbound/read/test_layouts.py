"""The layouts that people have: each in several orders and containers, to one answer.

`TEACHER` is made by a seeded generator, and what any file of it must give is computed
by `tests.oracles`, with plain loops. Files hold all of it, part of it, or its margins.
"""

import csv
import io
import itertools
import json
import lzma
import re
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankbound.commands.measure.run import measure
from rankbound.data.scores import Kind
from rankbound.errors import FormatError, UsageError
from rankbound.read.reading import (
    read_groups,
    read_part,
    read_qrels,
    read_scores,
)
from rankbound.read.registry import by_name, read_any
from rankbound.read.source import Source
from rankbound.read.vectors.embeddings import read_embeddings
from tests.oracles import pairwise_entropy
from tests.rankbound.files import lookup, refusal, run_text, table, written

QUERIES, DOCUMENTS = 20, 8
RANDOM = np.random.default_rng(20)
TEACHER = {
    str(1000 + q): {
        str(50000 + 100 * q + d): round(float(RANDOM.normal(2.5 - d, 1.0)), 5)
        for d in range(DOCUMENTS)
    }
    for q in range(QUERIES)
}
ROWS = [(qid, docno, s) for qid, row in TEACHER.items() for docno, s in row.items()]
GROUPS = {qid: [*row] for qid, row in TEACHER.items()}  # the positive comes first
ENTROPY = float(
    np.mean([pairwise_entropy([*row.values()]) for row in TEACHER.values()])
)


def triples(*columns):
    """Rows of the named columns of all triples: q, p, n, s (of p), t (of n), m."""
    found = []
    for qid, row in TEACHER.items():
        (first, s), *others = row.items()
        for docno, t in others:
            held = {"q": qid, "p": first, "n": docno, "s": s, "t": t, "m": s - t}
            found.append([str(held[name]) for name in columns])
    return found


def joined(rows, by="\t"):
    return "".join(by.join(map(str, row)) + "\n" for row in rows)


def entropy_of(contents):
    """The same by plain loops, over the groups of a file with its own scores."""
    values, known = contents.groups.scores_of(contents.scores)
    assert known.all()
    ranges = itertools.pairwise(contents.groups.offsets)
    return float(np.mean([pairwise_entropy([*values[a:b]]) for a, b in ranges]))


def entropy_of_scores(scores):
    ranges = itertools.pairwise(scores.offsets)
    return float(np.mean([pairwise_entropy([*scores.values[a:b]]) for a, b in ranges]))


# Triples without a header


@pytest.mark.parametrize("order", [*itertools.permutations("qpnst")])
@pytest.mark.parametrize("shuffled", [False, True], ids=["in blocks", "shuffled"])
def test_triples_with_both_scores_are_read_in_any_order(order, shuffled, tmp_path):
    rows = triples(*order)
    if shuffled:
        np.random.default_rng(5).shuffle(rows)
    found = read_any(written(tmp_path, joined(rows, " " if shuffled else "\t")))
    assert found.parts() == ("scores", "groups")
    assert entropy_of(found) == pytest.approx(ENTROPY, abs=1e-9)
    assert {*found.groups.sizes.tolist()} == {DOCUMENTS}


@pytest.mark.parametrize("order", [*itertools.permutations("qpnm")])
def test_triples_with_a_margin_are_read_in_any_order(order, tmp_path):
    found = read_any(written(tmp_path, joined(triples(*order))))
    assert found.scores.kind is Kind.MARGIN_ONLY
    assert entropy_of(found) == pytest.approx(ENTROPY, abs=1e-9)


@pytest.mark.parametrize("order", [*itertools.permutations("qpn")])
def test_ids_alone_are_groups_and_never_scores(order, tmp_path):
    path = written(tmp_path, joined(triples(*order)))
    assert read_any(path).parts() == ("groups",)
    assert sorted(read_groups(path).sizes.tolist()) == [DOCUMENTS] * QUERIES
    with pytest.raises(FormatError, match="holds groups"):
        read_scores(path)


def test_one_negative_of_each_of_several_positives_is_no_score(tmp_path):
    random = np.random.default_rng(1)
    ids = random.choice(8_000_000, (60, 2), replace=False)
    rows = [(1000 + place // 3, *pair) for place, pair in enumerate(ids)]
    random.shuffle(rows)
    assert read_any(written(tmp_path, joined(rows))).parts() == ("groups",)


def test_whole_margins_are_no_grades(tmp_path):
    rows = [(q, p, n, round(float(m))) for q, p, n, m in triples(*"qpnm")]
    path = written(tmp_path, joined(rows))
    assert read_any(path).scores.kind is Kind.MARGIN_ONLY
    with pytest.raises(FormatError, match="but qrels are expected"):
        read_qrels(path)


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("q 0 d1 1\nq 0 d2 0\nr 0 d1 1\nr 0 d3 2\n", "qrels"),
        ("1 1 5 1\n1 2 6 0\n1 1 8 0\n2 1 5 1\n2 2 7 1\n", "qrels"),  # two judges
        ("q Q0 d1 1 9\nq Q0 d2 2 8\nr Q0 d1 1 7\nr Q0 d2 2 6\n", "trec-run"),
        ("7 10 30000\n7 11 20000\n8 10 10000\n8 11 5000\n", "scoreddocs"),  # impacts
        ("1 5 1\n1 6 2\n2 5 1\n2 9 2\n", "msmarco-run"),
        ("1 5 1\n1 6 0\n2 5 1\n2 9 0\n", "qrels"),
        ("query-id\tcorpus-id\tscore\n1\t52\t1\n1\t61\t1\n2\t57\t1\n", "beir-qrels"),
    ],
)
def test_runs_and_judgements_are_no_triples(text, format, tmp_path):
    assert read_any(written(tmp_path, text)).format == format


def test_a_format_that_is_named_needs_no_evidence(tmp_path):
    path = written(tmp_path, "q a b 1.5\n")
    found = by_name("triples").read(Source(path))
    assert found.groups.docnos.tolist() == ["a", "b"]


# Rankings of ColBERT


def ranked(order, *, whole=False):
    rows = []
    for place, row in enumerate(TEACHER.values()):
        best = sorted(row.items(), key=lambda item: -item[1])
        for rank, (docno, score) in enumerate(best, start=1):
            held = {"q": place, "d": docno, "r": rank, "s": score}
            held["s"] = 40 - rank if whole else score
            rows.append([held[name] for name in order])
    return rows


@pytest.mark.parametrize("order", [*itertools.permutations("qdrs")])
@pytest.mark.parametrize("whole", [False, True])
def test_the_column_that_counts_is_a_rank(order, whole, tmp_path):
    path = written(tmp_path, joined(ranked(order, whole=whole)))
    found = read_any(path)
    expected = {row[0]: {} for row in ranked("qds", whole=whole)}
    for qid, docno, score in ranked("qds", whole=whole):
        expected[qid][docno] = score
    assert table(found.scores) == {str(q): row for q, row in expected.items()}
    assert sorted(found.ranks[:DOCUMENTS].tolist()) == [*range(1, DOCUMENTS + 1)]
    with pytest.raises(FormatError):
        read_qrels(path)


@pytest.mark.parametrize("order", [*itertools.permutations("qd-")])
def test_a_rank_of_minus_one_is_no_grade(order, tmp_path):
    rows = [(q, d, -1) for q, d, _ in ROWS]
    shown = [
        [dict(zip("qd-", row, strict=True))[name] for name in order] for row in rows
    ]
    found = read_any(written(tmp_path, joined(shown)))
    assert found.parts() == ("groups",)
    assert sorted(found.groups.qids) == sorted(TEACHER)


# Rows of records


FRAME = pd.DataFrame(ROWS, columns=["qid", "docno", "score"])
ORIENTS = {
    "lines": FRAME.to_json(orient="records", lines=True),
    **{o: FRAME.to_json(orient=o) for o in ("records", "columns", "index", "split")},
    "table": FRAME.to_json(orient="table"),
    "columns without index": json.dumps(FRAME.to_dict(orient="list")),
    "numbers": FRAME.astype({"qid": int, "docno": int}).to_json(orient="columns"),
    "other order": FRAME[["score", "docno", "qid"]].to_json(orient="split"),
}


@pytest.mark.parametrize("orient", ORIENTS)
def test_every_orient_of_pandas_is_read(orient, tmp_path):
    assert table(read_scores(written(tmp_path, ORIENTS[orient]))) == TEACHER


def test_values_and_pivots_are_named(tmp_path):
    message = refusal(
        lambda: read_scores(written(tmp_path, FRAME.to_json(orient="values")))
    )
    assert "rows without names" in message
    wide = FRAME.pivot_table(index="qid", columns="docno", values="score")
    message = refusal(lambda: read_scores(written(tmp_path, wide.to_csv())))
    assert "pivoted" in message
    message = refusal(lambda: read_scores(written(tmp_path, wide.T.to_json())))
    assert "pivoted" in message


HEADERS = [
    ("qid", "docno", "score"),
    ("query_id", "doc_id", "score"),
    ("Query-ID", "Passage ID", "Score"),
    ("QUERYID", "PID", "SCORE"),
]


@pytest.mark.parametrize("names", HEADERS)
@pytest.mark.parametrize("delimiter", ",;\t")
@pytest.mark.parametrize("index", [False, True])
def test_usual_headers_are_read(names, delimiter, index, tmp_path):
    frame = FRAME.set_axis([*names], axis=1)
    text = frame.to_csv(sep=delimiter, index=index)
    assert table(read_scores(written(tmp_path, text))) == TEACHER
    turned = frame[[names[2], names[0], names[1]]].to_csv(sep=delimiter, index=index)
    assert table(read_scores(written(tmp_path, turned))) == TEACHER
    records = json.dumps(frame.to_dict(orient="records"))
    assert table(read_scores(written(tmp_path, records))) == TEACHER
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet")
    assert table(read_scores(tmp_path / "t.parquet")) == TEACHER
    assert table(read_scores(frame.to_dict(orient="records"))) == TEACHER


def test_a_record_of_another_type_is_named_with_its_line(tmp_path):
    rows = [{"qid": "q", "docno": docno, "score": 1} for docno in ("a", 1.5)]
    text = joined([json.dumps(row)] for row in rows)
    message = refusal(lambda: read_scores(written(tmp_path, text)))
    assert ":2: docno must be an id" in message


# Lookups in other shapes


LOOKUPS = {
    "pairs": json.dumps({q: [*map(list, r.items())] for q, r in TEACHER.items()}),
    "two lists": json.dumps(
        {q: {"docs": [*r], "scores": [*r.values()]} for q, r in TEACHER.items()}
    ),
    "objects": json.dumps(
        {
            q: {d: {"rank": 1, "score": s} for d, s in r.items()}
            for q, r in TEACHER.items()
        }
    ),
    "list of objects": json.dumps(
        {
            q: [{"corpus_id": d, "score": s} for d, s in r.items()]
            for q, r in TEACHER.items()
        }
    ),
    "one a line": "".join(json.dumps({q: r}) + "\n" for q, r in TEACHER.items()),
    "named": "".join(
        json.dumps({"qid": q, "scores": r}) + "\n" for q, r in TEACHER.items()
    ),
    "named pairs": "".join(
        json.dumps({"results": [*map(list, r.items())], "query_id": q}) + "\n"
        for q, r in TEACHER.items()
    ),
    "split": json.dumps({"test": TEACHER}),
    "subset and split": json.dumps({"default": {"test": TEACHER}}),
    "with a model": json.dumps(
        {"mteb_model_meta": {"model_name": "m"}, "en": {"test": TEACHER}}
    ),
}


@pytest.mark.parametrize("shape", LOOKUPS)
def test_lookups_are_read_in_every_shape(shape, tmp_path):
    assert table(read_scores(written(tmp_path, LOOKUPS[shape]))) == TEACHER


def test_of_several_splits_one_is_chosen(tmp_path):
    other = {q: {d: -s for d, s in r.items()} for q, r in TEACHER.items()}
    text = json.dumps({"default": {"test": TEACHER, "dev": other}})
    path = written(tmp_path, text)
    message = refusal(lambda: read_scores(path))
    assert "default/test, default/dev" in message
    assert table(read_scores(path, format="mteb-predictions:default/dev")) == other


def test_two_keys_of_one_name_are_refused(tmp_path):
    text = '{"q": [["a", 1.0]], "r": [["a", 2.0]], "q": [["a", 3.0]]}'
    message = refusal(lambda: read_scores(written(tmp_path, text)))
    assert "'q' occurs twice" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps({"q1_d1": 1.5, "q1_d2": 2.5}), "two keys"),
        (json.dumps({"NDCG@10": 0.5, "MAP@10": 0.25}), "measures"),
        (json.dumps({"ndcg": {"NDCG@1": 0.5}, "map": {"MAP@1": 0.5}}), "measures"),
        ('["q", "a", 1.5]\n["q", "b", 0.5]\n', "without names"),
        (json.dumps({"qid": {"0": "q"}, "docno": {"0": "d"}}), "'qid', 'docno'"),
        ("2 qid:1 1:0.5 2:0.25 # d1\n0 qid:1 1:0.1 2:0.5\n", "LETOR"),
        ("a,b,c\nx,y,1\n", "the columns 'a', 'b', 'c'"),
        ("q1\u00a0Q0\u00a0a\u00a01\u00a02.5\u00a0t\n", "no-break"),
        ("q1 Q0 a 1 2.5 t\nq1 Q0 b 2 1.5 t\n".encode("utf-16"), "UTF-8"),
        (json.dumps({"q": {"a": 1.5}}).encode("utf-16-le"), None),
    ],
)
def test_what_cannot_be_read_is_named_in_one_short_line(text, words, tmp_path):
    message = refusal(lambda: read_scores(written(tmp_path, text)))
    assert words is None or words in message
    assert len(message) < 400
    assert "\n" not in message


VECTORS = np.arange(40).reshape(5, 8)
WIDTHS = np.full((5, 1), 8, "<i4")


def behind_widths(kind):
    values = VECTORS.astype(kind)
    return np.hstack([WIDTHS.view("u1"), values.view("u1")]).tobytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.fbin", np.array([5, 8], "<i4").tobytes() + VECTORS.astype("f4").tobytes()),
        ("v.u8bin", np.array([5, 8], "<i4").tobytes() + VECTORS.astype("u1").tobytes()),
        ("v.fvecs", behind_widths("f4")),
        ("v.bvecs", behind_widths("u1")),
    ],
)
@pytest.mark.parametrize("read", [read_embeddings, read_scores])
def test_a_file_of_vectors_that_is_not_read_comes_with_what_converts_it(
    read, name, content, tmp_path
):
    path = tmp_path / name
    path.write_bytes(content)
    message = refusal(lambda: read(path))
    said = re.search(r"save\('NEW.npy', (.*?)\)(?:; `|$)", message)[1]
    made = eval(said.replace("FILE", str(path)), {"numpy": np})
    np.testing.assert_array_equal(made, VECTORS)


@pytest.mark.parametrize("read", [read_embeddings, read_scores])
def test_hdf5_comes_with_what_converts_it(read, tmp_path):
    path = tmp_path / "v.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "h5py.File('FILE')['NAME'][:]" in refusal(lambda: read(path))


def test_an_unknown_format_names_the_nearest_alone():
    with pytest.raises(UsageError) as caught:
        by_name("trec-runs")
    assert "trec-run" in str(caught.value)
    assert len(str(caught.value)) < 200


# Judgements


GRADES = {"PLAIN-0": {"MED-0": 2, "MED-1": 0}, "PLAIN-1": {"MED-0": 1}}
JUDGED = [(q, d, g) for q, row in GRADES.items() for d, g in row.items()]
BEIR = ("query-id", "corpus-id", "score")
QRELS = {
    "lines": joined([json.dumps(dict(zip(BEIR, r, strict=True)))] for r in JUDGED),
    "array": json.dumps([dict(zip(BEIR, row, strict=True)) for row in JUDGED]),
    "lookup": json.dumps(GRADES),
    "rows with scores": json.dumps(
        [{"qid": q, "docno": d, "score": g} for q, d, g in JUDGED]
    ),
    "rows with grades": json.dumps(
        [{"relevance": g, "qid": q, "docno": d} for q, d, g in JUDGED]
    ),
    "csv": joined([BEIR, *JUDGED], ","),
    "columns": pd.DataFrame(JUDGED, columns=[*BEIR]).to_json(),
}


@pytest.mark.parametrize("kind", QRELS)
def test_judgements_come_as_json_too(kind, tmp_path):
    found = read_qrels(written(tmp_path, QRELS[kind]))
    assert table(found) == {
        q: {d: float(g) for d, g in r.items()} for q, r in GRADES.items()
    }


@pytest.mark.parametrize("kind", ["lines", "array", "rows with grades", "columns"])
def test_judgements_are_known_as_such_by_their_names(kind, tmp_path):
    assert read_any(written(tmp_path, QRELS[kind])).parts() == ("qrels",)


def test_scores_with_a_point_are_no_judgements(tmp_path):
    with pytest.raises(FormatError, match="holds scores"):
        read_qrels(written(tmp_path, lookup({"q": {"a": 1.5, "b": 0.5}})))


# Lists in tables and records: nothing is dropped without a word


def listed(rows, folder):
    """The same records as parquet, JSON lines, an array and objects."""
    pq.write_table(pa.Table.from_pylist(rows), folder / "t.parquet")
    lines = written(folder, "".join(json.dumps(r) + "\n" for r in rows), "t.jsonl")
    array = written(folder, json.dumps(rows), "t.json")
    return [folder / "t.parquet", lines, array]


def scores_of(qid, docnos):
    return [TEACHER[qid][docno] for docno in docnos]


LISTS = {
    "scores for all": lambda q, d: {
        "query_id": q,
        "doc_id_a": d[0],
        "doc_id_b": d[1:],
        "scores": scores_of(q, d),
    },
    "scores apart": lambda q, d: {
        "query_id": q,
        "positive_id": d[0],
        "positive_score": scores_of(q, d)[0],
        "negative_ids": d[1:],
        "negative_scores": scores_of(q, d[1:]),
    },
    "several positives": lambda q, d: {
        "negative_scores": scores_of(q, d[2:]),
        "negative_ids": d[2:],
        "positive_scores": scores_of(q, d[:2]),
        "positive_ids": d[:2],
        "query_id": q,
    },
    "positives named again": lambda q, d: {
        "query_id": q,
        "positives": d[:2],
        "document_ids": d,
        "scores": scores_of(q, d),
    },
    "labels": lambda q, d: {
        "query_id": q,
        "document_ids": d,
        "scores": scores_of(q, d),
        "labels": [1, *[0] * (len(d) - 1)],
    },
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists_with_scores_and_positives_are_read_from_every_container(kind, tmp_path):
    rows = [LISTS[kind](qid, docnos) for qid, docnos in GROUPS.items()]
    positives = 2 if "positives" in kind else 1
    for path in listed(rows, tmp_path):
        found = read_any(path)
        assert entropy_of(found) == pytest.approx(ENTROPY, abs=1e-9)
        assert found.groups.positive.sum() == positives * QUERIES
        assert table(read_part(path, "scores").scores) == TEACHER
    assert read_groups(rows).positive.sum() == positives * QUERIES


@pytest.mark.parametrize(
    "names", [("doc_id_a", "doc_id_b"), ("positive_ids", "negative_ids")]
)
def test_several_positives_are_all_read(names, tmp_path):
    rows = [
        {"query_id": q, names[0]: d[:2], names[1]: d[2:]} for q, d in GROUPS.items()
    ]
    for path in listed(rows, tmp_path):
        groups = read_groups(path)
        assert groups.sizes.tolist() == [DOCUMENTS] * QUERIES
        assert groups.count_pairs("pos-neg").tolist() == [2 * (DOCUMENTS - 2)] * QUERIES
        found = measured_entropy(tmp_path, path)
        assert found == pytest.approx(ENTROPY, abs=1e-9)


def measured_entropy(folder, groups):
    teacher = written(folder, lookup(TEACHER), "teacher.json")
    found = measure(teacher, groups=groups, teacher_kind="logit")
    return found.teacher.entropy


def test_positives_without_a_score_are_kept_and_the_scores_refused(tmp_path):
    rows = [
        {
            "query_id": q,
            "positives": d[:1],
            "document_ids": d[1:],
            "scores": scores_of(q, d[1:]),
        }
        for q, d in GROUPS.items()
    ]
    for path in listed(rows, tmp_path):
        assert measured_entropy(tmp_path, path) == pytest.approx(ENTROPY, abs=1e-9)
        message = refusal(lambda path=path: read_scores(path))
        assert "scores has no value for the positives" in message


def test_a_list_of_another_length_is_named_with_its_place(tmp_path):
    rows = [LISTS["scores for all"](q, d) for q, d in GROUPS.items()]
    rows[3]["scores"] = [1.0]
    parquet, lines, _ = listed(rows, tmp_path)
    assert "row 4: scores has 1 values" in refusal(lambda: read_any(parquet))
    assert "t.jsonl:4: scores has 1 values" in refusal(lambda: read_any(lines))


def test_what_is_not_used_is_said(tmp_path):
    frame = FRAME.assign(split="train", score_bm25=0.5)
    names = ["split", "score_bm25"]
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    paths = [
        tmp_path / "t.parquet",
        written(tmp_path, frame.to_csv(), "t.csv"),
        written(tmp_path, frame.to_json(orient="records", lines=True), "t.jsonl"),
        written(tmp_path, frame.to_json(), "t.json"),
    ]
    for path in paths:
        found = read_any(path)
        assert set(names) <= {*found.metadata["columns_unused"]}
        assert "not used: split, score_bm25" in found.notes
        ledger = measure(path, teacher_kind="logit")
        assert any("split, score_bm25" in warning for warning in ledger.warnings)


def test_keys_of_records_that_are_not_used_are_said(tmp_path):
    line = {"query": "a b", "pos": ["c d"], "neg": ["e f"], "teacher": [1, 2]}
    found = read_any(written(tmp_path, json.dumps(line) + "\n"))
    assert found.notes == ("not used: teacher",)


def test_passages_of_dpr_have_no_teacher_unless_told(tmp_path):
    def context(name, score):
        return {"title": "", "text": f"text {name}", "passage_id": name, "score": score}

    rows = [
        {
            "question": f"question {q}",
            "positive_ctxs": [context("p", 1000)],
            "hard_negative_ctxs": [context("n", 12.5), context("m", 11.0)],
        }
        for q in range(3)
    ]
    path = written(tmp_path, json.dumps(rows))
    assert read_groups(path).sizes.tolist() == [3, 3, 3]
    assert "1000 for gold" in refusal(lambda: read_scores(path))
    assert read_scores(path, format="dpr:scores").values.max() == 1000


# Text and archives


RUN = run_text(TEACHER)


def test_marks_inside_of_joined_files_are_taken_off(tmp_path):
    half = RUN.splitlines(keepends=True)
    middle = len(half) // 2
    text = "\ufeff" + "".join(half[:middle]) + "\ufeff" + "".join(half[middle:])
    found = read_any(written(tmp_path, text))
    assert table(found.scores) == TEACHER
    assert found.repairs == {"byte order mark": 2}
    lines = FRAME.to_json(orient="records", lines=True).splitlines(keepends=True)
    text = "".join([*lines[:9], "\ufeff", *lines[9:]])
    assert table(read_scores(written(tmp_path, text))) == TEACHER
    rows = FRAME.to_csv(index=False).splitlines(keepends=True)
    text = "".join([*rows[:9], "\ufeff", *rows[9:]])
    assert table(read_scores(written(tmp_path, text))) == TEACHER


COMPOSED, APART = "caf\u00e9", "cafe\u0301"


def test_ids_are_compared_in_composed_form(tmp_path):
    table_of = {"q": {APART: 2.0, "b": 1.0}}
    rows = [
        {"qid": "q", "docno": docno, "score": s} for docno, s in table_of["q"].items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    found = [
        read_scores(written(tmp_path, run_text(table_of))),
        read_scores(written(tmp_path, lookup(table_of))),
        read_scores(
            written(tmp_path, json.dumps(table_of, indent=1, ensure_ascii=True))
        ),
        read_scores(written(tmp_path, json.dumps(rows))),
        read_scores(tmp_path / "t.parquet"),
        read_scores(table_of),
        read_scores(rows),
    ]
    for scores in found:
        assert table(scores) == {"q": {COMPOSED: 2.0, "b": 1.0}}
    repairs = read_any(written(tmp_path, run_text(table_of))).repairs
    assert repairs == {"ids brought to Unicode's composed form (NFC)": 1}


def test_one_id_in_two_forms_is_a_document_twice(tmp_path):
    both = {"q": {COMPOSED: 2.0, APART: 1.0}}
    for text in (run_text(both), lookup(both), json.dumps(both, indent=1)):
        with pytest.raises(FormatError, match="second time"):
            read_scores(written(tmp_path, text))


def archive(kind, names):
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in names:
                packed.writestr(name, RUN)
        return stream.getvalue()
    with tarfile.open(fileobj=stream, mode=kind) as packed:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(RUN.encode())
            packed.addfile(entry, io.BytesIO(RUN.encode()))
    return stream.getvalue()


KINDS = ["zip", "w", "w:gz", "w:bz2", "w:xz"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_of_one_file_is_that_file(kind, tmp_path):
    path = written(tmp_path, archive(kind, ["runs/a.run"]))
    assert table(read_scores(path)) == TEACHER
    path = written(tmp_path, archive(kind, ["runs/._a.run", "runs/a.run"]))
    assert table(read_scores(path)) == TEACHER


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_of_several_files_is_to_be_unpacked(kind, tmp_path):
    path = written(tmp_path, archive(kind, ["a.run", "b.run"]))
    message = refusal(lambda: read_scores(path))
    assert "an archive of 2 files (a.run, b.run); unpack it" in message


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_archive_is_damage(kind, tmp_path):
    data = archive(kind, ["a.run"])
    path = written(tmp_path, data[: len(data) // 3])
    with pytest.raises(FormatError):
        read_scores(path)


def test_xz_is_unpacked(tmp_path):
    assert table(read_scores(written(tmp_path, lzma.compress(RUN.encode())))) == TEACHER


def test_texts_of_top_documents_are_read(tmp_path):
    rows = [(q, d, f"what is {q}", f"text of {d}") for q, d, _ in ROWS]
    found = read_any(written(tmp_path, joined(rows)))
    assert found.groups.sizes.tolist() == [DOCUMENTS] * QUERIES
    assert found.texts["50000"] == "text of 50000"


def test_triples_with_a_header_are_read_too(tmp_path):
    names = ["query_id", "positive_id", "negative_id", "pos_score", "neg_score"]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([names, *triples(*"qpnst")])
    found = read_any(written(tmp_path, stream.getvalue()))
    assert entropy_of(found) == pytest.approx(ENTROPY, abs=1e-9)
    frame = pd.DataFrame(triples(*"qpnst"), columns=names)
    frame = frame.astype({"pos_score": float, "neg_score": float})
    text = frame.to_json(orient="records", lines=True)
    assert entropy_of(read_any(written(tmp_path, text))) == pytest.approx(
        ENTROPY, abs=1e-9
    )
