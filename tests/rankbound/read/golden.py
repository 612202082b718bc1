"""Small files of every format, as their holders write them.

`GOLDEN` maps a format, or "format/variant", to a function that writes such a file into
a folder and gives its path. To add a format, put a maker here: the tests of detection
and of damage then cover it. Name it in `BINARY`, too, if it is no text in one file.
"""

import json

from tests.rankbound.files import group_text, lookup, run_text, written

SCORES = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 3.0, "c": 0.25}}


def text(content, name="file"):
    """A maker of a text file."""
    return lambda folder: written(folder, content, name)


def lines(*records):
    """A maker of a file of JSON lines."""
    return text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    )


def _ce(pid, score):
    return {"pid": pid, "ce-score": score}


def _passage(docid, content, **more):
    return {"docid": docid, "title": "", "text": content, **more}


HARD = (
    {
        "qid": 867436,
        "pos": [5238393],
        "neg": {"bm25": [4509453, 3995618], "tas-b": [3995618, 5238393, 7]},
    },
    {"qid": 5, "pos": [1, 2], "neg": {"bm25": [3]}},
)
HARD_CE = (
    {
        "qid": 867436,
        "pos": [_ce(5238393, 9.5)],
        "neg": {
            "bm25": [_ce(4509453, -3.25), _ce(3995618, 1.5)],
            "tas-b": [_ce(3995618, 1.5), _ce(5238393, 9.5)],
        },
    },
    {"qid": 5, "pos": [_ce(1, 0.5)], "neg": {"bm25": [_ce(3, -0.5)]}},
)
TEVATRON = (
    {
        "query_id": "1",
        "query": "what is a manatee",
        "positive_passages": [_passage("7", "A sea cow.", score=4.5)],
        "negative_passages": [
            _passage("8", "A boat.", score=-2.0),
            _passage("9", "A city.", score=-3.5),
        ],
    },
    {
        "query_id": "2",
        "query": "where is ulm",
        "positive_passages": [_passage("9", "A city.", score=1.0)],
        "negative_passages": [_passage("8", "A boat.", score=0.0)],
    },
)
RANKLLM = (
    {
        "query": {"text": "what is a manatee", "qid": 1},
        "candidates": [
            {"docid": 7, "score": 10.5, "doc": {"contents": "A sea cow."}},
            {"docid": "8", "score": -3.0, "doc": {"contents": "A boat."}},
        ],
    },
    {
        "query": {"text": "where is ulm", "qid": "2"},
        "candidates": [{"docid": "9", "score": 0.5, "doc": {"contents": "A city."}}],
    },
)
FLAG = (
    {
        "query": "what is a manatee",
        "pos": ["A sea cow."],
        "neg": ["A boat.", "A city."],
        "pos_scores": [4.5],
        "neg_scores": [-2.0, -3.5],
        "prompt": "Represent this sentence",
    },
    {
        "query": "where is ulm",
        "pos": ["A city.", "In Swabia."],
        "neg": [],
        "pos_scores": [1.0, 2.0],
        "neg_scores": [],
    },
)
TEXTS = {"anchor": "what is a manatee", "positive": "A sea cow."}
N_TUPLE = {**TEXTS, "negative_1": "A boat.", "negative_2": "A city."}
HOFSTAETTER = (
    "9.5\t-3.25\t867436\t5238393\t4509453\n"
    "9.5\t1.5\t867436\t5238393\t3995618\n"
    "0.5\t-0.5\t5\t1\t3\n"
)
MARGINS = [("q", "p", "n", 3.0), ("q", "p", "m", -0.5), ("q", "o", "m", 1.0)]
MARGIN_KEYS = ("query_id", "positive_id", "negative_id", "score")

