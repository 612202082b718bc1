import hashlib

import numpy as np
import pytest

from rankbound.read.fields import as_id, as_number, parsed_number, text_id
from rankbound.read.reading import read_scores
from tests.rankbound.files import refusal, written


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a b", "a b"),
        ("NA", "NA"),
        (9007199254740993, "9007199254740993"),
        (-1, "-1"),
        (np.int32(5), "5"),
        ("", None),
        ("  ", None),
        ("a\tb", None),
        ("a\n", None),
        (None, None),
        (True, None),
        (1.0, None),
        (np.float64(1), None),
        (["a"], None),
        (b"a", None),
    ],
)
def test_as_id(value, expected):
    assert as_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (-0.5, -0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
        (True, None),
        (np.True_, None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
        ("1", None),
        (None, None),
    ],
)
def test_as_number(value, expected):
    assert as_number(value) == expected


@pytest.mark.parametrize("kind", [str, str.encode])
def test_parsed_number(kind):
    assert parsed_number(kind(" 2.5")) == 2.5
    for text in ("1_0", "nan", "inf", "-inf", "1e999", "x", "", "٣"):
        assert parsed_number(kind(text)) is None


def test_text_id_is_a_prefix_of_the_hash_and_sees_every_character():
    text = "Was ist eine Seekuh? é"
    assert text_id(text) == "t" + hashlib.sha256(text.encode()).hexdigest()[:16]
    assert len({text_id(t) for t in ("a", "a ", "A", "a\n")}) == 4


def test_a_finite_score_that_is_refused_is_too_large(tmp_path):
    for name, text in (
        ("a.run", "q Q0 a 1 1e308 t\nq Q0 b 2 1 t\n"),
        ("a.json", '{"q": {"a": 1e308, "b": 1}}'),
        ("a.tsv", "qid\tdocno\tscore\nq\ta\t1e308\nq\tb\t1\n"),
        ("a.jsonl", '{"qid": "q", "docno": "a", "score": 1e308}\n'),
    ):
        message = refusal(read_scores, written(tmp_path, text, name))
        assert "must be at most 8.99e+307 in size, found" in message, name