GOLDEN = {
    "trec-run": text(run_text(SCORES)),
    "qrels": text("q 0 a 1\nq 0 b 0\n"),
    "beir-qrels": text("query-id\tcorpus-id\tscore\nq\ta\t1\n"),
    "trec-run/untagged": text("q Q0 a 0 2.5\nq Q0 b 1 -1.0\n"),
    "msmarco-run": text("1\ta\t1\n1\tb\t2\n2\ta\t1\n"),
    "scoreddocs": text("1 a 2.5\n1 b -1.25\n"),
    "candidates-texts": text("1\t7\twhat is it\ta sea cow\n1\t8\twhat is it\ta boat\n"),
    "json-scores": lines(
        {"qid": "q", "docno": "a", "score": 2.5},
        {"qid": "q", "docno": "b", "score": -1.0},
    ),
    "json-scores/capitals": lines(
        {"Score": 2.5, "Query-ID": "q", "DocNo": "a", "rank": 1},
        {"Score": -1.0, "Query-ID": "q", "DocNo": "b", "rank": 2},
    ),
    "json-qrels": lines(
        {"query-id": "q", "corpus-id": "a", "score": 1},
        {"query-id": "q", "corpus-id": "b", "score": 0},
    ),
    "json-lists": lines(
        {"query_id": "1", "doc_id_a": ["a", "b"], "doc_id_b": ["c"]},
        {"query_id": "2", "doc_id_a": ["c"], "doc_id_b": ["a", "d"]},
    ),
    "json-margins": lines(
        {"qid": "q", "pos_id": "p", "neg_id": "n", "margin": 3.0},
        {"qid": "q", "pos_id": "p", "neg_id": "m", "margin": -0.5},
    ),
    "lookup-lists": lines(
        {"qid": "q", "scores": {"a": 2.5, "b": -1.0}},
        {"qid": "r", "scores": {"a": 3.0}},
    ),
    "mteb-predictions": text(
        json.dumps(
            {"mteb_model_meta": {"model_name": "m"}, "default": {"test": SCORES}}
        )
    ),
    "dpr": lines(
        {
            "question": "what is a manatee",
            "answers": ["a sea cow"],
            "positive_ctxs": [{"title": "", "text": "A sea cow.", "passage_id": "7"}],
            "negative_ctxs": [],
            "hard_negative_ctxs": [{"title": "", "text": "A boat.", "passage_id": "8"}],
        },
        {
            "question": "where is ulm",
            "positive_ctxs": [{"text": "A city.", "passage_id": "9"}],
            "hard_negative_ctxs": [{"text": "A boat.", "passage_id": "8"}],
        },
    ),
    "triples": text("1\t10\t11\n1\t10\t12\n2\t20\t21\n2\t20\t22\n"),
    "triples/margins": text("1 10 11 -0.5\n1 10 12 2.5\n2 20 21 3.25\n2 20 22 1.0\n"),
    "triples/scores": text(
        "1 10 11 2.5 3.0\n1 10 12 2.5 0.0\n2 20 21 4.0 0.75\n2 20 22 4.0 3.5\n"
    ),
    "ranking": text("0\ta\t1\t2.5\n0\tb\t2\t-1.0\n1\ta\t1\t3.0\n"),
    "candidates/unordered": text("1\ta\t-1\n1\tb\t-1\n"),
    "candidates": text("1\ta\n1\tb\n"),
    "lookup": text(lookup(SCORES)),
    "groups": text(group_text([("q", ["a", "b"]), ("r", ["a", "c", "d"])])),
    "groups/probabilities": lines(
        {
            "query_id": 1,
            "doc_id_a": "a",
            "doc_id_b": ["b"],
            "probabilities": [0.75, 0.25],
        }
    ),
    "ranked-groups": lines(
        {"query_id": "1", "doc_id_b": ["a", "b", "c"]},
        {"query_id": "2", "doc_id_b": ["c"]},
    ),
    "ranked-list": lines(
        {"query_id": "1", "doc_ids": ["a", "b", "c"]},
        {"query_id": "2", "doc_ids": ["c", "a"]},
    ),
    "hard-negatives": lines(*HARD),
    "hard-negatives-ce": lines(*HARD_CE),
    "labeled-list": lines(
        {"query_id": "1", "doc_ids": ["a", "b", "c"], "labels": [1, 0, 0]},
        {"query_id": "2", "doc_ids": ["b", "a"], "labels": [0, 1]},
    ),
    "labeled-list/scores": lines(
        {
            "query_id": "1",
            "doc_ids": ["a", "b"],
            "labels": [1, 0],
            "scores": [2.5, -1.0],
        }
    ),
    "pylate": lines(
        {"query_id": 1, "document_ids": ["a", "b"], "scores": [11.25, -3.5]},
        {"query_id": 2, "document_ids": ["c"], "scores": [0.0]},
    ),
    "colbert": lines([1, [7, 4.5], [8, -2.0]], [2, [9, 1.0], [8, 0.0]]),
    "colbert/triples": lines([1, 7, 8], [1, 7, 9], [2, 9, 8]),
    "flagembedding": lines(*FLAG),
    "flagembedding/plain": lines({"query": "a", "pos": ["b"], "neg": ["c", "d"]}),
    "flagembedding/teacher": lines(
        {"query": "a", "pos": ["b"], "neg": ["c"], "teacher_scores": [1.5, -0.5]}
    ),
    "tevatron": lines(*TEVATRON),
    "tevatron-v2": lines(
        {
            "query_id": "1",
            "query_text": "what is a manatee",
            "positive_document_ids": ["7"],
            "negative_document_ids": ["8", "9"],
        }
    ),
    "rankllm": lines(*RANKLLM),
    "rankllm/array": text("[" + ",\n".join(map(json.dumps, RANKLLM)) + "]\n"),
    "csv-scores": text('qid,docno,score,rank\nq,a,2.5,0\nq,"b, ""c""",-1.0,1\n'),
    "csv-scores/tsv": text("\tquery_id\tdoc_id\tscore\n0\t1\t7\t2.5\n1\t1\t8\t-1.0\n"),
    "csv-qrels": text("qid,docno,label\nq,a,1\nq,b,0\n"),
    "csv-lists": text('query_id,doc_ids,labels\n1,"[7, 8]","[1, 0]"\n2,"[9]","[0]"\n'),
    "csv-margins": text("query_id,positive_id,negative_id,score\n1,7,8,2.5\n1,7,9,3\n"),
    "margins": lines(*(dict(zip(MARGIN_KEYS, row, strict=True)) for row in MARGINS)),
    "margins/tsv": text(
        "\n".join("\t".join(map(str, row)) for row in (MARGIN_KEYS, *MARGINS)) + "\n"
    ),
    "mined/n-tuple": lines(
        {**N_TUPLE, "scores": [4.5, -2.0, -3.5]},
        {
            "anchor": "where is ulm",
            "positive": "A city.",
            "negative_1": "A boat.",
            "negative_2": "A sea cow.",
            "scores": [1.0, 0.0, -1.0],
        },
    ),
    "mined/old": lines({**N_TUPLE, "score": [4.5, -2.0, -3.5]}),
    "mined/triplet": lines(
        {**TEXTS, "negative": "A boat.", "scores": [4.5, -2.0]},
        {**TEXTS, "negative": "A city.", "scores": [4.5, -3.5]},
    ),
    "mined/pair": lines(
        {**TEXTS, "label": 1, "score": 4.5},
        {"anchor": TEXTS["anchor"], "positive": "A boat.", "label": 0, "score": -2.0},
    ),
    "mined/list": lines(
        {
            "anchor": TEXTS["anchor"],
            "positive": ["A sea cow.", "A boat."],
            "labels": [1, 0],
            "scores": [4.5, -2.0],
        }
    ),
    "predictions": lines(
        {
            "query_id": "1",
            "query": "what is a manatee",
            "results": [
                {"corpus_id": "7", "score": 0.75},
                {"corpus_id": "8", "score": -0.25},
            ],
        },
        {"query_id": "2", "query": "who", "results": [{"corpus_id": "9", "score": 1}]},
    ),
    "hofstaetter": text(HOFSTAETTER),
}


BINARY = frozenset()


def format_of(golden):
    """The name of the format of a golden file."""
    return golden.partition("/")[0]
